/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/screen-cast.h"

#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#define PORTAL "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
#define SCREEN_CAST_INTERFACE "org.freedesktop.portal.ScreenCast"
#define REQUEST_INTERFACE "org.freedesktop.portal.Request"
#define SESSION_INTERFACE "org.freedesktop.portal.Session"
#define PATH_SIZE 512
#define TOKEN_SIZE 48
#define PARENT_WINDOW_SIZE 128 /* "wayland:…", "x11:…" */
/* Of the method calls; the dialog itself may stay open. */
#define CALL_TIMEOUT_US (10 * USEC_PER_SEC)

enum { /* of SelectSources, AvailableSourceTypes and AvailableCursorModes */
        SOURCE_MONITOR = 1,
        SOURCE_WINDOW = 2,
        CURSOR_EMBEDDED = 2,
};

enum { /* of a portal Request's Response */
        RESPONSE_SUCCESS,
        RESPONSE_CANCELLED,
};

typedef enum Step {
        STEP_CREATE,
        STEP_SELECT,
        STEP_START,
        STEP_OPEN,
        STEP_READY,
} Step;

struct ScreenCast {
        sd_bus *bus;
        const ScreenCastEvents *events;
        void *userdata;
        Step step;
        char token[TOKEN_SIZE]; /* of the pending request */
        char parent_window[PARENT_WINDOW_SIZE];
        char request[PATH_SIZE], session[PATH_SIZE]; /* empty: none */
        uint32_t node;
        sd_bus_slot *call, *response, *closed;
        sd_bus_message *opened; /* reply that owns the PipeWire descriptor */
};

static uint64_t last_token;

/* To be called last, since the event may free the object. */
static void fail(ScreenCast *cast, CallError error, const char *text)
{
        cast->events->failed(cast->userdata, error, text);
}

