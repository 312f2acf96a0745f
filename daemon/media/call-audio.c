/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/call-audio.h"

#include <errno.h>
#include <glib.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "media/device-choice.h"
#include "media/microphone-watch.h"
#include "media/microphone.h"

/*
 * Time before a missing device is reported or a failed one is reopened: a Bluetooth headset's
 * devices disappear and come back when its profile changes.
 */
#define PATIENCE_MS 1500
#define LOOK_S 1           /* between two checks whether the microphone gives something */
#define CONNECT_MIN_MS 100 /* between attempts to connect; doubled each time */
#define CONNECT_MAX_MS 3200

/* The state of the devices of one kind. */
typedef struct DeviceState {
        DeviceUse use, reported;
        char target[NODE_NAME_MAX + 1]; /* node.name for the streams; empty: the default */
        bool retried;                   /* a stream that had failed was opened again */
        bool failure_reported;
} DeviceState;

struct CallAudio {
        const char *session;    /* not owned */
        PipeWireSource *source; /* not owned */
        const CallAudioEvents *events;
        void *userdata;
        char title[2 * NAME_MAX_BYTES];
        WorkerDevices devices;
        PipeWire *pipewire; /* NULL: no PipeWire */
        EchoCanceller *echo;
        AudioSender *sender;               /* not owned; NULL: not joined */
        DeviceState states[DEVICE_CAMERA]; /* of microphone and speaker */
        Microphone *microphone;
        bool opened;       /* the microphone, since the join: a later mute was set in this call */
        GSList *playbacks; /* of the voices */
        bool absence_reported;    /* PipeWire's absence */
        bool microphone_reported; /* … whether there is one, since the join */
        bool has_microphone;      /* as reported */
        bool echo_fault_reported;
        MicrophoneWatch watch;
        _Atomic usec_t frame, sound; /* MicrophoneTimes */
        guint look;                  /* timer: checks the microphone */
        guint patience;              /* timer: reports missing devices, reopens failed ones */
        guint connect;               /* timer: the next attempt to connect */
        unsigned connect_ms;         /* delay of the attempt after the next */
};

static const char *const kind_names[] = {
        [DEVICE_MICROPHONE] = "microphone",
        [DEVICE_SPEAKER] = "speaker",
};

static void review(CallAudio *audio, bool patient);
static void connect_later(CallAudio *audio);

static void drop_timer(guint *timer)
{
        if (*timer)
                g_source_remove(*timer);
        *timer = 0;
}

/* ---- PipeWire ---- */

static void disconnect(CallAudio *audio)
{
        drop_timer(&audio->patience);
        microphone_close(audio->microphone);
        for (GSList *at = audio->playbacks; at; at = at->next)
                playback_close(at->data);
        for (DeviceKind kind = DEVICE_MICROPHONE; kind <= DEVICE_SPEAKER; kind++)
                audio->states[kind].retried = false;
        audio->pipewire = pipewire_free(audio->pipewire);
}

static void report_microphone(CallAudio *audio, bool there)
{
        if (audio->microphone_reported && audio->has_microphone == there)
                return;
        audio->microphone_reported = true;
        audio->has_microphone = there;
        audio->events->microphone(audio->userdata, there);
}

static void report_absence(CallAudio *audio, const char *text)
{
        report_microphone(audio, false);
        if (!audio->absence_reported)
                audio->events->fault(audio->userdata, CALL_ERROR_MEDIA_FAILED, text);
        audio->absence_reported = true;
        audio->connect_ms = CONNECT_MIN_MS;
        connect_later(audio);
}

static void on_pipewire_changed(void *userdata)
{
        CallAudio *audio = userdata;

        if (audio->sender)
                review(audio, true);
}

static void on_pipewire_broken(void *userdata)
{
        CallAudio *audio = userdata;

        disconnect(audio);
        if (audio->sender)
                report_absence(audio, "lost the connection to PipeWire: no audio until it is back");
}

static const PipeWireEvents pipewire_events = {.changed = on_pipewire_changed,
                                               .broken = on_pipewire_broken};

