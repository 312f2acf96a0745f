/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange-world.h"

/* Answers of people, and calls without one. */

static void rings_everywhere(void)
{
        comes(ALICE);
        comes(BOB);
        comes(BOB_PHONE);
        comes(BOB_TABLET);
        calls(ALICE, "bob", 1);
        forget();
}

START_TEST(rule_4_the_first_accept_wins_and_the_other_devices_stop)
{
        rings_everywhere();
        accepts(BOB_PHONE, 1);
        expect("save 1 ongoing", "bob-phone: ok 1 ongoing", "alice-desk: accepted 1 by bob-phone",
               "bob-desk: over 1 cancelled (answered-elsewhere)",
               "bob-tablet: over 1 cancelled (answered-elsewhere)", NULL);
        accepts(BOB, 1);
        expect("bob-desk: AnsweredElsewhere", NULL);
        says(BOB, MESSAGE_END, 1);
        expect("bob-desk: ok", NULL);
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 1);
}
END_TEST

START_TEST(rule_4_the_same_accept_again_succeeds_without_a_second_event)
{
        rings_everywhere();
        accepts(BOB, 1);
        ck_assert_uint_eq(strlen(world.tokens[BOB]), 64);
        ck_assert_uint_eq(strlen(world.tokens[ALICE]), 64);
        ck_assert_str_ne(world.tokens[BOB], world.tokens[ALICE]);
        forget();
        accepts(BOB, 1);
        expect("bob-desk: ok 1 ongoing", NULL);
        ck_assert_str_eq(world.call.join_token, world.tokens[BOB]);
}
END_TEST

START_TEST(rule_4_an_accept_after_the_end_names_the_status)
{
        rings_everywhere();
        accepts(BOB, 1);
        says(ALICE, MESSAGE_END, 1);
        forget();
        accepts(BOB, 1);
        expect("bob-desk: CallTerminated", NULL);
        ck_assert_str_eq(world.text, "the call is over: the other side hung up");
        accepts(BOB_PHONE, 1);
        expect("bob-phone: AnsweredElsewhere", NULL);
}
END_TEST

START_TEST(rule_4_the_caller_cannot_accept_and_a_stranger_knows_no_such_call)
{
        rings_everywhere();
        comes(CAROL);
        comes(ALICE_PHONE);
        accepts(ALICE, 1);
        accepts(ALICE_PHONE, 1);
        accepts(CAROL, 1);
        expect("alice-desk: InvalidTransition", "alice-phone: NoSuchCall", "carol-desk: NoSuchCall",
               NULL);
}
END_TEST

START_TEST(rule_4_who_accepted_must_join_within_20_s)
{
        rings_everywhere();
        accepts(BOB, 1);
        joins(ALICE, 1);
        forget();
        passes(JOIN_DEADLINE_US - 1);
        expect_nothing();
        passes(1);
        expect("log alice 1 ended (no-media)", "log bob 1 ended (no-media)", "drop 1",
               "alice-desk: over 1 ended (no-media) after 20 s",
               "bob-desk: over 1 ended (no-media) after 20 s",
               "alice-desk: logged 1 ended (no-media)", "bob-desk: logged 1 ended (no-media)",
               "bob-phone: logged 1 ended (no-media)", "bob-tablet: logged 1 ended (no-media)",
               NULL);
}
END_TEST

START_TEST(rule_4_only_who_accepted_must_join)
{
        rings_everywhere();
        accepts(BOB, 1);
        passes(JOIN_DEADLINE_US - 1);
        joins(BOB, 1);
        forget();
        passes(JOIN_DEADLINE_US);
        expect_nothing();
}
END_TEST

START_TEST(rule_4_a_video_call_may_be_answered_as_audio)
{
        comes(ALICE);
        comes(BOB);
        calls_with(ALICE, "bob", 1, (MessageInitiate){.type = CALL_TYPE_VIDEO});
        accepts_with(BOB, 1, (MessageAccept){.as_audio = true});
        ck_assert_int_eq(world.call.record.type, CALL_TYPE_AUDIO);
}
END_TEST

