/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/str.h"
#include "loop/websocket.h"
#include "suite.h"
#include "ws-server.h"

#define DEADLINE_US (20 * USEC_PER_SEC)

/* One WebSocket, and what came of it. */
typedef struct Fixture {
        Loop *loop;
        WsServer *server;
        WebSocket *websocket;
        const char *say; /* once it is open */
        bool free_on_message;
        unsigned n_opened, n_messages, n_closed;
        char *message; /* the last */
        size_t length;
        unsigned code;
        char reason[256];
} Fixture;

static Fixture f;

static void on_opened(void *userdata)
{
        f.n_opened++;
        if (f.say)
                ck_assert_int_eq(websocket_send(f.websocket, f.say, strlen(f.say)), 0);
        else
                sd_event_exit(loop_event(f.loop), 0);
}

static void on_message(void *userdata, const char *text, size_t length)
{
        f.n_messages++;
        free(f.message);
        f.message = strdup(text);
        f.length = length;
        ck_assert_uint_eq(strlen(text), length);
        if (f.free_on_message)
                f.websocket = websocket_free(f.websocket);
        sd_event_exit(loop_event(f.loop), 0);
}

static void on_closed(void *userdata, unsigned code, const char *reason)
{
        f.n_closed++;
        f.code = code;
        ck_assert_int_eq(STR_SET(f.reason, reason), 0);
        sd_event_exit(loop_event(f.loop), 0);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
        ck_abort_msg("nothing happened");
}

static void setup(void)
{
        ck_assert_int_eq(loop_new(&f.loop), 0);
        ck_assert_int_ge(sd_event_add_time(loop_event(f.loop), NULL, CLOCK_BOOTTIME,
                                           clock_boottime() + DEADLINE_US, 0, on_deadline, NULL),
                         0);
}

static void teardown(void)
{
        websocket_free(f.websocket);
        loop_free(f.loop);
        free(f.message);
        if (f.server)
                ws_server_stop(f.server);
}

static void connect_url(const char *url, unsigned silent_after_s)
{
        const WebSocketOptions options = {
                .url = url,
                .path = "/v1/ws",
                .subprotocol = "tring.v1",
                .default_port = 8746,
                .silent_after_s = silent_after_s,
        };
        const WebSocketEvents events = {on_opened, on_message, on_closed};

        ck_assert_int_eq(websocket_new(f.loop, &options, &events, NULL, &f.websocket), 0);
}

static void connect_server(const WsServerOptions *options, const char *host)
{
        _cleanup_free_ char *url = NULL;

        f.server = ws_server_start(options);
        url = str_printf("%s://%s:%u", options->certificate ? "wss" : "ws", host,
                         (unsigned)ws_server_port(f.server));
        connect_url(url, 0);
}

static void run(void)
{
        ck_assert_int_eq(loop_run(f.loop), 0);
}

START_TEST(a_message_goes_there_and_comes_back)
{
        f.say = "{\"id\":1}";
        connect_server(&(WsServerOptions){0}, "127.0.0.1");
        ck_assert_uint_eq(f.n_opened, 0);
        run();
        ck_assert_uint_eq(f.n_opened, 1);
        ck_assert_str_eq(f.message, f.say);
}
END_TEST

START_TEST(localhost_needs_no_resolver)
{
        connect_server(&(WsServerOptions){0}, "localhost");
        run();
        ck_assert_uint_eq(f.n_opened, 1);
}
END_TEST

START_TEST(fragments_are_put_together)
{
        f.say = "fragments";
        connect_server(&(WsServerOptions){0}, "127.0.0.1");
        run();
        ck_assert_str_eq(f.message, "one two");
        ck_assert_uint_eq(f.n_messages, 1);
}
END_TEST

START_TEST(a_message_of_64_kib_is_taken)
{
        f.say = "send 65536";
        connect_server(&(WsServerOptions){0}, "127.0.0.1");
        run();
        ck_assert_uint_eq(f.length, 65536);
        ck_assert_uint_eq(f.n_closed, 0);
}
END_TEST

START_TEST(a_longer_message_ends_the_connection)
{
        f.say = "send 65537";
        connect_server(&(WsServerOptions){0}, "127.0.0.1");
        run();
        ck_assert_uint_eq(f.n_messages, 0);
        ck_assert_uint_eq(f.n_closed, 1);
        ck_assert_str_eq(f.reason, "the other side sent a message longer than 64 KiB");
}
END_TEST

START_TEST(a_binary_message_ends_the_connection)
{
        f.say = "binary";
        connect_server(&(WsServerOptions){0}, "127.0.0.1");
        run();
        ck_assert_str_eq(f.reason, "the other side sent a binary message");
        ck_assert_uint_eq(ws_server_stop(TAKE_PTR(f.server)), 1003);
}
END_TEST

START_TEST(the_close_code_and_what_was_said_arrive)
{
        f.say = "close 4001 your token is not known";
        connect_server(&(WsServerOptions){0}, "127.0.0.1");
        run();
        ck_assert_uint_eq(f.code, 4001);
        ck_assert_str_eq(f.reason, "the other side closed the connection: your token is not known");
        ck_assert_uint_eq(f.n_closed, 1);
        ck_assert_int_eq(websocket_send(f.websocket, "a", 1), -ENOTCONN);
}
END_TEST

START_TEST(a_connection_that_breaks_has_no_code)
{
        f.say = "vanish";
        connect_server(&(WsServerOptions){0}, "127.0.0.1");
        run();
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
        const WebSocketEvents events = {on_opened_close, on_message, on_closed};
        _cleanup_free_ char *url = NULL;

        f.server = ws_server_start(&(WsServerOptions){0});
        url = str_printf("ws://127.0.0.1:%u/", (unsigned)ws_server_port(f.server));
        const WebSocketOptions options = {.url = url, .path = "/", .subprotocol = "tring.v1"};

        ck_assert_int_eq(websocket_new(f.loop, &options, &events, NULL, &f.websocket), 0);
        run();
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
        connect_server(&(WsServerOptions){0}, "127.0.0.1");
        run();
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
        connect_url(url, 0);
        run();
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
        const WebSocketEvents events = {on_opened, on_message, on_closed};

        ck_assert_int_eq(websocket_new(f.loop, &options, &events, NULL, &f.websocket), 0);
        run();
        ck_assert_ptr_nonnull(strstr(f.reason, "cannot find no-such-host.invalid: "));
}
END_TEST

START_TEST(a_server_that_speaks_something_else_is_refused)
{
        connect_server(&(WsServerOptions){.subprotocol = "chat"}, "127.0.0.1");
        run();
        ck_assert_uint_eq(f.n_opened, 0);
        ck_assert_uint_eq(f.n_closed, 1);
        ck_assert_ptr_nonnull(strstr(f.reason, "127.0.0.1"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("websocket");
        TCase *tcase = tcase_create("plain");

        tcase_add_checked_fixture(tcase, setup, teardown);
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
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
