/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/capture.h"

#include <errno.h>
#include <spa/param/audio/format-utils.h>
#include <spa/utils/ringbuffer.h>
#include <stdatomic.h>

#include "base/str.h"
#include "media/fade.h"

#define RING_SAMPLES 16384 /* 340 ms; a power of two, and more than the largest cycle (8192) */

/*
 * One stream. The data thread only copies, and wakes the sound's thread for each whole frame: what
 * takes the frames allocates and locks, and wakes more threads. Waking it for each cycle of the
 * graph, four times as often, cost 0.5 % of a core.
 */
typedef struct Inlet {
        Capture *capture;
        struct pw_stream *stream;
        struct spa_hook hook;
        struct spa_source *ready;
        struct spa_ringbuffer ring; /* of bytes */
        int16_t samples[RING_SAMPLES];
} Inlet;

struct Capture {
        Sound *sound;             /* not owned */
        char *node, *description; /* owned */
        CaptureFrame frame;
        void *userdata;
        Inlet *inlet, *next; /* next: takes over when it gives sound */
        Inlet *done;         /* to be freed */
        bool waits;          /* the next one's first frame: to be faded over to */
        int16_t waiting[SOUND_FRAME];
        atomic_bool failed;
};

static Inlet *inlet_free(Inlet *inlet)
{
        if (!inlet)
                return NULL;
        if (inlet->stream)
                pw_stream_destroy(inlet->stream);
        if (inlet->ready)
                pw_loop_destroy_source(pw_thread_loop_get_loop(sound_loop(inlet->capture->sound)),
                                       inlet->ready);
        free(inlet);
        return NULL;
}
DEFINE_CLEANUP(Inlet *, inlet_free);

/* It is freed with the next frame: it may be the one whose frame this is. */
static void change_over(Capture *capture)
{
        inlet_free(capture->done);
        capture->done = capture->inlet;
        capture->inlet = TAKE_PTR(capture->next);
        capture->waits = false;
}

/*
 * The last frame of the one fades over to the first of the other. When the one gives no more, the
 * other has a second frame before that, and begins by itself.
 */
static void take_frame(Inlet *inlet, int16_t *samples)
{
        Capture *capture = inlet->capture;

        if (inlet == capture->next && !capture->waits) {
                memcpy(capture->waiting, samples, sizeof(capture->waiting));
                capture->waits = true;
        } else if (inlet == capture->next) {
                fade_in(capture->waiting, SOUND_FRAME);
                change_over(capture);
                capture->frame(capture->userdata, capture->waiting);
                capture->frame(capture->userdata, samples);
        } else if (inlet == capture->inlet && capture->waits) {
                fade_over(samples, capture->waiting, SOUND_FRAME);
                change_over(capture);
                capture->frame(capture->userdata, capture->waiting);
        } else if (inlet == capture->inlet) {
                capture->done = inlet_free(capture->done);
                capture->frame(capture->userdata, samples);
        }
}

static void on_ready(void *data, uint64_t count)
{
        Inlet *inlet = data;
        int16_t samples[SOUND_FRAME];
        uint32_t index;

        while (spa_ringbuffer_get_read_index(&inlet->ring, &index) >= (int32_t)sizeof(samples)) {
                spa_ringbuffer_read_data(&inlet->ring, inlet->samples, sizeof(inlet->samples),
                                         index % sizeof(inlet->samples), samples, sizeof(samples));
                spa_ringbuffer_read_update(&inlet->ring, (int32_t)(index + sizeof(samples)));
                take_frame(inlet, samples);
        }
}

