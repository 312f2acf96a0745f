/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "model/message.h"
#include "suite.h"

START_TEST(every_type_has_a_word_that_leads_back)
{
        for (MessageType type = MESSAGE_NONE + 1; type < MESSAGE_TYPE_COUNT; type++) {
                MessageType back = MESSAGE_NONE;

                ck_assert_int_eq(message_type_from_string(message_type_to_string(type), &back), 0);
                ck_assert_int_eq(back, type);
        }
}
END_TEST

START_TEST(no_word_means_none)
{
        MessageType type = MESSAGE_ACK;

        ck_assert_int_eq(message_type_from_string("none", &type), -EINVAL);
        ck_assert_int_eq(message_type_from_string("", &type), -EINVAL);
        ck_assert_int_eq(message_type_from_string("Accept", &type), -EINVAL);
        ck_assert_int_eq(type, MESSAGE_ACK);
}
END_TEST

START_TEST(a_type_is_a_request_or_an_event_or_neither)
{
        int neither = 0;

        for (MessageType type = 0; type < MESSAGE_TYPE_COUNT; type++) {
                ck_assert(!(message_type_is_request(type) && message_type_is_event(type)));
                neither += !message_type_is_request(type) && !message_type_is_event(type);
        }
        ck_assert_int_eq(neither, 3); /* none, ack, reply */
        ck_assert(message_type_is_request(MESSAGE_HELLO));
        ck_assert(message_type_is_request(MESSAGE_LOGOUT));
        ck_assert(message_type_is_event(MESSAGE_INCOMING));
        ck_assert(message_type_is_event(MESSAGE_CHANGED));
}
END_TEST

START_TEST(an_error_reply_carries_a_sentence_fit_to_print)
{
        Message reply;

        message_reply_error(&reply, 7, CALL_ERROR_USER_NOT_FOUND, "there is no user '%s'", "b\nob");
        ck_assert_int_eq(reply.type, MESSAGE_REPLY);
        ck_assert_uint_eq(reply.id, 7);
        ck_assert_int_eq(reply.reply.error, CALL_ERROR_USER_NOT_FOUND);
        ck_assert_int_eq(reply.reply.kind, REPLY_PLAIN);
        ck_assert_str_eq(reply.reply.text, "there is no user 'b?ob'");
        message_done(&reply);
}
END_TEST

START_TEST(a_long_sentence_is_cut_between_characters)
{
        char name[MESSAGE_TEXT_MAX * 2 + 1] = "";
        Message reply;

        for (int i = 0; i < MESSAGE_TEXT_MAX; i++)
                strcat(name, "é");
        message_reply_error(&reply, 1, CALL_ERROR_USER_NOT_FOUND, "x%s", name);
        size_t length = strlen(reply.reply.text);
        ck_assert_uint_le(length, MESSAGE_TEXT_MAX);
        ck_assert(text_is_valid(reply.reply.text, MESSAGE_TEXT_MAX));
        ck_assert_str_eq(reply.reply.text + length - strlen("…"), "…");
}
END_TEST

START_TEST(a_message_frees_what_it_owns)
{
        Message message = {.type = MESSAGE_REPLY, .reply.kind = REPLY_WELCOME};

        message.reply.welcome.calls = calloc(1, sizeof(CallSnapshot));
        message.reply.welcome.n_calls = 1;
        ck_assert_int_eq(metadata_add(&message.reply.welcome.calls[0].record.metadata, "k", "v"),
                         0);
        message_done(&message);
        ck_assert_int_eq(message.type, MESSAGE_NONE);
        message_done(&message);

        message = (Message){.type = MESSAGE_SIGNAL, .signal.data = strdup("{}")};
        message_done(&message);
        ck_assert_int_eq(message.type, MESSAGE_NONE);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("message");
        TCase *message = tcase_create("message");

        tcase_add_test(message, every_type_has_a_word_that_leads_back);
        tcase_add_test(message, no_word_means_none);
        tcase_add_test(message, a_type_is_a_request_or_an_event_or_neither);
        tcase_add_test(message, an_error_reply_carries_a_sentence_fit_to_print);
        tcase_add_test(message, a_long_sentence_is_cut_between_characters);
        tcase_add_test(message, a_message_frees_what_it_owns);
        suite_add_tcase(suite, message);
        return suite_run(suite);
}
