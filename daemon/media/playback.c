/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/playback.h"

#include <errno.h>
#include <spa/param/audio/format-utils.h>

#include "base/str.h"

struct Playback {
        Sound *sound; /* not owned */
        struct pw_stream *stream;
        struct spa_hook hook;
        Ring *ring; /* not owned */
};

/* In PipeWire's data thread. */
static void on_process(void *data)
{
        Playback *playback = data;
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(playback->stream);

        if (!buffer)
                return;
        struct spa_data *block = &buffer->buffer->datas[0];
        uint32_t n = block->maxsize / (uint32_t)sizeof(float);

        if (buffer->requested > 0)
                n = (uint32_t)MIN_OF((uint64_t)n, buffer->requested);
        if (block->data) {
                ring_read(playback->ring, block->data, n);
                block->chunk->offset = 0;
                block->chunk->stride = sizeof(float);
                block->chunk->size = n * (uint32_t)sizeof(float);
        }
        pw_stream_queue_buffer(playback->stream, buffer);
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        Playback *playback = data;
        _cleanup_free_ char *text = NULL;

        if (state != PW_STREAM_STATE_ERROR || sound_is_broken(playback->sound))
                return;
        text = str_printf("the speaker cannot be used: %s", error ? error : "unknown error");
        if (text)
                sound_tell_fault(playback->sound, CALL_ERROR_DEVICE_NOT_FOUND, text);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .process = on_process,
};

/* With the lock held. */
static int open_stream(Playback *playback, const char *node, const char *description,
                       const char *target)
{
        char buffer[SOUND_FORMAT_SIZE];
        const struct spa_pod *format = sound_format(buffer, SPA_AUDIO_FORMAT_F32, SOUND_RATE, 1);
        struct pw_properties *properties =
                sound_stream_properties(SOUND_SPEAKER, "Communication", node, description, target);

        if (!properties)
                return -ENOMEM;
        playback->stream = pw_stream_new(sound_core(playback->sound), node, properties);
        if (!playback->stream)
                return -errno;
        pw_stream_add_listener(playback->stream, &playback->hook, &stream_events, playback);
        return pw_stream_connect(playback->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
                                 PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
                                         PW_STREAM_FLAG_RT_PROCESS,
                                 &format, 1);
}

int playback_new(Sound *sound, const char *node, const char *description, const char *target,
                 Ring *ring, Playback **ret)
{
        _cleanup_(playback_freep) Playback *playback = calloc(1, sizeof(*playback));
        int r;

        if (!playback)
                return -ENOMEM;
        playback->sound = sound;
        playback->ring = ring;
        pw_thread_loop_lock(sound_loop(sound));
        r = open_stream(playback, node, description, target);
        pw_thread_loop_unlock(sound_loop(sound));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(playback);
        return 0;
}

Playback *playback_free(Playback *playback)
{
        if (!playback)
                return NULL;
        pw_thread_loop_lock(sound_loop(playback->sound));
        if (playback->stream)
                pw_stream_destroy(playback->stream);
        pw_thread_loop_unlock(sound_loop(playback->sound));
        free(playback);
        return NULL;
}
