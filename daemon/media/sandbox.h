/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Gives up rights before tring-media reads anything from a stranger. units/README.md lists the
 * rights that are left, and why.
 */

#include <stdbool.h>

typedef enum SandboxNeed {
        SANDBOX_NETWORK = 1 << 0, /* internet sockets */
        SANDBOX_FILES = 1 << 1,   /* any file of the user: for a sound that they chose */
        SANDBOX_LOCAL = 1 << 2,   /* unix sockets, and so the user's session */
} SandboxNeed;

/*
 * Restricts this process and all its threads for good: no new privileges, no core dump; it writes,
 * makes and removes no file, starts no program and no process, reads no terminal, and opens only
 * the sockets that `needs` allows. Other system calls end the process by SIGSYS.
 *
 * Call it while there is one thread. Returns 0, or negative errno when this kernel cannot do it;
 * then the process must not continue. A kernel without Landlock is accepted: the system call filter
 * alone still prevents writing files, though not reading them.
 */
int sandbox_enter(unsigned needs);
