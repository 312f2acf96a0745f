/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replays the vectors in tests/data/wire/, which PROTOCOL.md describes, and compares each message
 * type with its vector.
 */
#include <cjson/cJSON.h>
#include <errno.h>

#include "base/cleanup.h"
#include "suite.h"
#include "wire-samples.h"
#include "wire/wire.h"

static cJSON *vectors;
static int n_vectors;

static void load(const char *name)
{
        _cleanup_free_ char *path = str_printf("%s/wire/%s.json", TEST_DATA, name);
        _cleanup_(fclosep) FILE *file = fopen(path, "re");
        _cleanup_free_ char *text = NULL;
        size_t length = 0;

        if (!file || getdelim(&text, &length, '\0', file) < 0)
                abort();
        vectors = cJSON_Parse(text);
        n_vectors = cJSON_GetArraySize(vectors);
        if (n_vectors == 0)
                abort();
}

static const char *vector_string(const cJSON *vector, const char *member)
{
        return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(vector, member));
}

static WireSide vector_side(const cJSON *vector)
{
        return str_eq(vector_string(vector, "from"), "device") ? WIRE_FROM_DEVICE : WIRE_FROM_HUB;
}

/* "json" is the text itself; "hex" is for text that JSON cannot hold. */
static char *vector_text(const cJSON *vector, size_t *ret_length)
{
        const char *json = vector_string(vector, "json"), *hex = vector_string(vector, "hex");
        char *text = strdup(json ? json : hex);

        ck_assert_ptr_nonnull(text);
        *ret_length = strlen(text);
        if (json)
                return text;
        *ret_length /= 2;
        for (size_t i = 0; i < *ret_length; i++) {
                unsigned byte;

                ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
                text[i] = (char)byte;
        }
        return text;
}

static int decode(WireSide from, const char *text, size_t length, Message *ret, char *sentence)
{
        uint64_t id;

        /* Without a NUL behind it, so that a sanitizer detects reads past the end. */
        _cleanup_free_ char *exact = malloc(length > 0 ? length : 1);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, text, length);
        sentence[0] = '\0';
        return wire_decode(from, exact, length, ret, &id, sentence);
}

START_TEST(a_valid_message_is_read_and_written_again)
{
        const cJSON *vector = cJSON_GetArrayItem(vectors, _i);
        const char *again = vector_string(vector, "again");
        _cleanup_free_ char *written = NULL;
        char sentence[MESSAGE_TEXT_MAX + 1];
        size_t length;
        _cleanup_free_ char *text = vector_text(vector, &length);
        Message message;

        int r = decode(vector_side(vector), text, length, &message, sentence);
        ck_assert_msg(r == 0, "%s: %d, %s", text, r, sentence);
        ck_assert_int_eq(wire_encode(&message, 0, &written, &length), 0);
        ck_assert_str_eq(written, again ? again : text);
        ck_assert_uint_eq(length, strlen(written));
        message_done(&message);
}
END_TEST

static int outcome_from_string(const char *s)
{
        static const char *const outcomes[] = {
                [WIRE_E_TOO_BIG] = "too-big",
                [WIRE_E_MALFORMED] = "malformed",
                [WIRE_E_INVALID] = "invalid",
                [WIRE_E_UNKNOWN] = "unknown",
        };

        for (size_t i = 1; i < ELEMENTSOF(outcomes); i++)
                if (str_eq(s, outcomes[i]))
                        return (int)i;
        abort();
}

START_TEST(an_invalid_message_is_refused_with_a_sentence_that_says_why)
{
        const cJSON *vector = cJSON_GetArrayItem(vectors, _i);
        char sentence[MESSAGE_TEXT_MAX + 1];
        size_t length;
        _cleanup_free_ char *text = vector_text(vector, &length);
        Message message = {.type = MESSAGE_TYPE_COUNT};

        int r = decode(vector_side(vector), text, length, &message, sentence);
        ck_assert_msg(r == outcome_from_string(vector_string(vector, "outcome")), "%s: %d, %s",
                      vector_string(vector, "what"), r, sentence);
        ck_assert_msg(strstr(sentence, vector_string(vector, "sentence")) != NULL,
                      "%s: the sentence is: %s", vector_string(vector, "what"), sentence);
        ck_assert(text_is_valid(sentence, MESSAGE_TEXT_MAX));
        ck_assert_int_eq(message.type, MESSAGE_TYPE_COUNT);
}
END_TEST

static const char *sample_name(MessageType type, ReplyKind kind, char buffer[static 32])
{
        static const char *const kinds[] = {"plain", "welcome", "call",  "token",
                                            "join",  "history", "relays"};

        if (type != MESSAGE_REPLY)
                return message_type_to_string(type);
        snprintf(buffer, 32, "reply %s", kinds[kind]);
        return buffer;
}

static void assert_sample(MessageType type, ReplyKind kind)
{
        _cleanup_free_ char *written = NULL;
        const cJSON *vector = NULL;
        char buffer[32];
        const char *name = sample_name(type, kind, buffer);
        size_t length;
        Message message;

        sample_message(type, kind, &message);
        ck_assert_int_eq(wire_encode(&message, 0, &written, &length), 0);
        cJSON_ArrayForEach (vector, vectors)
                if (str_eq(vector_string(vector, "what"), name))
                        break;
        ck_assert_msg(vector != NULL, "no vector for \"%s\"", name);
        ck_assert_str_eq(written, vector_string(vector, "json"));
        message_done(&message);
}

START_TEST(every_type_of_message_has_its_vector)
{
        for (MessageType type = MESSAGE_HELLO; type < MESSAGE_TYPE_COUNT; type++)
                if (type != MESSAGE_REPLY)
                        assert_sample(type, REPLY_PLAIN);
        for (ReplyKind kind = 0; kind < REPLY_KIND_COUNT; kind++)
                assert_sample(MESSAGE_REPLY, kind);
}
END_TEST

int main(int argc, char *argv[])
{
        Suite *suite = suite_create("wire");
        TCase *tcase = tcase_create(argc > 1 ? argv[1] : "");

        if (argc != 2)
                return 2;
        load(argv[1]);
        suite_add_tcase(suite, tcase);
        if (str_eq(argv[1], "valid")) {
                tcase_add_loop_test(tcase, a_valid_message_is_read_and_written_again, 0, n_vectors);
                tcase_add_test(tcase, every_type_of_message_has_its_vector);
        } else {
                tcase_add_loop_test(tcase,
                                    an_invalid_message_is_refused_with_a_sentence_that_says_why, 0,
                                    n_vectors);
        }

        int r = suite_run(suite);
        cJSON_Delete(vectors);
        return r;
}
