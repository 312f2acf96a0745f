/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub-rig.h"

#include "wire/wire.h"

#define HELLO "\"version\":1,\"token\":\"%s\",\"device\":\"d\""

/* Another device, connected before, which must not notice what the tests do. */
static Talker *bystander;

static void setup(void)
{
        hub_rig_setup();
        bystander = hub_rig_bob(h);
}

static void teardown(void)
{
        char id[TALKER_UUID_SIZE];
        Talker *alice = hub_rig_alice(h);

        hub_rig_call(alice, bystander, id);
        hub_rig_end(alice, id);
        talker_free(alice);
        talker_free(bystander);
        hub_rig_teardown();
}

static Talker *stranger(void)
{
        return talker_connect(hub_port(h->hub), NULL);
}

/* Messages that end the connection. */
static const struct {
        const char *text;
        int code;
        const char *reason;
} fatal[] = {
        {"hello", WIRE_CLOSE_MALFORMED, "not JSON"},
        {"", WIRE_CLOSE_MALFORMED, "not JSON"},
        {"{\"op\":\"ack\",\"ack\":1,\"ack\":2}", WIRE_CLOSE_MALFORMED, "stands twice"},
        {"{\"op\":[[[[[[[[[1]]]]]]]]]}", WIRE_CLOSE_MALFORMED, "nested deeper than 8"},
        {"{\"op\":\"\xff\"}", WIRE_CLOSE_MALFORMED, "UTF-8"},
        {"[1]", WIRE_CLOSE_MALFORMED, "must be an object"},
        {"{\"op\":\"ack\",\"ack\":99}", WIRE_CLOSE_MALFORMED, "\"ack\""},
};

START_TEST(what_is_no_message_ends_the_connection)
{
        Talker *alice = hub_rig_alice(h);

        ck_assert_int_eq(ws_send(alice->ws, fatal[_i].text), 0);
        talker_closed(alice, fatal[_i].code, fatal[_i].reason);
        talker_free(alice);
}
END_TEST

/* Requests that are invalid in themselves: answered with an error, and the connection stays. */
static const struct {
        const char *op, *members, *error, *sentence;
} wrong[] = {
        {"dance", "", "NotSupported", "unknown op \"dance\""},
        {"end", "\"session_id\":7", "InvalidArgument", "session_id"},
        {"end", "\"session_id\":\"x\"", "InvalidArgument", "session_id"},
        {"end", "", "InvalidArgument", "session_id"},
        {"end", "\"session_id\":\"0B7E6A52-90F7-4D4E-8F2C-0C9D7A1B2C3D\"", "InvalidArgument",
         "session_id"},
        {"history", "\"limit\":\"many\"", "InvalidArgument", "limit"},
        {"history", "\"limit\":-1", "InvalidArgument", "limit"},
        {"history", "\"cursor\":\"abc\"", "InvalidArgument", "\"abc\""},
        {"history", "\"colour\":\"red\"", "InvalidArgument", "colour"},
        {"hello", "\"version\":1,\"device\":\"d\"", "InvalidArgument", "hello"},
        {"seen", "\"session_ids\":[\"x\"]", "InvalidArgument", "session_ids"},
};

START_TEST(a_wrong_request_is_answered_by_what_is_wrong)
{
        Talker *alice = hub_rig_alice(h);

        talker_refused(talker_request(alice, wrong[_i].op, "%s", wrong[_i].members),
                       wrong[_i].error, wrong[_i].sentence);
        talker_ok(talker_request(alice, "history", "%s", ""));
        talker_free(alice);
}
END_TEST

START_TEST(a_message_of_64_kib_is_read_and_one_byte_more_is_not)
{
        Talker *alice = hub_rig_alice(h);
        _cleanup_free_ char *text = rig_alloc(WIRE_MESSAGE_MAX + 2);

        memset(text, ' ', WIRE_MESSAGE_MAX + 1);
        memcpy(text, "{\"op\":\"history\",\"id\":1000", 25);
        text[WIRE_MESSAGE_MAX - 1] = '}';
        text[WIRE_MESSAGE_MAX] = '\0';
        ck_assert_int_eq(ws_send(alice->ws, text), 0);
        talker_ok(talker_reply(alice, 1000));

        text[WIRE_MESSAGE_MAX] = ' ';
        text[WIRE_MESSAGE_MAX + 1] = '\0';
        ck_assert_int_eq(ws_send(alice->ws, text), 0);
        talker_closed(alice, WIRE_CLOSE_TOO_BIG, "64 KiB");
        talker_free(alice);
}
END_TEST

