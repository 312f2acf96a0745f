/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The hub with a crowd: the cost of devices that only wait, the cost of a call beside them, and the
 * time until the last member of a group is rung, from 1 to 10,000 devices, plain and over TLS.
 */

#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>

#include "base/str.h"
#include "crowd-users.h"
#include "figure.h"
#include "meter.h"
#include "rig/hub.h"
#include "rig/talker.h"
#include "usage.h"

#define MEMBERS 1000
#define CALLS 200
#define RINGS 5

static const size_t sizes[] = {1, 10, 100, 1000, 10000};
#define LINKS_MAX 10000

typedef struct Crowd {
        Hub *hub;
        WsOptions options;
        char *alice, *bob, *tokens[MEMBERS];
        Talker *links[LINKS_MAX];
        size_t n_links;
} Crowd;

static uint16_t port_of(const Hub *hub)
{
        return (uint16_t)atoi(strrchr(hub->listen, ':') + 1);
}

static Talker *login(const Crowd *crowd, const char *token, const char *device)
{
        Talker *talker = talker_connect(port_of(crowd->hub), &crowd->options);

        talker_ok(talker_request(talker, "hello",
                                 "\"version\":1,\"token\":\"%s\",\"device\":\"%s\"", token,
                                 device));
        return talker;
}

/* The first thousand are one device per member, the others more devices of the same members. */
static void grow(Crowd *crowd, size_t n)
{
        char device[32];

        while (crowd->n_links < n) {
                size_t i = crowd->n_links++;

                snprintf(device, sizeof(device), "d%zu", i);
                crowd->links[i] = login(crowd, crowd->tokens[i % MEMBERS], device);
        }
}

static void end_call(Talker *talker, const char *op, const char *session_id)
{
        talker_ok(talker_request(talker, op, "\"session_id\":\"%s\"", session_id));
        cJSON_Delete(talker_event(talker, "over"));
        cJSON_Delete(talker_event(talker, "logged"));
}

static double time_call(Talker *alice, Talker *bob)
{
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        double begin = figure_now_us();
        talker_ok(talker_initiate(alice, id, "bob"));
        cJSON_Delete(talker_event(bob, "incoming"));
        talker_ok(talker_request(bob, "accept", "\"session_id\":\"%s\",\"join\":false", id));
        cJSON_Delete(talker_event(alice, "accepted"));
        double took = figure_now_us() - begin;
        end_call(alice, "end", id);
        cJSON_Delete(talker_event(bob, "over"));
        cJSON_Delete(talker_event(bob, "logged"));
        return took;
}

/* Waits until `n` links have received a message that contains `word`. */
static void await_all(const Crowd *crowd, size_t n, const char *word)
{
        struct pollfd *fds = rig_alloc(n * sizeof(*fds));
        size_t left = n;

        for (size_t i = 0; i < n; i++)
                fds[i] = (struct pollfd){ws_fd(crowd->links[i]->ws), POLLIN, 0};
        while (left > 0) {
                if (poll(fds, n, 10000) <= 0)
                        rig_fail("%zu of %zu links wait for %s", left, n, word);
                for (size_t i = 0; i < n; i++) {
                        Talker *talker = crowd->links[i];

                        if (!fds[i].revents)
                                continue;
                        do {
                                _cleanup_free_ char *text = NULL;
                                const char *seq;

                                if (ws_receive(talker->ws, 1000, &text) != 0)
                                        rig_fail("the hub is gone");
                                seq = strstr(text, "\"seq\":");
                                if (seq)
                                        talker->seq = strtoull(seq + 6, NULL, 10);
                                if (strstr(text, word)) {
                                        fds[i].fd = -1;
                                        left--;
                                }
                        } while (ws_has_buffered(talker->ws));
                }
        }
        free(fds);
}

static double time_ring(const Crowd *crowd, Talker *alice, const char *guid, size_t n)
{
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        double begin = figure_now_us();
        talker_say(alice, "initiate",
                   "\"session_id\":\"%s\",\"receiver\":\"%s\",\"receiver_type\":\"group\","
                   "\"call_type\":\"audio\",\"join\":false",
                   id, guid);
        uint64_t initiate = alice->id;
        await_all(crowd, n, "\"event\":\"incoming\"");
        double took = figure_now_us() - begin;
        talker_ok(talker_reply(alice, initiate));
        end_call(alice, "cancel", id);
        await_all(crowd, n, "\"event\":\"logged\"");
        for (size_t i = 0; i < n; i++) {
                char ack[64];

                snprintf(ack, sizeof(ack), "{\"op\":\"ack\",\"ack\":%" PRIu64 "}",
                         crowd->links[i]->seq);
                if (ws_send(crowd->links[i]->ws, ack) < 0)
                        rig_fail("the hub is gone");
        }
        return took;
}

static void make_members(Crowd *crowd)
{
        const char *uids[MEMBERS + 1] = {"alice"};
        static char names[MEMBERS][16];

        for (size_t i = 0; i < MEMBERS; i++) {
                snprintf(names[i], sizeof(names[i]), "m%zu", i);
                crowd->tokens[i] = crowd_add_user(crowd->hub->state, names[i]);
                uids[i + 1] = names[i];
        }
        for (size_t s = 0; s < ELEMENTSOF(sizes) && sizes[s] <= MEMBERS; s++) {
                char guid[16];

                snprintf(guid, sizeof(guid), "g%zu", sizes[s]);
                crowd_add_group(crowd->hub->state, guid, uids, sizes[s] + 1);
        }
}