static bool connect_now(CallAudio *audio)
{
        if (audio->pipewire && pipewire_is_broken(audio->pipewire))
                disconnect(audio);
        if (!audio->pipewire &&
            pipewire_new(audio->source, &pipewire_events, audio, &audio->pipewire) < 0)
                return false;
        return true;
}

static gboolean on_connect(void *userdata)
{
        CallAudio *audio = userdata;

        audio->connect = 0;
        if (!connect_now(audio)) {
                connect_later(audio);
                return G_SOURCE_REMOVE;
        }
        log_fields(LOG_INFO, "connected to PipeWire again", "SESSION_ID=%s", audio->session, NULL);
        audio->absence_reported = false;
        review(audio, true);
        return G_SOURCE_REMOVE;
}

static void connect_later(CallAudio *audio)
{
        drop_timer(&audio->connect);
        audio->connect = g_timeout_add(audio->connect_ms, on_connect, audio);
        audio->connect_ms = MIN_OF(2 * audio->connect_ms, CONNECT_MAX_MS);
}

void call_audio_connect(CallAudio *audio)
{
        if (!audio->connect)
                return;
        drop_timer(&audio->connect);
        on_connect(audio);
}

/* ---- streams ---- */

static bool is_silent(const int16_t *samples)
{
        for (size_t i = 0; i < AUDIO_FRAME; i++)
                if (samples[i] != 0)
                        return false;
        return true;
}

static void on_frame(void *userdata, int16_t *samples)
{
        CallAudio *audio = userdata;
        usec_t now = clock_boottime();

        atomic_store(&audio->frame, now);
        if (!is_silent(samples))
                atomic_store(&audio->sound, now);
        echo_canceller_process(audio->echo, samples);
        audio_sender_frame(audio->sender, samples);
}

/*
 * The adjust functions open, move or close the streams of one kind of device to match its state.
 * `moved`: the target has changed; `again`: reopen streams that failed. They return 0, or the
 * negative errno of a stream that does not work.
 */
static int adjust_microphone(CallAudio *audio, bool moved, bool again)
{
        const DeviceState *state = &audio->states[DEVICE_MICROPHONE];
        Microphone *microphone = audio->microphone;
        char node[NODE_NAME_MAX + 1];
        int r;

        if (state->use == DEVICE_NONE) {
                microphone_close(microphone);
                return 0;
        }
        snprintf(node, sizeof(node), "tring.%s.capture", audio->session);
        if (microphone_is_open(microphone) && !moved && !(again && microphone_failed(microphone)))
                return 0;
        r = microphone_open(microphone, audio->pipewire, node, audio->title, state->target,
                            !audio->opened);
        audio->opened |= r == 0;
        microphone_watch_opened(&audio->watch, clock_boottime());
        return r;
}

static int adjust_playback(CallAudio *audio, Playback *playback, bool moved, bool again)
{
        const DeviceState *state = &audio->states[DEVICE_SPEAKER];

        if (state->use == DEVICE_NONE) {
                playback_close(playback);
                return 0;
        }
        if (!playback_is_open(playback) || moved || (again && playback_failed(playback)))
                return playback_open(playback, audio->pipewire, state->target);
        return 0;
}

static int adjust_speaker(CallAudio *audio, bool moved, bool again)
{
        int r = 0;

        for (GSList *at = audio->playbacks; at; at = at->next) {
                int one = adjust_playback(audio, at->data, moved, again);

                r = one < 0 ? one : r;
        }
        return r;
}

/* Whether a stream of this kind has failed since it was opened. */
static bool device_failed(const CallAudio *audio, DeviceKind kind)
{
        if (kind == DEVICE_MICROPHONE)
                return microphone_failed(audio->microphone);
        for (GSList *at = audio->playbacks; at; at = at->next) {
                if (playback_failed(at->data))
                        return true;
        }
        return false;
}

