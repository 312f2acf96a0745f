/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>

#include "base/str.h"
#include "rig/audio-ear.h"
#include "rig/audio.h"
#include "rig/desktop.h"
#include "suite.h"

#define MICROPHONE "mouth"
#define SPEAKER "ear"
#define TONE_HZ 440

static Rig *rig;
static Hub *hub;
static Environment environment; /* the voice of tring-echo */
static char token[RIG_PATH_MAX];
static Process *echo;

static Process *echo_start(void)
{
        return process_start(rig, "tring-echo", &environment,
                             ARGV(rig_program("ECHO"), "--hub", hub->url, "--token-file", token));
}

static void wait_answering(void)
{
        free(process_wait_line(echo, "answering calls to echo"));
}

static void setup(void)
{
        rig = rig_new();
        hub = hub_new(rig);
        environment_init(&environment, rig);
        environment_set(&environment, "TRING_ICE_LOOPBACK", "1");
        environment_set(&environment, "XDG_RUNTIME_DIR", "%s", rig->dir);
        hub_add_user(hub, "echo", "Echo");
        _cleanup_free_ char *text = hub_mint(hub, "echo");
        rig_path(token, "%s/echo.token", rig->dir);
        rig_write_file(token, text, 0600);
}

static void teardown(void)
{
        echo = process_free(echo);
        environment_done(&environment);
        hub = hub_free(hub);
        rig = rig_free(rig);
}

static void wait_state(Desktop *desktop, const Call *call, const char *state)
{
        client_wait_property(desktop->client, call->path, TRING_SESSION, "State", state);
}

static void expect_tone(RigGraph *graph, bool heard)
{
        RigHeard last;

        if (rig_listen_until(graph, SPEAKER, TONE_HZ, RIG_HEARD_DB, heard, rig_patience_ms(),
                             &last) < 0)
                rig_fail("the tone %s: %.1f dB", heard ? "does not come back" : "is still there",
                         last.tone_db);
}

START_TEST(a_voice_comes_back_also_while_others_call)
{
        _cleanup_(rig_audio_freep) RigAudio *audio = NULL;
        _cleanup_(rig_graph_freep) RigGraph *graph = NULL;
        _cleanup_(rig_tone_freep) RigTone *tone = NULL;
        _cleanup_(desktop_freep) Desktop *alice = desktop_new(rig, "alice"), *bob = NULL;

        rig_check(rig_audio_new((const char *const[]){MICROPHONE, NULL},
                                (const char *const[]){SPEAKER, NULL}, &audio),
                  "virtual audio");
        rig_check(rig_graph_new(rig_audio_directory(audio), &graph), "a graph");
        environment_set(&alice->environment, "PIPEWIRE_RUNTIME_DIR", "%s",
                        rig_audio_directory(audio));
        desktop_start(alice);
        desktop_login(alice, hub);
        echo = echo_start();
        wait_answering();

        Call call = call_start_with(alice, "echo", "audio", "a{sv}", 0);
        call_wait_status(alice, &call, "ongoing", NULL);
        wait_state(alice, &call, "connected");
        rig_check(rig_tone_new(graph, MICROPHONE, TONE_HZ, &tone), "a tone");
        expect_tone(graph, true);

        bob = desktop_new_online(rig, hub, "bob");
        Call other = call_start(bob, "echo");
        call_wait_status(bob, &other, "ongoing", NULL);
        expect_tone(graph, true);
        call_end(bob, &other);
        call_wait_status(bob, &other, "ended", "hangup");

        call_end(alice, &call);
        call_wait_status(alice, &call, "ended", "hangup");
        expect_tone(graph, false);
}
END_TEST

START_TEST(it_comes_back_to_a_hub_that_does)
{
        _cleanup_(desktop_freep) Desktop *alice = NULL;

        echo = echo_start();
        wait_answering();
        process_signal(echo, SIGHUP); /* of a terminal that is closed: it stays */
        hub_kill(hub);
        free(process_wait_line(echo, "offline: "));
        hub_start(hub);
        wait_answering();
        alice = desktop_new_online(rig, hub, "alice");
        Call call = call_start(alice, "echo");
        call_wait_status(alice, &call, "ongoing", NULL);
        call_end(alice, &call);
        ck_assert_int_eq(process_stop(echo), 0);
}
END_TEST

START_TEST(a_call_without_media_is_not_kept)
{
        _cleanup_(desktop_freep) Desktop *alice = desktop_new_online(rig, hub, "alice");

        environment_set(&environment, "TRING_MEDIA", "%s", _i == 0 ? "/bin/false" : "/nonexistent");
        echo = echo_start();
        wait_answering();
        Call call = call_start(alice, "echo");
        call_wait_status(alice, &call, "ended", "remote-hangup");
}
END_TEST

START_TEST(a_token_that_the_hub_refuses_ends_it)
{
        rig_write_file(token, "0123456789abcdef0123456789abcdef", 0600);
        echo = echo_start();
        free(process_wait_line(echo, "refused: "));
        ck_assert_int_eq(process_wait(echo), 1);
}
END_TEST

START_TEST(a_hub_that_has_welcomed_it_before_is_tried_again)
{
        char right[RIG_PATH_MAX];

        echo = echo_start();
        wait_answering();
        rig_path(right, "%s", hub->state);
        hub_stop(hub);
        rig_path(hub->state, "%s/wrong", rig->dir);
        hub_start(hub);
        free(process_wait_line(echo, "refused: the token is not valid; trying again"));
        hub_stop(hub);
        rig_path(hub->state, "%s", right);
        hub_start(hub);
        ck_assert_int_eq(process_stop(echo), 0);
}
END_TEST

