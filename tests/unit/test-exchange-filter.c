/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules 8 and 9: users who are not rung, or not alerted; and rule 17: resumed connections. */
#include <errno.h>

#include "exchange-world.h"

static void begin(void)
{
        world_begin();
        comes(ALICE);
        comes(BOB);
        comes(BOB_PHONE);
        forget();
}

static void delivered_quietly(Who who, int call)
{
        Message message = {.type = MESSAGE_DELIVERED, .delivered.quiet = true};

        session_of(call, message.delivered.session_id);
        asks(who, message);
}

/* ---- blocked ---- */

START_TEST(rule_9_a_block_is_stored_and_told_to_the_other_devices)
{
        blocks(BOB, "alice", true);
        expect("store that bob blocks alice", "bob-phone: blocks alice", "bob-desk: ok", NULL);
        blocks(BOB_PHONE, "alice", true);
        expect("bob-phone: ok", NULL);
        blocks(BOB_PHONE, "alice", false);
        expect("store that bob unblocks alice", "bob-desk: unblocks alice", "bob-phone: ok", NULL);
        blocks(BOB, "alice", false);
        expect("bob-desk: ok", NULL);
}
END_TEST

START_TEST(rule_9_some_users_cannot_be_blocked)
{
        char uid[UID_MAX + 1];

        blocks(BOB, "nobody", true);
        blocks(BOB, "bob", true);
        blocks(BOB, "nobody", false);
        expect("bob-desk: UserNotFound", "bob-desk: InvalidArgument", "bob-desk: ok", NULL);
        for (int i = 0; i < BLOCKED_MAX; i++) {
                snprintf(uid, sizeof(uid), "u%d", i);
                ck_assert_int_eq(exchange_user_add(world.exchange, uid, "", WHEN_BUSY_REJECT), 0);
                blocks(BOB, uid, true);
        }
        unsaid("TooMany");
        forget();
        blocks(BOB, "alice", true);
        expect("bob-desk: TooMany", NULL);
        blocks(BOB, "u7", false);
        forget();
        blocks(BOB, "alice", true);
        said("bob-desk: ok");
}
END_TEST

START_TEST(rule_9_who_gets_a_uid_again_is_blocked_by_nobody)
{
        char(*blocked)[UID_MAX + 1];
        size_t n;

        blocks(BOB, "alice", true);
        forget();
        ck_assert_int_eq(exchange_user_remove(world.exchange, &world.moment, "alice"), 0);
        world_collect();
        said("bob-desk: unblocks alice");
        said("bob-phone: unblocks alice");
        ck_assert_int_eq(exchange_user_blocked(world.exchange, "bob", &blocked, &n), 0);
        ck_assert_uint_eq(n, 0);
        free(blocked);
        ck_assert_int_eq(exchange_user_add(world.exchange, "alice", "Alice", WHEN_BUSY_REJECT), 0);
        comes(ALICE);
        calls(ALICE, "bob", 1);
        said("bob-desk: incoming 1 from alice, audio, 45000 ms");
}
END_TEST

START_TEST(rule_9_a_blocked_caller_raises_nothing_and_waits_until_the_timeout)
{
        blocks(BOB, "alice", true);
        forget();
        calls(ALICE, "bob", 1);
        expect("save 1 initiated", "alice-desk: ok 1 initiated", NULL);
        passes(45 * USEC_PER_SEC - 1);
        expect_nothing();
        passes(1);
        expect("log alice 1 unanswered (timeout)", "log bob 1 missed (filtered-blocked)", "drop 1",
               "alice-desk: over 1 unanswered (timeout)",
               "alice-desk: logged 1 unanswered (timeout)",
               "bob-desk: logged 1 missed (filtered-blocked)",
               "bob-phone: logged 1 missed (filtered-blocked)", NULL);
        ck_assert(world.logged.seen);
}
END_TEST

START_TEST(rule_9_a_blocked_call_is_on_no_device)
{
        blocks(BOB, "alice", true);
        calls(ALICE, "bob", 1);
        goes(BOB_PHONE);
        forget();
        comes(BOB_PHONE);
        expect_nothing();
        says(BOB, MESSAGE_ALERTING, 1);
        accepts(BOB, 1);
        rejects(BOB, 1, CALL_STATUS_REJECTED);
        expect("bob-desk: NoSuchCall", "bob-desk: NoSuchCall", "bob-desk: NoSuchCall", NULL);
        says(ALICE, MESSAGE_CANCEL, 1);
        said("log bob 1 missed (filtered-blocked)");
        accepts(BOB, 1);
        said("bob-desk: NoSuchCall");
}
END_TEST

START_TEST(rule_9_blocked_comes_before_busy)
{
        in_call(BOB, CAROL, 7);
        blocks(BOB, "alice", true);
        forget();
        calls(ALICE, "bob", 1);
        expect("save 1 initiated", "alice-desk: ok 1 initiated", NULL);
}
END_TEST

