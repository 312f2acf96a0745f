/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * `tring-media devices`: tells tringd what microphones, speakers and cameras there are (wire/
 * devices.h), now and whenever that changes. While there is no PipeWire there are none.
 */

/* `fd`: a listening SOCK_SEQPACKET socket. Runs until whoever connected has gone, or SIGTERM.
 * Returns 0 or negative errno. */
int device_list_run(int fd);
