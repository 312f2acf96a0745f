/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "exchange-world.h"

/* What a hub that was killed goes on with. */

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
        Suite *suite = suite_create("exchange-restart");
        TCase *restart = tcase_create("restart");

        tcase_add_checked_fixture(restart, world_begin, world_end);
        tcase_add_test(restart, rule_11_a_stored_call_that_everybody_has_left_is_over);
        tcase_add_test(restart, rule_15_a_ring_comes_back_after_a_restart_with_its_deadline);
        tcase_add_test(restart, rule_14_after_a_restart_grace_starts_again);
        tcase_add_test(restart, rule_14_a_live_call_comes_back_after_a_restart_and_goes_on);
        tcase_add_test(restart, rule_13_who_is_alone_after_a_restart_is_so_for_60_s);
        tcase_add_test(restart, rule_4_the_deadline_to_join_comes_back_after_a_restart);
        tcase_add_test(restart, a_date_that_jumped_back_makes_no_ring_longer_than_the_longest);
        tcase_add_test(restart,
                       rule_1_a_call_that_was_over_before_the_restart_does_not_begin_again);
        tcase_add_test(restart,
                       rule_16_who_was_called_by_one_who_was_removed_since_has_a_missed_call);
        tcase_add_test(restart, rule_16_who_called_one_who_was_removed_since_has_a_record_of_it);
        tcase_add_test(restart,
                       rule_16_who_talked_with_one_who_was_removed_since_has_a_record_of_it);
        tcase_add_test(restart, what_cannot_be_restored_is_refused);
        suite_add_tcase(suite, restart);
        return suite_run(suite);
}
