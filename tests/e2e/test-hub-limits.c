/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each limit from both sides: a request that just fits succeeds, one more does not. */

#include "hub-rig.h"
#include "rig/trial.h"
#include "wire/wire.h"

#define QUEUE 9
#define SETTINGS_QUEUE "[limits]\ncalls-per-minute = 0\nqueue-per-device = 9\n"
#define SETTINGS_DEVICES "[limits]\ndevices-per-user = 2\n"

static void with(const char *settings)
{
        h = hub_rig_new(settings);
}

START_TEST(nesting_of_8_is_read_and_of_9_is_not)
{
        with(NULL);
        Talker *alice = hub_rig_alice(h);

        talker_refused(talker_request(alice, "dance", "%s", "\"x\":[[[[[[[1]]]]]]]"),
                       "NotSupported", "dance");
        talker_say(alice, "dance", "%s", "\"x\":[[[[[[[[1]]]]]]]]");
        talker_closed(alice, WIRE_CLOSE_MALFORMED, "nested deeper than 8");
        talker_free(alice);
}
END_TEST

START_TEST(thirty_calls_a_minute_and_no_more)
{
        char id[TALKER_UUID_SIZE];

        with(NULL);
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        for (int i = 0; i < 30; i++)
                call_and_cancel(alice);
        talker_uuid(id);
        talker_refused(talker_initiate(alice, id, "bob"), "TooMany", "30");
        /* The limit is per user. */
        talker_ok(talker_initiate(bob, id, "alice"));
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(calls_without_a_limit)
{
        with("[limits]\ncalls-per-minute = 0\n");
        Talker *alice = hub_rig_alice(h);

        for (int i = 0; i < 100; i++)
                call_and_cancel(alice);
        talker_free(alice);
}
END_TEST

/* Rule 21: three unanswered rings, then a pause; and one ring at a time. */
START_TEST(rule_21_the_same_person_is_not_rung_again_and_again)
{
        char first[TALKER_UUID_SIZE], second[TALKER_UUID_SIZE];

        with("[limits]\nredial-pauses = yes\n");
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);

        talker_uuid(first);
        talker_uuid(second);
        talker_ok(talker_initiate(alice, first, "bob"));
        talker_refused(talker_request(alice, "initiate",
                                      "\"session_id\":\"%s\",\"receiver\":\"bob\","
                                      "\"receiver_type\":\"user\",\"call_type\":\"audio\","
                                      "\"join\":false,\"parallel\":true",
                                      second),
                       "TooMany", "ringing already");
        talker_ok(talker_request(alice, "cancel", "\"session_id\":\"%s\"", first));
        call_and_cancel(alice);
        call_and_cancel(alice);
        talker_refused(talker_initiate(alice, second, "bob"), "TooMany", "wait 30 s");
        /* He calls back, which ends the counting. */
        talker_uuid(first);
        talker_ok(talker_initiate(bob, first, "alice"));
        talker_ok(talker_request(bob, "cancel", "\"session_id\":\"%s\"", first));
        call_and_cancel(alice);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(thirty_unknown_names_a_minute_and_no_more)
{
        char id[TALKER_UUID_SIZE];

        with(NULL);
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        talker_uuid(id);
        for (int i = 0; i < 30; i++)
                talker_refused(i % 2 ? talker_initiate(alice, id, "nobody")
                                     : talker_request(alice, "block", "%s",
                                                      "\"uid\":\"nobody\",\"on\":true"),
                               "UserNotFound", "nobody");
        talker_refused(talker_initiate(alice, id, "nobody"), "TooMany", "30");
        talker_refused(talker_request(alice, "block", "%s", "\"uid\":\"bob\",\"on\":true"),
                       "TooMany", "30");
        talker_ok(talker_initiate(alice, id, "bob"));
        /* The limit is per user. */
        talker_uuid(id);
        talker_refused(talker_initiate(bob, id, "nobody"), "UserNotFound", "nobody");
        talker_free(alice);
        talker_free(bob);
}
END_TEST

static void fail_login_from(const WsOptions *options, int code, const char *text)
{
        Talker *talker = talker_connect(hub_port(h->hub), options);

        talker_say(talker, "hello", "%s", "\"version\":1,\"token\":\"x\",\"device\":\"d\"");
        talker_closed(talker, code, text);
        talker_free(talker);
}

static void fail_login(int code, const char *text)
{
        fail_login_from(NULL, code, text);
}

static void log_in(const WsOptions *options)
{
        Talker *talker = talker_connect(hub_port(h->hub), options);

        talker_ok(talker_request(talker, "hello", "\"version\":1,\"token\":\"%s\",\"device\":\"d\"",
                                 h->alice));
        talker_free(talker);
}

START_TEST(ten_failed_logins_a_minute_from_an_address_and_no_more)
{
        WsOptions elsewhere = {.from = "127.0.0.2"};

        with(NULL);
        for (int i = 0; i < 10; i++)
                fail_login(WIRE_CLOSE_AUTH_FAILED, "token");
        fail_login(WIRE_CLOSE_TOO_MANY, "wait");
        /* Strangers may share an address with somebody who has a good token: a proxy's, an
         * office's. */
        log_in(NULL);
        fail_login(WIRE_CLOSE_TOO_MANY, "wait");
        fail_login_from(&elsewhere, WIRE_CLOSE_AUTH_FAILED, "token");
}
END_TEST

START_TEST(clients_of_a_trusted_proxy_are_told_apart)
{
        /* The proxy appends the last entry; the others may be the client's own invention. */
        WsOptions mallory = {.forwarded_for = "203.0.113.1, 203.0.113.66"};
        WsOptions again = {.forwarded_for = "203.0.113.2, 203.0.113.66"};
        WsOptions other = {.forwarded_for = "203.0.113.66, 203.0.113.3"};
        WsOptions liar = {.from = "127.0.0.2", .forwarded_for = "203.0.113.66"};

        with("[listen]\nproxies = 127.0.0.1\n[limits]\nfailed-logins-per-minute = 1\n");
        fail_login_from(&mallory, WIRE_CLOSE_AUTH_FAILED, "token");
        fail_login_from(&again, WIRE_CLOSE_TOO_MANY, "wait");
        fail_login_from(&other, WIRE_CLOSE_AUTH_FAILED, "token");
        fail_login_from(&liar, WIRE_CLOSE_AUTH_FAILED, "token");
        liar.forwarded_for = "203.0.113.77";
        fail_login_from(&liar, WIRE_CLOSE_TOO_MANY, "wait");
}
END_TEST

START_TEST(a_full_queue_of_events_is_kept_until_it_is_acknowledged)
{
        with(SETTINGS_QUEUE);
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);

        for (int i = 0; i < 3 * QUEUE; i++) {
                call_and_cancel(alice);
                cJSON_Delete(talker_event(bob, "logged"));
                if (bob->seq % QUEUE == 0)
                        talker_ok(talker_request(bob, "history", "%s", ""));
        }
        ck_assert_uint_eq(bob->seq, 9 * QUEUE);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(one_event_more_than_the_queue_holds_ends_the_connection)
{
        with(SETTINGS_QUEUE);
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);

        for (int i = 0; i < QUEUE / 3; i++)
                call_and_cancel(alice);
        while (bob->seq < QUEUE)
                cJSON_Delete(talker_event(bob, "logged"));
        call_and_cancel(alice);
        talker_closed(bob, WIRE_CLOSE_TOO_SLOW, "unacknowledged");
        talker_free(bob);
        bob = hub_rig_bob(h);
        talker_ok(talker_request(bob, "history", "%s", ""));
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(so_many_devices_of_a_user_and_no_more)
{
        static const char *const names[] = {"d1", "d2", "d3"};
        Talker *talkers[ELEMENTSOF(names)];

        with(SETTINGS_DEVICES);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                talkers[i] = talker_connect(hub_port(h->hub), NULL);
                talker_say(talkers[i], "hello", "\"version\":1,\"token\":\"%s\",\"device\":\"%s\"",
                           h->alice, names[i]);
                if (i < 2)
                        talker_ok(talker_reply(talkers[i], 1));
        }
        talker_closed(talkers[2], WIRE_CLOSE_TOO_MANY, "devices");
        /* A device that reconnects takes its own place. */
        Talker *again = talker_new(hub_port(h->hub), h->alice, "d1");
        talker_closed(talkers[0], WIRE_CLOSE_REPLACED, "newer");
        talker_free(again);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                talker_free(talkers[i]);
}
END_TEST

