/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Does slow work while the call still rings: starts GStreamer with the few plugins that a call uses
 * (without reading or writing a registry), and makes the DTLS certificate.
 */

/* Returns 0, or -ENOENT with a line in the log: a plugin is missing. */
int preload(void);
/*
 * Loads the plugins for pictures, once; returns as preload(). Called when pictures are first
 * needed, so that audio calls do not pay for it. Main loop only.
 */
int preload_video(void);
/* The same for a camera that gives JPEG. */
int preload_jpeg(void);
