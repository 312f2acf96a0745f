/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule 11: a call to a group, from the first ring to the last who leaves. */
#include "exchange-world.h"

static void everyone_comes(void)
{
        team();
        comes(ALICE);
        comes(BOB);
        comes(CAROL);
        comes(DAVE);
        forget();
}

static void alice_calls_the_team(void)
{
        everyone_comes();
        calls_team(ALICE, 1);
        forget();
}

/* The call of bob's, who accepted first, and alice. */
static void bob_accepts(void)
{
        alice_calls_the_team();
        accepts(BOB, 1);
        forget();
}

static void in_team_media(Who who, int call)
{
        joins(who, call);
        forget();
}

/* ---- it begins ---- */

START_TEST(rule_11_all_devices_of_all_other_members_ring)
{
        everyone_comes();
        comes(ALICE_PHONE);
        comes(BOB_PHONE);
        forget();
        calls_team(ALICE, 1);
        expect("bob-desk: incoming 1 from alice, audio, 45000 ms",
               "bob-phone: incoming 1 from alice, audio, 45000 ms",
               "carol-desk: incoming 1 from alice, audio, 45000 ms",
               "dave-desk: incoming 1 from alice, audio, 45000 ms", "save 1 initiated",
               "alice-desk: ok 1 initiated", NULL);
        ck_assert_int_eq(world.call.record.receiver_type, RECEIVER_TYPE_GROUP);
        ck_assert_str_eq(world.call.record.receiver.uid, "team");
        ck_assert_uint_eq(world.stored[1].n_members, 3);
}
END_TEST

START_TEST(rule_1_a_group_that_cannot_be_called_is_a_named_error)
{
        MessageInitiate group = {.receiver_type = RECEIVER_TYPE_GROUP, .join = true};

        everyone_comes();
        group_of("others", "bob", "carol", NULL);
        group_of("alone", "alice", NULL);
        forget();
        calls_with(ALICE, "nobody", 1, group);
        expect("alice-desk: GroupNotFound", NULL);
        calls_with(ALICE, "others", 1, group);
        expect("alice-desk: NotAMember", NULL);
        calls_with(ALICE, "alone", 1, group);
        expect("alice-desk: InvalidArgument", NULL);
        ck_assert_str_eq(world.text, "nobody else is a member of the group 'alone'");
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 0);
}
END_TEST

START_TEST(rule_11_members_are_those_at_the_moment_of_initiating)
{
        everyone_comes();
        group_of("team", "alice", "bob", NULL);
        calls_team(ALICE, 1);
        forget();
        group_of("team", "alice", "carol", NULL);
        forget();
        accepts(CAROL, 1);
        expect("carol-desk: NoSuchCall", NULL);
        accepts(BOB, 1);
        said("bob-desk: ok 1 ongoing");
}
END_TEST

START_TEST(rule_8_a_member_who_is_busy_is_not_rung_and_the_others_are)
{
        everyone_comes();
        in_call(BOB, DAVE, 7);
        world.members = true;
        calls_team(ALICE, 1);
        said("carol-desk: incoming 1 from alice, audio, 45000 ms");
        unsaid("bob-desk: incoming");
        said("log bob 1 missed (busy)");
        said("log dave 1 missed (busy)");
        said("alice-desk: members 1: bob busy carol waiting dave busy");
        forget();
        rejects(CAROL, 1, CALL_STATUS_REJECTED);
        said("alice-desk: over 1 rejected (declined)");
}
END_TEST

START_TEST(rule_8_a_group_of_which_all_are_busy_is_busy)
{
        team();
        group_of("team", "alice", "bob", "carol", NULL);
        comes(ALICE);
        in_call(BOB, CAROL, 7);
        calls_team(ALICE, 1);
        expect("save 1 initiated", "alice-desk: ok 1 initiated", "log alice 1 busy (busy)",
               "log bob 1 missed (busy)", "log carol 1 missed (busy)", "drop 1",
               "alice-desk: over 1 busy (busy)", "alice-desk: logged 1 busy (busy)",
               "bob-desk: logged 1 missed (busy)", "carol-desk: logged 1 missed (busy)", NULL);
}
END_TEST

