/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A mouth at a virtual microphone, an ear at a virtual speaker, or both in one node, whose two
 * sides then run in the same cycle of the graph: times between them are exact to the sample.
 */

#include <stddef.h>

#include "rig/audio-graph.h"

typedef struct RigProbe RigProbe;

/*
 * Called in PipeWire's data thread, once a cycle, for `n` samples: `heard` came out of the speaker,
 * `spoken` must be filled for the microphone (silence before). Either is NULL while it has no
 * buffer.
 */
typedef void (*RigProbeProcess)(void *data, const float *heard, float *spoken, size_t n);

/*
 * `microphone` and `speaker` are node names; NULL: none. Returns when the links are made: 0,
 * -ENOENT (no such device), -ETIMEDOUT, or another negative errno.
 */
int rig_probe_new(RigGraph *graph, const char *microphone, const char *speaker,
                  RigProbeProcess process, void *data, RigProbe **ret);
RigProbe *rig_probe_free(RigProbe *probe);
DEFINE_CLEANUP(RigProbe *, rig_probe_free);
