/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The life of media workers: with tringd, without it, and with the next tringd. */

#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>

#include "base/str.h"
#include "e2e/expect.h"
#include "rig/audio-gap.h"
#include "rig/talk.h"
#include "rig/trial.h"
#include "suite.h"

#define LISTENED_US (2 * USEC_PER_SEC) /* to tringd going away and to tringd returning */
#define GAP_MAX_MS 200.0 /* a tenth of LISTENED_US; tests/bench prints the length of the gap */

static const struct {
        int signal;
        const char *said;
} deaths[] = {
        {SIGKILL, "was killed by signal 9"},
        {SIGSYS, "made a system call that its sandbox forbids"},
};

START_TEST(dead_worker_is_an_error_and_can_be_replaced)
{
        _cleanup_talk_ Talk talk = talk_new();
        _cleanup_(rig_tone_freep) RigTone *bob = NULL;
        Client *at_a = talk.alice.desktop->client;
        Call call = talk_begin(&talk);
        const HeardSignal *error;

        rig_check(rig_tone_new(talk.bob.graph, TALK_MICROPHONE, TALK_BOB_HZ, &bob), "a tone");
        person_expect_tone(&talk.alice, TALK_BOB_HZ, true);
        kill(person_worker(&talk.alice, &call), deaths[_i].signal);
        error = client_wait_signal(at_a, "Error", call.path);
        expect_has(text_of_argument(error->message, 0), "MediaFailed");
        expect_has(text_of_argument(error->message, 1), deaths[_i].said);
        person_wait_state(&talk.alice, &call, "failed");
        call_wait_status(talk.alice.desktop, &call, "ongoing", NULL);

        client_do(at_a, call.path, TRING_SESSION, "Join", "a{sv}", 0);
        person_wait_state(&talk.alice, &call, "connected");
        person_expect_tone(&talk.alice, TALK_BOB_HZ, true);
        call_end(talk.alice.desktop, &call);
        call_wait_status(talk.bob.desktop, &call, "ended", "remote-hangup");
}
END_TEST

/* An ear that already hears the other's tone. */
static RigGap *listen_to(Person *person, double frequency)
{
        RigGap *gap;

        person_expect_tone(person, frequency, true);
        rig_check(rig_gap_new(person->graph, TALK_SPEAKER, &gap), "an ear");
        rig_check(rig_gap_wait_sound(gap, rig_patience_ms()), "a sound");
        rig_gap_restart(gap);
        return gap;
}

static bool is_without_gap(RigTrial *trial, const RigGap *gap, const Person *person)
{
        double longest = rig_gap_longest_ms(gap);
        double heard = rig_gap_heard_ms(gap);

        return rig_trial_judge(trial, heard * USEC_PER_MSEC >= LISTENED_US && longest <= GAP_MAX_MS,
                               "%.1f ms of silence at %s's speaker, which played %.1f ms", longest,
                               person->desktop->name, heard);
}

/* A file of /proc, with blanks in place of NUL; the caller frees. */
static char *proc_file(pid_t pid, const char *name)
{
        char path[64], *text = rig_alloc(8192);
        _cleanup_(fclosep) FILE *file = NULL;

        snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
        file = fopen(path, "re");
        ck_assert_ptr_nonnull(file);
        size_t n = fread(text, 1, 8191, file);
        for (size_t i = 0; i < n; i++) {
                if (text[i] == '\0')
                        text[i] = ' ';
        }
        text[n] = '\0';
        return text;
}

START_TEST(nobody_else_sees_who_is_called_and_no_core_dump_is_written)
{
        _cleanup_talk_ Talk talk = talk_new();
        Call call = talk_begin(&talk);
        pid_t worker = person_worker(&talk.alice, &call);
        const pid_t pids[] = {worker, talk.alice.desktop->tringd->pid, talk.hub->process->pid};
        _cleanup_free_ char *words = proc_file(worker, "cmdline");

        ck_assert_ptr_nonnull(strstr(words, call.id));
        ck_assert_ptr_null(strstr(words, "ob,"));
        ck_assert_ptr_null(strstr(words, "title"));
        for (size_t i = 0; i < ELEMENTSOF(pids); i++) {
                _cleanup_free_ char *limits = proc_file(pids[i], "limits");
                const char *core = strstr(limits, "Max core file size");
                char soft[16], hard[16];

                ck_assert_ptr_nonnull(core);
                ck_assert_int_eq(sscanf(core, "Max core file size %15s %15s", soft, hard), 2);
                ck_assert_str_eq(soft, "0");
                ck_assert_str_eq(hard, "0");
        }
}
END_TEST

/*
 * In its first two seconds Debian 13's canceller takes one of two simultaneous tones for the echo
 * of the other: a silence that has nothing to do with tringd.
 */
