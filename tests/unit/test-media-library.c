/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What tring-media reads from GStreamer. Names, types and defaults differ between its versions:
 * what another one changes is to fail here, by name, and not in a call.
 */

#include <gst/gst.h>

#include "base/cleanup.h"
#include "media/chain.h"
#include "media/pipewire.h"
#include "media/preload.h"
#include "media/rtp.h"
#include "media/stats.h"
#include "media/test-card.h"
#include "media/video-codec.h"
#include "suite.h"

#define PATIENCE_S 60

/* ---- statistics of the RTP session ---- */

#define VOICE 0x11223344
#define PACKETS 100
#define LOST 10
#define PAYLOAD_BYTES 40
#define BEGIN 0x40000000             /* the session takes a clock that passes zero for jitter */
#define DELAY_US (5 * USEC_PER_MSEC) /* of reports, each way */

/* Two RTP sessions: a voice from one to the other, reports both ways. */
typedef struct Line {
        GstElement *here, *there; /* each in a pipeline of its own */
        GstPad *mouth;
        GMutex mutex;
        GCond changed;
        unsigned arrived;
} Line;

/* As in peer-voice.c: the voice leaves before the jitter buffer. */
static GstPadProbeReturn take(GstPad *pad, GstPadProbeInfo *info, void *data)
{
        Line *line = data;

        g_mutex_lock(&line->mutex);
        line->arrived++;
        g_cond_signal(&line->changed);
        g_mutex_unlock(&line->mutex);
        return GST_PAD_PROBE_DROP;
}

static void on_jitter_buffer(GstElement *rtpbin, GstElement *buffer, guint session, guint ssrc,
                             void *data)
{
        g_autoptr(GstPad) pad = gst_element_get_static_pad(buffer, "sink");

        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, take, data, NULL);
}

static GstCaps *voice_caps(void)
{
        return gst_caps_new_simple("application/x-rtp", "media", G_TYPE_STRING, "audio",
                                   "encoding-name", G_TYPE_STRING, "OPUS", "clock-rate", G_TYPE_INT,
                                   AUDIO_RATE, "payload", G_TYPE_INT, 111, "ssrc", G_TYPE_UINT,
                                   VOICE, NULL);
}

static GstCaps *on_payload_map(GstElement *rtpbin, guint session, guint payload, void *data)
{
        return voice_caps();
}

static GstPadProbeReturn delay(GstPad *pad, GstPadProbeInfo *info, void *data)
{
        g_usleep(DELAY_US);
        return GST_PAD_PROBE_OK;
}

static GstElement *session_new(Line *line)
{
        GstElement *rtpbin = gst_element_factory_make("rtpbin", NULL);

        ck_assert_ptr_nonnull(rtpbin);
        gst_bin_add(GST_BIN(gst_object_ref_sink(gst_pipeline_new(NULL))), rtpbin);
        chain_report_by_packets(rtpbin);
        g_signal_connect(rtpbin, "request-pt-map", G_CALLBACK(on_payload_map), NULL);
        g_signal_connect(rtpbin, "new-jitterbuffer", G_CALLBACK(on_jitter_buffer), line);
        return rtpbin;
}

static void session_set_state(GstElement *rtpbin, GstState state)
{
        g_autoptr(GstObject) pipeline = gst_object_get_parent(GST_OBJECT(rtpbin));

        gst_element_set_state(GST_ELEMENT(pipeline), state);
}

static void session_free(GstElement *rtpbin)
{
        session_set_state(rtpbin, GST_STATE_NULL);
        gst_object_unref(GST_OBJECT_PARENT(rtpbin));
}

static void link_pads(GstPad *out, GstPad *in)
{
        ck_assert_int_eq(gst_pad_link_full(out, in, GST_PAD_LINK_CHECK_NOTHING), GST_PAD_LINK_OK);
}

static void report_often(GstElement *rtpbin)
{
        g_autoptr(GObject) session = NULL;

        g_signal_emit_by_name(rtpbin, "get-internal-session", RTP_SESSION, &session);
        g_object_set(session, "rtcp-min-interval", (guint64)(50 * GST_MSECOND), NULL);
}

static void link_reports(GstElement *from, GstElement *to)
{
        g_autoptr(GstPad) out = gst_element_request_pad_simple(from, "send_rtcp_src_0");
        g_autoptr(GstPad) in = gst_element_request_pad_simple(to, "recv_rtcp_sink_0");

        link_pads(out, in);
        gst_pad_add_probe(out, GST_PAD_PROBE_TYPE_BUFFER, delay, NULL, NULL);
}

