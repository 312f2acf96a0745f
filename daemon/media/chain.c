/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/chain.h"

#include <errno.h>

#include "base/cleanup.h"
#include "media/audio-level.h"
#include "media/pipewire.h"

/* Without clock-rate and encoding-params Chromium refuses the m-line. */
#define RTP_CAPS                                                             \
        "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000," \
        "encoding-params=(string)2,payload=%u,ssrc=(uint)%u"
#define LEVEL_CAPS ",extmap-%u=(string)" RTP_LEVEL_URI
#define REPORTS_EVERY_NS (1 * GST_SECOND) /* RTCP; the default of 5 s reports loss late */

G_STATIC_ASSERT(AUDIO_RATE == 48000);

/* ---- sending ---- */

static void push_events(SendChain *chain, const AudioFormat *format)
{
        g_autofree char *id = g_strdup_printf("voice-%08x", chain->ssrc);
        g_autofree char *voice =
                g_strdup_printf(RTP_CAPS, atomic_load(&chain->payload), chain->ssrc);
        g_autofree char *level =
                format->level ? g_strdup_printf(LEVEL_CAPS, format->level) : g_strdup("");
        g_autofree char *text = g_strconcat(voice, level, NULL);
        g_autoptr(GstCaps) caps = gst_caps_from_string(text);
        GstSegment segment;

        gst_segment_init(&segment, GST_FORMAT_TIME);
        gst_pad_push_event(chain->source, gst_event_new_stream_start(id));
        gst_pad_push_event(chain->source, gst_event_new_caps(caps));
        gst_pad_push_event(chain->source, gst_event_new_segment(&segment));
}

int send_chain_build(SendChain *chain, GstElement *webrtc, const AudioFormat *format)
{
        chain->webrtc = webrtc;
        chain->ssrc = g_random_int();
        chain->pad = gst_element_request_pad_simple(webrtc, "sink_%u");
        if (!chain->pad)
                return -EIO;
        chain->source = gst_object_ref_sink(gst_pad_new("voice", GST_PAD_SRC));
        atomic_store(&chain->payload, format->payload);
        if (!gst_pad_set_active(chain->source, TRUE) ||
            gst_pad_link(chain->source, chain->pad) != GST_PAD_LINK_OK)
                return -EIO;
        push_events(chain, format);
        return 0;
}

void send_chain_agree(SendChain *chain, const AudioFormat *format)
{
        atomic_store(&chain->level, format->level);
}

void send_chain_open(SendChain *chain)
{
        atomic_store(&chain->open, true);
}

void send_chain_push(SendChain *chain, uint16_t sequence, uint32_t timestamp, int level,
                     const uint8_t *data, size_t length)
{
        RtpHeader header = {.payload_type = atomic_load(&chain->payload),
                            .sequence = sequence,
                            .timestamp = timestamp,
                            .source = chain->ssrc};
        const RtpLevel told = {.id = atomic_load(&chain->level),
                               .below = (uint8_t)level,
                               .is_voice = level <= AUDIO_LEVEL_VOICE};
        uint8_t bytes[RTP_HEADER + RTP_LEVEL];

        if (!chain->source || !atomic_load(&chain->open))
                return;
        size_t begin = rtp_write(&header, told.id > 0 && level >= 0 ? &told : NULL, bytes);
        GstBuffer *buffer = gst_buffer_new_allocate(NULL, begin + length, NULL);

        gst_buffer_fill(buffer, 0, bytes, begin);
        gst_buffer_fill(buffer, begin, data, length);
        GST_BUFFER_PTS(buffer) = GST_BUFFER_DTS(buffer) =
                gst_element_get_current_running_time(chain->webrtc);
        gst_pad_push(chain->source, buffer);
}

void send_chain_done(SendChain *chain)
{
        if (chain->source)
                gst_pad_set_active(chain->source, FALSE);
        g_clear_object(&chain->source);
        g_clear_object(&chain->pad);
}

/* ---- receiving ---- */

bool chain_take(GstBuffer *buffer, unsigned payload, ChainPacket packet, void *userdata)
{
        const uint8_t *data;
        RtpHeader header;
        GstMapInfo map;
        size_t length;
        bool taken;

        if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
                return false;
        taken = rtp_read(map.data, map.size, &header, &data, &length) == 0 &&
                header.payload_type == payload;
        if (taken)
                packet(userdata, &header, data, length);
        gst_buffer_unmap(buffer, &map);
        return taken;
}

/* ---- threads ---- */

/* Whether the pad has had the events that must precede packets; the segment is the last one. */
static bool is_ready(GstPad *pad)
{
        g_autoptr(GstEvent) segment = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);

        return segment != NULL;
}

static GstPadProbeReturn pass_on(GstPad *pad, GstPadProbeInfo *info, void *behind)
{
        if (!is_ready(behind))
                return GST_PAD_PROBE_OK;
        GST_PAD_PROBE_INFO_FLOW_RETURN(info) =
                info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST
                        ? gst_pad_chain_list(behind, GST_PAD_PROBE_INFO_BUFFER_LIST(info))
                        : gst_pad_chain(behind, GST_PAD_PROBE_INFO_BUFFER(info));
        return GST_PAD_PROBE_HANDLED;
}

/* Bypasses a queue and its thread. Packets still in it are overtaken, as happens on a network. */
static void pass_by(const GValue *item, void *data)
{
        GstElement *queue = g_value_get_object(item);
        g_autoptr(GstPad) sink = NULL, source = NULL;
        GstPad *behind;

        if (g_strcmp0(G_OBJECT_TYPE_NAME(queue), "GstQueue") != 0)
                return;
        sink = gst_element_get_static_pad(queue, "sink");
        source = gst_element_get_static_pad(queue, "src");
        behind = gst_pad_get_peer(source);
        if (behind)
                gst_pad_add_probe(sink, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST,
                                  pass_on, behind, gst_object_unref);
}

void chain_shorten(GstElement *webrtc)
{
        GstIterator *iterator = gst_bin_iterate_recurse(GST_BIN(webrtc));

        while (gst_iterator_foreach(iterator, pass_by, NULL) == GST_ITERATOR_RESYNC)
                gst_iterator_resync(iterator);
        gst_iterator_free(iterator);
}

/*
 * By default reports carry the time at which a packet leaves the pipeline, for which its latency
 * has to be known. That of a webrtcbin in a running pipeline never is, and from GStreamer 1.24 on
 * no report is then sent at all: no loss, and no request for a key frame.
 */
void chain_report_by_packets(GstElement *rtpbin)
{
        g_object_set(rtpbin, "rtcp-sync-send-time", FALSE, NULL);
}

void chain_tune_reports(GstElement *rtpbin)
{
        GObject *session = NULL;

        g_signal_emit_by_name(rtpbin, "get-internal-session", RTP_SESSION, &session);
        if (!session)
                return;
        g_object_set(session, "rtcp-min-interval", (guint64)REPORTS_EVERY_NS, "rtcp-mtu",
                     (guint)RTCP_PACKET_MAX, NULL);
        g_object_unref(session);
}
