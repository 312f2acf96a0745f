/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What waits for a login, what a login waits for, and what comes to devices in which order. */
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <unistd.h>

#include "exchange/exchange.h"
#include "hub/login-rate.h"
#include "loopback-hub.h"
#include "suite.h"
#include "wire/json-arena.h"

#define EAGER 50

/* In one packet with the hello. */
static int one_that_does_not_wait(uint16_t port)
{
        WsClient *client;
        char text[64];
        int on = 1, off = 0;

        if (ws_connect(port, NULL, &client, NULL) != 0 ||
            setsockopt(ws_fd(client), IPPROTO_TCP, TCP_CORK, &on, sizeof(on)) < 0 ||
            hello(client, alices_token, 1) < 0)
                return 1;
        for (int id = 2; id < 2 + EAGER; id++) {
                snprintf(text, sizeof(text), "{\"id\":%d,\"op\":\"settings\"}", id);
                if (ws_send(client, text) < 0)
                        return 2;
        }
        if (setsockopt(ws_fd(client), IPPROTO_TCP, TCP_CORK, &off, sizeof(off)) < 0)
                return 2;
        if (!next_has(client, "\"kind\":\"welcome\""))
                return 3;
        for (int id = 2; id < 2 + EAGER; id++) {
                snprintf(text, sizeof(text), "{\"id\":%d,\"ok\"", id);
                if (!next_has(client, text))
                        return 4;
        }
        return 0;
}

START_TEST(what_a_device_sends_before_its_welcome_is_answered_after_it)
{
        while_devices(one_that_does_not_wait);
}
END_TEST

static int many_at_once(uint16_t port)
{
        WsClient *clients[DEVICES];

        for (int i = 0; i < DEVICES; i++)
                if (!(clients[i] = say_hello(port, i)))
                        return 1;
        for (int i = DEVICES - 1; i >= 0; i--)
                if (!next_has(clients[i], "\"kind\":\"welcome\""))
                        return 2;
        return 0;
}

START_TEST(devices_that_come_at_once_are_all_welcomed)
{
        while_devices(many_at_once);
}
END_TEST

/* Says hello and hangs up, again and again. */
static int some_that_do_not_wait_for_it(uint16_t port)
{
        for (int i = 0; i < DEVICES; i++)
                ws_free(say_hello(port, i));
        WsClient *client = say_hello(port, 0);

        return client && next_has(client, "\"kind\":\"welcome\"") ? 0 : 1;
}

START_TEST(a_device_that_is_gone_before_its_welcome_harms_nobody)
{
        while_devices(some_that_do_not_wait_for_it);
}
END_TEST

#define HELLOS 8 /* fewer than connections that one address may have before the hellos */

/* When the hub made the welcome, by its clock; UINT64_MAX if it made none. */
static uint64_t welcomed_at(WsClient *client)
{
        static const char member[] = "\"clock\":";
        char *text;

        if (ws_receive(client, WAIT_MS, &text) != 0)
                return UINT64_MAX;
        const char *at = strstr(text, member);
        uint64_t clock = at ? strtoull(at + strlen(member), NULL, 10) : UINT64_MAX;
        free(text);
        return clock;
}

/* The hub stands still, so that it finds all hellos at once, Bob's last. */
static int some_of_one_user_before_one_of_another(uint16_t port)
{
        WsClient *alices[HELLOS], *bob;
        int n_before = 0;

        if (ws_connect(port, NULL, &bob, NULL) != 0)
                return 1;
        for (int i = 0; i < HELLOS; i++)
                if (ws_connect(port, NULL, &alices[i], NULL) != 0)
                        return 1;
        if (kill(getppid(), SIGSTOP) < 0)
                return 1;
        int r = 0;
        for (int i = 0; r >= 0 && i < HELLOS; i++)
                r = hello(alices[i], alices_token, i);
        if (r >= 0)
                r = hello(bob, bobs_token, 1);
        if (kill(getppid(), SIGCONT) < 0 || r < 0)
                return 2;
        uint64_t bobs = welcomed_at(bob);
        for (int i = 0; i < HELLOS; i++)
                n_before += welcomed_at(alices[i]) < bobs;
        /* One, in turn; another if the hub was quicker than the signal. */
        return bobs != UINT64_MAX && n_before <= 2 ? 0 : 3;
}

