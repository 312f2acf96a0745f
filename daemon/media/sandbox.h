/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The rights that tring-media gives up before it reads anything from a stranger. units/README.md
 * lists what is left, and why.
 */

#include <stdbool.h>

typedef enum SandboxNeed {
        SANDBOX_NETWORK = 1 << 0, /* sockets of the internet, not of this machine alone */
        SANDBOX_FILES = 1 << 1,   /* may read what the user may: a sound that they chose */
} SandboxNeed;

/*
 * From now on, for this process and all its threads: no new privileges, no core dump, no file
 * written, made or removed, no program, no other process, no sockets but those in `needs`. Any
 * other system call ends the process by SIGSYS.
 *
 * Call it while there is one thread. Returns 0, or negative errno when this kernel cannot do it;
 * then the process must not continue. (Landlock is used where there is one: the system call filter
 * alone keeps files from being written, not from being read.)
 */
int sandbox_enter(unsigned needs);
