/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/capture.h"

#include <errno.h>
#include <spa/param/audio/format-utils.h>
#include <spa/utils/ringbuffer.h>

#include "base/str.h"

#define RING_SAMPLES 16384 /* 340 ms; a power of two, and more than the largest cycle (8192) */

/*
 * The data thread only copies, and wakes the sound's thread for each whole frame: what takes the
 * frames allocates and locks, and wakes more threads. Waking it for each cycle of the graph, four
 * times as often, cost 0.5 % of a core.
 */
struct Capture {
        Sound *sound; /* not owned */
        struct pw_stream *stream;
        struct spa_hook hook;
        struct spa_source *ready;
        CaptureFrame frame;
        void *userdata;
        struct spa_ringbuffer ring; /* of bytes */
        int16_t samples[RING_SAMPLES];
};

static void on_ready(void *data, uint64_t count)
{
        Capture *capture = data;
        int16_t samples[SOUND_FRAME];
        uint32_t index;

        while (spa_ringbuffer_get_read_index(&capture->ring, &index) >= (int32_t)sizeof(samples)) {
                spa_ringbuffer_read_data(&capture->ring, capture->samples, sizeof(capture->samples),
                                         index % sizeof(capture->samples), samples,
                                         sizeof(samples));
                spa_ringbuffer_read_update(&capture->ring, (int32_t)(index + sizeof(samples)));
                capture->frame(capture->userdata, samples);
        }
}

/* What does not fit is lost: the sound's thread hangs. */
static void gather(Capture *capture, const void *data, uint32_t size)
{
        uint32_t index;
        int32_t filled = spa_ringbuffer_get_write_index(&capture->ring, &index);

        if (filled < 0 || (uint32_t)filled + size > sizeof(capture->samples))
                return;
        spa_ringbuffer_write_data(&capture->ring, capture->samples, sizeof(capture->samples),
                                  index % sizeof(capture->samples), data, size);
        spa_ringbuffer_write_update(&capture->ring, (int32_t)(index + size));
        if ((size_t)filled + size >= SOUND_FRAME * sizeof(int16_t))
                pw_loop_signal_event(pw_thread_loop_get_loop(sound_loop(capture->sound)),
                                     capture->ready);
}

/* In PipeWire's data thread. */
static void on_process(void *data)
{
        Capture *capture = data;
        struct pw_buffer *buffer;

        while ((buffer = pw_stream_dequeue_buffer(capture->stream))) {
                struct spa_data *block = &buffer->buffer->datas[0];
                uint32_t offset = MIN_OF(block->chunk->offset, block->maxsize);
                uint32_t size = MIN_OF(block->chunk->size, block->maxsize - offset);

                if (block->data)
                        gather(capture, SPA_PTROFF(block->data, offset, const void), size);
                pw_stream_queue_buffer(capture->stream, buffer);
        }
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        Capture *capture = data;
        _cleanup_free_ char *text = NULL;

        if (state != PW_STREAM_STATE_ERROR || sound_is_broken(capture->sound))
                return;
        text = str_printf("the microphone cannot be used: %s", error ? error : "unknown error");
        if (text)
                sound_tell_fault(capture->sound, CALL_ERROR_DEVICE_NOT_FOUND, text);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .process = on_process,
};

/* With the lock held. */
static int open_stream(Capture *capture, const char *node, const char *description,
                       const char *target)
{
        char buffer[SOUND_FORMAT_SIZE];
        const struct spa_pod *format = sound_format(buffer, SPA_AUDIO_FORMAT_S16, SOUND_RATE, 1);
        struct pw_properties *properties = sound_stream_properties(
                SOUND_MICROPHONE, "Communication", node, description, target);

        if (!properties)
                return -ENOMEM;
        capture->ready = pw_loop_add_event(pw_thread_loop_get_loop(sound_loop(capture->sound)),
                                           on_ready, capture);
        if (!capture->ready) {
                pw_properties_free(properties);
                return -errno;
        }
        capture->stream = pw_stream_new(sound_core(capture->sound), node, properties);
        if (!capture->stream)
                return -errno;
        pw_stream_add_listener(capture->stream, &capture->hook, &stream_events, capture);
        return pw_stream_connect(capture->stream, PW_DIRECTION_INPUT, PW_ID_ANY,
                                 PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
                                         PW_STREAM_FLAG_RT_PROCESS,
                                 &format, 1);
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
        pw_thread_loop_lock(sound_loop(sound));
        r = open_stream(capture, node, description, target);
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
        if (capture->stream)
                pw_stream_destroy(capture->stream);
        if (capture->ready)
                pw_loop_destroy_source(pw_thread_loop_get_loop(sound_loop(capture->sound)),
                                       capture->ready);
        pw_thread_loop_unlock(sound_loop(capture->sound));
        free(capture);
        return NULL;
}