/* ---- it is answered ---- */

START_TEST(rule_11_the_first_accept_is_told_and_the_others_ring_on)
{
        alice_calls_the_team();
        accepts(BOB, 1);
        expect("save 1 ongoing", "bob-desk: ok 1 ongoing", "alice-desk: accepted 1 by ", NULL);
        ck_assert_uint_eq(strlen(world.tokens[BOB]), 64);
        ck_assert_uint_eq(strlen(world.tokens[ALICE]), 64);
        accepts(CAROL, 1);
        expect("save 1 ongoing", "carol-desk: ok 1 ongoing", NULL);
        ck_assert_uint_eq(strlen(world.tokens[CAROL]), 64);
        ck_assert_str_ne(world.tokens[CAROL], world.tokens[BOB]);
        rejects(DAVE, 1, CALL_STATUS_REJECTED);
        expect("log dave 1 rejected (declined)", "save 1 ongoing",
               "dave-desk: over 1 rejected (declined)", "dave-desk: logged 1 rejected (declined)",
               "dave-desk: ok", NULL);
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 1);
}
END_TEST

START_TEST(rule_11_they_ring_on_to_their_deadline)
{
        bob_accepts();
        in_team_media(BOB, 1);
        passes(45 * USEC_PER_SEC - 1);
        expect_nothing();
        passes(1);
        expect("log carol 1 missed (timeout)", "log dave 1 missed (timeout)", "save 1 ongoing",
               "carol-desk: over 1 missed (timeout)", "dave-desk: over 1 missed (timeout)",
               "carol-desk: logged 1 missed (timeout)", "dave-desk: logged 1 missed (timeout)",
               NULL);
}
END_TEST

START_TEST(rule_4_other_devices_of_a_member_who_accepts_stop)
{
        team();
        comes(ALICE);
        comes(BOB);
        comes(BOB_PHONE);
        calls_team(ALICE, 1);
        forget();
        accepts(BOB, 1);
        said("bob-phone: over 1 cancelled (answered-elsewhere)");
        forget();
        accepts(BOB_PHONE, 1);
        expect("bob-phone: AnsweredElsewhere", NULL);
        accepts(BOB, 1);
        expect("bob-desk: ok 1 ongoing", NULL);
}
END_TEST

START_TEST(rule_5_a_reject_speaks_for_all_devices_of_one_member_alone)
{
        team();
        comes(ALICE);
        comes(BOB);
        comes(BOB_PHONE);
        comes(CAROL);
        calls_team(ALICE, 1);
        forget();
        rejects(BOB, 1, CALL_STATUS_REJECTED);
        said("bob-phone: over 1 cancelled (declined-elsewhere)");
        unsaid("carol-desk");
        unsaid("alice-desk: over");
        /* and is not rung again */
        forget();
        goes(BOB_PHONE);
        comes(BOB_PHONE);
        expect_nothing();
        accepts(BOB_PHONE, 1);
        expect("bob-phone: CallTerminated", NULL);
}
END_TEST

START_TEST(rule_4_each_who_accepts_must_join_within_20_s_or_leaves)
{
        bob_accepts();
        in_team_media(BOB, 1);
        passes(5 * USEC_PER_SEC);
        accepts(CAROL, 1);
        forget();
        passes(JOIN_DEADLINE_US);
        said("carol-desk: over 1 ended (no-media) after 25 s");
        unsaid("alice-desk: over");
        unsaid("bob-desk");
        unsaid("drop");
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 1);
}
END_TEST

/* ---- the ring ends early ---- */

START_TEST(rule_11_the_ring_ends_when_the_last_rejects)
{
        alice_calls_the_team();
        rejects(BOB, 1, CALL_STATUS_BUSY);
        rejects(CAROL, 1, CALL_STATUS_REJECTED);
        unsaid("alice-desk: over");
        rejects(DAVE, 1, CALL_STATUS_BUSY);
        said("alice-desk: over 1 rejected (declined)");
        said("log alice 1 rejected (declined)");
        said("log bob 1 busy (busy)");
        said("drop 1");
}
END_TEST

