/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"

/*
 * What opens a microphone or a camera: commands of this device's user alone. The hub of these tests
 * lies. CALL-MODEL.md, rule 22.
 */

static CallSnapshot of_type(CallSnapshot snapshot, CallType type)
{
        snapshot.record.type = type;
        return snapshot;
}

static void rings_as(Fixture *f, const char *session_id, CallType type)
{
        CallSnapshot snapshot = of_type(incoming(session_id, CALL_STATUS_INITIATED), type);

        hub_says(f, MESSAGE_INCOMING, &snapshot);
        forget(f);
}

static void accept_call(Fixture *f, const char *session_id, bool as_audio)
{
        PhoneCommand accept = asks(PHONE_COMMAND_ACCEPT, session_id);

        accept.accept.request.join = true;
        accept.accept.request.as_audio = as_audio;
        command(f, &accept);
        forget(f);
}

static void place_as(Fixture *f, const char *session_id, CallType type)
{
        PhoneCommand initiate = asks(PHONE_COMMAND_INITIATE, session_id);

        STR_SET(initiate.initiate.request.session_id, session_id);
        STR_SET(initiate.initiate.request.receiver, "alice");
        initiate.initiate.request.type = type;
        initiate.initiate.request.join = true;
        command(f, &initiate);
        forget(f);
}

/* The hub lets this device join, and the worker is told what to open. */
static void joins(Fixture *f, const char *session_id, bool camera)
{
        ck_assert_int_eq(session(f, session_id)->video_paused, !camera);
        ck_assert_int_eq(f->sent[MESSAGE_JOIN].join.video_paused, !camera);
        reply_join(f, "alice-1");
        forget(f);
        ck_assert_int_eq(f->last[PHONE_WORKER_JOIN].join.video_paused, !camera);
}

START_TEST(rule_22_a_hub_that_makes_a_placed_call_video_opens_no_camera)
{
        CallSnapshot lie = of_type(outgoing(CALL, CALL_STATUS_ONGOING), CALL_TYPE_VIDEO);
        FIXTURE(f);

        place_as(f, CALL, CALL_TYPE_AUDIO);
        reply_call(f, MESSAGE_INITIATE, outgoing(CALL, CALL_STATUS_INITIATED));
        hub_says(f, MESSAGE_ACCEPTED, &lie);
        forget(f);
        joins(f, CALL, false);
        /* Only what is received may change. */
        ck_assert(f->last[PHONE_WORKER_JOIN].join.video);
}
END_TEST

START_TEST(rule_22_a_hub_that_makes_a_placed_call_video_before_the_answer_opens_no_camera)
{
        FIXTURE(f);

        place_as(f, CALL, CALL_TYPE_AUDIO);
        reply_call(f, MESSAGE_INITIATE,
                   of_type(outgoing(CALL, CALL_STATUS_ONGOING), CALL_TYPE_VIDEO));
        forget(f);
        joins(f, CALL, false);
}
END_TEST

START_TEST(rule_22_a_hub_that_makes_an_answered_call_video_opens_no_camera)
{
        FIXTURE(f);

        rings_as(f, CALL, CALL_TYPE_AUDIO);
        accept_call(f, CALL, false);
        reply_call(f, MESSAGE_ACCEPT,
                   of_type(incoming(CALL, CALL_STATUS_ONGOING), CALL_TYPE_VIDEO));
        forget(f);
        joins(f, CALL, false);
}
END_TEST

START_TEST(rule_22_a_video_call_that_was_answered_as_audio_opens_no_camera)
{
        FIXTURE(f);

        rings_as(f, CALL, CALL_TYPE_VIDEO);
        accept_call(f, CALL, true);
        reply_call(f, MESSAGE_ACCEPT,
                   of_type(incoming(CALL, CALL_STATUS_ONGOING), CALL_TYPE_VIDEO));
        forget(f);
        joins(f, CALL, false);
}
END_TEST

