/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/audio-graph-internal.h"

#include <errno.h>
#include <limits.h>
#include <pipewire/extensions/metadata.h>
#include <time.h>

#include "base/str.h"
#include "rig/rig.h"

static int on_default(void *data, uint32_t subject, const char *key, const char *type,
                      const char *value)
{
        RigGraph *graph = data;

        if (str_eq(key, "default.audio.source"))
                snprintf(graph->source, sizeof(graph->source), "%s", value ? value : "");
        else if (str_eq(key, "default.audio.sink"))
                snprintf(graph->sink, sizeof(graph->sink), "%s", value ? value : "");
        pw_thread_loop_signal(graph->loop, false);
        return 0;
}

static const struct pw_metadata_events metadata_events = {
        PW_VERSION_METADATA_EVENTS,
        .property = on_default,
};

static void watch_defaults(RigGraph *graph, uint32_t id)
{
        graph->metadata = pw_registry_bind(graph->registry, id, PW_TYPE_INTERFACE_Metadata,
                                           PW_VERSION_METADATA, 0);
        if (graph->metadata)
                pw_metadata_add_listener((struct pw_metadata *)graph->metadata,
                                         &graph->metadata_hook, &metadata_events, graph);
}

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type,
                      uint32_t version, const struct spa_dict *properties)
{
        RigGraph *graph = data;
        RigObject *object;

        if (!properties)
                return;
        if (str_eq(type, PW_TYPE_INTERFACE_Metadata) && !graph->metadata &&
            str_eq(spa_dict_lookup(properties, PW_KEY_METADATA_NAME), "default"))
                watch_defaults(graph, id);
        object = calloc(1, sizeof(*object));
        if (!object)
                return;
        object->id = id;
        object->is_node = str_eq(type, PW_TYPE_INTERFACE_Node);
        object->is_port = str_eq(type, PW_TYPE_INTERFACE_Port);
        object->is_link = str_eq(type, PW_TYPE_INTERFACE_Link);
        object->properties = pw_properties_new_dict(properties);
        spa_list_append(&graph->objects, &object->link);
        pw_thread_loop_signal(graph->loop, false);
}

static void object_free(RigObject *object)
{
        spa_list_remove(&object->link);
        pw_properties_free(object->properties);
        free(object);
}

static void on_global_remove(void *data, uint32_t id)
{
        RigGraph *graph = data;
        RigObject *object, *next;

        spa_list_for_each_safe(object, next, &graph->objects, link)
        {
                if (object->id == id)
                        object_free(object);
        }
        pw_thread_loop_signal(graph->loop, false);
}

static const struct pw_registry_events registry_events = {
        PW_VERSION_REGISTRY_EVENTS,
        .global = on_global,
        .global_remove = on_global_remove,
};

static void on_done(void *data, uint32_t id, int seq)
{
        RigGraph *graph = data;

        if (id == PW_ID_CORE && seq == graph->known)
                graph->is_known = true;
        pw_thread_loop_signal(graph->loop, false);
}

static void on_error(void *data, uint32_t id, int seq, int res, const char *message)
{
        RigGraph *graph = data;

        if (id == PW_ID_CORE)
                graph->is_broken = true;
        pw_thread_loop_signal(graph->loop, false);
}

static const struct pw_core_events core_events = {
        PW_VERSION_CORE_EVENTS,
        .done = on_done,
        .error = on_error,
};

static bool known_or_broken(RigGraph *graph, void *data)
{
        return graph->is_known || graph->is_broken;
}

/* Waits until PipeWire has answered everything that was requested so far. */
static int settle(RigGraph *graph)
{
        int r;

        pw_thread_loop_lock(graph->loop);
        graph->is_known = false;
        graph->known = pw_core_sync(graph->core, PW_ID_CORE, 0);
        pw_thread_loop_unlock(graph->loop);
        r = rig_graph_wait(graph, known_or_broken, NULL, rig_patience_ms());
        return r == 0 && graph->is_broken ? -ECONNRESET : r;
}

