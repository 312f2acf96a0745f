/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The hub alone under load: full calls (initiate, ring, accept, end, stored) between pairs of
 * hand-made devices, the hub on one core; and what connections cost that only wait.
 */

#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "base/str.h"
#include "crowd-users.h"
#include "figure.h"
#include "rig/hub.h"
#include "rig/talker.h"

#define LOAD_US (3 * USEC_PER_SEC)
#define PAIRS_MAX 128      /* as many as saturate the hub */
#define CALLS_TARGET 15000 /* full calls a second on one core */
#define IDLE_LINKS 2000
#define TLS_LINKS 500

/* One end of a pair. */
typedef struct End {
        WsClient *ws;
        uint64_t id, seq;
        double asked_at; /* µs; when the accept was sent */
} End;

typedef struct Pair {
        End caller, receiver;
        char session_id[TALKER_UUID_SIZE];
        char uids[2][64];
} Pair;

typedef struct Load {
        Pair pairs[PAIRS_MAX];
        struct pollfd fds[2 * PAIRS_MAX];
        size_t n_pairs, n_calls;
        Samples confirmed;
} Load;

static uint16_t port_of(const Hub *hub)
{
        return (uint16_t)atoi(strrchr(hub->listen, ':') + 1);
}

static void say(End *end, const char *op, const char *session_id, const char *more)
{
        char text[512];

        snprintf(text, sizeof(text),
                 "{\"op\":\"%s\",\"id\":%" PRIu64 ",\"ack\":%" PRIu64 "%s%s%s%s}", op, ++end->id,
                 end->seq, session_id ? ",\"session_id\":\"" : "", session_id ?: "",
                 session_id ? "\"" : "", more);
        if (ws_send(end->ws, text) < 0)
                rig_fail("the hub is gone");
}

static void place(Pair *pair)
{
        char more[256];

        talker_uuid(pair->session_id);
        snprintf(more, sizeof(more),
                 ",\"receiver\":\"%s\",\"receiver_type\":\"user\",\"call_type\":\"audio\","
                 "\"join\":false",
                 pair->uids[1]);
        say(&pair->caller, "initiate", pair->session_id, more);
}

/* What a message makes its end do next. */
static void react(Load *load, Pair *pair, End *end, const char *text)
{
        const char *seq = strstr(text, "\"seq\":");

        if (seq)
                end->seq = strtoull(seq + 6, NULL, 10);
        if (strstr(text, "\"error\":"))
                rig_fail("the hub refused: %s", text);
        if (strstr(text, "\"event\":\"incoming\"")) {
                end->asked_at = figure_now_us();
                say(end, "accept", pair->session_id, ",\"join\":false");
        } else if (strstr(text, "\"event\":\"accepted\"")) {
                samples_add(&load->confirmed, figure_now_us() - pair->receiver.asked_at);
                say(end, "end", pair->session_id, "");
        } else if (strstr(text, "\"event\":\"over\"") && end == &pair->receiver) {
                load->n_calls++;
                place(pair);
        }
}

static End *end_of(Load *load, size_t i)
{
        Pair *pair = &load->pairs[i / 2];

        return i % 2 ? &pair->receiver : &pair->caller;
}

static void run_load(Load *load, usec_t until)
{
        for (size_t i = 0; i < 2 * load->n_pairs; i++)
                load->fds[i] = (struct pollfd){ws_fd(end_of(load, i)->ws), POLLIN, 0};
        for (size_t p = 0; p < load->n_pairs; p++)
                place(&load->pairs[p]);
        while (clock_boottime() < until) {
                if (poll(load->fds, 2 * load->n_pairs, 1000) <= 0)
                        rig_fail("the hub says nothing");
                for (size_t i = 0; i < 2 * load->n_pairs; i++) {
                        End *end = end_of(load, i);
                        bool ready = load->fds[i].revents != 0;

                        while (ready || ws_has_buffered(end->ws)) {
                                _cleanup_free_ char *text = NULL;

                                if (ws_receive(end->ws, 1000, &text) != 0)
                                        rig_fail("the hub is gone");
                                react(load, &load->pairs[i / 2], end, text);
                                ready = false;
                        }
                }
        }
}

static WsClient *login(Hub *hub, const char *token, const char *device, const WsOptions *options)
{
        Talker *talker = talker_connect(port_of(hub), options);

        talker_ok(talker_request(talker, "hello",
                                 "\"version\":1,\"token\":\"%s\",\"device\":\"%s\"", token,
                                 device));
        WsClient *ws = TAKE_PTR(talker->ws);
        talker_free(talker);
        return ws;
}

