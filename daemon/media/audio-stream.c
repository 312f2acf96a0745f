/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/audio-stream.h"

#include <errno.h>
#include <spa/param/audio/format-utils.h>

#include "base/str.h"

#define FORMAT_SIZE 256

static struct pw_properties *stream_properties(const AudioStreamOptions *options)
{
        struct pw_properties *properties =
                pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY,
                                  options->kind == DEVICE_MICROPHONE ? "Capture" : "Playback",
                                  PW_KEY_APP_ID, options->id, PW_KEY_NODE_NAME, options->node,
                                  PW_KEY_NODE_DESCRIPTION, options->description, PW_KEY_MEDIA_NAME,
                                  options->description, PW_KEY_NODE_LATENCY, AUDIO_LATENCY, NULL);

        /* One clock drives all streams of a call: each further one would wake the data thread. */
        if (properties)
                pw_properties_setf(properties, PW_KEY_NODE_GROUP, "tring.%d", (int)getpid());
        if (properties && !str_empty(options->target))
                pw_properties_set(properties, PW_KEY_TARGET_OBJECT, options->target);
        return properties;
}

int audio_stream_new(const AudioStreamOptions *options, struct spa_hook *hook,
                     struct pw_stream **ret)
{
        char buffer[FORMAT_SIZE];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
        bool stereo = options->channels == 2;
        struct spa_audio_info_raw info = {
                .format = options->format,
                .rate = options->rate,
                .channels = options->channels,
                .position = {stereo ? SPA_AUDIO_CHANNEL_FL : SPA_AUDIO_CHANNEL_MONO,
                             stereo ? SPA_AUDIO_CHANNEL_FR : 0},
        };
        const struct spa_pod *format =
                spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info);
        struct pw_properties *properties = stream_properties(options);
        struct pw_stream *stream;
        int r;

        if (!properties)
                return -ENOMEM;
        stream = pw_stream_new(options->core, options->node, properties);
        if (!stream)
                return -errno;
        pw_stream_add_listener(stream, hook, options->events, options->userdata);
        r = pw_stream_connect(
                stream,
                options->kind == DEVICE_MICROPHONE ? PW_DIRECTION_INPUT : PW_DIRECTION_OUTPUT,
                PW_ID_ANY,
                PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS,
                &format, 1);
        if (r < 0)
                pw_stream_destroy(stream);
        else
                *ret = stream;
        return r;
}

bool audio_stream_play(struct pw_stream *stream, uint32_t channels, AudioStreamFill fill,
                       void *userdata)
{
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(stream);
        uint32_t frame = channels * (uint32_t)sizeof(float);

        if (!buffer)
                return false;
        struct spa_data *block = &buffer->buffer->datas[0];
        uint32_t n = block->maxsize / frame;

        if (buffer->requested > 0)
                n = (uint32_t)MIN_OF((uint64_t)n, buffer->requested);
        if (block->data) {
                fill(userdata, block->data, n);
                block->chunk->offset = 0;
                block->chunk->stride = (int32_t)frame;
                block->chunk->size = n * frame;
        }
        pw_stream_queue_buffer(stream, buffer);
        return true;
}
