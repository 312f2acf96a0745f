/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/microphone.h"

#include <errno.h>
#include <spa/param/audio/raw.h>
#include <spa/param/props.h>
#include <spa/utils/ringbuffer.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "media/audio-stream.h"
#include "media/fade.h"

/*
 * In this time after the beginning a stored mute comes back, and no person has found the stream in
 * a mixer yet.
 */
#define UNMUTE_US (2 * USEC_PER_SEC)
#define SAMPLES_MAX 16384 /* 340 ms; a power of two, and more than the largest cycle (8192) */

/*
 * One stream. The data thread only copies, and wakes PipeWire's loop thread for each whole frame,
 * because handling a frame allocates, locks and wakes more threads. A wakeup for each cycle of the
 * graph, which is shorter, would cost up to 0.5 % of a core.
 */
typedef struct MicrophoneStream {
        Microphone *microphone;
        struct pw_stream *stream;
        struct spa_hook hook;
        struct spa_source *ready, *muted; /* events; `muted`: a mute has to be undone */
        struct spa_ringbuffer ring;       /* counts bytes */
        int16_t samples[SAMPLES_MAX];
        /* PipeWire's loop thread: a mute is undone until UNMUTE_US after the first frame. */
        bool unmutes;
        usec_t began; /* when the first frame came; 0: none yet */
} MicrophoneStream;

struct Microphone {
        MicrophoneFrame frame;
        void *userdata;
        PipeWire *pipewire; /* not owned; NULL: closed */
        MicrophoneStream *stream;
        MicrophoneStream *next; /* takes over when it gives sound */
        /* Replaced by `stream`; freed with the next frame, since its callback may still run. */
        MicrophoneStream *done;
        bool waits; /* `waiting` holds the first frame of `next`, to cross-fade to */
        int16_t waiting[AUDIO_FRAME];
        atomic_bool failed;
};

static MicrophoneStream *microphone_stream_free(MicrophoneStream *stream)
{
        if (!stream)
                return NULL;
        if (stream->stream)
                pw_stream_destroy(stream->stream);
        if (stream->ready)
                pw_loop_destroy_source(pipewire_loop(stream->microphone->pipewire), stream->ready);
        if (stream->muted)
                pw_loop_destroy_source(pipewire_loop(stream->microphone->pipewire), stream->muted);
        free(stream);
        return NULL;
}
DEFINE_CLEANUP(MicrophoneStream *, microphone_stream_free);

static void change_over(Microphone *microphone)
{
        microphone_stream_free(microphone->done);
        microphone->done = microphone->stream;
        microphone->stream = TAKE_PTR(microphone->next);
        microphone->waits = false;
}

/*
 * Cross-fades from the old stream to the first frame of the new one. If the old stream gives no
 * frame before the second one of the new stream, the new stream fades in from silence.
 */
static void take_frame(MicrophoneStream *stream, int16_t *samples)
{
        Microphone *microphone = stream->microphone;

        if (stream == microphone->next && !microphone->waits) {
                memcpy(microphone->waiting, samples, sizeof(microphone->waiting));
                microphone->waits = true;
        } else if (stream == microphone->next) {
                fade_in(microphone->waiting, AUDIO_FRAME);
                change_over(microphone);
                microphone->frame(microphone->userdata, microphone->waiting);
                microphone->frame(microphone->userdata, samples);
        } else if (stream == microphone->stream && microphone->waits) {
                fade_over(samples, microphone->waiting, AUDIO_FRAME);
                change_over(microphone);
                microphone->frame(microphone->userdata, microphone->waiting);
        } else if (stream == microphone->stream) {
                microphone->done = microphone_stream_free(microphone->done);
                microphone->frame(microphone->userdata, samples);
        }
}

static void on_ready(void *data, uint64_t count)
{
        MicrophoneStream *stream = data;
        int16_t samples[AUDIO_FRAME];
        uint32_t index;

        if (stream->began == 0)
                stream->began = clock_boottime();
        while (spa_ringbuffer_get_read_index(&stream->ring, &index) >= (int32_t)sizeof(samples)) {
                spa_ringbuffer_read_data(&stream->ring, stream->samples, sizeof(stream->samples),
                                         index % sizeof(stream->samples), samples, sizeof(samples));
                spa_ringbuffer_read_update(&stream->ring, (int32_t)(index + sizeof(samples)));
                take_frame(stream, samples);
        }
}

/* Drops data that does not fit: it does so only while PipeWire's loop thread hangs. */
static void gather(MicrophoneStream *stream, const void *data, uint32_t size)
{
        uint32_t index;
        int32_t filled = spa_ringbuffer_get_write_index(&stream->ring, &index);

        if (filled < 0 || (uint32_t)filled + size > sizeof(stream->samples))
                return;
        spa_ringbuffer_write_data(&stream->ring, stream->samples, sizeof(stream->samples),
                                  index % sizeof(stream->samples), data, size);
        spa_ringbuffer_write_update(&stream->ring, (int32_t)(index + size));
        if ((size_t)filled + size >= AUDIO_FRAME * sizeof(int16_t))
                pw_loop_signal_event(pipewire_loop(stream->microphone->pipewire), stream->ready);
}

