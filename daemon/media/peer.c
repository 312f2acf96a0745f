/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/peer.h"

#include <errno.h>

#include "base/log.h"
#include "media/chain.h"
#include "media/description.h"
#include "media/ice.h"
#include "media/playback.h"
#include "media/speech.h"
#include "media/stats.h"

#define JITTER_BUFFER_MS 40        /* 200 by default: the first sound came 150 ms later */
#define LOOK_S 1                   /* how often the connection is looked at */
#define LOST_US (3 * USEC_PER_SEC) /* 300 frames, silent ones among them: it is interrupted */
#define CONNECT_MAX_US (30 * USEC_PER_SEC) /* ICE's checks have long been through by then */

/* Counted (g_atomic_rc_box): GStreamer's threads and events on their way hold on to it. */
struct Peer {
        Participant participant;
        PeerState state;
        bool closed; /* freed by its owner; events that still come are dropped */
        bool offers;
        const PeerEvents *events;
        void *userdata;
        char node[NODE_NAME_MAX + 1];

        GstElement *pipeline, *webrtc; /* counted; owned by the pipeline */
        guint bus_watch, timer;
        SendChain send;
        ReceiveChain receive;
        GstWebRTCSessionDescription *offer; /* owned: waits for the send chain's caps */
        bool negotiated; /* a remote offer after this one asks for no new chain */
        usec_t began;

        Ring ring;
        Playback *playback;
        Voice *voice;
        Speech speech; /* of the receiving thread */
        bool speaking;
        _Atomic usec_t arrived; /* the last packet */
        StatsCounters counted;
};

typedef enum EventType {
        EVENT_CAPS,
        EVENT_SIGNAL,
        EVENT_CONNECTION,
        EVENT_SPEAKING,
        EVENT_STATS,
        EVENT_FAILED,
} EventType;

typedef struct Event {
        EventType type;
        Peer *peer; /* counted */
        MediaSignal signal;
        GstWebRTCPeerConnectionState connection;
        bool speaking;
        StatsCounters counted;
        char text[MESSAGE_TEXT_MAX + 1];
} Event;

static void peer_done(void *data)
{
        Peer *peer = data;

        if (peer->offer)
                gst_webrtc_session_description_free(peer->offer);
}

static void peer_unref(void *peer)
{
        g_atomic_rc_box_release_full(peer, peer_done);
}

static void peer_unref_closure(void *peer, GClosure *closure)
{
        peer_unref(peer);
}

static void set_state(Peer *peer, PeerState state)
{
        if (peer->state == state || peer->state == PEER_FAILED)
                return;
        peer->state = state;
        peer->events->changed(peer->userdata, peer);
}

static void fail(Peer *peer, const char *text)
{
        if (peer->state == PEER_FAILED)
                return;
        set_state(peer, PEER_FAILED);
        peer->events->fault(peer->userdata, peer, text);
}

/* ---- from GStreamer's threads to the main loop ---- */

static void event_free(void *data)
{
        Event *event = data;

        media_signal_done(&event->signal);
        peer_unref(event->peer);
        g_free(event);
}

static gboolean deliver(void *data);

static Event *event_new(Peer *peer, EventType type)
{
        Event *event = g_new0(Event, 1);

        event->type = type;
        event->peer = g_atomic_rc_box_acquire(peer);
        return event;
}

static void event_post(Event *event)
{
        g_idle_add_full(G_PRIORITY_DEFAULT, deliver, event, event_free);
}

static void post_failure(Peer *peer, const char *text)
{
        Event *event = event_new(peer, EVENT_FAILED);

        str_printable(event->text, sizeof(event->text), text);
        event_post(event);
}

static void on_caps(GstPad *pad, GParamSpec *spec, void *data)
{
        if (gst_pad_has_current_caps(pad))
                event_post(event_new(data, EVENT_CAPS));
}

static void on_candidate(GstElement *webrtc, guint mline, char *line, void *data)
{
        Event *event = event_new(data, EVENT_SIGNAL);

        event->signal.type = MEDIA_SIGNAL_CANDIDATE;
        event->signal.mline = mline;
        event->signal.text = g_strdup(line);
        event_post(event);
}

static void on_connection(GstElement *webrtc, GParamSpec *spec, void *data)
{
        Event *event = event_new(data, EVENT_CONNECTION);

        g_object_get(webrtc, "connection-state", &event->connection, NULL);
        event_post(event);
}

static GstPadProbeReturn on_packet(GstPad *pad, GstPadProbeInfo *info, void *data)
{
        atomic_store(&((Peer *)data)->arrived, clock_boottime());
        return GST_PAD_PROBE_OK;
}

