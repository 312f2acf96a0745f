/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"
#include "phone/state.h"

/* Participants, signals, mute, camera and screen of a call: CALL-MODEL.md, rule 18. */

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

START_TEST(a_participant_who_mutes_is_announced)
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

START_TEST(what_the_worker_hears_of_a_participant_is_shown_and_reported_to_the_hub)
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
        for (const char *s = fixture_trace(f); (s = strstr(s, "send:signal")); s++)
                n++;
        ck_assert_uint_eq(n, REQUESTS_IN_FLIGHT_MAX);

        /* Each reply of the hub lets the next one go. */
        uint64_t first = f->ids[MESSAGE_SIGNAL] - n + 1;
        for (uint64_t id = first; id < first + 2 * SIGNALS_MAX; id++) {
                Message reply;

                message_reply_ok(&reply, id);
                hub_message(f, &reply);
                n += str_eq(fixture_trace(f), "send:signal");
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
        expect(f, "worker-mute:on worker-ping");
        worker_answers(f, CALL);
        expect(f, "session send:state done");
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
        expect(f, "worker-pause:on worker-ping");
        worker_answers(f, CALL);
        expect(f, "session send:state done");
        ck_assert(f->sent[MESSAGE_STATE].state.video_paused);
        command(f, &pause);
        expect(f, "done");
}
END_TEST

static void answer_video(Fixture *f, bool paused)
{
        PhoneCommand accept = asks(PHONE_COMMAND_ACCEPT, CALL);
        CallSnapshot snapshot = incoming(CALL, CALL_STATUS_ONGOING);

        CallSnapshot ring = incoming(CALL, CALL_STATUS_INITIATED);

        ring.record.type = CALL_TYPE_VIDEO;
        hub_says(f, MESSAGE_INCOMING, &ring);
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

START_TEST(screen_of_a_worker_is_reported_and_goes_with_it)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_screen(f->phone, &f->instant, CALL, true);
        expect(f, "session send:state");
        ck_assert(phone_call_find(f->phone, CALL)->screen_sharing);
        ck_assert(f->sent[MESSAGE_STATE].state.sharing);
        /* The screen counts as a picture, although the camera is closed. */
        ck_assert(!f->sent[MESSAGE_STATE].state.video_paused);
        phone_worker_screen(f->phone, &f->instant, CALL, true);
        expect(f, "");
        phone_worker_gone(f->phone, &f->instant, CALL, "it died");
        ck_assert(!phone_call_find(f->phone, CALL)->screen_sharing);
}
END_TEST

START_TEST(others_hear_that_who_has_no_microphone_is_muted)
{
        PhoneCommand mute = asks(PHONE_COMMAND_MUTE, CALL);
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_microphone(f->phone, &f->instant, CALL, true);
        expect(f, "");
        phone_worker_microphone(f->phone, &f->instant, CALL, false);
        expect(f, "send:state");
        ck_assert(f->sent[MESSAGE_STATE].state.muted);
        ck_assert(!session(f, CALL)->audio_muted);
        phone_worker_microphone(f->phone, &f->instant, CALL, true);
        expect(f, "send:state");
        ck_assert(!f->sent[MESSAGE_STATE].state.muted);
        /* Who has muted stays so. */
        mute.on = true;
        command(f, &mute);
        expect(f, "worker-mute:on worker-ping");
        worker_answers(f, CALL);
        expect(f, "session send:state done");
        phone_worker_microphone(f->phone, &f->instant, CALL, false);
        phone_worker_microphone(f->phone, &f->instant, CALL, true);
        expect(f, "send:state send:state");
        ck_assert(f->sent[MESSAGE_STATE].state.muted);
}
END_TEST