static void adjust_echo(CallAudio *audio, bool headset)
{
        EchoCancel wish = audio->devices.echo_cancel;
        bool on = wish == ECHO_CANCEL_YES || (wish == ECHO_CANCEL_AUTO && !headset);

        if (on == echo_canceller_is_on(audio->echo))
                return;
        int r = echo_canceller_switch(audio->echo, on);
        if (r < 0 && !audio->echo_fault_reported) {
                log_fields(LOG_WARNING, "cannot load PipeWire's echo canceller", "SESSION_ID=%s",
                           audio->session, "WHY=%s", strerror(-r), NULL);
                audio->echo_fault_reported = true;
        }
}

/* ---- which devices ---- */

static gboolean on_patience_over(void *userdata)
{
        CallAudio *audio = userdata;

        audio->patience = 0;
        review(audio, false);
        return G_SOURCE_REMOVE;
}

static void wait_a_moment(CallAudio *audio)
{
        if (!audio->patience)
                audio->patience = g_timeout_add(PATIENCE_MS, on_patience_over, audio);
}

static const char *chosen_device(const WorkerDevices *devices, DeviceKind kind)
{
        return kind == DEVICE_MICROPHONE ? devices->microphone : devices->speaker;
}

static void report_failure(CallAudio *audio, DeviceKind kind, int error)
{
        char text[MESSAGE_TEXT_MAX + 1];

        snprintf(text, sizeof(text), "cannot open the %s: %s; trying again", kind_names[kind],
                 strerror(-error));
        if (!audio->states[kind].failure_reported)
                audio->events->fault(audio->userdata, CALL_ERROR_DEVICE_NOT_FOUND, text);
        audio->states[kind].failure_reported = true;
}

static void review_streams(CallAudio *audio, DeviceKind kind, bool moved, bool patient)
{
        DeviceState *state = &audio->states[kind];
        bool failed = device_failed(audio, kind);
        int r;

        /* A PipeWire that has just started may refuse a stream, and take it a moment later. */
        if (failed && state->retried)
                report_failure(audio, kind, -EIO);
        state->retried = state->retried || (failed && !patient);
        r = kind == DEVICE_MICROPHONE ? adjust_microphone(audio, moved, !patient)
                                      : adjust_speaker(audio, moved, !patient);
        if (r < 0)
                report_failure(audio, kind, r);
        if (failed || r < 0)
                wait_a_moment(audio);
}

/* Returns whether the device in use is a headset. */
static bool review_device(CallAudio *audio, DeviceKind kind, bool patient)
{
        DeviceState *state = &audio->states[kind];
        const char *chosen = chosen_device(&audio->devices, kind), *target;
        char text[MESSAGE_TEXT_MAX + 1];
        PipeWireDevice found;
        bool moved;

        pipewire_look(audio->pipewire, kind, chosen, &found);
        state->use = device_use(chosen, found.any, found.there);
        target = device_target(state->use, chosen, found.instead);
        moved = !str_eq(state->target, target);
        STR_SET(state->target, target);
        if (patient && device_is_loss(state->reported, state->use)) {
                wait_a_moment(audio);
        } else {
                if (device_sentence(state->reported, state->use, kind_names[kind], chosen, text,
                                    sizeof(text)))
                        audio->events->fault(audio->userdata, CALL_ERROR_DEVICE_NOT_FOUND, text);
                state->reported = state->use;
                if (kind == DEVICE_MICROPHONE)
                        report_microphone(audio, state->use != DEVICE_NONE);
        }
        review_streams(audio, kind, moved, patient);
        return found.headset;
}

/*
 * Adjusts all streams to the present devices. `patient`: waits PATIENCE_MS before it reports a loss
 * or reopens a failed stream.
 */
static void review(CallAudio *audio, bool patient)
{
        review_device(audio, DEVICE_MICROPHONE, patient);
        adjust_echo(audio, review_device(audio, DEVICE_SPEAKER, patient));
}

