/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
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

/* A hub refuses the pages of strangers by it. */
START_TEST(a_device_names_no_origin)
{
        f.say = "origin";
        fixture_connect(&(WsServerOptions){0}, "127.0.0.1");
        fixture_run();
        ck_assert_str_eq(f.message, "none");
}
END_TEST

static char *make_folder(void)
{
        static char folder[] = "/tmp/test-websocket-XXXXXX";

        ck_assert_ptr_nonnull(mkdtemp(folder));
        return folder;
}

START_TEST(a_unix_socket_is_a_way_too)
{
        char *folder = make_folder();
        _cleanup_free_ char *path = str_printf("%s/socket", folder);
        _cleanup_free_ char *url = str_printf("ws+unix:%s", path);
        uid_t owner;

        f.say = "{\"id\":1}";
        f.server = ws_server_start(&(WsServerOptions){.socket = path});
        fixture_connect_url(url, 0);
        fixture_run();
        ck_assert_str_eq(f.message, f.say);
        ck_assert_int_eq(websocket_peer_owner(f.websocket, &owner), 0);
        ck_assert_uint_eq(owner, geteuid());
        (void)unlink(path);
        ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(a_socket_that_is_not_there_is_named)
{
        fixture_connect_url("ws+unix:/nonexistent/socket", 0);
        fixture_run();
        ck_assert_str_eq(f.reason, "cannot connect to /nonexistent/socket: nobody answers there");
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

START_TEST(a_port_where_nobody_listens_is_reported)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof(address);
        _cleanup_free_ char *url = NULL, *reason = NULL;
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        /* Bound but not listening, so that nobody else gets the port. */
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

START_TEST(a_name_that_does_not_exist_is_reported)
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
        /* As the machine has a name server or none. */
        ck_assert_msg(str_eq(f.reason, "cannot find no-such-host.invalid: there is no such name") ||
                              str_eq(f.reason, "cannot find no-such-host.invalid: no name server "
                                               "answers; is this machine online?"),
                      "the reason is: %s", f.reason);
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

/* getaddrinfo() takes this for an old form of 127.0.0.1; here it is a name to look up. */
static void connect_by_name(const WebSocketEvents *events)
{
        _cleanup_free_ char *url = NULL;

        f.server = ws_server_start(&(WsServerOptions){0});
        url = str_printf("ws://127.1:%u", (unsigned)ws_server_port(f.server));
        const WebSocketOptions options = {
                .url = url, .path = "/", .subprotocol = "tring.v1", .insecure = true};

        ck_assert_int_eq(websocket_new(f.loop, &options, events, NULL, &f.websocket), 0);
}

START_TEST(a_name_is_looked_up)
{
        const WebSocketEvents events = {fixture_on_opened, fixture_on_message, fixture_on_closed};

        connect_by_name(&events);
        fixture_run();
        ck_assert_msg(f.n_opened == 1, "the reason is: %s", f.reason);
        ck_assert_uint_eq(f.n_closed, 0);
}
END_TEST

static int close_early(sd_event_source *source, void *userdata)
{
        websocket_close(f.websocket, 1000);
        return 0;
}

static void never_opened(void *userdata)
{
        ck_abort_msg("it was opened after it was closed");
}

static int enough(sd_event_source *source, uint64_t usec, void *userdata)
{
        return sd_event_exit(loop_event(f.loop), 0);
}

/* Lookup and connection would take a few milliseconds. */
static void closed_early(void *userdata, unsigned code, const char *reason)
{
        f.n_closed++;
        ck_assert_str_eq(reason, "closed before it was open");
        ck_assert_int_ge(sd_event_add_time_relative(loop_event(f.loop), NULL, CLOCK_BOOTTIME,
                                                    100 * USEC_PER_MSEC, 1, enough, NULL),
                         0);
}

START_TEST(closing_while_the_name_is_looked_up_is_the_end)
{
        const WebSocketEvents events = {never_opened, fixture_on_message, closed_early};

        connect_by_name(&events);
        /* After the WebSocket's own first step, in the order in which they were made. */
        ck_assert_int_ge(sd_event_add_defer(loop_event(f.loop), NULL, close_early, NULL), 0);
        fixture_run();
        ck_assert_uint_eq(f.n_closed, 1);
}
END_TEST

START_TEST(a_message_of_64_kib_goes_there)
{
        char *text = malloc(WEBSOCKET_MESSAGE_MAX + 1);

        ck_assert_ptr_nonnull(text);
        memset(text, 'y', WEBSOCKET_MESSAGE_MAX);
        text[WEBSOCKET_MESSAGE_MAX] = '\0';
        f.say = text;
        fixture_connect(&(WsServerOptions){0}, "127.0.0.1");
        fixture_run();
        ck_assert_uint_eq(f.length, WEBSOCKET_MESSAGE_MAX);
        ck_assert(memcmp(f.message, text, f.length) == 0);
        free(text);
}
END_TEST

/* More than two socket buffers and the WebSocket's queue hold. */
#define SOCKET_MAX (64 * 1024 * 1024)

static void send_too_much(void *userdata)
{
        static char text[WEBSOCKET_MESSAGE_MAX + 1];
        size_t n = 0;

        memset(text, 'z', sizeof(text));
        ck_assert_int_eq(websocket_send(f.websocket, text, sizeof(text)), -EMSGSIZE);
        ws_server_pause(f.server, true);
        while (n < SOCKET_MAX && websocket_send(f.websocket, text, WEBSOCKET_MESSAGE_MAX) == 0)
                n += WEBSOCKET_MESSAGE_MAX;
        ws_server_pause(f.server, false);
        ck_assert_uint_ge(n, WEBSOCKET_QUEUE_MAX);
        ck_assert_uint_lt(n, SOCKET_MAX);
        ck_assert_int_eq(websocket_send(f.websocket, text, WEBSOCKET_MESSAGE_MAX), -ENOBUFS);
        sd_event_exit(loop_event(f.loop), 0);
}

START_TEST(what_waits_to_be_written_is_bounded)
{
        const WebSocketEvents events = {send_too_much, fixture_on_message, fixture_on_closed};
        _cleanup_free_ char *url = NULL;

        f.server = ws_server_start(&(WsServerOptions){0});
        url = str_printf("ws://127.0.0.1:%u/", (unsigned)ws_server_port(f.server));
        const WebSocketOptions options = {.url = url, .path = "/", .subprotocol = "tring.v1"};

        ck_assert_int_eq(websocket_new(f.loop, &options, &events, NULL, &f.websocket), 0);
        fixture_run();
        ck_assert_uint_eq(f.n_closed, 0);
}
END_TEST

START_TEST(a_proxy_in_the_environment_is_not_asked)
{
        ck_assert_int_eq(setenv("http_proxy", "127.0.0.1:9", 1), 0);
        fixture_connect(&(WsServerOptions){0}, "127.0.0.1");
        fixture_run();
        ck_assert_uint_eq(f.n_opened, 1);
}
END_TEST

/* ---- what answers is no hub ---- */

/* Takes one connection, reads what comes first, and says `userdata`. */
static int say_something_else(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        const char *answer = userdata;
        char request[2048];
        _cleanup_close_ int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

        ck_assert_int_ge(client, 0);
        ck_assert_int_gt(read(client, request, sizeof(request)), 0);
        ck_assert_int_eq(write(client, answer, strlen(answer)), (int)strlen(answer));
        return 0;
}

/* Connects to a server that answers so; f.reason then ends with `why`. */
static void assert_answer_is_refused(const char *answer, const char *why)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof(address);
        _cleanup_free_ char *url = NULL, *reason = NULL;
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
        ck_assert_int_eq(listen(fd, 1), 0);
        ck_assert_int_ge(sd_event_add_io(loop_event(f.loop), NULL, fd, EPOLLIN, say_something_else,
                                         (void *)answer),
                         0);
        url = str_printf("ws://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
        fixture_connect_url(url, 0);
        fixture_run();
        ck_assert_uint_eq(f.n_opened, 0);
        ck_assert_uint_eq(f.n_closed, 1);
        reason = str_printf("cannot connect to 127.0.0.1 port %u: %s",
                            (unsigned)ntohs(address.sin_port), why);
        ck_assert_str_eq(f.reason, reason);
}

START_TEST(a_redirection_is_not_followed)
{
        _cleanup_free_ char *answer = NULL;

        f.server = ws_server_start(&(WsServerOptions){0});
        answer = str_printf("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
                            "Location: http://127.0.0.1:%u/v1/ws\r\n\r\n",
                            (unsigned)ws_server_port(f.server));
        assert_answer_is_refused(
                answer, "302 (elsewhere): no hub; does this network want a login in a browser?");
}
END_TEST

static const struct {
        const char *answer, *why;
} other_answers[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlogin",
         "200 OK: a web page, no hub; does this network want a login in a browser?"},
        {"HTTP/1.0 200 OK\r\n\r\n<html>",
         "200 OK: a web page, no hub; does this network want a login in a browser?"},
        {"HTTP/1.1 204 No Content\r\n\r\n",
         "204: a web server, no hub; does this network want a login in a browser?"},
        {"HTTP/1.1 301 Moved Permanently\r\n\r\n",
         "301 (elsewhere): no hub; does this network want a login in a browser?"},
        {"HTTP/1.1 400 Bad Request\r\n\r\n",
         "400 Bad Request: a web server, no hub, or one that wants wss://"},
        {"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n",
         "401 Unauthorized: a server before the hub wants a password of its own"},
        {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
         "403 Forbidden: a server before the hub lets nobody in from here"},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
         "404 Not Found: there is no hub at this path; the usual one is /v1/ws"},
        {"HTTP/1.1 418 I'm a teapot\r\n\r\n", "418: a web server answers there, and no hub"},
        {"HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n",
         "502 Bad Gateway: no hub behind this proxy, or it does not pass WebSocket upgrades"},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Protocol: tring.v1\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
         "101: it agrees to a WebSocket, but breaks the protocol"},
        {"SSH-2.0-OpenSSH_9.2p1\r\n",
         "what listens there hangs up, or is no web server; is the port right?"},
        {"", "what listens there hangs up, or is no web server; is the port right?"},
};

