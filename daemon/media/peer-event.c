/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/peer-internal.h"

static void event_free(void *data)
{
        PeerEvent *event = data;

        media_signal_done(&event->signal);
        peer_unref(event->peer);
        g_free(event);
}

static gboolean deliver(void *data)
{
        PeerEvent *event = data;

        if (!event->peer->closed)
                peer_handle(event->peer, event);
        return G_SOURCE_REMOVE;
}

PeerEvent *peer_event_new(PeerConnection *peer, PeerEventType type)
{
        PeerEvent *event = g_new0(PeerEvent, 1);

        event->type = type;
        event->peer = g_atomic_rc_box_acquire(peer);
        return event;
}

void peer_event_post(PeerEvent *event)
{
        g_idle_add_full(G_PRIORITY_DEFAULT, deliver, event, event_free);
}

void peer_post_failure(PeerConnection *peer, const char *text)
{
        PeerEvent *event = peer_event_new(peer, PEER_EVENT_FAILED);

        str_printable(event->text, sizeof(event->text), text);
        peer_event_post(event);
}

static void unref_closure(void *peer, GClosure *closure)
{
        peer_unref(peer);
}

void peer_connect_signal(PeerConnection *peer, void *object, const char *signal, GCallback callback)
{
        g_signal_connect_data(object, signal, callback, g_atomic_rc_box_acquire(peer),
                              unref_closure, 0);
}

static void on_caps(GstPad *pad, GParamSpec *spec, void *data)
{
        if (gst_pad_has_current_caps(pad))
                peer_event_post(peer_event_new(data, PEER_EVENT_CAPS));
}

void peer_watch_caps(PeerConnection *peer, GstPad *pad)
{
        peer_connect_signal(peer, pad, "notify::caps", G_CALLBACK(on_caps));
        on_caps(pad, NULL, peer);
}

GstPromise *peer_promise_new(PeerConnection *peer, GstPromiseChangeFunc kept)
{
        return gst_promise_new_with_change_func(kept, g_atomic_rc_box_acquire(peer), peer_unref);
}

const GstStructure *peer_promise_reply(GstPromise *promise)
{
        if (gst_promise_wait(promise) != GST_PROMISE_RESULT_REPLIED)
                return NULL;
        return gst_promise_get_reply(promise);
}

static void on_candidate(GstElement *webrtc, guint mline, char *line, void *data)
{
        PeerEvent *event = peer_event_new(data, PEER_EVENT_SIGNAL);

        event->signal.type = MEDIA_SIGNAL_CANDIDATE;
        event->signal.mline = mline;
        event->signal.text = g_strdup(line);
        peer_event_post(event);
}

static void on_connection(GstElement *webrtc, GParamSpec *spec, void *data)
{
        PeerEvent *event = peer_event_new(data, PEER_EVENT_CONNECTION);

        g_object_get(webrtc, "connection-state", &event->connection, NULL);
        peer_event_post(event);
}

static void on_gathering(GstElement *webrtc, GParamSpec *spec, void *data)
{
        GstWebRTCICEGatheringState state;

        g_object_get(webrtc, "ice-gathering-state", &state, NULL);
        if (state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE)
                peer_event_post(peer_event_new(data, PEER_EVENT_GATHERED));
}

/* Discards media that nothing here uses: an unlinked pad would stop the whole connection. */
static void discard(PeerConnection *peer, GstPad *pad)
{
        GstElement *sink = gst_element_factory_make("fakesink", NULL);
        g_autoptr(GstPad) sink_pad = NULL;

        if (!sink)
                return;
        g_object_set(sink, "sync", FALSE, "async", FALSE, NULL);
        gst_bin_add(GST_BIN(peer->pipeline), sink);
        gst_element_sync_state_with_parent(sink);
        sink_pad = gst_element_get_static_pad(sink, "sink");
        gst_pad_link(pad, sink_pad);
}

static void on_pad(GstElement *webrtc, GstPad *pad, void *data)
{
        PeerConnection *peer = data;

        if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC)
                return;
        if (peer_video_link(peer, pad) < 0)
                discard(peer, pad);
}

void peer_listen(PeerConnection *peer)
{
        peer_connect_signal(peer, peer->webrtc, "on-ice-candidate", G_CALLBACK(on_candidate));
        peer_connect_signal(peer, peer->webrtc, "notify::connection-state",
                            G_CALLBACK(on_connection));
        peer_connect_signal(peer, peer->webrtc, "notify::ice-gathering-state",
                            G_CALLBACK(on_gathering));
        peer_connect_signal(peer, peer->webrtc, "pad-added", G_CALLBACK(on_pad));
}

static void post_counted(PeerConnection *peer, PeerEventType type)
{
        PeerEvent *event = peer_event_new(peer, type);
        const StatsSources sources = {
                .voice_in = atomic_load(&peer->voice_source),
                .voice_out = peer->send.ssrc,
                .picture_in = stats_source_of(g_atomic_pointer_get(&peer->video.receive.pad)),
                .picture_out = stats_source_of(peer->video.send.pad),
        };

        stats_read(peer->rtpbin, &sources, &event->counted);
        peer_event_post(event);
}

void peer_request_stats(PeerConnection *peer)
{
        post_counted(peer, PEER_EVENT_STATS);
}

void peer_request_path(PeerConnection *peer)
{
        post_counted(peer, PEER_EVENT_PATH);
}