static bool is_missing(const sd_bus_error *error)
{
        static const char *const names[] = {
                SD_BUS_ERROR_SERVICE_UNKNOWN,
                SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                SD_BUS_ERROR_UNKNOWN_METHOD,
                SD_BUS_ERROR_UNKNOWN_INTERFACE,
                SD_BUS_ERROR_UNKNOWN_OBJECT,
                "org.freedesktop.DBus.Error.Spawn.ExecFailed",
                "org.freedesktop.DBus.Error.Spawn.ChildExited",
                "org.freedesktop.DBus.Error.Spawn.ServiceNotFound",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (sd_bus_error_has_name(error, names[i]))
                        return true;
        return false;
}

static void fail_by_error(ScreenCast *cast, const sd_bus_error *error)
{
        char text[256], shown[160];

        if (cast->step == STEP_CREATE && is_missing(error)) {
                fail(cast, CALL_ERROR_NOT_SUPPORTED,
                     "cannot share a screen: this desktop has no " SCREEN_CAST_INTERFACE);
                return;
        }
        snprintf(text, sizeof(text), "the desktop refused to share a screen: %s",
                 str_printable(shown, sizeof(shown),
                               error && error->message ? error->message : "no reason given"));
        fail(cast, CALL_ERROR_MEDIA_FAILED, text);
}

/* ---- requests: a method call, then a signal once the user has decided ---- */

static int next_step(ScreenCast *cast);

static int on_called(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        ScreenCast *cast = userdata;

        cast->call = sd_bus_slot_unref(cast->call);
        if (sd_bus_message_is_method_error(reply, NULL))
                fail_by_error(cast, sd_bus_message_get_error(reply));
        return 0;
}

/* Predicts the path of the request (portals since 0.9), so that no signal is missed. */
static void name_request(ScreenCast *cast)
{
        const char *unique = NULL;
        char sender[PATH_SIZE / 2];

        (void)sd_bus_get_unique_name(cast->bus, &unique);
        str_printable(sender, sizeof(sender), unique && *unique == ':' ? unique + 1 : "");
        for (char *dot = sender; (dot = strchr(dot, '.'));)
                *dot = '_';
        snprintf(cast->token, sizeof(cast->token), "tring%" PRIu64, ++last_token);
        snprintf(cast->request, sizeof(cast->request), PORTAL_PATH "/request/%s/%s", sender,
                 cast->token);
}

static int read_session(ScreenCast *cast, sd_bus_message *message)
{
        const char *path;
        int r = sd_bus_message_read(message, "v", "s", &path);

        return r < 0 ? r : STR_SET(cast->session, path);
}

static int read_streams(ScreenCast *cast, sd_bus_message *message)
{
        int r = sd_bus_message_enter_container(message, 'v', "a(ua{sv})");

        if (r >= 0)
                r = sd_bus_message_enter_container(message, 'a', "(ua{sv})");
        if (r >= 0)
                r = sd_bus_message_enter_container(message, 'r', "ua{sv}");
        if (r >= 0)
                r = sd_bus_message_read(message, "u", &cast->node);
        return r;
}

/* Reads the result that this step needs, and ignores the rest. */
static int read_results(ScreenCast *cast, sd_bus_message *message)
{
        const char *key;
        int r = sd_bus_message_enter_container(message, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = sd_bus_message_read(message, "s", &key);
                if (r < 0)
                        return r;
                if (cast->step == STEP_CREATE && str_eq(key, "session_handle"))
                        return read_session(cast, message);
                if (cast->step == STEP_START && str_eq(key, "streams"))
                        return read_streams(cast, message);
                r = sd_bus_message_skip(message, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
        }
        if (r < 0)
                return r;
        return cast->step == STEP_SELECT ? 0 : -ENODATA;
}

static int on_response(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        ScreenCast *cast = userdata;
        uint32_t response;
        int r = sd_bus_message_read(message, "u", &response);

        cast->response = sd_bus_slot_unref(cast->response);
        cast->request[0] = '\0';
        if (r >= 0 && response != RESPONSE_SUCCESS) {
                fail(cast, CALL_ERROR_MEDIA_FAILED,
                     response == RESPONSE_CANCELLED ? "no screen was picked: the dialog was closed"
                                                    : "the desktop ended the choice of a screen");
                return 0;
        }
        if (r >= 0)
                r = read_results(cast, message);
        if (r >= 0) {
                cast->step++;
                r = next_step(cast);
        }
        if (r < 0)
                fail(cast, CALL_ERROR_MEDIA_FAILED,
                     "the desktop sent an invalid answer about the screen");
        return 0;
}

/* Prepares a method call, for the caller to append arguments. */
static int new_call(ScreenCast *cast, const char *method, sd_bus_message **ret)
{
        return sd_bus_message_new_method_call(cast->bus, ret, PORTAL, PORTAL_PATH,
                                              SCREEN_CAST_INTERFACE, method);
}

static int send_request(ScreenCast *cast, sd_bus_message *message)
{
        int r = sd_bus_match_signal_async(cast->bus, &cast->response, PORTAL, cast->request,
                                          REQUEST_INTERFACE, "Response", on_response, NULL, cast);

        if (r < 0)
                return r;
        return sd_bus_call_async(cast->bus, &cast->call, message, on_called, cast, CALL_TIMEOUT_US);
}

/* ---- the steps ---- */

static int create_session(ScreenCast *cast)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r = new_call(cast, "CreateSession", &message);

        name_request(cast);
        if (r >= 0)
                r = sd_bus_message_append(message, "a{sv}", 2, "handle_token", "s", cast->token,
                                          "session_handle_token", "s", cast->token);
        return r < 0 ? r : send_request(cast, message);
}

static int select_sources(ScreenCast *cast)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r = new_call(cast, "SelectSources", &message);

        name_request(cast);
        if (r >= 0)
                r = sd_bus_message_append(message, "oa{sv}", cast->session, 4, "handle_token", "s",
                                          cast->token, "types", "u", SOURCE_MONITOR | SOURCE_WINDOW,
                                          "multiple", "b", 0, "cursor_mode", "u", CURSOR_EMBEDDED);
        return r < 0 ? r : send_request(cast, message);
}

