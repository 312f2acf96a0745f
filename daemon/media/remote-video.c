/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/remote-video.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "media/video-chain.h"

/* Still pictures are sent twice a second (video.c): a longer gap means that it is paused. */
#define GONE_US (3 * USEC_PER_SEC)

struct RemoteVideo {
        Video *video; /* not owned; NULL: nothing is shown */
        char wanted_node[NODE_NAME_MAX + 1], node[NODE_NAME_MAX + 1];
        char *description; /* owned */
        RemoteVideoKeyWanted key_wanted;
        void *userdata;
        bool told_coming; /* by remote_video_look() */
        _Atomic(const void *) source;
        _Atomic(VideoSourceNode *) picture; /* owned; NULL: no picture has come yet */
        atomic_bool coming;
        _Atomic usec_t arrived; /* the last one did */
        atomic_uint width, height, pictures;
};

int remote_video_new(Video *video, const char *session, const Party *party,
                     RemoteVideoKeyWanted key_wanted, void *userdata, RemoteVideo **ret)
{
        _cleanup_(remote_video_freep) RemoteVideo *view = calloc(1, sizeof(*view));

        if (!view)
                return -ENOMEM;
        view->video = video;
        view->key_wanted = key_wanted;
        view->userdata = userdata;
        snprintf(view->wanted_node, sizeof(view->wanted_node), "tring.%s.video.%s", session,
                 party->uid);
        view->description =
                str_printf("%s, call", str_empty(party->name) ? party->uid : party->name);
        if (!view->description)
                return -ENOMEM;
        *ret = TAKE_PTR(view);
        return 0;
}

RemoteVideo *remote_video_free(RemoteVideo *view)
{
        VideoSourceNode *node = view ? atomic_load(&view->picture) : NULL;

        if (!view)
                return NULL;
        if (node) {
                video_remove_picture(view->video, node);
                video_source_node_free(node);
        }
        free(view->description);
        free(view);
        return NULL;
}

void remote_video_follow(RemoteVideo *view, const void *source)
{
        atomic_store(&view->source, source);
        if (atomic_load(&view->picture))
                view->key_wanted(view->userdata);
}

static void read_size(RemoteVideo *view, VideoSourceNode *node, GstBuffer *buffer)
{
        uint32_t width, height;
        GstMapInfo map;

        if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
                return;
        if (video_key_frame_size(map.data, map.size, &width, &height)) {
                atomic_store(&view->width, width);
                atomic_store(&view->height, height);
                if (node)
                        video_source_node_set_size(node, width, height);
        }
        gst_buffer_unmap(buffer, &map);
}

bool remote_video_write(RemoteVideo *view, const void *source, GstBuffer *buffer)
{
        VideoSourceNode *node = atomic_load(&view->picture);

        if (atomic_load(&view->source) != source)
                return false;
        read_size(view, node, buffer);
        atomic_fetch_add(&view->pictures, 1);
        atomic_store(&view->arrived, clock_boottime());
        if (node)
                video_source_node_push(node, buffer);
        /* Only a key frame tells the size. */
        return atomic_load(&view->width) > 0 && !atomic_exchange(&view->coming, true);
}

/* Without a node the call continues, unseen. */
static void open_picture(RemoteVideo *view)
{
        VideoSourceNode *node;

        if (video_source_node_new(view->wanted_node, view->description, view->key_wanted,
                                  view->userdata, &node) < 0) {
                log_error("out of memory for a picture");
                return;
        }
        STR_SET(view->node, view->wanted_node);
        video_source_node_set_size(node, atomic_load(&view->width), atomic_load(&view->height));
        video_add_picture(view->video, node);
        atomic_store(&view->picture, node);
}

bool remote_video_look(RemoteVideo *view)
{
        VideoSourceNode *node = atomic_load(&view->picture);
        bool coming = atomic_load(&view->coming);

        if (coming && clock_boottime() - atomic_load(&view->arrived) > GONE_US) {
                coming = false;
                atomic_store(&view->coming, false);
                if (node)
                        video_source_node_darken(node);
        }
        if (coming && !node && view->video)
                open_picture(view);
        if (coming == view->told_coming)
                return false;
        view->told_coming = coming;
        return true;
}

bool remote_video_is_coming(const RemoteVideo *view)
{
        return view->told_coming;
}

const char *remote_video_node(const RemoteVideo *view)
{
        return view->node;
}

void remote_video_count(const RemoteVideo *view, RemoteVideoCounters *ret)
{
        *ret = (RemoteVideoCounters){.width = atomic_load(&view->width),
                                     .height = atomic_load(&view->height),
                                     .pictures = atomic_load(&view->pictures)};
}
