/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "popup-call.h"

#include "dbus/interfaces.h"

bool popup_call_init(PopupCall *call, const char *path, const char *session_id)
{
        PopupCall made = {.status = CALL_STATUS_INITIATED};

        if (STR_SET(made.path, path) < 0 || !uuid_is_valid(session_id) ||
            STR_SET(made.session_id, session_id) < 0)
                return false;
        *call = made;
        return true;
}

static void take_person(PopupCall *call, GVariant *dict, const char *key)
{
        g_autoptr(GVariant) person = g_variant_lookup_value(dict, key, G_VARIANT_TYPE_VARDICT);
        const char *uid = "", *name = "";

        if (!person)
                return;
        if (!g_variant_lookup(person, "uid", "&s", &uid))
                (void)g_variant_lookup(person, "guid", "&s", &uid);
        (void)g_variant_lookup(person, "name", "&s", &name);
        str_printable(call->uid, sizeof(call->uid), uid);
        str_printable(call->name, sizeof(call->name), str_empty(name) ? uid : name);
}

static void take_date(int64_t *date, GVariant *dict, const char *key)
{
        uint64_t value;

        if (g_variant_lookup(dict, key, "t", &value) && value <= INT64_MAX)
                *date = (int64_t)value;
}

static void take_status(PopupCall *call, const char *status, const char *reason)
{
        CallStatus known;

        if (status && call_status_from_string(status, &known) == 0)
                call->status = known;
        /* New reasons may be added to the API; treat an unknown one as none. */
        if (reason && call_reason_from_string(reason, &call->reason) < 0)
                call->reason = CALL_REASON_NONE;
}

/* Event details and object properties hold the same values under different names. */
typedef struct Names {
        const char *direction, *type, *status, *reason, *initiator, *receiver, *initiated_at;
} Names;

static void take(PopupCall *call, GVariant *dict, const Names *names)
{
        const char *direction, *type, *status = NULL, *reason = NULL;

        if (g_variant_lookup(dict, names->direction, "&s", &direction))
                call->incoming = str_eq(direction, "incoming");
        if (g_variant_lookup(dict, names->type, "&s", &type))
                call->video = str_eq(type, "video");
        (void)g_variant_lookup(dict, names->status, "&s", &status);
        (void)g_variant_lookup(dict, names->reason, "&s", &reason);
        take_status(call, status, reason);
        take_person(call, dict, call->incoming ? names->initiator : names->receiver);
        take_date(&call->initiated_at, dict, names->initiated_at);
}

void popup_call_take_details(PopupCall *call, GVariant *details)
{
        static const Names names = {"direction", "call_type", "status",      "reason",
                                    "initiator", "receiver",  "initiated_at"};

        take(call, details, &names);
}

void popup_call_set_present(PopupCall *call, bool present)
{
        call->present = present;
        call->was_presented = call->was_presented || present;
        call->silenced = false;
}

void popup_call_take_properties(PopupCall *call, GVariant *properties)
{
        static const Names names = {PROPERTY_DIRECTION,   PROPERTY_CALL_TYPE, PROPERTY_STATUS,
                                    PROPERTY_REASON,      PROPERTY_INITIATOR, PROPERTY_RECEIVER,
                                    PROPERTY_INITIATED_AT};
        gboolean alerting;

        take(call, properties, &names);
        if (g_variant_lookup(properties, PROPERTY_ALERTING, "b", &alerting)) {
                call->silenced = !alerting && (call->silenced || call->alerting);
                call->alerting = alerting;
        }
}

void popup_call_take_session(PopupCall *call, GVariant *properties)
{
        gboolean muted;

        if (g_variant_lookup(properties, PROPERTY_AUDIO_MUTED, "b", &muted))
                call->muted = muted;
}
