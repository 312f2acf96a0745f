/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"

/* How a call begins: rules 1, 3, 10, 11 and 19. */

/* ---- rule 1 ---- */

static unsigned group_number(const Case *the_case)
{
        return (unsigned)atoi(the_case->receiver + strlen("group-"));
}

static CallError group_refused(const World *world, const Case *the_case)
{
        unsigned group = group_number(the_case), n = 0;

        for (unsigned user = 0; user < world->weather.users; user++)
                n += hub_has_member(world, group, user);
        if (!hub_has_member(world, group, the_case->caller->user))
                return CALL_ERROR_NOT_A_MEMBER;
        return n == 1 ? CALL_ERROR_INVALID_ARGUMENT : CALL_ERROR_NONE;
}

static CallError user_refused(const World *world, const Case *the_case)
{
        unsigned receiver = user_number(the_case->receiver);

        if (receiver == the_case->caller->user)
                return CALL_ERROR_CALLING_SELF;
        return receiver < world->weather.users && !world->hub.disk.removed[receiver]
                       ? CALL_ERROR_NONE
                       : CALL_ERROR_USER_NOT_FOUND;
}

/* Why the caller cannot call this receiver, or CALL_ERROR_NONE. */
static CallError case_refused(const World *world, const Case *the_case)
{
        return the_case->is_group ? group_refused(world, the_case) : user_refused(world, the_case);
}

/* Members may have changed while the request was on its way. */
static bool case_is_moot(const World *world, const Case *the_case, usec_t asked_at)
{
        if (the_case->is_group)
                return world->hub.disk.member_changed_at[group_number(the_case)] >= asked_at;
        return case_is_excused(world, the_case);
}

static bool error_is_of_receiver(CallError error)
{
        return error == CALL_ERROR_CALLING_SELF || error == CALL_ERROR_USER_NOT_FOUND ||
               error == CALL_ERROR_GROUP_NOT_FOUND || error == CALL_ERROR_NOT_A_MEMBER;
}

void laws_see_intruder(World *world, const Message *reply)
{
        if (reply->type == MESSAGE_REPLY && reply->id == INTRUDER_ID && !reply->reply.error)
                law_broken(world, LAW_INITIATE, "a call is taken for another's");
}

void laws_see_initiated(Handset *handset, const Ticket *ticket, const PhoneAction *action)
{
        World *world = handset->world;
        const Case *asked = case_of(world, ticket->session_id);
        const Disk *disk = &world->hub.disk;
        CallError refused = case_refused(world, asked);

        bool right = error_is_of_receiver(action->error) ? action->error == refused
                                                         : action->error || !refused;
        if (!right && !case_is_moot(world, asked, ticket->asked_at))
                law_broken(world, LAW_INITIATE, "%s calls %s: %s in place of %s",
                           handset_name(handset), asked->receiver,
                           call_error_to_string(action->error), call_error_to_string(refused));
        if (!action->error && !disk_call(disk, action->session_id) &&
            !shelf_find(&disk->history, handset_uid(handset), action->session_id))
                law_broken(world, LAW_INITIATE, "%s has begun call %s, and nothing is stored of it",
                           handset_name(handset), action->session_id);
}

/* ---- rule 3 ---- */

void laws_see_alerting(World *world, const char *session_id)
{
        case_of(world, session_id)->alerted = true;
}

void laws_see_changed(Handset *handset, Sight *sight, const PhoneAction *action)
{
        World *world = handset->world;
        const PhoneCallInfo *call = phone_call_find(handset->phone, action->session_id);
        bool heard = handset->tone == PHONE_TONE_RING && handset->heard;

        if (!call)
                return;
        if ((action->properties & PHONE_PROPERTY_ALERTING) && call->alerting && !heard &&
            !sight->presented)
                law_broken(world, LAW_RINGING, "%s: call %s alerts, and nobody hears or sees it",
                           handset_name(handset), action->session_id);
        if (!(action->properties & PHONE_PROPERTY_RINGING_SINCE) ||
            call->stored.record.direction == CALL_DIRECTION_INCOMING)
                return;
        if (++sight->ringing_events > 1 || !case_of(world, action->session_id)->alerted)
                law_broken(world, LAW_RINGING,
                           "%s: call %s is said to ring, number %u, and somebody %s alerted",
                           handset_name(handset), action->session_id, sight->ringing_events,
                           case_of(world, action->session_id)->alerted ? "was" : "was not");
}