START_TEST(rule_22_a_video_call_that_was_answered_as_such_opens_the_camera)
{
        FIXTURE(f);

        rings_as(f, CALL, CALL_TYPE_VIDEO);
        accept_call(f, CALL, false);
        reply_call(f, MESSAGE_ACCEPT,
                   of_type(incoming(CALL, CALL_STATUS_ONGOING), CALL_TYPE_VIDEO));
        forget(f);
        joins(f, CALL, true);
}
END_TEST

START_TEST(rule_22_glare_with_an_audio_call_closes_the_camera_until_the_user_opens_it)
{
        PhoneCommand open = asks(PHONE_COMMAND_PAUSE_VIDEO, CALL);
        FIXTURE(f);

        rings_as(f, CALL, CALL_TYPE_AUDIO);
        place_as(f, OTHER, CALL_TYPE_VIDEO);
        reply_call(f, MESSAGE_INITIATE, incoming(CALL, CALL_STATUS_ONGOING));
        forget(f);
        joins(f, CALL, false);
        command(f, &open);
        forget(f);
        ck_assert(!session(f, CALL)->video_paused);
}
END_TEST

START_TEST(rule_22_glare_with_a_video_call_does_not_open_the_camera_of_an_audio_call)
{
        FIXTURE(f);

        rings_as(f, CALL, CALL_TYPE_VIDEO);
        place_as(f, OTHER, CALL_TYPE_AUDIO);
        reply_call(f, MESSAGE_INITIATE,
                   of_type(incoming(CALL, CALL_STATUS_ONGOING), CALL_TYPE_VIDEO));
        forget(f);
        joins(f, CALL, false);
}
END_TEST

START_TEST(rule_22_a_call_to_one_user_does_not_answer_that_of_another)
{
        CallSnapshot lie = incoming(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        rings_as(f, CALL, CALL_TYPE_AUDIO);
        place_as(f, OTHER, CALL_TYPE_AUDIO);
        STR_SET(lie.record.initiator.uid, "mallory");
        reply_call(f, MESSAGE_INITIATE, lie);
        expect(f, "done:NotSupported");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
}
END_TEST

START_TEST(rule_22_a_join_without_a_type_opens_what_was_agreed_to_at_the_answer)
{
        PhoneCommand join = asks(PHONE_COMMAND_JOIN, CALL);
        FIXTURE(f);

        rings_as(f, CALL, CALL_TYPE_AUDIO);
        accept_call(f, CALL, false);
        reply_call(f, MESSAGE_ACCEPT,
                   of_type(incoming(CALL, CALL_STATUS_ONGOING), CALL_TYPE_VIDEO));
        forget(f);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        forget(f);
        ck_assert(session(f, CALL)->video_paused);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        join.settings = (SessionSettings){.has_type = true, .type = CALL_TYPE_VIDEO};
        command(f, &join);
        forget(f);
        ck_assert(!session(f, CALL)->video_paused);
}
END_TEST

START_TEST(rule_22_a_call_that_a_welcome_calls_ours_opens_nothing)
{
        CallSnapshot lie = of_type(incoming(CALL, CALL_STATUS_ONGOING), CALL_TYPE_VIDEO);
        __attribute__((cleanup(fixture_freep))) Fixture *f = fixture_new();

        hub_welcomes(f, &lie, 1, false);
        expect(f, "call-added session-added manager");
        ck_assert(session(f, CALL)->audio_muted);
        ck_assert(session(f, CALL)->video_paused);
        /* A worker that is found beside it is silenced. */
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_CONNECTED);
        phone_worker_muted(f->phone, &f->instant, CALL, false);
        phone_worker_paused(f->phone, &f->instant, CALL, false);
        expect(f, "session worker-mute:on worker-ping session send:state "
                  "worker-pause:on worker-ping session send:state");
        do_to(f, PHONE_COMMAND_MUTE, CALL);
        ck_assert(!session(f, CALL)->audio_muted);
}
END_TEST

