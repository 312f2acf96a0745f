/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/audio-ear.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "rig/rig.h"

#define STRETCH_MS 200 /* of rig_listen_until(): resolves frequencies 5 Hz apart */
#define FIRST_SOUND \
        0.01f /* amplitude, -40 dB: above a codec's start, below any tone of the tests */
#define CHIRP_PERIOD ((size_t)RIG_RATE * RIG_CHIRP_PERIOD_MS / 1000)

struct RigTone {
        RigProbe *probe;
        double phase, step;
        float vowel[RIG_VOWEL_PERIOD]; /* instead of a tone */
        size_t at;
};

static void speak_tone(void *data, const float *heard, float *spoken, size_t n)
{
        RigTone *tone = data;

        for (size_t i = 0; spoken && i < n; i++) {
                spoken[i] = (float)(RIG_TONE_AMPLITUDE * sin(tone->phase));
                tone->phase = fmod(tone->phase + tone->step, 2 * M_PI);
        }
}

int rig_tone_new(RigGraph *graph, const char *microphone, double frequency, RigTone **ret)
{
        _cleanup_(rig_tone_freep) RigTone *tone = calloc(1, sizeof(*tone));
        int r;

        if (!tone)
                return -ENOMEM;
        tone->step = 2 * M_PI * frequency / RIG_RATE;
        r = rig_probe_new(graph, microphone, NULL, speak_tone, tone, &tone->probe);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(tone);
        return 0;
}

static void speak_vowel(void *data, const float *heard, float *spoken, size_t n)
{
        RigTone *tone = data;

        for (size_t i = 0; spoken && i < n; i++)
                spoken[i] = tone->vowel[tone->at++ % RIG_VOWEL_PERIOD];
}

int rig_vowel_new(RigGraph *graph, const char *microphone, RigTone **ret)
{
        _cleanup_(rig_tone_freep) RigTone *tone = calloc(1, sizeof(*tone));
        int r;

        if (!tone)
                return -ENOMEM;
        rig_vowel(tone->vowel);
        r = rig_probe_new(graph, microphone, NULL, speak_vowel, tone, &tone->probe);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(tone);
        return 0;
}

RigTone *rig_tone_free(RigTone *tone)
{
        if (!tone)
                return NULL;
        rig_probe_free(tone->probe);
        free(tone);
        return NULL;
}

/* A recording that a data thread fills while another thread waits. */
typedef struct Recording {
        RigGraph *graph;
        float *samples; /* owned */
        size_t n, wanted;
        const float *chirp; /* played at the start of each period; NULL: only listens */
        atomic_bool full;
} Recording;

static void record(void *data, const float *heard, float *spoken, size_t n)
{
        Recording *recording = data;

        for (size_t i = 0; i < n && recording->n < recording->wanted; i++) {
                size_t at = recording->n % CHIRP_PERIOD;

                if (spoken && recording->chirp && at < RIG_CHIRP_LENGTH)
                        spoken[i] = recording->chirp[at];
                recording->samples[recording->n++] = heard ? heard[i] : 0;
        }
        if (recording->n == recording->wanted && !atomic_exchange(&recording->full, true))
                rig_graph_wake(recording->graph);
}

static bool recording_is_full(RigGraph *graph, void *data)
{
        return atomic_load(&((Recording *)data)->full);
}

/* The caller frees recording->samples. */
static int record_all(RigGraph *graph, const char *microphone, const char *speaker,
                      Recording *recording)
{
        _cleanup_(rig_probe_freep) RigProbe *probe = NULL;
        int r;

        recording->graph = graph;
        recording->samples = calloc(recording->wanted, sizeof(float));
        if (!recording->samples)
                return -ENOMEM;
        r = rig_probe_new(graph, microphone, speaker, record, recording, &probe);
        if (r < 0)
                return r;
        return rig_graph_wait(graph, recording_is_full, recording,
                              (int)(recording->wanted * 1000 / RIG_RATE) + rig_patience_ms());
}

