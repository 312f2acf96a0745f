/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/session-bus.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "suite.h"

static void expect(const char *address, const char *folder, const char *sentence)
{
        char buffer[SESSION_BUS_FAILURE_MAX];

        (void)unsetenv("DBUS_SESSION_BUS_ADDRESS");
        (void)unsetenv("XDG_RUNTIME_DIR");
        if (address)
                (void)setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
        if (folder)
                (void)setenv("XDG_RUNTIME_DIR", folder, 1);
        ck_assert_str_eq(session_bus_failure("No such file or directory", buffer), sentence);
}

#define CANNOT "cannot connect to the session bus "
#define NO_FILE ": No such file or directory"

START_TEST(the_address_is_named_as_it_is_found)
{
        expect("unix:path=/run/bus", "/run/user/7", CANNOT "at 'unix:path=/run/bus'" NO_FILE);
        expect(NULL, "/nowhere/7", CANNOT "at 'unix:path=/nowhere/7/bus'" NO_FILE);
        expect("", "/nowhere/7", CANNOT "at 'unix:path=/nowhere/7/bus'" NO_FILE);
        expect("unix:\npath", NULL, CANNOT "at 'unix:?path'" NO_FILE);
        expect(NULL, NULL,
               "there is no session bus: neither $DBUS_SESSION_BUS_ADDRESS nor $XDG_RUNTIME_DIR is "
               "set");
}
END_TEST

/* By sudo or su a program meets the bus of whoever has the desktop. */
START_TEST(the_bus_of_another_user_is_said_to_be_theirs)
{
        char folder[] = "/tmp/test-session-bus-XXXXXX";
        _cleanup_free_ char *expected = NULL;

        if (geteuid() != 0) /* only root can give a folder away */
                return;
        ck_assert_ptr_nonnull(mkdtemp(folder));
        ck_assert_int_eq(chown(folder, 54321, (gid_t)-1), 0);
        expected = str_printf("the session bus at 'unix:path=%s/bus' belongs to the user 54321, "
                              "and this program runs as 'root'",
                              folder);
        expect(NULL, folder, expected);
        ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(what_the_bus_says_is_said_in_words)
{
        ck_assert_str_eq(session_bus_error_text("org.freedesktop.DBus.Error.UnknownObject"),
                         "the call is over");
        ck_assert_str_eq(session_bus_error_text("org.freedesktop.DBus.Error.NoReply"),
                         "tringd did not answer");
        ck_assert_ptr_null(session_bus_error_text("org.freedesktop.DBus.Error.Other"));
        ck_assert_ptr_null(session_bus_error_text("org.tring.Calls1.Error.Timeout"));
        ck_assert_ptr_null(session_bus_error_text(""));
        ck_assert_ptr_null(session_bus_error_text(NULL));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("session-bus");
        TCase *tcase = tcase_create("failures");

        tcase_add_test(tcase, the_address_is_named_as_it_is_found);
        tcase_add_test(tcase, the_bus_of_another_user_is_said_to_be_theirs);
        tcase_add_test(tcase, what_the_bus_says_is_said_in_words);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
