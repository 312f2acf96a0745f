/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>

#include "base/str.h"
#include "rig/fake.h"
#include "suite.h"

static Rig *rig;
static Desktop *desktop;

static void setup(void)
{
        rig = rig_new();
        desktop = desktop_new(rig, "alice");
        fake_start(desktop);
}

static void teardown(void)
{
        desktop = desktop_free(desktop);
        rig = rig_free(rig);
}

/*
 * Runs tringctl, and compares its exit code and output with what is expected; either text may be
 * NULL.
 */
#define ctl_expect(status, out, err, ...) \
        ctl_expect_at(__LINE__, status, out, err, NULL, ARGV(rig_program("CTL"), __VA_ARGS__))

static void ctl_expect_at(int line, int status, const char *out, const char *err, const char *input,
                          const char *const *argv)
{
        RunResult result;

        process_run(rig, &desktop->environment, argv, input, &result);
        if (result.status != status || (out && !strstr(result.out, out)) ||
            (err && !strstr(result.err, err)))
                rig_fail("line %d: tringctl %s gave %d, '%s', '%s'", line, argv[1], result.status,
                         result.out, result.err);
        run_result_done(&result);
}

static Process *ctl_start(const char *const *argv)
{
        return process_start(rig, "tringctl", &desktop->environment, argv);
}

START_TEST(one_ringing_call_needs_no_id)
{
        static const struct {
                const char *verb, *option, *called, *says;
        } cases[] = {
                {"answer", NULL, "Accept " FAKE_CALL_1, "answered Bob (bob)"},
                {"answer", "--end-others", "Accept end_others " FAKE_CALL_1, "answered Bob (bob)"},
                {"decline", NULL, "Reject rejected " FAKE_CALL_1, "declined Bob (bob)"},
                {"decline", "--busy", "Reject busy " FAKE_CALL_1, "declined Bob (bob)"},
                {"silence", NULL, "SilenceAll", ""},
                {"silence", "1111", "Silence " FAKE_CALL_1, "silenced Bob (bob)"},
        };

        fake_rings(desktop, FAKE_CALL_1, "bob", "Bob", "audio");
        ctl_expect_at(__LINE__, 0, cases[_i].says, "", NULL,
                      ARGV(rig_program("CTL"), cases[_i].verb, cases[_i].option));
        fake_wait_called(desktop, cases[_i].called);
}
END_TEST

START_TEST(with_two_calls_ringing_it_asks_which)
{
        fake_rings(desktop, FAKE_CALL_1, "bob", "Bob", "audio");
        fake_rings(desktop, FAKE_CALL_2, "carol", "Carol", "video");
        ctl_expect(2, "", "several calls fit", "answer");
        ctl_expect(2, "", "11111111  from Bob (bob), audio", "answer");
        ctl_expect(2, "", "22222222  from Carol (carol), video", "decline");
        ck_assert(!fake_was_called(desktop, "Accept " FAKE_CALL_1));
        ctl_expect(0, "answered Carol", "", "answer", "22");
        fake_wait_called(desktop, "Accept " FAKE_CALL_2);
        ctl_expect(0, "declined Bob", "", "decline");
}
END_TEST

START_TEST(without_a_call_it_says_so)
{
        ctl_expect(6, "", "no call is ringing here", "answer");
        ctl_expect(6, "", "no call is ringing here", "decline");
        ctl_expect(6, "", "there is no call here to hang up", "hangup");
        ctl_expect(6, "", "no call is ongoing here", "mute");
        ctl_expect(6, "", "begins with 'x?y'", "hangup", "x\ny");
        ctl_expect(2, "", "the call id is empty", "hangup", "");
}
END_TEST

START_TEST(a_live_call_is_muted_and_hung_up)
{
        fake_rings(desktop, FAKE_CALL_1, "bob", "Bob", "audio");
        ctl_expect(6, "", "no call is ongoing", "mute");
        ctl_expect(0, NULL, "", "answer");
        ctl_expect(0, "muted in the call with Bob", "", "mute");
        fake_wait_called(desktop, "SetAudioMuted true " FAKE_CALL_1);
        ctl_expect(0, "ongoing for 0:0", "", "status");
        ctl_expect(0, ", muted", "", "status");
        ctl_expect(0, "verification code with Bob (bob): 0123 4567", "", "status");
        ctl_expect(0, "unmuted in the call with Bob", "", "unmute");
        fake_wait_called(desktop, "SetAudioMuted false " FAKE_CALL_1);
        ctl_expect(0, "hung up on Bob", "", "hangup");
        fake_wait_called(desktop, "End " FAKE_CALL_1);
}
END_TEST

