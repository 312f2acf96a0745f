/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/messages.h"

#include "base/words.h"
#include "model/live-call.h"

/*
 * More than there can be: a device has PHONE_CALLS_MAX calls at most, and a message cannot hold so
 * many records.
 */
#define CALLS_MAX 256
#define RECORDS_MAX 1024

#define R FIELD_REQUIRED

/* ---- words ---- */

static const char *const reply_kinds[] = {
        [REPLY_PLAIN] = "",        [REPLY_WELCOME] = "welcome", [REPLY_CALL] = "call",
        [REPLY_TOKEN] = "token",   [REPLY_JOIN] = "join",       [REPLY_HISTORY] = "history",
        [REPLY_RELAYS] = "relays",
};

DEFINE_WORDS(reply_kind, ReplyKind, reply_kinds);

/* "" means no error, which an error reply cannot have. */
static int named_error_from_string(const char *s, CallError *ret)
{
        return str_empty(s) ? -EINVAL : call_error_from_string(s, ret);
}

/*
 * A newer hub may have more errors; an unknown one becomes NotSupported, and its sentence explains
 * it.
 */
static int reply_error_from_string(const char *s, CallError *ret)
{
        if (str_empty(s))
                return -EINVAL;
        if (call_error_from_string(s, ret) < 0)
                *ret = CALL_ERROR_NOT_SUPPORTED;
        return 0;
}

/* Only the statuses with which a receiver may reject. */
static int reject_status_from_string(const char *s, CallStatus *ret)
{
        CallStatus status;
        int r = call_status_from_string(s, &status);

        if (r < 0)
                return r;
        if (status != CALL_STATUS_REJECTED && status != CALL_STATUS_BUSY)
                return -EINVAL;
        *ret = status;
        return 0;
}

static const FieldWords message_type_words = {"an op or event", message_type_to_string,
                                              message_type_from_string};
static const FieldWords reply_kind_words = {"a kind of reply", reply_kind_to_string,
                                            reply_kind_from_string};
static const FieldWords reject_status_words = {"\"rejected\" or \"busy\"", call_status_to_string,
                                               reject_status_from_string};
static const FieldWords status_words = {"a call's status", call_status_to_string,
                                        call_status_from_string};
const FieldWords call_type_words = {"\"audio\" or \"video\"", call_type_to_string,
                                    call_type_from_string};
static const FieldWords receiver_type_words = {"\"user\" or \"group\"", receiver_type_to_string,
                                               receiver_type_from_string};
static const FieldWords direction_words = {"\"outgoing\" or \"incoming\"", call_direction_to_string,
                                           call_direction_from_string};
static const FieldWords when_busy_words = {"\"reject\" or \"ring\"", when_busy_to_string,
                                           when_busy_from_string};
static const FieldWords who_may_ring_words = {"\"everybody\", \"called\" or \"nobody\"",
                                              who_may_ring_to_string, who_may_ring_from_string};
static const FieldWords member_state_words = {"a member's state", member_state_to_string,
                                              member_state_from_string};
static const FieldWords reply_error_words = {"an error's name", call_error_to_string,
                                             reply_error_from_string};
const FieldWords call_error_words = {"an error's name", call_error_to_string,
                                     named_error_from_string};

/* ---- parts of messages ---- */

const FieldTable party_fields = FIELD_TABLE("party", {"uid", FIELD_UID, R, AT(Party, uid)},
                                            {"name", FIELD_TEXT, 0, AT(Party, name)},
                                            {"device", FIELD_UID, 0, AT(Party, device)});

const FieldTable participant_fields =
        FIELD_TABLE("participant", {"id", FIELD_UID, R, AT(Participant, id)},
                    {"uid", FIELD_UID, 0, AT(Participant, party.uid)},
                    {"name", FIELD_TEXT, 0, AT(Participant, party.name)},
                    {"device", FIELD_UID, 0, AT(Participant, party.device)},
                    {"muted", FIELD_BOOL, 0, AT(Participant, muted)},
                    {"video_paused", FIELD_BOOL, 0, AT(Participant, video_paused)},
                    {"sharing", FIELD_BOOL, 0, AT(Participant, sharing)});

