/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <utlist.h>

#include "phone/internal.h"

Errand *errand_new(Phone *phone, MessageType type, const char *session_id)
{
        Errand *errand = pool_take(&phone->spare_errands, sizeof(*errand));

        errand->message.type = type;
        errand->deadline = USEC_NEVER;
        if (session_id)
                STR_SET(errand->message.session.session_id, session_id);
        return errand;
}

Errand *errand_free(Errand *errand)
{
        if (!errand)
                return NULL;
        errand_unsave(errand);
        message_done(&errand->message);
        free(errand);
        return NULL;
}

void errand_put_back(Phone *phone, Errand *errand)
{
        DL_APPEND(phone->errands, errand);
        phone->n_errands++;
}

void errand_add(Phone *phone, Errand *errand)
{
        errand->message.id = phone->next_id++;
        errand_put_back(phone, errand);
        errand_pump(phone);
}

void errand_ask(Phone *phone, MessageType type, const char *session_id)
{
        errand_add(phone, errand_new(phone, type, session_id));
}

void errand_take(Phone *phone, Errand *errand)
{
        DL_DELETE(phone->errands, errand);
        phone->n_errands--;
}

void errand_remove(Phone *phone, Errand *errand)
{
        errand_take(phone, errand);
        errand_free(errand);
}

void errand_turn(Errand *errand, MessageType type)
{
        Message message = {.type = type};

        STR_SET(message.session.session_id, errand_session_id(errand));
        errand_unsave(errand);
        message_done(&errand->message);
        errand->message = message;
        errand->sent = errand->sent_once = errand->confirmed = errand->expired = false;
}

void errand_succeed(Phone *phone, Errand *errand)
{
        if (errand->has_ticket)
                phone_done(phone, errand->ticket, errand_session_id(errand));
        errand->has_ticket = false;
}

void errand_fail(Phone *phone, Errand *errand, CallError error, const char *text)
{
        if (errand->has_ticket)
                phone_refuse(phone, errand->ticket, errand_session_id(errand), error, "%s", text);
        errand->has_ticket = false;
}

const char *errand_session_id(const Errand *errand)
{
        switch (errand->message.type) {
        case MESSAGE_SETTINGS:
        case MESSAGE_BLOCK:
        case MESSAGE_HISTORY:
        case MESSAGE_SEEN:
        case MESSAGE_FORGET:
        case MESSAGE_LOGOUT:
                return "";
        default:
                /* Every message about a call begins with its session id. */
                return errand->message.session.session_id;
        }
}

Errand *errand_find(Phone *phone, MessageType type, const char *session_id)
{
        Errand *errand;

        DL_FOREACH (phone->errands, errand) {
                if (errand->message.type == type && !errand->held &&
                    str_eq(errand_session_id(errand), session_id))
                        return errand;
        }
        return NULL;
}

Errand *errand_find_last(Phone *phone, MessageType type, const char *session_id)
{
        Errand *errand, *last = NULL;

        DL_FOREACH (phone->errands, errand) {
                if (errand->message.type == type && !errand->held &&
                    str_eq(errand_session_id(errand), session_id))
                        last = errand;
        }
        return last;
}

size_t errands_waiting(const Phone *phone, MessageType type, const char *session_id)
{
        const Errand *errand;
        size_t n = 0;

        DL_FOREACH (phone->errands, errand)
                n += errand->message.type == type && !errand->sent &&
                     str_eq(errand_session_id(errand), session_id);
        return n;
}

static int sessions_copy(MessageSessions *to, const MessageSessions *from)
{
        size_t size = from->count * sizeof(*from->session_ids);

        *to = *from;
        to->session_ids = NULL;
        if (from->count == 0)
                return 0;
        to->session_ids = malloc(size);
        if (!to->session_ids)
                return -ENOMEM;
        memcpy(to->session_ids, from->session_ids, size);
        return 0;
}

int errand_copy(const Errand *errand, Message *ret)
{
        Message copy = errand->message;
        int r = 0;

        switch (copy.type) {
        case MESSAGE_INITIATE:
                copy.initiate.metadata = (Metadata){};
                r = metadata_copy(&copy.initiate.metadata, &errand->message.initiate.metadata);
                break;
        case MESSAGE_SIGNAL:
                copy.signal.data = strdup(errand->message.signal.data);
                r = copy.signal.data ? 0 : -ENOMEM;
                break;
        case MESSAGE_SEEN:
        case MESSAGE_FORGET:
                r = sessions_copy(&copy.sessions, &errand->message.sessions);
                break;
        default:
                break;
        }
        if (r < 0)
                return r;
        *ret = copy;
        return 0;
}

static int errand_send(Phone *phone, Errand *errand)
{
        Message message;
        int r;

        r = phone_reserve_action(phone);
        if (r < 0)
                return r;
        r = errand_copy(errand, &message);
        if (r < 0)
                return r;
        message.ack = phone->seq_acked = phone->seq_seen;
        phone->ack_at = USEC_NEVER;
        phone_act(phone, PHONE_SEND, errand_session_id(errand))->message = message;
        errand->sent = errand->sent_once = true;
        return 0;
}

