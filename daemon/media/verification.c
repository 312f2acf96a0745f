/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/verification.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>

#include "base/str.h"

#define COMMITMENT_LABEL "tring.v1 commitment"
#define CODE_LABEL "tring.v1 verification"
#define CODE_BYTES 6 /* of the hash: few enough to be exact in a JavaScript number */
#define CODE_MODULUS UINT64_C(100000000) /* eight digits */

static const char attribute[] = "a=fingerprint:", hash_name[] = "sha-256 ";

G_STATIC_ASSERT(2 * VERIFICATION_NONCE_SIZE == MEDIA_SIGNAL_HEX_LENGTH);

/* ---- fingerprints ---- */

/* "AB:CD:…" as in a session description; must be followed by the end of the line. */
static int parse_fingerprint(const char *text, Fingerprint *ret)
{
        Fingerprint fingerprint = {.known = true};

        for (size_t i = 0; i < FINGERPRINT_SIZE; i++, text += 3) {
                int high = g_ascii_xdigit_value(text[0]);
                int low = high < 0 ? -1 : g_ascii_xdigit_value(text[1]);

                if (low < 0)
                        return -EBADMSG;
                fingerprint.bytes[i] = (uint8_t)(high << 4 | low);
                if (i + 1 < FINGERPRINT_SIZE ? text[2] != ':' : !strchr("\r\n ", text[2]))
                        return -EBADMSG;
        }
        *ret = fingerprint;
        return 0;
}

int fingerprint_of_sdp(const char *sdp, Fingerprint *ret)
{
        Fingerprint all = {};

        /* Matches at the beginning of a line only: elsewhere it is part of other text. */
        for (const char *line = sdp; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                Fingerprint one;

                if (!g_str_has_prefix(line, attribute))
                        continue;
                line += strlen(attribute);
                if (g_ascii_strncasecmp(line, hash_name, strlen(hash_name)) != 0 ||
                    parse_fingerprint(line + strlen(hash_name), &one) < 0 ||
                    (all.known && !fingerprint_eq(&all, &one)))
                        return -EBADMSG;
                all = one;
        }
        if (!all.known)
                return -EBADMSG;
        *ret = all;
        return 0;
}

static void hash(uint8_t ret[static FINGERPRINT_SIZE], const char *label,
                 const uint8_t *const parts[], size_t n_parts, size_t part_size)
{
        GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
        gsize size = FINGERPRINT_SIZE;

        g_checksum_update(checksum, (const guchar *)label, (gssize)strlen(label));
        for (size_t i = 0; i < n_parts; i++)
                g_checksum_update(checksum, parts[i], (gssize)part_size);
        g_checksum_get_digest(checksum, ret, &size);
        g_checksum_free(checksum);
}

int fingerprint_of_pem(const char *pem, Fingerprint *ret)
{
        static const char begin[] = "-----BEGIN CERTIFICATE-----";
        const char *from = pem ? strstr(pem, begin) : NULL;
        const char *to = from ? strstr(from + strlen(begin), "-----END CERTIFICATE-----") : NULL;

        if (!to)
                return -EBADMSG;
        from += strlen(begin);

        g_autofree char *base64 = g_strndup(from, (gsize)(to - from));
        gsize size = 0;
        g_autofree guchar *der = g_base64_decode(base64, &size);

        if (size == 0)
                return -EBADMSG;
        *ret = (Fingerprint){.known = true};
        hash(ret->bytes, "", (const uint8_t *const[]){der}, 1, size);
        return 0;
}

bool fingerprint_eq(const Fingerprint *a, const Fingerprint *b)
{
        return a->known && b->known && memcmp(a->bytes, b->bytes, FINGERPRINT_SIZE) == 0;
}

/* ---- the exchange ---- */

static void unhex(const char *hex, uint8_t ret[static VERIFICATION_NONCE_SIZE])
{
        for (size_t i = 0; i < VERIFICATION_NONCE_SIZE; i++)
                ret[i] = (uint8_t)(g_ascii_xdigit_value(hex[2 * i]) << 4 |
                                   g_ascii_xdigit_value(hex[2 * i + 1]));
}

static void commit(const uint8_t nonce[static VERIFICATION_NONCE_SIZE],
                   char ret[static MEDIA_SIGNAL_HEX_LENGTH + 1])
{
        uint8_t digest[FINGERPRINT_SIZE];

        hash(digest, COMMITMENT_LABEL, (const uint8_t *const[]){nonce}, 1, VERIFICATION_NONCE_SIZE);
        hex_encode(digest, sizeof(digest), ret);
}

void verification_init(Verification *verification, bool offers,
                       const uint8_t nonce[static VERIFICATION_NONCE_SIZE])
{
        *verification = (Verification){.offers = offers};
        memcpy(verification->nonce, nonce, VERIFICATION_NONCE_SIZE);
        hex_encode(nonce, VERIFICATION_NONCE_SIZE, verification->own_hex);
        if (offers)
                commit(nonce, verification->commitment);
}

