/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/picture-camera.h"
#include "rig/rig.h"

#include <errno.h>
#include <spa/param/video/format-utils.h>
#include <stdatomic.h>
#include <string.h>

#define RATE 30
#define FAST_RATE 60
#define SLOW_NS (4 * SPA_NSEC_PER_SEC)
#define SQUARE 32
#define POD_SIZE 1024
#define JPEG_MAX (64 * 1024) /* bytes */

typedef struct Kind {
        const char *role;
        uint32_t subtype, format; /* SPA's; format: of raw pictures */
        uint32_t width, height, stride, rate;
        int64_t first_ns; /* from the opening to the first picture; 0: at once; -1: none comes */
        /* Returns the size of the picture in bytes. */
        uint32_t (*draw)(const RigCamera *camera, uint8_t *data);
} Kind;

struct RigCamera {
        RigGraph *graph; /* not owned */
        const Kind *kind;
        struct pw_stream *stream;
        struct spa_hook hook;
        struct spa_source *timer;
        atomic_bool open;
        atomic_uint times_opened;
        unsigned shown;
};

static struct pw_loop *loop_of(RigCamera *camera)
{
        return pw_thread_loop_get_loop(rig_graph_loop(camera->graph));
}

/* ITU-R BT.601, 16…235 */
static void to_yuv(RigColour c, uint8_t ret[static 3])
{
        ret[0] = (uint8_t)(16 + 0.257 * c.red + 0.504 * c.green + 0.098 * c.blue);
        ret[1] = (uint8_t)(128 - 0.148 * c.red - 0.291 * c.green + 0.439 * c.blue);
        ret[2] = (uint8_t)(128 + 0.439 * c.red - 0.368 * c.green - 0.071 * c.blue);
}

static RigColour colour_at(const RigCamera *camera, uint32_t x, uint32_t y)
{
        const RigColour grey = {128, 128, 128};
        const Kind *kind = camera->kind;
        uint32_t square = camera->shown * 4 % (kind->width - SQUARE);

        if (x >= square && x < square + SQUARE && y >= (kind->height - SQUARE) / 2 &&
            y < (kind->height + SQUARE) / 2)
                return grey;
        return rig_camera_fields[(y >= kind->height / 2) * 2 + (x >= kind->width / 2)];
}

static uint32_t draw_yuy2(const RigCamera *camera, uint8_t *data)
{
        for (uint32_t y = 0; y < camera->kind->height; y++) {
                for (uint32_t x = 0; x < camera->kind->width; x += 2) {
                        uint8_t yuv[3];

                        to_yuv(colour_at(camera, x, y), yuv);
                        *data++ = yuv[0];
                        *data++ = yuv[1];
                        *data++ = yuv[0];
                        *data++ = yuv[2];
                }
        }
        return camera->kind->stride * camera->kind->height;
}

static uint32_t draw_bgrx(const RigCamera *camera, uint8_t *data)
{
        for (uint32_t y = 0; y < camera->kind->height; y++) {
                for (uint32_t x = 0; x < camera->kind->width; x++) {
                        RigColour colour = colour_at(camera, x, y);

                        *data++ = colour.blue;
                        *data++ = colour.green;
                        *data++ = colour.red;
                        *data++ = 0;
                }
        }
        return camera->kind->stride * camera->kind->height;
}

/* The same fields, made by GStreamer's jpegenc. */
static uint32_t draw_jpeg(const RigCamera *camera, uint8_t *data)
{
        char path[RIG_PATH_MAX];
        FILE *file;
        size_t n;

        rig_path(path, "%s/tests/data/pictures/camera.jpg", getenv("TRING_RIG_SOURCE"));
        file = fopen(path, "re");
        if (!file)
                rig_fail("cannot open %s: %s", path, strerror(errno));
        n = fread(data, 1, JPEG_MAX, file);
        fclose(file);
        return (uint32_t)n;
}

#define YUY2                                                                                    \
        .role = "Camera", .subtype = SPA_MEDIA_SUBTYPE_raw, .format = SPA_VIDEO_FORMAT_YUY2,    \
        .width = RIG_CAMERA_WIDTH, .height = RIG_CAMERA_HEIGHT, .stride = RIG_CAMERA_WIDTH * 2, \
        .draw = draw_yuy2
