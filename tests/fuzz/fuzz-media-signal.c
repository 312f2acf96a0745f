/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The `data` of a signal from another participant: what is read can be written and read again. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "fuzz.h"
#include "wire/media-signal.h"

static void must_be_same(const MediaSignal *a, const MediaSignal *b)
{
        fuzz_must(a->type == b->type && a->connection == b->connection);
        fuzz_must(str_eq(a->text, b->text) && str_eq(a->mid, b->mid) && a->mline == b->mline);
        fuzz_must(str_eq(a->commitment, b->commitment) && str_eq(a->nonce, b->nonce));
        fuzz_must(a->ice_restart == b->ice_restart);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        FuzzInput input = {data, size};
        char text[MESSAGE_TEXT_MAX + 1] = "";
        _cleanup_free_ char *json = fuzz_rest(&input), *written = NULL;
        _cleanup_(media_signal_done) MediaSignal signal = {}, again = {};
        int r = json ? media_signal_decode(json, &signal, text) : -ENOMEM;

        if (r == -EBADMSG)
                fuzz_must(*text);
        if (r < 0 || media_signal_encode(&signal, &written) < 0)
                return 0;
        fuzz_must(media_signal_decode(written, &again, text) == 0);
        must_be_same(&signal, &again);
        return 0;
}
