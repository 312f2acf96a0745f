/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/capture.h"

#include <errno.h>
#include <spa/param/audio/format-utils.h>

#include "base/str.h"

struct Capture {
        Sound *sound; /* not owned */
        struct pw_stream *stream;
        struct spa_hook hook;
        CaptureFrame frame;
        void *userdata;
        int16_t samples[SOUND_FRAME]; /* the frame that is being filled */
        size_t n;
};

static void cut_frames(Capture *capture, const int16_t *samples, size_t n)
{
        while (n > 0) {
                size_t part = MIN_OF(n, SOUND_FRAME - capture->n);

                memcpy(capture->samples + capture->n, samples, part * sizeof(*samples));
                capture->n += part;
                samples += part;
                n -= part;
                if (capture->n == SOUND_FRAME) {
                        capture->frame(capture->userdata, capture->samples);
                        capture->n = 0;
                }
        }
}

static void on_process(void *data)
{
        Capture *capture = data;
        struct pw_buffer *buffer;

        while ((buffer = pw_stream_dequeue_buffer(capture->stream))) {
                struct spa_data *block = &buffer->buffer->datas[0];
                uint32_t offset = MIN_OF(block->chunk->offset, block->maxsize);
                uint32_t size = MIN_OF(block->chunk->size, block->maxsize - offset);

                if (block->data)
                        cut_frames(capture, SPA_PTROFF(block->data, offset, const int16_t),
                                   size / sizeof(int16_t));
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
        capture->stream = pw_stream_new(sound_core(capture->sound), node, properties);
        if (!capture->stream)
                return -errno;
        pw_stream_add_listener(capture->stream, &capture->hook, &stream_events, capture);
        /* Not in the data thread (RT_PROCESS): what takes the frames allocates and locks. */
        return pw_stream_connect(capture->stream, PW_DIRECTION_INPUT, PW_ID_ANY,
                                 PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS, &format,
                                 1);
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
        pw_thread_loop_unlock(sound_loop(capture->sound));
        free(capture);
        return NULL;
}