/* Calls with as much metadata as allowed, so that a page of history is a long reply. */
static void fill_history(Talker *alice)
{
        char id[TALKER_UUID_SIZE], metadata[20000] = "", value[1001];
        size_t used = 0;

        memset(value, 'm', sizeof(value) - 1);
        value[sizeof(value) - 1] = '\0';
        for (int i = 0; i < 16; i++)
                used += (size_t)snprintf(metadata + used, sizeof(metadata) - used,
                                         "%s\"key%d\":\"%s\"", i ? "," : "", i, value);
        for (int i = 0; i < 4; i++) {
                talker_uuid(id);
                talker_ok(talker_request(alice, "initiate",
                                         "\"session_id\":\"%s\",\"receiver\":\"bob\","
                                         "\"receiver_type\":\"user\",\"call_type\":\"audio\","
                                         "\"join\":false,\"metadata\":{%s}",
                                         id, metadata));
                talker_ok(talker_request(alice, "cancel", "\"session_id\":\"%s\"", id));
        }
}

START_TEST(sixty_four_requests_at_once_are_all_answered)
{
        with(NULL);
        Talker *alice = hub_rig_alice(h);

        fill_history(alice);
        uint64_t first = alice->id + 1;
        for (int i = 0; i < WIRE_IN_FLIGHT_MAX; i++)
                talker_say(alice, "history", "%s", "");
        for (uint64_t id = first; id <= alice->id; id++)
                talker_ok(talker_reply(alice, id));
        talker_free(alice);
}
END_TEST

