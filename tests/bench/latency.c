/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ring latency (InitiateCall on A's bus to IncomingCallReceived on B's bus) and answer latency
 * (AcceptCall on B's bus to OutgoingCallAccepted on A's bus), each with a floor measured in the
 * same run, turn by turn: the same two buses, with programs between them that only forward bytes.
 *
 * Twice: signalling alone, without media workers; and with them, one call at a time, the next when
 * the workers of the last one have gone.
 */
#include <poll.h>
#include <string.h>

#include "base/str.h"
#include "bench/figure.h"
#include "bench/floor.h"
#include "bench/meter.h"
#include "rig/desktop.h"

#define ROUNDS 500
#define ROUNDS_WITH_WORKERS 50
#define RING_WITH_WORKERS_US (1 * USEC_PER_SEC) /* workers and ring have started by then */
#define WARM_UP 10 /* rounds that do not count: caches, allocators, first page faults */

/* p50 and p99 as multiples of the floor, for ring and answer. */
static const double signalling_targets[2] = {2.0, 3.0};

/* One side's connection, as simple as possible, so that the bench does not measure itself. */
typedef struct Side {
        sd_bus *bus;
        unsigned rung, accepted, ended, arrived, replied;
        double at_us; /* arrival of the last of these */
        char session_id[64];
} Side;

static int count_rung(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Side *side = userdata;
        const char *path, *id;

        side->at_us = figure_now_us();
        side->rung++;
        rig_check(sd_bus_message_read(message, "os", &path, &id), "IncomingCallReceived");
        return STR_SET(side->session_id, id);
}

static int count_accepted(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Side *side = userdata;

        side->at_us = figure_now_us();
        side->accepted++;
        return 0;
}

static int count_ended(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        ((Side *)userdata)->ended++;
        return 0;
}

static int count_arrived(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Side *side = userdata;

        side->at_us = figure_now_us();
        side->arrived++;
        return 0;
}

static int count_reply(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const sd_bus_error *failure = sd_bus_message_get_error(message);

        if (failure)
                rig_fail("%s: %s", failure->name, failure->message);
        ((Side *)userdata)->replied++;
        return 0;
}

static void side_open(Side *side, const Desktop *desktop)
{
        const char *address = environment_get(&desktop->environment, "DBUS_SESSION_BUS_ADDRESS");
        const struct {
                const char *interface, *member;
                sd_bus_message_handler_t handler;
        } matches[] = {{TRING_MANAGER, "IncomingCallReceived", count_rung},
                       {TRING_MANAGER, "OutgoingCallAccepted", count_accepted},
                       {TRING_MANAGER, "CallEndedMessageReceived", count_ended},
                       {FLOOR_NAME, "Arrived", count_arrived}};

        *side = (Side){};
        rig_check(sd_bus_new(&side->bus), "sd_bus_new");
        rig_check(sd_bus_set_address(side->bus, address), address);
        rig_check(sd_bus_set_bus_client(side->bus, true), "sd_bus_set_bus_client");
        rig_check(sd_bus_start(side->bus), address);
        for (size_t i = 0; i < ELEMENTSOF(matches); i++)
                rig_check(sd_bus_match_signal(side->bus, NULL, NULL, NULL, matches[i].interface,
                                              matches[i].member, matches[i].handler, side),
                          "a match");
}

/* Serves both sides until the count reaches `wanted`. */
static void serve_until(Side sides[static 2], const unsigned *count, unsigned wanted,
                        const char *what)
{
        usec_t deadline = rig_deadline();

        while (*count < wanted) {
                struct pollfd fds[2];
                int busy = 0;

                for (int i = 0; i < 2; i++)
                        busy |= rig_check(sd_bus_process(sides[i].bus, NULL), "a bus");
                if (busy || *count >= wanted)
                        continue;
                for (int i = 0; i < 2; i++)
                        fds[i] = (struct pollfd){
                                .fd = sd_bus_get_fd(sides[i].bus),
                                .events = (short)sd_bus_get_events(sides[i].bus),
                        };
                if (poll(fds, 2, rig_remaining_ms(deadline)) == 0)
                        rig_fail("waited too long for %s", what);
        }
}

