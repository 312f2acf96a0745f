/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/stored.h"

#include "wire/messages.h"
#include "wire/wire.h"

/* Tring wrote these texts itself, so the limits only protect against a damaged store. */
#define STORED_MAX (2 * 1024 * 1024) /* bytes: a call with GROUP_MEMBERS_MAX members takes half */
#define STORED_VALUES_MAX 50000      /* of such a call: each member has 16 */

static const JsonLimits stored_limits = {STORED_MAX, WIRE_NESTING_MAX, WIRE_MEMBERS_MAX,
                                         STORED_VALUES_MAX};

static const FieldTable metadata_fields =
        FIELD_TABLE("metadata", {"metadata", FIELD_METADATA, 0, AT(CallRecord, metadata)});

static const FieldWords session_state_words = {"a session's state", session_state_to_string,
                                               session_state_from_string};

#define STATE_BOOL(name)                                   \
        {                                                  \
#name, FIELD_BOOL, 0, AT(StoredCall, name) \
        }
#define STATE_TEXT(name)                                   \
        {                                                  \
#name, FIELD_TEXT, 0, AT(StoredCall, name) \
        }

static const FieldTable settings_fields =
        FIELD_TABLE("settings",
                    {"type", FIELD_WORD, 0, AT(SessionSettings, type), .words = &call_type_words,
                     .has = offsetof(SessionSettings, has_type)},
                    {"start_audio_muted", FIELD_BOOL, 0, AT(SessionSettings, start_audio_muted)},
                    {"start_video_paused", FIELD_BOOL, 0, AT(SessionSettings, start_video_paused)},
                    {"microphone", FIELD_TEXT, 0, AT(SessionSettings, microphone)},
                    {"speaker", FIELD_TEXT, 0, AT(SessionSettings, speaker)},
                    {"camera", FIELD_TEXT, 0, AT(SessionSettings, camera)});

static const FieldTable stored_participant_fields = FIELD_TABLE(
        "participant",
        {NULL, FIELD_FLAT, 0, AT(SessionParticipant, participant), .table = &participant_fields},
        {"connected", FIELD_BOOL, 0, AT(SessionParticipant, media.connected)});

static const FieldTable stored_call_fields = FIELD_TABLE(
        "stored call", {NULL, FIELD_FLAT, 0, AT(StoredCall, record), .table = &record_fields},
        {"ring_until", FIELD_U64, 0, AT(StoredCall, ring_until_date)}, STATE_BOOL(silenced),
        STATE_BOOL(present), STATE_BOOL(member_ringing), STATE_BOOL(answered_here),
        {"join_wanted", FIELD_BOOL, 0, AT(StoredCall, consent.join)},
        {"agreed", FIELD_WORD, 0, AT(StoredCall, consent.type), .words = &call_type_words},
        STATE_BOOL(alerting_said), STATE_BOOL(unwanted), STATE_BOOL(placed), STATE_BOOL(parallel),
        {"timeout", FIELD_INT, 0, AT(StoredCall, timeout_s)}, STATE_TEXT(handled_by),
        STATE_TEXT(handler), STATE_TEXT(tied_to), STATE_BOOL(ring_tied),
        {"session_state", FIELD_WORD, FIELD_REQUIRED, AT(StoredCall, session.state),
         .words = &session_state_words},
        {"audio_muted", FIELD_BOOL, 0, AT(StoredCall, session.audio_muted)},
        {"video_paused", FIELD_BOOL, 0, AT(StoredCall, session.video_paused)},
        {"settings", FIELD_OBJECT, FIELD_REQUIRED, AT(StoredCall, session.settings),
         .table = &settings_fields},
        {"own_id", FIELD_TEXT, 0, AT(StoredCall, session.own_id)},
        {"participants", FIELD_LIST, 0,
         LIST_AT(StoredCall, session.participants, session.n_participants), .max = PARTICIPANTS_MAX,
         .table = &stored_participant_fields});

static int stored_decode(const FieldTable *table, const char *json, void *ret)
{
        char text[MESSAGE_TEXT_MAX + 1];
        const FieldReader reader = {.text = text};

        return fields_decode(&reader, &stored_limits, table, json, strlen(json), ret);
}

#define DEFINE_STORED(object, Type, fields)                                        \
        int wire_encode_##object(const Type *object, char **ret)                   \
        {                                                                          \
                return fields_encode(&(fields), object, 0, STORED_MAX, ret, NULL); \
        }                                                                          \
        int wire_decode_##object(const char *json, Type *ret)                      \
        {                                                                          \
                *ret = (Type){};                                                   \
                return stored_decode(&(fields), json, ret);                        \
        }                                                                          \
        struct stored_needs_a_semicolon

DEFINE_STORED(record, CallRecord, record_fields);
DEFINE_STORED(metadata, CallRecord, metadata_fields);
DEFINE_STORED(live, LiveCall, live_call_fields);
DEFINE_STORED(live_member, LiveMember, live_member_fields);
DEFINE_STORED(stored_call, StoredCall, stored_call_fields);
