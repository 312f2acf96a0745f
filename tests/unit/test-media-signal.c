/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/media-signal.h"

#include <errno.h>

#include "base/cleanup.h"
#include "suite.h"

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct {
        const char *json;
        MediaSignal signal;
} good[] = {
        {"{\"sdp\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}}",
         {.type = MEDIA_SIGNAL_OFFER, .text = (char *)"v=0\r\n"}},
        {"{\"sdp\":{\"type\":\"answer\",\"sdp\":\"v=0\\r\\n\"}}",
         {.type = MEDIA_SIGNAL_ANSWER, .text = (char *)"v=0\r\n"}},
        {"{\"candidate\":{\"candidate\":\"candidate:1 1 UDP 1 127.0.0.1 9 typ host\","
         "\"sdpMid\":\"audio0\",\"sdpMLineIndex\":1}}",
         {.type = MEDIA_SIGNAL_CANDIDATE,
          .text = (char *)"candidate:1 1 UDP 1 127.0.0.1 9 typ host",
          .mline = 1,
          .mid = "audio0"}},
        {"{\"candidate\":{\"candidate\":\"\",\"sdpMLineIndex\":0}}",
         {.type = MEDIA_SIGNAL_NO_MORE_CANDIDATES}},
        {"{\"offer_wanted\":{\"ice_restart\":true}}",
         {.type = MEDIA_SIGNAL_OFFER_WANTED, .ice_restart = true}},
        {"{\"sdp\":{\"type\":\"offer\",\"sdp\":\"v=0\"},\"connection\":2,\"commitment\":\"" HEX
         "\"}",
         {.type = MEDIA_SIGNAL_OFFER, .text = (char *)"v=0", .connection = 2, .commitment = HEX}},
        {"{\"sdp\":{\"type\":\"answer\",\"sdp\":\"v=0\"},\"nonce\":\"" HEX "\"}",
         {.type = MEDIA_SIGNAL_ANSWER, .text = (char *)"v=0", .nonce = HEX}},
        {"{\"candidate\":{\"candidate\":\"candidate:x\",\"sdpMLineIndex\":0},\"connection\":9999}",
         {.type = MEDIA_SIGNAL_CANDIDATE, .text = (char *)"candidate:x", .connection = 9999}},
        {"{\"nonce\":\"" HEX "\"}", {.type = MEDIA_SIGNAL_NONCE, .nonce = HEX}},
};

START_TEST(each_form_is_read)
{
        char text[MESSAGE_TEXT_MAX + 1];
        const MediaSignal *wanted = &good[_i].signal;
        MediaSignal signal;

        ck_assert_int_eq(media_signal_decode(good[_i].json, &signal, text), 0);
        ck_assert_int_eq(signal.type, wanted->type);
        ck_assert_pstr_eq(signal.text, wanted->text);
        ck_assert_uint_eq(signal.mline, wanted->mline);
        ck_assert_str_eq(signal.mid, wanted->mid);
        ck_assert_int_eq(signal.ice_restart, wanted->ice_restart);
        ck_assert_uint_eq(signal.connection, wanted->connection ? wanted->connection : 1);
        ck_assert_str_eq(signal.commitment, wanted->commitment);
        ck_assert_str_eq(signal.nonce, wanted->nonce);
        media_signal_done(&signal);
}
END_TEST

START_TEST(each_form_is_written)
{
        _cleanup_free_ char *json = NULL;

        ck_assert_int_eq(media_signal_encode(&good[_i].signal, &json), 0);
        ck_assert_str_eq(json, good[_i].json);
}
END_TEST

#define OF_CHROMIUM                                                                           \
        "{\"candidate\":{\"candidate\":\"candidate:x\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0," \
        "\"usernameFragment\":\"abcd\"}}"

/* Chromium adds usernameFragment; null and absent both mean unknown. */
static const char *const of_browsers[] = {
        OF_CHROMIUM,
        "{\"candidate\":{\"candidate\":\"candidate:x\",\"sdpMid\":null,\"sdpMLineIndex\":null}}",
        "{\"candidate\":{\"candidate\":\"candidate:x\"}}",
        "{\"candidate\":null}",
};

START_TEST(what_browsers_send_is_read)
{
        char text[MESSAGE_TEXT_MAX + 1];
        MediaSignal signal;

        ck_assert_int_eq(media_signal_decode(of_browsers[_i], &signal, text), 0);
        media_signal_done(&signal);
}
END_TEST

