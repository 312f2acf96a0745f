/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/camera.h"

#include <errno.h>
#include <gst/video/video.h>
#include <spa/param/video/format-utils.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "media/camera-planes.h"
#include "media/preload.h"
#include "media/video-codec.h"

#define SIZE_MAX_PIXELS 8192 /* pixels per side; screens have up to 7680 */
#define POD_SIZE 2048
/* A stream pauses while it negotiates another size; if it pauses longer, its source is gone. */
#define PAUSED_MAX_US (1 * USEC_PER_SEC)

struct Camera {
        PipeWire *pipewire;   /* not owned */
        struct pw_core *core; /* owned; NULL: that of `pipewire` */
        struct pw_stream *stream;
        struct spa_hook hook;
        CameraPicture picture;
        void *userdata;
        bool jpeg; /* JPEG is taken, too: no screen gives it */
        atomic_bool lost, agreed;
        _Atomic usec_t paused; /* since when the stream pauses; 0: it does not */
        /* The fields below are used in PipeWire's thread. */
        bool known; /* `info` holds the format of the stream */
        GstVideoInfo info;
        VideoCodec *unpacker; /* NULL: the pictures are raw, else JPEG */
        GstCaps *caps;        /* of `shown` */
        GstVideoInfo shown;   /* the format of the last picture, which may be cropped */
};

/* The uncompressed formats that both libraries know: GStreamer converts from each of them. */
#define FORMAT(name)                                             \
        {                                                        \
                SPA_VIDEO_FORMAT_##name, GST_VIDEO_FORMAT_##name \
        }

static const struct {
        uint32_t spa;
        GstVideoFormat gst;
} formats[] = {
        FORMAT(I420),      FORMAT(YUY2),      FORMAT(UYVY),      FORMAT(NV12),
        FORMAT(BGRx),      FORMAT(RGBx),      FORMAT(BGRA),      FORMAT(RGBA),
        FORMAT(RGB),       FORMAT(BGR),       FORMAT(GRAY8),     FORMAT(YV12),
        FORMAT(YVYU),      FORMAT(VYUY),      FORMAT(NV21),      FORMAT(NV16),
        FORMAT(NV61),      FORMAT(NV24),      FORMAT(AYUV),      FORMAT(xRGB),
        FORMAT(xBGR),      FORMAT(ARGB),      FORMAT(ABGR),      FORMAT(Y41B),
        FORMAT(Y42B),      FORMAT(Y444),      FORMAT(YUV9),      FORMAT(YVU9),
        FORMAT(IYU1),      FORMAT(IYU2),      FORMAT(v308),      FORMAT(v210),
        FORMAT(v216),      FORMAT(UYVP),      FORMAT(r210),      FORMAT(A420),
        FORMAT(GRAY16_BE), FORMAT(GRAY16_LE), FORMAT(RGB16),     FORMAT(BGR16),
        FORMAT(RGB15),     FORMAT(BGR15),     FORMAT(ARGB64),    FORMAT(AYUV64),
        FORMAT(P010_10LE), FORMAT(P010_10BE), FORMAT(I420_10LE), FORMAT(I420_10BE),
        FORMAT(I422_10LE), FORMAT(I422_10BE), FORMAT(Y444_10LE), FORMAT(Y444_10BE),
        FORMAT(GBR),
};

/* ---- a picture, out of PipeWire's buffer ---- */

static bool set_shown(Camera *camera, const struct spa_region *part)
{
        if (camera->caps && (guint)camera->shown.width == part->size.width &&
            (guint)camera->shown.height == part->size.height)
                return true;
        gst_caps_replace(&camera->caps, NULL);
        if (!gst_video_info_set_format(&camera->shown, GST_VIDEO_INFO_FORMAT(&camera->info),
                                       part->size.width, part->size.height))
                return false;
        camera->caps = gst_video_info_to_caps(&camera->shown);
        return camera->caps;
}

static void give(Camera *camera, const struct spa_buffer *buffer)
{
        CameraPlane planes[GST_VIDEO_MAX_PLANES];
        struct spa_region part;
        GstBuffer *copy;
        GstMapInfo map;

        if (!camera_planes_find(&camera->info, buffer, planes))
                return;
        part = camera_planes_part(&camera->info, buffer);
        if (!set_shown(camera, &part))
                return;
        copy = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&camera->shown), NULL);
        if (gst_buffer_map(copy, &map, GST_MAP_WRITE)) {
                g_autoptr(GstSample) sample = NULL;

                camera_planes_copy(planes, &part, &camera->shown, map.data);
                gst_buffer_unmap(copy, &map);
                sample = gst_sample_new(copy, camera->caps, NULL, NULL);
                camera->picture(camera->userdata, sample);
        }
        gst_buffer_unref(copy);
}

