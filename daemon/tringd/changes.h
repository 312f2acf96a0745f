/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Announces objects and properties on the bus. Property changes are gathered, and sent before any
 * other signal and at the end of the loop's turn, each property once.
 */

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "dbus/interfaces.h"
#include "phone/phone.h"

typedef struct CallObject CallObject; /* bus-objects.h */
typedef struct Changes Changes;

/* UnseenMissed: a property of the Manager that is not the phone's. */
#define CHANGES_UNSEEN_MISSED (1u << 31)

/* CHANGES_MICROPHONES, CHANGES_RING_VOLUME, … */
#define CHANGES_ENUMERATOR(property, name) CHANGES_##property
typedef enum DevicesProperty {
        DEVICES_CHANGING(CHANGES_ENUMERATOR)
} DevicesProperty;

int changes_new(sd_bus *bus, Changes **ret); /* keeps a reference to the bus */
Changes *changes_free(Changes *changes);
DEFINE_CLEANUP(Changes *, changes_free);

/* `properties` are bits of PhoneProperty. Changes of a call without an object are ignored. */
void changes_manager(Changes *changes, uint32_t properties);
void changes_devices(Changes *changes, DevicesProperty property);
void changes_call(Changes *changes, const char *session_id, uint32_t properties);
void changes_session(Changes *changes, const char *session_id, uint32_t properties);

/* Finds or makes the object of one of the phone's calls. NULL: out of memory. */
CallObject *changes_call_object(Changes *changes, const char *session_id);

/* Emit InterfacesAdded or InterfacesRemoved at once. A call may be added with its session. */
void changes_call_added(Changes *changes, const char *session_id, bool has_session);
void changes_session_added(Changes *changes, const char *session_id);
void changes_call_removed(Changes *changes, const char *session_id);

void changes_flush(Changes *changes);
