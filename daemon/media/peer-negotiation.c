/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/peer-internal.h"

static void on_description_taken(GstPromise *promise, void *data)
{
        PeerConnection *peer = data;
        const GstStructure *reply = peer_promise_reply(promise);

        if (reply && gst_structure_has_field(reply, "error"))
                peer_post_failure(peer, "cannot use the other side's session description");
        else if (peer->offers)
                peer_event_post(peer_event_new(peer, PEER_EVENT_AGREED));
        gst_promise_unref(promise);
}

static void on_description_made(GstPromise *promise, void *data)
{
        PeerConnection *peer = data;
        const GstStructure *reply = peer_promise_reply(promise);
        g_autoptr(GstWebRTCSessionDescription) made = NULL;

        if (reply)
                gst_structure_get(reply, peer->offers ? "offer" : "answer",
                                  GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &made, NULL);
        if (made) {
                PeerEvent *event = peer_event_new(peer, PEER_EVENT_SIGNAL);

                if (!peer->offers)
                        description_refuse_unknown(made);
                event->signal.type = peer->offers ? MEDIA_SIGNAL_OFFER : MEDIA_SIGNAL_ANSWER;
                event->signal.text = gst_sdp_message_as_text(made->sdp);
                /*
                 * Set before the description is sent, so that no answer can reach a webrtcbin
                 * without a local description. webrtcbin only queues this, and handles it in this
                 * thread after this callback. It gathers candidates only then, so they follow the
                 * description.
                 */
                g_signal_emit_by_name(peer->webrtc, "set-local-description", made, NULL);
                peer_event_post(event);
                if (!peer->offers)
                        peer_event_post(peer_event_new(peer, PEER_EVENT_AGREED));
        } else {
                peer_post_failure(peer, "cannot make a session description");
        }
        gst_promise_unref(promise);
}

static void make_offer(PeerConnection *peer)
{
        peer->offer_due = false;
        peer->offering = true;
        peer->answered = false;
        g_signal_emit_by_name(peer->webrtc, "create-offer", NULL,
                              peer_promise_new(peer, on_description_made));
}

static void take_description(PeerConnection *peer, GstWebRTCSessionDescription *description)
{
        g_signal_emit_by_name(peer->webrtc, "set-remote-description", description,
                              peer_promise_new(peer, on_description_taken));
}

static void make_answer(PeerConnection *peer)
{
        take_description(peer, peer->offer);
        g_clear_pointer(&peer->offer, gst_webrtc_session_description_free);
        g_signal_emit_by_name(peer->webrtc, "create-answer", NULL,
                              peer_promise_new(peer, on_description_made));
}

int peer_build_send_chain(PeerConnection *peer, const AudioFormat *format)
{
        int r = send_chain_build(&peer->send, peer->webrtc, format);

        if (r < 0)
                return r;
        peer->offer_due = peer->offers;
        peer_watch_caps(peer, peer->send.pad);
        return peer_voice_speak(peer);
}

/*
 * Waits for all caps: an offer or answer made before would leave media out for good. This runs
 * again whenever one of the conditions changes. At most one of our offers is pending, and one of
 * our answers.
 */
void peer_caps_known(PeerConnection *peer)
{
        if (!peer->send.source || !gst_pad_has_current_caps(peer->send.pad) ||
            !peer_video_is_ready(peer))
                return;
        if (peer->offers && peer->offer_due && !peer->offering)
                make_offer(peer);
        else if (!peer->offers && peer->offer &&
                 answer_pace_begin(&peer->answers, clock_boottime()))
                make_answer(peer);
}

static void ask_for_video(PeerConnection *peer)
{
        if (peer->video.asked)
                return;
        peer->video.asked = true;
        peer->events->signal(peer->userdata, peer,
                             &(MediaSignal){.type = MEDIA_SIGNAL_OFFER_WANTED});
}

void peer_agreed(PeerConnection *peer)
{
        peer->offering = false;
        answer_pace_done(&peer->answers);
        peer->video.agreed = peer->video.send.source && !peer->video.refused;
        peer_video_connected(peer);
        if (peer->offers || peer->offer)
                peer_caps_known(peer);
        else if (peer->video.wanted && !peer->video.send.source)
                ask_for_video(peer);
}

