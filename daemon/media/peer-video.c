/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/peer-internal.h"

#define KEY_PACE_US (300 * USEC_PER_MSEC) /* between an echo's key frame requests */

/* ---- sending ---- */

static void on_key_wanted(void *data)
{
        PeerConnection *peer = data;

        if (peer->own_video)
                video_request_key(peer->own_video);
        else
                peer_request_key(peer);
}

int peer_video_build(PeerConnection *peer, const VideoFormat *format)
{
        VideoSendChain *chain = &peer->video.send;
        int r;

        chain->key_wanted = on_key_wanted;
        chain->userdata = g_atomic_rc_box_acquire(peer);
        chain->release = peer_unref;
        r = video_send_chain_build(chain, peer->pipeline, peer->webrtc, format);
        if (r < 0) {
                peer_unref(peer);
                return r;
        }
        peer_watch_caps(peer, chain->pad);
        return 0;
}

bool peer_video_is_ready(const PeerConnection *peer)
{
        return !peer->video.send.source || gst_pad_has_current_caps(peer->video.send.pad);
}

static bool send_picture(void *data, GstBuffer *buffer)
{
        PeerConnection *peer = data;

        return atomic_load(&peer->trusted) && video_send_chain_push(&peer->video.send, buffer);
}

void peer_video_connected(PeerConnection *peer)
{
        PeerVideo *video = &peer->video;

        if (!peer->own_video || video->sending || !video->send.source || !video->agreed ||
            peer->state != PEER_CONNECTED)
                return;
        video->sending = video_add(peer->own_video, send_picture, peer) == 0;
}

void peer_video_look(PeerConnection *peer)
{
        double loss, queue_ms;

        if (peer->video.sending && video_send_chain_report(&peer->video.send, &loss, &queue_ms))
                video_report(peer->own_video, peer, loss, queue_ms);
}

/* ---- receiving ---- */

static void echo(PeerConnection *peer, GstBuffer *buffer)
{
        PeerVideo *video = &peer->video;
        usec_t now = clock_boottime();

        if (video_send_chain_push(&video->send, buffer) || now - video->key_asked_at < KEY_PACE_US)
                return;
        video->key_asked_at = now;
        peer_request_key(peer);
}

static void on_picture(void *data, GstBuffer *buffer)
{
        PeerConnection *peer = data;

        if (!atomic_load(&peer->trusted))
                return;
        if (!peer->own_video)
                echo(peer, buffer);
        if (remote_video_write(peer->remote_video, peer, buffer))
                peer_event_post(peer_event_new(peer, PEER_EVENT_PICTURE));
}

int peer_video_link(PeerConnection *peer, GstPad *pad)
{
        VideoReceiveChain *chain = &peer->video.receive;
        int r;

        if (!video_receive_chain_takes(pad))
                return -EINVAL;
        chain->picture = on_picture;
        chain->userdata = g_atomic_rc_box_acquire(peer);
        chain->release = peer_unref;
        r = video_receive_chain_build(chain, peer->pipeline, pad);
        if (r < 0)
                peer_unref(peer);
        return r;
}

void peer_request_key(PeerConnection *peer)
{
        video_receive_chain_request_key(&peer->video.receive);
}

void peer_video_stats(PeerConnection *peer, usec_t elapsed, WorkerParticipantStats *stats)
{
        PeerVideo *video = &peer->video;
        RemoteVideoCounters counters;

        if (!video->send.source)
                return;
        remote_video_count(peer->remote_video, &counters);
        STR_SET(stats->video_codec, "vp8");
        stats->width = counters.width;
        stats->height = counters.height;
        if (elapsed > 0)
                stats->frames_per_second = (double)(counters.pictures - video->pictures_counted) *
                                           USEC_PER_SEC / (double)elapsed;
        video->pictures_counted = counters.pictures;
}

/* ---- the end ---- */

void peer_video_stop(PeerConnection *peer)
{
        if (peer->video.sending)
                video_remove(peer->own_video, peer);
        peer->video.sending = false;
        if (peer->video.send.pad)
                g_signal_handlers_disconnect_by_data(peer->video.send.pad, peer);
}

void peer_video_done(PeerConnection *peer)
{
        video_send_chain_done(&peer->video.send);
        video_receive_chain_done(&peer->video.receive);
}
