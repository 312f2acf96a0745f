/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "base/str.h"
#include "model/rules.h"
#include "suite.h"

/*
 * "Methods against statuses" of CALL-MODEL.md, written a second time: "does", "success", or the
 * error's name.
 */
typedef struct Expected {
        CallMethod method;
        const char *initiated_caller, *initiated_receiver, *ongoing_here, *ongoing_elsewhere,
                *terminal, *answered_elsewhere;
} Expected;

/* clang-format off */
static const Expected expected[] = {
        {CALL_METHOD_ACCEPT,  "InvalidTransition", "does", "success", "AnsweredElsewhere",
                              "CallTerminated", "AnsweredElsewhere"},
        {CALL_METHOD_REJECT,  "InvalidTransition", "does", "CallOngoing", "CallOngoing",
                              "CallTerminated", "CallTerminated"},
        {CALL_METHOD_CANCEL,  "does", "InvalidTransition", "CallOngoing", "CallOngoing",
                              "CallTerminated", "CallTerminated"},
        {CALL_METHOD_END,     "InvalidTransition", "InvalidTransition", "does", "does",
                              "success", "success"},
        {CALL_METHOD_SILENCE, "InvalidTransition", "does", "CallOngoing", "CallOngoing",
                              "CallTerminated", "CallTerminated"},
        {CALL_METHOD_SESSION, "InvalidTransition", "InvalidTransition", "does", "does",
                              "CallTerminated", "CallTerminated"},
};
/* clang-format on */

static const char *expected_answer(const Expected *row, CallDirection side, CallStatus status,
                                   CallReason reason, bool here)
{
        if (status == CALL_STATUS_INITIATED)
                return side == CALL_DIRECTION_OUTGOING ? row->initiated_caller
                                                       : row->initiated_receiver;
        if (status == CALL_STATUS_ONGOING)
                return here ? row->ongoing_here : row->ongoing_elsewhere;
        return reason == CALL_REASON_ANSWERED_ELSEWHERE ? row->answered_elsewhere : row->terminal;
}

static const char *answer(CallDirection side, CallStatus status, CallReason reason,
                          CallMethod method, bool here)
{
        CallError error = CALL_ERROR_NONE;

        switch (rules_method(side, status, reason, method, here, &error)) {
        case METHOD_DOES:
                return error == CALL_ERROR_NONE ? "does" : "does, with an error";
        case METHOD_SUCCEEDS:
                return error == CALL_ERROR_NONE ? "success" : "success, with an error";
        case METHOD_FAILS:
                return call_error_to_string(error);
        }
        return "no verdict";
}

START_TEST(every_method_meets_every_status_as_the_model_says)
{
        const Expected *row = &expected[_i];

        for (CallDirection side = 0; side < CALL_DIRECTION_COUNT; side++) {
                for (CallStatus status = 0; status < CALL_STATUS_COUNT; status++) {
                        /* Live statuses have no reason, and only for them the direction matters. */
                        bool terminal = call_status_is_terminal(status);
                        CallReason reasons = terminal ? CALL_REASON_COUNT : 1;

                        for (unsigned k = 0; k < 2 * reasons; k++) {
                                CallReason reason = k / 2;
                                bool here = k % 2 == 1;
                                const char *got = answer(side, status, reason, row->method, here);
                                const char *want = expected_answer(row, side, status, reason, here);

                                ck_assert_msg(str_eq(got, want),
                                              "%s, %s (%s), method %d: %s instead of %s",
                                              call_direction_to_string(side),
                                              call_status_to_string(status),
                                              call_reason_to_string(reason), (int)row->method, got,
                                              want);
                        }
                }
        }
}
END_TEST

START_TEST(no_method_is_left_out)
{
        ck_assert_uint_eq(ELEMENTSOF(expected), CALL_METHOD_COUNT);
        for (CallMethod method = 0; method < CALL_METHOD_COUNT; method++)
                ck_assert_int_eq(expected[method].method, method);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("methods");
        TCase *table = tcase_create("methods against statuses");

        tcase_add_loop_test(table, every_method_meets_every_status_as_the_model_says, 0,
                            ELEMENTSOF(expected));
        tcase_add_test(table, no_method_is_left_out);
        suite_add_tcase(suite, table);
        return suite_run(suite);
}
