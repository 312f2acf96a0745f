/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/fake-call.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/clock.h"

static bool is_incoming(const FakeCall *call)
{
        return str_eq(call->direction, "incoming");
}

static int append_person(sd_bus_message *m, const char *uid, const char *name)
{
        return sd_bus_message_append(m, "a{sv}", 2, "uid", "s", uid, "name", "s", name);
}

static int append_end(sd_bus_message *m, const FakeCall *call, bool initiator)
{
        return initiator == is_incoming(call) ? append_person(m, call->peer, call->peer_name)
                                              : append_person(m, "me", "Me Myself");
}

static int append_detail_person(sd_bus_message *m, const char *key, const FakeCall *call,
                                bool initiator)
{
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append(m, "s", key);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a{sv}");
        if (r >= 0)
                r = append_end(m, call, initiator);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int fake_call_append_details(sd_bus_message *m, const FakeCall *call, bool present)
{
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0)
                r = append_detail_person(m, "initiator", call, true);
        if (r >= 0)
                r = append_detail_person(m, "receiver", call, false);
        if (r >= 0)
                r = sd_bus_message_append(
                        m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "session_id", "s",
                        call->id, "call_type", "s", call->call_type, "receiver_type", "s", "user",
                        "direction", "s", call->direction, "status", "s", call->status, "reason",
                        "s", call->reason, "initiated_at", "t", call->initiated_at, "answered_at",
                        "t", call->answered_at, "ended_at", "t", call->ended_at, "duration", "u",
                        call->duration, "present", "b", present);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int get_person(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return append_end(reply, userdata, str_eq(property, "Initiator"));
}

static int get_id(sd_bus *bus, const char *path, const char *interface, const char *property,
                  sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const FakeCall *call = userdata;

        return sd_bus_message_append(reply, "s", call->id);
}

/* Each method of a call takes effect at once. */
static int on_accept(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        FakeCall *call = userdata;
        const char *option = NULL;
        char what[64];
        int r = sd_bus_message_enter_container(message, 'a', "{sv}");

        if (r >= 0)
                r = sd_bus_message_read(message, "{sv}", &option, "b", &(int){0});
        if (r < 0)
                return r;
        snprintf(what, sizeof(what), option ? "Accept %s" : "Accept", option);
        r = fake_asked(call->fake, message, what, call->id);
        if (r != 0)
                return r;
        call->handled_by = "somebody";
        r = fake_call_change(call, "ongoing", "", 0);
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int on_reject(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        FakeCall *call = userdata;
        const char *status;
        char what[64];
        int r = sd_bus_message_read(message, "s", &status);

        if (r < 0)
                return r;
        snprintf(what, sizeof(what), "Reject %s", status);
        r = fake_asked(call->fake, message, what, call->id);
        if (r != 0)
                return r;
        r = fake_call_change(call, status, "declined", 0);
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int on_end(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        FakeCall *call = userdata;
        bool cancel = str_eq(sd_bus_message_get_member(message), "Cancel");
        int r = fake_asked(call->fake, message, cancel ? "Cancel" : "End", call->id);

        if (r != 0)
                return r;
        r = cancel ? fake_call_change(call, "cancelled", "caller-cancelled", 0)
                   : fake_call_change(call, "ended", "hangup", 65);
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int on_silence(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        FakeCall *call = userdata;
        int r = fake_asked(call->fake, message, "Silence", call->id);

        if (r != 0)
                return r;
        /* Tells nobody, as tringd does that has not told yet that the call alerts. */
        call->alerting = false;
        return sd_bus_reply_method_return(message, NULL);
}

static int on_set_muted(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        FakeCall *call = userdata;
        int muted, r = sd_bus_message_read(message, "b", &muted);

        if (r < 0)
                return r;
        r = fake_asked(call->fake, message, muted ? "SetAudioMuted true" : "SetAudioMuted false",
                       call->id);
        if (r != 0)
                return r;
        call->muted = muted;
        r = sd_bus_emit_properties_changed(call->fake->bus, call->path, SESSION_INTERFACE,
                                           "AudioMuted", NULL);
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

#define WORD(name, member)                                           \
        SD_BUS_PROPERTY(name, "s", NULL, offsetof(FakeCall, member), \
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define DATE(name, member)                                           \
        SD_BUS_PROPERTY(name, "t", NULL, offsetof(FakeCall, member), \
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

static const sd_bus_vtable call_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("SessionId", "s", get_id, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Initiator", "a{sv}", get_person, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Receiver", "a{sv}", get_person, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        WORD("Direction", direction),
        WORD("ReceiverType", receiver_type),
        WORD("CallType", call_type),
        WORD("Status", status),
        WORD("Reason", reason),
        WORD("HandledBy", handled_by),
        DATE("InitiatedAt", initiated_at),
        DATE("RingingSince", ringing_since),
        DATE("AnsweredAt", answered_at),
        DATE("EndedAt", ended_at),
        SD_BUS_PROPERTY("Alerting", "b", NULL, offsetof(FakeCall, alerting),
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Duration", "u", NULL, offsetof(FakeCall, duration),
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_METHOD("Accept", "a{sv}", NULL, on_accept, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Reject", "s", NULL, on_reject, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Cancel", NULL, NULL, on_end, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("End", NULL, NULL, on_end, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Silence", NULL, NULL, on_silence, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("StatusChanged", "sssa{sv}", 0),
        SD_BUS_VTABLE_END,
};

static int get_participants(sd_bus *bus, const char *path, const char *interface,
                            const char *property, sd_bus_message *reply, void *userdata,
                            sd_bus_error *error)
{
        const FakeCall *call = userdata;

        return sd_bus_message_append(reply, "aa{sv}", 1, 3, "uid", "s", call->peer, "name", "s",
                                     call->peer_name, "verification_code", "s", "0123 4567");
}

static const sd_bus_vtable session_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Participants", "aa{sv}", get_participants, 0,
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("AudioMuted", "b", NULL, offsetof(FakeCall, muted),
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_METHOD("SetAudioMuted", "b", NULL, on_set_muted, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

FakeCall *fake_call_find(Fake *fake, const char *id)
{
        FakeCall *call;

        DL_FOREACH (fake->calls, call)
                if (str_eq(call->id, id))
                        break;
        return call;
}

/* The listener that presents: the highest priority, then the newest. */
static FakeListener *presenter(Fake *fake)
{
        FakeListener *listener, *best = NULL;

        DL_FOREACH (fake->listeners, listener)
                if (listener->presents && (!best || listener->priority > best->priority))
                        best = listener;
        return best;
}

static int on_presented(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        FakeCall *call = userdata;
        bool taken = !sd_bus_message_is_method_error(reply, NULL);
        char text[128];

        snprintf(text, sizeof(text), "Presented %s %s", taken ? "true" : "false", call->id);
        int r = sd_bus_emit_signal(call->fake->bus, FAKE_PATH, FAKE_INTERFACE, "Called", "s", text);
        return r < 0 || !taken ? r : fake_call_alert(call, true);
}

static int send_to_listener(FakeCall *call, const FakeListener *listener, const char *event,
                            bool present)
{
        sd_bus_message *message = NULL;
        int r = sd_bus_message_new_method_call(call->fake->bus, &message, listener->client,
                                               listener->path, LISTENER_INTERFACE, event);

        if (r >= 0)
                r = sd_bus_message_append(message, "os", call->path, call->id);
        if (r >= 0)
                r = fake_call_append_details(message, call, present);
        if (r >= 0)
                r = present ? sd_bus_call_async(call->fake->bus, NULL, message, on_presented, call,
                                                0)
                            : sd_bus_send(call->fake->bus, message, NULL);
        sd_bus_message_unref(message);
        return r;
}

static int emit_event(FakeCall *call, const char *event)
{
        bool incoming = str_eq(event, "IncomingCallReceived") && !call->fake->dnd;
        FakeListener *listener, *best = incoming ? presenter(call->fake) : NULL;
        sd_bus_message *signal = NULL;
        int r = sd_bus_message_new_signal(call->fake->bus, &signal, ROOT_PATH, MANAGER_INTERFACE,
                                          event);

        if (r >= 0)
                r = sd_bus_message_append(signal, "os", call->path, call->id);
        if (r >= 0)
                r = fake_call_append_details(signal, call, false);
        if (r >= 0)
                r = sd_bus_send(call->fake->bus, signal, NULL);
        sd_bus_message_unref(signal);
        DL_FOREACH (call->fake->listeners, listener)
                if (r >= 0 && listener->path[0])
                        r = send_to_listener(call, listener, event, listener == best);
        return r;
}

/* A copy of a word that lives as long as the call. */
static const char *keep(char **slot, const char *word)
{
        free(*slot);
        *slot = strdup(word);
        return *slot ? *slot : "";
}

int fake_call_add(Fake *fake, const char *id, const char *direction, const char *peer,
                  const char *peer_name, const char *call_type, FakeCall **ret)
{
        FakeCall *call = calloc(1, sizeof(*call));

        if (!call)
                return -ENOMEM;
        *call = (FakeCall){.fake = fake,
                           .receiver_type = "user",
                           .status = "initiated",
                           .reason = "",
                           .handled_by = "",
                           .initiated_at = clock_realtime()};
        call->direction = keep(&call->words[0], direction);
        call->call_type = keep(&call->words[1], call_type);
        (void)STR_SET(call->id, id);
        (void)STR_SET(call->peer, peer);
        (void)STR_SET(call->peer_name, peer_name);
        snprintf(call->path, sizeof(call->path), ROOT_PATH "/call/%s", id);
        for (char *c = call->path; *c; c++)
                if (*c == '-')
                        *c = '_';
        DL_PREPEND(fake->calls, call);
        int r = sd_bus_add_object_vtable(fake->bus, &call->slot, call->path, CALL_INTERFACE,
                                         call_vtable, call);
        if (r >= 0)
                r = sd_bus_emit_interfaces_added(fake->bus, call->path, CALL_INTERFACE, NULL);
        if (r >= 0 && is_incoming(call))
                r = emit_event(call, "IncomingCallReceived");
        if (ret)
                *ret = call;
        return r;
}

int fake_call_ringing(FakeCall *call)
{
        call->ringing_since = clock_realtime();
        return sd_bus_emit_properties_changed(call->fake->bus, call->path, CALL_INTERFACE,
                                              "RingingSince", NULL);
}

int fake_call_alert(FakeCall *call, bool alerting)
{
        call->alerting = alerting;
        return sd_bus_emit_properties_changed(call->fake->bus, call->path, CALL_INTERFACE,
                                              "Alerting", NULL);
}

static int emit_status(FakeCall *call, const char *old)
{
        sd_bus_message *signal = NULL;
        int r = sd_bus_message_new_signal(call->fake->bus, &signal, call->path, CALL_INTERFACE,
                                          "StatusChanged");

        if (r >= 0)
                r = sd_bus_message_append(signal, "sss", old, call->status, call->reason);
        if (r >= 0)
                r = fake_call_append_details(signal, call, false);
        if (r >= 0)
                r = sd_bus_send(call->fake->bus, signal, NULL);
        sd_bus_message_unref(signal);
        return r;
}

static const char *event_of(const FakeCall *call, bool declined_here)
{
        bool ongoing = str_eq(call->status, "ongoing");

        if (is_incoming(call) && ongoing)
                return NULL;
        if (str_eq(call->status, "ended") || declined_here)
                return "CallEndedMessageReceived";
        if (is_incoming(call))
                return "IncomingCallCancelled";
        if (ongoing)
                return "OutgoingCallAccepted";
        return str_eq(call->status, "cancelled") ? "CallEndedMessageReceived"
                                                 : "OutgoingCallRejected";
}

int fake_call_change(FakeCall *call, const char *status, const char *reason, uint32_t duration)
{
        bool ongoing = str_eq(status, "ongoing");
        const char *old = call->status;
        char was[32];

        (void)STR_SET(was, old);
        call->status = keep(&call->words[2], status);
        call->reason = keep(&call->words[3], reason);
        call->duration = duration;
        call->alerting = false;
        *(ongoing ? &call->answered_at : &call->ended_at) = clock_realtime();
        int r = sd_bus_emit_properties_changed(call->fake->bus, call->path, CALL_INTERFACE,
                                               "Status", "Reason", "Duration", "Alerting",
                                               "AnsweredAt", "EndedAt", "HandledBy", NULL);
        if (r >= 0 && ongoing)
                r = sd_bus_add_object_vtable(call->fake->bus, &call->session_slot, call->path,
                                             SESSION_INTERFACE, session_vtable, call);
        if (r >= 0 && ongoing)
                r = sd_bus_emit_interfaces_added(call->fake->bus, call->path, SESSION_INTERFACE,
                                                 NULL);
        if (r >= 0)
                r = emit_status(call, was);
        const char *event = event_of(call, is_incoming(call) && str_eq(reason, "declined"));
        return r < 0 || !event ? r : emit_event(call, event);
}
