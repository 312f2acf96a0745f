/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/tone-player.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <signal.h>
#include <sndfile.h>
#include <spa/param/audio/raw.h>
#include <stdatomic.h>

#include "base/str.h"
#include "media/audio-stream.h"
#include "media/sound-theme.h"

#define LENGTH_MAX_S 60 /* of the sound; a longer file is no ring */
#define CHANNELS_MAX 2
#define FADE_IN_MS 5  /* avoids a click, and is short, since a ring should be heard at once */
#define START_MAX_S 3 /* for a device to start: PipeWire wakes one up in well under 1 s */

typedef struct Sample {
        float *frames; /* owned; interleaved */
        size_t n;      /* frames */
        uint32_t channels, rate;
} Sample;

struct TonePlayer;

typedef struct Output {
        struct TonePlayer *tone;
        struct pw_stream *stream;
        struct spa_hook hook;
        size_t position, played; /* in frames */
} Output;

typedef struct TonePlayer {
        const ToneOptions *options;
        Sample sample;
        struct pw_main_loop *loop;
        struct pw_context *context;
        struct pw_core *core;
        struct spa_hook core_hook;
        struct spa_source *started, *deadline;
        atomic_bool playing;
        DeviceRegistry *registry; /* NULL: the default device is used */
        int known_seq;
        Output outputs[TONE_TARGETS_MAX];
        size_t n_outputs;
        char fault[256]; /* empty: none */
} TonePlayer;

static void give_up(TonePlayer *tone, const char *what, const char *why)
{
        char shown[160];

        if (!tone->fault[0])
                snprintf(tone->fault, sizeof(tone->fault), "%s: %s", what,
                         str_printable(shown, sizeof(shown), why));
        if (tone->loop)
                pw_main_loop_quit(tone->loop);
}

static bool load_sample(TonePlayer *tone, const char *path)
{
        Sample *sample = &tone->sample;
        SF_INFO info = {};
        SNDFILE *file = sf_open(path, SFM_READ, &info);
        sf_count_t n = 0;

        if (!file) {
                give_up(tone, path, sf_strerror(NULL));
                return false;
        }
        if (info.channels < 1 || info.channels > CHANNELS_MAX || info.samplerate < 1 ||
            info.frames < 1 || info.frames > (sf_count_t)info.samplerate * LENGTH_MAX_S) {
                give_up(tone, path, "a ring has one or two channels and lasts at most a minute");
                sf_close(file);
                return false;
        }
        sample->channels = (uint32_t)info.channels;
        sample->rate = (uint32_t)info.samplerate;
        sample->frames = calloc((size_t)info.frames * sample->channels, sizeof(float));
        if (sample->frames)
                n = sf_readf_float(file, sample->frames, info.frames);
        sf_close(file);
        if (n <= 0)
                give_up(tone, path, "the file has no sound");
        sample->n = n > 0 ? (size_t)n : 0;
        return n > 0;
}

static bool find_and_load(TonePlayer *tone)
{
        const char *name =
                tone->options->kind == TONE_RING ? "phone-incoming-call" : "phone-outgoing-calling";
        _cleanup_free_ char *path = NULL;
        int r;

        if (tone->options->sound)
                return load_sample(tone, tone->options->sound);
        r = sound_theme_find(name, &path);
        if (r < 0) {
                give_up(tone, name,
                        r == -ENOENT ? "no sound theme has it; install sound-theme-freedesktop"
                                     : strerror(-r));
                return false;
        }
        return load_sample(tone, path);
}

/* In PipeWire's data thread. */
static void fill(void *data, float *ret, size_t n)
{
        Output *output = data;
        const Sample *sample = &output->tone->sample;
        size_t fade = (size_t)sample->rate * FADE_IN_MS / 1000;

        for (size_t i = 0; i < n; i++) {
                float gain = (float)output->tone->options->volume;

                if (output->played < fade)
                        gain *= (float)output->played++ / (float)fade;
                for (uint32_t c = 0; c < sample->channels; c++)
                        *ret++ = sample->frames[output->position * sample->channels + c] * gain;
                output->position = (output->position + 1) % sample->n;
        }
}

static void on_process(void *data)
{
        Output *output = data;
        TonePlayer *tone = output->tone;

        if (audio_stream_play(output->stream, tone->sample.channels, fill, output) &&
            !atomic_exchange(&tone->playing, true))
                pw_loop_signal_event(pw_main_loop_get_loop(tone->loop), tone->started);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .process = on_process,
};

static void set_deadline(TonePlayer *tone, double seconds)
{
        struct timespec value = {.tv_sec = (time_t)seconds};

        value.tv_nsec = (long)((seconds - (double)value.tv_sec) * 1e9);
        pw_loop_update_timer(pw_main_loop_get_loop(tone->loop), tone->deadline, &value, NULL,
                             false);
}

static void on_started(void *data, uint64_t count)
{
        TonePlayer *tone = data;

        puts("playing");
        fflush(stdout);
        set_deadline(tone, tone->options->seconds);
}

static void on_deadline(void *data, uint64_t expirations)
{
        TonePlayer *tone = data;

        if (atomic_load(&tone->playing))
                pw_main_loop_quit(tone->loop);
        else
                give_up(tone, "cannot play", "no device takes the sound");
}

