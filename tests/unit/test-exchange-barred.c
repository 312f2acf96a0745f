/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule 9: by whom a user is to be rung. */
#include "exchange-world.h"

static void begin(void)
{
        world_begin();
        comes(ALICE);
        comes(BOB);
        comes(BOB_PHONE);
        forget();
}

START_TEST(rule_9_who_may_ring_is_stored_and_told_to_the_other_devices)
{
        may_be_rung_by(BOB, WHO_MAY_RING_NOBODY);
        expect("store bob nobody", "bob-phone: changed to nobody", "bob-desk: ok", NULL);
        may_be_rung_by(BOB_PHONE, WHO_MAY_RING_NOBODY);
        expect("bob-phone: ok", NULL);
        may_be_rung_by(BOB_PHONE, WHO_MAY_RING_EVERYBODY);
        expect("store bob everybody", "bob-desk: changed to everybody", "bob-phone: ok", NULL);
        ck_assert_int_eq(exchange_user_who_may_ring(world.exchange, "bob"), WHO_MAY_RING_EVERYBODY);
        ck_assert_int_eq(exchange_user_set_who_may_ring(world.exchange, "bob", WHO_MAY_RING_CALLED),
                         0);
        ck_assert_int_eq(exchange_user_who_may_ring(world.exchange, "bob"), WHO_MAY_RING_CALLED);
        ck_assert_int_eq(exchange_user_set_who_may_ring(world.exchange, "zoe", WHO_MAY_RING_CALLED),
                         CALL_ERROR_USER_NOT_FOUND);
}
END_TEST

START_TEST(rule_9_a_barred_caller_raises_nothing_and_waits_until_the_timeout)
{
        may_be_rung_by(BOB, _i ? WHO_MAY_RING_CALLED : WHO_MAY_RING_NOBODY);
        forget();
        calls(ALICE, "bob", 1);
        expect("save 1 initiated", "alice-desk: ok 1 initiated", NULL);
        goes(BOB_PHONE);
        comes(BOB_PHONE);
        accepts(BOB, 1);
        expect("bob-desk: NoSuchCall", NULL);
        passes(45 * USEC_PER_SEC);
        expect("log alice 1 unanswered (timeout)", "log bob 1 missed (filtered-barred)", "drop 1",
               "alice-desk: over 1 unanswered (timeout)",
               "alice-desk: logged 1 unanswered (timeout)",
               "bob-desk: logged 1 missed (filtered-barred)",
               "bob-phone: logged 1 missed (filtered-barred)", NULL);
        ck_assert(world.logged.seen);
}
END_TEST

START_TEST(rule_9_whom_one_has_called_may_ring)
{
        world.called = true;
        may_be_rung_by(BOB, WHO_MAY_RING_CALLED);
        forget();
        calls(BOB, "alice", 1);
        said("store that bob has called alice");
        says(BOB, MESSAGE_CANCEL, 1);
        forget();
        calls(ALICE, "bob", 2);
        said("bob-desk: incoming 2 from alice, audio, 45000 ms");
        says(ALICE, MESSAGE_CANCEL, 2);
        forget();
        /* It is stored once, while nobody else is called. */
        calls(BOB, "alice", 3);
        unsaid("has called");
        says(BOB, MESSAGE_CANCEL, 3);
        forget();
        calls(CAROL, "bob", 4);
        unsaid("incoming");
        /* Nobody means nobody. */
        may_be_rung_by(BOB, WHO_MAY_RING_NOBODY);
        calls(ALICE, "bob", 5);
        unsaid("incoming");
}
END_TEST

START_TEST(rule_9_to_answer_is_not_to_call)
{
        calls(ALICE, "bob", 1);
        accepts(BOB, 1);
        says(ALICE, MESSAGE_END, 1);
        may_be_rung_by(BOB, WHO_MAY_RING_CALLED);
        forget();
        calls(ALICE, "bob", 2);
        unsaid("incoming");
}
END_TEST

START_TEST(rule_9_whom_one_has_called_is_known_after_a_restart)
{
        ck_assert_int_eq(exchange_user_called(world.exchange, "bob", "alice"), 0);
        ck_assert_int_eq(exchange_user_called(world.exchange, "bob", "alice"), 0);
        ck_assert_int_eq(exchange_user_called(world.exchange, "zoe", "alice"),
                         CALL_ERROR_USER_NOT_FOUND);
        may_be_rung_by(BOB, WHO_MAY_RING_CALLED);
        forget();
        calls(ALICE, "bob", 1);
        said("bob-desk: incoming 1 from alice, audio, 45000 ms");
}
END_TEST

static void bob_has_called(int n_others, const char *last)
{
        char uid[UID_MAX + 1];

        for (int i = 0; i < n_others; i++) {
                snprintf(uid, sizeof(uid), "u%d", i);
                ck_assert_int_eq(exchange_user_called(world.exchange, "bob", uid), 0);
        }
        ck_assert_int_eq(exchange_user_called(world.exchange, "bob", last), 0);
}

START_TEST(rule_9_the_one_called_longest_ago_is_forgotten_for_the_newest)
{
        bob_has_called(CALLED_MAX - 1, "alice");
        world.called = true;
        calls(BOB, "carol", 1);
        said("store that bob forgets u0");
        said("store that bob has called carol");
        says(BOB, MESSAGE_CANCEL, 1);
        forget();
        calls(BOB, "carol", 2);
        unsaid("store that");
        may_be_rung_by(BOB, WHO_MAY_RING_CALLED);
        says(BOB, MESSAGE_CANCEL, 2);
        calls(ALICE, "bob", 3);
        said("bob-desk: incoming 3 from alice, audio, 45000 ms");
}
END_TEST

