/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/listener-store.h"

#include "suite.h"

#define BUS "0123456789abcdef0123456789abcdef"
#define OTHER_BUS "ffffffffffffffffffffffffffffffff"

static History *history;
static Phone *phone;
static ListenerStore *store;

static void setup(void)
{
        char *text = NULL;

        ck_assert_int_eq(history_open(NULL, &history, &text), 0);
        ck_assert_int_eq(phone_new(&phone), 0);
        ck_assert_int_eq(listener_store_new(&store), 0);
}

static void teardown(void)
{
        listener_store_free(store);
        phone_free(phone);
        history_free(history);
}

static void listen(const char *client, const char *id, const char *path, int32_t priority)
{
        const Now instant = {.now = 1, .date = 1};
        PhoneListener listener = {.presents = *path, .priority = priority};
        const char *text;

        (void)STR_SET(listener.client, client);
        (void)STR_SET(listener.id, id);
        (void)STR_SET(listener.path, path);
        ck_assert_int_eq(phone_listener_add(phone, &instant, &listener, false, &text), 0);
}

START_TEST(listeners_come_back_for_their_owner)
{
        PhoneListener back;

        listen(":1.5", "the window, Büro", "/org/example/window", -100);
        listen(":1.6", "logger", "", 7);
        ck_assert_int_ge(listener_store_save(store, history, BUS, phone), 0);
        ck_assert_int_ge(listener_store_load(store, history, BUS), 0);

        ck_assert_str_eq(listener_store_client(store, 0), ":1.5");
        ck_assert_str_eq(listener_store_client(store, 1), ":1.6");
        ck_assert_ptr_null(listener_store_client(store, 2));
        ck_assert(listener_store_take(store, ":1.5", &back));
        ck_assert_str_eq(back.id, "the window, Büro");
        ck_assert_str_eq(back.path, "/org/example/window");
        ck_assert(back.presents);
        ck_assert_int_eq(back.priority, -100);
        ck_assert(!listener_store_take(store, ":1.5", &back));
}
END_TEST

START_TEST(those_of_another_bus_do_not)
{
        listen(":1.5", "window", "/w", 0);
        ck_assert_int_ge(listener_store_save(store, history, BUS, phone), 0);
        ck_assert_int_ge(listener_store_load(store, history, OTHER_BUS), 0);
        ck_assert_ptr_null(listener_store_client(store, 0));
}
END_TEST

START_TEST(who_still_waits_is_kept_by_the_next_save)
{
        _cleanup_(listener_store_freep) ListenerStore *next = NULL;

        listen(":1.5", "window", "/w", 0);
        ck_assert_int_ge(listener_store_save(store, history, BUS, phone), 0);
        ck_assert_int_ge(listener_store_load(store, history, BUS), 0);

        const Now instant = {.now = 2, .date = 2};
        ck_assert_int_eq(phone_listener_remove(phone, &instant, ":1.5", "window"), 0);
        listen(":1.9", "panel", "/p", 0);
        ck_assert_int_ge(listener_store_save(store, history, BUS, phone), 0);

        ck_assert_int_eq(listener_store_new(&next), 0);
        ck_assert_int_ge(listener_store_load(next, history, BUS), 0);
        ck_assert_str_eq(listener_store_client(next, 0), ":1.9");
        ck_assert_str_eq(listener_store_client(next, 1), ":1.5");
}
END_TEST

START_TEST(lines_that_are_not_ours_are_left_out)
{
        ck_assert_int_ge(history_setting_put(history, "listeners",
                                             BUS "\n:1.5\twindow\t/w\t1\n\n:1.6\tx\t\t0\tmany\n"
                                                 ":1.7\tok\t\t0\t3\n"),
                         0);
        ck_assert_int_ge(listener_store_load(store, history, BUS), 0);
        ck_assert_str_eq(listener_store_client(store, 0), ":1.7");
        ck_assert_ptr_null(listener_store_client(store, 1));
}
END_TEST

START_TEST(an_empty_store_has_nobody)
{
        ck_assert_int_ge(listener_store_load(store, history, BUS), 0);
        ck_assert_ptr_null(listener_store_client(store, 0));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("listener-store");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, listeners_come_back_for_their_owner);
        tcase_add_test(tests, those_of_another_bus_do_not);
        tcase_add_test(tests, who_still_waits_is_kept_by_the_next_save);
        tcase_add_test(tests, lines_that_are_not_ours_are_left_out);
        tcase_add_test(tests, an_empty_store_has_nobody);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
