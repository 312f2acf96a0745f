/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults around tringd (hub, bus, files, settings), and how tringd handles them. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/str.h"
#include "e2e/expect.h"
#include "e2e/pair.h"
#include "suite.h"

static void tringd_file(const Desktop *desktop, const char *variable, const char *file,
                        char ret[static RIG_PATH_MAX])
{
        rig_path(ret, "%s/tring/%s", environment_get(&desktop->environment, variable), file);
}

/* The only file in tringd's state folder that contains `text`. */
static void find_state_file(const Desktop *desktop, const char *text, char ret[static RIG_PATH_MAX])
{
        _cleanup_(run_result_done) RunResult result;
        char state[RIG_PATH_MAX];

        tringd_file(desktop, "XDG_STATE_HOME", "", state);
        process_run(desktop->rig, &desktop->environment, ARGV("grep", "-rlaF", "--", text, state),
                    NULL, &result);
        ck_assert_int_eq(result.status, 0);
        result.out[strcspn(result.out, "\n")] = '\0';
        rig_path(ret, "%s", result.out);
}

START_TEST(connection_comes_back_after_the_hub)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call;

        hub_kill(p.hub);
        client_wait_property(p.bob->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "offline");
        client_wait_property(p.alice->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "offline");
        client_refused(p.alice->client, "NotConnected", "", TRING_ROOT, TRING_MANAGER,
                       "InitiateCall", "sssa{sv}", "bob", "user", "audio", 0);
        hub_start(p.hub);
        desktop_wait_online(p.alice);
        desktop_wait_online(p.bob);
        call = call_ring(p.alice, p.bob, false);
        call_accept(p.bob, &call, false);
        client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path);
}
END_TEST

START_TEST(call_survives_a_restart_of_the_hub)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        call_accept(p.bob, &call, false);
        client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path);
        hub_kill(p.hub);
        hub_start(p.hub);
        desktop_wait_online(p.alice);
        desktop_wait_online(p.bob);
        call_wait_status(p.alice, &call, "ongoing", NULL);
        call_end(p.alice, &call);
        call_wait_status(p.bob, &call, "ended", "remote-hangup");
        ck_assert_uint_eq(
                client_count_signals(p.bob->client, "CallEndedMessageReceived", call.path), 1);
}
END_TEST

START_TEST(ring_survives_a_restart_of_the_hub)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        hub_kill(p.hub);
        hub_start(p.hub);
        desktop_wait_online(p.alice);
        desktop_wait_online(p.bob);
        call_accept(p.bob, &call, false);
        client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path);
        ck_assert_uint_eq(client_count_signals(p.bob->client, "IncomingCallReceived", call.path),
                          1);
}
END_TEST

START_TEST(lost_caller_stops_ringing_after_its_grace)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);
        HeardSignal *event;
        usec_t killed = clock_boottime();

        desktop_kill(p.alice);
        event = client_wait_signal(p.bob->client, "IncomingCallCancelled", call.path);
        expect_detail(event, "reason", "caller-lost");
        ck_assert_uint_ge(event->at - killed, 9 * USEC_PER_SEC);
        expect_has(call_history(p.bob, &call), "status: missed");
}
END_TEST

START_TEST(login_is_remembered_and_activation_is_enough)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(hub_freep) Hub *hub = hub_new(rig);
        _cleanup_(desktop_freep) Desktop *alice = desktop_new_online(rig, hub, "alice");
        _cleanup_(desktop_freep) Desktop *bob = desktop_new_activated(rig, "bob");
        Call call;

        desktop_login(bob, hub);
        call = call_ring(alice, bob, false);
        call_accept(bob, &call, false);
        client_wait_signal(alice->client, "OutgoingCallAccepted", call.path);

        desktop_stop(alice);
        desktop_start(alice);
        desktop_wait_online(alice);
}
END_TEST

START_TEST(empty_home_without_anything_is_enough_to_start)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(desktop_freep) Desktop *alice = desktop_new(rig, "alice");

        environment_set(&alice->environment, "TRING_MEDIA", "/nonexistent/tring-media");
        desktop_start(alice);
        client_wait_property(alice->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "logged-out");
        client_refused(alice->client, "NotLoggedIn", "", TRING_ROOT, TRING_MANAGER, "InitiateCall",
                       "sssa{sv}", "bob", "user", "audio", 0);
        client_do(alice->client, TRING_ROOT, TRING_MANAGER, "TestRing", NULL);
        client_refused(alice->client, "NotConnected", "", TRING_ROOT, TRING_MANAGER, "Login",
                       "ssa{sv}", "ws://127.0.0.1:9/v1/ws", "token", 0);
        desktop_stop(alice);
}
END_TEST

