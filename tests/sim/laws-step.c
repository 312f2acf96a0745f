/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"

/* The laws that are looked at after every step, and those for when all is calm. */

#define SLACK_US (50 * USEC_PER_MSEC)
#define STALL_MOST_US (12 * USEC_PER_SEC)
#define ALL_EVERY 32 /* steps: all devices are looked at; else the one where it happened */

/* Has the device been in touch with the hub, undisturbed, for some time after `since`? */
static bool handset_had_time(const Handset *handset, usec_t since)
{
        const World *world = handset->world;
        const Connection *connection = handset->connection;
        usec_t most = 2 * world->weather.delay_most + world->weather.commit_most + SLACK_US;

        if (!connection || !connection->link || connection->dead ||
            phone_connection(handset->phone, NULL) != PHONE_ONLINE)
                return false;
        since = MAX_OF(since, handset->welcomed_at);
        since = MAX_OF(since, connection->troubled_at);
        return world->now > since + most;
}

static void judge_ring(Handset *handset, const PhoneCall *call, const Case *the_case)
{
        World *world = handset->world;
        const char *session_id = call->record.session_id;
        usec_t most = world->weather.delay_most + STALL_MOST_US + RING_WITHOUT_HUB_GRACE_US +
                      COMMAND_TIMEOUT_US;

        if (world->now > the_case->ring_until + most)
                law_broken(world, LAW_RING_ENDS, "%s: call %s rings %lu ms after its deadline",
                           handset_name(handset), session_id,
                           (unsigned long)((world->now - the_case->ring_until) / USEC_PER_MSEC));
        if (the_case->answered_at && handset_had_time(handset, the_case->answered_at))
                law_broken(world, LAW_STOPS_ELSEWHERE,
                           "%s: call %s rings %lu ms after it was answered", handset_name(handset),
                           session_id,
                           (unsigned long)((world->now - the_case->answered_at) / USEC_PER_MSEC));
}

static void judge_call(Handset *handset, const PhoneCall *call)
{
        World *world = handset->world;
        const char *session_id = call->record.session_id;
        Case *the_case = case_of(world, session_id);
        bool incoming = call->record.direction == CALL_DIRECTION_INCOMING;
        bool rings = incoming && call->record.status == CALL_STATUS_INITIATED;

        if (rings)
                judge_ring(handset, call, the_case);
        if (call->alerting && (!rings || !call->present || phone_do_not_disturb(handset->phone) ||
                               the_case->sights[handset->index].silenced))
                law_broken(world, LAW_SILENCE, "%s: call %s alerts", handset_name(handset),
                           session_id);
        if (incoming && call->record.status == CALL_STATUS_ONGOING) {
                if (the_case->winner < 0)
                        the_case->winner = (int)handset->index;
                else if (the_case->winner != (int)handset->index)
                        law_broken(world, LAW_ONE_WINNER, "call %s is answered by %s and by %s",
                                   session_id, handset_name(handset),
                                   handset_name(&world->handsets[the_case->winner]));
        }
        if (!call_status_is_terminal(call->record.status) && the_case->over_at &&
            handset_had_time(handset, the_case->over_at))
                law_broken(world, LAW_STOPS_ELSEWHERE, "%s: call %s lives %lu ms after its end",
                           handset_name(handset), session_id,
                           (unsigned long)((world->now - the_case->over_at) / USEC_PER_MSEC));
}

