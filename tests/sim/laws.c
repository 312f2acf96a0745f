/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"

/* Observations of the world, and the laws that are checked on an observation. */

static const char *const laws[LAW_COUNT] = {
        [LAW_NONE] = "",
        [LAW_INITIATE] =
                "rule 1: an initiated call is stored when its caller hears of it, a session "
                "id is one party's, and who cannot be called is refused by name",
        [LAW_RINGING] = "rule 3: alerting is said when someone is really alerted, and the caller "
                        "sees one change to ringing",
        [LAW_ONE_WINNER] = "rule 4: the first accept wins: no two devices answer one call",
        [LAW_REJECT] =
                "rule 5: a reject speaks for all of the user's devices, and never ends a call "
                "that was answered",
        [LAW_STATUSES_MATCH] = "statuses: what caller and receiver end with belongs together",
        [LAW_RING_ENDS] = "rules 2, 15: nothing rings past its deadline and the grace",
        [LAW_TIMEOUT_IS_THE_HUBS] = "rule 2: the deadline of a ring is the hub's: nobody else "
                                    "ends a call by it, and not before",
        [LAW_LATE] = "rule 16: nothing begins to ring with less than 3 s left",
        [LAW_HISTORY_ONCE] = "statuses: history has exactly one record for each call and user",
        [LAW_HISTORY_SAME] = "rule 16: once in sync, history is the same on all devices",
        [LAW_KNOWN] = "rule 16: what is marked as seen, or deleted, was known where that was asked",
        [LAW_RETENTION] = "rule 16: no record is deleted before its time, whatever the clocks say, "
                          "and while they are right none stays for longer",
        [LAW_SETTINGS_SAME] =
                "settings: groups, the block list, who may ring and what to do when busy are the "
                "user's, on all devices",
        [LAW_ONE_TERMINAL_EVENT] = "statuses, rule 17: each call gives each device on which it "
                                   "appears exactly one terminal event",
        [LAW_STOPS_ELSEWHERE] = "rules 4, 5: what is answered or over stops ringing everywhere "
                                "within the delay of the network",
        [LAW_ONE_MICROPHONE] = "rule 8: no two open microphones on a device",
        [LAW_ANSWERED_ONCE] = "commands: every command is answered exactly once, within 10 s",
        [LAW_CANCELLED_IS_NOT_HEARD] = "rule 6: a caller who pressed cancel is never heard",
        [LAW_NOTHING_GOES_BACK] = "statuses: a terminal status absorbs what comes later, nothing "
                                  "goes back, initiated never becomes ended, ongoing only ended",
        [LAW_SILENCE] = "rules 7, 9: what was silenced, or is not to disturb, makes no sound",
        [LAW_BUSY] = "rule 8: without parallel a user is in one call at a time",
        [LAW_FILTER] =
                "rule 9: a blocked or barred caller cannot tell, and raises history only; who was "
                "alerted was disturbed",
        [LAW_GLARE] = "rule 10: of two who ring each other one call comes, audio if either is",
        [LAW_GROUP] = "rule 11: in a group ending is leaving, and a user who calls a group whose "
                      "call lives joins it",
        [LAW_DURATION] = "rule 12: the end is the same for both, and the call as long as from the "
                         "first accept to the end by the hub's clock; End is idempotent",
        [LAW_ALONE] = "rule 13: who is alone in a call has 60 s, and no more",
        [LAW_GRACE] = "rule 14: who is away has the grace to come back, and no more",
        [LAW_MEDIA] =
                "rule 18: each join is a new participant, who hears nothing that was meant for "
                "an old one; a worker's failure ends no call, the end of a call its media",
        [LAW_SENDER_PAYS] =
                "hub: what a user has sent to a device, and it has not taken, is bounded "
                "there",
        [LAW_NO_HOSTAGE] = "rule 18: nobody's join, state or leave is refused because of another's "
                           "device",
        [LAW_MUTED] = "rule 18: who is said to be muted is not heard",
        [LAW_PUBLISHED] = "rule 19: a ring that reaches a device is published there, even if sound "
                          "or programs fail",
        [LAW_STORED_BEFORE_CONFIRMED] = "hub: what is confirmed has been committed before",
        [LAW_SEQ_GROWS] = "rule 17: events come in order, none is lost, none doubled",
        [LAW_NOTHING_LIVES_ON] = "rules 13, 14: when all is calm no call lives on anywhere",
        [LAW_ALL_AGREE] = "rule 16: no call is lost: who was called has a record of it",
        [LAW_REFUSED] = "rule 20: a device that a hub refuses for a while tries again slowly until "
                        "it is online, and never with a revoked token",
        [LAW_REDIAL] = "rule 21: one ring of a pair at a time, and pauses after three unanswered",
        [LAW_RESTORED] = "rule 17: a daemon that starts again has its calls again",
        [LAW_CONSENT] = "rule 22: no device joins media or opens a microphone or a camera that its "
                        "user did not ask for, whatever the hub says",
        [LAW_WELL_FORMED] = "wire: what one side says the other side can read",
        [LAW_CRASH] = "the simulator, or what it runs, crashed",
};