static const FieldTable ice_server_fields =
        FIELD_TABLE("ice server", {"url", FIELD_TOKEN, R, AT(IceServer, url)},
                    {"username", FIELD_TEXT, FIELD_SECRET, AT(IceServer, username)},
                    {"credential", FIELD_TEXT, FIELD_SECRET, AT(IceServer, credential)});

const FieldTable record_fields = FIELD_TABLE(
        "call", {"session_id", FIELD_UUID, R, AT(CallRecord, session_id)},
        {"direction", FIELD_WORD, R, AT(CallRecord, direction), .words = &direction_words},
        {"call_type", FIELD_WORD, R, AT(CallRecord, type), .words = &call_type_words},
        {"receiver_type", FIELD_WORD, R, AT(CallRecord, receiver_type),
         .words = &receiver_type_words},
        {"initiator", FIELD_OBJECT, R, AT(CallRecord, initiator), .table = &party_fields},
        {"receiver", FIELD_OBJECT, R, AT(CallRecord, receiver), .table = &party_fields},
        {"status", FIELD_WORD, R, AT(CallRecord, status), .words = &status_words},
        {"reason", FIELD_TEXT, 0, AT(CallRecord, reason)},
        {"initiated_at", FIELD_U64, 0, AT(CallRecord, initiated_at)},
        {"ringing_since", FIELD_U64, 0, AT(CallRecord, ringing_since)},
        {"answered_at", FIELD_U64, 0, AT(CallRecord, answered_at)},
        {"ended_at", FIELD_U64, 0, AT(CallRecord, ended_at)},
        {"duration", FIELD_U32, 0, AT(CallRecord, duration_s)},
        {"seen", FIELD_BOOL, 0, AT(CallRecord, seen)},
        {"metadata", FIELD_METADATA, 0, AT(CallRecord, metadata)});

static const FieldTable snapshot_fields = FIELD_TABLE(
        "call", {NULL, FIELD_FLAT, 0, AT(CallSnapshot, record), .table = &record_fields},
        {"remaining_ms", FIELD_U32, 0, AT(CallSnapshot, remaining_ms)},
        {"here", FIELD_BOOL, 0, AT(CallSnapshot, here)},
        {"join_token", FIELD_TOKEN, FIELD_SECRET, AT(CallSnapshot, join_token)},
        {"participant", FIELD_UID, 0, AT(CallSnapshot, participant)},
        {"others", FIELD_LIST, 0, LIST_AT(CallSnapshot, others, n_others), .max = PARTICIPANTS_MAX,
         .table = &participant_fields});

static const FieldTable member_fields = FIELD_TABLE(
        "member", {"uid", FIELD_UID, R, AT(Member, uid)}, {"name", FIELD_TEXT, 0, AT(Member, name)},
        {"state", FIELD_WORD, R, AT(Member, state), .words = &member_state_words});

static const FieldTable group_fields =
        FIELD_TABLE("group", {"guid", FIELD_UID, R, AT(GroupName, guid)},
                    {"name", FIELD_TEXT, 0, AT(GroupName, name)});

const FieldTable live_member_fields =
        FIELD_TABLE("member", {NULL, FIELD_FLAT, 0, AT(LiveMember, party), .table = &party_fields},
                    {"status", FIELD_WORD, R, AT(LiveMember, status), .words = &status_words},
                    {"reason", FIELD_TEXT, 0, AT(LiveMember, reason)},
                    {"merged_id", FIELD_UUID, 0, AT(LiveMember, merged_id)},
                    {"alerted", FIELD_BOOL, 0, AT(LiveMember, alerted)},
                    {"quiet", FIELD_BOOL, 0, AT(LiveMember, quiet)},
                    {"blocked", FIELD_BOOL, 0, AT(LiveMember, blocked)},
                    {"barred", FIELD_BOOL, 0, AT(LiveMember, barred)},
                    {"joins", FIELD_BOOL, 0, AT(LiveMember, media.joins)},
                    {"muted", FIELD_BOOL, 0, AT(LiveMember, media.muted)},
                    {"video_paused", FIELD_BOOL, 0, AT(LiveMember, media.video_paused)},
                    {"sharing", FIELD_BOOL, 0, AT(LiveMember, media.sharing)},
                    {"participant", FIELD_UID, 0, AT(LiveMember, media.participant)},
                    {"join_until", FIELD_U64, 0, AT(LiveMember, join_until)});

