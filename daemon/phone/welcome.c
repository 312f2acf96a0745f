/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/welcome.h"

#include <utlist.h>

#include "phone/action.h"
#include "phone/announce.h"
#include "phone/answer.h"
#include "phone/call.h"
#include "phone/end.h"
#include "phone/history-events.h"
#include "phone/history.h"
#include "phone/hub-send.h"
#include "phone/participant-events.h"
#include "phone/participant.h"
#include "phone/request.h"
#include "phone/ring.h"
#include "phone/session.h"
#include "phone/user.h"

/* Gives a pending join the token of the snapshot: its own may be used or expired. */
static void welcome_refresh_token(Phone *phone, const CallSnapshot *snapshot)
{
        HubRequest *request = hub_request_find(phone, MESSAGE_JOIN, snapshot->record.session_id);

        if (request && *snapshot->join_token)
                STR_SET(request->message.join.token, snapshot->join_token);
}

/* Whether an initiate, cancel or end of the call is pending on this device. */
static bool request_pending_for(Phone *phone, const char *session_id)
{
        return hub_request_find(phone, MESSAGE_INITIATE, session_id) ||
               hub_request_find(phone, MESSAGE_CANCEL, session_id) ||
               hub_request_find(phone, MESSAGE_END, session_id);
}

static int welcome_new_call(Phone *phone, const CallSnapshot *snapshot)
{
        PhoneCall *call;
        int r;

        /* A call answered on another device is in the welcome only to stop a ring here. */
        if (call_status_is_terminal(snapshot->record.status) ||
            (snapshot->record.status == CALL_STATUS_ONGOING && !snapshot->here) ||
            request_pending_for(phone, snapshot->record.session_id) || ring_is_late(snapshot) ||
            phone_n_live_calls(phone) >= PHONE_CALLS_MAX)
                return 0;
        r = call_new(phone, snapshot, &call);
        if (r < 0)
                return r;
        call_add(phone, call);
        if (call_rings(call))
                call_ring(phone, call, true);
        return 0;
}

/* Cancels or ends, at the hub, a call that is over here or that this device has given up. */
static void welcome_unwanted_call(Phone *phone, const CallSnapshot *snapshot)
{
        const char *session_id = snapshot->record.session_id;
        MessageType type =
                snapshot->record.status == CALL_STATUS_ONGOING ? MESSAGE_END : MESSAGE_CANCEL;
        HubRequest *request;

        if (!snapshot->here ||
            (type == MESSAGE_CANCEL && snapshot->record.direction != CALL_DIRECTION_OUTGOING))
                return;
        if (request_pending_for(phone, session_id))
                return;
        request = hub_request_new(phone, type, session_id);
        request->durable = true;
        hub_request_add(phone, request);
}

/*
 * Brings up to date the media of a call that continued while the hub was away. Signals of that time
 * are lost: the offer of a new participant, or the answer of one who was about to connect. If one
 * may be missing, the device joins again, and so sends offers to all participants.
 */
