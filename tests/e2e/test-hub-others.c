/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Devices that do harm, or have vanished, do not slow down the calls of others. */

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "hub-rig.h"
#include "rig/trial.h"
#include "wire/wire.h"

#define GARBAGE_FRAMES 100000
#define GARBAGE_LINKS 100
#define GARBAGE_FATAL 10 /* frames of each link */
#define CALLS 40         /* calls that are measured meanwhile */
#define CALLS_COUNTED_MAX 100000
#define CALL_MAX_MS 50.0 /* to set up a call, while the machine is busy with the others */

static double now_ms(void)
{
        return (double)clock_boottime() / USEC_PER_MSEC;
}

static void forget_events(Talker *talker)
{
        cJSON_Delete(talker->events);
        talker->events = cJSON_CreateArray();
}

/* Sets up a call and ends it; returns the time from initiate to accepted, in ms. */
static double timed_call(Talker *alice, Talker *bob)
{
        char id[TALKER_UUID_SIZE];
        double begin = now_ms();

        hub_rig_call(alice, bob, id);
        double took = now_ms() - begin;
        hub_rig_end(alice, id);
        cJSON_Delete(talker_event(bob, "over"));
        cJSON_Delete(talker_event(bob, "logged"));
        /* Drops unread events, which later waits would otherwise search. */
        forget_events(alice);
        forget_events(bob);
        return took;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static double median(double *took, size_t n)
{
        qsort(took, n, sizeof(*took), compare);
        return took[n / 2];
}

static double median_call(Talker *alice, Talker *bob)
{
        double took[CALLS];

        for (int i = 0; i < CALLS; i++)
                took[i] = timed_call(alice, bob);
        return median(took, CALLS);
}

static bool is_quick(RigTrial *trial, double call_ms)
{
        return rig_trial_judge(trial, call_ms < CALL_MAX_MS, "half of the calls took %.1f ms",
                               call_ms);
}

static void setup_without_limits(void)
{
        h = hub_rig_new(
                "[limits]\ncalls-per-minute = 0\nstored-mb-per-day = 0\ndevices-per-user = 0\n");
}

START_TEST(rule_17_a_device_that_reads_nothing_is_dropped_and_nobody_waits)
{
        _cleanup_(rig_trial_freep) RigTrial *trial = rig_trial_new();
        WsOptions narrow = {.receive_buffer = 4096};
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        Talker *deaf = talker_connect(hub_port(h->hub), &narrow);

        talker_ok(talker_request(deaf, "hello",
                                 "\"version\":1,\"token\":\"%s\",\"device\":\"bob-2\"", h->bob));
        double before = median_call(alice, bob), meanwhile;
        do {
                rig_trial_begin(trial);
                meanwhile = median_call(alice, bob);
        } while (!is_quick(trial, meanwhile));
        for (int i = 0; i < 60; i++)
                timed_call(alice, bob);
        printf("a call beside a device that reads nothing: %.2f ms, later %.2f ms\n", before,
               meanwhile);
        talker_closed(deaf, WIRE_CLOSE_TOO_SLOW, "unacknowledged");
        talker_free(deaf);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

/* Frames that are answered with an error; the connection stays. */
static const char *const wrong[] = {
        "{\"id\":%u,\"op\":\"dance\"}",
        "{\"id\":%u,\"op\":\"end\"}",
        "{\"id\":%u,\"op\":\"end\",\"session_id\":\"garbage\"}",
        "{\"id\":%u,\"op\":\"end\",\"session_id\":7,\"more\":[[[1]]]}",
        ("{\"id\":%u,\"op\":\"accept\",\"session_id\":\"0b7e6a52-90f7-4d4e-8f2c-0c9d7a1b2c3d\","
         "\"join\":1}"),
};

/* Frames that end the connection. */
static const char *const fatal[] = {
        "garbage",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        "{\"id\":1,\"op\":\"hello\"",
        "{\"op\":\"ack\",\"ack\":1,\"ack\":2}",
        "\xff\xfe\xfd",
        "null",
};

static void talk_wrong(Talker *talker, unsigned n)
{
        char text[256];

        for (unsigned sent = 0; sent < n;) {
                unsigned window = MIN_OF(n - sent, 32u);

                for (unsigned i = 0; i < window; i++, sent++) {
                        const char *format = wrong[sent % ELEMENTSOF(wrong)];

                        /* Each has one conversion, %u. */
                        int length = snprintf(text, sizeof(text), "%.*s%u%s", 6, format, sent + 2,
                                              format + 8);
                        if (length < 0 || ws_send(talker->ws, text) < 0)
                                _exit(2);
                }
                for (unsigned i = 0; i < window; i++) {
                        _cleanup_free_ char *reply = NULL;

                        if (ws_receive(talker->ws, rig_patience_ms(), &reply) != 0 ||
                            !strstr(reply, "\"error\""))
                                _exit(3);
                }
        }
}

/* Sends nothing but nonsense, logged in or not. */
static void talk_garbage(uint16_t port, const char *token, unsigned number)
{
        char device[16];
        WsClient *ws;

        snprintf(device, sizeof(device), "m%u", number);
        talk_wrong(talker_new(port, token, device), GARBAGE_FRAMES / GARBAGE_LINKS - GARBAGE_FATAL);
        for (unsigned i = 0; i < GARBAGE_FATAL; i++) {
                const char *text = fatal[i % ELEMENTSOF(fatal)];
                char *reply = NULL;

                if (ws_connect(port, NULL, &ws, NULL) != 0 ||
                    ws_send_frame(ws, i % 7 == 6 ? WS_BINARY : WS_TEXT, true, text, strlen(text)) <
                            0)
                        _exit(4);
                while (ws_receive(ws, rig_patience_ms(), &reply) == 0)
                        free(reply);
                ws_free(ws);
        }
}

/* The median time to set up the calls beside it, in ms. */
static double call_beside_garbage(Talker *alice, Talker *bob, const char *token)
{
        double before = median_call(alice, bob);
        pid_t children[GARBAGE_LINKS];
        int alive = 0, status;

        for (unsigned i = 0; i < GARBAGE_LINKS; i++) {
                children[i] = fork();
                if (children[i] == 0) {
                        signal(SIGPIPE, SIG_IGN);
                        /* The test must load the hub, not the machine. */
                        (void)setpriority(PRIO_PROCESS, 0, 19);
                        talk_garbage(hub_port(h->hub), token, i);
                        _exit(0);
                }
                ck_assert_int_gt(children[i], 0);
        }
        static double took[CALLS_COUNTED_MAX];
        double begin = now_ms();
        size_t n_calls = 0;
        do {
                took[MIN_OF(n_calls, ELEMENTSOF(took) - 1)] = timed_call(alice, bob);
                n_calls = MIN_OF(n_calls + 1, ELEMENTSOF(took));
                alive = 0;
                for (unsigned i = 0; i < GARBAGE_LINKS; i++) {
                        if (children[i] && waitpid(children[i], &status, WNOHANG) == children[i]) {
                                ck_assert_int_eq(status, 0);
                                children[i] = 0;
                        }
                        alive += children[i] != 0;
                }
        } while (alive > 0);
        double garbage_ms = now_ms() - begin, meanwhile = median(took, n_calls);
        double after = median_call(alice, bob);

        printf("%d garbage frames from %d connections in %.0f ms, %zu calls meanwhile: half of "
               "them set up in %.2f ms, 99 %% in %.2f ms; before %.2f ms, after %.2f ms\n",
               GARBAGE_FRAMES, GARBAGE_LINKS, garbage_ms, n_calls, meanwhile,
               took[n_calls * 99 / 100], before, after);
        return meanwhile;
}

START_TEST(garbage_from_a_hundred_connections_harms_no_call)
{
        _cleanup_(rig_trial_freep) RigTrial *trial = rig_trial_new();
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        double took;

        hub_add_user(h->hub, "mallory", "Mallory");
        _cleanup_free_ char *token = hub_mint(h->hub, "mallory");
        do {
                rig_trial_begin(trial);
                took = call_beside_garbage(alice, bob, token);
        } while (!is_quick(trial, took));
        talker_free(alice);
        talker_free(bob);
}
END_TEST

/* A peer that has vanished: its connections stay open, and nothing answers. */
static pid_t vanished_peer(uint16_t port, const char *token, const char *id)
{
        pid_t pid = fork();

        if (pid != 0)
                return pid;
        Talker *carol = talker_new(port, token, "carol-1");
        cJSON_Delete(talker_event(carol, "incoming"));
        talker_ok(talker_request(carol, "accept", "\"session_id\":\"%s\",\"join\":false", id));
        raise(SIGSTOP);
        _exit(0);
}

/* The time until the call with a peer that vanished is over, in ms. */
static double call_with_vanished_peer(Talker *alice, const char *token)
{
        char id[TALKER_UUID_SIZE];
        int status;

        talker_uuid(id);
        double begin = now_ms();
        pid_t carol = vanished_peer(hub_port(h->hub), token, id);
        ck_assert_int_gt(carol, 0);
        talker_ok(talker_initiate(alice, id, "carol"));
        ck_assert_int_eq(waitpid(carol, &status, WUNTRACED), carol);
        ck_assert(WIFSTOPPED(status));
        cJSON_Delete(talker_event(alice, "accepted"));
        /* Two pings without an answer, and 30 s to come back. */
        cJSON *over = talker_event(alice, "over");
        double took = now_ms() - begin;
        printf("a peer that vanished: the call is over after %.1f s\n", took / 1000);
        ck_assert_str_eq(talker_text(over, "reason"), "connection-lost");
        ck_assert(process_has_said(h->hub->process, "no longer answers pings"));
        ck_assert_double_ge(took, 38000);
        cJSON_Delete(over);
        kill(carol, SIGKILL);
        waitpid(carol, &status, 0);
        return took;
}

START_TEST(rule_14_and_17_a_peer_that_vanishes_in_a_call_is_gone_after_two_pings)
{
        _cleanup_(rig_trial_freep) RigTrial *trial = rig_trial_new();
        Talker *alice = hub_rig_alice(h);
        double took;

        hub_add_user(h->hub, "carol", "Carol");
        _cleanup_free_ char *token = hub_mint(h->hub, "carol");
        do {
                rig_trial_begin(trial);
                took = call_with_vanished_peer(alice, token);
        } while (!rig_trial_judge(trial, took <= 50000, "it was over after %.1f s", took / 1000));
        talker_free(alice);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: others");
        TCase *tests = tcase_create("others"), *vanished = tcase_create("vanished");

        tcase_set_timeout(tests, 120);
        tcase_add_checked_fixture(tests, setup_without_limits, hub_rig_teardown);
        tcase_add_test(tests, rule_17_a_device_that_reads_nothing_is_dropped_and_nobody_waits);
        tcase_add_test(tests, garbage_from_a_hundred_connections_harms_no_call);
        suite_add_tcase(suite, tests);
        tcase_set_timeout(vanished, 120);
        tcase_add_checked_fixture(vanished, setup_without_limits, hub_rig_teardown);
        tcase_add_test(vanished,
                       rule_14_and_17_a_peer_that_vanishes_in_a_call_is_gone_after_two_pings);
        suite_add_tcase(suite, vanished);
        return suite_run(suite);
}
