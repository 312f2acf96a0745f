/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Comparisons for texts (rig/text.h), which are freed here. */

#include <check.h>
#include <string.h>

#include "rig/client.h"
#include "rig/text.h"

static inline void expect_text(char *got, const char *expected)
{
        _cleanup_free_ char *owned = got;

        ck_assert_pstr_ne(owned, NULL);
        ck_assert_str_eq(owned, expected);
}

static inline void expect_has(char *got, const char *part)
{
        _cleanup_free_ char *owned = got;

        ck_assert_pstr_ne(owned, NULL);
        ck_assert_msg(strstr(owned, part), "'%s' is not in '%s'", part, owned);
}

/* A key in the details of one of the five events. */
static inline void expect_detail(const HeardSignal *event, const char *key, const char *expected)
{
        expect_text(text_of_key(event->message, 2, key), expected);
}
