/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which computer a state folder belongs to. A home folder may be copied to another computer, or be
 * on several at once; each of them is a device of its own, with its own token. The first computer
 * to use a state folder writes its id into the file `machine` there, and has the folder. Any other
 * one has a folder of its own below it, named by its id.
 */

#include "base/cleanup.h"

#define MACHINE_ID_MAX 32 /* hex digits */

/*
 * Writes this computer's id for Tring, which does not disclose /etc/machine-id. Empty, and the
 * result is negative, if the computer has none: then it takes every folder for its own.
 */
int machine_id(char ret[static MACHINE_ID_MAX + 1]);

/*
 * The folder that the computer `id` has in the state folder `base`: `base` itself, or a folder
 * below it, which may not exist yet. Claims `base` if nobody has, and that is possible. The caller
 * frees *ret. Returns 0 or -ENOMEM.
 */
int machine_folder(const char *base, const char *id, char **ret);
