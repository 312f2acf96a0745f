/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Writes calls, parties and participants as the a{sv} of the D-Bus API. Each function returns 0 or
 * negative errno.
 */

#include <systemd/sd-bus.h>

#include "phone/phone.h"

int details_open(sd_bus_message *message); /* a{sv}, to be filled and closed */
int details_close(sd_bus_message *message);

/* Appends one entry of a basic type: details_put(m, "uid", "s", uid). */
#define details_put(message, key, type, value) \
        sd_bus_message_append((message), "{sv}", (key), (type), (value))

/* a{sv}: uid or guid, name. */
int details_append_party(sd_bus_message *message, const Party *party, bool is_group);
int details_append_metadata(sd_bus_message *message, const Metadata *metadata);

/* Appends the entries that events and history share, between open and close. */
int details_put_record(sd_bus_message *message, const CallRecord *record);

/* Keys that only some events have. */
typedef struct DetailsMarks {
        const bool *present; /* NULL: no such key */
        bool resumed;        /* false: no such key */
} DetailsMarks;

/* Appends the complete details of an event. */
int details_append_call(sd_bus_message *message, const PhoneCallInfo *call, usec_t now,
                        const DetailsMarks *marks);

/* aa{sv}: uid, name, state of each user that the call rings. */
int details_append_members(sd_bus_message *message, const PhoneCallInfo *call);
/* a{sv} of one participant. */
int details_append_participant(sd_bus_message *message, const SessionParticipant *participant);

uint32_t call_remaining_ms(const PhoneCallInfo *call, usec_t now);
