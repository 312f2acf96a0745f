/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "media/peer-internal.h"

/* ---- receiving ---- */

/* In a GStreamer thread. */
static void on_voice(void *data, const RtpHeader *header, const uint8_t *payload, size_t length)
{
        PeerConnection *peer = data;

        atomic_store(&peer->voice_source, header->source);
        if (!atomic_load(&peer->trusted))
                return;
        if (peer->sender)
                remote_audio_write(peer->audio, peer, header, payload, length);
        else
                send_chain_push(&peer->send, header->sequence, header->timestamp, CHAIN_NO_LEVEL,
                                payload, length);
}

static bool take_voice(PeerConnection *peer, GstBuffer *buffer)
{
        return chain_take(buffer, atomic_load(&peer->send.payload), on_voice, peer);
}

static GstPadProbeReturn on_packet(GstPad *pad, GstPadProbeInfo *info, void *data)
{
        return take_voice(data, GST_PAD_PROBE_INFO_BUFFER(info)) ? GST_PAD_PROBE_DROP
                                                                 : GST_PAD_PROBE_OK;
}

static gboolean take_out_voice(GstBuffer **buffer, guint i, void *data)
{
        if (take_voice(data, *buffer))
                gst_clear_buffer(buffer);
        return TRUE;
}

static GstPadProbeReturn on_packets(GstPad *pad, GstPadProbeInfo *info, void *data)
{
        GstBufferList *list = gst_buffer_list_make_writable(GST_PAD_PROBE_INFO_BUFFER_LIST(info));

        info->data = list;
        gst_buffer_list_foreach(list, take_out_voice, data);
        return gst_buffer_list_length(list) == 0 ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/*
 * rtpbin makes a jitter buffer for each source. Only the packets show whether it is the voice's or
 * the picture's, so this watches and tunes each of them.
 */
static void on_jitter_buffer(GstElement *rtpbin, GstElement *buffer, guint session, guint ssrc,
                             void *data)
{
        g_autoptr(GstPad) pad = gst_element_get_static_pad(buffer, "sink");

        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_packet, g_atomic_rc_box_acquire(data),
                          peer_unref);
        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER_LIST, on_packets,
                          g_atomic_rc_box_acquire(data), peer_unref);
        video_receive_chain_tune(buffer);
}

/* ---- sending ---- */

static void speak(void *data, const AudioPacket *packet)
{
        PeerConnection *peer = data;

        send_chain_push(&peer->send, packet->sequence, packet->timestamp, packet->level,
                        packet->data, packet->length);
}

int peer_voice_speak(PeerConnection *peer)
{
        return peer->sender ? audio_sender_add(peer->sender, speak, peer) : 0;
}

void peer_voice_adapt(PeerConnection *peer, const StatsCounters *counted)
{
        AudioPath path;

        if (!peer->sender || counted->reports == 0)
                return;
        congestion_report(&peer->congestion, counted->remote_loss, counted->round_trip_ms, &path);
        audio_sender_set_path(peer->sender, peer, &path);
}

/* ---- beginning and end ---- */

int peer_voice_init(PeerConnection *peer)
{
        congestion_init(&peer->congestion);
        peer->rtpbin = gst_bin_get_by_name(GST_BIN(peer->webrtc), "rtpbin");
        if (!peer->rtpbin)
                return -EIO;
        chain_report_by_packets(peer->rtpbin);
        peer_connect_signal(peer, peer->rtpbin, "new-jitterbuffer", G_CALLBACK(on_jitter_buffer));
        return 0;
}

void peer_voice_connected(PeerConnection *peer)
{
        if (atomic_load(&peer->send.open))
                return;
        chain_shorten(peer->webrtc);
        chain_tune_reports(peer->rtpbin);
        send_chain_open(&peer->send);
}

void peer_voice_stop(PeerConnection *peer)
{
        if (peer->sender)
                audio_sender_remove(peer->sender, peer);
}