START_TEST(worker_that_has_gone_leaves_no_missing_microphone_behind)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_microphone(f->phone, &f->instant, CALL, false);
        expect(f, "send:state");
        phone_worker_gone(f->phone, &f->instant, CALL, "it died");
        do_to(f, PHONE_COMMAND_JOIN, CALL);
        forget(f);
        reply_token(f, MESSAGE_TOKEN, "another");
        expect(f, "send:join worker-start");
        ck_assert(!f->sent[MESSAGE_JOIN].join.muted);
}
END_TEST

START_TEST(adopted_worker_whose_camera_differs_stays_paused)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_paused(f->phone, &f->instant, CALL, false);
        expect(f, "worker-pause:on worker-ping session send:state");
        worker_answers(f, CALL);
        expect(f, "session send:state");
        phone_worker_paused(f->phone, &f->instant, CALL, true);
        expect(f, "");
}
END_TEST

START_TEST(others_pictures_are_shown_as_the_hub_reports)
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

static void joins_as(Fixture *f, MessageType type, unsigned n, const char *uid)
{
        Message message = {.type = type};

        STR_SET(message.participant.session_id, CALL);
        snprintf(message.participant.participant.id, sizeof(message.participant.participant.id),
                 "%s-%u", uid, n);
        STR_SET(message.participant.participant.party.uid, uid);
        hub_message(f, &message);
}

/* talking() has connected to her once. */
START_TEST(codes_are_exchanged_with_somebody_three_times_in_a_call_and_no_more)
{
        const ParticipantMedia media = {.connected = true, .verification_code = "1234 5678"};
        const PhoneAction *joined;
        FIXTURE(f);

        talking(f, CALL);
        joined = &f->last[PHONE_WORKER_PARTICIPANT_JOINED];
        joins_as(f, MESSAGE_LEFT, 1, "alice");
        for (unsigned n = 2; n <= HANDSHAKES_MAX; n++) {
                joins_as(f, MESSAGE_JOINED, n, "alice");
                ck_assert_ptr_null(strstr(fixture_trace(f), "session-error"));
                ck_assert(!joined->participant.unverified);
                joins_as(f, MESSAGE_LEFT, n, "alice");
        }
        forget(f);
        joins_as(f, MESSAGE_JOINED, 4, "alice");
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "session-error:MediaFailed"));
        ck_assert_str_eq(f->last[PHONE_SESSION_ERROR].text,
                         "alice is not verifiable: more than 3 connections in this call, so the "
                         "code may have been guessed");
        ck_assert(joined->participant.unverified);
        ck_assert_ptr_nonnull(
                strstr(phone_session_not_verifiable(session(f, CALL)), "may have been guessed"));
        phone_worker_participant(f->phone, &f->instant, CALL, "alice-4", &media);
        ck_assert_str_eq(phone_session_code(session(f, CALL)), "");
        ck_assert_str_ne(phone_session_not_verifiable(session(f, CALL)), "");
        /* The alarm comes once. */
        joins_as(f, MESSAGE_LEFT, 4, "alice");
        forget(f);
        joins_as(f, MESSAGE_JOINED, 5, "alice");
        ck_assert_ptr_null(strstr(fixture_trace(f), "session-error"));
        ck_assert(joined->participant.unverified);
}
END_TEST

START_TEST(a_call_between_two_has_three_exchanges_of_codes_under_all_uids_together)
{
        FIXTURE(f);

        talking(f, CALL);
        joins_as(f, MESSAGE_LEFT, 1, "alice");
        for (unsigned n = 2; n <= 3 * HANDSHAKES_MAX; n++) {
                char uid[UID_MAX + 1];

                snprintf(uid, sizeof(uid), "alias%u", n);
                forget(f);
                joins_as(f, MESSAGE_JOINED, n, uid);
                ck_assert_int_eq(strstr(fixture_trace(f), "session-error:MediaFailed") != NULL,
                                 n == HANDSHAKES_MAX + 1);
                ck_assert_int_eq(f->last[PHONE_WORKER_PARTICIPANT_JOINED].participant.unverified,
                                 n > HANDSHAKES_MAX);
                joins_as(f, MESSAGE_LEFT, n, uid);
        }
}
END_TEST