void peer_want_video(PeerConnection *peer)
{
        if (peer->video.wanted)
                return;
        peer->video.wanted = true;
        if (peer->video.send.source)
                return;
        if (!peer->offers) {
                if (peer->send.source && !peer->offer)
                        ask_for_video(peer);
                return;
        }
        peer->offer_due = true;
        if (peer_video_build(peer, &VIDEO_CHAIN_FORMAT) < 0)
                peer_fault(peer, "cannot send pictures: GStreamer lacks an element");
}

/*
 * If the offer has pictures, also builds the chain for ours: that saves another negotiation later.
 */
static int build_chains(PeerConnection *peer, const GstWebRTCSessionDescription *offer,
                        const AudioFormat *audio)
{
        VideoFormat video;
        int r = 0;

        if (!peer->send.source)
                r = peer_build_send_chain(peer, audio);
        if (r == 0 && !peer->video.send.source && description_video_format(offer, &video))
                r = peer_video_build(peer, &video);
        return r;
}

/* Reports once that pictures are refused here or there. */
static void refused(PeerConnection *peer, const char *text)
{
        if (!peer->video.refused)
                peer_fault(peer, text);
        peer->video.refused = true;
}

static void take_offer(PeerConnection *peer, GstWebRTCSessionDescription *offer)
{
        AudioFormat audio;

        g_clear_pointer(&peer->offer, gst_webrtc_session_description_free);
        if (!description_audio_format(offer, &audio)) {
                gst_webrtc_session_description_free(offer);
                peer_fault(peer, "the other side does not offer Opus");
                return;
        }
        if (description_has_unknown_pictures(offer))
                refused(peer, "the other side's pictures are in a format that is not known here");
        peer->offer = offer;
        send_chain_agree(&peer->send, &audio);
        if (build_chains(peer, offer, &audio) < 0)
                peer_fail(peer, "cannot send to the other side: GStreamer lacks an element");
        else
                peer_caps_known(peer);
}

static void take_answer(PeerConnection *peer, GstWebRTCSessionDescription *answer)
{
        AudioFormat audio;

        if (description_audio_format(answer, &audio))
                send_chain_agree(&peer->send, &audio);
        if (peer->video.send.source && description_refuses_pictures(answer))
                refused(peer, "the other side does not take pictures in the format that is known "
                              "here");
        peer->answered = true;
        take_description(peer, answer);
}

static void take_sdp(PeerConnection *peer, const MediaSignal *signal)
{
        g_autoptr(GstWebRTCSessionDescription) description = NULL;

        if ((signal->type == MEDIA_SIGNAL_ANSWER) != peer->offers) {
                peer_fault(peer, "unexpected session description: it is not the other side's turn");
                return;
        }
        /* Each would be queued by webrtcbin, and one that nobody waits for ends the connection. */
        if (peer->offers && (!peer->offering || peer->answered))
                return;
        description = description_parse(peer->offers ? GST_WEBRTC_SDP_TYPE_ANSWER
                                                     : GST_WEBRTC_SDP_TYPE_OFFER,
                                        signal->text);
        if (!description || fingerprint_of_sdp(signal->text, &peer->announced) < 0) {
                peer_fault(peer, "invalid session description: it is not SDP, is too long, or has "
                                 "no single SHA-256 fingerprint");
                return;
        }
        if (!description_is_bundled(description)) {
                peer_fault(peer, "invalid session description: not all media are in one bundle");
                return;
        }
        if (peer->offers)
                take_answer(peer, description);
        else
                take_offer(peer, TAKE_PTR(description));
}

void peer_signal(PeerConnection *peer, const MediaSignal *signal)
{
        switch (signal->type) {
        case MEDIA_SIGNAL_OFFER:
        case MEDIA_SIGNAL_ANSWER:
                take_sdp(peer, signal);
                break;
        case MEDIA_SIGNAL_CANDIDATE:
                if (peer->n_candidates >= PEER_CANDIDATES_MAX)
                        break;
                peer->n_candidates++;
                g_signal_emit_by_name(peer->webrtc, "add-ice-candidate", signal->mline,
                                      signal->text);
                break;
        case MEDIA_SIGNAL_OFFER_WANTED: /* remote-participant.c acts on it */
        case MEDIA_SIGNAL_NONCE:        /* remote-participant.c acts on it */
        case MEDIA_SIGNAL_NO_MORE_CANDIDATES:
        case MEDIA_SIGNAL_NONE:
                break;
        }
}
