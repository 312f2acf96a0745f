/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange-world.h"

#include <stdarg.h>
#include <stdio.h>

#define START_DATE (1700000000 * USEC_PER_SEC)

World world;

static const struct {
        const char *uid, *device;
} people[WHO_COUNT] = {
        [ALICE] = {"alice", "alice-desk"},    [ALICE_PHONE] = {"alice", "alice-phone"},
        [BOB] = {"bob", "bob-desk"},          [BOB_PHONE] = {"bob", "bob-phone"},
        [BOB_TABLET] = {"bob", "bob-tablet"}, [CAROL] = {"carol", "carol-desk"},
        [DAVE] = {"dave", "dave-desk"},
};

void world_begin_limited(uint32_t calls_per_minute)
{
        static const char *const users[] = {"alice", "bob", "carol", "dave"};
        ExchangeLimits limits = {.calls_per_minute = calls_per_minute};

        world = (World){.moment = {.now = 100 * USEC_PER_SEC, .date = START_DATE}};
        ck_assert_int_eq(exchange_new(&limits, &world.exchange), 0);
        for (size_t i = 0; i < ELEMENTSOF(users); i++)
                ck_assert_int_eq(
                        exchange_user_add(world.exchange, users[i], users[i], WHEN_BUSY_REJECT), 0);
}

void world_begin(void)
{
        world_begin_limited(0);
}

void world_end(void)
{
        world.exchange = exchange_free(world.exchange);
        for (int call = 0; call < STORED_MAX; call++)
                live_call_done(&world.stored[call]);
}

const char *session_of(int call, char *buffer)
{
        snprintf(buffer, UUID_LENGTH + 1, "00000000-0000-4000-8000-%012d", call);
        return buffer;
}

static int call_of(const char *session_id)
{
        ck_assert(uuid_is_valid(session_id));
        return atoi(session_id + 24);
}

/* ---- the trace ---- */

static _printf_(1, 2) void trace(const char *format, ...)
{
        size_t length = strlen(world.trace);
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(world.trace + length, sizeof(world.trace) - length, format, arguments);
        va_end(arguments);
        ck_assert_uint_lt(strlen(world.trace), sizeof(world.trace) - 1);
}

static const char *status_of(CallStatus status, const char *reason)
{
        static char buffer[64];

        snprintf(buffer, sizeof(buffer), *reason ? "%s (%s)" : "%s%s",
                 call_status_to_string(status), reason);
        return buffer;
}

static Who who_has(uint64_t link, bool *ret_limited)
{
        for (Who who = 0; who < WHO_COUNT; who++) {
                if (link == 0 || (world.links[who] != link && world.limited[who] != link))
                        continue;
                *ret_limited = world.limited[who] == link;
                return who;
        }
        *ret_limited = false;
        return WHO_COUNT;
}

static void take_call(Who who, const CallSnapshot *call)
{
        world.call = *call;
        world.call.record.metadata = (Metadata){0};
        if (*call->join_token)
                STR_SET(world.tokens[who], call->join_token);
}

static void trace_reply(Who who, const MessageReply *reply)
{
        if (reply->error != CALL_ERROR_NONE) {
                STR_SET(world.text, reply->text);
                trace("%s", call_error_to_string(reply->error));
                return;
        }
        trace("ok");
        switch (reply->kind) {
        case REPLY_CALL:
                take_call(who, &reply->call);
                trace(" %d %s", call_of(reply->call.record.session_id),
                      status_of(reply->call.record.status, reply->call.record.reason));
                break;
        case REPLY_TOKEN:
                STR_SET(world.tokens[who], reply->token.token);
                trace(", a token");
                break;
        case REPLY_JOIN:
                STR_SET(world.participants[who], reply->join.participant);
                world.joined = reply->join;
                trace(", joined");
                for (size_t i = 0; i < reply->join.n_others; i++)
                        trace(" %s", reply->join.others[i].party.device);
                break;
        default:
                ck_assert_int_eq(reply->kind, REPLY_PLAIN);
        }
}

