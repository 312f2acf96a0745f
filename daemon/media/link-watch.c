/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/link-watch.h"

#include <errno.h>
#include <stdlib.h>

#include "base/str.h"

typedef struct Link {
        struct spa_list link;
        uint32_t id;
} Link;

struct LinkWatch {
        struct pw_registry *registry;
        struct spa_hook hook;
        struct pw_stream *stream; /* not owned */
        struct spa_list links;    /* from the stream */
        bool blind;               /* a link could not be remembered: nobody knows when it ends */
        LinkWatchAlone alone;
        void *userdata;
};

static bool begins_at(const struct spa_dict *properties, uint32_t node)
{
        const char *from = spa_dict_lookup(properties, PW_KEY_LINK_OUTPUT_NODE);
        uint32_t id;

        return from && spa_atou32(from, &id, 10) && id == node;
}

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type,
                      uint32_t version, const struct spa_dict *properties)
{
        LinkWatch *watch = data;
        Link *link;

        if (!properties || !str_eq(type, PW_TYPE_INTERFACE_Link) ||
            !begins_at(properties, pw_stream_get_node_id(watch->stream)))
                return;
        link = calloc(1, sizeof(*link));
        if (!link) {
                watch->blind = true;
                return;
        }
        link->id = id;
        spa_list_append(&watch->links, &link->link);
}

static void link_free(Link *link)
{
        spa_list_remove(&link->link);
        free(link);
}

static void on_global_remove(void *data, uint32_t id)
{
        LinkWatch *watch = data;
        Link *link, *next;
        bool removed = false;

        spa_list_for_each_safe(link, next, &watch->links, link)
        {
                if (link->id != id)
                        continue;
                link_free(link);
                removed = true;
        }
        if (removed && link_watch_is_alone(watch))
                watch->alone(watch->userdata);
}

static const struct pw_registry_events registry_events = {
        PW_VERSION_REGISTRY_EVENTS,
        .global = on_global,
        .global_remove = on_global_remove,
};

int link_watch_new(struct pw_core *core, struct pw_stream *stream, LinkWatchAlone alone,
                   void *userdata, LinkWatch **ret)
{
        LinkWatch *watch = calloc(1, sizeof(*watch));

        if (!watch)
                return -ENOMEM;
        *watch = (LinkWatch){.stream = stream, .alone = alone, .userdata = userdata};
        spa_list_init(&watch->links);
        watch->registry = pw_core_get_registry(core, PW_VERSION_REGISTRY, 0);
        if (!watch->registry) {
                int r = -errno;

                free(watch);
                return r;
        }
        pw_registry_add_listener(watch->registry, &watch->hook, &registry_events, watch);
        *ret = watch;
        return 0;
}

LinkWatch *link_watch_free(LinkWatch *watch)
{
        Link *link, *next;

        if (!watch)
                return NULL;
        spa_list_for_each_safe(link, next, &watch->links, link) link_free(link);
        spa_hook_remove(&watch->hook);
        pw_proxy_destroy((struct pw_proxy *)watch->registry);
        free(watch);
        return NULL;
}

bool link_watch_is_alone(const LinkWatch *watch)
{
        return !watch->blind && spa_list_is_empty(&watch->links);
}
