/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The thread that waits for the disk, so that the loop never does. It syncs the log of the database
 * when a call has ended, for the power cut, and moves the log's content into the file (checkpoint)
 * by a connection of its own. Nothing comes back from it.
 */

#include "base/cleanup.h"

typedef struct Checkpointer Checkpointer;

/* `path` is that of the database, which is open already. */
int checkpointer_new(const char *path, Checkpointer **ret);
/* Finishes what was asked for. */
Checkpointer *checkpointer_free(Checkpointer *checkpointer);
DEFINE_CLEANUP(Checkpointer *, checkpointer_free);

/* What has been committed must survive a power cut. Never blocks. */
void checkpointer_sync(Checkpointer *checkpointer);

/* For hub_database_watch_log(), so that the writer does not do the checkpoints itself. */
void checkpointer_log_grew(int n_pages, void *checkpointer);
