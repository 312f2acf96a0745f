/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of a database that somebody has tampered with: the first byte chooses the kind, the rest is
 * the row. A row that can be read can be written, and reads the same again.
 */
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "wire/stored.h"

#define DEFINE_REREAD(name, Type, decode, encode, done)             \
        static void reread_##name(const char *json)                 \
        {                                                           \
                _cleanup_free_ char *written = NULL, *again = NULL; \
                Type value = {0}, copy = {0};                       \
                                                                    \
                if (decode(json, &value) < 0)                       \
                        return;                                     \
                if (encode(&value, &written) == 0) {                \
                        fuzz_must(decode(written, &copy) == 0);     \
                        fuzz_must(encode(&copy, &again) == 0);      \
                        fuzz_must(strcmp(written, again) == 0);     \
                        done(&copy);                                \
                }                                                   \
                done(&value);                                       \
        }                                                           \
        struct reread_needs_a_semicolon

DEFINE_REREAD(record, CallRecord, wire_decode_record, wire_encode_record, call_record_done);
DEFINE_REREAD(live, LiveCall, wire_decode_live, wire_encode_live, live_call_done);
DEFINE_REREAD(call, StoredCall, wire_decode_stored_call, wire_encode_stored_call, stored_call_done);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static void (*const rereads[])(const char *) = {reread_record, reread_live, reread_call};
        FuzzInput input = {data, size};
        unsigned kind = fuzz_below(&input, ELEMENTSOF(rereads));
        char *json = fuzz_rest(&input);

        if (!json)
                return 0;
        rereads[kind](json);
        free(json);
        return 0;
}