START_TEST(rule_22_a_ring_that_a_welcome_calls_answered_here_is_not_joined)
{
        CallSnapshot lie = incoming(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        rings_as(f, CALL, CALL_TYPE_AUDIO);
        hub_gone(f);
        forget(f);
        hub_welcomes(f, &lie, 1, false);
        ck_assert_ptr_null(strstr(fixture_trace(f), "send:join"));
        ck_assert_int_eq(session_of(f, CALL), SESSION_IDLE);
}
END_TEST

START_TEST(rule_22_a_restart_keeps_what_was_agreed_to_in_a_ring)
{
        CallSnapshot lie = of_type(outgoing(CALL, CALL_STATUS_ONGOING), CALL_TYPE_VIDEO);
        FIXTURE(f);

        place_as(f, CALL, CALL_TYPE_AUDIO);
        reply_call(f, MESSAGE_INITIATE,
                   of_type(outgoing(CALL, CALL_STATUS_INITIATED), CALL_TYPE_VIDEO));
        restarted(f, false);
        hub_welcomes(f, &lie, 1, false);
        forget(f);
        joins(f, CALL, false);
}
END_TEST

START_TEST(rule_22_a_restart_keeps_what_was_agreed_to_in_an_answer_on_its_way)
{
        CallSnapshot call = of_type(incoming(CALL, CALL_STATUS_ONGOING), CALL_TYPE_VIDEO);
        FIXTURE(f);

        rings_as(f, CALL, CALL_TYPE_VIDEO);
        accept_call(f, CALL, true);
        restarted(f, false);
        hub_welcomes(f, &call, 1, false);
        forget(f);
        joins(f, CALL, false);
}
END_TEST

START_TEST(rule_22_an_answer_that_was_refused_agrees_to_nothing_after_a_restart)
{
        CallSnapshot lie = incoming(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        rings_as(f, CALL, CALL_TYPE_AUDIO);
        accept_call(f, CALL, false);
        reply_error(f, MESSAGE_ACCEPT, CALL_ERROR_BUSY_SELF);
        restarted(f, false);
        forget(f);
        hub_welcomes(f, &lie, 1, false);
        ck_assert_ptr_null(strstr(fixture_trace(f), "send:join"));
}
END_TEST

START_TEST(rule_22_who_declines_after_an_answer_that_timed_out_is_not_heard)
{
        FIXTURE(f);

        rings_as(f, CALL, CALL_TYPE_AUDIO);
        accept_call(f, CALL, false);
        wait_us(f, COMMAND_TIMEOUT_US);
        reject(f, CALL, CALL_STATUS_REJECTED);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        ck_assert_ptr_null(strstr(fixture_trace(f), "send:join"));
}
END_TEST

static CallSnapshot group_call(CallStatus status)
{
        CallSnapshot snapshot = of_type(incoming(CALL, status), CALL_TYPE_VIDEO);

        snapshot.record.receiver_type = RECEIVER_TYPE_GROUP;
        STR_SET(snapshot.join_token, status == CALL_STATUS_ONGOING ? "token" : "");
        return snapshot;
}

/* Hangs up a group's call, and answers it again before the hub has replied. */
static void end_and_accept_again(Fixture *f)
{
        CallSnapshot ring = group_call(CALL_STATUS_INITIATED);

        hub_says(f, MESSAGE_INCOMING, &ring);
        accept_call(f, CALL, false);
        reply_call(f, MESSAGE_ACCEPT, group_call(CALL_STATUS_ONGOING));
        forget(f);
        reply_join(f, "alice-1");
        do_to(f, PHONE_COMMAND_END, CALL);
        forget(f);
        accept_call(f, CALL, false);
}

static void hub_ends_and_takes_the_accept(Fixture *f)
{
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_HANGUP);
        reply_ok(f, MESSAGE_END);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, group_call(CALL_STATUS_ONGOING));
}

START_TEST(rule_22_who_leaves_after_another_answer_does_not_join)
{
        FIXTURE(f);

        end_and_accept_again(f);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        hub_ends_and_takes_the_accept(f);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
        ck_assert_ptr_null(strstr(fixture_trace(f), "send:join"));
}
END_TEST

START_TEST(rule_22_who_mutes_after_another_answer_joins_muted)
{
        PhoneCommand mute = asks(PHONE_COMMAND_MUTE, CALL),
                     pause = asks(PHONE_COMMAND_PAUSE_VIDEO, CALL);
        FIXTURE(f);

        end_and_accept_again(f);
        mute.on = pause.on = true;
        command(f, &mute);
        command(f, &pause);
        hub_ends_and_takes_the_accept(f);
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "send:join"));
        ck_assert(f->sent[MESSAGE_JOIN].join.muted);
        ck_assert(f->sent[MESSAGE_JOIN].join.video_paused);
}
END_TEST

