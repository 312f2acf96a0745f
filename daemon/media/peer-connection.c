/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/log.h"
#include "media/ice.h"
#include "media/peer-internal.h"

#define JITTER_BUFFER_MS 40 /* at the default of 200, the first sound comes 150 ms later */
#define LOOK_S 1            /* between two checks of the connection */
/* A TURN server's address may still arrive after libnice has reported the end of gathering. */
#define RELAY_WAIT_US (3 * USEC_PER_SEC)
#define CONNECT_MAX_US (30 * USEC_PER_SEC) /* ICE has finished its checks long before */

static void peer_done(void *data)
{
        PeerConnection *peer = data;

        if (peer->offer)
                gst_webrtc_session_description_free(peer->offer);
        g_clear_object(&peer->rtpbin);
}

void peer_unref(void *peer)
{
        g_atomic_rc_box_release_full(peer, peer_done);
}

static void set_state(PeerConnection *peer, PeerState state)
{
        if (peer->state == state || peer->state == PEER_FAILED)
                return;
        peer->state = state;
        peer_video_connected(peer);
        peer->events->changed(peer->userdata, peer);
}

void peer_fault(PeerConnection *peer, const char *text)
{
        peer->events->fault(peer->userdata, peer, text);
}

void peer_fail(PeerConnection *peer, const char *text)
{
        if (peer->state == PEER_FAILED)
                return;
        set_state(peer, PEER_FAILED);
        peer_fault(peer, text);
}

/* ---- state ---- */

/*
 * The certificate (PEM) that the other side has shown on a transceiver's transport; NULL: none yet.
 */
static char *shown_certificate(GstWebRTCRTPTransceiver *transceiver)
{
        g_autoptr(GObject) receiver = NULL, transport = NULL;
        char *pem = NULL;

        g_object_get(transceiver, "receiver", &receiver, NULL);
        if (receiver)
                g_object_get(receiver, "transport", &transport, NULL);
        if (transport)
                g_object_get(transport, "remote-certificate", &pem, NULL);
        return pem;
}

/* Compares the certificates with the announced fingerprint, because webrtcbin accepts any. */
static bool certificates_are_right(PeerConnection *peer)
{
        g_autoptr(GArray) transceivers = NULL;
        size_t n_right = 0;

        g_signal_emit_by_name(peer->webrtc, "get-transceivers", &transceivers);
        for (guint i = 0; transceivers && i < transceivers->len; i++) {
                g_autofree char *pem = shown_certificate(
                        g_array_index(transceivers, GstWebRTCRTPTransceiver *, i));
                Fingerprint fingerprint;

                if (!pem)
                        continue;
                if (fingerprint_of_pem(pem, &fingerprint) < 0 ||
                    !fingerprint_eq(&fingerprint, &peer->announced))
                        return false;
                n_right++;
        }
        return n_right > 0;
}

static void connected(PeerConnection *peer)
{
        if (!certificates_are_right(peer)) {
                peer_fail(peer, "the other side's certificate is not the one that was announced: "
                                "there may be someone in between");
                return;
        }
        if (!peer->probe && path_probe_new(peer->webrtc, &peer->probe) < 0) {
                peer_fail(peer, "cannot watch the network path: GStreamer lacks an element");
                return;
        }
        atomic_store(&peer->trusted, true);
        path_life_arrived(&peer->life, clock_boottime());
        peer_voice_connected(peer);
        set_state(peer, PEER_CONNECTED);
}

/*
 * Returns why there is no connection: a problem with the TURN server if there is one, else
 * `otherwise`.
 */
static const char *blame(const PeerConnection *peer, const char *otherwise)
{
        if (peer->relay_only && !peer->has_turn)
                return "only relays are allowed, and the hub names no TURN server";
        if (peer->has_turn && !peer->has_relay)
                return peer->relay_only ? "only relays are allowed, and the TURN server gives none "
                                          "(not reached, or wrong credentials)"
                                        : "could not establish a network path to the other side, "
                                          "and the TURN server gives no relay (not reached, or "
                                          "wrong credentials)";
        return otherwise;
}

