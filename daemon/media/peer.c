/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/log.h"
#include "media/ice.h"
#include "media/peer-internal.h"

#define JITTER_BUFFER_MS 40        /* 200 by default: the first sound came 150 ms later */
#define LOOK_S 1                   /* how often the connection is looked at */
#define LOST_US (3 * USEC_PER_SEC) /* 300 frames, silent ones among them: it is interrupted */
#define CONNECT_MAX_US (30 * USEC_PER_SEC) /* ICE's checks have long been through by then */

static void peer_done(void *data)
{
        Peer *peer = data;

        if (peer->offer)
                gst_webrtc_session_description_free(peer->offer);
}

void peer_unref(void *peer)
{
        g_atomic_rc_box_release_full(peer, peer_done);
}

static void set_state(Peer *peer, PeerState state)
{
        if (peer->state == state || peer->state == PEER_FAILED)
                return;
        peer->state = state;
        peer->events->changed(peer->userdata, peer);
}

void peer_fail(Peer *peer, const char *text)
{
        if (peer->state == PEER_FAILED)
                return;
        set_state(peer, PEER_FAILED);
        peer->events->fault(peer->userdata, peer, text);
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
                peer_fail(peer, "no way through the network to the other side was found");
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
                peer_fail(peer, "the other side did not connect in time");
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
        peer_fail(peer, "the media pipeline failed");
        return G_SOURCE_CONTINUE;
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

void peer_handle(Peer *peer, const PeerEvent *event)
{
        switch (event->type) {
        case PEER_EVENT_CAPS:
                peer_caps_known(peer);
                break;
        case PEER_EVENT_SIGNAL:
                peer->events->signal(peer->userdata, peer, &event->signal);
                break;
        case PEER_EVENT_CONNECTION:
                connection_changed(peer, event->connection);
                break;
        case PEER_EVENT_SPEAKING:
                peer->speaking = event->speaking;
                peer->events->changed(peer->userdata, peer);
                break;
        case PEER_EVENT_STATS:
                conclude_stats(peer, &event->counted);
                break;
        case PEER_EVENT_FAILED:
                peer_fail(peer, event->text);
                break;
        }
}

/* ---- beginning and end ---- */

static int build_pipeline(Peer *peer, const PeerOptions *options)
{
        g_autoptr(GstBus) bus = NULL;
        int r;

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
        peer_listen(peer);
        peer->receive.userdata = g_atomic_rc_box_acquire(peer);
        peer->receive.release = peer_unref;
        r = receive_chain_build(&peer->receive, peer->pipeline);
        if (r < 0)
                peer_unref(peer);
        return r;
}

static int open_playback(Peer *peer, const PeerOptions *options)
{
        const Party *party = &peer->participant.party;
        _cleanup_free_ char *description =
                str_printf("%s, call", str_empty(party->name) ? party->uid : party->name);
        int r;

        if (!description)
                return -ENOMEM;
        snprintf(peer->node, sizeof(peer->node), "tring.%s.playback.%s", options->session,
                 party->uid);
        r = call_sound_play(options->sound, peer->node, description, &peer->ring);
        if (r == 0)
                peer->sound = options->sound;
        return r;
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
                r = peer_build_send_chain(peer, CHAIN_PAYLOAD);
        if (r == 0 && options->sound && peer->voice)
                r = open_playback(peer, options);
        if (r < 0)
                return r;
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
        if (peer->sound)
                call_sound_stop(peer->sound, &peer->ring);
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
                .media = {.connected = peer->state == PEER_CONNECTED, .speaking = peer->speaking},
        };
        STR_SET(ret->id, peer->participant.id);
        STR_SET(ret->media.audio_node, peer->node);
}
