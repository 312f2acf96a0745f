/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/outlet.h"

#include <errno.h>
#include <glib.h>

#include "base/str.h"

struct Outlet {
        CallSound *sound; /* not owned; NULL: nothing is played */
        char node[NODE_NAME_MAX + 1];
        GMutex lock; /* the ring has one writer: a connection that ends may still be writing */
        const void *source, *next; /* next: becomes the source when it first writes */
        Ring ring;
};

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

int outlet_new(CallSound *sound, const char *session, const Party *party, Outlet **ret)
{
        _cleanup_(outlet_freep) Outlet *outlet = calloc(1, sizeof(*outlet));
        int r = 0;

        if (!outlet)
                return -ENOMEM;
        g_mutex_init(&outlet->lock);
        if (sound)
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

void outlet_write(Outlet *outlet, const void *source, const int16_t *samples, size_t n)
{
        g_mutex_lock(&outlet->lock);
        if (outlet->next == source)
                outlet->source = source;
        if (outlet->source == source)
                ring_write(&outlet->ring, samples, n);
        g_mutex_unlock(&outlet->lock);
}

const char *outlet_node(const Outlet *outlet)
{
        return outlet->node;
}

double outlet_delay_ms(const Outlet *outlet)
{
        unsigned delay = atomic_load_explicit(&outlet->ring.delay, memory_order_relaxed);

        return (double)delay * 1000 / SOUND_RATE;
}
