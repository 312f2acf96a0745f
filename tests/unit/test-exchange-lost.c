/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "exchange-world.h"

/* Lost connections, devices that log out, and removed users. */

START_TEST(rule_14_a_caller_lost_while_ringing_has_10_s)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        goes(ALICE);
        forget();
        passes(GRACE_CALLER_LOST_US - 1);
        expect_nothing();
        passes(1);
        expect("log alice 1 cancelled (caller-lost)", "log bob 1 missed (caller-lost)", "drop 1",
               "bob-desk: over 1 cancelled (caller-lost)",
               "bob-desk: logged 1 missed (caller-lost)", NULL);
}
END_TEST

START_TEST(rule_14_a_caller_who_comes_back_in_time_goes_on)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        goes(ALICE);
        passes(GRACE_CALLER_LOST_US - 1);
        comes(ALICE);
        forget();
        passes(GRACE_CALLER_LOST_US);
        expect_nothing();
        accepts(BOB, 1);
        expect("save 1 ongoing", "bob-desk: ok 1 ongoing", "alice-desk: accepted 1 by bob-desk",
               NULL);
}
END_TEST

START_TEST(rule_14_a_ring_does_not_outlast_its_deadline_by_grace)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        passes(40 * USEC_PER_SEC);
        goes(ALICE);
        forget();
        passes(5 * USEC_PER_SEC);
        ck_assert_ptr_nonnull(strstr(world.trace, "bob-desk: over 1 missed (timeout)\n"));
}
END_TEST

START_TEST(rule_14_a_party_lost_in_a_call_has_30_s)
{
        in_media(ALICE, BOB, 1);
        goes(BOB);
        passes(GRACE_IN_CALL_US - 1);
        expect_nothing();
        passes(1);
        expect("log alice 1 ended (connection-lost)", "log bob 1 ended (connection-lost)", "drop 1",
               "alice-desk: over 1 ended (connection-lost) after 30 s",
               "alice-desk: logged 1 ended (connection-lost)", NULL);
}
END_TEST

START_TEST(rule_14_and_120_s_while_the_other_side_hears_it)
{
        in_media(ALICE, BOB, 1);
        states(ALICE, 1, false, true);
        goes(BOB);
        forget();
        passes(GRACE_MEDIA_FLOWS_US - 1);
        expect_nothing();
        passes(1);
        ck_assert_ptr_nonnull(
                strstr(world.trace, "alice-desk: over 1 ended (connection-lost) after 120 s\n"));
}
END_TEST

START_TEST(rule_14_when_it_is_heard_no_more_the_30_s_count)
{
        in_media(ALICE, BOB, 1);
        states(ALICE, 1, false, true);
        goes(BOB);
        passes(GRACE_IN_CALL_US + USEC_PER_SEC);
        forget();
        states(ALICE, 1, false, false);
        passes(0);
        ck_assert_ptr_nonnull(
                strstr(world.trace, "alice-desk: over 1 ended (connection-lost) after 31 s\n"));
}
END_TEST

static void says_it_goes(Who who)
{
        says(who, MESSAGE_GOING, 0);
        forget();
}

START_TEST(rule_14_a_party_that_said_it_goes_has_5_s)
{
        in_media(ALICE, BOB, 1);
        states(ALICE, 1, false, true); /* what is heard for some more seconds does not matter */
        says_it_goes(BOB);
        goes(BOB);
        passes(GRACE_GOING_US - 1);
        expect_nothing();
        passes(1);
        ck_assert_ptr_nonnull(
                strstr(world.trace, "alice-desk: over 1 ended (connection-lost) after 5 s\n"));
}
END_TEST

START_TEST(rule_14_a_caller_that_said_it_goes_has_5_s)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        says_it_goes(ALICE);
        goes(ALICE);
        forget();
        passes(GRACE_GOING_US - 1);
        expect_nothing();
        passes(1);
        ck_assert_ptr_nonnull(strstr(world.trace, "bob-desk: over 1 cancelled (caller-lost)\n"));
}
END_TEST

