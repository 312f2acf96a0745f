/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/str.h"
#include "suite.h"
#include "ws-fixture.h"

START_TEST(a_message_goes_there_and_comes_back)
{
        f.say = "{\"id\":1}";
        fixture_connect(&(WsServerOptions){0}, "127.0.0.1");
        ck_assert_uint_eq(f.n_opened, 0);
        fixture_run();
        ck_assert_uint_eq(f.n_opened, 1);
        ck_assert_str_eq(f.message, f.say);
}
END_TEST

START_TEST(localhost_needs_no_resolver)
{
        fixture_connect(&(WsServerOptions){0}, "localhost");
        fixture_run();
        ck_assert_uint_eq(f.n_opened, 1);
}
END_TEST

START_TEST(fragments_are_put_together)
{
        f.say = "fragments";
        fixture_connect(&(WsServerOptions){0}, "127.0.0.1");
        fixture_run();
        ck_assert_str_eq(f.message, "one two");
        ck_assert_uint_eq(f.n_messages, 1);
}
END_TEST

START_TEST(a_message_of_64_kib_is_taken)
{
        f.say = "send 65536";
        fixture_connect(&(WsServerOptions){0}, "127.0.0.1");
        fixture_run();
        ck_assert_uint_eq(f.length, 65536);
        ck_assert_uint_eq(f.n_closed, 0);
}
END_TEST

START_TEST(a_longer_message_ends_the_connection)
{
        f.say = "send 65537";
        fixture_connect(&(WsServerOptions){0}, "127.0.0.1");
        fixture_run();
        ck_assert_uint_eq(f.n_messages, 0);
        ck_assert_uint_eq(f.n_closed, 1);
        ck_assert_str_eq(f.reason, "the other side sent a message longer than 64 KiB");
}
END_TEST

START_TEST(a_binary_message_ends_the_connection)
{
        f.say = "binary";
        fixture_connect(&(WsServerOptions){0}, "127.0.0.1");
        fixture_run();
        ck_assert_str_eq(f.reason, "the other side sent a binary message");
        ck_assert_uint_eq(ws_server_stop(TAKE_PTR(f.server)), 1003);
}
END_TEST

START_TEST(the_close_code_and_what_was_said_arrive)
{
        f.say = "close 4001 your token is not known";
        fixture_connect(&(WsServerOptions){0}, "127.0.0.1");
        fixture_run();
        ck_assert_uint_eq(f.code, 4001);
        ck_assert_str_eq(f.reason, "the other side closed the connection: your token is not known");
        ck_assert_uint_eq(f.n_closed, 1);
        ck_assert_int_eq(websocket_send(f.websocket, "a", 1), -ENOTCONN);
}
END_TEST

START_TEST(a_connection_that_breaks_has_no_code)
{
        f.say = "vanish";
        fixture_connect(&(WsServerOptions){0}, "127.0.0.1");
        fixture_run();
        ck_assert_uint_eq(f.n_closed, 1);
        ck_assert_uint_eq(f.code, 0);
        ck_assert_str_eq(f.reason, "the connection broke");
}
END_TEST

static int close_it(sd_event_source *source, void *userdata)
{
        ck_assert_int_eq(websocket_send(f.websocket, "last words", 10), 0);
        websocket_close(f.websocket, 1000);
        ck_assert_int_eq(websocket_send(f.websocket, "too late", 8), -ENOTCONN);
        return 0;
}

static void on_opened_close(void *userdata)
{
        ck_assert_int_ge(sd_event_add_defer(loop_event(f.loop), NULL, close_it, NULL), 0);
}

START_TEST(closing_sends_what_is_queued_and_the_code)
{
        const WebSocketEvents events = {on_opened_close, fixture_on_message, fixture_on_closed};
        _cleanup_free_ char *url = NULL;

        f.server = ws_server_start(&(WsServerOptions){0});
        url = str_printf("ws://127.0.0.1:%u/", (unsigned)ws_server_port(f.server));
        const WebSocketOptions options = {.url = url, .path = "/", .subprotocol = "tring.v1"};

        ck_assert_int_eq(websocket_new(f.loop, &options, &events, NULL, &f.websocket), 0);
        fixture_run();
        ck_assert_uint_eq(f.n_closed, 1);
        ck_assert_str_eq(f.reason, "closed");
        ck_assert_uint_eq(f.code, 0);
        ck_assert_uint_eq(ws_server_stop(TAKE_PTR(f.server)), 1000);
}
END_TEST