/* What does not fit is lost: the sound's thread hangs. */
static void gather(Inlet *inlet, const void *data, uint32_t size)
{
        uint32_t index;
        int32_t filled = spa_ringbuffer_get_write_index(&inlet->ring, &index);

        if (filled < 0 || (uint32_t)filled + size > sizeof(inlet->samples))
                return;
        spa_ringbuffer_write_data(&inlet->ring, inlet->samples, sizeof(inlet->samples),
                                  index % sizeof(inlet->samples), data, size);
        spa_ringbuffer_write_update(&inlet->ring, (int32_t)(index + size));
        if ((size_t)filled + size >= SOUND_FRAME * sizeof(int16_t))
                pw_loop_signal_event(pw_thread_loop_get_loop(sound_loop(inlet->capture->sound)),
                                     inlet->ready);
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
        Inlet *inlet = data;

        if (state != PW_STREAM_STATE_ERROR || sound_is_broken(inlet->capture->sound))
                return;
        atomic_store(&inlet->capture->failed, true);
        sound_tell_changed(inlet->capture->sound);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .process = on_process,
};

/* With the lock held. */
static int connect_stream(Inlet *inlet, const char *target)
{
        Capture *capture = inlet->capture;
        char buffer[SOUND_FORMAT_SIZE];
        const struct spa_pod *format = sound_format(buffer, SPA_AUDIO_FORMAT_S16, SOUND_RATE, 1);
        struct pw_properties *properties = sound_stream_properties(
                DEVICE_MICROPHONE, "Communication", capture->node, capture->description, target);

        if (!properties)
                return -ENOMEM;
        inlet->stream = pw_stream_new(sound_core(capture->sound), capture->node, properties);
        if (!inlet->stream)
                return -errno;
        pw_stream_add_listener(inlet->stream, &inlet->hook, &stream_events, inlet);
        return pw_stream_connect(inlet->stream, PW_DIRECTION_INPUT, PW_ID_ANY,
                                 PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
                                         PW_STREAM_FLAG_RT_PROCESS,
                                 &format, 1);
}

/* With the lock held. */
static int inlet_new(Capture *capture, const char *target, Inlet **ret)
{
        _cleanup_(inlet_freep) Inlet *inlet = calloc(1, sizeof(*inlet));
        int r;

        if (!inlet)
                return -ENOMEM;
        inlet->capture = capture;
        inlet->ready = pw_loop_add_event(pw_thread_loop_get_loop(sound_loop(capture->sound)),
                                         on_ready, inlet);
        r = inlet->ready ? connect_stream(inlet, target) : -errno;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(inlet);
        return 0;
}

int capture_new(Sound *sound, const char *node, const char *description, const char *target,
                CaptureFrame frame, void *userdata, Capture **ret)
{
        _cleanup_(capture_freep) Capture *capture = calloc(1, sizeof(*capture));
        int r;

        if (!capture)
                return -ENOMEM;
        capture->sound = sound;
        capture->frame = frame;
        capture->userdata = userdata;
        capture->node = strdup(node);
        capture->description = strdup(description);
        if (!capture->node || !capture->description)
                return -ENOMEM;
        pw_thread_loop_lock(sound_loop(sound));
        r = inlet_new(capture, target, &capture->inlet);
        pw_thread_loop_unlock(sound_loop(sound));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(capture);
        return 0;
}

Capture *capture_free(Capture *capture)
{
        if (!capture)
                return NULL;
        pw_thread_loop_lock(sound_loop(capture->sound));
        inlet_free(capture->done);
        inlet_free(capture->next);
        inlet_free(capture->inlet);
        pw_thread_loop_unlock(sound_loop(capture->sound));
        free(capture->node);
        free(capture->description);
        free(capture);
        return NULL;
}

int capture_move(Capture *capture, const char *target)
{
        _cleanup_(inlet_freep) Inlet *inlet = NULL;
        int r;

        pw_thread_loop_lock(sound_loop(capture->sound));
        r = inlet_new(capture, target, &inlet);
        if (r == 0) {
                inlet_free(capture->next);
                capture->next = TAKE_PTR(inlet);
                capture->waits = false;
                atomic_store(&capture->failed, false);
        }
        pw_thread_loop_unlock(sound_loop(capture->sound));
        return r;
}

bool capture_failed(const Capture *capture)
{
        return atomic_load(&capture->failed);
}
