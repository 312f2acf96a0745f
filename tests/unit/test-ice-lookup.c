/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/ice-lookup.h"

#include "base/str.h"
#include "names-of-test.h"
#include "suite.h"

static sd_event *event;
static IceServer servers[ICE_SERVERS_MAX];
static size_t n_servers;
static unsigned n_done;

static void done(void *userdata)
{
        n_done++;
        sd_event_exit(event, 0);
}

static void set_up(void)
{
        ck_assert_int_ge(sd_event_new(&event), 0);
}

static void tear_down(void)
{
        event = sd_event_unref(event);
}

static void add(const char *url)
{
        ck_assert_int_eq(STR_SET(servers[n_servers].url, url), 0);
        ck_assert_int_eq(STR_SET(servers[n_servers].username, url), 0);
        n_servers++;
}

static void look_up(void)
{
        _cleanup_(ice_lookup_freep) IceLookup *lookup = NULL;

        ck_assert(ice_lookup_is_needed(servers, n_servers));
        ck_assert_int_eq(ice_lookup_new(event, servers, &n_servers, done, NULL, &lookup), 0);
        ck_assert_uint_eq(n_done, 0);
        ck_assert_int_eq(sd_event_loop(event), 0);
        ck_assert_uint_eq(n_done, 1);
}

START_TEST(servers_with_addresses_need_no_lookup)
{
        add("stun:127.0.0.1:3478");
        add("turn:[::1]?transport=udp");
        ck_assert(!ice_lookup_is_needed(servers, n_servers));
        add("stun:v4.test");
        ck_assert(ice_lookup_is_needed(servers, n_servers));
}
END_TEST

START_TEST(names_give_way_to_addresses_and_the_rest_stays)
{
        add("stun:127.0.0.1:3478");
        add("turn:v4.test:3478?transport=udp");
        add("turns:v6.test");
        look_up();
        ck_assert_uint_eq(n_servers, 3);
        ck_assert_str_eq(servers[0].url, "stun:127.0.0.1:3478");
        ck_assert_str_eq(servers[1].url, "turn:192.0.2.7:3478?transport=udp");
        ck_assert_str_eq(servers[1].username, "turn:v4.test:3478?transport=udp");
        ck_assert_str_eq(servers[2].url, "turns:[2001:db8::1]");
}
END_TEST

START_TEST(name_of_several_servers_is_asked_for_once)
{
        for (unsigned i = 0; i < ICE_SERVERS_MAX; i++)
                add("stun:v4.test");
        look_up();
        ck_assert_uint_eq(n_servers, ICE_SERVERS_MAX);
        ck_assert_str_eq(servers[ICE_SERVERS_MAX - 1].url, "stun:192.0.2.7");
        ck_assert_uint_eq(names_asked(), 1);
}
END_TEST

START_TEST(server_without_an_address_is_left_out)
{
        add("stun:nobody.test");
        add("stun:v4.test");
        look_up();
        ck_assert_uint_eq(n_servers, 1);
        ck_assert_str_eq(servers[0].url, "stun:192.0.2.7");
        ck_assert_str_eq(servers[0].username, "stun:v4.test");
}
END_TEST

START_TEST(call_does_not_wait_for_a_name_server_that_is_slow)
{
        usec_t began = clock_boottime();

        add("stun:slow.test");
        add("stun:v4.test");
        look_up();
        ck_assert_uint_ge(clock_boottime() - began, ICE_LOOKUP_MAX_US);
        ck_assert_uint_eq(n_servers, 1);
        ck_assert_str_eq(servers[0].url, "stun:192.0.2.7");
}
END_TEST

START_TEST(nothing_comes_of_a_lookup_that_was_taken_back)
{
        IceLookup *lookup = NULL;

        add("stun:v4.test");
        ck_assert_int_eq(ice_lookup_new(event, servers, &n_servers, done, NULL, &lookup), 0);
        ice_lookup_free(lookup);
        look_up();
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ice-lookup");
        TCase *tcase = tcase_create("ice-lookup");

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_set_timeout(tcase, 30);
        tcase_add_test(tcase, servers_with_addresses_need_no_lookup);
        tcase_add_test(tcase, names_give_way_to_addresses_and_the_rest_stays);
        tcase_add_test(tcase, name_of_several_servers_is_asked_for_once);
        tcase_add_test(tcase, server_without_an_address_is_left_out);
        tcase_add_test(tcase, call_does_not_wait_for_a_name_server_that_is_slow);
        tcase_add_test(tcase, nothing_comes_of_a_lookup_that_was_taken_back);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
