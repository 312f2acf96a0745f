/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/playback.h"

#include <errno.h>
#include <spa/param/audio/raw.h>
#include <stdatomic.h>

#include "base/str.h"
#include "media/audio-stream.h"
#include "media/fade.h"

/* One stream. PipeWire's data thread processes all streams of a connection, one after the other. */
typedef struct PlaybackStream {
        Playback *playback;
        struct pw_stream *stream;
        struct spa_hook hook;
        atomic_bool fresh; /* it has not played yet */
        float last;        /* data thread: the last sample that it played */
        size_t faded_in;   /* data thread: samples of the fade-in so far */
        size_t position;   /* data thread: for echo_canceller_played() */
} PlaybackStream;

struct Playback {
        char *id, *node, *description; /* owned */
        PacketQueue *queue;            /* not owned */
        EchoCanceller *echo;           /* not owned */
        PipeWire *pipewire;            /* not owned; NULL: closed */
        PlaybackStream *stream, *next; /* next: takes over as soon as it plays */
        PlaybackStream *reader;        /* data thread: the stream that reads the queue */
        struct spa_source *taken_over;
        atomic_bool failed;
};

static PlaybackStream *playback_stream_free(PlaybackStream *stream)
{
        if (!stream)
                return NULL;
        if (stream->stream)
                pw_stream_destroy(stream->stream);
        free(stream);
        return NULL;
}
DEFINE_CLEANUP(PlaybackStream *, playback_stream_free);

/* In PipeWire's data thread. */
static void fill(void *data, float *samples, size_t n)
{
        PlaybackStream *stream = data;
        Playback *playback = stream->playback;

        if (atomic_exchange(&stream->fresh, false)) {
                playback->reader = stream;
                pw_loop_signal_event(pipewire_loop(playback->pipewire), playback->taken_over);
        }
        if (playback->reader == stream) {
                packet_queue_read(playback->queue, samples, n);
                fade_in_blocks(samples, n, &stream->faded_in);
                echo_canceller_played(playback->echo, &stream->position, samples, n);
                stream->last = n > 0 ? samples[n - 1] : 0;
        } else {
                fade_out_block(stream->last, samples, n);
                stream->last = 0;
        }
}

static void on_process(void *data)
{
        audio_stream_play(((PlaybackStream *)data)->stream, 1, fill, data);
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        Playback *playback = ((PlaybackStream *)data)->playback;

        pipewire_report_state(playback->pipewire, state, &playback->failed);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .process = on_process,
};

/* With the lock held. */
static int playback_stream_new(Playback *playback, const char *target, PlaybackStream **ret)
{
        _cleanup_(playback_stream_freep) PlaybackStream *stream = calloc(1, sizeof(*stream));
        const AudioStreamOptions options = {
                .core = pipewire_core(playback->pipewire),
                .kind = DEVICE_SPEAKER,
                .id = playback->id,
                .node = playback->node,
                .description = playback->description,
                .target = target,
                .format = SPA_AUDIO_FORMAT_F32,
                .rate = AUDIO_RATE,
                .channels = 1,
                .events = &stream_events,
                .userdata = stream,
        };
        int r;

        if (!stream)
                return -ENOMEM;
        stream->playback = playback;
        atomic_init(&stream->fresh, true);
        r = audio_stream_new(&options, &stream->hook, &stream->stream);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(stream);
        return 0;
}

/* In PipeWire's loop thread, which holds the lock. */
static void on_taken_over(void *data, uint64_t count)
{
        Playback *playback = data;

        if (!playback->next || atomic_load(&playback->next->fresh))
                return;
        playback_stream_free(playback->stream);
        playback->stream = TAKE_PTR(playback->next);
}

/* With the lock held. */
static int open_stream(Playback *playback, const char *target)
{
        if (!playback->taken_over)
                playback->taken_over = pw_loop_add_event(pipewire_loop(playback->pipewire),
                                                         on_taken_over, playback);
        if (!playback->taken_over)
                return -errno;
        if (!playback->stream)
                return playback_stream_new(playback, target, &playback->stream);

        PlaybackStream *next;
        int r = playback_stream_new(playback, target, &next);

        if (r < 0)
                return r;
        /*
         * If `next` plays already, makes it the current stream now: otherwise it would be freed
         * below.
         */
        on_taken_over(playback, 0);
        playback_stream_free(playback->next);
        playback->next = next;
        return 0;
}

int playback_open(Playback *playback, PipeWire *pipewire, const char *target)
{
        int r;

        pipewire_lock(pipewire);
        playback->pipewire = pipewire;
        r = open_stream(playback, target);
        if (r == 0)
                atomic_store(&playback->failed, false);
        else if (!playback->stream)
                playback_close(playback);
        pipewire_unlock(pipewire);
        return r;
}

void playback_close(Playback *playback)
{
        PipeWire *pipewire = playback->pipewire;

        if (!pipewire)
                return;
        pipewire_lock(pipewire);
        playback->next = playback_stream_free(playback->next);
        playback->stream = playback_stream_free(playback->stream);
        if (playback->taken_over)
                pw_loop_destroy_source(pipewire_loop(pipewire), playback->taken_over);
        playback->taken_over = NULL;
        playback->reader = NULL;
        atomic_store(&playback->failed, false);
        playback->pipewire = NULL;
        pipewire_unlock(pipewire);
}

int playback_new(const char *id, const char *node, const char *description, PacketQueue *queue,
                 EchoCanceller *echo, Playback **ret)
{
        _cleanup_(playback_freep) Playback *playback = calloc(1, sizeof(*playback));

        if (!playback)
                return -ENOMEM;
        playback->queue = queue;
        playback->echo = echo;
        playback->id = strdup(id);
        playback->node = strdup(node);
        playback->description = strdup(description);
        if (!playback->id || !playback->node || !playback->description)
                return -ENOMEM;
        *ret = TAKE_PTR(playback);
        return 0;
}

Playback *playback_free(Playback *playback)
{
        if (!playback)
                return NULL;
        playback_close(playback);
        free(playback->id);
        free(playback->node);
        free(playback->description);
        free(playback);
        return NULL;
}

bool playback_is_open(const Playback *playback)
{
        return playback->pipewire;
}

bool playback_failed(const Playback *playback)
{
        return atomic_load(&playback->failed);
}
