/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

static char output[4096];

usec_t __real_clock_boottime(void);
usec_t __wrap_clock_boottime(void);

static usec_t passed; /* so much time, at once */

usec_t __wrap_clock_boottime(void)
{
        return __real_clock_boottime() + passed;
}

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

/* Returns the number of lines in the output that have the text. */
static int count_lines(const char *text)
{
        int n = 0;

        for (const char *p = output; (p = strstr(p, text)); p += strlen(text))
                n++;
        return n;
}

START_TEST(a_place_that_logs_at_will_is_bounded_and_hides_no_other)
{
        int ends[2], before = dup(STDERR_FILENO);

        log_open("program", LOG_DEBUG);
        ck_assert_int_eq(pipe(ends), 0);
        (void)dup2(ends[1], STDERR_FILENO);
        for (int i = 0; i < 2 * LOG_PLACE_MAX; i++) {
                log_warning("flood %d", i);
                log_fields(LOG_INFO, "drops", "ADDRESS=%s", "192.0.2.1", NULL);
                log_debug("detail");
        }
        log_warning("another");
        (void)dup2(before, STDERR_FILENO);
        (void)close(ends[1]);
        (void)close(before);
        ssize_t n = read(ends[0], output, sizeof(output) - 1);
        output[n > 0 ? n : 0] = '\0';
        (void)close(ends[0]);
        ck_assert_int_eq(count_lines("flood"), LOG_PLACE_MAX);
        ck_assert_int_eq(count_lines("drops"), LOG_PLACE_MAX);
        ck_assert_int_eq(count_lines("detail"), 2 * LOG_PLACE_MAX);
        ck_assert_int_eq(count_lines("another"), 1);
}
END_TEST

START_TEST(lines_left_out_are_counted_until_their_time_is_over)
{
        LogPlace place = {};
        usec_t now = 5;

        for (unsigned i = 0; i < LOG_PLACE_MAX; i++)
                ck_assert(log_place_admits(&place, LOG_PLACE_MAX, now + i));
        ck_assert(!log_place_admits(&place, LOG_PLACE_MAX, now + LOG_PLACE_WINDOW_US - 1));
        ck_assert_uint_eq(place.n_left_out, 1);
        for (unsigned i = 0; i < LOG_PLACE_MAX; i++)
                ck_assert(log_place_admits(&place, LOG_PLACE_MAX, now + LOG_PLACE_WINDOW_US));
        ck_assert(!log_place_admits(&place, LOG_PLACE_MAX, now + LOG_PLACE_WINDOW_US));
        ck_assert_uint_eq(place.n_left_out, 2);
}
END_TEST

/* Standard error as the journal's. */
static void be_journal(int fd)
{
        char stream[64];
        struct stat st;

        ck_assert_int_eq(fstat(fd, &st), 0);
        snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
        (void)setenv("JOURNAL_STREAM", stream, 1);
}

static char sunk[512];

static bool sink(void *userdata, int level, const char *message, char (*fields)[LOG_LINE_MAX],
                 size_t n)
{
        if (!userdata)
                return false;
        snprintf(sunk, sizeof(sunk), "%d %s %s", level, message, n > 0 ? fields[0] : "");
        return true;
}

START_TEST(who_may_not_reach_the_journal_gives_lines_to_another)
{
        int ends[2], before = dup(STDERR_FILENO);

        ck_assert_int_eq(pipe(ends), 0);
        (void)dup2(ends[1], STDERR_FILENO);
        be_journal(ends[1]);
        log_open("program", LOG_DEBUG);
        log_send_to(sink, output);
        log_fields(LOG_NOTICE, "taken", "PEER=%s", "carol", NULL);
        log_debug("a detail");
        log_send_to(sink, NULL);
        log_fields(LOG_WARNING, "not taken", "PEER=%s", "carol", NULL);
        (void)dup2(before, STDERR_FILENO);
        (void)close(ends[1]);
        (void)close(before);
        ssize_t n = read(ends[0], output, sizeof(output) - 1);
        output[n > 0 ? n : 0] = '\0';
        (void)close(ends[0]);
        ck_assert_str_eq(sunk, "5 taken PEER=carol");
        ck_assert_str_eq(output, "<7>program: a detail\n<4>program: not taken (PEER=carol)\n");
}
END_TEST

