/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/video-source-node.h"

#include <errno.h>
#include <gst/video/video.h>
#include <spa/param/video/format-utils.h>
#include <stdatomic.h>

#include "base/log.h"
#include "base/str.h"
#include "media/link-watch.h"
#include "media/video-codec.h"
#include "media/video-painter.h"

#define POD_SIZE 1024
#define RATE_MAX 60
#define BUFFERS 4          /* one shown, one on its way, one being written, one to spare */
#define BUFFERS_MAX 16     /* the most that a program may demand */
#define DARKEN_AGAIN_MS 20 /* less than the time between two pictures */

/* Reference-counted (g_atomic_rc_box): events on their way to the main loop hold references. */
struct VideoSourceNode {
        char node[NODE_NAME_MAX + 1];
        char *description; /* owned */
        VideoSourceKeyWanted key_wanted;
        void *userdata;
        bool closed;
        VideoCodec *decoder; /* changed in the main loop, with the mutex held */
        bool keyed;          /* with the mutex held: the decoder has had its key frame */

        GMutex mutex; /* for the decoder, `keyed` and all below; taken before the loop's lock */
        PipeWire *pipewire; /* not owned; NULL: detached */
        struct pw_stream *stream;
        struct spa_hook hook;
        GstSample *last; /* the picture that is shown; NULL: dark */
        VideoPainter painter;

        /* With the loop's lock held, once there is a stream: */
        struct spa_rectangle size;    /* of the participant's picture */
        struct spa_rectangle offered; /* size that the next program gets */
        GstVideoInfo agreed;          /* format of the programs that show the node */
        /*
         * Once linked, many programs cannot follow a change of the offered format, even while they
         * show nothing.
         */
        LinkWatch *links;

        atomic_bool looked_at;
};

static void picture_done(void *data)
{
        VideoSourceNode *node = data;

        g_clear_pointer(&node->last, gst_sample_unref);
        video_painter_done(&node->painter);
        g_mutex_clear(&node->mutex);
        free(node->description);
}

static void video_source_node_unref(void *data)
{
        g_atomic_rc_box_release_full(data, picture_done);
}

/* ---- out: to the programs that show the node ---- */

/*
 * Puts the current picture into a free buffer and queues it, which makes PipeWire pass it to the
 * programs that show the node. With the mutex held. Returns false if no buffer is free.
 */
static bool show(VideoSourceNode *node)
{
        struct pw_buffer *buffer;

        if (!node->stream || !atomic_load(&node->looked_at))
                return true;
        pipewire_lock(node->pipewire);
        buffer = pw_stream_dequeue_buffer(node->stream);
        if (buffer) {
                struct spa_data *block = &buffer->buffer->datas[0];
                size_t size = GST_VIDEO_INFO_SIZE(&node->agreed);

                block->chunk->offset = 0;
                block->chunk->stride = GST_VIDEO_INFO_PLANE_STRIDE(&node->agreed, 0);
                block->chunk->size = 0; /* programs drop it: another size is being negotiated */
                if (block->data && block->maxsize >= size) {
                        video_painter_paint(&node->painter, node->last, &node->agreed, block->data);
                        block->chunk->size = (uint32_t)size;
                }
                pw_stream_queue_buffer(node->stream, buffer);
        }
        pipewire_unlock(node->pipewire);
        return buffer;
}

static bool show_again(VideoSourceNode *node)
{
        bool shown;

        g_mutex_lock(&node->mutex);
        shown = show(node);
        g_mutex_unlock(&node->mutex);
        return shown;
}

static const struct spa_pod *build_format(const VideoSourceNode *node,
                                          struct spa_pod_builder *builder)
{
        return spa_pod_builder_add_object(
                builder, SPA_TYPE_OBJECT_Format, SPA_PARAM_EnumFormat, SPA_FORMAT_mediaType,
                SPA_POD_Id(SPA_MEDIA_TYPE_video), SPA_FORMAT_mediaSubtype,
                SPA_POD_Id(SPA_MEDIA_SUBTYPE_raw), SPA_FORMAT_VIDEO_format,
                SPA_POD_Id(SPA_VIDEO_FORMAT_I420), SPA_FORMAT_VIDEO_size,
                SPA_POD_Rectangle(&node->size), SPA_FORMAT_VIDEO_framerate,
                SPA_POD_Fraction(&SPA_FRACTION(0, 1)), SPA_FORMAT_VIDEO_maxFramerate,
                SPA_POD_CHOICE_RANGE_Fraction(&SPA_FRACTION(RATE_MAX, 1), &SPA_FRACTION(1, 1),
                                              &SPA_FRACTION(RATE_MAX, 1)));
}