START_TEST(rule_10_a_blocked_callers_call_never_merges)
{
        blocks(BOB, "alice", true);
        calls(ALICE, "bob", 1);
        forget();
        calls(BOB, "alice", 2);
        said("bob-desk: ok 2 initiated");
        said("bob-desk: over 2 busy (busy)");
        unsaid("accepted");
}
END_TEST

START_TEST(rule_9_a_block_does_not_stop_what_rings)
{
        calls(ALICE, "bob", 1);
        blocks(BOB, "alice", true);
        forget();
        accepts(BOB, 1);
        said("bob-desk: ok 1 ongoing");
}
END_TEST

START_TEST(rule_9_a_blocked_ring_comes_back_after_a_restart_as_one)
{
        blocks(BOB, "alice", true);
        calls(ALICE, "bob", 1);
        hub_restarts();
        comes(ALICE);
        comes(BOB);
        expect_nothing();
        passes(45 * USEC_PER_SEC);
        said("log bob 1 missed (filtered-blocked)");
}
END_TEST

START_TEST(who_is_blocked_is_known_from_the_start_and_can_be_asked)
{
        char(*blocked)[UID_MAX + 1];
        size_t n;

        ck_assert_int_eq(exchange_user_block(world.exchange, "bob", "alice"), 0);
        ck_assert_int_eq(exchange_user_block(world.exchange, "bob", "alice"), 0);
        ck_assert_int_eq(exchange_user_block(world.exchange, "nobody", "alice"),
                         CALL_ERROR_USER_NOT_FOUND);
        ck_assert_int_eq(exchange_user_blocked(world.exchange, "bob", &blocked, &n), 0);
        ck_assert_uint_eq(n, 1);
        ck_assert_str_eq(blocked[0], "alice");
        free(blocked);
        calls(ALICE, "bob", 1);
        unsaid("incoming");
}
END_TEST

/* ---- do not disturb ---- */

START_TEST(rule_9_who_was_not_disturbed_missed_it_for_that_reason)
{
        calls(ALICE, "bob", 1);
        delivered_quietly(BOB, 1);
        delivered_quietly(BOB_PHONE, 1);
        unsaid("ringing");
        forget();
        passes(45 * USEC_PER_SEC);
        said("log bob 1 missed (filtered-dnd)");
        said("bob-desk: over 1 missed (filtered-dnd)");
        said("alice-desk: over 1 unanswered (timeout)");
        ck_assert(!world.logged.seen);
}
END_TEST

START_TEST(rule_9_one_device_that_alerted_makes_it_an_ordinary_missed_call)
{
        calls(ALICE, "bob", 1);
        delivered_quietly(BOB, 1);
        says(BOB_PHONE, MESSAGE_DELIVERED, 1);
        says(BOB_PHONE, MESSAGE_ALERTING, 1);
        hub_restarts();
        comes(ALICE);
        passes(45 * USEC_PER_SEC);
        said("log bob 1 missed (timeout)");
}
END_TEST

START_TEST(rule_9_a_device_that_shows_the_call_and_is_not_quiet_is_no_filter)
{
        calls(ALICE, "bob", 1);
        says(BOB, MESSAGE_DELIVERED, 1);
        passes(45 * USEC_PER_SEC);
        said("log bob 1 missed (timeout)");
}
END_TEST

START_TEST(rule_9_also_when_the_caller_gave_up)
{
        calls(ALICE, "bob", 1);
        delivered_quietly(BOB, 1);
        hub_restarts();
        comes(ALICE);
        comes(BOB);
        says(ALICE, MESSAGE_CANCEL, 1);
        said("log bob 1 missed (filtered-dnd)");
        said("bob-desk: over 1 cancelled (caller-cancelled)");
}
END_TEST

START_TEST(rule_9_it_can_be_answered_all_the_same_and_glare_works)
{
        calls(ALICE, "bob", 1);
        delivered_quietly(BOB, 1);
        delivered_quietly(BOB_PHONE, 1);
        calls(BOB, "alice", 2);
        said("alice-desk: accepted 1 by bob-desk");
        says(BOB, MESSAGE_END, 1);
        said("log bob 1 ended (hangup)");
}
END_TEST

/* ---- suspended and resumed ---- */

START_TEST(rule_17_what_happens_meanwhile_is_sent_to_the_suspended_link)
{
        drops(BOB);
        calls(ALICE, "bob", 1);
        said("bob-desk: incoming 1 from alice, audio, 45000 ms");
        says(ALICE, MESSAGE_CANCEL, 1);
        said("bob-desk: over 1 cancelled (caller-cancelled)");
        forget();
        resumes(BOB);
        expect_nothing();
        calls(ALICE, "bob", 2);
        said("bob-desk: incoming 2 from alice, audio, 45000 ms");
}
END_TEST

START_TEST(rule_14_who_is_suspended_is_lost_and_who_resumes_is_not)
{
        calls(ALICE, "bob", 1);
        drops(ALICE);
        passes(GRACE_CALLER_LOST_US - 1);
        resumes(ALICE);
        forget();
        passes(10 * USEC_PER_SEC);
        expect_nothing();
        drops(ALICE);
        passes(GRACE_CALLER_LOST_US);
        said("alice-desk: over 1 cancelled (caller-lost)");
        said("bob-desk: over 1 cancelled (caller-lost)");
}
END_TEST

