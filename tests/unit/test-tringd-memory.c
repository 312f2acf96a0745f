/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stores of tringd with each allocation failing in turn, SQLite's included: -ENOMEM and nothing
 * half done; what could not be stored is stored later. Nothing leaks (the sanitizer run checks
 * that).
 */
#include <errno.h>
#include <unistd.h>

#include "failing-memory.h"
#include "failing-store.h"
#include "suite.h"
#include "tringd/call-store.h"
#include "tringd/history-writer.h"
#include "tringd/listener-store.h"
#include "tringd/workers.h"

#define CALL "11111111-1111-4111-8111-111111111111"

static sd_event *event;
static History *history;
static CallStore *call_store;
static unsigned n_gone;

static void on_written(void *userdata, int r)
{
}

static const CallStoreEvents events = {.written = on_written};

static void setup(void)
{
        char *text = NULL;

        failing_store_init();
        ck_assert_int_eq(sd_event_new(&event), 0);
        ck_assert_int_eq(history_open(NULL, &history, &text), 0);
        ck_assert_int_eq(call_store_new(event, history, &events, NULL, &call_store), 0);
}

static void teardown(void)
{
        call_store_free(call_store);
        history_free(history);
        sd_event_unref(event);
}

/* As the phone does: without memory it tries again later. */
static PhoneAction saved_call(void)
{
        PhoneAction action = {.type = PHONE_CALL_STORE};
        unsigned fails_at = memory_fails_at;

        memory_fails_at = 0;
        action.state = calloc(1, sizeof(*action.state));
        ck_assert_ptr_nonnull(action.state);
        memory_fails_at = fails_at;
        (void)STR_SET(action.session_id, CALL);
        (void)STR_SET(action.state->record.session_id, CALL);
        (void)STR_SET(action.state->record.initiator.uid, "alice");
        (void)STR_SET(action.state->record.receiver.uid, "bob");
        action.state->record.initiated_at = 1;
        return action;
}

static int take_call(void)
{
        PhoneAction action = saved_call();
        int r = call_store_take(call_store, &action);

        phone_action_done(&action);
        return r;
}

static int take_request(void)
{
        PhoneAction action = {.type = PHONE_REQUEST_STORE,
                              .serial = 7,
                              .message = {.type = MESSAGE_END, .id = 7}};

        (void)STR_SET(action.message.session.session_id, CALL);
        int r = call_store_take(call_store, &action);

        phone_action_done(&action);
        return r;
}

static void count_call(void *userdata, StoredCall *state)
{
        ++*(unsigned *)userdata;
}

static void count_request(void *userdata, const Message *message)
{
        ++*(unsigned *)userdata;
}

static const CallStoreReader reader = {.call = count_call, .request = count_request};

static int read_kept(void)
{
        unsigned n = 0;

        return call_store_read(call_store, &reader, &n);
}

static int clear_kept(void)
{
        return call_store_clear(call_store);
}

static int load_listeners(void)
{
        ListenerStore *store;
        int r = listener_store_new(&store);

        if (r < 0)
                return r;
        r = listener_store_load(store, history, "bus");
        listener_store_free(store);
        return r;
}

START_TEST(what_is_kept_survives_every_allocation_that_fails)
{
        static const FailingOperation operations[] = {
                {"take a call", take_call, NULL}, {"take a request", take_request, NULL},
                {"read", read_kept, NULL},        {"load listeners", load_listeners, NULL},
                {"clear", clear_kept, NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(operations); i++) {
                operation_survives(&operations[i]);
                call_store_flush(call_store);
        }
}
END_TEST

/* Writing may fail anywhere: what waits is stored by the next try. */
START_TEST(what_could_not_be_written_is_written_later)
{
        for (unsigned n = 1;; n++) {
                unsigned found = 0;

                ck_assert_int_eq(take_call(), 0);
                ck_assert_int_eq(take_request(), 0);
                memory_fails_at = n;
                memory_failed = false;
                call_store_flush(call_store);
                memory_fails_at = 0;
                call_store_flush(call_store);
                ck_assert_int_eq(call_store_read(call_store, &reader, &found), 0);
                ck_assert_uint_eq(found, 2);
                if (!memory_failed)
                        break;
                ck_assert_int_eq(call_store_clear(call_store), 0);
        }
}
END_TEST

static void on_history(void *userdata)
{
}

START_TEST(a_record_that_could_not_be_written_is_written_later)
{
        CallRecord record = {.status = CALL_STATUS_MISSED, .initiated_at = 1};
        HistoryWriter *queue;
        uint32_t unseen;

        (void)STR_SET(record.session_id, CALL);
        (void)STR_SET(record.initiator.uid, "alice");
        (void)STR_SET(record.receiver.uid, "bob");
        ck_assert_int_eq(history_writer_new(event, history, on_history, NULL, &queue), 0);
        for (unsigned n = 1;; n++) {
                memory_fails_at = n;
                memory_failed = false;
                int r = history_writer_put(queue, &record);
                if (r == 0)
                        (void)history_writer_flush(queue);
                memory_fails_at = 0;
                ck_assert(r == 0 || r == -ENOMEM);
                if (r < 0)
                        ck_assert_int_eq(history_writer_put(queue, &record), 0);
                ck_assert(history_writer_flush(queue));
                ck_assert_int_eq(history_unseen_missed(history, &unseen), 0);
                ck_assert_uint_eq(unseen, 1);
                ck_assert_int_eq(history_forget(history, &(MessageSessions){0}, NULL), 0);
                if (!memory_failed)
                        break;
        }
        history_writer_free(queue);
}
END_TEST

static void on_message(void *userdata, const char *session_id, const WorkerMessage *message)
{
}

static void on_gone(void *userdata, const char *session_id, const char *text, bool may_run)
{
        ck_assert_str_eq(session_id, CALL);
        ck_assert_ptr_nonnull(strstr(text, "cannot be started"));
        n_gone++;
}

/* The first failures are in workers_start() itself, which returns them. */
START_TEST(a_worker_for_which_there_is_no_memory_is_gone)
{
        static const WorkersEvents worker_events = {.message = on_message, .gone = on_gone};
        Workers *workers;

        ck_assert_int_eq(workers_new(event, "/nonexistent", NULL, &worker_events, NULL, &workers),
                         0);
        for (unsigned n = 1;; n++) {
                n_gone = 0;
                memory_fails_at = n;
                memory_failed = false;
                workers_start(workers, CALL);
                memory_fails_at = 0;
                if (!memory_failed)
                        break;
                while (n_gone == 0 && sd_event_run(event, USEC_PER_SEC) > 0)
                        ;
                ck_assert_uint_eq(n_gone, 1);
        }
        workers_free(workers);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("tringd-memory");
        TCase *tcase = tcase_create("memory");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, what_is_kept_survives_every_allocation_that_fails);
        tcase_add_test(tcase, what_could_not_be_written_is_written_later);
        tcase_add_test(tcase, a_record_that_could_not_be_written_is_written_later);
        tcase_add_test(tcase, a_worker_for_which_there_is_no_memory_is_gone);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
