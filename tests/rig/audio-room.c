/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/audio-room.h"

void room_enter(Room *room)
{
        static const char *const microphones[] = {"mic-a", "mic-b", NULL};
        static const char *const speakers[] = {"spk-a", "spk-b", NULL};
        const AudioEnd alice = {.uid = "alice", .microphone = "mic-a", .speaker = "spk-a"};
        const AudioEnd bob = {.uid = "bob", .microphone = "mic-b", .speaker = "spk-b"};

        *room = (Room){};
        rig_check(rig_audio_new(microphones, speakers, &room->audio), "virtual audio");
        rig_check(rig_graph_new(rig_audio_directory(room->audio), &room->graph), "its graph");
        audio_call_init(&room->call, rig_audio_directory(room->audio));
        room->alice = audio_call_add(&room->call, &alice);
        room->bob = audio_call_add(&room->call, &bob);
}

void room_leave(Room *room)
{
        room_hush(room);
        audio_call_done(&room->call);
        rig_graph_free(room->graph);
        rig_audio_free(room->audio);
}

void room_speak(Room *room, const char *microphone, double frequency)
{
        rig_check(rig_tone_new(room->graph, microphone, frequency, &room->tones[room->n_tones]),
                  "a tone");
        room->n_tones++;
}

void room_speak_vowel(Room *room, const char *microphone)
{
        rig_check(rig_vowel_new(room->graph, microphone, &room->tones[room->n_tones]), "a voice");
        room->n_tones++;
}

void room_hush(Room *room)
{
        while (room->n_tones > 0)
                rig_tone_free(room->tones[--room->n_tones]);
}

void room_both_join(Room *room)
{
        audio_call_join(&room->call, room->alice, false);
        audio_call_wait_state(&room->call, room->alice, SESSION_CONNECTED);
        audio_call_join(&room->call, room->bob, false);
        audio_call_wait_state(&room->call, room->bob, SESSION_CONNECTED);
        audio_call_wait_peer(&room->call, room->alice);
}

void room_expect_heard(Room *room, const char *speaker, double frequency)
{
        RigHeard heard;

        if (rig_listen_until(room->graph, speaker, frequency, RIG_HEARD_DB, true, rig_patience_ms(),
                             &heard) < 0)
                rig_fail("%.0f Hz is not heard at %s: %.1f dB", frequency, speaker, heard.tone_db);
}

void room_expect_silence(Room *room, const char *speaker, double frequency)
{
        RigHeard heard;

        if (rig_listen_until(room->graph, speaker, frequency, ROOM_SILENCE_DB, false,
                             rig_patience_ms(), &heard) < 0)
                rig_fail("%.0f Hz is still heard at %s: %.1f dB", frequency, speaker,
                         heard.tone_db);
        rig_check(rig_listen(room->graph, speaker, frequency, 1000, &heard), "listening");
        if (heard.tone_db >= ROOM_SILENCE_DB)
                rig_fail("%.0f Hz is heard again at %s: %.1f dB", frequency, speaker,
                         heard.tone_db);
}
