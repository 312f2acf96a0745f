/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/video-decoder.h"

#include <errno.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include "base/log.h"
#include "media/preload.h"
#include "media/video-chain.h"

struct VideoDecoder {
        GstElement *pipeline; /* counted; owns the rest */
        GstAppSrc *source;
        VideoDecoded decoded;
        void *userdata;
};

static GstFlowReturn on_sample(GstAppSink *sink, void *data)
{
        VideoDecoder *decoder = data;
        g_autoptr(GstSample) sample = gst_app_sink_pull_sample(sink);

        if (sample)
                decoder->decoded(decoder->userdata, sample);
        return GST_FLOW_OK;
}

static int build(VideoDecoder *decoder)
{
        GstAppSinkCallbacks callbacks = {.new_sample = on_sample};
        GstElement *source = gst_element_factory_make("appsrc", NULL);
        GstElement *vp8dec = gst_element_factory_make("vp8dec", NULL);
        GstElement *sink = gst_element_factory_make("appsink", NULL);
        g_autoptr(GstCaps) caps = gst_caps_from_string(VIDEO_ENCODED_CAPS);

        if (!source || !vp8dec || !sink) {
                g_clear_object(&source);
                g_clear_object(&vp8dec);
                g_clear_object(&sink);
                return -EIO;
        }
        gst_bin_add_many(GST_BIN(decoder->pipeline), source, vp8dec, sink, NULL);
        decoder->source = GST_APP_SRC(source);
        g_object_set(source, "caps", caps, "format", GST_FORMAT_TIME, "is-live", TRUE,
                     "do-timestamp", TRUE, "max-bytes", (guint64)0, NULL);
        g_object_set(vp8dec, "threads", 1, NULL);
        g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, NULL);
        gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, decoder, NULL);
        if (!gst_element_link_many(source, vp8dec, sink, NULL))
                return -EIO;
        if (gst_element_set_state(decoder->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
                return -EIO;
        return 0;
}

int video_decoder_new(VideoDecoded decoded, void *userdata, VideoDecoder **ret)
{
        _cleanup_(video_decoder_freep) VideoDecoder *decoder = calloc(1, sizeof(*decoder));
        int r;

        if (!decoder)
                return -ENOMEM;
        decoder->decoded = decoded;
        decoder->userdata = userdata;
        decoder->pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
        r = preload_video();
        if (r == 0)
                r = build(decoder);
        if (r < 0) {
                log_error("GStreamer lacks an element that pictures need");
                return -EIO;
        }
        *ret = TAKE_PTR(decoder);
        return 0;
}

VideoDecoder *video_decoder_free(VideoDecoder *decoder)
{
        if (!decoder)
                return NULL;
        gst_element_set_state(decoder->pipeline, GST_STATE_NULL);
        gst_object_unref(decoder->pipeline);
        free(decoder);
        return NULL;
}

void video_decoder_push(VideoDecoder *decoder, GstBuffer *buffer)
{
        GstBuffer *own = gst_buffer_copy(buffer);

        GST_BUFFER_PTS(own) = GST_BUFFER_DTS(own) = GST_CLOCK_TIME_NONE;
        gst_app_src_push_buffer(decoder->source, own);
}
