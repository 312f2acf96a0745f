/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A call between media workers alone: the test plays tringd and hub, sends each worker its orders
 * and carries the signals. The workers are real (TRING_RIG_MEDIA), and connect to each other
 * through 127.0.0.1.
 *
 * Waiting carries signals. A wait that cannot succeed, or takes too long, ends the test.
 */

#include <sys/types.h>

#include "rig/audio-relay.h"
#include "rig/rig.h"
#include "wire/worker.h"

#define AUDIO_CALL_ENDS_MAX 4

typedef struct AudioEnd {
        const char *uid, *microphone, *speaker; /* devices; NULL: the default */
        const char *camera;                     /* NULL: the default */
        bool echo, video, video_paused;
        bool cancels_echo; /* unless its speaker is a headset */

        pid_t pid;
        int fd;
        char session[UUID_LENGTH + 1];
        char id[PARTICIPANT_ID_MAX + 1]; /* empty: not joined */
        SessionState state;
        bool muted;                                   /* as reported on a new connection */
        bool microphone_told, has_microphone;         /* as reported since the join */
        WorkerParticipantStatus status;               /* the last one reported */
        bool reported;                                /* … since the newest connection was made */
        ParticipantMedia others[AUDIO_CALL_ENDS_MAX]; /* the last one about each participant,
                                                         indexed as AudioCall.ends */
        CallError error;                              /* the same, with its sentence */
        char unheard[MESSAGE_TEXT_MAX + 1]; /* the error that its microphone gives nothing: it is
                                               not in `text`, since tests do not always speak */
        bool paused, screen;                /* video paused, as reported; a screen is shown */
        char text[MESSAGE_TEXT_MAX + 1];
        bool has_stats;
        uint64_t stats_serial;
        WorkerParticipantStats stats; /* of the first participant */
} AudioEnd;

typedef struct AudioCall {
        AudioEnd ends[AUDIO_CALL_ENDS_MAX];
        size_t n_ends;
        unsigned joins;      /* number of participant ids made so far */
        unsigned connection; /* the highest connection number in a signal */
        char directory[RIG_PATH_MAX];
        IceServer *ice_servers; /* for all joins; not owned */
        size_t n_ice_servers;
        bool relay_only;
        /*
         * Rewrites a signal on its way (returns fresh memory); NULL: signals arrive as they were
         * sent.
         */
        char *(*tamper)(const char *data);
        RigRelay *relay; /* carries all media; not owned; NULL: they go directly */
} AudioCall;

/* `audio_directory` is rig_audio_directory(). */
void audio_call_init(AudioCall *call, const char *audio_directory);
/* Kills the workers that still run. */
void audio_call_done(AudioCall *call);

/* Starts a worker and connects to it. */
AudioEnd *audio_call_add(AudioCall *call, const AudioEnd *like);
void audio_end_kill(AudioEnd *end);
/* Drops the connection to the worker and connects again, as a restarted tringd does. */
void audio_end_reconnect(AudioEnd *end);

void audio_end_send(AudioEnd *end, const WorkerMessage *message);
/* Sends bytes, which may be an invalid message. */
void audio_end_send_text(AudioEnd *end, const char *text);
/* Sends any text as a signal from `from`. */
void audio_end_send_signal(AudioEnd *end, const AudioEnd *from, const char *data);
void audio_call_join(AudioCall *call, AudioEnd *end, bool muted);
void audio_call_leave(AudioCall *call, AudioEnd *end);
/* Notifies the others only, as when the device was lost. */
void audio_call_lose(AudioCall *call, AudioEnd *end);
void audio_end_mute(AudioEnd *end, bool on);
void audio_end_pause_video(AudioEnd *end, bool on);
/* Passes a PipeWire connection as a portal would; it stays the caller's. */
void audio_end_start_screen(AudioEnd *end, int remote, uint32_t node);
/* Sends the current microphone, speaker, camera and cancels_echo. */
void audio_end_change_devices(AudioEnd *end);

void audio_call_wait_state(AudioCall *call, AudioEnd *end, SessionState state);
/* Waits until media flow between this end and another. */
void audio_call_wait_peer(AudioCall *call, AudioEnd *end);
/* Waits until media flow between this end and all that have joined. */
void audio_call_wait_all(AudioCall *call, AudioEnd *end);
/* The state of another participant, as this end reports it. */
const ParticipantMedia *audio_end_of(const AudioCall *call, const AudioEnd *end,
                                     const AudioEnd *other);
/* Waits until this end has a verification code for the other. */
const char *audio_call_wait_code(AudioCall *call, AudioEnd *end, const AudioEnd *other);
void audio_end_network_changed(AudioEnd *end);
/* Waits until both ends of a call of two use the connection of that number. */
void audio_call_wait_connection(AudioCall *call, unsigned number);
/* Waits for the next error after the last one that was waited for. */
void audio_call_wait_error(AudioCall *call, AudioEnd *end, CallError error);
/* Waits until this end has reported that there is a microphone, or none. */
void audio_call_wait_microphone(AudioCall *call, AudioEnd *end, bool there);
void audio_call_wait_unheard(AudioCall *call, AudioEnd *end);
/* Waits until video comes from another participant, or stops. */
void audio_call_wait_picture(AudioCall *call, AudioEnd *end, bool there);
void audio_call_wait_screen(AudioCall *call, AudioEnd *end, bool shown);
void audio_call_wait_speaking(AudioCall *call, AudioEnd *end, bool speaking);
const WorkerParticipantStats *audio_call_stats(AudioCall *call, AudioEnd *end);
/* Waits until the worker has ended; returns its exit code, or -1 if it was killed. */
int audio_end_wait_exit(AudioEnd *end);
