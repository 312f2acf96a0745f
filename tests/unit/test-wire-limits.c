/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each limit of the wire from both sides: the largest value that fits, and one more. */
#include <errno.h>

#include "base/cleanup.h"
#include "suite.h"
#include "wire-samples.h"
#include "wire/wire.h"

static char sentence[MESSAGE_TEXT_MAX + 1];

static int decode(WireSide from, const char *text, size_t length)
{
        Message message;
        uint64_t id;
        int r = wire_decode(from, text, length, &message, &id, sentence);

        if (r == 0)
                message_done(&message);
        return r;
}

/* `before`, n times `c`, `after`. */
static char *repeat(const char *before, char c, size_t n, const char *after)
{
        size_t start = strlen(before);
        char *text = malloc(start + n + strlen(after) + 1);

        ck_assert_ptr_nonnull(text);
        memcpy(text, before, start);
        memset(text + start, c, n);
        memcpy(text + start + n, after, strlen(after) + 1);
        return text;
}

static int decode_repeated(WireSide from, const char *before, size_t n, const char *after)
{
        _cleanup_free_ char *text = repeat(before, 'a', n, after);

        return decode(from, text, strlen(text));
}

/* `n` elements, made by `format` from their number. */
__attribute__((format(printf, 3, 0))) static int decode_list(const char *before, size_t n,
                                                             const char *format, const char *after)
{
        _cleanup_free_ char *text = NULL;
        size_t length = 0;
        FILE *file = open_memstream(&text, &length);

        ck_assert_ptr_nonnull(file);
        fputs(before, file);
        for (size_t i = 0; i < n; i++) {
                if (i > 0)
                        fputc(',', file);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                fprintf(file, format, (unsigned)i);
#pragma GCC diagnostic pop
        }
        fputs(after, file);
        fclose(file);
        return decode(WIRE_FROM_DEVICE, text, length);
}

START_TEST(a_message_has_64_kib)
{
        _cleanup_free_ char *most =
                repeat("{\"id\":1,\"op\":\"logout\"", ' ', WIRE_MESSAGE_MAX - 22, "}");
        _cleanup_free_ char *more = repeat(most, ' ', 1, "");

        ck_assert_uint_eq(strlen(most), WIRE_MESSAGE_MAX);
        ck_assert_int_eq(decode(WIRE_FROM_DEVICE, most, strlen(most)), 0);
        ck_assert_int_eq(decode(WIRE_FROM_DEVICE, more, strlen(more)), WIRE_E_TOO_BIG);
        ck_assert_str_eq(sentence, "a message of 65537 bytes: at most 65536 are allowed");
}
END_TEST

START_TEST(too_big_is_reported_before_anything_is_looked_at)
{
        _cleanup_free_ char *text = repeat("\xff", '[', WIRE_MESSAGE_MAX, "");

        ck_assert_int_eq(decode(WIRE_FROM_DEVICE, text, strlen(text)), WIRE_E_TOO_BIG);
}
END_TEST

START_TEST(nothing_longer_than_64_kib_is_written)
{
        Message message;
        char *text;
        size_t length;

        sample_message(MESSAGE_SIGNAL, REPLY_PLAIN, &message);
        free(message.signal.data);
        message.signal.data = repeat("", 'a', SIGNAL_DATA_MAX, "");
        ck_assert_int_eq(wire_encode(&message, 0, &text, &length), 0);
        free(text);
        /* Each needs an escape, and so is twice as long. */
        memset(message.signal.data, '"', SIGNAL_DATA_MAX);
        ck_assert_int_eq(wire_encode(&message, 0, &text, &length), -EMSGSIZE);
        message_done(&message);
}
END_TEST

START_TEST(room_before_the_text_is_left_free)
{
        _cleanup_free_ char *text = NULL;
        Message message = {.type = MESSAGE_ACK, .ack = 1};
        size_t length;

        ck_assert_int_eq(wire_encode(&message, 100, &text, &length), 0);
        ck_assert_str_eq(text + 100, "{\"op\":\"ack\",\"ack\":1}");
        ck_assert_uint_eq(length, strlen(text + 100));
}
END_TEST

START_TEST(nesting_goes_8_deep)
{
        /* The message itself has two levels. */
        _cleanup_free_ char *open =
                repeat("{\"id\":1,\"ok\":{\"a\":", '[', WIRE_NESTING_MAX - 2, "");
        _cleanup_free_ char *most = repeat(open, ']', WIRE_NESTING_MAX - 2, "}}");
        _cleanup_free_ char *opened = repeat(open, '[', 1, "");
        _cleanup_free_ char *more = repeat(opened, ']', WIRE_NESTING_MAX - 1, "}}");

        ck_assert_int_eq(decode(WIRE_FROM_HUB, most, strlen(most)), 0);
        ck_assert_int_eq(decode(WIRE_FROM_HUB, more, strlen(more)), WIRE_E_MALFORMED);
        ck_assert_ptr_nonnull(strstr(sentence, "nested deeper than 8"));
}
END_TEST

