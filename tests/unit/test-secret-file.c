/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/secret-file.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/str.h"
#include "suite.h"

#define MAX 16

static char path[64], text[SECRET_TEXT_MAX];

static void setup(void)
{
        STR_SET(path, "/tmp/test-secret-XXXXXX");
        int fd = mkstemp(path);
        ck_assert_int_ge(fd, 0);
        close(fd);
}

static void teardown(void)
{
        ck_assert_int_eq(unlink(path), 0);
}

static int read_of(const char *content, mode_t mode, char **ret)
{
        _cleanup_(fclosep) FILE *file = fopen(path, "w");

        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(content, file), 0);
        ck_assert_int_eq(fflush(file), 0);
        ck_assert_int_eq(chmod(path, mode), 0);
        return secret_file_read(path, MAX, ret, text);
}

START_TEST(a_secret_is_read_without_what_stands_around_it)
{
        static const char *const contents[] = {"s3cret", "s3cret\n", " \ts3cret\r\n\n"};
        _cleanup_(secret_freep) char *secret = NULL;

        ck_assert_int_eq(read_of(contents[_i], 0600, &secret), 0);
        ck_assert_str_eq(secret, "s3cret");
}
END_TEST

START_TEST(what_is_no_secret_is_refused_with_a_sentence_that_names_the_file)
{
        static const struct {
                const char *content;
                mode_t mode;
                int expect;
                const char *sentence;
        } cases[] = {
                {"s3cret", 0644, -EPERM, "can be read by other users"},
                {"s3cret", 0640, -EPERM, "can be read by other users"},
                {"", 0600, -ENODATA, "is empty"},
                {"\n \n", 0600, -ENODATA, "is empty"},
                {"12345678901234567", 0600, -E2BIG, "more than a token of 16 bytes"},
                {"two words", 0600, -EINVAL, "one word"},
                {"two\nlines", 0600, -EINVAL, "one word"},
                {"bell\a", 0600, -EINVAL, "one word"},
        };
        char *secret = NULL;

        ck_assert_int_eq(read_of(cases[_i].content, cases[_i].mode, &secret), cases[_i].expect);
        ck_assert_ptr_null(secret);
        ck_assert_ptr_nonnull(strstr(text, path));
        ck_assert_ptr_nonnull(strstr(text, cases[_i].sentence));
}
END_TEST

START_TEST(a_secret_of_just_the_longest_length_is_taken)
{
        _cleanup_(secret_freep) char *secret = NULL;

        ck_assert_int_eq(read_of("1234567890123456\n", 0600, &secret), 0);
        ck_assert_str_eq(secret, "1234567890123456");
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
        char *secret = NULL;

        ck_assert_int_eq(secret_file_read("/nonexistent/tok\nen", MAX, &secret, text), -ENOENT);
        ck_assert_str_eq(text, "/nonexistent/tok?en cannot be read: No such file or directory");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("secret-file");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_loop_test(tests, a_secret_is_read_without_what_stands_around_it, 0, 3);
        tcase_add_loop_test(tests, what_is_no_secret_is_refused_with_a_sentence_that_names_the_file,
                            0, 8);
        tcase_add_test(tests, a_secret_of_just_the_longest_length_is_taken);
        tcase_add_test(tests, a_file_that_is_not_there_is_named);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
