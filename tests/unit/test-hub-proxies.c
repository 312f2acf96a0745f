/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "hub/proxies.h"
#include "suite.h"

static const struct {
        const char *list, *address;
        bool included;
} lists[] = {
        {"", "127.0.0.1", false},
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.2", false},
        {"127.0.0.1", "::ffff:127.0.0.1", true},
        {"::ffff:127.0.0.1", "127.0.0.1", true},
        {"::1\t127.0.0.1", "127.0.0.1", true},
        {"10.0.0.0/8", "10.255.1.2", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.255", true},
        {"0.0.0.0/0", "203.0.113.1", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::/0", "2001:db8::1", true},
        {"127.0.0.1", "", false},
};

START_TEST(proxies_are_addresses_and_networks)
{
        ck_assert_int_eq(proxies_check(lists[_i].list, NULL, 0), 0);
        ck_assert_int_eq(proxies_include(lists[_i].list, lists[_i].address), lists[_i].included);
}
END_TEST

static const struct {
        const char *list, *wrong;
} wrong[] = {
        {"127.0.0.1 here", "here"},           {"127.0.0.1,::1", "127.0.0.1,::1"},
        {"10.0.0.0/33", "10.0.0.0/33"},       {"10.0.0.0/32 10.0.0.0/", "10.0.0.0/"},
        {"10.0.0.0/8x", "10.0.0.0/8x"},       {"::1/128 ::1/129", "::1/129"},
        {"::1/4294967296", "::1/4294967296"}, {"/8", "/8"},
};

START_TEST(what_is_no_address_is_named)
{
        char text[64];

        ck_assert_int_eq(proxies_check(wrong[_i].list, text, sizeof(text)), -EINVAL);
        ck_assert_str_eq(text, wrong[_i].wrong);
}
END_TEST

static const struct {
        const char *peer, *forwarded, *client;
} chains[] = {
        {"203.0.113.9", "", "203.0.113.9"},
        /* Not a proxy that is trusted: what it says counts for nothing. */
        {"203.0.113.9", "192.0.2.1", "203.0.113.9"},
        {"127.0.0.1", "", "127.0.0.1"},
        {"127.0.0.1", "203.0.113.1", "203.0.113.1"},
        {"127.0.0.1", " 203.0.113.1 ", "203.0.113.1"},
        {"127.0.0.1", "2001:db8::1", "2001:db8::1"},
        /* The client has made up all but the last. */
        {"127.0.0.1", "192.0.2.1, 203.0.113.1", "203.0.113.1"},
        {"127.0.0.1", "127.0.0.1,203.0.113.1", "203.0.113.1"},
        {"127.0.0.1", "127.0.0.1, 10.0.0.1, 203.0.113.1, 10.9.9.9", "203.0.113.1"},
        /* All in the chain are proxies: the first of them is the client. */
        {"127.0.0.1", "10.0.0.1, 10.0.0.2", "10.0.0.1"},
        {"127.0.0.1", "unknown", "127.0.0.1"},
        {"127.0.0.1", "203.0.113.1, unknown", "127.0.0.1"},
        {"127.0.0.1", "203.0.113.1, ", "127.0.0.1"},
        {"127.0.0.1", ",", "127.0.0.1"},
        {"127.0.0.1", "203.0.113.1:4711", "127.0.0.1"},
        {"127.0.0.1", "unknown, 10.0.0.1", "10.0.0.1"},
        {"127.0.0.1",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "127.0.0.1"},
};

START_TEST(only_what_a_trusted_proxy_has_appended_counts)
{
        char client[INET6_ADDRSTRLEN];

        proxies_client("127.0.0.1 10.0.0.0/8", chains[_i].peer, chains[_i].forwarded, client,
                       sizeof(client));
        ck_assert_str_eq(client, chains[_i].client);
}
END_TEST

START_TEST(without_proxies_nobody_is_believed)
{
        char client[INET6_ADDRSTRLEN];

        proxies_client("", "127.0.0.1", "203.0.113.1", client, sizeof(client));
        ck_assert_str_eq(client, "127.0.0.1");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub proxies");
        TCase *tcase = tcase_create("proxies");

        tcase_add_loop_test(tcase, proxies_are_addresses_and_networks, 0, ELEMENTSOF(lists));
        tcase_add_loop_test(tcase, what_is_no_address_is_named, 0, ELEMENTSOF(wrong));
        tcase_add_loop_test(tcase, only_what_a_trusted_proxy_has_appended_counts, 0,
                            ELEMENTSOF(chains));
        tcase_add_test(tcase, without_proxies_nobody_is_believed);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
