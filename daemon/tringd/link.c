/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/link.h"

#include <errno.h>
#include <sys/random.h>

#include "base/log.h"
#include "loop/backoff.h"
#include "tringd/connection.h"
#include "tringd/network.h"

#define RETRY_ACCURACY_US (100 * USEC_PER_MSEC)

struct Link {
        Loop *loop;
        bool insecure;
        const LinkEvents *events;
        void *userdata;

        Credentials credentials; /* hub is empty: logged out */
        bool refused;            /* no retry before a login */
        Connection *current;     /* NULL while waiting for the next try */
        Connection *trial;       /* of a login under way */
        Connection *leaving;     /* logged out: sends its last words */

        Backoff backoff;
        sd_event_source *retry;
        Network *network;
};

static int link_connect(Link *link);

const char *link_hub(const Link *link)
{
        return link->credentials.hub;
}

static bool logged_in(const Link *link)
{
        return !str_empty(link->credentials.hub);
}

static void say_state(Link *link, PhoneConnection state, const char *text)
{
        network_watch(link->network, logged_in(link) && !link->refused);
        link->events->state(link->userdata, state, text);
}

static void stop_retry(Link *link)
{
        link->retry = sd_event_source_disable_unref(link->retry);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        Link *link = userdata;

        stop_retry(link);
        int r = link_connect(link);
        if (r < 0)
                log_warning("cannot connect to the hub: %s", strerror(-r));
        return 0;
}

static void retry_later(Link *link)
{
        uint32_t chance = 0;

        if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) != sizeof(chance))
                chance = 0; /* does as well */
        usec_t wait = backoff_next(&link->backoff, chance);
        int r = sd_event_add_time_relative(loop_event(link->loop), &link->retry, CLOCK_BOOTTIME,
                                           wait, RETRY_ACCURACY_US, on_retry, link);
        if (r < 0)
                log_error("cannot try the hub again: %s", strerror(-r));
}

static void retry_now(Link *link)
{
        if (!logged_in(link) || link->refused || link->current)
                return;
        stop_retry(link);
        backoff_reset(&link->backoff);
        int r = link_connect(link);
        if (r < 0)
                retry_later(link);
}

static void lost(Link *link, CallError error, const char *text)
{
        link->current = connection_free(link->current);
        /* By a login under way, most likely, which connects as the same device. */
        if (link->trial) {
                say_state(link, PHONE_CONNECTING, "");
                return;
        }
        if (error == CALL_ERROR_AUTH_FAILED) {
                link->refused = true;
                log_warning("%s", text);
                say_state(link, PHONE_REFUSED, text);
                return;
        }
        retry_later(link);
        say_state(link, PHONE_OFFLINE, text);
}

static void end_trial(Link *link, CallError error, const char *text)
{
        link->trial = connection_free(link->trial);
        if (!logged_in(link)) {
                say_state(link, PHONE_LOGGED_OUT, text);
        } else if (!link->current && !link->refused && !link->retry) {
                retry_later(link);
                say_state(link, PHONE_OFFLINE, text);
        }
        link->events->login_done(link->userdata, error, text);
}

static void on_closed(void *userdata, Connection *connection, CallError error, const char *text)
{
        Link *link = userdata;
        char kept[MESSAGE_TEXT_MAX + 1]; /* the text may be the connection's */

        snprintf(kept, sizeof(kept), "%s", text);
        if (connection == link->leaving)
                link->leaving = connection_free(link->leaving);
        else if (connection == link->trial)
                end_trial(link, error, kept);
        else
                lost(link, error, kept);
}

static void on_hello(void *userdata, Connection *connection, Message *ret)
{
        Link *link = userdata;

        link->events->hello(link->userdata, connection == link->trial,
                            connection_credentials(connection), ret);
}

/* The new connection takes the place of the old one, if there was one. */
static void adopt_trial(Link *link)
{
        stop_retry(link);
        if (link->current) {
                connection_free(link->current);
                say_state(link, PHONE_CONNECTING, "");
        }
        link->current = TAKE_PTR(link->trial);
        link->refused = false;
        link->credentials = *connection_credentials(link->current);
        link->events->credentials(link->userdata, &link->credentials);
}