START_TEST(rule_22_a_call_that_is_placed_again_starts_as_muted_as_the_first_time)
{
        PhoneCommand initiate = asks(PHONE_COMMAND_INITIATE, OTHER);
        FIXTURE(f);

        STR_SET(initiate.initiate.request.session_id, OTHER);
        STR_SET(initiate.initiate.request.receiver, "alice");
        initiate.initiate.request.join = true;
        initiate.initiate.settings.start_audio_muted = true;
        command(f, &initiate);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, outgoing(OTHER, CALL_STATUS_INITIATED));
        hub_gone(f);
        hub_welcomes(f, NULL, 0, false);
        forget(f);
        reply_no_history(f);
        forget(f);
        /* The hub takes it as the answer to a call that rings here. */
        rings_as(f, CALL, CALL_TYPE_AUDIO);
        reply_call(f, MESSAGE_INITIATE, incoming(CALL, CALL_STATUS_ONGOING));
        forget(f);
        ck_assert(session(f, CALL)->audio_muted);
        ck_assert(f->sent[MESSAGE_JOIN].join.muted);
}
END_TEST

/* The call was cancelled while it was being placed again, and the hub merges it into another. */
START_TEST(rule_6_who_has_cancelled_is_not_heard_in_the_call_that_takes_its_place)
{
        CallSnapshot other = of_type(incoming(CALL, CALL_STATUS_ONGOING), CALL_TYPE_VIDEO);
        FIXTURE(f);

        STR_SET(other.join_token, "token");
        place_as(f, OTHER, CALL_TYPE_VIDEO);
        reply_call(f, MESSAGE_INITIATE, outgoing(OTHER, CALL_STATUS_INITIATED));
        hub_gone(f);
        hub_welcomes(f, NULL, 0, false);
        forget(f);
        reply_no_history(f);
        forget(f);
        reject(f, OTHER, CALL_STATUS_CANCELLED);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, other);
        const char *trace = fixture_trace(f);
        ck_assert_ptr_null(strstr(trace, "send:join"));
        ck_assert_ptr_nonnull(strstr(trace, "send:end"));
        ck_assert_int_ne(session_of(f, CALL), SESSION_JOINING);
}
END_TEST

/* The hub gives no reply to the answer, drops the connection and calls it answered afterwards. */
static void hub_answers_late(Fixture *f)
{
        CallSnapshot lie = of_type(incoming(CALL, CALL_STATUS_ONGOING), CALL_TYPE_VIDEO);

        STR_SET(lie.join_token, "token");
        hub_gone(f);
        hub_welcomes(f, &lie, 1, false);
}

START_TEST(rule_22_who_declines_or_hangs_up_behind_an_answer_on_its_way_is_not_heard)
{
        for (int i = 0; i < 3; i++) {
                FIXTURE(f);

                rings_as(f, CALL, CALL_TYPE_VIDEO);
                accept_call(f, CALL, false);
                if (i == 1)
                        do_to(f, PHONE_COMMAND_END, CALL);
                if (i == 2)
                        reject(f, CALL, CALL_STATUS_REJECTED);
                hub_answers_late(f);
                ck_assert_int_eq(strstr(fixture_trace(f), "send:join") != NULL, i == 0);
        }
}
END_TEST

START_TEST(rule_22_a_program_that_finds_the_person_busy_withdraws_no_answer)
{
        FIXTURE(f);

        rings_as(f, CALL, CALL_TYPE_VIDEO);
        accept_call(f, CALL, false);
        reject(f, CALL, CALL_STATUS_BUSY);
        hub_answers_late(f);
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "send:join"));
}
END_TEST