START_TEST(joining_again_counts_as_another_exchange_of_codes)
{
        FIXTURE(f);

        talking(f, CALL);
        for (unsigned n = 2; n <= HANDSHAKES_MAX + 1; n++) {
                do_to(f, PHONE_COMMAND_LEAVE, CALL);
                forget(f);
                reply_ok(f, MESSAGE_LEAVE);
                do_to(f, PHONE_COMMAND_JOIN, CALL);
                forget(f);
                reply_token(f, MESSAGE_TOKEN, "another");
                forget(f);
                reply_join(f, "alice-2");
                forget(f);
                ck_assert_int_eq(session(f, CALL)->participants[0].unverified, n > HANDSHAKES_MAX);
        }
}
END_TEST

START_TEST(why_there_is_no_code_is_shown_where_the_code_would_be)
{
        ParticipantMedia media = {.connected = true, .not_verifiable = "it has sent none"};
        FIXTURE(f);

        talking(f, CALL);
        ck_assert_str_eq(phone_session_not_verifiable(session(f, CALL)), "");
        phone_worker_participant(f->phone, &f->instant, CALL, "alice-1", &media);
        forget(f);
        ck_assert_uint_eq(f->last[PHONE_SESSION_CHANGED].properties,
                          PHONE_PROPERTY_PARTICIPANTS | PHONE_PROPERTY_VERIFICATION_CODE);
        ck_assert_str_eq(phone_session_not_verifiable(session(f, CALL)), "it has sent none");
}
END_TEST

START_TEST(a_fault_of_the_worker_is_reported)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_error(f->phone, &f->instant, CALL, CALL_ERROR_DEVICE_NOT_FOUND,
                           "no microphone");
        expect(f, "session-error:DeviceNotFound");
        ck_assert_int_eq(session(f, CALL)->state, SESSION_CONNECTED);
}
END_TEST

/* A video call with Alice, whose media are connected and who sends pictures. */
static void see_alice(Fixture *f)
{
        answer_video(f, false);
        hub_participant(f, MESSAGE_JOINED, CALL, "alice-1");
        phone_worker_state(f->phone, &f->instant, CALL, SESSION_CONNECTED);
        phone_worker_participant(f->phone, &f->instant, CALL, "alice-1",
                                 &(ParticipantMedia){.connected = true});
        forget(f);
}

static void alice_pauses(Fixture *f, bool on)
{
        Message message = {.type = MESSAGE_PARTICIPANT};

        STR_SET(message.participant.session_id, CALL);
        STR_SET(message.participant.participant.id, "alice-1");
        message.participant.participant.video_paused = on;
        hub_message(f, &message);
}

static bool reports_a_fault(Fixture *f)
{
        return strstr(fixture_trace(f), "session-error:MediaFailed");
}

START_TEST(a_picture_that_does_not_come_is_reported_once)
{
        FIXTURE(f);

        see_alice(f);
        wait_us(f, PICTURE_LATE_US - 1);
        ck_assert(!reports_a_fault(f));
        wait_us(f, 1);
        ck_assert(reports_a_fault(f));
        ck_assert_str_eq(f->last[PHONE_SESSION_ERROR].text,
                         "alice sends pictures, but none arrives");
        wait_us(f, 10 * PICTURE_LATE_US);
        ck_assert(!reports_a_fault(f));
        /* Nor after the connection was replaced. */
        phone_worker_participant(f->phone, &f->instant, CALL, "alice-1", &(ParticipantMedia){});
        phone_worker_participant(f->phone, &f->instant, CALL, "alice-1",
                                 &(ParticipantMedia){.connected = true});
        forget(f);
        wait_us(f, 10 * PICTURE_LATE_US);
        ck_assert(!reports_a_fault(f));
}
END_TEST

