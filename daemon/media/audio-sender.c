/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/audio-sender.h"

#include <errno.h>
#include <glib.h>
#include <opus.h>
#include <stdlib.h>

#include "base/clock.h"
#include "media/audio-level.h"
#include "media/pipewire.h"
#include "media/rtp.h"

#define LOOK_MS 100                         /* how often a working microphone is checked */
#define STANDSTILL_US (50 * USEC_PER_MSEC)  /* five frames late: the microphone has stopped */
#define CATCH_UP_FRAMES 5                   /* silent frames sent at once; older ones are skipped */
#define BEHIND_MAX_US (200 * USEC_PER_MSEC) /* further behind, timestamps skip to the clock */
#define COMPLEXITY 5                        /* of 10: more costs CPU and is inaudible in speech */
#define PACKET_MAX (RTP_PACKET_MAX - RTP_HEADER) /* bytes of Opus, which has far fewer */

typedef struct Sink {
        AudioSenderSink function;
        void *userdata;
        AudioPath path;
} Sink;

struct AudioSender {
        GMutex mutex;         /* guards all but standing_in and timer (main loop only) */
        OpusEncoder *encoder; /* owned */
        AudioPath path;       /* the encoder's present settings */
        uint16_t sequence;
        uint32_t timestamp;
        usec_t due; /* when the next frame is due, by the count of samples */
        Sink sinks[VOICE_SINKS_MAX];
        size_t n_sinks;
        bool muted;
        usec_t sent, spoken; /* when the last frame was sent; when the microphone last gave one */
        bool standing_in;    /* silence replaces a microphone that gives nothing */
        guint timer;
};

static const int16_t silence[AUDIO_FRAME];

/* Counts samples instead of reading the clock, which would add the jitter of threads. */
static void count_frame(AudioSender *sender, usec_t now)
{
        const usec_t frame = AUDIO_FRAME_MS * USEC_PER_MSEC;

        if (sender->due == 0)
                sender->due = now;
        if (now > sender->due + BEHIND_MAX_US) {
                usec_t skipped = (now - sender->due) / frame;

                sender->due += skipped * frame;
                sender->timestamp += (uint32_t)skipped * AUDIO_FRAME;
        }
        sender->due += frame;
        sender->timestamp += AUDIO_FRAME;
        sender->sequence++;
}

/* With the mutex held. */
static void send_frame(AudioSender *sender, const int16_t *samples, usec_t at)
{
        uint8_t data[PACKET_MAX];
        AudioPacket packet = {.sequence = sender->sequence, .timestamp = sender->timestamp};
        opus_int32 n = 0;

        if (sender->n_sinks > 0)
                n = opus_encode(sender->encoder, samples, AUDIO_FRAME, data, sizeof(data));
        packet.level = audio_level(samples, AUDIO_FRAME);
        packet.data = data;
        packet.length = n > 0 ? (size_t)n : 0;
        for (size_t i = 0; packet.length > 0 && i < sender->n_sinks; i++)
                sender->sinks[i].function(sender->sinks[i].userdata, &packet);
        count_frame(sender, at);
        sender->sent = at;
}

/* With the mutex held: sends all silence that is due by now. */
static void send_silence(AudioSender *sender, usec_t now)
{
        const usec_t frame = AUDIO_FRAME_MS * USEC_PER_MSEC;

        if (now - sender->sent > CATCH_UP_FRAMES * frame)
                sender->sent = now - CATCH_UP_FRAMES * frame;
        while (sender->sent + frame <= now)
                send_frame(sender, silence, sender->sent + frame);
}

static gboolean look_after(void *data)
{
        AudioSender *sender = data;
        usec_t now = clock_boottime();

        g_mutex_lock(&sender->mutex);
        bool stand_in = now - sender->spoken > STANDSTILL_US;
        if (stand_in)
                send_silence(sender, now);
        g_mutex_unlock(&sender->mutex);
        if (stand_in == sender->standing_in)
                return G_SOURCE_CONTINUE;
        sender->standing_in = stand_in;
        sender->timer = g_timeout_add(stand_in ? AUDIO_FRAME_MS : LOOK_MS, look_after, sender);
        return G_SOURCE_REMOVE;
}

