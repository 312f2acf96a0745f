/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/video-codec.h"

#include <errno.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include "base/log.h"
#include "media/preload.h"
#include "media/video-chain.h"

#define SOURCE "appsrc name=source format=time is-live=true do-timestamp=true max-bytes=0 "
#define SINK " ! appsink name=sink sync=false async=false enable-last-sample=false"

/*
 * At most two pictures wait for the encoder: more would only be late. Larger screens are scaled
 * down; odd and small sizes stay as they are.
 *
 * cpu-used (-16…16) trades quality for speed: at 8, 640×480 at 30 Hz takes 8 % of a core. The
 * second thread is for screens; a camera's picture uses one. A key frame comes every 10 s, since a
 * receiver that needs one sooner asks for it. static-threshold skips blocks that do not change at
 * all. target-bitrate holds until video-rate.c computes another. timebase is fine-grained, since
 * pictures come at irregular times.
 */
static const char encoder_pipeline[] =
        SOURCE "max-buffers=2 leaky-type=downstream ! videoconvertscale ! "
               "video/x-raw,format=I420,width=[2,1920],height=[2,1080],pixel-aspect-ratio=1/1 ! "
               "vp8enc name=codec deadline=1 cpu-used=8 threads=2 keyframe-max-dist=300 "
               "lag-in-frames=0 static-threshold=1 target-bitrate=600000 end-usage=cbr "
               "min-quantizer=4 max-quantizer=56 undershoot=95 buffer-size=1000 "
               "buffer-initial-size=500 buffer-optimal-size=600 error-resilient=default "
               "timebase=1/90000" SINK;

static const char decoder_pipeline[] =
        SOURCE "caps=\"" VIDEO_ENCODED_CAPS "\" ! vp8dec name=codec threads=1" SINK;

/* One damaged picture does not end a camera. */
static const char unpacker_pipeline[] =
        SOURCE "max-buffers=2 leaky-type=downstream caps=image/jpeg,parsed=true ! "
               "jpegdec name=codec max-errors=-1" SINK;

struct VideoCodec {
        GstElement *pipeline, *codec; /* references */
        GstAppSrc *source;            /* likewise */
        VideoCodecPicture picture;
        void *userdata;
};

static GstFlowReturn on_sample(GstAppSink *sink, void *data)
{
        VideoCodec *codec = data;
        g_autoptr(GstSample) sample = gst_app_sink_pull_sample(sink);

        if (sample)
                codec->picture(codec->userdata, sample);
        return GST_FLOW_OK;
}

/* In any thread. */
static GstBusSyncReply on_message(GstBus *bus, GstMessage *message, void *data)
{
        g_autoptr(GError) error = NULL;

        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
                gst_message_parse_error(message, &error, NULL);
                log_fields(LOG_WARNING, "cannot encode or decode pictures", "ERROR=%s",
                           error->message, NULL);
        }
        return GST_BUS_DROP;
}

static int build(VideoCodec *codec, const char *description)
{
        GstAppSinkCallbacks callbacks = {.new_sample = on_sample};
        g_autoptr(GError) error = NULL;
        g_autoptr(GstBus) bus = NULL;
        g_autoptr(GstElement) sink = NULL;

        if (preload_video() < 0)
                return -EIO;
        codec->pipeline =
                gst_parse_launch_full(description, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
        if (!codec->pipeline) {
                log_error("cannot build a pipeline for pictures: %s", error->message);
                return -EIO;
        }
        gst_object_ref_sink(codec->pipeline);
        bus = gst_element_get_bus(codec->pipeline);
        gst_bus_set_sync_handler(bus, on_message, NULL, NULL);
        codec->codec = gst_bin_get_by_name(GST_BIN(codec->pipeline), "codec");
        codec->source = GST_APP_SRC(gst_bin_get_by_name(GST_BIN(codec->pipeline), "source"));
        sink = gst_bin_get_by_name(GST_BIN(codec->pipeline), "sink");
        gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, codec, NULL);
        return gst_element_set_state(codec->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE
                       ? -EIO
                       : 0;
}

static int codec_new(const char *description, VideoCodecPicture picture, void *userdata,
                     VideoCodec **ret)
{
        _cleanup_(video_codec_freep) VideoCodec *codec = calloc(1, sizeof(*codec));
        int r;

        if (!codec)
                return -ENOMEM;
        codec->picture = picture;
        codec->userdata = userdata;
        r = build(codec, description);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(codec);
        return 0;
}

int video_encoder_new(VideoCodecPicture picture, void *userdata, VideoCodec **ret)
{
        return codec_new(encoder_pipeline, picture, userdata, ret);
}

int video_decoder_new(VideoCodecPicture picture, void *userdata, VideoCodec **ret)
{
        return codec_new(decoder_pipeline, picture, userdata, ret);
}

int video_unpacker_new(VideoCodecPicture picture, void *userdata, VideoCodec **ret)
{
        return codec_new(unpacker_pipeline, picture, userdata, ret);
}

VideoCodec *video_codec_free(VideoCodec *codec)
{
        if (!codec)
                return NULL;
        if (codec->pipeline)
                gst_element_set_state(codec->pipeline, GST_STATE_NULL);
        g_clear_object(&codec->source);
        g_clear_object(&codec->codec);
        g_clear_object(&codec->pipeline);
        free(codec);
        return NULL;
}

void video_encoder_push(VideoCodec *encoder, GstSample *sample)
{
        gst_app_src_push_sample(encoder->source, sample);
}

void video_encoder_set_bitrate(VideoCodec *encoder, uint32_t bitrate)
{
        g_object_set(encoder->codec, "target-bitrate", (gint)bitrate, NULL);
}

void video_encoder_request_key(VideoCodec *encoder)
{
        g_autoptr(GstPad) pad = gst_element_get_static_pad(encoder->codec, "src");

        gst_pad_send_event(
                pad, gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
}

void video_decoder_push(VideoCodec *decoder, GstBuffer *buffer)
{
        GstBuffer *own = gst_buffer_copy(buffer);

        GST_BUFFER_PTS(own) = GST_BUFFER_DTS(own) = GST_CLOCK_TIME_NONE;
        gst_app_src_push_buffer(decoder->source, own);
}
