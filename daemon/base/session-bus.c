/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/session-bus.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define ADDRESS_SHOWN 640 /* bytes */
#define USER_SHOWN 64

/* sd_bus_open_user(3) and GLib look in the same places. Returns false if they have no address. */
static bool find_address(char buffer[static ADDRESS_SHOWN])
{
        const char *address = getenv("DBUS_SESSION_BUS_ADDRESS");
        const char *folder = getenv("XDG_RUNTIME_DIR");
        char whole[ADDRESS_SHOWN];

        if (str_empty(address) && str_empty(folder))
                return false;
        (void)snprintf(whole, sizeof(whole), str_empty(address) ? "unix:path=%s/bus" : "%s",
                       str_empty(address) ? folder : address);
        str_printable(buffer, ADDRESS_SHOWN, whole);
        return true;
}

/* The owner of the socket, or of the nearest folder above it that can be looked at. */
static int socket_owner(const char *address, uid_t *ret)
{
        static const char scheme[] = "unix:path=";
        char path[ADDRESS_SHOWN];
        struct stat status;

        if (strncmp(address, scheme, strlen(scheme)) != 0 ||
            STR_SET(path, address + strlen(scheme)) < 0)
                return -1;
        path[strcspn(path, ",;")] = '\0';
        while (*path == '/' && stat(path, &status) < 0)
                *strrchr(path, '/') = '\0';
        if (*path != '/')
                return -1;
        *ret = status.st_uid;
        return 0;
}

static const char *user_name(uid_t uid, char buffer[static USER_SHOWN])
{
        const struct passwd *user = getpwuid(uid);

        if (user)
                (void)snprintf(buffer, USER_SHOWN, "'%s'", user->pw_name);
        else
                (void)snprintf(buffer, USER_SHOWN, "%u", (unsigned)uid);
        return buffer;
}

const char *session_bus_failure(const char *why, char buffer[static SESSION_BUS_FAILURE_MAX])
{
        char address[ADDRESS_SHOWN], theirs[USER_SHOWN], ours[USER_SHOWN];
        uid_t owner, self = geteuid();

        if (!find_address(address))
                (void)snprintf(buffer, SESSION_BUS_FAILURE_MAX,
                               "there is no session bus: neither $DBUS_SESSION_BUS_ADDRESS nor "
                               "$XDG_RUNTIME_DIR is set");
        else if (socket_owner(address, &owner) == 0 && owner != self && owner != 0)
                (void)snprintf(buffer, SESSION_BUS_FAILURE_MAX,
                               "the session bus at '%s' belongs to the user %s, and this program "
                               "runs as %s",
                               address, user_name(owner, theirs), user_name(self, ours));
        else
                (void)snprintf(buffer, SESSION_BUS_FAILURE_MAX,
                               "cannot connect to the session bus at '%s': %s", address, why);
        return buffer;
}

const char *session_bus_error_text(const char *error_name)
{
        static const struct {
                const char *error, *text;
        } known[] = {
                {"ServiceUnknown", "tringd is not running and could not be started"},
                {"NameHasNoOwner", "tringd is not running and could not be started"},
                {"NoReply", "tringd did not answer"},
                {"Timeout", "tringd did not answer"},
                {"TimedOut", "tringd did not answer"},
                {"UnknownObject", "the call is over"},
                {"Disconnected", "the session bus is gone"},
        };
        static const char prefix[] = "org.freedesktop.DBus.Error.";

        if (str_empty(error_name) || strncmp(error_name, prefix, strlen(prefix)) != 0)
                return NULL;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                if (str_eq(error_name + strlen(prefix), known[i].error))
                        return known[i].text;
        return NULL;
}
