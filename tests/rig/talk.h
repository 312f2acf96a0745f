/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Alice and Bob, each at a desktop with a real tringd and a PipeWire with a virtual microphone and
 * a virtual speaker; and a hub between them.
 */

#include "rig/audio-ear.h"
#include "rig/audio.h"
#include "rig/desktop.h"

#define TALK_MICROPHONE "mouth"
#define TALK_SPEAKER "ear"
#define TALK_ALICE_HZ 440 /* the tones that they speak in most tests */
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

/* Makes a call from Alice to Bob that both have joined, and waits until media flow. */
Call talk_begin(Talk *talk);

/* By hand: makes a desktop with virtual audio, without starting tringd. */
void person_init(Person *person, Rig *rig, const char *name);
void person_log_in(Person *person, Hub *hub);

/* Sets a property of org.tring.Calls1.Devices that is a string. */
void person_choose(Person *person, const char *property, const char *value);

void person_wait_state(Person *person, const Call *call, const char *state);
/* Waits until what the person knows about the participants has this text in it. */
void person_wait_participant(Person *person, const Call *call, const char *part);
/* The pid of the media worker that the person's tringd has started. */
pid_t person_worker(const Person *person, const Call *call);
/* Wait until a frequency is heard at the person's speaker, or is not. */
void person_expect_tone(Person *person, double frequency, bool heard);
/* Wait for any sound, or silence. */
void person_expect_sound(Person *person, bool wanted);