START_TEST(wrong_logins_are_refused_by_name)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(hub_freep) Hub *hub = hub_new(rig);
        _cleanup_(desktop_freep) Desktop *alice = desktop_new_online(rig, hub, "alice");
        _cleanup_(desktop_freep) Desktop *bob = desktop_new(rig, "bob");
        _cleanup_free_ char *token = hub_mint(hub, "alice");

        desktop_start(bob);
        client_refused(bob->client, "AuthFailed", "token", TRING_ROOT, TRING_MANAGER, "Login",
                       "ssa{sv}", hub->url, "not-a-token", 0);
        client_refused(bob->client, "InvalidArgument", "ftp://", TRING_ROOT, TRING_MANAGER, "Login",
                       "ssa{sv}", "ftp://127.0.0.1/", token, 0);
        client_refused(bob->client, "InvalidArgument", "example.org", TRING_ROOT, TRING_MANAGER,
                       "Login", "ssa{sv}", "ws://example.org/v1/ws", token, 0);
        client_refused(bob->client, "InvalidArgument", "colour", TRING_ROOT, TRING_MANAGER, "Login",
                       "ssa{sv}", hub->url, token, 1, "colour", "s", "red");
        client_wait_property(bob->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "logged-out");
        desktop_login(bob, hub);
        client_refused(bob->client, "AlreadyLoggedIn", "bob", TRING_ROOT, TRING_MANAGER, "Login",
                       "ssa{sv}", hub->url, token, 0);
        desktop_wait_online(bob);
}
END_TEST

START_TEST(token_is_kept_for_the_user_alone)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(hub_freep) Hub *hub = hub_new(rig);
        _cleanup_(desktop_freep) Desktop *alice = desktop_new(rig, "alice");
        _cleanup_free_ char *token = NULL, *error = NULL;
        _cleanup_(run_result_done) RunResult result = {};
        char path[RIG_PATH_MAX], folder[RIG_PATH_MAX];
        struct stat st;

        hub_add_user(hub, "alice", "Alice");
        token = hub_mint(hub, "alice");
        desktop_start(alice);
        desktop_login_token(alice, hub->url, token);
        desktop_wait_online(alice);
        ck_assert(!process_has_said(alice->tringd, token));
        ck_assert(!process_has_said(hub->process, token));

        find_state_file(alice, token, path);
        tringd_file(alice, "XDG_STATE_HOME", "", folder);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0600);
        ck_assert_int_eq(stat(folder, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0700);

        desktop_stop(alice);
        ck_assert_int_eq(chmod(path, 0644), 0);
        desktop_start(alice);
        free(process_wait_line(alice->tringd, path));
        client_wait_property(alice->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "logged-out");
        error = client_property(alice->client, TRING_ROOT, TRING_MANAGER, "ConnectionError");
        ck_assert_msg(strstr(error, path), "'%s' does not name %s", error, path);
        process_run(rig, &alice->environment, ARGV(rig_program("CTL"), "status"), NULL, &result);
        ck_assert_msg(strstr(result.out, path), "'%s' does not name %s", result.out, path);
        desktop_login_token(alice, hub->url, token);
        desktop_wait_online(alice);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(logout_ends_what_goes_on_and_forgets_the_token)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_free_ char *token = hub_mint(p.hub, "alice");
        _cleanup_(run_result_done) RunResult result;
        char state[RIG_PATH_MAX];
        Call call;

        desktop_login_token(p.alice, p.hub->url, token);
        desktop_wait_online(p.alice);
        find_state_file(p.alice, token, state);
        call = call_ring(p.alice, p.bob, false);
        client_do(p.alice->client, TRING_ROOT, TRING_MANAGER, "Logout", NULL);
        client_wait_property(p.alice->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "logged-out");
        client_wait_signal(p.bob->client, "IncomingCallCancelled", call.path);

        desktop_stop(p.alice);
        tringd_file(p.alice, "XDG_STATE_HOME", "", state);
        process_run(p.rig, &p.alice->environment, ARGV("grep", "-rlaF", "--", token, state), NULL,
                    &result);
        ck_assert_str_eq(result.out, "");
        desktop_start(p.alice);
        client_wait_property(p.alice->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "logged-out");
}
END_TEST

START_TEST(state_folder_that_cannot_be_written_stops_nothing)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(hub_freep) Hub *hub = hub_new(rig);
        _cleanup_(desktop_freep) Desktop *alice = desktop_new_online(rig, hub, "alice");
        _cleanup_(desktop_freep) Desktop *bob = desktop_new(rig, "bob");
        _cleanup_free_ char *error = NULL, *later = NULL;
        Call call;

        ck_assert_int_eq(chmod(environment_get(&bob->environment, "XDG_STATE_HOME"), 0500), 0);
        desktop_start(bob);
        free(process_wait_line(bob->tringd, environment_get(&bob->environment, "XDG_STATE_HOME")));
        desktop_login(bob, hub);
        error = client_property(bob->client, TRING_ROOT, TRING_MANAGER, "ConnectionError");
        ck_assert_msg(strstr(error, "the login is not remembered"), "'%s'", error);
        call = call_ring(alice, bob, false);
        call_accept(bob, &call, false);
        client_wait_signal(alice->client, "OutgoingCallAccepted", call.path);
        client_do(bob->client, TRING_ROOT, TRING_MANAGER, "Logout", NULL);
        later = client_property(bob->client, TRING_ROOT, TRING_MANAGER, "ConnectionError");
        ck_assert_msg(!strstr(later, "the login"), "'%s'", later);
}
END_TEST

