/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is let in: connections before they have logged in. */

#include <sys/resource.h>

#include "base/clock.h"
#include "e2e/hub-rig.h"
#include "wire/wire.h"

#define SETTINGS_ONE_FAILURE "[limits]\nfailed-logins-per-minute = 1\n"

/* ---- pages ---- */

static void expect_page(const char *origin, const char *host, int status)
{
        const WsOptions options = {.origin = origin, .host = host};
        _cleanup_(ws_freep) WsClient *ws = NULL;
        int got = 0;

        int r = ws_connect(hub_port(h->hub), &options, &ws, &got);
        ck_assert_msg(got == status, "%s at %s: %d", origin, host, got);
        ck_assert_int_eq(r, status == 101 ? 0 : WS_REFUSED);
}

static void fail_login(int code, const char *text)
{
        Talker *talker = talker_connect(hub_port(h->hub), NULL);

        talker_say(talker, "hello", "%s", "\"version\":1,\"token\":\"x\",\"device\":\"d\"");
        talker_closed(talker, code, text);
        talker_free(talker);
}

START_TEST(a_page_of_another_origin_is_forbidden_and_is_no_failed_login)
{
        h = hub_rig_new(SETTINGS_ONE_FAILURE);
        for (int i = 0; i < 3; i++)
                expect_page("https://evil.example", "localhost", 403);
        expect_page("null", "localhost", 403);
        free(process_wait_line(h->hub->process, "ORIGIN=https://evil.example"));
        fail_login(WIRE_CLOSE_AUTH_FAILED, "token");
        fail_login(WIRE_CLOSE_TOO_MANY, "wait");
}
END_TEST

START_TEST(the_hubs_own_page_and_devices_of_before_are_taken)
{
        char own[64], host[48];

        h = hub_rig_new(NULL);
        (void)snprintf(host, sizeof(host), "localhost:%u", hub_port(h->hub));
        (void)snprintf(own, sizeof(own), "http://%s", host);
        expect_page(NULL, host, 101);
        expect_page(own, host, 101);
        /* What tringd sent at first. */
        expect_page("http://127.0.0.1", "127.0.0.1", 101);
        expect_page("http://localhost:1", host, 403);
}
END_TEST

START_TEST(pages_that_the_operator_lists_are_taken)
{
        h = hub_rig_new("[web]\norigins = https://calls.example.org http://localhost:1\n");
        expect_page("https://calls.example.org", "localhost", 101);
        expect_page("http://localhost:1", "localhost", 101);
        expect_page("https://evil.example", "localhost", 403);
}
END_TEST

/* ---- descriptors ---- */

#define DESCRIPTORS 96

static int knock(void)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons(hub_port(h->hub)),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

static unsigned count_lines(const char *path)
{
        _cleanup_free_ char *log = rig_read_file(path);
        unsigned n = 0;

        for (const char *p = log; (p = strchr(p, '\n')); p++)
                n++;
        return n;
}

static void close_all(const int *fds, size_t n)
{
        for (size_t i = 0; i < n; i++)
                close(fds[i]);
}

/* Starts the hub again, with so few descriptors. */
static void restart_with_few_descriptors(void)
{
        hub_stop(h->hub);
        h->hub->process =
                process_start(h->rig, "hub", &h->hub->environment,
                              ARGV("sh", "-c", "ulimit -n 96; exec \"$@\"", "sh",
                                   rig_program("HUB"), "serve", "--state", h->hub->state,
                                   "--listen", h->hub->listen, "--config", h->hub->config));
        free(process_wait_line(h->hub->process, "listening on "));
}

START_TEST(a_flood_of_connections_keeps_no_device_out_and_fills_no_log)
{
        int strangers[3 * DESCRIPTORS];

        h = hub_rig_new("");
        restart_with_few_descriptors();
        unsigned lines = count_lines(h->hub->process->log);
        Talker *alice = hub_rig_alice(h);

        for (size_t i = 0; i < ELEMENTSOF(strangers); i++)
                strangers[i] = knock();
        Talker *bob = hub_rig_bob(h);
        call_and_cancel(alice);
        free(hub_rig_run(0, ARGV("user", "list")));
        ck_assert(!process_has_said(h->hub->process, "accept: errno"));
        ck_assert(process_has_said(h->hub->process, "closing a connection that has not logged in"));
        /* Ten of a kind in ten seconds; the test takes no minute. */
        ck_assert_uint_lt(count_lines(h->hub->process->log) - lines, 200);
        close_all(strangers, ELEMENTSOF(strangers));
        talker_free(alice);
        talker_free(bob);
}
END_TEST