/* Calls a method of the manager, without waiting for the reply; returns the time of the call. */
static double call_manager(Side *side, const char *member, const char *types, ...)
{
        sd_bus_message *call;
        double begun;
        va_list ap;

        rig_check(sd_bus_message_new_method_call(side->bus, &call, TRING_NAME, TRING_ROOT,
                                                 TRING_MANAGER, member),
                  member);
        va_start(ap, types);
        rig_check(sd_bus_message_appendv(call, types, ap), member);
        va_end(ap);
        begun = figure_now_us();
        rig_check(sd_bus_call_async(side->bus, NULL, call, count_reply, side, 0), member);
        rig_check(sd_bus_flush(side->bus), member);
        sd_bus_message_unref(call);
        return begun;
}

static double forward(Side sides[static 2], int from)
{
        static const unsigned char payload[FLOOR_PAYLOAD];
        Side *sender = &sides[from], *receiver = &sides[!from];
        unsigned replied = sender->replied, arrived = receiver->arrived;
        sd_bus_message *call;
        double begun;

        rig_check(sd_bus_message_new_method_call(sender->bus, &call, FLOOR_NAME, FLOOR_PATH,
                                                 FLOOR_NAME, "Forward"),
                  "Forward");
        rig_check(sd_bus_message_append_array(call, 'y', payload, sizeof(payload)), "Forward");
        begun = figure_now_us();
        rig_check(sd_bus_call_async(sender->bus, NULL, call, count_reply, sender, 0), "Forward");
        rig_check(sd_bus_flush(sender->bus), "Forward");
        sd_bus_message_unref(call);
        serve_until(sides, &receiver->arrived, arrived + 1, "Arrived");
        begun = receiver->at_us - begun;
        serve_until(sides, &sender->replied, replied + 1, "the reply to Forward");
        return begun;
}

/* Makes one whole call, answered after `ringing`; returns the latencies of ring and answer. */
static void call_once(Side sides[static 2], usec_t ringing, double *ret_ring, double *ret_answer)
{
        Side *a = &sides[0], *b = &sides[1];
        unsigned rung = b->rung, accepted = a->accepted;
        unsigned ended_a = a->ended, ended_b = b->ended;
        unsigned replied_a = a->replied, replied_b = b->replied;
        double begun;

        begun = call_manager(a, "InitiateCall", "sssa{sv}", "bob", "user", "audio", 1, "join", "b",
                             false);
        serve_until(sides, &b->rung, rung + 1, "IncomingCallReceived");
        *ret_ring = b->at_us - begun;
        serve_until(sides, &a->replied, replied_a + 1, "the reply to InitiateCall");

        usleep((useconds_t)ringing);
        begun = call_manager(b, "AcceptCall", "sa{sv}", b->session_id, 1, "join", "b", false);
        serve_until(sides, &a->accepted, accepted + 1, "OutgoingCallAccepted");
        *ret_answer = a->at_us - begun;
        serve_until(sides, &b->replied, replied_b + 1, "the reply to AcceptCall");

        call_manager(a, "EndCall", "s", b->session_id);
        serve_until(sides, &a->ended, ended_a + 1, "the end at the caller");
        serve_until(sides, &b->ended, ended_b + 1, "the end at the receiver");
        call_manager(a, "ClearActiveCall", "");
        call_manager(b, "ClearActiveCall", "");
        serve_until(sides, &a->replied, replied_a + 3, "the reply to ClearActiveCall");
        serve_until(sides, &b->replied, replied_b + 2, "the reply to ClearActiveCall");
}

static void start_floor(Rig *rig, const Desktop *a, const Desktop *b, Process *ret[static 3])
{
        _cleanup_free_ char *line = NULL;
        const Desktop *desktops[] = {a, b};

        ret[0] = process_start(rig, "floor-forwarder", &a->environment,
                               ARGV(rig_program("FLOOR_FORWARDER")));
        line = process_wait_line(ret[0], "listening on ");
        for (int i = 0; i < 2; i++) {
                ret[i + 1] = process_start(
                        rig, i == 0 ? "floor-a" : "floor-b", &desktops[i]->environment,
                        ARGV(rig_program("FLOOR_END"), line + strlen("listening on ")));
                free(process_wait_line(ret[i + 1], "ready"));
        }
}

