/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <utlist.h>

#include "sim.h"

/* How and when parts in a call end: rules 5, 9 and 11 to 14. */

/* ---- what there is to know ---- */

void laws_see_link(Handset *handset)
{
        const HubLink *link;

        DL_FOREACH (handset->world->hub.links, link) {
                if (link->handset == handset && link->connection)
                        return;
        }
        if (handset->away_since == USEC_NEVER)
                handset->away_since = handset->world->now;
}

void laws_see_alerted(Handset *handset, const char *session_id)
{
        Case *the_case = case_of(handset->world, session_id);
        Part *part = &the_case->parts[handset->user];

        if (part->is_member && part->status == CALL_STATUS_INITIATED && !part->over_at)
                part->alerted = true;
}

void laws_see_alone(World *world, Case *the_case)
{
        bool answered = false, rings = false;
        unsigned n = 0;

        for (unsigned user = 0; user < world->weather.users; user++) {
                const Part *part = &the_case->parts[user];

                if ((!part->party && !part->is_member) || world->hub.disk.removed[user])
                        continue;
                rings |= part->is_member && part->status == CALL_STATUS_INITIATED;
                answered |= part->status == CALL_STATUS_ONGOING;
                n += part->status == CALL_STATUS_ONGOING &&
                     (part->in_media || part->page_since || !part->joins);
        }
        if (n > 1 || rings || !answered)
                the_case->alone_since = USEC_NEVER;
        else if (the_case->alone_since == USEC_NEVER)
                the_case->alone_since = world->now;
}

bool case_is_excused(const World *world, const Case *the_case)
{
        const Disk *disk = &world->hub.disk;
        unsigned receiver = the_case->is_group ? USERS_MAX : user_number(the_case->receiver);
        bool excused = disk->removed[the_case->caller->user] ||
                       (receiver < USERS_MAX && disk->removed[receiver]);

        for (unsigned user = 0; user < world->weather.users; user++)
                excused |= disk->removed[user] && the_case->parts[user].is_member;
        return excused;
}

/* ---- when a record is made ---- */

static void judge_reject(World *world, const Part *part, const ExchangeAction *action)
{
        const CallRecord *record = &action->record;

        if (part->answered_at &&
            (record->status == CALL_STATUS_REJECTED || record->status == CALL_STATUS_BUSY))
                law_broken(world, LAW_REJECT, "%s has answered call %s, and it is %s", action->uid,
                           action->session_id, call_status_to_string(record->status));
}

static void judge_filter(World *world, const Case *the_case, const ExchangeAction *action)
{
        const CallRecord *record = &action->record;
        const Part *part = &the_case->parts[user_number(action->uid)];

        if ((part->blocks || part->bars) &&
            (record->status != CALL_STATUS_MISSED || !record->seen ||
             !str_eq(record->reason, part->blocks ? "filtered-blocked" : "filtered-barred")))
                law_broken(world, LAW_FILTER, "%s blocks or bars the caller of %s, and has: %s, %s",
                           action->uid, action->session_id, call_status_to_string(record->status),
                           record->reason);
        if (str_eq(record->reason, "filtered-dnd") && part->alerted)
                law_broken(world, LAW_FILTER, "%s was alerted of call %s, and not disturbed",
                           action->uid, action->session_id);
        for (unsigned m = 0; m < world->weather.users && !the_case->is_group; m++) {
                if ((the_case->parts[m].blocks || the_case->parts[m].bars) &&
                    record->direction == CALL_DIRECTION_OUTGOING &&
                    record->status != CALL_STATUS_UNANSWERED &&
                    record->status != CALL_STATUS_CANCELLED)
                        law_broken(world, LAW_FILTER,
                                   "%s is blocked or barred, and hears that call %s is %s",
                                   action->uid, action->session_id,
                                   call_status_to_string(record->status));
        }
}