static void trace_participant(const char *word, const MessageParticipant *participant)
{
        trace("%s %d: %s%s", word, call_of(participant->session_id),
              participant->participant.party.device,
              participant->participant.muted ? ", muted" : "");
}

static void trace_message(Who who, const Message *message)
{
        const MessageOver *over = &message->over;

        switch (message->type) {
        case MESSAGE_REPLY:
                trace_reply(who, &message->reply);
                break;
        case MESSAGE_INCOMING:
                take_call(who, &message->call);
                trace("incoming %d from %s, %s, %u ms", call_of(message->call.record.session_id),
                      message->call.record.initiator.uid,
                      call_type_to_string(message->call.record.type), message->call.remaining_ms);
                break;
        case MESSAGE_ACCEPTED:
                take_call(who, &message->call);
                trace("accepted %d by %s", call_of(message->call.record.session_id),
                      message->call.record.receiver.device);
                break;
        case MESSAGE_RINGING:
                trace("ringing %d at %s", call_of(message->ringing.session_id),
                      message->ringing.uid);
                break;
        case MESSAGE_OVER:
                trace("over %d %s", call_of(over->session_id),
                      status_of(over->status, over->reason));
                if (over->duration_s > 0)
                        trace(" after %u s", over->duration_s);
                break;
        case MESSAGE_LOGGED:
                trace("logged %d %s", call_of(message->logged.session_id),
                      status_of(message->logged.status, message->logged.reason));
                break;
        case MESSAGE_JOINED:
        case MESSAGE_LEFT:
        case MESSAGE_PARTICIPANT:
                trace_participant(message_type_to_string(message->type), &message->participant);
                break;
        case MESSAGE_SIGNALLED:
                trace("signalled %d %s", call_of(message->signal.session_id), message->signal.data);
                break;
        case MESSAGE_MEMBERS:
                trace("members %d:", call_of(message->members.session_id));
                for (size_t i = 0; i < message->members.n_members; i++)
                        trace(" %s %s", message->members.members[i].uid,
                              member_state_to_string(message->members.members[i].state));
                break;
        case MESSAGE_GROUPS:
                trace("groups:");
                for (size_t i = 0; i < message->groups.n_groups; i++)
                        trace(" %s (%s)", message->groups.groups[i].guid,
                              message->groups.groups[i].name);
                break;
        case MESSAGE_BLOCKED:
                trace("%s %s", message->block.on ? "blocks" : "unblocks", message->block.uid);
                break;
        case MESSAGE_CHANGED:
                trace("changed to %s", when_busy_to_string(message->settings.when_busy));
                break;
        default:
                ck_abort_msg("a device is sent '%s'", message_type_to_string(message->type));
        }
}

static void trace_link(uint64_t link)
{
        bool limited;
        Who who = who_has(link, &limited);

        trace("%s%s: ", who == WHO_COUNT ? "somebody" : people[who].device,
              limited ? " (limited)" : "");
}

static void store(ExchangeAction *action)
{
        int call = call_of(action->session_id);

        if (call >= STORED_MAX)
                return;
        if (action->type == EXCHANGE_DROP)
                live_call_done(&world.stored[call]);
        else
                ck_assert_int_eq(live_call_merge(&world.stored[call], &action->live), 0);
}

static void trace_action(ExchangeAction *action)
{
        bool limited;

        switch (action->type) {
        case EXCHANGE_SEND:
                world.confirms = action->confirms;
                trace_link(action->link);
                trace_message(who_has(action->link, &limited), &action->message);
                break;
        case EXCHANGE_DISCONNECT:
                STR_SET(world.text, action->text);
                trace_link(action->link);
                trace("disconnected");
                break;
        case EXCHANGE_SAVE:
                trace("save %d %s", call_of(action->session_id),
                      call_status_to_string(action->live.record.status));
                store(action);
                break;
        case EXCHANGE_DROP:
                trace("drop %d", call_of(action->session_id));
                store(action);
                break;
        case EXCHANGE_LOG:
                world.logged = action->record;
                world.logged.metadata = (Metadata){0};
                trace("log %s %d %s", action->uid, call_of(action->record.session_id),
                      status_of(action->record.status, action->record.reason));
                break;
        case EXCHANGE_BLOCK:
                trace("store that %s %s %s", action->uid, action->block.on ? "blocks" : "unblocks",
                      action->block.uid);
                break;
        case EXCHANGE_USER:
                trace("store %s %s", action->uid, when_busy_to_string(action->settings.when_busy));
                break;
        }
        trace("\n");
}

