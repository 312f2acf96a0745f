/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The part of the sandbox that knows paths (landlock(7)): nothing can be written or run, and only
 * programs, libraries and their settings can be read, not the user's files.
 */

#include <stdbool.h>

/* `everything`: any file may be read. Returns 0 (also where the kernel has no Landlock), or
 * negative errno. */
int sandbox_files(bool everything);
