/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a device asks of its user's history (a page, marking calls as seen, deleting them), carried
 * out in steps. A history has any number of rows, and a request may name a thousand calls, but a
 * step touches a fixed number of rows; others are served between two of them.
 *
 * The first steps settle what is not in the indexes yet. A change concerns only records that were
 * there when the task began, and each step of it is a transaction of its own: if one fails, those
 * before it stay, and the device asks again.
 */

#include "hub/call-history.h"

#define HISTORY_TASK_PAGE_ROWS 32  /* read in a step; each is decoded */
#define HISTORY_TASK_WALK_ROWS 256 /* looked at in a step, for those to change */
#define HISTORY_TASK_CHANGE_ROWS 4 /* changed in a step: each is moved in every index */
#define HISTORY_TASK_FIND_ROWS 64  /* looked for by id in a step */

typedef struct HistoryTask {
        MessageType type; /* HISTORY, SEEN or FORGET */
        char uid[UID_MAX + 1];
        MessageSessions sessions; /* SEEN, FORGET: owned */
        size_t n_looked_up;       /* of sessions.session_ids */
        usec_t as_of;             /* the last change when the task began; 0: not yet */

        /* The walk without ids, or of a page, goes on with what is older than this. */
        usec_t before;
        char before_id[UUID_LENGTH + 1];

        uint32_t limit; /* HISTORY: of records, and of bytes of JSON */
        size_t budget;
        ReplyHistory page; /* HISTORY: owned; complete once the task is done */

        /* SEEN: what has changed so far, and nobody has taken; owned. */
        CallRecord *changed;
        size_t n_changed;
        size_t n_forgotten; /* FORGET */
} HistoryTask;

/* A page: newest first, as many records as fit, but at least one. -EINVAL: not a valid cursor. */
int history_task_page(HistoryTask *ret, const char *uid, uint32_t limit, const char *cursor,
                      size_t budget);
/* Marks as seen, or deletes. Takes the ids; an empty list means all calls up to `until`. */
void history_task_change(HistoryTask *ret, MessageType type, const char *uid,
                         MessageSessions sessions);
void history_task_done(HistoryTask *task);

/*
 * Takes the next step. Returns 1 if more are to follow, 0 when the task is done, or negative errno.
 * Call it outside a transaction. `settle_budget` as in call_history_settle().
 */
int history_task_step(HistoryTask *task, CallHistory *history, const HistoryTime *time,
                      usec_t settle_budget);
/* Takes all steps at once, where nobody else waits. Returns 0 or negative errno. */
int history_task_finish(HistoryTask *task, CallHistory *history, const HistoryTime *time);
