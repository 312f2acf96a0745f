/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/audio-gap.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>

#include "rig/audio-probe.h"
#include "rig/audio-signal.h"

struct RigGap {
        RigGraph *graph; /* not owned */
        RigProbe *probe;
        size_t silent; /* samples so far; used by the data thread only */
        atomic_size_t longest, heard;
        atomic_bool restart, sounds;
};

static void listen(void *data, const float *heard, float *spoken, size_t n)
{
        RigGap *gap = data;
        size_t longest = atomic_load(&gap->longest);
        bool sounds = false;

        if (atomic_exchange(&gap->restart, false)) {
                longest = 0;
                atomic_store(&gap->heard, 0);
        }
        for (size_t i = 0; i < n; i++) {
                bool loud = heard && fabsf(heard[i]) >= RIG_GAP_LEVEL;

                sounds |= loud;
                gap->silent = loud ? 0 : gap->silent + 1;
                longest = MAX_OF(longest, gap->silent);
        }
        atomic_store(&gap->longest, longest);
        atomic_fetch_add(&gap->heard, n);
        if (atomic_exchange(&gap->sounds, sounds) != sounds)
                rig_graph_wake(gap->graph);
}

int rig_gap_new(RigGraph *graph, const char *speaker, RigGap **ret)
{
        _cleanup_(rig_gap_freep) RigGap *gap = calloc(1, sizeof(*gap));
        int r;

        if (!gap)
                return -ENOMEM;
        gap->graph = graph;
        r = rig_probe_new(graph, NULL, speaker, listen, gap, &gap->probe);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(gap);
        return 0;
}

RigGap *rig_gap_free(RigGap *gap)
{
        if (!gap)
                return NULL;
        rig_probe_free(gap->probe);
        free(gap);
        return NULL;
}

static bool sounds_now(RigGraph *graph, void *data)
{
        return atomic_load(&((RigGap *)data)->sounds);
}

int rig_gap_wait_sound(RigGap *gap, int timeout_ms)
{
        return rig_graph_wait(gap->graph, sounds_now, gap, timeout_ms);
}

void rig_gap_restart(RigGap *gap)
{
        atomic_store(&gap->restart, true);
}

double rig_gap_longest_ms(const RigGap *gap)
{
        return (double)atomic_load(&gap->longest) * 1000 / RIG_RATE;
}

double rig_gap_heard_ms(const RigGap *gap)
{
        return (double)atomic_load(&gap->heard) * 1000 / RIG_RATE;
}