START_TEST(an_answer_that_is_no_websocket_is_named_for_what_it_is)
{
        assert_answer_is_refused(other_answers[_i].answer, other_answers[_i].why);
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
        ck_assert_ptr_nonnull(strstr(f.reason, "received nothing for"));
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
        /* The server sends this after two and a half times the silence that would have ended it. */
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
        tcase_add_test(tcase, a_device_names_no_origin);
        tcase_add_test(tcase, a_unix_socket_is_a_way_too);
        tcase_add_test(tcase, a_socket_that_is_not_there_is_named);
        tcase_add_test(tcase, fragments_are_put_together);
        tcase_add_test(tcase, a_message_of_64_kib_is_taken);
        tcase_add_test(tcase, a_longer_message_ends_the_connection);
        tcase_add_test(tcase, a_binary_message_ends_the_connection);
        tcase_add_test(tcase, the_close_code_and_what_was_said_arrive);
        tcase_add_test(tcase, a_connection_that_breaks_has_no_code);
        tcase_add_test(tcase, closing_sends_what_is_queued_and_the_code);
        tcase_add_test(tcase, a_websocket_may_be_freed_in_its_own_message);
        tcase_add_test(tcase, a_port_where_nobody_listens_is_reported);
        tcase_add_test(tcase, a_name_that_does_not_exist_is_reported);
        tcase_add_test(tcase, a_server_that_speaks_something_else_is_refused);
        tcase_add_test(tcase, a_name_is_looked_up);
        tcase_add_test(tcase, closing_while_the_name_is_looked_up_is_the_end);
        tcase_add_test(tcase, a_message_of_64_kib_goes_there);
        tcase_add_test(tcase, what_waits_to_be_written_is_bounded);
        tcase_add_test(tcase, a_proxy_in_the_environment_is_not_asked);
        tcase_add_test(tcase, a_redirection_is_not_followed);
        tcase_add_loop_test(tcase, an_answer_that_is_no_websocket_is_named_for_what_it_is, 0,
                            ELEMENTSOF(other_answers));
        tcase_add_test(tcase, silence_ends_the_connection);
        tcase_add_test(tcase, pings_keep_the_connection);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