void world_collect(void)
{
        ExchangeAction action;

        if (world.done)
                world.done();
        while (exchange_next_action(world.exchange, &action)) {
                bool members =
                        action.type == EXCHANGE_SEND && action.message.type == MESSAGE_MEMBERS;

                if (!members || world.members)
                        trace_action(&action);
                exchange_action_done(&action);
        }
}

void forget(void)
{
        world.trace[0] = '\0';
}

void expect(const char *line, ...)
{
        char expected[sizeof(world.trace)] = "";
        size_t length = 0;
        va_list arguments;

        va_start(arguments, line);
        for (; line; line = va_arg(arguments, const char *))
                length += (size_t)snprintf(expected + length, sizeof(expected) - length, "%s\n",
                                           line);
        va_end(arguments);
        ck_assert_msg(str_eq(world.trace, expected), "expected:\n%sgot:\n%s", expected,
                      world.trace);
        forget();
}

void said(const char *line)
{
        size_t length = strlen(line);

        for (const char *at = world.trace; (at = strstr(at, line)); at++) {
                if (at[length] == '\n' && (at == world.trace || at[-1] == '\n'))
                        return;
        }
        ck_abort_msg("nobody said: %s\nbut:\n%s", line, world.trace);
}

void unsaid(const char *part)
{
        ck_assert_msg(!strstr(world.trace, part), "%s was said:\n%s", part, world.trace);
}

void expect_nothing(void)
{
        ck_assert_str_eq(world.trace, "");
}

/* ---- what people do ---- */

void hub_restarts(void)
{
        LiveCall stored[STORED_MAX];
        Moment moment = world.moment;
        bool had_team = world.has_team;

        memcpy(stored, world.stored, sizeof(stored));
        memset(world.stored, 0, sizeof(world.stored));
        world_end();
        world_begin();
        world.moment.date = moment.date; /* the other clock may start anywhere */
        if (had_team)
                team();
        for (int call = 0; call < STORED_MAX; call++) {
                if (stored[call].n_members > 0)
                        ck_assert_int_eq(
                                exchange_restore(world.exchange, &world.moment, &stored[call]), 0);
                world.stored[call] = stored[call];
        }
        world_collect();
        forget();
}

void passes(usec_t time)
{
        world.moment.now += time;
        world.moment.date += time;
        ck_assert_int_eq(exchange_tick(world.exchange, &world.moment), 0);
        world_collect();
}

/* Every moment brings new chance. */
static const Moment *now(void)
{
        static uint64_t n;

        n++;
        memcpy(world.moment.entropy, &n, sizeof(n));
        memcpy(world.moment.entropy + ENTROPY_SIZE / 2, &n, sizeof(n));
        world.moment.entropy[ENTROPY_SIZE - 1] = 0xff;
        return &world.moment;
}

static uint64_t new_link(void)
{
        static uint64_t n = 1000;

        return ++n;
}

void comes(Who who)
{
        uint64_t link = new_link();

        ck_assert_int_eq(exchange_attach(world.exchange, now(), link, people[who].uid,
                                         people[who].device, "a machine"),
                         0);
        world.links[who] = link;
        world_collect();
}

void goes(Who who)
{
        exchange_detach(world.exchange, now(), world.links[who]);
        world.links[who] = 0;
        world_collect();
}

void drops(Who who)
{
        exchange_suspend(world.exchange, now(), world.links[who]);
        world_collect();
}

void resumes(Who who)
{
        ck_assert_int_eq(exchange_resume(world.exchange, now(), world.links[who]), 0);
        world_collect();
}

