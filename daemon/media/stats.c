/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/stats.h"

#include "media/chain.h"
#include "media/pipewire.h"

#define OPUS_LOOKAHEAD_MS 6.5 /* RFC 7587 section 4.2, at 48 kHz */
#define QUANTUM_MS 5.3        /* AUDIO_LATENCY, once at each end */

/* What the RTP session writes: 16 bits before the point and 16 behind it, in seconds. */
#define ROUND_TRIP_UNITS_MS (65536.0 / 1000)
#define FRACTION_LOST_UNITS 256.0 /* RFC 3550, section 6.4.1 */

static uint64_t read_count(const GstStructure *source, const char *name)
{
        guint64 count = 0;

        gst_structure_get_uint64(source, name, &count);
        return count;
}

static void read_received(const GstStructure *source, StatsCounters *counters)
{
        guint jitter = 0;
        gint lost = 0;

        counters->packets_received = read_count(source, "packets-received");
        counters->bytes_received = read_count(source, "octets-received");
        gst_structure_get_int(source, "packets-lost", &lost);
        counters->packets_lost = lost;
        gst_structure_get_uint(source, "jitter", &jitter);
        counters->jitter_ms = jitter * 1000.0 / AUDIO_RATE;
}

/* The other side's report on what it has received of our voice, if it has sent one. */
static void read_report(const GstStructure *source, uint32_t voice_out, StatsCounters *counters)
{
        guint about = 0, round_trip = 0, lost = 0;
        gboolean reports = FALSE;

        gst_structure_get_boolean(source, "have-rb", &reports);
        gst_structure_get_uint(source, "rb-ssrc", &about);
        if (!reports || about != voice_out)
                return;
        gst_structure_get_uint(source, "rb-round-trip", &round_trip);
        gst_structure_get_uint(source, "rb-fractionlost", &lost);
        counters->round_trip_ms = round_trip / ROUND_TRIP_UNITS_MS;
        counters->remote_loss = lost / FRACTION_LOST_UNITS;
        counters->reports++;
}

static void read_source(const GstStructure *source, const StatsSources *sources,
                        StatsCounters *counters)
{
        gboolean internal = FALSE;
        guint id = 0;

        gst_structure_get_uint(source, "ssrc", &id);
        gst_structure_get_boolean(source, "internal", &internal);
        if (internal && id == sources->voice_out)
                counters->bytes_sent = read_count(source, "octets-sent");
        else if (internal && id == sources->picture_out)
                counters->picture_bytes_sent = read_count(source, "octets-sent");
        else if (!internal && id == sources->voice_in)
                read_received(source, counters);
        else if (!internal && id == sources->picture_in)
                counters->picture_bytes_received = read_count(source, "octets-received");
        if (!internal && sources->voice_out != 0)
                read_report(source, sources->voice_out, counters);
}

void stats_read(GstElement *rtpbin, const StatsSources *sources, StatsCounters *ret)
{
        g_autoptr(GObject) session = NULL;
        g_autoptr(GstStructure) stats = NULL;
        const GValue *all;

        *ret = (StatsCounters){.at = clock_boottime()};
        g_signal_emit_by_name(rtpbin, "get-internal-session", RTP_SESSION, &session);
        if (!session)
                return;
        g_object_get(session, "stats", &stats, NULL);
        all = stats ? gst_structure_get_value(stats, "source-stats") : NULL;
        if (!all || !G_VALUE_HOLDS(all, g_type_from_name("GValueArray")))
                return;
        const GValueArray *array = g_value_get_boxed(all);

        for (guint i = 0; array && i < array->n_values; i++)
                read_source(gst_value_get_structure(&array->values[i]), sources, ret);
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
