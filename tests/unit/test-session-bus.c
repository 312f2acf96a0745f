/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/session-bus.h"

#include <stdlib.h>

#include "suite.h"

static void expect(const char *address, const char *folder, const char *where)
{
        char buffer[1024];

        (void)unsetenv("DBUS_SESSION_BUS_ADDRESS");
        (void)unsetenv("XDG_RUNTIME_DIR");
        if (address)
                (void)setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
        if (folder)
                (void)setenv("XDG_RUNTIME_DIR", folder, 1);
        ck_assert_str_eq(session_bus_where(buffer, sizeof(buffer)), where);
}

START_TEST(the_address_is_named_as_it_is_found)
{
        expect("unix:path=/run/bus", "/run/user/7", "at 'unix:path=/run/bus'");
        expect(NULL, "/run/user/7", "at 'unix:path=/run/user/7/bus'");
        expect("", "/run/user/7", "at 'unix:path=/run/user/7/bus'");
        expect("unix:\npath", NULL, "at 'unix:?path'");
        expect(NULL, NULL, "(neither $DBUS_SESSION_BUS_ADDRESS nor $XDG_RUNTIME_DIR is set)");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("session-bus");
        TCase *tcase = tcase_create("where");

        tcase_add_test(tcase, the_address_is_named_as_it_is_found);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
