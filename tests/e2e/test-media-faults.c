/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Media workers with something missing, broken or nonsensical: they report it and continue. */

#include <poll.h>
#include <signal.h>

#include "rig/audio-room.h"
#include "suite.h"

#define ALICE_HZ 440.0

START_TEST(without_pipewire_the_call_connects_all_the_same)
{
        const AudioEnd alice = {.uid = "alice"}, bob = {.uid = "bob"};
        AudioEnd *first, *second;
        AudioCall call;

        audio_call_init(&call, "/nonexistent");
        first = audio_call_add(&call, &alice);
        second = audio_call_add(&call, &bob);
        audio_call_join(&call, first, false);
        audio_call_wait_error(&call, first, CALL_ERROR_MEDIA_FAILED);
        ck_assert_ptr_nonnull(strstr(first->text, "PipeWire"));
        audio_call_join(&call, second, false);
        audio_call_wait_state(&call, second, SESSION_CONNECTED);
        audio_call_wait_peer(&call, first);
        audio_call_done(&call);
}
END_TEST

START_TEST(without_devices_the_call_connects_all_the_same)
{
        static const char *const none[] = {NULL};
        const AudioEnd alice = {.uid = "alice"}, bob = {.uid = "bob"};
        AudioEnd *first, *second;
        RigAudio *audio;
        AudioCall call;

        rig_check(rig_audio_new(none, none, &audio), "a PipeWire without devices");
        audio_call_init(&call, rig_audio_directory(audio));
        first = audio_call_add(&call, &alice);
        second = audio_call_add(&call, &bob);
        audio_call_join(&call, first, false);
        audio_call_wait_error(&call, first, CALL_ERROR_DEVICE_NOT_FOUND);
        audio_call_join(&call, second, false);
        audio_call_wait_state(&call, second, SESSION_CONNECTED);
        audio_call_wait_peer(&call, first);
        audio_call_done(&call);
        rig_audio_free(audio);
}
END_TEST

START_TEST(unknown_microphone_is_named_and_the_default_taken)
{
        Room room;

        room_enter(&room);
        room.alice->microphone = "no-such-mic";
        room_speak(&room, "mic-a", ALICE_HZ); /* the default */
        audio_call_join(&room.call, room.alice, false);
        audio_call_wait_error(&room.call, room.alice, CALL_ERROR_DEVICE_NOT_FOUND);
        ck_assert_ptr_nonnull(strstr(room.alice->text, "'no-such-mic'"));
        audio_call_join(&room.call, room.bob, false);
        audio_call_wait_peer(&room.call, room.alice);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        room_leave(&room);
}
END_TEST

START_TEST(pipewire_dying_in_a_call_is_reported_and_survived)
{
        Room room;

        room_enter(&room);
        room_both_join(&room);
        rig_audio_crash(room.audio);
        audio_call_wait_error(&room.call, room.alice, CALL_ERROR_MEDIA_FAILED);
        ck_assert_ptr_nonnull(strstr(room.alice->text, "PipeWire"));
        /* Both workers live, and media flow between them: silence now. */
        audio_call_stats(&room.call, room.alice);
        audio_call_leave(&room.call, room.bob);
        audio_call_join(&room.call, room.bob, false);
        audio_call_wait_peer(&room.call, room.bob);
        audio_call_wait_peer(&room.call, room.alice);
        room_leave(&room);
}
END_TEST

#define OFFER_WITHOUT_OPUS                                                \
        "{\"sdp\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\\no=- 1 1 IN IP4 " \
        "0.0.0.0\\r\\ns=-\\r\\nt=0 "                                      \
        "0\\r\\nm=audio 9 UDP/TLS/RTP/SAVPF 0\\r\\na=rtpmap:0 PCMU/8000\\r\\n\"}}"

static const char *const bad_signals[] = {
        "7",
        "[]",
        "{}",
        "{\"sdp\":{\"type\":\"offer\",\"sdp\":\"hello\"}}",
        OFFER_WITHOUT_OPUS,
        "{\"sdp\":{\"type\":\"answer\",\"sdp\":\"v=0\\r\\n\"}}",
        "{\"sdp\":{\"type\":\"rollback\",\"sdp\":\"\"}}",
        "{\"sdp\":\"v=0\"}",
        "{\"candidate\":{\"candidate\":7}}",
        "{\"candidate\":{\"candidate\":\"x\",\"sdpMLineIndex\":64}}",
        "{\"candidate\":null,\"sdp\":null}",
};

START_TEST(nonsense_from_the_other_side_is_reported_and_ignored)
{
        Room room;

        room_enter(&room);
        room_speak(&room, "mic-a", ALICE_HZ);
        room_both_join(&room);
        audio_end_send_signal(room.alice, room.bob, bad_signals[_i]);
        audio_call_wait_error(&room.call, room.alice, CALL_ERROR_MEDIA_FAILED);
        ck_assert_int_eq(strncmp(room.alice->text, "bob: ", 5), 0);
        /* webrtcbin ignores an invalid candidate. */
        audio_end_send_signal(room.alice, room.bob,
                              "{\"candidate\":{\"candidate\":\"candidate:x\"}}");
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        ck_assert_int_eq(room.alice->state, SESSION_CONNECTED);
        room_leave(&room);
}
END_TEST

