/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How long others wait for their rings while one user does the most expensive things that are
 * legal, as fast as the hub answers: each of them beside the same calls at a steady rate.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/crowd-users.h"
#include "bench/load.h"
#include "bench/meter.h"
#include "exchange/exchange.h"
#include "model/message.h"
#include "rig/long-history.h"
#include "rig/talker.h"

#define LONG_HISTORY 100000 /* 2.3 days of 30 calls a minute */
#define GROUP 1000
#define IN_FLIGHT 60
#define SIGNAL_BYTES 48000
/* As many may wait until the other device acknowledges them. */
#define SIGNALS (SENDER_BYTES_MAX / SIGNAL_BYTES)
#define PAIRS 16
#define RATE 200.0 /* calls a second */
#define WARM_UP_US (200 * USEC_PER_MSEC)
#define MEASURE_US (3 * USEC_PER_SEC)
#define WAIT_MAX_US 5000.0
#define WAIT_RATIO 3.0

/* The one who is expensive, with all that they need, made before their process is. */
typedef struct Spender {
        Hub *hub;
        char *token, *other_token; /* of two accounts that work together */
        char *members[GROUP];      /* tokens */
        Talker *talker, *other, *online[GROUP];
        uint64_t n;   /* requests in line */
        int began_fd; /* written to once the hub has served the process; -1: done */
        char session_id[TALKER_UUID_SIZE], peer[64];
} Spender;

static uint16_t port(const Hub *hub)
{
        return (uint16_t)atoi(strrchr(hub->listen, ':') + 1);
}

/*
 * Notes an event's number, which the next request acknowledges. Fails if the hub has refused a
 * request: that costs it next to nothing, so the figure would say nothing.
 */
static void take(Talker *talker, const char *text)
{
        const char *seq = strstr(text, "\"seq\":");

        if (seq)
                talker->seq = strtoull(seq + strlen("\"seq\":"), NULL, 10);
        if (strstr(text, "\"error\":"))
                rig_fail("the hub refused: %s", text);
}

/* Reads what has come, without waiting. */
static void pump(Talker *talker)
{
        struct pollfd fd = {ws_fd(talker->ws), POLLIN, 0};

        while (ws_has_buffered(talker->ws) || poll(&fd, 1, 0) > 0) {
                _cleanup_free_ char *text = NULL;
                int r = ws_receive(talker->ws, 0, &text);

                if (r == -ETIMEDOUT)
                        break;
                if (r != 0)
                        rig_fail("the hub has closed a connection");
                take(talker, text);
        }
}

/* Reads until `n` messages with this text in them have come. */
static void await(Talker *talker, const char *what, size_t n)
{
        while (n > 0) {
                _cleanup_free_ char *text = NULL;

                if (ws_receive(talker->ws, rig_patience_ms(), &text) != 0)
                        rig_fail("waited for %s, and the hub has closed or is silent", what);
                take(talker, text);
                n -= strstr(text, what) != NULL;
        }
}

/* The hub has served it once: the cost to others can be measured from now on. */
static void has_begun(Spender *spender)
{
        if (spender->began_fd < 0)
                return;
        if (write(spender->began_fd, "", 1) != 1)
                rig_fail("cannot say that it has begun: %m");
        spender->began_fd = -1;
}

static char *ids_text(unsigned n, unsigned first)
{
        char *text = rig_alloc(n * 40 + 1), *at = text;

        for (unsigned i = 0; i < n; i++)
                at += sprintf(at, "%s\"%08x-90f7-4d4e-8f2c-0c9d7a1b2c3d\"", i ? "," : "",
                              (first + i) * 2654435761u);
        return text;
}

/* Keeps IN_FLIGHT requests in line: `ask` sends one, and each reply makes room for another. */
static void keep_asking(Spender *spender, void (*ask)(Spender *))
{
        for (;;) {
                for (; spender->n < IN_FLIGHT; spender->n++)
                        ask(spender);
                await(spender->talker, "\"ok\":", 1);
                spender->n--;
                has_begun(spender);
        }
}

static void ask_page(Spender *spender)
{
        talker_say(spender->talker, "history", "\"limit\":200");
}

static void ask_seen_ids(Spender *spender)
{
        static char *ids;

        if (!ids)
                ids = ids_text(SESSION_IDS_MAX, LONG_HISTORY);
        talker_say(spender->talker, "seen", "\"session_ids\":[%s]", ids);
}

static void ask_seen_all(Spender *spender)
{
        talker_say(spender->talker, "seen", "%s", "");
}

