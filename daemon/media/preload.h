/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What takes time and can be done while it still rings: GStreamer brought up with the few plugins
 * that a call uses (no registry is read, none is written), and the DTLS certificate made.
 */

/* Returns 0, or -ENOENT: a plugin is missing, said in the log. */
int preload(void);
/* The same for pictures, once they are needed: a call without them does not pay. Main loop only. */
int preload_video(void);