/* In PipeWire's data thread. */
static void on_process(void *data)
{
        MicrophoneStream *stream = data;
        struct pw_buffer *buffer;

        while ((buffer = pw_stream_dequeue_buffer(stream->stream))) {
                struct spa_data *block = &buffer->buffer->datas[0];
                uint32_t offset = MIN_OF(block->chunk->offset, block->maxsize);
                uint32_t size = MIN_OF(block->chunk->size, block->maxsize - offset);

                if (block->data)
                        gather(stream, SPA_PTROFF(block->data, offset, const void), size);
                pw_stream_queue_buffer(stream->stream, buffer);
        }
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        Microphone *microphone = ((MicrophoneStream *)data)->microphone;

        pipewire_report_state(microphone->pipewire, state, &microphone->failed);
}

static void on_muted(void *data, uint64_t count)
{
        MicrophoneStream *stream = data;
        float off = 0;

        log_info("undoing a mute that an earlier call left on the microphone's stream");
        pw_stream_set_control(stream->stream, SPA_PROP_mute, 1, &off, 0);
}

/*
 * A mute that somebody sets in a mixer is meant for the call in which it is set. The session
 * manager sets it again in the next call, where nobody would be heard, and nothing would tell why.
 *
 * PipeWire reads the list of parameters meanwhile, which a new one would free: so the mute is
 * undone in a turn of the loop of its own.
 */
static void on_control(void *data, uint32_t id, const struct pw_stream_control *control)
{
        MicrophoneStream *stream = data;

        if (id != SPA_PROP_mute || !stream->unmutes || control->n_values == 0 ||
            control->values[0] < 0.5f ||
            (stream->began > 0 && clock_boottime() - stream->began > UNMUTE_US))
                return;
        pw_loop_signal_event(pipewire_loop(stream->microphone->pipewire), stream->muted);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .control_info = on_control,
        .process = on_process,
};

/* With the lock held. */
static int microphone_stream_new(Microphone *microphone, AudioStreamOptions *options,
                                 MicrophoneStream **ret)
{
        _cleanup_(microphone_stream_freep) MicrophoneStream *stream = calloc(1, sizeof(*stream));
        struct pw_loop *loop = pipewire_loop(microphone->pipewire);
        int r;

        if (!stream)
                return -ENOMEM;
        options->userdata = stream;
        stream->microphone = microphone;
        stream->ready = pw_loop_add_event(loop, on_ready, stream);
        stream->muted = stream->ready ? pw_loop_add_event(loop, on_muted, stream) : NULL;
        r = stream->muted ? audio_stream_new(options, &stream->hook, &stream->stream) : -errno;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(stream);
        return 0;
}

int microphone_open(Microphone *microphone, PipeWire *pipewire, const char *node,
                    const char *description, const char *target, bool unmutes)
{
        AudioStreamOptions options = {
                .core = pipewire_core(pipewire),
                .kind = DEVICE_MICROPHONE,
                .id = STREAM_ID_MICROPHONE,
                .node = node,
                .description = description,
                .target = target,
                .format = SPA_AUDIO_FORMAT_S16,
                .rate = AUDIO_RATE,
                .channels = 1,
                .events = &stream_events,
        };
        MicrophoneStream *stream;
        int r;

        pipewire_lock(pipewire);
        microphone->pipewire = pipewire;
        r = microphone_stream_new(microphone, &options, &stream);
        if (r == 0) {
                stream->unmutes = unmutes;
                microphone_stream_free(microphone->next);
                microphone->next = microphone->stream ? stream : NULL;
                if (!microphone->stream)
                        microphone->stream = stream;
                microphone->waits = false;
                atomic_store(&microphone->failed, false);
        } else if (!microphone->stream) {
                microphone->pipewire = NULL;
        }
        pipewire_unlock(pipewire);
        return r;
}

void microphone_close(Microphone *microphone)
{
        PipeWire *pipewire = microphone->pipewire;

        if (!pipewire)
                return;
        pipewire_lock(pipewire);
        microphone->done = microphone_stream_free(microphone->done);
        microphone->next = microphone_stream_free(microphone->next);
        microphone->stream = microphone_stream_free(microphone->stream);
        microphone->pipewire = NULL;
        atomic_store(&microphone->failed, false);
        pipewire_unlock(pipewire);
}

int microphone_new(MicrophoneFrame frame, void *userdata, Microphone **ret)
{
        Microphone *microphone = calloc(1, sizeof(*microphone));

        if (!microphone)
                return -ENOMEM;
        microphone->frame = frame;
        microphone->userdata = userdata;
        *ret = microphone;
        return 0;
}

Microphone *microphone_free(Microphone *microphone)
{
        if (!microphone)
                return NULL;
        microphone_close(microphone);
        free(microphone);
        return NULL;
}

bool microphone_is_open(const Microphone *microphone)
{
        return microphone->pipewire;
}

bool microphone_failed(const Microphone *microphone)
{
        return atomic_load(&microphone->failed);
}
