/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/admission.h"

#include "base/str.h"
#include "suite.h"

#define GUESTS 8

typedef struct Visitor {
        Guest *guest;
        bool expelled;
        char why[128];
} Visitor;

static Visitor visitors[GUESTS];
static Admission *admission;

static void on_expel(void *connection, const char *address, const char *why)
{
        Visitor *visitor = connection;

        ck_assert(!visitor->expelled);
        visitor->expelled = true;
        (void)STR_SET(visitor->why, why);
}

static void open_house(uint32_t max, uint32_t max_strangers)
{
        memset(visitors, 0, sizeof(visitors));
        ck_assert_int_eq(admission_new(max, max_strangers, on_expel, &admission), 0);
}

static void enter(size_t i, const char *address)
{
        ck_assert_int_eq(admission_enter(admission, &visitors[i], address, &visitors[i].guest), 0);
}

static void leave(size_t i)
{
        guest_leave(TAKE_PTR(visitors[i].guest));
}

static void close_house(void)
{
        for (size_t i = 0; i < GUESTS; i++)
                leave(i);
        ck_assert_ptr_null(admission_free(admission));
}

START_TEST(the_oldest_stranger_of_an_address_makes_room)
{
        open_house(GUESTS, 2);
        enter(0, "192.0.2.1");
        enter(1, "192.0.2.2");
        enter(2, "192.0.2.1");
        ck_assert(!visitors[0].expelled);
        enter(3, "192.0.2.1");
        ck_assert(visitors[0].expelled);
        ck_assert_ptr_nonnull(strstr(visitors[0].why, "its address"));
        enter(4, "192.0.2.1");
        ck_assert(visitors[2].expelled && !visitors[1].expelled && !visitors[4].expelled);
        close_house();
}
END_TEST

START_TEST(who_has_logged_in_stays_and_no_longer_counts)
{
        open_house(GUESTS, 2);
        for (size_t i = 0; i < 4; i++) {
                enter(i, "192.0.2.1");
                guest_is_known(visitors[i].guest);
        }
        enter(4, "192.0.2.1");
        enter(5, "192.0.2.1");
        for (size_t i = 0; i < 6; i++)
                ck_assert(!visitors[i].expelled);
        close_house();
}
END_TEST

START_TEST(an_ipv6_address_counts_by_its_block)
{
        open_house(GUESTS, 1);
        enter(0, "2001:db8:1:2::1");
        enter(1, "2001:db8:1:3::1");
        ck_assert(!visitors[0].expelled);
        enter(2, "2001:db8:1:2::9");
        ck_assert(visitors[0].expelled && !visitors[1].expelled);
        close_house();
}
END_TEST

START_TEST(a_full_house_asks_the_oldest_stranger_to_leave)
{
        open_house(3, 2);
        enter(0, "192.0.2.1");
        guest_is_known(visitors[0].guest);
        enter(1, "192.0.2.2");
        enter(2, "192.0.2.3");
        ck_assert(admission_has_room(admission));
        enter(3, "192.0.2.4");
        ck_assert(!visitors[0].expelled && visitors[1].expelled && !visitors[2].expelled);
        close_house();
}
END_TEST

START_TEST(a_house_full_of_friends_has_no_room)
{
        open_house(2, 2);
        enter(0, "192.0.2.1");
        enter(1, "192.0.2.1");
        guest_is_known(visitors[0].guest);
        ck_assert(admission_has_room(admission));
        guest_is_known(visitors[1].guest);
        ck_assert(!admission_has_room(admission));
        leave(0);
        ck_assert(admission_has_room(admission));
        close_house();
}
END_TEST

/* Those who were told to leave are still there for a moment. */
START_TEST(the_house_does_not_fill_faster_than_it_empties)
{
        static Visitor many[64];
        size_t n = 0;

        open_house(4, 64);
        while (n < ELEMENTSOF(many) && admission_has_room(admission)) {
                ck_assert_int_eq(admission_enter(admission, &many[n], "192.0.2.1", &many[n].guest),
                                 0);
                n++;
        }
        ck_assert_uint_eq(n, 4 + 8);
        while (n > 0)
                guest_leave(many[--n].guest);
        close_house();
}
END_TEST

START_TEST(one_address_may_have_a_quarter_of_few_connections)
{
        ck_assert_uint_eq(strangers_per_address(1), 1);
        ck_assert_uint_eq(strangers_per_address(40), 10);
        ck_assert_uint_eq(strangers_per_address(4 * STRANGERS_PER_ADDRESS_MAX),
                          STRANGERS_PER_ADDRESS_MAX);
        ck_assert_uint_eq(strangers_per_address(32768), STRANGERS_PER_ADDRESS_MAX);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("admission");
        TCase *tests = tcase_create("admission");

        tcase_add_test(tests, the_oldest_stranger_of_an_address_makes_room);
        tcase_add_test(tests, who_has_logged_in_stays_and_no_longer_counts);
        tcase_add_test(tests, an_ipv6_address_counts_by_its_block);
        tcase_add_test(tests, a_full_house_asks_the_oldest_stranger_to_leave);
        tcase_add_test(tests, a_house_full_of_friends_has_no_room);
        tcase_add_test(tests, the_house_does_not_fill_faster_than_it_empties);
        tcase_add_test(tests, one_address_may_have_a_quarter_of_few_connections);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
