/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/video-chain.h"

#include <errno.h>
#include <gst/app/gstappsink.h>
#include <gst/video/video.h>
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

#include "base/str.h"
#include "media/rtp.h"

#define LATENCY_MS 100 /* the time in which lost packets can be sent again */
#define WAITING_MAX 60 /* pictures, 2 s: the network has stopped, and older ones are useless */
/* The most that two clocks drift apart in a second: 200 ppm. */
#define DRIFT_NS (200 * 1000)
/* Browsers adapt their bit rate by transport-cc, and ask for key frames by nack pli or ccm fir. */
#define RTP_CAPS                                                                       \
        "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=%u," \
        "rtcp-fb-nack-pli=(boolean)true,rtcp-fb-ccm-fir=(boolean)true"
#define TRANSPORT_CC_CAPS ",rtcp-fb-transport-cc=(boolean)true,extmap-%u=(string)" TRANSPORT_CC_URI

/* ---- reports of the other side about received packets ---- */

static void count_packet(VideoFeedback *feedback, const GstStructure *packet)
{
        guint64 sent, arrived;
        gboolean lost;

        if (!gst_structure_get_boolean(packet, "lost", &lost) ||
            !gst_structure_get_uint64(packet, "local-ts", &sent) ||
            !gst_structure_get_uint64(packet, "remote-ts", &arrived))
                return;
        feedback->packets++;
        feedback->lost += lost;
        if (lost || !GST_CLOCK_TIME_IS_VALID(sent) || !GST_CLOCK_TIME_IS_VALID(arrived))
                return;
        int64_t delay = (int64_t)(arrived - sent);

        /*
         * Counts delays relative to the smallest one so far, so that the sum stays small. A smaller
         * one raises those already counted.
         */
        if (feedback->least == 0 || delay < feedback->least) {
                if (feedback->least != 0)
                        feedback->delay += (feedback->least - delay) *
                                           (int64_t)(feedback->packets - feedback->lost - 1);
                feedback->least = delay;
        }
        feedback->delay += delay - feedback->least;
}

static void take_feedback(VideoFeedback *feedback, const GstStructure *report)
{
        const GValue *packets = gst_structure_get_value(report, "packets");

        if (!packets || !G_VALUE_HOLDS(packets, g_type_from_name("GValueArray")))
                return;
        const GValueArray *array = g_value_get_boxed(packets);

        g_mutex_lock(&feedback->mutex);
        for (guint i = 0; array && i < array->n_values; i++)
                count_packet(feedback, gst_value_get_structure(&array->values[i]));
        g_mutex_unlock(&feedback->mutex);
}

bool video_send_chain_report(VideoSendChain *chain, double *ret_loss, double *ret_queue_ms)
{
        VideoFeedback *feedback = &chain->feedback;
        bool any;

        g_mutex_lock(&feedback->mutex);
        any = feedback->packets > 0;
        if (any) {
                uint64_t arrived = feedback->packets - feedback->lost;

                *ret_loss = (double)feedback->lost / (double)feedback->packets;
                *ret_queue_ms = arrived > 0 ? (double)feedback->delay / (double)arrived / 1e6 : 0;
        }
        feedback->packets = feedback->lost = 0;
        feedback->delay = 0;
        if (feedback->least != 0)
                feedback->least += DRIFT_NS;
        g_mutex_unlock(&feedback->mutex);
        return any;
}

static GstPadProbeReturn on_upstream(GstPad *pad, GstPadProbeInfo *info, void *data)
{
        VideoSendChain *chain = data;
        GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);

        if (gst_video_event_is_force_key_unit(event))
                chain->key_wanted(chain->userdata);
        else if (gst_event_has_name(event, "RTPTWCCPackets"))
                take_feedback(&chain->feedback, gst_event_get_structure(event));
        return GST_PAD_PROBE_OK;
}

static void release_sender(void *data)
{
        VideoSendChain *chain = data;

        chain->release(chain->userdata);
}

/* ---- the chains ---- */

static GstElement *add_element(GstElement *pipeline, const char *factory)
{
        GstElement *element = gst_element_factory_make(factory, NULL);

        if (element)
                gst_bin_add(GST_BIN(pipeline), element);
        return element;
}

static void set_caps(GstElement *element, const char *text)
{
        g_autoptr(GstCaps) caps = gst_caps_from_string(text);

        g_object_set(element, "caps", caps, NULL);
}

static char *rtp_caps(const VideoFormat *format)
{
        g_autofree char *caps = g_strdup_printf(RTP_CAPS, format->payload);
        g_autofree char *feedback =
                format->transport_cc ? g_strdup_printf(TRANSPORT_CC_CAPS, format->transport_cc)
                                     : g_strdup("");

        return g_strconcat(caps, feedback, NULL);
}

/* Makes webrtcbin ask for lost packets before it asks for a whole key frame. */
static void send_again(GstPad *pad)
{
        g_autoptr(GstWebRTCRTPTransceiver) transceiver = NULL;

        g_object_get(pad, "transceiver", &transceiver, NULL);
        if (transceiver)
                g_object_set(transceiver, "do-nack", TRUE, NULL);
}

