/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/message.h"
#include "model/session-types.h"

#define BUS_NAME_MAX 255 /* bytes of a bus name, D-Bus specification */

/* The media of a call's session, as this device sees them. */
typedef struct PhoneSession {
        SessionState state;
        bool audio_muted;
        bool video_paused;   /* the camera is closed, as in an audio call */
        bool screen_sharing; /* a screen is shown in its place; not stored: the worker reports it */
        SessionSettings settings;
        char own_id[PARTICIPANT_ID_MAX + 1];
        SessionParticipant *participants; /* owned; the others */
        size_t n_participants;
} PhoneSession;

/*
 * What a device stores of a live call, for the next daemon: what the hub cannot tell again. The
 * phone embeds it in its call, so a field is stored once it is here and in the table of
 * wire/stored.c. Clocks that restart with the machine have no place in it.
 */
typedef struct StoredCall {
        CallRecord record;      /* owned; Status, Reason, dates, parties, as on D-Bus */
        usec_t ring_until_date; /* CLOCK_REALTIME, set when stored; 0 when it does not ring */
        bool silenced;
        bool present; /* a listener may present it: false under do-not-disturb and after silence */
        bool member_ringing; /* outgoing: the receiver's device alerts someone */
        bool answered_here;  /* this device placed or answered it, so its Session methods work */
        bool join_wanted;    /* media starts when accepted */
        bool alerting_said;  /* the hub was told that somebody is alerted */
        bool unwanted;       /* cancelled or ended by hand: nothing is joined any more */
        bool placed;         /* by this device, with the two below */
        bool parallel;
        int timeout_s;
        char handled_by[BUS_NAME_MAX + 1]; /* listener id, else bus name; empty: nobody here */
        char handler[BUS_NAME_MAX + 1]; /* bus name of the program that answered, or is about to */
        char tied_to[BUS_NAME_MAX + 1]; /* the bus connection that the call is tied to, or empty */
        PhoneSession session;
} StoredCall;

/* Deep copy into an empty one. Returns 0 or -ENOMEM (with `call` left empty). */
int stored_call_copy(StoredCall *call, const StoredCall *from);
void stored_call_done(StoredCall *call);
