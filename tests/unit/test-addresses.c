/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/addresses.h"

#include <arpa/inet.h>

#include "base/cleanup.h"
#include "suite.h"

static LocalAddresses with(const char *first, const char *second)
{
        const char *words[] = {first, second};
        LocalAddresses addresses = {};

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (words[i])
                        ck_assert_int_eq(inet_pton(AF_INET6, words[i],
                                                   &addresses.addresses[addresses.n_addresses++]),
                                         1);
        return addresses;
}

START_TEST(what_is_gone_is_distinguished_from_what_is_new)
{
        LocalAddresses home = with("::ffff:192.0.2.1", NULL),
                       both = with("2001:db8::1", "::ffff:192.0.2.1"), none = with(NULL, NULL);

        ck_assert(addresses_have_all(&both, &home));
        ck_assert(!addresses_have_all(&home, &both));
        ck_assert(addresses_have_all(&home, &home));
        ck_assert(addresses_have_all(&none, &none));
        ck_assert(!addresses_have_all(&none, &home));
}
END_TEST

START_TEST(loopback_does_not_count)
{
        LocalAddresses addresses, loopback = with("::1", "::ffff:127.0.0.1");

        ck_assert_int_eq(addresses_read(&addresses), 0);
        ck_assert_uint_le(addresses.n_addresses, ADDRESSES_MAX);
        for (size_t i = 0; i < loopback.n_addresses; i++) {
                LocalAddresses one = {.addresses = {loopback.addresses[i]}, .n_addresses = 1};

                ck_assert(!addresses_have_all(&addresses, &one));
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("addresses");
        TCase *tcase = tcase_create("addresses");

        tcase_add_test(tcase, what_is_gone_is_distinguished_from_what_is_new);
        tcase_add_test(tcase, loopback_does_not_count);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
