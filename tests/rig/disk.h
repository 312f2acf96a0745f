/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A disk so small that a test can fill it: a tmpfs over a folder, in a mount namespace of the test
 * and the programs that it starts later.
 */

#include "rig/process.h"

#define DISK_SIZE "1m" /* a database and its log, and little besides */

/* Puts the folder's contents on the disk. No program may have it open. */
void disk_put_under(Rig *rig, const char *folder);
/* Must be called before the rig is freed. */
void disk_remove(const char *folder);
/* Fill the disk to the last byte, and free it again. */
void disk_fill(const char *folder);
void disk_clear(const char *folder);