START_TEST(a_call_being_placed_is_cancelled_by_hangup)
{
        Process *call = ctl_start(ARGV(rig_program("CTL"), "call", "bob"));

        fake_wait_called(desktop, "InitiateCall user audio bob");
        ctl_expect(0, "cancelled the call to bob", "", "hangup");
        ck_assert_int_eq(process_wait(call), 7);
        process_free(call);
}
END_TEST

START_TEST(call_ends_with_the_code_of_its_outcome)
{
        static const struct {
                const char *status, *says;
                int code;
        } cases[] = {
                {"ongoing", "bob answered", 0},
                {"rejected", "bob declined", 3},
                {"busy", "bob is busy", 4},
                {"unanswered", "bob did not answer", 5},
                {"cancelled", "cancelled the call", 7},
        };
        Process *call = ctl_start(ARGV(rig_program("CTL"), "call", "bob", "--video"));

        fake_wait_called(desktop, "InitiateCall user video bob");
        free(process_wait_line(call, "bob: calling …"));
        fake_ringing(desktop, "00000000-0000-4000-8000-000000000001");
        free(process_wait_line(call, "bob: ringing …"));
        fake_change(desktop, "00000000-0000-4000-8000-000000000001", cases[_i].status, "");
        free(process_wait_line(call, cases[_i].says));
        ck_assert_int_eq(process_wait(call), cases[_i].code);
        process_free(call);
}
END_TEST

START_TEST(an_interrupt_cancels_the_call)
{
        Process *call = ctl_start(ARGV(rig_program("CTL"), "call", "bob"));

        fake_wait_called(desktop, "InitiateCall user audio bob");
        fake_ringing(desktop, "00000000-0000-4000-8000-000000000001");
        free(process_wait_line(call, "ringing"));
        process_signal(call, SIGINT);
        fake_wait_called(desktop, "Cancel 00000000-0000-4000-8000-000000000001");
        ck_assert_int_eq(process_wait(call), 7);
        process_free(call);
}
END_TEST

START_TEST(a_daemon_that_dies_ends_the_wait)
{
        Process *call = ctl_start(ARGV(rig_program("CTL"), "call", "bob"));

        fake_wait_called(desktop, "InitiateCall user audio bob");
        free(process_wait_line(call, "calling"));
        desktop_kill(desktop);
        free(process_wait_line(call, "tringd went away during the call"));
        ck_assert_int_eq(process_wait(call), 1);
        process_free(call);
}
END_TEST

START_TEST(the_daemons_sentence_reaches_standard_error)
{
        fake_fail(desktop, "org.tring.Calls1.Error.UserNotFound", "There is no user 'nobody'.");
        ctl_expect(1, NULL, "tringctl: There is no user 'nobody'.\n", "call", "nobody");
        fake_rings(desktop, FAKE_CALL_1, "bob", "Bob", "audio");
        fake_fail(desktop, "org.tring.Calls1.Error.CallTerminated", "The call is over: missed.");
        ctl_expect(6, "", "The call is over: missed.", "answer");
        desktop_kill(desktop);
        ctl_expect(1, "", "tringd is not running and could not be started", "status");
}
END_TEST

START_TEST(history_goes_over_all_pages)
{
        for (int i = 0; i < 8; i++) {
                char id[UUID_LENGTH + 1];

                snprintf(id, sizeof(id), "%08d-1111-4111-8111-111111111111", i);
                fake_rings(desktop, id, "bob", "Bob", "audio");
                fake_change(desktop, id, i % 2 ? "missed" : "ended", i % 2 ? "timeout" : "hangup");
        }
        ctl_expect(0, "00000007  from Bob (bob), audio, missed (timeout)\n", "", "history");
        ctl_expect(0, "00000000  from Bob (bob), audio, ended after 1:05 (hangup)\n", "",
                   "history");
        ctl_expect(0, "00000001  from Bob", "", "history", "--missed", "--mark-seen");
        fake_wait_called(desktop, "MarkMissedSeen");
        ctl_expect(0, "\"session_id\":\"00000000-1111-4111-8111-111111111111\"", "", "history",
                   "--json");
}
END_TEST