const FieldTable live_call_fields = FIELD_TABLE(
        "live call", {NULL, FIELD_FLAT, 0, AT(LiveCall, record), .table = &record_fields},
        {"ring_until", FIELD_U64, 0, AT(LiveCall, ring_until)},
        {"caller", FIELD_OBJECT, R, AT(LiveCall, caller), .table = &live_member_fields},
        {"members", FIELD_LIST, 0, LIST_AT(LiveCall, members, n_members), .max = GROUP_MEMBERS_MAX,
         .table = &live_member_fields});

const FieldTable signal_fields =
        FIELD_TABLE("signal", {"peer", FIELD_UID, R, AT(MessageSignal, peer)},
                    {"data", FIELD_DATA, R | FIELD_SECRET, AT(MessageSignal, data)});

const FieldTable join_reply_fields =
        FIELD_TABLE("join", {"participant", FIELD_UID, R, AT(ReplyJoin, participant)},
                    {"others", FIELD_LIST, 0, LIST_AT(ReplyJoin, others, n_others),
                     .max = PARTICIPANTS_MAX, .table = &participant_fields},
                    {"ice_servers", FIELD_LIST, 0, LIST_AT(ReplyJoin, ice_servers, n_ice_servers),
                     .max = ICE_SERVERS_MAX, .table = &ice_server_fields},
                    {"ice_lifetime", FIELD_U32, 0, AT(ReplyJoin, ice_lifetime_s)},
                    {"mode", FIELD_UID, 0, AT(ReplyJoin, mode)});

const FieldTable relays_reply_fields =
        FIELD_TABLE("relays",
                    {"ice_servers", FIELD_LIST, 0, LIST_AT(ReplyRelays, ice_servers, n_ice_servers),
                     .max = ICE_SERVERS_MAX, .table = &ice_server_fields},
                    {"ice_lifetime", FIELD_U32, 0, AT(ReplyRelays, ice_lifetime_s)});

/* ---- device to hub ---- */

static const FieldTable request_fields =
        FIELD_TABLE("request", {"id", FIELD_U64, R | FIELD_FROM_ONE, AT(Message, id)},
                    {"op", FIELD_WORD, R, AT(Message, type), .words = &message_type_words},
                    {"ack", FIELD_U64, 0, AT(Message, ack)});

#define REQUEST_TABLE(name, ...) \
        FIELD_TABLE(name, {NULL, FIELD_FLAT, .table = &request_fields}, __VA_ARGS__)

static const FieldTable hello_fields =
        REQUEST_TABLE("hello", {"version", FIELD_U32, R, AT(Message, hello.version)},
                      {"token", FIELD_TOKEN, FIELD_SECRET, AT(Message, hello.token)},
                      {"join_token", FIELD_TOKEN, FIELD_SECRET, AT(Message, hello.join_token)},
                      {"device", FIELD_UID, 0, AT(Message, hello.device)},
                      {"device_name", FIELD_TEXT, 0, AT(Message, hello.device_name)},
                      {"resume", FIELD_UUID, 0, AT(Message, hello.resume)},
                      {"resume_seq", FIELD_U64, 0, AT(Message, hello.resume_seq)},
                      {"history_since", FIELD_U64, 0, AT(Message, hello.history_since)});

static const FieldTable initiate_fields = REQUEST_TABLE(
        "initiate", {"session_id", FIELD_UUID, R, AT(Message, initiate.session_id)},
        {"receiver", FIELD_UID, R, AT(Message, initiate.receiver)},
        {"receiver_type", FIELD_WORD, R, AT(Message, initiate.receiver_type),
         .words = &receiver_type_words},
        {"call_type", FIELD_WORD, R, AT(Message, initiate.type), .words = &call_type_words},
        {"timeout", FIELD_INT, 0, AT(Message, initiate.timeout_s)},
        {"join", FIELD_BOOL, R, AT(Message, initiate.join)},
        {"parallel", FIELD_BOOL, 0, AT(Message, initiate.parallel)},
        {"metadata", FIELD_METADATA, 0, AT(Message, initiate.metadata)});

