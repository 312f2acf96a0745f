/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Work that takes time and can be done while the call still rings: starts GStreamer with the few
 * plugins that a call uses (reading and writing no registry), and makes the DTLS certificate.
 */

/* Returns 0, or -ENOENT: a plugin is missing, with a line in the log. */
int preload(void);
/*
 * The same for pictures, when they are first needed: audio calls do not pay for it. Main loop only.
 */
int preload_video(void);
