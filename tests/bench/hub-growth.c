/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The cost of a call beside ongoing calls, from 1 to 10,000 of them. Each pair of users has up to
 * 20 at once.
 */

#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/crowd-users.h"
#include "bench/load.h"
#include "bench/meter.h"
#include "bench/usage.h"
#include "rig/talker.h"

#define HOLDERS 500
#define HELD_MAX 10000
#define PAIRS 32
#define RATE 500.0 /* calls a second */
#define MEASURE_US (2 * USEC_PER_SEC)
#define PUMP_EVERY 250 /* number of calls between two rounds of answering pings */

static const size_t sizes[] = {1, 10, 100, 1000, HELD_MAX};

/* Two users and their calls. */
typedef struct Holder {
        Talker *caller, *receiver;
        char uid[32];
} Holder;

typedef struct Growth {
        Hub *hub;
        Holder holders[HOLDERS];
        size_t n_holders, n_held;
} Growth;

static Talker *login(const Growth *growth, const char *uid)
{
        _cleanup_free_ char *token = crowd_add_user(growth->hub->state, uid);

        return talker_new((uint16_t)atoi(strrchr(growth->hub->listen, ':') + 1), token, "d");
}

static void add_holder(Growth *growth)
{
        Holder *holder = &growth->holders[growth->n_holders];
        char uid[32];

        snprintf(uid, sizeof(uid), "hold-a-%zu", growth->n_holders);
        snprintf(holder->uid, sizeof(holder->uid), "hold-b-%zu", growth->n_holders);
        holder->caller = login(growth, uid);
        holder->receiver = login(growth, holder->uid);
        talker_ok(talker_request(holder->receiver, "settings", "\"when_busy\":\"ring\""));
        growth->n_holders++;
}

static void hold_call(Holder *holder)
{
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        talker_ok(talker_request(holder->caller, "initiate",
                                 "\"session_id\":\"%s\",\"receiver\":\"%s\","
                                 "\"receiver_type\":\"user\",\"call_type\":\"audio\","
                                 "\"join\":false,\"parallel\":true",
                                 id, holder->uid));
        cJSON_Delete(talker_event(holder->receiver, "incoming"));
        talker_ok(talker_request(holder->receiver, "accept",
                                 "\"session_id\":\"%s\",\"join\":false,\"parallel\":true", id));
        cJSON_Delete(talker_event(holder->caller, "accepted"));
}

/* Reads what has arrived, pings above all. */
static void pump_talker(Talker *talker)
{
        struct pollfd fd = {ws_fd(talker->ws), POLLIN, 0};
        char *text;

        while (poll(&fd, 1, 0) > 0) {
                int r = ws_receive(talker->ws, 0, &text);

                if (r == WS_CLOSED)
                        rig_fail("the hub is gone: %s", ws_close_text(talker->ws));
                if (r == 0)
                        free(text);
        }
}

static void pump(const Growth *growth)
{
        for (size_t i = 0; i < growth->n_holders; i++) {
                pump_talker(growth->holders[i].caller);
                pump_talker(growth->holders[i].receiver);
        }
}

static void hold(Growth *growth, size_t n)
{
        while (growth->n_held < n) {
                size_t which = growth->n_held % HOLDERS;

                if (which == growth->n_holders)
                        add_holder(growth);
                hold_call(&growth->holders[which]);
                if (++growth->n_held % PUMP_EVERY == 0)
                        pump(growth);
        }
        pump(growth);
}

static void print_row(size_t n, double kib_each, LoadResult *result)
{
        printf("%8zu %12.2f %10.0f %10.0f %14.0f %10.0f %12.0f\n", n, kib_each * 1.024,
               samples_percentile(&result->rung, 0.5), samples_percentile(&result->rung, 0.99),
               samples_percentile(&result->confirmed, 0.5),
               samples_percentile(&result->confirmed, 0.99), result->cpu_us);
        fflush(stdout);
}

static void measure(Growth *growth, Load *load)
{
        pid_t pid = growth->hub->process->pid;
        LoadResult result;

        /* Warm up: what the first calls allocate does not count. */
        load_run(load, RATE, MEASURE_US, &result);
        load_result_done(&result);
        double before = usage_private_dirty_kib(pid);
        printf("%8s %12s %10s %10s %14s %10s %12s\n", "calls", "memory each", "rung p50", "p99",
               "confirmed p50", "p99", "CPU a call");
        printf("%8s %12s %10s %10s %14s %10s %12s\n", "", "kB", "µs", "µs", "µs", "µs", "µs");
        for (size_t s = 0; s < ELEMENTSOF(sizes); s++) {
                hold(growth, sizes[s]);
                double each = (usage_private_dirty_kib(pid) - before) / (double)sizes[s];

                load_run(load, RATE, MEASURE_US, &result);
                print_row(sizes[s], each, &result);
                load_result_done(&result);
                pump(growth);
        }
}

int main(void)
{
        struct rlimit files = {4 * HOLDERS, 4 * HOLDERS};
        Growth *growth = rig_alloc(sizeof(*growth));
        Rig *rig = rig_new();

        figure_machine();
        if (setrlimit(RLIMIT_NOFILE, &files) < 0)
                rig_fail("cannot have %d files open: %m", (int)files.rlim_cur);
        *growth = (Growth){0};
        meter_place(0);
        growth->hub =
                hub_new_configured(rig, "[limits]\ncalls-per-minute = 0\nstored-mb-per-day = 0\n");
        meter_place(1);
        Load *load = load_new(growth->hub, PAIRS);
        measure(growth, load);
        load_free(load);
        for (size_t i = 0; i < growth->n_holders; i++) {
                talker_free(growth->holders[i].caller);
                talker_free(growth->holders[i].receiver);
        }
        hub_free(growth->hub);
        free(growth);
        rig_free(rig);
        return 0;
}
