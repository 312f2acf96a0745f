/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "hub-rig.h"

#define NO_LIMITS "[limits]\ncalls-per-minute = 0\nqueue-per-device = 4096\n"

static void setup(void)
{
        h = hub_rig_new(NO_LIMITS);
}

/* Makes a call that bob misses. */
static void miss(Talker *alice, char id[TALKER_UUID_SIZE])
{
        talker_uuid(id);
        talker_ok(talker_initiate(alice, id, "bob"));
        talker_ok(talker_request(alice, "cancel", "\"session_id\":\"%s\"", id));
}

static Talker *bob_since(const char *device, uint64_t since)
{
        Talker *bob = talker_connect(hub_port(h->hub), NULL);
        cJSON *reply = talker_request(bob, "hello",
                                      "\"version\":1,\"token\":\"%s\",\"device\":\"%s\","
                                      "\"history_since\":%" PRIu64,
                                      h->bob, device, since);

        bob->welcome = cJSON_DetachItemFromObjectCaseSensitive(reply, "ok");
        cJSON_Delete(reply);
        return bob;
}

static uint64_t date_of(const Talker *talker)
{
        return (uint64_t)cJSON_GetObjectItemCaseSensitive(talker->welcome, "date")->valuedouble;
}

static const cJSON *history_of(const Talker *talker)
{
        return cJSON_GetObjectItemCaseSensitive(talker->welcome, "history");
}

static bool is_true(const cJSON *object, const char *name)
{
        return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

START_TEST(a_device_that_was_away_gets_what_has_changed_since)
{
        char first[TALKER_UUID_SIZE], second[TALKER_UUID_SIZE];
        Talker *alice = hub_rig_alice(h);

        miss(alice, first);
        Talker *bob = bob_since("b", 0);
        ck_assert_int_eq(cJSON_GetArraySize(history_of(bob)), 1);
        ck_assert(is_true(bob->welcome, "history_complete"));
        uint64_t since = date_of(bob);
        talker_free(bob);

        miss(alice, second);
        bob = bob_since("b", since);
        ck_assert_int_eq(cJSON_GetArraySize(history_of(bob)), 1);
        const cJSON *record = cJSON_GetArrayItem(history_of(bob), 0);
        ck_assert_str_eq(talker_text(record, "session_id"), second);
        ck_assert_str_eq(talker_text(record, "status"), "missed");
        ck_assert_str_eq(talker_text(record, "reason"), "caller-cancelled");
        ck_assert(!is_true(record, "seen"));
        since = date_of(bob);
        talker_free(bob);

        bob = bob_since("b", since);
        ck_assert_int_eq(cJSON_GetArraySize(history_of(bob)), 0);
        talker_free(bob);
        talker_free(alice);
}
END_TEST

static uint64_t clock_of(const Talker *talker)
{
        return (uint64_t)cJSON_GetObjectItemCaseSensitive(talker->welcome, "clock")->valuedouble;
}

START_TEST(what_a_device_has_been_told_is_no_date)
{
        char id[TALKER_UUID_SIZE];
        Talker *alice = hub_rig_alice(h);

        miss(alice, id);
        Talker *bob = bob_since("b", 0);
        uint64_t since = date_of(bob), clock = clock_of(bob);
        talker_free(bob);
        for (int i = 0; i < 2; i++) {
                bob = bob_since("b", since);
                ck_assert_uint_eq(date_of(bob), since); /* nothing has changed */
                ck_assert_uint_gt(clock_of(bob), clock);
                talker_free(bob);
                hub_stop(h->hub);
                hub_start(h->hub);
        }
        /* It was given out by a clock that was ahead, or by another history. */
        bob = bob_since("b", since + 1);
        ck_assert_int_eq(cJSON_GetArraySize(history_of(bob)), 1);
        ck_assert_uint_eq(date_of(bob), since);
        talker_free(bob);
        talker_free(alice);
}
END_TEST

START_TEST(seen_on_one_device_is_seen_on_all)
{
        char first[TALKER_UUID_SIZE], second[TALKER_UUID_SIZE];
        Talker *alice = hub_rig_alice(h);

        miss(alice, first);
        miss(alice, second);
        Talker *bob = bob_since("b", 0), *other = bob_since("other", 0);
        Talker *away = bob_since("away", 0);
        uint64_t since = date_of(away);
        talker_free(away);

        talker_ok(talker_request(bob, "seen", "\"session_ids\":[\"%s\"]", first));
        cJSON *logged = talker_event(other, "logged");
        ck_assert_str_eq(talker_text(logged, "session_id"), first);
        ck_assert(is_true(logged, "seen"));
        cJSON_Delete(logged);
        talker_ok(talker_request(bob, "seen", "%s", ""));
        logged = talker_event(other, "logged");
        ck_assert_str_eq(talker_text(logged, "session_id"), second);
        cJSON_Delete(logged);
        ck_assert(!talker_has_event(bob, "logged"));

        away = bob_since("away", since);
        ck_assert_int_eq(cJSON_GetArraySize(history_of(away)), 2);
        ck_assert(is_true(cJSON_GetArrayItem(history_of(away), 0), "seen"));
        talker_free(alice);
        talker_free(bob);
        talker_free(other);
        talker_free(away);
}
END_TEST

START_TEST(what_is_forgotten_on_one_device_is_forgotten_on_all)
{
        char first[TALKER_UUID_SIZE], second[TALKER_UUID_SIZE];
        Talker *alice = hub_rig_alice(h);

        miss(alice, first);
        miss(alice, second);
        Talker *bob = bob_since("b", 0), *other = bob_since("other", 0);
        Talker *away = bob_since("away", 0);
        uint64_t since = date_of(away);
        talker_free(away);

        talker_ok(talker_request(bob, "forget", "\"session_ids\":[\"%s\"]", first));
        cJSON *forgotten = talker_event(other, "forgotten");
        const cJSON *ids = cJSON_GetObjectItemCaseSensitive(forgotten, "session_ids");
        ck_assert_str_eq(cJSON_GetArrayItem(ids, 0)->valuestring, first);
        cJSON_Delete(forgotten);

        away = bob_since("away", since);
        forgotten = talker_event(away, "forgotten");
        ids = cJSON_GetObjectItemCaseSensitive(forgotten, "session_ids");
        ck_assert_int_eq(cJSON_GetArraySize(ids), 1);
        ck_assert_str_eq(cJSON_GetArrayItem(ids, 0)->valuestring, first);
        cJSON_Delete(forgotten);

        /* Only bob's history is affected. */
        cJSON *page = talker_request(alice, "history", "%s", "");
        const cJSON *ok = cJSON_GetObjectItemCaseSensitive(page, "ok");
        ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(ok, "records")), 2);
        cJSON_Delete(page);
        talker_free(alice);
        talker_free(bob);
        talker_free(other);
        talker_free(away);
}
END_TEST

