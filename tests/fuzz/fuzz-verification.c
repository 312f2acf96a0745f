/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One side of a verification, told whatever a stranger sends: the first byte chooses whether this
 * side offers, the rest is one signal a line. Our description goes out before the first of them,
 * or before the second.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "fuzz.h"
#include "media/verification.h"

#define OWN                                                                                        \
        "v=0\r\na=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13" \
        ":14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n"

static void send_own(Verification *verification)
{
        MediaSignal signal = {.type = verification->offers ? MEDIA_SIGNAL_OFFER
                                                           : MEDIA_SIGNAL_ANSWER,
                              .text = (char *)OWN};

        verification_send(verification, &signal);
        fuzz_must(verification->own.known);
}

static void take_line(Verification *verification, const char *line)
{
        const Verification before = *verification;
        char text[MESSAGE_TEXT_MAX + 1] = "", code[VERIFICATION_CODE_LENGTH + 1];
        _cleanup_(media_signal_done) MediaSignal signal = {};
        MediaSignal nonce;

        if (media_signal_decode(line, &signal, text) < 0)
                return;
        if (verification_take(verification, &signal, text) < 0)
                fuzz_must(*text);
        /* What was once said stays: certificate, commitment and nonce. */
        fuzz_must(!before.other.known || fingerprint_eq(&before.other, &verification->other));
        fuzz_must(!before.other_hex[0] || str_eq(before.other_hex, verification->other_hex));
        fuzz_must(str_eq(before.own_hex, verification->own_hex));
        /* Our nonce is opened once, and only to one who has bound themselves. */
        if (verification_open(verification, &nonce))
                fuzz_must(verification->offers && !before.opened && verification->other_hex[0]);
        verification_code(verification, code);
        fuzz_must(!code[0] || (verification->other.known && verification->other_hex[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint8_t nonce[VERIFICATION_NONCE_SIZE] = {1, 2, 3};
        FuzzInput input = {data, size};
        unsigned choice = fuzz_below(&input, 4);
        _cleanup_free_ char *lines = fuzz_rest(&input);
        Verification verification;
        char *rest = lines, *line;

        verification_init(&verification, choice & 1, nonce);
        if (choice & 2)
                send_own(&verification);
        while (lines && (line = strsep(&rest, "\n"))) {
                take_line(&verification, line);
                send_own(&verification);
        }
        return 0;
}
