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

#define URL_SHOWN 128 /* bytes of a wrong URL */

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
                                         "auth_token has characters in it that no token has");
        return 0;
}

static void default_device_name(char name[static NAME_MAX_BYTES + 1])
{
        char host[HOST_NAME_MAX + 1] = "";

        (void)gethostname(host, sizeof(host) - 1);
        if (str_empty(host) || !text_is_valid(host, NAME_MAX_BYTES) ||
            str_copy(name, NAME_MAX_BYTES + 1, host) < 0)
                (void)str_copy(name, NAME_MAX_BYTES + 1, "tringd");
}

static int read_login(const Daemon *daemon, sd_bus_message *message, Credentials *ret,
                      sd_bus_error *error)
{
        const char *hub, *token, *why;
        char shown[URL_SHOWN];
        Option known[] = {
                {"device_name", OPTION_TEXT, ret->device_name, sizeof(ret->device_name)},
        };
        int r = sd_bus_message_read(message, "ss", &hub, &token);

        if (r < 0)
                return r;
        if (!text_is_valid(hub, HUB_URL_MAX))
                return error_invalid(error, "hub_url", hub,
                                     "is no URL: it is too long or has "
                                     "control characters in it");
        if (websocket_check_url(hub, daemon->settings.insecure, &why) < 0)
                return error_set(error, CALL_ERROR_INVALID_ARGUMENT, "hub_url '%s': %s",
                                 str_printable(shown, sizeof(shown), hub), why);
        r = check_token(token, error);
        if (r >= 0)
                r = options_read(message, "option", known, ELEMENTSOF(known), error);
        if (r < 0)
                return r;
        if (str_empty(ret->device_name))
                default_device_name(ret->device_name);
        (void)STR_SET(ret->hub, hub);
        (void)STR_SET(ret->token, token);
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
                return error_set(error, CALL_ERROR_TOO_MANY, "another Login is under way");
        if (!str_empty(hub) && !str_eq(hub, credentials.hub))
                return error_set(error, CALL_ERROR_ALREADY_LOGGED_IN,
                                 "already logged in as '%s' at %s: log out first", daemon->user.uid,
                                 hub);
        r = hub_uplink_login(daemon->uplink, &credentials);
        if (r < 0)
                return r;
        daemon->login = sd_bus_message_ref(message);
        daemon_pump(daemon);
        return 1;
}

int method_logout(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Daemon *daemon = userdata;
        const Now instant = daemon_instant();

        if (str_empty(hub_uplink_hub(daemon->uplink)) && !daemon->login)
                return error_set(error, CALL_ERROR_NOT_LOGGED_IN, "not logged in");
        int r = daemon->folders.credentials ? credentials_forget(daemon->folders.credentials) : 0;
        if (r < 0)
                log_error("the token cannot be forgotten: %s: %s", daemon->folders.credentials,
                          strerror(-r));
        /* The phone's last messages must go out before the uplink closes. */
        daemon_event_given(daemon,
                           phone_connection_changed(daemon->phone, &instant, PHONE_LOGGED_OUT, ""),
                           "logging out");
        hub_uplink_logout(daemon->uplink);
        daemon_set_problem(daemon, &daemon->login_problem, NULL); /* nothing is left to remember */
        changes_manager(daemon->changes, PHONE_PROPERTY_USER);
        changes_flush(daemon->changes);
        return sd_bus_reply_method_return(message, NULL);
}

static void on_state(void *userdata, PhoneConnection state, const char *text)
{
        Daemon *daemon = userdata;
        const Now instant = daemon_instant();

        changes_manager(daemon->changes, PHONE_PROPERTY_USER);
        daemon_event_given(daemon, phone_connection_changed(daemon->phone, &instant, state, text),
                           "the state of the connection");
}

static void on_message(void *userdata, const Message *message)
{
        Daemon *daemon = userdata;
        const Now instant = daemon_instant();
        bool is_welcome = message->type == MESSAGE_REPLY && message->id == HELLO_ID &&
                          message->reply.kind == REPLY_WELCOME;

        if (is_welcome) {
                state_store_user(daemon, &message->reply.welcome.user);
                changes_manager(daemon->changes, PHONE_PROPERTY_USER);
        }
        int r = phone_message(daemon->phone, &instant, message);
        daemon_pump(daemon);
        if (r < 0)
                hub_uplink_reconnect(daemon->uplink, strerror(-r));
}

static void on_hello(void *userdata, bool fresh, const Credentials *credentials, Message *ret)
{
        Daemon *daemon = userdata;

        phone_hello(daemon->phone, ret);
        (void)STR_SET(ret->hello.device, daemon->user.device);
        (void)STR_SET(ret->hello.device_name, credentials->device_name);
        if (!fresh)
                return;
        ret->hello.resume[0] = '\0';
        ret->hello.resume_seq = 0;
        ret->hello.history_since = 0;
}

static CallError on_admit(void *userdata, const Party *user, char text[static MESSAGE_TEXT_MAX + 1])
{
        Daemon *daemon = userdata;

        if (str_empty(hub_uplink_hub(daemon->uplink)) || str_eq(daemon->user.uid, user->uid))
                return CALL_ERROR_NONE;
        snprintf(text, MESSAGE_TEXT_MAX + 1,
                 "already logged in as '%s', and this token is of '%s': log out first",
                 daemon->user.uid, user->uid);
        return CALL_ERROR_ALREADY_LOGGED_IN;
}

static void on_credentials(void *userdata, const Credentials *credentials)
{
        Daemon *daemon = userdata;
        _cleanup_free_ char *text = NULL;
        int r = daemon->folders.credentials
                        ? credentials_save(daemon->folders.credentials, credentials)
                        : -ENOENT;

        if (r >= 0) {
                daemon_set_problem(daemon, &daemon->login_problem, NULL);
                return;
        }
        text = daemon->folders.credentials
                       ? str_printf("the login is not remembered over a restart: %s: %s",
                                    daemon->folders.credentials, strerror(-r))
                       : strdup("the login is not remembered over a restart: $HOME is not set");
        daemon_set_problem(daemon, &daemon->login_problem, text ? text : strerror(-r));
}

static void on_login_done(void *userdata, CallError error, const char *text)
{
        Daemon *daemon = userdata;

        if (!daemon->login)
                return;
        changes_flush(daemon->changes);
        int r = error == CALL_ERROR_NONE ? sd_bus_reply_method_return(daemon->login, NULL)
                                         : error_reply(daemon->login, error, text);
        if (r < 0)
                log_warning("cannot reply to Login: %s", strerror(-r));
        daemon->login = sd_bus_message_unref(daemon->login);
}

const HubUplinkEvents hub_uplink_events = {
        .state = on_state,
        .message = on_message,
        .hello = on_hello,
        .admit = on_admit,
        .credentials = on_credentials,
        .network_changed = media_network_changed,
        .login_done = on_login_done,
};

int hub_uplink_start_from_file(Daemon *daemon)
{
        _cleanup_(credentials_done) Credentials credentials = {};
        _cleanup_free_ char *text = NULL;
        const Now instant = daemon_instant();
        int r = daemon->folders.credentials
                        ? credentials_load(daemon->folders.credentials, &credentials, &text)
                        : -ENOENT;

        if (r >= 0)
                return hub_uplink_start(daemon->uplink, &credentials);
        if (r == -ENOENT)
                return 0;
        log_error("%s", text ? text : strerror(-r));
        return phone_connection_changed(daemon->phone, &instant, PHONE_LOGGED_OUT,
                                        text ? text : strerror(-r));
}