START_TEST(a_history_of_a_thousand_comes_by_pages_newest_first)
{
        char id[TALKER_UUID_SIZE], last[TALKER_UUID_SIZE] = "", cursor[80] = "";
        size_t n = 0, n_pages = 0;
        double before = 1e18;
        const cJSON *record;
        Talker *alice = hub_rig_alice(h);

        for (int i = 0; i < 1000; i++)
                miss(alice, id);
        Talker *bob = bob_since("b", 0);
        ck_assert(!is_true(bob->welcome, "history_complete"));
        ck_assert_int_gt(cJSON_GetArraySize(history_of(bob)), 50);
        do {
                cJSON *page = talker_request(bob, "history", "\"limit\":200%s%s%s",
                                             *cursor ? ",\"cursor\":\"" : "", cursor,
                                             *cursor ? "\"" : "");
                const cJSON *ok = cJSON_GetObjectItemCaseSensitive(page, "ok");

                cJSON_ArrayForEach (record, cJSON_GetObjectItemCaseSensitive(ok, "records")) {
                        double date = cJSON_GetObjectItemCaseSensitive(record, "initiated_at")
                                              ->valuedouble;

                        if (n++ == 0)
                                ck_assert_str_eq(talker_text(record, "session_id"), id);
                        ck_assert_str_ne(talker_text(record, "session_id"), last);
                        ck_assert(date <= before);
                        before = date;
                        STR_SET(last, talker_text(record, "session_id"));
                }
                n_pages++;
                snprintf(cursor, sizeof(cursor), "%s", talker_text(ok, "next"));
                cJSON_Delete(page);
        } while (*cursor);
        ck_assert_uint_eq(n, 1000);
        ck_assert_uint_ge(n_pages, 5);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(a_stop_and_a_start_lose_nothing)
{
        char live[TALKER_UUID_SIZE], missed[TALKER_UUID_SIZE];
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);

        miss(alice, missed);
        hub_rig_call(alice, bob, live);
        talker_free(alice);
        talker_free(bob);
        hub_stop(h->hub);
        hub_start(h->hub);

        alice = hub_rig_alice(h);
        const cJSON *calls = cJSON_GetObjectItemCaseSensitive(alice->welcome, "calls");
        ck_assert_int_eq(cJSON_GetArraySize(calls), 1);
        ck_assert_str_eq(talker_text(cJSON_GetArrayItem(calls, 0), "session_id"), live);
        ck_assert_str_eq(talker_text(cJSON_GetArrayItem(calls, 0), "status"), "ongoing");
        bob = hub_rig_bob(h);
        hub_rig_end(bob, live);
        cJSON_Delete(talker_event(alice, "over"));
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(rule_1_the_id_of_a_past_call_is_its_callers)
{
        char id[TALKER_UUID_SIZE];
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);

        miss(alice, id);
        talker_free(alice);
        talker_free(bob);
        /* Only the history has it now. */
        hub_stop(h->hub);
        hub_start(h->hub);
        alice = hub_rig_alice(h);
        bob = hub_rig_bob(h);
        talker_refused(talker_initiate(bob, id, "alice"), "InvalidArgument", id);
        cJSON *reply = talker_initiate(alice, id, "bob");
        const cJSON *call = cJSON_GetObjectItemCaseSensitive(reply, "ok");
        ck_assert_str_eq(talker_text(call, "status"), "cancelled");
        ck_assert_str_eq(talker_text(call, "direction"), "outgoing");
        cJSON_Delete(reply);
        ck_assert(!talker_has_event(bob, "incoming"));
        talker_free(alice);
        talker_free(bob);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: history");
        TCase *tests = tcase_create("history");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, setup, hub_rig_teardown);
        tcase_add_test(tests, a_device_that_was_away_gets_what_has_changed_since);
        tcase_add_test(tests, what_a_device_has_been_told_is_no_date);
        tcase_add_test(tests, seen_on_one_device_is_seen_on_all);
        tcase_add_test(tests, what_is_forgotten_on_one_device_is_forgotten_on_all);
        tcase_add_test(tests, a_history_of_a_thousand_comes_by_pages_newest_first);
        tcase_add_test(tests, a_stop_and_a_start_lose_nothing);
        tcase_add_test(tests, rule_1_the_id_of_a_past_call_is_its_callers);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
