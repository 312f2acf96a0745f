/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The assertions of Check that fixtures use, for programs that no runner of Check's drives: there,
 * even those that hold end the program. These abort, which is what a fuzzer looks for.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ck_assert_msg(condition, ...)                                   \
        do {                                                            \
                if (!(condition)) {                                     \
                        fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
                        fprintf(stderr, __VA_ARGS__);                   \
                        fputc('\n', stderr);                            \
                        abort();                                        \
                }                                                       \
        } while (0)
#define ck_assert(condition) ck_assert_msg(condition, "%s", #condition)
#define ck_assert_int_ge(a, b) ck_assert((a) >= (b))
#define ck_assert_uint_lt(a, b) ck_assert((a) < (b))
#define ck_assert_str_eq(a, b) ck_assert(strcmp((a), (b)) == 0)
#define ck_assert_ptr_null(p) ck_assert((p) == NULL)
#define ck_assert_ptr_nonnull(p) ck_assert((p) != NULL)
