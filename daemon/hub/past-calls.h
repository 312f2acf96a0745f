/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whether any history has a session id, and what that of one user has of it: an id stays its
 * caller's (rule 1). The index on session ids answers for settled records (call-history.h). The ids
 * of the others are kept in memory with their rows, so that any id costs a few looks into indexes.
 */

#include "model/record.h"
#include "store/database.h"

typedef struct PastCalls PastCalls;

/* Reads which records are not settled. `database` must outlive it. Returns 0 or negative errno. */
int past_calls_new(Database *database, PastCalls **ret);
PastCalls *past_calls_free(PastCalls *calls);
DEFINE_CLEANUP(PastCalls *, past_calls_free);

/*
 * A record that the user has of this call is about to be stored, in the row `changed_at`. Returns 0
 * or -ENOMEM.
 */
int past_calls_note(PastCalls *calls, const char *session_id, const char *uid, usec_t changed_at);
/* All records are settled. */
void past_calls_settled(PastCalls *calls);

/* Positive outcomes. */
enum {
        PAST_CALL_OTHERS = 1, /* only others have a record, or this user has deleted theirs */
        PAST_CALL_OWN = 2,    /* *ret is the user's record, for call_record_done() */
};

/* Returns 0 if nobody has the id, one of the above, or negative errno. */
int past_calls_find(PastCalls *calls, const char *uid, const char *session_id, CallRecord *ret);