#define SESSION_TABLE(name) \
        REQUEST_TABLE(name, {"session_id", FIELD_UUID, R, AT(Message, session.session_id)})

static const FieldTable delivered_fields =
        REQUEST_TABLE("delivered", {"session_id", FIELD_UUID, R, AT(Message, delivered.session_id)},
                      {"quiet", FIELD_BOOL, 0, AT(Message, delivered.quiet)});
static const FieldTable alerting_fields = SESSION_TABLE("alerting");
static const FieldTable cancel_fields = SESSION_TABLE("cancel");
static const FieldTable end_fields = SESSION_TABLE("end");
static const FieldTable token_fields = SESSION_TABLE("token");
static const FieldTable leave_fields = SESSION_TABLE("leave");
static const FieldTable relays_fields = SESSION_TABLE("relays");

static const FieldTable accept_fields =
        REQUEST_TABLE("accept", {"session_id", FIELD_UUID, R, AT(Message, accept.session_id)},
                      {"join", FIELD_BOOL, R, AT(Message, accept.join)},
                      {"end_others", FIELD_BOOL, 0, AT(Message, accept.end_others)},
                      {"parallel", FIELD_BOOL, 0, AT(Message, accept.parallel)},
                      {"as_audio", FIELD_BOOL, 0, AT(Message, accept.as_audio)});

static const FieldTable reject_fields = REQUEST_TABLE(
        "reject", {"session_id", FIELD_UUID, R, AT(Message, reject.session_id)},
        {"status", FIELD_WORD, R, AT(Message, reject.status), .words = &reject_status_words});

static const FieldTable join_fields =
        REQUEST_TABLE("join", {"session_id", FIELD_UUID, R, AT(Message, join.session_id)},
                      {"token", FIELD_TOKEN, R | FIELD_SECRET, AT(Message, join.token)},
                      {"muted", FIELD_BOOL, 0, AT(Message, join.muted)},
                      {"video_paused", FIELD_BOOL, 0, AT(Message, join.video_paused)});

static const FieldTable signal_request_fields =
        REQUEST_TABLE("signal", {"session_id", FIELD_UUID, R, AT(Message, signal.session_id)},
                      {NULL, FIELD_FLAT, 0, AT(Message, signal), .table = &signal_fields});

static const FieldTable state_fields =
        REQUEST_TABLE("state", {"session_id", FIELD_UUID, R, AT(Message, state.session_id)},
                      {"muted", FIELD_BOOL, R, AT(Message, state.muted)},
                      {"video_paused", FIELD_BOOL, 0, AT(Message, state.video_paused)},
                      {"sharing", FIELD_BOOL, 0, AT(Message, state.sharing)},
                      {"media_flows", FIELD_BOOL, R, AT(Message, state.media_flows)});

static const FieldTable settings_fields = REQUEST_TABLE(
        "settings", {"when_busy", FIELD_WORD, 0, AT(Message, settings.when_busy),
                     .words = &when_busy_words, .has = offsetof(Message, settings.has_when_busy)});

static const FieldTable block_fields =
        REQUEST_TABLE("block", {"uid", FIELD_UID, R, AT(Message, block.uid)},
                      {"on", FIELD_BOOL, R, AT(Message, block.on)});

static const FieldTable who_may_ring_fields =
        REQUEST_TABLE("who_may_ring", {"who", FIELD_WORD, R, AT(Message, settings.who_may_ring),
                                       .words = &who_may_ring_words,
                                       .has = offsetof(Message, settings.has_who_may_ring)});

static const FieldTable history_fields =
        REQUEST_TABLE("history", {"limit", FIELD_U32, 0, AT(Message, history.limit)},
                      {"cursor", FIELD_TOKEN, 0, AT(Message, history.cursor)});

#define SESSIONS_FIELD                                                          \
        {                                                                       \
                "session_ids", FIELD_UUID_LIST, 0,                              \
                        LIST_AT(Message, sessions.session_ids, sessions.count), \
                        .max = SESSION_IDS_MAX                                  \
        }

