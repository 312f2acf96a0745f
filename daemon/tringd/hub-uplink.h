/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The uplink to the hub: one connection with the credentials of the last login. After a loss it
 * reconnects with back-off, and at once when the network comes back or the machine wakes up. If the
 * hub has refused the device it waits for hub_uplink_try_again().
 *
 * A login is a second connection, the trial. It replaces the first only after the hub's welcome, so
 * that a login that fails changes nothing.
 *
 * Callbacks come from the loop, or from hub_uplink_start(), hub_uplink_login() and
 * hub_uplink_logout().
 */

#include "loop/loop.h"
#include "phone/phone.h"
#include "tringd/credentials.h"

typedef struct HubUplink HubUplink;

typedef struct HubUplinkEvents {
        void (*state)(void *userdata, PhoneConnection state, const char *text);
        /* The hub has refused the credentials, which it has welcomed before. */
        void (*refused)(void *userdata, HubRefusal refusal, const char *text);
        /* A reply or event from the hub; the welcome comes here too. */
        void (*message)(void *userdata, const Message *message);
        /* Fills in a hello, except the token. `fresh`: resumes no session, asks for all history. */
        void (*hello)(void *userdata, bool fresh, const Credentials *credentials, Message *ret);
        /* The hub has welcomed a trial. May this user log in? An error ends the trial. */
        CallError (*admit)(void *userdata, const Party *user,
                           char text[static MESSAGE_TEXT_MAX + 1]);
        /* Store these. `fresh`: the trial became the uplink; else the hub's owner became known. */
        void (*credentials)(void *userdata, bool fresh, const Credentials *credentials);
        /* The addresses of this machine have changed. */
        void (*network_changed)(void *userdata);
        /* The result of hub_uplink_login(); CALL_ERROR_NONE: logged in. */
        void (*login_done)(void *userdata, CallError error, const char *text);
} HubUplinkEvents;

/* `insecure`: plain ws:// to other machines is allowed. */
int hub_uplink_new(Loop *loop, bool insecure, const HubUplinkEvents *events, void *userdata,
                   HubUplink **ret);
HubUplink *hub_uplink_free(HubUplink *uplink);
DEFINE_CLEANUP(HubUplink *, hub_uplink_free);

/* Whether plain ws:// to other machines is allowed. One that is not allowed any more ends. */
void hub_uplink_allow_insecure(HubUplink *uplink, bool insecure);

/* Connects with the credentials of an earlier login, which are copied. */
int hub_uplink_start(HubUplink *uplink, const Credentials *credentials);

/* Returns 0 and calls login_done() later, -EBUSY while another login is under way, or -ENOMEM. */
int hub_uplink_login(HubUplink *uplink, const Credentials *credentials);

/* Sends what is queued, closes, forgets the credentials. */
void hub_uplink_logout(HubUplink *uplink);

/* An event has come by the connection, and was taken: the next wait for it is a short one. */
void hub_uplink_worked(HubUplink *uplink);

/* Returns 0 or negative errno. A failure is harmless: the phone sends again what matters. */
int hub_uplink_send(HubUplink *uplink, const Message *message);

/*
 * Drops the connection and makes a new one, because a message could not be processed or the network
 * is gone. `reason` is for the log and ConnectionError.
 */
void hub_uplink_reconnect(HubUplink *uplink, const char *reason);
/* The same where what the hub sends is of no use: the wait grows even if events have come. */
void hub_uplink_failed(HubUplink *uplink, const char *reason);

/* Connects once more to a hub that has refused the device. */
void hub_uplink_try_again(HubUplink *uplink);

/* The URL of the hub that the user is logged in to; empty when logged out. */
const char *hub_uplink_hub(const HubUplink *uplink);
