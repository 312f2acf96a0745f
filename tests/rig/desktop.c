/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/desktop.h"

#include <string.h>

#include "base/str.h"

#define STORE_DELAY_US (20 * USEC_PER_MSEC) /* longer than CALL_STORE_DELAY_US of tringd */

/* Without the standard service folders: the stock configuration would start installed programs. */
#define BUS_CONFIGURATION                                                                      \
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n" \
        " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"                  \
        "<busconfig>\n"                                                                        \
        "  <type>session</type>\n"                                                             \
        "  <listen>unix:path=%s/bus</listen>\n"                                                \
        "  <auth>EXTERNAL</auth>\n"                                                            \
        "%s"                                                                                   \
        "  <policy context=\"default\">\n"                                                     \
        "    <allow send_destination=\"*\" eavesdrop=\"true\"/>\n"                             \
        "    <allow eavesdrop=\"true\"/>\n"                                                    \
        "    <allow own=\"*\"/>\n"                                                             \
        "  </policy>\n"                                                                        \
        "  <limit name=\"max_match_rules_per_connection\">50000</limit>\n"                     \
        "  <limit name=\"max_replies_per_connection\">50000</limit>\n"                         \
        "</busconfig>\n"

static void make_folders(Desktop *desktop)
{
        static const struct {
                const char *folder, *variable;
        } folders[] = {{"home", "HOME"},
                       {"run", "XDG_RUNTIME_DIR"},
                       {"config", "XDG_CONFIG_HOME"},
                       {"state", "XDG_STATE_HOME"},
                       {"data", "XDG_DATA_HOME"},
                       {"cache", "XDG_CACHE_HOME"}};

        rig_path(desktop->dir, "%s/%s", desktop->rig->dir, desktop->name);
        rig_mkdir(desktop->dir);
        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                char path[RIG_PATH_MAX];

                rig_path(path, "%s/%s", desktop->dir, folders[i].folder);
                rig_mkdir(path);
                environment_set(&desktop->environment, folders[i].variable, "%s", path);
        }
}

static Process *start_dbus_daemon(Desktop *desktop, const char *name, bool activates)
{
        _cleanup_free_ char *configuration = NULL;
        char path[RIG_PATH_MAX], element[2 * RIG_PATH_MAX] = "";

        if (activates) {
                _cleanup_free_ char *service = NULL;

                rig_path(path, "%s/services", desktop->dir);
                rig_mkdir(path);
                snprintf(element, sizeof(element), "  <servicedir>%s</servicedir>\n", path);
                rig_path(path, "%s/services/" TRING_NAME ".service", desktop->dir);
                service = str_printf("[D-BUS Service]\nName=" TRING_NAME "\nExec=%s\n",
                                     rig_program("TRINGD"));
                rig_write_file(path, service, 0600);
        }
        rig_path(path, "%s/bus.conf", desktop->dir);
        configuration = str_printf(BUS_CONFIGURATION, desktop->dir, element);
        rig_write_file(path, configuration, 0600);
        rig_path(path, "--config-file=%s/bus.conf", desktop->dir);
        return process_start(desktop->rig, name, &desktop->environment,
                             ARGV("dbus-daemon", path, "--nofork", "--print-address"));
}

static Process *start_dbus_broker(Desktop *desktop, const char *program, const char *name,
                                  bool activates)
{
        char path[RIG_PATH_MAX];

        rig_path(path, "%s/bus", desktop->dir);
        return process_start(
                desktop->rig, name, &desktop->environment,
                ARGV(program, path, activates ? TRING_NAME : NULL, rig_program("TRINGD")));
}

static void start_bus(Desktop *desktop, bool activates)
{
        const char *broker = getenv("TRING_RIG_BROKER");
        _cleanup_free_ char *line = NULL;
        char name[64], address[RIG_PATH_MAX];

        rig_path(address, "unix:path=%s/bus", desktop->dir);
        environment_set(&desktop->environment, "DBUS_SESSION_BUS_ADDRESS", "%s", address);
        snprintf(name, sizeof(name), "bus-%s", desktop->name);
        desktop->bus = broker ? start_dbus_broker(desktop, broker, name, activates)
                              : start_dbus_daemon(desktop, name, activates);
        line = process_wait_line(desktop->bus, "unix:");
        desktop->client = client_new(desktop->rig, address);
}

static Desktop *desktop_prepare(Rig *rig, const char *name)
{
        Desktop *desktop = rig_alloc(sizeof(*desktop));

        desktop->rig = rig;
        snprintf(desktop->name, sizeof(desktop->name), "%s", name);
        environment_init(&desktop->environment, rig);
        environment_set(&desktop->environment, "TRING_ICE_LOOPBACK", "1");
        make_folders(desktop);
        return desktop;
}

