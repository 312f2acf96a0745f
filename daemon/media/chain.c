/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/chain.h"

#include <errno.h>

#include "base/cleanup.h"
#include "media/sound.h"

#define BITRATE 32000                   /* bit/s: full-band speech without artefacts */
#define COMPLEXITY 5                    /* of 10: the rest costs CPU and is not heard in speech */
#define BEHIND_MAX (200 * GST_MSECOND)  /* the frames had a gap: go on by the clock */
#define WAITING_MAX (100 * GST_MSECOND) /* in the encoder's queue; more is stale */
#define RAW_CAPS "audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved"
/* Without clock-rate and encoding-params Chromium refuses the m-line. */
#define RTP_CAPS                                                             \
        "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000," \
        "encoding-params=(string)2,payload=%u"

G_STATIC_ASSERT(SOUND_RATE == 48000);

/* Makes it in the pipeline, which owns it. NULL: there is no such element. */
static GstElement *add_element(GstElement *pipeline, const char *factory)
{
        GstElement *element = gst_element_factory_make(factory, NULL);

        if (element)
                gst_bin_add(GST_BIN(pipeline), element);
        return element;
}

static void set_caps(GstElement *element, const char *text)
{
        GstCaps *caps = gst_caps_from_string(text);

        g_object_set(element, "caps", caps, NULL);
        gst_caps_unref(caps);
}

static void configure_source(GstElement *source)
{
        set_caps(source, RAW_CAPS);
        g_object_set(source, "format", GST_FORMAT_TIME, "is-live", TRUE, "max-time",
                     (guint64)WAITING_MAX, "max-bytes", (guint64)0, NULL);
        gst_util_set_object_arg(G_OBJECT(source), "leaky-type", "downstream");
}

static void configure_encoder(GstElement *encoder)
{
        g_object_set(encoder, "bitrate", BITRATE, "complexity", COMPLEXITY, NULL);
        gst_util_set_object_arg(G_OBJECT(encoder), "audio-type", "voice");
        gst_util_set_object_arg(G_OBJECT(encoder), "frame-size", G_STRINGIFY(SOUND_FRAME_MS));
}

int send_chain_build(SendChain *chain, GstElement *pipeline, GstElement *webrtc, unsigned payload)
{
        static const int16_t silence[SOUND_FRAME];
        GstElement *source = add_element(pipeline, "appsrc");
        GstElement *encoder = add_element(pipeline, "opusenc");
        GstElement *payloader = add_element(pipeline, "rtpopuspay");
        GstElement *filter = add_element(pipeline, "capsfilter");
        g_autofree char *caps = g_strdup_printf(RTP_CAPS, payload);
        g_autoptr(GstPad) out = NULL;

        if (!source || !encoder || !payloader || !filter)
                return -EIO;
        configure_source(source);
        configure_encoder(encoder);
        g_object_set(payloader, "pt", payload, NULL);
        set_caps(filter, caps);
        chain->pad = gst_element_request_pad_simple(webrtc, "sink_%u");
        out = gst_element_get_static_pad(filter, "src");
        if (!chain->pad || !gst_element_link_many(source, encoder, payloader, filter, NULL) ||
            gst_pad_link(out, chain->pad) != GST_PAD_LINK_OK)
                return -EIO;
        chain->source = gst_object_ref(GST_APP_SRC(source));
        gst_element_sync_state_with_parent(filter);
        gst_element_sync_state_with_parent(payloader);
        gst_element_sync_state_with_parent(encoder);
        gst_element_sync_state_with_parent(source);
        send_chain_push(chain, silence, SOUND_FRAME);
        return 0;
}

void send_chain_push(SendChain *chain, const int16_t *samples, size_t n)
{
        if (!chain->source)
                return;
        GstBuffer *buffer = gst_buffer_new_memdup(samples, n * sizeof(*samples));
        GstClockTime now = gst_element_get_current_running_time(GST_ELEMENT(chain->source));

        /* By the count of samples, not by the clock: RTP times without the jitter of threads. */
        if (GST_CLOCK_TIME_IS_VALID(now) && now > chain->next + BEHIND_MAX) {
                chain->next = now;
                GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
        }
        GST_BUFFER_PTS(buffer) = chain->next;
        GST_BUFFER_DURATION(buffer) = gst_util_uint64_scale_int(n, GST_SECOND, SOUND_RATE);
        chain->next += GST_BUFFER_DURATION(buffer);
        gst_app_src_push_buffer(chain->source, buffer);
}

void send_chain_done(SendChain *chain)
{
        g_clear_object(&chain->source);
        g_clear_object(&chain->pad);
}

static GstFlowReturn on_sample(GstAppSink *sink, void *data)
{
        ReceiveChain *chain = data;
        g_autoptr(GstSample) sample = gst_app_sink_pull_sample(sink);
        GstBuffer *buffer = sample ? gst_sample_get_buffer(sample) : NULL;
        GstMapInfo map;

        if (!buffer || !gst_buffer_map(buffer, &map, GST_MAP_READ))
                return GST_FLOW_OK;
        chain->samples(chain->userdata, (const int16_t *)map.data, map.size / sizeof(int16_t));
        gst_buffer_unmap(buffer, &map);
        return GST_FLOW_OK;
}

static void release_userdata(void *data)
{
        ReceiveChain *chain = data;

        chain->release(chain->userdata);
}

int receive_chain_build(ReceiveChain *chain, GstElement *pipeline)
{
        GstAppSinkCallbacks callbacks = {.new_sample = on_sample};
        GstElement *decoder = add_element(pipeline, "opusdec");

        chain->depayloader = add_element(pipeline, "rtpopusdepay");
        chain->sink = add_element(pipeline, "appsink");
        if (!decoder || !chain->depayloader || !chain->sink)
                return -EIO;
        /* In-band FEC would hold back a frame (20 ms) even where nothing is lost. */
        g_object_set(decoder, "plc", TRUE, "use-inband-fec", FALSE, NULL);
        set_caps(chain->sink, RAW_CAPS);
        /* The playout ring is the clock: waiting here cost 250 ms and more. Not async: there is
         * nothing to preroll with before the other side speaks. */
        g_object_set(chain->sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, NULL);
        if (!gst_element_link_many(chain->depayloader, decoder, chain->sink, NULL))
                return -EIO;
        gst_app_sink_set_callbacks(GST_APP_SINK(chain->sink), &callbacks, chain, release_userdata);
        return 0;
}

int receive_chain_link(ReceiveChain *chain, GstPad *pad)
{
        g_autoptr(GstPad) sink = gst_element_get_static_pad(chain->depayloader, "sink");

        if (gst_pad_is_linked(sink))
                return -EBUSY;
        return gst_pad_link(pad, sink) == GST_PAD_LINK_OK ? 0 : -EINVAL;
}
