/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The messages between a device and the hub, as types. wire/ turns them into JSON and back;
 * exchange and phone see only the types.
 *
 * A device sends requests, each with an id, and gets exactly one MESSAGE_REPLY for each. The hub
 * sends events, numbered for each device by a seq that grows by one. The device acknowledges events
 * by the `ack` of any message that it sends, or by a MESSAGE_ACK.
 *
 * A Message owns what its pointers point to: message_done() frees it.
 */

#include "model/record.h"

#define MESSAGE_TEXT_MAX 256 /* bytes of an error's sentence */
#define TOKEN_MAX 128        /* bytes of a login or join token; ours have 64 */
/* Bytes of one description or candidate, as JSON text: once escaped it still fits 64 KiB. */
#define SIGNAL_DATA_MAX (48 * 1024)
#define PARTICIPANT_ID_MAX 32
#define ICE_SERVERS_MAX 8
#define ICE_URL_MAX 256
#define PARTICIPANTS_MAX 32
/* In a mesh each participant sends to all others, and a home's uplink carries five streams. */
#define MESH_PARTICIPANTS_MAX 6
/*
 * PROTOCOL.md, Limits: what one participant of a session causes at the device of another. Setting
 * up the media takes some thirty signals; joining again, as many.
 */
#define SIGNALS_PER_S 20
#define SIGNALS_BURST 256
#define STATES_PER_S 4 /* then the last one follows */
#define STATES_BURST 8
#define JOIN_SPACING_S 3
#define JOINS_BURST 16
#define MEDIA_MODE_MESH "mesh" /* each participant is connected to every other one */
#define MEDIA_MODE_MAX 32
#define HISTORY_PAGE_DEFAULT 50 /* for limit 0: PROTOCOL.md, Requests */
#define HISTORY_PAGE_MAX 200    /* PROTOCOL.md, Requests; fewer if a message has no room for more */
#define CURSOR_MAX 64
#define MEMBERS_MAX 100 /* in one event: 30 KiB */
/*
 * Members of a small group, without the caller. In a larger group, to limit the number of messages,
 * only parties in the call receive the members, and only the calling device receives those who wait
 * or ring.
 */
#define SMALL_GROUP_MAX 64
#define SESSION_IDS_MAX 1000 /* in one seen or forget request, which then fits 64 KiB */

typedef enum MessageType {
        MESSAGE_NONE,

        /* device to hub: the first message */
        MESSAGE_HELLO,

        /* device to hub: requests */
        MESSAGE_INITIATE,
        MESSAGE_DELIVERED, /* the ring arrived */
        MESSAGE_ALERTING,  /* a person is being alerted */
        MESSAGE_ACCEPT,
        MESSAGE_REJECT,
        MESSAGE_CANCEL,
        MESSAGE_END,
        MESSAGE_TOKEN,        /* make a join token */
        MESSAGE_JOIN,         /* join the session's media */
        MESSAGE_LEAVE,        /* leave the media; the call goes on */
        MESSAGE_RELAYS,       /* name the ICE servers again: their credentials expire */
        MESSAGE_SIGNAL,       /* description or candidate for one participant */
        MESSAGE_STATE,        /* this participant's state: muted and so on */
        MESSAGE_SETTINGS,     /* change the user's settings */
        MESSAGE_BLOCK,        /* block or unblock a user; calls of a blocked user ring nowhere */
        MESSAGE_WHO_MAY_RING, /* of those who are not blocked */
        MESSAGE_HISTORY,      /* a page of the user's history */
        MESSAGE_SEEN,         /* missed calls have been looked at */
        MESSAGE_FORGET,       /* delete from history */
        MESSAGE_GOING,        /* the device is probably about to go: a page is closed or reloaded */
        MESSAGE_LOGOUT,       /* the device logs out, which ends its calls */

        /* device to hub, without a reply */
        MESSAGE_ACK,

        /* hub to device */
        MESSAGE_REPLY, /* to a request, or to hello */

        /* hub to device: events */
        MESSAGE_INCOMING,    /* a call rings here */
        MESSAGE_RINGING,     /* a receiver's first device alerts a person; to the caller */
        MESSAGE_ACCEPTED,    /* the first accept has arrived; to the caller */
        MESSAGE_OVER,        /* the call is over for this device: its one terminal event */
        MESSAGE_MEMBERS,     /* members of a group's call have new states */
        MESSAGE_JOINED,      /* another participant joined the media */
        MESSAGE_LEFT,        /* another participant left the media */
        MESSAGE_SIGNALLED,   /* a signal from another participant */
        MESSAGE_PARTICIPANT, /* another participant's state changed */
        MESSAGE_LOGGED,      /* a history record is new or has changed */
        MESSAGE_FORGOTTEN,   /* history records were deleted on another device */
        MESSAGE_GROUPS,      /* all groups of the user */
        MESSAGE_BLOCKED,     /* a user was blocked or unblocked on another device */
        MESSAGE_CHANGED,     /* the user's settings changed on another device */

        MESSAGE_TYPE_COUNT,
} MessageType;

