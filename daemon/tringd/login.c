/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>

#include "base/log.h"
#include "loop/websocket.h"
#include "tringd/adapters.h"
#include "tringd/bus-objects.h"
#include "tringd/errors.h"
#include "tringd/options.h"
#include "tringd/state-store.h"
#include "tringd/token-descriptor.h"

#define URL_SHOWN 128 /* bytes of an invalid URL, in an error */

static int check_token(const char *token, sd_bus_error *error)
{
        size_t length = strnlen(token, TOKEN_MAX + 1);

        /* The token is a secret: the error says what is wrong with it without repeating it. */
        if (length == 0)
                return error_set(error, CALL_ERROR_INVALID_ARGUMENT, "auth_token is empty");
        if (length > TOKEN_MAX)
                return error_set(error, CALL_ERROR_INVALID_ARGUMENT,
                                 "auth_token has more than %d bytes", TOKEN_MAX);
        for (const char *p = token; *p; p++)
                if (*p <= ' ' || *p > '~')
                        return error_set(error, CALL_ERROR_INVALID_ARGUMENT,
                                         "auth_token has characters that no token has");
        return 0;
}

static void default_device_name(char name[static NAME_MAX_BYTES + 1])
{
        char host[HOST_NAME_MAX + 1] = "";

        (void)gethostname(host, sizeof(host) - 1);
        if (str_empty(host) || !name_is_valid(host, NAME_MAX_BYTES) ||
            str_copy(name, NAME_MAX_BYTES + 1, host) < 0)
                (void)str_copy(name, NAME_MAX_BYTES + 1, "tringd");
}

/* The argument of Login is the token, that of LoginByDescriptor holds it. */
static int read_token(sd_bus_message *message, char ret[static TOKEN_MAX + 1], sd_bus_error *error)
{
        const char *token;
        char type;
        int fd, r = sd_bus_message_peek_type(message, &type, NULL);

        if (r >= 0 && type == SD_BUS_TYPE_STRING) {
                r = sd_bus_message_read(message, "s", &token);
                if (r >= 0)
                        r = check_token(token, error);
                return r < 0 ? r : str_copy(ret, TOKEN_MAX + 1, token);
        }
        if (r >= 0)
                r = sd_bus_message_read(message, "h", &fd); /* the message's */
        if (r < 0)
                return r;
        r = token_read_descriptor(fd, ret);
        if (r == -E2BIG)
                return error_set(error, CALL_ERROR_INVALID_ARGUMENT,
                                 "the descriptor auth_token has more than %d bytes", TOKEN_MAX);
        if (r < 0)
                return error_set(error, CALL_ERROR_INVALID_ARGUMENT,
                                 "cannot read the descriptor auth_token: %s",
                                 r == -EAGAIN       ? "its end is still open"
                                 : r == -EOPNOTSUPP ? "it is no pipe, memfd or file on a disk"
                                                    : strerror(-r));
        return check_token(ret, error);
}

static int read_login(const Daemon *daemon, sd_bus_message *message, Credentials *ret,
                      sd_bus_error *error)
{
        const char *typed, *why;
        char hub[URL_MAX + 1];
        char shown[URL_SHOWN];
        Option known[] = {
                {"device_name", OPTION_TEXT, ret->device_name, sizeof(ret->device_name)},
        };
        int r = sd_bus_message_read(message, "s", &typed);

        if (r < 0)
                return r;
        if (!text_is_valid(typed, HUB_URL_MAX) || url_complete(typed, hub) < 0)
                return error_invalid(error, "hub_url", typed,
                                     "is not a URL: too long, or with control characters");
        if (websocket_check_url(hub, daemon->settings.insecure, &why) < 0)
                return error_set(error, CALL_ERROR_INVALID_ARGUMENT, "hub_url '%s': %s",
                                 str_printable(shown, sizeof(shown), typed), why);
        r = read_token(message, ret->token, error);
        if (r >= 0)
                r = options_read(message, "option", known, ELEMENTSOF(known), error);
        if (r < 0)
                return r;
        if (!str_empty(ret->device_name) && !name_is_valid(ret->device_name, NAME_MAX_BYTES))
                return error_invalid(error, "device_name", ret->device_name, "is no name to show");
        if (str_empty(ret->device_name))
                default_device_name(ret->device_name);
        (void)STR_SET(ret->hub, hub);
        return 0;
}

int method_login(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Daemon *daemon = userdata;
        _cleanup_(credentials_done) Credentials credentials = {};
        const char *hub = hub_uplink_hub(daemon->uplink);
        int r = read_login(daemon, message, &credentials, error);

        if (r < 0)
                return r;
        if (daemon->login)
                return error_set(error, CALL_ERROR_TOO_MANY, "another login is under way");
        if (!str_empty(hub) && !str_eq(hub, credentials.hub))
                return error_set(error, CALL_ERROR_ALREADY_LOGGED_IN,
                                 "already logged in as '%s' at %s: log out first", daemon->user.uid,
                                 hub);
        daemon->login_device[0] = '\0';
        /* Another has this device's id, so this one becomes another device. */
        if (daemon->replaced)
                state_store_draw_device(daemon->login_device);
        r = hub_uplink_login(daemon->uplink, &credentials);
        if (r < 0)
                return r;
        daemon->login = sd_bus_message_ref(message);
        daemon_pump(daemon);
        return 1;
}

int method_login_by_descriptor(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return method_login(message, userdata, error);
}

int method_logout(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Daemon *daemon = userdata;

        if (str_empty(hub_uplink_hub(daemon->uplink)) && !daemon->login)
                return error_set(error, CALL_ERROR_NOT_LOGGED_IN, "not logged in");
        int r = credentials_forget(daemon->folders.credentials);
        if (r < 0)
                log_error("cannot delete the token in %s: %s", daemon->folders.credentials,
                          strerror(-r));
        /* The phone's last messages must go out before the uplink closes. */
        daemon_event_given(
                daemon,
                phone_connection_changed(daemon->phone, DAEMON_NOW(daemon), PHONE_LOGGED_OUT, ""),
                "logging out");
        hub_uplink_logout(daemon->uplink);
        /* The next login gets a new device id, for any user. */
        state_store_draw_device(daemon->user.device);
        state_store_put_device(daemon);
        daemon->replaced = false;
        daemon_set_problem(daemon, &daemon->login_problem, NULL); /* no login is left to store */
        changes_manager(daemon->changes, PHONE_PROPERTY_USER);
        changes_flush(daemon->changes);
        return sd_bus_reply_method_return(message, NULL);
}

int hub_uplink_start_from_file(Daemon *daemon)
{
        _cleanup_(credentials_done) Credentials credentials = {};
        _cleanup_free_ char *text = NULL;
        int r = credentials_load(daemon->folders.credentials, &credentials, &text);

        if (r >= 0) {
                phone_restore_login(daemon->phone); /* only a login that was welcomed is stored */
                return hub_uplink_start(daemon->uplink, &credentials);
        }
        if (r == -ENOENT)
                return 0;
        log_error("%s", text ? text : strerror(-r));
        return phone_connection_changed(daemon->phone, DAEMON_NOW(daemon), PHONE_LOGGED_OUT,
                                        text ? text : strerror(-r));
}
