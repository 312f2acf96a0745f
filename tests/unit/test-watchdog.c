/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A worker whose main loop hangs ends itself. */
#include "media/watchdog.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
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

usec_t __real_clock_boottime(void);
usec_t __wrap_clock_boottime(void);

/* The log reads the clock with its lock held: who does not come back from there keeps that. */
static _Thread_local bool stays_in_clock;

usec_t __wrap_clock_boottime(void)
{
        while (stays_in_clock)
                pause();
        return __real_clock_boottime();
}

static gboolean hang_in_log(void *userdata)
{
        stays_in_clock = true;
        log_warning("never written");
        return G_SOURCE_REMOVE;
}

static gboolean hang(void *userdata)
{
        while (true)
                pause();
        return G_SOURCE_REMOVE;
}

/* Ends by the watchdog, or by the test's timeout. */
static int end_of(GSourceFunc hangs, int error_output)
{
        pid_t pid = fork();
        int status;

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                GMainLoop *loop = g_main_loop_new(NULL, FALSE);

                (void)dup2(error_output, STDERR_FILENO);
                watchdog_start(USEC_PER_SEC);
                g_timeout_add(100, hangs, NULL);
                g_main_loop_run(loop);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        return status;
}

static void expect_end(GSourceFunc hangs, int error_output)
{
        int status = end_of(hangs, error_output);

        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
}

static void expect_last_word(int fd)
{
        char text[256];
        ssize_t n = read(fd, text, sizeof(text) - 1);

        text[n > 0 ? n : 0] = '\0';
        ck_assert_str_eq(text, "tring: the main loop hangs: the worker ends\n");
}

START_TEST(process_whose_loop_hangs_ends_by_itself_and_says_so)
{
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        expect_end(hang, ends[1]);
        expect_last_word(ends[0]);
        /* Others may write there, too. */
        ck_assert_int_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);

        /* As systemd has it. */
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        expect_end(hang, ends[1]);
        expect_last_word(ends[0]);
}
END_TEST

START_TEST(process_ends_though_its_loop_hangs_with_the_lock_of_the_log)
{
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        expect_end(hang_in_log, ends[1]);
        expect_last_word(ends[0]);
}
END_TEST

static void fill(int fd)
{
        static const char bytes[4096];
        int flags = fcntl(fd, F_GETFL);

        (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
        for (size_t n = sizeof(bytes); n > 0; n /= 2)
                while (write(fd, bytes, n) > 0)
                        ;
        (void)fcntl(fd, F_SETFL, flags);
}

START_TEST(process_ends_though_nobody_reads_what_it_says)
{
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        fill(ends[1]);
        expect_end(hang, ends[1]);

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        fill(ends[1]);
        expect_end(hang, ends[1]);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("watchdog");
        TCase *tcase = tcase_create("watchdog");

        (void)unsetenv("JOURNAL_STREAM");
        tcase_set_timeout(tcase, 30);
        tcase_add_test(tcase, loop_that_beats_now_and_then_does_not_hang);
        tcase_add_test(tcase, loop_without_a_beat_hangs_after_20_s_in_which_the_process_ran);
        tcase_add_test(tcase, process_whose_loop_hangs_ends_by_itself_and_says_so);
        tcase_add_test(tcase, process_ends_though_its_loop_hangs_with_the_lock_of_the_log);
        tcase_add_test(tcase, process_ends_though_nobody_reads_what_it_says);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