/* What nobody here wants is thrown away: a pad without a taker stops the whole connection. */
static void discard(Peer *peer, GstPad *pad)
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
        Peer *peer = data;

        if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC)
                return;
        if (receive_chain_link(&peer->receive, pad) < 0) {
                discard(peer, pad);
                return;
        }
        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_packet, g_atomic_rc_box_acquire(peer),
                          peer_unref);
}

static void on_samples(void *data, const int16_t *samples, size_t n)
{
        Peer *peer = data;

        if (!peer->voice)
                send_chain_push(&peer->send, samples, n);
        else
                ring_write(&peer->ring, samples, n);
        if (speech_feed(&peer->speech, samples, n)) {
                Event *event = event_new(peer, EVENT_SPEAKING);

                event->speaking = peer->speech.speaking;
                event_post(event);
        }
}

static void speak(void *data, const int16_t *samples)
{
        Peer *peer = data;

        send_chain_push(&peer->send, samples, SOUND_FRAME);
}

/* ---- offer and answer ---- */

/* A promise that holds on to the peer and tells it when it has been kept or broken. */
static GstPromise *promise_new(Peer *peer, GstPromiseChangeFunc kept)
{
        return gst_promise_new_with_change_func(kept, g_atomic_rc_box_acquire(peer), peer_unref);
}

static const GstStructure *promise_reply(GstPromise *promise)
{
        if (gst_promise_wait(promise) != GST_PROMISE_RESULT_REPLIED)
                return NULL;
        return gst_promise_get_reply(promise);
}

static void on_description_taken(GstPromise *promise, void *data)
{
        const GstStructure *reply = promise_reply(promise);

        if (reply && gst_structure_has_field(reply, "error"))
                post_failure(data, "the other side's session description cannot be used");
        gst_promise_unref(promise);
}

static void on_description_made(GstPromise *promise, void *data)
{
        Peer *peer = data;
        const GstStructure *reply = promise_reply(promise);
        g_autoptr(GstWebRTCSessionDescription) made = NULL;

        if (reply)
                gst_structure_get(reply, peer->offers ? "offer" : "answer",
                                  GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &made, NULL);
        if (made) {
                Event *event = event_new(peer, EVENT_SIGNAL);

                event->signal.type = peer->offers ? MEDIA_SIGNAL_OFFER : MEDIA_SIGNAL_ANSWER;
                event->signal.text = gst_sdp_message_as_text(made->sdp);
                /* Before the candidates, which setting it sets free. */
                event_post(event);
                g_signal_emit_by_name(peer->webrtc, "set-local-description", made, NULL);
        } else {
                post_failure(peer, "no session description could be made");
        }
        gst_promise_unref(promise);
}

static void make_offer(Peer *peer)
{
        g_signal_emit_by_name(peer->webrtc, "create-offer", NULL,
                              promise_new(peer, on_description_made));
}

static void take_description(Peer *peer, GstWebRTCSessionDescription *description)
{
        g_signal_emit_by_name(peer->webrtc, "set-remote-description", description,
                              promise_new(peer, on_description_taken));
}

static void make_answer(Peer *peer)
{
        take_description(peer, peer->offer);
        g_clear_pointer(&peer->offer, gst_webrtc_session_description_free);
        peer->negotiated = true;
        g_signal_emit_by_name(peer->webrtc, "create-answer", NULL,
                              promise_new(peer, on_description_made));
}

static int build_send_chain(Peer *peer, unsigned payload)
{
        int r = send_chain_build(&peer->send, peer->pipeline, peer->webrtc, payload);

        if (r < 0)
                return r;
        g_signal_connect_data(peer->send.pad, "notify::caps", G_CALLBACK(on_caps),
                              g_atomic_rc_box_acquire(peer), peer_unref_closure, 0);
        if (gst_pad_has_current_caps(peer->send.pad))
                event_post(event_new(peer, EVENT_CAPS));
        if (peer->voice)
                return voice_add(peer->voice, speak, peer);
        return 0;
}

static void take_offer(Peer *peer, GstWebRTCSessionDescription *offer)
{
        int payload = description_opus_payload(offer);

        g_clear_pointer(&peer->offer, gst_webrtc_session_description_free);
        if (payload < 0) {
                gst_webrtc_session_description_free(offer);
                peer->events->fault(peer->userdata, peer, "the other side offers no Opus");
                return;
        }
        peer->offer = offer;
        if (peer->negotiated)
                make_answer(peer);
        else if (!peer->send.source && build_send_chain(peer, (unsigned)payload) < 0)
                fail(peer, "the way to the other side could not be built");
}

/* Caps come more than once; the first time matters. */
static void caps_known(Peer *peer)
{
        if (peer->negotiated)
                return;
        if (peer->offers) {
                peer->negotiated = true;
                make_offer(peer);
        } else if (peer->offer) {
                make_answer(peer);
        }
}