START_TEST(sixty_four_replies_that_nobody_reads_are_enough)
{
        WsOptions options = {.receive_buffer = 4096};
        uint64_t refused = 0;
        cJSON *message;

        with(NULL);
        Talker *alice = talker_connect(hub_port(h->hub), &options), *bob = hub_rig_bob(h);
        talker_ok(talker_request(alice, "hello", "\"version\":1,\"token\":\"%s\",\"device\":\"d\"",
                                 h->alice));
        fill_history(alice);
        uint64_t before = alice->id;
        /* The kernel buffers some megabytes of 50 kB each before the hub has to queue any. */
        for (int i = 0; i < 400; i++)
                talker_say(alice, "history", "%s", "");
        /* In each turn of its loop the hub reads both, so it has read all that Alice has sent. */
        for (int i = 0; i < 40; i++)
                talker_ok(talker_request(bob, "history", "%s", ""));

        while ((message = talker_next(alice, "the end"))) {
                const cJSON *error = cJSON_GetObjectItemCaseSensitive(message, "error");

                if (error && str_eq(talker_text(error, "name"), "TooMany"))
                        refused = (uint64_t)cJSON_GetObjectItemCaseSensitive(message, "id")
                                          ->valuedouble;
                cJSON_Delete(message);
        }
        ck_assert_int_eq(ws_close_code(alice->ws), WIRE_CLOSE_TOO_MANY);
        ck_assert_uint_gt(refused, before + WIRE_IN_FLIGHT_MAX);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

static bool took_less(RigTrial *trial, usec_t took, unsigned seconds)
{
        return rig_trial_judge(trial, took < seconds * USEC_PER_SEC, "the hub took %.1f s",
                               (double)took / USEC_PER_SEC);
}

START_TEST(who_says_nothing_has_10_seconds)
{
        _cleanup_(rig_trial_freep) RigTrial *trial = rig_trial_new();
        usec_t begin, took;

        with(NULL);
        do {
                _cleanup_free_ char *text = NULL;

                rig_trial_begin(trial);
                begin = clock_boottime();
                Talker *silent = talker_connect(hub_port(h->hub), NULL);
                ck_assert_int_eq(ws_receive(silent->ws, rig_patience_ms(), &text), WS_CLOSED);
                took = clock_boottime() - begin;
                ck_assert_int_eq(ws_close_code(silent->ws), WIRE_CLOSE_HELLO_EXPECTED);
                ck_assert_uint_gt(took, 9500 * USEC_PER_MSEC);
                talker_free(silent);
        } while (!took_less(trial, took, 12));
}
END_TEST

/* Rule 17: a ping every 5 s, of which two are not answered. Others are not pinged so soon. */
START_TEST(a_party_of_a_call_that_is_gone_is_noticed)
{
        _cleanup_(rig_trial_freep) RigTrial *trial = rig_trial_new();
        usec_t begin, took;

        with(NULL);
        hub_add_user(h->hub, "carol", "Carol");
        _cleanup_free_ char *token = hub_mint(h->hub, "carol");
        do {
                Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
                Talker *carol = talker_new(hub_port(h->hub), token, "c");
                _cleanup_free_ char *text = NULL;
                char id[TALKER_UUID_SIZE];

                rig_trial_begin(trial);
                begin = clock_boottime();
                hub_rig_call(alice, bob, id);
                ws_ignore_pings(bob->ws);
                ck_assert_int_eq(ws_receive(bob->ws, rig_patience_ms(), &text), WS_CLOSED);
                took = clock_boottime() - begin;
                ck_assert_uint_eq(ws_pings(bob->ws), 2);
                ck_assert_uint_gt(took, 14 * USEC_PER_SEC);

                talker_ok(talker_request(carol, "history", "%s", ""));
                ck_assert_uint_eq(ws_pings(carol->ws), 0);
                talker_free(alice);
                talker_free(bob);
                talker_free(carol);
                /* She has answered no ping either. */
                alice = hub_rig_alice(h);
                hub_rig_end(alice, id);
                talker_free(alice);
        } while (!took_less(trial, took, 19));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: limits");
        TCase *tests = tcase_create("limits");

        tcase_set_timeout(tests, 90);
        tcase_add_checked_fixture(tests, NULL, hub_rig_teardown);
        tcase_add_test(tests, nesting_of_8_is_read_and_of_9_is_not);
        tcase_add_test(tests, thirty_calls_a_minute_and_no_more);
        tcase_add_test(tests, calls_without_a_limit);
        tcase_add_test(tests, rule_21_the_same_person_is_not_rung_again_and_again);
        tcase_add_test(tests, thirty_unknown_names_a_minute_and_no_more);
        tcase_add_test(tests, ten_failed_logins_a_minute_from_an_address_and_no_more);
        tcase_add_test(tests, clients_of_a_trusted_proxy_are_told_apart);
        tcase_add_test(tests, a_full_queue_of_events_is_kept_until_it_is_acknowledged);
        tcase_add_test(tests, one_event_more_than_the_queue_holds_ends_the_connection);
        tcase_add_test(tests, so_many_devices_of_a_user_and_no_more);
        tcase_add_test(tests, sixty_four_requests_at_once_are_all_answered);
        tcase_add_test(tests, sixty_four_replies_that_nobody_reads_are_enough);
        tcase_add_test(tests, who_says_nothing_has_10_seconds);
        tcase_add_test(tests, a_party_of_a_call_that_is_gone_is_noticed);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