const char *law_text(Law law)
{
        return laws[law];
}

void law_broken(World *world, Law law, const char *format, ...)
{
        Outcome *outcome = world->outcome;
        va_list arguments;

        if (outcome->law != LAW_NONE ||
            (world->weather.hub_lies && law != LAW_CONSENT && law != LAW_CRASH))
                return;
        outcome->law = law;
        va_start(arguments, format);
        vsnprintf(outcome->text, sizeof(outcome->text), format, arguments);
        va_end(arguments);
        trace(world, "BROKEN: %s: %s", law_text(law), outcome->text);
}

/* ---- calls ---- */

Case *case_new(World *world, Handset *caller, char session_id[static UUID_LENGTH + 1])
{
        Case *the_case = &world->cases[world->n_cases];

        if (world->n_cases == CASES_MAX)
                abort();
        *the_case = (Case){.number = world->n_cases++, .caller = caller, .alone_since = USEC_NEVER};
        for (unsigned u = 0; u < USERS_MAX; u++)
                the_case->parts[u].winner = -1;
        snprintf(session_id, UUID_LENGTH + 1, "00000000-0000-4000-8000-%012u", the_case->number);
        return the_case;
}

unsigned case_number(const char *session_id)
{
        return (unsigned)atoi(session_id + 24);
}

Case *case_of(World *world, const char *session_id)
{
        unsigned number = str_empty(session_id) ? CASES_MAX : case_number(session_id);

        return number < world->n_cases ? &world->cases[number] : NULL;
}

static Sight *sight_of(Handset *handset, const char *session_id)
{
        Case *the_case = case_of(handset->world, session_id);

        return the_case ? &the_case->sights[handset->index] : NULL;
}

/* ---- what a phone does ---- */

static void see_added(Handset *handset, Sight *sight, const char *session_id)
{
        const Case *the_case = case_of(handset->world, session_id);

        if (the_case->parts[handset->user].blocks || the_case->parts[handset->user].bars)
                law_broken(handset->world, LAW_FILTER, "%s: call %s is of a blocked or barred user",
                           handset_name(handset), session_id);
        /* A group call may be joined late; then it appears again (rule 11). */
        if (sight->there || (sight->ever_over && !the_case->is_group))
                law_broken(handset->world, LAW_ONE_TERMINAL_EVENT,
                           "%s: call %s appears again after it %s", handset_name(handset),
                           session_id, sight->there ? "was there" : "was over");
        const PhoneCallInfo *call = phone_call_find(handset->phone, session_id);
        bool rings = call && call->stored.record.direction == CALL_DIRECTION_INCOMING &&
                     call->stored.record.status == CALL_STATUS_INITIATED;
        if (rings && !sight->was_there && call->ring_until < handset->world->now + LATE_RING_MIN_US)
                law_broken(
                        handset->world, LAW_LATE, "%s: call %s begins to ring for %lu ms",
                        handset_name(handset), session_id,
                        (unsigned long)((call->ring_until - handset->world->now) / USEC_PER_MSEC));
        bool again = sight->ever_over; /* a user who joins late has changed their mind */
        *sight = (Sight){.there = true,
                         .fresh = true,
                         .never_heard = sight->never_heard && !again,
                         .silenced = sight->silenced && !again,
                         .cancelled_by = again ? 0 : sight->cancelled_by};
}

static void see_removed(Handset *handset, Sight *sight, const char *session_id)
{
        if (!sight->there || sight->terminal != 1)
                law_broken(handset->world, LAW_ONE_TERMINAL_EVENT,
                           "%s: the object of call %s goes after %u terminal events",
                           handset_name(handset), session_id, sight->terminal);
        sight->there = false;
}

static bool status_may_become(CallStatus from, CallStatus to)
{
        if (from == CALL_STATUS_ONGOING)
                return to == CALL_STATUS_ENDED;
        return from == CALL_STATUS_INITIATED && to != CALL_STATUS_INITIATED &&
               to != CALL_STATUS_ENDED;
}

