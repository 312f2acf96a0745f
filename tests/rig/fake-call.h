/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A call of fake-tringd: the objects and signals of a real one, in the real order, but the test
 * decides what happens to it.
 */

#include <systemd/sd-bus.h>

#include "base/str.h"

#define FAKE_PATH "/org/tring/Calls1/fake"
#define FAKE_INTERFACE "org.tring.Fake"
#define ROOT_PATH "/org/tring/Calls1"
#define MANAGER_INTERFACE "org.tring.Calls1.Manager"
#define CALL_INTERFACE "org.tring.Calls1.Call"
#define SESSION_INTERFACE "org.tring.Calls1.Session"
#define LISTENER_INTERFACE "org.tring.Calls1.Listener"

typedef struct FakeCall {
        struct FakeCall *prev, *next;
        struct Fake *fake;
        char path[128];
        sd_bus_slot *slot, *session_slot;

        const char *direction, *receiver_type, *call_type, *status, *reason, *handled_by;
        char id[UUID_LENGTH + 1], peer[UID_MAX + 1], peer_name[NAME_MAX_BYTES + 1];
        int alerting, muted;
        uint64_t initiated_at, ringing_since, answered_at, ended_at;
        uint32_t duration;
        char *words[4]; /* owned: the targets of the strings above, if the test set them */
} FakeCall;

typedef struct FakeListener {
        struct FakeListener *prev, *next;
        char client[64], id[130], path[128];
        int presents, priority;
} FakeListener;

typedef struct Fake {
        sd_bus *bus;
        FakeCall *calls; /* newest first; finished ones are the history */
        FakeListener *listeners;
        unsigned placed;                   /* number of calls, for ids */
        char *error_name, *error_sentence; /* error for the next method, or NULL */
        int dnd;
        char *state;     /* ConnectionState */
        uint32_t unseen; /* UnseenMissed */
} Fake;

/* Adds a call: "incoming" rings here, "outgoing" was placed here. */
int fake_call_add(Fake *fake, const char *id, const char *direction, const char *peer,
                  const char *peer_name, const char *call_type, FakeCall **ret);
/* Changes the call, and sends the signals. */
int fake_call_change(FakeCall *call, const char *status, const char *reason, uint32_t duration);
int fake_call_ringing(FakeCall *call);
int fake_call_alert(FakeCall *call, bool alerting);

FakeCall *fake_call_find(Fake *fake, const char *id);
int fake_call_append_details(sd_bus_message *message, const FakeCall *call, bool present);

/* Reports a method call to the test; if an error is prepared, replies with it and returns 1. */
int fake_asked(Fake *fake, sd_bus_message *message, const char *what, const char *about);