static gboolean on_look(void *userdata)
{
        CallAudio *audio = userdata;
        const MicrophoneTimes times = {.frame = atomic_load(&audio->frame),
                                       .sound = atomic_load(&audio->sound)};
        char text[MESSAGE_TEXT_MAX + 1];

        /* A microphone that is closed or has failed was reported as that. */
        if (!microphone_is_open(audio->microphone) || microphone_failed(audio->microphone))
                return G_SOURCE_CONTINUE;
        if (microphone_watch_look(&audio->watch, &times, audio_sender_is_muted(audio->sender),
                                  clock_boottime(), text, sizeof(text)))
                audio->events->fault(audio->userdata, CALL_ERROR_DEVICE_NOT_FOUND, text);
        return G_SOURCE_CONTINUE;
}

/* ---- the call ---- */

int call_audio_new(const char *session, PipeWireSource *source, const CallAudioEvents *events,
                   void *userdata, CallAudio **ret)
{
        _cleanup_(call_audio_freep) CallAudio *audio = calloc(1, sizeof(*audio));
        int r;

        if (!audio)
                return -ENOMEM;
        audio->session = session;
        audio->source = source;
        audio->events = events;
        audio->userdata = userdata;
        r = echo_canceller_new(&audio->echo);
        if (r == 0)
                r = microphone_new(on_frame, audio, &audio->microphone);
        if (r < 0)
                return r;
        /* Connects before the join, so that the devices are known by then. */
        connect_now(audio);
        *ret = TAKE_PTR(audio);
        return 0;
}

CallAudio *call_audio_free(CallAudio *audio)
{
        if (!audio)
                return NULL;
        if (audio->microphone) {
                call_audio_leave(audio);
                disconnect(audio);
        }
        microphone_free(audio->microphone);
        echo_canceller_free(audio->echo);
        free(audio);
        return NULL;
}

void call_audio_join(CallAudio *audio, const WorkerDevices *devices, const char *title,
                     AudioSender *sender)
{
        audio->sender = sender;
        audio->devices = *devices;
        memset(audio->states, 0, sizeof(audio->states));
        audio->absence_reported = audio->opened = false;
        audio->microphone_reported = audio->has_microphone = false;
        audio->watch = (MicrophoneWatch){};
        atomic_store(&audio->frame, 0);
        atomic_store(&audio->sound, 0);
        drop_timer(&audio->look);
        audio->look = g_timeout_add_seconds(LOOK_S, on_look, audio);
        STR_SET(audio->title, title);
        if (connect_now(audio))
                review(audio, false);
        else
                report_absence(audio, "cannot connect to PipeWire: no audio until it is available");
}

bool call_audio_has_microphone(const CallAudio *audio)
{
        return audio->has_microphone;
}

void call_audio_leave(CallAudio *audio)
{
        microphone_close(audio->microphone);
        audio->sender = NULL;
        drop_timer(&audio->look);
        drop_timer(&audio->patience);
        drop_timer(&audio->connect);
}

void call_audio_change(CallAudio *audio, const WorkerDevices *devices)
{
        if (!str_eq(devices->microphone, audio->devices.microphone))
                audio->states[DEVICE_MICROPHONE].reported = DEVICE_UNKNOWN;
        if (!str_eq(devices->speaker, audio->devices.speaker))
                audio->states[DEVICE_SPEAKER].reported = DEVICE_UNKNOWN;
        audio->devices = *devices;
        if (audio->sender && audio->pipewire && !pipewire_is_broken(audio->pipewire))
                review(audio, false);
}

int call_audio_play(CallAudio *audio, const char *id, const char *node, const char *description,
                    PacketQueue *queue, Playback **ret)
{
        int r = playback_new(id, node, description, queue, audio->echo, ret);

        if (r < 0)
                return r;
        audio->playbacks = g_slist_append(audio->playbacks, *ret);
        if (audio->pipewire && !pipewire_is_broken(audio->pipewire)) {
                r = adjust_playback(audio, *ret, false, false);
                if (r < 0)
                        report_failure(audio, DEVICE_SPEAKER, r);
        }
        return 0;
}

void call_audio_stop(CallAudio *audio, Playback *playback)
{
        audio->playbacks = g_slist_remove(audio->playbacks, playback);
        playback_free(playback);
}