static void see_declined(Handset *handset, const Sight *sight, const PhoneAction *action)
{
        World *world = handset->world;
        const PhoneCallInfo *call = phone_call_find(handset->phone, action->session_id);
        const Part *part = &case_of(world, action->session_id)->parts[handset->user];
        bool incoming = call && call->stored.record.direction == CALL_DIRECTION_INCOMING;

        if (incoming && str_eq(action->reason, "declined") && !sight->rejected)
                law_broken(world, LAW_REJECT, "%s: call %s was declined, and not here",
                           handset_name(handset), action->session_id);
        /* A group member who declined may have joined since. */
        if (str_eq(action->reason, "declined-elsewhere") &&
            !case_of(world, action->session_id)->is_group &&
            !(part->is_logged &&
              (part->logged == CALL_STATUS_REJECTED || part->logged == CALL_STATUS_BUSY)))
                law_broken(world, LAW_REJECT, "%s: call %s was declined elsewhere, and by nobody",
                           handset_name(handset), action->session_id);
}

static void see_status(Handset *handset, Sight *sight, const PhoneAction *action)
{
        World *world = handset->world;
        const Case *the_case = case_of(world, action->session_id);

        trace(world, "%s: call %s is %s, %s", handset_name(handset), action->session_id + 24,
              call_status_to_string(action->new_status), action->reason);
        if (!status_may_become(action->old_status, action->new_status) ||
            (!sight->fresh && sight->status != action->old_status) || !sight->there)
                law_broken(world, LAW_NOTHING_GOES_BACK, "%s: call %s goes from %s (%s) to %s",
                           handset_name(handset), action->session_id,
                           call_status_to_string(sight->status),
                           call_status_to_string(action->old_status),
                           call_status_to_string(action->new_status));
        sight->fresh = false;
        sight->status = action->new_status;
        if (str_eq(action->reason, "replaced"))
                laws_see_replaced(handset, action->session_id);
        if (str_eq(action->reason, "answered-elsewhere"))
                world_count(world, COUNT_ELSEWHERE);
        see_declined(handset, sight, action);
        /* Offline, or long after, a phone decides by itself: rule 15. */
        if (str_eq(action->reason, "timeout") && !the_case->is_group &&
            !the_case->parts[handset->user].over_at &&
            phone_connection(handset->phone, NULL) == PHONE_ONLINE && handset->connection &&
            !handset->connection->dead &&
            world->now < the_case->ring_until + RING_WITHOUT_HUB_GRACE_US)
                law_broken(world, LAW_TIMEOUT_IS_THE_HUBS,
                           "%s ends call %s by timeout, online and before the hub",
                           handset_name(handset), action->session_id);
}

static void see_event(Handset *handset, Sight *sight, const PhoneAction *action)
{
        if (action->event == PHONE_EVENT_INCOMING_CALL_RECEIVED)
                world_count(handset->world, COUNT_RINGS);
        sight->announced |= action->event == PHONE_EVENT_INCOMING_CALL_RECEIVED;
        if (action->event == PHONE_EVENT_INCOMING_CALL_RECEIVED ||
            action->event == PHONE_EVENT_OUTGOING_CALL_ACCEPTED)
                return;
        /* A ring that the hub lost before storing it may come once more. */
        sight->ever_over |= case_of(handset->world, action->session_id)->known;
        if (++sight->terminal > 1 || !call_status_is_terminal(sight->status))
                law_broken(handset->world, LAW_ONE_TERMINAL_EVENT,
                           "%s: call %s: %s is its terminal event number %u, status %s",
                           handset_name(handset), action->session_id,
                           phone_event_to_string(action->event), sight->terminal,
                           call_status_to_string(sight->status));
}

static void see_join(Handset *handset, Sight *sight, const char *session_id)
{
        const Worker *worker;

        DL_FOREACH (handset->workers, worker) {
                if (worker->open && !str_eq(worker->session_id, session_id) &&
                    !handset->world->weather.parallel_media)
                        law_broken(handset->world, LAW_ONE_MICROPHONE,
                                   "%s joins %s while it is in %s", handset_name(handset),
                                   session_id, worker->session_id);
        }
        if (sight->never_heard || sight->cancelled_by)
                law_broken(handset->world, LAW_CANCELLED_IS_NOT_HEARD,
                           "%s opens the microphone for %s, which was cancelled here",
                           handset_name(handset), session_id);
}

static void see_done(Handset *handset, const PhoneAction *action)
{
        const Ticket *ticket;

        DL_SEARCH_SCALAR(handset->tickets, ticket, number, action->ticket);
        if (!ticket) {
                law_broken(handset->world, LAW_ANSWERED_ONCE,
                           "%s answers command %lu, which does not wait for it",
                           handset_name(handset), (unsigned long)action->ticket);
                return;
        }
        trace(handset->world, "%s: command %d of call %s: %s", handset_name(handset),
              (int)ticket->type, ticket->session_id,
              action->error ? call_error_to_string(action->error) : "done");
        if (ticket->type == PHONE_COMMAND_INITIATE && !action->error)
                laws_see_merged_here(handset, ticket->session_id, action->session_id);
        if (ticket->type == PHONE_COMMAND_INITIATE)
                laws_see_initiated(handset, ticket, action);
        if (ticket->type == PHONE_COMMAND_END && action->error == CALL_ERROR_CALL_TERMINATED)
                law_broken(handset->world, LAW_DURATION, "%s: call %s is over, and cannot be ended",
                           handset_name(handset), ticket->session_id);
        Sight *sight = sight_of(handset, ticket->session_id);
        if (!sight || sight->cancelled_by != ticket->number)
                return;
        sight->cancelled_by = 0;
        sight->never_heard = !action->error || action->error == CALL_ERROR_TIMEOUT;
}