static void line_open(Line *line)
{
        g_autoptr(GstCaps) caps = voice_caps();
        GstSegment segment;

        *line = (Line){};
        g_mutex_init(&line->mutex);
        g_cond_init(&line->changed);
        line->here = session_new(line);
        line->there = session_new(line);
        g_autoptr(GstPad) in = gst_element_request_pad_simple(line->here, "send_rtp_sink_0");
        g_autoptr(GstPad) out = gst_element_get_static_pad(line->here, "send_rtp_src_0");
        g_autoptr(GstPad) ear = gst_element_request_pad_simple(line->there, "recv_rtp_sink_0");

        link_pads(out, ear);
        link_reports(line->here, line->there);
        link_reports(line->there, line->here);
        report_often(line->here);
        report_often(line->there);
        line->mouth = gst_object_ref_sink(gst_pad_new("voice", GST_PAD_SRC));
        gst_pad_set_active(line->mouth, TRUE);
        link_pads(line->mouth, in);
        session_set_state(line->there, GST_STATE_PLAYING);
        session_set_state(line->here, GST_STATE_PLAYING);
        gst_segment_init(&segment, GST_FORMAT_TIME);
        gst_pad_push_event(line->mouth, gst_event_new_stream_start("voice"));
        gst_pad_push_event(line->mouth, gst_event_new_caps(caps));
        gst_pad_push_event(line->mouth, gst_event_new_segment(&segment));
}

static void line_close(Line *line)
{
        gst_pad_set_active(line->mouth, FALSE);
        session_free(line->here);
        session_free(line->there);
        gst_object_unref(line->mouth);
        g_mutex_clear(&line->mutex);
        g_cond_clear(&line->changed);
}

static void speak(Line *line, uint16_t sequence)
{
        GstBuffer *buffer = gst_buffer_new_allocate(NULL, RTP_HEADER + PAYLOAD_BYTES, NULL);
        const RtpHeader header = {.payload_type = 111,
                                  .sequence = sequence,
                                  .timestamp = BEGIN + sequence * AUDIO_FRAME,
                                  .source = VOICE};
        uint8_t bytes[RTP_HEADER + RTP_LEVEL];

        rtp_write(&header, NULL, bytes);
        gst_buffer_memset(buffer, 0, 0, RTP_HEADER + PAYLOAD_BYTES);
        gst_buffer_fill(buffer, 0, bytes, RTP_HEADER);
        GST_BUFFER_PTS(buffer) = gst_element_get_current_running_time(line->here);
        ck_assert_int_eq(gst_pad_push(line->mouth, buffer), GST_FLOW_OK);
}

/* Until the other side has reported: who is silent for some seconds counts as no sender. */
static void talk_on(Line *line, uint16_t *sequence)
{
        speak(line, (*sequence)++);
        g_usleep(AUDIO_FRAME_MS * USEC_PER_MSEC);
}

/* Sends PACKETS, of which the LOST ones in the middle never arrive, and waits for the others. */
static void talk(Line *line)
{
        gint64 deadline = g_get_monotonic_time() + PATIENCE_S * G_TIME_SPAN_SECOND;

        for (uint16_t i = 0; i < PACKETS; i++)
                if (i < PACKETS / 2 || i >= PACKETS / 2 + LOST)
                        speak(line, i);
        g_mutex_lock(&line->mutex);
        while (line->arrived < PACKETS - LOST)
                ck_assert(g_cond_wait_until(&line->changed, &line->mutex, deadline));
        g_mutex_unlock(&line->mutex);
}

/* Reads until a report of the other side with a round trip has come: reports come by the clock. */
static void read_until_reported(Line *line, StatsCounters *ret)
{
        const StatsSources sources = {.voice_out = VOICE};
        gint64 deadline = g_get_monotonic_time() + PATIENCE_S * G_TIME_SPAN_SECOND;
        uint16_t sequence = PACKETS;

        do {
                ck_assert_int_lt(g_get_monotonic_time(), deadline);
                talk_on(line, &sequence);
                stats_read(line->here, &sources, ret);
        } while (ret->reports == 0 || ret->round_trip_ms <= 0);
}

START_TEST(what_a_session_has_received_is_counted)
{
        const StatsSources sources = {.voice_in = VOICE};
        StatsCounters counted;
        Line line;

        line_open(&line);
        stats_read(line.there, &sources, &counted);
        ck_assert_uint_eq(counted.bytes_received, 0);
        talk(&line);
        stats_read(line.there, &sources, &counted);
        ck_assert_uint_eq(counted.packets_received, PACKETS - LOST);
        ck_assert_uint_eq(counted.bytes_received, (PACKETS - LOST) * PAYLOAD_BYTES);
        /* The session begins to count with the second packet. */
        ck_assert_int_ge(counted.packets_lost, LOST - 1);
        ck_assert_int_le(counted.packets_lost, LOST);
        ck_assert_double_gt(counted.jitter_ms, 0);
        ck_assert_double_lt(counted.jitter_ms, 1000);
        line_close(&line);
}
END_TEST

