/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule 11: a call to a group, from the first ring to the last who leaves. */
#include "exchange-world.h"

static void in_team_media(Who who, int call)
{
        joins(who, call);
        forget();
}

/* ---- it begins ---- */

START_TEST(rule_11_all_devices_of_all_other_members_ring)
{
        team_is_there();
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

START_TEST(a_mesh_takes_six_and_says_so_to_the_seventh)
{
        static const Who others[] = {BOB, CAROL, DAVE, ERIN, FRANK, GRACE};

        group_of("seven", "alice", "bob", "carol", "dave", "erin", "frank", "grace", NULL);
        comes(ALICE);
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                comes(others[i]);
        calls_with(ALICE, "seven", 1,
                   (MessageInitiate){.receiver_type = RECEIVER_TYPE_GROUP, .join = true});
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                accepts(others[i], 1);
        in_team_media(ALICE, 1);
        for (size_t i = 0; i + 2 < ELEMENTSOF(others); i++)
                in_team_media(others[i], 1);
        joins(FRANK, 1);
        unsaid("frank-desk: TooMany");
        ck_assert_uint_eq(world.joined.n_others, MESH_PARTICIPANTS_MAX - 1);
        ck_assert_str_eq(world.joined.mode, MEDIA_MODE_MESH);
        forget();
        joins(GRACE, 1);
        expect("grace-desk: TooMany", NULL);
        ck_assert_ptr_nonnull(
                strstr(world.text, "has 6 participants, and there is no room for more"));
        /* A member who is in may begin again; one who leaves makes room. */
        joins(FRANK, 1);
        unsaid("frank-desk: TooMany");
        says(BOB, MESSAGE_LEAVE, 1);
        forget();
        joins(GRACE, 1);
        unsaid("grace-desk: TooMany");
}
END_TEST

START_TEST(rule_1_a_group_that_cannot_be_called_is_a_named_error)
{
        MessageInitiate group = {.receiver_type = RECEIVER_TYPE_GROUP, .join = true};

        team_is_there();
        group_of("others", "bob", "carol", NULL);
        group_of("alone", "alice", NULL);
        forget();
        calls_with(ALICE, "nobody", 1, group);
        expect("alice-desk: GroupNotFound", NULL);
        calls_with(ALICE, "others", 1, group);
        expect("alice-desk: NotAMember", NULL);
        calls_with(ALICE, "alone", 1, group);
        expect("alice-desk: InvalidArgument", NULL);
        ck_assert_str_eq(world.text, "the group 'alone' has no other members");
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 0);
}
END_TEST

START_TEST(rule_11_members_are_those_at_the_moment_of_initiating)
{
        team_is_there();
        group_of("team", "alice", "bob", NULL);
        calls_team(ALICE, 1);
        forget();
        group_of("team", "alice", "carol", NULL);
        forget();
        accepts(CAROL, 1);
        expect("carol-desk: NoSuchCall", NULL);
}
END_TEST

START_TEST(rule_11_for_one_who_is_taken_out_of_the_group_the_ring_ends)
{
        team_rings();
        comes(BOB_PHONE);
        forget();
        group_of("team", "alice", "carol", "dave", NULL);
        said("bob-desk: over 1 cancelled (shutdown)");
        said("bob-phone: over 1 cancelled (shutdown)");
        unsaid("alice-desk: over");
        unsaid("carol-desk: over");
        forget();
        accepts(BOB, 1);
        said("bob-desk: CallTerminated");
        accepts(CAROL, 1);
        forget();
        accepts(BOB, 1); /* not by a late join either */
        expect("bob-desk: NotAMember", NULL);
        team();
        forget();
        accepts(BOB, 1);
        said("bob-desk: ok 1 ongoing");
}
END_TEST

START_TEST(rule_11_who_is_taken_out_of_the_group_stays_in_the_call_that_they_answered)
{
        team_talks();
        group_of("team", "alice", "carol", "dave", NULL);
        unsaid("bob-desk: over");
        forget();
        group_of("team", "alice", NULL);
        said("carol-desk: over 1 cancelled (shutdown)");
        said("dave-desk: over 1 cancelled (shutdown)");
        unsaid("bob-desk: over");
        says(BOB, MESSAGE_END, 1);
        says(ALICE, MESSAGE_END, 1);
        said("drop 1");
}
END_TEST

START_TEST(rule_11_for_one_who_is_taken_out_while_the_hub_is_down_the_ring_ends)
{
        LiveCall stored;

        team_rings();
        stored = world.stored[1];
        world.stored[1] = (LiveCall){0};
        world_end();
        world_begin();
        group_of("team", "alice", "carol", "dave", NULL);
        ck_assert_int_eq(exchange_restore(world.exchange, &world.moment, &stored), 0);
        world.stored[1] = stored;
        comes(BOB);
        comes(ALICE);
        comes(CAROL);
        said("log bob 1 missed (shutdown)");
        unsaid("bob-desk: incoming");
        said("carol-desk: incoming 1 from alice, audio, 45000 ms");
}
END_TEST

