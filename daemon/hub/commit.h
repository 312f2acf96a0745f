/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Decides when the hub writes. Gathers what the exchange wants stored, and commits it in one
 * transaction at the end of the loop's turn or, under load only, up to a millisecond later, so that
 * many writes share the cost of one commit.
 *
 * Commits are numbered. A message that confirms a write waits for the number that commit_barrier()
 * returns (outbox.h). A commit writes the oldest COMMIT_WRITES_MAX; what comes later has a later
 * number.
 *
 * While the file cannot be written (a full disk) nothing is confirmed: the writes stay here and are
 * tried again once a second, and the number does not advance. The failure is logged once; while
 * commit_error() reports it, the hub refuses requests that would add writes, so that what waits
 * here is bounded by the calls that exist already.
 */

#include "hub/checkpointer.h"
#include "hub/database.h"

#define COMMIT_WINDOW_US USEC_PER_MSEC           /* the longest delay of a confirmation */
#define COMMIT_LOAD_SPAN_US (10 * USEC_PER_MSEC) /* the span over which load is counted */
#define COMMIT_LOAD_TRANSITIONS 100              /* above this, waiting pays off */
#define COMMIT_RETRY_US USEC_PER_SEC
/* In one transaction; takes some milliseconds. A call to a large group has more. */
#define COMMIT_WRITES_MAX 256

typedef struct Commit Commit;

/* `database` and `checkpointer` must outlive it. */
int commit_new(HubDatabase *database, Checkpointer *checkpointer, Commit **ret);
/* Writes what is pending. */
Commit *commit_free(Commit *commit);
DEFINE_CLEANUP(Commit *, commit_free);

/* Takes what `write` owns, also on failure. `now` is CLOCK_BOOTTIME, here and below. */
int commit_add(Commit *commit, Write *write, usec_t now);

/* The number of the commit that will contain everything added so far. */
uint64_t commit_barrier(const Commit *commit);
/* The number of the last completed commit. */
uint64_t commit_done(const Commit *commit);

/* How long to wait before commit_run(): 0 to run now, USEC_NEVER when nothing is pending. */
usec_t commit_wait(const Commit *commit, usec_t now);
void commit_run(Commit *commit, usec_t now);
/* Runs until nothing is pending, or it fails. */
void commit_run_all(Commit *commit, usec_t now);

/*
 * Makes what is stored survive a power cut, soon. Runs when a call has ended, and after every other
 * change of history: devices are told its number, which must not be given to another change.
 */
void commit_sync(Commit *commit);

/* 0, or the negative errno that keeps the hub from storing anything now. */
int commit_error(const Commit *commit);
