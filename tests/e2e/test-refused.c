/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hub that refuses a device it knows. In its own program, because it waits for a slow try. */
#include "e2e/hub-rig.h"
#include "e2e/pair.h"
#include "phone/phone.h"
#include "rig/talker.h"
#include "suite.h"
#include "wire/wire.h"

#define TRY_MOST_US (3 * REFUSED_WAIT_FIRST_US) /* wait for it on a busy machine */
#define TRIES_ON "trying again"

static void wait_refused(Desktop *desktop, const char *why, bool tries_on)
{
        client_wait_property(desktop->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "refused");
        _cleanup_free_ char *error =
                client_property(desktop->client, TRING_ROOT, TRING_MANAGER, "ConnectionError");
        ck_assert_msg(strstr(error, why), "'%s' has no '%s'", error, why);
        ck_assert_msg(!strstr(error, TRIES_ON) != tries_on, "'%s'", error);
}

/* Longer than any test waits otherwise. */
static void wait_tried_again(Desktop *desktop)
{
        usec_t deadline = clock_boottime() + TRY_MOST_US;

        for (;;) {
                _cleanup_free_ char *state = client_property(desktop->client, TRING_ROOT,
                                                             TRING_MANAGER, "ConnectionState");

                if (str_eq(state, "online"))
                        return;
                rig_run_once(desktop->rig, deadline, "a refused device to come back");
        }
}

static void move_hub(Hub *hub, const char *folder)
{
        hub_stop(hub);
        rig_path(hub->state, "%s/%s", hub->rig->dir, folder);
        hub_start(hub);
}

START_TEST(rule_20_a_hub_that_ran_with_a_wrong_folder_logs_nobody_out)
{
        _cleanup_pair_ Pair p = pair_new();

        move_hub(p.hub, "wrong");
        wait_refused(p.alice, "token", true);
        wait_refused(p.bob, "token", true);
        /* The next tringd knows that this login was welcomed. */
        desktop_stop(p.bob);
        desktop_start(p.bob);
        wait_refused(p.bob, "token", true);
        move_hub(p.hub, "hub");
        wait_tried_again(p.alice);
        wait_tried_again(p.bob);
        call_ring(p.alice, p.bob, false);
}
END_TEST

START_TEST(rule_20_a_device_that_was_replaced_comes_back)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_free_ char *device = desktop_device(p.alice), *token = hub_mint(p.hub, "alice");
        Talker *other = talker_new(hub_port(p.hub), token, device);

        wait_refused(p.alice, "from elsewhere", true);
        wait_tried_again(p.alice);
        talker_closed(other, WIRE_CLOSE_REPLACED, "");
        talker_free(other);
}
END_TEST

static void hub_run(const Hub *hub, const char *verb, const char *second, const char *which)
{
        _cleanup_(run_result_done) RunResult result;

        process_run(hub->rig, &hub->environment,
                    ARGV(rig_program("HUB"), "--state", hub->state, verb, second, which), NULL,
                    &result);
        ck_assert_int_eq(result.status, 0);
}

START_TEST(rule_20_a_revoked_token_and_a_removed_user_are_refused_for_good)
{
        _cleanup_pair_ Pair p = pair_new();

        /* One hears of it while online, the other when it is back. */
        desktop_stop(p.bob);
        hub_run(p.hub, "token", "revoke", "1");
        hub_run(p.hub, "user", "remove", "bob");
        wait_refused(p.alice, "revoked", false);
        desktop_start(p.bob);
        wait_refused(p.bob, "revoked", false);
        desktop_stop(p.alice);
        desktop_start(p.alice);
        wait_refused(p.alice, "revoked", false);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("refused");
        TCase *tests = tcase_create("refused");

        tcase_set_timeout(tests, 240);
        tcase_add_test(tests, rule_20_a_hub_that_ran_with_a_wrong_folder_logs_nobody_out);
        tcase_add_test(tests, rule_20_a_device_that_was_replaced_comes_back);
        tcase_add_test(tests, rule_20_a_revoked_token_and_a_removed_user_are_refused_for_good);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