static void on_terminate(void *data, int signal_number)
{
        pw_main_loop_quit(((TonePlayer *)data)->loop);
}

static void on_core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
        if (id == PW_ID_CORE && res == -EPIPE)
                give_up(data, "cannot play", "lost the connection to PipeWire");
}

static int open_output(TonePlayer *tone, const char *target)
{
        Output *output = &tone->outputs[tone->n_outputs++];
        bool ring = tone->options->kind == TONE_RING;
        const AudioStreamOptions options = {
                .core = tone->core,
                .kind = DEVICE_SPEAKER,
                .id = ring ? STREAM_ID_RING : STREAM_ID_RING_BACK,
                .node = ring ? "tring.ring" : "tring.ring-back",
                .description = ring ? "Ringing" : "Calling",
                .target = target,
                .format = SPA_AUDIO_FORMAT_F32,
                .rate = tone->sample.rate,
                .channels = tone->sample.channels,
                .events = &stream_events,
                .userdata = output,
        };

        output->tone = tone;
        return audio_stream_new(&options, &output->hook, &output->stream);
}

static bool is_wanted(const ToneOptions *options, const char *name)
{
        for (size_t i = 0; i < options->n_targets; i++)
                if (str_eq(options->targets[i], TONE_ALL) || str_eq(options->targets[i], name))
                        return true;
        return false;
}

/*
 * Opens only devices that exist, else the default one once: PipeWire would route the stream of each
 * missing device to the default.
 */
static int open_outputs(TonePlayer *tone)
{
        const MediaDevice *device;
        int r = 0;

        for (size_t i = 0; r == 0 && tone->n_outputs < TONE_TARGETS_MAX && tone->registry &&
                           (device = device_registry_at(tone->registry, DEVICE_SPEAKER, i));
             i++)
                if (is_wanted(tone->options, device->name))
                        r = open_output(tone, device->name);
        if (r == 0 && tone->n_outputs == 0)
                r = open_output(tone, NULL);
        return r;
}

/* The list of devices is complete. */
static void on_core_done(void *data, uint32_t id, int seq)
{
        TonePlayer *tone = data;
        int r;

        if (id != PW_ID_CORE || seq != tone->known_seq || tone->n_outputs > 0)
                return;
        r = open_outputs(tone);
        if (r < 0)
                give_up(tone, "cannot open a device", strerror(-r));
}

/* A device that is plugged in later is used from the next ring on. */
static void on_devices_changed(void *data)
{
}

static int look_for_devices(TonePlayer *tone)
{
        int r = device_registry_new(tone->core, on_devices_changed, tone, &tone->registry);

        if (r == 0)
                tone->known_seq = pw_core_sync(tone->core, PW_ID_CORE, 0);
        return r;
}

static const struct pw_core_events core_events = {
        PW_VERSION_CORE_EVENTS,
        .done = on_core_done,
        .error = on_core_error,
};

static int connect_to_pipewire(TonePlayer *tone)
{
        struct pw_loop *loop;

        tone->loop = pw_main_loop_new(NULL);
        if (!tone->loop)
                return -errno;
        loop = pw_main_loop_get_loop(tone->loop);
        pw_loop_add_signal(loop, SIGTERM, on_terminate, tone);
        pw_loop_add_signal(loop, SIGINT, on_terminate, tone);
        tone->started = pw_loop_add_event(loop, on_started, tone);
        tone->deadline = pw_loop_add_timer(loop, on_deadline, tone);
        tone->context = pw_context_new(
                loop, pw_properties_new(PW_KEY_CONFIG_NAME, PIPEWIRE_CLIENT_CONFIG, NULL), 0);
        if (!tone->started || !tone->deadline || !tone->context)
                return -errno;
        tone->core = pw_context_connect(tone->context,
                                        pw_properties_new(PW_KEY_APP_NAME, "Tring", NULL), 0);
        if (!tone->core)
                return -errno;
        pw_core_add_listener(tone->core, &tone->core_hook, &core_events, tone);
        return 0;
}

static void tone_done(TonePlayer *tone)
{
        for (size_t i = 0; i < tone->n_outputs; i++)
                if (tone->outputs[i].stream)
                        pw_stream_destroy(tone->outputs[i].stream);
        device_registry_free(tone->registry);
        if (tone->core)
                pw_core_disconnect(tone->core);
        if (tone->context)
                pw_context_destroy(tone->context);
        if (tone->loop)
                pw_main_loop_destroy(tone->loop);
        free(tone->sample.frames);
}

int tone_player_run(const ToneOptions *options)
{
        TonePlayer tone = {.options = options};
        int r;

        pw_init(NULL, NULL);
        if (find_and_load(&tone)) {
                r = connect_to_pipewire(&tone);
                if (r == 0)
                        r = options->n_targets > 0 ? look_for_devices(&tone) : open_outputs(&tone);
                if (r < 0) {
                        give_up(&tone, "cannot connect to PipeWire", strerror(-r));
                } else {
                        set_deadline(&tone, START_MAX_S);
                        pw_main_loop_run(tone.loop);
                }
        }
        tone_done(&tone);
        if (!tone.fault[0])
                return 0;
        fprintf(stderr, "tring-media: %s\n", tone.fault);
        return 1;
}
