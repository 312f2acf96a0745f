/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "model/status.h"
#include "suite.h"

START_TEST(the_eight_statuses_have_their_words)
{
        static const char *const words[] = {"initiated", "ongoing", "busy",   "rejected",
                                            "cancelled", "ended",   "missed", "unanswered"};

        ck_assert_uint_eq(ELEMENTSOF(words), CALL_STATUS_COUNT);
        for (CallStatus status = 0; status < CALL_STATUS_COUNT; status++)
                ck_assert_str_eq(call_status_to_string(status), words[status]);
}
END_TEST

START_TEST(only_initiated_and_ongoing_are_not_terminal)
{
        for (CallStatus status = 0; status < CALL_STATUS_COUNT; status++)
                ck_assert_int_eq(call_status_is_terminal(status),
                                 status != CALL_STATUS_INITIATED && status != CALL_STATUS_ONGOING);
}
END_TEST

/* Each value has a unique word, and the word leads back to the value. */
#define ASSERT_WORDS_LEAD_BACK(Type, object, count)                                          \
        for (Type value = 0; value < (count); value++) {                                     \
                Type back = (count);                                                         \
                ck_assert_ptr_nonnull(object##_to_string(value));                            \
                ck_assert_int_eq(object##_from_string(object##_to_string(value), &back), 0); \
                ck_assert_int_eq(back, value);                                               \
        }

START_TEST(every_word_leads_back_to_its_value)
{
        ASSERT_WORDS_LEAD_BACK(CallStatus, call_status, CALL_STATUS_COUNT);
        ASSERT_WORDS_LEAD_BACK(CallType, call_type, CALL_TYPE_COUNT);
        ASSERT_WORDS_LEAD_BACK(ReceiverType, receiver_type, RECEIVER_TYPE_COUNT);
        ASSERT_WORDS_LEAD_BACK(CallDirection, call_direction, CALL_DIRECTION_COUNT);
        ASSERT_WORDS_LEAD_BACK(WhenBusy, when_busy, WHEN_BUSY_COUNT);
        ASSERT_WORDS_LEAD_BACK(MemberState, member_state, MEMBER_STATE_COUNT);
        ASSERT_WORDS_LEAD_BACK(CallReason, call_reason, CALL_REASON_COUNT);
        ASSERT_WORDS_LEAD_BACK(CallError, call_error, CALL_ERROR_COUNT);
}
END_TEST

START_TEST(an_unknown_word_is_refused_and_writes_nothing)
{
        static const char *const unknown[] = {"", "Ongoing", "ongoing ", "ring", "ended\n"};
        CallStatus status = CALL_STATUS_MISSED;

        for (size_t i = 0; i < ELEMENTSOF(unknown); i++) {
                ck_assert_int_eq(call_status_from_string(unknown[i], &status), -EINVAL);
                ck_assert_int_eq(status, CALL_STATUS_MISSED);
        }
}
END_TEST

START_TEST(why_a_call_is_over_is_said_in_words)
{
        ck_assert_str_eq(call_outcome_words(CALL_STATUS_CANCELLED, "answered-elsewhere"),
                         "answered on another device");
        ck_assert_str_eq(call_outcome_words(CALL_STATUS_MISSED, "timeout"),
                         "nobody answered in time");
        ck_assert_str_eq(call_outcome_words(CALL_STATUS_ENDED, "of a later version"),
                         "it was hung up");
        ck_assert_ptr_null(call_reason_words("timeout"));
        ck_assert_ptr_null(call_reason_words("of a later version"));
}
END_TEST

/* No word of the protocol and no id in front of a person: neither has a dash in English. */
START_TEST(no_word_of_the_protocol_is_said_to_a_person)
{
        for (CallStatus status = 0; status < CALL_STATUS_COUNT; status++) {
                ck_assert(!str_empty(call_status_does(status)));
                for (CallReason reason = 0; reason < CALL_REASON_COUNT; reason++) {
                        const char *words =
                                call_outcome_words(status, call_reason_to_string(reason));

                        ck_assert(!str_empty(words));
                        ck_assert_ptr_null(strchr(words, '-'));
                        ck_assert_str_ne(words, call_status_to_string(status));
                }
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("status");
        TCase *words = tcase_create("words");

        tcase_add_test(words, the_eight_statuses_have_their_words);
        tcase_add_test(words, only_initiated_and_ongoing_are_not_terminal);
        tcase_add_test(words, every_word_leads_back_to_its_value);
        tcase_add_test(words, an_unknown_word_is_refused_and_writes_nothing);
        tcase_add_test(words, why_a_call_is_over_is_said_in_words);
        tcase_add_test(words, no_word_of_the_protocol_is_said_to_a_person);
        suite_add_tcase(suite, words);
        return suite_run(suite);
}
