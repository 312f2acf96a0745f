/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which state folder a tringd has: one for each computer, and one tringd for each folder. */
#include "tringd/folders.h"

#include <sys/stat.h>

#include "base/str.h"
#include "suite.h"
#include "tringd/machine.h"

#define HERE "0123456789abcdef0123456789abcdef"
#define THERE "fedcba9876543210fedcba9876543210"

static char home[32], base[64];

static void setup(void)
{
        (void)STR_SET(home, "/tmp/test-folders-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(home));
        (void)snprintf(base, sizeof(base), "%s/tring", home);
        ck_assert_int_eq(setenv("XDG_STATE_HOME", home, true), 0);
        ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", home, true), 0);
}

static void teardown(void)
{
        _cleanup_free_ char *remove = str_printf("rm -r %s", home);

        ck_assert_int_eq(system(remove), 0);
}

static void take(Folders *folders, const char *machine)
{
        ck_assert_int_eq(folders_init(folders), 0);
        ck_assert_int_eq(folders_take_state(folders, machine), 0);
}

static void write_machine(const char *text)
{
        _cleanup_free_ char *path = str_printf("%s/machine", base);
        _cleanup_(fclosep) FILE *file = fopen(path, "we");

        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(text, file), 0);
}

START_TEST(the_first_computer_has_the_folder_itself)
{
        _cleanup_(folders_done) Folders first = {}, again = {};

        take(&first, HERE);
        ck_assert_str_eq(first.state, base);
        ck_assert(!first.foreign);
        ck_assert_ptr_null(first.problem);
        folders_done(&first);
        take(&again, HERE);
        ck_assert_str_eq(again.state, base);
}
END_TEST

START_TEST(a_note_that_cannot_be_read_is_left_alone)
{
        _cleanup_free_ char *path = str_printf("%s/machine", base);
        _cleanup_(folders_done) Folders folders = {};
        struct stat st;

        ck_assert_int_eq(mkdir(base, 0700), 0);
        ck_assert_int_eq(symlink("machine", path), 0); /* to itself: ELOOP, also for root */
        take(&folders, HERE);
        ck_assert_str_eq(folders.state, base);
        ck_assert_int_eq(lstat(path, &st), 0);
        ck_assert(S_ISLNK(st.st_mode));
}
END_TEST

START_TEST(another_computer_has_a_folder_and_a_lock_of_its_own)
{
        _cleanup_(folders_done) Folders here = {}, there = {};
        struct stat st;

        take(&here, HERE);
        take(&there, THERE);
        ck_assert_str_eq(here.state, base);
        _cleanup_free_ char *below = str_printf("%s/" THERE, base);
        ck_assert_str_eq(there.state, below);
        ck_assert(there.foreign);
        ck_assert_ptr_null(there.problem);
        ck_assert_ptr_nonnull(strstr(there.credentials, THERE "/credentials"));
        ck_assert_ptr_nonnull(strstr(there.history, THERE "/history.db"));
        ck_assert_int_eq(stat(below, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0700);
}
END_TEST

/* As a computer that was switched off while it wrote would leave it. */
static const char *const garbage[] = {"",         "\n",
                                      "0123\n",   "../../../../../../../../../etc/tring\n",
                                      HERE "0\n", "0123456789ABCDEF0123456789ABCDEF\n"};

START_TEST(a_folder_whose_owner_makes_no_sense_is_taken)
{
        _cleanup_(folders_done) Folders here = {}, there = {};

        ck_assert_int_eq(mkdir(base, 0700), 0);
        write_machine(garbage[_i]);
        take(&here, HERE);
        ck_assert_str_eq(here.state, base);
        take(&there, THERE);
        ck_assert(there.foreign);
}
END_TEST

START_TEST(a_folder_of_a_version_that_noted_no_computer_stays_where_it_is)
{
        _cleanup_(folders_done) Folders here = {};

        ck_assert_int_eq(mkdir(base, 0700), 0);
        take(&here, HERE);
        ck_assert_str_eq(here.state, base);
}
END_TEST

START_TEST(a_computer_without_an_id_takes_the_folder_as_it_is)
{
        _cleanup_(folders_done) Folders here = {}, anywhere = {};

        take(&here, HERE);
        folders_done(&here);
        take(&anywhere, "");
        ck_assert_str_eq(anywhere.state, base);
        ck_assert(!anywhere.foreign);
}
END_TEST

START_TEST(a_second_tringd_has_no_state_and_says_so)
{
        _cleanup_(folders_done) Folders first = {}, second = {}, third = {};

        take(&first, HERE);
        take(&second, HERE);
        ck_assert_ptr_nonnull(first.state);
        ck_assert_ptr_null(second.state);
        ck_assert_ptr_null(second.credentials);
        ck_assert_ptr_null(second.history);
        ck_assert_ptr_nonnull(strstr(second.problem, "another tringd"));
        ck_assert_ptr_nonnull(strstr(second.problem, base));
        folders_done(&first);
        take(&third, HERE);
        ck_assert_str_eq(third.state, base);
        ck_assert_ptr_null(third.problem);
}
END_TEST

START_TEST(this_computer_has_the_same_id_each_time)
{
        char first[MACHINE_ID_MAX + 1], again[MACHINE_ID_MAX + 1];

        if (machine_id(first) < 0)
                return; /* a container without one */
        ck_assert_int_ge(machine_id(again), 0);
        ck_assert_str_eq(first, again);
        ck_assert_uint_eq(strlen(first), MACHINE_ID_MAX);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("folders");
        TCase *tests = tcase_create("state");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, the_first_computer_has_the_folder_itself);
        tcase_add_test(tests, a_note_that_cannot_be_read_is_left_alone);
        tcase_add_test(tests, another_computer_has_a_folder_and_a_lock_of_its_own);
        tcase_add_loop_test(tests, a_folder_whose_owner_makes_no_sense_is_taken, 0,
                            ELEMENTSOF(garbage));
        tcase_add_test(tests, a_folder_of_a_version_that_noted_no_computer_stays_where_it_is);
        tcase_add_test(tests, a_computer_without_an_id_takes_the_folder_as_it_is);
        tcase_add_test(tests, a_second_tringd_has_no_state_and_says_so);
        tcase_add_test(tests, this_computer_has_the_same_id_each_time);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
