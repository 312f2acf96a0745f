/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/call-sound.h"

#include <errno.h>
#include <glib.h>
#include <utlist.h>

#include "base/log.h"
#include "base/str.h"
#include "media/capture.h"
#include "media/device-choice.h"
#include "media/playback.h"

/* Bluetooth headsets go and come back when their profile changes, PipeWire's devices after it. */
#define PATIENCE_MS 1500
#define CONNECT_MIN_MS 100 /* between attempts to connect; doubled each time */
#define CONNECT_MAX_MS 3200

/* A voice that is to be heard. */
typedef struct Heard {
        struct Heard *prev, *next;
        char *node, *description; /* owned */
        Ring *ring;               /* not owned */
        Playback *playback;
} Heard;

/* How it stands with the devices of one kind. */
typedef struct Side {
        DeviceUse use, told;
        char target[NODE_NAME_MAX + 1]; /* what its streams aim at */
        bool failure_told;
} Side;

struct CallSound {
        const char *session; /* not owned */
        CallSoundFault fault;
        void *userdata;
        char title[2 * NAME_MAX_BYTES];
        WorkerDevices devices;
        Sound *sound; /* NULL: no PipeWire */
        Echo *echo;
        Voice *voice; /* not owned; NULL: not joined */
        Side microphone, speaker;
        Capture *capture;
        Heard *heard;
        bool absence_told; /* of PipeWire */
        bool echo_fault_told;
        guint patience;      /* timer: what is still missing then is told */
        guint connect;       /* timer: of the next attempt */
        unsigned connect_ms; /* after which the next but one follows */
};

static void review(CallSound *sound, bool patient);
static void connect_later(CallSound *sound);

static void drop_timer(guint *timer)
{
        if (*timer)
                g_source_remove(*timer);
        *timer = 0;
}

/* ---- PipeWire ---- */

static void close_streams(CallSound *sound)
{
        Heard *heard;

        sound->capture = capture_free(sound->capture);
        DL_FOREACH (sound->heard, heard)
                heard->playback = playback_free(heard->playback);
}

static void disconnect(CallSound *sound)
{
        drop_timer(&sound->patience);
        close_streams(sound);
        sound->sound = sound_free(sound->sound);
}

static void tell_absence(CallSound *sound, const char *text)
{
        if (!sound->absence_told)
                sound->fault(sound->userdata, CALL_ERROR_MEDIA_FAILED, text);
        sound->absence_told = true;
}

static void on_sound_changed(void *userdata)
{
        CallSound *sound = userdata;

        if (sound->voice)
                review(sound, true);
}

static void on_sound_broken(void *userdata)
{
        CallSound *sound = userdata;

        disconnect(sound);
        if (!sound->voice)
                return;
        tell_absence(sound, "PipeWire has gone: there is no sound until it is back");
        sound->connect_ms = CONNECT_MIN_MS;
        connect_later(sound);
}

static const SoundEvents sound_events = {.changed = on_sound_changed, .broken = on_sound_broken};

static bool connect_now(CallSound *sound)
{
        if (sound->sound && sound_is_broken(sound->sound))
                disconnect(sound);
        if (!sound->sound && sound_new(&sound_events, sound, &sound->sound) < 0)
                return false;
        return true;
}

static gboolean on_connect(void *userdata)
{
        CallSound *sound = userdata;

        sound->connect = 0;
        if (!connect_now(sound)) {
                connect_later(sound);
                return G_SOURCE_REMOVE;
        }
        log_fields(LOG_INFO, "PipeWire is there again", "SESSION_ID=%s", sound->session, NULL);
        sound->absence_told = false;
        review(sound, true);
        return G_SOURCE_REMOVE;
}

static void connect_later(CallSound *sound)
{
        drop_timer(&sound->connect);
        sound->connect = g_timeout_add(sound->connect_ms, on_connect, sound);
        sound->connect_ms = MIN_OF(2 * sound->connect_ms, CONNECT_MAX_MS);
}

/* ---- streams ---- */

static void on_frame(void *userdata, int16_t *samples)
{
        CallSound *sound = userdata;

        echo_cancel(sound->echo, samples);
        voice_frame(sound->voice, samples);
}