static void judge_duration(World *world, const Case *the_case, const ExchangeAction *action)
{
        const CallRecord *record = &action->record;
        usec_t now = hub_date(world);
        usec_t talked = world->now - the_case->answered_on;

        if (record->status != CALL_STATUS_ENDED)
                return;
        if (record->answered_at != the_case->answered_at || record->ended_at != now ||
            (the_case->answered_on && record->duration_s != talked / USEC_PER_SEC))
                law_broken(world, LAW_DURATION,
                           "call %s of %s took %u s, from %lu to %lu; it was answered at %lu, and "
                           "it is %lu",
                           action->session_id, action->uid, record->duration_s,
                           (unsigned long)record->answered_at, (unsigned long)record->ended_at,
                           (unsigned long)the_case->answered_at, (unsigned long)now);
}

/* `slack`: how much longer than the grace. */
static bool party_is_away(const World *world, const Part *part, usec_t grace, usec_t slack)
{
        const Handset *party = part->party;

        return party && party->away_since != USEC_NEVER &&
               world->now >= party->away_since + (party->going ? GRACE_GOING_US : grace) + slack;
}

static void judge_grace(World *world, const Case *the_case, const ExchangeAction *action)
{
        const char *reason = action->record.reason;
        bool any = false;

        if (str_eq(reason, "caller-lost"))
                any = party_is_away(world, &the_case->parts[the_case->caller->user],
                                    GRACE_CALLER_LOST_US, 0);
        else if (str_eq(reason, "connection-lost"))
                for (unsigned user = 0; user < world->weather.users; user++)
                        any |= party_is_away(world, &the_case->parts[user], GRACE_IN_CALL_US, 0);
        else
                return;
        if (!any && !case_is_excused(world, the_case))
                law_broken(world, LAW_GRACE, "call %s of %s is over, %s, before the grace is",
                           action->session_id, action->uid, reason);
}

void laws_see_record(World *world, Case *the_case, const ExchangeAction *action)
{
        Part *part = &the_case->parts[user_number(action->uid)];

        judge_reject(world, part, action);
        judge_filter(world, the_case, action);
        judge_duration(world, the_case, action);
        judge_grace(world, the_case, action);
        if (the_case->is_group && action->record.status == CALL_STATUS_ENDED &&
            str_eq(action->record.reason, "remote-hangup"))
                law_broken(world, LAW_GROUP, "%s was in call %s of a group, which another ended",
                           action->uid, action->session_id);
        if (str_eq(action->record.reason, "idle") &&
            (the_case->alone_since == USEC_NEVER ||
             world->now < the_case->alone_since + ALONE_DEADLINE_US))
                law_broken(world, LAW_ALONE, "call %s is over, idle, before 60 s alone",
                           action->session_id);
        part->status = action->record.status;
}

void laws_see_records(World *world, const Case *the_case, unsigned member)
{
        const Part *a = &the_case->parts[the_case->caller->user], *b = &the_case->parts[member];

        if (a->logged == CALL_STATUS_ENDED &&
            (a->logged_answered != b->logged_answered || a->logged_ended != b->logged_ended))
                law_broken(world, LAW_DURATION, "call %u has two durations", the_case->number);
}

/* ---- when none is ---- */

static void judge_deadlines(World *world, const Case *the_case)
{
        const Part *caller = &the_case->parts[the_case->caller->user];

        if (the_case->alone_since != USEC_NEVER &&
            world->now > the_case->alone_since + ALONE_DEADLINE_US + SLACK_US)
                law_broken(world, LAW_ALONE, "call %u goes on after 60 s with one in it",
                           the_case->number);
        if (caller->status == CALL_STATUS_INITIATED &&
            party_is_away(world, caller, GRACE_CALLER_LOST_US, SLACK_US))
                law_broken(world, LAW_GRACE, "call %u rings on, and its caller is gone",
                           the_case->number);
        for (unsigned user = 0; user < world->weather.users; user++) {
                const Part *part = &the_case->parts[user];

                if (part->status == CALL_STATUS_ONGOING && !world->hub.disk.removed[user] &&
                    party_is_away(world, part, GRACE_MEDIA_FLOWS_US, SLACK_US))
                        law_broken(world, LAW_GRACE, "user-%u is in call %u, and has gone", user,
                                   the_case->number);
        }
}

void laws_of_deadlines(World *world)
{
        if (!world->hub.up)
                return;
        for (unsigned i = 0; i < world->n_cases; i++) {
                if (world->cases[i].begun && !world->cases[i].over)
                        judge_deadlines(world, &world->cases[i]);
        }
}
