/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * webrtcbin's counters (the W3C's webrtc-stats, as GstStructures), reduced to a person's questions:
 * how late, how much is lost, how much gets through.
 */

#include <gst/gst.h>

#include "base/clock.h"
#include "wire/worker.h"

/* The synchronisation source of each stream; 0: no such stream (yet). */
typedef struct StatsSources {
        uint32_t voice_in, voice_out, picture_in, picture_out;
} StatsSources;

/* The counters of one moment. */
typedef struct StatsCounters {
        char codec[32];
        double round_trip_ms, jitter_ms;
        double remote_loss; /* 0…1, of what was sent since the last report */
        uint64_t reports;   /* of the other side; 0: round trip and remote loss are unknown */
        uint64_t packets_received, bytes_received, bytes_sent;
        int64_t packets_lost;
        uint64_t picture_bytes_received, picture_bytes_sent;
        usec_t at; /* CLOCK_BOOTTIME */
} StatsCounters;

void stats_read(const GstStructure *report, const StatsSources *sources, StatsCounters *ret);
/* The source that a webrtcbin's pad carries; 0: not known yet, or there is no pad. */
uint32_t stats_source_of(GstPad *pad);

/*
 * Bit rates are relative to `before` (zeros: nothing yet). `jitter_buffer_ms` is how long a voice
 * waits in the jitter buffer. Mouth to ear is estimated, not measured: both ends are taken to be
 * alike.
 */
void stats_conclude(const StatsCounters *before, const StatsCounters *now, double jitter_buffer_ms,
                    WorkerParticipantStats *ret);
