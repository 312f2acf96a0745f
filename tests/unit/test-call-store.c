/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/call-store.h"

#include <errno.h>

#include "store/history-internal.h"
#include "suite.h"

#define CALL "11111111-1111-4111-8111-111111111111"
#define OTHER "22222222-2222-4222-8222-222222222222"

static sd_event *event;
static History *history;
static CallStore *store;
static int last_result;
static unsigned n_written;
/* The rows that were read, in order: ids of calls and of requests, each with a blank. */
static char read_back[512];

static void on_written(void *userdata, int r)
{
        last_result = r;
        n_written++;
}

static const CallStoreEvents events = {.written = on_written};

static void setup(void)
{
        char *text = NULL;

        ck_assert_int_eq(sd_event_new(&event), 0);
        ck_assert_int_eq(history_open(NULL, &history, &text), 0);
        ck_assert_int_eq(call_store_new(event, history, &events, NULL, &store), 0);
}

static void teardown(void)
{
        call_store_free(store);
        history_free(history);
        sd_event_unref(event);
}

static void take(PhoneAction *action)
{
        ck_assert_int_eq(call_store_take(store, action), 0);
        phone_action_done(action);
}

static void save_call(const char *session_id, CallStatus status)
{
        PhoneAction action = {.type = PHONE_CALL_STORE, .state = calloc(1, sizeof(StoredCall))};
        CallRecord *record;

        ck_assert_ptr_nonnull(action.state);
        record = &action.state->record;
        (void)STR_SET(action.session_id, session_id);
        (void)STR_SET(record->session_id, session_id);
        (void)STR_SET(record->initiator.uid, "alice");
        (void)STR_SET(record->receiver.uid, "bob");
        record->status = status;
        record->initiated_at = 1;
        take(&action);
        ck_assert_ptr_null(action.state);
}

static void store_request(uint64_t number)
{
        PhoneAction action = {
                .type = PHONE_REQUEST_STORE,
                .serial = number,
                .message = {.type = MESSAGE_END, .id = number},
        };

        (void)STR_SET(action.message.session.session_id, CALL);
        take(&action);
}

static void forget(PhoneActionType type, const char *session_id, uint64_t number)
{
        PhoneAction action = {.type = type, .serial = number};

        (void)STR_SET(action.session_id, session_id);
        take(&action);
}

static void note(const char *what)
{
        ck_assert_uint_lt(strlen(read_back) + strlen(what) + 2, sizeof(read_back));
        strcat(read_back, what);
        strcat(read_back, " ");
}

static void on_call(void *userdata, StoredCall *state)
{
        note(state->record.session_id);
        note(call_status_to_string(state->record.status));
}

static void on_request(void *userdata, const Message *message)
{
        char number[32];

        snprintf(number, sizeof(number), "%u", (unsigned)message->id);
        note(number);
}

static void expect_stored(const char *expected)
{
        static const CallStoreReader reader = {.call = on_call, .request = on_request};

        read_back[0] = '\0';
        ck_assert_int_eq(call_store_read(store, &reader, NULL), 0);
        ck_assert_str_eq(read_back, expected);
}

START_TEST(what_is_kept_is_there_again_with_its_newest_state)
{
        save_call(CALL, CALL_STATUS_INITIATED);
        save_call(OTHER, CALL_STATUS_INITIATED);
        save_call(CALL, CALL_STATUS_ONGOING);
        expect_stored("");
        call_store_flush(store);
        expect_stored(CALL " ongoing " OTHER " initiated ");
        forget(PHONE_CALL_FORGET, CALL, 0);
        call_store_flush(store);
        expect_stored(OTHER " initiated ");
}
END_TEST

START_TEST(a_call_that_was_over_at_once_is_never_written)
{
        save_call(CALL, CALL_STATUS_INITIATED);
        forget(PHONE_CALL_FORGET, CALL, 0);
        call_store_flush(store);
        expect_stored("");
}
END_TEST

START_TEST(requests_come_back_in_the_order_in_which_they_were_asked)
{
        store_request(1000);
        store_request(9);
        store_request(10);
        store_request(11);
        forget(PHONE_REQUEST_FORGET, "", 10);
        call_store_flush(store);
        expect_stored("9 11 1000 ");
}
END_TEST

START_TEST(it_is_written_a_moment_later_all_at_once)
{
        save_call(CALL, CALL_STATUS_INITIATED);
        store_request(7);
        ck_assert_int_ge(sd_event_run(event, USEC_PER_SEC), 0);
        while (sd_event_run(event, 20 * USEC_PER_MSEC) > 0)
                ;
        expect_stored(CALL " initiated 7 ");
}
END_TEST

START_TEST(what_waits_is_written_in_the_end)
{
        save_call(CALL, CALL_STATUS_INITIATED);
        store = call_store_free(store);
        ck_assert_int_eq(call_store_new(event, history, &events, NULL, &store), 0);
        expect_stored(CALL " initiated ");
}
END_TEST

START_TEST(what_cannot_be_read_is_dropped_and_keeps_nothing_back)
{
        static const StoredText broken[] = {
                {"call/" OTHER, "{\"no\":\"call\"}"},
                {"call/x", "not JSON"},
                {"errand/1", "{\"op\":\"no\"}"},
                {"what", "ever"},
        };

        save_call(CALL, CALL_STATUS_INITIATED);
        call_store_flush(store);
        ck_assert_int_eq(history_stored_write(history, broken, ELEMENTSOF(broken)), 0);
        expect_stored(CALL " initiated ");
        call_store_flush(store);
        expect_stored(CALL " initiated ");
}
END_TEST

START_TEST(clearing_leaves_nothing)
{
        save_call(CALL, CALL_STATUS_INITIATED);
        store_request(7);
        call_store_flush(store);
        ck_assert_int_eq(call_store_clear(store), 0);
        call_store_flush(store);
        expect_stored("");
}
END_TEST

static void set_writable(bool on)
{
        ck_assert_int_eq(database_run(history->database,
                                      on ? "PRAGMA query_only = 0" : "PRAGMA query_only = 1"),
                         0);
}

START_TEST(a_write_that_fails_is_reported_once_and_tried_again)
{
        save_call(CALL, CALL_STATUS_INITIATED);
        set_writable(false);
        call_store_flush(store);
        call_store_flush(store);
        ck_assert_int_eq(last_result, -EROFS);
        ck_assert_uint_eq(n_written, 1);
        save_call(CALL, CALL_STATUS_ONGOING);
        set_writable(true);
        call_store_flush(store);
        ck_assert_int_eq(last_result, 0);
        ck_assert_uint_eq(n_written, 2);
        expect_stored(CALL " ongoing ");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("call-store");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, what_is_kept_is_there_again_with_its_newest_state);
        tcase_add_test(tests, a_call_that_was_over_at_once_is_never_written);
        tcase_add_test(tests, requests_come_back_in_the_order_in_which_they_were_asked);
        tcase_add_test(tests, it_is_written_a_moment_later_all_at_once);
        tcase_add_test(tests, what_waits_is_written_in_the_end);
        tcase_add_test(tests, what_cannot_be_read_is_dropped_and_keeps_nothing_back);
        tcase_add_test(tests, clearing_leaves_nothing);
        tcase_add_test(tests, a_write_that_fails_is_reported_once_and_tried_again);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
