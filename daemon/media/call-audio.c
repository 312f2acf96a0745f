/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/call-audio.h"

#include <errno.h>
#include <glib.h>
#include <utlist.h>

#include "base/log.h"
#include "base/str.h"
#include "media/device-choice.h"
#include "media/microphone.h"
#include "media/playback.h"

/*
 * Bluetooth headsets disappear and come back when their profile changes, and PipeWire's devices
 * with them.
 */
#define PATIENCE_MS 1500
#define CONNECT_MIN_MS 100 /* between attempts to connect; doubled each time */
#define CONNECT_MAX_MS 3200

/* A voice that is played. */
typedef struct PlaybackSlot {
        struct PlaybackSlot *prev, *next;
        char *node, *description; /* owned */
        PacketQueue *queue;       /* not owned */
        Playback *playback;
} PlaybackSlot;

/* The state of the devices of one kind. */
typedef struct DeviceState {
        DeviceUse use, told;
        char target[NODE_NAME_MAX + 1]; /* the target of its streams */
        bool failure_told;
} DeviceState;

struct CallAudio {
        const char *session; /* not owned */
        CallAudioFault fault;
        void *userdata;
        char title[2 * NAME_MAX_BYTES];
        WorkerDevices devices;
        PipeWire *pipewire; /* NULL: no PipeWire */
        EchoCanceller *echo;
        AudioSender *sender; /* not owned; NULL: not joined */
        DeviceState microphone, speaker;
        Microphone *mic;
        PlaybackSlot *heard;
        bool absence_told; /* PipeWire's absence */
        bool echo_fault_told;
        guint patience;      /* timer: reports what is still missing */
        guint connect;       /* timer: the next attempt to connect */
        unsigned connect_ms; /* the delay of the attempt after that */
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

static void close_streams(CallAudio *audio)
{
        PlaybackSlot *heard;

        audio->mic = microphone_free(audio->mic);
        DL_FOREACH (audio->heard, heard)
                heard->playback = playback_free(heard->playback);
}

static void disconnect(CallAudio *audio)
{
        drop_timer(&audio->patience);
        close_streams(audio);
        audio->pipewire = pipewire_free(audio->pipewire);
}

static void tell_absence(CallAudio *audio, const char *text)
{
        if (!audio->absence_told)
                audio->fault(audio->userdata, CALL_ERROR_MEDIA_FAILED, text);
        audio->absence_told = true;
}

static void on_sound_changed(void *userdata)
{
        CallAudio *audio = userdata;

        if (audio->sender)
                review(audio, true);
}

static void on_sound_broken(void *userdata)
{
        CallAudio *audio = userdata;

        disconnect(audio);
        if (!audio->sender)
                return;
        tell_absence(audio, "PipeWire has gone: there is no sound until it is back");
        audio->connect_ms = CONNECT_MIN_MS;
        connect_later(audio);
}

static const PipeWireEvents pipewire_events = {.changed = on_sound_changed,
                                               .broken = on_sound_broken};

static bool connect_now(CallAudio *audio)
{
        if (audio->pipewire && pipewire_is_broken(audio->pipewire))
                disconnect(audio);
        if (!audio->pipewire && pipewire_new(&pipewire_events, audio, &audio->pipewire) < 0)
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
        log_fields(LOG_INFO, "PipeWire is there again", "SESSION_ID=%s", audio->session, NULL);
        audio->absence_told = false;
        review(audio, true);
        return G_SOURCE_REMOVE;
}

static void connect_later(CallAudio *audio)
{
        drop_timer(&audio->connect);
        audio->connect = g_timeout_add(audio->connect_ms, on_connect, audio);
        audio->connect_ms = MIN_OF(2 * audio->connect_ms, CONNECT_MAX_MS);
}

/* ---- streams ---- */

static void on_frame(void *userdata, int16_t *samples)
{
        CallAudio *audio = userdata;

        echo_canceller_process(audio->echo, samples);
        audio_sender_frame(audio->sender, samples);
}

static void tell_failure(CallAudio *audio, DeviceState *state, const char *what)
{
        char sentence[MESSAGE_TEXT_MAX + 1];

        snprintf(sentence, sizeof(sentence), "the %s cannot be used; it is tried again", what);
        if (!state->failure_told)
                audio->fault(audio->userdata, CALL_ERROR_DEVICE_NOT_FOUND, sentence);
        state->failure_told = true;
}

/*
 * Makes the stream fit the state. `moved`: it has another target; `again`: retry one that failed.
 */
static int adjust_microphone(CallAudio *audio, bool moved, bool again)
{
        const DeviceState *state = &audio->microphone;
        char node[NODE_NAME_MAX + 1];

        if (state->use == DEVICE_NONE) {
                audio->mic = microphone_free(audio->mic);
                return 0;
        }
        if (audio->mic)
                return moved || (again && microphone_failed(audio->mic))
                               ? microphone_move(audio->mic, state->target)
                               : 0;
        snprintf(node, sizeof(node), "tring.%s.capture", audio->session);
        return microphone_new(audio->pipewire, node, audio->title, state->target, on_frame, audio,
                              &audio->mic);
}

static int adjust_heard(CallAudio *audio, PlaybackSlot *heard, bool moved, bool again)
{
        const DeviceState *state = &audio->speaker;

        if (state->use == DEVICE_NONE) {
                heard->playback = playback_free(heard->playback);
                return 0;
        }
        if (heard->playback)
                return moved || (again && playback_failed(heard->playback))
                               ? playback_move(heard->playback, state->target)
                               : 0;
        return playback_new(audio->pipewire, heard->node, heard->description, state->target,
                            heard->queue, audio->echo, &heard->playback);
}

static int adjust_speaker(CallAudio *audio, bool moved, bool again)
{
        PlaybackSlot *heard;
        int r = 0;

        DL_FOREACH (audio->heard, heard) {
                int one = adjust_heard(audio, heard, moved, again);

                r = one < 0 ? one : r;
        }
        return r;
}

static bool speaker_failed(const CallAudio *audio)
{
        const PlaybackSlot *heard;

        DL_FOREACH (audio->heard, heard)
                if (heard->playback && playback_failed(heard->playback))
                        return true;
        return false;
}

static void adjust_echo(CallAudio *audio, bool headset)
{
        EchoCancel wish = audio->devices.echo_cancel;
        bool on = wish == ECHO_CANCEL_YES || (wish == ECHO_CANCEL_AUTO && !headset);

        if (on == echo_canceller_is_on(audio->echo))
                return;
        int r = echo_canceller_switch(audio->echo, on);
        if (r < 0 && !audio->echo_fault_told) {
                log_fields(LOG_WARNING, "PipeWire's echo canceller cannot be used", "SESSION_ID=%s",
                           audio->session, "WHY=%s", strerror(-r), NULL);
                audio->echo_fault_told = true;
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

static void tell_use(CallAudio *audio, DeviceState *state, const char *what, const char *chosen,
                     bool patient)
{
        char sentence[MESSAGE_TEXT_MAX + 1];

        if (patient && device_is_loss(state->told, state->use)) {
                wait_a_moment(audio);
                return;
        }
        if (device_sentence(state->told, state->use, what, chosen, sentence, sizeof(sentence)))
                audio->fault(audio->userdata, CALL_ERROR_DEVICE_NOT_FOUND, sentence);
        state->told = state->use;
}

/* Returns true if its streams have to move. */
static bool choose(DeviceState *state, const PipeWireDevice *found, const char *chosen)
{
        bool moved;

        state->use = device_use(chosen, found->any, found->there);
        moved = !str_eq(state->target, device_target(state->use, chosen));
        STR_SET(state->target, device_target(state->use, chosen));
        return moved;
}

/* Adjusts everything to the present devices. `patient`: losses may mend by themselves. */
static void review(CallAudio *audio, bool patient)
{
        const WorkerDevices *devices = &audio->devices;
        PipeWireDevice microphone, speaker;
        int r;

        pipewire_look(audio->pipewire, DEVICE_MICROPHONE, devices->microphone, &microphone);
        pipewire_look(audio->pipewire, DEVICE_SPEAKER, devices->speaker, &speaker);

        bool moved = choose(&audio->microphone, &microphone, devices->microphone);
        tell_use(audio, &audio->microphone, "microphone", devices->microphone, patient);
        r = adjust_microphone(audio, moved, !patient);
        if (r < 0 || (audio->mic && microphone_failed(audio->mic))) {
                tell_failure(audio, &audio->microphone, "microphone");
                wait_a_moment(audio);
        }

        moved = choose(&audio->speaker, &speaker, devices->speaker);
        tell_use(audio, &audio->speaker, "speaker", devices->speaker, patient);
        r = adjust_speaker(audio, moved, !patient);
        if (r < 0 || speaker_failed(audio)) {
                tell_failure(audio, &audio->speaker, "speaker");
                wait_a_moment(audio);
        }
        adjust_echo(audio, speaker.headset);
}

/* ---- the call ---- */

int call_audio_new(const char *session, CallAudioFault fault, void *userdata, CallAudio **ret)
{
        _cleanup_(call_audio_freep) CallAudio *audio = calloc(1, sizeof(*audio));
        int r;

        if (!audio)
                return -ENOMEM;
        audio->session = session;
        audio->fault = fault;
        audio->userdata = userdata;
        r = echo_canceller_new(&audio->echo);
        if (r < 0)
                return r;
        /* Before the join, so that the devices are known by then. */
        connect_now(audio);
        *ret = TAKE_PTR(audio);
        return 0;
}

CallAudio *call_audio_free(CallAudio *audio)
{
        if (!audio)
                return NULL;
        call_audio_leave(audio);
        disconnect(audio);
        echo_canceller_free(audio->echo);
        free(audio);
        return NULL;
}

void call_audio_join(CallAudio *audio, const WorkerDevices *devices, const char *title,
                     AudioSender *sender)
{
        audio->sender = sender;
        audio->devices = *devices;
        audio->microphone = audio->speaker = (DeviceState){};
        audio->absence_told = false;
        STR_SET(audio->title, title);
        if (connect_now(audio)) {
                review(audio, false);
                return;
        }
        tell_absence(audio, "PipeWire cannot be reached: nothing can be heard or said until it is "
                            "there");
        audio->connect_ms = CONNECT_MIN_MS;
        connect_later(audio);
}

void call_audio_leave(CallAudio *audio)
{
        audio->mic = microphone_free(audio->mic);
        audio->sender = NULL;
        drop_timer(&audio->patience);
        drop_timer(&audio->connect);
}

void call_audio_change(CallAudio *audio, const WorkerDevices *devices)
{
        if (!str_eq(devices->microphone, audio->devices.microphone))
                audio->microphone.told = DEVICE_UNKNOWN;
        if (!str_eq(devices->speaker, audio->devices.speaker))
                audio->speaker.told = DEVICE_UNKNOWN;
        audio->devices = *devices;
        if (audio->sender && audio->pipewire && !pipewire_is_broken(audio->pipewire))
                review(audio, false);
}

static PlaybackSlot *playback_slot_free(PlaybackSlot *heard)
{
        if (!heard)
                return NULL;
        playback_free(heard->playback);
        free(heard->node);
        free(heard->description);
        free(heard);
        return NULL;
}
DEFINE_CLEANUP(PlaybackSlot *, playback_slot_free);

int call_audio_play(CallAudio *audio, const char *node, const char *description, PacketQueue *queue)
{
        _cleanup_(playback_slot_freep) PlaybackSlot *heard = calloc(1, sizeof(*heard));

        if (!heard)
                return -ENOMEM;
        heard->queue = queue;
        heard->node = strdup(node);
        heard->description = strdup(description);
        if (!heard->node || !heard->description)
                return -ENOMEM;
        if (audio->pipewire && !pipewire_is_broken(audio->pipewire) &&
            adjust_heard(audio, heard, false, false) < 0)
                tell_failure(audio, &audio->speaker, "speaker");
        DL_APPEND(audio->heard, heard);
        TAKE_PTR(heard);
        return 0;
}

void call_audio_stop(CallAudio *audio, PacketQueue *queue)
{
        PlaybackSlot *heard, *next;

        DL_FOREACH_SAFE (audio->heard, heard, next) {
                if (heard->queue != queue)
                        continue;
                DL_DELETE(audio->heard, heard);
                playback_slot_free(heard);
        }
}
