/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "exchange-world.h"

/* Lost connections, removed users, and a killed hub. */

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

/* ---- a restart ---- */

static void alice_calls_bob(void)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        forget();
}

START_TEST(rule_15_a_ring_comes_back_after_a_restart_with_its_deadline)
{
        alice_calls_bob();
        passes(5 * USEC_PER_SEC);
        hub_restarts();
        comes(ALICE);
        expect_nothing();
        comes(BOB);
        expect("bob-desk: incoming 1 from alice, audio, 40000 ms", NULL);
        calls(ALICE, "bob", 1);
        expect("alice-desk: ok 1 initiated", NULL);
        passes(40 * USEC_PER_SEC - 1);
        expect_nothing();
        passes(1);
        ck_assert_ptr_nonnull(strstr(world.trace, "alice-desk: over 1 unanswered (timeout)\n"));
}
END_TEST

START_TEST(rule_14_after_a_restart_grace_starts_again)
{
        alice_calls_bob();
        hub_restarts();
        comes(BOB);
        forget();
        passes(GRACE_CALLER_LOST_US - 1);
        expect_nothing();
        passes(1);
        ck_assert_ptr_nonnull(strstr(world.trace, "bob-desk: over 1 cancelled (caller-lost)\n"));
}
END_TEST

START_TEST(rule_14_a_live_call_comes_back_after_a_restart_and_goes_on)
{
        char participants[WHO_COUNT][PARTICIPANT_ID_MAX + 1];

        in_media(ALICE, BOB, 1);
        memcpy(participants, world.participants, sizeof(participants));
        passes(100 * USEC_PER_MSEC);
        hub_restarts();
        passes(GRACE_IN_CALL_US - 1);
        comes(ALICE);
        comes(BOB);
        passes(10 * ALONE_DEADLINE_US);
        expect_nothing();
        /* The media have not noticed. */
        signals(BOB, 1, participants[ALICE], "candidate");
        expect("alice-desk: signalled 1 candidate", "bob-desk: ok", NULL);
        says(BOB, MESSAGE_TOKEN, 1);
        joins(BOB, 1);
        expect("bob-desk: ok, a token", "alice-desk: left 1: bob-desk",
               "alice-desk: joined 1: bob-desk", "save 1 ongoing",
               "bob-desk: ok, joined alice-desk", NULL);
        says(ALICE, MESSAGE_END, 1);
        ck_assert_ptr_nonnull(
                strstr(world.trace, "bob-desk: over 1 ended (remote-hangup) after 630 s\n"));
}
END_TEST

START_TEST(rule_13_who_is_alone_after_a_restart_is_so_for_60_s)
{
        in_call(ALICE, BOB, 1);
        joins(BOB, 1);
        hub_restarts();
        comes(ALICE);
        comes(BOB);
        passes(ALONE_DEADLINE_US - 1);
        expect_nothing();
        passes(1);
        ck_assert_ptr_nonnull(strstr(world.trace, "bob-desk: over 1 ended (idle)"));
}
END_TEST

START_TEST(rule_4_the_deadline_to_join_comes_back_after_a_restart)
{
        in_call(ALICE, BOB, 1);
        passes(15 * USEC_PER_SEC);
        hub_restarts();
        comes(ALICE);
        comes(BOB);
        passes(5 * USEC_PER_SEC - 1);
        expect_nothing();
        passes(1);
        ck_assert_ptr_nonnull(strstr(world.trace, "bob-desk: over 1 ended (no-media)"));
}
END_TEST

START_TEST(a_date_that_jumped_back_makes_no_ring_longer_than_the_longest)
{
        alice_calls_bob();
        world.moment.date -= 3600 * USEC_PER_SEC;
        hub_restarts();
        comes(ALICE);
        passes(RING_TIMEOUT_MAX_S * USEC_PER_SEC);
        ck_assert_ptr_nonnull(strstr(world.trace, "alice-desk: over 1 unanswered (timeout)\n"));
}
END_TEST

START_TEST(rule_1_a_call_that_was_over_before_the_restart_does_not_begin_again)
{
        char id[UUID_LENGTH + 1];

        comes(ALICE);
        ck_assert_int_eq(
                exchange_restore_ended(world.exchange, &world.moment, "alice", session_of(1, id)),
                0);
        ck_assert_int_eq(exchange_restore_ended(world.exchange, &world.moment, "nobody", id),
                         CALL_ERROR_USER_NOT_FOUND);
        calls(ALICE, "bob", 1);
        expect("alice-desk: CallTerminated", NULL);
        passes(CANCEL_MEMORY_US);
        calls(ALICE, "bob", 1);
        said("alice-desk: ok 1 initiated");
}
END_TEST

/* Stored; then one of the users was removed while the hub was down. */
static void restored_without(const char *uid, const char *other, char *party)
{
        ExchangeLimits limits = {0};

        forget();
        world.exchange = exchange_free(world.exchange);
        memset(world.links, 0, sizeof(world.links));
        ck_assert_int_eq(exchange_new(&limits, &world.exchange), 0);
        ck_assert_int_eq(exchange_user_add(world.exchange, other, other, WHEN_BUSY_REJECT), 0);
        ck_assert_str_eq(party, uid);
        ck_assert_int_eq(exchange_restore(world.exchange, &world.moment, &world.stored[1]), 0);
        world_collect();
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 0);
}

