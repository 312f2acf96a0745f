/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Detects a man in the middle by eight digits that both participants see, and that agree only if
 * each has received the other's real certificate. PROTOCOL.md (Media, Verification) has the
 * algorithm and its reasons; this is one participant's side of it, towards one other.
 *
 * Pure: it looks at the signals that go out and come in. The first description of each side pins
 * its certificate; the caller has to check that the connection really shows the pinned one.
 */

#include "wire/media-signal.h"

#define FINGERPRINT_SIZE 32 /* SHA-256 of a certificate */
#define VERIFICATION_NONCE_SIZE 32
#define VERIFICATION_CODE_LENGTH 9 /* "1234 5678" */

typedef struct Fingerprint {
        bool known;
        uint8_t bytes[FINGERPRINT_SIZE];
} Fingerprint;

typedef struct Verification {
        bool offers;
        Fingerprint own, other;
        uint8_t nonce[VERIFICATION_NONCE_SIZE]; /* our own */
        char own_hex[MEDIA_SIGNAL_HEX_LENGTH + 1], other_hex[MEDIA_SIGNAL_HEX_LENGTH + 1];
        char commitment[MEDIA_SIGNAL_HEX_LENGTH + 1]; /* the offering side's */
        bool opened;                                  /* the offering side's nonce was sent */
        bool silent;     /* nothing is committed to or told: verification_be_silent() */
        const char *why; /* why there will be no code; NULL: it is known or awaited */
} Verification;

/* `nonce` is fresh and random. */
void verification_init(Verification *verification, bool offers,
                       const uint8_t nonce[static VERIFICATION_NONCE_SIZE]);

/* There is to be no code, so nothing is told that would help to guess it; before anything is sent.
 */
void verification_be_silent(Verification *verification);

/*
 * Reads our certificate's fingerprint from the first outgoing description, and adds our commitment
 * or nonce to it.
 */
void verification_send(Verification *verification, MediaSignal *signal);
/*
 * Takes an incoming description or nonce. Returns 0; or, with nothing changed and a sentence in
 * `text`, -EBADMSG: it has no SHA-256 fingerprint, or several different ones; -EPERM: it
 * contradicts what the other side sent before, or is a nonce out of turn.
 */
int verification_take(Verification *verification, const MediaSignal *signal,
                      char text[static MESSAGE_TEXT_MAX + 1]);
/* Returns true once: when the other side waits for our nonce. `ret` is then the signal to send. */
bool verification_open(Verification *verification, MediaSignal *ret);

/* The other side's part should have come by now. It is taken all the same if it comes later. */
void verification_overdue(Verification *verification);
/* Why there will be no code: a clause; NULL while it is known or awaited. */
const char *verification_why_none(const Verification *verification);
/* Gives the eight digits; empty until they are known. */
void verification_code(const Verification *verification,
                       char ret[static VERIFICATION_CODE_LENGTH + 1]);

/*
 * The only SHA-256 fingerprint (RFC 8122) in a session description. Returns 0, or -EBADMSG: it has
 * no fingerprint, different ones, or one of another hash.
 */
int fingerprint_of_sdp(const char *sdp, Fingerprint *ret);
/* The fingerprint of a certificate in PEM. Returns 0, or -EBADMSG. */
int fingerprint_of_pem(const char *pem, Fingerprint *ret);
bool fingerprint_eq(const Fingerprint *a, const Fingerprint *b);