START_TEST(truncated_database_is_set_aside)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);
        char path[RIG_PATH_MAX];

        call_reject(p.bob, &call, "rejected");
        client_wait_signal(p.alice->client, "OutgoingCallRejected", call.path);
        desktop_stop(p.bob);
        find_state_file(p.bob, "SQLite format 3", path);
        ck_assert_int_eq(truncate(path, 1000), 0);
        desktop_start(p.bob);
        free(process_wait_line(p.bob->tringd, path));
        desktop_wait_online(p.bob);
        call = call_ring(p.alice, p.bob, false);
        call_reject(p.bob, &call, "rejected");
        client_wait_signal(p.alice->client, "OutgoingCallRejected", call.path);
        expect_has(call_history(p.bob, &call), "status: rejected");
}
END_TEST

static const char *const broken_settings[][2] = {
        {"[ring]\nvolume = very loud\n", "very loud"},
        {"[ring]\nvolum = 0.5\n", "volum"},
        {"[bells]\nvolume = 0.5\n", "bells"},
        {"this is not a settings file\n", "tringd.conf:1"},
};

START_TEST(broken_settings_are_named_line_by_line)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(desktop_freep) Desktop *alice = desktop_new(rig, "alice");
        char folder[RIG_PATH_MAX], path[RIG_PATH_MAX];

        rig_path(folder, "%s/tring", environment_get(&alice->environment, "XDG_CONFIG_HOME"));
        rig_mkdir(folder);
        rig_path(path, "%s/tringd.conf", folder);
        rig_write_file(path, broken_settings[_i][0], 0600);
        desktop_start(alice);
        free(process_wait_line(alice->tringd, broken_settings[_i][1]));
        ck_assert(process_has_said(alice->tringd, path));
        client_wait_property(alice->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "logged-out");
}
END_TEST

START_TEST(settings_are_read_again_on_a_hangup_and_no_call_is_lost)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_free_ char *error = NULL;
        char folder[RIG_PATH_MAX], path[RIG_PATH_MAX];
        Call call = call_ring(p.alice, p.bob, false);

        call_accept(p.bob, &call, false);
        rig_path(folder, "%s/tring", environment_get(&p.alice->environment, "XDG_CONFIG_HOME"));
        rig_mkdir(folder);
        rig_path(path, "%s/tringd.conf", folder);
        rig_write_file(path, "[ring]\nvolume = loud\n", 0600);
        process_signal(p.alice->tringd, SIGHUP);
        free(process_wait_line(p.alice->tringd, "read again"));
        error = client_property(p.alice->client, TRING_ROOT, TRING_MANAGER, "ConnectionError");
        ck_assert_msg(strstr(error, "tringd.conf:2: volume: \"loud\""), "'%s'", error);
        rig_write_file(path, "[ring]\nvolume = 50%\n", 0600);
        process_signal(p.alice->tringd, SIGHUP);
        client_wait_property(p.alice->client, TRING_ROOT, TRING_MANAGER, "ConnectionError", "");
        call_wait_status(p.alice, &call, "ongoing", NULL);
        call_end(p.alice, &call);
}
END_TEST

static Suite *faults_suite(void)
{
        Suite *suite = suite_create("faults");
        TCase *tcase = tcase_create("faults");

        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, connection_comes_back_after_the_hub);
        tcase_add_test(tcase, call_survives_a_restart_of_the_hub);
        tcase_add_test(tcase, ring_survives_a_restart_of_the_hub);
        tcase_add_test(tcase, lost_caller_stops_ringing_after_its_grace);
        tcase_add_test(tcase, login_is_remembered_and_activation_is_enough);
        tcase_add_test(tcase, empty_home_without_anything_is_enough_to_start);
        tcase_add_test(tcase, wrong_logins_are_refused_by_name);
        tcase_add_test(tcase, token_is_kept_for_the_user_alone);
        tcase_add_test(tcase, logout_ends_what_goes_on_and_forgets_the_token);
        tcase_add_test(tcase, state_folder_that_cannot_be_written_stops_nothing);
        tcase_add_test(tcase, truncated_database_is_set_aside);
        tcase_add_test(tcase, settings_are_read_again_on_a_hangup_and_no_call_is_lost);
        tcase_add_loop_test(tcase, broken_settings_are_named_line_by_line, 0,
                            ELEMENTSOF(broken_settings));
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return suite_run(faults_suite());
}