Desktop *desktop_new(Rig *rig, const char *name)
{
        Desktop *desktop = desktop_prepare(rig, name);

        start_bus(desktop, false);
        return desktop;
}

Desktop *desktop_new_activated(Rig *rig, const char *name)
{
        Desktop *desktop = desktop_prepare(rig, name);

        start_bus(desktop, true);
        return desktop;
}

Desktop *desktop_free(Desktop *desktop)
{
        if (!desktop)
                return NULL;

        client_free(desktop->client);
        process_free(desktop->tringd);
        process_free(desktop->bus);
        environment_done(&desktop->environment);
        free(desktop);
        return NULL;
}

static int ended_too_soon(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Desktop *desktop = userdata;

        rig_fail("tringd of %s ended with %d before it had its name", desktop->name,
                 process_wait(desktop->tringd));
}

void desktop_start(Desktop *desktop)
{
        sd_event_source *source = NULL;
        char name[64];

        snprintf(name, sizeof(name), "tringd-%s", desktop->name);
        desktop->tringd = process_start(desktop->rig, name, &desktop->environment,
                                        ARGV(rig_program("TRINGD")));
        rig_check(sd_event_add_io(desktop->rig->event, &source, desktop->tringd->pidfd, EPOLLIN,
                                  ended_too_soon, desktop),
                  "sd_event_add_io");
        client_wait_owner(desktop->client, true);
        sd_event_source_unref(source);
}

void desktop_stop(Desktop *desktop)
{
        int status = process_stop(desktop->tringd);

        if (status != 0)
                rig_fail("tringd of %s ended with %d", desktop->name, status);
        desktop->tringd = process_free(desktop->tringd);
        client_wait_owner(desktop->client, false);
}

char *desktop_device(Desktop *desktop)
{
        _cleanup_free_ char *user =
                client_property(desktop->client, TRING_ROOT, TRING_MANAGER, "LoggedInUser");

        for (const char *at = user; *at; at++)
                if (strspn(at, "0123456789abcdef-") == UUID_LENGTH)
                        return strndup(at, UUID_LENGTH);
        rig_fail("no device in %s", user);
}

void desktop_kill(Desktop *desktop)
{
        process_kill(desktop->tringd);
        desktop->tringd = process_free(desktop->tringd);
        client_wait_owner(desktop->client, false);
}

/*
 * The first round trip ends in a turn of tringd's loop in which the timer of its store has expired;
 * the second one in a later turn, so the expired timer has been handled, however slow the machine
 * is.
 */
void desktop_wait_stored(Desktop *desktop)
{
        rig_run_for(desktop->rig, STORE_DELAY_US);
        client_synchronise(desktop->client);
        client_synchronise(desktop->client);
}

void desktop_login_token(Desktop *desktop, const char *url, const char *token)
{
        client_do(desktop->client, TRING_ROOT, TRING_MANAGER, "Login", "ssa{sv}", url, token, 0);
}

void desktop_wait_online(Desktop *desktop)
{
        client_wait_property(desktop->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "online");
}

void desktop_login(Desktop *desktop, Hub *hub)
{
        _cleanup_free_ char *token = NULL;
        char name[64];

        /* "alice" gets the name Alice. */
        snprintf(name, sizeof(name), "%c%s", desktop->name[0] - ('a' - 'A'), desktop->name + 1);
        hub_add_user(hub, desktop->name, name);
        token = hub_mint(hub, desktop->name);
        desktop_login_token(desktop, hub->url, token);
        desktop_wait_online(desktop);
}

Desktop *desktop_new_online(Rig *rig, Hub *hub, const char *name)
{
        Desktop *desktop = desktop_new(rig, name);

        if (hub->trusted[0])
                environment_set(&desktop->environment, "SSL_CERT_DIR", "%s", hub->trusted);
        desktop_start(desktop);
        desktop_login(desktop, hub);
        return desktop;
}

Desktop *desktop_new_device(Rig *rig, Hub *hub, const char *name, const char *uid)
{
        Desktop *desktop = desktop_new(rig, name);
        _cleanup_free_ char *token = hub_mint(hub, uid);

        desktop_start(desktop);
        desktop_login_token(desktop, hub->url, token);
        desktop_wait_online(desktop);
        return desktop;
}

void desktop_restart_bus(Desktop *desktop)
{
        int status;

        process_kill(desktop->bus);
        desktop->bus = process_free(desktop->bus);
        status = process_wait(desktop->tringd);
        if (status > 1)
                rig_fail("tringd of %s ended with %d when its bus did", desktop->name, status);
        desktop->tringd = process_free(desktop->tringd);
        desktop->client = client_free(desktop->client);
        start_bus(desktop, false);
}