static void tell_failure(CallSound *sound, Side *side, const char *what)
{
        char sentence[MESSAGE_TEXT_MAX + 1];

        snprintf(sentence, sizeof(sentence), "the %s cannot be used; it is tried again", what);
        if (!side->failure_told)
                sound->fault(sound->userdata, CALL_ERROR_DEVICE_NOT_FOUND, sentence);
        side->failure_told = true;
}

/* As the side says. `moved`: its target is another; `again`: what failed is tried once more. */
static int adjust_microphone(CallSound *sound, bool moved, bool again)
{
        const Side *side = &sound->microphone;
        char node[NODE_NAME_MAX + 1];

        if (side->use == DEVICE_NONE) {
                sound->capture = capture_free(sound->capture);
                return 0;
        }
        if (sound->capture)
                return moved || (again && capture_failed(sound->capture))
                               ? capture_move(sound->capture, side->target)
                               : 0;
        snprintf(node, sizeof(node), "tring.%s.capture", sound->session);
        return capture_new(sound->sound, node, sound->title, side->target, on_frame, sound,
                           &sound->capture);
}

static int adjust_heard(CallSound *sound, Heard *heard, bool moved, bool again)
{
        const Side *side = &sound->speaker;

        if (side->use == DEVICE_NONE) {
                heard->playback = playback_free(heard->playback);
                return 0;
        }
        if (heard->playback)
                return moved || (again && playback_failed(heard->playback))
                               ? playback_move(heard->playback, side->target)
                               : 0;
        return playback_new(sound->sound, heard->node, heard->description, side->target,
                            heard->ring, sound->echo, &heard->playback);
}

static int adjust_speaker(CallSound *sound, bool moved, bool again)
{
        Heard *heard;
        int r = 0;

        DL_FOREACH (sound->heard, heard) {
                int one = adjust_heard(sound, heard, moved, again);

                r = one < 0 ? one : r;
        }
        return r;
}

static bool speaker_failed(const CallSound *sound)
{
        const Heard *heard;

        DL_FOREACH (sound->heard, heard)
                if (heard->playback && playback_failed(heard->playback))
                        return true;
        return false;
}

static void adjust_echo(CallSound *sound, bool headset)
{
        EchoCancel wish = sound->devices.echo_cancel;
        bool on = wish == ECHO_CANCEL_YES || (wish == ECHO_CANCEL_AUTO && !headset);

        if (on == echo_is_on(sound->echo))
                return;
        int r = echo_switch(sound->echo, on);
        if (r < 0 && !sound->echo_fault_told) {
                log_fields(LOG_WARNING, "PipeWire's echo canceller cannot be used", "SESSION_ID=%s",
                           sound->session, "WHY=%s", strerror(-r), NULL);
                sound->echo_fault_told = true;
        }
}

/* ---- which devices ---- */

static gboolean on_patience_over(void *userdata)
{
        CallSound *sound = userdata;

        sound->patience = 0;
        review(sound, false);
        return G_SOURCE_REMOVE;
}

static void wait_a_moment(CallSound *sound)
{
        if (!sound->patience)
                sound->patience = g_timeout_add(PATIENCE_MS, on_patience_over, sound);
}

static void tell_use(CallSound *sound, Side *side, const char *what, const char *chosen,
                     bool patient)
{
        char sentence[MESSAGE_TEXT_MAX + 1];

        if (patient && device_is_loss(side->told, side->use)) {
                wait_a_moment(sound);
                return;
        }
        if (device_sentence(side->told, side->use, what, chosen, sentence, sizeof(sentence)))
                sound->fault(sound->userdata, CALL_ERROR_DEVICE_NOT_FOUND, sentence);
        side->told = side->use;
}

/* True: its streams have to move. */
static bool choose(Side *side, const SoundDevice *found, const char *chosen)
{
        bool moved;

        side->use = device_use(chosen, found->any, found->there);
        moved = !str_eq(side->target, device_target(side->use, chosen));
        STR_SET(side->target, device_target(side->use, chosen));
        return moved;
}

