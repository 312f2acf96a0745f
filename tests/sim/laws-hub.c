/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"
#include "wire/stored.h"

/* The hub's actions, and the laws that they are held to. */

/* ---- what it does ---- */

static void part_see(Part *part, World *world, CallStatus status)
{
        if (status == CALL_STATUS_ONGOING && (!part->answered_at || part->over_at)) {
                part->answered_at = world->now;
                part->over_at = 0;
        } else if (call_status_is_terminal(status) && !part->over_at) {
                part->over_at = world->now;
        }
}

static const Handset *handset_of_device(const World *world, const char *device)
{
        for (unsigned h = 0; h < world->n_handsets; h++) {
                if (str_eq(handset_name(&world->handsets[h]), device))
                        return &world->handsets[h];
        }
        return NULL;
}

static void part_save(Part *part, World *world, const LiveMember *member)
{
        part->status = member->status;
        part->party = handset_of_device(world, member->party.device);
        part->in_media = !str_empty(member->media.participant);
        part->joins = member->media.joins;
        part->alerted |= member->alerted;
        part_see(part, world, member->status);
}

/* Restarts of the hub, and clocks that are set, change no deadline. */
static void see_ring_until(World *world, Case *the_case, usec_t date)
{
        the_case->ring_until =
                MIN_OF(date, DATE_BASE + world->now + RING_TIMEOUT_MAX_S * USEC_PER_SEC) -
                DATE_BASE;
}

static void see_answered(World *world, Case *the_case, const LiveCall *live)
{
        /* It may be the answer before a crash. */
        if (the_case->answered_at == live->record.answered_at)
                return;
        the_case->answered_at = live->record.answered_at;
        the_case->answered_on = world->now;
        the_case->answered_offset = world->hub.date_offset;
}

static void see_saved(World *world, Case *the_case, const LiveCall *live)
{
        unsigned caller = the_case->caller->user;
        bool was_answered = the_case->parts[caller].answered_at;

        if (!the_case->begun) {
                the_case->begun_at = world->now;
                laws_see_begun(world, the_case, live);
        }
        the_case->begun = true;
        if (live->record.status == CALL_STATUS_INITIATED)
                see_ring_until(world, the_case, live->ring_until);
        else if (!was_answered)
                see_answered(world, the_case, live);
        part_save(&the_case->parts[caller], world, &live->caller);
        for (size_t i = 0; i < live->n_members; i++) {
                Part *part = &the_case->parts[user_number(live->members[i].party.uid)];

                part->is_member = true;
                part->blocks = live->members[i].blocked;
                part->bars = live->members[i].barred;
                part_save(part, world, &live->members[i]);
        }
        laws_see_alone(world, the_case);
        laws_see_merged(world, the_case, live);
        if (!was_answered && the_case->parts[caller].answered_at)
                world_count(world, COUNT_ANSWERED);
        for (unsigned user = 0; user < world->weather.users; user++)
                laws_see_busy(world, user);
}

void laws_see_hub(World *world, const ExchangeAction *action)
{
        Case *the_case = case_of(world, action->session_id);

        if (action->type == EXCHANGE_SEND)
                laws_see_intruder(world, &action->message);
        if (action->type == EXCHANGE_SEND && action->message.type == MESSAGE_REPLY)
                laws_see_reply(world, &action->message);
        if (!the_case)
                return;
        if (action->type == EXCHANGE_LOG) {
                laws_see_record(world, the_case, action);
                part_see(&the_case->parts[user_number(action->uid)], world, action->record.status);
        } else if (action->type == EXCHANGE_SAVE) {
                see_saved(world, the_case, &action->live);
        } else if (action->type == EXCHANGE_DROP) {
                the_case->over = true;
        }
}

/* Actions that the hub has not stored do not count. */
void laws_see_undone(World *world, const ExchangeAction *action)
{
        Case *the_case = case_of(world, action->session_id);

        if (!the_case)
                return;
        the_case->begun = the_case->known;
        the_case->over = false;
        for (unsigned user = 0; user < world->weather.users; user++) {
                Part *part = &the_case->parts[user];

                part->answered_at = 0;
                part->over_at = part->is_logged ? world->now : 0;
        }
}

/* The calls that the hub has restored. */
void laws_see_hub_up(World *world)
{
        const DiskCall *call;

        DL_FOREACH (world->hub.disk.calls, call) {
                Case *the_case = case_of(world, call->session_id);
                LiveCall live;

                if (wire_decode_live(call->json, &live) < 0)
                        abort();
                the_case->alone_since = USEC_NEVER;
                if (the_case->answered_offset != world->hub.date_offset)
                        the_case->answered_on = 0;
                see_ring_until(world, the_case, live.ring_until); /* of a group's, if answered */
                for (unsigned user = 0; user < world->weather.users; user++)
                        the_case->parts[user].over_at = the_case->parts[user].alerted = 0;
                see_saved(world, the_case, &live);
                live_call_done(&live);
        }
}

static const CallStatus matching[][CALL_DIRECTION_COUNT] = {
        {CALL_STATUS_ENDED, CALL_STATUS_ENDED},      {CALL_STATUS_REJECTED, CALL_STATUS_REJECTED},
        {CALL_STATUS_BUSY, CALL_STATUS_BUSY},        {CALL_STATUS_BUSY, CALL_STATUS_MISSED},
        {CALL_STATUS_CANCELLED, CALL_STATUS_MISSED}, {CALL_STATUS_UNANSWERED, CALL_STATUS_MISSED},
};

