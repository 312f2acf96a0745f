/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Media workers in a full mesh: all hear each other, and no connection disturbs another. */

#include <math.h>
#include <stdio.h>

#include "rig/audio-call.h"
#include "rig/audio-ear.h"
#include "rig/audio-gap.h"
#include "rig/audio.h"
#include "rig/trial.h"
#include "suite.h"

#define PEOPLE 4
#define SILENCE_DB -60.0
#define GAP_MAX_MS 100.0 /* of a tone that continues */

/* No two have a common harmonic below 20 kHz that could be taken for another voice. */
static const struct {
        const char *uid, *microphone, *speaker;
        double frequency;
} people[PEOPLE] = {
        {"alice", "mic-a", "spk-a", 440},
        {"bob", "mic-b", "spk-b", 700},
        {"carol", "mic-c", "spk-c", 1070},
        {"dave", "mic-d", "spk-d", 1620},
};

static RigAudio *audio;
static RigGraph *graph;
static AudioCall call;
static AudioEnd *ends[PEOPLE];
static RigTone *tones[PEOPLE];

static void enter(void)
{
        const char *microphones[PEOPLE + 1] = {}, *speakers[PEOPLE + 1] = {};

        for (size_t i = 0; i < PEOPLE; i++) {
                microphones[i] = people[i].microphone;
                speakers[i] = people[i].speaker;
        }
        rig_check(rig_audio_new(microphones, speakers, &audio), "virtual audio");
        rig_check(rig_graph_new(rig_audio_directory(audio), &graph), "its graph");
        audio_call_init(&call, rig_audio_directory(audio));
        for (size_t i = 0; i < PEOPLE; i++)
                rig_check(rig_tone_new(graph, people[i].microphone, people[i].frequency, &tones[i]),
                          "a tone");
}

static void leave(void)
{
        for (size_t i = 0; i < PEOPLE; i++)
                rig_tone_free(tones[i]);
        audio_call_done(&call);
        rig_graph_free(graph);
        rig_audio_free(audio);
}

static AudioEnd *add(size_t i)
{
        const AudioEnd end = {.uid = people[i].uid,
                              .microphone = people[i].microphone,
                              .speaker = people[i].speaker};

        ends[i] = audio_call_add(&call, &end);
        return ends[i];
}

static void join(size_t i)
{
        audio_call_join(&call, ends[i], false);
        audio_call_wait_all(&call, ends[i]);
        audio_call_wait_state(&call, ends[i], SESSION_CONNECTED);
}

static void all_join(size_t n)
{
        for (size_t i = 0; i < n; i++)
                add(i);
        for (size_t i = 0; i < n; i++)
                join(i);
        for (size_t i = 0; i < n; i++)
                audio_call_wait_all(&call, ends[i]);
}

static void expect_heard(size_t speaks, size_t hears, bool heard)
{
        double limit = heard ? RIG_HEARD_DB : SILENCE_DB;
        RigHeard last;

        if (rig_listen_until(graph, people[hears].speaker, people[speaks].frequency, limit, heard,
                             rig_patience_ms(), &last) < 0)
                rig_fail("%s %s %s: %.1f dB, of %.1f dB in all", people[hears].uid,
                         heard ? "does not hear" : "still hears", people[speaks].uid, last.tone_db,
                         last.level_db);
}

/* All at once, and more often than not. */
static void expect_undisturbed(size_t speaks, size_t hears)
{
        _cleanup_(rig_trial_freep) RigTrial *trial = rig_trial_new();
        unsigned n_heard;
        RigHeard heard;

        do {
                rig_trial_begin(trial);
                n_heard = 0;
                for (unsigned i = 0; i < 5; i++) {
                        rig_check(rig_listen(graph, people[hears].speaker, people[speaks].frequency,
                                             100, &heard),
                                  "listening");
                        n_heard += heard.tone_db >= RIG_HEARD_DB;
                }
        } while (!rig_trial_judge(
                trial, n_heard >= 3, "%s is disturbed for %s: %.1f dB, of %.1f dB in all",
                people[speaks].uid, people[hears].uid, heard.tone_db, heard.level_db));
}

