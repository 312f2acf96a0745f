/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>

#include "base/str.h"
#include "store/database.h"

static const char *const steps[] = {
        "CREATE TABLE things (name TEXT PRIMARY KEY, size INTEGER) STRICT",
        "ALTER TABLE things ADD COLUMN colour TEXT",
};
static const DatabaseSchema first = {steps, 1}, second = {steps, 2};

static char folder[64], path[128];

static void make_folder(void)
{
        STR_SET(folder, "/tmp/test-database-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/test.db", folder);
}

static void remove_folder(void)
{
        glob_t found = {0};
        char pattern[128];

        snprintf(pattern, sizeof(pattern), "%s/*", folder);
        if (glob(pattern, 0, NULL, &found) == 0)
                for (size_t i = 0; i < found.gl_pathc; i++)
                        unlink(found.gl_pathv[i]);
        globfree(&found);
        rmdir(folder);
}

static size_t n_broken(void)
{
        glob_t found = {0};
        char pattern[160];

        snprintf(pattern, sizeof(pattern), "%s.broken-*", path);
        glob(pattern, 0, NULL, &found);
        size_t n = found.gl_pathc;
        globfree(&found);
        return n;
}

static Database *open_as(const DatabaseSchema *schema, int expected)
{
        Database *database = NULL;
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(database_open(path, schema, &database, &text), expected);
        ck_assert_int_eq(text != NULL, expected != 0);
        if (text)
                ck_assert_ptr_nonnull(strstr(text, path));
        return database;
}

static int64_t count_things(Database *database)
{
        static const char sql[] = "SELECT count(*) FROM things";
        sqlite3_stmt *count;

        ck_assert_int_eq(database_prepare(database, &(const char *){sql}, 1, &count), 0);
        ck_assert_int_eq(sqlite3_step(count), SQLITE_ROW);
        int64_t n = sqlite3_column_int64(count, 0);
        sqlite3_reset(count);
        return n;
}

/* Enough rows for many pages, so that there is something to lose. */
static void fill(void)
{
        Database *database = open_as(&first, 0);

        ck_assert_int_eq(
                database_run(database,
                             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                             " LIMIT 2000) INSERT INTO things SELECT 'thing' || i, i FROM n"),
                0);
        database_free(database);
}

START_TEST(a_fresh_file_has_the_schema_and_is_private)
{
        struct stat status;
        _cleanup_(database_freep) Database *database = open_as(&first, 0);

        ck_assert_int_eq(database_run(database, "INSERT INTO things VALUES ('a', 1)"), 0);
        ck_assert_int_eq(count_things(database), 1);
        ck_assert_int_eq(stat(path, &status), 0);
        ck_assert_uint_eq(status.st_mode & 0777, 0600);
}
END_TEST

START_TEST(what_was_written_is_there_again)
{
        fill();
        _cleanup_(database_freep) Database *database = open_as(&first, 0);
        ck_assert_int_eq(count_things(database), 2000);
}
END_TEST

START_TEST(an_older_schema_is_led_on_and_keeps_its_rows)
{
        fill();
        _cleanup_(database_freep) Database *database = open_as(&second, 0);
        ck_assert_int_eq(database_run(database, "UPDATE things SET colour = 'red'"), 0);
        ck_assert_int_eq(count_things(database), 2000);
}
END_TEST

START_TEST(a_newer_schema_is_refused_and_left_alone)
{
        database_free(open_as(&second, 0));
        ck_assert_ptr_null(open_as(&first, -EPROTO));
        ck_assert_uint_eq(n_broken(), 0);
        database_free(open_as(&second, 0));
}
END_TEST

START_TEST(a_file_that_is_no_database_is_moved_aside)
{
        FILE *file = fopen(path, "w");

        for (int i = 0; i < 1000; i++)
                fputs("this was a letter, not a database\n", file);
        fclose(file);
        _cleanup_(database_freep) Database *database = open_as(&first, -EUCLEAN);
        ck_assert_int_eq(count_things(database), 0);
        ck_assert_uint_eq(n_broken(), 1);
}
END_TEST

START_TEST(a_file_cut_off_is_moved_aside)
{
        struct stat status;

        fill();
        ck_assert_int_eq(stat(path, &status), 0);
        ck_assert_int_eq(truncate(path, status.st_size / 2), 0);
        _cleanup_(database_freep) Database *database = open_as(&first, -EUCLEAN);
        ck_assert_int_eq(count_things(database), 0);
        ck_assert_uint_eq(n_broken(), 1);
}
END_TEST