/* Offers the next program the size of the picture. With the loop's lock held. */
static void offer_size(void *data)
{
        VideoSourceNode *node = data;
        uint8_t memory[POD_SIZE];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));
        const struct spa_pod *params[1];

        if (node->offered.width == node->size.width && node->offered.height == node->size.height)
                return;
        params[0] = build_format(node, &builder);
        pw_stream_update_params(node->stream, params, 1);
        node->offered = node->size;
}

void video_source_node_set_size(VideoSourceNode *node, uint32_t width, uint32_t height)
{
        g_mutex_lock(&node->mutex);
        if (node->stream)
                pipewire_lock(node->pipewire);
        node->size = SPA_RECTANGLE(width, height);
        if (node->stream) {
                if (link_watch_is_alone(node->links))
                        offer_size(node);
                pipewire_unlock(node->pipewire);
        }
        g_mutex_unlock(&node->mutex);
}

static void on_decoded(void *userdata, GstSample *sample)
{
        VideoSourceNode *node = userdata;
        GstVideoInfo info;

        if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
            GST_VIDEO_INFO_FORMAT(&info) != GST_VIDEO_FORMAT_I420)
                return;
        g_mutex_lock(&node->mutex);
        g_clear_pointer(&node->last, gst_sample_unref);
        node->last = gst_sample_ref(sample);
        show(node);
        g_mutex_unlock(&node->mutex);
}

/* ---- in: decoded only while a program shows the node ---- */

static void set_decoder(VideoSourceNode *node, VideoCodec *decoder)
{
        VideoCodec *old;

        g_mutex_lock(&node->mutex);
        old = node->decoder;
        node->decoder = decoder;
        node->keyed = false;
        g_mutex_unlock(&node->mutex);
        /* Without the mutex, for which the decoder's thread may be waiting. */
        video_codec_free(old);
}

static gboolean look(void *data)
{
        VideoSourceNode *node = data;
        bool looked_at = atomic_load(&node->looked_at);
        VideoCodec *decoder = NULL;

        if (node->closed || looked_at == (node->decoder != NULL))
                return G_SOURCE_REMOVE;
        if (looked_at && video_decoder_new(on_decoded, node, &decoder) < 0)
                return G_SOURCE_REMOVE;
        set_decoder(node, decoder);
        if (looked_at) {
                show_again(node);
                node->key_wanted(node->userdata);
        }
        return G_SOURCE_REMOVE;
}

void video_source_node_push(VideoSourceNode *node, GstBuffer *buffer)
{
        bool key = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);

        g_mutex_lock(&node->mutex);
        if (node->decoder && (node->keyed || key)) {
                node->keyed = true;
                video_decoder_push(node->decoder, buffer);
        }
        g_mutex_unlock(&node->mutex);
}

/* ---- the stream ---- */

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        VideoSourceNode *node = data;

        if (state == PW_STREAM_STATE_ERROR && !pipewire_is_broken(node->pipewire))
                log_fields(LOG_WARNING, "cannot show pictures", "NODE=%s", node->node, "ERROR=%s",
                           error ? error : "unknown error", NULL);
        atomic_store(&node->looked_at, state == PW_STREAM_STATE_STREAMING);
        g_idle_add_full(G_PRIORITY_DEFAULT, look, g_atomic_rc_box_acquire(node),
                        video_source_node_unref);
}

static void on_param_changed(void *data, uint32_t id, const struct spa_pod *param)
{
        VideoSourceNode *node = data;
        uint8_t memory[POD_SIZE];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));
        struct spa_video_info_raw raw = {};
        const struct spa_pod *params[1];
        GstVideoInfo info;

        if (id != SPA_PARAM_Format || !param)
                return;
        if (spa_format_video_raw_parse(param, &raw) < 0 ||
            !gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, raw.size.width,
                                       raw.size.height))
                return;
        node->agreed = info;
        params[0] = spa_pod_builder_add_object(
                &builder, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers,
                SPA_PARAM_BUFFERS_buffers, SPA_POD_CHOICE_RANGE_Int(BUFFERS, 2, BUFFERS_MAX),
                SPA_PARAM_BUFFERS_blocks, SPA_POD_Int(1), SPA_PARAM_BUFFERS_size,
                SPA_POD_Int((int)GST_VIDEO_INFO_SIZE(&info)), SPA_PARAM_BUFFERS_stride,
                SPA_POD_Int(GST_VIDEO_INFO_PLANE_STRIDE(&info, 0)), SPA_PARAM_BUFFERS_dataType,
                SPA_POD_CHOICE_FLAGS_Int(1 << SPA_DATA_MemPtr | 1 << SPA_DATA_MemFd));
        pw_stream_update_params(node->stream, params, 1);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .param_changed = on_param_changed,
};

