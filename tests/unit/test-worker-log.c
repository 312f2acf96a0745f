/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log of a media worker, as tringd writes it. */
#include "loop/worker-log.h"

#include <stdio.h>
#include <stdlib.h>

#include "error-output.h"
#include "suite.h"

#define SESSION "11111111-1111-4111-8111-111111111111"

static void begin(void)
{
        log_open("tringd", LOG_INFO);
        error_output_begin();
}

static void write_text(WorkerLog *log, uint32_t level, const char *text)
{
        WorkerLogLine line = {.level = level};

        ck_assert_int_eq(STR_SET(line.text, text), 0);
        worker_log_write(log, SESSION, &line);
}

START_TEST(line_has_the_fields_of_the_worker_and_its_own_session)
{
        WorkerLog log = {};
        WorkerLogLine line = {.level = LOG_WARNING, .text = "no path"};

        ck_assert_int_eq(metadata_add(&line.fields, "PEER", "carol"), 0);
        ck_assert_int_eq(metadata_add(&line.fields, "SESSION_ID", "another's"), 0);
        ck_assert_int_eq(metadata_add(&line.fields, "_PID", "1"), 0);
        ck_assert_int_eq(metadata_add(&line.fields, "MESSAGE", "nonsense"), 0);
        begin();
        worker_log_write(&log, SESSION, &line);
        ck_assert_str_eq(error_output_end(),
                         "tring-media: no path (SESSION_ID=" SESSION ", PEER=carol)\n");
        metadata_done(&line.fields);
}
END_TEST

START_TEST(line_is_as_grave_as_the_worker_says_up_to_an_error)
{
        ck_assert_int_eq(worker_log_level(LOG_EMERG), LOG_ERR);
        ck_assert_int_eq(worker_log_level(LOG_ERR), LOG_ERR);
        ck_assert_int_eq(worker_log_level(LOG_WARNING), LOG_WARNING);
        ck_assert_int_eq(worker_log_level(LOG_DEBUG), LOG_DEBUG);
        ck_assert_int_eq(worker_log_level(UINT32_MAX), LOG_DEBUG);
}
END_TEST

START_TEST(line_that_nobody_wants_is_not_written)
{
        WorkerLog log = {};

        begin();
        write_text(&log, LOG_DEBUG, "a debug");
        write_text(&log, LOG_INFO, "an info");
        ck_assert_str_eq(error_output_end(), "tring-media: an info (SESSION_ID=" SESSION ")\n");
}
END_TEST

START_TEST(worker_that_logs_at_will_is_bounded_and_that_is_said)
{
        WorkerLog log = {};

        begin();
        for (unsigned i = 0; i < WORKER_LOG_MAX + 7; i++)
                write_text(&log, LOG_INFO, "flood");
        worker_log_done(&log, SESSION);
        error_output_end();
        ck_assert_uint_eq(error_output_count("flood"), WORKER_LOG_MAX);
        ck_assert_uint_eq(error_output_count("7 more lines of this worker were left out"), 1);
}
END_TEST

START_TEST(worker_within_its_bound_loses_no_line)
{
        WorkerLog log = {};

        begin();
        for (unsigned i = 0; i < WORKER_LOG_MAX; i++)
                write_text(&log, LOG_INFO, "line");
        worker_log_done(&log, SESSION);
        error_output_end();
        ck_assert_uint_eq(error_output_count("line"), WORKER_LOG_MAX);
        ck_assert_uint_eq(error_output_count("left out"), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("worker-log");
        TCase *tcase = tcase_create("worker-log");

        (void)unsetenv("JOURNAL_STREAM");
        tcase_add_test(tcase, line_has_the_fields_of_the_worker_and_its_own_session);
        tcase_add_test(tcase, line_is_as_grave_as_the_worker_says_up_to_an_error);
        tcase_add_test(tcase, line_that_nobody_wants_is_not_written);
        tcase_add_test(tcase, worker_that_logs_at_will_is_bounded_and_that_is_said);
        tcase_add_test(tcase, worker_within_its_bound_loses_no_line);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
