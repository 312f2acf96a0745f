/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/hub-uplink.h"

#include <errno.h>

#include "base/log.h"
#include "loop/hub-client.h"
#include "loop/websocket.h"
#include "tringd/network.h"

struct HubUplink {
        Loop *loop;
        bool insecure;
        const HubUplinkEvents *events;
        void *userdata;

        Credentials credentials, trial_credentials; /* empty `hub`: none */

        HubClient *current; /* NULL: logged out */
        HubClient *trial;   /* of a login under way */
        HubClient *leaving; /* of a logout: sends its last messages */
        bool refused;       /* `current` waits for hub_uplink_try_again() */
        Network *network;
};

const char *hub_uplink_hub(const HubUplink *uplink)
{
        return uplink->credentials.hub;
}

static bool logged_in(const HubUplink *uplink)
{
        return !str_empty(uplink->credentials.hub);
}

static bool has_connection(const HubClient *client)
{
        return client && hub_client_state(client) >= HUB_CLIENT_CONNECTING;
}

static void report_state(HubUplink *uplink, PhoneConnection state, const char *text)
{
        network_watch(uplink->network, uplink->current);
        uplink->events->state(uplink->userdata, state, text);
}

static void retry_now(HubUplink *uplink)
{
        if (uplink->current && !uplink->refused && hub_client_connect(uplink->current) < 0)
                hub_client_retry(uplink->current);
}

static void lost(HubUplink *uplink, const HubClientLoss *loss)
{
        hub_client_disconnect(uplink->current);
        /*
         * The trial logs in as the same device, so the hub has most likely closed this connection
         * in its favour.
         */
        if (uplink->trial) {
                uplink->refused = false;
                report_state(uplink, PHONE_CONNECTING, "");
                return;
        }
        if (loss->refusal != HUB_REFUSAL_NONE) {
                uplink->refused = true;
                log_warning("%s", loss->text);
                network_watch(uplink->network, false);
                uplink->events->refused(uplink->userdata, loss->refusal, loss->text);
                return;
        }
        uplink->refused = false;
        hub_client_retry(uplink->current);
        report_state(uplink, PHONE_OFFLINE, loss->text);
}

static void end_trial(HubUplink *uplink, CallError error, const char *text)
{
        uplink->trial = hub_client_free(uplink->trial);
        credentials_done(&uplink->trial_credentials);
        if (!logged_in(uplink)) {
                report_state(uplink, PHONE_LOGGED_OUT, text);
        } else if (uplink->current && !uplink->refused &&
                   hub_client_state(uplink->current) == HUB_CLIENT_IDLE) {
                hub_client_retry(uplink->current);
                report_state(uplink, PHONE_OFFLINE, text);
        }
        uplink->events->login_done(uplink->userdata, error, text);
}

static void on_lost(void *userdata, HubClient *client, const HubClientLoss *loss)
{
        HubUplink *uplink = userdata;

        if (client == uplink->leaving)
                uplink->leaving = hub_client_free(uplink->leaving);
        else if (client == uplink->trial)
                end_trial(uplink, loss->error, loss->text);
        else
                lost(uplink, loss);
}

static void on_hello(void *userdata, HubClient *client, Message *ret)
{
        HubUplink *uplink = userdata;
        bool is_trial = client == uplink->trial;

        uplink->events->hello(uplink->userdata, is_trial,
                              is_trial ? &uplink->trial_credentials : &uplink->credentials, ret);
}

/* Replaces the current connection, if any, with the trial. */
static void adopt_trial(HubUplink *uplink)
{
        bool replaces = has_connection(uplink->current);

        hub_client_free(uplink->current);
        uplink->current = TAKE_PTR(uplink->trial);
        uplink->refused = false;
        uplink->credentials = uplink->trial_credentials;
        credentials_done(&uplink->trial_credentials);
        hub_owner_learn(&uplink->credentials.owner, hub_client_owner(uplink->current));
        if (replaces)
                report_state(uplink, PHONE_CONNECTING, "");
        uplink->events->credentials(uplink->userdata, true, &uplink->credentials);
}

static void on_welcomed(void *userdata, HubClient *client, const Message *welcome)
{
        HubUplink *uplink = userdata;
        const Party *user = &welcome->reply.welcome.user;
        bool is_trial = client == uplink->trial;
        char text[MESSAGE_TEXT_MAX + 1] = "";

        if (client == uplink->leaving)
                return;
        if (is_trial) {
                CallError error = uplink->events->admit(uplink->userdata, user, text);

                if (error != CALL_ERROR_NONE) {
                        end_trial(uplink, error, text);
                        return;
                }
                adopt_trial(uplink);
        } else if (hub_owner_learn(&uplink->credentials.owner, hub_client_owner(client))) {
                uplink->events->credentials(uplink->userdata, false, &uplink->credentials);
        }
        uplink->refused = false;
        network_watch(uplink->network, true);
        log_fields(LOG_NOTICE, "online", "HUB=%s", uplink->credentials.hub, "USER=%s", user->uid,
                   NULL);
        uplink->events->message(uplink->userdata, welcome);
        if (is_trial)
                uplink->events->login_done(uplink->userdata, CALL_ERROR_NONE, "");
}

