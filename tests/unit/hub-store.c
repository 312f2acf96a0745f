/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub-store.h"

#include <unistd.h>

#include "wire/stored.h"

HubDatabase *database;
CallHistory *history;
HistoryTime at;
static char folder[] = "/tmp/test-hub-store-XXXXXX";
char store_path[sizeof(folder) + 16];

void store_setup(void)
{
        char *text = NULL;
        bool is_new = false;

        ck_assert_int_eq(hub_database_open(NULL, &database, &text), 0);
        history = hub_database_history(database);
        ck_assert_int_eq(hub_database_user_add(database, "alice", "Alice", &is_new), 0);
        ck_assert(is_new);
        at = (HistoryTime){.now = HOUR, .date = TODAY};
}

void store_teardown(void)
{
        database = hub_database_free(database);
}

void store_reopen(void)
{
        char *text = NULL;

        hub_database_free(database);
        ck_assert_int_eq(hub_database_open(store_path, &database, &text), 0);
        history = hub_database_history(database);
}

void store_setup_file(void)
{
        bool is_new;

        store_setup();
        STR_SET(folder, "/tmp/test-hub-store-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(store_path, sizeof(store_path), "%s/hub.db", folder);
        store_reopen();
        ck_assert_int_eq(hub_database_user_add(database, "alice", "Alice", &is_new), 0);
}

void store_teardown_file(void)
{
        store_teardown();
        unlink(store_path);
        ck_assert_int_eq(rmdir(folder), 0);
}

Write log_of(const char *uid, const char *id, usec_t date, bool missed)
{
        CallRecord record = {.direction = CALL_DIRECTION_INCOMING,
                             .status = missed ? CALL_STATUS_MISSED : CALL_STATUS_ENDED,
                             .initiated_at = date,
                             .seen = !missed};
        Write write = {.type = WRITE_LOG, .unseen = missed, .initiated_at = date};

        STR_SET(record.session_id, id);
        STR_SET(record.initiator.uid, "bob");
        STR_SET(record.receiver.uid, "alice");
        STR_SET(write.uid, uid);
        STR_SET(write.session_id, id);
        ck_assert_int_eq(wire_encode_record(&record, &write.json), 0);
        return write;
}

void add_log(const char *uid, const char *id, usec_t date, bool missed)
{
        Write write = log_of(uid, id, date, missed);

        ck_assert_int_eq(hub_database_write(database, &at, &write, 1), 0);
        write_done(&write);
}

int page_of(const char *uid, uint32_t limit, const char *cursor, size_t budget, HistoryTask *ret)
{
        int r = history_task_page(ret, uid, limit, cursor, budget);

        if (r == 0)
                ck_assert_int_eq(history_task_finish(ret, history, &at), 0);
        return r;
}

size_t count_history(const char *uid)
{
        HistoryTask task;

        ck_assert_int_eq(page_of(uid, 200, "", 1 << 20, &task), 0);
        size_t n = task.page.n_records;
        history_task_done(&task);
        return n;
}

size_t change_calls(MessageType type, const char *const *ids, usec_t until)
{
        MessageSessions sessions = {.until = until};
        HistoryTask task;

        while (ids && ids[sessions.count])
                sessions.count++;
        sessions.session_ids = calloc(sessions.count + 1, UUID_LENGTH + 1);
        ck_assert_ptr_nonnull(sessions.session_ids);
        for (size_t i = 0; i < sessions.count; i++)
                STR_SET(sessions.session_ids[i], ids[i]);
        history_task_change(&task, type, "alice", sessions);
        ck_assert_int_eq(history_task_finish(&task, history, &at), 0);
        for (size_t i = 0; i < task.n_changed; i++)
                ck_assert(task.changed[i].seen);
        size_t n = type == MESSAGE_SEEN ? task.n_changed : task.n_forgotten;
        history_task_done(&task);
        return n;
}

usec_t last_change(void)
{
        usec_t last = 0;

        ck_assert_int_eq(call_history_last_change(history, &last), 0);
        return last;
}

size_t count_changes(usec_t since)
{
        CallRecord *records;
        bool complete;
        size_t n;

        ck_assert_int_eq(
                call_history_changes(history, "alice", since, 1 << 20, &records, &n, &complete), 0);
        ck_assert(complete);
        call_records_free(records, n);
        return n;
}

void miss(void)
{
        static unsigned n;
        char id[UUID_LENGTH + 1];

        snprintf(id, sizeof(id), "0b7e6a52-90f7-4d4e-8f2c-%012u", ++n);
        add_log("alice", id, at.date, true);
}

void runs(usec_t time)
{
        at.now += time;
        at.date += time;
}

int prune_some(uint32_t days, uint32_t max, size_t *deleted)
{
        size_t n = 0;
        int r = call_history_prune(history, &at, days, max, USEC_NEVER, &n);

        ck_assert_int_ge(r, 0);
        *deleted += n;
        return r;
}

size_t prune(uint32_t days)
{
        size_t deleted = 0;

        while (prune_some(days, 1000, &deleted) > 0)
                ;
        return deleted;
}