static const char *const bad_messages[] = {
        "",
        "hello",
        "[]",
        "{\"type\":\"dance\"}",
        "{\"type\":\"mute\",\"on\":7}",
        "{\"type\":\"state\",\"state\":\"left\"}",
};

START_TEST(nonsense_from_the_controller_is_answered)
{
        const AudioEnd alone = {.uid = "alice"};
        AudioEnd *end;
        AudioCall call;

        audio_call_init(&call, "/nonexistent");
        end = audio_call_add(&call, &alone);
        if (!*bad_messages[_i])
                audio_end_send_text(end, "\xff\xfe");
        else
                audio_end_send_text(end, bad_messages[_i]);
        audio_call_wait_error(&call, end, CALL_ERROR_INVALID_ARGUMENT);
        audio_call_stats(&call, end);
        audio_call_done(&call);
}
END_TEST

START_TEST(controller_that_comes_back_finds_the_call_going_on)
{
        Room room;

        room_enter(&room);
        room_speak(&room, "mic-a", ALICE_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        audio_end_reconnect(room.alice);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        room.alice->status = (WorkerParticipantStatus){};
        audio_call_wait_state(&room.call, room.alice, SESSION_CONNECTED);
        audio_call_wait_peer(&room.call, room.alice);
        ck_assert_str_eq(room.alice->status.id, room.bob->id);
        ck_assert(!room.alice->muted);
        audio_end_mute(room.alice, true);
        room_expect_silence(&room, "spk-b", ALICE_HZ);
        audio_end_reconnect(room.alice);
        room.alice->status = (WorkerParticipantStatus){};
        audio_call_wait_peer(&room.call, room.alice);
        ck_assert(room.alice->muted);
        room_leave(&room);
}
END_TEST

/* The last order is carried out, although the sender did not wait for its reply. */
START_TEST(last_order_of_a_controller_that_was_killed_is_obeyed)
{
        Room room;

        room_enter(&room);
        room_both_join(&room);
        audio_end_send(room.alice, &(WorkerMessage){.type = WORKER_STATS_REQUEST, .serial = 1});
        struct pollfd answer = {.fd = room.alice->fd, .events = POLLIN};
        ck_assert_int_eq(poll(&answer, 1, rig_patience_ms()), 1);
        kill(room.alice->pid, SIGSTOP);
        audio_end_mute(room.alice, true);
        audio_end_reconnect(room.alice);
        kill(room.alice->pid, SIGCONT);
        room.alice->status = (WorkerParticipantStatus){};
        audio_call_wait_peer(&room.call, room.alice);
        ck_assert(room.alice->muted);
        room_leave(&room);
}
END_TEST

START_TEST(ice_servers_that_do_not_answer_are_no_obstacle)
{
        /* Port 9 (discard): nothing listens there. */
        IceServer servers[] = {
                {.url = "stun:127.0.0.1:9"},
                {.url = "turn:127.0.0.1:9", .username = "1700000000:alice", .credential = "a/b="},
                {.url = "http://127.0.0.1:9"},
        };
        Room room;

        room_enter(&room);
        room.call.ice_servers = servers;
        room.call.n_ice_servers = ELEMENTSOF(servers);
        room_speak(&room, "mic-a", ALICE_HZ);
        room_both_join(&room);
        room_expect_heard(&room, "spk-b", ALICE_HZ);
        room_leave(&room);
}
END_TEST

START_TEST(quit_ends_the_worker_cleanly)
{
        Room room;

        room_enter(&room);
        room_both_join(&room);
        audio_end_send(room.alice, &(WorkerMessage){.type = WORKER_QUIT});
        ck_assert_int_eq(audio_end_wait_exit(room.alice), 0);
        kill(room.bob->pid, SIGTERM);
        ck_assert_int_eq(audio_end_wait_exit(room.bob), 0);
        room_leave(&room);
}
END_TEST

START_TEST(media_by_a_way_that_is_not_known_are_refused)
{
        Room room;

        room_enter(&room);
        audio_end_send_text(room.alice,
                            "{\"type\":\"join\",\"participant\":\"p1\",\"mode\":\"sfu\"}");
        audio_call_wait_error(&room.call, room.alice, CALL_ERROR_NOT_SUPPORTED);
        audio_call_wait_state(&room.call, room.alice, SESSION_FAILED);
        room_leave(&room);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-faults");
        TCase *tcase = tcase_create("faults");

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, without_pipewire_the_call_connects_all_the_same);
        tcase_add_test(tcase, without_devices_the_call_connects_all_the_same);
        tcase_add_test(tcase, unknown_microphone_is_named_and_the_default_taken);
        tcase_add_test(tcase, pipewire_dying_in_a_call_is_reported_and_survived);
        tcase_add_loop_test(tcase, nonsense_from_the_other_side_is_reported_and_ignored, 0,
                            ELEMENTSOF(bad_signals));
        tcase_add_loop_test(tcase, nonsense_from_the_controller_is_answered, 0,
                            ELEMENTSOF(bad_messages));
        tcase_add_test(tcase, controller_that_comes_back_finds_the_call_going_on);
        tcase_add_test(tcase, last_order_of_a_controller_that_was_killed_is_obeyed);
        tcase_add_test(tcase, ice_servers_that_do_not_answer_are_no_obstacle);
        tcase_add_test(tcase, quit_ends_the_worker_cleanly);
        tcase_add_test(tcase, media_by_a_way_that_is_not_known_are_refused);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