bool message_type_is_request(MessageType type); /* HELLO included: it has a reply */
bool message_type_is_event(MessageType type);

typedef struct MessageHello {
        uint32_t version;               /* PROTOCOL_VERSION */
        char token[TOKEN_MAX + 1];      /* login token; empty if it came with the upgrade */
        char join_token[TOKEN_MAX + 1]; /* in place of the login token: limits the connection to the
                                           media of one session */
        char device[DEVICE_ID_MAX + 1];
        char device_name[NAME_MAX_BYTES + 1];
        char resume[UUID_LENGTH + 1]; /* link id of the last welcome, or empty */
        uint64_t resume_seq;          /* last seq seen */
        usec_t history_since;         /* `date` of a welcome, all of which is known; 0: none */
} MessageHello;

/* Why a hub does not let a device in, or closes its connection, other than for a while. */
typedef enum HubRefusal {
        HUB_REFUSAL_NONE,
        HUB_REFUSAL_TOKEN,    /* it does not know the token */
        HUB_REFUSAL_REPLACED, /* the device has connected elsewhere */
        HUB_REFUSAL_VERSION,  /* it does not speak this version of the protocol */
        HUB_REFUSAL_REVOKED,  /* the token was revoked, or its user removed: final */
} HubRefusal;

typedef struct MessageInitiate {
        char session_id[UUID_LENGTH + 1];
        char receiver[UID_MAX + 1];
        ReceiverType receiver_type;
        CallType type;
        int timeout_s; /* as the program asked; the exchange clamps it */
        bool join;     /* false: this party wants no media, and counts as joined */
        bool parallel;
        Metadata metadata;
} MessageInitiate;

typedef struct MessageAccept {
        char session_id[UUID_LENGTH + 1];
        bool join;
        bool end_others, parallel;
        bool as_audio; /* answer a video call as audio */
} MessageAccept;

typedef struct MessageReject {
        char session_id[UUID_LENGTH + 1];
        CallStatus status; /* CALL_STATUS_REJECTED or CALL_STATUS_BUSY */
} MessageReject;

typedef struct MessageDelivered {
        char session_id[UUID_LENGTH + 1];
        bool quiet; /* do-not-disturb: the device shows the call and alerts nobody */
} MessageDelivered;

/* ALERTING, CANCEL, END, TOKEN, LEAVE, RELAYS: a session id and nothing else. */
typedef struct MessageSession {
        char session_id[UUID_LENGTH + 1];
} MessageSession;

typedef struct MessageJoin {
        char session_id[UUID_LENGTH + 1];
        char token[TOKEN_MAX + 1];
        bool muted, video_paused;
} MessageJoin;

/* `peer` is the receiver of a SIGNAL, and the sender of a SIGNALLED. */
typedef struct MessageSignal {
        char session_id[UUID_LENGTH + 1];
        char peer[PARTICIPANT_ID_MAX + 1];
        char *data; /* owned; JSON text, which the hub passes on unread */
} MessageSignal;

typedef struct MessageState {
        char session_id[UUID_LENGTH + 1];
        bool muted;
        bool video_paused; /* neither camera nor screen is sent */
        bool sharing;      /* the picture shows a screen */
        bool media_flows;  /* media come from the others: a lost party gets a longer grace */
} MessageState;

