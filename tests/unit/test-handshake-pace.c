/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/handshake-pace.h"

#include "suite.h"

START_TEST(of_many_handshakes_at_once_some_begin_and_the_next_turn_has_its_own)
{
        HandshakePace pace = {0};

        for (uint64_t turn = 7; turn < 9; turn++) {
                for (int i = 0; i < HANDSHAKES_AT_ONCE; i++)
                        ck_assert(handshake_pace_admit(&pace, turn));
                ck_assert(!handshake_pace_admit(&pace, turn));
                ck_assert(!handshake_pace_admit(&pace, turn));
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("handshake pace");
        TCase *tests = tcase_create("handshakes");

        tcase_add_test(tests, of_many_handshakes_at_once_some_begin_and_the_next_turn_has_its_own);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
