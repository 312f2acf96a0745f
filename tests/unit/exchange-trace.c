/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "exchange-world.h"

static int call_of(const char *session_id)
{
        ck_assert(uuid_is_valid(session_id));
        return atoi(session_id + 24);
}

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
        case REPLY_RELAYS:
                for (size_t i = 0; i < reply->relays.n_ice_servers; i++)
                        trace(", %s %s", reply->relays.ice_servers[i].url,
                              reply->relays.ice_servers[i].username);
                break;
        default:
                ck_assert_int_eq(reply->kind, REPLY_PLAIN);
        }
}

static void trace_participant(const char *word, const MessageParticipant *participant)
{
        const Participant *p = &participant->participant;

        trace("%s %d: %s%s%s%s", word, call_of(participant->session_id), p->party.device,
              p->muted ? ", muted" : "", p->video_paused ? ", paused" : "",
              p->sharing ? ", sharing" : "");
}

static void trace_members(const MessageMembers *members)
{
        trace("members %d:", call_of(members->session_id));
        for (size_t i = 0; i < members->n_members; i++)
                trace(" %s %s", members->members[i].uid,
                      member_state_to_string(members->members[i].state));
}

static void trace_groups(const MessageGroups *groups)
{
        trace("groups:");
        for (size_t i = 0; i < groups->n_groups; i++)
                trace(" %s (%s)", groups->groups[i].guid, groups->groups[i].name);
}

static void trace_over(const MessageOver *over)
{
        trace("over %d %s", call_of(over->session_id), status_of(over->status, over->reason));
        if (over->duration_s > 0)
                trace(" after %u s", over->duration_s);
}

static void trace_message(Who who, const Message *message)
{
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
                trace_over(&message->over);
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
                trace_members(&message->members);
                break;
        case MESSAGE_GROUPS:
                trace_groups(&message->groups);
                break;
        case MESSAGE_BLOCKED:
                trace("%s %s", message->block.on ? "blocks" : "unblocks", message->block.uid);
                break;
        case MESSAGE_CHANGED:
                if (message->settings.has_when_busy)
                        trace("changed to %s", when_busy_to_string(message->settings.when_busy));
                if (message->settings.has_who_may_ring)
                        trace("changed to %s",
                              who_may_ring_to_string(message->settings.who_may_ring));
                if (*message->settings.name)
                        trace("renamed to %s", message->settings.name);
                break;
        default:
                ck_abort_msg("a device is sent '%s'", message_type_to_string(message->type));
        }
}

static void trace_link(uint64_t link)
{
        bool limited;
        Who who = who_has(link, &limited);

        trace("%s%s: ", who == WHO_COUNT ? "somebody" : who_device(who),
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
                trace_link(action->attachment);
                trace_message(who_has(action->attachment, &limited), &action->message);
                break;
        case EXCHANGE_DISCONNECT:
                STR_SET(world.text, action->text);
                trace_link(action->attachment);
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
        case EXCHANGE_CALLED:
                if (!world.called)
                        return;
                trace("store that %s %s %s", action->uid,
                      action->block.on ? "has called" : "forgets", action->block.uid);
                break;
        case EXCHANGE_USER:
                trace("store %s %s", action->uid,
                      action->settings.has_when_busy
                              ? when_busy_to_string(action->settings.when_busy)
                              : who_may_ring_to_string(action->settings.who_may_ring));
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
                if (!world.reads_nothing)
                        exchange_taken(world.exchange, action.attachment, action.from,
                                       action.n_bytes);
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