/* SETTINGS, WHO_MAY_RING, CHANGED */
typedef struct MessageSettings {
        bool has_when_busy;
        WhenBusy when_busy;
        bool has_who_may_ring;
        WhoMayRing who_may_ring;
        char name[NAME_MAX_BYTES + 1]; /* CHANGED: the user's new name; empty: as before */
} MessageSettings;

/* BLOCK, BLOCKED */
typedef struct MessageBlock {
        char uid[UID_MAX + 1];
        bool on;
} MessageBlock;

typedef struct MessageHistory {
        uint32_t limit;              /* 0: HISTORY_PAGE_DEFAULT */
        char cursor[CURSOR_MAX + 1]; /* from the previous page, or empty */
} MessageHistory;

/* SEEN, FORGET, FORGOTTEN: the calls that it concerns; without ids: all calls. */
typedef struct MessageSessions {
        char (*session_ids)[UUID_LENGTH + 1]; /* owned */
        size_t count;
        usec_t until; /* for all calls: those initiated up to this date; 0: no limit */
} MessageSessions;

/* Whether the call of `record` is one of these. */
bool message_sessions_have(const MessageSessions *sessions, const CallRecord *record);

typedef struct IceServer {
        char url[ICE_URL_MAX + 1]; /* stun:, turn:, turns: (RFC 7064, RFC 7065) */
        char username[128 + 1], credential[128 + 1];
} IceServer;

typedef struct Participant {
        char id[PARTICIPANT_ID_MAX + 1]; /* new with every join */
        Party party;
        bool muted, video_paused, sharing; /* as in MessageState */
} Participant;

/* The current state of a call, as events, replies and the welcome carry it. */
typedef struct CallSnapshot {
        CallRecord record;
        uint32_t remaining_ms;          /* until the ring ends; 0 if it does not ring */
        bool here;                      /* this device placed or answered it */
        char join_token[TOKEN_MAX + 1]; /* for a party of an ongoing call, else empty */
        /*
         * If this device has joined the media by its own connection: its id, and the other
         * participants. From these a device learns who joined or left while it was away.
         */
        char participant[PARTICIPANT_ID_MAX + 1]; /* empty: not in the media */
        Participant *others;                      /* owned */
        size_t n_others;
} CallSnapshot;

void call_snapshot_done(CallSnapshot *snapshot);

void call_snapshots_free(CallSnapshot *snapshots, size_t n);
void call_records_free(CallRecord *records, size_t n);

/* A group's id and name. */
typedef struct GroupName {
        char guid[UID_MAX + 1];
        char name[NAME_MAX_BYTES + 1];
} GroupName;

typedef enum ReplyKind {
        REPLY_PLAIN,   /* success or error, and no data */
        REPLY_WELCOME, /* to hello */
        REPLY_CALL,    /* to initiate, accept; after glare (rule 10): the other call */
        REPLY_TOKEN,
        REPLY_JOIN,
        REPLY_HISTORY,
        REPLY_RELAYS,
        REPLY_KIND_COUNT,
} ReplyKind;

typedef struct ReplyWelcome {
        Party user;                 /* with the device id as the hub knows it */
        char link[UUID_LENGTH + 1]; /* id of this link, for a later resume */
        bool resumed;
        usec_t date;  /* number of the last change of history: the next history_since */
        usec_t clock; /* the hub's CLOCK_REALTIME; 0: an older hub, whose `date` is that, too */
        WhenBusy when_busy;
        bool has_who_may_ring; /* false: an older hub, where everybody may */
        WhoMayRing who_may_ring;
        GroupName *groups; /* owned; the user's, at most GROUPS_PER_USER_MAX */
        size_t n_groups;
        char (*blocked)[UID_MAX + 1]; /* owned; uids that the user blocks, at most BLOCKED_MAX */
        size_t n_blocked;
        CallSnapshot *calls; /* owned; live calls of this device, and calls answered elsewhere */
        size_t n_calls;
        CallRecord *history; /* owned; records changed after history_since, oldest change first */
        size_t n_history;
        bool history_complete; /* false: it did not fit; request pages for the rest */
} ReplyWelcome;

typedef struct ReplyToken {
        char token[TOKEN_MAX + 1];
} ReplyToken;

