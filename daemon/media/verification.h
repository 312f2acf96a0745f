/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whether there is someone in between: eight digits that two participants see, and that are the
 * same only if each has the other's own certificate. PROTOCOL.md (Media, Verification) has the
 * algorithm and why it is as it is; here is one participant's side of it, for one other.
 *
 * Pure: it looks at the signals that go out and come in. Certificates are pinned by the first
 * description of each side; that the connection really shows the pinned one is for the caller to
 * see to.
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
        uint8_t nonce[VERIFICATION_NONCE_SIZE]; /* one's own */
        char own_hex[MEDIA_SIGNAL_HEX_LENGTH + 1], other_hex[MEDIA_SIGNAL_HEX_LENGTH + 1];
        char commitment[MEDIA_SIGNAL_HEX_LENGTH + 1]; /* the offering one's */
        bool opened; /* the offering one's nonce was told to the other */
} Verification;

/* `nonce` is fresh and random. */
void verification_init(Verification *verification, bool offers,
                       const uint8_t nonce[static VERIFICATION_NONCE_SIZE]);

/* What goes out with a description: our certificate, and our part of the first one. */
void verification_send(Verification *verification, MediaSignal *signal);
/*
 * A description or a nonce came. Returns 0; or, with nothing changed and a sentence in `text`,
 * -EBADMSG: it says no SHA-256 fingerprint, or several; -EPERM: it is not what was said before.
 */
int verification_take(Verification *verification, const MediaSignal *signal,
                      char text[static MESSAGE_TEXT_MAX + 1]);
/* Whether the other one now waits for our nonce: if so, `ret` is the signal to send, once. */
bool verification_open(Verification *verification, MediaSignal *ret);

/* Empty as long as it is not known. */
void verification_code(const Verification *verification,
                       char ret[static VERIFICATION_CODE_LENGTH + 1]);

/*
 * The one SHA-256 fingerprint (RFC 8122) in a session description. Returns 0, or -EBADMSG: there is
 * none, there are others, or one of another hash.
 */
int fingerprint_of_sdp(const char *sdp, Fingerprint *ret);
/* Of a certificate as PEM. Returns 0, or -EBADMSG. */
int fingerprint_of_pem(const char *pem, Fingerprint *ret);
bool fingerprint_eq(const Fingerprint *a, const Fingerprint *b);