#define UNTIL_FIELD                                                \
        {                                                          \
                "until", FIELD_U64, 0, AT(Message, sessions.until) \
        }

static const FieldTable seen_fields = REQUEST_TABLE("seen", SESSIONS_FIELD, UNTIL_FIELD);
static const FieldTable forget_fields = REQUEST_TABLE("forget", SESSIONS_FIELD, UNTIL_FIELD);
static const FieldTable going_fields =
        FIELD_TABLE("going", {NULL, FIELD_FLAT, .table = &request_fields});
static const FieldTable logout_fields =
        FIELD_TABLE("logout", {NULL, FIELD_FLAT, .table = &request_fields});

static const FieldTable ack_fields =
        FIELD_TABLE("ack", {"op", FIELD_WORD, R, AT(Message, type), .words = &message_type_words},
                    {"ack", FIELD_U64, R | FIELD_FROM_ONE, AT(Message, ack)});

/* ---- hub to device: replies ---- */

#define REPLY_KIND_FIELD                                                                   \
        {                                                                                  \
                "kind", FIELD_WORD, 0, AT(Message, reply.kind), .words = &reply_kind_words \
        }

static const FieldTable welcome_fields = FIELD_TABLE(
        "welcome", REPLY_KIND_FIELD,
        {"user", FIELD_OBJECT, R, AT(Message, reply.welcome.user), .table = &party_fields},
        {"link", FIELD_UUID, R, AT(Message, reply.welcome.link)},
        {"resumed", FIELD_BOOL, R, AT(Message, reply.welcome.resumed)},
        {"date", FIELD_U64, R, AT(Message, reply.welcome.date)},
        {"clock", FIELD_U64, 0, AT(Message, reply.welcome.clock)},
        {"when_busy", FIELD_WORD, R, AT(Message, reply.welcome.when_busy),
         .words = &when_busy_words},
        {"who_may_ring", FIELD_WORD, 0, AT(Message, reply.welcome.who_may_ring),
         .words = &who_may_ring_words, .has = offsetof(Message, reply.welcome.has_who_may_ring)},
        {"groups", FIELD_LIST, 0, LIST_AT(Message, reply.welcome.groups, reply.welcome.n_groups),
         .max = GROUPS_PER_USER_MAX, .table = &group_fields},
        {"blocked", FIELD_UID_LIST, 0,
         LIST_AT(Message, reply.welcome.blocked, reply.welcome.n_blocked), .max = BLOCKED_MAX},
        {"calls", FIELD_LIST, 0, LIST_AT(Message, reply.welcome.calls, reply.welcome.n_calls),
         .max = CALLS_MAX, .table = &snapshot_fields},
        {"history", FIELD_LIST, 0, LIST_AT(Message, reply.welcome.history, reply.welcome.n_history),
         .max = RECORDS_MAX, .table = &record_fields},
        {"history_complete", FIELD_BOOL, R, AT(Message, reply.welcome.history_complete)});

static const FieldTable history_reply_fields = FIELD_TABLE(
        "history", REPLY_KIND_FIELD,
        {"records", FIELD_LIST, 0, LIST_AT(Message, reply.history.records, reply.history.n_records),
         .max = RECORDS_MAX, .table = &record_fields},
        {"next", FIELD_TOKEN, 0, AT(Message, reply.history.next)});

static const FieldTable plain_fields = FIELD_TABLE("ok", REPLY_KIND_FIELD);
static const FieldTable call_reply_fields =
        FIELD_TABLE("call", REPLY_KIND_FIELD,
                    {NULL, FIELD_FLAT, 0, AT(Message, reply.call), .table = &snapshot_fields});
static const FieldTable token_reply_fields =
        FIELD_TABLE("token", REPLY_KIND_FIELD,
                    {"token", FIELD_TOKEN, R | FIELD_SECRET, AT(Message, reply.token.token)});
static const FieldTable joined_reply_fields =
        FIELD_TABLE("join", REPLY_KIND_FIELD,
                    {NULL, FIELD_FLAT, 0, AT(Message, reply.join), .table = &join_reply_fields});

