/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A user's history: exactly one record for each call. It is the daemon's copy of the hub's history,
 * readable without a connection.
 */

#include "model/message.h"
#include "store/database.h"

/*
 * What is kept: the newest calls, and no more of them than take so much of the file. A hub decides
 * which records there are, and may send any number of them.
 */
#define HISTORY_CALLS_MAX 10000 /* a year of 27 calls a day */
#define HISTORY_BYTES_MAX (16 * 1024 * 1024)

typedef struct History History;

typedef struct HistoryFilter {
        bool has_status, has_direction, has_type, has_receiver_type;
        CallStatus status;
        CallDirection direction;
        CallType type;
        ReceiverType receiver_type;
        char peer[UID_MAX + 1]; /* uid of the other party, or guid; empty: any */
        usec_t since, until;    /* range of initiated_at, CLOCK_REALTIME; 0: no limit */
        bool unseen;
} HistoryFilter;

typedef struct HistoryPage {
        CallRecord *records; /* newest first */
        size_t n_records;
        char next[CURSOR_MAX + 1]; /* cursor of the next page; empty: this is the last one */
} HistoryPage;

/*
 * `path` NULL: in memory only. Returns 0, -EUCLEAN (see database_open(); *ret is set), or negative
 * errno with a sentence in *ret_text.
 */
int history_open(const char *path, History **ret, char **ret_text);
History *history_free(History *history);
DEFINE_CLEANUP(History *, history_free);

/*
 * In place of an older record of the call. -EEXIST: the session id is that of another call, of
 * other users or the other way round, and its record stays.
 */
int history_put(History *history, const CallRecord *record);
/* Whether history_put() would return -EEXIST: 1, 0, or another negative errno. */
int history_is_anothers(History *history, const CallRecord *record);
/*
 * Reads a page, newest first. `cursor` is the `next` of the previous page, or empty. -EINVAL: the
 * cursor is not valid.
 */
int history_page(History *history, const HistoryFilter *filter, uint32_t limit, const char *cursor,
                 HistoryPage *ret);
void history_page_done(HistoryPage *page);
/* Deletes the oldest calls beyond the limits. The caller does that after it has put some. */
int history_trim(History *history);

/* *ret_changed is the number of records that changed; `ret_changed` may be NULL. */
int history_mark_seen(History *history, const MessageSessions *sessions, size_t *ret_changed);
int history_forget(History *history, const MessageSessions *sessions, size_t *ret_changed);
/*
 * The newest calls, at most SESSION_IDS_MAX, by id; `unseen`: only missed ones that nobody has
 * seen. The caller frees ret->session_ids.
 */
int history_newest(History *history, bool unseen, MessageSessions *ret);
int history_unseen_missed(History *history, uint32_t *ret);

/* Settings: policy, listeners, the number of the newest known change. -ENOENT: the key is not set.
 */
int history_setting_put(History *history, const char *key, const char *value);
int history_setting_get(History *history, const char *key, char **ret);

/*
 * State that must survive a restart: texts under keys that the caller chooses. history_clear() does
 * not delete these.
 */
typedef struct StoredText {
        const char *key, *value; /* value NULL: delete the key */
} StoredText;

int history_stored_write(History *history, const StoredText *texts, size_t n); /* all or none */
/* Calls `each` for all texts, in the order of their keys. `each` must not write. */
int history_stored_read(History *history, void (*each)(void *userdata, const StoredText *text),
                        void *userdata);

/* Deletes records and settings of the previous user, when another one logs in. */
int history_clear(History *history);
