/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a client connects again to a hub that welcomes it each time, and whom it gives its token. */
#include "loop/hub-client.h"

#include "base/str.h"
#include "loop/backoff.h"
#include "loop/peer-owner.h"
#include "suite.h"
#include "wire/wire.h"
#include "ws-server.h"

#define N_WELCOMES 6

static const char welcome[] =
        "{\"id\":1,\"ok\":{\"kind\":\"welcome\","
        "\"user\":{\"uid\":\"alice\",\"device\":\"desk\"},"
        "\"link\":\"00000000-0000-4000-8000-000000000001\","
        "\"resumed\":false,\"date\":1,\"when_busy\":\"reject\",\"history_complete\":true}}";

static struct {
        Loop *loop;
        WsServer *server;
        HubClient *client;
        bool works; /* each connection carries an event */
        bool fails; /* … and something that is of no use */
        char lost[MESSAGE_TEXT_MAX + 1];
        bool may_be_lost;
        size_t n_wanted;
        usec_t welcomed_at[N_WELCOMES];
        size_t n_welcomes;
} f;

static void on_hello(void *userdata, HubClient *client, Message *ret)
{
        *ret = (Message){.type = MESSAGE_HELLO, .id = 1};
        ret->hello.version = 1;
        (void)STR_SET(ret->hello.device, "desk");
}

/* As after a gap in the events that follow the welcome. */
static void on_welcomed(void *userdata, HubClient *client, const Message *message)
{
        f.welcomed_at[f.n_welcomes++] = clock_boottime();
        if (f.works)
                hub_client_worked(client);
        if (f.fails)
                hub_client_failed(client);
        if (f.n_welcomes < f.n_wanted)
                hub_client_retry(client);
        else
                (void)sd_event_exit(loop_event(f.loop), 0);
}

static void on_message(void *userdata, HubClient *client, const Message *message)
{
}

static void on_lost(void *userdata, HubClient *client, const HubClientLoss *loss)
{
        ck_assert_msg(f.may_be_lost, "%s", loss->text);
        (void)STR_SET(f.lost, loss->text);
        (void)sd_event_exit(loop_event(f.loop), 0);
}

static const HubClientEvents events = {on_hello, on_welcomed, on_message, on_lost};

static void new_client(const uid_t *owner)
{
        _cleanup_free_ char *url = str_printf("ws://127.0.0.1:%u", ws_server_port(f.server));
        const HubClientOptions options = {
                .hub = url, .token = "token", .owner = owner, .owner_remedy = "log in again"};

        ck_assert_int_eq(hub_client_new(f.loop, &options, &events, NULL, &f.client), 0);
}

static void connect_until(size_t n_welcomes)
{
        f.n_wanted = n_welcomes;
        new_client(NULL);
        ck_assert_int_eq(hub_client_connect(f.client), 0);
        ck_assert_int_eq(loop_run(f.loop), 0);
}

static void setup(void)
{
        ck_assert_int_eq(loop_new(&f.loop), 0);
        f.server = ws_server_start(&(WsServerOptions){.answer = welcome});
}

static void teardown(void)
{
        hub_client_free(f.client);
        loop_free(f.loop);
        (void)ws_server_stop(f.server);
}

/* Half of a wait is chance. */
static usec_t shortest_wait(size_t tries)
{
        return (BACKOFF_MIN_US << tries) / 2;
}

START_TEST(a_welcome_alone_does_not_shorten_the_wait)
{
        connect_until(4);
        for (size_t i = 0; i < 3; i++)
                ck_assert_uint_ge(f.welcomed_at[i + 1] - f.welcomed_at[i], shortest_wait(i));
}
END_TEST

START_TEST(after_a_connection_that_worked_the_wait_is_the_first)
{
        usec_t growing = 0;

        for (size_t i = 0; i < N_WELCOMES - 1; i++)
                growing += shortest_wait(i);
        f.works = true;
        connect_until(N_WELCOMES);
        ck_assert_uint_lt(f.welcomed_at[N_WELCOMES - 1] - f.welcomed_at[0], growing);
}
END_TEST

START_TEST(a_connection_that_the_hub_made_useless_does_not_shorten_the_wait)
{
        f.works = f.fails = true;
        connect_until(4);
        for (size_t i = 0; i < 3; i++)
                ck_assert_uint_ge(f.welcomed_at[i + 1] - f.welcomed_at[i], shortest_wait(i));
}
END_TEST

/* 192.0.2.1 is nobody's: RFC 5737. */
START_TEST(plain_text_that_is_not_allowed_any_more_is_not_tried)
{
        const HubClientOptions options = {
                .hub = "ws://192.0.2.1/v1/ws", .token = "token", .insecure = true};

        f.may_be_lost = true;
        ck_assert_int_eq(hub_client_new(f.loop, &options, &events, NULL, &f.client), 0);
        hub_client_allow_insecure(f.client, false);
        ck_assert_int_eq(hub_client_connect(f.client), 0);
        ck_assert_int_eq(loop_run(f.loop), 0);
        ck_assert_ptr_nonnull(strstr(f.lost, "ws:// is for this machine only"));
}
END_TEST

START_TEST(first_welcome_tells_whose_hub_it_is)
{
        new_client(NULL);
        ck_assert_ptr_null(hub_client_owner(f.client));
        f.client = hub_client_free(f.client);
        connect_until(1);
        ck_assert_ptr_nonnull(hub_client_owner(f.client));
        ck_assert_uint_eq(*hub_client_owner(f.client), geteuid());
}
END_TEST

START_TEST(who_owned_the_hub_at_the_login_gets_the_token_again)
{
        const uid_t owner = geteuid();

        f.n_wanted = 1;
        new_client(&owner);
        ck_assert_int_eq(hub_client_connect(f.client), 0);
        ck_assert_int_eq(loop_run(f.loop), 0);
        ck_assert_uint_eq(f.n_welcomes, 1);
}
END_TEST

static const uid_t others[] = {4242, PEER_OWNER_UNKNOWN};

START_TEST(somebody_else_at_the_port_of_the_hub_gets_no_token)
{
        _cleanup_free_ char *us = str_printf("a program of user %u listens", geteuid());

        f.may_be_lost = true;
        new_client(&others[_i]);
        ck_assert_int_eq(hub_client_connect(f.client), 0);
        ck_assert_int_eq(loop_run(f.loop), 0);
        ck_assert_msg(strstr(f.lost, us) && strstr(f.lost, "did not get the token") &&
                              strstr(f.lost, "if that is right, log in again"),
                      "%s", f.lost);
        ck_assert_uint_eq(ws_server_received(f.server), 0);
        /* A login that was right stays in force. */
        ck_assert_uint_eq(*hub_client_owner(f.client), others[_i]);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub-client");
        TCase *tcase = tcase_create("hub-client");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, a_welcome_alone_does_not_shorten_the_wait);
        tcase_add_test(tcase, a_connection_that_the_hub_made_useless_does_not_shorten_the_wait);
        tcase_add_test(tcase, after_a_connection_that_worked_the_wait_is_the_first);
        tcase_add_test(tcase, plain_text_that_is_not_allowed_any_more_is_not_tried);
        tcase_add_test(tcase, first_welcome_tells_whose_hub_it_is);
        tcase_add_test(tcase, who_owned_the_hub_at_the_login_gets_the_token_again);
        tcase_add_loop_test(tcase, somebody_else_at_the_port_of_the_hub_gets_no_token, 0,
                            ELEMENTSOF(others));
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
