/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/str.h"
#include "loop/websocket.h"
#include "suite.h"

static const struct {
        const char *url;
        Url expected;
} good[] = {
        {"ws://127.0.0.1", {false, "127.0.0.1", true, true, 8746, "/v1/ws"}},
        {"ws://127.9.9.9/", {false, "127.9.9.9", true, true, 8746, "/v1/ws"}},
        {"WS://LocalHost:80/x", {false, "LocalHost", true, true, 80, "/x"}},
        {"ws://[::1]:1/", {false, "::1", true, true, 1, "/v1/ws"}},
        {"ws://[2001:db8::1]:1/", {false, "2001:db8::1", true, false, 1, "/v1/ws"}},
        {"ws://192.0.2.1", {false, "192.0.2.1", true, false, 8746, "/v1/ws"}},
        {"wss://hub.example.org:65535/a/b?c=d",
         {true, "hub.example.org", false, false, 65535, "/a/b?c=d"}},
        {"ws+unix:/run/tring-hub/hub.sock",
         {false, "/run/tring-hub/hub.sock", true, true, 0, "/v1/ws", .is_socket = true}},
        {"WS+UNIX:///run/hub:/x?y=z",
         {false, "/run/hub", true, true, 0, "/x?y=z", .is_socket = true}},
        {"wss://127.0.0.1.example.org",
         {true, "127.0.0.1.example.org", false, false, 8746, "/v1/ws"}},
};

START_TEST(the_parts_of_a_url_are_found)
{
        const Url *expected = &good[_i].expected;
        const char *text;
        Url url;

        ck_assert_int_eq(url_parse(good[_i].url, 8746, "/v1/ws", &url, &text), 0);
        ck_assert_int_eq(url.tls, expected->tls);
        ck_assert_str_eq(url.host, expected->host);
        ck_assert_int_eq(url.literal, expected->literal);
        ck_assert_int_eq(url.loopback, expected->loopback);
        ck_assert_int_eq(url.is_socket, expected->is_socket);
        ck_assert_uint_eq(url.port, expected->port);
        ck_assert_str_eq(url.path, expected->path);
}
END_TEST

static const struct {
        const char *url, *sentence;
} bad[] = {
        {"", "the URL does not begin with wss://, ws:// or https://"},
        {"http://localhost", "the URL does not begin with wss://, ws:// or https://"},
        {"ws:/localhost", "the URL does not begin with wss://, ws:// or https://"},
        {"ws+unix:", "ws+unix: needs the absolute path of a socket"},
        {"ws+unix:/", "ws+unix: needs the absolute path of a socket"},
        {"ws+unix://run/hub", "ws+unix: needs the absolute path of a socket"},
        {"ws+unix:run/hub", "ws+unix: needs the absolute path of a socket"},
        {"ws+unix:/run/hub?x", "only ':' and a path may follow the socket in the URL"},
        {"ws+unix:/run/hub:x", "only ':' and a path may follow the socket in the URL"},
        {"ws://", "the URL has no host"},
        {"ws://:80", "the URL has no host"},
        {"ws:///path", "the URL has no host"},
        {"ws://a b", "the URL has characters that are not allowed in a URL"},
        {"ws://a\n", "the URL has characters that are not allowed in a URL"},
        {"wss://hüb", "the URL has letters beyond ASCII: write a name that has some in its form "
                      "with xn--"},
        {"wss://user@hub", "the URL may have neither '@' nor '#'"},
        {"wss://hub/#top", "the URL may have neither '@' nor '#'"},
        {"wss://hub:", "the port in the URL is not a number from 1 to 65535"},
        {"wss://hub:0", "the port in the URL is not a number from 1 to 65535"},
        {"wss://hub:65536", "the port in the URL is not a number from 1 to 65535"},
        {"wss://hub:4294967297", "the port in the URL is not a number from 1 to 65535"},
        {"wss://hub:80x", "only a path may follow the host in the URL"},
        {"wss://hub?x", "only a path may follow the host in the URL"},
        {"ws://[::1", "the URL's '[' has no ']'"},
        {"ws://[hub]", "the brackets in the URL do not hold an IPv6 address"},
        {"wss://[::1]", "wss:// needs a name or an IPv4 address"},
        {"wss://h$b", "the host in the URL has characters that are not allowed in a host name"},
        {"ws://192.0.2.1", "ws:// is for this machine only: others need wss://"},
        {"ws://localhost.example.org", "ws:// is for this machine only: others need wss://"},
        {"ws://127.0.0.1.example.org", "ws:// is for this machine only: others need wss://"},
};

START_TEST(what_is_wrong_with_a_url_is_reported)
{
        const char *text = NULL;

        ck_assert_int_eq(websocket_check_url(bad[_i].url, false, &text), -EINVAL);
        ck_assert_str_eq(text, bad[_i].sentence);
}
END_TEST

