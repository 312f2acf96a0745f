/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/remote-video.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "media/video-chain.h"

/*
 * The other side repeats a still picture twice a second (video.c): a longer gap means that it has
 * paused its pictures.
 */
#define GONE_US (3 * USEC_PER_SEC)

struct RemoteVideo {
        Video *video; /* not owned; NULL: nothing is shown */
        char node_name[NODE_NAME_MAX + 1];
        char *description; /* owned */
        RemoteVideoKeyWanted key_wanted;
        void *userdata;
        bool reported_coming;                  /* what remote_video_look() last saw in `coming` */
        atomic_bool too_large, told_too_large; /* the last key frame was; the log says so */
        _Atomic(const void *) source;
        _Atomic(VideoSourceNode *) node; /* owned; NULL: no picture has come yet */
        atomic_bool coming;
        _Atomic usec_t arrived; /* when the last picture arrived; CLOCK_BOOTTIME */
        atomic_uint width, height, pictures;
};

int remote_video_new(Video *video, const char *session, const Party *party,
                     RemoteVideoKeyWanted key_wanted, void *userdata, RemoteVideo **ret)
{
        _cleanup_(remote_video_freep) RemoteVideo *remote = calloc(1, sizeof(*remote));

        if (!remote)
                return -ENOMEM;
        remote->video = video;
        remote->key_wanted = key_wanted;
        remote->userdata = userdata;
        snprintf(remote->node_name, sizeof(remote->node_name), "tring.%s.video.%s", session,
                 party->uid);
        remote->description =
                str_printf("%s, call", str_empty(party->name) ? party->uid : party->name);
        if (!remote->description)
                return -ENOMEM;
        *ret = TAKE_PTR(remote);
        return 0;
}

RemoteVideo *remote_video_free(RemoteVideo *remote)
{
        if (!remote)
                return NULL;
        if (atomic_load(&remote->node))
                video_remove_node(remote->video, remote->node);
        video_source_node_free(remote->node);
        free(remote->description);
        free(remote);
        return NULL;
}

void remote_video_follow(RemoteVideo *remote, const void *source)
{
        atomic_store(&remote->source, source);
        if (atomic_load(&remote->node))
                remote->key_wanted(remote->userdata);
}

static void take_size(RemoteVideo *remote, VideoSourceNode *node, uint32_t width, uint32_t height)
{
        bool too_large = (uint64_t)width * height > VIDEO_PIXELS_MAX;

        atomic_store(&remote->too_large, too_large);
        if (too_large) {
                if (!atomic_exchange(&remote->told_too_large, true))
                        log_warning("a participant's pictures are not shown, because they are too "
                                    "large: %ux%u pixels",
                                    width, height);
                return;
        }
        atomic_store(&remote->width, width);
        atomic_store(&remote->height, height);
        if (node)
                video_source_node_set_size(node, width, height);
}

static void read_size(RemoteVideo *remote, VideoSourceNode *node, GstBuffer *buffer)
{
        uint32_t width, height;
        GstMapInfo map;

        if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
                return;
        if (video_key_frame_size(map.data, map.size, &width, &height))
                take_size(remote, node, width, height);
        gst_buffer_unmap(buffer, &map);
}

bool remote_video_write(RemoteVideo *remote, const void *source, GstBuffer *buffer)
{
        VideoSourceNode *node = atomic_load(&remote->node);

        if (atomic_load(&remote->source) != source)
                return false;
        read_size(remote, node, buffer);
        /* A decoder would take memory for the size that a header claims, before it sees a pixel. */
        if (atomic_load(&remote->too_large))
                return false;
        atomic_fetch_add(&remote->pictures, 1);
        atomic_store(&remote->arrived, clock_boottime());
        if (node)
                video_source_node_push(node, buffer);
        /* Pictures begin with the first key frame, which has their size. */
        return atomic_load(&remote->width) > 0 && !atomic_exchange(&remote->coming, true);
}

/* If this fails, the call continues without the participant's picture. */
static void open_node(RemoteVideo *remote)
{
        VideoSourceNode *node;

        if (video_source_node_new(remote->node_name, remote->description, remote->key_wanted,
                                  remote->userdata, &node) < 0) {
                log_error("cannot show the pictures of %s: out of memory", remote->node_name);
                return;
        }
        video_source_node_set_size(node, atomic_load(&remote->width), atomic_load(&remote->height));
        video_add_node(remote->video, node);
        atomic_store(&remote->node, node);
}

bool remote_video_look(RemoteVideo *remote)
{
        VideoSourceNode *node = atomic_load(&remote->node);
        bool coming = atomic_load(&remote->coming);

        if (coming && clock_boottime() - atomic_load(&remote->arrived) > GONE_US) {
                coming = false;
                atomic_store(&remote->coming, false);
                if (node)
                        video_source_node_darken(node);
        }
        if (coming && !node && remote->video)
                open_node(remote);
        if (coming == remote->reported_coming)
                return false;
        remote->reported_coming = coming;
        return true;
}

bool remote_video_is_coming(const RemoteVideo *remote)
{
        return remote->reported_coming;
}

const char *remote_video_node(const RemoteVideo *remote)
{
        return atomic_load(&remote->node) ? remote->node_name : "";
}

void remote_video_count(const RemoteVideo *remote, RemoteVideoCounters *ret)
{
        *ret = (RemoteVideoCounters){.width = atomic_load(&remote->width),
                                     .height = atomic_load(&remote->height),
                                     .pictures = atomic_load(&remote->pictures)};
}