/* CPU time of a process so far, from /proc/PID/stat. */
static double cpu_us(pid_t pid)
{
        char path[64];
        unsigned long user, kernel;

        snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        _cleanup_free_ char *stat = rig_read_file(path);
        if (!stat ||
            sscanf(strrchr(stat, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                   &user, &kernel) != 2)
                rig_fail("cannot read %s", path);
        return (double)(user + kernel) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static double private_bytes(pid_t pid)
{
        char path[64];
        unsigned long total = 0, kilobytes;

        snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
        _cleanup_free_ char *rollup = rig_read_file(path);
        const char *line = rollup ? strstr(rollup, "Private_Dirty:") : NULL;
        if (line && sscanf(line, "Private_Dirty: %lu", &kilobytes) == 1)
                total = kilobytes * 1024;
        return (double)total;
}

static void pin(pid_t pid, int cpu)
{
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        rig_check(sched_setaffinity(pid, sizeof(set), &set), "sched_setaffinity");
}

static void measure_load(Rig *rig, Hub *hub, size_t n_pairs)
{
        Load *load = rig_alloc(sizeof(*load));
        char name[64];

        *load = (Load){.n_pairs = n_pairs};
        for (size_t p = 0; p < n_pairs; p++) {
                Pair *pair = &load->pairs[p];

                for (int i = 0; i < 2; i++) {
                        snprintf(pair->uids[i], sizeof(pair->uids[i]), "u%zu-%zu-%d", n_pairs, p,
                                 i);
                        _cleanup_free_ char *token = crowd_add_user(hub->state, pair->uids[i]);
                        *(i ? &pair->receiver : &pair->caller) =
                                (End){.ws = login(hub, token, "d", NULL), .id = 1};
                }
        }
        double cpu = cpu_us(hub->process->pid), begin = figure_now_us();
        run_load(load, clock_boottime() + LOAD_US);
        double took = figure_now_us() - begin;
        cpu = cpu_us(hub->process->pid) - cpu;

        snprintf(name, sizeof(name), "%zu pairs: full calls", n_pairs);
        double rate = (double)load->n_calls * 1e6 / took;
        if (n_pairs == PAIRS_MAX)
                figure_at_least(name, rate, "calls/s", CALLS_TARGET);
        else
                figure_report(name, rate, "calls/s");
        snprintf(name, sizeof(name), "%zu pairs: hub's CPU time a call", n_pairs);
        figure_report(name, cpu / (double)load->n_calls, "µs");
        snprintf(name, sizeof(name), "%zu pairs: accept to confirmation p50", n_pairs);
        figure_report(name, samples_percentile(&load->confirmed, 0.5), "µs");
        snprintf(name, sizeof(name), "%zu pairs: accept to confirmation p99", n_pairs);
        figure_report(name, samples_percentile(&load->confirmed, 0.99), "µs");
        samples_done(&load->confirmed);
        for (size_t i = 0; i < 2 * n_pairs; i++)
                ws_free(end_of(load, i)->ws);
        free(load);
}

static void measure_idle(Hub *hub, const char *name, size_t n, double target)
{
        WsOptions options = {.ca_file = hub->certificate[0] ? hub->certificate : NULL};
        WsClient **links = rig_alloc(n * sizeof(*links));
        char device[32];

        hub_add_user(hub, "idle", "Idle");
        _cleanup_free_ char *token = hub_mint(hub, "idle");
        /* The first brings what all share. */
        WsClient *first = login(hub, token, "first", &options);
        double before = private_bytes(hub->process->pid);
        for (size_t i = 0; i < n; i++) {
                snprintf(device, sizeof(device), "d%zu", i);
                links[i] = login(hub, token, device, &options);
        }
        double after = private_bytes(hub->process->pid);
        figure_print(name, (after - before) / (double)n / 1000, "kB", target);
        for (size_t i = 0; i < n; i++)
                ws_free(links[i]);
        ws_free(first);
        free(links);
}

int main(void)
{
        static const size_t pairs[] = {1, 16, PAIRS_MAX};
        struct rlimit files = {20000, 20000};
        Rig *rig = rig_new();

        figure_machine();
        (void)setrlimit(RLIMIT_NOFILE, &files);
        Hub *hub = hub_new_configured(rig, "[limits]\ncalls-per-minute = 0\n"
                                           "devices-per-user = 0\n");
        /* One core for the hub, another for who loads it. */
        if (sysconf(_SC_NPROCESSORS_ONLN) > 1) {
                pin(hub->process->pid, 0);
                pin(0, 1);
        }
        measure_idle(hub, "an idle connection, ws", IDLE_LINKS, 6);
        for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
                measure_load(rig, hub, pairs[i]);
        hub_free(hub);
        hub = hub_new_tls(rig);
        hub_stop(hub);
        char path[RIG_PATH_MAX];
        rig_path(path, "%s/tls.conf", rig->dir);
        rig_write_file(path, "[limits]\ndevices-per-user = 0\n", 0600);
        hub->config = rig_strdup(path);
        hub_start(hub);
        measure_idle(hub, "an idle connection, wss", TLS_LINKS, 24);
        hub_free(hub);
        rig_free(rig);
        return 0;
}