START_TEST(a_file_with_a_page_of_garbage_is_moved_aside)
{
        char garbage[4096];

        fill();
        memset(garbage, 0xa5, sizeof(garbage));
        _cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
        ck_assert_int_eq(pwrite(fd, garbage, sizeof(garbage), 4096), sizeof(garbage));
        database_free(open_as(&first, -EUCLEAN));
        ck_assert_uint_eq(n_broken(), 1);
}
END_TEST

START_TEST(a_missing_folder_is_an_error_that_names_the_file)
{
        snprintf(path, sizeof(path), "%s/nowhere/test.db", folder);
        ck_assert_ptr_null(open_as(&first, -ENOENT));
}
END_TEST

START_TEST(a_copy_has_what_an_open_database_has)
{
        Database *database = open_as(&second, 0), *copy = NULL;
        _cleanup_free_ char *to = str_printf("%s/copy.db", folder), *text = NULL;
        sqlite3_stmt *rows = NULL;
        struct stat st;

        ck_assert_int_eq(database_run(database, "INSERT INTO things VALUES ('pin', 1, 'grey')"), 0);
        ck_assert_int_eq(database_copy(path, to), 0);
        ck_assert_int_eq(stat(to, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0600);
        ck_assert_int_eq(database_open(to, &second, &copy, &text), 0);
        ck_assert_int_eq(sqlite3_prepare_v2(database_handle(copy), "SELECT name FROM things", -1,
                                            &rows, NULL),
                         SQLITE_OK);
        ck_assert_int_eq(sqlite3_step(rows), SQLITE_ROW);
        ck_assert_str_eq((const char *)sqlite3_column_text(rows, 0), "pin");
        sqlite3_finalize(rows);
        database_free(copy);
        database_free(database);

        /* The same from a file that nobody has open. */
        ck_assert_int_eq(unlink(to), 0);
        ck_assert_int_eq(database_copy(path, to), 0);
        ck_assert_int_eq(access(to, F_OK), 0);
}
END_TEST

START_TEST(a_copy_that_fails_leaves_nothing)
{
        _cleanup_free_ char *to = str_printf("%s/copy.db", folder);
        _cleanup_free_ char *fresh = str_printf("%s.new", to);
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        ck_assert_int_eq(write(fd, "this is no database at all", 26), 26);
        close(fd);
        ck_assert_int_eq(database_copy(path, to), -EUCLEAN);
        ck_assert_int_eq(access(to, F_OK), -1);
        ck_assert_int_eq(access(fresh, F_OK), -1);
}
END_TEST

START_TEST(without_a_path_it_works_in_memory)
{
        _cleanup_(database_freep) Database *database = NULL;
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(database_open(NULL, &second, &database, &text), 0);
        ck_assert_int_eq(count_things(database), 0);
}
END_TEST

START_TEST(failures_of_sqlite_become_errno)
{
        _cleanup_(database_freep) Database *database = open_as(&first, 0);

        ck_assert_int_eq(database_run(database, "INSERT INTO things VALUES ('a', 1)"), 0);
        ck_assert_int_eq(database_run(database, "INSERT INTO things VALUES ('a', 1)"), -EEXIST);
        ck_assert_int_eq(database_errno(SQLITE_FULL), -ENOSPC);
        ck_assert_int_eq(database_errno(SQLITE_READONLY_DIRECTORY), -EROFS);
        ck_assert_int_eq(database_errno(SQLITE_IOERR_NOMEM), -ENOMEM);
        ck_assert_int_eq(database_errno(SQLITE_DONE), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("database");
        TCase *tests = tcase_create("database");

        tcase_add_checked_fixture(tests, make_folder, remove_folder);
        tcase_add_test(tests, a_fresh_file_has_the_schema_and_is_private);
        tcase_add_test(tests, what_was_written_is_there_again);
        tcase_add_test(tests, an_older_schema_is_led_on_and_keeps_its_rows);
        tcase_add_test(tests, a_newer_schema_is_refused_and_left_alone);
        tcase_add_test(tests, a_file_that_is_no_database_is_moved_aside);
        tcase_add_test(tests, a_file_cut_off_is_moved_aside);
        tcase_add_test(tests, a_file_with_a_page_of_garbage_is_moved_aside);
        tcase_add_test(tests, a_missing_folder_is_an_error_that_names_the_file);
        tcase_add_test(tests, a_copy_has_what_an_open_database_has);
        tcase_add_test(tests, a_copy_that_fails_leaves_nothing);
        tcase_add_test(tests, without_a_path_it_works_in_memory);
        tcase_add_test(tests, failures_of_sqlite_become_errno);
        suite_add_tcase(suite, tests);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
