/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the action queue and the commit barrier order what devices see.
 *
 * An operation (an accept, an end) changes the state, and queues an action for each thing that has
 * to follow: rows to store, messages to send. It finishes in one of two ways:
 *
 *         exchange_commit()     the changed state is final, and so are the actions since the last
 *                               commit
 *         exchange_rollback()   out of memory: the operation has restored the state, and its
 *                               actions are freed
 *
 * So nobody can see half an operation, and the hub takes no action before it is committed. For a
 * request, exchange_prepare() reserves room for one action first: even when memory has run out,
 * the reply that reports it can be queued.
 *
 * An operation queues what it stores (SAVE, DROP, LOG, USER, BLOCK, CALLED) before the messages
 * that confirm it. The hub carries out the actions of a call in order (those of a call to a large
 * group in parts, and other calls in between: hub/lane.c). It gathers rows for the next transaction
 * of its database (hub/commit.h), which runs at the end of the loop's turn or up to a millisecond
 * later, and it gives a message that confirms something the number of that transaction as a
 * barrier: the message leaves when the transaction is on disk. So no device learns that a call was
 * placed, was answered or is over, and finds after a crash of the hub that this was lost.
 *
 * A message without a barrier leaves at once. A ring is the important one: if the hub crashes
 * before the commit, the call is gone, no reply has confirmed it, and the ringing device learns
 * from its next welcome that there is no such call; so a ring need not wait for the disk. Events
 * about the media have no barrier either, because the media do not depend on the database.
 *
 * On the way to one device, messages keep their order: those behind a message that waits for its
 * barrier wait with it. Only a refusal, which confirms nothing, may overtake (hub/outbox.h). So a
 * device sees the events of a call in the order in which they happened.
 */
#include "exchange/action.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>

#include "exchange/attachment.h"
#include "exchange/flow.h"

#define ACTIONS_FIRST_CAPACITY 32 /* enough for the end of a call with a few devices */

static int exchange_reserve(Exchange *exchange, size_t n)
{
        if (exchange->last + n <= exchange->capacity)
                return 0;

        size_t capacity = MAX_OF(2 * exchange->capacity, ACTIONS_FIRST_CAPACITY);
        capacity = MAX_OF(capacity, exchange->last + n);
        ExchangeAction *actions = reallocarray(exchange->actions, capacity, sizeof(*actions));
        if (!actions)
                return -ENOMEM;
        exchange->actions = actions;
        exchange->capacity = capacity;
        return 0;
}

int exchange_prepare(Exchange *exchange)
{
        return exchange_reserve(exchange, 1);
}

ExchangeAction *exchange_push(Exchange *exchange, ExchangeActionType type)
{
        if (exchange_reserve(exchange, 2) < 0)
                return NULL;

        ExchangeAction *action = &exchange->actions[exchange->last++];
        *action = (ExchangeAction){.type = type};
        return action;
}

void exchange_push_reply(Exchange *exchange, uint64_t attachment, const char *session_id,
                         const Message *reply)
{
        assert(exchange->last < exchange->capacity);
        ExchangeAction *action = &exchange->actions[exchange->last++];

        *action = (ExchangeAction){
                .type = EXCHANGE_SEND,
                .confirms = true,
                .attachment = attachment,
                .message = *reply,
        };
        STR_SET(action->session_id, session_id);
}

/*
 * When a message goes out: at once, or after all actions before it are committed. A ring does not
 * wait for the disk, and neither does anything that only concerns the media.
 */
