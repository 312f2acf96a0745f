/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"
#include "phone/state.h"

/* Mute, camera off and no screen are said when they are so: phone/switches.h. */

static const struct {
        PhoneCommandType command;
        bool protects;
        const char *order, *opens;
} switches[] = {
        {PHONE_COMMAND_MUTE, true, "worker-mute:on worker-ping", "worker-mute:off"},
        {PHONE_COMMAND_PAUSE_VIDEO, true, "worker-pause:on worker-ping", "worker-pause:off"},
        {PHONE_COMMAND_STOP_SCREEN, false, "worker-screen:off worker-ping", NULL},
};

static bool is_protected(Fixture *f, PhoneCommandType command)
{
        const PhoneCallInfo *call = phone_call_find(f->phone, CALL);

        return command == PHONE_COMMAND_MUTE          ? phone_session_is_muted(call)
               : command == PHONE_COMMAND_PAUSE_VIDEO ? phone_session_is_paused(call)
                                                      : !call->screen_sharing;
}

static void turn(Fixture *f, PhoneCommandType type, bool on)
{
        PhoneCommand asked = asks(type, CALL);

        asked.on = on;
        command(f, &asked);
}

static void cut_off(Fixture *f)
{
        phone_worker_cut(f->phone, &f->instant, CALL);
}

/* A call in which microphone, camera and screen are open. */
static void talk_openly(Fixture *f)
{
        talking(f, CALL);
        turn(f, PHONE_COMMAND_PAUSE_VIDEO, false);
        phone_worker_screen(f->phone, &f->instant, CALL, true);
        forget(f);
}

START_TEST(what_protects_is_said_when_the_worker_has_answered)
{
        PhoneCommandType type = switches[_i].command;
        FIXTURE(f);

        talk_openly(f);
        turn(f, type, switches[_i].protects);
        expect(f, switches[_i].order);
        ck_assert(!is_protected(f, type));
        wait_us(f, SWITCH_ANSWER_US - 1);
        expect(f, "");
        ck_assert(!is_protected(f, type));
        worker_answers(f, CALL);
        expect(f, "session send:state done");
        ck_assert(is_protected(f, type));
        wait_us(f, 10 * SWITCH_ANSWER_US);
        expect(f, "");
}
END_TEST

START_TEST(worker_that_does_not_answer_is_cut_off_and_then_killed)
{
        PhoneCommandType type = switches[_i].command;
        FIXTURE(f);

        talk_openly(f);
        turn(f, type, switches[_i].protects);
        forget(f);
        wait_us(f, SWITCH_ANSWER_US);
        expect(f, "worker-cut");
        ck_assert(!is_protected(f, type));
        cut_off(f);
        expect(f, "session send:state done");
        ck_assert(is_protected(f, type));
        wait_us(f, SWITCH_KILL_US - 1);
        expect(f, "");
        wait_us(f, 1);
        expect(f, "worker-kill");
        wait_us(f, 10 * SWITCH_KILL_US);
        expect(f, "");
        phone_worker_gone(f->phone, &f->instant, CALL, "it was killed");
        ck_assert_int_eq(session_of(f, CALL), SESSION_FAILED);
        ck_assert(is_protected(f, type));
}
END_TEST