static void judge_handset(Handset *handset)
{
        World *world = handset->world;
        const PhoneCall *call;
        const Ticket *ticket;
        bool to_ring = false;

        if (!handset->phone || handset->frozen_until >= world->now)
                return;
        for (size_t i = 0; (call = phone_call_at(handset->phone, i)); i++) {
                judge_call(handset, call);
                to_ring = to_ring || call->present;
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
        if (the_case->over_at || !the_case->ring_until)
                return false;
        return the_case->caller->user == user ||
               (the_case->receiver == user && the_case->answered_at);
}

static bool case_is_parallel(const World *world, const Case *the_case, unsigned user)
{
        return the_case->parallel[user] ||
               world->parallel_to[user][the_case->caller->user]; /* by glare, that is */
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
}

/* ---- when all is calm ---- */

static void judge_rest(World *world)
{
        const HubParty *hub = &world->hub;
        const PhoneCall *call;

        if (!hub->up || exchange_n_calls(hub->exchange) > 0 || hub->disk.calls)
                law_broken(world, LAW_NOTHING_LIVES_ON, "the hub has %zu calls, its disk %s",
                           hub->up ? exchange_n_calls(hub->exchange) : 0,
                           hub->disk.calls ? hub->disk.calls->session_id : "none");
        for (unsigned h = 0; h < world->n_handsets; h++) {
                Handset *handset = &world->handsets[h];

                if (phone_connection(handset->phone, NULL) != PHONE_ONLINE)
                        law_broken(world, LAW_NOTHING_LIVES_ON, "%s is not online",
                                   handset_name(handset));
                for (size_t i = 0; (call = phone_call_at(handset->phone, i)); i++)
                        law_broken(world, LAW_NOTHING_LIVES_ON, "%s has call %s, %s",
                                   handset_name(handset), call->record.session_id,
                                   call_status_to_string(call->record.status));
                if (handset->workers || handset->tone != PHONE_TONE_NONE)
                        law_broken(world, LAW_NOTHING_LIVES_ON, "%s has a worker or a tone",
                                   handset_name(handset));
        }
}

static bool record_same(const CallRecord *a, const CallRecord *b)
{
        return a->direction == b->direction && a->type == b->type && a->status == b->status &&
               str_eq(a->reason, b->reason) && a->initiated_at == b->initiated_at &&
               a->answered_at == b->answered_at && a->ended_at == b->ended_at &&
               a->duration_s == b->duration_s && a->seen == b->seen &&
               str_eq(a->initiator.uid, b->initiator.uid) &&
               str_eq(a->receiver.uid, b->receiver.uid) &&
               str_eq(a->receiver.device, b->receiver.device);
}

static void print_record(char text[static TEXT_MAX / 3], const CallRecord *record)
{
        snprintf(text, TEXT_MAX / 3, "%s %s %s %lu %lu %u %s", record->session_id,
                 call_status_to_string(record->status), record->reason,
                 (unsigned long)record->answered_at, (unsigned long)record->ended_at,
                 record->duration_s, record->seen ? "seen" : "unseen");
}

static void judge_history(World *world, Handset *handset)
{
        const Shelf *hub = &world->hub.disk.history;
        char here[TEXT_MAX / 3], there[TEXT_MAX / 3];

        handset_write_history(handset);
        for (size_t i = 0; i < hub->n; i++) {
                const Filed *filed = &hub->filed[i];
                const Filed *own = shelf_find(&handset->history, "", filed->record.session_id);

                if (!str_eq(filed->uid, handset_uid(handset)))
                        continue;
                if (filed->forgotten ? !own : own && record_same(&own->record, &filed->record))
                        continue;
                print_record(there, &filed->record);
                if (own)
                        print_record(here, &own->record);
                law_broken(world, LAW_HISTORY_SAME, "%s has: %s; the hub: %s%s",
                           handset_name(handset), own ? here : "nothing", there,
                           filed->forgotten ? " (deleted)" : "");
        }
        for (size_t i = 0; i < handset->history.n; i++) {
                const CallRecord *record = &handset->history.filed[i].record;

                /* A ring that the hub lost before it was stored is known to whom it reached. */
                if (case_of(world, record->session_id)->known &&
                    !shelf_find(hub, handset_uid(handset), record->session_id))
                        law_broken(world, LAW_HISTORY_SAME, "%s has call %s, the hub has not",
                                   handset_name(handset), record->session_id);
        }
}

static void judge_case(World *world, const Case *the_case)
{
        if (the_case->known && !(the_case->is_logged[0] && the_case->is_logged[1]))
                law_broken(world, LAW_ALL_AGREE,
                           "call %u of %s was stored and has no record for %s", the_case->number,
                           handset_uid(the_case->caller),
                           the_case->is_logged[0] ? "who was called" : "the caller");
}

void laws_at_the_end(World *world)
{
        judge_rest(world);
        for (unsigned h = 0; h < world->n_handsets; h++)
                judge_history(world, &world->handsets[h]);
        for (unsigned i = 0; i < world->n_cases; i++)
                judge_case(world, &world->cases[i]);
}
