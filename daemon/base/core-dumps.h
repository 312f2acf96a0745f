/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * No core dump of this process, or of one that it starts: it would have tokens and names of callers
 * in it, and stay on the disk. The unit says the same; this is for a program started by hand.
 *
 * The process stays "dumpable" otherwise: portals look into /proc/PID of their clients and refuse
 * one that is not.
 */
void core_dumps_forbid(void);