static const struct {
        const char *typed, *url;
} typed[] = {
        {"wss://hub.example.org", "wss://hub.example.org"},
        {"WSS://hub.example.org/v1/ws", "WSS://hub.example.org/v1/ws"},
        {"wss://hub.example.org/v1/ws/", "wss://hub.example.org/v1/ws"},
        {"ws://127.0.0.1:1234/other/", "ws://127.0.0.1:1234/other/"},
        {"https://hub.example.org", "wss://hub.example.org:443/v1/ws"},
        {"HTTPS://hub.example.org/", "wss://hub.example.org:443/v1/ws"},
        {"https://hub.example.org:8746/", "wss://hub.example.org:8746/v1/ws"},
        {"https://example.org/tring/", "wss://example.org:443/tring/v1/ws"},
        {"https://example.org/v1/ws", "wss://example.org:443/v1/ws"},
        {"https://example.org/v1/ws/", "wss://example.org:443/v1/ws"},
        {"https://example.org/?a=/", "wss://example.org:443/?a=/"},
        {"https://[2001:db8::1]/", "wss://[2001:db8::1]:443/v1/ws"},
        {"https://[2001:db8::1]:1/", "wss://[2001:db8::1]:1/v1/ws"},
        {"http://localhost:8746/", "ws://localhost:8746/v1/ws"},
        {"http://hub.example.org/", "ws://hub.example.org:80/v1/ws"},
        {"hub.example.org", "wss://hub.example.org"},
        {"hub.example.org:8746", "wss://hub.example.org:8746"},
        {"hub.example.org/v1/ws", "wss://hub.example.org/v1/ws"},
        {"/run/tring-hub/hub.sock", "ws+unix:/run/tring-hub/hub.sock"},
        {"ws+unix:/run/hub", "ws+unix:/run/hub"},
        {"localhost", "ws://localhost"},
        {"127.0.0.1:8746", "ws://127.0.0.1:8746"},
        {"[::1]:8746", "ws://[::1]:8746"},
        {"", ""},
        {"ftp://hub", "ftp://hub"},
        {"ws:/hub", "ws:/hub"},
};

START_TEST(what_people_type_for_a_url_is_understood)
{
        char url[URL_MAX + 1];

        ck_assert_int_eq(url_complete(typed[_i].typed, url), 0);
        ck_assert_str_eq(url, typed[_i].url);
}
END_TEST

/* "127." is not enough to be this machine: the name is judged by its whole. */
START_TEST(a_name_that_only_begins_like_this_machine_gets_no_plain_connection)
{
        char url[URL_MAX + 1];
        const char *text;

        ck_assert_int_eq(url_complete("127.example.org", url), 0);
        ck_assert_int_eq(websocket_check_url(url, false, &text), -EINVAL);
        ck_assert_str_eq(text, "ws:// is for this machine only: others need wss://");
        ck_assert_int_eq(url_complete("http://hub.example.org/", url), 0);
        ck_assert_int_eq(websocket_check_url(url, false, &text), -EINVAL);
        ck_assert_str_eq(text, "ws:// is for this machine only: others need wss://");
}
END_TEST

START_TEST(what_is_typed_is_completed_up_to_the_longest_url)
{
        char host[URL_MAX + 2], url[URL_MAX + 1];

        memset(host, 'a', sizeof(host));
        host[URL_MAX - 6] = '\0';
        ck_assert_int_eq(url_complete(host, url), 0);
        ck_assert_uint_eq(strlen(url), URL_MAX);
        host[URL_MAX - 6] = 'a';
        host[URL_MAX - 5] = '\0';
        ck_assert_int_eq(url_complete(host, url), -E2BIG);
        memcpy(host, "https://", 8);
        host[URL_MAX - 8] = '\0';
        ck_assert_int_eq(url_complete(host, url), 0);
        ck_assert_uint_eq(strlen(url), URL_MAX);
        host[URL_MAX - 8] = 'a';
        host[URL_MAX - 7] = '\0';
        ck_assert_int_eq(url_complete(host, url), -E2BIG);
        memset(host, 'a', sizeof(host));
        host[URL_MAX + 1] = '\0';
        ck_assert_int_eq(url_complete(host, url), -E2BIG);
}
END_TEST

START_TEST(plain_connections_elsewhere_need_to_be_called_insecure)
{
        const char *text;

        ck_assert_int_eq(websocket_check_url("ws://192.0.2.1", true, &text), 0);
}
END_TEST

START_TEST(lengths_are_bounded)
{
        char url[URL_MAX + 2] = "wss://hub/";
        char host[URL_HOST_MAX + 8] = "wss://";
        char path[URL_SOCKET_MAX + 10] = "ws+unix:/";
        const char *text;

        memset(url + 10, 'a', URL_MAX - 10);
        ck_assert_int_eq(websocket_check_url(url, false, &text), 0);
        strcat(url, "a");
        ck_assert_int_eq(websocket_check_url(url, false, &text), -EINVAL);
        memset(host + 6, 'a', URL_HOST_MAX);
        ck_assert_int_eq(websocket_check_url(host, false, &text), 0);
        strcat(host, "a");
        ck_assert_int_eq(websocket_check_url(host, false, &text), -EINVAL);
        ck_assert_str_eq(text, "the host in the URL is longer than 127 bytes");
        memset(path + 9, 'a', URL_SOCKET_MAX - 1);
        ck_assert_int_eq(websocket_check_url(path, false, &text), 0);
        strcat(path, "a");
        ck_assert_int_eq(websocket_check_url(path, false, &text), -EINVAL);
        ck_assert_str_eq(text, "the path of the socket in the URL is longer than 107 bytes");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("url");
        TCase *tcase = tcase_create("url");

        tcase_add_loop_test(tcase, the_parts_of_a_url_are_found, 0, ELEMENTSOF(good));
        tcase_add_loop_test(tcase, what_is_wrong_with_a_url_is_reported, 0, ELEMENTSOF(bad));
        tcase_add_loop_test(tcase, what_people_type_for_a_url_is_understood, 0, ELEMENTSOF(typed));
        tcase_add_test(tcase, a_name_that_only_begins_like_this_machine_gets_no_plain_connection);
        tcase_add_test(tcase, what_is_typed_is_completed_up_to_the_longest_url);
        tcase_add_test(tcase, plain_connections_elsewhere_need_to_be_called_insecure);
        tcase_add_test(tcase, lengths_are_bounded);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
