/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A worker whose main loop hangs ends itself. */
#include "media/watchdog.h"

#include <glib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

#define BEGIN (1000 * USEC_PER_SEC)

START_TEST(loop_that_beats_now_and_then_does_not_hang)
{
        LoopLife life = {};
        unsigned beats = 0;

        for (usec_t now = BEGIN; now < BEGIN + 10 * WATCHDOG_HUNG_US; now += USEC_PER_SEC) {
                beats += now % (5 * USEC_PER_SEC) == 0;
                ck_assert(!loop_life_look(&life, beats, WATCHDOG_HUNG_US, now));
        }
}
END_TEST

START_TEST(loop_without_a_beat_hangs_after_20_s_in_which_the_process_ran)
{
        LoopLife life = {};
        usec_t now = BEGIN;

        ck_assert(!loop_life_look(&life, 1, WATCHDOG_HUNG_US, now));
        while (now < BEGIN + WATCHDOG_HUNG_US - USEC_PER_SEC) {
                now += USEC_PER_SEC;
                ck_assert(!loop_life_look(&life, 1, WATCHDOG_HUNG_US, now));
        }
        ck_assert(loop_life_look(&life, 1, WATCHDOG_HUNG_US, now + USEC_PER_SEC));

        /* A process that was stopped for an hour. */
        life = (LoopLife){};
        ck_assert(!loop_life_look(&life, 1, WATCHDOG_HUNG_US, now));
        ck_assert(!loop_life_look(&life, 1, WATCHDOG_HUNG_US, now + 3600 * USEC_PER_SEC));
}
END_TEST

/* Ends by the watchdog, or by the test's timeout. */
static void hang(void)
{
        GMainLoop *loop = g_main_loop_new(NULL, FALSE);

        watchdog_start(USEC_PER_SEC);
        g_timeout_add(100, (GSourceFunc)(void (*)(void))pause, NULL);
        g_main_loop_run(loop);
}

START_TEST(process_whose_loop_hangs_ends_by_itself)
{
        pid_t pid = fork();
        int status;

        ck_assert_int_ge(pid, 0);
        if (pid == 0)
                hang();
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("watchdog");
        TCase *tcase = tcase_create("watchdog");

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, loop_that_beats_now_and_then_does_not_hang);
        tcase_add_test(tcase, loop_without_a_beat_hangs_after_20_s_in_which_the_process_ran);
        tcase_add_test(tcase, process_whose_loop_hangs_ends_by_itself);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