typedef struct Row {
        double kib_each, ring_ms; /* ring_ms 0: there is no group of this size */
        double cpu_us;            /* of the hub, per call */
        Samples answered;         /* µs from initiate */
} Row;

static void measure_calls(const Crowd *crowd, Talker *alice, Talker *bob, Row *row)
{
        double cpu = meter_cpu_us(crowd->hub->process->pid);

        for (int i = 0; i < CALLS; i++)
                samples_add(&row->answered, time_call(alice, bob));
        row->cpu_us = (meter_cpu_us(crowd->hub->process->pid) - cpu) / CALLS;
}

static void measure_ring(const Crowd *crowd, Talker *alice, size_t size, Row *row)
{
        Samples samples = {0};
        char guid[16];

        snprintf(guid, sizeof(guid), "g%zu", size);
        for (int i = 0; i < RINGS; i++)
                samples_add(&samples, time_ring(crowd, alice, guid, size) / 1000);
        row->ring_ms = samples_percentile(&samples, 0.5);
        samples_done(&samples);
}

static void print_header(const char *transport)
{
        printf("%8s %12s %12s %12s %14s %16s\n", "devices", "memory each", "answered p50", "p99",
               "CPU a call", "last member rung");
        printf("%8s %12s %12s %12s %14s %16s\n", transport, "kB", "µs", "µs", "µs", "ms");
}

static void print_row(size_t size, Row *row)
{
        printf("%8zu %12.2f %12.0f %12.0f %14.0f ", size, row->kib_each * 1.024,
               samples_percentile(&row->answered, 0.5), samples_percentile(&row->answered, 0.99),
               row->cpu_us);
        if (row->ring_ms > 0)
                printf("%16.2f\n", row->ring_ms);
        else
                printf("%16s\n", "-");
        fflush(stdout);
}

static void crowd_init(Crowd *crowd, Rig *rig, bool tls)
{
        static const char settings[] =
                "[limits]\ncalls-per-minute = 0\nstored-mb-per-day = 0\ndevices-per-user = 0\n";
        char path[RIG_PATH_MAX];

        *crowd = (Crowd){0};
        if (tls) {
                crowd->hub = hub_new_tls(rig);
                hub_stop(crowd->hub);
                rig_path(path, "%s/tls.conf", rig->dir);
                rig_write_file(path, settings, 0600);
                crowd->hub->config = rig_strdup(path);
                hub_start(crowd->hub);
                crowd->options.ca_file = crowd->hub->certificate;
        } else {
                crowd->hub = hub_new_configured(rig, settings);
        }
        crowd->alice = crowd_add_user(crowd->hub->state, "alice");
        crowd->bob = crowd_add_user(crowd->hub->state, "bob");
        make_members(crowd);
}

static void crowd_done(Crowd *crowd)
{
        for (size_t i = 0; i < crowd->n_links; i++)
                talker_free(crowd->links[i]);
        hub_free(crowd->hub);
        for (size_t i = 0; i < MEMBERS; i++)
                free(crowd->tokens[i]);
        free(crowd->alice);
        free(crowd->bob);
}

static void measure_crowd(Rig *rig, bool tls)
{
        const char *transport = tls ? "wss" : "ws";
        Crowd *crowd = rig_alloc(sizeof(*crowd));
        char name[80];
        Row row = {0};

        crowd_init(crowd, rig, tls);
        Talker *alice = login(crowd, crowd->alice, "a"), *bob = login(crowd, crowd->bob, "b");
        double before = usage_private_dirty_kib(crowd->hub->process->pid), ring_ms = 0;

        print_header(transport);
        for (size_t s = 0; s < ELEMENTSOF(sizes); s++) {
                samples_done(&row.answered);
                row = (Row){0};
                grow(crowd, sizes[s]);
                row.kib_each = (usage_private_dirty_kib(crowd->hub->process->pid) - before) /
                               (double)sizes[s];
                measure_calls(crowd, alice, bob, &row);
                if (sizes[s] <= MEMBERS)
                        measure_ring(crowd, alice, sizes[s], &row);
                print_row(sizes[s], &row);
                ring_ms = row.ring_ms ?: ring_ms;
        }
        snprintf(name, sizeof(name), "%d idle devices: memory each, %s", LINKS_MAX, transport);
        figure_print(name, row.kib_each * 1.024, "kB", tls ? 24 : 6);
        snprintf(name, sizeof(name), "%d members: initiate to the last one rung, %s", MEMBERS,
                 transport);
        figure_print(name, ring_ms, "ms", 50);
        samples_done(&row.answered);
        talker_free(alice);
        talker_free(bob);
        crowd_done(crowd);
        free(crowd);
}

int main(void)
{
        struct rlimit files = {LINKS_MAX + 1000, LINKS_MAX + 1000};
        Rig *rig = rig_new();

        figure_machine();
        meter_come_first();
        if (setrlimit(RLIMIT_NOFILE, &files) < 0)
                rig_fail("cannot have %d files open: %m", (int)files.rlim_cur);
        measure_crowd(rig, false);
        rig_free(rig);
        rig = rig_new();
        measure_crowd(rig, true);
        rig_free(rig);
        return 0;
}