static void connection_changed(PeerConnection *peer, GstWebRTCPeerConnectionState connection)
{
        switch (connection) {
        case GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED:
                connected(peer);
                break;
        case GST_WEBRTC_PEER_CONNECTION_STATE_DISCONNECTED:
                if (peer->state == PEER_CONNECTED)
                        set_state(peer, PEER_INTERRUPTED);
                break;
        case GST_WEBRTC_PEER_CONNECTION_STATE_FAILED:
                if (peer_is_trusted(peer)) /* it has worked before, so another path may be found */
                        set_state(peer, PEER_INTERRUPTED);
                else
                        peer_fail(peer, blame(peer, "could not establish a network path to the "
                                                    "other side"));
                break;
        case GST_WEBRTC_PEER_CONNECTION_STATE_NEW:
        case GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTING:
        case GST_WEBRTC_PEER_CONNECTION_STATE_CLOSED:
                break;
        }
}

/* Only relays are allowed, and gathering has ended without one. */
static bool relay_is_missing(const PeerConnection *peer, usec_t now)
{
        return peer->relay_only && !peer->has_relay && peer->gathered &&
               now - peer->gathered > RELAY_WAIT_US;
}

/* libnice does not soon notice that the other end is gone; that nothing arrives shows it. */
static void look_at_path(PeerConnection *peer, usec_t now)
{
        path_probe_look(peer->probe, &peer->life);
        path_life_look(&peer->life, now);
        if (path_life_wants_answer(&peer->life))
                path_probe_ask(peer->probe);
        set_state(peer, path_life_state(&peer->life) == PATH_CONNECTED ? PEER_CONNECTED
                                                                       : PEER_INTERRUPTED);
}

static gboolean look(void *data)
{
        PeerConnection *peer = data;
        usec_t now = clock_boottime();

        peer_video_look(peer);
        if (peer->offer) /* that came too soon after others */
                peer_caps_known(peer);
        peer->waited += own_time_step(&peer->time, now);
        if (peer->state == PEER_CONNECTED || peer->state == PEER_INTERRUPTED)
                look_at_path(peer, now);
        else if (peer->state == PEER_CONNECTING &&
                 (peer->waited > CONNECT_MAX_US || relay_is_missing(peer, now)))
                peer_fail(peer, blame(peer, "the other side did not connect in time"));
        if (peer->state == PEER_CONNECTED)
                peer_request_path(peer);
        return G_SOURCE_CONTINUE;
}

static gboolean on_bus(GstBus *bus, GstMessage *message, void *data)
{
        PeerConnection *peer = data;
        g_autoptr(GError) error = NULL;

        if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR)
                return G_SOURCE_CONTINUE;
        gst_message_parse_error(message, &error, NULL);
        log_fields(LOG_WARNING, "the media pipeline failed", "PEER=%s", peer->participant.party.uid,
                   "ERROR=%s", error->message, NULL);
        peer_fail(peer, "the media pipeline failed");
        return G_SOURCE_CONTINUE;
}

static void conclude_stats(PeerConnection *peer, const StatsCounters *counted)
{
        WorkerParticipantStats stats = {};
        PacketCounts sound;

        remote_audio_count(peer->audio, &sound);
        STR_SET(stats.id, peer->participant.id);
        STR_SET(stats.codec, "opus");
        stats_conclude(&peer->counted, counted, sound.delay_ms, &stats);
        peer_video_stats(peer, counted->at - peer->counted.at, &stats);
        peer->counted = *counted;
        peer->events->stats(peer->userdata, peer, &stats);
}