int rig_listen(RigGraph *graph, const char *speaker, double frequency, int milliseconds,
               RigHeard *ret)
{
        Recording recording = {.wanted = (size_t)RIG_RATE * (size_t)milliseconds / 1000};
        int r = record_all(graph, NULL, speaker, &recording);

        if (r == 0)
                *ret = (RigHeard){rig_tone_db(recording.samples, recording.n, frequency),
                                  rig_level_db(recording.samples, recording.n),
                                  rig_peak_db(recording.samples, recording.n)};
        free(recording.samples);
        return r;
}

int rig_listen_dropouts(RigGraph *graph, const char *speaker, int milliseconds, size_t *ret)
{
        Recording recording = {.wanted = (size_t)RIG_RATE * (size_t)milliseconds / 1000};
        int r = record_all(graph, NULL, speaker, &recording);

        if (r == 0)
                *ret = rig_dropouts(recording.samples, recording.n);
        free(recording.samples);
        return r;
}

int rig_listen_until(RigGraph *graph, const char *speaker, double frequency, double db, bool there,
                     int timeout_ms, RigHeard *ret_heard)
{
        usec_t until = clock_boottime() + (usec_t)timeout_ms * USEC_PER_MSEC;
        RigHeard heard = {RIG_SILENCE_DB, RIG_SILENCE_DB, RIG_SILENCE_DB};
        int r;

        do {
                r = rig_listen(graph, speaker, frequency, STRETCH_MS, &heard);
                if (r < 0)
                        return r;
                r = (heard.tone_db >= db) == there ? 0 : -ETIMEDOUT;
        } while (r < 0 && clock_boottime() < until);
        if (ret_heard)
                *ret_heard = heard;
        return r;
}

struct RigFirstSound {
        RigGraph *graph; /* not owned */
        RigProbe *probe;
        _Atomic int64_t at_ns;
};

static void catch_first(void *data, const float *heard, float *spoken, size_t n)
{
        RigFirstSound *first = data;
        struct timespec now;

        if (!heard || atomic_load(&first->at_ns))
                return;
        for (size_t i = 0; i < n; i++) {
                if (fabsf(heard[i]) < FIRST_SOUND)
                        continue;
                clock_gettime(CLOCK_MONOTONIC, &now);
                atomic_store(&first->at_ns, SPA_TIMESPEC_TO_NSEC(&now));
                rig_graph_wake(first->graph);
                return;
        }
}

int rig_first_sound_new(RigGraph *graph, const char *speaker, RigFirstSound **ret)
{
        _cleanup_(rig_first_sound_freep) RigFirstSound *first = calloc(1, sizeof(*first));
        int r;

        if (!first)
                return -ENOMEM;
        first->graph = graph;
        r = rig_probe_new(graph, NULL, speaker, catch_first, first, &first->probe);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(first);
        return 0;
}

static bool first_was_heard(RigGraph *graph, void *data)
{
        return atomic_load(&((RigFirstSound *)data)->at_ns) != 0;
}

int rig_first_sound_wait(RigFirstSound *first, int timeout_ms, int64_t *ret_ns)
{
        int r = rig_graph_wait(first->graph, first_was_heard, first, timeout_ms);

        if (r < 0)
                return r;
        *ret_ns = atomic_load(&first->at_ns);
        return 0;
}

RigFirstSound *rig_first_sound_free(RigFirstSound *first)
{
        if (!first)
                return NULL;
        rig_probe_free(first->probe);
        free(first);
        return NULL;
}

int rig_chirp_delays(RigGraph *graph, const char *microphone, const char *speaker, size_t count,
                     double ret_ms[])
{
        float chirp[RIG_CHIRP_LENGTH];
        Recording recording = {.wanted = CHIRP_PERIOD * count, .chirp = chirp};
        int heard = 0, r;

        if (count < 1 || count > RIG_CHIRPS_MAX)
                return -EINVAL;
        rig_chirp(chirp);
        r = record_all(graph, microphone, speaker, &recording);
        for (size_t i = 0; r == 0 && i < count; i++) {
                size_t at = 0;
                double likeness = rig_chirp_find(recording.samples + i * CHIRP_PERIOD, CHIRP_PERIOD,
                                                 chirp, &at);

                ret_ms[i] = likeness >= 0.5 ? (double)at * 1000 / RIG_RATE : -1;
                heard += likeness >= 0.5;
        }
        free(recording.samples);
        return r < 0 ? r : heard;
}