/* An ear that already hears the only other tone. */
static RigGap *listen_to(size_t hears)
{
        RigGap *gap;

        expect_heard(1 - hears, hears, true);
        rig_check(rig_gap_new(graph, people[hears].speaker, &gap), "an ear");
        rig_check(rig_gap_wait_sound(gap, rig_patience_ms()), "a sound");
        rig_gap_restart(gap);
        return gap;
}

static void expect_node(size_t speaks, size_t hears)
{
        char node[128], wanted[64], description[64];

        snprintf(node, sizeof(node), "tring.%s.playback.%s", ends[hears]->session,
                 people[speaks].uid);
        snprintf(wanted, sizeof(wanted), "%s, call", people[speaks].uid);
        ck_assert_int_eq(rig_graph_wait_node(graph, node, true, rig_patience_ms()), 0);
        ck_assert(rig_graph_node_property(graph, node, PW_KEY_NODE_DESCRIPTION, description,
                                          sizeof(description)));
        ck_assert_str_eq(description, wanted);
        ck_assert_str_eq(audio_end_of(&call, ends[hears], ends[speaks])->audio_node, node);
}

START_TEST(four_hear_each_other)
{
        all_join(PEOPLE);
        for (size_t hears = 0; hears < PEOPLE; hears++) {
                for (size_t speaks = 0; speaks < PEOPLE; speaks++) {
                        expect_heard(speaks, hears, speaks != hears);
                        if (speaks != hears)
                                expect_node(speaks, hears);
                }
        }

        audio_end_mute(ends[1], true);
        expect_heard(1, 0, false);
        expect_heard(1, 3, false);
        expect_heard(0, 1, true);
        audio_end_mute(ends[1], false);
        expect_heard(1, 0, true);

        /* The first participant joins again as the last one, and makes all offers. */
        audio_call_leave(&call, ends[0]);
        audio_call_wait_state(&call, ends[0], SESSION_LEFT);
        expect_heard(0, 2, false);
        expect_heard(1, 2, true);
        join(0);
        for (size_t i = 1; i < PEOPLE; i++) {
                expect_heard(0, i, true);
                expect_heard(i, 0, true);
        }

        /* A worker that dies interrupts nobody else, not even for a moment. */
        audio_end_kill(ends[3]);
        expect_undisturbed(0, 1);
        expect_undisturbed(2, 0);
        audio_call_lose(&call, ends[3]);
        expect_heard(3, 0, false);
        expect_undisturbed(1, 2);
        ck_assert_int_eq(ends[0]->state, SESSION_CONNECTED);
}
END_TEST

START_TEST(each_pair_sees_a_code_of_its_own)
{
        char codes[3][VERIFICATION_CODE_MAX + 1];

        all_join(3);
        for (size_t i = 0; i < 3; i++) {
                AudioEnd *one = ends[i], *other = ends[(i + 1) % 3];

                STR_SET(codes[i], audio_call_wait_code(&call, one, other));
                ck_assert_str_eq(audio_call_wait_code(&call, other, one), codes[i]);
                ck_assert_uint_eq(strlen(codes[i]), strlen("1234 5678"));
        }
        ck_assert_str_ne(codes[0], codes[1]);
        ck_assert_str_ne(codes[1], codes[2]);
        ck_assert_str_ne(codes[2], codes[0]);
}
END_TEST

/*
 * Mallory has two workers: one answers Alice's call in Bob's name, the other calls Bob in Alice's.
 * Each connection is valid; only the codes differ.
 */
START_TEST(someone_in_between_is_seen_by_the_codes)
{
        const AudioEnd mallory = {.uid = "bob", .echo = true};
        AudioCall other = {};
        AudioEnd *with_alice, *with_bob, *bob;
        char code[VERIFICATION_CODE_MAX + 1];

        audio_call_init(&other, rig_audio_directory(audio));
        add(0);
        with_alice = audio_call_add(&call, &mallory);
        audio_call_join(&call, with_alice, false);
        join(0);
        bob = audio_call_add(&other, &(AudioEnd){.uid = "bob",
                                                 .microphone = people[1].microphone,
                                                 .speaker = people[1].speaker});
        with_bob = audio_call_add(&other, &(AudioEnd){.uid = "alice", .echo = true});
        audio_call_join(&other, bob, false);
        audio_call_join(&other, with_bob, false);
        audio_call_wait_all(&other, bob);
        STR_SET(code, audio_call_wait_code(&call, ends[0], with_alice));
        ck_assert_str_eq(code, audio_call_wait_code(&call, with_alice, ends[0]));
        ck_assert_str_ne(code, audio_call_wait_code(&other, bob, with_bob));
        audio_call_done(&other);
}
END_TEST