/* ---- rules 10 and 11 ---- */

static bool case_rings_one(const Case *the_case, unsigned user)
{
        const Part *part = &the_case->parts[user];

        return the_case->begun && !the_case->over && !the_case->is_group && part->is_member &&
               part->status == CALL_STATUS_INITIATED && !part->over_at && !part->blocks;
}

/* A user who has blocked the caller of a live group call begins another one. */
static void judge_group_begun(World *world, const Case *the_case)
{
        for (unsigned i = 0; i < world->n_cases; i++) {
                const Case *other = &world->cases[i];

                if (other != the_case && other->is_group && other->begun && !other->over &&
                    str_eq(other->receiver, the_case->receiver) &&
                    !other->parts[the_case->caller->user].blocks)
                        law_broken(world, LAW_GROUP, "calls %u and %u of %s live at one time",
                                   other->number, the_case->number, the_case->receiver);
        }
}

/*
 * Has the user called that one? `surely`: the hub has begun that call. Any other may have become
 * a part in another one (rule 10).
 */
static bool user_has_called(const World *world, unsigned user, const char *uid, bool surely)
{
        for (unsigned i = 0; i < world->n_cases; i++) {
                const Case *other = &world->cases[i];

                if (other->caller->user == user && str_eq(other->receiver, uid) &&
                    (other->begun || !surely))
                        return true;
        }
        return false;
}

static bool user_lets_ring(const World *world, const char *uid, const char *caller, bool surely)
{
        WhoMayRing who = exchange_user_who_may_ring(world->hub.exchange, uid);

        return who == WHO_MAY_RING_EVERYBODY ||
               (who == WHO_MAY_RING_CALLED &&
                user_has_called(world, user_number(uid), caller, surely));
}

static void judge_barred(World *world, const Case *the_case, const LiveCall *live)
{
        const char *caller = handset_uid(the_case->caller);

        for (size_t i = 0; i < live->n_members; i++) {
                const LiveMember *member = &live->members[i];
                const char *uid = member->party.uid;

                if (member->blocked || live->record.status != CALL_STATUS_INITIATED)
                        continue;
                if (user_lets_ring(world, uid, caller, member->barred) == member->barred)
                        law_broken(world, LAW_FILTER, "%s lets %s ring, and call %u of %s %s", uid,
                                   who_may_ring_to_string(
                                           exchange_user_who_may_ring(world->hub.exchange, uid)),
                                   the_case->number, caller, member->barred ? "does not" : "does");
        }
}

void laws_see_begun(World *world, const Case *the_case, const LiveCall *live)
{
        unsigned caller = the_case->caller->user;

        judge_barred(world, the_case, live);
        if (the_case->is_group)
                judge_group_begun(world, the_case);
        if (the_case->is_group || live->record.status != CALL_STATUS_INITIATED)
                return;
        laws_see_redial(world, the_case);
        if (live->members[0].blocked)
                return;
        for (unsigned i = 0; i < world->n_cases; i++) {
                const Case *other = &world->cases[i];

                if (other != the_case && str_eq(handset_uid(other->caller), the_case->receiver) &&
                    case_rings_one(other, caller))
                        law_broken(world, LAW_GLARE, "calls %u and %u ring against each other",
                                   other->number, the_case->number);
        }
}

void laws_see_merged(World *world, const Case *the_case, const LiveCall *live)
{
        if (the_case->is_group || live->n_members == 0 || str_empty(live->members[0].merged_id) ||
            live->record.status != CALL_STATUS_ONGOING)
                return;

        const Case *merged = case_of(world, live->members[0].merged_id);
        CallType type = MIN_OF(the_case->type, merged->type);

        if (live->record.type != type)
                law_broken(world, LAW_GLARE, "calls %u and %u have become one, and it is %s",
                           the_case->number, merged->number,
                           call_type_to_string(live->record.type));
}

/* ---- rule 19 ---- */

void laws_see_rung(Handset *handset, const CallSnapshot *call)
{
        const char *session_id = call->record.session_id;
        const Sight *sight = &case_of(handset->world, session_id)->sights[handset->index];

        if (!handset->logged_in || call->remaining_ms < LATE_RING_MIN_US / USEC_PER_MSEC ||
            sight->ever_over)
                return;
        if (!sight->there || !sight->announced)
                law_broken(handset->world, LAW_PUBLISHED, "%s is rung by call %s, and says nothing",
                           handset_name(handset), session_id);
}
