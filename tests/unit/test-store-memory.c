/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store with each allocation failing in turn, SQLite's included: -ENOMEM, nothing half done,
 * nothing leaked (the sanitizer run checks that), and it still works.
 */
#include <errno.h>
#include <unistd.h>

#include "failing-store.h"
#include "store/history.h"
#include "suite.h"

#define N_CALLS 5

static History *history;
static char folder[] = "/tmp/store-memory-XXXXXX";
static char path[64];
static unsigned next_call;

static void fill(unsigned i, CallRecord *ret)
{
        static MetadataEntry entries[] = {{(char *)"subject", (char *)"lunch"}};

        *ret = (CallRecord){.direction = CALL_DIRECTION_INCOMING,
                            .status = CALL_STATUS_MISSED,
                            .initiated_at = 1000 + i,
                            .metadata = {entries, 1}};
        (void)snprintf(ret->session_id, sizeof(ret->session_id), "00000000-0000-4000-8000-%012u",
                       i);
        (void)STR_SET(ret->initiator.uid, "carol");
        (void)STR_SET(ret->receiver.uid, "alice");
}

static int put(void)
{
        CallRecord record;

        fill(next_call, &record);
        return history_put(history, &record);
}

static void setup(void)
{
        char *text = NULL;

        failing_store_init();
        ck_assert_ptr_nonnull(mkdtemp(folder));
        (void)snprintf(path, sizeof(path), "%s/history.sqlite", folder);
        ck_assert_int_eq(history_open(NULL, &history, &text), 0);
        for (next_call = 0; next_call < N_CALLS; next_call++)
                ck_assert_int_eq(put(), 0);
}

static void teardown(void)
{
        static const char *const suffixes[] = {"", "-wal", "-shm"};
        char name[80];

        history = history_free(history);
        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                (void)snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
                (void)unlink(name);
        }
        (void)rmdir(folder);
}

static int page(void)
{
        HistoryPage found;
        int r = history_page(history, &(HistoryFilter){}, N_CALLS + 1, "", &found);

        if (r == 0)
                history_page_done(&found);
        return r;
}

/* The number of calls, and of unseen ones. */
static unsigned long sum(void)
{
        HistoryPage found;
        uint32_t unseen;

        ck_assert_int_eq(history_page(history, &(HistoryFilter){}, 2 * N_CALLS, "", &found), 0);
        ck_assert_int_eq(history_unseen_missed(history, &unseen), 0);
        unsigned long n = 100 * found.n_records + unseen;
        history_page_done(&found);
        return n;
}

static int open_file(void)
{
        History *opened = NULL;
        char *text = NULL;
        int r = history_open(path, &opened, &text);

        history_free(opened);
        free(text);
        return r;
}

static int unseen_missed(void)
{
        uint32_t n;

        return history_unseen_missed(history, &n);
}

static int newest(void)
{
        MessageSessions found;
        int r = history_newest(history, true, &found);

        if (r >= 0)
                free(found.session_ids);
        return r;
}

static int mark_seen(void)
{
        return history_mark_seen(history, &(MessageSessions){.until = 1003}, NULL);
}

static int forget(void)
{
        return history_forget(history, &(MessageSessions){.until = 1002}, NULL);
}

static int setting_put(void)
{
        return history_setting_put(history, "policy", "ring");
}

static int setting_get(void)
{
        char *value;
        int r = history_setting_get(history, "policy", &value);

        if (r == 0)
                free(value);
        return r;
}

static int state_store_write(void)
{
        static const StoredText texts[] = {{"call/1", "{}"}, {"call/2", "{}"}, {"call/1", NULL}};

        return history_stored_write(history, texts, ELEMENTSOF(texts));
}

static void state_store_note(void *userdata, const StoredText *text)
{
        ++*(unsigned *)userdata;
}

static int state_store_read(void)
{
        unsigned n = 0;

        return history_stored_read(history, state_store_note, &n);
}

static int clear(void)
{
        return history_clear(history);
}

static const FailingOperation operations[] = {
        {"open", open_file, NULL},
        {"put", put, sum},
        {"page", page, NULL},
        {"unseen missed", unseen_missed, NULL},
        {"newest", newest, NULL},
        {"mark seen", mark_seen, sum},
        {"setting put", setting_put, NULL},
        {"setting get", setting_get, NULL},
        {"state write", state_store_write, NULL},
        {"state read", state_store_read, NULL},
        {"forget", forget, sum},
        {"clear", clear, sum},
};

START_TEST(the_store_survives_every_allocation_that_fails)
{
        for (size_t i = 0; i < ELEMENTSOF(operations); i++)
                operation_survives(&operations[i]);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("store-memory");
        TCase *tcase = tcase_create("memory");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, the_store_survives_every_allocation_that_fails);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
