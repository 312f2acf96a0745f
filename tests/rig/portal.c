/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/portal.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/str.h"

#define PORTAL_NAME "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
#define SCREEN_CAST_INTERFACE "org.freedesktop.portal.ScreenCast"
#define REQUEST_INTERFACE "org.freedesktop.portal.Request"
#define SESSION_INTERFACE "org.freedesktop.portal.Session"

static int on_close(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Portal *portal = userdata;

        portal->closed++;
        portal->session_slot = sd_bus_slot_unref(portal->session_slot);
        portal->session[0] = '\0';
        return 0;
}

static const sd_bus_vtable session_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Close", NULL, NULL, on_close, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("Closed", NULL, 0),
        SD_BUS_VTABLE_END,
};

/* ":1.7" becomes 1_7 in paths. */
static void object_path(sd_bus_message *message, const char *kind, const char *token,
                        char ret[static RIG_PATH_MAX])
{
        char sender[64];

        rig_check(STR_SET(sender, sd_bus_message_get_sender(message) + 1), "a sender");
        for (char *dot = sender; (dot = strchr(dot, '.'));)
                *dot = '_';
        rig_path(ret, PORTAL_PATH "/%s/%s/%s", kind, sender, token);
}

/* Reads the tokens in the options, which come next in the message. */
static int read_tokens(sd_bus_message *message, const char **ret_request, const char **ret_session)
{
        const char *key;
        int r = sd_bus_message_enter_container(message, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = sd_bus_message_read(message, "s", &key);
                if (r >= 0 && str_eq(key, "handle_token"))
                        r = sd_bus_message_read(message, "v", "s", ret_request);
                else if (r >= 0 && str_eq(key, "session_handle_token"))
                        r = sd_bus_message_read(message, "v", "s", ret_session);
                else if (r >= 0)
                        r = sd_bus_message_skip(message, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
        }
        return r;
}

/* Sends the reply, and then the response with the user's decision. */
static int answer(Portal *portal, sd_bus_message *message, const char *token, sd_bus_message **ret)
{
        char request[RIG_PATH_MAX];
        int r;

        object_path(message, "request", token, request);
        r = sd_bus_reply_method_return(message, "o", request);
        return r < 0 ? r
                     : sd_bus_message_new_signal(portal->bus, ret, request, REQUEST_INTERFACE,
                                                 "Response");
}

static int on_create(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Portal *portal = userdata;
        const char *token = "", *session = "";
        sd_bus_message *response = NULL;
        int r = read_tokens(message, &token, &session);

        if (r < 0)
                return r;
        object_path(message, "session", session, portal->session);
        rig_check(sd_bus_add_object_vtable(portal->bus, &portal->session_slot, portal->session,
                                           SESSION_INTERFACE, session_vtable, portal),
                  portal->session);
        r = answer(portal, message, token, &response);
        if (r >= 0)
                r = sd_bus_message_append(response, "ua{sv}", 0, 1, "session_handle", "s",
                                          portal->session);
        if (r >= 0)
                r = sd_bus_send(portal->bus, response, NULL);
        sd_bus_message_unref(response);
        return r;
}

static int on_select(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Portal *portal = userdata;
        const char *session, *token = "", *none;
        sd_bus_message *response = NULL;
        int r = sd_bus_message_read(message, "o", &session);

        if (r >= 0)
                r = read_tokens(message, &token, &none);
        if (r >= 0)
                r = answer(portal, message, token, &response);
        if (r >= 0)
                r = sd_bus_message_append(response, "ua{sv}", 0, 0);
        if (r >= 0)
                r = sd_bus_send(portal->bus, response, NULL);
        sd_bus_message_unref(response);
        return r;
}

static int append_choice(const Portal *portal, sd_bus_message *response)
{
        if (portal->user == PORTAL_USER_DISMISSES)
                return sd_bus_message_append(response, "ua{sv}", 1, 0);
        return sd_bus_message_append(response, "ua{sv}", 0, 1, "streams", "a(ua{sv})", 1,
                                     rig_camera_id(portal->screen), 1, "source_type", "u", 1);
}

static int on_start(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Portal *portal = userdata;
        const char *session, *window, *token = "", *none;
        sd_bus_message *response = NULL;
        int r = sd_bus_message_read(message, "os", &session, &window);

        if (r >= 0)
                r = read_tokens(message, &token, &none);
        if (r >= 0)
                r = answer(portal, message, token, &response);
        if (r >= 0 && portal->user != PORTAL_USER_WAITS) {
                r = append_choice(portal, response);
                if (r >= 0)
                        r = sd_bus_send(portal->bus, response, NULL);
        }
        sd_bus_message_unref(response);
        return r;
}

static int connect_pipewire(const Portal *portal)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        char path[RIG_PATH_MAX];

        rig_path(path, "%s/pipewire-0", portal->directory);
        rig_check(STR_SET(address.sun_path, path), "PipeWire's socket");
        if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                rig_fail("cannot connect to %s: %s", address.sun_path, strerror(errno));
        return fd;
}

static int on_open(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        _cleanup_close_ int fd = connect_pipewire(userdata);

        return sd_bus_reply_method_return(message, "h", fd);
}

static const sd_bus_vtable screen_cast_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CreateSession", "a{sv}", "o", on_create, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("SelectSources", "oa{sv}", "o", on_select, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Start", "osa{sv}", "o", on_start, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("OpenPipeWireRemote", "oa{sv}", "h", on_open, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

Portal *portal_new(Desktop *desktop, RigGraph *graph, const char *directory)
{
        Portal *portal = rig_alloc(sizeof(*portal));

        portal->desktop = desktop;
        rig_path(portal->directory, "%s", directory);
        rig_check(rig_screen_new(graph, "screen", &portal->screen), "a screen");
        rig_check(sd_bus_new(&portal->bus), "sd_bus_new");
        rig_check(sd_bus_set_address(portal->bus, environment_get(&desktop->environment,
                                                                  "DBUS_SESSION_BUS_ADDRESS")),
                  "the bus");
        rig_check(sd_bus_set_bus_client(portal->bus, true), "the bus");
        rig_check(sd_bus_negotiate_fds(portal->bus, true), "the bus");
        rig_check(sd_bus_start(portal->bus), "the bus");
        rig_check(sd_bus_add_object_vtable(portal->bus, NULL, PORTAL_PATH, SCREEN_CAST_INTERFACE,
                                           screen_cast_vtable, portal),
                  PORTAL_PATH);
        rig_check(sd_bus_attach_event(portal->bus, desktop->rig->event, 0), "the loop");
        rig_check(sd_bus_request_name(portal->bus, PORTAL_NAME, 0), PORTAL_NAME);
        return portal;
}

Portal *portal_free(Portal *portal)
{
        if (!portal)
                return NULL;
        sd_bus_slot_unref(portal->session_slot);
        sd_bus_detach_event(portal->bus);
        sd_bus_flush_close_unref(portal->bus);
        rig_camera_free(portal->screen);
        free(portal);
        return NULL;
}

void portal_end_session(Portal *portal)
{
        if (!portal->session[0])
                rig_fail("nothing is shared at the desktop");
        rig_check(
                sd_bus_emit_signal(portal->bus, portal->session, SESSION_INTERFACE, "Closed", NULL),
                "Closed");
        portal->session_slot = sd_bus_slot_unref(portal->session_slot);
        portal->session[0] = '\0';
}

void portal_wait_closed(Portal *portal, unsigned closed)
{
        usec_t deadline = rig_deadline();

        while (portal->closed < closed)
                rig_run_once(portal->desktop->rig, deadline, "the end of a portal's session");
}
