/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Prevents core dumps of this process and of those that it starts: a dump would contain tokens and
 * names of callers, and stay on the disk. The unit says the same; this is for a program that was
 * started by hand.
 *
 * The process stays "dumpable" otherwise: portals look into /proc/PID of their clients and refuse
 * one that is not.
 */
void core_dumps_forbid(void);