/* Prints median and 99th percentile with the floor's; with targets for signalling alone. */
static void print(const char *name, Samples *samples, Samples *floor, const double targets[2])
{
        static const struct {
                const char *name;
                double share;
        } percentiles[] = {{"p50", 0.5}, {"p99", 0.99}};
        char label[80];

        for (size_t i = 0; i < ELEMENTSOF(percentiles); i++) {
                double value = samples_percentile(samples, percentiles[i].share);
                double least = samples_percentile(floor, percentiles[i].share);

                snprintf(label, sizeof(label), "%s %s (n = %zu)", name, percentiles[i].name,
                         samples->count);
                figure_report(label, value, "µs");
                snprintf(label, sizeof(label), "  the floor's %s (n = %zu)", percentiles[i].name,
                         floor->count);
                figure_report(label, least, "µs");
                snprintf(label, sizeof(label), "  %s %s / floor", name, percentiles[i].name);
                if (targets)
                        figure_print(label, value / least, "×", targets[i]);
                else
                        figure_report(label, value / least, "×");
        }
}

/* Waits until tringd has no child: neither worker nor ring. */
static void wait_alone(const Desktop *desktop)
{
        usec_t deadline = rig_deadline();
        char path[RIG_PATH_MAX];

        rig_path(path, "/proc/%d/task/%d/children", desktop->tringd->pid, desktop->tringd->pid);
        for (;;) {
                _cleanup_free_ char *children = rig_read_file(path);

                if (str_empty(children))
                        return;
                if (rig_remaining_ms(deadline) == 0)
                        rig_fail("tringd of %s keeps %s", desktop->name, children);
                usleep(10 * USEC_PER_MSEC);
        }
}

static void measure(int rounds, bool workers)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(samples_done) Samples ring = {}, answer = {}, floor = {};
        _cleanup_(hub_freep) Hub *hub = NULL;
        _cleanup_(desktop_freep) Desktop *a = NULL, *b = NULL;
        Process *processes[3];
        Side sides[2];

        /* The limit of calls a minute is meant for people. */
        hub = hub_new_configured(rig, "[limits]\ncalls-per-minute = 0\nstored-mb-per-day = 0\n");
        a = desktop_new_online(rig, hub, "alice");
        b = desktop_new_online(rig, hub, "bob");
        /*
         * Programs that receive all signals and do not read while the bench measures would load the
         * bus.
         */
        a->client = client_free(a->client);
        b->client = client_free(b->client);
        start_floor(rig, a, b, processes);
        side_open(&sides[0], a);
        side_open(&sides[1], b);

        for (int i = 0; i < WARM_UP + rounds; i++) {
                double ring_us, answer_us, there = forward(sides, 0), back = forward(sides, 1);

                call_once(sides, workers ? RING_WITH_WORKERS_US : 0, &ring_us, &answer_us);
                wait_alone(a);
                wait_alone(b);
                if (i < WARM_UP)
                        continue;
                samples_add(&ring, ring_us);
                samples_add(&answer, answer_us);
                samples_add(&floor, there);
                samples_add(&floor, back);
        }
        print(workers ? "ring, with workers" : "ring", &ring, &floor,
              workers ? NULL : signalling_targets);
        print(workers ? "answer, with workers" : "answer", &answer, &floor,
              workers ? NULL : signalling_targets);

        for (int i = 0; i < 2; i++)
                sd_bus_flush_close_unref(sides[i].bus);
        for (size_t i = 0; i < ELEMENTSOF(processes); i++)
                process_free(processes[i]);
}

int main(void)
{
        _cleanup_free_ char *media = rig_strdup(rig_program("MEDIA"));

        figure_machine();
        meter_come_first();
        setenv("TRING_MEDIA", "/nonexistent/tring-media", true);
        measure(ROUNDS, false);
        setenv("TRING_MEDIA", media, true);
        measure(ROUNDS_WITH_WORKERS, true);
        return EXIT_SUCCESS;
}
