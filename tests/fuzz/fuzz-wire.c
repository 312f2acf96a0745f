/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wire decoder: the first byte chooses the sender, the rest is the message. A message that is
 * read can be written and reads the same again; a refused one gets a sentence.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "wire/wire.h"

static void read_again(WireSide from, const Message *message)
{
        _cleanup_free_ char *json = NULL, *again = NULL;
        size_t length, again_length;
        char text[MESSAGE_TEXT_MAX + 1] = "";
        Message copy;
        uint64_t id;
        int r = wire_encode(message, 0, &json, &length);

        if (r == -EMSGSIZE) /* escapes may take more space than in the input */
                return;
        fuzz_must(r == 0);
        fuzz_must(wire_decode(from, json, length, &copy, &id, text) == 0);
        fuzz_must(wire_encode(&copy, 0, &again, &again_length) == 0);
        fuzz_must(length == again_length && memcmp(json, again, length) == 0);
        message_done(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        FuzzInput input = {data, size};
        WireSide from = fuzz_below(&input, 2) ? WIRE_FROM_HUB : WIRE_FROM_DEVICE;
        char text[MESSAGE_TEXT_MAX + 1] = "";
        Message message;
        uint64_t id = 0;
        int r = wire_decode(from, (const char *)input.data, input.left, &message, &id, text);

        if (r == 0) {
                read_again(from, &message);
                message_done(&message);
        } else {
                fuzz_must(*text);
                fuzz_must(text_is_valid(text, MESSAGE_TEXT_MAX));
        }
        return 0;
}