static int connect_to(RigGraph *graph, const char *directory)
{
        struct pw_properties *properties = pw_properties_new(NULL, NULL);

        if (properties && directory)
                pw_properties_setf(properties, PW_KEY_REMOTE_NAME, "%s/pipewire-0", directory);
        graph->core = pw_context_connect(graph->context, properties, 0);
        if (!graph->core)
                return -errno;
        graph->registry = pw_core_get_registry(graph->core, PW_VERSION_REGISTRY, 0);
        if (!graph->registry)
                return -errno;
        pw_registry_add_listener(graph->registry, &graph->registry_hook, &registry_events, graph);
        pw_core_add_listener(graph->core, &graph->core_hook, &core_events, graph);
        return 0;
}

static void on_wake(void *data, uint64_t count)
{
        RigGraph *graph = data;

        pw_thread_loop_signal(graph->loop, false);
}

void rig_graph_wake(RigGraph *graph)
{
        pw_loop_signal_event(pw_thread_loop_get_loop(graph->loop), graph->wake);
}

int rig_graph_new(const char *directory, RigGraph **ret)
{
        _cleanup_(rig_graph_freep) RigGraph *graph = calloc(1, sizeof(*graph));
        int r;

        if (!graph)
                return -ENOMEM;
        spa_list_init(&graph->objects);
        pw_init(NULL, NULL);
        graph->loop = pw_thread_loop_new("rig-graph", NULL);
        if (!graph->loop)
                return -ENOMEM;
        graph->context = pw_context_new(pw_thread_loop_get_loop(graph->loop), NULL, 0);
        if (!graph->context)
                return -errno;
        graph->wake = pw_loop_add_event(pw_thread_loop_get_loop(graph->loop), on_wake, graph);
        if (!graph->wake)
                return -errno;
        r = pw_thread_loop_start(graph->loop);
        if (r < 0)
                return r;
        pw_thread_loop_lock(graph->loop);
        r = connect_to(graph, directory);
        pw_thread_loop_unlock(graph->loop);
        /*
         * The first round brings the objects, and asks for the default devices; the second brings
         * these. PipeWire (0.3.65) reads nothing from a client until the session manager has
         * answered for them, and never again if it is killed meanwhile.
         */
        if (r == 0)
                r = settle(graph);
        if (r == 0)
                r = settle(graph);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(graph);
        return 0;
}

RigGraph *rig_graph_free(RigGraph *graph)
{
        RigObject *object, *next;

        if (!graph)
                return NULL;
        if (graph->loop)
                pw_thread_loop_stop(graph->loop);
        for (size_t i = 0; i < RIG_OWNED_MAX; i++)
                if (graph->owned[i])
                        pw_proxy_destroy(graph->owned[i]);
        if (graph->metadata)
                pw_proxy_destroy(graph->metadata);
        if (graph->registry)
                pw_proxy_destroy((struct pw_proxy *)graph->registry);
        if (graph->core)
                pw_core_disconnect(graph->core);
        if (graph->context)
                pw_context_destroy(graph->context);
        if (graph->loop)
                pw_thread_loop_destroy(graph->loop);
        spa_list_for_each_safe(object, next, &graph->objects, link) object_free(object);
        free(graph);
        return NULL;
}

struct pw_thread_loop *rig_graph_loop(RigGraph *graph)
{
        return graph->loop;
}

struct pw_core *rig_graph_core(RigGraph *graph)
{
        return graph->core;
}

int rig_graph_wait(RigGraph *graph, RigGraphCondition condition, void *data, int timeout_ms)
{
        struct timespec until;
        int r = 0;

        pw_thread_loop_lock(graph->loop);
        pw_thread_loop_get_time(graph->loop, &until, (int64_t)timeout_ms * SPA_NSEC_PER_MSEC);
        while (!condition(graph, data)) {
                r = pw_thread_loop_timed_wait_full(graph->loop, &until);
                if (r < 0)
                        break;
        }
        pw_thread_loop_unlock(graph->loop);
        return r;
}

/* With the lock held. */
static RigObject *find_node(RigGraph *graph, const char *name)
{
        RigObject *object;

        spa_list_for_each (object, &graph->objects, link) {
                if (object->is_node &&
                    str_eq(pw_properties_get(object->properties, PW_KEY_NODE_NAME), name))
                        return object;
        }
        return NULL;
}