/* Two thirds of DESCRIPTORS at most are for connections, of which one address may have a quarter.
 */
START_TEST(strangers_behind_a_proxy_crowd_out_none_but_those_of_their_own_address)
{
        WsOptions mallory = {.forwarded_for = "203.0.113.66"};
        WsOptions alice = {.forwarded_for = "203.0.113.1"};
        Talker *strangers[DESCRIPTORS / 4];

        h = hub_rig_new("[listen]\nproxies = 127.0.0.1\n");
        restart_with_few_descriptors();
        Talker *talker = talker_connect(hub_port(h->hub), &alice);
        for (size_t i = 0; i < ELEMENTSOF(strangers); i++)
                strangers[i] = talker_connect(hub_port(h->hub), &mallory);
        free(process_wait_line(h->hub->process, "ADDRESS=203.0.113.66"));
        talker_ok(talker_request(talker, "hello", "\"version\":1,\"token\":\"%s\",\"device\":\"d\"",
                                 h->alice));
        talker_free(talker);
        for (size_t i = 0; i < ELEMENTSOF(strangers); i++)
                talker_free(strangers[i]);
}
END_TEST

static unsigned count_said(const Process *process, const char *text)
{
        _cleanup_free_ char *log = rig_read_file(process->log);
        unsigned n = 0;

        for (const char *p = log; (p = strstr(p, text)); p++)
                n++;
        return n;
}

#define SHORTAGE "new connections have to wait: Too many open files"
#define RETRIES_US (2500 * USEC_PER_MSEC) /* the hub tries again every second */

START_TEST(out_of_descriptors_the_hub_says_so_once_and_nobody_who_is_logged_in_notices)
{
        struct rlimit before, none;
        int strangers[20];

        h = hub_rig_new("[limits]\ncalls-per-minute = 0\n");
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);

        ck_assert_int_eq(prlimit(h->hub->process->pid, RLIMIT_NOFILE, NULL, &before), 0);
        none = (struct rlimit){.rlim_cur = 3, .rlim_max = before.rlim_max};
        ck_assert_int_eq(prlimit(h->hub->process->pid, RLIMIT_NOFILE, &none, NULL), 0);
        for (size_t i = 0; i < ELEMENTSOF(strangers); i++)
                strangers[i] = knock();
        free(process_wait_line(h->hub->process, SHORTAGE));
        for (usec_t until = clock_boottime() + RETRIES_US; clock_boottime() < until;) {
                call_and_cancel(alice);
                cJSON_Delete(talker_event(bob, "logged"));
                talker_ok(talker_request(bob, "history", "%s", ""));
        }
        ck_assert_uint_eq(count_said(h->hub->process, SHORTAGE), 1);
        ck_assert(!process_has_said(h->hub->process, "accept: errno"));

        ck_assert_int_eq(prlimit(h->hub->process->pid, RLIMIT_NOFILE, &before, NULL), 0);
        talker_free(talker_new(hub_port(h->hub), h->alice, "alice-2"));
        close_all(strangers, ELEMENTSOF(strangers));
        talker_free(alice);
        talker_free(bob);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: door");
        TCase *tests = tcase_create("door");

        tcase_set_timeout(tests, 120);
        tcase_add_checked_fixture(tests, NULL, hub_rig_teardown);
        tcase_add_test(tests, a_page_of_another_origin_is_forbidden_and_is_no_failed_login);
        tcase_add_test(tests, the_hubs_own_page_and_devices_of_before_are_taken);
        tcase_add_test(tests, pages_that_the_operator_lists_are_taken);
        tcase_add_test(tests, a_flood_of_connections_keeps_no_device_out_and_fills_no_log);
        tcase_add_test(tests,
                       strangers_behind_a_proxy_crowd_out_none_but_those_of_their_own_address);
        tcase_add_test(tests,
                       out_of_descriptors_the_hub_says_so_once_and_nobody_who_is_logged_in_notices);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
