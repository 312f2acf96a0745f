/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Audible effects of programs that die during a call: how long the other side is silent when a
 * media worker is killed and the call joined again, and when tringd is killed and started again.
 */
#include <signal.h>

#include "bench/figure.h"
#include "rig/audio-gap.h"
#include "rig/talk.h"

#define ROUNDS 10
#define REJOIN_TARGET_MS 1000.0
#define AWAY_US (1 * USEC_PER_SEC)
#define LISTENED_US (1 * USEC_PER_SEC)

static RigGap *listen_to(Person *person, double frequency)
{
        RigGap *gap;

        person_expect_tone(person, frequency, true);
        rig_check(rig_gap_new(person->graph, TALK_SPEAKER, &gap), "an ear");
        rig_check(rig_gap_wait_sound(gap, rig_patience_ms()), "a sound");
        rig_gap_restart(gap);
        return gap;
}

/* Alice's worker dies, and a program on her desktop joins again: from Join to Bob's voice. */
static void kill_worker(Talk *talk, const Call *call, Samples *rejoined, Samples *silent)
{
        Client *client = talk->alice.desktop->client;
        RigGap *gap = listen_to(&talk->alice, TALK_BOB_HZ);
        RigFirstSound *first;
        double begun;
        int64_t heard;

        kill(person_worker(&talk->alice, call), SIGKILL);
        person_wait_state(&talk->alice, call, "failed");
        rig_check(rig_first_sound_new(talk->alice.graph, TALK_SPEAKER, &first), "an ear");
        begun = figure_now_us();
        client_do(client, call->path, TRING_SESSION, "Join", "a{sv}", 0);
        rig_check(rig_first_sound_wait(first, rig_patience_ms(), &heard), "Bob's voice");
        samples_add(rejoined, ((double)heard / 1000 - begun) / 1000);
        rig_first_sound_free(first);
        person_wait_state(&talk->alice, call, "connected");
        person_expect_tone(&talk->alice, TALK_BOB_HZ, true);
        samples_add(silent, rig_gap_longest_ms(gap));
        rig_gap_free(gap);
}

static void kill_tringd(Talk *talk, const Call *call, Samples *quiet, Samples *killed)
{
        RigGap *ears[] = {listen_to(&talk->alice, TALK_BOB_HZ),
                          listen_to(&talk->bob, TALK_ALICE_HZ)};

        rig_run_for(talk->rig, AWAY_US + LISTENED_US);
        for (size_t i = 0; i < ELEMENTSOF(ears); i++) {
                samples_add(quiet, rig_gap_longest_ms(ears[i]));
                rig_gap_restart(ears[i]);
        }
        desktop_kill(talk->alice.desktop);
        rig_run_for(talk->rig, AWAY_US);
        desktop_start(talk->alice.desktop);
        desktop_wait_online(talk->alice.desktop);
        person_wait_state(&talk->alice, call, "connected");
        rig_run_for(talk->rig, LISTENED_US);
        for (size_t i = 0; i < ELEMENTSOF(ears); i++) {
                samples_add(killed, rig_gap_longest_ms(ears[i]));
                rig_gap_free(ears[i]);
        }
}

int main(void)
{
        _cleanup_(samples_done) Samples rejoined = {}, silent = {}, quiet = {}, killed = {};
        Talk talk = talk_new();
        RigTone *voices[2];
        char label[80];
        Call call;

        figure_machine();
        rig_check(rig_tone_new(talk.alice.graph, TALK_MICROPHONE, TALK_ALICE_HZ, &voices[0]),
                  "a voice");
        rig_check(rig_tone_new(talk.bob.graph, TALK_MICROPHONE, TALK_BOB_HZ, &voices[1]),
                  "a voice");
        call = talk_begin(&talk);
        for (size_t i = 0; i < ROUNDS; i++)
                kill_tringd(&talk, &call, &quiet, &killed);
        call_end(talk.bob.desktop, &call);
        call_wait_status(talk.alice.desktop, &call, "ended", NULL);
        call = talk_begin(&talk);
        for (size_t i = 0; i < ROUNDS; i++)
                kill_worker(&talk, &call, &rejoined, &silent);

        snprintf(label, sizeof(label), "worker killed, Join to sound p50 (n = %d)", ROUNDS);
        figure_print(label, samples_percentile(&rejoined, 0.5), "ms", REJOIN_TARGET_MS);
        figure_print("worker killed, Join to sound, slowest", samples_percentile(&rejoined, 1),
                     "ms", REJOIN_TARGET_MS);
        figure_report("  silence from the kill on, p50", samples_percentile(&silent, 0.5), "ms");
        figure_report("tringd killed and started, longest silence", samples_percentile(&killed, 1),
                      "ms");
        figure_report("  the same while nothing happens", samples_percentile(&quiet, 1), "ms");
        for (size_t i = 0; i < ELEMENTSOF(voices); i++)
                rig_tone_free(voices[i]);
        talk_done(&talk);
        return EXIT_SUCCESS;
}
