/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <utlist.h>

#include "phone/internal.h"

/* The token that the answer brought may be used up or too old by now; this one is fresh. */
static void welcome_refresh_token(Phone *phone, const CallSnapshot *snapshot)
{
        Errand *errand = errand_find(phone, MESSAGE_JOIN, snapshot->record.session_id);

        if (errand && *snapshot->join_token)
                STR_SET(errand->message.join.token, snapshot->join_token);
}

/* Whether what is still to be asked of the hub will say whether this call is one. */
static bool welcome_is_open(Phone *phone, const char *session_id)
{
        return errand_find(phone, MESSAGE_INITIATE, session_id) ||
               errand_find(phone, MESSAGE_CANCEL, session_id) ||
               errand_find(phone, MESSAGE_END, session_id);
}

static int welcome_new_call(Phone *phone, const CallSnapshot *snapshot)
{
        Line *line;
        int r;

        /* What another device has answered is here only to stop what rings. */
        if (call_status_is_terminal(snapshot->record.status) ||
            (snapshot->record.status == CALL_STATUS_ONGOING && !snapshot->here) ||
            welcome_is_open(phone, snapshot->record.session_id) || ring_is_late(snapshot) ||
            phone_n_live_calls(phone) >= PHONE_CALLS_MAX)
                return 0;
        r = line_new(phone, snapshot, &line);
        if (r < 0)
                return r;
        line_add(phone, line);
        if (line_rings(line))
                line_ring(phone, line, true);
        return 0;
}

/* The hub still has a call that was given up here, or is over: it learns of that. */
static void welcome_unwanted_call(Phone *phone, const CallSnapshot *snapshot)
{
        const char *session_id = snapshot->record.session_id;
        MessageType type =
                snapshot->record.status == CALL_STATUS_ONGOING ? MESSAGE_END : MESSAGE_CANCEL;
        Errand *errand;

        if (!snapshot->here ||
            (type == MESSAGE_CANCEL && snapshot->record.direction != CALL_DIRECTION_OUTGOING))
                return;
        if (welcome_is_open(phone, session_id))
                return;
        errand = errand_new(phone, type, session_id);
        errand->kept = true;
        errand_add(phone, errand);
}

/*
 * The media of a call that went on while the hub was away. What was said of them meanwhile is lost:
 * an offer of somebody new, the answer of somebody who was about to connect. Whoever joins anew
 * offers to all, so that is how such media come to be.
 */
static int welcome_media(Phone *phone, Line *line, const CallSnapshot *snapshot)
{
        const char *session_id = snapshot->record.session_id;
        PhoneSession *session = &line->shown.session;
        int r;

        /* Each of them may have left. */
        r = phone_reserve(phone, 1 + session->n_participants, 1);
        if (r < 0)
                return r;
        if (!session_is_in_media(session)) {
                if (*snapshot->participant && !errand_find(phone, MESSAGE_LEAVE, session_id))
                        errand_ask(phone, MESSAGE_LEAVE, session_id);
                return 0;
        }
        if (line->unwanted || errand_find(phone, MESSAGE_JOIN, session_id) ||
            errand_find(phone, MESSAGE_TOKEN, session_id))
                return 0;
        if (line->joined && str_eq(session->own_id, snapshot->participant) &&
            participants_connected(session, snapshot->others, snapshot->n_others)) {
                participants_keep(phone, line, snapshot->others, snapshot->n_others);
                /* A hub that was started anew does not know. */
                line->flows_said = false;
                session_tell_state(phone, line);
        } else if (*snapshot->join_token) {
                session_begin(phone, line, snapshot->join_token, NULL);
        } else {
                session_renew(phone, line);
        }
        return 0;
}

static bool session_all_connected(const PhoneSession *session)
{
        for (size_t i = 0; i < session->n_participants; i++) {
                if (!session->participants[i].media.connected)
                        return false;
        }
        return true;
}

