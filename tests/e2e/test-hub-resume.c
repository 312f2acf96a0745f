/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connections that break and are resumed (rule 17): nothing is lost, nothing comes twice. */

#include "hub-rig.h"

#define MANY 300 /* more than the 256 that the hub stores */

static Talker *bob_again(const Talker *before)
{
        return talker_resume(hub_port(h->hub), h->bob, "bob-1", before);
}

static bool resumed(const Talker *talker)
{
        return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(talker->welcome, "resumed"));
}

/* The connection breaks silently; the device keeps its state. */
static void drop(Talker *talker)
{
        talker->ws = ws_free(talker->ws);
}

static void cancel(Talker *talker, const char *id)
{
        talker_ok(talker_request(talker, "cancel", "\"session_id\":\"%s\"", id));
}

static double remaining_ms(const cJSON *event)
{
        const cJSON *left = cJSON_GetObjectItemCaseSensitive(event, "remaining_ms");

        return left ? left->valuedouble : 0;
}

START_TEST(rule_17_a_ring_that_came_while_the_connection_was_gone_is_sent_with_what_is_left)
{
        Talker *alice = hub_rig_alice(h), *before = hub_rig_bob(h);
        char id[TALKER_UUID_SIZE];

        drop(before);
        talker_uuid(id);
        talker_ok(talker_initiate(alice, id, "bob"));
        rig_run_for(h->rig, USEC_PER_SEC);
        Talker *bob = bob_again(before);
        ck_assert(resumed(bob));
        ck_assert_ptr_null(cJSON_GetObjectItemCaseSensitive(bob->welcome, "calls"));
        cJSON *ring = talker_event(bob, "incoming");
        ck_assert_str_eq(talker_text(ring, "session_id"), id);
        ck_assert(remaining_ms(ring) > 0 && remaining_ms(ring) <= 44000);
        cJSON_Delete(ring);
        talker_ok(talker_request(bob, "accept", "\"session_id\":\"%s\",\"join\":false", id));
        cJSON_Delete(talker_event(alice, "accepted"));
        ck_assert(!talker_has_event(bob, "incoming"));
        talker_free(before);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(rule_17_what_was_not_acknowledged_comes_again_and_the_rest_does_not)
{
        Talker *alice = hub_rig_alice(h), *before = hub_rig_bob(h);
        char ids[2][TALKER_UUID_SIZE];

        for (int i = 0; i < 2; i++) {
                talker_uuid(ids[i]);
                talker_ok(talker_initiate(alice, ids[i], "bob"));
                cancel(alice, ids[i]);
        }
        /* Receives the first call only; later events are lost on their way. */
        cJSON_Delete(talker_event(before, "logged"));
        uint64_t seen = before->seq;
        drop(before);
        Talker *bob = bob_again(before);
        ck_assert(resumed(bob));
        ck_assert_uint_eq(bob->seq, seen);
        cJSON *record = talker_event(bob, "logged");
        ck_assert_str_eq(talker_text(record, "session_id"), ids[1]);
        cJSON_Delete(record);

        /* Twice in a row, without new events. */
        drop(bob);
        Talker *again = bob_again(bob);
        ck_assert(resumed(again));
        talker_ok(talker_request(again, "history", "%s", ""));
        ck_assert_int_eq(cJSON_GetArraySize(again->events), 0);
        talker_free(before);
        talker_free(bob);
        talker_free(again);
        talker_free(alice);
}
END_TEST

START_TEST(rule_17_a_device_may_come_back_before_the_hub_has_noticed_that_it_was_gone)
{
        Talker *alice = hub_rig_alice(h), *before = hub_rig_bob(h);
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        talker_ok(talker_initiate(alice, id, "bob"));
        Talker *bob = bob_again(before);
        ck_assert(resumed(bob));
        cJSON_Delete(talker_event(bob, "incoming"));
        talker_closed(before, 4002, "come back");
        cancel(alice, id);
        cJSON_Delete(talker_event(bob, "over"));
        talker_free(before);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(rule_14_a_caller_who_comes_back_in_a_call_has_lost_nothing)
{
        Talker *before = hub_rig_alice(h), *bob = hub_rig_bob(h);
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        talker_ok(talker_initiate(before, id, "bob"));
        drop(before);
        talker_ok(talker_request(bob, "accept", "\"session_id\":\"%s\",\"join\":false", id));
        Talker *alice = talker_resume(hub_port(h->hub), h->alice, "alice-1", before);
        ck_assert(resumed(alice));
        cJSON *accepted = talker_event(alice, "accepted");
        ck_assert_str_ne(talker_text(accepted, "join_token"), "");
        cJSON_Delete(accepted);
        hub_rig_end(alice, id);
        cJSON_Delete(talker_event(bob, "over"));
        talker_free(before);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

/* Links that bob may not resume: an unknown one, another device's, one of before a restart. */
START_TEST(rule_17_a_link_that_cannot_be_resumed_begins_with_a_snapshot)
{
        Talker *alice = hub_rig_alice(h), *before = hub_rig_bob(h), *other = NULL;
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        if (_i == 0) {
                cJSON_ReplaceItemInObjectCaseSensitive(before->welcome, "link",
                                                       cJSON_CreateString(id));
        } else if (_i == 1) {
                other = talker_new(hub_port(h->hub), h->bob, "bob-2");
                cJSON_ReplaceItemInObjectCaseSensitive(
                        before->welcome, "link",
                        cJSON_CreateString(talker_text(other->welcome, "link")));
        } else if (_i == 2) {
                cJSON_ReplaceItemInObjectCaseSensitive(
                        before->welcome, "link",
                        cJSON_CreateString(talker_text(alice->welcome, "link")));
        } else if (_i == 3) {
                before->seq = 1000; /* which was never sent */
        } else {
                hub_kill(h->hub);
                hub_start(h->hub);
                talker_free(alice);
                alice = hub_rig_alice(h);
        }
        talker_ok(talker_initiate(alice, id, "bob"));
        drop(before);
        Talker *bob = bob_again(before);
        ck_assert(!resumed(bob));
        const cJSON *calls = cJSON_GetObjectItemCaseSensitive(bob->welcome, "calls");
        if (cJSON_GetArraySize(calls) == 0)
                cJSON_Delete(talker_event(bob, "incoming"));
        else
                ck_assert_str_eq(talker_text(cJSON_GetArrayItem(calls, 0), "session_id"), id);
        cancel(alice, id);
        cJSON_Delete(talker_event(bob, "over"));
        talker_free(before);
        talker_free(other);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(rule_17_more_events_than_are_kept_end_in_a_snapshot)
{
        hub_rig_teardown();
        h = hub_rig_new("[limits]\ncalls-per-minute = 0\n");
        Talker *alice = hub_rig_alice(h), *before = hub_rig_bob(h);
        char id[TALKER_UUID_SIZE];

        drop(before);
        for (int i = 0; i < MANY / 3; i++) {
                talker_uuid(id);
                talker_ok(talker_initiate(alice, id, "bob"));
                cancel(alice, id);
        }
        Talker *bob = bob_again(before);
        ck_assert(!resumed(bob));
        ck_assert_int_eq(
                cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(bob->welcome, "history")),
                MANY / 3);
        talker_free(before);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(a_revoked_token_and_a_removed_user_resume_nothing)
{
        Talker *before = hub_rig_bob(h);

        drop(before);
        free(_i == 0 ? RUN(0, "token", "revoke", "2") : RUN(0, "user", "remove", "bob"));
        Talker *bob = talker_connect(hub_port(h->hub), NULL);
        talker_refused(talker_request(bob, "hello",
                                      "\"version\":1,\"token\":\"%s\",\"device\":\"bob-1\","
                                      "\"resume\":\"%s\"",
                                      h->bob, talker_text(before->welcome, "link")),
                       "AuthFailed", "token");
        talker_free(before);
        talker_free(bob);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: resume");
        TCase *tests = tcase_create("resume");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, hub_rig_setup, hub_rig_teardown);
        tcase_add_test(
                tests,
                rule_17_a_ring_that_came_while_the_connection_was_gone_is_sent_with_what_is_left);
        tcase_add_test(tests, rule_17_what_was_not_acknowledged_comes_again_and_the_rest_does_not);
        tcase_add_test(tests,
                       rule_17_a_device_may_come_back_before_the_hub_has_noticed_that_it_was_gone);
        tcase_add_test(tests, rule_14_a_caller_who_comes_back_in_a_call_has_lost_nothing);
        tcase_add_loop_test(tests, rule_17_a_link_that_cannot_be_resumed_begins_with_a_snapshot, 0,
                            5);
        tcase_add_test(tests, rule_17_more_events_than_are_kept_end_in_a_snapshot);
        tcase_add_loop_test(tests, a_revoked_token_and_a_removed_user_resume_nothing, 0, 2);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