START_TEST(dates_in_json_have_all_their_digits)
{
        RunResult result;
        unsigned long long date;

        fake_rings(desktop, FAKE_CALL_1, "bob", "Bob", "audio");
        process_run(rig, &desktop->environment, ARGV(rig_program("CTL"), "--json", "status"), NULL,
                    &result);
        const char *found = strstr(result.out, "\"initiated_at\":");
        ck_assert_ptr_nonnull(found);
        ck_assert_int_eq(sscanf(found, "\"initiated_at\":%llu,", &date), 1);
        ck_assert_uint_gt(date, clock_realtime() - 60 * USEC_PER_SEC);
        ck_assert_uint_le(date, clock_realtime());
        run_result_done(&result);
}
END_TEST

START_TEST(listen_prints_events_and_survives_a_restart_of_the_daemon)
{
        fake_rings(desktop, FAKE_CALL_1, "bob", "Bob", "video");
        Process *listen = ctl_start(ARGV(rig_program("CTL"), "listen"));

        free(process_wait_line(listen, "listening"));
        free(process_wait_line(listen, "11111111  Bob (bob) calls"));
        fake_change(desktop, FAKE_CALL_1, "missed", "timeout");
        free(process_wait_line(listen, "missed a call from Bob (bob)"));
        desktop_kill(desktop);
        free(process_wait_line(listen, "tringd has stopped"));
        fake_start(desktop);
        free(process_wait_line(listen, "listening"));
        fake_rings(desktop, FAKE_CALL_2, "carol", "Carol", "video");
        free(process_wait_line(listen, "22222222  Carol (carol) calls with video"));
        ck_assert_int_eq(process_stop(listen), 128 + SIGTERM);
        process_free(listen);
}
END_TEST

START_TEST(listen_in_json_is_one_object_a_line)
{
        Process *listen = ctl_start(ARGV(rig_program("CTL"), "--json", "listen"));

        free(process_wait_line(listen, "{\"event\":\"Listening\"}"));
        fake_rings(desktop, FAKE_CALL_1, "bob", "Bob \"B\"", "audio");
        _cleanup_free_ char *line = process_wait_line(listen, "{\"initiator\"");
        ck_assert_ptr_nonnull(strstr(line, "\"name\":\"Bob \\\"B\\\"\""));
        ck_assert_ptr_nonnull(strstr(line, "\"event\":\"IncomingCallReceived\""));
        process_stop(listen);
        process_free(listen);
}
END_TEST

START_TEST(listen_does_not_need_the_daemon)
{
        desktop_kill(desktop);
        Process *listen = ctl_start(ARGV(rig_program("CTL"), "listen"));

        free(process_wait_line(listen, "tringd is not running"));
        fake_start(desktop);
        free(process_wait_line(listen, "listening"));
        process_stop(listen);
        process_free(listen);
}
END_TEST

START_TEST(without_the_bus_nobody_waits)
{
        static const char *const verbs[][2] = {{"listen", NULL}, {"call", "bob"}};
        Process *waiting = ctl_start(ARGV(rig_program("CTL"), verbs[_i][0], verbs[_i][1]));

        free(process_wait_line(waiting, _i == 0 ? "listening" : "calling"));
        process_kill(desktop->bus);
        ck_assert_int_eq(process_wait(waiting), 1);
        process_free(waiting);
}
END_TEST

