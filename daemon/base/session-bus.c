/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/session-bus.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

/* sd_bus_open_user(3) and GLib look in the same places. */
const char *session_bus_where(char *buffer, size_t size)
{
        const char *address = getenv("DBUS_SESSION_BUS_ADDRESS");
        const char *folder = getenv("XDG_RUNTIME_DIR");
        char printable[WHERE_MAX - 64];

        if (!str_empty(address))
                snprintf(buffer, size, "at '%s'",
                         str_printable(printable, sizeof(printable), address));
        else if (!str_empty(folder))
                snprintf(buffer, size, "at 'unix:path=%s/bus'",
                         str_printable(printable, sizeof(printable), folder));
        else
                snprintf(buffer, size,
                         "(neither $DBUS_SESSION_BUS_ADDRESS nor $XDG_RUNTIME_DIR is set)");
        return buffer;
}