static void on_welcomed(void *userdata, Connection *connection, const Message *welcome)
{
        Link *link = userdata;
        bool is_trial = connection == link->trial;
        char text[MESSAGE_TEXT_MAX + 1] = "";

        if (is_trial) {
                CallError error =
                        link->events->admit(link->userdata, &welcome->reply.welcome.user, text);

                if (error != CALL_ERROR_NONE) {
                        end_trial(link, error, text);
                        return;
                }
                adopt_trial(link);
        }
        backoff_reset(&link->backoff);
        network_watch(link->network, true);
        log_fields(LOG_NOTICE, "online", "HUB=%s", link->credentials.hub, "USER=%s",
                   welcome->reply.welcome.user.uid, NULL);
        link->events->message(link->userdata, welcome);
        if (is_trial)
                link->events->login_done(link->userdata, CALL_ERROR_NONE, "");
}

static void on_message(void *userdata, Connection *connection, const Message *message)
{
        Link *link = userdata;

        if (connection == link->current)
                link->events->message(link->userdata, message);
}

static int make_connection(Link *link, const Credentials *credentials, Connection **ret)
{
        static const ConnectionEvents events = {
                .hello = on_hello,
                .welcomed = on_welcomed,
                .message = on_message,
                .closed = on_closed,
        };

        return connection_new(link->loop, credentials, link->insecure, &events, link, ret);
}

static int link_connect(Link *link)
{
        return make_connection(link, &link->credentials, &link->current);
}

static void on_network_back(void *userdata)
{
        retry_now(userdata);
}

static void on_network_changed(void *userdata, bool address_lost)
{
        Link *link = userdata;

        if (address_lost) {
                link_reconnect(link, "an address of this machine is gone");
                retry_now(link);
        }
        link->events->network_changed(link->userdata);
}

static void on_woke_up(void *userdata)
{
        Link *link = userdata;

        link_reconnect(link, "the machine was asleep");
        retry_now(link);
}

int link_new(Loop *loop, bool insecure, const LinkEvents *events, void *userdata, Link **ret)
{
        static const NetworkEvents network_events = {
                .back = on_network_back,
                .changed = on_network_changed,
                .woke_up = on_woke_up,
        };
        _cleanup_(link_freep) Link *link = calloc(1, sizeof(*link));

        if (!link)
                return -ENOMEM;
        link->loop = loop;
        link->insecure = insecure;
        link->events = events;
        link->userdata = userdata;
        int r = network_new(loop_event(loop), &network_events, link, &link->network);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(link);
        return 0;
}

Link *link_free(Link *link)
{
        if (!link)
                return NULL;
        stop_retry(link);
        connection_free(link->current);
        connection_free(link->trial);
        connection_free(link->leaving);
        network_free(link->network);
        credentials_done(&link->credentials);
        free(link);
        return NULL;
}

int link_start(Link *link, const Credentials *credentials)
{
        link->credentials = *credentials;
        say_state(link, PHONE_CONNECTING, "");
        return link_connect(link);
}

int link_login(Link *link, const Credentials *credentials)
{
        if (link->trial)
                return -EBUSY;
        int r = make_connection(link, credentials, &link->trial);
        if (r < 0)
                return r;
        if (!logged_in(link))
                say_state(link, PHONE_CONNECTING, "");
        return 0;
}

void link_logout(Link *link)
{
        stop_retry(link);
        network_watch(link->network, false);
        credentials_done(&link->credentials);
        link->refused = false;
        if (link->trial)
                end_trial(link, CALL_ERROR_NOT_LOGGED_IN, "logged out while logging in");
        connection_free(link->leaving);
        link->leaving = TAKE_PTR(link->current);
        if (link->leaving)
                connection_close(link->leaving);
}

int link_send(Link *link, const Message *message)
{
        if (!link->current || !connection_is_up(link->current))
                return -ENOTCONN;
        return connection_send(link->current, message);
}

void link_reconnect(Link *link, const char *reason)
{
        if (!link->current)
                return;
        log_notice("connecting to the hub again: %s", reason);
        lost(link, CALL_ERROR_NOT_CONNECTED, reason);
}
