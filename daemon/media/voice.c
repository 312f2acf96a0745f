/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/voice.h"

#include <errno.h>
#include <glib.h>
#include <opus.h>
#include <stdlib.h>

#include "base/clock.h"
#include "media/sound.h"

#define LOOK_MS 100                         /* how often a microphone that works is looked at */
#define STANDSTILL_US (50 * USEC_PER_MSEC)  /* five frames late: it has stopped */
#define CATCH_UP_FRAMES 5                   /* at most at once; older silence is left out */
#define BEHIND_MAX_US (200 * USEC_PER_MSEC) /* the frames had a gap: go on by the clock */
#define COMPLEXITY 5    /* of 10: the rest costs CPU and is not heard in speech */
#define PACKET_MAX 1275 /* bytes; RFC 6716 section 3.2 */

typedef struct Sink {
        VoiceSink function;
        void *userdata;
        VoicePath path;
} Sink;

struct Voice {
        GMutex mutex;         /* for all but the timer, which is the main loop's */
        OpusEncoder *encoder; /* owned */
        VoicePath path;       /* that it is set to */
        uint16_t sequence;
        uint32_t timestamp;
        usec_t due; /* when the next frame is, by the count of samples */
        Sink sinks[VOICE_SINKS_MAX];
        size_t n_sinks;
        bool muted;
        usec_t sent, spoken; /* when the last frame went out; when the microphone gave one */
        bool standing_in;    /* for a microphone that gives nothing */
        guint timer;
};

static const int16_t silence[SOUND_FRAME];

/* By the count of samples, not by the clock: times without the jitter of threads. */
static void count_frame(Voice *voice, usec_t now)
{
        const usec_t frame = SOUND_FRAME_MS * USEC_PER_MSEC;

        if (voice->due == 0)
                voice->due = now;
        if (now > voice->due + BEHIND_MAX_US) {
                usec_t skipped = (now - voice->due) / frame;

                voice->due += skipped * frame;
                voice->timestamp += (uint32_t)skipped * SOUND_FRAME;
        }
        voice->due += frame;
        voice->timestamp += SOUND_FRAME;
        voice->sequence++;
}

/* With the mutex held. */
static void send_frame(Voice *voice, const int16_t *samples, usec_t at)
{
        uint8_t data[PACKET_MAX];
        VoicePacket packet = {.sequence = voice->sequence, .timestamp = voice->timestamp};
        opus_int32 n = 0;

        if (voice->n_sinks > 0)
                n = opus_encode(voice->encoder, samples, SOUND_FRAME, data, sizeof(data));
        packet.data = data;
        packet.length = n > 0 ? (size_t)n : 0;
        for (size_t i = 0; packet.length > 0 && i < voice->n_sinks; i++)
                voice->sinks[i].function(voice->sinks[i].userdata, &packet);
        count_frame(voice, at);
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

/* With the mutex held: to what the worst of the ways bears. */
static void adapt(Voice *voice)
{
        VoicePath worst = {.bitrate = VOICE_BITRATE};

        for (size_t i = 0; i < voice->n_sinks; i++) {
                worst.bitrate = MIN_OF(worst.bitrate, voice->sinks[i].path.bitrate);
                worst.loss = MAX_OF(worst.loss, voice->sinks[i].path.loss);
        }
        if (worst.bitrate == voice->path.bitrate && worst.loss == voice->path.loss)
                return;
        voice->path = worst;
        opus_encoder_ctl(voice->encoder, OPUS_SET_BITRATE((opus_int32)worst.bitrate));
        opus_encoder_ctl(voice->encoder, OPUS_SET_INBAND_FEC(worst.loss > 0));
        opus_encoder_ctl(voice->encoder, OPUS_SET_PACKET_LOSS_PERC((opus_int32)worst.loss));
}

int voice_new(Voice **ret)
{
        _cleanup_(voice_freep) Voice *voice = calloc(1, sizeof(*voice));

        if (!voice)
                return -ENOMEM;
        g_mutex_init(&voice->mutex);
        voice->encoder = opus_encoder_create(SOUND_RATE, 1, OPUS_APPLICATION_VOIP, NULL);
        if (!voice->encoder)
                return -ENOMEM;
        opus_encoder_ctl(voice->encoder, OPUS_SET_COMPLEXITY(COMPLEXITY));
        adapt(voice);
        voice->sequence = (uint16_t)g_random_int();
        voice->timestamp = g_random_int();
        voice->standing_in = true;
        voice->timer = g_timeout_add(SOUND_FRAME_MS, look_after, voice);
        *ret = TAKE_PTR(voice);
        return 0;
}

Voice *voice_free(Voice *voice)
{
        if (!voice)
                return NULL;
        if (voice->timer)
                g_source_remove(voice->timer);
        if (voice->encoder)
                opus_encoder_destroy(voice->encoder);
        g_mutex_clear(&voice->mutex);
        free(voice);
        return NULL;
}

int voice_add(Voice *voice, VoiceSink sink, void *userdata)
{
        int r = -ENOSPC;

        g_mutex_lock(&voice->mutex);
        if (voice->n_sinks < VOICE_SINKS_MAX) {
                voice->sinks[voice->n_sinks++] = (Sink){sink, userdata, {.bitrate = VOICE_BITRATE}};
                r = 0;
        }
        g_mutex_unlock(&voice->mutex);
        return r;
}

void voice_set_path(Voice *voice, void *userdata, const VoicePath *path)
{
        g_mutex_lock(&voice->mutex);
        for (size_t i = 0; i < voice->n_sinks; i++)
                if (voice->sinks[i].userdata == userdata)
                        voice->sinks[i].path = *path;
        adapt(voice);
        g_mutex_unlock(&voice->mutex);
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
        adapt(voice);
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