START_TEST(rule_5_a_reject_speaks_for_all_devices)
{
        rings_everywhere();
        rejects(BOB, 1, CALL_STATUS_REJECTED);
        expect("log alice 1 rejected (declined)", "log bob 1 rejected (declined)", "drop 1",
               "alice-desk: over 1 rejected (declined)", "bob-desk: over 1 rejected (declined)",
               "bob-phone: over 1 cancelled (declined-elsewhere)",
               "bob-tablet: over 1 cancelled (declined-elsewhere)",
               "alice-desk: logged 1 rejected (declined)", "bob-desk: logged 1 rejected (declined)",
               "bob-phone: logged 1 rejected (declined)",
               "bob-tablet: logged 1 rejected (declined)", "bob-desk: ok", NULL);
        rejects(BOB, 1, CALL_STATUS_REJECTED);
        rejects(BOB_PHONE, 1, CALL_STATUS_REJECTED);
        accepts(BOB_PHONE, 1);
        expect("bob-desk: ok", "bob-phone: CallTerminated", "bob-phone: CallTerminated", NULL);
}
END_TEST

START_TEST(rule_5_busy_is_a_reject_with_that_word)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        forget();
        rejects(BOB, 1, CALL_STATUS_BUSY);
        expect("log alice 1 busy (busy)", "log bob 1 busy (busy)", "drop 1",
               "alice-desk: over 1 busy (busy)", "bob-desk: over 1 busy (busy)",
               "alice-desk: logged 1 busy (busy)", "bob-desk: logged 1 busy (busy)", "bob-desk: ok",
               NULL);
}
END_TEST

START_TEST(rule_5_a_reject_after_an_accept_never_ends_a_live_call)
{
        rings_everywhere();
        accepts(BOB, 1);
        forget();
        rejects(BOB, 1, CALL_STATUS_REJECTED);
        rejects(BOB_PHONE, 1, CALL_STATUS_REJECTED);
        rejects(ALICE, 1, CALL_STATUS_BUSY);
        expect("bob-desk: CallOngoing", "bob-phone: CallTerminated", "alice-desk: CallOngoing",
               NULL);
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 1);
}
END_TEST

START_TEST(rule_6_the_caller_cancels_and_the_receiver_has_missed_a_call)
{
        rings_everywhere();
        says(ALICE, MESSAGE_CANCEL, 1);
        expect("log alice 1 cancelled (caller-cancelled)", "log bob 1 missed (caller-cancelled)",
               "drop 1", "alice-desk: over 1 cancelled (caller-cancelled)",
               "bob-desk: over 1 cancelled (caller-cancelled)",
               "bob-phone: over 1 cancelled (caller-cancelled)",
               "bob-tablet: over 1 cancelled (caller-cancelled)",
               "alice-desk: logged 1 cancelled (caller-cancelled)",
               "bob-desk: logged 1 missed (caller-cancelled)",
               "bob-phone: logged 1 missed (caller-cancelled)",
               "bob-tablet: logged 1 missed (caller-cancelled)", "alice-desk: ok", NULL);
        says(ALICE, MESSAGE_CANCEL, 1);
        expect("alice-desk: ok", NULL);
}
END_TEST

START_TEST(rule_6_only_the_caller_cancels_and_only_before_the_accept)
{
        rings_everywhere();
        says(BOB, MESSAGE_CANCEL, 1);
        expect("bob-desk: InvalidTransition", NULL);
        accepts(BOB, 1);
        forget();
        says(ALICE, MESSAGE_CANCEL, 1);
        expect("alice-desk: CallOngoing", NULL);
        says(ALICE, MESSAGE_END, 1);
        expect("log alice 1 ended (hangup)", "log bob 1 ended (remote-hangup)", "drop 1",
               "alice-desk: over 1 ended (hangup)", "bob-desk: over 1 ended (remote-hangup)",
               "alice-desk: logged 1 ended (hangup)", "bob-desk: logged 1 ended (remote-hangup)",
               "bob-phone: logged 1 ended (remote-hangup)",
               "bob-tablet: logged 1 ended (remote-hangup)", "alice-desk: ok", NULL);
}
END_TEST

START_TEST(rule_15_a_cancel_that_comes_before_its_initiate_is_remembered)
{
        comes(ALICE);
        comes(BOB);
        comes(CAROL);
        says(ALICE, MESSAGE_CANCEL, 1);
        expect("alice-desk: ok", NULL);
        calls(ALICE, "bob", 1);
        expect("alice-desk: CallTerminated", NULL);
        calls(CAROL, "bob", 1); /* the cancel does not concern another id */
        expect("bob-desk: incoming 1 from carol, audio, 45000 ms", "save 1 initiated",
               "carol-desk: ok 1 initiated", NULL);
}
END_TEST

