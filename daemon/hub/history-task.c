/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/history-task.h"

#include <errno.h>
#include <inttypes.h>

#include "base/array.h"
#include "hub/call-history-internal.h"

static int parse_cursor(const char *cursor, usec_t *ret_date, char ret_id[static UUID_LENGTH + 1])
{
        int end = 0;

        if (sscanf(cursor, "%" SCNu64 ":%36s%n", ret_date, ret_id, &end) != 2 ||
            cursor[end] != '\0' || !uuid_is_valid(ret_id) || *ret_date > INT64_MAX)
                return -EINVAL;
        return 0;
}

int history_task_page(HistoryTask *ret, const char *uid, uint32_t limit, const char *cursor,
                      size_t budget)
{
        HistoryTask task = {.type = MESSAGE_HISTORY,
                            .before = INT64_MAX,
                            .budget = budget,
                            .limit = limit == 0 ? HISTORY_PAGE_DEFAULT
                                                : MIN_OF(limit, HISTORY_PAGE_MAX)};

        if (!str_empty(cursor) && parse_cursor(cursor, &task.before, task.before_id) < 0)
                return -EINVAL;
        STR_SET(task.uid, uid);
        *ret = task;
        return 0;
}

void history_task_change(HistoryTask *ret, MessageType type, const char *uid,
                         MessageSessions sessions)
{
        bool all = sessions.until == 0 || sessions.until >= INT64_MAX;

        *ret = (HistoryTask){
                .type = type, .sessions = sessions, .before = all ? INT64_MAX : sessions.until + 1};
        STR_SET(ret->uid, uid);
}

void history_task_done(HistoryTask *task)
{
        free(task->sessions.session_ids);
        call_records_free(task->page.records, task->page.n_records);
        call_records_free(task->changed, task->n_changed);
        *task = (HistoryTask){0};
}

/* Of PAGE or WALK, whose columns 3 and 4 are the date and the id. */
static sqlite3_stmt *older(const HistoryTask *task, CallHistory *history, HistoryStatement which,
                           uint32_t n)
{
        query_bind(history->statements[which], "stsu", task->uid, task->before, task->before_id, n);
        return history->statements[which];
}

/* The walk goes on after this row. */
static void walked(HistoryTask *task, sqlite3_stmt *row)
{
        task->before = (usec_t)sqlite3_column_int64(row, 3);
        STR_SET(task->before_id, query_text(row, 4));
}

/* ---- a page ---- */

static void page_goes_on(ReplyHistory *page)
{
        const CallRecord *last = &page->records[page->n_records - 1];

        snprintf(page->next, sizeof(page->next), "%" PRIu64 ":%s", last->initiated_at,
                 last->session_id);
}

static int page_step(HistoryTask *task, CallHistory *history)
{
        sqlite3_stmt *rows = older(task, history, PAGE, HISTORY_TASK_PAGE_ROWS);
        Records records = {task->page.records, task->page.n_records, task->budget, task->limit};
        uint32_t n = 0;
        int r;

        QUERY_FOREACH (rows, r) {
                /* A row without a record was deleted. */
                r = str_empty(query_text(rows, 0)) ? 0 : records_add(&records, rows, 0);
                if (r == 0)
                        walked(task, rows);
                n++;
        }
        query_end(rows, 0);
        task->page.records = records.records;
        task->page.n_records = records.n;
        task->budget = records.budget;
        if (r == 1)
                page_goes_on(&task->page);
        return r != 0 ? MIN_OF(r, 0) : n == HISTORY_TASK_PAGE_ROWS;
}

/* ---- a change ---- */

/* The rows to change in this step. */
typedef struct Rows {
        usec_t changed_at[HISTORY_TASK_CHANGE_ROWS];
        size_t n;
} Rows;

/* The row's first columns are changed_at, json and unseen. */
static void rows_add(Rows *rows, const HistoryTask *task, sqlite3_stmt *row)
{
        usec_t changed_at = (usec_t)sqlite3_column_int64(row, 0);

        if (changed_at <= task->as_of && !str_empty(query_text(row, 1)) &&
            (task->type == MESSAGE_FORGET || sqlite3_column_int(row, 2)))
                rows->changed_at[rows->n++] = changed_at;
}