static int welcome_media(Phone *phone, PhoneCall *call, const CallSnapshot *snapshot)
{
        const char *session_id = snapshot->record.session_id;
        PhoneSession *session = &call->stored.session;
        int r;

        if (!session_state_in_media(session->state)) {
                if (*snapshot->participant && !hub_request_find(phone, MESSAGE_LEAVE, session_id))
                        hub_request_ask(phone, MESSAGE_LEAVE, session_id);
                return 0;
        }
        if (call->stored.unwanted || hub_request_joining(phone, session_id))
                return 0;
        if (call_has_joined(call) && *session->own_id &&
            str_eq(session->own_id, snapshot->participant) &&
            participants_connected(session, snapshot->others, snapshot->n_others)) {
                r = participants_keep(phone, call, snapshot->others, snapshot->n_others);
                if (r < 0)
                        return r;
                /* A restarted hub does not know whether media flow. */
                call->flows_reported = false;
                session_report_flows(phone, call);
        } else if (*snapshot->join_token) {
                session_begin(phone, call, snapshot->join_token, NULL);
        } else {
                session_renew(phone, call);
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

/* Joins media again after a resume, when signals on their way to the hub were lost. */
static int welcome_back(Phone *phone)
{
        PhoneCall *call;
        int r;

        DL_FOREACH (phone->calls, call) {
                const PhoneSession *session = &call->stored.session;

                if (call->signals_lost && session_state_in_media(session->state) &&
                    !session_all_connected(session))
                        session_renew(phone, call);
                call->signals_lost = false;
                r = phone_reserve(phone);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int welcome_call(Phone *phone, const CallSnapshot *snapshot)
{
        PhoneCall *call = call_find(phone, snapshot->record.session_id);
        bool incoming = snapshot->record.direction == CALL_DIRECTION_INCOMING;
        HubRequest *accept;

        if (!call)
                return welcome_new_call(phone, snapshot);
        if (!call_record_is_same(&call->stored.record, &snapshot->record))
                return 0;
        if (!call_is_live(call) || call->stored.unwanted)
                welcome_unwanted_call(phone, snapshot);
        if (!call_is_live(call))
                return 0;
        if (snapshot->record.status == CALL_STATUS_INITIATED) {
                call_ring_for(phone, call, snapshot->remaining_ms);
                if (snapshot->record.ringing_since)
                        call_member_ringing(phone, call, snapshot->record.ringing_since);
                return 0;
        }
        if (snapshot->record.status != CALL_STATUS_ONGOING)
                return 0;
        if (call_rings(call) && !snapshot->here)
                return call_end_here(phone, call, CALL_EVENT_ANSWER_ELSEWHERE, CALL_REASON_NONE);
        /* The hub lost this device, and another one has joined the call since (rule 11). */
        if (!snapshot->here && incoming)
                return call_end_here(phone, call, CALL_EVENT_CONNECTION_LOST, CALL_REASON_NONE);
        accept = hub_request_find(phone, MESSAGE_ACCEPT, snapshot->record.session_id);
        if (call_rings(call) && accept)
                call_answered_by(phone, call, accept);
        else if (call_rings(call))
                call_handled_by(phone, call, call->stored.handler);
        bool known = call->stored.record.status == CALL_STATUS_ONGOING;
        call_answered(phone, call, snapshot, !incoming);
        return known ? welcome_media(phone, call, snapshot) : 0;
}

/* Places again, under the same id, a call of this device that the hub has lost. */
static int welcome_place_again(Phone *phone, PhoneCall *call)
{
        const CallRecord *record = &call->stored.record;
        MessageInitiate initiate = {
                .receiver_type = record->receiver_type,
                .type = call->stored.consent.type,
                .timeout_s = call->stored.timeout_s,
                .join = call->stored.consent.join,
                .parallel = call->stored.parallel,
        };
        HubRequest *request;
        int r;

        call->unknown = false;
        if (hub_request_find(phone, MESSAGE_INITIATE, record->session_id))
                return 0;
        r = metadata_copy(&initiate.metadata, &record->metadata);
        if (r < 0)
                return r;
        STR_SET(initiate.session_id, record->session_id);
        STR_SET(initiate.receiver, record->receiver.uid);
        request = hub_request_new(phone, MESSAGE_INITIATE, NULL);
        request->message.initiate = initiate;
        request->consent = call->stored.consent;
        request->settings = call->stored.session.settings;
        hub_request_add(phone, request);
        return 0;
}

static bool call_can_be_placed_again(const PhoneCall *call)
{
        return call->stored.record.status == CALL_STATUS_INITIATED && call->stored.placed &&
               !call->stored.unwanted;
}

/*
 * Asks for one record of history, only to wait for the reply. The call may be over and its record
 * deleted; then it must not be placed again. Deletions arrive after the welcome, but before the
 * reply to a request.
 */
static void probe_history(Phone *phone)
{
        HubRequest *request = hub_request_new(phone, MESSAGE_HISTORY, NULL);

        request->message.history.limit = HISTORY_PROBE_LIMIT;
        hub_request_add(phone, request);
}

/* Handles a call of this device that the hub does not have (rule 15). */
static int welcome_unknown_call(Phone *phone, PhoneCall *call)
{
        usec_t last = phone->instant.now + RING_WITHOUT_HUB_GRACE_US;

        if (call->stored.record.status == CALL_STATUS_ONGOING)
                return call_end_here(phone, call, CALL_EVENT_CONNECTION_LOST, CALL_REASON_NONE);
        call->unknown = true;
        if (!call_can_be_placed_again(call))
                call->info.ring_until = MIN_OF(call->info.ring_until, last);
        else if (!hub_request_find(phone, MESSAGE_HISTORY, ""))
                probe_history(phone);
        return 0;
}

/* Whether the call was cancelled here, and no cancel is pending. */
static bool call_is_cancelled(Phone *phone, const PhoneCall *call)
{
        return call->stored.record.status == CALL_STATUS_INITIATED && call->stored.unwanted &&
               !hub_request_find(phone, MESSAGE_CANCEL, call->stored.record.session_id);
}

int welcome_history_known(Phone *phone)
{
        PhoneCall *call;
        int r;

        DL_FOREACH (phone->calls, call) {
                bool again = call_can_be_placed_again(call);

                if (!call->unknown || !(again || call_is_cancelled(phone, call)))
                        continue;
                r = again ? welcome_place_again(phone, call)
                          : call_end_unrecorded(phone, call, CALL_EVENT_CANCEL);
                if (r == 0)
                        r = phone_reserve(phone);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool welcome_has(const ReplyWelcome *welcome, const PhoneCall *call)
{
        for (size_t i = 0; i < welcome->n_calls; i++) {
                if (str_eq(welcome->calls[i].record.session_id, call->stored.record.session_id))
                        return true;
        }
        return false;
}

/* Takes history before the calls: it has the ends of calls that the hub no longer has. */
static int welcome_history(Phone *phone, const ReplyWelcome *welcome)
{
        int r;

        for (size_t i = 0; i < welcome->n_history; i++) {
                const CallRecord *record = &welcome->history[i];
                PhoneCall *call = call_find(phone, record->session_id);

                r = phone_history_put(phone, record);
                if (r < 0)
                        return r;
                /*
                 * After a resume, events report the end instead: this device may have joined a
                 * group's call again since the record was made.
                 */
                if (call && call_record_is_same(&call->stored.record, record) &&
                    !welcome->resumed && !welcome_has(welcome, call))
                        r = call_over_by_record(phone, call, record);
                if (r == 0)
                        r = phone_reserve(phone);
                if (r < 0)
                        return r;
        }
        /* Events that are sent again may be older than this history: history_since stays. */
        if (welcome->resumed)
                return 0;
        phone->history_welcomed = welcome->history_complete ? welcome->date : 0;
        if (welcome->history_complete)
                return 0;
        /* Start over if pages were requested already: the first of them are outdated. */
        HubRequest *request = hub_request_find(phone, MESSAGE_HISTORY, "");
        phone->history_paged_to = welcome->date;
        phone_history_pages_begin(phone);
        if (request)
                request->message.history = (MessageHistory){0};
        else
                hub_request_ask(phone, MESSAGE_HISTORY, NULL);
        return 0;
}

static int welcome_calls(Phone *phone, const ReplyWelcome *welcome)
{
        PhoneCall *call, *next;
        int r;

        for (size_t i = 0; i < welcome->n_calls; i++) {
                r = welcome_call(phone, &welcome->calls[i]);
                if (r == 0)
                        r = phone_reserve(phone);
                if (r < 0)
                        return r;
        }
        DL_FOREACH_SAFE (phone->calls, call, next) {
                if (!call_is_live(call) || welcome_has(welcome, call))
                        continue;
                r = welcome_unknown_call(phone, call);
                if (r == 0)
                        r = phone_reserve(phone);
                if (r < 0)
                        return r;
        }
        return 0;
}

int phone_welcome(Phone *phone, const ReplyWelcome *welcome)
{
        int r;

        for (size_t i = 0; i < welcome->n_calls; i++)
                welcome_refresh_token(phone, &welcome->calls[i]);
        r = user_welcome(phone, welcome);
        if (r < 0)
                return r;
        phone->connection = PHONE_ONLINE;
        phone->welcomed = true;
        phone->connect_at = USEC_NEVER;
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
