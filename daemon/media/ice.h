/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a peer finds its way through the network: the ICE servers that came with the join, put in
 * webrtcbin's terms, and the settings of the ICE agent.
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
 * Prepares the agent of a webrtcbin that has not begun to gather; returns whether there is a TURN
 * server to be asked. A server that cannot be used is logged and left out. With
 * TRING_ICE_LOOPBACK=1 in the environment the agent talks by 127.0.0.1 and nothing else: libnice
 * gathers no loopback address by itself, and tests stay on the machine.
 */
bool ice_configure(GstElement *webrtc, const IceServer *servers, size_t n_servers);
