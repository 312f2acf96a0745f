/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"
#include "phone/state.h"

/* The media of a call, as the phone sees them: CALL-MODEL.md, rule 18. */

static const PhoneSession *session(Fixture *f, const char *session_id)
{
        return &phone_call_find(f->phone, session_id)->stored.session;
}

START_TEST(rule_18_the_hub_hears_of_the_join_before_the_media_are_ready)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        accept_by(f, CALL, PROGRAM);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        forget(f);
        reply_join(f, "alice-1");
        expect(f, "session user-joined worker-join");
        ck_assert_str_eq(f->last[PHONE_WORKER_JOIN].join.reply.participant, "me");
        ck_assert_uint_eq(f->last[PHONE_WORKER_JOIN].join.reply.n_others, 1);
        ck_assert_int_eq(session(f, CALL)->state, SESSION_JOINING);
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_CONNECTED);
        expect(f, "session");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_CONNECTED);
}
END_TEST

START_TEST(media_by_a_way_that_is_not_known_are_left_with_a_sentence)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        accept_by(f, CALL, PROGRAM);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        forget(f);
        reply_join_by(f, "sfu");
        expect(f, "session session-error:NotSupported send:leave");
        ck_assert_str_eq(f->last[PHONE_SESSION_ERROR].text,
                         "the hub asks for media mode 'sfu', which this version does not support");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_FAILED);
}
END_TEST

START_TEST(rule_18_who_does_not_want_to_join_has_no_worker)
{
        PhoneCommand accept = asks(PHONE_COMMAND_ACCEPT, CALL);
        FIXTURE(f);

        hub_rings(f, CALL);
        command(f, &accept);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        expect(f, "call session-added status:ongoing worker-stop done");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_IDLE);
}
END_TEST

START_TEST(rule_18_who_joins_by_a_newer_connection_takes_our_place)
{
        Message left = {.type = MESSAGE_LEFT};
        FIXTURE(f);

        talking(f, CALL);
        STR_SET(left.participant.session_id, CALL);
        STR_SET(left.participant.participant.id, session(f, CALL)->own_id);
        hub_message(f, &left);
        ck_assert_ptr_nonnull(strstr(fixture_said(f), "worker-stop"));
        ck_assert_int_eq(session(f, CALL)->state, SESSION_LEFT);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
}
END_TEST

START_TEST(rule_18_leave_ends_the_worker_and_keeps_the_call)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        expect(f, "worker-stop session send:leave");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_LEFT);
        ck_assert_uint_eq(session(f, CALL)->n_participants, 0);
        reply_ok(f, MESSAGE_LEAVE);
        expect(f, "done");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        expect(f, "done");
}
END_TEST

START_TEST(rule_18_join_is_legal_again_after_leave)
{
        PhoneCommand join = asks(PHONE_COMMAND_JOIN, CALL);
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        expect(f, "done:InvalidTransition");
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        forget(f);
        reply_ok(f, MESSAGE_LEAVE);
        forget(f);
        join.settings.start_audio_muted = true;
        command(f, &join);
        expect(f, "session session send:token");
        reply_token(f, MESSAGE_TOKEN, "another");
        expect(f, "send:join worker-start");
        ck_assert_str_eq(f->sent[MESSAGE_JOIN].join.token, "another");
        ck_assert(f->sent[MESSAGE_JOIN].join.muted);
        reply_join(f, "alice-2");
        expect(f, "session user-joined worker-join done");
        ck_assert(f->last[PHONE_WORKER_JOIN].join.muted);
}
END_TEST

START_TEST(rule_18_a_join_that_the_hub_refuses_is_an_error_of_the_session)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_LEAVE, CALL);
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        forget(f);
        reply_error(f, MESSAGE_TOKEN, CALL_ERROR_CALL_TERMINATED);
        expect(f, "session session-error:CallTerminated done:CallTerminated");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_FAILED);
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        expect(f, "session send:token");
}
END_TEST

START_TEST(rule_18_a_worker_that_dies_fails_the_session_and_not_the_call)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_gone(f->phone, &f->instant, CALL, "tring-media was killed");
        expect(f, "session session-error:MediaFailed");
        ck_assert_str_eq(f->last[PHONE_SESSION_ERROR].text, "tring-media was killed");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_FAILED);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);

        do_to(f, PHONE_COMMAND_JOIN, CALL);
        forget(f);
        reply_token(f, MESSAGE_TOKEN, "another");
        expect(f, "send:join worker-start");
        reply_join(f, "alice-1");
        expect(f, "session worker-join done");
}
END_TEST

