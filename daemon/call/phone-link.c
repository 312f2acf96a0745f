/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <utlist.h>

#include "base/words.h"
#include "call/phone-internal.h"

static const char *const phone_connections[PHONE_CONNECTION_COUNT] = {
        [PHONE_LOGGED_OUT] = "logged-out", [PHONE_CONNECTING] = "connecting",
        [PHONE_ONLINE] = "online",         [PHONE_OFFLINE] = "offline",
        [PHONE_REFUSED] = "refused",
};
DEFINE_WORDS_TO_STRING(phone_connection, PhoneConnection, phone_connections);

int phone_history_put(Phone *phone, const CallRecord *record)
{
        CallRecord copy = {};
        int r;

        r = call_record_copy(&copy, record);
        if (r < 0)
                return r;
        r = phone_reserve_action(phone);
        if (r < 0) {
                call_record_done(&copy);
                return r;
        }
        phone_act(phone, PHONE_HISTORY_PUT, record->session_id)->record = copy;
        return 0;
}

int phone_history_put_over(Phone *phone, const CallRecord *record, const MessageOver *over)
{
        CallRecord ended = *record;

        ended.status = rules_history_status(record->direction, over->status);
        STR_SET(ended.reason, over->reason);
        ended.ended_at = over->ended_at;
        ended.duration_s = over->duration_s;
        ended.seen = ended.status != CALL_STATUS_MISSED;
        return phone_history_put(phone, &ended);
}

int phone_history_page(Phone *phone, const ReplyHistory *page)
{
        int r;

        for (size_t i = 0; i < page->n_records; i++) {
                r = phone_history_put(phone, &page->records[i]);
                if (r < 0)
                        return r;
        }
        if (!*page->next)
                phone->history_since = phone->history_paged_to;
        return 0;
}

void phone_acknowledge(Phone *phone)
{
        uint64_t n = phone->seq_seen - phone->seq_acked;

        if (phone->connection != PHONE_ONLINE || n == 0) {
                phone->ack_at = USEC_NEVER;
        } else if (n >= ACK_EVERY || phone->ack_at <= phone->instant.now) {
                Message ack = {.type = MESSAGE_ACK, .ack = phone->seq_seen};

                phone_act(phone, PHONE_SEND, NULL)->message = ack;
                phone->seq_acked = phone->seq_seen;
                phone->ack_at = USEC_NEVER;
        } else if (phone->ack_at == USEC_NEVER) {
                phone->ack_at = phone->instant.now + ACK_DELAY_US;
        }
}

void phone_hello(const Phone *phone, Message *ret)
{
        *ret = (Message){.type = MESSAGE_HELLO, .id = HELLO_ID};
        ret->hello.version = PROTOCOL_VERSION;
        STR_SET(ret->hello.resume, phone->link);
        ret->hello.resume_seq = phone->seq_seen;
        ret->hello.history_since = phone->history_since;
}

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

        if (call_status_is_terminal(snapshot->record.status) ||
            welcome_is_open(phone, snapshot->record.session_id) ||
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

/* The hub still has a call that is over here: it learns of that. */
static void welcome_finished_call(Phone *phone, const CallSnapshot *snapshot)
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

static int welcome_call(Phone *phone, const CallSnapshot *snapshot)
{
        Line *line = line_find(phone, snapshot->record.session_id);
        bool incoming = snapshot->record.direction == CALL_DIRECTION_INCOMING;
        Errand *accept;

        if (!line)
                return welcome_new_call(phone, snapshot);
        if (!line_is_live(line)) {
                welcome_finished_call(phone, snapshot);
                return 0;
        }
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
        accept = errand_find(phone, MESSAGE_ACCEPT, snapshot->record.session_id);
        if (line_rings(line) && accept)
                line_answered_by(phone, line, accept);
        else if (line_rings(line))
                line_handled_by(phone, line, line->handler);
        line_answered(phone, line, snapshot, !incoming);
        return 0;
}

/* A call of ours that the hub does not have: rule 15. */
static int welcome_unknown_call(Phone *phone, Line *line)
{
        usec_t last = phone->instant.now + RING_WITHOUT_HUB_GRACE_US;
        Errand *errand;
        int r;

        if (line->shown.record.status == CALL_STATUS_ONGOING)
                return line_end_here(phone, line, CALL_EVENT_CONNECTION_LOST, CALL_REASON_NONE);
        if (line_rings(line) || !*line->placed.session_id || line->unwanted) {
                line->unknown = true;
                line->shown.ring_until = MIN_OF(line->shown.ring_until, last);
                return 0;
        }
        if (errand_find(phone, MESSAGE_INITIATE, line->placed.session_id))
                return 0;
        Metadata metadata = {};
        r = metadata_copy(&metadata, &line->shown.record.metadata);
        if (r < 0)
                return r;
        errand = errand_new(phone, MESSAGE_INITIATE, NULL);
        errand->message.initiate = line->placed;
        errand->message.initiate.metadata = metadata;
        errand_add(phone, errand);
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
                if (line && !welcome_has(welcome, line))
                        line_over_by_record(phone, line, record);
        }
        if (welcome->history_complete) {
                phone->history_since = welcome->date;
        } else if (!errand_find(phone, MESSAGE_HISTORY, "")) {
                phone->history_paged_to = welcome->date;
                errand_ask(phone, MESSAGE_HISTORY, NULL);
        }
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
        phone->connection = PHONE_ONLINE;
        *phone->connection_text = '\0';
        phone->user = welcome->user;
        phone->changed |= PHONE_PROPERTY_CONNECTION | PHONE_PROPERTY_USER;
        STR_SET(phone->link, welcome->link);
        if (!welcome->resumed)
                phone->seq_seen = phone->seq_acked = 0;
        /* A write of our own that is still on its way comes later than what the hub knows. */
        if (phone->when_busy != welcome->when_busy && !errand_find(phone, MESSAGE_SETTINGS, "")) {
                phone->when_busy = welcome->when_busy;
                phone->changed |= PHONE_PROPERTY_WHEN_BUSY;
        }
        r = welcome_history(phone, welcome);
        if (r < 0)
                return r;
        /* On a link that is resumed nothing was lost: the events follow. */
        return welcome->resumed ? 0 : welcome_calls(phone, welcome);
}