/* The fingerprint of another certificate instead of the one that was announced. */
static char *swap_fingerprints(const char *data)
{
        static const char said[] = "a=fingerprint:sha-256 ";
        char *other = rig_strdup(data);

        for (char *at = strstr(other, said); at; at = strstr(at, said)) {
                at += strlen(said);
                *at = *at == '0' ? '1' : '0';
        }
        return other;
}

START_TEST(hub_that_swaps_fingerprints_connects_nobody)
{
        RigFirstSound *first;
        int64_t at;

        add(0);
        add(1);
        call.tamper = swap_fingerprints;
        audio_call_join(&call, ends[0], false);
        audio_call_wait_state(&call, ends[0], SESSION_CONNECTED);
        rig_check(rig_first_sound_new(graph, people[1].speaker, &first), "an ear");
        audio_call_join(&call, ends[1], false);
        audio_call_wait_error(&call, ends[1], CALL_ERROR_MEDIA_FAILED);
        ck_assert_ptr_nonnull(
                strstr(ends[1]->text, "certificate is not the one that was announced"));
        audio_call_wait_state(&call, ends[1], SESSION_FAILED);
        audio_call_wait_state(&call, ends[0], SESSION_FAILED);
        ck_assert_int_lt(rig_first_sound_wait(first, 0, &at), 0);
        ck_assert_str_eq(audio_end_of(&call, ends[1], ends[0])->verification_code, "");
        rig_first_sound_free(first);
}
END_TEST

/* The longest silence at the two ears since their measurements began, in ms. */
static double longest_gap(RigGap *gaps[static 2])
{
        return fmax(rig_gap_longest_ms(gaps[0]), rig_gap_longest_ms(gaps[1]));
}

/* Either network changes: the first end asks for an offer, the second one makes one. */
START_TEST(connection_is_replaced_without_a_gap)
{
        _cleanup_(rig_trial_freep) RigTrial *trial = NULL;
        char code[VERIFICATION_CODE_MAX + 1];
        RigGap *gaps[2];
        unsigned connection = 1;

        all_join(2);
        STR_SET(code, audio_call_wait_code(&call, ends[0], ends[1]));
        for (size_t i = 0; i < 2; i++)
                gaps[i] = listen_to(i);
        expect_heard(1, 0, true);
        trial = rig_trial_new();
        do {
                rig_trial_begin(trial);
                for (size_t i = 0; i < 2; i++)
                        rig_gap_restart(gaps[i]);
                audio_end_network_changed(ends[(size_t)_i]);
                audio_call_wait_connection(&call, ++connection);
                expect_heard(0, 1, true);
                expect_heard(1, 0, true);
        } while (!rig_trial_judge(trial, longest_gap(gaps) <= GAP_MAX_MS, "%.1f ms of silence",
                                  longest_gap(gaps)));
        for (size_t i = 0; i < 2; i++)
                rig_gap_free(gaps[i]);
        ck_assert_int_eq(ends[0]->state, SESSION_CONNECTED);
        ck_assert_str_eq(audio_end_of(&call, ends[0], ends[1])->verification_code, code);
        ck_assert_str_eq(audio_end_of(&call, ends[1], ends[0])->verification_code, code);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("mesh");
        TCase *four = tcase_create("four"), *tcase = tcase_create("pairs");

        tcase_set_timeout(four, 120);
        tcase_add_checked_fixture(four, enter, leave);
        tcase_add_test(four, four_hear_each_other);
        suite_add_tcase(suite, four);
        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, enter, leave);
        tcase_add_test(tcase, each_pair_sees_a_code_of_its_own);
        tcase_add_test(tcase, someone_in_between_is_seen_by_the_codes);
        tcase_add_test(tcase, hub_that_swaps_fingerprints_connects_nobody);
        tcase_add_loop_test(tcase, connection_is_replaced_without_a_gap, 0, 2);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