int video_send_chain_build(VideoSendChain *chain, GstElement *pipeline, GstElement *webrtc,
                           const VideoFormat *format)
{
        GstElement *source = add_element(pipeline, "appsrc");
        GstElement *payloader = add_element(pipeline, "rtpvp8pay");
        GstElement *filter = add_element(pipeline, "capsfilter");
        g_autofree char *caps = rtp_caps(format);
        g_autoptr(GstPad) out = NULL, first = NULL;

        if (!source || !payloader || !filter)
                return -EIO;
        set_caps(source, VIDEO_ENCODED_CAPS);
        g_object_set(source, "format", GST_FORMAT_TIME, "is-live", TRUE, "do-timestamp", TRUE,
                     "max-buffers", (guint64)WAITING_MAX, "max-bytes", (guint64)0, NULL);
        gst_util_set_object_arg(G_OBJECT(source), "leaky-type", "upstream");
        g_object_set(payloader, "pt", format->payload, "mtu", (guint)RTP_PACKET_MAX, NULL);
        gst_util_set_object_arg(G_OBJECT(payloader), "picture-id-mode", "15-bit");
        set_caps(filter, caps);
        chain->pad = gst_element_request_pad_simple(webrtc, "sink_%u");
        out = gst_element_get_static_pad(filter, "src");
        if (!chain->pad || !gst_element_link_many(source, payloader, filter, NULL) ||
            gst_pad_link(out, chain->pad) != GST_PAD_LINK_OK)
                return -EIO;
        send_again(chain->pad);
        chain->source = gst_object_ref(GST_APP_SRC(source));
        chain->broken = true;
        first = gst_element_get_static_pad(source, "src");
        gst_pad_add_probe(first, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_upstream, chain,
                          release_sender);
        gst_element_sync_state_with_parent(filter);
        gst_element_sync_state_with_parent(payloader);
        gst_element_sync_state_with_parent(source);
        return 0;
}

bool video_send_chain_push(VideoSendChain *chain, GstBuffer *buffer)
{
        bool key = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);

        if (!chain->source || (chain->broken && !key))
                return false;
        /*
         * If the queue is full, this picture is dropped, and so are all that depend on it, up to
         * the next key frame.
         */
        chain->broken = gst_app_src_get_current_level_buffers(chain->source) >= WAITING_MAX;
        if (chain->broken)
                return false;

        GstBuffer *own = gst_buffer_copy(buffer);
        GST_BUFFER_PTS(own) = GST_BUFFER_DTS(own) = GST_CLOCK_TIME_NONE;
        gst_app_src_push_buffer(chain->source, own);
        return true;
}

void video_send_chain_done(VideoSendChain *chain)
{
        g_clear_object(&chain->source);
        g_clear_object(&chain->pad);
}

bool video_receive_chain_takes(GstPad *pad)
{
        g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
        const GstStructure *structure;

        if (!caps)
                caps = gst_pad_query_caps(pad, NULL);
        if (gst_caps_is_empty(caps) || gst_caps_is_any(caps))
                return false;
        structure = gst_caps_get_structure(caps, 0);
        return g_strcmp0(gst_structure_get_string(structure, "encoding-name"), "VP8") == 0;
}

static GstFlowReturn on_picture(GstAppSink *sink, void *data)
{
        VideoReceiveChain *chain = data;
        g_autoptr(GstSample) sample = gst_app_sink_pull_sample(sink);

        if (sample)
                chain->picture(chain->userdata, gst_sample_get_buffer(sample));
        return GST_FLOW_OK;
}

static void release_receiver(void *data)
{
        VideoReceiveChain *chain = data;

        chain->release(chain->userdata);
}

int video_receive_chain_build(VideoReceiveChain *chain, GstElement *pipeline, GstPad *pad)
{
        GstAppSinkCallbacks callbacks = {.new_sample = on_picture};
        GstElement *depayloader, *sink;
        g_autoptr(GstPad) in = NULL;

        if (chain->pad)
                return -EBUSY;
        depayloader = add_element(pipeline, "rtpvp8depay");
        sink = add_element(pipeline, "appsink");
        if (!depayloader || !sink)
                return -EIO;
        g_object_set(depayloader, "request-keyframe", TRUE, "wait-for-keyframe", TRUE, NULL);
        g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, NULL);
        in = gst_element_get_static_pad(depayloader, "sink");
        /* No packet can arrive yet: the thread that adds the pad is the one that delivers them. */
        if (!gst_element_link(depayloader, sink) || gst_pad_link(pad, in) != GST_PAD_LINK_OK)
                return -EIO;
        g_atomic_pointer_set(&chain->pad, gst_object_ref(pad));
        gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, chain, release_receiver);
        gst_element_sync_state_with_parent(sink);
        gst_element_sync_state_with_parent(depayloader);
        return 0;
}

/*
 * Pictures come only when something moves, so a packet that does not come when expected is not
 * lost. When it was treated as lost, that caused two requests for key frames a second.
 */
void video_receive_chain_tune(GstElement *buffer)
{
        g_object_set(buffer, "latency", LATENCY_MS, "rtx-next-seqnum", FALSE, NULL);
}

void video_receive_chain_request_key(VideoReceiveChain *chain)
{
        GstPad *pad = g_atomic_pointer_get(&chain->pad);

        if (pad)
                gst_pad_send_event(pad, gst_video_event_new_upstream_force_key_unit(
                                                GST_CLOCK_TIME_NONE, TRUE, 0));
}

void video_receive_chain_done(VideoReceiveChain *chain)
{
        g_clear_object(&chain->pad);
}

bool video_key_frame_size(const uint8_t *data, size_t size, uint32_t *ret_width,
                          uint32_t *ret_height)
{
        static const uint8_t start_code[] = {0x9d, 0x01, 0x2a};

        if (size < 10 || (data[0] & 1) || memcmp(data + 3, start_code, sizeof(start_code)) != 0)
                return false;
        /* 14 bits each, little-endian; the upper two bits ask the viewer to scale. */
        *ret_width = (data[6] | (uint32_t)data[7] << 8) & 0x3fff;
        *ret_height = (data[8] | (uint32_t)data[9] << 8) & 0x3fff;
        return *ret_width > 0 && *ret_height > 0;
}
