/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/echo-canceller.h"

#include <errno.h>
#include <math.h>
#include <pipewire/pipewire.h>
#include <spa/interfaces/audio/aec.h>
#include <spa/support/plugin.h>
#include <spa/utils/names.h>
#include <stdatomic.h>

#include "media/pipewire.h"

#define CANCELLER "aec/libspa-aec-webrtc"
#define PLAYED_SIZE 32768 /* samples, 0.7 s: a power of two, and four of the largest cycles */
#define SUPPORT_MAX 16    /* interfaces that pw_get_support() offers: logging, CPU and others */
#define FULL_SCALE 32768.0f

struct EchoCanceller {
        struct spa_handle *handle;
        struct spa_audio_aec *canceller; /* NULL: not loaded */
        atomic_bool on;

        /* Played samples in a circular buffer; positions count from the start. */
        float played[PLAYED_SIZE];
        atomic_size_t written; /* position up to which all playbacks have delivered */
        atomic_size_t longest; /* the longest cycle so far, in samples */
        size_t head;           /* data thread: the furthest position of any playback */
        size_t read;           /* loop thread: position of the next sample to take */
};

int echo_canceller_new(EchoCanceller **ret)
{
        EchoCanceller *echo = calloc(1, sizeof(*echo));

        if (!echo)
                return -ENOMEM;
        *ret = echo;
        return 0;
}

static void unload(EchoCanceller *echo)
{
        echo->canceller = NULL;
        if (echo->handle)
                pw_unload_spa_handle(echo->handle);
        echo->handle = NULL;
}

EchoCanceller *echo_canceller_free(EchoCanceller *echo)
{
        if (!echo)
                return NULL;
        unload(echo);
        free(echo);
        return NULL;
}

/*
 * Switches on echo cancellation only: the plugin's other features (noise suppression, gain control)
 * are a matter of taste, and would change the voice.
 */
static int load(EchoCanceller *echo)
{
        static const struct spa_dict_item items[] = {
                SPA_DICT_ITEM_INIT("webrtc.high_pass_filter", "true"),
                SPA_DICT_ITEM_INIT("webrtc.noise_suppression", "false"),
                SPA_DICT_ITEM_INIT("webrtc.gain_control", "false"),
                SPA_DICT_ITEM_INIT("webrtc.voice_detection", "false"),
                SPA_DICT_ITEM_INIT("webrtc.extended_filter", "true"),
                SPA_DICT_ITEM_INIT("webrtc.delay_agnostic", "true"),
        };
        struct spa_dict arguments = SPA_DICT_INIT_ARRAY(items);
        struct spa_audio_info_raw format = {
                .format = SPA_AUDIO_FORMAT_F32P,
                .rate = AUDIO_RATE,
                .channels = 1,
                .position = {SPA_AUDIO_CHANNEL_MONO},
        };
        struct spa_support support[SUPPORT_MAX];
        void *interface;
        int r;

        echo->handle = pw_load_spa_handle(CANCELLER, SPA_NAME_AEC, NULL,
                                          pw_get_support(support, SUPPORT_MAX), support);
        if (!echo->handle)
                return errno > 0 ? -errno : -ENOENT;
        r = spa_handle_get_interface(echo->handle, SPA_TYPE_INTERFACE_AUDIO_AEC, &interface);
        if (r >= 0) {
                echo->canceller = interface;
                r = spa_audio_aec_init(echo->canceller, &arguments, &format);
        }
        if (r >= 0)
                return 0;
        unload(echo);
        return r;
}

int echo_canceller_switch(EchoCanceller *echo, bool on)
{
        int r = on && !echo->canceller ? load(echo) : 0;

        atomic_store(&echo->on, on && r == 0);
        return r;
}

bool echo_canceller_is_on(const EchoCanceller *echo)
{
        return atomic_load(&echo->on);
}

/*
 * The first playback to exceed the others' position starts a new cycle of the graph; the previous
 * cycle is then complete. So the canceller gets samples one cycle late, which is still before the
 * microphone picks up their echo.
 */
void echo_canceller_played(EchoCanceller *echo, size_t *position, const float *samples, size_t n)
{
        size_t complete = atomic_load_explicit(&echo->written, memory_order_relaxed);

        if (!atomic_load_explicit(&echo->on, memory_order_relaxed) || n > PLAYED_SIZE / 4)
                return;
        if (*position < complete || *position > echo->head)
                *position = echo->head;
        if (*position == echo->head)
                atomic_store_explicit(&echo->written, echo->head, memory_order_release);
        if (n > atomic_load_explicit(&echo->longest, memory_order_relaxed))
                atomic_store_explicit(&echo->longest, n, memory_order_relaxed);
        for (size_t i = 0; i < n; i++) {
                float *place = &echo->played[*position % PLAYED_SIZE];

                *place = (*position < echo->head ? *place : 0) + samples[i];
                if ((*position)++ == echo->head)
                        echo->head++;
        }
}

/*
 * Takes a frame of played samples; silence while nothing is played. Skips samples when it falls
 * behind the playbacks, since it must stay ahead of their echo.
 */
static void take_played(EchoCanceller *echo, float ret[static AUDIO_FRAME])
{
        size_t written = atomic_load_explicit(&echo->written, memory_order_acquire);
        size_t slack = AUDIO_FRAME + 2 * atomic_load_explicit(&echo->longest, memory_order_relaxed);

        if (written - echo->read > AUDIO_FRAME + slack)
                echo->read = written - AUDIO_FRAME;
        if (written - echo->read < AUDIO_FRAME) {
                memset(ret, 0, AUDIO_FRAME * sizeof(*ret));
                return;
        }
        for (size_t i = 0; i < AUDIO_FRAME; i++)
                ret[i] = echo->played[echo->read++ % PLAYED_SIZE];
}

void echo_canceller_process(EchoCanceller *echo, int16_t *samples)
{
        float near[AUDIO_FRAME], played[AUDIO_FRAME], clean[AUDIO_FRAME];
        const float *recorded[] = {near}, *reference[] = {played};
        float *result[] = {clean};

        if (!atomic_load(&echo->on))
                return;
        take_played(echo, played);
        for (size_t i = 0; i < AUDIO_FRAME; i++)
                near[i] = samples[i] / FULL_SCALE;
        if (spa_audio_aec_run(echo->canceller, recorded, reference, result, AUDIO_FRAME) < 0)
                return;
        for (size_t i = 0; i < AUDIO_FRAME; i++)
                samples[i] = (int16_t)lrintf(
                        CLAMP_TO(clean[i] * FULL_SCALE, -FULL_SCALE, FULL_SCALE - 1));
}
