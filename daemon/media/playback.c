/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/playback.h"

#include <errno.h>
#include <spa/param/audio/format-utils.h>
#include <stdatomic.h>

#include "base/str.h"
#include "media/fade.h"

/* One stream. All streams of a connection are processed by one thread, one after the other. */
typedef struct PlaybackStream {
        Playback *playback;
        struct pw_stream *stream;
        struct spa_hook hook;
        atomic_bool fresh; /* it has not played yet */
        float last;        /* data thread: what it played last */
        size_t faded_in;   /* data thread: samples of the fade-in so far */
        size_t position;   /* data thread: for the echo canceller */
} PlaybackStream;

struct Playback {
        PipeWire *pipewire;           /* not owned */
        char *node, *description;     /* owned */
        PacketQueue *queue;           /* not owned */
        EchoCanceller *echo;          /* not owned */
        PlaybackStream *audio, *next; /* next: takes over as soon as it plays */
        PlaybackStream *reader;       /* data thread: the one that has the queue */
        struct spa_source *taken_over;
        atomic_bool failed;
};

static PlaybackStream *playback_stream_free(PlaybackStream *audio)
{
        if (!audio)
                return NULL;
        if (audio->stream)
                pw_stream_destroy(audio->stream);
        free(audio);
        return NULL;
}
DEFINE_CLEANUP(PlaybackStream *, playback_stream_free);

/* In PipeWire's data thread. */
static void fill(PlaybackStream *audio, float *samples, size_t n)
{
        Playback *playback = audio->playback;

        if (atomic_exchange(&audio->fresh, false)) {
                playback->reader = audio;
                pw_loop_signal_event(pw_thread_loop_get_loop(pipewire_loop(playback->pipewire)),
                                     playback->taken_over);
        }
        if (playback->reader == audio) {
                packet_queue_read(playback->queue, samples, n);
                fade_in_blocks(samples, n, &audio->faded_in);
                echo_canceller_played(playback->echo, &audio->position, samples, n);
                audio->last = n > 0 ? samples[n - 1] : 0;
        } else {
                fade_out_block(audio->last, samples, n);
                audio->last = 0;
        }
}

static void on_process(void *data)
{
        PlaybackStream *audio = data;
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(audio->stream);

        if (!buffer)
                return;
        struct spa_data *block = &buffer->buffer->datas[0];
        uint32_t n = block->maxsize / (uint32_t)sizeof(float);

        if (buffer->requested > 0)
                n = (uint32_t)MIN_OF((uint64_t)n, buffer->requested);
        if (block->data) {
                fill(audio, block->data, n);
                block->chunk->offset = 0;
                block->chunk->stride = sizeof(float);
                block->chunk->size = n * (uint32_t)sizeof(float);
        }
        pw_stream_queue_buffer(audio->stream, buffer);
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        PlaybackStream *audio = data;

        if (state != PW_STREAM_STATE_ERROR || pipewire_is_broken(audio->playback->pipewire))
                return;
        atomic_store(&audio->playback->failed, true);
        pipewire_report_changed(audio->playback->pipewire);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .process = on_process,
};

/* With the lock held. */
static int playback_stream_new(Playback *playback, const char *target, PlaybackStream **ret)
{
        _cleanup_(playback_stream_freep) PlaybackStream *audio = calloc(1, sizeof(*audio));
        char buffer[AUDIO_FORMAT_SIZE];
        const struct spa_pod *format = pipewire_format(buffer, SPA_AUDIO_FORMAT_F32, AUDIO_RATE, 1);
        struct pw_properties *properties = pipewire_stream_properties(
                DEVICE_SPEAKER, "Communication", playback->node, playback->description, target);
        int r;

        if (!audio || !properties) {
                pw_properties_free(properties);
                return -ENOMEM;
        }
        audio->playback = playback;
        atomic_init(&audio->fresh, true);
        audio->stream =
                pw_stream_new(pipewire_core(playback->pipewire), playback->node, properties);
        if (!audio->stream)
                return -errno;
        pw_stream_add_listener(audio->stream, &audio->hook, &stream_events, audio);
        r = pw_stream_connect(audio->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
                              PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
                                      PW_STREAM_FLAG_RT_PROCESS,
                              &format, 1);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(audio);
        return 0;
}

/* In PipeWire's loop thread, which holds the lock. */
static void on_taken_over(void *data, uint64_t count)
{
        Playback *playback = data;

        if (!playback->next || atomic_load(&playback->next->fresh))
                return;
        playback_stream_free(playback->audio);
        playback->audio = TAKE_PTR(playback->next);
}

/* With the lock held. */
static int open_playback(Playback *playback, const char *target)
{
        playback->taken_over =
                pw_loop_add_event(pw_thread_loop_get_loop(pipewire_loop(playback->pipewire)),
                                  on_taken_over, playback);
        if (!playback->taken_over)
                return -errno;
        return playback_stream_new(playback, target, &playback->audio);
}

int playback_new(PipeWire *pipewire, const char *node, const char *description, const char *target,
                 PacketQueue *queue, EchoCanceller *echo, Playback **ret)
{
        _cleanup_(playback_freep) Playback *playback = calloc(1, sizeof(*playback));
        int r;

        if (!playback)
                return -ENOMEM;
        playback->pipewire = pipewire;
        playback->queue = queue;
        playback->echo = echo;
        playback->node = strdup(node);
        playback->description = strdup(description);
        if (!playback->node || !playback->description)
                return -ENOMEM;
        pw_thread_loop_lock(pipewire_loop(pipewire));
        r = open_playback(playback, target);
        pw_thread_loop_unlock(pipewire_loop(pipewire));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(playback);
        return 0;
}

Playback *playback_free(Playback *playback)
{
        if (!playback)
                return NULL;
        pw_thread_loop_lock(pipewire_loop(playback->pipewire));
        playback_stream_free(playback->next);
        playback_stream_free(playback->audio);
        if (playback->taken_over)
                pw_loop_destroy_source(pw_thread_loop_get_loop(pipewire_loop(playback->pipewire)),
                                       playback->taken_over);
        pw_thread_loop_unlock(pipewire_loop(playback->pipewire));
        free(playback->node);
        free(playback->description);
        free(playback);
        return NULL;
}

int playback_move(Playback *playback, const char *target)
{
        _cleanup_(playback_stream_freep) PlaybackStream *audio = NULL;
        int r;

        pw_thread_loop_lock(pipewire_loop(playback->pipewire));
        /* If the stream on its way has taken over meanwhile, it is the one that plays. */
        on_taken_over(playback, 0);
        r = playback_stream_new(playback, target, &audio);
        if (r == 0) {
                playback_stream_free(playback->next);
                playback->next = TAKE_PTR(audio);
                atomic_store(&playback->failed, false);
        }
        pw_thread_loop_unlock(pipewire_loop(playback->pipewire));
        return r;
}

bool playback_failed(const Playback *playback)
{
        return atomic_load(&playback->failed);
}
