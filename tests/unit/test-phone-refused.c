/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"

/* A hub that refuses this device: CALL-MODEL.md, rule 20. */

static void hub_refuses(Fixture *f, HubRefusal why)
{
        ck_assert_int_eq(phone_refused(f->phone, &f->instant, why, "It says no"), 0);
        ck_assert_int_eq(phone_connection(f->phone, NULL), PHONE_REFUSED);
        forget(f);
}

/* The next try comes after exactly that time, and until then the connection stays refused. */
static void expect_try_after(Fixture *f, usec_t us)
{
        ck_assert(!phone_refusal_is_final(f->phone));
        wait_us(f, us - 1);
        expect(f, "");
        wait_us(f, 1);
        expect(f, "connect");
        ck_assert_int_eq(phone_connection(f->phone, NULL), PHONE_REFUSED);
        wait_us(f, REFUSED_FORGET_US / 8); /* nobody has said how it went */
        expect(f, "");
}

static void expect_no_try(Fixture *f)
{
        ck_assert(phone_refusal_is_final(f->phone));
        wait_us(f, 2 * REFUSED_FORGET_US);
        expect(f, "");
}

static void expect_text(Fixture *f, const char *expected)
{
        const char *text;

        (void)phone_connection(f->phone, &text);
        ck_assert_str_eq(text, expected);
}

static const HubRefusal passing[] = {HUB_REFUSAL_TOKEN, HUB_REFUSAL_REPLACED, HUB_REFUSAL_VERSION};

START_TEST(rule_20_a_refusal_after_a_welcome_is_tried_again_slowly)
{
        FIXTURE(f);

        hub_refuses(f, passing[_i]);
        expect_text(f, "It says no; trying again from time to time");
        expect_try_after(f, REFUSED_WAIT_FIRST_US);
        hub_refuses(f, passing[_i]);
        expect_try_after(f, REFUSED_WAIT_SECOND_US);
        for (int i = 0; i < 3; i++) {
                hub_refuses(f, passing[_i]);
                expect_try_after(f, REFUSED_WAIT_LAST_US);
        }
        hub_welcomes(f, NULL, 0, false);
        expect(f, "manager");
        ck_assert_int_eq(phone_connection(f->phone, NULL), PHONE_ONLINE);
        expect_text(f, "");
        wait_us(f, REFUSED_FORGET_US);
        expect(f, "");
}
END_TEST

START_TEST(rule_20_devices_that_replace_each_other_do_so_more_and_more_seldom)
{
        FIXTURE(f);

        hub_refuses(f, HUB_REFUSAL_REPLACED);
        expect_try_after(f, REFUSED_WAIT_FIRST_US);
        hub_welcomes(f, NULL, 0, false);
        hub_refuses(f, HUB_REFUSAL_REPLACED);
        expect_try_after(f, REFUSED_WAIT_SECOND_US);
        hub_welcomes(f, NULL, 0, false);
        forget(f);
        /* expect_try_after() let an eighth pass after the try; the wait before it counts as well.
         */
        wait_us(f, REFUSED_FORGET_US - REFUSED_FORGET_US / 8 - REFUSED_WAIT_SECOND_US - 1);
        hub_refuses(f, HUB_REFUSAL_REPLACED);
        expect_try_after(f, REFUSED_WAIT_LAST_US);
        hub_welcomes(f, NULL, 0, false);
        forget(f);
        wait_us(f, REFUSED_FORGET_US - REFUSED_FORGET_US / 8 - REFUSED_WAIT_LAST_US);
        hub_refuses(f, HUB_REFUSAL_REPLACED);
        expect_try_after(f, REFUSED_WAIT_FIRST_US);
}
END_TEST

START_TEST(rule_20_a_revoked_token_is_not_tried_again)
{
        FIXTURE(f);

        hub_refuses(f, HUB_REFUSAL_REVOKED);
        expect_text(f, "It says no");
        expect_no_try(f);
}
END_TEST