static bool taking_sink(void *userdata, int level, const char *message,
                        char (*fields)[LOG_LINE_MAX], size_t n)
{
        return true;
}

static unsigned n_sunk;

/* Complains about each line, as one whose peer does not read. */
static bool complaining_sink(void *userdata, int level, const char *message,
                             char (*fields)[LOG_LINE_MAX], size_t n)
{
        n_sunk++;
        snprintf(sunk, sizeof(sunk), "%s", message);
        log_warning("cannot pass on a line");
        return false;
}

static void flood(const char *text)
{
        for (unsigned i = 0; i < LOG_PLACE_MAX + 3; i++)
                log_info("%s", text);
}

START_TEST(sink_may_log_also_when_it_gets_the_count_of_lines_left_out)
{
        int ends[2], before = dup(STDERR_FILENO);

        ck_assert_int_eq(pipe(ends), 0);
        (void)dup2(ends[1], STDERR_FILENO);
        be_journal(ends[1]);
        log_open("program", LOG_DEBUG);
        log_send_to(taking_sink, NULL);
        flood("nonsense");
        log_send_to(complaining_sink, NULL);
        passed += LOG_PLACE_WINDOW_US;
        log_notice("the next line");
        (void)dup2(before, STDERR_FILENO);
        (void)close(ends[1]);
        (void)close(before);
        ssize_t n = read(ends[0], output, sizeof(output) - 1);
        output[n > 0 ? n : 0] = '\0';
        (void)close(ends[0]);
        ck_assert_uint_eq(n_sunk, 2);
        ck_assert_str_eq(sunk, "the next line");
        ck_assert_str_eq(output, "<4>program: cannot pass on a line\n"
                                 "<6>program: 3 more lines like this were left out: nonsense\n"
                                 "<4>program: cannot pass on a line\n"
                                 "<5>program: the next line\n");
}
END_TEST

START_TEST(lines_left_out_are_counted_once_for_each_place)
{
        int ends[2], before = dup(STDERR_FILENO);

        log_open("program", LOG_INFO);
        ck_assert_int_eq(pipe(ends), 0);
        (void)dup2(ends[1], STDERR_FILENO);
        for (unsigned i = 0; i < LOG_PLACE_MAX + 2; i++) {
                log_info("first");
                log_info("second");
        }
        passed += LOG_PLACE_WINDOW_US;
        log_info("third");
        log_info("fourth");
        (void)dup2(before, STDERR_FILENO);
        (void)close(ends[1]);
        (void)close(before);
        ssize_t n = read(ends[0], output, sizeof(output) - 1);
        output[n > 0 ? n : 0] = '\0';
        (void)close(ends[0]);
        ck_assert_int_eq(count_lines("2 more lines like this were left out: first"), 1);
        ck_assert_int_eq(count_lines("2 more lines like this were left out: second"), 1);
        ck_assert_int_eq(count_lines("left out"), 2);
        ck_assert_int_eq(count_lines("program: third"), 1);
        ck_assert_int_eq(count_lines("program: fourth"), 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("log");
        TCase *tcase = tcase_create("level");

        (void)unsetenv("JOURNAL_STREAM");
        tcase_add_test(tcase, the_level_is_what_the_environment_says);
        tcase_add_test(tcase, a_level_that_is_none_is_named);
        tcase_add_test(tcase, a_place_that_logs_at_will_is_bounded_and_hides_no_other);
        tcase_add_test(tcase, lines_left_out_are_counted_until_their_time_is_over);
        tcase_add_test(tcase, who_may_not_reach_the_journal_gives_lines_to_another);
        tcase_add_test(tcase, sink_may_log_also_when_it_gets_the_count_of_lines_left_out);
        tcase_add_test(tcase, lines_left_out_are_counted_once_for_each_place);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
