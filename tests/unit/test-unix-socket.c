/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/unix-socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "suite.h"

static char folder[32], path[64];

static void setup(void)
{
        STR_SET(folder, "/tmp/test-socket-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/socket", folder);
}

static void teardown(void)
{
        (void)unlink(path);
        ck_assert_int_eq(rmdir(folder), 0);
}

static int listen_at_path(void)
{
        _cleanup_free_ char *text = NULL;
        int fd = -1, r = unix_socket_listen(path, &fd, &text);

        ck_assert_msg(r == 0, "%s", text);
        return fd;
}

static void expect_refusal(const char *at, int error, const char *why)
{
        _cleanup_free_ char *text = NULL;
        int fd = -1;

        ck_assert_int_eq(unix_socket_listen(at, &fd, &text), error);
        ck_assert_int_eq(fd, -1);
        ck_assert_msg(text && strstr(text, at) && strstr(text, why), "%s", text);
}

static int connect_to_path(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        STR_SET(address.sun_path, path);
        return connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

START_TEST(every_user_of_the_machine_may_connect_with_any_umask)
{
        umask(0077);
        _cleanup_close_ int fd = listen_at_path();
        struct stat st;

        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0666);
        ck_assert_uint_eq(umask(0077), 0077);
        ck_assert_int_eq(connect_to_path(), 0);
}
END_TEST

START_TEST(what_a_killed_hub_left_is_replaced)
{
        close(listen_at_path());
        ck_assert_int_eq(connect_to_path(), -ECONNREFUSED);
        _cleanup_close_ int fd = listen_at_path();

        ck_assert_int_eq(connect_to_path(), 0);
}
END_TEST

START_TEST(the_socket_of_a_living_hub_is_left_alone)
{
        _cleanup_close_ int fd = listen_at_path();

        expect_refusal(path, -EADDRINUSE, "another program does");
        ck_assert_int_eq(connect_to_path(), 0);
}
END_TEST

START_TEST(a_file_in_its_place_is_left_alone)
{
        struct stat st;

        close(open(path, O_CREAT | O_CLOEXEC, 0600));
        expect_refusal(path, -EEXIST, "there is something else");
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert(S_ISREG(st.st_mode));
}
END_TEST

START_TEST(a_folder_that_is_missing_is_named)
{
        expect_refusal("/nonexistent/socket", -ENOENT, "No such file");
}
END_TEST

START_TEST(the_longest_path_is_that_of_a_socket_address)
{
        char longest[UNIX_SOCKET_PATH_MAX + 2];
        _cleanup_free_ char *text = NULL;
        int fd;

        memset(longest, 'a', sizeof(longest));
        memcpy(longest, path, strlen(path));
        longest[UNIX_SOCKET_PATH_MAX] = '\0';
        ck_assert_int_eq(unix_socket_listen(longest, &fd, &text), 0);
        unix_socket_remove(fd);
        close(fd);
        ck_assert_int_eq(access(longest, F_OK), -1);
        longest[UNIX_SOCKET_PATH_MAX] = 'a';
        longest[UNIX_SOCKET_PATH_MAX + 1] = '\0';
        expect_refusal(longest, -E2BIG, "longer than 107 bytes");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("unix-socket");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, every_user_of_the_machine_may_connect_with_any_umask);
        tcase_add_test(tests, what_a_killed_hub_left_is_replaced);
        tcase_add_test(tests, the_socket_of_a_living_hub_is_left_alone);
        tcase_add_test(tests, a_file_in_its_place_is_left_alone);
        tcase_add_test(tests, a_folder_that_is_missing_is_named);
        tcase_add_test(tests, the_longest_path_is_that_of_a_socket_address);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
