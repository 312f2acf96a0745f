/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/voice.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>

#include "base/clock.h"
#include "media/sound.h"

#define LOOK_MS 100                        /* how often a microphone that works is looked at */
#define STANDSTILL_US (50 * USEC_PER_MSEC) /* five frames late: it has stopped */
#define CATCH_UP_FRAMES 5                  /* at most at once; older silence is left out */

typedef struct Sink {
        VoiceSink function;
        void *userdata;
} Sink;

struct Voice {
        GMutex mutex; /* for all but the timer, which is the main loop's */
        Sink sinks[VOICE_SINKS_MAX];
        size_t n_sinks;
        bool muted;
        usec_t sent, spoken; /* when the last frame went out; when the microphone gave one */
        bool standing_in;    /* for a microphone that gives nothing */
        guint timer;
};

static const int16_t silence[SOUND_FRAME];

/* With the mutex held. */
static void send_frame(Voice *voice, const int16_t *samples, usec_t at)
{
        for (size_t i = 0; i < voice->n_sinks; i++)
                voice->sinks[i].function(voice->sinks[i].userdata, samples);
        voice->sent = at;
}

/* With the mutex held: all the silence that should have been sent by now. */
static void send_silence(Voice *voice, usec_t now)
{
        const usec_t frame = SOUND_FRAME_MS * USEC_PER_MSEC;

        if (now - voice->sent > CATCH_UP_FRAMES * frame)
                voice->sent = now - CATCH_UP_FRAMES * frame;
        while (voice->sent + frame <= now)
                send_frame(voice, silence, voice->sent + frame);
}

static gboolean look_after(void *data)
{
        Voice *voice = data;
        usec_t now = clock_boottime();

        g_mutex_lock(&voice->mutex);
        bool stand_in = now - voice->spoken > STANDSTILL_US;
        if (stand_in)
                send_silence(voice, now);
        g_mutex_unlock(&voice->mutex);
        if (stand_in == voice->standing_in)
                return G_SOURCE_CONTINUE;
        voice->standing_in = stand_in;
        voice->timer = g_timeout_add(stand_in ? SOUND_FRAME_MS : LOOK_MS, look_after, voice);
        return G_SOURCE_REMOVE;
}

int voice_new(Voice **ret)
{
        Voice *voice = calloc(1, sizeof(*voice));

        if (!voice)
                return -ENOMEM;
        g_mutex_init(&voice->mutex);
        voice->standing_in = true;
        voice->timer = g_timeout_add(SOUND_FRAME_MS, look_after, voice);
        *ret = voice;
        return 0;
}

Voice *voice_free(Voice *voice)
{
        if (!voice)
                return NULL;
        g_source_remove(voice->timer);
        g_mutex_clear(&voice->mutex);
        free(voice);
        return NULL;
}

int voice_add(Voice *voice, VoiceSink sink, void *userdata)
{
        int r = -ENOSPC;

        g_mutex_lock(&voice->mutex);
        if (voice->n_sinks < VOICE_SINKS_MAX) {
                voice->sinks[voice->n_sinks++] = (Sink){sink, userdata};
                r = 0;
        }
        g_mutex_unlock(&voice->mutex);
        return r;
}

void voice_remove(Voice *voice, void *userdata)
{
        g_mutex_lock(&voice->mutex);
        for (size_t i = 0; i < voice->n_sinks; i++) {
                if (voice->sinks[i].userdata == userdata) {
                        voice->sinks[i] = voice->sinks[--voice->n_sinks];
                        break;
                }
        }
        g_mutex_unlock(&voice->mutex);
}

void voice_set_muted(Voice *voice, bool muted)
{
        g_mutex_lock(&voice->mutex);
        voice->muted = muted;
        g_mutex_unlock(&voice->mutex);
}

bool voice_is_muted(Voice *voice)
{
        g_mutex_lock(&voice->mutex);
        bool muted = voice->muted;
        g_mutex_unlock(&voice->mutex);
        return muted;
}

void voice_frame(Voice *voice, const int16_t *samples)
{
        usec_t now = clock_boottime();

        g_mutex_lock(&voice->mutex);
        voice->spoken = now;
        send_frame(voice, voice->muted ? silence : samples, now);
        g_mutex_unlock(&voice->mutex);
}