START_TEST(rule_14_a_page_that_was_reloaded_goes_on)
{
        in_media(ALICE, BOB, 1);
        says_it_goes(BOB);
        goes(BOB);
        passes(GRACE_GOING_US - 1);
        comes(BOB);
        forget();
        passes(GRACE_GOING_US);
        expect_nothing();
        goes(BOB); /* it said nothing this time */
        passes(GRACE_IN_CALL_US - 1);
        expect_nothing();
        passes(1);
        ck_assert_ptr_nonnull(strstr(world.trace, "alice-desk: over 1 ended (connection-lost)"));
}
END_TEST

START_TEST(rule_14_any_request_takes_back_that_a_device_goes)
{
        in_media(ALICE, BOB, 1);
        says_it_goes(BOB);
        states(BOB, 1, true, false);
        goes(BOB);
        forget();
        passes(GRACE_IN_CALL_US - 1);
        expect_nothing();
}
END_TEST

START_TEST(rule_14_a_device_that_stays_connected_loses_nothing_by_saying_that_it_goes)
{
        in_media(ALICE, BOB, 1);
        says_it_goes(BOB);
        passes(10 * GRACE_IN_CALL_US);
        expect_nothing();
}
END_TEST

START_TEST(rule_14_the_receiver_need_not_stay_connected_to_be_rung)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        goes(BOB);
        forget();
        passes(GRACE_CALLER_LOST_US);
        comes(BOB); /* the device has the call already: its welcome says so, without an event */
        expect_nothing();
        accepts(BOB, 1);
        expect("save 1 ongoing", "bob-desk: ok 1 ongoing", "alice-desk: accepted 1 by bob-desk",
               NULL);
}
END_TEST

START_TEST(rule_17_a_newer_link_of_a_device_takes_over_its_calls)
{
        uint64_t older;

        in_media(ALICE, BOB, 1);
        older = world.links[BOB];
        comes(BOB);
        ck_assert_ptr_nonnull(strstr(world.text, "a machine"));
        expect("somebody: disconnected", NULL); /* bob's older attachment */
        exchange_detach(world.exchange, &world.moment, older);
        passes(GRACE_MEDIA_FLOWS_US);
        signals(ALICE, 1, world.participants[BOB], "hello");
        expect("bob-desk: signalled 1 hello", "alice-desk: ok", NULL);
}
END_TEST

START_TEST(rule_17_a_party_of_a_live_call_is_known_as_such)
{
        comes(ALICE);
        comes(ALICE_PHONE);
        ck_assert(!exchange_attachment_in_call(world.exchange, world.links[ALICE]));
        calls(ALICE, "bob", 1);
        ck_assert(exchange_attachment_in_call(world.exchange, world.links[ALICE]));
        ck_assert(!exchange_attachment_in_call(world.exchange, world.links[ALICE_PHONE]));
        says(ALICE, MESSAGE_CANCEL, 1);
        ck_assert(!exchange_attachment_in_call(world.exchange, world.links[ALICE]));
        ck_assert(!exchange_attachment_in_call(world.exchange, 12345));
}
END_TEST

static CallSnapshot *snapshot_of(Who who, size_t expected)
{
        CallSnapshot *snapshots;
        size_t n;

        ck_assert_int_eq(
                exchange_snapshot(world.exchange, &world.moment, world.links[who], &snapshots, &n),
                0);
        ck_assert_uint_eq(n, expected);
        return snapshots;
}

START_TEST(rule_17_a_snapshot_has_the_live_calls_of_the_device)
{
        in_call(ALICE, BOB, 1);
        comes(BOB_PHONE);
        calls_with(CAROL, "bob", 2, (MessageInitiate){0});
        goes(BOB);
        comes(BOB);
        CallSnapshot *bob = snapshot_of(BOB, 1);
        ck_assert(bob->here);
        ck_assert_int_eq(bob->record.status, CALL_STATUS_ONGOING);
        ck_assert_int_eq(bob->record.direction, CALL_DIRECTION_INCOMING);
        ck_assert_str_eq(bob->join_token, world.tokens[BOB]);
        call_snapshots_free(bob, 1);
        call_snapshots_free(snapshot_of(ALICE, 1), 1);
}
END_TEST

