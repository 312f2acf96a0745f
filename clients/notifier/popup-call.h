/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the notifier knows of one call, from the events of org.tring.Calls1.Listener and the
 * properties of the call's object. Pure: values in, state kept; popup.h says what to show of it.
 */

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "model/status.h"

#define POPUP_PATH_MAX 128  /* bytes of a call's object path; ours have 64 */
#define POPUP_ERROR_MAX 256 /* bytes of the daemon's sentence */

typedef struct PopupCall {
        char path[POPUP_PATH_MAX];
        char session_id[UUID_LENGTH + 1];
        char uid[UID_MAX + 1]; /* of the other side, printable */
        char name[NAME_MAX_BYTES + 1];
        bool incoming, video;
        int64_t initiated_at; /* µs, realtime */

        CallStatus status;
        CallReason reason;
        bool present; /* we have been asked to show it, and nobody else since */
        bool was_presented;
        bool alerting; /* on this device, as tringd says */
        bool silenced; /* it was, and no longer is */
        bool muted;
        char error[POPUP_ERROR_MAX]; /* why the last button did nothing; empty: it did */
} PopupCall;

/* Returns false when path or id are none of a call. */
bool popup_call_init(PopupCall *call, const char *path, const char *session_id);

/* The a{sv} of an event. `present`: of IncomingCallReceived, else what it was. */
void popup_call_take_details(PopupCall *call, GVariant *details);
void popup_call_set_present(PopupCall *call, bool present);

/* Properties of org.tring.Calls1.Call and .Session, all or those that have changed. */
void popup_call_take_properties(PopupCall *call, GVariant *properties);
void popup_call_take_session(PopupCall *call, GVariant *properties);
