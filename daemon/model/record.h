/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A CallRecord is one call as one user sees it. It travels in messages, is stored by the hub and in
 * the daemon's history, and provides the D-Bus properties.
 *
 * Dates are CLOCK_REALTIME microseconds, for display only; 0: not yet. Strings are checked where
 * they come in (wire/, D-Bus) and trusted here.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"
#include "model/status.h"

#define DEVICE_ID_MAX 64        /* like a uid */
#define REASON_MAX 32           /* bytes; our longest has 18 */
#define METADATA_MAX 16         /* entries: PROTOCOL.md, Values */
#define METADATA_KEY_MAX 64     /* bytes */
#define METADATA_VALUE_MAX 1024 /* bytes */

#define GROUP_MEMBERS_MAX 1024  /* all are rung at once, in 50 ms to the last */
#define GROUPS_PER_USER_MAX 128 /* with their names they fit a welcome beside the calls */
#define BLOCKED_MAX 256         /* per user: likewise */

#define RING_TIMEOUT_DEFAULT_S 45 /* hosted calling SDKs use the same */
#define RING_TIMEOUT_MIN_S 5
#define RING_TIMEOUT_MAX_S 180
#define LATE_RING_MIN_US (3 * USEC_PER_SEC) /* rule 16: with less left no device begins to ring */

/*
 * Turns a requested timeout in seconds into a legal one: <= 0 means the default, others are
 * clamped.
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

/* A member of a group who is rung by a call, and the member's state. */
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
        Party receiver;    /* a user, or a group: uid holds the guid; device: who answered */
        CallStatus status; /* as the record's user sees it */
        char reason[REASON_MAX + 1];
        usec_t initiated_at, ringing_since, answered_at, ended_at;
        uint32_t duration_s; /* first accept to end by the hub's clock */
        bool seen;           /* of a missed call: somebody has looked at it; true for all others */
        Metadata metadata;
} CallRecord;

/* Deep copy into an empty record. Returns 0 or -ENOMEM (with `record` left empty). */
int call_record_copy(CallRecord *record, const CallRecord *from);
void call_record_done(CallRecord *record);

/* The other party, as a person thinks of it. */
static inline const Party *call_record_peer(const CallRecord *record)
{
        return record->direction == CALL_DIRECTION_INCOMING &&
                               record->receiver_type == RECEIVER_TYPE_USER
                       ? &record->initiator
               : record->direction == CALL_DIRECTION_OUTGOING ? &record->receiver
                                                              : &record->initiator;
}