static const FieldTable new_relays_fields = FIELD_TABLE(
        "relays", REPLY_KIND_FIELD,
        {NULL, FIELD_FLAT, 0, AT(Message, reply.relays), .table = &relays_reply_fields});

static const FieldTable error_fields = FIELD_TABLE(
        "error", {"name", FIELD_WORD, R, AT(Message, reply.error), .words = &reply_error_words},
        {"message", FIELD_TEXT, R, AT(Message, reply.text)});

#define REPLY_ID_FIELD                                               \
        {                                                            \
                "id", FIELD_U64, R | FIELD_FROM_ONE, AT(Message, id) \
        }
#define OK_TABLE(kind_fields) \
        FIELD_TABLE("reply", REPLY_ID_FIELD, {"ok", FIELD_OBJECT, R, .table = &(kind_fields)})

const FieldTable reply_error_fields =
        FIELD_TABLE("reply", REPLY_ID_FIELD, {"error", FIELD_OBJECT, R, .table = &error_fields});

static const FieldTable reply_fields[] = {
        [REPLY_PLAIN] = OK_TABLE(plain_fields),
        [REPLY_WELCOME] = OK_TABLE(welcome_fields),
        [REPLY_CALL] = OK_TABLE(call_reply_fields),
        [REPLY_TOKEN] = OK_TABLE(token_reply_fields),
        [REPLY_JOIN] = OK_TABLE(joined_reply_fields),
        [REPLY_HISTORY] = OK_TABLE(history_reply_fields),
        [REPLY_RELAYS] = OK_TABLE(new_relays_fields),
};

const FieldTable *reply_ok_fields(ReplyKind kind)
{
        return &reply_fields[kind];
}

/* ---- hub to device: events ---- */

static const FieldTable event_fields =
        FIELD_TABLE("event", {"seq", FIELD_U64, R | FIELD_FROM_ONE, AT(Message, seq)},
                    {"event", FIELD_WORD, R, AT(Message, type), .words = &message_type_words});

#define EVENT_TABLE(name, ...) \
        FIELD_TABLE(name, {NULL, FIELD_FLAT, .table = &event_fields}, __VA_ARGS__)
#define CALL_EVENT_TABLE(name) \
        EVENT_TABLE(name, {NULL, FIELD_FLAT, 0, AT(Message, call), .table = &snapshot_fields})
#define PARTICIPANT_EVENT_TABLE(name)                                                         \
        EVENT_TABLE(name, {"session_id", FIELD_UUID, R, AT(Message, participant.session_id)}, \
                    {"participant", FIELD_OBJECT, R, AT(Message, participant.participant),    \
                     .table = &participant_fields})

static const FieldTable incoming_fields = CALL_EVENT_TABLE("incoming");
static const FieldTable accepted_fields = CALL_EVENT_TABLE("accepted");

static const FieldTable ringing_fields =
        EVENT_TABLE("ringing", {"session_id", FIELD_UUID, R, AT(Message, ringing.session_id)},
                    {"uid", FIELD_UID, R, AT(Message, ringing.uid)},
                    {"ringing_since", FIELD_U64, R, AT(Message, ringing.ringing_since)});

static const FieldTable members_fields =
        EVENT_TABLE("members", {"session_id", FIELD_UUID, R, AT(Message, members.session_id)},
                    {"members", FIELD_LIST, R, LIST_AT(Message, members.members, members.n_members),
                     .max = MEMBERS_MAX, .table = &member_fields});

static const FieldTable over_fields =
        EVENT_TABLE("over", {"session_id", FIELD_UUID, R, AT(Message, over.session_id)},
                    {"status", FIELD_WORD, R, AT(Message, over.status), .words = &status_words},
                    {"reason", FIELD_TEXT, 0, AT(Message, over.reason)},
                    {"answered_at", FIELD_U64, 0, AT(Message, over.answered_at)},
                    {"ended_at", FIELD_U64, 0, AT(Message, over.ended_at)},
                    {"duration", FIELD_U32, 0, AT(Message, over.duration_s)});

