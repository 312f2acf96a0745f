/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A long call, and short ones beside it: does anything grow? Alice and Bob talk all the time; Carol
 * and Dave, each at the same PipeWire, ring, talk a moment and hang up. Between two of their calls
 * the bench counts what is left.
 *
 *         TRING_SOAK_MINUTES=30 ninja -C build soak
 *
 * Exits with 0 if nothing grew and the voices were heard to the end.
 */
#include <string.h>

#include "base/str.h"
#include "bench/figure.h"
#include "bench/usage.h"
#include "rig/audio-gap.h"
#include "rig/talk.h"

#define MINUTES 30
#define MEMORY_MINUTES 10 /* a shorter run says nothing about memory: caches fill at first */
#define WARM_UP 4         /* short calls: each program has done everything once */
#define SHORT_CALL_US (1 * USEC_PER_SEC)
#define PAUSE_US (3 * USEC_PER_SEC) /* the hub allows 30 calls a minute */
#define GONE_MS 15000               /* for the nodes of a call that has ended to go */
/* Memory may differ by this between two quarters of an hour without being growth. */
#define MEMORY_SHARE 0.03
#define MEMORY_KIB 192.0

typedef struct Series {
        char name[64];
        const char *unit;
        bool is_memory;
        Samples samples;
} Series;

typedef struct Watched {
        pid_t pid;
        Series memory, threads, descriptors;
} Watched;

#define WATCHED_MAX 8

typedef struct Soak {
        Talk talk;
        Desktop *carol, *dave;
        Call call; /* the long call */
        RigTone *voices[2];
        RigGap *ears[2];
        size_t nodes[2]; /* between short calls */
        Series node_series[2];
        Watched watched[WATCHED_MAX];
        size_t n_watched;
        unsigned n_calls;
} Soak;

static unsigned minutes_wanted(void)
{
        const char *text = getenv("TRING_SOAK_MINUTES");
        long minutes = text ? strtol(text, NULL, 10) : MINUTES;

        if (minutes < 1)
                rig_fail("TRING_SOAK_MINUTES is '%s', which is not a number of minutes", text);
        return (unsigned)minutes;
}

/* ---- samples ---- */

static void name_series(Series *series, const char *who, const char *what, const char *unit)
{
        snprintf(series->name, sizeof(series->name), "%s, %s", who, what);
        series->unit = unit;
}

static void watch(Soak *soak, const char *name, pid_t pid)
{
        Watched *watched = &soak->watched[soak->n_watched++];

        watched->pid = pid;
        name_series(&watched->memory, name, "PSS", "KiB");
        watched->memory.is_memory = true;
        name_series(&watched->threads, name, "threads", "");
        name_series(&watched->descriptors, name, "descriptors", "");
}

static void look(Soak *soak)
{
        for (size_t i = 0; i < soak->n_watched; i++) {
                Watched *watched = &soak->watched[i];

                samples_add(&watched->memory.samples, usage_pss_kib(watched->pid));
                samples_add(&watched->threads.samples, usage_threads(watched->pid));
                samples_add(&watched->descriptors.samples, usage_descriptors(watched->pid));
        }
        samples_add(&soak->node_series[0].samples,
                    (double)rig_graph_count_nodes(soak->talk.alice.graph));
        samples_add(&soak->node_series[1].samples,
                    (double)rig_graph_count_nodes(soak->talk.bob.graph));
}

/* Of the samples from `from` to `to`, which are shares of all. */
static double middle(const Samples *all, double from, double to)
{
        _cleanup_(samples_done) Samples part = {};

        for (size_t i = (size_t)(from * (double)all->count); i < (size_t)(to * (double)all->count);
             i++)
                samples_add(&part, all->values[i]);
        return samples_percentile(&part, 0.5);
}

/* Prints a result; returns whether it grew. */
static bool judge(const Series *series, bool with_memory)
{
        double first = middle(&series->samples, 0, 0.25), last = middle(&series->samples, 0.75, 1);
        double allowed = series->is_memory ? MAX_OF(MEMORY_SHARE * first, MEMORY_KIB) : 0;
        bool grew = last - first > allowed;
        const char *verdict = series->is_memory && !with_memory ? "too short to tell"
                              : grew                            ? "GREW"
                                                                : "no growth";

        printf("%-36s %9.0f -> %9.0f %-4s %s\n", series->name, first, last, series->unit, verdict);
        return grew && (with_memory || !series->is_memory);
}

/* ---- calls ---- */

static Desktop *sit_down(Soak *soak, const char *name, const Person *at)
{
        Desktop *desktop = desktop_new(soak->talk.rig, name);

        environment_set(&desktop->environment, "PIPEWIRE_RUNTIME_DIR", "%s",
                        rig_audio_directory(at->audio));
        desktop_start(desktop);
        desktop_login(desktop, soak->talk.hub);
        return desktop;
}

static bool has_as_many_nodes(RigGraph *graph, void *data)
{
        return rig_graph_count_nodes(graph) == *(size_t *)data;
}

static void wait_nodes(RigGraph *graph, size_t n)
{
        if (rig_graph_wait(graph, has_as_many_nodes, &n, GONE_MS) < 0)
                rig_fail("%zu nodes are left of a call in place of %zu",
                         rig_graph_count_nodes(graph), n);
}

