/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Things that hang or are full, without ending: a silent hub, a disk, a bus. */
#include <signal.h>
#include <sys/resource.h>

#include "base/str.h"
#include "e2e/expect.h"
#include "e2e/pair.h"
#include "rig/disk.h"
#include "rig/trial.h"
#include "suite.h"

START_TEST(rule_15_hub_that_says_nothing_ends_methods_in_timeout)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(rig_trial_freep) RigTrial *trial = rig_trial_new();
        Call call = call_ring(p.alice, p.bob, false);
        usec_t began, took;

        hub_suspend(p.hub);
        began = clock_boottime();
        client_refused(p.bob->client, "Timeout", "", TRING_ROOT, TRING_MANAGER, "AcceptCall",
                       "sa{sv}", call.id, 0);
        ck_assert_uint_ge(clock_boottime() - began, 9900 * USEC_PER_MSEC);
        /* tringd continues meanwhile: methods that need no hub are answered at once. */
        do {
                rig_trial_begin(trial);
                began = clock_boottime();
                client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "SilenceAll", NULL);
                expect_text(call_property(p.bob, &call, "Status"), "initiated");
                took = clock_boottime() - began;
        } while (!rig_trial_judge(trial, took <= USEC_PER_SEC, "the answers took %.1f s",
                                  (double)took / USEC_PER_SEC));
        hub_continue(p.hub);
        desktop_wait_online(p.alice);
        desktop_wait_online(p.bob);
}
END_TEST

START_TEST(rule_15_call_that_initiate_gave_up_on_is_cancelled)
{
        _cleanup_pair_ Pair p = pair_new();

        hub_suspend(p.hub);
        client_refused(p.alice->client, "Timeout", "", TRING_ROOT, TRING_MANAGER, "InitiateCall",
                       "sssa{sv}", "bob", "user", "audio", 0);
        hub_continue(p.hub);
        desktop_wait_online(p.alice);
        desktop_wait_online(p.bob);
        /* If it rang at all, it has stopped; a new call is like any other. */
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "Ringing", "false");
        client_wait_property(p.alice->client, TRING_ROOT, TRING_MANAGER, "ActiveCall", "/");
        call_ring(p.alice, p.bob, false);
}
END_TEST

START_TEST(login_at_a_hub_that_says_nothing_is_given_up)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(hub_freep) Hub *hub = hub_new(rig);
        _cleanup_(desktop_freep) Desktop *alice = desktop_new(rig, "alice");
        _cleanup_free_ char *token = NULL;

        hub_add_user(hub, "alice", "Alice");
        token = hub_mint(hub, "alice");
        desktop_start(alice);
        hub_suspend(hub);
        client_refused(alice->client, "Timeout", "", TRING_ROOT, TRING_MANAGER, "Login", "ssa{sv}",
                       hub->url, token, 0);
        expect_text(client_property(alice->client, TRING_ROOT, TRING_MANAGER, "ConnectionState"),
                    "logged-out");
        hub_continue(hub);
        desktop_login_token(alice, hub->url, token);
        desktop_wait_online(alice);
}
END_TEST

/* Two ways to be full: a file at its limit (EFBIG, once the signal is ignored), and ENOSPC. */
typedef enum Fullness {
        FULL_FILE,
        FULL_DISK,
        FULLNESS_COUNT,
} Fullness;

static void state_of(const Desktop *desktop, char path[static RIG_PATH_MAX])
{
        rig_path(path, "%s/state", desktop->dir);
}

/* The children ignore the signal because they inherit that: see limit_files(). */
static Pair pair_new_to_be_full(Fullness fullness)
{
        char state[RIG_PATH_MAX];

        signal(SIGXFSZ, SIG_IGN);
        Pair pair = pair_new();
        if (fullness == FULL_DISK) {
                desktop_stop(pair.bob);
                state_of(pair.bob, state);
                disk_put_under(pair.rig, state);
                desktop_start(pair.bob);
                desktop_wait_online(pair.bob);
        }
        return pair;
}

/* For a writer that ignores the signal, a file at its limit is a full disk. */
static void limit_files(Desktop *desktop, rlim_t bytes)
{
        ck_assert_int_eq(prlimit(desktop->tringd->pid, RLIMIT_FSIZE,
                                 &(struct rlimit){bytes, RLIM_INFINITY}, NULL),
                         0);
}

static void be_full(Desktop *desktop, Fullness fullness, bool full)
{
        char state[RIG_PATH_MAX];

        state_of(desktop, state);
        if (fullness == FULL_FILE)
                limit_files(desktop, full ? 4096 : RLIM_INFINITY);
        else if (full)
                disk_fill(state);
        else
                disk_clear(state);
}

