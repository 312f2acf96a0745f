/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Plugging devices in and out, and choosing the default. */

#include <assert.h>
#include <errno.h>
#include <pipewire/extensions/metadata.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>

#include "base/str.h"
#include "rig/audio-graph-internal.h"
#include "rig/rig.h"

#define POD_SIZE 256

static bool can_be_linked(RigGraph *graph, void *data)
{
        return rig_graph_has_port(graph, data, RIG_PORT_MICROPHONE_FEED) ||
               rig_graph_has_port(graph, data, RIG_PORT_SPEAKER_MONITOR);
}

/* With the lock held. */
static void replace_kept(RigGraph *graph, const struct pw_proxy *one, struct pw_proxy *other)
{
        size_t i = 0;

        while (i < RIG_OWNED_MAX && graph->owned[i] != one)
                i++;
        assert(i < RIG_OWNED_MAX);
        graph->owned[i] = other;
}

void rig_graph_own(RigGraph *graph, struct pw_proxy *proxy)
{
        pw_thread_loop_lock(graph->loop);
        replace_kept(graph, NULL, proxy);
        pw_thread_loop_unlock(graph->loop);
}

/* Takes ownership of the properties. */
static int create_node(RigGraph *graph, const char *factory, struct pw_properties *properties,
                       struct pw_proxy **ret)
{
        struct pw_proxy *proxy;
        int r;

        if (!properties)
                return -ENOMEM;
        pw_thread_loop_lock(graph->loop);
        proxy = pw_core_create_object(graph->core, factory, PW_TYPE_INTERFACE_Node, PW_VERSION_NODE,
                                      &properties->dict, 0);
        r = proxy ? 0 : -errno;
        if (proxy)
                replace_kept(graph, NULL, proxy);
        pw_thread_loop_unlock(graph->loop);
        pw_properties_free(properties);
        *ret = proxy;
        return r;
}

/*
 * As with hardware, a microphone comes before the monitor of a speaker: WirePlumber 0.5 takes that
 * for the default microphone if it was there first and both are as good.
 */
static const char *priority_of(const char *media_class)
{
        return str_eq(media_class, "Audio/Sink") ? "500" : "600";
}

int rig_graph_plug(RigGraph *graph, const char *node, const char *media_class,
                   const char *form_factor, struct pw_proxy **ret)
{
        struct pw_properties *properties = pw_properties_new(
                "factory.name", "support.null-audio-sink", PW_KEY_NODE_NAME, node,
                PW_KEY_NODE_DESCRIPTION, node, PW_KEY_MEDIA_CLASS, media_class,
                PW_KEY_PRIORITY_SESSION, priority_of(media_class), "audio.position", "[ MONO ]",
                PW_KEY_DEVICE_FORM_FACTOR, form_factor, NULL);
        int r = create_node(graph, "adapter", properties, ret);

        return r < 0 ? r : rig_graph_wait(graph, can_be_linked, (void *)node, rig_patience_ms());
}

int rig_graph_plug_camera(RigGraph *graph, const char *node, struct pw_proxy **ret)
{
        struct pw_properties *properties = pw_properties_new(
                "factory.name", "support.node.driver", PW_KEY_NODE_NAME, node,
                PW_KEY_NODE_DESCRIPTION, node, PW_KEY_MEDIA_CLASS, "Video/Source", NULL);
        int r = create_node(graph, "spa-node-factory", properties, ret);

        return r < 0 ? r : rig_graph_wait_node(graph, node, true, rig_patience_ms());
}

void rig_graph_unplug(RigGraph *graph, const char *node, struct pw_proxy *device)
{
        pw_thread_loop_lock(graph->loop);
        replace_kept(graph, device, NULL);
        pw_proxy_destroy(device);
        pw_thread_loop_unlock(graph->loop);
        rig_graph_wait_node(graph, node, false, rig_patience_ms());
}

static void configure(RigGraph *graph, const char *key, const char *node)
{
        char value[256];

        snprintf(value, sizeof(value), "{ \"name\": \"%s\" }", node);
        pw_metadata_set_property((struct pw_metadata *)graph->metadata, PW_ID_CORE, key,
                                 "Spa:String:JSON", value);
}

void rig_graph_set_default(RigGraph *graph, const char *source, const char *sink)
{
        pw_thread_loop_lock(graph->loop);
        if (source)
                configure(graph, "default.configured.audio.source", source);
        if (sink)
                configure(graph, "default.configured.audio.sink", sink);
        pw_thread_loop_unlock(graph->loop);
}

static bool is_node(const RigObject *object, const char *name)
{
        return object->is_node &&
               str_eq(pw_properties_get(object->properties, PW_KEY_NODE_NAME), name);
}

void rig_graph_retarget(RigGraph *graph, const char *stream, const char *device)
{
        const RigObject *object;

        pw_thread_loop_lock(graph->loop);
        spa_list_for_each (object, &graph->objects, link)
                if (is_node(object, stream))
                        pw_metadata_set_property((struct pw_metadata *)graph->metadata, object->id,
                                                 "target.object", "Spa:String", device);
        pw_thread_loop_unlock(graph->loop);
}

/* With the lock held. */
static void set_properties(RigGraph *graph, const char *stream, const struct spa_pod *properties)
{
        const RigObject *object;

        spa_list_for_each (object, &graph->objects, link) {
                struct pw_node *node;

                if (!is_node(object, stream))
                        continue;
                node = pw_registry_bind(graph->registry, object->id, PW_TYPE_INTERFACE_Node,
                                        PW_VERSION_NODE, 0);
                if (!node)
                        rig_fail("cannot reach %s", stream);
                pw_node_set_param(node, SPA_PARAM_Props, 0, properties);
                pw_proxy_destroy((struct pw_proxy *)node);
        }
}

void rig_graph_set_volume(RigGraph *graph, const char *stream, double volume)
{
        uint8_t memory[POD_SIZE];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));
        const float volumes[] = {(float)volume};

        pw_thread_loop_lock(graph->loop);
        set_properties(graph, stream,
                       spa_pod_builder_add_object(
                               &builder, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props,
                               SPA_PROP_channelVolumes,
                               SPA_POD_Array(sizeof(float), SPA_TYPE_Float, 1, volumes)));
        pw_thread_loop_unlock(graph->loop);
}

void rig_graph_set_mute(RigGraph *graph, const char *stream, bool on)
{
        uint8_t memory[POD_SIZE];
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof(memory));

        pw_thread_loop_lock(graph->loop);
        set_properties(graph, stream,
                       spa_pod_builder_add_object(&builder, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props,
                                                  SPA_PROP_mute, SPA_POD_Bool(on)));
        pw_thread_loop_unlock(graph->loop);
}

unsigned rig_graph_count_named(RigGraph *graph, const char *node)
{
        const RigObject *object;
        unsigned n = 0;

        pw_thread_loop_lock(graph->loop);
        spa_list_for_each (object, &graph->objects, link)
                n += is_node(object, node);
        pw_thread_loop_unlock(graph->loop);
        return n;
}
