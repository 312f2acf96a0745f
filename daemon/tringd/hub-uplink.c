/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/hub-uplink.h"

#include <errno.h>
#include <sys/random.h>

#include "base/log.h"
#include "loop/backoff.h"
#include "tringd/hub-connection.h"
#include "tringd/network.h"

#define RETRY_ACCURACY_US (100 * USEC_PER_MSEC)

struct HubUplink {
        Loop *loop;
        bool insecure;
        const HubUplinkEvents *events;
        void *userdata;

        Credentials credentials; /* hub is empty: logged out */
        bool refused;            /* no retry before a login */
        HubConnection *current;  /* NULL while waiting for the next try */
        HubConnection *trial;    /* of a login under way */
        HubConnection *leaving;  /* logged out: sends its last words */

        Backoff backoff;
        sd_event_source *retry;
        Network *network;
};

static int hub_uplink_connect(HubUplink *uplink);

const char *hub_uplink_hub(const HubUplink *uplink)
{
        return uplink->credentials.hub;
}

static bool logged_in(const HubUplink *uplink)
{
        return !str_empty(uplink->credentials.hub);
}

static void say_state(HubUplink *uplink, PhoneConnection state, const char *text)
{
        network_watch(uplink->network, logged_in(uplink) && !uplink->refused);
        uplink->events->state(uplink->userdata, state, text);
}

static void stop_retry(HubUplink *uplink)
{
        uplink->retry = sd_event_source_disable_unref(uplink->retry);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        HubUplink *uplink = userdata;

        stop_retry(uplink);
        int r = hub_uplink_connect(uplink);
        if (r < 0)
                log_warning("cannot connect to the hub: %s", strerror(-r));
        return 0;
}

static void retry_later(HubUplink *uplink)
{
        uint32_t chance = 0;

        if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) != sizeof(chance))
                chance = 0; /* does as well */
        usec_t wait = backoff_next(&uplink->backoff, chance);
        int r = sd_event_add_time_relative(loop_event(uplink->loop), &uplink->retry, CLOCK_BOOTTIME,
                                           wait, RETRY_ACCURACY_US, on_retry, uplink);
        if (r < 0)
                log_error("cannot try the hub again: %s", strerror(-r));
}

static void retry_now(HubUplink *uplink)
{
        if (!logged_in(uplink) || uplink->refused || uplink->current)
                return;
        stop_retry(uplink);
        backoff_reset(&uplink->backoff);
        int r = hub_uplink_connect(uplink);
        if (r < 0)
                retry_later(uplink);
}

static void lost(HubUplink *uplink, CallError error, const char *text)
{
        uplink->current = hub_connection_free(uplink->current);
        /* By a login under way, most likely, which connects as the same device. */
        if (uplink->trial) {
                say_state(uplink, PHONE_CONNECTING, "");
                return;
        }
        if (error == CALL_ERROR_AUTH_FAILED) {
                uplink->refused = true;
                log_warning("%s", text);
                say_state(uplink, PHONE_REFUSED, text);
                return;
        }
        retry_later(uplink);
        say_state(uplink, PHONE_OFFLINE, text);
}

static void end_trial(HubUplink *uplink, CallError error, const char *text)
{
        uplink->trial = hub_connection_free(uplink->trial);
        if (!logged_in(uplink)) {
                say_state(uplink, PHONE_LOGGED_OUT, text);
        } else if (!uplink->current && !uplink->refused && !uplink->retry) {
                retry_later(uplink);
                say_state(uplink, PHONE_OFFLINE, text);
        }
        uplink->events->login_done(uplink->userdata, error, text);
}

static void on_closed(void *userdata, HubConnection *connection, CallError error, const char *text)
{
        HubUplink *uplink = userdata;
        char kept[MESSAGE_TEXT_MAX + 1]; /* the text may be the connection's */

        snprintf(kept, sizeof(kept), "%s", text);
        if (connection == uplink->leaving)
                uplink->leaving = hub_connection_free(uplink->leaving);
        else if (connection == uplink->trial)
                end_trial(uplink, error, kept);
        else
                lost(uplink, error, kept);
}

static void on_hello(void *userdata, HubConnection *connection, Message *ret)
{
        HubUplink *uplink = userdata;

        uplink->events->hello(uplink->userdata, connection == uplink->trial,
                              hub_connection_credentials(connection), ret);
}

/* The new connection takes the place of the old one, if there was one. */
static void adopt_trial(HubUplink *uplink)
{
        stop_retry(uplink);
        if (uplink->current) {
                hub_connection_free(uplink->current);
                say_state(uplink, PHONE_CONNECTING, "");
        }
        uplink->current = TAKE_PTR(uplink->trial);
        uplink->refused = false;
        uplink->credentials = *hub_connection_credentials(uplink->current);
        uplink->events->credentials(uplink->userdata, &uplink->credentials);
}