START_TEST(rule_4_a_device_that_was_away_hears_that_its_ring_was_answered)
{
        in_call(ALICE, BOB, 1);
        comes(BOB_PHONE);
        CallSnapshot *elsewhere = snapshot_of(BOB_PHONE, 1);
        ck_assert(!elsewhere->here);
        ck_assert_int_eq(elsewhere->record.status, CALL_STATUS_ONGOING);
        ck_assert_str_eq(elsewhere->join_token, "");
        call_snapshots_free(elsewhere, 1);
        says(ALICE, MESSAGE_END, 1);
        call_snapshots_free(snapshot_of(BOB_PHONE, 0), 0);
}
END_TEST

START_TEST(rule_17_what_rings_is_announced_once_by_event_or_by_snapshot)
{
        comes(ALICE);
        calls(ALICE, "bob", 1);
        passes(USEC_PER_SEC);
        comes(BOB);
        call_snapshots_free(snapshot_of(BOB, 0), 0);
        goes(BOB);
        forget();
        comes(BOB);
        expect_nothing();
        CallSnapshot *snapshot = snapshot_of(BOB, 1);
        ck_assert_uint_eq(snapshot->remaining_ms, 44000);
        ck_assert(!snapshot->here);
        call_snapshots_free(snapshot, 1);
}
END_TEST

START_TEST(logging_out_ends_what_the_device_does)
{
        in_call(ALICE, BOB, 1);
        comes(CAROL);
        says(ALICE, MESSAGE_LOGOUT, 0);
        expect("log alice 1 ended (shutdown)", "log bob 1 ended (remote-hangup)", "drop 1",
               "alice-desk: over 1 ended (shutdown)", "bob-desk: over 1 ended (remote-hangup)",
               "alice-desk: logged 1 ended (shutdown)", "bob-desk: logged 1 ended (remote-hangup)",
               "alice-desk: ok", NULL);
        calls(CAROL, "alice", 2); /* it no longer rings there */
        expect("save 2 initiated", "carol-desk: ok 2 initiated", NULL);
}
END_TEST

START_TEST(logging_out_while_rung_leaves_the_ring_to_the_other_devices)
{
        comes(ALICE);
        comes(BOB);
        comes(BOB_PHONE);
        calls(ALICE, "bob", 1);
        forget();
        says(BOB, MESSAGE_LOGOUT, 0);
        expect("bob-desk: over 1 cancelled (shutdown)", "bob-desk: ok", NULL);
        accepts(BOB_PHONE, 1);
        expect("save 1 ongoing", "bob-phone: ok 1 ongoing", "alice-desk: accepted 1 by bob-phone",
               NULL);
}
END_TEST

START_TEST(removing_a_user_ends_their_calls_and_connections)
{
        in_call(ALICE, BOB, 1);
        comes(BOB_PHONE);
        comes(CAROL);
        calls_with(CAROL, "bob", 2, (MessageInitiate){0});
        exchange_user_add(world.exchange, "bob", "bob", WHEN_BUSY_RING);
        comes(DAVE);
        calls(DAVE, "bob", 3);
        forget();
        ck_assert_int_eq(exchange_user_remove(world.exchange, &world.moment, "bob"), 0);
        world_collect();
        expect("log alice 1 ended (remote-hangup)", "log bob 1 ended (shutdown)", "drop 1",
               "alice-desk: over 1 ended (remote-hangup)", "bob-desk: over 1 ended (shutdown)",
               "alice-desk: logged 1 ended (remote-hangup)", "bob-desk: logged 1 ended (shutdown)",
               "bob-phone: logged 1 ended (shutdown)", "log dave 3 cancelled (shutdown)",
               "log bob 3 missed (shutdown)", "drop 3", "dave-desk: over 3 cancelled (shutdown)",
               "bob-desk: over 3 cancelled (shutdown)", "bob-phone: over 3 cancelled (shutdown)",
               "dave-desk: logged 3 cancelled (shutdown)", "bob-desk: logged 3 missed (shutdown)",
               "bob-phone: logged 3 missed (shutdown)", "bob-desk: disconnected",
               "bob-phone: disconnected", NULL);
        calls(ALICE, "bob", 4);
        expect("alice-desk: UserNotFound", NULL);
        says(BOB, MESSAGE_END, 1);
        expect("bob-desk: NotLoggedIn", NULL);
        ck_assert_int_eq(exchange_user_remove(world.exchange, &world.moment, "bob"),
                         CALL_ERROR_USER_NOT_FOUND);
}
END_TEST

