/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The line of one device to a hub: connects, says hello, connects again with back-off when it is
 * cut, and gives up where trying again is of no use. Callbacks come from the loop, or from
 * uplink_new().
 */

#include "loop/loop.h"
#include "phone/phone.h"

typedef struct Uplink Uplink;

typedef struct UplinkEvents {
        /* PHONE_CONNECTING, PHONE_OFFLINE, or PHONE_REFUSED: that was all. */
        void (*state)(void *userdata, PhoneConnection state, const char *text);
        /* Fill in the hello, all but the token. */
        void (*hello)(void *userdata, Message *ret);
        /* The welcome is the first. Negative errno: the line is cut and made anew. */
        int (*message)(void *userdata, const Message *message);
} UplinkEvents;

typedef struct UplinkOptions {
        const char *hub; /* URL; outlives the uplink, like the token */
        const char *token;
        bool insecure; /* plain ws:// to other machines is allowed */
} UplinkOptions;

int uplink_new(Loop *loop, const UplinkOptions *options, const UplinkEvents *events, void *userdata,
               Uplink **ret);
Uplink *uplink_free(Uplink *uplink);
DEFINE_CLEANUP(Uplink *, uplink_free);

/* Returns 0 or negative errno: the phone says again what matters. */
int uplink_send(Uplink *uplink, const Message *message);