/* Everything as it should be, by what there is now. `patient`: losses may mend by themselves. */
static void review(CallSound *sound, bool patient)
{
        const WorkerDevices *devices = &sound->devices;
        SoundDevice microphone, speaker;
        int r;

        sound_look(sound->sound, DEVICE_MICROPHONE, devices->microphone, &microphone);
        sound_look(sound->sound, DEVICE_SPEAKER, devices->speaker, &speaker);

        bool moved = choose(&sound->microphone, &microphone, devices->microphone);
        tell_use(sound, &sound->microphone, "microphone", devices->microphone, patient);
        r = adjust_microphone(sound, moved, !patient);
        if (r < 0 || (sound->capture && capture_failed(sound->capture))) {
                tell_failure(sound, &sound->microphone, "microphone");
                wait_a_moment(sound);
        }

        moved = choose(&sound->speaker, &speaker, devices->speaker);
        tell_use(sound, &sound->speaker, "speaker", devices->speaker, patient);
        r = adjust_speaker(sound, moved, !patient);
        if (r < 0 || speaker_failed(sound)) {
                tell_failure(sound, &sound->speaker, "speaker");
                wait_a_moment(sound);
        }
        adjust_echo(sound, speaker.headset);
}

/* ---- the call ---- */

int call_sound_new(const char *session, CallSoundFault fault, void *userdata, CallSound **ret)
{
        _cleanup_(call_sound_freep) CallSound *sound = calloc(1, sizeof(*sound));
        int r;

        if (!sound)
                return -ENOMEM;
        sound->session = session;
        sound->fault = fault;
        sound->userdata = userdata;
        r = echo_new(&sound->echo);
        if (r < 0)
                return r;
        /* Before the join: then it is known what devices there are. */
        connect_now(sound);
        *ret = TAKE_PTR(sound);
        return 0;
}

CallSound *call_sound_free(CallSound *sound)
{
        if (!sound)
                return NULL;
        call_sound_leave(sound);
        disconnect(sound);
        echo_free(sound->echo);
        free(sound);
        return NULL;
}

void call_sound_join(CallSound *sound, const WorkerDevices *devices, const char *title,
                     Voice *voice)
{
        sound->voice = voice;
        sound->devices = *devices;
        sound->microphone = sound->speaker = (Side){};
        sound->absence_told = false;
        STR_SET(sound->title, title);
        if (connect_now(sound)) {
                review(sound, false);
                return;
        }
        tell_absence(sound, "PipeWire cannot be reached: nothing can be heard or said until it is "
                            "there");
        sound->connect_ms = CONNECT_MIN_MS;
        connect_later(sound);
}

void call_sound_leave(CallSound *sound)
{
        sound->capture = capture_free(sound->capture);
        sound->voice = NULL;
        drop_timer(&sound->patience);
        drop_timer(&sound->connect);
}

void call_sound_change(CallSound *sound, const WorkerDevices *devices)
{
        if (!str_eq(devices->microphone, sound->devices.microphone))
                sound->microphone.told = DEVICE_UNKNOWN;
        if (!str_eq(devices->speaker, sound->devices.speaker))
                sound->speaker.told = DEVICE_UNKNOWN;
        sound->devices = *devices;
        if (sound->voice && sound->sound && !sound_is_broken(sound->sound))
                review(sound, false);
}

static Heard *heard_free(Heard *heard)
{
        if (!heard)
                return NULL;
        playback_free(heard->playback);
        free(heard->node);
        free(heard->description);
        free(heard);
        return NULL;
}
DEFINE_CLEANUP(Heard *, heard_free);

int call_sound_play(CallSound *sound, const char *node, const char *description, Ring *ring)
{
        _cleanup_(heard_freep) Heard *heard = calloc(1, sizeof(*heard));

        if (!heard)
                return -ENOMEM;
        heard->ring = ring;
        heard->node = strdup(node);
        heard->description = strdup(description);
        if (!heard->node || !heard->description)
                return -ENOMEM;
        if (sound->sound && !sound_is_broken(sound->sound) &&
            adjust_heard(sound, heard, false, false) < 0)
                tell_failure(sound, &sound->speaker, "speaker");
        DL_APPEND(sound->heard, heard);
        TAKE_PTR(heard);
        return 0;
}

void call_sound_stop(CallSound *sound, Ring *ring)
{
        Heard *heard, *next;

        DL_FOREACH_SAFE (sound->heard, heard, next) {
                if (heard->ring != ring)
                        continue;
                DL_DELETE(sound->heard, heard);
                heard_free(heard);
        }
}
