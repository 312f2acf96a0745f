/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#include "error-output.h"
#include "suite.h"

static const char *output; /* of the last error_output_end() */

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
        if (level)
                (void)setenv("TRING_LOG", level, 1);
        else
                (void)unsetenv("TRING_LOG");
        error_output_begin();
        log_open_from_environment("program");
        log_info("an info");
        log_debug("a debug");
        output = error_output_end();
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

START_TEST(a_place_that_logs_at_will_is_bounded_and_hides_no_other)
{
        log_open("program", LOG_DEBUG);
        error_output_begin();
        for (int i = 0; i < 2 * LOG_PLACE_MAX; i++) {
                log_warning("flood %d", i);
                log_fields(LOG_INFO, "drops", "ADDRESS=%s", "192.0.2.1", NULL);
                log_debug("detail");
        }
        log_warning("another");
        output = error_output_end();
        ck_assert_int_eq(error_output_count("flood"), LOG_PLACE_MAX);
        ck_assert_int_eq(error_output_count("drops"), LOG_PLACE_MAX);
        ck_assert_int_eq(error_output_count("detail"), 2 * LOG_PLACE_MAX);
        ck_assert_int_eq(error_output_count("another"), 1);
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
        error_output_begin();
        error_output_be_journal();
        log_open("program", LOG_DEBUG);
        log_send_to(sink, sunk);
        log_fields(LOG_NOTICE, "taken", "PEER=%s", "carol", NULL);
        log_debug("a detail");
        log_send_to(sink, NULL);
        log_fields(LOG_WARNING, "not taken", "PEER=%s", "carol", NULL);
        output = error_output_end();
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
        error_output_begin();
        error_output_be_journal();
        log_open("program", LOG_DEBUG);
        log_send_to(taking_sink, NULL);
        flood("nonsense");
        log_send_to(complaining_sink, NULL);
        passed += LOG_PLACE_WINDOW_US;
        log_notice("the next line");
        output = error_output_end();
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
        log_open("program", LOG_INFO);
        error_output_begin();
        for (unsigned i = 0; i < LOG_PLACE_MAX + 2; i++) {
                log_info("first");
                log_info("second");
        }
        passed += LOG_PLACE_WINDOW_US;
        log_info("third");
        log_info("fourth");
        output = error_output_end();
        ck_assert_int_eq(error_output_count("2 more lines like this were left out: first"), 1);
        ck_assert_int_eq(error_output_count("2 more lines like this were left out: second"), 1);
        ck_assert_int_eq(error_output_count("left out"), 2);
        ck_assert_int_eq(error_output_count("program: third"), 1);
        ck_assert_int_eq(error_output_count("program: fourth"), 1);
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
