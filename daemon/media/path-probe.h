/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Signs of life from the other end of a webrtcbin's path: whatever arrives at its sockets, and a
 * question that any ICE agent answers (a STUN binding request with the session's credentials, RFC
 * 7675 section 5.1).
 *
 * libnice keeps STUN to itself, and does not tell that an answer came. So the kernel is asked when
 * the sockets last received something. It cannot be asked about a TURN server that is reached by
 * TCP: there only media and their reports are seen.
 */

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

#include "base/cleanup.h"
#include "media/path-life.h"

typedef struct PathProbe PathProbe;

/*
 * Call it in the main loop once the webrtcbin is connected. Returns 0, -ENOMEM, or -EIO: GStreamer
 * has no ICE element, or the descriptions no credentials.
 */
int path_probe_new(GstElement *webrtc, PathProbe **ret);
PathProbe *path_probe_free(PathProbe *probe);
DEFINE_CLEANUP(PathProbe *, path_probe_free);

/* Tells `life` what has arrived (CLOCK_BOOTTIME), and whether answers can be heard. */
void path_probe_look(PathProbe *probe, PathLife *life);
/* Sends the question. Its answer is something that arrives. */
void path_probe_ask(PathProbe *probe);