START_TEST(deep_nesting_of_a_whole_message_is_refused_early)
{
        _cleanup_free_ char *text = repeat("", '[', WIRE_MESSAGE_MAX, "");

        ck_assert_int_eq(decode(WIRE_FROM_DEVICE, text, strlen(text)), WIRE_E_MALFORMED);
        ck_assert_str_eq(sentence, "byte 8: nested deeper than 8");
}
END_TEST

START_TEST(an_object_has_64_members)
{
        ck_assert_int_eq(decode_list("{\"id\":1,\"op\":\"logout\",", 62, "\"m%u\":1", "}"),
                         WIRE_E_INVALID);
        ck_assert_str_eq(sentence, "logout: unknown member \"m0\"");
        ck_assert_int_eq(decode_list("{\"id\":1,\"op\":\"logout\",", 63, "\"m%u\":1", "}"),
                         WIRE_E_MALFORMED);
        ck_assert_ptr_nonnull(strstr(sentence, "an object with more than 64 members"));
}
END_TEST

START_TEST(a_message_has_8192_values)
{
        /* The object, the id, the op and the array make four. */
        ck_assert_int_eq(
                decode_list("{\"id\":1,\"op\":\"logout\",\"a\":[", WIRE_VALUES_MAX - 4, "%u", "]}"),
                WIRE_E_INVALID);
        ck_assert_int_eq(
                decode_list("{\"id\":1,\"op\":\"logout\",\"a\":[", WIRE_VALUES_MAX - 3, "%u", "]}"),
                WIRE_E_MALFORMED);
        ck_assert_ptr_nonnull(strstr(sentence, "more than 8192 values"));
}
END_TEST

#define CALL(members)                                                                       \
        "{\"seq\":1,\"event\":\"logged\",\"session_id\":\"" SAMPLE_SESSION                  \
        "\",\"direction\":\"incoming\",\"call_type\":\"audio\",\"receiver_type\":\"user\"," \
        "\"receiver\":{\"uid\":\"b\"},\"status\":\"ended\"," members

static const struct {
        WireSide from;
        const char *before, *after;
        size_t max;
} strings[] = {
        {WIRE_FROM_DEVICE, "{\"id\":1,\"op\":\"hello\",\"version\":1,\"token\":\"", "\"}", 128},
        {WIRE_FROM_DEVICE, "{\"id\":1,\"op\":\"hello\",\"version\":1,\"join_token\":\"", "\"}",
         128},
        {WIRE_FROM_DEVICE, "{\"id\":1,\"op\":\"hello\",\"version\":1,\"device\":\"", "\"}", 64},
        {WIRE_FROM_DEVICE, "{\"id\":1,\"op\":\"hello\",\"version\":1,\"device_name\":\"", "\"}",
         128},
        {WIRE_FROM_DEVICE,
         "{\"id\":1,\"op\":\"initiate\",\"session_id\":\"" SAMPLE_SESSION
         "\",\"receiver_type\":\"user\",\"call_type\":\"audio\",\"join\":true,\"receiver\":\"",
         "\"}", 64},
        {WIRE_FROM_DEVICE,
         "{\"id\":1,\"op\":\"initiate\",\"session_id\":\"" SAMPLE_SESSION
         "\",\"receiver_type\":\"user\",\"call_type\":\"audio\",\"join\":true,"
         "\"receiver\":\"b\",\"metadata\":{\"",
         "\":\"\"}}", 64},
        {WIRE_FROM_DEVICE,
         "{\"id\":1,\"op\":\"initiate\",\"session_id\":\"" SAMPLE_SESSION
         "\",\"receiver_type\":\"user\",\"call_type\":\"audio\",\"join\":true,"
         "\"receiver\":\"b\",\"metadata\":{\"a\":\"",
         "\"}}", 1024},
        {WIRE_FROM_DEVICE, "{\"id\":1,\"op\":\"history\",\"cursor\":\"", "\"}", 64},
        {WIRE_FROM_DEVICE,
         "{\"id\":1,\"op\":\"signal\",\"session_id\":\"" SAMPLE_SESSION
         "\",\"data\":\"d\",\"peer\":\"",
         "\"}", 32},
        {WIRE_FROM_DEVICE,
         "{\"id\":1,\"op\":\"signal\",\"session_id\":\"" SAMPLE_SESSION
         "\",\"peer\":\"p\",\"data\":\"",
         "\"}", 48 * 1024},
        {WIRE_FROM_DEVICE,
         "{\"id\":1,\"op\":\"join\",\"session_id\":\"" SAMPLE_SESSION "\",\"token\":\"", "\"}",
         128},
        {WIRE_FROM_HUB, CALL("\"initiator\":{\"uid\":\""), "\"}}", 64},
        {WIRE_FROM_HUB, CALL("\"initiator\":{\"uid\":\"a\",\"name\":\""), "\"}}", 128},
        {WIRE_FROM_HUB, CALL("\"initiator\":{\"uid\":\"a\",\"device\":\""), "\"}}", 64},
        {WIRE_FROM_HUB, CALL("\"initiator\":{\"uid\":\"a\"},\"reason\":\""), "\"}", 32},
        {WIRE_FROM_HUB, "{\"id\":1,\"error\":{\"name\":\"TooMany\",\"message\":\"", "\"}}", 256},
        {WIRE_FROM_HUB,
         "{\"id\":1,\"ok\":{\"kind\":\"join\",\"participant\":\"p\",\"ice_servers\":[{\"url\":\"",
         "\"}]}}", 256},
};

