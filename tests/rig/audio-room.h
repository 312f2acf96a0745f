/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Alice and Bob, each with a media worker, a microphone (mic-a, mic-b) and a speaker (spk-a,
 * spk-b), in one private PipeWire: for tests and benches of tring-media.
 *
 * A failure ends the test.
 */

#include "rig/audio-call.h"
#include "rig/audio-ear.h"
#include "rig/audio.h"

#define ROOM_TONES_MAX 4
#define ROOM_SILENCE_DB -72.0 /* 60 dB below RIG_TONE_AMPLITUDE */

typedef struct Room {
        RigAudio *audio;
        RigGraph *graph;
        AudioCall call;
        AudioEnd *alice, *bob;
        RigTone *tones[ROOM_TONES_MAX];
        size_t n_tones;
} Room;

void room_enter(Room *room);
void room_leave(Room *room);

/* Plays a tone into a microphone, until the room is left or room_hush(). */
void room_speak(Room *room, const char *microphone, double frequency);
void room_speak_vowel(Room *room, const char *microphone);
void room_hush(Room *room);

/* Joins Alice, then Bob, so that Bob offers; returns when media flow both ways. */
void room_both_join(Room *room);

void room_expect_heard(Room *room, const char *speaker, double frequency);
/* Waits until the speaker has been silent for a second. */
void room_expect_silence(Room *room, const char *speaker, double frequency);