START_TEST(rule_11_it_is_busy_when_all_said_busy)
{
        alice_calls_the_team();
        rejects(BOB, 1, CALL_STATUS_BUSY);
        rejects(CAROL, 1, CALL_STATUS_BUSY);
        rejects(DAVE, 1, CALL_STATUS_BUSY);
        said("alice-desk: over 1 busy (busy)");
}
END_TEST

START_TEST(rule_11_the_blocked_and_the_undisturbed_count_as_unattended)
{
        everyone_comes();
        blocks(BOB, "alice", true);
        calls_team(ALICE, 1);
        unsaid("bob-desk: incoming");
        forget();
        asks(DAVE, (Message){.type = MESSAGE_DELIVERED,
                             .delivered = {.session_id = "00000000-0000-4000-8000-000000000001",
                                           .quiet = true}});
        rejects(CAROL, 1, CALL_STATUS_REJECTED);
        unsaid("alice-desk: over");
        forget();
        passes(45 * USEC_PER_SEC);
        said("alice-desk: over 1 unanswered (timeout)");
        said("log bob 1 missed (filtered-blocked)");
        said("log dave 1 missed (filtered-dnd)");
}
END_TEST

START_TEST(rule_6_the_caller_cancels_for_all)
{
        alice_calls_the_team();
        rejects(BOB, 1, CALL_STATUS_REJECTED);
        forget();
        says(ALICE, MESSAGE_CANCEL, 1);
        said("carol-desk: over 1 cancelled (caller-cancelled)");
        said("dave-desk: over 1 cancelled (caller-cancelled)");
        said("log carol 1 missed (caller-cancelled)");
        unsaid("bob");
        unsaid("log alice 1 missed");
}
END_TEST

/* ---- coming late ---- */

static void dave_comes_late(void)
{
        accepts(DAVE, 1);
        expect("save 1 ongoing", "dave-desk: ok 1 ongoing", NULL);
        joins(DAVE, 1);
        forget();
        passes(10 * USEC_PER_SEC);
        says(ALICE, MESSAGE_END, 1);
        says(BOB, MESSAGE_END, 1);
        unsaid("drop 1");
        says(DAVE, MESSAGE_END, 1);
        said("drop 1");
        said("log dave 1 ended (hangup)");
}

START_TEST(rule_11_whose_ring_has_ended_may_accept_late)
{
        bob_accepts();
        in_team_media(BOB, 1);
        passes(45 * USEC_PER_SEC);
        forget();
        dave_comes_late();
}
END_TEST

START_TEST(rule_11_who_rejected_may_accept_late)
{
        bob_accepts();
        rejects(DAVE, 1, CALL_STATUS_REJECTED);
        forget();
        dave_comes_late();
}
END_TEST

START_TEST(rule_11_who_left_may_come_back_from_any_device)
{
        bob_accepts();
        accepts(CAROL, 1);
        says(BOB, MESSAGE_END, 1);
        said("log bob 1 ended (hangup)");
        comes(BOB_PHONE);
        forget();
        accepts(BOB_PHONE, 1);
        expect("save 1 ongoing", "bob-phone: ok 1 ongoing", NULL);
        accepts(BOB, 1);
        expect("bob-desk: AnsweredElsewhere", NULL);
        says(BOB_PHONE, MESSAGE_END, 1);
        said("bob-phone: over 1 ended (hangup)");
        unsaid("bob-desk: over");
}
END_TEST

START_TEST(rule_11_before_the_first_accept_nobody_comes_late)
{
        alice_calls_the_team();
        rejects(BOB, 1, CALL_STATUS_REJECTED);
        forget();
        accepts(BOB, 1);
        expect("bob-desk: CallTerminated", NULL);
}
END_TEST

