/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The end of each test program's main(): runs the suite, which is freed here, and returns the exit
 * code.
 */

#include <check.h>
#include <stdlib.h>

static inline int suite_run(Suite *suite)
{
        SRunner *runner = srunner_create(suite);

        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);

        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
