/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices that have said hello, with a good token, and wait for the hub. */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hub/internal.h"
#include "loopback-hub.h"
#include "suite.h"
#include "wire/json-arena.h"

#define LOGINS 8
#define STRANGERS 20
#define SLOWNESS 100

bool __real_hub_login_step(Hub *hub, Login *login);
bool __wrap_hub_login_step(Hub *hub, Login *login);
void __real_ws_connection_hold(WsConnection *connection, void *what);
void __wrap_ws_connection_hold(WsConnection *connection, void *what);
usec_t __real_clock_boottime(void);
usec_t __wrap_clock_boottime(void);

/* Of the hub's process. */
static bool lets_all_wait;
static usec_t ahead, slow_since; /* of its clock */
static int line[2];              /* a pipe: a byte for each login that waits */

/* The linker puts these in place of the hub's own (meson.build). */

bool __wrap_hub_login_step(Hub *hub, Login *login)
{
        return lets_all_wait || __real_hub_login_step(hub, login);
}

void __wrap_ws_connection_hold(WsConnection *connection, void *what)
{
        __real_ws_connection_hold(connection, what);
        if (what)
                ck_assert_int_eq(write(line[1], "", 1), 1);
}

usec_t __wrap_clock_boottime(void)
{
        usec_t now = __real_clock_boottime();

        return (slow_since ? slow_since + (now - slow_since) / SLOWNESS : now) + ahead;
}

static void setup(void)
{
        ck_assert_int_eq(pipe(line), 0);
        lets_all_wait = true;
}

static void teardown(void)
{
        close(line[0]);
        close(line[1]);
}

static void let_all_in(void)
{
        lets_all_wait = false;
}

/* ---- devices ---- */

static bool is_readable(int fd)
{
        return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, WAIT_MS) == 1;
}

/* Devices of that user say hello; the hub has put all of them in line. */
static bool wait_in_line(uint16_t port, const char *whose, WsClient **clients, int n)
{
        for (int i = 0; i < n; i++) {
                char byte;

                clients[i] = say_hello_as(port, whose, i);
                if (!clients[i] || !is_readable(line[0]) || read(line[0], &byte, 1) != 1)
                        return false;
        }
        return true;
}

static bool signal_hub(void)
{
        return kill(getppid(), SIGUSR1) == 0;
}

static bool are_welcomed(WsClient **clients, int n)
{
        for (int i = 0; i < n; i++)
                if (!next_has(clients[i], "\"kind\":\"welcome\""))
                        return false;
        return true;
}

/* Connects, and says nothing. */
static int knock(uint16_t port)
{
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_port = htons(port),
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        return fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? fd
                                                                                               : -1;
}

static bool is_told_to_leave(int fd)
{
        char byte;

        return is_readable(fd) && read(fd, &byte, 1) <= 0;
}

static int some_and_many_strangers(uint16_t port)
{
        const unsigned stay = admission_limits(CONNECTIONS_MAX).strangers_per_address;
        WsClient *clients[LOGINS];
        int strangers[STRANGERS];

        if (!wait_in_line(port, alices_token, clients, LOGINS))
                return 1;
        for (size_t i = 0; i < STRANGERS; i++)
                if ((strangers[i] = knock(port)) < 0)
                        return 2;
        for (size_t i = 0; i < STRANGERS - stay; i++)
                if (!is_told_to_leave(strangers[i]))
                        return 3;
        return signal_hub() && are_welcomed(clients, LOGINS) ? 0 : 4;
}

START_TEST(strangers_push_out_none_who_wait_in_line)
{
        loopback_on_signal = let_all_in;
        while_devices(some_and_many_strangers);
}
END_TEST

static void pass_the_deadline(void)
{
        if (ahead > 0)
                let_all_in();
        ahead = HELLO_DEADLINE_US;
}

static int some_and_one_that_says_nothing(uint16_t port)
{
        WsClient *clients[LOGINS], *silent;
        char *text;

        if (ws_connect(port, NULL, &silent, NULL) != 0 ||
            !wait_in_line(port, alices_token, clients, LOGINS) || !signal_hub())
                return 1;
        if (ws_receive(silent, WAIT_MS, &text) != WS_CLOSED ||
            ws_close_code(silent) != WIRE_CLOSE_HELLO_EXPECTED)
                return 2;
        return signal_hub() && are_welcomed(clients, LOGINS) ? 0 : 3;
}

