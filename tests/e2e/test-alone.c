/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Alone in a call, for as long as allowed. In its own program, because it mostly waits. */
#include "e2e/expect.h"
#include "e2e/pair.h"
#include "suite.h"

#define ALONE_S 60                                 /* rule 13 */
#define ALONE_MOST_US (3 * ALONE_S * USEC_PER_SEC) /* wait for it on a busy machine */

/* Alice has chosen to join no media here; Bob would join, and leaves. */
START_TEST(rule_13_who_is_left_alone_in_a_call_is_not_for_ever)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);
        usec_t deadline = clock_boottime() + ALONE_MOST_US;

        call_accept(p.bob, &call, true);
        call_wait_status(p.alice, &call, "ongoing", NULL);
        client_do(p.bob->client, call.path, TRING_SESSION, "Leave", NULL);
        while (client_count_signals(p.alice->client, "CallEndedMessageReceived", call.path) == 0)
                rig_run_once(p.rig, deadline, "the end of a call with one in it");
        call_wait_status(p.alice, &call, "ended", "idle");
        call_wait_status(p.bob, &call, "ended", "idle");
        _cleanup_free_ char *duration = call_property(p.alice, &call, "Duration");
        ck_assert_int_ge(atoi(duration), ALONE_S);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("alone");
        TCase *alone = tcase_create("alone");

        tcase_set_timeout(alone, 4 * ALONE_S);
        tcase_add_test(alone, rule_13_who_is_left_alone_in_a_call_is_not_for_ever);
        suite_add_tcase(suite, alone);
        return suite_run(suite);
}
