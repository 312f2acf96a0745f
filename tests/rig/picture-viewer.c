/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/picture-viewer.h"

#include <errno.h>
#include <spa/param/video/format-utils.h>
#include <stdatomic.h>

#define POD_SIZE 1024
#define SIDE_MAX 4096
#define RATE_MAX 60

struct RigViewer {
        RigGraph *graph; /* not owned */
        struct pw_stream *stream;
        struct spa_hook hook;
        atomic_uint pictures, times_agreed;
        unsigned wanted;
};

static void on_process(void *data)
{
        RigViewer *viewer = data;
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(viewer->stream);

        if (!buffer)
                return;
        if (buffer->buffer->datas[0].chunk->size > 0)
                atomic_fetch_add(&viewer->pictures, 1);
        pw_stream_queue_buffer(viewer->stream, buffer);
        rig_graph_wake(viewer->graph);
}

static void on_param_changed(void *data, uint32_t id, const struct spa_pod *param)
{
        RigViewer *viewer = data;

        if (id == SPA_PARAM_Format && param)
                atomic_fetch_add(&viewer->times_agreed, 1);
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        RigViewer *viewer = data;

        rig_graph_wake(viewer->graph);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .process = on_process,
        .param_changed = on_param_changed,
};

/* With the lock held. */
static int open_stream(RigViewer *viewer, const char *node)
{
        uint8_t memory[POD_SIZE];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));
        const struct spa_rectangle least = {1, 1}, most = {SIDE_MAX, SIDE_MAX};
        const struct spa_fraction slowest = {0, 1}, fastest = {RATE_MAX, 1};
        const struct spa_pod *params[] = {spa_pod_builder_add_object(
                &builder, SPA_TYPE_OBJECT_Format, SPA_PARAM_EnumFormat, SPA_FORMAT_mediaType,
                SPA_POD_Id(SPA_MEDIA_TYPE_video), SPA_FORMAT_mediaSubtype,
                SPA_POD_Id(SPA_MEDIA_SUBTYPE_raw), SPA_FORMAT_VIDEO_format,
                SPA_POD_Id(SPA_VIDEO_FORMAT_I420), SPA_FORMAT_VIDEO_size,
                SPA_POD_CHOICE_RANGE_Rectangle(&least, &least, &most), SPA_FORMAT_VIDEO_framerate,
                SPA_POD_CHOICE_RANGE_Fraction(&slowest, &slowest, &fastest))};

        viewer->stream = pw_stream_new(
                rig_graph_core(viewer->graph), "rig-viewer",
                pw_properties_new(PW_KEY_MEDIA_TYPE, "Video", PW_KEY_MEDIA_CATEGORY, "Capture",
                                  PW_KEY_MEDIA_ROLE, "Camera", PW_KEY_TARGET_OBJECT, node, NULL));
        if (!viewer->stream)
                return -errno;
        pw_stream_add_listener(viewer->stream, &viewer->hook, &stream_events, viewer);
        return pw_stream_connect(viewer->stream, PW_DIRECTION_INPUT, PW_ID_ANY,
                                 PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS, params,
                                 1);
}

int rig_viewer_new(RigGraph *graph, const char *node, RigViewer **ret)
{
        _cleanup_(rig_viewer_freep) RigViewer *viewer = calloc(1, sizeof(*viewer));
        int r;

        if (!viewer)
                return -ENOMEM;
        viewer->graph = graph;
        pw_thread_loop_lock(rig_graph_loop(graph));
        r = open_stream(viewer, node);
        pw_thread_loop_unlock(rig_graph_loop(graph));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(viewer);
        return 0;
}

RigViewer *rig_viewer_free(RigViewer *viewer)
{
        if (!viewer)
                return NULL;
        pw_thread_loop_lock(rig_graph_loop(viewer->graph));
        if (viewer->stream)
                pw_stream_destroy(viewer->stream);
        pw_thread_loop_unlock(rig_graph_loop(viewer->graph));
        free(viewer);
        return NULL;
}

static void set_active(RigViewer *viewer, bool active)
{
        pw_thread_loop_lock(rig_graph_loop(viewer->graph));
        pw_stream_set_active(viewer->stream, active);
        pw_thread_loop_unlock(rig_graph_loop(viewer->graph));
}

static bool is_paused(RigGraph *graph, void *data)
{
        RigViewer *viewer = data;

        return pw_stream_get_state(viewer->stream, NULL) == PW_STREAM_STATE_PAUSED;
}

int rig_viewer_pause(RigViewer *viewer, int timeout_ms)
{
        set_active(viewer, false);
        return rig_graph_wait(viewer->graph, is_paused, viewer, timeout_ms);
}

void rig_viewer_continue(RigViewer *viewer)
{
        set_active(viewer, true);
}

static bool has_pictures(RigGraph *graph, void *data)
{
        RigViewer *viewer = data;

        return (int)(atomic_load(&viewer->pictures) - viewer->wanted) >= 0;
}

int rig_viewer_wait(RigViewer *viewer, unsigned pictures, int timeout_ms)
{
        viewer->wanted = atomic_load(&viewer->pictures) + pictures;
        return rig_graph_wait(viewer->graph, has_pictures, viewer, timeout_ms);
}

unsigned rig_viewer_times_agreed(RigViewer *viewer)
{
        return atomic_load(&viewer->times_agreed);
}