#define PACKED                                                                                  \
        .role = "Camera", .width = RIG_CAMERA_WIDTH, .height = RIG_CAMERA_HEIGHT, .rate = RATE, \
        .draw = draw_jpeg

static const Kind camera_kinds[RIG_CAMERA_KIND_COUNT] = {
        [RIG_CAMERA_PLAIN] = {YUY2, .rate = RATE},
        [RIG_CAMERA_FAST] = {YUY2, .rate = FAST_RATE},
        [RIG_CAMERA_SLOW] = {YUY2, .rate = RATE, .first_ns = SLOW_NS},
        [RIG_CAMERA_DEAD] = {YUY2, .rate = RATE, .first_ns = -1},
        [RIG_CAMERA_JPEG] = {PACKED, .subtype = SPA_MEDIA_SUBTYPE_mjpg},
        [RIG_CAMERA_STRANGE] = {PACKED, .subtype = SPA_MEDIA_SUBTYPE_mpegts},
};

static const Kind screen_kind = {
        .role = "Screen",
        .subtype = SPA_MEDIA_SUBTYPE_raw,
        .format = SPA_VIDEO_FORMAT_BGRx,
        .width = RIG_SCREEN_WIDTH,
        .height = RIG_SCREEN_HEIGHT,
        .stride = RIG_SCREEN_WIDTH * 4,
        .rate = RATE,
        .draw = draw_bgrx,
};

static uint32_t size_of(const Kind *kind)
{
        return kind->stride > 0 ? kind->stride * kind->height : JPEG_MAX;
}

static void on_timer(void *data, uint64_t expirations)
{
        RigCamera *camera = data;
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(camera->stream);

        if (!buffer)
                return;
        struct spa_data *block = &buffer->buffer->datas[0];
        const Kind *kind = camera->kind;

        block->chunk->size = 0;
        if (block->data && block->maxsize >= size_of(kind)) {
                block->chunk->size = kind->draw(camera, block->data);
                camera->shown++;
        }
        block->chunk->offset = 0;
        block->chunk->stride = (int)kind->stride;
        pw_stream_queue_buffer(camera->stream, buffer);
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        RigCamera *camera = data;
        const Kind *kind = camera->kind;
        struct timespec every = {.tv_nsec = SPA_NSEC_PER_SEC / kind->rate}, first = every,
                        never = {};
        bool open = state == PW_STREAM_STATE_STREAMING, gives = open && kind->first_ns >= 0;

        if (kind->first_ns > 0)
                first = (struct timespec){.tv_sec = kind->first_ns / (int64_t)SPA_NSEC_PER_SEC};
        if (open && !atomic_exchange(&camera->open, open))
                atomic_fetch_add(&camera->times_opened, 1);
        atomic_store(&camera->open, open);
        if (camera->timer)
                pw_loop_update_timer(loop_of(camera), camera->timer, gives ? &first : &never,
                                     gives ? &every : &never, false);
        rig_graph_wake(camera->graph);
}

static void on_param_changed(void *data, uint32_t id, const struct spa_pod *param)
{
        RigCamera *camera = data;
        uint8_t memory[POD_SIZE];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));
        const struct spa_pod *params[1];

        if (id != SPA_PARAM_Format || !param)
                return;
        params[0] = spa_pod_builder_add_object(
                &builder, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers,
                SPA_PARAM_BUFFERS_buffers, SPA_POD_CHOICE_RANGE_Int(4, 2, 16),
                SPA_PARAM_BUFFERS_blocks, SPA_POD_Int(1), SPA_PARAM_BUFFERS_size,
                SPA_POD_Int((int)size_of(camera->kind)), SPA_PARAM_BUFFERS_stride,
                SPA_POD_Int((int)camera->kind->stride));
        pw_stream_update_params(camera->stream, params, 1);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .param_changed = on_param_changed,
};