START_TEST(rule_15_remembered_cancels_are_bounded_in_time_and_number)
{
        comes(ALICE);
        says(ALICE, MESSAGE_CANCEL, 1);
        passes(CANCEL_MEMORY_US);
        forget();
        calls(ALICE, "bob", 1);
        expect("save 1 initiated", "alice-desk: ok 1 initiated", NULL);

        for (int call = 2; call <= CANCEL_MEMORY_MAX + 2; call++)
                says(ALICE, MESSAGE_CANCEL, call);
        forget();
        calls_with(ALICE, "bob", 2, (MessageInitiate){.parallel = true}); /* the oldest has gone */
        calls_with(ALICE, "bob", 3, (MessageInitiate){.parallel = true});
        expect("save 2 initiated", "alice-desk: ok 2 initiated", "alice-desk: CallTerminated",
               NULL);
}
END_TEST

START_TEST(rule_15_nobody_s_cancels_make_the_hub_forget_those_of_another)
{
        comes(ALICE);
        comes(BOB);
        comes(CAROL);
        says(ALICE, MESSAGE_CANCEL, 1);
        for (int call = 2; call <= CANCEL_MEMORY_MAX + 2; call++)
                says(CAROL, MESSAGE_CANCEL, call);
        forget();
        calls(ALICE, "bob", 1);
        expect("alice-desk: CallTerminated", NULL);
}
END_TEST

START_TEST(rule_15_a_repeated_cancel_is_the_newest_again)
{
        comes(ALICE);
        comes(BOB);
        for (int call = 1; call <= CANCEL_MEMORY_MAX; call++)
                says(ALICE, MESSAGE_CANCEL, call);
        says(ALICE, MESSAGE_CANCEL, 1);
        says(ALICE, MESSAGE_CANCEL, CANCEL_MEMORY_MAX + 1);
        forget();
        calls_with(ALICE, "bob", 1, (MessageInitiate){.parallel = true});
        calls_with(ALICE, "bob", 2, (MessageInitiate){.parallel = true}); /* the oldest has gone */
        said("alice-desk: CallTerminated");
        said("alice-desk: ok 2 initiated");
}
END_TEST

START_TEST(rule_15_the_cancels_of_a_user_go_with_the_user)
{
        comes(ALICE);
        says(ALICE, MESSAGE_CANCEL, 1);
        ck_assert_int_eq(exchange_user_remove(world.exchange, &world.moment, "alice"), 0);
        world_collect();
        ck_assert_int_eq(exchange_user_add(world.exchange, "alice", "Alice", WHEN_BUSY_REJECT), 0);
        comes(ALICE);
        forget();
        calls(ALICE, "bob", 1);
        said("alice-desk: ok 1 initiated");
}
END_TEST

START_TEST(rule_8_who_is_in_a_call_is_busy_and_only_history_tells)
{
        in_call(BOB, CAROL, 1);
        comes(ALICE);
        comes(BOB_PHONE);
        calls(ALICE, "bob", 2);
        expect("save 2 initiated", "alice-desk: ok 2 initiated", "log alice 2 busy (busy)",
               "log bob 2 missed (busy)", "drop 2", "alice-desk: over 2 busy (busy)",
               "alice-desk: logged 2 busy (busy)", "bob-desk: logged 2 missed (busy)",
               "bob-phone: logged 2 missed (busy)", NULL);
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 1);
}
END_TEST

START_TEST(rule_8_ones_own_outgoing_ring_makes_busy_and_being_rung_does_not)
{
        comes(ALICE);
        comes(BOB);
        comes(DAVE);
        calls(ALICE, "carol", 1);
        calls(BOB, "dave", 2);
        forget();
        calls(DAVE, "alice", 3); /* alice rings carol; dave is only being rung */
        ck_assert_ptr_nonnull(strstr(world.trace, "dave-desk: over 3 busy (busy)\n"));
        comes(CAROL);
        forget();
        calls_with(ALICE, "dave", 4, (MessageInitiate){.parallel = true});
        expect("dave-desk: incoming 4 from alice, audio, 45000 ms", "save 4 initiated",
               "alice-desk: ok 4 initiated", NULL);
}
END_TEST

