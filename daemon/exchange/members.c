/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/members.h"

#include <assert.h>
#include <errno.h>

#include "base/array.h"
#include "exchange/action.h"
#include "exchange/flow.h"
#include "exchange/marks.h"

static MemberState leg_member_state(const CallLeg *leg)
{
        switch (leg->status) {
        case CALL_STATUS_INITIATED:
                return leg->ringing_since ? MEMBER_RINGING : MEMBER_WAITING;
        case CALL_STATUS_ONGOING:
                return MEMBER_JOINED;
        case CALL_STATUS_REJECTED:
                return MEMBER_REJECTED;
        case CALL_STATUS_BUSY:
                return MEMBER_BUSY;
        case CALL_STATUS_ENDED:
                return MEMBER_LEFT;
        case CALL_STATUS_CANCELLED:
        case CALL_STATUS_MISSED:
        case CALL_STATUS_UNANSWERED:
                return leg->reason == CALL_REASON_BUSY ? MEMBER_BUSY : MEMBER_MISSED;
        case CALL_STATUS_COUNT:
                break;
        }
        assert(!"an unknown status");
        return MEMBER_MISSED;
}

static bool call_is_large(const Call *call)
{
        return call->n_legs - 1 > SMALL_GROUP_MAX;
}

static usec_t audience_interval(const Call *call, Audience audience)
{
        return audience == AUDIENCE_OTHERS ? MEMBERS_OTHERS_US
               : call_is_large(call)       ? MEMBERS_CALLER_US
                                           : 0;
}

static bool audience_includes_state(const Call *call, Audience audience, MemberState state)
{
        return audience == AUDIENCE_CALLER || !call_is_large(call) ||
               (state != MEMBER_WAITING && state != MEMBER_RINGING);
}

static bool audience_includes(const CallLeg *leg, Audience audience)
{
        if (leg->direction == CALL_DIRECTION_OUTGOING)
                return audience == AUDIENCE_CALLER;
        return audience == AUDIENCE_OTHERS &&
               (leg->status == CALL_STATUS_ONGOING || !call_is_large(leg->call));
}

/* The members that the audience can see, and among them those with a new state. */
typedef struct Members {
        Member *all, *news; /* owned; two arrays of the same size */
        size_t n_all, n_news;
} Members;

static void members_done(Members *members)
{
        free(members->all);
        free(members->news);
}

static int members_gather(const Call *call, Audience audience, Members *members)
{
        const CallLeg *leg;
        int r = ARRAY_NEW(&members->all, call->n_legs);

        if (r == 0)
                r = ARRAY_NEW(&members->news, call->n_legs);
        if (r < 0)
                return r;
        DL_FOREACH2 (call_members(call), leg, call_next) {
                Member member = {.state = leg_member_state(leg)};

                if (!audience_includes_state(call, audience, member.state))
                        continue;
                STR_SET(member.uid, leg->uid);
                if (leg->user)
                        STR_SET(member.name, leg->user->name);
                members->all[members->n_all++] = member;
                if (leg->announced[audience] != member.state)
                        members->news[members->n_news++] = member;
        }
        return 0;
}

static int branch_send_members(Exchange *exchange, const Branch *branch, const Member *members,
                               size_t n)
{
        for (size_t n_sent = 0; n_sent < n; n_sent += MEMBERS_MAX) {
                size_t n_now = MIN_OF(n - n_sent, (size_t)MEMBERS_MAX);
                Message *message;
                int r = exchange_send_from(exchange, branch->device->attachment, MESSAGE_MEMBERS,
                                           branch->leg->call->record.session_id,
                                           SENDER_MESSAGE_BYTES, &message);

                if (r <= 0)
                        return r;
                STR_SET(message->members.session_id, branch->leg->call->record.session_id);
                r = ARRAY_COPY(&message->members.members, members + n_sent, n_now);
                if (r < 0)
                        return r;
                message->members.n_members = n_now;
        }
        return 0;
}

/* The call pays for news of its members, so that they cannot cost anybody their connection. */
static uint32_t branch_members_in_line(const Branch *branch)
{
        const Attachment *to = branch->device->attachment;

        return to ? exchange_flow_length(to, branch->leg->call->record.session_id) : 0;
}

static int audience_send(Exchange *exchange, const Call *call, Audience audience,
                         const Members *members)
{
        const CallLeg *leg;
        Branch *branch;

        DL_FOREACH2 (call->legs, leg, call_next) {
                if (!audience_includes(leg, audience))
                        continue;
                DL_FOREACH2 (leg->branches, branch, leg_next) {
                        branch->members_behind =
                                branch_members_in_line(branch) >= MEMBERS_IN_LINE_MAX;
                        if (branch->members_behind)
                                continue;
                        int r = branch->members_announced
                                        ? branch_send_members(exchange, branch, members->news,
                                                              members->n_news)
                                        : branch_send_members(exchange, branch, members->all,
                                                              members->n_all);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static void audience_sent(const Call *call, Audience audience)
{
        CallLeg *leg;
        Branch *branch;

        DL_FOREACH2 (call->legs, leg, call_next) {
                MemberState state = leg_member_state(leg);

                if (audience_includes_state(call, audience, state))
                        leg->announced[audience] = state;
                if (!audience_includes(leg, audience))
                        continue;
                DL_FOREACH2 (leg->branches, branch, leg_next)
                        branch->members_announced = !branch->members_behind;
        }
}

static int audience_update(Exchange *exchange, Call *call, Audience audience)
{
        _cleanup_(members_done) Members members = {0};
        int r = members_gather(call, audience, &members);

        if (r == 0)
                r = audience_send(exchange, call, audience, &members);
        if (r < 0) {
                exchange_rollback(exchange);
                return r;
        }
        exchange_commit(exchange);
        audience_sent(call, audience);
        return 0;
}

void exchange_members_send(Exchange *exchange, const ExchangeNow *moment, Call *call)
{
        for (Audience a = 0; a < AUDIENCE_COUNT; a++) {
                if (!call->audiences[a].pending || moment->now < call->audiences[a].next_send)
                        continue;
                /* If memory is short, the change stays pending and is sent later. */
                bool sent = audience_update(exchange, call, a) == 0;
                call->audiences[a].pending = !sent;
                call->audiences[a].next_send =
                        moment->now + (sent ? audience_interval(call, a) : MEMBERS_OTHERS_US);
        }
        exchange_call_touch(exchange, call);
}

void exchange_members_room(Exchange *exchange, Branch *branch)
{
        if (!branch->members_behind || branch_members_in_line(branch) > 0)
                return;
        branch->members_behind = false;
        exchange_members_changed(branch->leg->call);
        exchange_call_touch(exchange, branch->leg->call);
}