START_TEST(rule_11_after_the_end_nobody_comes_late)
{
        bob_accepts();
        rejects(DAVE, 1, CALL_STATUS_REJECTED);
        says(BOB, MESSAGE_END, 1);
        says(ALICE, MESSAGE_END, 1);
        forget();
        accepts(DAVE, 1);
        accepts(CAROL, 1);
        expect("dave-desk: CallTerminated", "carol-desk: CallTerminated", NULL);
}
END_TEST

START_TEST(rule_8_coming_late_while_in_a_call_needs_end_others_or_parallel)
{
        bob_accepts();
        rejects(CAROL, 1, CALL_STATUS_REJECTED);
        rejects(DAVE, 1, CALL_STATUS_REJECTED);
        in_call(CAROL, DAVE, 2);
        accepts(CAROL, 1);
        expect("carol-desk: BusySelf", NULL);
        accepts_with(CAROL, 1, (MessageAccept){.join = true, .end_others = true});
        said("dave-desk: over 2 ended (remote-hangup)");
        said("carol-desk: ok 1 ongoing");
}
END_TEST

/* ---- initiating to a live group call ---- */

START_TEST(rule_11_initiating_to_a_group_whose_call_rings_accepts_it)
{
        alice_calls_the_team();
        calls_team(BOB, 2);
        expect("save 1 ongoing", "bob-desk: ok 1 ongoing", "alice-desk: accepted 1 by ", NULL);
        calls_team(BOB, 2);
        expect("bob-desk: ok 1 ongoing", NULL);
        says(BOB, MESSAGE_CANCEL, 2);
        expect("bob-desk: CallOngoing", NULL);
        says(BOB, MESSAGE_END, 1);
        said("bob-desk: over 1 ended (hangup)");
}
END_TEST

START_TEST(rule_11_initiating_to_a_group_in_a_call_joins_it_also_as_a_new_member)
{
        everyone_comes();
        group_of("team", "alice", "bob", NULL);
        calls_team(ALICE, 1);
        accepts(BOB, 1);
        team();
        forget();
        world.members = true;
        calls_team(DAVE, 2);
        said("dave-desk: ok 1 ongoing");
        said("alice-desk: members 1: dave joined");
        passes(MEMBERS_OTHERS_US);
        said("dave-desk: members 1: bob joined dave joined");
        ck_assert_uint_eq(world.stored[1].n_members, 2);
        says(DAVE, MESSAGE_END, 1);
        said("log dave 1 ended (hangup)");
}
END_TEST

START_TEST(rule_11_the_caller_who_left_comes_back_by_initiating)
{
        bob_accepts();
        says(ALICE, MESSAGE_END, 1);
        said("alice-desk: over 1 ended (hangup)");
        unsaid("bob-desk");
        comes(ALICE_PHONE);
        forget();
        calls_team(ALICE_PHONE, 2);
        expect("save 1 ongoing", "alice-phone: ok 1 ongoing", NULL);
        ck_assert_int_eq(world.call.record.direction, CALL_DIRECTION_OUTGOING);
        calls_team(ALICE, 3);
        expect("alice-desk: BusySelf", NULL);
}
END_TEST

START_TEST(rule_9_a_blocked_callers_call_to_a_group_is_not_joined)
{
        everyone_comes();
        blocks(BOB, "alice", true);
        calls_team(ALICE, 1);
        forget();
        calls_team(BOB, 2);
        said("bob-desk: ok 2 initiated");
        said("dave-desk: incoming 2 from bob, audio, 45000 ms");
        accepts(BOB, 1);
        said("bob-desk: NoSuchCall");
}
END_TEST

/* ---- leaving, and the end ---- */

START_TEST(rule_11_ending_is_leaving)
{
        bob_accepts();
        accepts(CAROL, 1);
        joins(BOB, 1);
        joins(CAROL, 1);
        joins(ALICE, 1);
        forget();
        passes(3 * USEC_PER_SEC);
        says(ALICE, MESSAGE_END, 1);
        expect("log alice 1 ended (hangup)", "save 1 ongoing",
               "alice-desk: over 1 ended (hangup) after 3 s", "bob-desk: left 1: alice-desk",
               "carol-desk: left 1: alice-desk", "alice-desk: logged 1 ended (hangup)",
               "alice-desk: ok", NULL);
        says(BOB, MESSAGE_END, 1);
        said("carol-desk: left 1: bob-desk");
        unsaid("drop 1");
}
END_TEST

