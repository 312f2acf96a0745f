/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/message.h"
#include "model/session-types.h"

#define BUS_NAME_MAX 255 /* bytes of a bus name, D-Bus specification */

/*
 * What a device stores of a live call, for the next daemon: what the hub cannot tell again. Clocks
 * that restart with the machine have no place in it.
 */
typedef struct StoredCall {
        CallRecord record; /* owned */
        usec_t ring_until; /* CLOCK_REALTIME; 0 when it does not ring */
        bool silenced, present, member_ringing, answered_here, join_wanted;
        bool alerting_said; /* the hub was told that somebody is alerted */
        bool unwanted;      /* cancelled or ended by hand */
        bool placed;        /* by this device, with the two below */
        bool parallel;
        int timeout_s;
        char handled_by[BUS_NAME_MAX + 1];
        char handler[BUS_NAME_MAX +
                     1]; /* unique name of the program that answered, or is about to */
        char tied_to[BUS_NAME_MAX + 1]; /* the bus connection that the call is tied to, or empty */
        SessionState session_state;
        bool audio_muted, video_paused;
        SessionSettings settings;
        char own_id[PARTICIPANT_ID_MAX + 1];
        SessionParticipant *participants; /* owned */
        size_t n_participants;
} StoredCall;

void stored_call_done(StoredCall *state);
