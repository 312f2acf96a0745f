/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/video-encoder.h"

#include <errno.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include "base/log.h"
#include "media/preload.h"

#define CPU_USED 8       /* of -16…16, quick against pretty: 640×480 at 30 Hz is 8 % of a core */
#define KEY_DISTANCE 300 /* 10 s: a receiver that needs one sooner asks for it */
#define THREADS 2        /* for screens; a camera's picture uses one */
#define WAITING_MAX 2    /* pictures queued for the encoder; more would only be late */
#define STATIC_THRESHOLD 1   /* skips blocks that do not change at all */
#define BITRATE_FIRST 600000 /* bit/s, until video-rate.c knows better */
/* Larger screens are scaled down; odd and small sizes stay as they are. */
#define RAW_CAPS "video/x-raw,format=I420,width=[2,1920],height=[2,1080],pixel-aspect-ratio=1/1"

struct VideoEncoder {
        GstElement *pipeline, *encoder; /* a counted reference, which owns the rest */
        GstAppSrc *source;
        VideoEncoded encoded;
        void *userdata;
};

static GstFlowReturn on_sample(GstAppSink *sink, void *data)
{
        VideoEncoder *encoder = data;
        g_autoptr(GstSample) sample = gst_app_sink_pull_sample(sink);

        if (sample)
                encoder->encoded(encoder->userdata, gst_sample_get_buffer(sample));
        return GST_FLOW_OK;
}

static void configure_encoder(GstElement *encoder)
{
        g_object_set(encoder, "deadline", (gint64)1, "cpu-used", CPU_USED, "keyframe-max-dist",
                     KEY_DISTANCE, "threads", THREADS, "lag-in-frames", 0, "static-threshold",
                     STATIC_THRESHOLD, "target-bitrate", BITRATE_FIRST, "min-quantizer", 4,
                     "max-quantizer", 56, "undershoot", 95, "buffer-size", 1000,
                     "buffer-initial-size", 500, "buffer-optimal-size", 600, NULL);
        gst_util_set_object_arg(G_OBJECT(encoder), "end-usage", "cbr");
        gst_util_set_object_arg(G_OBJECT(encoder), "error-resilient", "default");
        /* Pictures come irregularly, and carry their times. */
        gst_util_set_object_arg(G_OBJECT(encoder), "timebase", "1/90000");
}

static GstElement *add_element(VideoEncoder *encoder, const char *factory)
{
        GstElement *element = gst_element_factory_make(factory, NULL);

        if (element)
                gst_bin_add(GST_BIN(encoder->pipeline), element);
        return element;
}

/* In whatever thread. */
static GstBusSyncReply on_message(GstBus *bus, GstMessage *message, void *data)
{
        g_autoptr(GError) error = NULL;

        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
                gst_message_parse_error(message, &error, NULL);
                log_fields(LOG_WARNING, "pictures cannot be encoded", "ERROR=%s", error->message,
                           NULL);
        }
        return GST_BUS_DROP;
}

static int build(VideoEncoder *encoder)
{
        GstAppSinkCallbacks callbacks = {.new_sample = on_sample};
        GstElement *source = add_element(encoder, "appsrc");
        GstElement *scale = add_element(encoder, "videoconvertscale");
        GstElement *filter = add_element(encoder, "capsfilter");
        GstElement *sink = add_element(encoder, "appsink");
        g_autoptr(GstCaps) caps = gst_caps_from_string(RAW_CAPS);
        g_autoptr(GstBus) bus = gst_element_get_bus(encoder->pipeline);

        gst_bus_set_sync_handler(bus, on_message, NULL, NULL);
        encoder->encoder = add_element(encoder, "vp8enc");
        if (!source || !scale || !filter || !encoder->encoder || !sink)
                return -EIO;
        encoder->source = GST_APP_SRC(source);
        g_object_set(source, "format", GST_FORMAT_TIME, "is-live", TRUE, "do-timestamp", TRUE,
                     "max-buffers", (guint64)WAITING_MAX, "max-bytes", (guint64)0, NULL);
        gst_util_set_object_arg(G_OBJECT(source), "leaky-type", "downstream");
        g_object_set(filter, "caps", caps, NULL);
        configure_encoder(encoder->encoder);
        g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, NULL);
        gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, encoder, NULL);
        if (!gst_element_link_many(source, scale, filter, encoder->encoder, sink, NULL))
                return -EIO;
        if (gst_element_set_state(encoder->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
                return -EIO;
        return 0;
}

int video_encoder_new(VideoEncoded encoded, void *userdata, VideoEncoder **ret)
{
        _cleanup_(video_encoder_freep) VideoEncoder *encoder = calloc(1, sizeof(*encoder));
        int r;

        if (!encoder)
                return -ENOMEM;
        encoder->encoded = encoded;
        encoder->userdata = userdata;
        encoder->pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
        r = preload_video();
        if (r == 0)
                r = build(encoder);
        if (r < 0) {
                log_error("GStreamer lacks an element that pictures need");
                return -EIO;
        }
        *ret = TAKE_PTR(encoder);
        return 0;
}

VideoEncoder *video_encoder_free(VideoEncoder *encoder)
{
        if (!encoder)
                return NULL;
        gst_element_set_state(encoder->pipeline, GST_STATE_NULL);
        gst_object_unref(encoder->pipeline);
        free(encoder);
        return NULL;
}

void video_encoder_push(VideoEncoder *encoder, GstSample *sample)
{
        gst_app_src_push_sample(encoder->source, sample);
}

void video_encoder_set_bitrate(VideoEncoder *encoder, uint32_t bitrate)
{
        g_object_set(encoder->encoder, "target-bitrate", (gint)bitrate, NULL);
}

void video_encoder_request_key(VideoEncoder *encoder)
{
        g_autoptr(GstPad) pad = gst_element_get_static_pad(encoder->encoder, "src");

        gst_pad_send_event(
                pad, gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
}
