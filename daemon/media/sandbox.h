/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What tring-media gives up before it reads anything from a stranger. units/README.md says what is
 * left, and what for.
 */

#include <stdbool.h>

typedef enum SandboxNeed {
        SANDBOX_NETWORK = 1 << 0, /* sockets of the internet, not of this machine alone */
        SANDBOX_FILES = 1 << 1,   /* may read what the user may: a sound that they chose */
} SandboxNeed;

/*
 * From here on, for this process and all threads that it will have: no new privileges, no core
 * dump, no file that is written, made or removed, no program, no other process, no sockets but
 * those that are `needs`. A system call beyond that ends the process by SIGSYS.
 *
 * To be called while there is one thread. Returns 0, or negative errno: this kernel has no such
 * locks, and the process is not to go on. (Landlock is taken where there is one: the filter of
 * system calls alone keeps files from being written, not from being read.)
 */
int sandbox_enter(unsigned needs);