static void on_welcomed(void *userdata, HubConnection *connection, const Message *welcome)
{
        HubUplink *uplink = userdata;
        bool is_trial = connection == uplink->trial;
        char text[MESSAGE_TEXT_MAX + 1] = "";

        if (is_trial) {
                CallError error =
                        uplink->events->admit(uplink->userdata, &welcome->reply.welcome.user, text);

                if (error != CALL_ERROR_NONE) {
                        end_trial(uplink, error, text);
                        return;
                }
                adopt_trial(uplink);
        }
        backoff_reset(&uplink->backoff);
        network_watch(uplink->network, true);
        log_fields(LOG_NOTICE, "online", "HUB=%s", uplink->credentials.hub, "USER=%s",
                   welcome->reply.welcome.user.uid, NULL);
        uplink->events->message(uplink->userdata, welcome);
        if (is_trial)
                uplink->events->login_done(uplink->userdata, CALL_ERROR_NONE, "");
}

static void on_message(void *userdata, HubConnection *connection, const Message *message)
{
        HubUplink *uplink = userdata;

        if (connection == uplink->current)
                uplink->events->message(uplink->userdata, message);
}

static int make_connection(HubUplink *uplink, const Credentials *credentials, HubConnection **ret)
{
        static const HubConnectionEvents events = {
                .hello = on_hello,
                .welcomed = on_welcomed,
                .message = on_message,
                .closed = on_closed,
        };

        return hub_connection_new(uplink->loop, credentials, uplink->insecure, &events, uplink,
                                  ret);
}

static int hub_uplink_connect(HubUplink *uplink)
{
        return make_connection(uplink, &uplink->credentials, &uplink->current);
}

static void on_network_back(void *userdata)
{
        retry_now(userdata);
}

static void on_network_changed(void *userdata, bool address_lost)
{
        HubUplink *uplink = userdata;

        if (address_lost) {
                hub_uplink_reconnect(uplink, "an address of this machine is gone");
                retry_now(uplink);
        }
        uplink->events->network_changed(uplink->userdata);
}

static void on_woke_up(void *userdata)
{
        HubUplink *uplink = userdata;

        hub_uplink_reconnect(uplink, "the machine was asleep");
        retry_now(uplink);
}

int hub_uplink_new(Loop *loop, bool insecure, const HubUplinkEvents *events, void *userdata,
                   HubUplink **ret)
{
        static const NetworkEvents network_events = {
                .back = on_network_back,
                .changed = on_network_changed,
                .woke_up = on_woke_up,
        };
        _cleanup_(hub_uplink_freep) HubUplink *uplink = calloc(1, sizeof(*uplink));

        if (!uplink)
                return -ENOMEM;
        uplink->loop = loop;
        uplink->insecure = insecure;
        uplink->events = events;
        uplink->userdata = userdata;
        int r = network_new(loop_event(loop), &network_events, uplink, &uplink->network);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(uplink);
        return 0;
}

HubUplink *hub_uplink_free(HubUplink *uplink)
{
        if (!uplink)
                return NULL;
        stop_retry(uplink);
        hub_connection_free(uplink->current);
        hub_connection_free(uplink->trial);
        hub_connection_free(uplink->leaving);
        network_free(uplink->network);
        credentials_done(&uplink->credentials);
        free(uplink);
        return NULL;
}

int hub_uplink_start(HubUplink *uplink, const Credentials *credentials)
{
        uplink->credentials = *credentials;
        say_state(uplink, PHONE_CONNECTING, "");
        return hub_uplink_connect(uplink);
}

int hub_uplink_login(HubUplink *uplink, const Credentials *credentials)
{
        if (uplink->trial)
                return -EBUSY;
        int r = make_connection(uplink, credentials, &uplink->trial);
        if (r < 0)
                return r;
        if (!logged_in(uplink))
                say_state(uplink, PHONE_CONNECTING, "");
        return 0;
}

void hub_uplink_logout(HubUplink *uplink)
{
        stop_retry(uplink);
        network_watch(uplink->network, false);
        credentials_done(&uplink->credentials);
        uplink->refused = false;
        if (uplink->trial)
                end_trial(uplink, CALL_ERROR_NOT_LOGGED_IN, "logged out while logging in");
        hub_connection_free(uplink->leaving);
        uplink->leaving = TAKE_PTR(uplink->current);
        if (uplink->leaving)
                hub_connection_close(uplink->leaving);
}

int hub_uplink_send(HubUplink *uplink, const Message *message)
{
        if (!uplink->current || !hub_connection_is_up(uplink->current))
                return -ENOTCONN;
        return hub_connection_send(uplink->current, message);
}

void hub_uplink_reconnect(HubUplink *uplink, const char *reason)
{
        if (!uplink->current)
                return;
        log_notice("connecting to the hub again: %s", reason);
        lost(uplink, CALL_ERROR_NOT_CONNECTED, reason);
}