START_TEST(a_picture_that_came_is_missed_again_when_it_goes)
{
        FIXTURE(f);

        see_alice(f);
        wait_us(f, PICTURE_LATE_US);
        forget(f);
        phone_worker_participant(f->phone, &f->instant, CALL, "alice-1",
                                 &(ParticipantMedia){.connected = true, .picture = true});
        phone_worker_participant(f->phone, &f->instant, CALL, "alice-1",
                                 &(ParticipantMedia){.connected = true});
        forget(f);
        wait_us(f, PICTURE_LATE_US - 1);
        ck_assert(!reports_a_fault(f));
        wait_us(f, 1);
        ck_assert(reports_a_fault(f));
}
END_TEST

START_TEST(a_picture_is_awaited_only_while_it_is_sent_and_the_connection_works)
{
        FIXTURE(f);

        see_alice(f);
        wait_us(f, PICTURE_LATE_US - 1);
        alice_pauses(f, true);
        forget(f);
        wait_us(f, 10 * PICTURE_LATE_US);
        ck_assert(!reports_a_fault(f));
        alice_pauses(f, false);
        forget(f);
        wait_us(f, PICTURE_LATE_US - 1);
        phone_worker_participant(f->phone, &f->instant, CALL, "alice-1", &(ParticipantMedia){});
        forget(f);
        wait_us(f, 10 * PICTURE_LATE_US);
        ck_assert(!reports_a_fault(f));
}
END_TEST

START_TEST(no_picture_is_awaited_in_an_audio_call_but_a_screen_is)
{
        Message message = {.type = MESSAGE_PARTICIPANT};
        FIXTURE(f);

        talking(f, CALL);
        phone_worker_participant(f->phone, &f->instant, CALL, "alice-1",
                                 &(ParticipantMedia){.connected = true});
        forget(f);
        ck_assert(!session(f, CALL)->participants[0].participant.video_paused);
        wait_us(f, 10 * PICTURE_LATE_US);
        ck_assert(!reports_a_fault(f));
        STR_SET(message.participant.session_id, CALL);
        STR_SET(message.participant.participant.id, "alice-1");
        message.participant.participant.sharing = true;
        hub_message(f, &message);
        forget(f);
        wait_us(f, PICTURE_LATE_US);
        ck_assert(reports_a_fault(f));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                participants_come_and_go,
                a_participant_who_mutes_is_announced,
                what_the_worker_hears_of_a_participant_is_shown_and_reported_to_the_hub,
                signals_pass_both_ways,
                who_has_not_joined_sees_the_others_and_takes_no_signals,
                signals_that_wait_for_the_connection_are_bounded,
                mute_is_for_the_worker_and_the_hub,
                camera_is_off_in_an_audio_call_until_it_is_switched_on,
                camera_of_a_video_call_is_on,
                start_video_paused_is_honoured_on_answer,
                screen_of_a_worker_is_reported_and_goes_with_it,
                others_hear_that_who_has_no_microphone_is_muted,
                worker_that_has_gone_leaves_no_missing_microphone_behind,
                adopted_worker_whose_camera_differs_stays_paused,
                others_pictures_are_shown_as_the_hub_reports,
                start_audio_muted_is_honoured_on_answer,
                a_session_has_the_code_of_the_only_other_one,
                codes_are_exchanged_with_somebody_three_times_in_a_call_and_no_more,
                a_call_between_two_has_three_exchanges_of_codes_under_all_uids_together,
                joining_again_counts_as_another_exchange_of_codes,
                why_there_is_no_code_is_shown_where_the_code_would_be,
                a_fault_of_the_worker_is_reported,
                a_picture_that_does_not_come_is_reported_once,
                a_picture_that_came_is_missed_again_when_it_goes,
                a_picture_is_awaited_only_while_it_is_sent_and_the_connection_works,
                no_picture_is_awaited_in_an_audio_call_but_a_screen_is,
        };

        return suite_run(phone_suite("media", tests, ELEMENTSOF(tests)));
}