START_TEST(a_user_who_is_not_known_has_no_devices)
{
        ck_assert_int_eq(exchange_attach(world.exchange, &world.moment, 1, "nobody", "d", ""),
                         CALL_ERROR_USER_NOT_FOUND);
        calls(ALICE, "bob", 1);
        expect("somebody: NotLoggedIn", NULL);
}
END_TEST

START_TEST(what_a_store_answers_is_not_asked_for_here)
{
        comes(ALICE);
        says(ALICE, MESSAGE_HELLO, 1);
        says(ALICE, MESSAGE_HISTORY, 1);
        says(ALICE, MESSAGE_INCOMING, 1);
        expect("alice-desk: NotSupported", "alice-desk: NotSupported", "alice-desk: NotSupported",
               NULL);
        says(ALICE, MESSAGE_ACK, 1);
        expect_nothing();
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("exchange-lost");
        TCase *lost = tcase_create("lost");

        tcase_add_checked_fixture(lost, world_begin, world_end);
        tcase_add_test(lost, rule_14_a_caller_lost_while_ringing_has_10_s);
        tcase_add_test(lost, rule_14_a_caller_who_comes_back_in_time_goes_on);
        tcase_add_test(lost, rule_14_a_ring_does_not_outlast_its_deadline_by_grace);
        tcase_add_test(lost, rule_14_a_party_lost_in_a_call_has_30_s);
        tcase_add_test(lost, rule_14_and_120_s_while_the_other_side_hears_it);
        tcase_add_test(lost, rule_14_when_it_is_heard_no_more_the_30_s_count);
        tcase_add_test(lost, rule_14_a_party_that_said_it_goes_has_5_s);
        tcase_add_test(lost, rule_14_a_caller_that_said_it_goes_has_5_s);
        tcase_add_test(lost, rule_14_a_page_that_was_reloaded_goes_on);
        tcase_add_test(lost, rule_14_any_request_takes_back_that_a_device_goes);
        tcase_add_test(lost,
                       rule_14_a_device_that_stays_connected_loses_nothing_by_saying_that_it_goes);
        tcase_add_test(lost, rule_14_the_receiver_need_not_stay_connected_to_be_rung);
        tcase_add_test(lost, rule_17_a_newer_link_of_a_device_takes_over_its_calls);
        tcase_add_test(lost, rule_17_a_party_of_a_live_call_is_known_as_such);
        tcase_add_test(lost, rule_17_a_snapshot_has_the_live_calls_of_the_device);
        tcase_add_test(lost, rule_4_a_device_that_was_away_hears_that_its_ring_was_answered);
        tcase_add_test(lost, rule_17_what_rings_is_announced_once_by_event_or_by_snapshot);
        tcase_add_test(lost, logging_out_ends_what_the_device_does);
        tcase_add_test(lost, logging_out_while_rung_leaves_the_ring_to_the_other_devices);
        tcase_add_test(lost, removing_a_user_ends_their_calls_and_connections);
        tcase_add_test(lost, a_user_who_is_not_known_has_no_devices);
        tcase_add_test(lost, what_a_store_answers_is_not_asked_for_here);
        suite_add_tcase(suite, lost);
        return suite_run(suite);
}