START_TEST(both_voices_go_on_without_a_gap_while_tringd_is_killed_and_comes_back)
{
        _cleanup_talk_ Talk talk = talk_new();
        _cleanup_(rig_tone_freep) RigTone *alice = NULL, *bob = NULL;
        _cleanup_(rig_trial_freep) RigTrial *trial = NULL;
        Call call;

        person_choose(&talk.alice, "EchoCancel", "no");
        person_choose(&talk.bob, "EchoCancel", "no");
        call = talk_begin(&talk);
        rig_check(rig_tone_new(talk.alice.graph, TALK_MICROPHONE, TALK_ALICE_HZ, &alice), "a tone");
        rig_check(rig_tone_new(talk.bob.graph, TALK_MICROPHONE, TALK_BOB_HZ, &bob), "a tone");
        _cleanup_(rig_gap_freep) RigGap *at_a = listen_to(&talk.alice, TALK_BOB_HZ);
        _cleanup_(rig_gap_freep) RigGap *at_b = listen_to(&talk.bob, TALK_ALICE_HZ);
        trial = rig_trial_new();
        do {
                rig_trial_begin(trial);
                rig_gap_restart(at_a);
                rig_gap_restart(at_b);
                desktop_kill(talk.alice.desktop);
                rig_run_for(talk.rig, LISTENED_US);
                desktop_start(talk.alice.desktop);
                desktop_wait_online(talk.alice.desktop);
                call_wait_status(talk.alice.desktop, &call, "ongoing", NULL);
                person_wait_state(&talk.alice, &call, "connected");
                rig_run_for(talk.rig, LISTENED_US);
        } while (!is_without_gap(trial, at_a, &talk.alice) ||
                 !is_without_gap(trial, at_b, &talk.bob));

        call_end(talk.alice.desktop, &call);
        call_wait_status(talk.bob.desktop, &call, "ended", "remote-hangup");
        person_expect_sound(&talk.alice, false);
}
END_TEST

static const char *const session_properties[] = {
        "State", "AudioMuted", "VerificationCode", "VideoPaused", "Participants",
};

/* The code comes once the two have compared what they sent: the last message about a connection. */
static void wait_verified(Talk *talk, const Call *call)
{
        Client *client = talk->alice.desktop->client;
        usec_t deadline = rig_deadline();

        for (;;) {
                _cleanup_free_ char *code =
                        client_property(client, call->path, TRING_SESSION, "VerificationCode");

                if (!str_empty(code))
                        return;
                rig_run_once(talk->rig, deadline, "a verification code");
        }
}

START_TEST(the_state_of_a_session_is_known_after_adoption)
{
        _cleanup_talk_ Talk talk = talk_new();
        Call call = talk_begin(&talk);
        char *before[ELEMENTSOF(session_properties)];
        Client *client = talk.alice.desktop->client;

        wait_verified(&talk, &call);
        client_do(client, call.path, TRING_SESSION, "SetAudioMuted", "b", true);
        for (size_t i = 0; i < ELEMENTSOF(before); i++)
                before[i] =
                        client_property(client, call.path, TRING_SESSION, session_properties[i]);
        /* A muted microphone is muted at once, stored or not. */
        desktop_kill(talk.alice.desktop);
        desktop_start(talk.alice.desktop);
        desktop_wait_online(talk.alice.desktop);
        client = talk.alice.desktop->client;
        for (size_t i = 0; i < ELEMENTSOF(before); i++) {
                client_wait_property(client, call.path, TRING_SESSION, session_properties[i],
                                     before[i]);
                free(before[i]);
        }
        ck_assert_uint_eq(client_count_signals(talk.bob.desktop->client, "UserLeft", call.path), 0);
        client_do(client, call.path, TRING_SESSION, "SetAudioMuted", "b", false);
        call_end(talk.bob.desktop, &call);
        call_wait_status(talk.alice.desktop, &call, "ended", "remote-hangup");
}
END_TEST

START_TEST(worker_that_nobody_adopts_ends_itself)
{
        ck_assert_int_eq(setenv("TRING_TEST_ORPHAN_S", "1", true), 0);
        _cleanup_talk_ Talk talk = talk_new();
        Call call = talk_begin(&talk);
        struct pollfd end = {.fd = pidfd_open(person_worker(&talk.alice, &call), 0),
                             .events = POLLIN};

        ck_assert_int_ge(end.fd, 0);
        desktop_kill(talk.alice.desktop);
        ck_assert_int_eq(poll(&end, 1, rig_patience_ms()), 1);
        close(end.fd);

        desktop_start(talk.alice.desktop);
        person_wait_state(&talk.alice, &call, "failed");
        desktop_wait_online(talk.alice.desktop);
        client_do(talk.alice.desktop->client, call.path, TRING_SESSION, "Join", "a{sv}", 0);
        person_wait_state(&talk.alice, &call, "connected");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("worker-life");
        TCase *tcase = tcase_create("worker-life");

        tcase_set_timeout(tcase, 180);
        tcase_add_loop_test(tcase, dead_worker_is_an_error_and_can_be_replaced, 0,
                            ELEMENTSOF(deaths));
        tcase_add_test(tcase, nobody_else_sees_who_is_called_and_no_core_dump_is_written);
        tcase_add_test(tcase,
                       both_voices_go_on_without_a_gap_while_tringd_is_killed_and_comes_back);
        tcase_add_test(tcase, the_state_of_a_session_is_known_after_adoption);
        tcase_add_test(tcase, worker_that_nobody_adopts_ends_itself);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