/* With the lock held. */
static RigObject *find_port(RigGraph *graph, const char *node_name, const char *port)
{
        RigObject *node = find_node(graph, node_name), *object;

        if (!node)
                return NULL;
        spa_list_for_each (object, &graph->objects, link) {
                if (object->is_port &&
                    pw_properties_get_uint32(object->properties, PW_KEY_NODE_ID, SPA_ID_INVALID) ==
                            node->id &&
                    str_eq(pw_properties_get(object->properties, PW_KEY_PORT_NAME), port))
                        return object;
        }
        return NULL;
}

bool rig_graph_has_node(RigGraph *graph, const char *node)
{
        pw_thread_loop_lock(graph->loop);
        bool found = find_node(graph, node) != NULL;
        pw_thread_loop_unlock(graph->loop);
        return found;
}

size_t rig_graph_count_nodes(RigGraph *graph)
{
        const RigObject *object;
        size_t n = 0;

        pw_thread_loop_lock(graph->loop);
        spa_list_for_each (object, &graph->objects, link)
                n += object->is_node;
        pw_thread_loop_unlock(graph->loop);
        return n;
}

bool rig_graph_has_port(RigGraph *graph, const char *node, const char *port)
{
        pw_thread_loop_lock(graph->loop);
        bool found = find_port(graph, node, port) != NULL;
        pw_thread_loop_unlock(graph->loop);
        return found;
}

bool rig_graph_node_property(RigGraph *graph, const char *node, const char *key, char *ret,
                             size_t size)
{
        pw_thread_loop_lock(graph->loop);
        RigObject *object = find_node(graph, node);
        const char *value = object ? pw_properties_get(object->properties, key) : NULL;

        if (value)
                snprintf(ret, size, "%s", value);
        pw_thread_loop_unlock(graph->loop);
        return value != NULL;
}

static bool names_node(const char *value, const char *node)
{
        char quoted[RIG_DEFAULT_VALUE_MAX];

        snprintf(quoted, sizeof(quoted), "\"%s\"", node);
        return strstr(value, quoted) != NULL;
}

bool rig_graph_has_defaults(RigGraph *graph, const char *source, const char *sink)
{
        pw_thread_loop_lock(graph->loop);
        bool chosen = graph->metadata && (!source || names_node(graph->source, source)) &&
                      (!sink || names_node(graph->sink, sink));
        pw_thread_loop_unlock(graph->loop);
        return chosen;
}

typedef struct NodeWish {
        const char *node;
        bool there;
} NodeWish;

static bool node_as_wished(RigGraph *graph, void *data)
{
        const NodeWish *wish = data;

        return rig_graph_has_node(graph, wish->node) == wish->there;
}

int rig_graph_wait_node(RigGraph *graph, const char *node, bool there, int timeout_ms)
{
        NodeWish wish = {node, there};

        return rig_graph_wait(graph, node_as_wished, &wish, timeout_ms);
}

typedef struct LinkWish {
        const char *from, *to; /* nodes */
} LinkWish;

static bool link_as_wished(RigGraph *graph, void *data)
{
        const LinkWish *wish = data;
        const RigObject *from = find_node(graph, wish->from), *to = find_node(graph, wish->to);
        const RigObject *object;

        spa_list_for_each (object, &graph->objects, link) {
                if (object->is_link && from && to &&
                    pw_properties_get_uint32(object->properties, PW_KEY_LINK_OUTPUT_NODE,
                                             SPA_ID_INVALID) == from->id &&
                    pw_properties_get_uint32(object->properties, PW_KEY_LINK_INPUT_NODE,
                                             SPA_ID_INVALID) == to->id)
                        return true;
        }
        return false;
}

bool rig_graph_has_link(RigGraph *graph, const char *from, const char *to)
{
        LinkWish wish = {from, to};

        pw_thread_loop_lock(graph->loop);
        bool found = link_as_wished(graph, &wish);
        pw_thread_loop_unlock(graph->loop);
        return found;
}