static void take_sdp(Peer *peer, const MediaSignal *signal)
{
        GstWebRTCSessionDescription *description;

        if ((signal->type == MEDIA_SIGNAL_ANSWER) != peer->offers) {
                peer->events->fault(
                        peer->userdata, peer,
                        "a session description came from the side whose turn it is not");
                return;
        }
        description = description_parse(peer->offers ? GST_WEBRTC_SDP_TYPE_ANSWER
                                                     : GST_WEBRTC_SDP_TYPE_OFFER,
                                        signal->text);
        if (!description) {
                peer->events->fault(peer->userdata, peer,
                                    "a session description came that is not SDP");
                return;
        }
        if (!peer->offers) {
                take_offer(peer, description);
                return;
        }
        take_description(peer, description);
        gst_webrtc_session_description_free(description);
}

void peer_signal(Peer *peer, const MediaSignal *signal)
{
        switch (signal->type) {
        case MEDIA_SIGNAL_OFFER:
        case MEDIA_SIGNAL_ANSWER:
                take_sdp(peer, signal);
                break;
        case MEDIA_SIGNAL_CANDIDATE:
                g_signal_emit_by_name(peer->webrtc, "add-ice-candidate", signal->mline,
                                      signal->text);
                break;
        case MEDIA_SIGNAL_NO_MORE_CANDIDATES:
        case MEDIA_SIGNAL_NONE:
                break;
        }
}

/* ---- how it goes ---- */

static void connection_changed(Peer *peer, GstWebRTCPeerConnectionState connection)
{
        switch (connection) {
        case GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED:
                atomic_store(&peer->arrived, clock_boottime());
                set_state(peer, PEER_CONNECTED);
                break;
        case GST_WEBRTC_PEER_CONNECTION_STATE_DISCONNECTED:
                if (peer->state == PEER_CONNECTED)
                        set_state(peer, PEER_INTERRUPTED);
                break;
        case GST_WEBRTC_PEER_CONNECTION_STATE_FAILED:
                fail(peer, "no way through the network to the other side was found");
                break;
        default:
                break;
        }
}

/* libnice does not notice that the other end has fallen silent; packets that stay away do. */
static gboolean look(void *data)
{
        Peer *peer = data;
        usec_t now = clock_boottime(), arrived = atomic_load(&peer->arrived);
        bool silent = now > arrived && now - arrived > LOST_US;

        if (peer->state == PEER_CONNECTED && silent)
                set_state(peer, PEER_INTERRUPTED);
        else if (peer->state == PEER_INTERRUPTED && !silent)
                set_state(peer, PEER_CONNECTED);
        else if (peer->state == PEER_CONNECTING && now - peer->began > CONNECT_MAX_US)
                fail(peer, "the other side did not connect in time");
        return G_SOURCE_CONTINUE;
}

static gboolean on_bus(GstBus *bus, GstMessage *message, void *data)
{
        Peer *peer = data;
        g_autoptr(GError) error = NULL;

        if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR)
                return G_SOURCE_CONTINUE;
        gst_message_parse_error(message, &error, NULL);
        log_fields(LOG_WARNING, "media pipeline failed", "PEER=%s", peer->participant.party.uid,
                   "ERROR=%s", error->message, NULL);
        fail(peer, "the media pipeline failed");
        return G_SOURCE_CONTINUE;
}

static void on_stats(GstPromise *promise, void *data)
{
        const GstStructure *reply = promise_reply(promise);
        Event *event = event_new(data, EVENT_STATS);

        if (reply)
                stats_read(reply, &event->counted);
        event_post(event);
        gst_promise_unref(promise);
}

void peer_request_stats(Peer *peer)
{
        g_signal_emit_by_name(peer->webrtc, "get-stats", NULL, promise_new(peer, on_stats));
}

static void conclude_stats(Peer *peer, const StatsCounters *counted)
{
        WorkerParticipantStats stats = {};
        unsigned delay = atomic_load_explicit(&peer->ring.delay, memory_order_relaxed);

        STR_SET(stats.id, peer->participant.id);
        stats_conclude(&peer->counted, counted, (double)delay * 1000 / SOUND_RATE, &stats);
        peer->counted = *counted;
        peer->events->stats(peer->userdata, peer, &stats);
}

static gboolean deliver(void *data)
{
        Event *event = data;
        Peer *peer = event->peer;

        if (peer->closed)
                return G_SOURCE_REMOVE;
        switch (event->type) {
        case EVENT_CAPS:
                caps_known(peer);
                break;
        case EVENT_SIGNAL:
                peer->events->signal(peer->userdata, peer, &event->signal);
                break;
        case EVENT_CONNECTION:
                connection_changed(peer, event->connection);
                break;
        case EVENT_SPEAKING:
                peer->speaking = event->speaking;
                peer->events->changed(peer->userdata, peer);
                break;
        case EVENT_STATS:
                conclude_stats(peer, &event->counted);
                break;
        case EVENT_FAILED:
                fail(peer, event->text);
                break;
        }
        return G_SOURCE_REMOVE;
}

