/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A disk so small that a test can fill it: a tmpfs over a folder, in a mount namespace that only
 * the test and the programs that it starts from now on are in.
 */

#include "rig/process.h"

#define DISK_SIZE "1m" /* a database and its log, and little besides */

/* What is in the folder is on the disk then. No program may have it open. */
void disk_put_under(Rig *rig, const char *folder);
/* Before the rig goes. */
void disk_remove(const char *folder);
/* To the last byte; and what filled it goes again. */
void disk_fill(const char *folder);
void disk_clear(const char *folder);