START_TEST(rule_2_no_hub_makes_a_call_ring_for_longer_than_any_may)
{
        CallSnapshot again = incoming(CALL, CALL_STATUS_INITIATED);
        FIXTURE(f);

        rings_as(f, CALL, CALL_TYPE_AUDIO);
        usec_t first = f->instant.now;
        wait_us(f, 10 * USEC_PER_SEC);
        again.remaining_ms = UINT32_MAX;
        hub_says(f, MESSAGE_INCOMING, &again);
        ck_assert_uint_eq(phone_call_find(f->phone, CALL)->ring_until,
                          first + RING_TIMEOUT_MAX_S * USEC_PER_SEC);
}
END_TEST

START_TEST(rule_22_an_answer_by_somebody_else_does_not_rename_who_was_called)
{
        CallSnapshot lie = outgoing(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        placed(f, CALL);
        STR_SET(lie.record.receiver.uid, "mallory");
        hub_says(f, MESSAGE_ACCEPTED, &lie);
        ck_assert_str_eq(phone_call_find(f->phone, CALL)->stored.record.receiver.uid, "alice");
}
END_TEST

/* Also after its end, while its object is there. */
START_TEST(rule_1_no_word_of_the_hub_makes_a_call_anothers)
{
        CallSnapshot lie = incoming(CALL, CALL_STATUS_ONGOING);
        Message logged = {.type = MESSAGE_LOGGED};
        FIXTURE(f);

        placed(f, CALL);
        hub_gone(f);
        hub_welcomes(f, &lie, 1, false);
        forget(f);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
        hub_over(f, CALL, CALL_STATUS_REJECTED, CALL_REASON_DECLINED);
        forget(f);
        logged.logged = incoming(CALL, CALL_STATUS_MISSED).record;
        hub_message(f, &logged);
        expect(f, "");
        accept_by(f, CALL, PROGRAM);
        expect(f, "done:CallTerminated");
        ck_assert_int_eq(phone_call_find(f->phone, CALL)->stored.record.direction,
                         CALL_DIRECTION_OUTGOING);
        logged.logged = outgoing(CALL, CALL_STATUS_REJECTED).record;
        hub_message(f, &logged);
        expect(f, "history:rejected/");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                rule_22_a_hub_that_makes_a_placed_call_video_opens_no_camera,
                rule_22_a_hub_that_makes_a_placed_call_video_before_the_answer_opens_no_camera,
                rule_22_a_hub_that_makes_an_answered_call_video_opens_no_camera,
                rule_22_a_video_call_that_was_answered_as_audio_opens_no_camera,
                rule_22_a_video_call_that_was_answered_as_such_opens_the_camera,
                rule_22_glare_with_an_audio_call_closes_the_camera_until_the_user_opens_it,
                rule_22_glare_with_a_video_call_does_not_open_the_camera_of_an_audio_call,
                rule_22_a_call_to_one_user_does_not_answer_that_of_another,
                rule_22_a_join_without_a_type_opens_what_was_agreed_to_at_the_answer,
                rule_22_a_call_that_a_welcome_calls_ours_opens_nothing,
                rule_22_a_ring_that_a_welcome_calls_answered_here_is_not_joined,
                rule_22_a_restart_keeps_what_was_agreed_to_in_a_ring,
                rule_22_a_restart_keeps_what_was_agreed_to_in_an_answer_on_its_way,
                rule_22_an_answer_that_was_refused_agrees_to_nothing_after_a_restart,
                rule_22_who_declines_after_an_answer_that_timed_out_is_not_heard,
                rule_22_who_leaves_after_another_answer_does_not_join,
                rule_22_who_mutes_after_another_answer_joins_muted,
                rule_6_who_has_cancelled_is_not_heard_in_the_call_that_takes_its_place,
                rule_22_who_declines_or_hangs_up_behind_an_answer_on_its_way_is_not_heard,
                rule_22_a_program_that_finds_the_person_busy_withdraws_no_answer,
                rule_2_no_hub_makes_a_call_ring_for_longer_than_any_may,
                rule_22_a_call_that_is_placed_again_starts_as_muted_as_the_first_time,
                rule_22_an_answer_by_somebody_else_does_not_rename_who_was_called,
                rule_1_no_word_of_the_hub_makes_a_call_anothers,
        };

        return suite_run(phone_suite("consent", tests, ELEMENTSOF(tests)));
}