START_TEST(a_second_echo_of_the_same_user_takes_the_place_of_the_first)
{
        echo = echo_start();
        wait_answering();
        Process *second =
                process_start(rig, "second", &environment,
                              ARGV(rig_program("ECHO"), "--hub", hub->url, "--token-file", token));
        ck_assert_int_eq(process_wait(echo), 1);
        ck_assert_int_eq(process_stop(second), 0);
        process_free(second);
}
END_TEST

/* The hub's owner is somebody else than when it welcomed the token. */
static void take_owner_for(unsigned owner, const char *hub_url)
{
        char path[RIG_PATH_MAX];
        _cleanup_free_ char *text = str_printf("hub=%s\nhub-owner=%u\n", hub_url, owner);

        rig_path(path, "%s.hub-owner", token);
        rig_write_file(path, text, 0600);
}

static void expect_owner(unsigned owner)
{
        char path[RIG_PATH_MAX];
        _cleanup_free_ char *text = str_printf("hub=%s\nhub-owner=%u\n", hub->url, owner);

        rig_path(path, "%s.hub-owner", token);
        _cleanup_free_ char *stored = rig_read_file(path);
        ck_assert_ptr_nonnull(stored);
        ck_assert_str_eq(stored, text);
}

START_TEST(whose_hub_it_was_is_stored_for_the_next_start)
{
        _cleanup_free_ char *other = str_printf("a program of user %u listens", geteuid());

        echo = echo_start();
        wait_answering();
        expect_owner(geteuid());
        ck_assert_int_eq(process_stop(echo), 0);
        process_free(echo);

        take_owner_for(4242, hub->url);
        echo = echo_start();
        _cleanup_free_ char *line = process_wait_line(echo, other);
        ck_assert_ptr_nonnull(strstr(line, "remove the .hub-owner beside the token file"));
        ck_assert_int_eq(process_stop(echo), 0);
        expect_owner(4242);
}
END_TEST

START_TEST(another_hub_may_be_anybodys)
{
        take_owner_for(4242, "ws://127.0.0.1:1");
        echo = echo_start();
        wait_answering();
        expect_owner(geteuid());
}
END_TEST

START_TEST(a_stored_owner_that_cannot_be_believed_is_named)
{
        static const struct {
                const char *text, *says;
                unsigned mode;
        } cases[] = {
                {"hub=ws://127.0.0.1:1\nhub-owner=x\n", "is damaged: remove it", 0600},
                {"hub-owner=0\n", "is damaged: remove it", 0600},
                {"hub=ws://127.0.0.1:1\nhub-owner=1\n", "mode 0660", 0660},
        };
        char path[RIG_PATH_MAX];
        RunResult result;

        rig_path(path, "%s.hub-owner", token);
        rig_write_file(path, cases[_i].text, cases[_i].mode);
        process_run(rig, &environment,
                    ARGV(rig_program("ECHO"), "--hub", hub->url, "--token-file", token), NULL,
                    &result);
        ck_assert_int_eq(result.status, 1);
        ck_assert_msg(strstr(result.err, path) && strstr(result.err, cases[_i].says), "%s",
                      result.err);
        run_result_done(&result);
}
END_TEST

START_TEST(a_command_line_that_makes_no_sense_is_refused_by_name)
{
        static const struct {
                const char *words[5];
                int status;
                const char *says;
        } cases[] = {
                {{"--hub", "ftp://x", "--token-file", "x"}, 2, "'ftp://x': the URL does not begin"},
                {{"--hub", "ws://192.0.2.1", "--token-file", "x"}, 2, "this machine only"},
                {{"--hub", "ws://127.0.0.1"}, 2, "'--token-file': missing"},
                {{"--token-file", "x"}, 2, "'--hub': missing"},
                {{"--hub"}, 2, "'--hub': needs a value"},
                {{"--frob"}, 2, "'--frob': no such option"},
                {{"frob"}, 2, "'frob': not expected"},
                {{"--hub", "ws://127.0.0.1", "--token-file", "/nonexistent"},
                 1,
                 "/nonexistent cannot be read"},
        };
        RunResult result;

        process_run(rig, &environment,
                    ARGV(rig_program("ECHO"), cases[_i].words[0], cases[_i].words[1],
                         cases[_i].words[2], cases[_i].words[3]),
                    NULL, &result);
        ck_assert_int_eq(result.status, cases[_i].status);
        ck_assert_msg(strstr(result.err, cases[_i].says), "%s", result.err);
        run_result_done(&result);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("echo");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_set_timeout(tests, 120);
        tcase_add_test(tests, a_voice_comes_back_also_while_others_call);
        tcase_add_test(tests, it_comes_back_to_a_hub_that_does);
        tcase_add_loop_test(tests, a_call_without_media_is_not_kept, 0, 2);
        tcase_add_test(tests, a_token_that_the_hub_refuses_ends_it);
        tcase_add_test(tests, a_hub_that_has_welcomed_it_before_is_tried_again);
        tcase_add_test(tests, a_second_echo_of_the_same_user_takes_the_place_of_the_first);
        tcase_add_loop_test(tests, a_command_line_that_makes_no_sense_is_refused_by_name, 0, 8);
        suite_add_tcase(suite, tests);
        tests = tcase_create("owner");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_set_timeout(tests, 120);
        tcase_add_test(tests, whose_hub_it_was_is_stored_for_the_next_start);
        tcase_add_test(tests, another_hub_may_be_anybodys);
        tcase_add_loop_test(tests, a_stored_owner_that_cannot_be_believed_is_named, 0, 3);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