void verification_be_silent(Verification *verification)
{
        verification->silent = true;
        verification->commitment[0] = '\0';
}

static bool is_description(const MediaSignal *signal)
{
        return signal->type == MEDIA_SIGNAL_OFFER || signal->type == MEDIA_SIGNAL_ANSWER;
}

void verification_send(Verification *verification, MediaSignal *signal)
{
        if (!is_description(signal) || verification->own.known ||
            fingerprint_of_sdp(signal->text, &verification->own) < 0)
                return;
        if (verification->silent)
                return;
        if (signal->type == MEDIA_SIGNAL_OFFER)
                STR_SET(signal->commitment, verification->commitment);
        else if (verification->commitment[0])
                STR_SET(signal->nonce, verification->own_hex);
}

static int refuse(char text[static MESSAGE_TEXT_MAX + 1], int error, const char *sentence)
{
        snprintf(text, MESSAGE_TEXT_MAX + 1, "%s", sentence);
        return error;
}

static int take_nonce(Verification *verification, const char *hex,
                      char text[static MESSAGE_TEXT_MAX + 1])
{
        char commitment[MEDIA_SIGNAL_HEX_LENGTH + 1];
        uint8_t nonce[VERIFICATION_NONCE_SIZE];

        if (verification->silent)
                return 0;
        if (verification->offers || !verification->commitment[0] || !verification->own.known ||
            verification->other_hex[0])
                return refuse(text, -EPERM, "unexpected nonce");
        unhex(hex, nonce);
        commit(nonce, commitment);
        if (!str_eq(commitment, verification->commitment)) {
                verification->why = "the other side's part is not the one that it announced";
                return refuse(text, -EPERM,
                              "the other side's nonce is not the one that it committed to: "
                              "there may be someone in between");
        }
        STR_SET(verification->other_hex, hex);
        verification->why = NULL;
        return 0;
}

static int take_description(Verification *verification, const MediaSignal *signal,
                            char text[static MESSAGE_TEXT_MAX + 1])
{
        Fingerprint fingerprint;

        if (fingerprint_of_sdp(signal->text, &fingerprint) < 0)
                return refuse(text, -EBADMSG,
                              "a session description needs exactly one SHA-256 fingerprint");
        if (verification->other.known) {
                if (!fingerprint_eq(&verification->other, &fingerprint))
                        return refuse(text, -EPERM,
                                      "the other side has another certificate than before: "
                                      "there may be someone in between");
                return 0;
        }
        /*
         * Nonce and commitment are taken with the first description only: a peer that already knew
         * our nonce could choose a certificate that fits.
         */
        verification->other = fingerprint;
        if (verification->silent)
                return 0;
        if (verification->offers)
                STR_SET(verification->other_hex, signal->nonce);
        else
                STR_SET(verification->commitment, signal->commitment);
        if (!(verification->offers ? verification->other_hex[0] : verification->commitment[0]))
                verification->why = "the other side has sent no part of a code";
        return 0;
}

int verification_take(Verification *verification, const MediaSignal *signal,
                      char text[static MESSAGE_TEXT_MAX + 1])
{
        if (signal->type == MEDIA_SIGNAL_NONCE)
                return take_nonce(verification, signal->nonce, text);
        return is_description(signal) ? take_description(verification, signal, text) : 0;
}

bool verification_open(Verification *verification, MediaSignal *ret)
{
        if (!verification->offers || verification->opened || !verification->other_hex[0])
                return false;
        verification->opened = true;
        *ret = (MediaSignal){.type = MEDIA_SIGNAL_NONCE};
        STR_SET(ret->nonce, verification->own_hex);
        return true;
}

void verification_overdue(Verification *verification)
{
        if (!verification->silent && !verification->why && !verification->other_hex[0])
                verification->why = "the other side has not sent its part of the code";
}

const char *verification_why_none(const Verification *verification)
{
        return verification->why;
}

void verification_code(const Verification *verification,
                       char ret[static VERIFICATION_CODE_LENGTH + 1])
{
        const Verification *v = verification;
        uint8_t digest[FINGERPRINT_SIZE], other[VERIFICATION_NONCE_SIZE];
        uint64_t number = 0;

        ret[0] = '\0';
        if (!v->own.known || !v->other.known || !v->other_hex[0])
                return;
        unhex(v->other_hex, other);
        const uint8_t *const parts[] = {
                v->offers ? v->own.bytes : v->other.bytes,
                v->offers ? v->other.bytes : v->own.bytes,
                v->offers ? v->nonce : other,
                v->offers ? other : v->nonce,
        };
        hash(digest, CODE_LABEL, parts, G_N_ELEMENTS(parts), FINGERPRINT_SIZE);
        for (size_t i = 0; i < CODE_BYTES; i++)
                number = number << 8 | digest[i];
        number %= CODE_MODULUS;
        snprintf(ret, VERIFICATION_CODE_LENGTH + 1, "%04u %04u", (unsigned)(number / 10000),
                 (unsigned)(number % 10000));
}
