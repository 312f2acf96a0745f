/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose login and device a home folder has: several buses, several computers, several logins. */
#include "base/str.h"
#include "e2e/expect.h"
#include "e2e/pair.h"
#include "rig/talker.h"
#include "suite.h"

#define ANOTHER_COMPUTER "0123456789abcdef0123456789abcdef\n"

static void expect_state(Desktop *desktop, const char *state, const char *error)
{
        client_wait_property(desktop->client, TRING_ROOT, TRING_MANAGER, "ConnectionState", state);
        expect_has(client_property(desktop->client, TRING_ROOT, TRING_MANAGER, "ConnectionError"),
                   error);
}

START_TEST(a_second_bus_of_the_same_user_disturbs_nobody)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(desktop_freep) Desktop *second = desktop_new(p.rig, "second");
        const char *state = environment_get(&p.bob->environment, "XDG_STATE_HOME");
        _cleanup_free_ char *token = hub_mint(p.hub, "bob");

        environment_set(&second->environment, "XDG_STATE_HOME", "%s", state);
        desktop_start(second);
        expect_state(second, "logged-out", "another tringd");
        ck_assert(process_has_said(second->tringd, state));
        /* It may log in, as one more device. */
        desktop_login_token(second, p.hub->url, token);
        desktop_wait_online(second);
        Call call = call_ring(p.alice, p.bob, false);
        call_accept(p.bob, &call, false);
        call_end(p.bob, &call);
        desktop_stop(second);
        desktop_wait_online(p.bob);
        /* The first still has its login, and the second none. */
        desktop_stop(p.bob);
        desktop_start(p.bob);
        desktop_wait_online(p.bob);
}
END_TEST

static void copy_home(const Desktop *from, const Desktop *to)
{
        _cleanup_(run_result_done) RunResult result;
        char source[RIG_PATH_MAX];

        rig_path(source, "%s/tring", environment_get(&from->environment, "XDG_STATE_HOME"));
        process_run(from->rig, &from->environment,
                    ARGV("cp", "-a", source, environment_get(&to->environment, "XDG_STATE_HOME")),
                    NULL, &result);
        ck_assert_int_eq(result.status, 0);
}

/* Returns false on a computer without an id, which takes every folder for its own. */
static bool give_to_another_computer(const Desktop *desktop)
{
        char path[RIG_PATH_MAX];

        rig_path(path, "%s/tring/machine",
                 environment_get(&desktop->environment, "XDG_STATE_HOME"));
        if (access(path, F_OK) < 0)
                return false;
        rig_write_file(path, ANOTHER_COMPUTER, 0600);
        return true;
}

START_TEST(a_copied_home_is_a_device_of_its_own)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(desktop_freep) Desktop *copy = desktop_new(p.rig, "copy");
        _cleanup_free_ char *token = hub_mint(p.hub, "bob"), *device = desktop_device(p.bob);
        Call call = call_ring(p.alice, p.bob, false);

        call_accept(p.bob, &call, false);
        call_end(p.bob, &call);
        call_wait_status(p.bob, &call, "ended", NULL);
        desktop_stop(p.bob);
        copy_home(p.bob, copy);
        desktop_start(p.bob);
        desktop_wait_online(p.bob);
        if (!give_to_another_computer(copy))
                return;

        desktop_start(copy);
        expect_state(copy, "logged-out", "log in on this computer");
        expect_has(call_history(copy, &call), "status: ended");
        desktop_login_token(copy, p.hub->url, token);
        desktop_wait_online(copy);
        expect_state(copy, "online", "");
        _cleanup_free_ char *other = desktop_device(copy);
        ck_assert_str_ne(other, device);
        desktop_wait_online(p.bob);

        /* Both stay what they are. */
        desktop_stop(copy);
        desktop_start(copy);
        desktop_wait_online(copy);
        _cleanup_free_ char *again = desktop_device(copy);
        ck_assert_str_eq(again, other);
        desktop_wait_online(p.bob);
        call = call_ring(p.alice, p.bob, false);
        call_accept(copy, &call, false);
}
END_TEST

START_TEST(a_login_after_a_logout_is_a_new_device)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_free_ char *token = hub_mint(p.hub, "bob"), *first = desktop_device(p.bob);

        desktop_stop(p.bob);
        desktop_start(p.bob);
        desktop_wait_online(p.bob);
        _cleanup_free_ char *restarted = desktop_device(p.bob);
        ck_assert_str_eq(restarted, first);
        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "Logout", NULL);
        desktop_login_token(p.bob, p.hub->url, token);
        desktop_wait_online(p.bob);
        _cleanup_free_ char *second = desktop_device(p.bob);
        ck_assert_str_ne(second, first);
        /* Another token of the same user, without a logout, is the same device. */
        desktop_login_token(p.bob, p.hub->url, token);
        desktop_wait_online(p.bob);
        _cleanup_free_ char *third = desktop_device(p.bob);
        ck_assert_str_eq(third, second);
}
END_TEST

START_TEST(a_login_of_a_device_that_was_replaced_is_a_new_device)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(desktop_freep) Desktop *thief = desktop_new(p.rig, "thief");
        _cleanup_free_ char *token = hub_mint(p.hub, "bob"), *device = desktop_device(p.bob);

        /* As a copy on a computer without an id would be. */
        desktop_wait_stored(p.bob);
        copy_home(p.bob, thief);
        desktop_start(thief);
        desktop_wait_online(thief);
        expect_state(p.bob, "refused", "from elsewhere");
        desktop_login_token(p.bob, p.hub->url, token);
        desktop_wait_online(p.bob);
        _cleanup_free_ char *other = desktop_device(p.bob);
        ck_assert_str_ne(other, device);
        desktop_wait_online(thief);
        desktop_stop(p.bob);
        desktop_start(p.bob);
        desktop_wait_online(p.bob);
        _cleanup_free_ char *again = desktop_device(p.bob);
        ck_assert_str_eq(again, other);
        desktop_wait_online(thief);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("home");
        TCase *tests = tcase_create("home");

        tcase_set_timeout(tests, 120);
        tcase_add_test(tests, a_second_bus_of_the_same_user_disturbs_nobody);
        tcase_add_test(tests, a_copied_home_is_a_device_of_its_own);
        tcase_add_test(tests, a_login_after_a_logout_is_a_new_device);
        tcase_add_test(tests, a_login_of_a_device_that_was_replaced_is_a_new_device);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
