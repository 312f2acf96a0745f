/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/action.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <utlist.h>

/*
 * The most that one step takes, with a large margin: the longest step in the simulator, a call that
 * is answered and ends, takes 16 actions and 2 requests.
 */
#define ACTIONS_PER_STEP 40
#define REQUESTS_PER_STEP 8
#define EVENTS_PER_STEP 2 /* sent to every listener */

static int pool_fill(Pool *pool, size_t size, size_t n)
{
        while (pool->n < n) {
                struct Spare *spare = malloc(size);

                if (!spare)
                        return -ENOMEM;
                LL_PREPEND(pool->spares, spare);
                pool->n++;
        }
        return 0;
}

void *pool_take(Pool *pool, size_t size)
{
        struct Spare *spare = pool->spares;

        assert(spare);
        pool->spares = spare->next;
        pool->n--;
        return memset(spare, 0, size);
}

static void pool_shrink(Pool *pool, size_t n)
{
        while (pool->n > n) {
                struct Spare *spare = pool->spares;

                pool->spares = spare->next;
                pool->n--;
                free(spare);
        }
}

int phone_reserve(Phone *phone)
{
        size_t n_deliveries = EVENTS_PER_STEP * phone->n_listeners;
        size_t n_requests = REQUESTS_PER_STEP;
        size_t n_actions = ACTIONS_PER_STEP + n_deliveries + phone->n_requests;
        const PhoneCall *call;
        int r;

        /*
         * A step on one call may also change every other call: each may be presented by its next
         * listener and report its alerting to the hub. A join may replace all participants,
         * and find that none of them may be verified.
         */
        DL_FOREACH (phone->calls, call) {
                n_deliveries++;
                n_requests++;
                n_actions += 3;
                for (SessionSwitch which = 0; which < SESSION_SWITCH_COUNT; which++)
                        n_actions += call->waits[which].n_tickets;
                if (call->stored.session.state == SESSION_JOINING)
                        n_actions += call->stored.session.n_participants + 2 * PARTICIPANTS_MAX;
        }

        r = pool_fill(&phone->spare_actions, sizeof(ActionNode), n_actions);
        if (r < 0)
                return r;
        r = pool_fill(&phone->spare_requests, sizeof(HubRequest), n_requests);
        if (r < 0)
                return r;
        return pool_fill(&phone->spare_listener_calls, sizeof(ListenerCall), n_deliveries);
}

void phone_shrink_reserve(Phone *phone)
{
        pool_shrink(&phone->spare_actions, ACTIONS_PER_STEP);
        pool_shrink(&phone->spare_requests, REQUESTS_PER_STEP);
        pool_shrink(&phone->spare_listener_calls, 0);
}

PhoneAction *phone_act(Phone *phone, PhoneActionType type, const char *session_id)
{
        ActionNode *node = pool_take(&phone->spare_actions, sizeof(*node));

        node->action.type = type;
        if (session_id)
                STR_SET(node->action.session_id, session_id);
        DL_APPEND(phone->actions, node);
        return &node->action;
}

PhoneAction *phone_done(Phone *phone, uint64_t ticket, const char *session_id)
{
        PhoneAction *action = phone_act(phone, PHONE_DONE, session_id);

        action->ticket = ticket;
        return action;
}

void phone_refuse(Phone *phone, uint64_t ticket, const char *session_id, CallError error,
                  const char *format, ...)
{
        PhoneAction *action = phone_done(phone, ticket, session_id);
        char text[2 * MESSAGE_TEXT_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);

        action->error = error;
        str_printable(action->text, sizeof(action->text), text);
}

bool phone_next_action(Phone *phone, PhoneAction *ret)
{
        ActionNode *node = phone->actions;

        if (!node)
                return false;
        DL_DELETE(phone->actions, node);
        *ret = node->action;
        free(node);
        return true;
}

void phone_action_done(PhoneAction *action)
{
        PhoneActionType type = action->type;

        if (type == PHONE_SEND || type == PHONE_WORKER_SIGNAL || type == PHONE_REQUEST_STORE) {
                message_done(&action->message);
        } else if (type == PHONE_WORKER_JOIN) {
                free(action->join.reply.others);
                free(action->join.reply.ice_servers);
        } else if (type == PHONE_WORKER_RELAYS) {
                free(action->relays.ice_servers);
        } else if (type == PHONE_CALL_STORE && action->state) {
                stored_call_done(action->state);
                free(action->state);
        } else if (type == PHONE_HISTORY_PUT) {
                call_record_done(&action->record);
        } else if (type == PHONE_HISTORY_FORGET) {
                free(action->sessions.session_ids);
        }
}

void phone_actions_free(Phone *phone)
{
        PhoneAction action;

        while (phone_next_action(phone, &action))
                phone_action_done(&action);
        pool_shrink(&phone->spare_actions, 0);
        pool_shrink(&phone->spare_requests, 0);
        pool_shrink(&phone->spare_listener_calls, 0);
}