START_TEST(rule_19_a_worker_that_dies_while_it_rings_disturbs_nothing)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        phone_worker_gone(f->phone, &f->instant, CALL, "no memory");
        expect(f, "");
        accept_by(f, CALL, PROGRAM);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        expect(f, "call session-added status:ongoing send:join worker-start done");
}
END_TEST

START_TEST(rule_18_a_failed_worker_is_replaced_at_the_next_join)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_FAILED);
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        forget(f);
        reply_token(f, MESSAGE_TOKEN, "another");
        expect(f, "worker-stop send:join worker-start");
}
END_TEST

START_TEST(participants_come_and_go)
{
        FIXTURE(f);

        talking(f, CALL);
        hub_participant(f, MESSAGE_JOINED, CALL, "alice-2");
        expect(f, "session user-joined worker-participant-joined");
        hub_participant(f, MESSAGE_JOINED, CALL, "alice-2");
        expect(f, "");
        ck_assert_uint_eq(session(f, CALL)->n_participants, 2);
        hub_participant(f, MESSAGE_LEFT, CALL, "alice-1");
        expect(f, "session user-left worker-participant-left");
        hub_participant(f, MESSAGE_LEFT, CALL, "alice-1");
        expect(f, "");
        ck_assert_uint_eq(session(f, CALL)->n_participants, 1);
}
END_TEST

START_TEST(a_participant_who_mutes_is_told)
{
        Message message = {.type = MESSAGE_PARTICIPANT};
        FIXTURE(f);

        talking(f, CALL);
        STR_SET(message.participant.session_id, CALL);
        STR_SET(message.participant.participant.id, "alice-1");
        message.participant.participant.muted = true;
        hub_message(f, &message);
        expect(f, "session participant");
        ck_assert(session(f, CALL)->participants[0].participant.muted);
}
END_TEST

START_TEST(what_the_worker_hears_of_a_participant_is_shown_and_the_hub_told)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_participant(
                f->phone, &f->instant, CALL, "alice-1",
                &(ParticipantMedia){.connected = true, .speaking = true, .audio_node = "node"});
        expect(f, "session participant send:state");
        ck_assert(f->sent[MESSAGE_STATE].state.media_flows);
        ck_assert_str_eq(session(f, CALL)->participants[0].media.audio_node, "node");
        phone_worker_participant(
                f->phone, &f->instant, CALL, "alice-1",
                &(ParticipantMedia){.connected = true, .speaking = false, .audio_node = "node"});
        expect(f, "session participant");
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_RECONNECTING);
        expect(f, "session send:state");
        ck_assert(!f->sent[MESSAGE_STATE].state.media_flows);
        phone_worker_participant(
                f->phone, &f->instant, CALL, "nobody",
                &(ParticipantMedia){.connected = true, .speaking = false, .audio_node = "node"});
        expect(f, "");
}
END_TEST

START_TEST(signals_pass_both_ways)
{
        Message message = {.type = MESSAGE_SIGNALLED};
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_signal(f->phone, &f->instant, CALL, "alice-1", "{}");
        expect(f, "send:signal");
        ck_assert_str_eq(f->sent[MESSAGE_SIGNAL].signal.peer, "alice-1");
        reply_ok(f, MESSAGE_SIGNAL);

        STR_SET(message.signal.session_id, CALL);
        STR_SET(message.signal.peer, "alice-1");
        message.signal.data = (char[]){"{}"};
        hub_message(f, &message);
        expect(f, "worker-signal");
        ck_assert_str_eq(f->last[PHONE_WORKER_SIGNAL].message.signal.peer, "alice-1");
        STR_SET(message.signal.peer, "alice-0");
        hub_message(f, &message);
        expect(f, "");
}
END_TEST

START_TEST(who_has_not_joined_sees_the_others_and_takes_no_signals)
{
        PhoneCommand accept = asks(PHONE_COMMAND_ACCEPT, CALL);
        Message message = {.type = MESSAGE_SIGNALLED,
                           .signal = {.peer = "alice-1", .data = (char[]){"{}"}}};
        FIXTURE(f);

        hub_rings(f, CALL);
        command(f, &accept);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        forget(f);
        hub_participant(f, MESSAGE_JOINED, CALL, "alice-1");
        expect(f, "session user-joined");
        STR_SET(message.signal.session_id, CALL);
        hub_message(f, &message);
        phone_worker_signal(f->phone, &f->instant, CALL, "alice-1", "{}");
        expect(f, "");
        hub_participant(f, MESSAGE_LEFT, CALL, "alice-1");
        expect(f, "session user-left");
}
END_TEST