START_TEST(who_waits_in_line_has_said_hello_in_time)
{
        loopback_on_signal = pass_the_deadline;
        while_devices(some_and_one_that_says_nothing);
}
END_TEST

static void remove_alice(void)
{
        ck_assert_int_eq(hub_user_remove(loopback_hub, "alice"), 0);
        let_all_in();
}

static int some_whose_user_is_removed(uint16_t port)
{
        WsClient *alices[LOGINS - 1], *bob;
        char *text;

        if (!wait_in_line(port, alices_token, alices, LOGINS - 1) ||
            !wait_in_line(port, bobs_token, &bob, 1) || !signal_hub())
                return 1;
        for (int i = 0; i < LOGINS - 1; i++) {
                if (!next_has(alices[i], "the user was removed") ||
                    ws_receive(alices[i], WAIT_MS, &text) != WS_CLOSED ||
                    ws_close_code(alices[i]) != WIRE_CLOSE_REVOKED)
                        return 2;
        }
        return are_welcomed(&bob, 1) ? 0 : 3;
}

START_TEST(who_waits_in_line_is_told_that_the_user_was_removed)
{
        loopback_on_signal = remove_alice;
        while_devices(some_whose_user_is_removed);
}
END_TEST

static WsClient *call_crowd(uint16_t port)
{
        WsClient *alice = say_hello(port, 1);

        return alice && skip_until(alice, "welcome") &&
                               say(alice, 2, "initiate",
                                   ",\"receiver\":\"crowd\",\"receiver_type\":\"group\","
                                   "\"call_type\":\"audio\",\"join\":false") == 0 &&
                               skip_until(alice, "{\"id\":2,\"ok\":{\"kind\":\"call\"")
                       ? alice
                       : NULL;
}

/* The hub stands still, so that it finds both at once. */
static int one_whose_own_call_ends(uint16_t port)
{
        WsClient *alice = call_crowd(port), *late;

        if (!alice || ws_connect(port, NULL, &late, NULL) != 0 || kill(getppid(), SIGSTOP) < 0)
                return 1;
        int r = say(alice, 3, "cancel", "");
        if (r >= 0)
                r = hello(late, alices_token, 2);
        if (kill(getppid(), SIGCONT) < 0 || r < 0)
                return 2;
        return skip_until(late, "welcome") && skip_until(alice, "{\"id\":3,\"ok\"") ? 0 : 3;
}

/* A second of its clock, for which a login waits, is longer than the devices do. */
START_TEST(whose_own_call_has_a_lane_does_not_wait_for_it_in_vain)
{
        slow_since = __real_clock_boottime();
        let_all_in();
        while_devices(one_whose_own_call_ends);
}
END_TEST

static int one_who_is_alone_there(uint16_t port)
{
        WsClient *alice = call_crowd(port);

        return alice && say(alice, 3, "cancel", "") == 0 && skip_until(alice, "{\"id\":3,\"ok\"")
                       ? 0
                       : 1;
}

/* Its clock is so slow that the lane is done in one turn. loopback-hub.c looks. */
START_TEST(what_a_lane_stores_last_keeps_the_hub_from_sleeping)
{
        slow_since = __real_clock_boottime();
        let_all_in();
        while_devices(one_who_is_alone_there);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub login line");
        TCase *tests = tcase_create("login line");

        json_use_arena();
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_set_timeout(tests, 60);
        tcase_add_test(tests, strangers_push_out_none_who_wait_in_line);
        tcase_add_test(tests, who_waits_in_line_has_said_hello_in_time);
        tcase_add_test(tests, who_waits_in_line_is_told_that_the_user_was_removed);
        tcase_add_test(tests, whose_own_call_has_a_lane_does_not_wait_for_it_in_vain);
        tcase_add_test(tests, what_a_lane_stores_last_keeps_the_hub_from_sleeping);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
