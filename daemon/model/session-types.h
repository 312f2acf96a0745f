/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The media session of a call, in types that tringd, its workers and the phone share.
 */

#include "model/message.h"

#define NODE_NAME_MAX 255 /* bytes of a PipeWire node.name */

typedef enum SessionState {
        SESSION_IDLE,
        SESSION_JOINING,
        SESSION_CONNECTED,
        SESSION_RECONNECTING,
        SESSION_FAILED,
        SESSION_LEFT,
        SESSION_STATE_COUNT,
} SessionState;

const char *session_state_to_string(SessionState state);
int session_state_from_string(const char *s, SessionState *ret);
/* Whether the device is in the media or joins them. */
bool session_state_in_media(SessionState state);

/* Kinds of audio and video devices of the desktop. */
typedef enum DeviceKind {
        DEVICE_MICROPHONE,
        DEVICE_SPEAKER,
        DEVICE_CAMERA,
        DEVICE_KIND_COUNT,
} DeviceKind;

typedef struct SessionSettings { /* of Join, InitiateCall, AcceptCall */
        CallType type;
        bool has_type;
        bool start_audio_muted, start_video_paused;
        char microphone[NODE_NAME_MAX + 1], speaker[NODE_NAME_MAX + 1], camera[NODE_NAME_MAX + 1];
} SessionSettings;

/* "1234 5678", and room for a longer one: see PROTOCOL.md, Verification. */
#define VERIFICATION_CODE_MAX 31
#define NOT_VERIFIABLE_MAX 127 /* bytes */

/* A participant's state that only the worker knows. */
typedef struct ParticipantMedia {
        bool connected; /* media flow between this device and the participant */
        bool speaking;
        bool picture;                       /* the participant sends a picture */
        char audio_node[NODE_NAME_MAX + 1]; /* node.name of the participant's voice in PipeWire */
        char video_node[NODE_NAME_MAX + 1]; /* node.name of the picture; empty: no picture */
        char verification_code[VERIFICATION_CODE_MAX + 1]; /* empty: not known yet */
        /* Why there will be no code, as a clause. Empty: it is known or awaited. */
        char not_verifiable[NOT_VERIFIABLE_MAX + 1];
} ParticipantMedia;

typedef struct SessionParticipant {
        Participant participant;
        ParticipantMedia media;
        bool unverified; /* not stored: no code may be exchanged with them (phone/handshake.h) */
        /*
         * Not stored: when the absence of a picture that is sent will be reported (CLOCK_BOOTTIME);
         * 0: none is awaited; USEC_NEVER: it was reported.
         */
        usec_t picture_due;
        /* Not stored: phone/event-rate.h; when a changed state will be announced, 0: it has been.
         */
        usec_t events_bucket, state_due;
} SessionParticipant;
