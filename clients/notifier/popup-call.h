/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The notifier's state of one call, from the events of org.tring.Calls1.Listener and the properties
 * of the call's object. Pure: no I/O. popup.h decides what to show for it.
 */

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "model/status.h"

#define POPUP_PATH_MAX 128  /* bytes of a call's object path; tringd's have 64 */
#define POPUP_ERROR_MAX 256 /* bytes of an error message of tringd */

typedef struct PopupCall {
        char path[POPUP_PATH_MAX];
        char session_id[UUID_LENGTH + 1];
        char uid[UID_MAX + 1]; /* of the other party, printable */
        char name[NAME_MAX_BYTES + 1];
        bool incoming, video;
        int64_t initiated_at; /* µs, realtime */

        CallStatus status;
        CallReason reason;
        bool present; /* of the last IncomingCallReceived: tringd asks us to present the call */
        bool was_presented;
        bool alerting; /* tringd's Alerting property: the call rings on this device */
        bool silenced; /* here, or alerted before and no longer does */
        bool muted;
        char error[POPUP_ERROR_MAX]; /* why the last button failed; empty if it did not */
} PopupCall;

/* Returns false if the path is too long or the id is not a session id. */
bool popup_call_init(PopupCall *call, const char *path, const char *session_id);

/* Takes the a{sv} of an event, except `present`, which only IncomingCallReceived has. */
void popup_call_take_details(PopupCall *call, GVariant *details);
void popup_call_set_present(PopupCall *call, bool present);

/* Take all or changed properties of org.tring.Calls1.Call and .Session. */
void popup_call_take_properties(PopupCall *call, GVariant *properties);
void popup_call_take_session(PopupCall *call, GVariant *properties);