START_TEST(signals_that_wait_for_the_connection_are_bounded)
{
        FIXTURE(f);

        talking(f, CALL);
        hub_gone(f);
        for (int i = 0; i < 1000; i++)
                phone_worker_signal(f->phone, &f->instant, CALL, "alice-1", "{}");
        forget(f);
        hub_welcomes(f, NULL, 0, true);
        unsigned n = 0;
        for (const char *said = fixture_said(f); (said = strstr(said, "send:signal")); said++)
                n++;
        ck_assert_uint_eq(n, REQUESTS_IN_FLIGHT_MAX);

        /* Each that the hub has taken lets the next one go. */
        uint64_t first = f->ids[MESSAGE_SIGNAL] - n + 1;
        for (uint64_t id = first; id < first + 2 * SIGNALS_MAX; id++) {
                Message reply;

                message_reply_ok(&reply, id);
                hub_message(f, &reply);
                n += str_eq(fixture_said(f), "send:signal");
        }
        ck_assert_uint_eq(n, SIGNALS_MAX);
}
END_TEST

START_TEST(mute_is_for_the_worker_and_the_hub)
{
        PhoneCommand mute = asks(PHONE_COMMAND_MUTE, CALL);
        FIXTURE(f);

        talking(f, CALL);
        mute.on = true;
        command(f, &mute);
        expect(f, "session worker-mute:on send:state done");
        ck_assert(f->sent[MESSAGE_STATE].state.muted);
        command(f, &mute);
        expect(f, "done");
        mute.on = false;
        command(f, &mute);
        expect(f, "session worker-mute:off send:state done");
}
END_TEST

START_TEST(camera_is_off_in_an_audio_call_until_it_is_switched_on)
{
        PhoneCommand pause = asks(PHONE_COMMAND_PAUSE_VIDEO, CALL);
        FIXTURE(f);

        talking(f, CALL);
        ck_assert(session(f, CALL)->video_paused);
        command(f, &pause);
        expect(f, "session worker-pause:off send:state done");
        ck_assert(!f->sent[MESSAGE_STATE].state.video_paused);
        pause.on = true;
        command(f, &pause);
        expect(f, "session worker-pause:on send:state done");
        ck_assert(f->sent[MESSAGE_STATE].state.video_paused);
        command(f, &pause);
        expect(f, "done");
}
END_TEST

static void answer_video(Fixture *f, bool paused)
{
        PhoneCommand accept = asks(PHONE_COMMAND_ACCEPT, CALL);
        CallSnapshot snapshot = incoming(CALL, CALL_STATUS_ONGOING);

        hub_rings(f, CALL);
        accept.accept.request.join = true;
        accept.accept.settings.start_video_paused = paused;
        command(f, &accept);
        forget(f);
        snapshot.record.type = CALL_TYPE_VIDEO;
        reply_call(f, MESSAGE_ACCEPT, snapshot);
        forget(f);
        ck_assert_int_eq(session(f, CALL)->video_paused, paused);
        ck_assert_int_eq(f->sent[MESSAGE_JOIN].join.video_paused, paused);
        reply_join(f, NULL);
        forget(f);
        ck_assert(f->last[PHONE_WORKER_JOIN].join.video);
        ck_assert_int_eq(f->last[PHONE_WORKER_JOIN].join.video_paused, paused);
}

START_TEST(camera_of_a_video_call_is_on)
{
        FIXTURE(f);

        answer_video(f, false);
}
END_TEST

START_TEST(start_video_paused_is_honoured_on_answer)
{
        FIXTURE(f);

        answer_video(f, true);
}
END_TEST

START_TEST(screen_of_a_worker_is_told_and_goes_with_it)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_screen(f->phone, &f->instant, CALL, true);
        expect(f, "session send:state");
        ck_assert(phone_call_find(f->phone, CALL)->screen_sharing);
        ck_assert(f->sent[MESSAGE_STATE].state.sharing);
        /* Of the camera nothing is seen, but there is a picture. */
        ck_assert(!f->sent[MESSAGE_STATE].state.video_paused);
        phone_worker_screen(f->phone, &f->instant, CALL, true);
        expect(f, "");
        phone_worker_gone(f->phone, &f->instant, CALL, "it died");
        ck_assert(!phone_call_find(f->phone, CALL)->screen_sharing);
}
END_TEST

START_TEST(adopted_worker_whose_camera_differs_stays_paused)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_paused(f->phone, &f->instant, CALL, false);
        expect(f, "worker-pause:on");
        phone_worker_paused(f->phone, &f->instant, CALL, true);
        expect(f, "");
}
END_TEST

