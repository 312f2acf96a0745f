/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/audio-probe.h"

#include <errno.h>
#include <pipewire/filter.h>
#include <stdatomic.h>

#include "base/str.h"
#include "rig/rig.h"

#define LATENCY "256/48000" /* as the worker requests */
#define PORT_HEARD "heard"
#define PORT_SPOKEN "spoken"

struct RigProbe {
        RigGraph *graph; /* not owned */
        struct pw_filter *filter;
        struct spa_hook hook;
        char name[64];
        void *heard, *spoken; /* the filter's ports */
        struct pw_proxy *links[2];
        RigProbeProcess process;
        void *data;
};

static void on_process(void *data, struct spa_io_position *position)
{
        RigProbe *probe = data;
        size_t n = position->clock.duration;
        float *heard = probe->heard ? pw_filter_get_dsp_buffer(probe->heard, (uint32_t)n) : NULL;
        float *spoken = probe->spoken ? pw_filter_get_dsp_buffer(probe->spoken, (uint32_t)n) : NULL;

        if (spoken)
                memset(spoken, 0, n * sizeof(float));
        probe->process(probe->data, heard, spoken, n);
}

static const struct pw_filter_events filter_events = {
        PW_VERSION_FILTER_EVENTS,
        .process = on_process,
};

static void *add_port(struct pw_filter *filter, enum spa_direction direction, const char *name)
{
        return pw_filter_add_port(filter, direction, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 0,
                                  pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio",
                                                    PW_KEY_PORT_NAME, name, NULL),
                                  NULL, 0);
}

/* With the lock held. */
static int make_filter(RigProbe *probe, const char *microphone, const char *speaker)
{
        probe->filter =
                pw_filter_new(rig_graph_core(probe->graph), probe->name,
                              pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY,
                                                "Filter", PW_KEY_NODE_NAME, probe->name,
                                                PW_KEY_NODE_LATENCY, LATENCY, NULL));
        if (!probe->filter)
                return -errno;
        pw_filter_add_listener(probe->filter, &probe->hook, &filter_events, probe);
        if (speaker) {
                probe->heard = add_port(probe->filter, PW_DIRECTION_INPUT, PORT_HEARD);
                if (!probe->heard)
                        return -errno;
        }
        if (microphone) {
                probe->spoken = add_port(probe->filter, PW_DIRECTION_OUTPUT, PORT_SPOKEN);
                if (!probe->spoken)
                        return -errno;
        }
        return pw_filter_connect(probe->filter, PW_FILTER_FLAG_RT_PROCESS, NULL, 0);
}

static bool ports_are_there(RigGraph *graph, void *data)
{
        RigProbe *probe = data;

        return (!probe->heard || rig_graph_has_port(graph, probe->name, PORT_HEARD)) &&
               (!probe->spoken || rig_graph_has_port(graph, probe->name, PORT_SPOKEN));
}

int rig_probe_new(RigGraph *graph, const char *microphone, const char *speaker,
                  RigProbeProcess process, void *data, RigProbe **ret)
{
        static atomic_int count;
        _cleanup_(rig_probe_freep) RigProbe *probe = calloc(1, sizeof(*probe));
        int r;

        if (!probe)
                return -ENOMEM;
        probe->graph = graph;
        probe->process = process;
        probe->data = data;
        snprintf(probe->name, sizeof(probe->name), "rig-probe-%d-%d", (int)getpid(), ++count);
        pw_thread_loop_lock(rig_graph_loop(graph));
        r = make_filter(probe, microphone, speaker);
        pw_thread_loop_unlock(rig_graph_loop(graph));
        if (r == 0)
                r = rig_graph_wait(graph, ports_are_there, probe, rig_patience_ms());
        if (r == 0 && speaker)
                r = rig_graph_link(graph, speaker, RIG_PORT_SPEAKER_MONITOR, probe->name,
                                   PORT_HEARD, &probe->links[0]);
        if (r == 0 && microphone)
                r = rig_graph_link(graph, probe->name, PORT_SPOKEN, microphone,
                                   RIG_PORT_MICROPHONE_FEED, &probe->links[1]);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(probe);
        return 0;
}

RigProbe *rig_probe_free(RigProbe *probe)
{
        if (!probe)
                return NULL;
        pw_thread_loop_lock(rig_graph_loop(probe->graph));
        for (size_t i = 0; i < ELEMENTSOF(probe->links); i++)
                if (probe->links[i])
                        pw_proxy_destroy(probe->links[i]);
        if (probe->filter)
                pw_filter_destroy(probe->filter);
        pw_thread_loop_unlock(rig_graph_loop(probe->graph));
        free(probe);
        return NULL;
}
