/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule 11: members who join a group's call late, by accept or by initiate. */
#include "exchange-world.h"

/* ---- joining late ---- */

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
        team_talks();
        joins(BOB, 1);
        passes(45 * USEC_PER_SEC);
        forget();
        dave_comes_late();
}
END_TEST

START_TEST(rule_11_who_rejected_may_accept_late)
{
        team_talks();
        rejects(DAVE, 1, CALL_STATUS_REJECTED);
        forget();
        dave_comes_late();
}
END_TEST

START_TEST(rule_11_who_left_may_come_back_from_any_device)
{
        team_talks();
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

/* Both sides of the limit: each of them is news to all others in the call. */
static void bob_joins_late(unsigned n, void (*join)(unsigned i))
{
        world_end();
        world_begin_limited(&(ExchangeLimits){.calls_per_minute = 3});
        team_talks();
        for (unsigned i = 0; i < n; i++) {
                says(BOB, MESSAGE_END, 1);
                forget();
                join(i);
                said("bob-desk: ok 1 ongoing");
        }
        says(BOB, MESSAGE_END, 1);
        forget();
        join(n);
        expect("bob-desk: TooMany", NULL);
        passes(60 * USEC_PER_SEC);
        join(n + 1);
        said("bob-desk: ok 1 ongoing");
}

static void by_accept(unsigned i)
{
        accepts(BOB, 1);
}

static void by_initiate(unsigned i)
{
        calls_team(BOB, 10 + (int)i);
}

START_TEST(late_joins_by_accept_count_as_calls_started)
{
        bob_joins_late(3, by_accept);
}
END_TEST

START_TEST(late_joins_by_initiate_count_as_calls_started)
{
        bob_joins_late(3, by_initiate);
}
END_TEST

START_TEST(rule_12_a_call_that_its_caller_has_left_keeps_its_beginning_over_restarts)
{
        team_talks();
        usec_t answered_at = world.call.record.answered_at;
        joins(BOB, 1);
        accepts(CAROL, 1);
        says(ALICE, MESSAGE_END, 1);
        for (int i = 0; i < 2; i++) {
                hub_restarts();
                comes(BOB);
                comes(CAROL);
                joins(BOB, 1); /* which stores the call again */
        }
        passes(5 * USEC_PER_SEC);
        says(CAROL, MESSAGE_END, 1);
        ck_assert_uint_ne(answered_at, 0);
        ck_assert_uint_eq(world.logged.answered_at, answered_at);
        ck_assert_uint_eq(world.logged.duration_s, 5);
        forget();
}
END_TEST

START_TEST(rule_11_a_call_whose_caller_was_removed_while_the_hub_was_down_goes_on)
{
        static const char *const left[] = {"bob", "carol", "dave"};
        ExchangeLimits limits = {0};

        team_talks();
        accepts(CAROL, 1);
        forget();
        world.exchange = exchange_free(world.exchange);
        memset(world.links, 0, sizeof(world.links));
        ck_assert_int_eq(exchange_new(&limits, &world.exchange), 0);
        for (size_t i = 0; i < ELEMENTSOF(left); i++)
                ck_assert_int_eq(
                        exchange_user_add(world.exchange, left[i], left[i], WHEN_BUSY_REJECT), 0);
        ck_assert_int_eq(exchange_restore(world.exchange, &world.moment, &world.stored[1]), 0);
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 1);
        comes(BOB);
        comes(CAROL);
        says(CAROL, MESSAGE_END, 1);
        unsaid("drop 1");
        says(BOB, MESSAGE_END, 1);
        said("drop 1");
        forget();
}
END_TEST

START_TEST(rule_11_before_the_first_accept_nobody_comes_late)
{
        team_rings();
        rejects(BOB, 1, CALL_STATUS_REJECTED);
        forget();
        accepts(BOB, 1);
        expect("bob-desk: CallTerminated", NULL);
}
END_TEST

START_TEST(rule_11_after_the_end_nobody_comes_late)
{
        team_talks();
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
        team_talks();
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
        team_rings();
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
        team_is_there();
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
        team_talks();
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
        team_is_there();
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

int main(void)
{
        Suite *suite = suite_create("exchange-late");
        TCase *late = tcase_create("late");

        tcase_add_checked_fixture(late, world_begin, world_end);
        tcase_add_test(late, rule_11_whose_ring_has_ended_may_accept_late);
        tcase_add_test(late, rule_11_who_rejected_may_accept_late);
        tcase_add_test(late, rule_11_who_left_may_come_back_from_any_device);
        tcase_add_test(late, late_joins_by_accept_count_as_calls_started);
        tcase_add_test(late, late_joins_by_initiate_count_as_calls_started);
        tcase_add_test(late,
                       rule_12_a_call_that_its_caller_has_left_keeps_its_beginning_over_restarts);
        tcase_add_test(late,
                       rule_11_a_call_whose_caller_was_removed_while_the_hub_was_down_goes_on);
        tcase_add_test(late, rule_11_before_the_first_accept_nobody_comes_late);
        tcase_add_test(late, rule_11_after_the_end_nobody_comes_late);
        tcase_add_test(late, rule_8_coming_late_while_in_a_call_needs_end_others_or_parallel);
        tcase_add_test(late, rule_11_initiating_to_a_group_whose_call_rings_accepts_it);
        tcase_add_test(late, rule_11_initiating_to_a_group_in_a_call_joins_it_also_as_a_new_member);
        tcase_add_test(late, rule_11_the_caller_who_left_comes_back_by_initiating);
        tcase_add_test(late, rule_9_a_blocked_callers_call_to_a_group_is_not_joined);
        suite_add_tcase(suite, late);
        return suite_run(suite);
}
