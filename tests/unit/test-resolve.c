/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clock.h"
#include "base/str.h"
#include "loop/resolve.h"
#include "suite.h"

static sd_event *event;
static Addresses found;
static char reason_text[128];
static unsigned n_done;

static void done(void *userdata, const Addresses *addresses, const char *reason)
{
        n_done++;
        if (addresses)
                found = *addresses;
        else
                ck_assert_int_eq(STR_SET(reason_text, reason), 0);
        sd_event_exit(event, 0);
}

static void setup(void)
{
        ck_assert_int_ge(sd_event_new(&event), 0);
}

static void teardown(void)
{
        event = sd_event_unref(event);
}

/* The only thing known about this machine's names is that an address is local. */
#define NAME "127.0.0.1"

START_TEST(a_name_becomes_its_addresses)
{
        _cleanup_(resolve_freep) Resolve *resolve = NULL;

        ck_assert_int_eq(resolve_new(event, NAME, done, NULL, &resolve), 0);
        ck_assert_uint_eq(n_done, 0);
        ck_assert_int_eq(sd_event_loop(event), 0);
        ck_assert_uint_eq(n_done, 1);
        ck_assert_uint_eq(found.n, 1);
        ck_assert_str_eq(found.text[0], NAME);
}
END_TEST

START_TEST(a_name_without_an_address_says_why)
{
        _cleanup_(resolve_freep) Resolve *resolve = NULL;

        ck_assert_int_eq(resolve_new(event, "no-such-host.invalid", done, NULL, &resolve), 0);
        ck_assert_int_eq(sd_event_loop(event), 0);
        ck_assert_uint_eq(n_done, 1);
        ck_assert_uint_gt(strlen(reason_text), 0);
}
END_TEST

START_TEST(nothing_comes_after_the_question_was_taken_back)
{
        Resolve *first, *second;

        for (unsigned i = 0; i < 20; i++) {
                ck_assert_int_eq(resolve_new(event, NAME, done, NULL, &first), 0);
                resolve_free(first);
        }
        ck_assert_int_eq(resolve_new(event, NAME, done, NULL, &second), 0);
        ck_assert_int_eq(sd_event_loop(event), 0);
        ck_assert_uint_eq(n_done, 1);
        resolve_free(second);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("resolve");
        TCase *tcase = tcase_create("resolve");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 30);
        tcase_add_test(tcase, a_name_becomes_its_addresses);
        tcase_add_test(tcase, a_name_without_an_address_says_why);
        tcase_add_test(tcase, nothing_comes_after_the_question_was_taken_back);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