START_TEST(login_takes_the_token_from_a_private_file_or_from_standard_input)
{
        char path[RIG_PATH_MAX];

        rig_path(path, "%s/token", rig->dir);
        rig_write_file(path, "s3cret\n", 0600);
        ctl_expect(0, "online as Me Myself (me) on ws://", "", "login", "ws://127.0.0.1:1",
                   "--token-file", path);
        fake_wait_called(desktop, "LoginByDescriptor ws://127.0.0.1:1 s3cret");
        ctl_expect_at(__LINE__, 0, "online", "", "other\n",
                      ARGV(rig_program("CTL"), "login", "ws://127.0.0.1:1", "--token-file", "-"));
        fake_wait_called(desktop, "LoginByDescriptor ws://127.0.0.1:1 other");
        rig_write_file(path, "s3cret\n", 0644);
        ctl_expect(1, "", "can be read by other users", "login", "ws://127.0.0.1:1", "--token-file",
                   path);
        ctl_expect(2, "", "login needs --token-file", "login", "ws://127.0.0.1:1");
}
END_TEST

START_TEST(no_message_has_the_token_that_a_descriptor_can_hold)
{
        ctl_expect_at(__LINE__, 0, "online", "", "s3cret\n",
                      ARGV(rig_program("CTL"), "login", "ws://127.0.0.1:1", "--token-file", "-",
                           "--device-name", "desk"));
        fake_wait_called(desktop, "LoginByDescriptor ws://127.0.0.1:1 s3cret");
        ck_assert(!fake_was_called(desktop, "Login ws://127.0.0.1:1 s3cret"));
}
END_TEST

START_TEST(an_older_tringd_gets_the_token_in_a_message)
{
        fake_fail(desktop, "org.freedesktop.DBus.Error.UnknownMethod", "there is no such method");
        ctl_expect_at(__LINE__, 0, "online", "", "s3cret\n",
                      ARGV(rig_program("CTL"), "login", "ws://127.0.0.1:1", "--token-file", "-"));
        fake_wait_called(desktop, "Login ws://127.0.0.1:1 s3cret");
}
END_TEST

START_TEST(a_login_that_fails_is_not_tried_the_other_way)
{
        fake_fail(desktop, "org.tring.Calls1.Error.AuthFailed", "the token is not valid");
        ctl_expect_at(__LINE__, 1, "", "tringctl: the token is not valid\n", "s3cret\n",
                      ARGV(rig_program("CTL"), "login", "ws://127.0.0.1:1", "--token-file", "-"));
        ck_assert(!fake_was_called(desktop, "Login ws://127.0.0.1:1 s3cret"));
}
END_TEST

START_TEST(a_group_is_called_by_its_id)
{
        Process *call = ctl_start(ARGV(rig_program("CTL"), "call", "team", "--group"));

        fake_wait_called(desktop, "InitiateCall group audio team");
        fake_change(desktop, "00000000-0000-4000-8000-000000000001", "ongoing", "");
        free(process_wait_line(call, "team answered"));
        ck_assert_int_eq(process_wait(call), 0);
        process_free(call);
        ctl_expect(0, "The Team (team)\n", "", "groups");
        ctl_expect(0, "[{\"guid\":\"team\",\"name\":\"The Team\"}]", "", "groups", "--json");
}
END_TEST

START_TEST(who_may_ring_is_shown_and_changed)
{
        ctl_expect(0, "called\n", "", "who-may-ring");
        ctl_expect(0, "\"called\"", "", "who-may-ring", "--json");
        ctl_expect(0, "called\n", "", "who-may-ring", "called");
        fake_wait_called(desktop, "SetWhoMayRing called");
        fake_fail(desktop, "org.tring.Calls1.Error.InvalidArgument", "who: 'friends' is neither");
        ctl_expect(1, "", "'friends' is neither", "who-may-ring", "friends");
        ctl_expect(2, "", "--group cannot be used with 'who-may-ring'", "who-may-ring", "--group");
}
END_TEST

START_TEST(who_is_blocked_is_shown_and_changed)
{
        ctl_expect(0, "mallory\n", "", "block");
        ctl_expect(0, "[\"mallory\"]", "", "block", "--json");
        ctl_expect(0, "bob is blocked\n", "", "block", "bob");
        fake_wait_called(desktop, "BlockUser bob");
        ctl_expect(0, "bob is no longer blocked\n", "", "unblock", "bob");
        fake_wait_called(desktop, "UnblockUser bob");
        fake_fail(desktop, "org.tring.Calls1.Error.UserNotFound", "there is no user 'nobody'");
        ctl_expect(1, "", "there is no user 'nobody'", "block", "nobody");
        ctl_expect(2, "", "'unblock': missing argument", "unblock");
        ctl_expect(2, "", "--group cannot be used with 'block'", "block", "team", "--group");
}
END_TEST

