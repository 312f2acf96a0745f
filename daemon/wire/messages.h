/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The tables of every message between device and hub, which describe a Message, and the tables of
 * the parts of messages, which describe a type of their own.
 */

#include "wire/fields.h"

/*
 * The table of a request, an event or ACK, with the members of the envelope; NULL for
 * MESSAGE_REPLY.
 */
const FieldTable *message_fields(MessageType type);

extern const FieldTable reply_error_fields;        /* {"id":…,"error":{…}} */
const FieldTable *reply_ok_fields(ReplyKind kind); /* {"id":…,"ok":{…}} */
const char *reply_kind_to_string(ReplyKind kind);
int reply_kind_from_string(const char *s, ReplyKind *ret); /* "welcome"; "" is REPLY_PLAIN */

/* Shared with the worker's messages and the stores. */
extern const FieldWords call_error_words, call_type_words;
extern const FieldTable party_fields, participant_fields, signal_fields, join_reply_fields,
        relays_reply_fields;
extern const FieldTable record_fields;    /* a CallRecord */
extern const FieldTable live_call_fields; /* a LiveCall */
extern const FieldTable live_member_fields;
