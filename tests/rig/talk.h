/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Alice and Bob, each at a desktop with a real tringd and a PipeWire of their own, that has a
 * virtual microphone and a virtual speaker; and a hub between them.
 */

#include "rig/audio-ear.h"
#include "rig/audio.h"
#include "rig/desktop.h"

#define TALK_MICROPHONE "mouth"
#define TALK_SPEAKER "ear"
#define TALK_ALICE_HZ 440 /* what they speak, in most tests */
#define TALK_BOB_HZ 660

typedef struct Person {
        Desktop *desktop;
        RigAudio *audio;
        RigGraph *graph;
} Person;

typedef struct Talk {
        Rig *rig;
        Hub *hub;
        Person alice, bob;
} Talk;

Talk talk_new(void);
void talk_done(Talk *talk);
#define _cleanup_talk_ _cleanup_(talk_done)

/* A call from Alice to Bob in which both have joined and are connected. */
Call talk_begin(Talk *talk);

/* By hand: who has a desktop and virtual audio, and whose tringd has not been started. */
void person_init(Person *person, Rig *rig, const char *name);
void person_log_in(Person *person, Hub *hub);

void person_wait_state(Person *person, const Call *call, const char *state);
/* The pid of the media worker that their tringd has started. */
pid_t person_worker(const Person *person, const Call *call);
/* A frequency is heard at their speaker, or is not. */
void person_expect_tone(Person *person, double frequency, bool heard);
/* Any sound, or none. */
void person_expect_sound(Person *person, bool wanted);