START_TEST(rule_8_when_busy_rings_if_the_user_says_so)
{
        Message settings = {.type = MESSAGE_SETTINGS, .settings = {true, WHEN_BUSY_RING}};

        in_call(BOB, CAROL, 1);
        comes(BOB_PHONE);
        asks(BOB, settings);
        expect("store bob ring", "bob-phone: changed to ring", "bob-desk: ok", NULL);
        comes(ALICE);
        calls(ALICE, "bob", 2);
        expect("bob-desk: incoming 2 from alice, audio, 45000 ms",
               "bob-phone: incoming 2 from alice, audio, 45000 ms", "save 2 initiated",
               "alice-desk: ok 2 initiated", NULL);
}
END_TEST

/* Bob is in call 1 with carol and rings dave by call 2; alice rings him by call 3. */
static void bob_is_wanted(void)
{
        exchange_user_add(world.exchange, "bob", "bob", WHEN_BUSY_RING);
        in_call(BOB, CAROL, 1);
        comes(DAVE);
        calls_with(BOB, "dave", 2, (MessageInitiate){.parallel = true});
        comes(ALICE);
        calls(ALICE, "bob", 3);
        forget();
}

START_TEST(rule_8_accepting_while_in_a_call_needs_a_word_about_the_others)
{
        bob_is_wanted();
        accepts(BOB, 3);
        expect("bob-desk: BusySelf", NULL);
        accepts_with(BOB, 3, (MessageAccept){.parallel = true});
        expect("save 3 ongoing", "bob-desk: ok 3 ongoing", "alice-desk: accepted 3 by bob-desk",
               NULL);
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 3);
}
END_TEST

START_TEST(rule_8_end_others_ends_all_the_users_other_calls)
{
        bob_is_wanted();
        accepts_with(BOB, 3, (MessageAccept){.end_others = true});
        expect("log bob 1 ended (replaced)", "log carol 1 ended (remote-hangup)", "drop 1",
               "bob-desk: over 1 ended (replaced)", "carol-desk: over 1 ended (remote-hangup)",
               "bob-desk: logged 1 ended (replaced)", "carol-desk: logged 1 ended (remote-hangup)",
               "log bob 2 cancelled (replaced)", "log dave 2 missed (caller-cancelled)", "drop 2",
               "bob-desk: over 2 cancelled (replaced)",
               "dave-desk: over 2 cancelled (caller-cancelled)",
               "bob-desk: logged 2 cancelled (replaced)",
               "dave-desk: logged 2 missed (caller-cancelled)", "save 3 ongoing",
               "bob-desk: ok 3 ongoing", "alice-desk: accepted 3 by bob-desk", NULL);
}
END_TEST

START_TEST(rule_10_an_initiate_that_became_an_accept_is_ended_by_its_own_id)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        calls(BOB, "alice", 2);
        forget();
        says(BOB, MESSAGE_END, 2);
        said("alice-desk: over 1 ended (remote-hangup)");
        said("bob-desk: over 1 ended (hangup)");
        said("bob-desk: ok");
}
END_TEST

START_TEST(rule_10_glare_is_an_accept_by_the_device_that_called_back)
{
        comes(ALICE);
        comes(BOB);
        comes(BOB_PHONE);
        calls_with(ALICE, "bob", 1, (MessageInitiate){.type = CALL_TYPE_VIDEO, .join = true});
        forget();
        calls_with(BOB, "alice", 2, (MessageInitiate){.type = CALL_TYPE_AUDIO, .join = true});
        expect("save 1 ongoing", "bob-desk: ok 1 ongoing", "alice-desk: accepted 1 by bob-desk",
               "bob-phone: over 1 cancelled (answered-elsewhere)", NULL);
        ck_assert_int_eq(world.call.record.type, CALL_TYPE_AUDIO);
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 1);

        calls(BOB, "alice", 2);
        expect("bob-desk: ok 1 ongoing", NULL);
        calls(BOB_PHONE, "alice", 2);
        expect("bob-phone: InvalidArgument", NULL);
        says(BOB, MESSAGE_CANCEL, 2); /* it has been answered, so the phone ends it */
        expect("bob-desk: CallOngoing", NULL);
}
END_TEST