static int start(ScreenCast *cast)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r = new_call(cast, "Start", &message);

        name_request(cast);
        if (r >= 0)
                r = sd_bus_message_append(message, "osa{sv}", cast->session, cast->parent_window, 1,
                                          "handle_token", "s", cast->token);
        return r < 0 ? r : send_request(cast, message);
}

static int on_session_closed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        ScreenCast *cast = userdata;

        cast->session[0] = '\0';
        if (cast->step == STEP_READY)
                cast->events->closed(cast->userdata);
        else
                fail(cast, CALL_ERROR_MEDIA_FAILED, "the desktop ended the choice of a screen");
        return 0;
}

static int on_opened(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        ScreenCast *cast = userdata;
        int remote;

        cast->call = sd_bus_slot_unref(cast->call);
        if (sd_bus_message_is_method_error(reply, NULL)) {
                fail_by_error(cast, sd_bus_message_get_error(reply));
                return 0;
        }
        if (sd_bus_message_read(reply, "h", &remote) < 0) {
                fail(cast, CALL_ERROR_MEDIA_FAILED, "the desktop gave no access to the screen");
                return 0;
        }
        cast->opened = sd_bus_message_ref(reply);
        cast->step = STEP_READY;
        cast->events->ready(cast->userdata, remote, cast->node);
        return 0;
}

static int open_remote(ScreenCast *cast)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r = new_call(cast, "OpenPipeWireRemote", &message);

        if (r >= 0)
                r = sd_bus_message_append(message, "oa{sv}", cast->session, 0);
        return r < 0 ? r
                     : sd_bus_call_async(cast->bus, &cast->call, message, on_opened, cast,
                                         CALL_TIMEOUT_US);
}

static int next_step(ScreenCast *cast)
{
        int r;

        switch (cast->step) {
        case STEP_CREATE:
                return create_session(cast);
        case STEP_SELECT:
                r = sd_bus_match_signal_async(cast->bus, &cast->closed, PORTAL, cast->session,
                                              SESSION_INTERFACE, "Closed", on_session_closed, NULL,
                                              cast);
                return r < 0 ? r : select_sources(cast);
        case STEP_START:
                return start(cast);
        case STEP_OPEN:
                return open_remote(cast);
        case STEP_READY:
                break;
        }
        return 0;
}

int screen_cast_new(sd_bus *bus, const char *parent_window, const ScreenCastEvents *events,
                    void *userdata, ScreenCast **ret)
{
        _cleanup_(screen_cast_freep) ScreenCast *cast = calloc(1, sizeof(*cast));
        int r;

        if (!cast)
                return -ENOMEM;
        cast->bus = sd_bus_ref(bus);
        cast->events = events;
        cast->userdata = userdata;
        r = STR_SET(cast->parent_window, parent_window);
        if (r == 0)
                r = next_step(cast);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(cast);
        return 0;
}

static void close_object(ScreenCast *cast, const char *path, const char *interface)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;

        if (str_empty(path))
                return;
        if (sd_bus_message_new_method_call(cast->bus, &message, PORTAL, path, interface, "Close") >=
                    0 &&
            sd_bus_message_set_expect_reply(message, 0) >= 0)
                (void)sd_bus_send(cast->bus, message, NULL);
}

ScreenCast *screen_cast_free(ScreenCast *cast)
{
        if (!cast)
                return NULL;
        close_object(cast, cast->request, REQUEST_INTERFACE);
        close_object(cast, cast->session, SESSION_INTERFACE);
        sd_bus_slot_unref(cast->call);
        sd_bus_slot_unref(cast->response);
        sd_bus_slot_unref(cast->closed);
        sd_bus_message_unref(cast->opened);
        sd_bus_unref(cast->bus);
        free(cast);
        return NULL;
}