/* On a link that was resumed only what was on its way to the hub can be lost. */
static int welcome_back(Phone *phone)
{
        Line *line;
        int r;

        r = phone_reserve(phone, phone_n_live_calls(phone), 1);
        if (r < 0)
                return r;
        DL_FOREACH (phone->lines, line) {
                const PhoneSession *session = &line->shown.session;

                if (line->signals_lost && session_is_in_media(session) &&
                    !session_all_connected(session))
                        session_renew(phone, line);
                line->signals_lost = false;
        }
        return 0;
}

static int welcome_call(Phone *phone, const CallSnapshot *snapshot)
{
        Line *line = line_find(phone, snapshot->record.session_id);
        bool incoming = snapshot->record.direction == CALL_DIRECTION_INCOMING;
        Errand *accept;

        if (!line)
                return welcome_new_call(phone, snapshot);
        if (!line_is_live(line) || line->unwanted)
                welcome_unwanted_call(phone, snapshot);
        if (!line_is_live(line))
                return 0;
        if (snapshot->record.status == CALL_STATUS_INITIATED) {
                line_ring_for(phone, line, snapshot->remaining_ms);
                if (snapshot->record.ringing_since)
                        line_member_ringing(phone, line, snapshot->record.ringing_since);
                return 0;
        }
        if (snapshot->record.status != CALL_STATUS_ONGOING)
                return 0;
        if (line_rings(line) && !snapshot->here)
                return line_end_here(phone, line, CALL_EVENT_ANSWER_ELSEWHERE, CALL_REASON_NONE);
        /* Here it was lost, and another device has joined it since (rule 11). */
        if (!snapshot->here && incoming)
                return line_end_here(phone, line, CALL_EVENT_CONNECTION_LOST, CALL_REASON_NONE);
        accept = errand_find(phone, MESSAGE_ACCEPT, snapshot->record.session_id);
        if (line_rings(line) && accept)
                line_answered_by(phone, line, accept);
        else if (line_rings(line))
                line_handled_by(phone, line, line->handler);
        bool known = line->shown.record.status == CALL_STATUS_ONGOING;
        line_answered(phone, line, snapshot, !incoming);
        return known ? welcome_media(phone, line, snapshot) : 0;
}

/* The hub has lost a call that was placed here: it is asked for again, under the same id. */
static int welcome_place_again(Phone *phone, Line *line)
{
        Metadata metadata = {};
        Errand *errand;
        int r;

        line->unknown = false;
        if (errand_find(phone, MESSAGE_INITIATE, line->placed.session_id))
                return 0;
        r = metadata_copy(&metadata, &line->shown.record.metadata);
        if (r < 0)
                return r;
        errand = errand_new(phone, MESSAGE_INITIATE, NULL);
        errand->message.initiate = line->placed;
        errand->message.initiate.metadata = metadata;
        errand_add(phone, errand);
        return 0;
}

static bool line_can_be_placed_again(const Line *line)
{
        return line->shown.record.status == CALL_STATUS_INITIATED && *line->placed.session_id &&
               !line->unwanted;
}

/* A call of ours that the hub does not have: rule 15. */
static int welcome_unknown_call(Phone *phone, Line *line)
{
        usec_t last = phone->instant.now + RING_WITHOUT_HUB_GRACE_US;

        if (line->shown.record.status == CALL_STATUS_ONGOING)
                return line_end_here(phone, line, CALL_EVENT_CONNECTION_LOST, CALL_REASON_NONE);
        line->unknown = true;
        if (!line_can_be_placed_again(line))
                line->shown.ring_until = MIN_OF(line->shown.ring_until, last);
        /* Not before history is known: it may be over, and must not begin again. */
        else if (!errand_find(phone, MESSAGE_HISTORY, ""))
                return welcome_place_again(phone, line);
        return 0;
}

