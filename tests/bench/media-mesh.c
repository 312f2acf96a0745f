/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cost of a worker in a mesh: calls of two, three and four who all speak, each with a worker on
 * this machine.
 */
#include "bench/figure.h"
#include "bench/usage.h"
#include "rig/audio-room.h"

#define COST_SECONDS 10
#define SETTLE_MS 2000
#define HEAR_MS 10000

static const char *const microphones[] = {"mic-a", "mic-b", "mic-c", "mic-d", NULL};
static const char *const speakers[] = {"spk-a", "spk-b", "spk-c", "spk-d", NULL};
static const char *const people[] = {"alice", "bob", "carol", "dave"};
static const double tones[] = {440, 660, 880, 1100};

static void hear_everybody(RigGraph *graph, size_t n)
{
        for (size_t ear = 0; ear < n; ear++)
                for (size_t mouth = 0; mouth < n; mouth++)
                        if (mouth != ear && rig_listen_until(graph, speakers[ear], tones[mouth],
                                                             RIG_HEARD_DB, true, HEAR_MS, NULL) < 0)
                                rig_fail("%s does not hear %s", people[ear], people[mouth]);
}

/* % of a core and MB, the means of all workers. */
static void measure(AudioCall *call, RigGraph *graph, size_t n)
{
        double before[ELEMENTSOF(people)], begun, cpu = 0, pss = 0, elapsed;
        RigHeard heard;
        char label[80];

        rig_check(rig_listen(graph, speakers[0], tones[0], SETTLE_MS, &heard), "listening");
        begun = figure_now_us();
        for (size_t i = 0; i < n; i++)
                before[i] = usage_cpu_s(call->ends[i].pid);
        rig_check(rig_listen(graph, speakers[0], tones[0], COST_SECONDS * 1000, &heard),
                  "listening");
        elapsed = (figure_now_us() - begun) / 1e6;
        for (size_t i = 0; i < n; i++) {
                cpu += 100 * (usage_cpu_s(call->ends[i].pid) - before[i]) / elapsed / (double)n;
                pss += usage_pss_kib(call->ends[i].pid) / 1024 / (double)n;
        }
        snprintf(label, sizeof(label), "mesh of %zu, CPU of a worker", n);
        figure_report(label, cpu, "%");
        snprintf(label, sizeof(label), "mesh of %zu, PSS of a worker", n);
        figure_report(label, pss, "MB");
}

int main(void)
{
        RigTone *voices[ELEMENTSOF(people)];
        RigAudio *audio;
        RigGraph *graph;
        AudioCall call;

        figure_machine();
        rig_check(rig_audio_new(microphones, speakers, &audio), "virtual audio");
        rig_check(rig_graph_new(rig_audio_directory(audio), &graph), "its graph");
        audio_call_init(&call, rig_audio_directory(audio));
        for (size_t i = 0; i < ELEMENTSOF(people); i++) {
                const AudioEnd end = {
                        .uid = people[i], .microphone = microphones[i], .speaker = speakers[i]};

                rig_check(rig_tone_new(graph, microphones[i], tones[i], &voices[i]), "a voice");
                audio_call_add(&call, &end);
                audio_call_join(&call, &call.ends[i], false);
                audio_call_wait_state(&call, &call.ends[i], SESSION_CONNECTED);
                if (i == 0)
                        continue;
                hear_everybody(graph, i + 1);
                measure(&call, graph, i + 1);
        }
        for (size_t i = 0; i < ELEMENTSOF(people); i++)
                rig_tone_free(voices[i]);
        audio_call_done(&call);
        rig_graph_free(graph);
        rig_audio_free(audio);
        return EXIT_SUCCESS;
}
