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
        const AdmissionLimits limits = {max, max, max_strangers};

        memset(visitors, 0, sizeof(visitors));
        ck_assert_int_eq(admission_new(&limits, on_expel, &admission), 0);
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

START_TEST(a_local_user_makes_room_for_himself_and_not_for_others)
{
        open_house(GUESTS, 1);
        enter(0, "user 1000");
        enter(1, "user 1001");
        ck_assert(!visitors[0].expelled);
        enter(2, "user 1001");
        ck_assert(!visitors[0].expelled && visitors[1].expelled);
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

START_TEST(strangers_of_many_addresses_make_room_for_the_newest)
{
        const AdmissionLimits limits = {GUESTS, 2, 2};

        memset(visitors, 0, sizeof(visitors));
        ck_assert_int_eq(admission_new(&limits, on_expel, &admission), 0);
        enter(0, "192.0.2.1");
        guest_is_known(visitors[0].guest);
        enter(1, "192.0.2.2");
        enter(2, "192.0.2.3");
        ck_assert(!visitors[1].expelled);
        enter(3, "192.0.2.4");
        ck_assert(visitors[1].expelled && !visitors[2].expelled && !visitors[0].expelled);
        close_house();
}
END_TEST

START_TEST(clients_of_a_proxy_count_by_their_own_addresses)
{
        open_house(GUESTS, 2);
        for (size_t i = 0; i < 4; i++) {
                enter(i, "192.0.2.1");
                ck_assert_int_eq(
                        guest_is_from(visitors[i].guest, i % 2 ? "203.0.113.1" : "203.0.113.2"), 0);
        }
        for (size_t i = 0; i < 4; i++)
                ck_assert(!visitors[i].expelled);
        enter(4, "192.0.2.1");
        ck_assert_int_eq(guest_is_from(visitors[4].guest, "203.0.113.1"), 0);
        ck_assert(visitors[1].expelled && !visitors[0].expelled && !visitors[4].expelled);
        /* One who has logged in, or was told to leave, is no stranger any more. */
        guest_is_known(visitors[0].guest);
        ck_assert_int_eq(guest_is_from(visitors[0].guest, "203.0.113.1"), 0);
        ck_assert_int_eq(guest_is_from(visitors[1].guest, "203.0.113.1"), 0);
        ck_assert(!visitors[3].expelled && !visitors[4].expelled);
        close_house();
}
END_TEST

START_TEST(an_address_of_the_same_block_changes_nothing)
{
        open_house(GUESTS, 1);
        enter(0, "2001:db8::1");
        ck_assert_int_eq(guest_is_from(visitors[0].guest, "2001:db8::2"), 0);
        ck_assert(!visitors[0].expelled);
        enter(1, "2001:db8::3");
        ck_assert(visitors[0].expelled && !visitors[1].expelled);
        close_house();
}
END_TEST

START_TEST(room_is_made_by_the_stranger_of_the_longest_stay)
{
        open_house(GUESTS, GUESTS);
        admission_make_room(admission);
        enter(0, "192.0.2.1");
        guest_is_known(visitors[0].guest);
        enter(1, "192.0.2.2");
        enter(2, "192.0.2.3");
        ck_assert(!admission_waits(admission));
        admission_make_room(admission);
        ck_assert(!visitors[0].expelled && visitors[1].expelled && !visitors[2].expelled);
        ck_assert(admission_waits(admission));
        leave(1);
        ck_assert(!admission_waits(admission));
        close_house();
}
END_TEST

START_TEST(strangers_may_have_half_of_few_connections_and_an_address_a_quarter)
{
        static const AdmissionLimits expected[] = {
                {1, 1, 1},
                {40, 20, 10},
                {4 * STRANGERS_PER_ADDRESS_MAX, 2 * STRANGERS_PER_ADDRESS_MAX,
                 STRANGERS_PER_ADDRESS_MAX},
                {2 * STRANGERS_MAX - 2, STRANGERS_MAX - 1, STRANGERS_PER_ADDRESS_MAX},
                {2 * STRANGERS_MAX, STRANGERS_MAX, STRANGERS_PER_ADDRESS_MAX},
                {32768, STRANGERS_MAX, STRANGERS_PER_ADDRESS_MAX},
        };

        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                AdmissionLimits limits = admission_limits(expected[i].connections);

                ck_assert_mem_eq(&limits, &expected[i], sizeof(limits));
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("admission");
        TCase *tests = tcase_create("admission");

        tcase_add_test(tests, the_oldest_stranger_of_an_address_makes_room);
        tcase_add_test(tests, who_has_logged_in_stays_and_no_longer_counts);
        tcase_add_test(tests, an_ipv6_address_counts_by_its_block);
        tcase_add_test(tests, a_local_user_makes_room_for_himself_and_not_for_others);
        tcase_add_test(tests, a_full_house_asks_the_oldest_stranger_to_leave);
        tcase_add_test(tests, a_house_full_of_friends_has_no_room);
        tcase_add_test(tests, the_house_does_not_fill_faster_than_it_empties);
        tcase_add_test(tests, strangers_of_many_addresses_make_room_for_the_newest);
        tcase_add_test(tests, clients_of_a_proxy_count_by_their_own_addresses);
        tcase_add_test(tests, an_address_of_the_same_block_changes_nothing);
        tcase_add_test(tests, room_is_made_by_the_stranger_of_the_longest_stay);
        tcase_add_test(tests, strangers_may_have_half_of_few_connections_and_an_address_a_quarter);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
