/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A CallRecord is one call as one user sees it. Messages carry it, the hub and the daemon's history
 * store it, and D-Bus properties are read from it.
 *
 * Dates are CLOCK_REALTIME microseconds, for display only; 0: not yet. Strings are checked where
 * they come in (wire/, D-Bus) and trusted here.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"
#include "model/status.h"

#define DEVICE_ID_MAX 64        /* bytes, as of a uid */
#define REASON_MAX 32           /* bytes; the longest of CallReason has 18 */
#define METADATA_MAX 16         /* entries: PROTOCOL.md, Values */
#define METADATA_KEY_MAX 64     /* bytes */
#define METADATA_VALUE_MAX 1024 /* bytes */

#define GROUP_MEMBERS_MAX 1024  /* all are rung at once, the last one within 50 ms */
#define GROUPS_PER_USER_MAX 128 /* so that a welcome has room for all, with their names */
#define CALLED_MAX 1024         /* per user: whom they have called; 65 kB */
#define BLOCKED_MAX 256         /* per user; so that a welcome has room for all */

#define RING_TIMEOUT_DEFAULT_S 45 /* as in hosted calling SDKs */
#define RING_TIMEOUT_MIN_S 5
#define RING_TIMEOUT_MAX_S 180
#define LATE_RING_MIN_US (3 * USEC_PER_SEC) /* rule 16: no device begins a ring with less left */

/*
 * Returns a valid timeout in seconds: the default for a request <= 0, else the request clamped.
 */
int ring_timeout_clamp(int seconds);

typedef struct MetadataEntry {
        char *key, *value;
} MetadataEntry;

/* Strings that the caller's program sends along. Embedded; keys are unique. */
typedef struct Metadata {
        MetadataEntry *entries; /* owned */
        size_t count;
} Metadata;

/*
 * Adds a copy of both. Returns 0; -ENOMEM; or -E2BIG (too many entries, key or value too long, key
 * empty), -EEXIST, -EINVAL (not text) with nothing added.
 */
int metadata_add(Metadata *metadata, const char *key, const char *value);
int metadata_copy(Metadata *metadata, const Metadata *from); /* `metadata` is empty before */
void metadata_done(Metadata *metadata);

/* One end of a call: a user at a device. */
typedef struct Party {
        char uid[UID_MAX + 1];
        char name[NAME_MAX_BYTES + 1];
        char device[DEVICE_ID_MAX + 1]; /* empty where it does not matter or is unknown */
} Party;

/* A receiver of a group's call, with their state. */
typedef struct Member {
        char uid[UID_MAX + 1];
        char name[NAME_MAX_BYTES + 1];
        MemberState state;
} Member;

typedef struct CallRecord {
        char session_id[UUID_LENGTH + 1];
        CallDirection direction;
        CallType type;
        ReceiverType receiver_type;
        Party initiator;
        Party receiver;    /* of a group: uid holds the guid; device: the one that answered */
        CallStatus status; /* as this user sees it */
        char reason[REASON_MAX + 1];
        usec_t initiated_at, ringing_since, answered_at, ended_at;
        uint32_t duration_s; /* from the first accept to the end, by the hub's clock */
        bool seen;           /* a missed call has been looked at; true for all other calls */
        Metadata metadata;
} CallRecord;

/* Makes a deep copy in an empty record. Returns 0, or -ENOMEM with `record` left empty. */
int call_record_copy(CallRecord *record, const CallRecord *from);
void call_record_done(CallRecord *record);

/*
 * Whether both are views of one call by one user: the same id, direction and users. A record of
 * another call never replaces an existing one (rule 1).
 */
bool call_record_is_same(const CallRecord *a, const CallRecord *b);

/* The other party: the receiver (user or group) of an outgoing call, else the initiator. */
static inline const Party *call_record_peer(const CallRecord *record)
{
        return record->direction == CALL_DIRECTION_OUTGOING ? &record->receiver
                                                            : &record->initiator;
}
