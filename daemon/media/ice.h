/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * ICE, by which a peer connection finds a path through the network: the ICE servers from the join
 * message in webrtcbin's form, and the settings of the ICE agent.
 */

#include <gst/gst.h>

#include "model/message.h"

/*
 * Converts an RFC 7064/7065 URL and its credentials to webrtcbin's form: "stun:host:port" becomes
 * "stun://host:port", "turn:host:port?transport=udp" becomes
 * "turn://user:password@host:port?transport=udp". It escapes the credentials, and adds the default
 * port if there is none. The caller frees *ret. Returns 0, -ENOMEM, or -EINVAL: not such a URL.
 */
int ice_server_uri(const IceServer *server, char **ret);

/*
 * Configures the servers and the ICE agent of a webrtcbin; call it before gathering begins. Returns
 * whether there is a TURN server. Unusable servers are logged and left out. With
 * TRING_ICE_LOOPBACK=1 in the environment, the agent uses 127.0.0.1 only, which libnice does not
 * gather by default; so the traffic of tests stays on the machine.
 */
bool ice_configure(GstElement *webrtc, const IceServer *servers, size_t n_servers);