/* ---- beginning and end ---- */

static void connect_signal(Peer *peer, const char *signal, GCallback callback)
{
        g_signal_connect_data(peer->webrtc, signal, callback, g_atomic_rc_box_acquire(peer),
                              peer_unref_closure, 0);
}

static int build_pipeline(Peer *peer, const PeerOptions *options)
{
        g_autoptr(GstBus) bus = NULL;

        peer->pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
        peer->webrtc = gst_element_factory_make("webrtcbin", NULL);
        if (!peer->webrtc)
                return -EIO;
        gst_bin_add(GST_BIN(peer->pipeline), peer->webrtc);
        g_object_set(peer->webrtc, "latency", JITTER_BUFFER_MS, NULL);
        gst_util_set_object_arg(G_OBJECT(peer->webrtc), "bundle-policy", "max-bundle");
        ice_configure(peer->webrtc, options->ice_servers, options->n_ice_servers);
        bus = gst_element_get_bus(peer->pipeline);
        peer->bus_watch = gst_bus_add_watch(bus, on_bus, peer);
        connect_signal(peer, "on-ice-candidate", G_CALLBACK(on_candidate));
        connect_signal(peer, "notify::connection-state", G_CALLBACK(on_connection));
        connect_signal(peer, "pad-added", G_CALLBACK(on_pad));
        peer->receive.samples = on_samples;
        peer->receive.userdata = g_atomic_rc_box_acquire(peer);
        peer->receive.release = peer_unref;
        return receive_chain_build(&peer->receive, peer->pipeline);
}

/* Without it the call goes on, unheard: the fault is told, and is no reason to fail. */
static void open_playback(Peer *peer, const PeerOptions *options)
{
        const Party *party = &peer->participant.party;
        _cleanup_free_ char *description =
                str_printf("%s, call", str_empty(party->name) ? party->uid : party->name);
        int r;

        snprintf(peer->node, sizeof(peer->node), "tring.%s.playback.%s", options->session,
                 party->uid);
        r = description ? playback_new(options->sound, peer->node, description, options->speaker,
                                       &peer->ring, &peer->playback)
                        : -ENOMEM;
        if (r < 0) {
                peer->node[0] = '\0';
                peer->events->fault(peer->userdata, peer, "the speaker could not be opened");
        }
}

int peer_new(const PeerOptions *options, Peer **ret)
{
        _cleanup_(peer_freep) Peer *peer = g_atomic_rc_box_new0(Peer);
        int r;

        peer->participant = *options->participant;
        peer->offers = options->offers;
        peer->events = options->events;
        peer->userdata = options->userdata;
        peer->voice = options->voice;
        peer->began = peer->counted.at = clock_boottime();
        r = build_pipeline(peer, options);
        if (r < 0) {
                log_error("GStreamer lacks an element that calls need");
                return r;
        }
        peer->timer = g_timeout_add_seconds(LOOK_S, look, peer);
        if (gst_element_set_state(peer->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
                return -EIO;
        if (peer->offers)
                r = build_send_chain(peer, CHAIN_PAYLOAD);
        if (r < 0)
                return r;
        if (options->sound && peer->voice)
                open_playback(peer, options);
        *ret = TAKE_PTR(peer);
        return 0;
}

Peer *peer_free(Peer *peer)
{
        if (!peer)
                return NULL;
        peer->closed = true;
        if (peer->voice)
                voice_remove(peer->voice, peer);
        if (peer->bus_watch)
                g_source_remove(peer->bus_watch);
        if (peer->timer)
                g_source_remove(peer->timer);
        if (peer->webrtc)
                g_signal_handlers_disconnect_by_data(peer->webrtc, peer);
        if (peer->send.pad)
                g_signal_handlers_disconnect_by_data(peer->send.pad, peer);
        gst_element_set_state(peer->pipeline, GST_STATE_NULL);
        playback_free(peer->playback);
        send_chain_done(&peer->send);
        gst_object_unref(peer->pipeline);
        peer_unref(peer);
        return NULL;
}

const Participant *peer_participant(const Peer *peer)
{
        return &peer->participant;
}

PeerState peer_state(const Peer *peer)
{
        return peer->state;
}

void peer_status(const Peer *peer, WorkerParticipantStatus *ret)
{
        *ret = (WorkerParticipantStatus){
                .connected = peer->state == PEER_CONNECTED,
                .speaking = peer->speaking,
        };
        STR_SET(ret->id, peer->participant.id);
        STR_SET(ret->audio_node, peer->node);
}