START_TEST(rule_20_a_revocation_ends_the_tries)
{
        FIXTURE(f);

        hub_refuses(f, HUB_REFUSAL_TOKEN);
        expect_try_after(f, REFUSED_WAIT_FIRST_US);
        hub_refuses(f, HUB_REFUSAL_REVOKED);
        expect_no_try(f);
}
END_TEST

START_TEST(rule_20_a_login_that_was_never_welcomed_is_refused_for_good)
{
        __attribute__((cleanup(fixture_freep))) Fixture *f = fixture_new();

        phone_connection_changed(f->phone, &f->instant, PHONE_CONNECTING, "");
        hub_refuses(f, passing[_i]);
        expect_text(f, "It says no");
        expect_no_try(f);
}
END_TEST

START_TEST(rule_20_a_login_that_was_welcomed_before_a_restart_is_tried_again)
{
        __attribute__((cleanup(fixture_freep))) Fixture *f = fixture_new();

        phone_restore_login(f->phone);
        phone_connection_changed(f->phone, &f->instant, PHONE_CONNECTING, "");
        hub_refuses(f, HUB_REFUSAL_TOKEN);
        expect_try_after(f, REFUSED_WAIT_FIRST_US);
}
END_TEST

START_TEST(rule_20_a_hub_that_is_away_at_the_try_is_no_refusal)
{
        FIXTURE(f);

        hub_refuses(f, HUB_REFUSAL_TOKEN);
        expect_try_after(f, REFUSED_WAIT_FIRST_US);
        hub_gone(f);
        expect(f, "manager");
        wait_us(f, REFUSED_FORGET_US / 2);
        expect(f, ""); /* from here on the connection is the adapter's */
        hub_refuses(f, HUB_REFUSAL_TOKEN);
        expect_try_after(f, REFUSED_WAIT_SECOND_US);
}
END_TEST

START_TEST(rule_20_a_logout_forgets_that_there_was_a_welcome)
{
        FIXTURE(f);

        hub_refuses(f, HUB_REFUSAL_TOKEN);
        phone_connection_changed(f->phone, &f->instant, PHONE_LOGGED_OUT, "");
        forget(f);
        wait_us(f, REFUSED_WAIT_LAST_US);
        expect(f, "");
        phone_connection_changed(f->phone, &f->instant, PHONE_CONNECTING, "");
        hub_refuses(f, HUB_REFUSAL_TOKEN);
        expect_no_try(f);
}
END_TEST

START_TEST(rule_20_a_refusal_does_not_touch_a_call_whose_media_flow)
{
        FIXTURE(f);

        talking(f, CALL);
        hub_refuses(f, HUB_REFUSAL_TOKEN);
        expect_try_after(f, REFUSED_WAIT_FIRST_US);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                rule_20_devices_that_replace_each_other_do_so_more_and_more_seldom,
                rule_20_a_revoked_token_is_not_tried_again,
                rule_20_a_revocation_ends_the_tries,
                rule_20_a_login_that_was_welcomed_before_a_restart_is_tried_again,
                rule_20_a_hub_that_is_away_at_the_try_is_no_refusal,
                rule_20_a_logout_forgets_that_there_was_a_welcome,
                rule_20_a_refusal_does_not_touch_a_call_whose_media_flow,
        };
        Suite *suite = phone_suite("phone refused", tests, ELEMENTSOF(tests));
        TCase *each = tcase_create("each refusal");

        tcase_add_loop_test(each, rule_20_a_refusal_after_a_welcome_is_tried_again_slowly, 0,
                            ELEMENTSOF(passing));
        tcase_add_loop_test(each, rule_20_a_login_that_was_never_welcomed_is_refused_for_good, 0,
                            ELEMENTSOF(passing));
        suite_add_tcase(suite, each);
        return suite_run(suite);
}