START_TEST(each_switch_is_so_in_time_whatever_the_worker_answers_about_others)
{
        uint64_t mute;
        FIXTURE(f);

        talk_openly(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        forget(f);
        mute = f->last[PHONE_WORKER_PING].serial;
        wait_us(f, SWITCH_ANSWER_US / 10);
        turn(f, PHONE_COMMAND_PAUSE_VIDEO, true);
        forget(f);
        wait_us(f, SWITCH_ANSWER_US * 8 / 10);
        phone_worker_answered(f->phone, &f->instant, CALL, mute);
        forget(f);
        wait_us(f, SWITCH_ANSWER_US / 5 - 1);
        expect(f, "");
        wait_us(f, 1);
        expect(f, "worker-cut");
}
END_TEST

START_TEST(first_of_two_switches_does_not_wait_for_the_second)
{
        FIXTURE(f);

        talk_openly(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        wait_us(f, SWITCH_ANSWER_US / 10);
        turn(f, PHONE_COMMAND_PAUSE_VIDEO, true);
        forget(f);
        wait_us(f, SWITCH_ANSWER_US * 9 / 10);
        expect(f, "worker-cut");
}
END_TEST

START_TEST(worker_that_answers_after_it_was_cut_off_is_not_killed)
{
        FIXTURE(f);

        talk_openly(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        forget(f);
        wait_us(f, SWITCH_ANSWER_US);
        cut_off(f);
        forget(f);
        worker_answers(f, CALL);
        wait_us(f, 10 * SWITCH_KILL_US);
        expect(f, "");
        /* It is asked again. */
        turn(f, PHONE_COMMAND_PAUSE_VIDEO, true);
        expect(f, "worker-pause:on worker-ping");
        wait_us(f, SWITCH_ANSWER_US);
        expect(f, "worker-cut");
        cut_off(f);
        expect(f, "session send:state done");
}
END_TEST

START_TEST(what_is_asked_of_a_worker_that_is_cut_off_is_so_at_once)
{
        FIXTURE(f);

        talk_openly(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        forget(f);
        wait_us(f, SWITCH_ANSWER_US);
        cut_off(f);
        forget(f);
        turn(f, PHONE_COMMAND_PAUSE_VIDEO, true);
        expect(f, "worker-pause:on worker-ping session send:state done");
        wait_us(f, SWITCH_KILL_US);
        expect(f, "worker-kill");
}
END_TEST

START_TEST(before_the_join_it_is_so_at_once_and_carried_in_the_join)
{
        FIXTURE(f);

        incoming_until(f, CALL, STAGE_JOINING);
        forget(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        expect(f, "session send:state done");
        reply_join(f, "alice-1");
        forget(f);
        ck_assert(f->last[PHONE_WORKER_JOIN].join.muted);
}
END_TEST

START_TEST(join_that_is_sent_again_opens_nothing_that_was_closed_meanwhile)
{
        FIXTURE(f);

        incoming_until(f, CALL, STAGE_JOINING);
        forget(f);
        ck_assert(!f->sent[MESSAGE_JOIN].join.muted);
        turn(f, PHONE_COMMAND_MUTE, true);
        hub_gone(f);
        hub_welcomes(f, NULL, 0, true);
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "send:join"));
        ck_assert(f->sent[MESSAGE_JOIN].join.muted);
}
END_TEST

START_TEST(after_the_join_was_ordered_it_is_so_when_the_worker_has_answered)
{
        FIXTURE(f);

        incoming_until(f, CALL, STAGE_JOINING);
        reply_join(f, "alice-1");
        forget(f);
        ck_assert_int_eq(session_of(f, CALL), SESSION_JOINING);
        turn(f, PHONE_COMMAND_MUTE, true);
        expect(f, "worker-mute:on worker-ping");
        worker_answers(f, CALL);
        expect(f, "session send:state done");
}
END_TEST

START_TEST(opening_is_said_when_it_is_asked_for)
{
        FIXTURE(f);

        talk_openly(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        forget(f);
        worker_answers(f, CALL);
        forget(f);
        turn(f, PHONE_COMMAND_MUTE, false);
        expect(f, "session worker-mute:off send:state done");
}
END_TEST

START_TEST(who_opens_before_it_is_closed_is_not_said_to_be_closed)
{
        PhoneCommandType type = switches[_i].command;
        char expected[128];
        FIXTURE(f);

        talk_openly(f);
        turn(f, type, true);
        forget(f);
        turn(f, type, false);
        snprintf(expected, sizeof(expected), "done:InvalidTransition %s done", switches[_i].opens);
        expect(f, expected);
        worker_answers(f, CALL);
        wait_us(f, 10 * SWITCH_ANSWER_US);
        expect(f, "");
        ck_assert(!is_protected(f, type));
}
END_TEST

START_TEST(answer_to_an_earlier_order_confirms_no_later_one)
{
        uint64_t first;
        FIXTURE(f);

        talk_openly(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        forget(f);
        first = f->last[PHONE_WORKER_PING].serial;
        turn(f, PHONE_COMMAND_MUTE, false);
        turn(f, PHONE_COMMAND_MUTE, true);
        forget(f);
        phone_worker_answered(f->phone, &f->instant, CALL, first);
        expect(f, "");
        ck_assert(!is_protected(f, PHONE_COMMAND_MUTE));
        worker_answers(f, CALL);
        expect(f, "session send:state done");
}
END_TEST

START_TEST(all_programs_that_wait_are_answered_up_to_a_number)
{
        FIXTURE(f);

        talk_openly(f);
        for (int i = 0; i < SWITCH_TICKETS_MAX; i++)
                turn(f, PHONE_COMMAND_MUTE, true);
        expect(f, "worker-mute:on worker-ping");
        turn(f, PHONE_COMMAND_MUTE, true);
        expect(f, "done:TooMany");
        worker_answers(f, CALL);
        expect(f, "session send:state done done done done done done done done");
}
END_TEST

START_TEST(hanging_up_and_the_end_of_the_worker_answer_who_waits)
{
        FIXTURE(f);

        talk_openly(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        forget(f);
        if (_i == 0)
                hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_REMOTE_HANGUP);
        else
                phone_worker_gone(f->phone, &f->instant, CALL, "it died");
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "done"));
        ck_assert(is_protected(f, PHONE_COMMAND_MUTE));
        wait_us(f, SWITCH_ANSWER_US + SWITCH_KILL_US);
        ck_assert_ptr_null(strstr(fixture_trace(f), "worker-"));
}
END_TEST

START_TEST(adopted_worker_is_ordered_what_protects_and_cut_off_without_an_answer)
{
        FIXTURE(f);

        talk_openly(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        forget(f);
        worker_answers(f, CALL);
        restarted(f, true);
        expect(f, "call-added session-added worker-mute:on worker-ping manager");
        ck_assert(!is_protected(f, PHONE_COMMAND_MUTE));
        wait_us(f, SWITCH_ANSWER_US);
        expect(f, "worker-cut");
        ck_assert(!is_protected(f, PHONE_COMMAND_MUTE));
        cut_off(f);
        expect(f, "session");
        ck_assert(is_protected(f, PHONE_COMMAND_MUTE));
        wait_us(f, SWITCH_KILL_US);
        expect(f, "worker-kill");
}
END_TEST

START_TEST(who_asked_to_be_muted_is_muted_although_tringd_was_killed_meanwhile)
{
        FIXTURE(f);

        talk_openly(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        forget(f);
        restarted(f, true);
        expect(f, "call-added session-added worker-mute:on worker-ping manager");
        ck_assert(!is_protected(f, PHONE_COMMAND_MUTE));
        /* A report from before the order. */
        phone_worker_muted(f->phone, &f->instant, CALL, false);
        expect(f, "");
        worker_answers(f, CALL);
        expect(f, "session");
        ck_assert(is_protected(f, PHONE_COMMAND_MUTE));
}
END_TEST

/* The worker has joined, with an open microphone, and tringd died before it had stored that. */
static void joined_in_a_hurry(Fixture *f, Stage stored)
{
        if (stored == STAGE_ACCEPTING)
                f->store_lags = true;
        incoming_until(f, CALL, STAGE_JOINING);
        f->store_lags = true;
        reply_join(f, "alice-1");
        ck_assert(!f->last[PHONE_WORKER_JOIN].join.muted);
        restarted(f, true);
}

START_TEST(worker_whose_join_was_not_stored_is_muted_before_that_is_said)
{
        FIXTURE(f);

        joined_in_a_hurry(f, STAGE_JOINING);
        ck_assert_str_eq(session(f, CALL)->own_id, "");
        forget(f);
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_CONNECTED);
        phone_worker_muted(f->phone, &f->instant, CALL, false);
        forget(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        expect(f, "worker-mute:on worker-ping");
        ck_assert(!is_protected(f, PHONE_COMMAND_MUTE));
        worker_answers(f, CALL);
        ck_assert(is_protected(f, PHONE_COMMAND_MUTE));
}
END_TEST

START_TEST(worker_is_muted_before_that_is_said_though_it_has_not_reported_yet)
{
        FIXTURE(f);

        joined_in_a_hurry(f, STAGE_JOINING);
        forget(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        expect(f, "worker-mute:on worker-ping");
        ck_assert(!is_protected(f, PHONE_COMMAND_MUTE));
}
END_TEST

START_TEST(worker_that_has_had_no_order_to_join_joins_once_the_hub_is_there)
{
        CallSnapshot call = incoming(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        incoming_until(f, CALL, STAGE_JOINING);
        restarted(f, true);
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_IDLE);
        forget(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        expect(f, "session done");
        hub_welcomes(f, &call, 1, false);
        expect(f, "send:state send:join manager");
        reply_join(f, "alice-1");
        forget(f);
        ck_assert(f->last[PHONE_WORKER_JOIN].join.muted);
}
END_TEST

START_TEST(worker_of_a_call_that_is_stored_as_ringing_is_replaced)
{
        FIXTURE(f);

        rings_delivered(f, CALL);
        joined_in_a_hurry(f, STAGE_ACCEPTING);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
        const char *words = fixture_trace(f);
        const char *stop = strstr(words, "worker-stop");
        ck_assert_ptr_nonnull(stop);
        ck_assert_ptr_nonnull(strstr(stop, "worker-start"));
}
END_TEST

START_TEST(who_opened_again_before_it_was_closed_is_heard_although_tringd_was_killed)
{
        FIXTURE(f);

        talk_openly(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        turn(f, PHONE_COMMAND_MUTE, false);
        forget(f);
        restarted(f, true);
        expect(f, "call-added session-added manager");
}
END_TEST

START_TEST(who_asked_to_be_muted_joins_muted_after_a_restart_without_the_worker)
{
        FIXTURE(f);

        talk_openly(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        restarted(f, false);
        ck_assert(is_protected(f, PHONE_COMMAND_MUTE));
}
END_TEST

START_TEST(worker_that_says_it_is_open_is_closed_and_nobody_told_it_is_closed_before)
{
        FIXTURE(f);

        talk_openly(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        forget(f);
        worker_answers(f, CALL);
        forget(f);
        phone_worker_muted(f->phone, &f->instant, CALL, false);
        expect(f, "worker-mute:on worker-ping session send:state");
        ck_assert(!is_protected(f, PHONE_COMMAND_MUTE));
        worker_answers(f, CALL);
        ck_assert(is_protected(f, PHONE_COMMAND_MUTE));
}
END_TEST

START_TEST(worker_that_can_not_be_ended_is_not_said_to_be_closed)
{
        FIXTURE(f);

        talk_openly(f);
        turn(f, PHONE_COMMAND_MUTE, true);
        forget(f);
        wait_us(f, SWITCH_ANSWER_US);
        expect(f, "worker-cut");
        phone_worker_lost(f->phone, &f->instant, CALL, "it may still run");
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "done:MediaFailed"));
        ck_assert_int_eq(session_of(f, CALL), SESSION_FAILED);
        ck_assert(!is_protected(f, PHONE_COMMAND_MUTE));
}
END_TEST

/* The worker was still joining when it was adopted, so the device joins again, and is refused. */
START_TEST(media_that_have_failed_leave_no_microphone_open)
{
        CallSnapshot call = incoming(CALL, CALL_STATUS_ONGOING);
        Participant other = {.id = "alice-1", .party.uid = "alice"};
        FIXTURE(f);

        talking(f, CALL);
        restarted(f, true);
        STR_SET(call.participant, phone_call_find(f->phone, CALL)->stored.session.own_id);
        call.others = &other;
        call.n_others = 1;
        hub_welcomes(f, &call, 1, false);
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_JOINING);
        forget(f);
        reply_error(f, MESSAGE_TOKEN, CALL_ERROR_AUTH_FAILED);
        expect(f, "session session worker-stop session-error:AuthFailed");
        ck_assert_int_eq(session_of(f, CALL), SESSION_FAILED);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("phone");
        TCase *tcase = tcase_create("switches");

        tcase_add_loop_test(tcase, what_protects_is_said_when_the_worker_has_answered, 0,
                            ELEMENTSOF(switches));
        tcase_add_loop_test(tcase, worker_that_does_not_answer_is_cut_off_and_then_killed, 0,
                            ELEMENTSOF(switches));
        tcase_add_test(tcase, each_switch_is_so_in_time_whatever_the_worker_answers_about_others);
        tcase_add_test(tcase, first_of_two_switches_does_not_wait_for_the_second);
        tcase_add_test(tcase, worker_that_answers_after_it_was_cut_off_is_not_killed);
        tcase_add_test(tcase, what_is_asked_of_a_worker_that_is_cut_off_is_so_at_once);
        tcase_add_test(tcase, before_the_join_it_is_so_at_once_and_carried_in_the_join);
        tcase_add_test(tcase, join_that_is_sent_again_opens_nothing_that_was_closed_meanwhile);
        tcase_add_test(tcase, after_the_join_was_ordered_it_is_so_when_the_worker_has_answered);
        tcase_add_test(tcase, opening_is_said_when_it_is_asked_for);
        tcase_add_loop_test(tcase, who_opens_before_it_is_closed_is_not_said_to_be_closed, 0, 2);
        tcase_add_test(tcase, answer_to_an_earlier_order_confirms_no_later_one);
        tcase_add_test(tcase, all_programs_that_wait_are_answered_up_to_a_number);
        tcase_add_loop_test(tcase, hanging_up_and_the_end_of_the_worker_answer_who_waits, 0, 2);
        tcase_add_test(tcase,
                       adopted_worker_is_ordered_what_protects_and_cut_off_without_an_answer);
        tcase_add_test(tcase, who_asked_to_be_muted_is_muted_although_tringd_was_killed_meanwhile);
        tcase_add_test(tcase, worker_whose_join_was_not_stored_is_muted_before_that_is_said);
        tcase_add_test(tcase, worker_is_muted_before_that_is_said_though_it_has_not_reported_yet);
        tcase_add_test(tcase, worker_that_has_had_no_order_to_join_joins_once_the_hub_is_there);
        tcase_add_test(tcase, worker_of_a_call_that_is_stored_as_ringing_is_replaced);
        tcase_add_test(tcase,
                       who_opened_again_before_it_was_closed_is_heard_although_tringd_was_killed);
        tcase_add_test(tcase, who_asked_to_be_muted_joins_muted_after_a_restart_without_the_worker);
        tcase_add_test(tcase,
                       worker_that_says_it_is_open_is_closed_and_nobody_told_it_is_closed_before);
        tcase_add_test(tcase, worker_that_can_not_be_ended_is_not_said_to_be_closed);
        tcase_add_test(tcase, media_that_have_failed_leave_no_microphone_open);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