void comes_by_token(Who who, const char *token, int expected)
{
        uint64_t link = new_link();
        Party user = {0};

        ck_assert_int_eq(exchange_attach_session(world.exchange, now(), link, token, &user),
                         expected);
        world_collect();
        if (expected != 0)
                return;
        ck_assert_str_eq(user.uid, people[who].uid);
        ck_assert_str_eq(user.device, people[who].device);
        world.limited[who] = link;
}

void limited_goes(Who who)
{
        exchange_detach(world.exchange, now(), world.limited[who]);
        world.limited[who] = 0;
        world_collect();
}

void asks(Who who, Message message)
{
        uint64_t link = who < WHO_COUNT ? world.links[who] : world.limited[who - WHO_COUNT];

        message.id = 1;
        world.last = exchange_message(world.exchange, now(), link, &message);
        world_collect();
}

void says(Who who, MessageType type, int call)
{
        Message message = {.type = type};

        session_of(call, message.session.session_id);
        asks(who, message);
}

void calls_with(Who who, const char *receiver, int call, MessageInitiate initiate)
{
        Message message = {.type = MESSAGE_INITIATE, .initiate = initiate};

        session_of(call, message.initiate.session_id);
        STR_SET(message.initiate.receiver, receiver);
        asks(who, message);
}

void calls(Who who, const char *receiver, int call)
{
        calls_with(who, receiver, call, (MessageInitiate){.join = true});
}

void group_of(const char *guid, const char *uid, ...)
{
        const char *uids[GROUP_MEMBERS_MAX];
        size_t n = 0;
        va_list arguments;

        va_start(arguments, uid);
        for (; uid; uid = va_arg(arguments, const char *))
                uids[n++] = uid;
        va_end(arguments);
        ck_assert_int_eq(exchange_group_put(world.exchange, now(), guid, guid, uids, n), 0);
        world_collect();
}

void team(void)
{
        world.has_team = true;
        group_of("team", "alice", "bob", "carol", "dave", NULL);
}

void calls_team(Who who, int call)
{
        calls_with(who, "team", call,
                   (MessageInitiate){.receiver_type = RECEIVER_TYPE_GROUP, .join = true});
}

void accepts_with(Who who, int call, MessageAccept accept)
{
        Message message = {.type = MESSAGE_ACCEPT, .accept = accept};

        session_of(call, message.accept.session_id);
        asks(who, message);
}

void accepts(Who who, int call)
{
        accepts_with(who, call, (MessageAccept){.join = true});
}

void blocks(Who who, const char *uid, bool on)
{
        Message message = {.type = MESSAGE_BLOCK, .block.on = on};

        STR_SET(message.block.uid, uid);
        asks(who, message);
}

void rejects(Who who, int call, CallStatus status)
{
        Message message = {.type = MESSAGE_REJECT, .reject.status = status};

        session_of(call, message.reject.session_id);
        asks(who, message);
}

void joins_with(Who who, int call, const char *token)
{
        Message message = {.type = MESSAGE_JOIN};

        session_of(call, message.join.session_id);
        STR_SET(message.join.token, token);
        asks(who, message);
}

void joins(Who who, int call)
{
        joins_with(who, call, world.tokens[who % WHO_COUNT]);
}

void signals(Who who, int call, const char *peer, const char *data)
{
        Message message = {.type = MESSAGE_SIGNAL, .signal.data = strdup(data)};

        session_of(call, message.signal.session_id);
        STR_SET(message.signal.peer, peer);
        asks(who, message);
        message_done(&message);
}

void states(Who who, int call, bool muted, bool media_flows)
{
        Message message = {.type = MESSAGE_STATE,
                           .state = {.muted = muted, .media_flows = media_flows}};

        session_of(call, message.state.session_id);
        asks(who, message);
}

void in_call(Who caller, Who receiver, int call)
{
        if (!world.links[caller])
                comes(caller);
        if (!world.links[receiver])
                comes(receiver);
        calls_with(caller, people[receiver].uid, call,
                   (MessageInitiate){.join = true, .parallel = true});
        accepts_with(receiver, call, (MessageAccept){.join = true, .parallel = true});
        forget();
}

void in_media(Who caller, Who receiver, int call)
{
        in_call(caller, receiver, call);
        joins(receiver, call);
        joins(caller, call);
        forget();
}