static const struct {
        const char *json, *says;
} bad[] = {
        {"", ""},
        {"sdp", ""},
        {"[]", "one of sdp, candidate, offer_wanted and nonce"},
        {"{}", "one of sdp, candidate, offer_wanted and nonce"},
        {"{\"offer_wanted\":7}", "offer_wanted is an object"},
        {"{\"offer_wanted\":{\"ice_restart\":1}}", "ice_restart in it a boolean"},
        {"{\"sdp\":{},\"candidate\":{}}", "one of sdp, candidate, offer_wanted and nonce"},
        {"{\"sdp\":\"v=0\"}", "two strings"},
        {"{\"sdp\":{\"type\":\"offer\"}}", "two strings"},
        {"{\"sdp\":{\"type\":1,\"sdp\":\"\"}}", "two strings"},
        {"{\"sdp\":{\"type\":\"pr\\u001banswer\",\"sdp\":\"\"}}", "'pr?answer'"},
        {"{\"candidate\":{}}", "a string, candidate"},
        {"{\"candidate\":{\"candidate\":7}}", "a string, candidate"},
        {"{\"candidate\":{\"candidate\":\"x\",\"sdpMLineIndex\":-1}}", "0 to 63"},
        {"{\"candidate\":{\"candidate\":\"x\",\"sdpMLineIndex\":64}}", "0 to 63"},
        {"{\"candidate\":{\"candidate\":\"x\",\"sdpMLineIndex\":0.5}}", "0 to 63"},
        {"{\"candidate\":{\"candidate\":\"x\",\"sdpMid\":7}}", "sdpMid"},
        {"{\"candidate\":{\"candidate\":\"x\",\"sdpMid\":\"1234567890123456789012345678901234567890"
         "1234567890123456789012345\"}}",
         "sdpMid"},
        {"{\"sdp\":{\"type\":\"offer\",\"type\":\"offer\",\"sdp\":\"\"}}", ""},
        {"{\"a\":[[[[[]]]]]}", ""},
        {"{\"candidate\":null,\"connection\":0}", "1 to 9999"},
        {"{\"candidate\":null,\"connection\":10000}", "1 to 9999"},
        {"{\"candidate\":null,\"connection\":\"2\"}", "1 to 9999"},
        {"{\"nonce\":7}", "nonce is 64 lower-case hex digits"},
        {"{\"nonce\":\"\"}", "nonce is 64 lower-case hex digits"},
        {"{\"sdp\":{\"type\":\"offer\",\"sdp\":\"\"},\"commitment\":"
         "\"00112233445566778899AABBCCDDEEFF0"
         "0112233445566778899aabbccddeeff\"}",
         "commitment is 64 lower-case hex digits"},
};

START_TEST(nonsense_is_refused_with_a_sentence)
{
        char text[MESSAGE_TEXT_MAX + 1] = "";
        MediaSignal signal;

        ck_assert_int_eq(media_signal_decode(bad[_i].json, &signal, text), -EBADMSG);
        ck_assert_str_ne(text, "");
        ck_assert_ptr_nonnull(strstr(text, bad[_i].says));
}
END_TEST

START_TEST(longer_than_a_signal_may_be_is_not_written)
{
        static char sdp[SIGNAL_DATA_MAX];
        MediaSignal signal = {.type = MEDIA_SIGNAL_OFFER, .text = sdp};
        char *json = NULL;

        memset(sdp, 'a', sizeof(sdp) - 1);
        ck_assert_int_eq(media_signal_encode(&signal, &json), -EMSGSIZE);
        ck_assert_ptr_null(json);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-signal");
        TCase *tcase = tcase_create("signal");

        tcase_add_loop_test(tcase, each_form_is_read, 0, ELEMENTSOF(good));
        tcase_add_loop_test(tcase, each_form_is_written, 0, ELEMENTSOF(good));
        tcase_add_loop_test(tcase, what_browsers_send_is_read, 0, ELEMENTSOF(of_browsers));
        tcase_add_loop_test(tcase, nonsense_is_refused_with_a_sentence, 0, ELEMENTSOF(bad));
        tcase_add_test(tcase, longer_than_a_signal_may_be_is_not_written);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
