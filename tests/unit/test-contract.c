/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Messages and rows that other versions of Tring have sent or stored, as the last version wrote
 * them (tests/data/contract/messages, one a line: the writer, a tab, the JSON). This version must
 * read each member of them, and write the same.
 */

#include <stdio.h>

#include "base/cleanup.h"
#include "suite.h"
#include "wire-samples.h"
#include "wire/devices.h"
#include "wire/stored.h"
#include "wire/wire.h"
#include "wire/worker.h"

static char *message_again(WireSide from, const char *json)
{
        char text[MESSAGE_TEXT_MAX + 1], *again;
        _cleanup_(message_done) Message message = {0};
        uint64_t id;
        size_t length;
        int r = wire_decode(from, json, strlen(json), &message, &id, text);

        ck_assert_msg(r == 0, "%s\n%s", text, json);
        ck_assert_int_eq(wire_encode(&message, 0, &again, &length), 0);
        return again;
}

static char *from_device(const char *json)
{
        return message_again(WIRE_FROM_DEVICE, json);
}

static char *from_hub(const char *json)
{
        return message_again(WIRE_FROM_HUB, json);
}

/* Decodes a text and encodes what it says. */
#define JSON_AGAIN(name, Type, decode, encode, done)         \
        static char *name(const char *json)                  \
        {                                                    \
                Type value;                                  \
                char *again;                                 \
                                                             \
                ck_assert_int_eq(decode(json, &value), 0);   \
                ck_assert_int_eq(encode(&value, &again), 0); \
                done(&value);                                \
                return again;                                \
        }

static void live_member_done(LiveMember *member)
{
        (void)member; /* owns nothing */
}

JSON_AGAIN(record_again, CallRecord, wire_decode_record, wire_encode_record, call_record_done)
JSON_AGAIN(live_call_again, LiveCall, wire_decode_live, wire_encode_live, live_call_done)
JSON_AGAIN(live_member_again, LiveMember, wire_decode_live_member, wire_encode_live_member,
           live_member_done)
JSON_AGAIN(stored_call_again, StoredCall, wire_decode_stored_call, wire_encode_stored_call,
           stored_call_done)

/* The same for a decoder that takes a length and explains what it refuses. */
#define TEXT_AGAIN(name, Type, decode, encode, done)                  \
        static char *name(const char *json)                           \
        {                                                             \
                char text[MESSAGE_TEXT_MAX + 1], *again;              \
                Type value;                                           \
                size_t length;                                        \
                int r = decode(json, strlen(json), &value, text);     \
                                                                      \
                ck_assert_msg(r == 0, "%s\n%s", text, json);          \
                ck_assert_int_eq(encode(&value, &again, &length), 0); \
                done(&value);                                         \
                return again;                                         \
        }

TEXT_AGAIN(worker_again, WorkerMessage, worker_decode, worker_encode, worker_message_done)
TEXT_AGAIN(devices_again, DeviceLists, devices_decode, devices_encode, device_lists_done)

static const struct {
        const char *writer;
        char *(*again)(const char *json);
} writers[] = {
        {"device", from_device},
        {"hub", from_hub},
        {"record", record_again},
        {"live-call", live_call_again},
        {"live-member", live_member_again},
        {"stored-call", stored_call_again},
        {"worker", worker_again},
        {"devices", devices_again},
};

/* Calls a function for each line of the frozen copy. Returns the number of lines. */
static unsigned each_line(void (*each)(const char *writer, const char *json, void *userdata),
                          void *userdata)
{
        _cleanup_(fclosep) FILE *file = fopen(TEST_DATA "/contract/messages", "re");
        _cleanup_free_ char *line = NULL;
        size_t size = 0;
        unsigned n = 0;

        ck_assert_ptr_nonnull(file);
        while (getline(&line, &size, file) > 0) {
                char *json = line;
                const char *writer = strsep(&json, "\t");

                ck_assert_ptr_nonnull(json);
                json[strcspn(json, "\n")] = '\0';
                each(writer, json, userdata);
                n++;
        }
        return n;
}

static void compare(const char *writer, const char *json, void *userdata)
{
        for (size_t i = 0; i < ELEMENTSOF(writers); i++) {
                if (str_eq(writers[i].writer, writer)) {
                        _cleanup_free_ char *again = writers[i].again(json);

                        ck_assert_str_eq(again, json);
                        return;
                }
        }
        ck_abort_msg("nobody is called '%s'", writer);
}

START_TEST(everything_that_the_last_version_wrote_is_read_and_written_alike)
{
        ck_assert_uint_gt(each_line(compare, NULL), 100);
}
END_TEST

typedef struct Search {
        const char *writer, *json;
        bool found;
} Search;

static void match(const char *writer, const char *json, void *userdata)
{
        Search *search = userdata;

        search->found |= str_eq(writer, search->writer) && str_eq(json, search->json);
}

static void expect_frozen(MessageType type, ReplyKind kind)
{
        _cleanup_(message_done) Message message = {0};
        _cleanup_free_ char *json = NULL;
        bool of_hub = type == MESSAGE_REPLY || message_type_is_event(type);
        size_t length;

        sample_message(type, kind, &message);
        ck_assert_int_eq(wire_encode(&message, 0, &json, &length), 0);
        Search search = {.writer = of_hub ? "hub" : "device", .json = json};
        each_line(match, &search);
        ck_assert_msg(search.found,
                      "not in tests/data/contract/messages: %s\t%s\nThe protocol has changed: add "
                      "the line, in a commit that says so.",
                      search.writer, json);
}

START_TEST(every_message_of_this_version_is_part_of_the_contract)
{
        for (MessageType type = MESSAGE_HELLO; type < MESSAGE_TYPE_COUNT; type++) {
                unsigned n_kinds = type == MESSAGE_REPLY ? REPLY_KIND_COUNT : 1;

                for (ReplyKind kind = 0; kind < n_kinds; kind++)
                        expect_frozen(type, kind);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("contract");
        TCase *tcase = tcase_create("contract");

        tcase_add_test(tcase, everything_that_the_last_version_wrote_is_read_and_written_alike);
        tcase_add_test(tcase, every_message_of_this_version_is_part_of_the_contract);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
