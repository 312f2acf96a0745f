/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A user's history: exactly one record for each call. It is the daemon's copy of the hub's log,
 * which can be read without a hub.
 */

#include "model/message.h"
#include "store/database.h"

typedef struct History History;

typedef struct HistoryFilter {
        bool has_status, has_direction, has_type, has_receiver_type;
        CallStatus status;
        CallDirection direction;
        CallType type;
        ReceiverType receiver_type;
        char peer[UID_MAX + 1]; /* uid or guid of the other side; empty: any */
        usec_t since, until;    /* initiated_at, CLOCK_REALTIME; 0: open */
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

int history_put(History *history, const CallRecord *record);
/* Newest first; `cursor` is the `next` of a page, or empty. -EINVAL: not a valid cursor. */
int history_page(History *history, const HistoryFilter *filter, uint32_t limit, const char *cursor,
                 HistoryPage *ret);
void history_page_done(HistoryPage *page);

/* *ret_changed (may be NULL) is the number of records that changed. */
int history_mark_seen(History *history, const MessageSessions *sessions, size_t *ret_changed);
int history_forget(History *history, const MessageSessions *sessions, size_t *ret_changed);
int history_unseen_missed(History *history, uint32_t *ret);

/* Settings: policy, listeners, the newest change known. */
int history_setting_put(History *history, const char *key, const char *value);
int history_setting_get(History *history, const char *key, char **ret); /* -ENOENT */

/*
 * State that must survive a restart: texts under keys that the caller chooses. history_clear()
 * leaves them.
 */
typedef struct StoredText {
        const char *key, *value; /* value NULL: delete the key */
} StoredText;

int history_stored_write(History *history, const StoredText *texts, size_t n); /* all or none */
/* In the order of the keys. `each` must not write. */
int history_stored_read(History *history, void (*each)(void *userdata, const StoredText *text),
                        void *userdata);

/* Drops everything of the last user, when another one logs in. */
int history_clear(History *history);