static const enum {
        SENT_NEVER,
        SENT_AT_ONCE,
        SENT_AFTER_COMMIT
} message_sent[MESSAGE_TYPE_COUNT] = {
        [MESSAGE_INCOMING] = SENT_AT_ONCE,      [MESSAGE_RINGING] = SENT_AT_ONCE,
        [MESSAGE_MEMBERS] = SENT_AT_ONCE,       [MESSAGE_JOINED] = SENT_AT_ONCE,
        [MESSAGE_LEFT] = SENT_AT_ONCE,          [MESSAGE_SIGNALLED] = SENT_AT_ONCE,
        [MESSAGE_PARTICIPANT] = SENT_AT_ONCE,   [MESSAGE_REPLY] = SENT_AFTER_COMMIT,
        [MESSAGE_ACCEPTED] = SENT_AFTER_COMMIT, [MESSAGE_OVER] = SENT_AFTER_COMMIT,
        [MESSAGE_LOGGED] = SENT_AFTER_COMMIT,   [MESSAGE_GROUPS] = SENT_AFTER_COMMIT,
        [MESSAGE_BLOCKED] = SENT_AFTER_COMMIT,  [MESSAGE_CHANGED] = SENT_AFTER_COMMIT,
};

int exchange_send(Exchange *exchange, const Attachment *attachment, MessageType type, Message **ret)
{
        assert(message_sent[type] != SENT_NEVER);
        if (!attachment)
                return 0;

        ExchangeAction *action = exchange_push(exchange, EXCHANGE_SEND);
        if (!action)
                return -ENOMEM;
        action->attachment = attachment->id;
        action->confirms = message_sent[type] == SENT_AFTER_COMMIT;
        action->message.type = type;
        *ret = &action->message;
        return 1;
}

int exchange_send_from(Exchange *exchange, const Attachment *attachment, MessageType type,
                       const char *from, size_t n_bytes, Message **ret)
{
        Attachment *to = attachment ? exchange_attachment_find(exchange, attachment->id) : NULL;
        int r = to ? exchange_flow_add(to, from, n_bytes) : 0;

        if (!to || r < 0)
                return r;
        r = exchange_send(exchange, to, type, ret);
        if (r < 0) {
                exchange_flow_take(to, from, n_bytes);
                return r;
        }
        ExchangeAction *action = CONTAINER_OF(*ret, ExchangeAction, message);
        STR_SET(action->from, from);
        action->n_bytes = (uint32_t)n_bytes;
        return 1;
}

int exchange_disconnect(Exchange *exchange, const Attachment *attachment, const char *format, ...)
{
        char text[4 * MESSAGE_TEXT_MAX];
        ExchangeAction *action = exchange_push(exchange, EXCHANGE_DISCONNECT);

        if (!action)
                return -ENOMEM;
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);

        action->attachment = attachment->id;
        str_printable(action->text, sizeof(action->text), text);
        return 0;
}

void exchange_commit(Exchange *exchange)
{
        exchange->committed = exchange->last;
}

void exchange_rollback(Exchange *exchange)
{
        while (exchange->last > exchange->committed) {
                ExchangeAction *action = &exchange->actions[--exchange->last];
                Attachment *to = exchange_attachment_find(exchange, action->attachment);

                if (to && action->n_bytes > 0)
                        exchange_flow_take(to, action->from, action->n_bytes);
                exchange_action_done(action);
        }
}

bool exchange_next_action(Exchange *exchange, ExchangeAction *ret)
{
        assert(exchange->last == exchange->committed);

        if (exchange->first == exchange->last)
                return false;
        *ret = exchange->actions[exchange->first++];
        if (ret->type == EXCHANGE_SEND && str_empty(ret->session_id))
                STR_SET(ret->session_id, message_session_id(&ret->message));
        if (exchange->first == exchange->last)
                exchange->first = exchange->last = exchange->committed = 0;
        return true;
}

void exchange_action_done(ExchangeAction *action)
{
        switch (action->type) {
        case EXCHANGE_SEND:
                message_done(&action->message);
                break;
        case EXCHANGE_SAVE:
                live_call_done(&action->live);
                break;
        case EXCHANGE_LOG:
                call_record_done(&action->record);
                break;
        case EXCHANGE_DISCONNECT:
        case EXCHANGE_DROP:
        case EXCHANGE_USER:
        case EXCHANGE_BLOCK:
        case EXCHANGE_CALLED:
                break;
        }
}