/* The hub has been told to cancel it, and had it no more. */
static bool line_is_cancelled(Phone *phone, const Line *line)
{
        return line->shown.record.status == CALL_STATUS_INITIATED && line->unwanted &&
               !errand_find(phone, MESSAGE_CANCEL, line->shown.record.session_id);
}

int welcome_history_known(Phone *phone)
{
        Line *line;
        int r;

        DL_FOREACH (phone->lines, line) {
                bool again = line_can_be_placed_again(line);

                if (!line->unknown || !(again || line_is_cancelled(phone, line)))
                        continue;
                r = phone_reserve(phone, 1, 1);
                if (r == 0 && again)
                        r = welcome_place_again(phone, line);
                else if (r == 0)
                        r = line_end_unrecorded(phone, line, CALL_EVENT_CANCEL);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool welcome_has(const ReplyWelcome *welcome, const Line *line)
{
        for (size_t i = 0; i < welcome->n_calls; i++) {
                if (str_eq(welcome->calls[i].record.session_id, line->shown.record.session_id))
                        return true;
        }
        return false;
}

/* History comes first: it says how calls ended that the snapshot does not have any more. */
static int welcome_history(Phone *phone, const ReplyWelcome *welcome)
{
        int r;

        for (size_t i = 0; i < welcome->n_history; i++) {
                const CallRecord *record = &welcome->history[i];
                Line *line = line_find(phone, record->session_id);

                r = phone_reserve(phone, 1, 1);
                if (r < 0)
                        return r;
                r = phone_history_put(phone, record);
                if (r < 0)
                        return r;
                /* On a resumed link events say it: in a group it may have been joined again. */
                if (line && !welcome->resumed && !welcome_has(welcome, line))
                        r = line_over_by_record(phone, line, record);
                if (r < 0)
                        return r;
        }
        /* Events that are sent again may be older than that: it has to be asked for once more. */
        if (welcome->resumed)
                return 0;
        phone->history_welcomed = welcome->history_complete ? welcome->date : 0;
        if (welcome->history_complete)
                return 0;
        /* Pages that were asked for before are begun again: their first ones are old by now. */
        Errand *errand = errand_find(phone, MESSAGE_HISTORY, "");
        phone->history_paged_to = welcome->date;
        if (errand)
                *errand->message.history.cursor = '\0';
        else
                errand_ask(phone, MESSAGE_HISTORY, NULL);
        return 0;
}

static int welcome_calls(Phone *phone, const ReplyWelcome *welcome)
{
        Line *line, *next;
        int r;

        for (size_t i = 0; i < welcome->n_calls; i++) {
                r = phone_reserve(phone, 1, 1);
                if (r < 0)
                        return r;
                r = welcome_call(phone, &welcome->calls[i]);
                if (r < 0)
                        return r;
        }
        DL_FOREACH_SAFE (phone->lines, line, next) {
                if (!line_is_live(line) || welcome_has(welcome, line))
                        continue;
                r = phone_reserve(phone, 1, 1);
                if (r < 0)
                        return r;
                r = welcome_unknown_call(phone, line);
                if (r < 0)
                        return r;
        }
        return 0;
}

int phone_welcome(Phone *phone, const ReplyWelcome *welcome)
{
        int r;

        r = phone_reserve(phone, 1, 1);
        if (r < 0)
                return r;
        for (size_t i = 0; i < welcome->n_calls; i++)
                welcome_refresh_token(phone, &welcome->calls[i]);
        r = user_welcome(phone, welcome);
        if (r < 0)
                return r;
        phone->connection = PHONE_ONLINE;
        *phone->connection_text = '\0';
        phone->changed |= PHONE_PROPERTY_CONNECTION;
        STR_SET(phone->link, welcome->link);
        if (!welcome->resumed)
                phone->seq_seen = phone->seq_acked = 0;
        r = welcome_history(phone, welcome);
        if (r < 0)
                return r;
        if (!welcome->resumed)
                return welcome_calls(phone, welcome);
        return welcome_back(phone);
}
