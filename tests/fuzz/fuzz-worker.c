/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages between a media worker and tringd, in both directions: one datagram. A worker parses
 * packets of strangers, so tringd does not trust it either.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "wire/worker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *json = NULL;
        char text[MESSAGE_TEXT_MAX + 1] = "";
        WorkerMessage message, copy;
        size_t length;

        if (worker_decode((const char *)data, size, &message, text) < 0) {
                fuzz_must(*text);
                return 0;
        }
        if (worker_encode(&message, &json, &length) == 0) {
                fuzz_must(worker_decode(json, length, &copy, text) == 0);
                worker_message_done(&copy);
        }
        worker_message_done(&message);
        return 0;
}