START_TEST(dnd_is_switched)
{
        ctl_expect(0, "do not disturb is on", "", "dnd", "on");
        ctl_expect(0, "\"do_not_disturb\":true", "", "status", "--json");
        ctl_expect(0, "\"do_not_disturb\":false", "", "--json", "dnd", "off");
        ctl_expect(2, "", "not 'maybe'", "dnd", "maybe");
        ctl_expect(0, "ringing here for 3 s", "", "test-ring");
        fake_wait_called(desktop, "TestRing");
}
END_TEST

START_TEST(a_command_line_that_makes_no_sense_is_refused_by_name)
{
        static const struct {
                const char *words[4], *says;
        } cases[] = {
                {{"frob"}, "unknown verb 'frob'"},
                {{"--frob"}, "unknown option '--frob'"},
                {{"call"}, "'call': missing argument: tringctl call USER"},
                {{"call", "bob", "carol"}, "unexpected argument 'carol' for 'call'"},
                {{"call", "bob", "--busy"}, "--busy cannot be used with 'call'"},
                {{"call", "bob", "--timeout"}, "--timeout needs a value"},
                {{"call", "bob", "--timeout", "4"}, "a number from 5 to 180, not '4'"},
                {{"call", "bob", "--timeout", "5x"}, "not '5x'"},
                {{"history", "--limit", "0"}, "not '0'"},
                {{"call", "bj\xf6rn"}, "'bj?rn' is not text in UTF-8"},
                {{"block", "bj\xf6rn"}, "'bj?rn' is not text in UTF-8"},
        };

        ctl_expect_at(__LINE__, 2, "", cases[_i].says, NULL,
                      ARGV(rig_program("CTL"), cases[_i].words[0], cases[_i].words[1],
                           cases[_i].words[2], cases[_i].words[3]));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("tringctl");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_set_timeout(tests, 60);
        tcase_add_loop_test(tests, one_ringing_call_needs_no_id, 0, 6);
        tcase_add_test(tests, with_two_calls_ringing_it_asks_which);
        tcase_add_test(tests, without_a_call_it_says_so);
        tcase_add_test(tests, a_live_call_is_muted_and_hung_up);
        tcase_add_test(tests, a_call_being_placed_is_cancelled_by_hangup);
        tcase_add_loop_test(tests, call_ends_with_the_code_of_its_outcome, 0, 5);
        tcase_add_test(tests, an_interrupt_cancels_the_call);
        tcase_add_test(tests, a_daemon_that_dies_ends_the_wait);
        tcase_add_test(tests, the_daemons_sentence_reaches_standard_error);
        tcase_add_test(tests, history_goes_over_all_pages);
        tcase_add_test(tests, dates_in_json_have_all_their_digits);
        tcase_add_test(tests, listen_prints_events_and_survives_a_restart_of_the_daemon);
        tcase_add_test(tests, listen_in_json_is_one_object_a_line);
        tcase_add_test(tests, listen_does_not_need_the_daemon);
        tcase_add_loop_test(tests, without_the_bus_nobody_waits, 0, 2);
        tcase_add_test(tests, login_takes_the_token_from_a_private_file_or_from_standard_input);
        tcase_add_test(tests, no_message_has_the_token_that_a_descriptor_can_hold);
        tcase_add_test(tests, an_older_tringd_gets_the_token_in_a_message);
        tcase_add_test(tests, a_login_that_fails_is_not_tried_the_other_way);
        tcase_add_test(tests, a_group_is_called_by_its_id);
        tcase_add_test(tests, who_is_blocked_is_shown_and_changed);
        tcase_add_test(tests, who_may_ring_is_shown_and_changed);
        tcase_add_test(tests, dnd_is_switched);
        tcase_add_loop_test(tests, a_command_line_that_makes_no_sense_is_refused_by_name, 0, 11);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
