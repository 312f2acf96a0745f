/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A call between media workers alone: a controller that gives each its orders and carries their
 * signals, as tringd and hub would. The workers are real (TRING_RIG_MEDIA), and talk to one another
 * by 127.0.0.1.
 *
 * Waiting carries signals; what cannot happen any more, or takes too long, ends the test.
 */

#include <sys/types.h>

#include "rig/audio-relay.h"
#include "rig/rig.h"
#include "wire/worker.h"

#define AUDIO_CALL_ENDS_MAX 4

typedef struct AudioEnd {
        const char *uid, *microphone, *speaker; /* devices NULL: the default */
        const char *camera;                     /* NULL: the default */
        bool echo, video, video_paused;
        bool cancels_echo; /* unless its speaker is a headset */

        pid_t pid;
        int fd;
        char session[UUID_LENGTH + 1];
        char id[PARTICIPANT_ID_MAX + 1]; /* empty: not joined */
        SessionState state;
        bool muted;                                   /* as said on a new connection */
        WorkerParticipantStatus status;               /* the last one told */
        bool told;                                    /* … since the newest connection began */
        ParticipantMedia others[AUDIO_CALL_ENDS_MAX]; /* the last of each, as in AudioCall.ends */
        CallError error;                              /* likewise, with its sentence */
        bool paused, screen;                          /* the camera, likewise; a screen is shown */
        char text[MESSAGE_TEXT_MAX + 1];
        bool has_stats;
        uint64_t stats_serial;
        WorkerParticipantStats stats; /* of the first participant */
} AudioEnd;

typedef struct AudioCall {
        AudioEnd ends[AUDIO_CALL_ENDS_MAX];
        size_t n_ends;
        unsigned joins;      /* made up to now: participant ids */
        unsigned connection; /* the highest number of one that a signal had */
        char directory[RIG_PATH_MAX];
        IceServer *ice_servers; /* that joins come with; not owned */
        size_t n_ice_servers;
        bool relay_only;
        /* What becomes of a signal on its way (fresh memory), NULL: it arrives as it was sent. */
        char *(*tamper)(const char *data);
        RigRelay *relay; /* that all of it goes through; not owned; NULL: straight */
} AudioCall;

/* `audio_directory` as rig_audio_directory(). */
void audio_call_init(AudioCall *call, const char *audio_directory);
/* Kills what still runs. */
void audio_call_done(AudioCall *call);

/* Starts a worker for it and connects. */
AudioEnd *audio_call_add(AudioCall *call, const AudioEnd *like);
void audio_end_kill(AudioEnd *end);
/* Drops the line and connects again, as a tringd that was restarted. */
void audio_end_reconnect(AudioEnd *end);

void audio_end_send(AudioEnd *end, const WorkerMessage *message);
/* Bytes that need not be a message. */
void audio_end_send_text(AudioEnd *end, const char *text);
/* Text in place of a signal, from `from`. */
void audio_end_send_signal(AudioEnd *end, const AudioEnd *from, const char *data);
void audio_call_join(AudioCall *call, AudioEnd *end, bool muted);
void audio_call_leave(AudioCall *call, AudioEnd *end);
/* The others are told, as when its device was lost. */
void audio_call_lose(AudioCall *call, AudioEnd *end);
void audio_end_mute(AudioEnd *end, bool on);
void audio_end_pause_video(AudioEnd *end, bool on);
/* With the connection to PipeWire that a portal would have given; stays the caller's. */
void audio_end_start_screen(AudioEnd *end, int remote, uint32_t node);
/* What it has as microphone, speaker, camera and cancels_echo now. */
void audio_end_change_devices(AudioEnd *end);

void audio_call_wait_state(AudioCall *call, AudioEnd *end, SessionState state);
/* Until media goes between it and another. */
void audio_call_wait_peer(AudioCall *call, AudioEnd *end);
/* Until media goes between it and everybody who has joined. */
void audio_call_wait_all(AudioCall *call, AudioEnd *end);
/* What it sees of one other. */
const ParticipantMedia *audio_end_of(const AudioCall *call, const AudioEnd *end,
                                     const AudioEnd *other);
/* Until it sees a code for that one. */
const char *audio_call_wait_code(AudioCall *call, AudioEnd *end, const AudioEnd *other);
void audio_end_network_changed(AudioEnd *end);
/* Until the connection of that number is in use at both ends of a call of two. */
void audio_call_wait_connection(AudioCall *call, unsigned number);
/* The next error after it was last waited for. */
void audio_call_wait_error(AudioCall *call, AudioEnd *end, CallError error);
/* Until a picture comes from another, or none does any more. */
void audio_call_wait_picture(AudioCall *call, AudioEnd *end, bool there);
void audio_call_wait_screen(AudioCall *call, AudioEnd *end, bool shown);
void audio_call_wait_speaking(AudioCall *call, AudioEnd *end, bool speaking);
const WorkerParticipantStats *audio_call_stats(AudioCall *call, AudioEnd *end);
/* Until the worker has ended; its exit code, or -1: it was killed. */
int audio_end_wait_exit(AudioEnd *end);
