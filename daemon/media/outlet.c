/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/outlet.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/eventfd.h>

#include "base/str.h"

struct Outlet {
        CallSound *sound; /* not owned; NULL: nothing is played */
        char node[NODE_NAME_MAX + 1];
        GMutex lock; /* the ring has one writer: a connection that ends may still be writing */
        const void *source, *next; /* next: becomes the source when it first writes */
        Ring ring;
        OutletSpeech speech;
        void *userdata;
        int speech_fd; /* the loudspeaker's thread tells the main loop by it */
        guint speech_source;
        bool speaking;
};

/* In the loudspeaker's thread, which may not lock or allocate. */
static void on_speech(void *data)
{
        Outlet *outlet = data;

        eventfd_write(outlet->speech_fd, 1);
}

static gboolean on_speech_told(int fd, GIOCondition condition, void *data)
{
        Outlet *outlet = data;
        eventfd_t count;

        eventfd_read(fd, &count);
        if (outlet->speaking == atomic_load(&outlet->ring.speaking))
                return G_SOURCE_CONTINUE;
        outlet->speaking = !outlet->speaking;
        outlet->speech(outlet->userdata);
        return G_SOURCE_CONTINUE;
}

static int init_ring(Outlet *outlet)
{
        int r = ring_init(&outlet->ring);

        if (r < 0)
                return r;
        outlet->speech_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (outlet->speech_fd < 0)
                return -errno;
        outlet->speech_source = g_unix_fd_add(outlet->speech_fd, G_IO_IN, on_speech_told, outlet);
        outlet->ring.speech_changed = on_speech;
        outlet->ring.userdata = outlet;
        return 0;
}

static int open_stream(Outlet *outlet, CallSound *sound, const char *session, const Party *party)
{
        _cleanup_free_ char *description =
                str_printf("%s, call", str_empty(party->name) ? party->uid : party->name);
        int r;

        if (!description)
                return -ENOMEM;
        snprintf(outlet->node, sizeof(outlet->node), "tring.%s.playback.%s", session, party->uid);
        r = call_sound_play(sound, outlet->node, description, &outlet->ring);
        if (r == 0)
                outlet->sound = sound;
        return r;
}

int outlet_new(CallSound *sound, const char *session, const Party *party, OutletSpeech speech,
               void *userdata, Outlet **ret)
{
        _cleanup_(outlet_freep) Outlet *outlet = calloc(1, sizeof(*outlet));
        int r;

        if (!outlet)
                return -ENOMEM;
        g_mutex_init(&outlet->lock);
        outlet->speech = speech;
        outlet->userdata = userdata;
        outlet->speech_fd = -1;
        r = init_ring(outlet);
        if (r == 0 && sound)
                r = open_stream(outlet, sound, session, party);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(outlet);
        return 0;
}

Outlet *outlet_free(Outlet *outlet)
{
        if (!outlet)
                return NULL;
        if (outlet->sound)
                call_sound_stop(outlet->sound, &outlet->ring);
        if (outlet->speech_source)
                g_source_remove(outlet->speech_source);
        if (outlet->speech_fd >= 0)
                close(outlet->speech_fd);
        ring_done(&outlet->ring);
        g_mutex_clear(&outlet->lock);
        free(outlet);
        return NULL;
}

void outlet_follow(Outlet *outlet, const void *source)
{
        g_mutex_lock(&outlet->lock);
        outlet->next = source;
        g_mutex_unlock(&outlet->lock);
}

void outlet_write(Outlet *outlet, const void *source, const RtpHeader *header,
                  const uint8_t *payload, size_t length)
{
        g_mutex_lock(&outlet->lock);
        if (outlet->next == source)
                outlet->source = source;
        if (outlet->source == source)
                ring_put(&outlet->ring, header->source, header->timestamp, payload, length);
        g_mutex_unlock(&outlet->lock);
}

const char *outlet_node(const Outlet *outlet)
{
        return outlet->node;
}

bool outlet_is_speaking(const Outlet *outlet)
{
        return outlet->speaking;
}

void outlet_count(const Outlet *outlet, RingCounts *ret)
{
        ring_count(&outlet->ring, ret);
}