START_TEST(whose_devices_log_in_all_at_once_keeps_nobody_else_waiting)
{
        while_devices(some_of_one_user_before_one_of_another);
}
END_TEST

static int one_that_logs_in_again_and_again(uint16_t port)
{
        WsClient *client;

        for (int i = 0; i < FULL_LOGINS_PER_MINUTE; i++) {
                client = say_hello(port, 1);
                if (!client || !next_has(client, "\"kind\":\"welcome\""))
                        return 1;
                ws_free(client);
        }
        client = say_hello(port, 1);
        if (!client || !next_has(client, "\"name\":\"TooMany\",\"message\":\"more than 256 logins"))
                return 2;
        client = say_hello_as(port, bobs_token, 1);
        return client && next_has(client, "\"kind\":\"welcome\"") ? 0 : 3;
}

START_TEST(a_user_who_logs_in_without_end_is_refused_and_no_other_is)
{
        while_devices(one_that_logs_in_again_and_again);
}
END_TEST

static int one_that_asks_for_much(uint16_t port)
{
        WsClient *client = say_hello(port, 1), *other = say_hello(port, 2);
        char request[128];

        if (!client || !other || !next_has(client, "welcome") || !next_has(other, "welcome"))
                return 1;
        for (int id = 2; id < 2 + 60; id++) {
                snprintf(request, sizeof(request),
                         "{\"id\":%d,\"op\":\"seen\",\"session_ids\":[\"" UUID "\"]}", id);
                if (ws_send(client, request) < 0)
                        return 2;
        }
        if (ws_send(client, "{\"id\":99,\"op\":\"settings\"}") < 0)
                return 3;
        /* One after the other; what takes no time does not wait for them, and may come first. */
        int expected = 2;
        for (int n = 0; n < 61; n++) {
                char *text, id[32];

                if (ws_receive(client, WAIT_MS, &text) != 0)
                        return 4;
                snprintf(id, sizeof(id), "\"id\":%d,\"ok\"", expected);
                if (strstr(text, id))
                        expected++;
                else if (!strstr(text, "\"id\":99,\"ok\""))
                        return 5;
                free(text);
        }
        return expected == 2 + 60 ? 0 : 6;
}

START_TEST(requests_about_the_history_are_answered_in_their_order)
{
        while_devices(one_that_asks_for_much);
}
END_TEST

/* ---- a call ---- */

/* Takes the text member `name` of the next message that has it. */
static bool take_member(WsClient *client, const char *name, char *ret, size_t size)
{
        _cleanup_free_ char *part = str_printf("\"%s\":\"", name);
        _cleanup_free_ char *text = part ? read_until(client, part) : NULL;

        if (!text)
                return false;
        const char *at = strstr(text, part) + strlen(part);
        snprintf(ret, size, "%.*s", (int)strcspn(at, "\""), at);
        return true;
}

static bool join_media(WsClient *client, const char *join_token, char ret[static 33])
{
        _cleanup_free_ char *members = str_printf(",\"token\":\"%s\"", join_token);

        return members && say(client, 4, "join", members) == 0 &&
               take_member(client, "participant", ret, 33);
}

/* Alice calls Bob, and both join the media. */
static bool talk(WsClient *alice, WsClient *bob, char bobs[static 33])
{
        char join_token[TOKEN_MAX + 1], alices[33];

        return say(alice, 2, "initiate",
                   ",\"receiver\":\"bob\",\"receiver_type\":\"user\",\"call_type\":\"audio\","
                   "\"join\":true") == 0 &&
               skip_until(bob, "\"incoming\"") && say(bob, 3, "accept", ",\"join\":true") == 0 &&
               take_member(alice, "join_token", join_token, sizeof(join_token)) &&
               join_media(alice, join_token, alices) &&
               take_member(bob, "join_token", join_token, sizeof(join_token)) &&
               join_media(bob, join_token, bobs);
}

#define FLOOD 500

