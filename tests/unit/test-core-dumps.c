/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/resource.h>

#include "base/core-dumps.h"
#include "suite.h"

START_TEST(no_core_dump_is_written_of_a_process_that_forbids_them)
{
        struct rlimit limit;

        core_dumps_forbid();
        ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
        ck_assert_uint_eq(limit.rlim_cur, 0);
        ck_assert_uint_eq(limit.rlim_max, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("core-dumps");
        TCase *tests = tcase_create("core-dumps");

        tcase_add_test(tests, no_core_dump_is_written_of_a_process_that_forbids_them);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
