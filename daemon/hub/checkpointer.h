/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A thread that waits for the disk, so that the loop never does. When a call has ended it syncs the
 * database's log, so that the end survives a power cut; and it moves the log into the database file
 * (a checkpoint) over a connection of its own. It reports nothing back.
 */

#include "base/cleanup.h"

typedef struct Checkpointer Checkpointer;

/* `path` names the database, which is open already. */
int checkpointer_new(const char *path, Checkpointer **ret);
/* Finishes pending work first. */
Checkpointer *checkpointer_free(Checkpointer *checkpointer);
DEFINE_CLEANUP(Checkpointer *, checkpointer_free);

/* Starts a sync, after which everything committed so far survives a power cut. Never blocks. */
void checkpointer_sync(Checkpointer *checkpointer);

/* For hub_database_watch_log(), so that the writer does no checkpoints itself. */
void checkpointer_log_grew(int n_pages, void *checkpointer);