START_TEST(rule_11_it_ends_with_the_last_and_who_is_still_rung_missed_it)
{
        bob_accepts();
        says(ALICE, MESSAGE_END, 1);
        forget();
        says(BOB, MESSAGE_END, 1);
        said("bob-desk: over 1 ended (hangup)");
        said("carol-desk: over 1 missed (remote-hangup)");
        said("log dave 1 missed (remote-hangup)");
        said("drop 1");
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 0);
}
END_TEST

START_TEST(rule_13_the_last_one_alone_is_let_go_when_nobody_is_rung_any_more)
{
        bob_accepts();
        joins(BOB, 1);
        says(ALICE, MESSAGE_END, 1);
        passes(45 * USEC_PER_SEC);
        forget();
        passes(ALONE_DEADLINE_US - 1);
        expect_nothing();
        passes(1);
        said("bob-desk: over 1 ended (idle) after 105 s");
        said("drop 1");
}
END_TEST

START_TEST(rule_14_a_party_that_is_lost_leaves_and_the_others_go_on)
{
        bob_accepts();
        accepts(CAROL, 1);
        joins(ALICE, 1);
        joins(BOB, 1);
        joins(CAROL, 1);
        goes(CAROL);
        forget();
        passes(GRACE_IN_CALL_US);
        said("log carol 1 ended (connection-lost)");
        said("alice-desk: left 1: carol-desk");
        unsaid("alice-desk: over");
        unsaid("drop 1");
}
END_TEST

START_TEST(rule_14_the_caller_lost_while_all_are_rung_ends_it)
{
        alice_calls_the_team();
        goes(ALICE);
        passes(GRACE_CALLER_LOST_US);
        said("bob-desk: over 1 cancelled (caller-lost)");
        said("log carol 1 missed (caller-lost)");
}
END_TEST

START_TEST(a_member_who_is_removed_ends_for_themselves)
{
        bob_accepts();
        ck_assert_int_eq(exchange_user_remove(world.exchange, &world.moment, "carol"), 0);
        world_collect();
        said("carol-desk: over 1 cancelled (shutdown)");
        ck_assert_int_eq(exchange_user_remove(world.exchange, &world.moment, "bob"), 0);
        world_collect();
        unsaid("alice-desk: over");
        world.members = true;
        forget();
        rejects(DAVE, 1, CALL_STATUS_REJECTED);
        said("alice-desk: members 1: dave rejected");
        hub_restarts();
        comes(ALICE);
        says(ALICE, MESSAGE_END, 1);
        said("drop 1");
}
END_TEST

START_TEST(a_member_who_is_removed_and_added_again_may_come_back)
{
        bob_accepts();
        accepts(CAROL, 1);
        ck_assert_int_eq(exchange_user_remove(world.exchange, &world.moment, "bob"), 0);
        ck_assert_int_eq(exchange_user_remove(world.exchange, &world.moment, "alice"), 0);
        world_collect();
        ck_assert_int_eq(exchange_user_add(world.exchange, "bob", "Bob", WHEN_BUSY_REJECT), 0);
        ck_assert_int_eq(exchange_user_add(world.exchange, "alice", "Alice", WHEN_BUSY_REJECT), 0);
        comes(BOB);
        comes(ALICE);
        forget();
        accepts(BOB, 1);
        said("bob-desk: ok 1 ongoing");
        team();
        forget();
        calls_team(ALICE, 2);
        expect("save 1 ongoing", "alice-desk: ok 1 ongoing", NULL);
        says(CAROL, MESSAGE_END, 1);
        says(BOB, MESSAGE_END, 1);
        says(ALICE, MESSAGE_END, 1);
        said("drop 1");
}
END_TEST