int rig_graph_wait_link(RigGraph *graph, const char *from, const char *to, int timeout_ms)
{
        LinkWish wish = {from, to};

        return rig_graph_wait(graph, link_as_wished, &wish, timeout_ms);
}

typedef struct LinkPort {
        const char *node, *port;
        uint32_t id; /* when the link was asked for */
} LinkPort;

typedef struct LinkAttempt {
        LinkPort from, to;
} LinkAttempt;

static bool port_is_the_same(RigGraph *graph, const LinkPort *port)
{
        RigObject *now = find_port(graph, port->node, port->port);

        return now && now->id == port->id;
}

static bool link_is_there(RigGraph *graph, const LinkAttempt *attempt)
{
        RigObject *object;

        spa_list_for_each (object, &graph->objects, link) {
                if (object->is_link &&
                    pw_properties_get_uint32(object->properties, PW_KEY_LINK_OUTPUT_PORT, 0) ==
                            attempt->from.id &&
                    pw_properties_get_uint32(object->properties, PW_KEY_LINK_INPUT_PORT, 0) ==
                            attempt->to.id)
                        return true;
        }
        return false;
}

static bool link_is_decided(RigGraph *graph, void *data)
{
        const LinkAttempt *attempt = data;

        return link_is_there(graph, attempt) || !port_is_the_same(graph, &attempt->from) ||
               !port_is_the_same(graph, &attempt->to);
}

static bool ports_to_link_are_there(RigGraph *graph, void *data)
{
        LinkAttempt *attempt = data;
        RigObject *output = find_port(graph, attempt->from.node, attempt->from.port);
        RigObject *input = find_port(graph, attempt->to.node, attempt->to.port);

        attempt->from.id = output ? output->id : 0;
        attempt->to.id = input ? input->id : 0;
        return output && input;
}

static int ask_for_link(RigGraph *graph, const LinkAttempt *attempt, struct pw_proxy **ret)
{
        struct pw_properties *properties = pw_properties_new(NULL, NULL);
        int r;

        pw_properties_setf(properties, PW_KEY_LINK_OUTPUT_PORT, "%u", attempt->from.id);
        pw_properties_setf(properties, PW_KEY_LINK_INPUT_PORT, "%u", attempt->to.id);
        pw_thread_loop_lock(graph->loop);
        *ret = pw_core_create_object(graph->core, "link-factory", PW_TYPE_INTERFACE_Link,
                                     PW_VERSION_LINK, &properties->dict, 0);
        r = *ret ? 0 : -errno;
        pw_thread_loop_unlock(graph->loop);
        pw_properties_free(properties);
        return r;
}

/* Waits for the link; false if the ports are others now. */
static int try_to_link(RigGraph *graph, LinkAttempt *attempt, int timeout_ms, struct pw_proxy **ret,
                       bool *ret_made)
{
        struct pw_proxy *proxy;
        int r = ask_for_link(graph, attempt, &proxy);

        if (r == 0)
                r = rig_graph_wait(graph, link_is_decided, attempt, timeout_ms);
        if (r < 0)
                return r;
        pw_thread_loop_lock(graph->loop);
        *ret_made = link_is_there(graph, attempt);
        if (*ret_made)
                *ret = proxy;
        else
                pw_proxy_destroy(proxy);
        pw_thread_loop_unlock(graph->loop);
        return 0;
}

/* Asks again when a session manager that has just started gives a device other ports meanwhile. */
int rig_graph_link(RigGraph *graph, const char *from, const char *from_port, const char *to,
                   const char *to_port, struct pw_proxy **ret)
{
        LinkAttempt attempt = {.from = {from, from_port}, .to = {to, to_port}};
        usec_t deadline = rig_deadline();
        bool made;
        int r;

        pw_thread_loop_lock(graph->loop);
        r = ports_to_link_are_there(graph, &attempt) ? 0 : -ENOENT;
        pw_thread_loop_unlock(graph->loop);
        while (r == 0) {
                r = try_to_link(graph, &attempt, rig_remaining_ms(deadline), ret, &made);
                if (r < 0 || made)
                        break;
                r = rig_graph_wait(graph, ports_to_link_are_there, &attempt,
                                   rig_remaining_ms(deadline));
        }
        return r;
}
