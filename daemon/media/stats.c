/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/stats.h"

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

#include "base/str.h"
#include "media/pipewire.h"

#define OPUS_LOOKAHEAD_MS 6.5 /* RFC 7587 section 4.2, at 48 kHz */
#define QUANTUM_MS 5.3        /* AUDIO_LATENCY, once at each end */

static uint64_t read_count(const GstStructure *stats, const char *name)
{
        const GValue *value = gst_structure_get_value(stats, name);

        if (!value)
                return 0;
        if (G_VALUE_HOLDS_UINT64(value))
                return g_value_get_uint64(value);
        return G_VALUE_HOLDS_UINT(value) ? g_value_get_uint(value) : 0;
}

/* Lost packets are a signed number (RFC 3550): duplicates make it negative. */
static int64_t read_signed(const GstStructure *stats, const char *name)
{
        const GValue *value = gst_structure_get_value(stats, name);

        if (value && G_VALUE_HOLDS_INT64(value))
                return g_value_get_int64(value);
        if (value && G_VALUE_HOLDS_INT(value))
                return g_value_get_int(value);
        return (int64_t)read_count(stats, name);
}

static double read_ms(const GstStructure *stats, const char *name)
{
        double seconds = 0;

        gst_structure_get_double(stats, name, &seconds);
        return seconds * 1000;
}

/*
 * The number of lost packets comes from the RTP session: webrtcbin's own number is that of its
 * jitter buffer, which the voice bypasses.
 */
static int64_t read_lost(const GstStructure *stats)
{
        const GValue *source = gst_structure_get_value(stats, "gst-rtpsource-stats");

        return read_signed(source && GST_VALUE_HOLDS_STRUCTURE(source)
                                   ? gst_value_get_structure(source)
                                   : stats,
                           "packets-lost");
}

/* The part of "audio/OPUS" after the slash, in lower case. */
static void read_codec(const GstStructure *stats, StatsCounters *counters)
{
        const char *type = gst_structure_get_string(stats, "mime-type");
        const char *slash = type ? strchr(type, '/') : NULL;

        if (!slash || !g_str_has_prefix(type, "audio/") ||
            strlen(slash + 1) >= sizeof(counters->codec))
                return;
        for (size_t i = 0; i <= strlen(slash + 1); i++)
                counters->codec[i] = g_ascii_tolower(slash[1 + i]);
}

typedef struct Reading {
        const StatsSources *sources;
        StatsCounters *counters;
} Reading;

static void read_voice(const GstStructure *stats, GstWebRTCStatsType type, StatsCounters *counters)
{
        if (type == GST_WEBRTC_STATS_INBOUND_RTP) {
                counters->packets_received = read_count(stats, "packets-received");
                counters->bytes_received = read_count(stats, "bytes-received");
                counters->packets_lost = read_lost(stats);
                counters->jitter_ms = read_ms(stats, "jitter");
        } else if (type == GST_WEBRTC_STATS_OUTBOUND_RTP) {
                counters->bytes_sent = read_count(stats, "bytes-sent");
        } else if (type == GST_WEBRTC_STATS_REMOTE_INBOUND_RTP) {
                counters->round_trip_ms = read_ms(stats, "round-trip-time");
                gst_structure_get_double(stats, "fraction-lost", &counters->remote_loss);
                counters->reports++;
        }
}

static void read_picture(const GstStructure *stats, GstWebRTCStatsType type,
                         StatsCounters *counters)
{
        if (type == GST_WEBRTC_STATS_INBOUND_RTP)
                counters->picture_bytes_received = read_count(stats, "bytes-received");
        else if (type == GST_WEBRTC_STATS_OUTBOUND_RTP)
                counters->picture_bytes_sent = read_count(stats, "bytes-sent");
}

/*
 * Tells voice and picture apart by their source (SSRC): webrtcbin reports the same media kind for
 * all of a bundle.
 */
static gboolean read_one(GQuark name, const GValue *value, void *data)
{
        const Reading *reading = data;
        GstWebRTCStatsType type;
        const GstStructure *stats;
        guint source = 0;

        if (!GST_VALUE_HOLDS_STRUCTURE(value))
                return TRUE;
        stats = gst_value_get_structure(value);
        if (!gst_structure_get(stats, "type", GST_TYPE_WEBRTC_STATS_TYPE, &type, NULL))
                return TRUE;
        gst_structure_get_uint(stats, "ssrc", &source);
        if (type == GST_WEBRTC_STATS_CODEC)
                read_codec(stats, reading->counters);
        else if (source == 0)
                return TRUE;
        else if (source == reading->sources->voice_in || source == reading->sources->voice_out)
                read_voice(stats, type, reading->counters);
        else if (source == reading->sources->picture_in || source == reading->sources->picture_out)
                read_picture(stats, type, reading->counters);
        return TRUE;
}

void stats_read(const GstStructure *report, const StatsSources *sources, StatsCounters *ret)
{
        Reading reading = {sources, ret};

        *ret = (StatsCounters){.at = clock_boottime()};
        gst_structure_foreach(report, read_one, &reading);
}

uint32_t stats_source_of(GstPad *pad)
{
        g_autoptr(GstCaps) caps = pad ? gst_pad_get_current_caps(pad) : NULL;
        guint source = 0;

        if (caps)
                gst_structure_get_uint(gst_caps_get_structure(caps, 0), "ssrc", &source);
        return source;
}

static uint32_t rate(uint64_t before, uint64_t now, usec_t elapsed)
{
        if (elapsed == 0 || now < before)
                return 0;
        return (uint32_t)((now - before) * 8 * USEC_PER_SEC / elapsed);
}

void stats_conclude(const StatsCounters *before, const StatsCounters *now, double jitter_buffer_ms,
                    WorkerParticipantStats *ret)
{
        usec_t elapsed = now->at - before->at;
        double lost = now->packets_lost > 0 ? (double)now->packets_lost : 0;
        double all = lost + (double)now->packets_received;

        STR_SET(ret->codec, now->codec);
        ret->round_trip_ms = now->round_trip_ms;
        ret->jitter_ms = now->jitter_ms;
        ret->loss = all > 0 ? lost / all : 0;
        ret->bitrate_in = rate(before->bytes_received, now->bytes_received, elapsed);
        ret->bitrate_out = rate(before->bytes_sent, now->bytes_sent, elapsed);
        ret->video_bitrate_in =
                rate(before->picture_bytes_received, now->picture_bytes_received, elapsed);
        ret->video_bitrate_out = rate(before->picture_bytes_sent, now->picture_bytes_sent, elapsed);
        ret->mouth_to_ear_ms = 2 * QUANTUM_MS + AUDIO_FRAME_MS + OPUS_LOOKAHEAD_MS +
                               now->round_trip_ms / 2 + jitter_buffer_ms;
}
