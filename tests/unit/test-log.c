/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "suite.h"

static char output[4096];

/* Runs a program that sets its level from $TRING_LOG and logs at two levels; returns its output. */
static void open_told(const char *level)
{
        int ends[2], before = dup(STDERR_FILENO);

        if (level)
                (void)setenv("TRING_LOG", level, 1);
        else
                (void)unsetenv("TRING_LOG");
        ck_assert_int_eq(pipe(ends), 0);
        (void)dup2(ends[1], STDERR_FILENO);
        log_open_from_environment("program");
        log_info("an info");
        log_debug("a debug");
        (void)dup2(before, STDERR_FILENO);
        (void)close(ends[1]);
        (void)close(before);
        ssize_t n = read(ends[0], output, sizeof(output) - 1);
        output[n > 0 ? n : 0] = '\0';
        (void)close(ends[0]);
}

START_TEST(the_level_is_what_the_environment_says)
{
        open_told(NULL);
        ck_assert_ptr_nonnull(strstr(output, "an info"));
        ck_assert_ptr_null(strstr(output, "a debug"));
        open_told("debug");
        ck_assert_ptr_nonnull(strstr(output, "a debug"));
        open_told("err");
        ck_assert_str_eq(output, "");
}
END_TEST

START_TEST(a_level_that_is_none_is_named)
{
        open_told("nonsense\a");
        ck_assert_ptr_nonnull(strstr(output, "'nonsense?'"));
        ck_assert_ptr_nonnull(strstr(output, "debug, info, notice, warning, err"));
        ck_assert_ptr_nonnull(strstr(output, "an info"));
        open_told("");
        ck_assert_ptr_null(strstr(output, "TRING_LOG"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("log");
        TCase *tcase = tcase_create("level");

        (void)unsetenv("JOURNAL_STREAM");
        tcase_add_test(tcase, the_level_is_what_the_environment_says);
        tcase_add_test(tcase, a_level_that_is_none_is_named);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
