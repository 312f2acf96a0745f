/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"

/* Media: rule 18. */

void laws_see_joined(World *world, const char *participant)
{
        for (unsigned i = 0; i < world->n_participants; i++) {
                if (str_eq(world->participants[i], participant))
                        law_broken(world, LAW_MEDIA, "two joins have made the participant %s",
                                   participant);
        }
        if (world->n_participants == JOINS_MAX)
                abort();
        STR_SET(world->participants[world->n_participants++], participant);
}

/* The data of a signal names its addressee. */
void laws_see_signal(Handset *handset, const PhoneAction *action)
{
        const PhoneCallInfo *call = phone_call_find(handset->phone, action->session_id);
        const MessageSignal *signal = &action->message.signal;

        if (call && !str_eq(call->stored.session.own_id, signal->data))
                law_broken(handset->world, LAW_MEDIA,
                           "%s is %s in call %s, and hears what %s said to %s",
                           handset_name(handset), call->stored.session.own_id, action->session_id,
                           signal->peer, signal->data);
}

void laws_see_page(const Page *page, bool joined)
{
        World *world = page->handset->world;
        Case *the_case = case_of(world, page->session_id);

        the_case->parts[page->handset->user].page_since = joined ? world->now : 0;
        laws_see_alone(world, the_case);
}

void laws_see_page_signal(World *world, const Page *page, const MessageSignal *signal)
{
        if (!str_eq(page->participant, signal->data))
                law_broken(world, LAW_MEDIA,
                           "a page is %s in call %s, and hears what %s said to %s",
                           page->participant, page->session_id, signal->peer, signal->data);
}

void laws_see_request(World *world, const Message *request)
{
        world->hub.asked = request->type;
}

/* A call of the simulation has fewer users than its media have room for. */
void laws_see_reply(World *world, const Message *reply)
{
        MessageType asked = world->hub.asked;

        static_assert(USERS_MAX <= MESH_PARTICIPANTS_MAX);
        if (reply->reply.error == CALL_ERROR_TOO_MANY &&
            (asked == MESSAGE_JOIN || asked == MESSAGE_LEAVE || asked == MESSAGE_STATE))
                law_broken(world, LAW_NO_HOSTAGE, "\"%s\" is refused: %s",
                           message_type_to_string(asked), reply->reply.text);
}

/*
 * Signals, and the news that has room behind them, of which the last may be two messages: one
 * participant has left, another has joined. The reply to a join is one more.
 */
#define PAID_MAX (SENDER_MESSAGES_MAX + SENDER_NEWS_MAX + 2)

static size_t count_paid(const Frame *frames, const char *from)
{
        const Frame *frame;
        size_t n = 0;

        DL_FOREACH (frames, frame)
                n += str_eq(frame->from, from);
        return n;
}

void laws_see_paid(World *world, const Handset *to, const Outbox *outbox, const char *from)
{
        size_t n = count_paid(outbox->frames, from) + count_paid(outbox->sent, from);

        if (n > PAID_MAX)
                law_broken(world, LAW_SENDER_PAYS, "%zu messages of %s wait for %s", n, from,
                           handset_name(to));
        if (n >= SENDER_MESSAGES_MAX)
                world_count(world, COUNT_FULL_LINES);
}

/* Rule 18: joining again as the same party replaces the first participant. */
static void judge_replaced(Handset *handset, const Worker *worker)
{
        const Case *the_case = case_of(handset->world, worker->session_id);
        const Part *part = &the_case->parts[handset->user];

        if (worker->open && part->party == handset && part->page_since &&
            handset_had_time(handset, part->page_since))
                law_broken(handset->world, LAW_MEDIA,
                           "%s is open in call %s, and a page has taken its part",
                           handset_name(handset), worker->session_id);
}

void laws_see_worker_died(Handset *handset, const char *session_id, CallStatus before)
{
        const PhoneCallInfo *call = phone_call_find(handset->phone, session_id);

        if (call && call->stored.record.status != before)
                law_broken(handset->world, LAW_MEDIA,
                           "%s: the worker of %s died, and the call is %s", handset_name(handset),
                           session_id, call_status_to_string(call->stored.record.status));
}

static void judge_muted(Handset *handset, const Worker *worker, const PhoneCallInfo *call)
{
        if (phone_session_is_muted(call) && worker->open && !worker->muted && !worker->is_cut)
                law_broken(handset->world, LAW_MUTED, "%s is muted in call %s, and heard",
                           handset_name(handset), worker->session_id);
}

void laws_of_workers(Handset *handset)
{
        const Worker *worker;

        DL_FOREACH (handset->workers, worker) {
                const PhoneCallInfo *call = phone_call_find(handset->phone, worker->session_id);

                if (!call || call_status_is_terminal(call->stored.record.status))
                        law_broken(handset->world, LAW_MEDIA,
                                   "%s has a worker for call %s, which is %s",
                                   handset_name(handset), worker->session_id,
                                   call ? "over" : "not there");
                else if (worker->open && call->stored.record.status != CALL_STATUS_ONGOING)
                        law_broken(handset->world, LAW_MEDIA,
                                   "%s: call %s is open, and not answered", handset_name(handset),
                                   worker->session_id);
                judge_replaced(handset, worker);
                if (call)
                        judge_muted(handset, worker, call);
        }
}