static void unpack(Camera *camera, const struct spa_buffer *buffer)
{
        const struct spa_data *block = &buffer->datas[0];
        const volatile struct spa_chunk *chunk = block->chunk; /* shared: read once */
        uint32_t claimed_offset = chunk->offset, claimed_size = chunk->size;
        uint32_t offset = MIN_OF(claimed_offset, block->maxsize);
        uint32_t size = MIN_OF(claimed_size, block->maxsize - offset);
        GstBuffer *copy;

        if (!block->data)
                return;
        copy = gst_buffer_new_memdup(SPA_PTROFF(block->data, offset, const uint8_t), size);
        video_decoder_push(camera->unpacker, copy);
        gst_buffer_unref(copy);
}

/* A buffer may have no picture (only the pointer has moved), or a corrupted one. */
static void take(Camera *camera, const struct spa_buffer *buffer)
{
        const struct spa_chunk *chunk = buffer->datas[0].chunk;

        if (chunk->size == 0 || (chunk->flags & SPA_CHUNK_FLAG_CORRUPTED))
                return;
        if (camera->unpacker)
                unpack(camera, buffer);
        else if (camera->known)
                give(camera, buffer);
}

/* Skips all pictures but the newest. */
static void on_process(void *data)
{
        Camera *camera = data;
        struct pw_buffer *newest = NULL, *buffer;

        while ((buffer = pw_stream_dequeue_buffer(camera->stream))) {
                if (newest)
                        pw_stream_queue_buffer(camera->stream, newest);
                newest = buffer;
        }
        if (!newest)
                return;
        take(camera, newest->buffer);
        pw_stream_queue_buffer(camera->stream, newest);
}

static void on_unpacked(void *userdata, GstSample *sample)
{
        Camera *camera = userdata;

        camera->picture(camera->userdata, sample);
}

/* ---- the stream ---- */

static bool take_raw_format(Camera *camera, const struct spa_pod *param)
{
        struct spa_video_info_raw raw = {};

        if (spa_format_video_raw_parse(param, &raw) < 0)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(formats); i++)
                if (formats[i].spa == raw.format)
                        return gst_video_info_set_format(&camera->info, formats[i].gst,
                                                         raw.size.width, raw.size.height);
        return false;
}

static void take_format(Camera *camera, const struct spa_pod *param)
{
        uint32_t type, subtype;

        camera->known = false;
        camera->unpacker = video_codec_free(camera->unpacker);
        if (!param || spa_format_parse(param, &type, &subtype) < 0)
                return;
        if (subtype == SPA_MEDIA_SUBTYPE_mjpg)
                video_unpacker_new(on_unpacked, camera, &camera->unpacker);
        else
                camera->known = take_raw_format(camera, param);
        gst_caps_replace(&camera->caps, NULL);
}

static void on_param_changed(void *data, uint32_t id, const struct spa_pod *param)
{
        Camera *camera = data;
        uint8_t memory[POD_SIZE];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));
        const struct spa_pod *params[2];

        if (id != SPA_PARAM_Format)
                return;
        take_format(camera, param);
        if (!param)
                return;
        atomic_store(&camera->agreed, camera->known || camera->unpacker);
        params[0] = spa_pod_builder_add_object(
                &builder, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers,
                SPA_PARAM_BUFFERS_dataType,
                SPA_POD_CHOICE_FLAGS_Int(1 << SPA_DATA_MemPtr | 1 << SPA_DATA_MemFd));
        params[1] = spa_pod_builder_add_object(&builder, SPA_TYPE_OBJECT_ParamMeta, SPA_PARAM_Meta,
                                               SPA_PARAM_META_type, SPA_POD_Id(SPA_META_VideoCrop),
                                               SPA_PARAM_META_size,
                                               SPA_POD_Int(sizeof(struct spa_meta_region)));
        pw_stream_update_params(camera->stream, params, ELEMENTSOF(params));
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        Camera *camera = data;

        if (state == PW_STREAM_STATE_ERROR)
                log_info("lost a camera or screen: %s", error ? error : "unknown error");
        if (state == PW_STREAM_STATE_ERROR || state == PW_STREAM_STATE_UNCONNECTED)
                atomic_store(&camera->lost, true);
        if (state == PW_STREAM_STATE_STREAMING)
                atomic_store(&camera->paused, 0);
        else if (old == PW_STREAM_STATE_STREAMING)
                atomic_store(&camera->paused, clock_boottime());
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .param_changed = on_param_changed,
        .process = on_process,
};

static void add_raw_formats(struct spa_pod_builder *builder)
{
        struct spa_pod_frame choice;

        spa_pod_builder_prop(builder, SPA_FORMAT_VIDEO_format, 0);
        spa_pod_builder_push_choice(builder, &choice, SPA_CHOICE_Enum, 0);
        spa_pod_builder_id(builder, formats[0].spa); /* the default precedes the choices */
        for (size_t i = 0; i < ELEMENTSOF(formats); i++)
                spa_pod_builder_id(builder, formats[i].spa);
        spa_pod_builder_pop(builder, &choice);
}

