/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The signals between media workers through the hub, in the `data` of a signal: session
 * descriptions and ICE candidates, in the form of JSON.stringify() in browsers:
 *
 *         {"sdp":{"type":"offer","sdp":"v=0…"}}
 *         {"candidate":{"candidate":"candidate:…","sdpMid":"audio0","sdpMLineIndex":0}}
 *         {"candidate":null}                        no more candidates follow
 *         {"offer_wanted":{"ice_restart":true}}     asks for an offer
 *         {"nonce":"…"}                             opens the commitment (see PROTOCOL.md, Media)
 *
 * Of two participants, the one who joined later makes all offers, the first one and later ones
 * (other media, an ICE restart), so two offers never cross. The other one asks for an offer by
 * OFFER_WANTED.
 *
 * An ICE restart is a new connection that takes the old one's place once it works. The
 * member `connection`, beside `sdp` or `candidate`, numbers the connections of a pair from 1. A
 * pair's first offer and answer begin its verification: `commitment` stands beside the offer,
 * `nonce` beside the answer.
 *
 * Signals come from strangers: code that reads the SDP checks it again. Unknown members are ignored
 * (browsers add some).
 */

#include <stdbool.h>
#include <stdint.h>

#include "model/message.h"

#define MEDIA_SIGNAL_MID_MAX 64    /* bytes; browsers' have 1-8 */
#define MEDIA_SIGNAL_HEX_LENGTH 64 /* of a nonce or commitment: 32 bytes in lower-case hex */

typedef enum MediaSignalType {
        MEDIA_SIGNAL_NONE,
        MEDIA_SIGNAL_OFFER,
        MEDIA_SIGNAL_ANSWER,
        MEDIA_SIGNAL_CANDIDATE,
        MEDIA_SIGNAL_NO_MORE_CANDIDATES,
        MEDIA_SIGNAL_OFFER_WANTED,
        MEDIA_SIGNAL_NONCE,
} MediaSignalType;

typedef struct MediaSignal {
        MediaSignalType type;
        char *text;     /* owned: the SDP, or a candidate's line; NULL in other signals */
        uint32_t mline; /* of a candidate: index of the m= section, from 0 */
        char mid[MEDIA_SIGNAL_MID_MAX + 1]; /* of a candidate: name of the m= section, or empty */
        bool ice_restart;                   /* of OFFER_WANTED: asks for an ICE restart */
        uint32_t connection; /* of description or candidate; 1 if the signal has none */
        char commitment[MEDIA_SIGNAL_HEX_LENGTH + 1]; /* of an offer, or empty */
        char nonce[MEDIA_SIGNAL_HEX_LENGTH + 1];      /* of NONCE; of an answer, or empty */
} MediaSignal;

/*
 * Returns 0, -ENOMEM, or -EBADMSG with a sentence in `text`. *ret is owned by the caller on 0.
 * `json` is NUL-terminated.
 */
int media_signal_decode(const char *json, MediaSignal *ret, char text[static MESSAGE_TEXT_MAX + 1]);
/* The caller frees *ret. Returns 0, -ENOMEM, or -EMSGSIZE: longer than a signal may be. */
int media_signal_encode(const MediaSignal *signal, char **ret);
void media_signal_done(MediaSignal *signal);