/* Returns 1 if there is more to look up, 0, or negative errno; also below. */
static int look_up(HistoryTask *task, CallHistory *history, Rows *rows)
{
        sqlite3_stmt *find = history->statements[FIND];

        for (size_t n = 0; n < HISTORY_TASK_FIND_ROWS && rows->n < HISTORY_TASK_CHANGE_ROWS &&
                           task->n_looked_up < task->sessions.count;
             n++) {
                query_bind(find, "ss", task->uid, task->sessions.session_ids[task->n_looked_up++]);
                int r = query_next(find);
                if (r > 0)
                        rows_add(rows, task, find);
                r = query_end(find, MIN_OF(r, 0));
                if (r < 0)
                        return r;
        }
        return task->n_looked_up < task->sessions.count;
}

static int look_through(HistoryTask *task, CallHistory *history, Rows *rows)
{
        sqlite3_stmt *all = older(task, history, WALK, HISTORY_TASK_WALK_ROWS);
        uint32_t n = 0;
        int r;

        QUERY_FOREACH (all, r) {
                rows_add(rows, task, all);
                walked(task, all);
                n++;
                r = rows->n == HISTORY_TASK_CHANGE_ROWS;
        }
        query_end(all, 0);
        return r != 0 ? r : n == HISTORY_TASK_WALK_ROWS;
}

static int take_changed(HistoryTask *task, sqlite3_stmt *row)
{
        CallRecord record;
        int r = call_history_read(row, 0, &record);

        if (r != 0)
                return MIN_OF(r, 0);
        r = ARRAY_GROW(&task->changed, task->n_changed);
        if (r < 0)
                call_record_done(&record);
        else
                task->changed[task->n_changed++] = record;
        return r;
}

static int see_row(HistoryTask *task, CallHistory *history, usec_t changed_at, usec_t number)
{
        sqlite3_stmt *see = history->statements[SEE];
        int r;

        query_bind(see, "tt", changed_at, number);
        QUERY_FOREACH (see, r)
                r = take_changed(task, see);
        return query_end(see, r);
}

static int forget_row(HistoryTask *task, CallHistory *history, usec_t changed_at, usec_t number)
{
        char session_id[1][UUID_LENGTH + 1] = {""};
        sqlite3_stmt *forget = history->statements[FORGET];
        int r;

        query_bind(forget, "tt", changed_at, number);
        QUERY_FOREACH (forget, r) {
                r = STR_SET(session_id[0], query_text(forget, 0));
                task->n_forgotten++;
        }
        r = query_end(forget, r);
        return r < 0 ? r : call_history_drop_metadata(history, session_id, 1);
}

static int change_rows(HistoryTask *task, CallHistory *history, const HistoryTime *time,
                       const Rows *rows)
{
        int (*change)(HistoryTask *, CallHistory *, usec_t, usec_t) =
                task->type == MESSAGE_SEEN ? see_row : forget_row;
        size_t n_changed = task->n_changed, n_forgotten = task->n_forgotten;
        int r = rows->n > 0 ? database_begin(history->database) : 0;

        if (rows->n == 0 || r < 0)
                return r;
        /* The last of them is the one that was found last, and has the oldest date. */
        for (size_t i = rows->n; r == 0 && i > 0; i--)
                r = change(task, history, rows->changed_at[i - 1],
                           call_history_next_change(history, time));
        r = database_end(history->database, r);
        if (r >= 0)
                return r;
        while (task->n_changed > n_changed)
                call_record_done(&task->changed[--task->n_changed]);
        task->n_forgotten = n_forgotten;
        return r;
}

static int change_step(HistoryTask *task, CallHistory *history, const HistoryTime *time)
{
        Rows rows = {0};
        int left = task->sessions.count > 0 ? look_up(task, history, &rows)
                                            : look_through(task, history, &rows);

        if (left < 0)
                return left;
        int r = change_rows(task, history, time, &rows);
        return r < 0 ? r : left;
}

int history_task_step(HistoryTask *task, CallHistory *history, const HistoryTime *time,
                      usec_t settle_budget)
{
        int r = call_history_settle(history, settle_budget);

        if (r != 0)
                return r;
        if (task->as_of == 0)
                r = call_history_last_change(history, &task->as_of);
        if (r < 0)
                return r;
        return task->type == MESSAGE_HISTORY ? page_step(task, history)
                                             : change_step(task, history, time);
}

int history_task_finish(HistoryTask *task, CallHistory *history, const HistoryTime *time)
{
        int r;

        do
                r = history_task_step(task, history, time, USEC_NEVER);
        while (r > 0);
        return r;
}