void laws_see_refused(Handset *handset)
{
        bool is_final = phone_refusal_is_final(handset->phone);

        if (is_final != (handset->refusal == HUB_REFUSAL_REVOKED))
                law_broken(handset->world, LAW_REFUSED, "%s takes its refusal for %s",
                           handset_name(handset), is_final ? "final" : "passing");
}

static void see_connect(const Handset *handset)
{
        if (handset->refused_at == USEC_NEVER || handset->refusal == HUB_REFUSAL_REVOKED ||
            handset->world->now - handset->refused_at < REFUSED_WAIT_FIRST_US)
                law_broken(handset->world, LAW_REFUSED, "%s tries again, or too soon",
                           handset_name(handset));
}

void laws_see_phone(Handset *handset, const PhoneAction *action)
{
        Sight *sight = sight_of(handset, action->session_id);

        if (action->type == PHONE_DONE) {
                see_done(handset, action);
                return;
        }
        if (action->type == PHONE_CONNECT)
                see_connect(handset);
        laws_see_opened(handset, action);
        if (action->type == PHONE_TONE) {
                handset->tone = action->tone;
                handset->heard = false;
        }
        if (!sight)
                return;
        switch (action->type) {
        case PHONE_CALL_ADDED:
                see_added(handset, sight, action->session_id);
                break;
        case PHONE_CALL_REMOVED:
                see_removed(handset, sight, action->session_id);
                break;
        case PHONE_STATUS_CHANGED:
                see_status(handset, sight, action);
                break;
        case PHONE_BROADCAST:
                see_event(handset, sight, action);
                break;
        case PHONE_CALL_CHANGED:
                laws_see_changed(handset, sight, action);
                break;
        case PHONE_SEND:
                if (action->message.type == MESSAGE_ALERTING)
                        laws_see_alerting(handset->world, action->session_id);
                break;
        case PHONE_WORKER_SIGNAL:
                laws_see_signal(handset, action);
                break;
        case PHONE_WORKER_JOIN:
                see_join(handset, sight, action->session_id);
                break;
        default:
                break;
        }
}

void laws_see_ticket(Handset *handset, const Ticket *ticket, const PhoneCommand *command)
{
        const PhoneCallInfo *call = phone_call_find(handset->phone, ticket->session_id);
        Sight *sight = sight_of(handset, ticket->session_id);

        if (!sight || !call)
                return;
        if (command->type == PHONE_COMMAND_REJECT && command->status == CALL_STATUS_CANCELLED &&
            call->stored.record.direction == CALL_DIRECTION_OUTGOING &&
            call->stored.record.status == CALL_STATUS_INITIATED && !sight->cancelled_by)
                sight->cancelled_by = ticket->number;
        if (command->type == PHONE_COMMAND_REJECT && command->status == CALL_STATUS_REJECTED)
                sight->rejected = true;
        if (command->type == PHONE_COMMAND_SILENCE &&
            call->stored.record.status == CALL_STATUS_INITIATED)
                sight->silenced = true;
}

/* Programs have seen the bus name go, and all objects with it. */
void laws_see_phone_gone(Handset *handset)
{
        World *world = handset->world;

        handset->tone = PHONE_TONE_NONE;
        for (unsigned i = 0; i < world->n_cases; i++) {
                Sight *sight = &world->cases[i].sights[handset->index];

                sight->was_there = sight->there && sight->terminal == 0;
                /* The reply to a cancel may be missing, but the caller is not heard. */
                sight->never_heard = sight->never_heard || sight->cancelled_by;
                sight->cancelled_by = 0;
                sight->there = false;
        }
}

/* A login starts from nothing: without a connection the hub does not know of the end. */
void laws_see_logout(Handset *handset)
{
        World *world = handset->world;

        for (unsigned i = 0; i < world->n_cases; i++) {
                Sight *sight = &world->cases[i].sights[handset->index];

                sight->ever_over = sight->silenced = sight->never_heard = false;
        }
}

void laws_see_phone_back(Handset *handset)
{
        World *world = handset->world;

        for (unsigned i = 0; i < world->n_cases; i++) {
                const Sight *sight = &world->cases[i].sights[handset->index];

                if (sight->was_there && !sight->there)
                        law_broken(world, LAW_RESTORED, "%s has lost call %u",
                                   handset_name(handset), i);
        }
}