/* Without a connection that is to be expected, a new call is refused at once. */
static void connection_refuse_initiates(Phone *phone)
{
        Errand *errand, *next;

        DL_FOREACH_SAFE (phone->errands, errand, next) {
                if (errand->message.type != MESSAGE_INITIATE || errand->sent_once)
                        continue;
                errand_fail(phone, errand, CALL_ERROR_NOT_CONNECTED,
                            *phone->connection_text ? phone->connection_text
                                                    : "There is no connection to the hub");
                errand_remove(phone, errand);
        }
}

static int connection_log_out(Phone *phone)
{
        Line *line, *next;
        Errand *errand, *next_errand;
        int r;

        DL_FOREACH_SAFE (phone->lines, line, next) {
                r = phone_reserve(phone, 1, 1);
                if (r < 0)
                        return r;
                r = line_end_here(phone, line, CALL_EVENT_SHUTDOWN, CALL_REASON_NONE);
                if (r < 0)
                        return r;
        }
        r = phone_reserve(phone, 1, 1);
        if (r < 0)
                return r;
        DL_FOREACH_SAFE (phone->errands, errand, next_errand) {
                errand_fail(phone, errand, CALL_ERROR_NOT_LOGGED_IN,
                            "Logged out while it waited for the hub");
                errand_remove(phone, errand);
        }
        if (phone->connection == PHONE_ONLINE) {
                Message logout = {.type = MESSAGE_LOGOUT, .id = phone->next_id++};

                phone_act(phone, PHONE_SEND, NULL)->message = logout;
        }
        phone->user = (Party){};
        *phone->link = '\0';
        phone->seq_seen = phone->seq_acked = 0;
        phone->history_since = 0;
        phone->changed |= PHONE_PROPERTY_USER;
        return 0;
}

int phone_connection_changed(Phone *phone, const Instant *instant, PhoneConnection connection,
                             const char *text)
{
        int r;

        phone->instant = *instant;
        r = phone_reserve(phone, 1, 1);
        if (r < 0)
                return r;
        if (connection == PHONE_LOGGED_OUT) {
                r = connection_log_out(phone);
                if (r < 0)
                        return r;
        }
        str_printable(phone->connection_text, sizeof(phone->connection_text), text ? text : "");
        phone->connection = connection;
        phone->changed |= PHONE_PROPERTY_CONNECTION;
        errands_lost(phone);
        if (connection == PHONE_OFFLINE || connection == PHONE_REFUSED)
                connection_refuse_initiates(phone);
        phone_settle(phone);
        return 0;
}
