/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/view.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "media/video-chain.h"

/* Pictures that stand still are sent twice a second (video.c): longer, and it is paused. */
#define GONE_US (3 * USEC_PER_SEC)

struct View {
        Video *video; /* not owned; NULL: nothing is shown */
        char wanted_node[NODE_NAME_MAX + 1], node[NODE_NAME_MAX + 1];
        char *description; /* owned */
        ViewKeyWanted key_wanted;
        void *userdata;
        bool told_coming; /* by view_look() */
        _Atomic(const void *) source;
        _Atomic(Picture *) picture; /* owned; NULL: none has come yet */
        atomic_bool coming;
        _Atomic usec_t arrived; /* the last one did */
        atomic_uint width, height, pictures;
};

int view_new(Video *video, const char *session, const Party *party, ViewKeyWanted key_wanted,
             void *userdata, View **ret)
{
        _cleanup_(view_freep) View *view = calloc(1, sizeof(*view));

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

View *view_free(View *view)
{
        Picture *picture = view ? atomic_load(&view->picture) : NULL;

        if (!view)
                return NULL;
        if (picture) {
                video_remove_picture(view->video, picture);
                picture_free(picture);
        }
        free(view->description);
        free(view);
        return NULL;
}

void view_follow(View *view, const void *source)
{
        atomic_store(&view->source, source);
        if (atomic_load(&view->picture))
                view->key_wanted(view->userdata);
}

static void read_size(View *view, Picture *picture, GstBuffer *buffer)
{
        uint32_t width, height;
        GstMapInfo map;

        if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
                return;
        if (video_key_frame_size(map.data, map.size, &width, &height)) {
                atomic_store(&view->width, width);
                atomic_store(&view->height, height);
                if (picture)
                        picture_set_size(picture, width, height);
        }
        gst_buffer_unmap(buffer, &map);
}

bool view_write(View *view, const void *source, GstBuffer *buffer)
{
        Picture *picture = atomic_load(&view->picture);

        if (atomic_load(&view->source) != source)
                return false;
        read_size(view, picture, buffer);
        atomic_fetch_add(&view->pictures, 1);
        atomic_store(&view->arrived, clock_boottime());
        if (picture)
                picture_push(picture, buffer);
        /* How large it is only a key frame says. */
        return atomic_load(&view->width) > 0 && !atomic_exchange(&view->coming, true);
}

/* Without a node the call goes on, unseen. */
static void open_picture(View *view)
{
        Picture *picture;

        if (picture_new(view->wanted_node, view->description, view->key_wanted, view->userdata,
                        &picture) < 0) {
                log_error("out of memory for a picture");
                return;
        }
        STR_SET(view->node, view->wanted_node);
        picture_set_size(picture, atomic_load(&view->width), atomic_load(&view->height));
        video_add_picture(view->video, picture);
        atomic_store(&view->picture, picture);
}

bool view_look(View *view)
{
        Picture *picture = atomic_load(&view->picture);
        bool coming = atomic_load(&view->coming);

        if (coming && clock_boottime() - atomic_load(&view->arrived) > GONE_US) {
                coming = false;
                atomic_store(&view->coming, false);
                if (picture)
                        picture_darken(picture);
        }
        if (coming && !picture && view->video)
                open_picture(view);
        if (coming == view->told_coming)
                return false;
        view->told_coming = coming;
        return true;
}

bool view_is_coming(const View *view)
{
        return view->told_coming;
}

const char *view_node(const View *view)
{
        return view->node;
}

void view_count(const View *view, ViewCounters *ret)
{
        *ret = (ViewCounters){.width = atomic_load(&view->width),
                              .height = atomic_load(&view->height),
                              .pictures = atomic_load(&view->pictures)};
}
