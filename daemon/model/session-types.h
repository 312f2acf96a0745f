/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The media session of a call as a device, its worker and its programs speak of it.
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
/* Whether the device takes part in the media, or is joining them. */
bool session_state_in_media(SessionState state);

/* The kinds of devices of the desktop. */
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

/* What only the worker knows about a participant. */
typedef struct ParticipantMedia {
        bool connected; /* media flow between us */
        bool speaking;
        bool picture;                       /* a picture comes from them */
        char audio_node[NODE_NAME_MAX + 1]; /* PipeWire node.name of their voice here */
        char video_node[NODE_NAME_MAX + 1]; /* of their picture; empty: there is none */
        char verification_code[VERIFICATION_CODE_MAX + 1]; /* empty: not known yet */
} ParticipantMedia;

typedef struct SessionParticipant {
        Participant participant;
        ParticipantMedia media;
} SessionParticipant;