START_TEST(pictures_are_counted_by_their_source)
{
        const StatsSources in = {.picture_in = VOICE}, out = {.picture_out = VOICE};
        StatsCounters counted;
        Line line;

        line_open(&line);
        talk(&line);
        stats_read(line.there, &in, &counted);
        ck_assert_uint_eq(counted.picture_bytes_received, (PACKETS - LOST) * PAYLOAD_BYTES);
        ck_assert_uint_eq(counted.bytes_received, 0);
        stats_read(line.here, &out, &counted);
        ck_assert_uint_eq(counted.picture_bytes_sent, (PACKETS - LOST) * PAYLOAD_BYTES);
        ck_assert_uint_eq(counted.bytes_sent, 0);
        line_close(&line);
}
END_TEST

START_TEST(what_the_other_side_reports_is_read)
{
        StatsCounters counted;
        Line line;

        line_open(&line);
        talk(&line);
        read_until_reported(&line, &counted);
        ck_assert_uint_gt(counted.bytes_sent, (PACKETS - LOST) * PAYLOAD_BYTES);
        ck_assert(counted.round_trip_ms >= 2.0 * DELAY_US / USEC_PER_MSEC - 1);
        ck_assert(counted.round_trip_ms < 1000.0 * PATIENCE_S);
        ck_assert(counted.remote_loss >= 0 && counted.remote_loss < 1);
        line_close(&line);
}
END_TEST

/* ---- pictures ---- */

typedef struct Screen {
        GMutex mutex;
        GCond changed;
        VideoCodec *decoder;
        GstSample *shown;
        bool key; /* the first encoded picture was marked as a key frame */
        unsigned encoded;
} Screen;

static void on_encoded(void *userdata, GstSample *sample)
{
        Screen *screen = userdata;
        GstBuffer *buffer = gst_sample_get_buffer(sample);

        if (screen->encoded++ == 0)
                screen->key = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
        video_decoder_push(screen->decoder, buffer);
}

static void on_decoded(void *userdata, GstSample *sample)
{
        Screen *screen = userdata;

        g_mutex_lock(&screen->mutex);
        g_clear_pointer(&screen->shown, gst_sample_unref);
        screen->shown = gst_sample_ref(sample);
        g_cond_signal(&screen->changed);
        g_mutex_unlock(&screen->mutex);
}

START_TEST(what_is_encoded_is_seen_again)
{
        gint64 deadline = g_get_monotonic_time() + PATIENCE_S * G_TIME_SPAN_SECOND;
        g_autoptr(GstSample) card = test_card_new();
        VideoCodec *encoder;
        Screen screen = {};
        GstMapInfo map;

        ck_assert_int_eq(video_decoder_new(on_decoded, &screen, &screen.decoder), 0);
        ck_assert_int_eq(video_encoder_new(on_encoded, &screen, &encoder), 0);
        video_encoder_push(encoder, card);
        g_mutex_lock(&screen.mutex);
        while (!screen.shown)
                ck_assert(g_cond_wait_until(&screen.changed, &screen.mutex, deadline));
        g_mutex_unlock(&screen.mutex);
        video_codec_free(encoder);
        video_codec_free(screen.decoder);
        ck_assert(screen.key);
        GstStructure *format = gst_caps_get_structure(gst_sample_get_caps(screen.shown), 0);
        ck_assert_str_eq(gst_structure_get_string(format, "format"), "I420");
        ck_assert(gst_buffer_map(gst_sample_get_buffer(screen.shown), &map, GST_MAP_READ));
        ck_assert_uint_gt(map.data[0], 200); /* the card begins with a white bar */
        gst_buffer_unmap(gst_sample_get_buffer(screen.shown), &map);
        gst_sample_unref(screen.shown);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-library");
        TCase *tcase = tcase_create("all");

        tcase_add_unchecked_fixture(tcase, (SFun)preload, NULL);
        tcase_set_timeout(tcase, 2 * PATIENCE_S);
        tcase_add_test(tcase, what_a_session_has_received_is_counted);
        tcase_add_test(tcase, pictures_are_counted_by_their_source);
        tcase_add_test(tcase, what_the_other_side_reports_is_read);
        tcase_add_test(tcase, what_is_encoded_is_seen_again);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