/* Returns how many of so many requests were refused, or -1. */
static int flood(WsClient *client, const char *op, const char *members)
{
        int n_refused = 0;

        for (int i = 0; i < FLOOD; i++) {
                char id[32];

                snprintf(id, sizeof(id), "{\"id\":%d,", 100 + i);
                if (say(client, 100 + i, op, members) < 0)
                        return -1;
                _cleanup_free_ char *text = read_until(client, id);
                if (!text)
                        return -1;
                n_refused += strstr(text, "TooMany") != NULL;
        }
        return n_refused;
}

/* Bob acknowledges nothing; what the hub itself has to say reaches him all the same. */
static int one_that_floods_another(uint16_t port)
{
        WsClient *alice = say_hello(port, 1), *bob = say_hello_as(port, bobs_token, 2);
        char peer[33];

        if (!alice || !bob || !skip_until(alice, "welcome") || !skip_until(bob, "welcome") ||
            !talk(alice, bob, peer))
                return 1;
        _cleanup_free_ char *members = str_printf(",\"peer\":\"%s\",\"data\":\"x\"", peer);
        int n_refused = members ? flood(alice, "signal", members) : -1;
        /* He may have been told that she has joined, and she has that in line, too. */
        if (n_refused < FLOOD - SENDER_MESSAGES_MAX || n_refused > FLOOD - SENDER_MESSAGES_MAX + 1)
                return 2;
        for (int i = n_refused; i < FLOOD; i++)
                if (!skip_until(bob, "\"signalled\""))
                        return 3;
        if (say(alice, 9, "end", "") < 0 || !skip_until(bob, "\"over\"") ||
            !skip_until(bob, "\"logged\""))
                return 4;
        return 0;
}

START_TEST(a_flood_is_refused_to_its_sender_and_the_receiver_stays)
{
        while_devices(one_that_floods_another);
}
END_TEST

/*
 * In order, all of it; and a device that comes in the middle is told that the call was missed, by
 * its welcome or by an event.
 */
static int one_that_calls_a_crowd(uint16_t port)
{
        WsClient *alice = say_hello(port, 1), *bob = say_hello_as(port, bobs_token, 2), *late;

        if (!alice || !bob || !skip_until(alice, "welcome") || !skip_until(bob, "welcome") ||
            ws_connect(port, NULL, &late, NULL) != 0)
                return 1;
        if (say(alice, 2, "initiate",
                ",\"receiver\":\"crowd\",\"receiver_type\":\"group\",\"call_type\":\"audio\","
                "\"join\":false") < 0 ||
            !skip_until(alice, "{\"id\":2,\"ok\":{\"kind\":\"call\""))
                return 2;
        if (say(alice, 3, "cancel", "") < 0 || hello(late, bobs_token, 3) < 0)
                return 3;
        if (!skip_until(late, "\"status\":\"missed\"") || !skip_until(alice, "{\"id\":3,\"ok\""))
                return 4;
        return skip_until(bob, "\"incoming\"") && skip_until(bob, "\"over\"") &&
                               skip_until(bob, "\"logged\"")
                       ? 0
                       : 5;
}

START_TEST(a_call_to_a_large_group_is_whole_for_whoever_looks_at_it)
{
        while_devices(one_that_calls_a_crowd);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub loopback");
        TCase *tests = tcase_create("loopback");

        json_use_arena();
        tcase_set_timeout(tests, 60);
        tcase_add_test(tests, what_a_device_sends_before_its_welcome_is_answered_after_it);
        tcase_add_test(tests, devices_that_come_at_once_are_all_welcomed);
        tcase_add_test(tests, a_device_that_is_gone_before_its_welcome_harms_nobody);
        tcase_add_test(tests, whose_devices_log_in_all_at_once_keeps_nobody_else_waiting);
        tcase_add_test(tests, a_call_to_a_large_group_is_whole_for_whoever_looks_at_it);
        tcase_add_test(tests, a_flood_is_refused_to_its_sender_and_the_receiver_stays);
        tcase_add_test(tests, a_user_who_logs_in_without_end_is_refused_and_no_other_is);
        tcase_add_test(tests, requests_about_the_history_are_answered_in_their_order);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