START_TEST(rule_9_whom_one_calls_again_is_not_forgotten)
{
        ck_assert_int_eq(exchange_user_called(world.exchange, "bob", "alice"), 0);
        bob_has_called(CALLED_MAX - 2, "dave");
        world.called = true;
        calls(BOB, "alice", 1);
        said("store that bob has called alice");
        unsaid("forgets");
        says(BOB, MESSAGE_CANCEL, 1);
        calls(BOB, "carol", 2);
        said("store that bob forgets u0");
        says(BOB, MESSAGE_CANCEL, 2);
        may_be_rung_by(BOB, WHO_MAY_RING_CALLED);
        calls(ALICE, "bob", 3);
        said("bob-desk: incoming 3 from alice, audio, 45000 ms");
}
END_TEST

START_TEST(rule_9_of_too_many_stored_the_last_ones_are_loaded)
{
        ck_assert_int_eq(exchange_user_called(world.exchange, "bob", "carol"), 0);
        bob_has_called(CALLED_MAX - 1, "alice");
        may_be_rung_by(BOB, WHO_MAY_RING_CALLED);
        calls(CAROL, "bob", 1);
        unsaid("incoming");
        calls(ALICE, "bob", 2);
        said("bob-desk: incoming 2 from alice, audio, 45000 ms");
}
END_TEST

START_TEST(rule_9_barred_comes_before_busy_and_after_blocked)
{
        in_call(BOB, CAROL, 7);
        may_be_rung_by(BOB, WHO_MAY_RING_NOBODY);
        forget();
        calls(ALICE, "bob", 1);
        expect("save 1 initiated", "alice-desk: ok 1 initiated", NULL);
        says(ALICE, MESSAGE_CANCEL, 1);
        said("log bob 1 missed (filtered-barred)");
        blocks(BOB, "alice", true);
        calls(ALICE, "bob", 2);
        says(ALICE, MESSAGE_CANCEL, 2);
        said("log bob 2 missed (filtered-blocked)");
}
END_TEST

/* Whoever calls somebody wants to talk to them. */
START_TEST(rule_10_to_call_a_barred_caller_answers_their_call)
{
        may_be_rung_by(BOB, WHO_MAY_RING_NOBODY);
        calls(ALICE, "bob", 1);
        forget();
        calls(BOB, "alice", 2);
        said("alice-desk: accepted 1 by bob-desk");
        says(BOB, MESSAGE_END, 1);
        said("log bob 1 ended (hangup)");
}
END_TEST

START_TEST(rule_9_a_barred_ring_outlives_the_hub)
{
        may_be_rung_by(BOB, WHO_MAY_RING_NOBODY);
        calls(ALICE, "bob", 1);
        hub_restarts();
        comes(ALICE);
        comes(BOB);
        unsaid("incoming");
        forget();
        passes(45 * USEC_PER_SEC);
        said("log bob 1 missed (filtered-barred)");
}
END_TEST

START_TEST(rule_11_a_member_who_bars_the_caller_is_not_rung_and_may_join)
{
        team();
        comes(CAROL);
        may_be_rung_by(BOB, WHO_MAY_RING_NOBODY);
        forget();
        calls_team(ALICE, 1);
        said("carol-desk: incoming 1 from alice, audio, 45000 ms");
        unsaid("bob-desk: incoming");
        accepts(CAROL, 1);
        forget();
        calls_team(BOB, 2);
        said("bob-desk: ok 1 ongoing");
}
END_TEST

START_TEST(rule_9_who_gets_a_uid_again_was_not_called)
{
        calls(BOB, "alice", 1);
        says(BOB, MESSAGE_CANCEL, 1);
        may_be_rung_by(BOB, WHO_MAY_RING_CALLED);
        ck_assert_int_eq(exchange_user_remove(world.exchange, &world.moment, "alice"), 0);
        ck_assert_int_eq(exchange_user_add(world.exchange, "alice", "Alice", WHEN_BUSY_REJECT), 0);
        world_collect();
        comes(ALICE);
        forget();
        calls(ALICE, "bob", 2);
        unsaid("incoming");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("exchange barred");
        TCase *tests = tcase_create("barred");

        tcase_add_checked_fixture(tests, begin, world_end);
        tcase_add_test(tests, rule_9_who_may_ring_is_stored_and_told_to_the_other_devices);
        tcase_add_loop_test(
                tests, rule_9_a_barred_caller_raises_nothing_and_waits_until_the_timeout, 0, 2);
        tcase_add_test(tests, rule_9_whom_one_has_called_may_ring);
        tcase_add_test(tests, rule_9_to_answer_is_not_to_call);
        tcase_add_test(tests, rule_9_whom_one_has_called_is_known_after_a_restart);
        tcase_add_test(tests, rule_9_the_one_called_longest_ago_is_forgotten_for_the_newest);
        tcase_add_test(tests, rule_9_whom_one_calls_again_is_not_forgotten);
        tcase_add_test(tests, rule_9_of_too_many_stored_the_last_ones_are_loaded);
        tcase_add_test(tests, rule_9_barred_comes_before_busy_and_after_blocked);
        tcase_add_test(tests, rule_10_to_call_a_barred_caller_answers_their_call);
        tcase_add_test(tests, rule_9_a_barred_ring_outlives_the_hub);
        tcase_add_test(tests, rule_11_a_member_who_bars_the_caller_is_not_rung_and_may_join);
        tcase_add_test(tests, rule_9_who_gets_a_uid_again_was_not_called);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
