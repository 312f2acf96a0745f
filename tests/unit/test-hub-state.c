/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which state folder a hub and its verbs use, and as whom. */
#include "hub/state-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "suite.h"

#define NOBODY 65534

static char folder[32], hub[64], empty[64];

static void setup(void)
{
        (void)STR_SET(folder, "/tmp/test-hub-state-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        (void)snprintf(hub, sizeof(hub), "%s/hub", folder);
        (void)snprintf(empty, sizeof(empty), "%s/empty", folder);
        ck_assert_int_eq(mkdir(hub, 0700), 0);
        ck_assert_int_eq(mkdir(empty, 0700), 0);
        _cleanup_free_ char *database = str_printf("%s/hub.db", hub);
        _cleanup_close_ int fd = open(database, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(unsetenv("STATE_DIRECTORY"), 0);
        ck_assert_int_eq(setenv("XDG_STATE_HOME", "/home/ann/.state", true), 0);
}

static void teardown(void)
{
        _cleanup_free_ char *remove = str_printf("rm -r %s", folder);

        ck_assert_int_eq(system(remove), 0);
}

static void expect_path(StateChoice choice, const char *expected)
{
        _cleanup_free_ char *path = NULL, *text = NULL;

        ck_assert_int_eq(state_dir_path(&choice, &path, &text), 0);
        ck_assert_str_eq(path, expected);
}

START_TEST(the_folder_is_that_which_is_named)
{
        _cleanup_free_ char *path = NULL, *text = NULL;

        expect_path((StateChoice){"here", false, hub, true}, "here");
        expect_path((StateChoice){NULL, true, empty, false}, empty);
        ck_assert_int_eq(setenv("STATE_DIRECTORY", "/by/systemd", true), 0);
        expect_path((StateChoice){"here", false, hub, true}, "here");
        expect_path((StateChoice){NULL, true, hub, true}, hub);
        expect_path((StateChoice){NULL, false, hub, true}, "/by/systemd");
        ck_assert_int_eq(state_dir_path(&(StateChoice){"here", true, hub, true}, &path, &text),
                         -EINVAL);
        ck_assert_ptr_nonnull(strstr(text, "--system"));
}
END_TEST

START_TEST(root_uses_the_systems_hub_if_there_is_one)
{
        expect_path((StateChoice){NULL, false, hub, true}, hub);
        expect_path((StateChoice){NULL, false, hub, false}, "/home/ann/.state/tring-hub");
        expect_path((StateChoice){NULL, false, empty, true}, "/home/ann/.state/tring-hub");
        expect_path((StateChoice){NULL, false, "/nonexistent", true}, "/home/ann/.state/tring-hub");
}
END_TEST

static const char *const list[] = {"tring-hub", "user", "list", NULL};

START_TEST(no_hub_is_said_with_the_way_to_the_systems)
{
        static const char *const elsewhere[] = {"tring-hub", "--state", "x",         "token",
                                                "list",      "alice",   "--state=y", NULL};
        _cleanup_free_ char *plain = state_dir_no_hub("here", hub, list);
        _cleanup_free_ char *other = state_dir_no_hub("here", hub, elsewhere);
        _cleanup_free_ char *without = state_dir_no_hub("here", "/nonexistent", list);
        _cleanup_free_ char *system_one = state_dir_no_hub(empty, empty, list);
        _cleanup_free_ char *expected = str_printf(
                "there is no hub in here (the system's hub is in %s: sudo tring-hub --system user "
                "list)",
                hub);

        ck_assert_str_eq(plain, expected);
        ck_assert_ptr_nonnull(strstr(other, "sudo tring-hub --system token list alice)"));
        ck_assert_ptr_nonnull(strstr(without, "there is no hub in here"));
        ck_assert_ptr_null(strstr(without, "/nonexistent"));
        ck_assert_ptr_nonnull(strstr(system_one, "tring-hub.service"));
        ck_assert(state_dir_has_hub(hub));
        ck_assert(!state_dir_has_hub(empty));
}
END_TEST

START_TEST(the_owner_and_a_folder_that_is_not_there_are_let_in)
{
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(state_dir_enter(hub, false, list, &text), 0);
        ck_assert_int_eq(state_dir_enter("/tmp/nonexistent/hub", false, list, &text), 0);
        ck_assert_ptr_null(text);
        ck_assert_int_eq(state_dir_enter("/dev/null/hub", false, list, &text), -ENOTDIR);
        ck_assert_ptr_nonnull(strstr(text, "/dev/null/hub"));
}
END_TEST

/* In a process of its own, as every test here. */
START_TEST(another_user_is_told_how_to_become_the_owner)
{
        static const char *const words[] = {"tring-hub", "user",          "add", "bob",
                                            "--name",    "Bob's $(name)", NULL};
        static const char *const named[] = {"tring-hub", "--state", "/", "user", "list", NULL};
        _cleanup_free_ char *text = NULL, *short_text = NULL;

        if (geteuid() == 0)
                ck_assert_int_eq(setuid(NOBODY), 0);
        ck_assert_int_eq(state_dir_enter("/", true, words, &text), -EPERM);
        ck_assert_str_eq(text,
                         "the state folder / belongs to root: sudo runuser -u root -- tring-hub "
                         "--state / user add bob --name 'Bob'\\''s $(name)'");
        ck_assert_int_eq(state_dir_enter("/", true, named, &short_text), -EPERM);
        ck_assert_str_eq(short_text, "the state folder / belongs to root: sudo runuser -u root -- "
                                     "tring-hub --state / user list");
}
END_TEST

START_TEST(root_that_serves_is_told_to_be_the_owner)
{
        static const char *const words[] = {"tring-hub", "--system", "serve", NULL};
        _cleanup_free_ char *text = NULL;

        if (geteuid() != 0)
                return; /* nobody else can make another user's folder */
        ck_assert_int_eq(chown(hub, NOBODY, NOBODY), 0);
        ck_assert_int_eq(state_dir_enter(hub, false, words, &text), -EPERM);
        ck_assert_ptr_nonnull(strstr(text, ": runuser -u "));
        ck_assert_ptr_nonnull(strstr(text, " -- tring-hub --system serve"));
        ck_assert_uint_eq(geteuid(), 0);
}
END_TEST

START_TEST(a_file_of_another_user_is_named)
{
        static const char *const names[] = {"hub.db", "hub.db-wal", "hub.db-shm", "lock",
                                            "admin.sock"};
        _cleanup_free_ char *path = str_printf("%s/%s", empty, names[_i]), *text = NULL;
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), lock_fd = -1;

        ck_assert_int_ge(fd, 0);
        if (geteuid() != 0)
                return;
        ck_assert_int_eq(fchown(fd, NOBODY, NOBODY), 0);
        ck_assert_int_eq(state_dir_prepare(empty, &lock_fd, &text), -EPERM);
        ck_assert_ptr_eq(strstr(text, path), text);
        ck_assert_ptr_nonnull(strstr(text, ": chown root "));
        ck_assert_int_eq(fchown(fd, 0, 0), 0);
        ck_assert_int_eq(state_dir_prepare(empty, &lock_fd, &text), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub state");
        TCase *tests = tcase_create("state"), *as_others = tcase_create("as others");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, the_folder_is_that_which_is_named);
        tcase_add_test(tests, root_uses_the_systems_hub_if_there_is_one);
        tcase_add_test(tests, no_hub_is_said_with_the_way_to_the_systems);
        tcase_add_test(tests, the_owner_and_a_folder_that_is_not_there_are_let_in);
        tcase_add_test(tests, root_that_serves_is_told_to_be_the_owner);
        tcase_add_loop_test(tests, a_file_of_another_user_is_named, 0, 5);
        suite_add_tcase(suite, tests);
        tcase_add_test(as_others, another_user_is_told_how_to_become_the_owner);
        suite_add_tcase(suite, as_others);
        return suite_run(suite);
}
