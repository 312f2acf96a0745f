/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/message.h"
#include "model/session-types.h"

#define BUS_NAME_MAX 255 /* bytes of a bus name, D-Bus specification */

/* The media of a call on this device. */
typedef struct PhoneSession {
        SessionState state;
        bool audio_muted;
        bool video_paused;   /* the camera is closed: paused, or an audio call */
        bool screen_sharing; /* a screen is shown in its place; not stored: the worker reports it */
        SessionSettings settings;
        char own_id[PARTICIPANT_ID_MAX + 1];
        SessionParticipant *participants; /* owned; without this device */
        size_t n_participants;
} PhoneSession;

/* What this device's user has agreed to in a call: phone/consent.h. */
typedef struct Consent {
        bool join;     /* join the media when the call is answered */
        CallType type; /* with a picture of the camera or without */
} Consent;

/*
 * The part of a live call that a device stores for the next daemon, because the hub cannot send it
 * again. The phone embeds it in its call: to store one more field, add it here and to the table in
 * wire/stored.c. No field is a CLOCK_BOOTTIME, which restarts with the machine.
 */
typedef struct StoredCall {
        CallRecord record;      /* owned */
        usec_t ring_until_date; /* base/boot-date.h, set when stored; 0: does not ring */
        bool silenced;
        bool present;        /* may alert a person: false under do-not-disturb and after silence */
        bool member_ringing; /* outgoing call: a device of the receiver alerts a person */
        bool answered_here;  /* this device placed or answered it, so its Session methods work */
        bool alerting_said;  /* reported to the hub: a person is alerted */
        bool unwanted;       /* cancelled or ended here: the device joins no media any more */
        bool placed;         /* by this device, with `parallel` and `timeout_s` */
        bool parallel;
        int timeout_s;
        char handled_by[BUS_NAME_MAX + 1]; /* HandledBy: listener id or bus name; empty: not here */
        char handler[BUS_NAME_MAX + 1]; /* bus name of the program that answered, or is about to */
        char tied_to[BUS_NAME_MAX + 1]; /* bus name of the program the call is tied to, or empty */
        bool ring_tied;                 /* only until the call is answered */
        Consent consent;
        PhoneSession session;
} StoredCall;

/* Makes a deep copy in an empty `call`. Returns 0, or -ENOMEM with `call` left empty. */
int stored_call_copy(StoredCall *call, const StoredCall *from);
void stored_call_done(StoredCall *call);