START_TEST(rule_10_an_initiate_that_was_an_accept_begins_nothing_when_it_is_asked_again_later)
{
        rings_everywhere();
        calls(BOB, "alice", 2);
        says(ALICE, MESSAGE_END, 1);
        forget();
        calls(BOB, "alice", 2);
        expect("bob-desk: ok 1 ended (remote-hangup)", NULL);
        calls(BOB, "alice", 3);
        ck_assert_ptr_nonnull(strstr(world.trace, "bob-desk: ok 3 initiated\n"));
}
END_TEST

/* While the call lives, and for as long after it as the id stands for it. */
START_TEST(rule_10_an_id_that_stands_for_another_call_is_nobody_elses)
{
        comes(CAROL);
        rings_everywhere();
        calls(BOB, "alice", 2);
        forget();
        calls(CAROL, "dave", 2);
        calls(BOB_PHONE, "alice", 2);
        expect("carol-desk: InvalidArgument", "bob-phone: InvalidArgument", NULL);
        says(ALICE, MESSAGE_END, 1);
        passes(ENDED_MEMORY_US - 1);
        forget();
        calls(CAROL, "dave", 2);
        expect("carol-desk: InvalidArgument", NULL);
        passes(1);
        calls(CAROL, "dave", 2);
        said("carol-desk: ok 2 initiated");
}
END_TEST

START_TEST(rule_10_an_id_that_stands_for_another_call_does_so_after_a_restart)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        calls(BOB, "alice", 2);
        hub_restarts();
        comes(BOB);
        forget();
        calls(BOB, "alice", 2);
        expect("bob-desk: ok 1 ongoing", NULL);
}
END_TEST

START_TEST(rule_10_the_others_of_both_stop_and_nobody_missed_anything)
{
        comes(ALICE);
        comes(ALICE_PHONE);
        comes(BOB_PHONE);
        calls_with(ALICE, "bob", 1, (MessageInitiate){.type = CALL_TYPE_VIDEO, .join = true});
        comes(BOB);
        forget();
        calls_with(BOB, "alice", 2, (MessageInitiate){.type = CALL_TYPE_VIDEO, .join = true});
        expect("save 1 ongoing", "bob-desk: ok 1 ongoing", "alice-desk: accepted 1 by bob-desk",
               "bob-phone: over 1 cancelled (answered-elsewhere)", NULL);
        ck_assert_int_eq(world.call.record.type, CALL_TYPE_VIDEO);
        says(BOB, MESSAGE_CANCEL, 2);
        expect("bob-desk: CallOngoing", NULL);
        says(BOB, MESSAGE_END, 1);
        ck_assert_ptr_null(strstr(world.trace, "missed"));
        ck_assert_ptr_null(strstr(world.trace, "alice-phone: over"));
}
END_TEST

START_TEST(rule_12_either_side_ends_it_for_both_with_its_duration)
{
        rings_everywhere();
        accepts(BOB, 1);
        joins(BOB, 1);
        joins(ALICE, 1);
        forget();
        passes(83 * USEC_PER_SEC + 999999);
        says(BOB, MESSAGE_END, 1);
        expect("log alice 1 ended (remote-hangup)", "log bob 1 ended (hangup)", "drop 1",
               "alice-desk: over 1 ended (remote-hangup) after 83 s",
               "bob-desk: over 1 ended (hangup) after 83 s",
               "alice-desk: logged 1 ended (remote-hangup)", "bob-desk: logged 1 ended (hangup)",
               "bob-phone: logged 1 ended (hangup)", "bob-tablet: logged 1 ended (hangup)",
               "bob-desk: ok", NULL);
        says(BOB, MESSAGE_END, 1);
        says(ALICE, MESSAGE_END, 1);
        expect("bob-desk: ok", "alice-desk: ok", NULL);
}
END_TEST

START_TEST(only_a_missed_call_is_still_to_be_seen)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        passes(USEC_PER_SEC);
        says(BOB, MESSAGE_ALERTING, 1);
        says(ALICE, MESSAGE_CANCEL, 1);
        ck_assert_int_eq(world.logged.direction, CALL_DIRECTION_INCOMING);
        ck_assert(!world.logged.seen);
        ck_assert_uint_eq(world.logged.ringing_since, world.moment.date);
        ck_assert_uint_eq(world.logged.answered_at, 0);
        ck_assert_uint_eq(world.logged.ended_at, world.moment.date);
        calls(ALICE, "bob", 2);
        rejects(BOB, 2, CALL_STATUS_REJECTED);
        ck_assert(world.logged.seen);
}
END_TEST