static const FieldTable joined_fields = PARTICIPANT_EVENT_TABLE("joined");
static const FieldTable left_fields = PARTICIPANT_EVENT_TABLE("left");
static const FieldTable changed_participant_fields = PARTICIPANT_EVENT_TABLE("participant");

static const FieldTable signalled_fields =
        EVENT_TABLE("signalled", {"session_id", FIELD_UUID, R, AT(Message, signal.session_id)},
                    {NULL, FIELD_FLAT, 0, AT(Message, signal), .table = &signal_fields});

static const FieldTable logged_fields =
        EVENT_TABLE("logged", {NULL, FIELD_FLAT, 0, AT(Message, logged), .table = &record_fields});
static const FieldTable forgotten_fields = EVENT_TABLE("forgotten", SESSIONS_FIELD, UNTIL_FIELD);
static const FieldTable groups_fields = EVENT_TABLE(
        "groups", {"groups", FIELD_LIST, 0, LIST_AT(Message, groups.groups, groups.n_groups),
                   .max = GROUPS_PER_USER_MAX, .table = &group_fields});
static const FieldTable blocked_fields =
        EVENT_TABLE("blocked", {"uid", FIELD_UID, R, AT(Message, block.uid)},
                    {"on", FIELD_BOOL, R, AT(Message, block.on)});
static const FieldTable changed_fields = EVENT_TABLE(
        "changed",
        {"when_busy", FIELD_WORD, 0, AT(Message, settings.when_busy), .words = &when_busy_words,
         .has = offsetof(Message, settings.has_when_busy)},
        {"who_may_ring", FIELD_WORD, 0, AT(Message, settings.who_may_ring),
         .words = &who_may_ring_words, .has = offsetof(Message, settings.has_who_may_ring)},
        {"name", FIELD_TEXT, 0, AT(Message, settings.name)});

const FieldTable *message_fields(MessageType type)
{
        static const FieldTable *const tables[MESSAGE_TYPE_COUNT] = {
                [MESSAGE_HELLO] = &hello_fields,
                [MESSAGE_INITIATE] = &initiate_fields,
                [MESSAGE_DELIVERED] = &delivered_fields,
                [MESSAGE_ALERTING] = &alerting_fields,
                [MESSAGE_ACCEPT] = &accept_fields,
                [MESSAGE_REJECT] = &reject_fields,
                [MESSAGE_CANCEL] = &cancel_fields,
                [MESSAGE_END] = &end_fields,
                [MESSAGE_TOKEN] = &token_fields,
                [MESSAGE_JOIN] = &join_fields,
                [MESSAGE_LEAVE] = &leave_fields,
                [MESSAGE_RELAYS] = &relays_fields,
                [MESSAGE_SIGNAL] = &signal_request_fields,
                [MESSAGE_STATE] = &state_fields,
                [MESSAGE_SETTINGS] = &settings_fields,
                [MESSAGE_BLOCK] = &block_fields,
                [MESSAGE_WHO_MAY_RING] = &who_may_ring_fields,
                [MESSAGE_HISTORY] = &history_fields,
                [MESSAGE_SEEN] = &seen_fields,
                [MESSAGE_FORGET] = &forget_fields,
                [MESSAGE_GOING] = &going_fields,
                [MESSAGE_LOGOUT] = &logout_fields,
                [MESSAGE_ACK] = &ack_fields,
                [MESSAGE_INCOMING] = &incoming_fields,
                [MESSAGE_RINGING] = &ringing_fields,
                [MESSAGE_ACCEPTED] = &accepted_fields,
                [MESSAGE_OVER] = &over_fields,
                [MESSAGE_MEMBERS] = &members_fields,
                [MESSAGE_JOINED] = &joined_fields,
                [MESSAGE_LEFT] = &left_fields,
                [MESSAGE_SIGNALLED] = &signalled_fields,
                [MESSAGE_PARTICIPANT] = &changed_participant_fields,
                [MESSAGE_LOGGED] = &logged_fields,
                [MESSAGE_FORGOTTEN] = &forgotten_fields,
                [MESSAGE_GROUPS] = &groups_fields,
                [MESSAGE_BLOCKED] = &blocked_fields,
                [MESSAGE_CHANGED] = &changed_fields,
        };

        return tables[type];
}