static void call_briefly(Soak *soak)
{
        Call call = call_ring(soak->carol, soak->dave, true);

        call_accept(soak->dave, &call, true);
        client_wait_signal(soak->carol->client, "OutgoingCallAccepted", call.path);
        client_wait_property(soak->carol->client, call.path, TRING_SESSION, "State", "connected");
        client_wait_property(soak->dave->client, call.path, TRING_SESSION, "State", "connected");
        rig_run_for(soak->talk.rig, SHORT_CALL_US);
        call_end(soak->n_calls++ % 2 ? soak->carol : soak->dave, &call);
        call_wait_status(soak->carol, &call, "ended", NULL);
        call_wait_status(soak->dave, &call, "ended", NULL);
        client_do(soak->carol->client, call.path, TRING_CALL, "Dismiss", NULL);
        client_do(soak->dave->client, call.path, TRING_CALL, "Dismiss", NULL);
        wait_nodes(soak->talk.alice.graph, soak->nodes[0]);
        wait_nodes(soak->talk.bob.graph, soak->nodes[1]);
        rig_run_for(soak->talk.rig, PAUSE_US);
}

static void begin(Soak *soak)
{
        Person *alice, *bob;

        soak->talk = talk_new();
        alice = &soak->talk.alice;
        bob = &soak->talk.bob;
        soak->carol = sit_down(soak, "carol", alice);
        soak->dave = sit_down(soak, "dave", bob);
        rig_check(rig_tone_new(alice->graph, TALK_MICROPHONE, TALK_ALICE_HZ, &soak->voices[0]),
                  "a voice");
        rig_check(rig_tone_new(bob->graph, TALK_MICROPHONE, TALK_BOB_HZ, &soak->voices[1]),
                  "a voice");
        soak->call = talk_begin(&soak->talk);
        rig_check(rig_gap_new(alice->graph, TALK_SPEAKER, &soak->ears[0]), "an ear");
        rig_check(rig_gap_new(bob->graph, TALK_SPEAKER, &soak->ears[1]), "an ear");
        for (size_t i = 0; i < ELEMENTSOF(soak->ears); i++)
                rig_check(rig_gap_wait_sound(soak->ears[i], rig_patience_ms()), "a voice");
        soak->nodes[0] = rig_graph_count_nodes(alice->graph);
        soak->nodes[1] = rig_graph_count_nodes(bob->graph);
        name_series(&soak->node_series[0], "PipeWire of Alice and Carol", "nodes", "");
        name_series(&soak->node_series[1], "PipeWire of Bob and Dave", "nodes", "");

        watch(soak, "tring-hub", soak->talk.hub->process->pid);
        watch(soak, "tringd in a call", alice->desktop->tringd->pid);
        watch(soak, "tringd that calls", soak->carol->tringd->pid);
        watch(soak, "tringd that is called", soak->dave->tringd->pid);
        watch(soak, "worker of the caller", person_worker(alice, &soak->call));
        watch(soak, "worker of the called", person_worker(bob, &soak->call));
}

static void end(Soak *soak)
{
        for (size_t i = 0; i < ELEMENTSOF(soak->ears); i++) {
                rig_gap_free(soak->ears[i]);
                rig_tone_free(soak->voices[i]);
                samples_done(&soak->node_series[i].samples);
        }
        for (size_t i = 0; i < soak->n_watched; i++) {
                samples_done(&soak->watched[i].memory.samples);
                samples_done(&soak->watched[i].threads.samples);
                samples_done(&soak->watched[i].descriptors.samples);
        }
        desktop_free(soak->carol);
        desktop_free(soak->dave);
        talk_done(&soak->talk);
}

static bool conclude(Soak *soak, unsigned minutes)
{
        bool with_memory = minutes >= MEMORY_MINUTES, grew = false;

        printf("\n%u minutes, %u short calls, %zu samples; medians of the first and last quarter\n",
               minutes, soak->n_calls, soak->node_series[0].samples.count);
        for (size_t i = 0; i < soak->n_watched; i++) {
                grew |= judge(&soak->watched[i].memory, with_memory);
                grew |= judge(&soak->watched[i].threads, with_memory);
                grew |= judge(&soak->watched[i].descriptors, with_memory);
        }
        for (size_t i = 0; i < ELEMENTSOF(soak->node_series); i++)
                grew |= judge(&soak->node_series[i], with_memory);
        figure_report("longest silence at Alice's speaker", rig_gap_longest_ms(soak->ears[0]),
                      "ms");
        figure_report("longest silence at Bob's speaker", rig_gap_longest_ms(soak->ears[1]), "ms");
        printf("%s\n", grew ? "something grew" : "nothing grew");
        return grew;
}

int main(void)
{
        unsigned minutes = minutes_wanted();
        Soak soak = {};

        figure_machine();
        begin(&soak);
        for (size_t i = 0; i < WARM_UP; i++)
                call_briefly(&soak);
        for (size_t i = 0; i < ELEMENTSOF(soak.ears); i++)
                rig_gap_restart(soak.ears[i]);
        printf("a call of %u minutes, and short ones beside it …\n", minutes);
        fflush(stdout);
        for (usec_t until = clock_boottime() + minutes * 60 * USEC_PER_SEC;
             clock_boottime() < until;) {
                call_briefly(&soak);
                look(&soak);
        }
        person_expect_tone(&soak.talk.alice, TALK_BOB_HZ, true);
        person_expect_tone(&soak.talk.bob, TALK_ALICE_HZ, true);

        bool grew = conclude(&soak, minutes);
        end(&soak);
        return grew ? EXIT_FAILURE : EXIT_SUCCESS;
}
