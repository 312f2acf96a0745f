/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The part of the sandbox that restricts paths (landlock(7)): the process can write and run no
 * file, and can read only programs, libraries and their settings: not the user's files, and nothing
 * of other programs that run.
 */

#include <stdbool.h>

/*
 * `everything`: any file may be read. Returns 0 (also where the kernel has no Landlock) or negative
 * errno.
 */
int sandbox_files(bool everything);