START_TEST(a_string_has_its_length_and_not_a_byte_more)
{
        const char *before = strings[_i].before, *after = strings[_i].after;
        size_t max = strings[_i].max;

        ck_assert_msg(decode_repeated(strings[_i].from, before, max, after) == 0, "%zu bytes: %s",
                      max, sentence);
        ck_assert_int_eq(decode_repeated(strings[_i].from, before, max + 1, after), WIRE_E_INVALID);
}
END_TEST

#define UUID_FORMAT "\"00000000-0000-4000-8000-%012u\""

START_TEST(a_list_of_sessions_has_1000)
{
        ck_assert_int_eq(decode_list("{\"id\":1,\"op\":\"seen\",\"session_ids\":[", SESSION_IDS_MAX,
                                     UUID_FORMAT, "]}"),
                         0);
        ck_assert_int_eq(decode_list("{\"id\":1,\"op\":\"seen\",\"session_ids\":[",
                                     SESSION_IDS_MAX + 1, UUID_FORMAT, "]}"),
                         WIRE_E_INVALID);
        ck_assert_str_eq(sentence,
                         "seen: \"session_ids\" must be an array of at most 1000 UUIDs in "
                         "lower case, not an array of 1001");
}
END_TEST

START_TEST(metadata_has_16_entries)
{
        static const char before[] =
                "{\"id\":1,\"op\":\"initiate\",\"session_id\":\"" SAMPLE_SESSION
                "\",\"receiver_type\":\"user\",\"call_type\":\"audio\","
                "\"join\":true,\"receiver\":\"b\",\"metadata\":{";

        ck_assert_int_eq(decode_list(before, METADATA_MAX, "\"k%u\":\"\"", "}}"), 0);
        ck_assert_int_eq(decode_list(before, METADATA_MAX + 1, "\"k%u\":\"\"", "}}"),
                         WIRE_E_INVALID);
}
END_TEST

START_TEST(the_id_of_what_is_refused_is_known_if_it_had_one)
{
        static const struct {
                const char *text;
                uint64_t id;
        } cases[] = {
                {"{\"id\":9,\"op\":\"dance\"}", 9},
                {"{\"id\":9,\"op\":\"end\"}", 9},
                {"{\"id\":9007199254740991}", 9007199254740991},
                {"{\"op\":\"end\"}", 0},
                {"{\"id\":\"9\",\"op\":\"end\"}", 0},
                {"{\"id\":9.5,\"op\":\"end\"}", 0},
                {"[9]", 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Message message;
                uint64_t id = 77;

                ck_assert_int_gt(wire_decode(WIRE_FROM_DEVICE, cases[i].text, strlen(cases[i].text),
                                             &message, &id, sentence),
                                 0);
                ck_assert_uint_eq(id, cases[i].id);
        }
}
END_TEST

START_TEST(no_prefix_of_a_message_is_one)
{
        for (MessageType type = MESSAGE_HELLO; type < MESSAGE_TYPE_COUNT; type++) {
                _cleanup_free_ char *text = NULL;
                WireSide from = message_type_is_event(type) || type == MESSAGE_REPLY
                                        ? WIRE_FROM_HUB
                                        : WIRE_FROM_DEVICE;
                Message message;
                size_t length;

                sample_message(type, REPLY_WELCOME, &message);
                ck_assert_int_eq(wire_encode(&message, 0, &text, &length), 0);
                message_done(&message);
                for (size_t n = 0; n < length; n++)
                        ck_assert_int_eq(decode(from, text, n), WIRE_E_MALFORMED);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("wire-limits");
        TCase *tcase = tcase_create("limits");

        tcase_add_test(tcase, a_message_has_64_kib);
        tcase_add_test(tcase, too_big_is_reported_before_anything_is_looked_at);
        tcase_add_test(tcase, nothing_longer_than_64_kib_is_written);
        tcase_add_test(tcase, room_before_the_text_is_left_free);
        tcase_add_test(tcase, nesting_goes_8_deep);
        tcase_add_test(tcase, deep_nesting_of_a_whole_message_is_refused_early);
        tcase_add_test(tcase, an_object_has_64_members);
        tcase_add_test(tcase, a_message_has_8192_values);
        tcase_add_loop_test(tcase, a_string_has_its_length_and_not_a_byte_more, 0,
                            ELEMENTSOF(strings));
        tcase_add_test(tcase, a_list_of_sessions_has_1000);
        tcase_add_test(tcase, metadata_has_16_entries);
        tcase_add_test(tcase, the_id_of_what_is_refused_is_known_if_it_had_one);
        tcase_add_test(tcase, no_prefix_of_a_message_is_one);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
