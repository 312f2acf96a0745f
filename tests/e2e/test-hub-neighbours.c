/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A hub on the same machine as its devices, and as other people's programs. */

#include <sys/stat.h>

#include "base/str.h"
#include "e2e/expect.h"
#include "rig/desktop.h"
#include "suite.h"
#include "unit/ws-server.h"

#define OTHER_UID 65534

static const char welcome[] =
        "{\"id\":1,\"ok\":{\"kind\":\"welcome\","
        "\"user\":{\"uid\":\"alice\",\"device\":\"desk\"},"
        "\"link\":\"00000000-0000-4000-8000-000000000001\","
        "\"resumed\":false,\"date\":1,\"when_busy\":\"reject\",\"history_complete\":true}}";

typedef struct House {
        Rig *rig;
        Hub *hub;
        char url[RIG_PATH_MAX]; /* of the hub's socket */
        Desktop *alice;
} House;

static House house_new(void)
{
        House house = {.rig = rig_new()};
        _cleanup_free_ char *folder = str_printf("%s/run", house.rig->dir);
        _cleanup_free_ char *settings = str_printf("[listen]\nsocket = %s/hub.sock\n", folder);

        /* Others may make a socket there, too. */
        rig_mkdir(folder);
        ck_assert_int_eq(chmod(folder, 0777), 0);
        ck_assert_int_eq(chmod(house.rig->dir, 0711), 0);
        house.hub = hub_new_configured(house.rig, settings);
        rig_path(house.url, "ws+unix:%s/hub.sock", folder);
        house.alice = desktop_new(house.rig, "alice");
        desktop_start(house.alice);
        hub_add_user(house.hub, "alice", "Alice");
        return house;
}

static void house_done(House *house)
{
        desktop_free(house->alice);
        hub_free(house->hub);
        rig_free(house->rig);
}

static void log_in(House *house, const char *url)
{
        _cleanup_free_ char *token = hub_mint(house->hub, "alice");

        desktop_login_token(house->alice, url, token);
        desktop_wait_online(house->alice);
}

START_TEST(a_device_at_the_hubs_socket_calls_one_at_its_address)
{
        _cleanup_(house_done) House house = house_new();
        _cleanup_(desktop_freep) Desktop *bob = desktop_new_online(house.rig, house.hub, "bob");
        Call call;

        log_in(&house, house.url);
        call = call_ring(house.alice, bob, false);
        call_accept(bob, &call, false);
        client_wait_signal(house.alice->client, "OutgoingCallAccepted", call.path);
        hub_kill(house.hub);
        hub_start(house.hub);
        desktop_wait_online(house.alice);
        free(process_wait_line(house.hub->process, "listening on ws+unix:"));
        call_end(house.alice, &call);
        call_wait_status(bob, &call, "ended", "remote-hangup");
}
END_TEST

static void wait_error(Desktop *desktop, const char *part)
{
        usec_t deadline = rig_deadline();

        for (;;) {
                _cleanup_free_ char *error = client_property(desktop->client, TRING_ROOT,
                                                             TRING_MANAGER, "ConnectionError");

                if (error && strstr(error, part))
                        return;
                rig_run_once(desktop->rig, deadline, part);
        }
}

static const char *const ways[] = {"address", "socket"};

/* A program of another user where the hub was; only root can start one. */
static WsServer *impostor_start(const House *house, bool by_socket)
{
        WsServerOptions impostor = {.answer = welcome, .user = OTHER_UID};

        if (by_socket)
                impostor.socket = house->url + strlen("ws+unix:");
        else
                impostor.port = (uint16_t)atoi(strchr(house->hub->listen, ':') + 1);
        return ws_server_start(&impostor);
}

START_TEST(whoever_takes_the_place_of_a_hub_that_is_down_gets_no_token)
{
        if (geteuid() != 0)
                return;

        _cleanup_(house_done) House house = house_new();
        bool by_socket = str_eq(ways[_i], "socket");
        WsServer *server;

        log_in(&house, by_socket ? house.url : house.hub->url);
        hub_stop(house.hub);
        server = impostor_start(&house, by_socket);
        wait_error(house.alice, "a program of user 65534 listens");
        desktop_stop(house.alice);
        desktop_start(house.alice); /* the next tringd knows the hub's owner as well */
        wait_error(house.alice, "a program of user 65534 listens");
        ck_assert_uint_eq(ws_server_received(server), 0);
        ws_server_kill(server);
        hub_start(house.hub);
        desktop_wait_online(house.alice);
}
END_TEST

START_TEST(an_echo_gives_its_token_to_nobody_else_either)
{
        if (geteuid() != 0)
                return;

        _cleanup_(house_done) House house = house_new();
        bool by_socket = str_eq(ways[_i], "socket");
        const char *url = by_socket ? house.url : house.hub->url;
        _cleanup_(environment_done) Environment environment = {};
        _cleanup_free_ char *token = hub_mint(house.hub, "alice");
        char path[RIG_PATH_MAX];
        Process *echo;
        WsServer *server;

        environment_init(&environment, house.rig);
        rig_path(path, "%s/echo.token", house.rig->dir);
        rig_write_file(path, token, 0600);
        const char *const command[] = {rig_program("ECHO"), "--hub", url,
                                       "--token-file",      path,    NULL};
        echo = process_start(house.rig, "echo", &environment, command);
        free(process_wait_line(echo, "answering calls to alice"));
        hub_stop(house.hub);
        server = impostor_start(&house, by_socket);
        free(process_wait_line(echo, "a program of user 65534 listens"));
        process_free(echo);
        echo = process_start(house.rig, "next echo", &environment, command);
        free(process_wait_line(echo, "a program of user 65534 listens"));
        ck_assert_uint_eq(ws_server_received(server), 0);
        ws_server_kill(server);
        hub_start(house.hub);
        free(process_wait_line(echo, "answering calls to alice"));
        process_free(echo);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: neighbours");
        TCase *tests = tcase_create("neighbours");

        tcase_set_timeout(tests, 120);
        tcase_add_test(tests, a_device_at_the_hubs_socket_calls_one_at_its_address);
        tcase_add_loop_test(tests, whoever_takes_the_place_of_a_hub_that_is_down_gets_no_token, 0,
                            ELEMENTSOF(ways));
        tcase_add_loop_test(tests, an_echo_gives_its_token_to_nobody_else_either, 0,
                            ELEMENTSOF(ways));
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