START_TEST(others_pictures_are_shown_as_the_hub_tells)
{
        Message message = {.type = MESSAGE_PARTICIPANT};
        FIXTURE(f);

        talking(f, CALL);
        STR_SET(message.participant.session_id, CALL);
        STR_SET(message.participant.participant.id, "alice-1");
        message.participant.participant.video_paused = true;
        hub_message(f, &message);
        expect(f, "session participant");
        ck_assert(session(f, CALL)->participants[0].participant.video_paused);
        message.participant.participant = session(f, CALL)->participants[0].participant;
        message.participant.participant.sharing = true;
        hub_message(f, &message);
        expect(f, "session participant");
        ck_assert(session(f, CALL)->participants[0].participant.sharing);
}
END_TEST

START_TEST(start_audio_muted_is_honoured_on_answer)
{
        PhoneCommand accept = asks(PHONE_COMMAND_ACCEPT, CALL);
        FIXTURE(f);

        hub_rings(f, CALL);
        accept.accept.request.join = true;
        accept.accept.settings.start_audio_muted = true;
        command(f, &accept);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        forget(f);
        ck_assert(f->sent[MESSAGE_JOIN].join.muted);
        ck_assert(session(f, CALL)->audio_muted);
        reply_join(f, NULL);
        forget(f);
        ck_assert(f->last[PHONE_WORKER_JOIN].join.muted);
}
END_TEST

START_TEST(a_token_is_for_who_asked)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_GENERATE_TOKEN, CALL);
        expect(f, "send:token");
        reply_token(f, MESSAGE_TOKEN, "secret");
        expect(f, "done");
        ck_assert_str_eq(f->last[PHONE_DONE].token, "secret");
        ck_assert_uint_eq(f->last[PHONE_DONE].ticket, f->ticket);
}
END_TEST

START_TEST(session_methods_need_a_call_that_is_answered)
{
        static const PhoneCommandType methods[] = {PHONE_COMMAND_GENERATE_TOKEN, PHONE_COMMAND_JOIN,
                                                   PHONE_COMMAND_LEAVE, PHONE_COMMAND_MUTE};
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                do_to(f, methods[i], CALL);
                expect(f, "done:InvalidTransition");
                do_to(f, methods[i], OTHER);
                expect(f, "done:NoSuchCall");
        }
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        forget(f);
        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                do_to(f, methods[i], CALL);
                expect(f, "done:CallTerminated");
        }
}
END_TEST

START_TEST(rule_8_one_microphone_is_open_at_a_time)
{
        FIXTURE(f);

        talking(f, CALL);
        hub_rings(f, OTHER);
        accept_by(f, OTHER, PROGRAM);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(OTHER, CALL_STATUS_ONGOING));
        expect(f, "call session-added manager status:ongoing worker-stop session send:leave "
                  "send:join done");
        ck_assert_int_eq(session_of(f, CALL), SESSION_LEFT);
        ck_assert_int_eq(session_of(f, OTHER), SESSION_JOINING);
}
END_TEST

START_TEST(rule_8_without_a_microphone_sessions_go_on_side_by_side)
{
        FIXTURE(f);

        phone_allow_parallel_media(f->phone);
        talking(f, CALL);
        hub_rings(f, OTHER);
        accept_by(f, OTHER, PROGRAM);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(OTHER, CALL_STATUS_ONGOING));
        expect(f, "call session-added manager status:ongoing send:join done");
        ck_assert_int_eq(session_of(f, CALL), SESSION_CONNECTED);
        ck_assert_int_eq(session_of(f, OTHER), SESSION_JOINING);
}
END_TEST

START_TEST(a_worker_is_adopted_after_a_restart)
{
        __attribute__((cleanup(fixture_freep))) Fixture *f = fixture_new();
        CallSnapshot ongoing = incoming(CALL, CALL_STATUS_ONGOING);

        hub_welcomes(f, &ongoing, 1, false);
        expect(f, "call-added session-added manager");
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_CONNECTED);
        phone_worker_participant(
                f->phone, &f->instant, CALL, "alice-1",
                &(ParticipantMedia){.connected = true, .speaking = false, .audio_node = "node"});
        expect(f, "session session user-joined session participant send:state");
        ck_assert_str_eq(session(f, CALL)->participants[0].participant.party.uid, "alice");
        phone_worker_signal(f->phone, &f->instant, CALL, "alice-1", "{}");
        expect(f, "send:signal");
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_REMOTE_HANGUP);
        expect(f, "worker-stop session call status:ended/remote-hangup "
                  "broadcast:CallEndedMessageReceived");
}
END_TEST