START_TEST(rule_11_a_ring_ends_with_the_last_who_is_taken_out)
{
        team_rings();
        group_of("team", "alice", NULL);
        said("alice-desk: over 1 cancelled (shutdown)");
        said("drop 1");
}
END_TEST

START_TEST(rule_8_a_member_who_is_busy_is_not_rung_and_the_others_are)
{
        team_is_there();
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

START_TEST(rule_11_the_first_accept_is_reported_and_the_others_ring_on)
{
        team_rings();
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
        team_talks();
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
        team_talks();
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
        team_rings();
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
        team_rings();
        rejects(BOB, 1, CALL_STATUS_BUSY);
        rejects(CAROL, 1, CALL_STATUS_BUSY);
        rejects(DAVE, 1, CALL_STATUS_BUSY);
        said("alice-desk: over 1 busy (busy)");
}
END_TEST

START_TEST(rule_11_the_blocked_and_the_undisturbed_count_as_unattended)
{
        team_is_there();
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
        team_rings();
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

/* ---- leaving, and the end ---- */

START_TEST(rule_11_ending_is_leaving)
{
        team_talks();
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

static int is_ongoing(const CallRecord *record, void *userdata)
{
        ck_assert_int_eq(record->status, CALL_STATUS_ONGOING);
        ck_assert_uint_eq(record->ended_at, 0);
        ck_assert_str_eq(record->receiver.uid, "team");
        return 7;
}

START_TEST(a_call_that_goes_on_without_its_caller_is_ongoing_to_an_operator)
{
        team_talks();
        says(ALICE, MESSAGE_END, 1);
        ck_assert_int_eq(exchange_each_call(world.exchange, is_ongoing, NULL), 7);
}
END_TEST

START_TEST(rule_11_it_ends_with_the_last_and_who_is_still_rung_missed_it)
{
        team_talks();
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
        team_talks();
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
        team_talks();
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
        team_rings();
        goes(ALICE);
        passes(GRACE_CALLER_LOST_US);
        said("bob-desk: over 1 cancelled (caller-lost)");
        said("log carol 1 missed (caller-lost)");
}
END_TEST

START_TEST(a_member_who_is_removed_ends_for_themselves)
{
        team_talks();
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
        team_talks();
        accepts(CAROL, 1);
        ck_assert_int_eq(exchange_user_remove(world.exchange, &world.moment, "bob"), 0);
        ck_assert_int_eq(exchange_user_remove(world.exchange, &world.moment, "alice"), 0);
        world_collect();
        ck_assert_int_eq(exchange_user_add(world.exchange, "bob", "Bob", WHEN_BUSY_REJECT), 0);
        ck_assert_int_eq(exchange_user_add(world.exchange, "alice", "Alice", WHEN_BUSY_REJECT), 0);
        comes(BOB);
        comes(ALICE);
        forget();
        accepts(BOB, 1); /* who was removed was taken out of the group as well */
        said("bob-desk: NotAMember");
        team();
        forget();
        accepts(BOB, 1);
        said("bob-desk: ok 1 ongoing");
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
        team_talks();
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
        tcase_add_test(group, a_mesh_takes_six_and_says_so_to_the_seventh);
        tcase_add_test(group, rule_1_a_group_that_cannot_be_called_is_a_named_error);
        tcase_add_test(group, rule_11_members_are_those_at_the_moment_of_initiating);
        tcase_add_test(group, rule_11_for_one_who_is_taken_out_of_the_group_the_ring_ends);
        tcase_add_test(group,
                       rule_11_who_is_taken_out_of_the_group_stays_in_the_call_that_they_answered);
        tcase_add_test(group, rule_11_for_one_who_is_taken_out_while_the_hub_is_down_the_ring_ends);
        tcase_add_test(group, rule_11_a_ring_ends_with_the_last_who_is_taken_out);
        tcase_add_test(group, rule_8_a_member_who_is_busy_is_not_rung_and_the_others_are);
        tcase_add_test(group, rule_8_a_group_of_which_all_are_busy_is_busy);
        tcase_add_test(group, rule_11_the_first_accept_is_reported_and_the_others_ring_on);
        tcase_add_test(group, rule_11_they_ring_on_to_their_deadline);
        tcase_add_test(group, rule_4_other_devices_of_a_member_who_accepts_stop);
        tcase_add_test(group, rule_5_a_reject_speaks_for_all_devices_of_one_member_alone);
        tcase_add_test(group, rule_4_each_who_accepts_must_join_within_20_s_or_leaves);
        tcase_add_test(group, rule_11_the_ring_ends_when_the_last_rejects);
        tcase_add_test(group, rule_11_it_is_busy_when_all_said_busy);
        tcase_add_test(group, rule_11_the_blocked_and_the_undisturbed_count_as_unattended);
        tcase_add_test(group, rule_6_the_caller_cancels_for_all);
        tcase_add_test(group, rule_11_ending_is_leaving);
        tcase_add_test(group, a_call_that_goes_on_without_its_caller_is_ongoing_to_an_operator);
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