static void judge_pair(World *world, const Case *the_case, unsigned member)
{
        CallStatus statuses[] = {the_case->parts[the_case->caller->user].logged,
                                 the_case->parts[member].logged};
        bool match = case_is_excused(world, the_case);

        for (size_t i = 0; i < ELEMENTSOF(matching); i++)
                match = match || memcmp(matching[i], statuses, sizeof(matching[i])) == 0;
        if (!match)
                law_broken(world, LAW_STATUSES_MATCH,
                           "call %u: %s for the caller, %s for who was "
                           "called",
                           the_case->number, call_status_to_string(statuses[0]),
                           call_status_to_string(statuses[1]));
        laws_see_records(world, the_case, member);
}

static void count_end(World *world, const CallRecord *record)
{
        static const Count of_status[CALL_STATUS_COUNT] = {
                [CALL_STATUS_ENDED] = COUNT_ENDED,
                [CALL_STATUS_REJECTED] = COUNT_REJECTED,
                [CALL_STATUS_BUSY] = COUNT_BUSY,
                [CALL_STATUS_CANCELLED] = COUNT_CANCELLED,
                [CALL_STATUS_UNANSWERED] = COUNT_UNANSWERED,
        };

        if (strncmp(record->reason, "filtered", strlen("filtered")) == 0)
                world_count(world, COUNT_FILTERED);
        if (record->direction == CALL_DIRECTION_INCOMING)
                return;
        world_count(world, COUNT_CALLS);
        if (record->receiver_type == RECEIVER_TYPE_GROUP)
                world_count(world, COUNT_TO_GROUPS);
        world_count(world, of_status[record->status]);
}

static void see_logged(World *world, Case *the_case, const ExchangeAction *action)
{
        const CallRecord *record = &action->record;
        unsigned user = user_number(action->uid);
        Part *part = &the_case->parts[user];
        const Part *caller = &the_case->parts[the_case->caller->user];

        /* A member who joined late, or again, still has one record (rule 11). */
        if (shelf_find(&world->hub.disk.history, action->uid, action->session_id) &&
            !(the_case->is_group && record->status == CALL_STATUS_ENDED))
                law_broken(world, LAW_HISTORY_ONCE, "a second record of call %s for %s",
                           action->session_id, action->uid);
        if (str_eq(record->reason, "timeout") && world->now < the_case->ring_until)
                law_broken(world, LAW_TIMEOUT_IS_THE_HUBS,
                           "call %s times out %lu ms before its deadline", action->session_id,
                           (unsigned long)((the_case->ring_until - world->now) / USEC_PER_MSEC));
        if (!part->is_logged)
                count_end(world, record);
        part->logged = record->status;
        part->logged_answered = record->answered_at;
        part->logged_ended = record->ended_at;
        part->is_logged = true;
        for (unsigned m = 0; m < world->weather.users && !the_case->is_group; m++) {
                if (the_case->parts[m].is_member && the_case->parts[m].is_logged &&
                    caller->is_logged)
                        judge_pair(world, the_case, m);
        }
}

void laws_see_commit(World *world, const ExchangeAction *action)
{
        Case *the_case = case_of(world, action->session_id);

        if (!the_case)
                return;
        the_case->known = true;
        if (action->type == EXCHANGE_LOG)
                see_logged(world, the_case, action);
}

/* ---- what arrives at a device ---- */

static void judge_stored(Handset *handset, const char *session_id, const char *what, bool answered)
{
        World *world = handset->world;
        const DiskCall *call = disk_call(&world->hub.disk, session_id);
        const Filed *filed = shelf_find(&world->hub.disk.history, handset_uid(handset), session_id);

        /* What was on its way to a user who is removed meanwhile: all that was stored is gone. */
        if (world->hub.disk.removed[handset->user])
                return;
        if (!filed && (!call || (answered && call->status == CALL_STATUS_INITIATED)))
                law_broken(world, LAW_STORED_BEFORE_CONFIRMED,
                           "%s hears of call %s that it is %s, and nothing is stored of that",
                           handset_name(handset), session_id, what);
}

static void judge_over(Handset *handset, const MessageOver *over)
{
        bool elsewhere = str_eq(over->reason, "answered-elsewhere");

        judge_stored(handset, over->session_id, "over", elsewhere);
        /* Logging out removes the ring from one device, and does nothing else. */
        if (!elsewhere && !str_eq(over->reason, "shutdown") &&
            !shelf_find(&handset->world->hub.disk.history, handset_uid(handset), over->session_id))
                law_broken(handset->world, LAW_STORED_BEFORE_CONFIRMED,
                           "%s hears that call %s is over, and there is no record of it",
                           handset_name(handset), over->session_id);
}

void laws_see_arrival(Handset *handset, const Message *message)
{
        World *world = handset->world;

        if (message->type == MESSAGE_REPLY) {
                const MessageReply *reply = &message->reply;

                if (reply->kind == REPLY_WELCOME) {
                        handset->welcomed_at = world->now;
                        if (!reply->welcome.resumed)
                                handset->seq = 0;
                } else if (reply->kind == REPLY_JOIN && !reply->error) {
                        laws_see_joined(world, reply->join.participant);
                } else if (reply->kind == REPLY_CALL) {
                        judge_stored(handset, reply->call.record.session_id, "confirmed",
                                     reply->call.record.status == CALL_STATUS_ONGOING);
                }
                return;
        }
        if (message->seq != handset->seq + 1)
                law_broken(world, LAW_SEQ_GROWS, "%s: event %lu comes after %lu",
                           handset_name(handset), (unsigned long)message->seq,
                           (unsigned long)handset->seq);
        handset->seq = message->seq;
        if (message->type == MESSAGE_OVER)
                judge_over(handset, &message->over);
        else if (message->type == MESSAGE_ACCEPTED)
                judge_stored(handset, message->call.record.session_id, "accepted", true);
        else if (message->type == MESSAGE_LOGGED)
                judge_stored(handset, message->logged.session_id, "logged", false);
}