START_TEST(rule_16_who_was_called_by_one_who_was_removed_since_has_a_missed_call)
{
        alice_calls_bob();
        restored_without("alice", "bob", world.stored[1].record.initiator.uid);
        expect("log bob 1 missed (caller-lost)", "drop 1", NULL);
}
END_TEST

START_TEST(rule_16_who_called_one_who_was_removed_since_has_a_record_of_it)
{
        alice_calls_bob();
        restored_without("bob", "alice", world.stored[1].members[0].party.uid);
        expect("log alice 1 cancelled (shutdown)", "drop 1", NULL);
}
END_TEST

START_TEST(rule_16_who_talked_with_one_who_was_removed_since_has_a_record_of_it)
{
        in_call(ALICE, BOB, 1);
        restored_without("bob", "alice", world.stored[1].members[0].party.uid);
        expect("log alice 1 ended (connection-lost)", "drop 1", NULL);
}
END_TEST

START_TEST(what_cannot_be_restored_is_refused)
{
        LiveCall *stored = &world.stored[1];
        LiveCall before;

        alice_calls_bob();
        ck_assert_int_eq(exchange_restore(world.exchange, &world.moment, stored), -EEXIST);
        before = *stored;
        session_of(2, stored->record.session_id);
        STR_SET(stored->record.initiator.uid, "nobody");
        STR_SET(stored->members[0].party.uid, "nobody either");
        ck_assert_int_eq(exchange_restore(world.exchange, &world.moment, stored),
                         CALL_ERROR_USER_NOT_FOUND);
        *stored = before;
        session_of(2, stored->record.session_id);
        STR_SET(stored->members[0].party.uid, "alice");
        ck_assert_int_eq(exchange_restore(world.exchange, &world.moment, stored), -EINVAL);
        STR_SET(stored->members[0].party.uid, "bob");
        stored->members[0].status = CALL_STATUS_ONGOING;
        ck_assert_int_eq(exchange_restore(world.exchange, &world.moment, stored), -EINVAL);
        stored->members[0].status = CALL_STATUS_INITIATED;
        stored->caller.status = CALL_STATUS_ENDED;
        ck_assert_int_eq(exchange_restore(world.exchange, &world.moment, stored), -EINVAL);
        stored->caller.status = CALL_STATUS_INITIATED;
        stored->record.status = CALL_STATUS_ENDED;
        ck_assert_int_eq(exchange_restore(world.exchange, &world.moment, stored), -EINVAL);
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 1);
}
END_TEST

START_TEST(rule_11_a_stored_call_that_everybody_has_left_is_over)
{
        LiveMember bob = {.party.uid = "bob", .status = CALL_STATUS_MISSED};
        LiveCall left = {
                .record = {.receiver_type = RECEIVER_TYPE_GROUP,
                           .initiator.uid = "alice",
                           .receiver.uid = "team",
                           .status = CALL_STATUS_ONGOING,
                           .answered_at = world.moment.date},
                .caller = {.party.uid = "alice", .status = CALL_STATUS_ENDED},
                .members = &bob,
                .n_members = 1,
        };

        session_of(1, left.record.session_id);
        ck_assert_int_eq(exchange_restore(world.exchange, &world.moment, &left), 0);
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 0);
        world_collect();
        expect("drop 1", NULL);
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
        tcase_add_test(lost, rule_11_a_stored_call_that_everybody_has_left_is_over);
        tcase_add_test(lost, logging_out_ends_what_the_device_does);
        tcase_add_test(lost, logging_out_while_rung_leaves_the_ring_to_the_other_devices);
        tcase_add_test(lost, removing_a_user_ends_their_calls_and_connections);
        tcase_add_test(lost, a_user_who_is_not_known_has_no_devices);
        tcase_add_test(lost, what_a_store_answers_is_not_asked_for_here);
        tcase_add_test(lost, rule_15_a_ring_comes_back_after_a_restart_with_its_deadline);
        tcase_add_test(lost, rule_14_after_a_restart_grace_starts_again);
        tcase_add_test(lost, rule_14_a_live_call_comes_back_after_a_restart_and_goes_on);
        tcase_add_test(lost, rule_13_who_is_alone_after_a_restart_is_so_for_60_s);
        tcase_add_test(lost, rule_4_the_deadline_to_join_comes_back_after_a_restart);
        tcase_add_test(lost, a_date_that_jumped_back_makes_no_ring_longer_than_the_longest);
        tcase_add_test(lost, rule_1_a_call_that_was_over_before_the_restart_does_not_begin_again);
        tcase_add_test(lost, rule_16_who_was_called_by_one_who_was_removed_since_has_a_missed_call);
        tcase_add_test(lost, rule_16_who_called_one_who_was_removed_since_has_a_record_of_it);
        tcase_add_test(lost, rule_16_who_talked_with_one_who_was_removed_since_has_a_record_of_it);
        tcase_add_test(lost, what_cannot_be_restored_is_refused);
        suite_add_tcase(suite, lost);
        return suite_run(suite);
}
