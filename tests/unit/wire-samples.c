/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire-samples.h"

#include <assert.h>
#include <stdlib.h>

#define DATE UINT64_C(1763632800000000)

static void set(char *buffer, size_t size, const char *s)
{
        int r = str_copy(buffer, size, s);

        assert(r == 0);
}
#define SET(array, s) set((array), sizeof(array), (s))

static void *allocate(size_t n, size_t size)
{
        void *p = calloc(n, size);

        assert(p);
        return p;
}

static void add(Metadata *metadata, const char *key, const char *value)
{
        int r = metadata_add(metadata, key, value);

        assert(r == 0);
}

static void sample_party(Party *party, const char *uid, const char *name, const char *device)
{
        SET(party->uid, uid);
        SET(party->name, name);
        SET(party->device, device);
}

void sample_record(CallRecord *ret)
{
        *ret = (CallRecord){
                .direction = CALL_DIRECTION_INCOMING,
                .type = CALL_TYPE_VIDEO,
                .receiver_type = RECEIVER_TYPE_USER,
                .status = CALL_STATUS_ENDED,
                .initiated_at = DATE,
                .ringing_since = DATE + 1,
                .answered_at = DATE + 2,
                .ended_at = DATE + 3,
                .duration_s = 4,
                .seen = true,
        };
        SET(ret->session_id, SAMPLE_SESSION);
        SET(ret->reason, "remote-hangup");
        sample_party(&ret->initiator, "alice", "Älice \"A\"", "laptop");
        sample_party(&ret->receiver, "bob@example.org", "Bob", "desk-1");
        add(&ret->metadata, "subject", "lunch\\dinner");
        add(&ret->metadata, "\"empty\"", "");
}

static void sample_participant(Participant *participant)
{
        SET(participant->id, "p7");
        sample_party(&participant->party, "carol", "Carol", "phone");
        participant->muted = true;
}

static void sample_call(CallSnapshot *call)
{
        sample_record(&call->record);
        call->remaining_ms = 44900;
        call->here = true;
        SET(call->join_token, "join-token-1");
        SET(call->participant, "p6");
        call->others = allocate(1, sizeof(Participant));
        call->n_others = 1;
        sample_participant(&call->others[0]);
}

static void sample_group(GroupName *group)
{
        SET(group->guid, "team-1");
        SET(group->name, "The \"Team\"");
}

static void sample_members(MessageMembers *members)
{
        SET(members->session_id, SAMPLE_SESSION);
        members->members = allocate(2, sizeof(Member));
        members->n_members = 2;
        SET(members->members[0].uid, "bob@example.org");
        SET(members->members[0].name, "Bob");
        members->members[0].state = MEMBER_RINGING;
        SET(members->members[1].uid, "carol");
        members->members[1].state = MEMBER_LEFT;
}

static void sample_sessions(MessageSessions *sessions)
{
        sessions->session_ids = allocate(2, sizeof(*sessions->session_ids));
        sessions->count = 2;
        sessions->until = DATE;
        SET(sessions->session_ids[0], SAMPLE_SESSION);
        SET(sessions->session_ids[1], SAMPLE_SESSION_2);
}

static void sample_hello(MessageHello *hello)
{
        hello->version = PROTOCOL_VERSION;
        SET(hello->token, "secret~1");
        SET(hello->join_token, "secret~2");
        SET(hello->device, "laptop");
        SET(hello->device_name, "Älice's laptop");
        SET(hello->resume, SAMPLE_LINK);
        hello->resume_seq = 11;
        hello->history_since = DATE;
}

static void sample_initiate(MessageInitiate *initiate)
{
        SET(initiate->session_id, SAMPLE_SESSION);
        SET(initiate->receiver, "bob@example.org");
        initiate->receiver_type = RECEIVER_TYPE_GROUP;
        initiate->type = CALL_TYPE_VIDEO;
        initiate->timeout_s = -3;
        initiate->join = true;
        initiate->parallel = true;
        add(&initiate->metadata, "subject", "lunch");
}

static void sample_welcome(ReplyWelcome *welcome)
{
        sample_party(&welcome->user, "alice", "Älice", "laptop");
        SET(welcome->link, SAMPLE_LINK);
        welcome->resumed = true;
        welcome->date = DATE;
        welcome->clock = DATE + 5;
        welcome->when_busy = WHEN_BUSY_RING;
        welcome->has_who_may_ring = true;
        welcome->who_may_ring = WHO_MAY_RING_CALLED;
        welcome->groups = allocate(1, sizeof(GroupName));
        welcome->n_groups = 1;
        sample_group(&welcome->groups[0]);
        welcome->blocked = allocate(2, sizeof(*welcome->blocked));
        welcome->n_blocked = 2;
        SET(welcome->blocked[0], "mallory");
        SET(welcome->blocked[1], "eve@example.org");
        welcome->calls = allocate(1, sizeof(CallSnapshot));
        welcome->n_calls = 1;
        sample_call(&welcome->calls[0]);
        welcome->history = allocate(1, sizeof(CallRecord));
        welcome->n_history = 1;
        sample_record(&welcome->history[0]);
        welcome->history_complete = true;
}

static IceServer *sample_ice_server(void)
{
        IceServer *server = allocate(1, sizeof(IceServer));

        SET(server->url, "turn:turn.example.org:3478?transport=udp");
        SET(server->username, "1763632800:alice");
        SET(server->credential, "c3VwZXI=");
        return server;
}

static void sample_join_reply(ReplyJoin *join)
{
        SET(join->participant, "p8");
        join->others = allocate(1, sizeof(Participant));
        join->n_others = 1;
        sample_participant(&join->others[0]);
        join->ice_servers = sample_ice_server();
        join->n_ice_servers = 1;
        SET(join->mode, "mesh");
}

