/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * When things get written: what the exchange wants stored is gathered here and committed in one
 * transaction at the end of the loop's turn, or, under load only, up to a millisecond later, so
 * that many share the price of one.
 *
 * Commits are numbered. What is said to a device because of a write waits for the number that
 * commit_barrier() gives (outbox.h).
 *
 * When the file cannot be written (disk full) nothing is confirmed: what was to be written is kept
 * and tried again once a second, and the number stands still meanwhile. It is said once, and by
 * commit_error(), by which the hub refuses what would only make more of it: so what is kept is
 * bounded by the calls that were there.
 */

#include "hub/checkpointer.h"
#include "hub/database.h"

#define COMMIT_WINDOW_US USEC_PER_MSEC           /* the most that a confirmation waits */
#define COMMIT_LOAD_SPAN_US (10 * USEC_PER_MSEC) /* load is counted over this */
#define COMMIT_LOAD_TRANSITIONS 100              /* from here on waiting pays */
#define COMMIT_RETRY_US USEC_PER_SEC

typedef struct Commit Commit;

/* HubDatabase and checkpointer outlive it. */
int commit_new(HubDatabase *database, Checkpointer *checkpointer, Commit **ret);
/* Writes what is left. */
Commit *commit_free(Commit *commit);
DEFINE_CLEANUP(Commit *, commit_free);

/* Takes what `write` owns, also on failure. `now`: CLOCK_BOOTTIME, here and below. */
int commit_add(Commit *commit, Write *write, usec_t now);

/* The commit that will have in it all that was added so far. */
uint64_t commit_barrier(const Commit *commit);
/* The last that is done. */
uint64_t commit_done(const Commit *commit);

/* How long to wait with commit_run(): 0 for not at all, USEC_NEVER if there is nothing to do. */
usec_t commit_wait(const Commit *commit, usec_t now);
void commit_run(Commit *commit, usec_t now);

/* 0, or why nothing can be stored now: negative errno. */
int commit_error(const Commit *commit);
