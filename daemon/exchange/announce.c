/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/announce.h"

#include <assert.h>

#include "exchange/action.h"
#include "exchange/news.h"

int exchange_leg_send_participant(Exchange *exchange, const CallLeg *leg,
                                  const Attachment *attachment, MessageType type,
                                  const Participant *participant)
{
        Message *message;
        int r = exchange_send_from(exchange, attachment, type, leg->uid, SENDER_MESSAGE_BYTES,
                                   &message);

        if (r <= 0)
                return r;
        STR_SET(message->participant.session_id, leg->call->record.session_id);
        message->participant.participant = *participant;
        return 0;
}

int exchange_leg_send_others(Exchange *exchange, const CallLeg *leg, MessageType type)
{
        CallLeg *other;

        DL_FOREACH2 (leg->call->joined, other, joined_next) {
                int r = other == leg ? 0 : exchange_news_tell(exchange, leg, other, type);

                if (r < 0)
                        return r;
        }
        return 0;
}

int exchange_branch_send_over(Exchange *exchange, const Branch *branch, CallStatus status,
                              const char *reason)
{
        const CallLeg *leg = branch->leg;
        Message *message;
        int r = exchange_send(exchange, branch->device->attachment, MESSAGE_OVER, &message);

        if (r <= 0)
                return r;
        message->over = (MessageOver){
                .status = status,
                .answered_at = leg->was_in ? leg->call->record.answered_at : 0,
                .ended_at = leg->ended_at,
                .duration_s = leg->duration_s,
        };
        STR_SET(message->over.session_id, leg->call->record.session_id);
        STR_SET(message->over.reason, reason);
        return 0;
}

int exchange_branch_send_event(Exchange *exchange, const Branch *branch, CallEvent event)
{
        CallStatus status;
        CallReason reason;
        RulesVerdict verdict = rules_transition(branch->leg->direction, CALL_STATUS_INITIATED,
                                                event, &status, &reason);

        assert(verdict == RULES_MOVES);
        (void)verdict;
        return exchange_branch_send_over(exchange, branch, status, call_reason_to_string(reason));
}
