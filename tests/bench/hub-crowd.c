/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The hub with a crowd: what devices cost that only wait, how long a call takes beside them, and
 * how long until the last member of a group is rung; as they grow from 1 to 10,000.
 */

#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>

#include "base/str.h"
#include "crowd-users.h"
#include "figure.h"
#include "rig/hub.h"
#include "rig/talker.h"

#define MEMBERS 1000
#define CALLS 200
#define RINGS 5

static const size_t sizes[] = {1, 10, 100, 1000, 10000};
#define LINKS_MAX 10000

typedef struct Crowd {
        Hub *hub;
        WsOptions options;
        char *tokens[MEMBERS];
        Talker *links[LINKS_MAX];
        size_t n_links;
} Crowd;

static uint16_t port_of(const Hub *hub)
{
        return (uint16_t)atoi(strrchr(hub->listen, ':') + 1);
}

static double private_bytes(const Hub *hub)
{
        char path[64];
        unsigned long kilobytes = 0;

        snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", hub->process->pid);
        _cleanup_free_ char *rollup = rig_read_file(path);
        const char *line = rollup ? strstr(rollup, "Private_Dirty:") : NULL;
        if (!line || sscanf(line, "Private_Dirty: %lu", &kilobytes) != 1)
                rig_fail("cannot read %s", path);
        return (double)kilobytes * 1024;
}

static Talker *login(const Crowd *crowd, const char *token, const char *device)
{
        Talker *talker = talker_connect(port_of(crowd->hub), &crowd->options);

        talker_ok(talker_request(talker, "hello",
                                 "\"version\":1,\"token\":\"%s\",\"device\":\"%s\"", token,
                                 device));
        return talker;
}

/* The first thousand are one of each member, the others more devices of these. */
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

/* Until `n` links have had a message that has `word` in it. */
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

static void measure_calls(Talker *alice, Talker *bob, size_t size)
{
        Samples samples = {0};
        char name[80];

        for (int i = 0; i < CALLS; i++)
                samples_add(&samples, time_call(alice, bob));
        snprintf(name, sizeof(name), "%5zu idle devices: initiate to answered p50", size);
        figure_report(name, samples_percentile(&samples, 0.5), "µs");
        snprintf(name, sizeof(name), "%5zu idle devices: initiate to answered p99", size);
        figure_report(name, samples_percentile(&samples, 0.99), "µs");
        samples_done(&samples);
}

static void measure_ring(const Crowd *crowd, Talker *alice, size_t size)
{
        Samples samples = {0};
        char name[80], guid[16];

        snprintf(guid, sizeof(guid), "g%zu", size);
        for (int i = 0; i < RINGS; i++)
                samples_add(&samples, time_ring(crowd, alice, guid, size) / 1000);
        snprintf(name, sizeof(name), "%5zu members: initiate to the last one rung", size);
        double median = samples_percentile(&samples, 0.5);
        if (size == MEMBERS)
                figure_print(name, median, "ms", 50);
        else
                figure_report(name, median, "ms");
        samples_done(&samples);
}

static void measure_crowd(Rig *rig)
{
        Crowd *crowd = rig_alloc(sizeof(*crowd));

        *crowd = (Crowd){0};
        crowd->hub = hub_new_configured(rig, "[limits]\ncalls-per-minute = 0\n"
                                             "devices-per-user = 0\n");
        _cleanup_free_ char *alice_token = crowd_add_user(crowd->hub->state, "alice");
        _cleanup_free_ char *bob_token = crowd_add_user(crowd->hub->state, "bob");
        make_members(crowd);
        Talker *alice = login(crowd, alice_token, "a"), *bob = login(crowd, bob_token, "b");
        double before = private_bytes(crowd->hub);

        for (size_t s = 0; s < ELEMENTSOF(sizes); s++) {
                char name[80];

                grow(crowd, sizes[s]);
                double each = (private_bytes(crowd->hub) - before) / (double)sizes[s] / 1000;
                snprintf(name, sizeof(name), "%5zu idle devices: memory each, ws", sizes[s]);
                if (sizes[s] == LINKS_MAX)
                        figure_print(name, each, "kB", 6);
                else
                        figure_report(name, each, "kB");
                measure_calls(alice, bob, sizes[s]);
                if (sizes[s] <= MEMBERS)
                        measure_ring(crowd, alice, sizes[s]);
        }
        for (size_t i = 0; i < crowd->n_links; i++)
                talker_free(crowd->links[i]);
        talker_free(alice);
        talker_free(bob);
        hub_free(crowd->hub);
        for (size_t i = 0; i < MEMBERS; i++)
                free(crowd->tokens[i]);
        free(crowd);
}

int main(void)
{
        struct rlimit files = {LINKS_MAX + 1000, LINKS_MAX + 1000};
        Rig *rig = rig_new();

        figure_machine();
        if (setrlimit(RLIMIT_NOFILE, &files) < 0)
                rig_fail("cannot have %d files open: %m", (int)files.rlim_cur);
        measure_crowd(rig);
        rig_free(rig);
        return 0;
}