/* With the mutex held: adapts to the worst of the paths. */
static void adapt(AudioSender *sender)
{
        AudioPath worst = {.bitrate = VOICE_BITRATE};

        for (size_t i = 0; i < sender->n_sinks; i++) {
                worst.bitrate = MIN_OF(worst.bitrate, sender->sinks[i].path.bitrate);
                worst.loss = MAX_OF(worst.loss, sender->sinks[i].path.loss);
        }
        if (worst.bitrate == sender->path.bitrate && worst.loss == sender->path.loss)
                return;
        sender->path = worst;
        opus_encoder_ctl(sender->encoder, OPUS_SET_BITRATE((opus_int32)worst.bitrate));
        opus_encoder_ctl(sender->encoder, OPUS_SET_INBAND_FEC(worst.loss > 0));
        opus_encoder_ctl(sender->encoder, OPUS_SET_PACKET_LOSS_PERC((opus_int32)worst.loss));
}

int audio_sender_new(AudioSender **ret)
{
        _cleanup_(audio_sender_freep) AudioSender *sender = calloc(1, sizeof(*sender));

        if (!sender)
                return -ENOMEM;
        g_mutex_init(&sender->mutex);
        sender->encoder = opus_encoder_create(AUDIO_RATE, 1, OPUS_APPLICATION_VOIP, NULL);
        if (!sender->encoder)
                return -ENOMEM;
        opus_encoder_ctl(sender->encoder, OPUS_SET_COMPLEXITY(COMPLEXITY));
        adapt(sender);
        sender->sequence = (uint16_t)g_random_int();
        sender->timestamp = g_random_int();
        sender->standing_in = true;
        sender->timer = g_timeout_add(AUDIO_FRAME_MS, look_after, sender);
        *ret = TAKE_PTR(sender);
        return 0;
}

AudioSender *audio_sender_free(AudioSender *sender)
{
        if (!sender)
                return NULL;
        if (sender->timer)
                g_source_remove(sender->timer);
        if (sender->encoder)
                opus_encoder_destroy(sender->encoder);
        g_mutex_clear(&sender->mutex);
        free(sender);
        return NULL;
}

int audio_sender_add(AudioSender *sender, AudioSenderSink sink, void *userdata)
{
        int r = -ENOSPC;

        g_mutex_lock(&sender->mutex);
        if (sender->n_sinks < VOICE_SINKS_MAX) {
                sender->sinks[sender->n_sinks++] =
                        (Sink){sink, userdata, {.bitrate = VOICE_BITRATE}};
                r = 0;
        }
        g_mutex_unlock(&sender->mutex);
        return r;
}

void audio_sender_set_path(AudioSender *sender, void *userdata, const AudioPath *path)
{
        g_mutex_lock(&sender->mutex);
        for (size_t i = 0; i < sender->n_sinks; i++)
                if (sender->sinks[i].userdata == userdata)
                        sender->sinks[i].path = *path;
        adapt(sender);
        g_mutex_unlock(&sender->mutex);
}

void audio_sender_remove(AudioSender *sender, void *userdata)
{
        g_mutex_lock(&sender->mutex);
        for (size_t i = 0; i < sender->n_sinks; i++)
                if (sender->sinks[i].userdata == userdata)
                        sender->sinks[i] = sender->sinks[--sender->n_sinks];
        adapt(sender);
        g_mutex_unlock(&sender->mutex);
}

void audio_sender_set_muted(AudioSender *sender, bool muted)
{
        g_mutex_lock(&sender->mutex);
        sender->muted = muted;
        g_mutex_unlock(&sender->mutex);
}

bool audio_sender_is_muted(AudioSender *sender)
{
        g_mutex_lock(&sender->mutex);
        bool muted = sender->muted;
        g_mutex_unlock(&sender->mutex);
        return muted;
}

void audio_sender_frame(AudioSender *sender, const int16_t *samples)
{
        usec_t now = clock_boottime();

        g_mutex_lock(&sender->mutex);
        sender->spoken = now;
        send_frame(sender, sender->muted ? silence : samples, now);
        g_mutex_unlock(&sender->mutex);
}
