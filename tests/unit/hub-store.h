/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The hub's database with one user, Alice, and the time that the test gives. */

#include "hub/database.h"
#include "hub/history-task.h"
#include "suite.h"

#define UUID(n) "0b7e6a52-90f7-4d4e-8f2c-0000000000" n
#define HOUR (3600 * USEC_PER_SEC)
#define DAY USEC_PER_DAY
#define TODAY (1763632800 * USEC_PER_SEC)

extern HubDatabase *database;
extern CallHistory *history;
extern HistoryTime at; /* of what is written */

/* Check's fixtures: in memory, or in the file `store_path`. */
void store_setup(void);
void store_teardown(void);
void store_setup_file(void);
void store_teardown_file(void);
extern char store_path[];
/* Another hub starts with that file, as after kill -9. */
void store_reopen(void);

/* A record in the history of `uid` for a call from Bob to Alice; the caller ends it. */
Write log_of(const char *uid, const char *id, usec_t date, bool missed);
void add_log(const char *uid, const char *id, usec_t date, bool missed);
/* A call that Alice misses now; each has an id of its own. */
void miss(void);
size_t count_history(const char *uid);
/* A page, by the rules of history_task_page(); the caller ends it by history_task_done(). */
int page_of(const char *uid, uint32_t limit, const char *cursor, size_t budget, HistoryTask *ret);
/* Marks as seen or deletes; `ids` ends with NULL, or is NULL: all calls up to `until`. */
size_t change_calls(MessageType type, const char *const *ids, usec_t until);

usec_t last_change(void);
size_t count_changes(usec_t since); /* of Alice's */

/* The hub runs for so long, with a right clock. */
void runs(usec_t time);
size_t prune(uint32_t days);
/* One go of it: adds to *deleted, and returns 1 if there is more to do. */
int prune_some(uint32_t days, uint32_t max, size_t *deleted);