START_TEST(fragments_are_put_together)
{
        Talker *alice = hub_rig_alice(h);

        ck_assert_int_eq(ws_send_frame(alice->ws, WS_TEXT, false, "", 0), 0);
        ck_assert_int_eq(ws_send_frame(alice->ws, WS_CONTINUATION, false, "{\"op\":\"hist", 11), 0);
        ck_assert_int_eq(ws_send_frame(alice->ws, WS_CONTINUATION, false, "ory\",", 5), 0);
        ck_assert_int_eq(ws_send_frame(alice->ws, WS_PING, true, "x", 1), 0);
        ck_assert_int_eq(ws_send_frame(alice->ws, WS_CONTINUATION, true, "\"id\":77}", 8), 0);
        talker_ok(talker_reply(alice, 77));
        talker_free(alice);
}
END_TEST

START_TEST(fragments_without_end_are_cut_off_at_64_kib)
{
        Talker *alice = hub_rig_alice(h);
        static char piece[8192];

        memset(piece, 'a', sizeof(piece));
        ck_assert_int_eq(ws_send_frame(alice->ws, WS_TEXT, false, piece, sizeof(piece)), 0);
        for (int i = 0; i < 8; i++)
                ck_assert_int_eq(
                        ws_send_frame(alice->ws, WS_CONTINUATION, false, piece, sizeof(piece)), 0);
        talker_closed(alice, WIRE_CLOSE_TOO_BIG, "64 KiB");
        talker_free(alice);
}
END_TEST

START_TEST(a_binary_message_is_refused)
{
        Talker *alice = hub_rig_alice(h);

        ck_assert_int_eq(ws_send_frame(alice->ws, WS_BINARY, true, "{}", 2), 0);
        talker_closed(alice, WIRE_CLOSE_UNSUPPORTED, "binary");
        talker_free(alice);
}
END_TEST

START_TEST(compression_is_not_spoken)
{
        Talker *alice = hub_rig_alice(h);

        /* RSV1, which permessage-deflate would set, although it was not negotiated. */
        ck_assert_int_eq(ws_send_raw(alice->ws, "\xc1\x82\0\0\0\0{}", 8), 0);
        char *text = NULL;
        ck_assert_int_eq(ws_receive(alice->ws, rig_patience_ms(), &text), WS_CLOSED);
        talker_free(alice);
}
END_TEST

START_TEST(nothing_is_done_before_hello)
{
        Talker *talker = stranger();
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        talker_refused(talker_initiate(talker, id, "bob"), "NotLoggedIn", "hello");
        talker_closed(talker, WIRE_CLOSE_HELLO_EXPECTED, "hello");
        ck_assert(!talker_has_event(bystander, "incoming"));
        talker_free(talker);
}
END_TEST

START_TEST(a_wrong_token_is_refused)
{
        static const char *const tokens[] = {
                "0000000000000000000000000000000000000000000000000000000000000000", "a", "'OR'1"};

        for (size_t i = 0; i < ELEMENTSOF(tokens); i++) {
                Talker *talker = stranger();

                talker_refused(talker_request(talker, "hello", HELLO, tokens[i]), "AuthFailed",
                               "token");
                talker_closed(talker, WIRE_CLOSE_AUTH_FAILED, "token");
                talker_free(talker);
        }
}
END_TEST

START_TEST(no_token_is_refused)
{
        Talker *talker = stranger();

        talker_refused(talker_request(talker, "hello", "\"version\":1,\"device\":\"d\""),
                       "AuthFailed", "token");
        talker_closed(talker, WIRE_CLOSE_AUTH_FAILED, "token");
        talker_free(talker);
}
END_TEST

START_TEST(the_token_may_come_with_the_upgrade)
{
        WsOptions options = {.bearer = h->alice};
        Talker *talker = talker_connect(hub_port(h->hub), &options);

        talker_ok(talker_request(talker, "hello", "\"version\":1,\"device\":\"d\""));
        talker_free(talker);
}
END_TEST

START_TEST(another_version_is_refused)
{
        Talker *talker = stranger();

        talker_refused(talker_request(talker, "hello",
                                      "\"version\":2,\"token\":\"%s\",\"device\":\"d\"", h->alice),
                       "NotSupported", "version 1");
        talker_closed(talker, WIRE_CLOSE_VERSION, "version 1");
        talker_free(talker);
}
END_TEST

START_TEST(a_hello_without_a_device_is_refused)
{
        Talker *talker = stranger();

        talker_refused(talker_request(talker, "hello", "\"version\":1,\"token\":\"%s\"", h->alice),
                       "InvalidArgument", "device");
        talker_closed(talker, WIRE_CLOSE_HELLO_EXPECTED, "device");
        talker_free(talker);
}
END_TEST

