/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a peer connection finds its way through the network: the ICE servers of the join, in
 * webrtcbin's form, and the settings of the ICE agent.
 */

#include <gst/gst.h>

#include "model/message.h"

/*
 * An RFC 7064/7065 URL with its credentials as webrtcbin wants it: "stun:host:port" becomes
 * "stun://host:port", "turn:host:port?transport=udp" becomes
 * "turn://user:password@host:port?transport=udp", credentials escaped, the port written out. The
 * caller frees *ret. Returns 0, -ENOMEM, or -EINVAL: not such a URL.
 */
int ice_server_uri(const IceServer *server, char **ret);

/*
 * Prepares the agent of a webrtcbin that has not begun to gather. Returns whether there is a TURN
 * server. Unusable servers are logged and left out. With TRING_ICE_LOOPBACK=1 in the environment
 * the agent uses 127.0.0.1 only: libnice gathers no loopback address by itself, and tests stay on
 * the machine.
 */
bool ice_configure(GstElement *webrtc, const IceServer *servers, size_t n_servers);