static void ask_forget_ids(Spender *spender)
{
        static unsigned first;
        _cleanup_free_ char *ids = ids_text(SESSION_IDS_MAX, first);

        first += SESSION_IDS_MAX;
        talker_say(spender->talker, "forget", "\"session_ids\":[%s]", ids);
}

static void ask_forget_all(Spender *spender)
{
        talker_say(spender->talker, "forget", "%s", "");
}

static void ask_settings(Spender *spender)
{
        static unsigned n;

        talker_say(spender->talker, "settings", "\"when_busy\":\"%s\"",
                   n++ % 2 ? "ring" : "reject");
}

static void pages(Spender *spender)
{
        keep_asking(spender, ask_page);
}

static void seen_ids(Spender *spender)
{
        keep_asking(spender, ask_seen_ids);
}

static void seen_all(Spender *spender)
{
        keep_asking(spender, ask_seen_all);
}

static void forget_ids(Spender *spender)
{
        keep_asking(spender, ask_forget_ids);
}

static void forget_all(Spender *spender)
{
        keep_asking(spender, ask_forget_all);
}

static void settings(Spender *spender)
{
        keep_asking(spender, ask_settings);
}

/* Logs in again and again, with a history that fills each welcome, until the hub refuses it. */
static void logins(Spender *spender)
{
        for (;;) {
                Talker *talker = talker_connect(port(spender->hub), NULL);

                cJSON_Delete(talker_request(talker, "hello",
                                            "\"version\":1,\"token\":\"%s\",\"device\":\"again\"",
                                            spender->token));
                talker_free(talker);
                has_begun(spender);
        }
}

static void group_calls(Spender *spender)
{
        char value[1025], id[TALKER_UUID_SIZE];

        memset(value, 'm', sizeof(value) - 1);
        value[sizeof(value) - 1] = '\0';
        for (size_t i = 0; i < GROUP; i++)
                spender->online[i] = talker_new(port(spender->hub), spender->members[i], "d");
        for (;;) {
                talker_uuid(id);
                /* Parallel: the call of signals() may not be over yet. */
                talker_ok(talker_request(spender->talker, "initiate",
                                         "\"session_id\":\"%s\",\"receiver\":\"crowd\","
                                         "\"receiver_type\":\"group\",\"call_type\":\"audio\","
                                         "\"join\":false,\"parallel\":true,"
                                         "\"metadata\":{\"m\":\"%s\"}",
                                         id, value));
                talker_ok(talker_request(spender->talker, "cancel", "\"session_id\":\"%s\"", id));
                has_begun(spender);
                for (size_t i = 0; i < GROUP; i++) {
                        pump(spender->online[i]);
                        talker_say(spender->online[i], "history", "\"limit\":1");
                }
                cJSON_Delete(spender->talker->events);
                spender->talker->events = cJSON_CreateArray();
        }
}

static void take_part(Talker *talker, const char *id, char *ret_participant, size_t size)
{
        cJSON *made = talker_request(talker, "token", "\"session_id\":\"%s\"", id);
        cJSON *joined =
                talker_request(talker, "join", "\"session_id\":\"%s\",\"token\":\"%s\"", id,
                               talker_text(cJSON_GetObjectItemCaseSensitive(made, "ok"), "token"));

        snprintf(ret_participant, size, "%s",
                 talker_text(cJSON_GetObjectItemCaseSensitive(joined, "ok"), "participant"));
        cJSON_Delete(made);
        cJSON_Delete(joined);
}

static void ask_signal(Spender *spender)
{
        static char data[SIGNAL_BYTES + 1];

        memset(data, 'x', sizeof(data) - 1);
        talker_say(spender->talker, "signal",
                   "\"session_id\":\"%s\",\"peer\":\"%s\",\"data\":\"%s\"", spender->session_id,
                   spender->peer, data);
}

static void signals(Spender *spender)
{
        char own[64];

        spender->other = talker_new(port(spender->hub), spender->other_token, "o");
        talker_uuid(spender->session_id);
        talker_ok(talker_initiate(spender->talker, spender->session_id, "other"));
        cJSON_Delete(talker_event(spender->other, "incoming"));
        talker_ok(talker_request(spender->other, "accept", "\"session_id\":\"%s\",\"join\":true",
                                 spender->session_id));
        take_part(spender->talker, spender->session_id, own, sizeof(own));
        take_part(spender->other, spender->session_id, spender->peer, sizeof(spender->peer));
        for (;;) {
                for (size_t i = 0; i < SIGNALS; i++)
                        ask_signal(spender);
                await(spender->talker, "\"ok\":", SIGNALS);
                await(spender->other, "\"signalled\"", SIGNALS);
                /* Acknowledges them; the reply shows that the hub has seen it. */
                talker_say(spender->other, "relays", "\"session_id\":\"%s\"", spender->session_id);
                await(spender->other, "\"ok\":", 1);
                has_begun(spender);
        }
}