/* With the mutex and the loop's lock held. */
static int open_stream(VideoSourceNode *node)
{
        uint8_t memory[POD_SIZE];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));
        const struct spa_pod *params[] = {build_format(node, &builder)};
        /* The lowest priority, so that it never becomes the default camera. */
        struct pw_properties *properties = pw_properties_new(
                PW_KEY_MEDIA_CLASS, "Video/Source", PW_KEY_MEDIA_ROLE, "Communication",
                PW_KEY_NODE_NAME, node->node, PW_KEY_NODE_DESCRIPTION, node->description,
                PW_KEY_MEDIA_NAME, node->description, PW_KEY_NODE_VIRTUAL, "true",
                PW_KEY_PRIORITY_SESSION, "1", NULL);
        int r;

        if (!properties)
                return -ENOMEM;
        node->stream = pw_stream_new(pipewire_core(node->pipewire), node->node, properties);
        if (!node->stream)
                return -errno;
        r = link_watch_new(pipewire_core(node->pipewire), node->stream, offer_size, node,
                           &node->links);
        if (r < 0)
                return r;
        node->offered = node->size;
        pw_stream_add_listener(node->stream, &node->hook, &stream_events, node);
        return pw_stream_connect(node->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
                                 PW_STREAM_FLAG_DRIVER | PW_STREAM_FLAG_MAP_BUFFERS, params,
                                 ELEMENTSOF(params));
}

int video_source_node_new(const char *name, const char *description,
                          VideoSourceKeyWanted key_wanted, void *userdata, VideoSourceNode **ret)
{
        _cleanup_(video_source_node_freep) VideoSourceNode *node =
                g_atomic_rc_box_new0(VideoSourceNode);

        g_mutex_init(&node->mutex);
        node->key_wanted = key_wanted;
        node->userdata = userdata;
        STR_SET(node->node, name);
        node->description = strdup(description);
        if (!node->description)
                return -ENOMEM;
        *ret = TAKE_PTR(node);
        return 0;
}

VideoSourceNode *video_source_node_free(VideoSourceNode *node)
{
        if (!node)
                return NULL;
        video_source_node_detach(node);
        node->closed = true;
        set_decoder(node, NULL);
        video_source_node_unref(node);
        return NULL;
}

/* With the mutex held. */
static void close_stream(VideoSourceNode *node)
{
        if (!node->pipewire)
                return;
        pipewire_lock(node->pipewire);
        node->links = link_watch_free(node->links);
        if (node->stream)
                pipewire_destroy_stream(node->pipewire, node->stream);
        pipewire_unlock(node->pipewire);
        node->stream = NULL;
        node->pipewire = NULL;
}

int video_source_node_attach(VideoSourceNode *node, PipeWire *pipewire)
{
        int r;

        video_source_node_detach(node);
        g_mutex_lock(&node->mutex);
        node->pipewire = pipewire;
        g_clear_pointer(&node->last, gst_sample_unref);
        pipewire_lock(pipewire);
        r = open_stream(node);
        pipewire_unlock(pipewire);
        if (r < 0) /* before another thread can see a stream that is half built */
                close_stream(node);
        g_mutex_unlock(&node->mutex);
        return r;
}

void video_source_node_detach(VideoSourceNode *node)
{
        g_mutex_lock(&node->mutex);
        close_stream(node);
        g_mutex_unlock(&node->mutex);
        atomic_store(&node->looked_at, false);
        look(node);
}

/* Tries again until a buffer is free: no other picture follows this one. */
static gboolean darken_again(void *data)
{
        VideoSourceNode *node = data;
        bool dark;

        g_mutex_lock(&node->mutex);
        dark = !node->last;
        g_mutex_unlock(&node->mutex);
        return dark && !show_again(node) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void video_source_node_darken(VideoSourceNode *node)
{
        g_mutex_lock(&node->mutex);
        g_clear_pointer(&node->last, gst_sample_unref);
        g_mutex_unlock(&node->mutex);
        if (!show_again(node))
                g_timeout_add_full(G_PRIORITY_DEFAULT, DARKEN_AGAIN_MS, darken_again,
                                   g_atomic_rc_box_acquire(node), video_source_node_unref);
}