/* With the lock held. */
static int open_stream(RigCamera *camera, const char *node)
{
        uint8_t memory[POD_SIZE];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));
        struct spa_pod_frame object;
        const struct spa_pod *params[1];
        const Kind *kind = camera->kind;
        struct pw_properties *properties = pw_properties_new(
                PW_KEY_MEDIA_CLASS, "Video/Source", PW_KEY_MEDIA_ROLE, camera->kind->role,
                PW_KEY_NODE_NAME, node, PW_KEY_NODE_DESCRIPTION, node, PW_KEY_PRIORITY_SESSION,
                "1000", NULL);

        spa_pod_builder_push_object(&builder, &object, SPA_TYPE_OBJECT_Format,
                                    SPA_PARAM_EnumFormat);
        spa_pod_builder_add(&builder, SPA_FORMAT_mediaType, SPA_POD_Id(SPA_MEDIA_TYPE_video),
                            SPA_FORMAT_mediaSubtype, SPA_POD_Id(kind->subtype), 0);
        if (kind->format)
                spa_pod_builder_add(&builder, SPA_FORMAT_VIDEO_format, SPA_POD_Id(kind->format), 0);
        spa_pod_builder_add(&builder, SPA_FORMAT_VIDEO_size,
                            SPA_POD_Rectangle(&SPA_RECTANGLE(kind->width, kind->height)),
                            SPA_FORMAT_VIDEO_framerate,
                            SPA_POD_Fraction(&SPA_FRACTION(kind->rate, 1)), 0);
        params[0] = spa_pod_builder_pop(&builder, &object);
        camera->timer = pw_loop_add_timer(loop_of(camera), on_timer, camera);
        camera->stream = pw_stream_new(rig_graph_core(camera->graph), node, properties);
        if (!camera->timer || !camera->stream)
                return -errno;
        pw_stream_add_listener(camera->stream, &camera->hook, &stream_events, camera);
        return pw_stream_connect(camera->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
                                 PW_STREAM_FLAG_DRIVER | PW_STREAM_FLAG_MAP_BUFFERS, params, 1);
}

static int make(RigGraph *graph, const Kind *kind, const char *node, RigCamera **ret)
{
        _cleanup_(rig_camera_freep) RigCamera *camera = calloc(1, sizeof(*camera));
        int r;

        if (!camera)
                return -ENOMEM;
        camera->graph = graph;
        camera->kind = kind;
        pw_thread_loop_lock(rig_graph_loop(graph));
        r = open_stream(camera, node);
        pw_thread_loop_unlock(rig_graph_loop(graph));
        if (r == 0)
                r = rig_graph_wait_node(graph, node, true, rig_patience_ms());
        if (r < 0)
                return r;
        *ret = TAKE_PTR(camera);
        return 0;
}

int rig_camera_new(RigGraph *graph, const char *node, RigCamera **ret)
{
        return make(graph, &camera_kinds[RIG_CAMERA_PLAIN], node, ret);
}

int rig_camera_new_of(RigGraph *graph, const char *node, RigCameraKind kind, RigCamera **ret)
{
        return make(graph, &camera_kinds[kind], node, ret);
}

int rig_screen_new(RigGraph *graph, const char *node, RigCamera **ret)
{
        return make(graph, &screen_kind, node, ret);
}

RigCamera *rig_camera_free(RigCamera *camera)
{
        if (!camera)
                return NULL;
        pw_thread_loop_lock(rig_graph_loop(camera->graph));
        if (camera->stream)
                pw_stream_destroy(camera->stream);
        if (camera->timer)
                pw_loop_destroy_source(loop_of(camera), camera->timer);
        pw_thread_loop_unlock(rig_graph_loop(camera->graph));
        free(camera);
        return NULL;
}

bool rig_camera_is_open(RigCamera *camera)
{
        return atomic_load(&camera->open);
}

static bool is_open(RigGraph *graph, void *data)
{
        return rig_camera_is_open(data);
}

static bool is_closed(RigGraph *graph, void *data)
{
        return !rig_camera_is_open(data);
}

int rig_camera_wait_open(RigCamera *camera, bool open, int timeout_ms)
{
        return rig_graph_wait(camera->graph, open ? is_open : is_closed, camera, timeout_ms);
}

unsigned rig_camera_times_opened(RigCamera *camera)
{
        return atomic_load(&camera->times_opened);
}

uint32_t rig_camera_id(RigCamera *camera)
{
        uint32_t id;

        pw_thread_loop_lock(rig_graph_loop(camera->graph));
        id = pw_stream_get_node_id(camera->stream);
        pw_thread_loop_unlock(rig_graph_loop(camera->graph));
        return id;
}