START_TEST(so_many_ended_calls_are_remembered_and_no_more)
{
        comes(ALICE);
        for (int call = 1; call <= ENDED_MEMORY_MAX / 2 + 1; call++) {
                calls(ALICE, "bob", call);
                says(ALICE, MESSAGE_CANCEL, call);
                forget();
        }
        says(ALICE, MESSAGE_END, 1);
        says(ALICE, MESSAGE_END, 2);
        expect("alice-desk: NoSuchCall", "alice-desk: ok", NULL);
}
END_TEST

START_TEST(rule_12_what_rings_cannot_be_ended)
{
        rings_everywhere();
        says(ALICE, MESSAGE_END, 1);
        says(BOB, MESSAGE_END, 1);
        says(BOB, MESSAGE_END, 2);
        expect("alice-desk: InvalidTransition", "bob-desk: InvalidTransition",
               "bob-desk: NoSuchCall", NULL);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("exchange-answer");
        TCase *answer = tcase_create("answer");

        tcase_add_checked_fixture(answer, world_begin, world_end);
        tcase_add_test(answer, rule_4_the_first_accept_wins_and_the_other_devices_stop);
        tcase_add_test(answer, rule_4_the_same_accept_again_succeeds_without_a_second_event);
        tcase_add_test(answer, rule_4_an_accept_after_the_end_names_the_status);
        tcase_add_test(answer, rule_4_the_caller_cannot_accept_and_a_stranger_knows_no_such_call);
        tcase_add_test(answer, rule_4_who_accepted_must_join_within_20_s);
        tcase_add_test(answer, rule_4_only_who_accepted_must_join);
        tcase_add_test(answer, rule_4_a_video_call_may_be_answered_as_audio);
        tcase_add_test(answer, rule_5_a_reject_speaks_for_all_devices);
        tcase_add_test(answer, rule_5_busy_is_a_reject_with_that_word);
        tcase_add_test(answer, rule_5_a_reject_after_an_accept_never_ends_a_live_call);
        tcase_add_test(answer, rule_6_the_caller_cancels_and_the_receiver_has_missed_a_call);
        tcase_add_test(answer, rule_6_only_the_caller_cancels_and_only_before_the_accept);
        tcase_add_test(answer, rule_15_a_cancel_that_comes_before_its_initiate_is_remembered);
        tcase_add_test(answer, rule_15_remembered_cancels_are_bounded_in_time_and_number);
        tcase_add_test(answer, rule_15_nobody_s_cancels_make_the_hub_forget_those_of_another);
        tcase_add_test(answer, rule_15_a_repeated_cancel_is_the_newest_again);
        tcase_add_test(answer, rule_15_the_cancels_of_a_user_go_with_the_user);
        tcase_add_test(answer, rule_8_who_is_in_a_call_is_busy_and_only_history_tells);
        tcase_add_test(answer, rule_8_ones_own_outgoing_ring_makes_busy_and_being_rung_does_not);
        tcase_add_test(answer, rule_8_when_busy_rings_if_the_user_says_so);
        tcase_add_test(answer, rule_8_accepting_while_in_a_call_needs_a_word_about_the_others);
        tcase_add_test(answer, rule_8_end_others_ends_all_the_users_other_calls);
        tcase_add_test(answer, rule_10_glare_is_an_accept_by_the_device_that_called_back);
        tcase_add_test(
                answer,
                rule_10_an_initiate_that_was_an_accept_begins_nothing_when_it_is_asked_again_later);
        tcase_add_test(answer, rule_10_an_id_that_stands_for_another_call_is_nobody_elses);
        tcase_add_test(answer, rule_10_an_id_that_stands_for_another_call_does_so_after_a_restart);
        tcase_add_test(answer, rule_10_the_others_of_both_stop_and_nobody_missed_anything);
        tcase_add_test(answer, rule_10_an_initiate_that_became_an_accept_is_ended_by_its_own_id);
        tcase_add_test(answer, rule_12_either_side_ends_it_for_both_with_its_duration);
        tcase_add_test(answer, rule_12_what_rings_cannot_be_ended);
        tcase_add_test(answer, only_a_missed_call_is_still_to_be_seen);
        tcase_add_test(answer, so_many_ended_calls_are_remembered_and_no_more);
        suite_add_tcase(suite, answer);
        return suite_run(suite);
}
