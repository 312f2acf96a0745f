/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/peer-internal.h"

/* Pictures that stand still are sent twice a second (video.c): longer, and it is paused. */
#define GONE_US (3 * USEC_PER_SEC)
#define KEY_PACE_US (300 * USEC_PER_MSEC) /* of asking for key frames on behalf of an echo */

/* ---- ours, to them ---- */

static void on_key_wanted(void *data)
{
        Peer *peer = data;

        if (peer->own_video)
                video_request_key(peer->own_video);
        else
                video_receive_chain_request_key(&peer->video.receive);
}

static void on_caps(GstPad *pad, GParamSpec *spec, void *data)
{
        if (gst_pad_has_current_caps(pad))
                peer_event_post(peer_event_new(data, PEER_EVENT_CAPS));
}

int peer_video_build(Peer *peer, const VideoFormat *format)
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
        peer_connect_signal(peer, chain->pad, "notify::caps", G_CALLBACK(on_caps));
        if (gst_pad_has_current_caps(chain->pad))
                peer_event_post(peer_event_new(peer, PEER_EVENT_CAPS));
        return 0;
}

bool peer_video_is_ready(const Peer *peer)
{
        return !peer->video.send.source || gst_pad_has_current_caps(peer->video.send.pad);
}

static bool send_picture(void *data, GstBuffer *buffer)
{
        Peer *peer = data;

        return video_send_chain_push(&peer->video.send, buffer);
}

void peer_video_connected(Peer *peer)
{
        PeerVideo *video = &peer->video;

        if (!peer->own_video || video->sending || !video->send.source || !video->agreed ||
            peer->state != PEER_CONNECTED)
                return;
        video->sending = video_add(peer->own_video, send_picture, peer) == 0;
}

/* ---- theirs, here ---- */

static void echo(Peer *peer, GstBuffer *buffer)
{
        PeerVideo *video = &peer->video;
        usec_t now = clock_boottime();

        if (video_send_chain_push(&video->send, buffer) || now - video->asked_at < KEY_PACE_US)
                return;
        video->asked_at = now;
        video_receive_chain_request_key(&video->receive);
}

static void on_picture(void *data, GstBuffer *buffer)
{
        Peer *peer = data;
        PeerVideo *video = &peer->video;
        Picture *picture = atomic_load(&video->picture);
        uint32_t width, height;
        GstMapInfo map;

        if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
                return;
        if (video_key_frame_size(map.data, map.size, &width, &height)) {
                atomic_store(&video->width, width);
                atomic_store(&video->height, height);
        }
        gst_buffer_unmap(buffer, &map);
        atomic_fetch_add(&video->frames, 1);
        atomic_store(&video->arrived, clock_boottime());
        if (!peer->own_video)
                echo(peer, buffer);
        if (picture)
                picture_push(picture, buffer);
        /* How large it is only a key frame says. */
        if (atomic_load(&video->width) > 0 && !atomic_exchange(&video->coming, true))
                peer_event_post(peer_event_new(peer, PEER_EVENT_PICTURE));
}

int peer_video_link(Peer *peer, GstPad *pad)
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

static void on_looked_at(void *data)
{
        Peer *peer = data;

        video_receive_chain_request_key(&peer->video.receive);
}

/* Without a node the call goes on, unseen. */
static void open_picture(Peer *peer)
{
        PeerVideo *video = &peer->video;
        const Party *party = &peer->participant.party;
        _cleanup_free_ char *description =
                str_printf("%s, call", str_empty(party->name) ? party->uid : party->name);
        Picture *picture;

        snprintf(video->node, sizeof(video->node), "tring.%s.video.%s", peer->session, party->uid);
        if (!description ||
            picture_new(video->node, description, on_looked_at, peer, &picture) < 0) {
                video->node[0] = '\0';
                peer->events->fault(peer->userdata, peer, "the picture cannot be shown");
                return;
        }
        video_add_picture(peer->own_video, picture, atomic_load(&video->width),
                          atomic_load(&video->height));
        atomic_store(&video->picture, picture);
}

void peer_video_came(Peer *peer)
{
        if (peer->own_video && !atomic_load(&peer->video.picture))
                open_picture(peer);
        peer->events->changed(peer->userdata, peer);
}

void peer_video_look(Peer *peer)
{
        PeerVideo *video = &peer->video;
        Picture *picture = atomic_load(&video->picture);
        double loss, queue_ms;

        if (video->sending && video_send_chain_report(&video->send, &loss, &queue_ms))
                video_report(peer->own_video, peer, loss, queue_ms);
        if (!atomic_load(&video->coming) ||
            clock_boottime() - atomic_load(&video->arrived) <= GONE_US)
                return;
        atomic_store(&video->coming, false);
        if (picture)
                picture_darken(picture);
        peer->events->changed(peer->userdata, peer);
}

void peer_video_status(const Peer *peer, ParticipantMedia *media)
{
        media->picture = atomic_load(&peer->video.coming);
        STR_SET(media->video_node, peer->video.node);
}

/* Frames since it was last asked. */
void peer_video_stats(Peer *peer, usec_t elapsed, WorkerParticipantStats *stats)
{
        PeerVideo *video = &peer->video;
        unsigned frames = atomic_load(&video->frames);

        if (!video->send.source)
                return;
        STR_SET(stats->video_codec, "vp8");
        stats->width = atomic_load(&video->width);
        stats->height = atomic_load(&video->height);
        if (elapsed > 0)
                stats->frames_per_second =
                        (double)(frames - video->frames_told) * USEC_PER_SEC / (double)elapsed;
        video->frames_told = frames;
}

void peer_video_stop(Peer *peer)
{
        Picture *picture = atomic_load(&peer->video.picture);

        if (peer->video.sending)
                video_remove(peer->own_video, peer);
        peer->video.sending = false;
        if (peer->video.send.pad)
                g_signal_handlers_disconnect_by_data(peer->video.send.pad, peer);
        if (picture)
                video_remove_picture(peer->own_video, picture);
}

void peer_video_done(Peer *peer)
{
        picture_free(atomic_load(&peer->video.picture));
        atomic_store(&peer->video.picture, NULL);
        video_send_chain_done(&peer->video.send);
        video_receive_chain_done(&peer->video.receive);
}