static void sample_relays(ReplyRelays *relays)
{
        relays->ice_servers = sample_ice_server();
        relays->n_ice_servers = 1;
        relays->ice_lifetime_s = 43200;
}

static void sample_reply(MessageReply *reply, ReplyKind kind)
{
        reply->kind = kind;
        if (kind == REPLY_WELCOME)
                sample_welcome(&reply->welcome);
        else if (kind == REPLY_CALL)
                sample_call(&reply->call);
        else if (kind == REPLY_RELAYS)
                sample_relays(&reply->relays);
        else if (kind == REPLY_TOKEN)
                SET(reply->token.token, "join-token-2");
        else if (kind == REPLY_JOIN)
                sample_join_reply(&reply->join);
        else if (kind == REPLY_HISTORY) {
                reply->history.records = allocate(1, sizeof(CallRecord));
                reply->history.n_records = 1;
                sample_record(&reply->history.records[0]);
                SET(reply->history.next, "cursor~2");
        }
}

static void sample_request(MessageType type, Message *ret)
{
        switch (type) {
        case MESSAGE_HELLO:
                sample_hello(&ret->hello);
                break;
        case MESSAGE_INITIATE:
                sample_initiate(&ret->initiate);
                break;
        case MESSAGE_DELIVERED:
                ret->delivered.quiet = true;
                SET(ret->delivered.session_id, SAMPLE_SESSION);
                break;
        case MESSAGE_ACCEPT:
                ret->accept = (MessageAccept){.join = true, .end_others = true, .as_audio = true};
                SET(ret->accept.session_id, SAMPLE_SESSION);
                break;
        case MESSAGE_REJECT:
                ret->reject.status = CALL_STATUS_BUSY;
                SET(ret->reject.session_id, SAMPLE_SESSION);
                break;
        case MESSAGE_JOIN:
                ret->join.muted = true;
                SET(ret->join.session_id, SAMPLE_SESSION);
                SET(ret->join.token, "join-token-3");
                break;
        case MESSAGE_STATE:
                ret->state = (MessageState){.muted = false, .media_flows = true};
                SET(ret->state.session_id, SAMPLE_SESSION);
                break;
        case MESSAGE_HISTORY:
                ret->history.limit = 20;
                SET(ret->history.cursor, "cursor~1");
                break;
        case MESSAGE_WHO_MAY_RING:
                ret->settings.has_who_may_ring = true;
                ret->settings.who_may_ring = WHO_MAY_RING_CALLED;
                break;
        case MESSAGE_GOING:
        case MESSAGE_LOGOUT:
                break;
        default:
                SET(ret->session.session_id, SAMPLE_SESSION);
        }
}

static void sample_event(MessageType type, Message *ret)
{
        switch (type) {
        case MESSAGE_INCOMING:
        case MESSAGE_ACCEPTED:
                sample_call(&ret->call);
                break;
        case MESSAGE_RINGING:
                SET(ret->ringing.session_id, SAMPLE_SESSION);
                SET(ret->ringing.uid, "bob@example.org");
                ret->ringing.ringing_since = DATE;
                break;
        case MESSAGE_MEMBERS:
                sample_members(&ret->members);
                break;
        case MESSAGE_GROUPS:
                ret->groups.groups = allocate(1, sizeof(GroupName));
                ret->groups.n_groups = 1;
                sample_group(&ret->groups.groups[0]);
                break;
        case MESSAGE_OVER:
                ret->over = (MessageOver){.status = CALL_STATUS_UNANSWERED,
                                          .answered_at = DATE,
                                          .ended_at = DATE + 1,
                                          .duration_s = 2};
                SET(ret->over.session_id, SAMPLE_SESSION);
                SET(ret->over.reason, "timeout");
                break;
        case MESSAGE_LOGGED:
                sample_record(&ret->logged);
                break;
        default:
                SET(ret->participant.session_id, SAMPLE_SESSION);
                sample_participant(&ret->participant.participant);
        }
}

/* Messages whose body is the same in both directions. */
static bool sample_shared(MessageType type, Message *ret)
{
        switch (type) {
        case MESSAGE_SIGNAL:
        case MESSAGE_SIGNALLED:
                SET(ret->signal.session_id, SAMPLE_SESSION);
                SET(ret->signal.peer, "p7");
                ret->signal.data = strdup("{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}\n");
                assert(ret->signal.data);
                return true;
        case MESSAGE_SETTINGS:
        case MESSAGE_CHANGED:
                ret->settings = (MessageSettings){true, WHEN_BUSY_REJECT};
                return true;
        case MESSAGE_BLOCK:
        case MESSAGE_BLOCKED:
                SET(ret->block.uid, "mallory");
                ret->block.on = true;
                return true;
        case MESSAGE_SEEN:
        case MESSAGE_FORGET:
        case MESSAGE_FORGOTTEN:
                sample_sessions(&ret->sessions);
                return true;
        case MESSAGE_ACK:
                return true;
        default:
                return false;
        }
}

void sample_message(MessageType type, ReplyKind kind, Message *ret)
{
        *ret = (Message){.type = type};
        if (message_type_is_event(type))
                ret->seq = 12;
        else if (type != MESSAGE_ACK)
                ret->id = 7;
        if (message_type_is_request(type) || type == MESSAGE_ACK)
                ret->ack = 3;

        if (sample_shared(type, ret))
                return;
        if (type == MESSAGE_REPLY)
                sample_reply(&ret->reply, kind);
        else if (message_type_is_event(type))
                sample_event(type, ret);
        else
                sample_request(type, ret);
}
