/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/boot-date.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "exchange-world.h"
#include "hub/database.h"
#include "store/database.h"

/* The date that stored deadlines rest on is one and the same for a boot of the machine. */

#define HOUR (3600 * USEC_PER_SEC)

START_TEST(a_date_of_this_boot_is_taken_as_it_was_stored)
{
        BootDate here = boot_date_read((BootDate){0}), stored = {here.boot, here.date + HOUR};

        ck_assert_uint_ne(here.boot, 0);
        ck_assert_uint_eq(boot_date_read(stored).date, here.date + HOUR);
}
END_TEST

START_TEST(a_date_of_another_boot_is_read_again)
{
        BootDate here = boot_date_read((BootDate){0}), other = {here.boot ^ 1, here.date + HOUR};
        BootDate again = boot_date_read(other);

        ck_assert_uint_eq(again.boot, here.boot);
        ck_assert_uint_lt(again.date, here.date + HOUR / 2);
}
END_TEST

START_TEST(a_deadline_is_restored_between_now_and_the_most)
{
        usec_t boot_date = 1700000000 * USEC_PER_SEC, now = HOUR;
        usec_t stored = boot_date_store(boot_date, now + 5);

        ck_assert_uint_eq(boot_date_restore(boot_date, stored, now, 5), now + 5);
        ck_assert_uint_eq(boot_date_restore(boot_date, stored, now, 4), now + 4);
        ck_assert_uint_eq(boot_date_restore(boot_date, stored, now + 6, 5), now + 6);
        ck_assert_uint_eq(boot_date_store(boot_date, USEC_NEVER), 0);
}
END_TEST

START_TEST(a_hub_that_starts_again_has_the_same_date)
{
        char folder[] = "/tmp/test-boot-date-XXXXXX";
        _cleanup_free_ char *path = NULL;
        HubDatabase *database;
        sqlite3 *file;
        char *text = NULL;
        usec_t first;

        ck_assert_ptr_nonnull(mkdtemp(folder));
        path = str_printf("%s/hub.db", folder);
        ck_assert_int_eq(hub_database_open(path, &database, &text), 0);
        first = hub_database_boot_date(database);
        hub_database_free(database);
        /* Read from the clocks, it would be the first one again, more or less. */
        ck_assert_int_eq(sqlite3_open(path, &file), SQLITE_OK);
        ck_assert_int_eq(sqlite3_exec(file,
                                      "UPDATE counters SET value = value + 3600000000"
                                      " WHERE name = 'boot_date'",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        ck_assert_int_eq(sqlite3_changes(file), 1);
        ck_assert_int_eq(sqlite3_close(file), SQLITE_OK);
        ck_assert_int_eq(hub_database_open(path, &database, &text), 0);
        ck_assert_uint_eq(hub_database_boot_date(database), first + HOUR);
        hub_database_free(database);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

/* The clock is set by so many hours while the hub is away. */
static const int steps[] = {-1, 1, 731 * 24};

START_TEST(a_clock_that_is_set_while_the_hub_is_away_moves_no_ring)
{
        world_begin();
        alice_calls_bob();
        passes(5 * USEC_PER_SEC);
        world.moment.date += (usec_t)steps[_i] * HOUR;
        hub_restarts_in_one_boot();
        comes(ALICE);
        comes(BOB);
        expect("bob-desk: incoming 1 from alice, audio, 40000 ms", NULL);
        passes(40 * USEC_PER_SEC - 1);
        expect_nothing();
        passes(1);
        ck_assert_ptr_nonnull(strstr(world.trace, "alice-desk: over 1 unanswered (timeout)\n"));
        world_end();
}
END_TEST

START_TEST(a_ring_whose_end_passed_while_the_hub_was_away_is_over_whatever_the_clock_says)
{
        world_begin();
        alice_calls_bob();
        world.moment.now += 60 * USEC_PER_SEC;
        world.moment.date -= HOUR;
        hub_restarts_in_one_boot();
        passes(0);
        comes(BOB);
        ck_assert_ptr_nonnull(strstr(world.trace, "log bob 1 missed (timeout)\n"));
        ck_assert_ptr_null(strstr(world.trace, "incoming"));
        world_end();
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("boot-date");
        TCase *tcase = tcase_create("boot-date");

        tcase_add_test(tcase, a_date_of_this_boot_is_taken_as_it_was_stored);
        tcase_add_test(tcase, a_date_of_another_boot_is_read_again);
        tcase_add_test(tcase, a_deadline_is_restored_between_now_and_the_most);
        tcase_add_test(tcase, a_hub_that_starts_again_has_the_same_date);
        tcase_add_loop_test(tcase, a_clock_that_is_set_while_the_hub_is_away_moves_no_ring, 0,
                            ELEMENTSOF(steps));
        tcase_add_test(
                tcase,
                a_ring_whose_end_passed_while_the_hub_was_away_is_over_whatever_the_clock_says);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