START_TEST(rule_14_a_group_call_comes_back_after_a_restart_with_all_its_members)
{
        bob_accepts();
        joins(ALICE, 1);
        joins(BOB, 1);
        rejects(DAVE, 1, CALL_STATUS_REJECTED);
        passes(5 * USEC_PER_SEC);
        hub_restarts();
        comes(ALICE);
        comes(BOB);
        comes(CAROL);
        comes(DAVE);
        expect("carol-desk: incoming 1 from alice, audio, 40000 ms", NULL);
        passes(40 * USEC_PER_SEC);
        said("log carol 1 missed (timeout)");
        unsaid("log dave");
        forget();
        accepts(DAVE, 1);
        said("dave-desk: ok 1 ongoing");
        calls_team(CAROL, 2);
        said("carol-desk: ok 1 ongoing");
        says(BOB, MESSAGE_END, 1);
        said("alice-desk: left 1: bob-desk");
        said("bob-desk: over 1 ended (hangup) after 45 s");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("exchange-group");
        TCase *group = tcase_create("group");

        tcase_add_checked_fixture(group, world_begin, world_end);
        tcase_add_test(group, rule_11_all_devices_of_all_other_members_ring);
        tcase_add_test(group, rule_1_a_group_that_cannot_be_called_is_a_named_error);
        tcase_add_test(group, rule_11_members_are_those_at_the_moment_of_initiating);
        tcase_add_test(group, rule_8_a_member_who_is_busy_is_not_rung_and_the_others_are);
        tcase_add_test(group, rule_8_a_group_of_which_all_are_busy_is_busy);
        tcase_add_test(group, rule_11_the_first_accept_is_told_and_the_others_ring_on);
        tcase_add_test(group, rule_11_they_ring_on_to_their_deadline);
        tcase_add_test(group, rule_4_other_devices_of_a_member_who_accepts_stop);
        tcase_add_test(group, rule_5_a_reject_speaks_for_all_devices_of_one_member_alone);
        tcase_add_test(group, rule_4_each_who_accepts_must_join_within_20_s_or_leaves);
        tcase_add_test(group, rule_11_the_ring_ends_when_the_last_rejects);
        tcase_add_test(group, rule_11_it_is_busy_when_all_said_busy);
        tcase_add_test(group, rule_11_the_blocked_and_the_undisturbed_count_as_unattended);
        tcase_add_test(group, rule_6_the_caller_cancels_for_all);
        tcase_add_test(group, rule_11_whose_ring_has_ended_may_accept_late);
        tcase_add_test(group, rule_11_who_rejected_may_accept_late);
        tcase_add_test(group, rule_11_who_left_may_come_back_from_any_device);
        tcase_add_test(group, rule_11_before_the_first_accept_nobody_comes_late);
        tcase_add_test(group, rule_11_after_the_end_nobody_comes_late);
        tcase_add_test(group, rule_8_coming_late_while_in_a_call_needs_end_others_or_parallel);
        tcase_add_test(group, rule_11_initiating_to_a_group_whose_call_rings_accepts_it);
        tcase_add_test(group,
                       rule_11_initiating_to_a_group_in_a_call_joins_it_also_as_a_new_member);
        tcase_add_test(group, rule_11_the_caller_who_left_comes_back_by_initiating);
        tcase_add_test(group, rule_9_a_blocked_callers_call_to_a_group_is_not_joined);
        tcase_add_test(group, rule_11_ending_is_leaving);
        tcase_add_test(group, rule_11_it_ends_with_the_last_and_who_is_still_rung_missed_it);
        tcase_add_test(group, rule_13_the_last_one_alone_is_let_go_when_nobody_is_rung_any_more);
        tcase_add_test(group, rule_14_a_party_that_is_lost_leaves_and_the_others_go_on);
        tcase_add_test(group, rule_14_the_caller_lost_while_all_are_rung_ends_it);
        tcase_add_test(group, a_member_who_is_removed_ends_for_themselves);
        tcase_add_test(group, a_member_who_is_removed_and_added_again_may_come_back);
        tcase_add_test(group, rule_14_a_group_call_comes_back_after_a_restart_with_all_its_members);
        suite_add_tcase(suite, group);
        return suite_run(suite);
}