typedef struct ReplyJoin {
        char participant[PARTICIPANT_ID_MAX + 1]; /* the joining participant */
        /* Owned. Participants who are in the media already; the new one sends an offer to each. */
        Participant *others;
        size_t n_others;
        IceServer *ice_servers; /* owned */
        size_t n_ice_servers;
        uint32_t ice_lifetime_s; /* of the servers' credentials; 0: for ever, or not known */
        /* MEDIA_MODE_MESH, or a mode of a later version; empty: mesh. */
        char mode[MEDIA_MODE_MAX + 1];
} ReplyJoin;

typedef struct ReplyRelays {
        IceServer *ice_servers; /* owned */
        size_t n_ice_servers;
        uint32_t ice_lifetime_s; /* as in ReplyJoin */
} ReplyRelays;

typedef struct ReplyHistory {
        CallRecord *records; /* owned; newest first */
        size_t n_records;
        char next[CURSOR_MAX + 1]; /* cursor of the next page; empty: this is the last one */
} ReplyHistory;

typedef struct MessageReply {
        CallError error;                 /* CALL_ERROR_NONE: it worked */
        char text[MESSAGE_TEXT_MAX + 1]; /* the sentence of an error */
        ReplyKind kind;                  /* REPLY_PLAIN with an error */
        union {
                ReplyWelcome welcome;
                CallSnapshot call;
                ReplyToken token;
                ReplyJoin join;
                ReplyHistory history;
                ReplyRelays relays;
        };
} MessageReply;

typedef struct MessageRinging {
        char session_id[UUID_LENGTH + 1];
        char uid[UID_MAX + 1]; /* of the member who is alerted */
        usec_t ringing_since;
} MessageRinging;

/*
 * MEMBERS: members with their new states. The calling device receives each change at once, others
 * at most 10 times a second (PROTOCOL.md, Groups).
 */
typedef struct MessageMembers {
        char session_id[UUID_LENGTH + 1];
        Member *members; /* owned; at most MEMBERS_MAX */
        size_t n_members;
} MessageMembers;

/* GROUPS: all groups of the user. */
typedef struct MessageGroups {
        GroupName *groups; /* owned */
        size_t n_groups;
} MessageGroups;

/* OVER: how the call ended for this device. */
typedef struct MessageOver {
        char session_id[UUID_LENGTH + 1];
        CallStatus status;
        char reason[REASON_MAX + 1];
        usec_t answered_at, ended_at;
        uint32_t duration_s;
} MessageOver;

/* JOINED, LEFT, PARTICIPANT */
typedef struct MessageParticipant {
        char session_id[UUID_LENGTH + 1];
        Participant participant;
} MessageParticipant;

typedef struct Message {
        MessageType type;
        uint64_t id;  /* of a request and of its reply; from 1 */
        uint64_t seq; /* of an event; from 1; assigned by the hub's outbox */
        uint64_t ack; /* of a device: it has received events up to this seq; 0: not given */
        union {
                MessageHello hello;
                MessageInitiate initiate;
                MessageAccept accept;
                MessageReject reject;
                MessageDelivered delivered;
                MessageSession session; /* ALERTING, CANCEL, END, TOKEN, LEAVE, RELAYS */
                MessageJoin join;
                MessageSignal signal; /* SIGNAL, SIGNALLED */
                MessageState state;
                MessageSettings settings; /* SETTINGS, CHANGED */
                MessageBlock block;       /* BLOCK, BLOCKED */
                MessageHistory history;
                MessageSessions sessions; /* SEEN, FORGET, FORGOTTEN */
                MessageReply reply;
                CallSnapshot call; /* INCOMING, ACCEPTED */
                MessageRinging ringing;
                MessageMembers members;
                MessageGroups groups;
                MessageOver over;
                MessageParticipant participant;
                CallRecord logged;
        };
} Message;

/* The word of its "op" or "event" ("initiate", "incoming", …); else "reply" or "ack". */
const char *message_type_to_string(MessageType type);
int message_type_from_string(const char *s, MessageType *ret);

/* The call that it is about; empty: none, or more than one. */
const char *message_session_id(const Message *message);

/* Frees what the message owns, and turns it into MESSAGE_NONE. Accepts an empty message. */
void message_done(Message *message);

/* Makes an error reply with a sentence. */
void message_reply_error(Message *ret, uint64_t id, CallError error, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
void message_reply_ok(Message *ret, uint64_t id);

#define PROTOCOL_VERSION 1