START_TEST(news_of_a_worker_that_was_stopped_is_old)
{
        FIXTURE(f);

        talking(f, CALL);
        do_to(f, PHONE_COMMAND_END, CALL);
        forget(f);
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_CONNECTED);
        phone_worker_signal(f->phone, &f->instant, CALL, "alice-1", "{}");
        phone_worker_participant(
                f->phone, &f->instant, CALL, "alice-1",
                &(ParticipantMedia){.connected = true, .speaking = true, .audio_node = "node"});
        phone_worker_error(f->phone, &f->instant, CALL, CALL_ERROR_MEDIA_FAILED, "gone");
        phone_worker_gone(f->phone, &f->instant, CALL, "gone");
        expect(f, "");
        phone_worker_state(f->phone, &f->instant, OTHER, SESSION_CONNECTED);
        expect(f, "");
}
END_TEST

START_TEST(a_session_has_the_code_of_the_only_other_one)
{
        ParticipantMedia media = {.connected = true, .verification_code = "1234 5678"};
        FIXTURE(f);

        talking(f, CALL);
        ck_assert_str_eq(phone_session_code(session(f, CALL)), "");
        phone_worker_participant(f->phone, &f->instant, CALL, "alice-1", &media);
        expect(f, "session participant send:state");
        ck_assert_uint_eq(f->last[PHONE_SESSION_CHANGED].properties,
                          PHONE_PROPERTY_PARTICIPANTS | PHONE_PROPERTY_VERIFICATION_CODE);
        ck_assert_str_eq(phone_session_code(session(f, CALL)), "1234 5678");
        media.speaking = true;
        phone_worker_participant(f->phone, &f->instant, CALL, "alice-1", &media);
        expect(f, "session participant");
        ck_assert_uint_eq(f->last[PHONE_SESSION_CHANGED].properties, PHONE_PROPERTY_PARTICIPANTS);
        hub_participant(f, MESSAGE_JOINED, CALL, "carol-1");
        ck_assert_str_eq(phone_session_code(session(f, CALL)), "");
}
END_TEST

START_TEST(a_fault_of_the_worker_is_told)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_error(f->phone, &f->instant, CALL, CALL_ERROR_DEVICE_NOT_FOUND,
                           "no microphone");
        expect(f, "session-error:DeviceNotFound");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_CONNECTED);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                rule_18_the_hub_hears_of_the_join_before_the_media_are_ready,
                media_by_a_way_that_is_not_known_are_left_with_a_sentence,
                rule_18_who_does_not_want_to_join_has_no_worker,
                rule_18_who_joins_by_a_newer_connection_takes_our_place,
                rule_18_leave_ends_the_worker_and_keeps_the_call,
                rule_18_join_is_legal_again_after_leave,
                rule_18_a_join_that_the_hub_refuses_is_an_error_of_the_session,
                rule_18_a_worker_that_dies_fails_the_session_and_not_the_call,
                rule_19_a_worker_that_dies_while_it_rings_disturbs_nothing,
                rule_18_a_failed_worker_is_replaced_at_the_next_join,
                participants_come_and_go,
                a_participant_who_mutes_is_told,
                what_the_worker_hears_of_a_participant_is_shown_and_the_hub_told,
                signals_pass_both_ways,
                who_has_not_joined_sees_the_others_and_takes_no_signals,
                signals_that_wait_for_the_connection_are_bounded,
                mute_is_for_the_worker_and_the_hub,
                camera_is_off_in_an_audio_call_until_it_is_switched_on,
                camera_of_a_video_call_is_on,
                start_video_paused_is_honoured_on_answer,
                screen_of_a_worker_is_told_and_goes_with_it,
                adopted_worker_whose_camera_differs_stays_paused,
                others_pictures_are_shown_as_the_hub_tells,
                start_audio_muted_is_honoured_on_answer,
                a_token_is_for_who_asked,
                session_methods_need_a_call_that_is_answered,
                rule_8_one_microphone_is_open_at_a_time,
                rule_8_without_a_microphone_sessions_go_on_side_by_side,
                a_worker_is_adopted_after_a_restart,
                news_of_a_worker_that_was_stopped_is_old,
                a_session_has_the_code_of_the_only_other_one,
                a_fault_of_the_worker_is_told,
        };

        return suite_run(phone_suite("session", tests, ELEMENTSOF(tests)));
}