START_TEST(anothers_call_is_out_of_reach)
{
        static const char *const ops[] = {"end", "cancel", "token", "leave", "delivered"};
        char id[TALKER_UUID_SIZE];

        hub_add_user(h->hub, "carol", "Carol");
        _cleanup_free_ char *token = hub_mint(h->hub, "carol");
        Talker *alice = hub_rig_alice(h), *carol = talker_new(hub_port(h->hub), token, "c");

        hub_rig_call(alice, bystander, id);
        for (size_t i = 0; i < ELEMENTSOF(ops); i++)
                talker_refused(talker_request(carol, ops[i], "\"session_id\":\"%s\"", id),
                               "NoSuchCall", "");
        talker_refused(talker_request(carol, "accept", "\"session_id\":\"%s\",\"join\":true", id),
                       "NoSuchCall", "");
        hub_rig_end(alice, id);
        talker_free(alice);
        talker_free(carol);
}
END_TEST

START_TEST(other_paths_and_subprotocols_are_refused)
{
        static const WsOptions refused[] = {
                {.path = "/"}, {.path = "/v1/ws/x"}, {.subprotocol = ""}, {.subprotocol = "mqtt"}};

        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                WsClient *ws = NULL;

                ck_assert_int_ne(ws_connect(hub_port(h->hub), &refused[i], &ws, NULL), 0);
                ck_assert_ptr_null(ws);
        }
}
END_TEST

START_TEST(a_device_that_comes_again_replaces_itself)
{
        Talker *first = hub_rig_alice(h), *second = hub_rig_alice(h);

        talker_closed(first, WIRE_CLOSE_REPLACED, "newer");
        talker_ok(talker_request(second, "history", "%s", ""));
        talker_free(first);
        talker_free(second);
}
END_TEST

/* A vector's bytes: "json" as text, or "hex". The caller frees. */
static char *vector_bytes(const cJSON *vector, size_t *ret_length)
{
        const char *json = talker_text(vector, "json"), *hex = talker_text(vector, "hex");
        size_t length = *hex ? strlen(hex) / 2 : strlen(json);
        char *bytes = rig_alloc(length + 1);

        memcpy(bytes, json, *hex ? 0 : length);
        for (size_t i = 0; *hex && i < length; i++) {
                unsigned byte;

                sscanf(hex + 2 * i, "%2x", &byte);
                bytes[i] = (char)byte;
        }
        *ret_length = length;
        return bytes;
}

/* A device that is logged in sends the hub all vectors of the codec. */
START_TEST(vectors_are_answered_or_end_the_connection)
{
        static const char *const files[] = {"valid", "invalid"};
        char path[RIG_PATH_MAX];
        const cJSON *vector;
        int n = 0;

        rig_path(path, "%s/tests/data/wire/%s.json", getenv("TRING_RIG_SOURCE"), files[_i]);
        _cleanup_free_ char *text = rig_read_file(path);
        cJSON *vectors = cJSON_Parse(text);
        cJSON_ArrayForEach (vector, vectors) {
                size_t length;
                cJSON *message = NULL;

                if (!str_eq(talker_text(vector, "from"), "device"))
                        continue;
                _cleanup_free_ char *bytes = vector_bytes(vector, &length);
                Talker *alice = hub_rig_alice(h);
                ck_assert_int_eq(ws_send_frame(alice->ws, WS_TEXT, true, bytes, length), 0);
                /* Either a reply or a close comes; an "ack" has no reply. */
                if (talker_try(alice, "history", "%s", ""))
                        message = talker_next(alice, talker_text(vector, "what"));
                cJSON_Delete(message);
                talker_free(alice);
                n++;
        }
        cJSON_Delete(vectors);
        ck_assert_int_gt(n, 10);
        talker_ok(talker_request(bystander, "history", "%s", ""));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: wire");
        TCase *tests = tcase_create("wire");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_loop_test(tests, what_is_no_message_ends_the_connection, 0, ELEMENTSOF(fatal));
        tcase_add_loop_test(tests, a_wrong_request_is_answered_by_what_is_wrong, 0,
                            ELEMENTSOF(wrong));
        tcase_add_test(tests, a_message_of_64_kib_is_read_and_one_byte_more_is_not);
        tcase_add_test(tests, fragments_are_put_together);
        tcase_add_test(tests, fragments_without_end_are_cut_off_at_64_kib);
        tcase_add_test(tests, a_binary_message_is_refused);
        tcase_add_test(tests, compression_is_not_spoken);
        tcase_add_test(tests, nothing_is_done_before_hello);
        tcase_add_test(tests, a_wrong_token_is_refused);
        tcase_add_test(tests, no_token_is_refused);
        tcase_add_test(tests, the_token_may_come_with_the_upgrade);
        tcase_add_test(tests, another_version_is_refused);
        tcase_add_test(tests, a_hello_without_a_device_is_refused);
        tcase_add_test(tests, anothers_call_is_out_of_reach);
        tcase_add_test(tests, other_paths_and_subprotocols_are_refused);
        tcase_add_test(tests, a_device_that_comes_again_replaces_itself);
        tcase_add_loop_test(tests, vectors_are_answered_or_end_the_connection, 0, 2);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
