/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Stored state as JSON text and back, by tables like messages. Texts may be longer than a message,
 * and members of a later version are ignored. (A stored request is a message like any other:
 * wire_encode(), wire_decode(WIRE_FROM_DEVICE).)
 *
 * The caller frees *ret of an encoder, which returns 0, -ENOMEM or -EMSGSIZE. A decoder returns 0,
 * -ENOMEM, or -EBADMSG: the text is not such an object. *ret owns something only on 0.
 */

#include "model/live-call.h"
#include "model/stored-call.h"

/* The record of a call, with the same members as on the wire; also for --json. */
int wire_encode_record(const CallRecord *record, char **ret);
int wire_decode_record(const char *json, CallRecord *ret);
/* The metadata of a record alone, for a store that keeps them once for all records of a call. */
int wire_encode_metadata(const CallRecord *metadata, char **ret);
int wire_decode_metadata(const char *json, CallRecord *ret);
/* The hub's live call, and one of its members, for a store that keeps members apart. */
int wire_encode_live(const LiveCall *live, char **ret);
int wire_decode_live(const char *json, LiveCall *ret);
int wire_encode_live_member(const LiveMember *live_member, char **ret);
int wire_decode_live_member(const char *json, LiveMember *ret);
/* A device's call. */
int wire_encode_stored_call(const StoredCall *stored_call, char **ret);
int wire_decode_stored_call(const char *json, StoredCall *ret);
