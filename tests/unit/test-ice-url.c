/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/ice-url.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "suite.h"

static const struct {
        const char *url, *name; /* NULL: none */
        const char *at_v4, *at_v6;
} urls[] = {
        {"stun:stun.example.org", "stun.example.org", "stun:192.0.2.7", "stun:[2001:db8::1]"},
        {"stun:stun.example.org:3478", "stun.example.org", "stun:192.0.2.7:3478",
         "stun:[2001:db8::1]:3478"},
        {"turn:turn.example.org?transport=tcp", "turn.example.org", "turn:192.0.2.7?transport=tcp",
         "turn:[2001:db8::1]?transport=tcp"},
        {"turns:t:5349?transport=tcp", "t", "turns:192.0.2.7:5349?transport=tcp",
         "turns:[2001:db8::1]:5349?transport=tcp"},
        {"stun:127.0.0.1:3478", NULL, "stun:192.0.2.7:3478", "stun:[2001:db8::1]:3478"},
        {"turn:[::1]:3478?transport=udp", NULL, "turn:192.0.2.7:3478?transport=udp",
         "turn:[2001:db8::1]:3478?transport=udp"},
};

START_TEST(name_of_a_server_gives_way_to_an_address)
{
        char text[ICE_URL_MAX + 1];

        ck_assert_int_eq(ice_url_name(urls[_i].url, text), urls[_i].name != NULL);
        if (urls[_i].name)
                ck_assert_str_eq(text, urls[_i].name);
        ck_assert_int_eq(ice_url_with_address(urls[_i].url, "192.0.2.7", text), 0);
        ck_assert_str_eq(text, urls[_i].at_v4);
        ck_assert_int_eq(ice_url_with_address(urls[_i].url, "2001:db8::1", text), 0);
        ck_assert_str_eq(text, urls[_i].at_v6);
        ck_assert(!ice_url_name(text, text));
}
END_TEST

static const char *const others[] = {"", "stun:", "turn:?transport=udp", "http://example.org",
                                     "turn:[]:3478"};

START_TEST(what_is_no_server_has_no_name)
{
        char text[ICE_URL_MAX + 1];

        ck_assert(!ice_url_name(others[_i], text));
        ck_assert_int_eq(ice_url_with_address(others[_i], "192.0.2.7", text), -EINVAL);
}
END_TEST

START_TEST(url_that_grows_too_long_is_refused)
{
        char url[ICE_URL_MAX + 1], text[ICE_URL_MAX + 1];

        memset(url, 'x', ICE_URL_MAX);
        memcpy(url, "turn:t?", 7);
        url[ICE_URL_MAX] = '\0';
        ck_assert_int_eq(ice_url_with_address(url, "1", text), 0);
        ck_assert_int_eq(ice_url_with_address(url, "12", text), -E2BIG);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ice-url");
        TCase *tcase = tcase_create("ice-url");

        tcase_add_loop_test(tcase, name_of_a_server_gives_way_to_an_address, 0, ELEMENTSOF(urls));
        tcase_add_loop_test(tcase, what_is_no_server_has_no_name, 0, ELEMENTSOF(others));
        tcase_add_test(tcase, url_that_grows_too_long_is_refused);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