START_TEST(a_websocket_may_be_freed_in_its_own_message)
{
        f.say = "hello";
        f.free_on_message = true;
        fixture_connect(&(WsServerOptions){0}, "127.0.0.1");
        fixture_run();
        ck_assert_ptr_null(f.websocket);
        ck_assert_uint_eq(f.n_closed, 0);
}
END_TEST

START_TEST(a_port_where_nobody_listens_is_said)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof(address);
        _cleanup_free_ char *url = NULL, *reason = NULL;
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        /* Bound, but not listening: nobody else gets the port. */
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
        url = str_printf("ws://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
        fixture_connect_url(url, 0);
        fixture_run();
        reason = str_printf("cannot connect to 127.0.0.1 port %u: nobody answers there",
                            (unsigned)ntohs(address.sin_port));
        ck_assert_str_eq(f.reason, reason);
        ck_assert_uint_eq(f.n_closed, 1);
        ck_assert_uint_eq(f.code, 0);
}
END_TEST

START_TEST(a_name_that_does_not_exist_is_said)
{
        /* RFC 6761: never resolves. */
        const WebSocketOptions options = {.url = "ws://no-such-host.invalid",
                                          .path = "/",
                                          .subprotocol = "tring.v1",
                                          .default_port = 1,
                                          .insecure = true};
        const WebSocketEvents events = {fixture_on_opened, fixture_on_message, fixture_on_closed};

        ck_assert_int_eq(websocket_new(f.loop, &options, &events, NULL, &f.websocket), 0);
        fixture_run();
        ck_assert_ptr_nonnull(strstr(f.reason, "cannot find no-such-host.invalid: "));
}
END_TEST

START_TEST(a_server_that_speaks_something_else_is_refused)
{
        fixture_connect(&(WsServerOptions){.subprotocol = "chat"}, "127.0.0.1");
        fixture_run();
        ck_assert_uint_eq(f.n_opened, 0);
        ck_assert_uint_eq(f.n_closed, 1);
        ck_assert_ptr_nonnull(strstr(f.reason, "127.0.0.1"));
}
END_TEST

START_TEST(silence_ends_the_connection)
{
        _cleanup_free_ char *url = NULL;

        f.server = ws_server_start(&(WsServerOptions){0});
        url = str_printf("ws://127.0.0.1:%u", (unsigned)ws_server_port(f.server));
        f.say = "quiet";
        fixture_connect_url(url, 1);
        fixture_run();
        ck_assert_uint_eq(f.n_closed, 1);
        ck_assert_ptr_nonnull(strstr(f.reason, "nothing heard for"));
        ck_assert_uint_eq(f.code, 0);
}
END_TEST

START_TEST(pings_keep_the_connection)
{
        usec_t from = clock_boottime();
        _cleanup_free_ char *url = NULL;

        f.server = ws_server_start(&(WsServerOptions){0});
        url = str_printf("ws://127.0.0.1:%u", (unsigned)ws_server_port(f.server));
        f.say = "pings";
        fixture_connect_url(url, 1);
        fixture_run();
        /* The server says so after two and a half times the silence that would have ended it. */
        ck_assert_str_eq(f.message, "enough");
        ck_assert_uint_ge(clock_boottime() - from, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(f.n_closed, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("websocket");
        TCase *tcase = tcase_create("plain");

        tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
        tcase_set_timeout(tcase, 30);
        tcase_add_test(tcase, a_message_goes_there_and_comes_back);
        tcase_add_test(tcase, localhost_needs_no_resolver);
        tcase_add_test(tcase, fragments_are_put_together);
        tcase_add_test(tcase, a_message_of_64_kib_is_taken);
        tcase_add_test(tcase, a_longer_message_ends_the_connection);
        tcase_add_test(tcase, a_binary_message_ends_the_connection);
        tcase_add_test(tcase, the_close_code_and_what_was_said_arrive);
        tcase_add_test(tcase, a_connection_that_breaks_has_no_code);
        tcase_add_test(tcase, closing_sends_what_is_queued_and_the_code);
        tcase_add_test(tcase, a_websocket_may_be_freed_in_its_own_message);
        tcase_add_test(tcase, a_port_where_nobody_listens_is_said);
        tcase_add_test(tcase, a_name_that_does_not_exist_is_said);
        tcase_add_test(tcase, a_server_that_speaks_something_else_is_refused);
        tcase_add_test(tcase, silence_ends_the_connection);
        tcase_add_test(tcase, pings_keep_the_connection);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