static void disk_goes(Desktop *desktop, Fullness fullness)
{
        char state[RIG_PATH_MAX];

        if (fullness != FULL_DISK)
                return;
        state_of(desktop, state);
        desktop_stop(desktop);
        disk_remove(state);
}

START_TEST(a_full_disk_stops_no_call_and_is_reported)
{
        _cleanup_pair_ Pair p = pair_new_to_be_full((Fullness)_i);
        usec_t deadline;
        Call call;

        be_full(p.bob, (Fullness)_i, true);
        call = call_ring(p.alice, p.bob, false);
        deadline = rig_deadline();
        for (;;) {
                _cleanup_free_ char *text = client_property(p.bob->client, TRING_ROOT,
                                                            TRING_MANAGER, "ConnectionError");

                if (strstr(text, "calls will not survive a restart"))
                        break;
                rig_run_once(p.rig, deadline, "a sentence about the disk");
        }
        call_accept(p.bob, &call, false);
        call_wait_status(p.alice, &call, "ongoing", NULL);

        /* There is room again: new state is written, and survives. */
        be_full(p.bob, (Fullness)_i, false);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "ConnectionError", "");
        desktop_kill(p.bob);
        desktop_start(p.bob);
        call_wait_status(p.bob, &call, "ongoing", NULL);
        desktop_wait_online(p.bob);
        call_end(p.bob, &call);
        call_wait_status(p.alice, &call, "ended", "remote-hangup");
        expect_has(call_history(p.bob, &call), "status: ended");
        disk_goes(p.bob, (Fullness)_i);
}
END_TEST

START_TEST(history_that_did_not_fit_the_disk_is_there_when_there_is_room)
{
        _cleanup_pair_ Pair p = pair_new_to_be_full((Fullness)_i);
        Call call;

        be_full(p.bob, (Fullness)_i, true);
        call = call_ring(p.alice, p.bob, false);
        call_reject(p.alice, &call, "cancelled");
        call_wait_status(p.bob, &call, "cancelled", NULL);
        rig_run_for(p.rig, 200 * USEC_PER_MSEC);
        be_full(p.bob, (Fullness)_i, false);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "1");
        expect_has(call_history(p.bob, &call), "status: missed");
        disk_goes(p.bob, (Fullness)_i);
}
END_TEST

/* tringd ends with its bus; the next tringd, on the next bus, has the calls. */
START_TEST(rule_14_bus_that_is_restarted_takes_tringd_along_and_no_call)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        call_accept(p.bob, &call, false);
        call_wait_status(p.alice, &call, "ongoing", NULL);
        desktop_wait_stored(p.bob);
        desktop_restart_bus(p.bob);
        desktop_start(p.bob);
        call_wait_status(p.bob, &call, "ongoing", NULL);
        desktop_wait_online(p.bob);
        call_end(p.bob, &call);
        call_wait_status(p.alice, &call, "ended", "remote-hangup");
}
END_TEST

START_TEST(rule_14_tied_call_ends_with_the_bus_of_its_program)
{
        _cleanup_pair_ Pair p = pair_new();
        HeardSignal *incoming;

        client_do(p.alice->client, TRING_ROOT, TRING_MANAGER, "InitiateCall", "sssa{sv}", "bob",
                  "user", "audio", 1, "tie_to_client", "b", true);
        incoming = client_wait_signal(p.bob->client, "IncomingCallReceived", NULL);
        desktop_wait_stored(p.alice);
        /* However slowly tringd starts, its caller must not be lost (10 s, rule 14). */
        hub_suspend(p.hub);
        desktop_restart_bus(p.alice);
        desktop_start(p.alice);
        hub_continue(p.hub);
        expect_detail(client_wait_signal(p.bob->client, "IncomingCallCancelled", incoming->path),
                      "reason", "caller-cancelled");
}
END_TEST

static Suite *stalls_suite(void)
{
        Suite *suite = suite_create("stalls");
        TCase *tcase = tcase_create("stalls");

        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, rule_15_hub_that_says_nothing_ends_methods_in_timeout);
        tcase_add_test(tcase, rule_15_call_that_initiate_gave_up_on_is_cancelled);
        tcase_add_test(tcase, login_at_a_hub_that_says_nothing_is_given_up);
        tcase_add_loop_test(tcase, a_full_disk_stops_no_call_and_is_reported, 0, FULLNESS_COUNT);
        tcase_add_loop_test(tcase, history_that_did_not_fit_the_disk_is_there_when_there_is_room, 0,
                            FULLNESS_COUNT);
        tcase_add_test(tcase, rule_14_bus_that_is_restarted_takes_tringd_along_and_no_call);
        tcase_add_test(tcase, rule_14_tied_call_ends_with_the_bus_of_its_program);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return suite_run(stalls_suite());
}
