/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The counters of a connection's RTP session, reduced to delay, loss and bit rates. They are the
 * session's own: webrtcbin's report (the W3C's webrtc-stats) leaves out, from GStreamer 1.24 on,
 * sources that have no pad, and the voice has none.
 */

#include <gst/gst.h>

#include "base/clock.h"
#include "wire/worker.h"

/* The synchronisation source (SSRC) of each stream; 0: no such stream (yet). */
typedef struct StatsSources {
        uint32_t voice_in, voice_out, picture_in, picture_out;
} StatsSources;

/* The counters at one time. */
typedef struct StatsCounters {
        double round_trip_ms, jitter_ms;
        double remote_loss; /* 0…1, of the packets sent since the last report */
        uint64_t reports;   /* from the other side; 0: round trip and remote loss are unknown */
        uint64_t packets_received, bytes_received, bytes_sent;
        int64_t packets_lost;
        uint64_t picture_bytes_received, picture_bytes_sent;
        usec_t at; /* CLOCK_BOOTTIME */
} StatsCounters;

/* `rtpbin` is the webrtcbin's. What has not been counted yet is 0. */
void stats_read(GstElement *rtpbin, const StatsSources *sources, StatsCounters *ret);
/* The SSRC of a webrtcbin's pad; 0: not known yet, or there is no pad. */
uint32_t stats_source_of(GstPad *pad);

/*
 * Bit rates are averages since `before`. `jitter_buffer_ms` is how long a voice waits in the jitter
 * buffer. The delay from mouth to ear is estimated, not measured, and both ends are assumed to be
 * alike.
 */
void stats_conclude(const StatsCounters *before, const StatsCounters *now, double jitter_buffer_ms,
                    WorkerParticipantStats *ret);
