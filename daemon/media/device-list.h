/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * `tring-media devices`: reports to tringd which microphones, speakers and cameras there are
 * (wire/devices.h), at once and after every change. Without PipeWire, the lists are empty.
 */

/*
 * `fd`: a listening SOCK_SEQPACKET socket. Runs until tringd closes the connection, or SIGTERM.
 * Returns 0 or negative errno.
 */
int device_list_run(int fd);