START_TEST(rule_14_grace_runs_from_the_loss_not_from_the_end_of_the_window)
{
        in_call(ALICE, BOB, 1);
        joins(ALICE, 1);
        joins(BOB, 1);
        drops(BOB);
        passes(GRACE_IN_CALL_US - 1);
        goes(BOB);
        unsaid("over 1");
        passes(1);
        said("alice-desk: over 1 ended (connection-lost) after 30 s");
}
END_TEST

START_TEST(rule_17_a_new_link_takes_the_place_of_the_suspended_one)
{
        in_media(ALICE, BOB, 1);
        drops(BOB);
        uint64_t before = world.links[BOB];
        comes(BOB);
        said("somebody: disconnected");
        ck_assert_int_eq(exchange_resume(world.exchange, &world.moment, before), -ENOENT);
        forget();
        passes(10 * GRACE_IN_CALL_US);
        expect_nothing();
}
END_TEST

START_TEST(rule_17_only_what_is_suspended_can_be_resumed)
{
        ck_assert_int_eq(exchange_resume(world.exchange, &world.moment, world.links[BOB]), -ENOENT);
        ck_assert_int_eq(exchange_resume(world.exchange, &world.moment, 99), -ENOENT);
        exchange_suspend(world.exchange, &world.moment, 99);
        in_media(ALICE, BOB, 1);
        comes_by_token(BOB, world.tokens[BOB], 0);
        joins(LIMITED(BOB), 1);
        forget();
        exchange_suspend(world.exchange, &world.moment, world.limited[BOB]);
        world_collect();
        expect("alice-desk: left 1: bob-desk", NULL);
        ck_assert_int_eq(exchange_resume(world.exchange, &world.moment, world.limited[BOB]),
                         -ENOENT);
}
END_TEST

START_TEST(rule_17_a_snapshot_says_who_is_in_the_media)
{
        CallSnapshot *snapshots;
        size_t n;

        in_media(ALICE, BOB, 1);
        ck_assert_int_eq(exchange_snapshot(world.exchange, &world.moment, world.links[ALICE],
                                           &snapshots, &n),
                         0);
        ck_assert_uint_eq(n, 1);
        ck_assert_str_eq(snapshots[0].participant, world.participants[ALICE]);
        ck_assert_uint_eq(snapshots[0].n_others, 1);
        ck_assert_str_eq(snapshots[0].others[0].id, world.participants[BOB]);
        call_snapshots_free(snapshots, n);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("exchange-filter");
        TCase *filter = tcase_create("filter");

        tcase_add_checked_fixture(filter, begin, world_end);
        tcase_add_test(filter, rule_9_a_block_is_stored_and_told_to_the_other_devices);
        tcase_add_test(filter, rule_9_some_users_cannot_be_blocked);
        tcase_add_test(filter, rule_9_who_gets_a_uid_again_is_blocked_by_nobody);
        tcase_add_test(filter, rule_9_a_blocked_caller_raises_nothing_and_waits_until_the_timeout);
        tcase_add_test(filter, rule_9_a_blocked_call_is_on_no_device);
        tcase_add_test(filter, rule_9_blocked_comes_before_busy);
        tcase_add_test(filter, rule_10_a_blocked_callers_call_never_merges);
        tcase_add_test(filter, rule_9_a_block_does_not_stop_what_rings);
        tcase_add_test(filter, rule_9_a_blocked_ring_comes_back_after_a_restart_as_one);
        tcase_add_test(filter, who_is_blocked_is_known_from_the_start_and_can_be_asked);
        tcase_add_test(filter, rule_9_who_was_not_disturbed_missed_it_for_that_reason);
        tcase_add_test(filter, rule_9_one_device_that_alerted_makes_it_an_ordinary_missed_call);
        tcase_add_test(filter, rule_9_a_device_that_shows_the_call_and_is_not_quiet_is_no_filter);
        tcase_add_test(filter, rule_9_also_when_the_caller_gave_up);
        tcase_add_test(filter, rule_9_it_can_be_answered_all_the_same_and_glare_works);
        tcase_add_test(filter, rule_17_what_happens_meanwhile_is_sent_to_the_suspended_link);
        tcase_add_test(filter, rule_14_who_is_suspended_is_lost_and_who_resumes_is_not);
        tcase_add_test(filter, rule_14_grace_runs_from_the_loss_not_from_the_end_of_the_window);
        tcase_add_test(filter, rule_17_a_new_link_takes_the_place_of_the_suspended_one);
        tcase_add_test(filter, rule_17_only_what_is_suspended_can_be_resumed);
        tcase_add_test(filter, rule_17_a_snapshot_says_who_is_in_the_media);
        suite_add_tcase(suite, filter);
        return suite_run(suite);
}