static const struct {
        const char *name;
        void (*spend)(Spender *);
} expenses[] = {
        {"settings", settings},
        {"pages of history", pages},
        {"seen, of 1000 unknown ids", seen_ids},
        {"seen, of all", seen_all},
        {"logins", logins},
        {"signals of 48 kB", signals},
        {"calls to a group of 1000", group_calls},
        /* These two delete the history that the others need. */
        {"forget, of 1000 ids", forget_ids},
        {"forget, of all", forget_all},
};

/* Returns when the process has begun to spend. */
static pid_t begin_spending(Spender *spender, void (*spend)(Spender *))
{
        int began[2];
        char byte;

        if (pipe2(began, O_CLOEXEC) < 0)
                rig_fail("cannot make a pipe: %m");
        pid_t pid = fork();
        if (pid < 0)
                rig_fail("cannot fork: %m");
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                spender->began_fd = began[1];
                spender->talker = talker_new(port(spender->hub), spender->token, "d");
                spend(spender);
                _exit(EXIT_FAILURE);
        }
        close(began[1]);
        if (read(began[0], &byte, 1) != 1)
                rig_fail("the spender has ended before it was served");
        close(began[0]);
        return pid;
}

/* Fails if the process has not gone on until now: then the others were not beside it. */
static void end_spending(pid_t pid, const char *name)
{
        int status;

        kill(pid, SIGKILL);
        if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
                rig_fail("the spender has ended while it was measured: %s", name);
}

static double waited(Load *load, usec_t duration)
{
        LoadResult result;

        load_run(load, RATE, duration, &result);
        double p99 = samples_percentile(&result.rung, 0.99);
        load_result_done(&result);
        return p99;
}

static void measure(Load *load, Spender *spender)
{
        char name[80];

        (void)waited(load, WARM_UP_US);
        double quiet = waited(load, MEASURE_US);
        double most = WAIT_RATIO * quiet > WAIT_MAX_US ? WAIT_RATIO * quiet : WAIT_MAX_US;

        figure_report("ring p99, quiet", quiet, "µs");
        for (size_t i = 0; i < ELEMENTSOF(expenses); i++) {
                pid_t pid = begin_spending(spender, expenses[i].spend);

                (void)waited(load, WARM_UP_US);
                double beside = waited(load, MEASURE_US);
                end_spending(pid, expenses[i].name);
                snprintf(name, sizeof(name), "ring p99, beside %s", expenses[i].name);
                figure_print(name, beside, "µs", most);
        }
}

static void add_people(Spender *spender)
{
        static char uids[GROUP][32];
        const char *members[GROUP + 1];
        const char *state = spender->hub->state;

        spender->token = crowd_add_user(state, "spender");
        spender->other_token = crowd_add_user(state, "other");
        for (size_t i = 0; i < GROUP; i++) {
                snprintf(uids[i], sizeof(uids[i]), "member-%zu", i);
                spender->members[i] = crowd_add_user(state, uids[i]);
                members[i] = uids[i];
        }
        members[GROUP] = "spender";
        crowd_add_group(state, "crowd", members, GROUP + 1);
}

int main(void)
{
        static const char limits[] = "[limits]\ncalls-per-minute = 0\nstored-mb-per-day = 0\n"
                                     "queue-per-device = 65536\n";
        struct rlimit files = {4 * GROUP, 4 * GROUP};
        Spender *spender = rig_alloc(sizeof(*spender));
        Rig *rig = rig_new();

        figure_machine();
        if (setrlimit(RLIMIT_NOFILE, &files) < 0)
                rig_fail("cannot have %d files open: %m", (int)files.rlim_cur);
        meter_place(0);
        spender->hub = hub_new_configured(rig, limits);
        add_people(spender);
        hub_stop(spender->hub);
        long_history_make(spender->hub->state, "spender", LONG_HISTORY);
        hub_start(spender->hub);
        meter_place(1);
        Load *load = load_new(spender->hub, PAIRS);
        measure(load, spender);
        load_free(load);
        hub_free(spender->hub);
        free(spender->token);
        free(spender->other_token);
        for (size_t i = 0; i < GROUP; i++)
                free(spender->members[i]);
        free(spender);
        rig_free(rig);
        return 0;
}