void peer_handle(PeerConnection *peer, const PeerEvent *event)
{
        switch (event->type) {
        case PEER_EVENT_CAPS:
                peer_caps_known(peer);
                break;
        case PEER_EVENT_SIGNAL:
                peer->has_relay |= event->signal.type == MEDIA_SIGNAL_CANDIDATE &&
                                   strstr(event->signal.text, " typ relay");
                peer->events->signal(peer->userdata, peer, &event->signal);
                break;
        case PEER_EVENT_CONNECTION:
                connection_changed(peer, event->connection);
                break;
        case PEER_EVENT_GATHERED:
                peer->gathered = clock_boottime();
                break;
        case PEER_EVENT_PATH:
                peer_voice_adapt(peer, &event->counted);
                break;
        case PEER_EVENT_AGREED:
                peer_agreed(peer);
                break;
        case PEER_EVENT_PICTURE:
                remote_video_look(peer->remote_video);
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

static int build_pipeline(PeerConnection *peer, const PeerOptions *options)
{
        g_autoptr(GstBus) bus = NULL;

        peer->pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
        peer->webrtc = gst_element_factory_make("webrtcbin", NULL);
        if (!peer->webrtc)
                return -EIO;
        gst_bin_add(GST_BIN(peer->pipeline), peer->webrtc);
        g_object_set(peer->webrtc, "latency", JITTER_BUFFER_MS, NULL);
        gst_util_set_object_arg(G_OBJECT(peer->webrtc), "bundle-policy", "max-bundle");
        peer->relay_only = options->media->relay_only;
        peer->has_turn = ice_configure(peer->webrtc, options->media->ice_servers,
                                       options->media->n_ice_servers);
        if (peer->relay_only)
                gst_util_set_object_arg(G_OBJECT(peer->webrtc), "ice-transport-policy", "relay");
        bus = gst_element_get_bus(peer->pipeline);
        peer->bus_watch = gst_bus_add_watch(bus, on_bus, peer);
        peer_listen(peer);
        return peer_voice_init(peer);
}

int peer_new(const PeerOptions *options, PeerConnection **ret)
{
        _cleanup_(peer_freep) PeerConnection *peer = g_atomic_rc_box_new0(PeerConnection);
        int r;

        peer->participant = *options->participant;
        peer->offers = options->offers;
        peer->events = options->events;
        peer->userdata = options->userdata;
        peer->audio = options->audio;
        peer->sender = options->media->sender;
        peer->own_video = options->media->video;
        peer->remote_video = options->video;
        peer->counted.at = clock_boottime();
        r = build_pipeline(peer, options);
        if (r < 0) {
                log_error("cannot set up a connection: GStreamer lacks an element");
                return r;
        }
        peer->timer = g_timeout_add_seconds(LOOK_S, look, peer);
        if (gst_element_set_state(peer->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
                return -EIO;
        if (peer->offers)
                r = peer_build_send_chain(peer, &CHAIN_FORMAT);
        if (r == 0 && options->with_video)
                peer_want_video(peer);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(peer);
        return 0;
}

PeerConnection *peer_free(PeerConnection *peer)
{
        if (!peer)
                return NULL;
        peer->closed = true;
        peer_voice_stop(peer);
        if (peer->bus_watch)
                g_source_remove(peer->bus_watch);
        if (peer->timer)
                g_source_remove(peer->timer);
        if (peer->webrtc)
                g_signal_handlers_disconnect_by_data(peer->webrtc, peer);
        peer_video_stop(peer);
        path_probe_free(peer->probe);
        if (peer->send.pad)
                g_signal_handlers_disconnect_by_data(peer->send.pad, peer);
        gst_element_set_state(peer->pipeline, GST_STATE_NULL);
        send_chain_done(&peer->send);
        peer_video_done(peer);
        gst_object_unref(peer->pipeline);
        peer_unref(peer);
        return NULL;
}

PeerState peer_state(const PeerConnection *peer)
{
        return peer->state;
}

bool peer_is_lost(const PeerConnection *peer)
{
        return peer->state == PEER_INTERRUPTED && path_life_state(&peer->life) == PATH_LOST;
}

bool peer_is_trusted(const PeerConnection *peer)
{
        return atomic_load(&peer->trusted);
}
