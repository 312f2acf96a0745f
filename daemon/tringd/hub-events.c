/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Handlers of the uplink's events: every message of the hub enters the phone here. */
#include <errno.h>

#include "base/array.h"
#include "base/log.h"
#include "tringd/adapters.h"
#include "tringd/errors.h"
#include "tringd/state-store.h"

static void on_state(void *userdata, PhoneConnection state, const char *text)
{
        Daemon *daemon = userdata;

        changes_manager(daemon->changes, PHONE_PROPERTY_USER);
        daemon_event_given(daemon,
                           phone_connection_changed(daemon->phone, DAEMON_NOW(daemon), state, text),
                           "the state of the connection");
}

static void on_refused(void *userdata, HubRefusal refusal, const char *text)
{
        Daemon *daemon = userdata;

        daemon->replaced = daemon->replaced || refusal == HUB_REFUSAL_REPLACED;
        changes_manager(daemon->changes, PHONE_PROPERTY_USER);
        daemon_event_given(daemon, phone_refused(daemon->phone, DAEMON_NOW(daemon), refusal, text),
                           "the hub's refusal");
}

/*
 * Whether the hub gives the session id of a call that the history has to a call of other users
 * (rule 1). If the history cannot be read, it cannot be changed either.
 */
static bool is_anothers(Daemon *daemon, const CallRecord *record)
{
        History *history = state_store_history(daemon);

        if (!history || history_is_anothers(history, record) <= 0)
                return false;
        log_fields(LOG_WARNING, "the hub uses the id of a call again for another: ignored",
                   "SESSION_ID=%s", record->session_id, "PEER=%s", call_record_peer(record)->uid,
                   NULL);
        return true;
}

/* Copies the calls of a welcome that are what their ids say, into memory for all of them. */
static size_t copy_known_calls(Daemon *daemon, const ReplyWelcome *welcome, CallSnapshot *ret)
{
        size_t n = 0;

        for (size_t i = 0; i < welcome->n_calls; i++) {
                if (!is_anothers(daemon, &welcome->calls[i].record))
                        ret[n++] = welcome->calls[i];
        }
        return n;
}

static int welcome_message(Daemon *daemon, const Message *message)
{
        _cleanup_free_ CallSnapshot *calls = NULL;
        Message sound = *message; /* shares what the message points to */
        ReplyWelcome *welcome = &sound.reply.welcome;
        int r = ARRAY_NEW(&calls, welcome->n_calls);

        if (r < 0)
                return r;
        welcome->n_calls = copy_known_calls(daemon, welcome, calls);
        welcome->calls = calls;
        return phone_message(daemon->phone, DAEMON_NOW(daemon), &sound);
}

int hub_message(Daemon *daemon, const Message *message)
{
        const Message nothing = {.type = MESSAGE_NONE, .seq = message->seq};
        bool is_welcome = message->type == MESSAGE_REPLY && message->reply.kind == REPLY_WELCOME &&
                          !message->reply.error;

        if (message->type == MESSAGE_INCOMING && is_anothers(daemon, &message->call.record))
                message = &nothing;
        int r = is_welcome ? welcome_message(daemon, message)
                           : phone_message(daemon->phone, DAEMON_NOW(daemon), message);
        daemon_pump(daemon);
        return r;
}

static void on_message(void *userdata, const Message *message)
{
        Daemon *daemon = userdata;
        bool is_welcome = message->type == MESSAGE_REPLY && message->id == HELLO_ID &&
                          message->reply.kind == REPLY_WELCOME;

        if (is_welcome) {
                daemon->replaced = false;
                state_store_user(daemon, &message->reply.welcome.user);
                changes_manager(daemon->changes, PHONE_PROPERTY_USER);
        }
        int r = hub_message(daemon, message);
        if (r < 0)
                hub_uplink_failed(daemon->uplink, phone_message_error(r));
        else if (message->seq > 0)
                hub_uplink_worked(daemon->uplink);
}

static void on_hello(void *userdata, bool fresh, const Credentials *credentials, Message *ret)
{
        Daemon *daemon = userdata;

        phone_hello(daemon->phone, ret);
        (void)STR_SET(ret->hello.device, daemon->user.device);
        (void)STR_SET(ret->hello.device_name, credentials->device_name);
        if (!fresh)
                return;
        if (!str_empty(daemon->login_device))
                (void)STR_SET(ret->hello.device, daemon->login_device);
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

/* The device before the credentials: stored ones mean that the stored device is theirs. */
static void adopt_device(Daemon *daemon)
{
        if (!str_empty(daemon->login_device))
                (void)STR_SET(daemon->user.device, daemon->login_device);
        state_store_put_device(daemon);
}

static void on_credentials(void *userdata, bool fresh, const Credentials *credentials)
{
        Daemon *daemon = userdata;
        _cleanup_free_ char *text = NULL;

        if (fresh)
                adopt_device(daemon);
        /* Without a state folder `problem` says that nothing is remembered. */
        int r = daemon->folders.credentials
                        ? credentials_save(daemon->folders.credentials, credentials)
                        : 0;
        if (r < 0)
                text = str_printf("the login is not remembered over a restart: cannot write %s: %s",
                                  daemon->folders.credentials, strerror(-r));
        daemon_set_problem(daemon, &daemon->login_problem, r < 0 && !text ? strerror(-r) : text);
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
        .refused = on_refused,
        .message = on_message,
        .hello = on_hello,
        .admit = on_admit,
        .credentials = on_credentials,
        .network_changed = media_network_changed,
        .login_done = on_login_done,
};
