/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"

/* The laws that are checked after each step. */

#define STALL_MOST_US (12 * USEC_PER_SEC)
#define ALL_EVERY \
        32 /* steps: all devices are checked; otherwise only the one where something happened */

bool handset_had_time(const Handset *handset, usec_t since)
{
        const World *world = handset->world;
        const Connection *connection = handset->connection;
        usec_t most = 2 * world->weather.delay_most + world->weather.commit_most + SLACK_US;

        if (!connection || !connection->link || connection->dead ||
            phone_connection(handset->phone, NULL) != PHONE_ONLINE)
                return false;
        since = MAX_OF(since, handset->welcomed_at);
        since = MAX_OF(since, connection->disturbed_at);
        return world->now > since + most;
}

static void judge_ring(Handset *handset, const PhoneCallInfo *call, const Case *the_case)
{
        World *world = handset->world;
        const Part *part = &the_case->parts[handset->user];
        const char *session_id = call->stored.record.session_id;
        usec_t most = world->weather.delay_most + STALL_MOST_US + RING_WITHOUT_HUB_GRACE_US +
                      COMMAND_TIMEOUT_US;

        if (world->now > the_case->ring_until + most)
                law_broken(world, LAW_RING_ENDS, "%s: call %s rings %lu ms after its deadline",
                           handset_name(handset), session_id,
                           (unsigned long)((world->now - the_case->ring_until) / USEC_PER_MSEC));
        if (part->answered_at && handset_had_time(handset, part->answered_at))
                law_broken(world, LAW_STOPS_ELSEWHERE,
                           "%s: call %s rings %lu ms after it was answered", handset_name(handset),
                           session_id,
                           (unsigned long)((world->now - part->answered_at) / USEC_PER_MSEC));
}

static void judge_call(Handset *handset, const PhoneCallInfo *call)
{
        World *world = handset->world;
        const char *session_id = call->stored.record.session_id;
        Case *the_case = case_of(world, session_id);
        Part *part = &the_case->parts[handset->user];
        bool incoming = call->stored.record.direction == CALL_DIRECTION_INCOMING;
        bool rings = incoming && call->stored.record.status == CALL_STATUS_INITIATED;

        if (rings)
                judge_ring(handset, call, the_case);
        if (call->alerting &&
            (!rings || !call->stored.present || phone_do_not_disturb(handset->phone) ||
             the_case->sights[handset->index].silenced))
                law_broken(world, LAW_SILENCE, "%s: call %s alerts", handset_name(handset),
                           session_id);
        if (incoming && call->stored.record.status == CALL_STATUS_ONGOING && !the_case->is_group) {
                if (part->winner < 0)
                        part->winner = (int)handset->index;
                else if (part->winner != (int)handset->index)
                        law_broken(world, LAW_ONE_WINNER, "call %s is answered by %s and by %s",
                                   session_id, handset_name(handset),
                                   handset_name(&world->handsets[part->winner]));
        }
        if (!call_status_is_terminal(call->stored.record.status) && part->over_at &&
            handset_had_time(handset, part->over_at))
                law_broken(world, LAW_STOPS_ELSEWHERE, "%s: call %s lives %lu ms after its end",
                           handset_name(handset), session_id,
                           (unsigned long)((world->now - part->over_at) / USEC_PER_MSEC));
}

static void judge_handset(Handset *handset)
{
        World *world = handset->world;
        const PhoneCallInfo *call;
        const Ticket *ticket;
        bool to_ring = false;

        /* What is due now is about to happen. */
        if (!handset->phone || handset->frozen_until >= world->now ||
            handset->deadline <= world->now)
                return;
        laws_of_workers(handset);
        for (size_t i = 0; (call = phone_call_at(handset->phone, i)); i++) {
                judge_call(handset, call);
                to_ring = to_ring || call->stored.present;
        }
        if (handset->tone == PHONE_TONE_RING && !to_ring && !phone_is_ringing(handset->phone))
                law_broken(world, LAW_SILENCE, "%s rings for no call", handset_name(handset));
        DL_FOREACH (handset->tickets, ticket) {
                if (world->now >
                    MAX_OF(ticket->asked_at + COMMAND_TIMEOUT_US, handset->frozen_until))
                        law_broken(world, LAW_ANSWERED_ONCE,
                                   "%s: command %d waits for more than 10 s", handset_name(handset),
                                   (int)ticket->type);
        }
}

/* ---- users ---- */

static bool case_occupies(const Case *the_case, unsigned user)
{
        const Part *part = &the_case->parts[user];

        if (!the_case->begun || part->over_at)
                return false;
        return the_case->caller->user == user || part->answered_at;
}

static bool case_is_parallel(const World *world, const Case *the_case, unsigned user)
{
        unsigned to = the_case->is_group ? USERS_MAX : the_case->caller->user;

        return the_case->parts[user].parallel || world->parallel_to[user][to];
}

void laws_see_busy(World *world, unsigned user)
{
        unsigned n = 0;

        for (unsigned i = 0; i < world->n_cases; i++) {
                const Case *the_case = &world->cases[i];

                n += case_occupies(the_case, user) && !case_is_parallel(world, the_case, user);
        }
        if (n > 1)
                law_broken(world, LAW_BUSY, "user-%u is in %u calls that are not parallel", user,
                           n);
}

void laws_after_step(World *world)
{
        if (world->touched)
                judge_handset(world->touched);
        if (world->outcome->steps % ALL_EVERY)
                return;
        for (unsigned h = 0; h < world->n_handsets; h++)
                judge_handset(&world->handsets[h]);
        laws_of_deadlines(world);
}