static void on_message(void *userdata, HubClient *client, const Message *message)
{
        HubUplink *uplink = userdata;

        if (client == uplink->current)
                uplink->events->message(uplink->userdata, message);
}

static int add_client(HubUplink *uplink, const Credentials *credentials, HubClient **ret)
{
        static const HubClientEvents events = {
                .hello = on_hello,
                .welcomed = on_welcomed,
                .message = on_message,
                .lost = on_lost,
        };
        const HubClientOptions options = {
                .hub = credentials->hub,
                .token = credentials->token,
                .insecure = uplink->insecure,
                .owner = hub_owner_uid(&credentials->owner),
                .owner_remedy = "log out and in again",
        };
        _cleanup_(hub_client_freep) HubClient *client = NULL;
        int r = hub_client_new(uplink->loop, &options, &events, uplink, &client);

        if (r >= 0)
                r = hub_client_connect(client);
        if (r >= 0)
                *ret = TAKE_PTR(client);
        return r;
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

void hub_uplink_allow_insecure(HubUplink *uplink, bool insecure)
{
        const char *why;

        uplink->insecure = insecure;
        if (!uplink->current)
                return;
        hub_client_allow_insecure(uplink->current, insecure);
        if (websocket_check_url(uplink->credentials.hub, insecure, &why) < 0)
                hub_uplink_reconnect(uplink, why);
}

HubUplink *hub_uplink_free(HubUplink *uplink)
{
        if (!uplink)
                return NULL;
        hub_client_free(uplink->current);
        hub_client_free(uplink->trial);
        hub_client_free(uplink->leaving);
        network_free(uplink->network);
        credentials_done(&uplink->credentials);
        credentials_done(&uplink->trial_credentials);
        free(uplink);
        return NULL;
}

int hub_uplink_start(HubUplink *uplink, const Credentials *credentials)
{
        int r = add_client(uplink, credentials, &uplink->current);

        if (r < 0)
                return r;
        uplink->credentials = *credentials;
        report_state(uplink, PHONE_CONNECTING, "");
        return 0;
}

int hub_uplink_login(HubUplink *uplink, const Credentials *credentials)
{
        if (uplink->trial)
                return -EBUSY;
        int r = add_client(uplink, credentials, &uplink->trial);
        if (r < 0)
                return r;
        uplink->trial_credentials = *credentials;
        if (!logged_in(uplink))
                report_state(uplink, PHONE_CONNECTING, "");
        return 0;
}

void hub_uplink_logout(HubUplink *uplink)
{
        credentials_done(&uplink->credentials);
        uplink->refused = false;
        hub_client_free(uplink->leaving);
        uplink->leaving = TAKE_PTR(uplink->current);
        network_watch(uplink->network, false);
        if (uplink->trial)
                end_trial(uplink, CALL_ERROR_NOT_LOGGED_IN, "logged out while logging in");
        if (has_connection(uplink->leaving))
                hub_client_close(uplink->leaving);
        else
                uplink->leaving = hub_client_free(uplink->leaving);
}

int hub_uplink_send(HubUplink *uplink, const Message *message)
{
        return uplink->current ? hub_client_send(uplink->current, message) : -ENOTCONN;
}

void hub_uplink_worked(HubUplink *uplink)
{
        if (uplink->current)
                hub_client_worked(uplink->current);
}

void hub_uplink_reconnect(HubUplink *uplink, const char *reason)
{
        if (!has_connection(uplink->current))
                return;
        log_notice("connecting to the hub again: %s", reason);
        lost(uplink, &(HubClientLoss){CALL_ERROR_NOT_CONNECTED, HUB_REFUSAL_NONE, reason});
}

void hub_uplink_failed(HubUplink *uplink, const char *reason)
{
        if (has_connection(uplink->current))
                hub_client_failed(uplink->current);
        hub_uplink_reconnect(uplink, reason);
}

void hub_uplink_try_again(HubUplink *uplink)
{
        /* If a login is under way it decides; after a failure end_trial() connects. */
        if (uplink->trial)
                uplink->refused = false;
        else if (uplink->current && hub_client_connect(uplink->current) < 0)
                lost(uplink, &(HubClientLoss){CALL_ERROR_NOT_CONNECTED, HUB_REFUSAL_NONE,
                                              strerror(ENOMEM)});
}