/* Any size and rate; `subtype`: raw or mjpg. */
static const struct spa_pod *build_formats(struct spa_pod_builder *builder, uint32_t subtype)
{
        struct spa_pod_frame object;

        spa_pod_builder_push_object(builder, &object, SPA_TYPE_OBJECT_Format, SPA_PARAM_EnumFormat);
        spa_pod_builder_add(builder, SPA_FORMAT_mediaType, SPA_POD_Id(SPA_MEDIA_TYPE_video),
                            SPA_FORMAT_mediaSubtype, SPA_POD_Id(subtype), 0);
        if (subtype == SPA_MEDIA_SUBTYPE_raw)
                add_raw_formats(builder);
        spa_pod_builder_add(
                builder, SPA_FORMAT_VIDEO_size,
                SPA_POD_CHOICE_RANGE_Rectangle(&SPA_RECTANGLE(CAMERA_WIDTH, CAMERA_HEIGHT),
                                               &SPA_RECTANGLE(1, 1),
                                               &SPA_RECTANGLE(SIZE_MAX_PIXELS, SIZE_MAX_PIXELS)),
                SPA_FORMAT_VIDEO_framerate,
                SPA_POD_CHOICE_RANGE_Fraction(&SPA_FRACTION(CAMERA_RATE, 1), &SPA_FRACTION(0, 1),
                                              &SPA_FRACTION(CAMERA_RATE_MAX, 1)),
                0);
        return spa_pod_builder_pop(builder, &object);
}

static struct pw_properties *stream_properties(const CameraOptions *options)
{
        struct pw_properties *properties = pw_properties_new(
                PW_KEY_MEDIA_TYPE, "Video", PW_KEY_MEDIA_CATEGORY, "Capture", PW_KEY_APP_ID,
                options->target ? STREAM_ID_CAMERA : STREAM_ID_SCREEN, PW_KEY_NODE_NAME,
                options->node, PW_KEY_NODE_DESCRIPTION, options->description, PW_KEY_MEDIA_NAME,
                options->description, PW_KEY_NODE_DONT_RECONNECT, "true", NULL);

        if (properties && options->target)
                pw_properties_set(properties, PW_KEY_TARGET_OBJECT, options->target);
        return properties;
}

/* With the lock held. */
static int open_stream(Camera *camera, const CameraOptions *options)
{
        uint8_t memory[POD_SIZE];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));
        /* Raw pictures are preferred. */
        const struct spa_pod *params[] = {
                build_formats(&builder, SPA_MEDIA_SUBTYPE_raw),
                camera->jpeg ? build_formats(&builder, SPA_MEDIA_SUBTYPE_mjpg) : NULL,
        };
        struct pw_core *core = pipewire_core(camera->pipewire);
        struct pw_properties *properties;

        if (options->remote >= 0) {
                core = camera->core = pw_context_connect_fd(pipewire_context(camera->pipewire),
                                                            options->remote, NULL, 0);
                if (!core)
                        return -errno;
        }
        properties = stream_properties(options);
        if (!properties)
                return -ENOMEM;
        camera->stream = pw_stream_new(core, options->node, properties);
        if (!camera->stream)
                return -errno;
        pw_stream_add_listener(camera->stream, &camera->hook, &stream_events, camera);
        return pw_stream_connect(camera->stream, PW_DIRECTION_INPUT,
                                 options->target ? PW_ID_ANY : options->remote_node,
                                 PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS, params,
                                 camera->jpeg ? 2 : 1);
}

int camera_new(const CameraOptions *options, Camera **ret)
{
        _cleanup_(camera_freep) Camera *camera = calloc(1, sizeof(*camera));
        int r;

        if (!camera) {
                if (options->remote >= 0)
                        close(options->remote);
                return -ENOMEM;
        }
        camera->pipewire = options->pipewire;
        camera->picture = options->picture;
        camera->userdata = options->userdata;
        /* Plugins are loaded in the main loop only, and the format is known in PipeWire's thread.
         */
        camera->jpeg = options->target && preload_video() == 0 && preload_jpeg() == 0;
        pipewire_lock(camera->pipewire);
        r = open_stream(camera, options);
        pipewire_unlock(camera->pipewire);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(camera);
        return 0;
}

Camera *camera_free(Camera *camera)
{
        if (!camera)
                return NULL;
        pipewire_lock(camera->pipewire);
        if (camera->stream)
                pipewire_destroy_stream(camera->pipewire, camera->stream);
        if (camera->core)
                pw_core_disconnect(camera->core);
        pipewire_unlock(camera->pipewire);
        video_codec_free(camera->unpacker);
        gst_caps_replace(&camera->caps, NULL);
        free(camera);
        return NULL;
}

bool camera_is_lost(const Camera *camera)
{
        usec_t paused = atomic_load(&camera->paused);

        return atomic_load(&camera->lost) ||
               (paused > 0 && clock_boottime() - paused > PAUSED_MAX_US);
}

bool camera_is_agreed(const Camera *camera)
{
        return atomic_load(&camera->agreed);
}