void errand_pump(Phone *phone)
{
        Errand *errand;
        size_t n_in_flight = 0;

        if (phone->connection != PHONE_ONLINE)
                return;
        DL_FOREACH (phone->errands, errand)
                n_in_flight += errand->sent && !errand->confirmed;
        DL_FOREACH (phone->errands, errand) {
                if (errand->held || errand->sent || errand->confirmed || errand->expired)
                        continue;
                /* Without memory it waits here for the next event. */
                if (n_in_flight++ >= REQUESTS_IN_FLIGHT_MAX || errand_send(phone, errand) < 0)
                        break;
        }
}

/* It may have come through, and must not come twice: whoever waits for it is joined anew. */
static void signal_lost(Phone *phone, const char *session_id)
{
        PhoneCall *call = call_find(phone, session_id);

        if (call)
                call->signals_lost = true;
}

void errands_lost(Phone *phone)
{
        Errand *errand, *next;

        DL_FOREACH_SAFE (phone->errands, errand, next) {
                if (!errand->sent)
                        continue;
                if (errand->message.type == MESSAGE_SIGNAL)
                        signal_lost(phone, errand_session_id(errand));
                /* Whether that has answered the call is for a snapshot to say: none by a resume. */
                if (errand->message.type == MESSAGE_ACCEPT && errand->expired)
                        *phone->link = '\0';
                if (errand->message.type == MESSAGE_SIGNAL || errand->expired)
                        errand_remove(phone, errand);
                else
                        errand->sent = false;
        }
}

void errands_drop_signals(Phone *phone, const PhoneCall *call)
{
        Errand *errand, *next;

        DL_FOREACH_SAFE (phone->errands, errand, next) {
                if (errand->message.type == MESSAGE_SIGNAL &&
                    str_eq(errand_session_id(errand), call->info.record.session_id))
                        errand_remove(phone, errand);
        }
}

static bool errand_decides(const Errand *errand)
{
        MessageType type = errand->message.type;

        return type == MESSAGE_ACCEPT || type == MESSAGE_REJECT || type == MESSAGE_CANCEL ||
               type == MESSAGE_END;
}

bool call_deciding(const Phone *phone, const PhoneCall *call)
{
        const Errand *errand;

        DL_FOREACH (phone->errands, errand) {
                if ((errand->message.type == MESSAGE_ACCEPT ||
                     errand->message.type == MESSAGE_REJECT) &&
                    errand->has_ticket && !errand->held &&
                    str_eq(errand_session_id(errand), call->info.record.session_id))
                        return true;
        }
        return false;
}

static Errand *decision_find(Phone *phone, const char *session_id, bool held)
{
        Errand *errand;

        DL_FOREACH (phone->errands, errand) {
                if (errand_decides(errand) && errand->has_ticket && errand->held == held &&
                    str_eq(errand_session_id(errand), session_id))
                        return errand;
        }
        return NULL;
}

void decision_add(Phone *phone, Errand *errand)
{
        errand->held = decision_find(phone, errand_session_id(errand), false) != NULL;
        if (errand->held || decision_start(phone, errand))
                errand_add(phone, errand);
        else
                errand_free(errand);
}

void decisions_go_on(Phone *phone, const char *session_id)
{
        Errand *errand;

        while (!decision_find(phone, session_id, false) &&
               (errand = decision_find(phone, session_id, true))) {
                errand->held = false;
                if (!decision_start(phone, errand))
                        errand_remove(phone, errand);
        }
        errand_pump(phone);
}

void decision_overtaken(Phone *phone, const char *session_id)
{
        Errand *errand = errand_find(phone, MESSAGE_CANCEL, session_id);

        if (!errand)
                return;
        errand_take(phone, errand);
        errand_turn(errand, MESSAGE_END);
        errand_add(phone, errand);
}

/* What becomes of a request when its call is over. */
static void errand_call_over(Phone *phone, Errand *errand, const PhoneCall *call)
{
        if (errand->held)
                return;
        if (errand->confirmed) {
                errand_succeed(phone, errand);
        } else if (errand->kept || (errand_decides(errand) && errand->sent)) {
                /* The hub's reply will say. */
                return;
        } else if (errand->has_ticket) {
                command_refuse(phone, errand, call, CALL_ERROR_CALL_TERMINATED);
        }
        errand_remove(phone, errand);
}

void errands_call_over(Phone *phone, const PhoneCall *call)
{
        const char *session_id = call->info.record.session_id;
        Errand *errand, *next;

        DL_FOREACH_SAFE (phone->errands, errand, next) {
                if (str_eq(errand_session_id(errand), session_id) &&
                    errand->message.type != MESSAGE_LEAVE)
                        errand_call_over(phone, errand, call);
        }
        decisions_go_on(phone, session_id);
}
