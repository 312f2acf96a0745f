/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/microphone.h"

#include <errno.h>
#include <spa/param/audio/raw.h>
#include <spa/utils/ringbuffer.h>
#include <stdatomic.h>

#include "base/str.h"
#include "media/audio-stream.h"
#include "media/fade.h"

#define SAMPLES_MAX 16384 /* 340 ms; a power of two, and more than the largest cycle (8192) */

/*
 * One stream. The data thread only copies, and wakes PipeWire's loop thread for each whole frame,
 * because handling a frame allocates, locks and wakes more threads. A wakeup for each cycle of the
 * graph, four times as often, would cost 0.5 % of a core.
 */
typedef struct Inlet {
        Microphone *microphone;
        struct pw_stream *stream;
        struct spa_hook hook;
        struct spa_source *ready;
        struct spa_ringbuffer ring; /* of bytes */
        int16_t samples[SAMPLES_MAX];
} Inlet;

struct Microphone {
        MicrophoneFrame frame;
        void *userdata;
        PipeWire *pipewire; /* not owned; NULL: closed */
        Inlet *inlet;
        Inlet *next; /* takes over when it gives sound */
        Inlet *done; /* freed with the next frame: the present one may be its own */
        bool waits;  /* `waiting` holds the first frame of `next`, to fade over to */
        int16_t waiting[AUDIO_FRAME];
        atomic_bool failed;
};

static Inlet *inlet_free(Inlet *inlet)
{
        if (!inlet)
                return NULL;
        if (inlet->stream)
                pw_stream_destroy(inlet->stream);
        if (inlet->ready)
                pw_loop_destroy_source(pipewire_loop(inlet->microphone->pipewire), inlet->ready);
        free(inlet);
        return NULL;
}
DEFINE_CLEANUP(Inlet *, inlet_free);

static void change_over(Microphone *microphone)
{
        inlet_free(microphone->done);
        microphone->done = microphone->inlet;
        microphone->inlet = TAKE_PTR(microphone->next);
        microphone->waits = false;
}

/*
 * The last frame of the old stream fades over to the first one of the new. When the old one gives
 * no more, the new one has a second frame before that, and begins by itself.
 */
static void take_frame(Inlet *inlet, int16_t *samples)
{
        Microphone *microphone = inlet->microphone;

        if (inlet == microphone->next && !microphone->waits) {
                memcpy(microphone->waiting, samples, sizeof(microphone->waiting));
                microphone->waits = true;
        } else if (inlet == microphone->next) {
                fade_in(microphone->waiting, AUDIO_FRAME);
                change_over(microphone);
                microphone->frame(microphone->userdata, microphone->waiting);
                microphone->frame(microphone->userdata, samples);
        } else if (inlet == microphone->inlet && microphone->waits) {
                fade_over(samples, microphone->waiting, AUDIO_FRAME);
                change_over(microphone);
                microphone->frame(microphone->userdata, microphone->waiting);
        } else if (inlet == microphone->inlet) {
                microphone->done = inlet_free(microphone->done);
                microphone->frame(microphone->userdata, samples);
        }
}

static void on_ready(void *data, uint64_t count)
{
        Inlet *inlet = data;
        int16_t samples[AUDIO_FRAME];
        uint32_t index;

        while (spa_ringbuffer_get_read_index(&inlet->ring, &index) >= (int32_t)sizeof(samples)) {
                spa_ringbuffer_read_data(&inlet->ring, inlet->samples, sizeof(inlet->samples),
                                         index % sizeof(inlet->samples), samples, sizeof(samples));
                spa_ringbuffer_read_update(&inlet->ring, (int32_t)(index + sizeof(samples)));
                take_frame(inlet, samples);
        }
}

/* Drops what does not fit: PipeWire's loop thread hangs. */
static void gather(Inlet *inlet, const void *data, uint32_t size)
{
        uint32_t index;
        int32_t filled = spa_ringbuffer_get_write_index(&inlet->ring, &index);

        if (filled < 0 || (uint32_t)filled + size > sizeof(inlet->samples))
                return;
        spa_ringbuffer_write_data(&inlet->ring, inlet->samples, sizeof(inlet->samples),
                                  index % sizeof(inlet->samples), data, size);
        spa_ringbuffer_write_update(&inlet->ring, (int32_t)(index + size));
        if ((size_t)filled + size >= AUDIO_FRAME * sizeof(int16_t))
                pw_loop_signal_event(pipewire_loop(inlet->microphone->pipewire), inlet->ready);
}

/* In PipeWire's data thread. */
static void on_process(void *data)
{
        Inlet *inlet = data;
        struct pw_buffer *buffer;

        while ((buffer = pw_stream_dequeue_buffer(inlet->stream))) {
                struct spa_data *block = &buffer->buffer->datas[0];
                uint32_t offset = MIN_OF(block->chunk->offset, block->maxsize);
                uint32_t size = MIN_OF(block->chunk->size, block->maxsize - offset);

                if (block->data)
                        gather(inlet, SPA_PTROFF(block->data, offset, const void), size);
                pw_stream_queue_buffer(inlet->stream, buffer);
        }
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        Microphone *microphone = ((Inlet *)data)->microphone;

        pipewire_report_state(microphone->pipewire, state, &microphone->failed);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .process = on_process,
};

/* With the lock held. */
static int inlet_new(Microphone *microphone, AudioStreamOptions *options, Inlet **ret)
{
        _cleanup_(inlet_freep) Inlet *inlet = calloc(1, sizeof(*inlet));
        int r;

        if (!inlet)
                return -ENOMEM;
        options->userdata = inlet;
        inlet->microphone = microphone;
        inlet->ready = pw_loop_add_event(pipewire_loop(microphone->pipewire), on_ready, inlet);
        r = inlet->ready ? audio_stream_new(options, &inlet->hook, &inlet->stream) : -errno;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(inlet);
        return 0;
}

int microphone_open(Microphone *microphone, PipeWire *pipewire, const char *node,
                    const char *description, const char *target)
{
        AudioStreamOptions options = {
                .core = pipewire_core(pipewire),
                .kind = DEVICE_MICROPHONE,
                .role = "Communication",
                .node = node,
                .description = description,
                .target = target,
                .format = SPA_AUDIO_FORMAT_S16,
                .rate = AUDIO_RATE,
                .channels = 1,
                .events = &stream_events,
        };
        Inlet *inlet;
        int r;

        pipewire_lock(pipewire);
        microphone->pipewire = pipewire;
        r = inlet_new(microphone, &options, &inlet);
        if (r == 0) {
                inlet_free(microphone->next);
                microphone->next = microphone->inlet ? inlet : NULL;
                if (!microphone->inlet)
                        microphone->inlet = inlet;
                microphone->waits = false;
                atomic_store(&microphone->failed, false);
        } else if (!microphone->inlet) {
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
        microphone->done = inlet_free(microphone->done);
        microphone->next = inlet_free(microphone->next);
        microphone->inlet = inlet_free(microphone->inlet);
        microphone->pipewire = NULL;
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
