/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/origins.h"

#include <errno.h>

#include "base/cleanup.h"
#include "suite.h"

static const struct {
        const char *list, *origin, *host;
        bool admitted;
} pages[] = {
        /* The hub's own page. */
        {"", "http://localhost:8746", "localhost:8746", true},
        {"", "https://hub.example.org", "hub.example.org", true},
        {"", "https://hub.example.org", "hub.example.org:443", true},
        {"", "http://hub.example.org", "hub.example.org:80", true},
        {"", "https://Hub.example.org", "hub.Example.org", true},
        {"", "http://[::1]:8746", "[::1]:8746", true},
        /* As the first devices say it: the host alone, whatever the port. */
        {"", "https://hub.example.org", "hub.example.org:8746", true},
        {"", "http://[::1]", "[::1]:8746", true},
        /* Others. */
        {"", "https://evil.example", "hub.example.org", false},
        {"", "http://localhost:8080", "localhost:8746", false},
        {"", "https://hub.example.org:444", "hub.example.org", false},
        {"", "https://hub.example.org.evil.example", "hub.example.org", false},
        {"", "https://evil.example/hub.example.org", "hub.example.org", false},
        {"", "https://hub.example.org@evil.example", "hub.example.org", false},
        {"", "http://[::2]:8746", "[::1]:8746", false},
        {"", "null", "hub.example.org", false},
        {"", "null", "null", false},
        {"", "file://", "", false},
        {"", "file://hub.example.org", "hub.example.org", false},
        {"", "https://", "", false},
        {"", "https://:443", ":443", false},
        {"", "https://hub.example.org:", "hub.example.org", false},
        {"", "https://hub.example.org:0", "hub.example.org:0", false},
        {"", "https://hub.example.org:65536", "hub.example.org:65536", false},
        {"", "https://hub.example.org:99999999999", "hub.example.org:99999999999", false},
        {"", "https://hub.example.org", "", false},
        {"", "", "", false},
        /* Listed ones. */
        {"https://calls.example.org", "https://calls.example.org", "hub.example.org", true},
        {"https://calls.example.org:443", "https://calls.example.org", "hub.example.org", true},
        {"http://a https://b:8443", "https://b:8443", "hub.example.org", true},
        {"http://a\thttps://b:8443", "http://a:80", "hub.example.org", true},
        {"https://calls.example.org", "http://calls.example.org", "hub.example.org", false},
        {"https://calls.example.org", "https://calls.example.org:8443", "hub.example.org", false},
        {"https://calls.example.org", "https://evil.example", "hub.example.org", false},
        {"https://calls.example.org", "null", "hub.example.org", false},
};

START_TEST(the_hubs_own_page_and_listed_ones_are_admitted)
{
        ck_assert_msg(origins_admit(pages[_i].list, pages[_i].origin, pages[_i].host) ==
                              pages[_i].admitted,
                      "'%s' at '%s'", pages[_i].origin, pages[_i].host);
}
END_TEST

/* A host name has 255 bytes at most. */
START_TEST(a_host_is_as_long_as_a_name_can_be)
{
        char origin[300] = "https://";

        memset(origin + strlen(origin), 'a', 255);
        ck_assert(origins_admit("", origin, origin + strlen("https://")));
        strcat(origin, "a");
        ck_assert(!origins_admit("", origin, origin + strlen("https://")));
}
END_TEST

static const struct {
        const char *list, *wrong;
} wrong[] = {
        {"https://a calls.example.org", "calls.example.org"},
        {"*", "*"},
        {"null", "null"},
        {"https://a,https://b", "https://a,https://b"},
        {"https://a/ http://b", "https://a/"},
        {"wss://hub.example.org", "wss://hub.example.org"},
        {"https://a:port", "https://a:port"},
};

START_TEST(what_is_no_origin_is_named)
{
        char text[64];

        ck_assert_int_eq(origins_check(wrong[_i].list, text, sizeof(text)), -EINVAL);
        ck_assert_str_eq(text, wrong[_i].wrong);
}
END_TEST

START_TEST(origins_are_separated_by_blanks)
{
        ck_assert_int_eq(origins_check("", NULL, 0), 0);
        ck_assert_int_eq(origins_check(" https://a\thttp://b:8080  http://[::1]:1 ", NULL, 0), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub origins");
        TCase *tests = tcase_create("origins");

        tcase_add_loop_test(tests, the_hubs_own_page_and_listed_ones_are_admitted, 0,
                            ELEMENTSOF(pages));
        tcase_add_test(tests, a_host_is_as_long_as_a_name_can_be);
        tcase_add_loop_test(tests, what_is_no_origin_is_named, 0, ELEMENTSOF(wrong));
        tcase_add_test(tests, origins_are_separated_by_blanks);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
