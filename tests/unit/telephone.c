/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "telephone.h"

#include <stdarg.h>
#include <stdio.h>
#include <utlist.h>

#define DATE_AT_FIRST (1700000000 * USEC_PER_SEC)
#define NOW_AT_FIRST (1000 * USEC_PER_SEC)
#define STEPS_MAX 1000 /* more actions are an endless loop */

Telephone telephone;

static const char *const uids[WHO_COUNT] = {"alice", "bob"};

static const ExchangeNow *moment(void)
{
        /* Random enough for a test. */
        for (size_t i = 0; i < ENTROPY_SIZE; i += 8)
                telephone.moment.entropy[i]++;
        return &telephone.moment;
}

static Now instant(void)
{
        return (Now){.now = telephone.moment.now, .date = telephone.moment.date};
}

static void post(Parcel **queue, uint64_t link, Message *message)
{
        Parcel *parcel = calloc(1, sizeof(*parcel));

        ck_assert_ptr_nonnull(parcel);
        parcel->link = link;
        parcel->message = *message;
        message->type = MESSAGE_NONE;
        DL_APPEND(*queue, parcel);
}

static void throw_away(Parcel **queue, Parcel *parcel)
{
        DL_DELETE(*queue, parcel);
        message_done(&parcel->message);
        free(parcel);
}

static Set *set_of_link(uint64_t link)
{
        for (Who who = 0; who < WHO_COUNT; who++) {
                if (link && telephone.sets[who].link == link)
                        return &telephone.sets[who];
        }
        return NULL;
}

/* ---- actions of the phones ---- */

_printf_(2, 3) static void tell(Set *set, const char *format, ...)
{
        size_t n = strlen(set->events);
        va_list arguments;

        if (n > 0)
                set->events[n++] = ' ';
        va_start(arguments, format);
        vsnprintf(set->events + n, sizeof(set->events) - n, format, arguments);
        va_end(arguments);
}

static void set_act(Set *set, PhoneAction *action)
{
        switch (action->type) {
        case PHONE_SEND:
                if (set->link)
                        post(&telephone.up, set->link, &action->message);
                break;
        case PHONE_DONE:
                set->error = action->error;
                set->n_done++;
                break;
        case PHONE_STATUS_CHANGED:
                tell(set, "%s/%s", call_status_to_string(action->new_status), action->reason);
                break;
        case PHONE_BROADCAST:
                tell(set, "%s", phone_event_to_string(action->event));
                break;
        case PHONE_WORKER_START:
        case PHONE_WORKER_STOP:
                set->worker = action->type == PHONE_WORKER_START;
                break;
        case PHONE_WORKER_JOIN:
                set->joined = action->join.reply;
                set->n_joins++;
                break;
        case PHONE_WORKER_SIGNAL:
                set->n_signals++;
                break;
        case PHONE_TONE:
                set->tone = action->tone;
                break;
        case PHONE_HISTORY_PUT:
                set->n_stored++;
                break;
        default:
                break;
        }
}

static bool sets_act(void)
{
        PhoneAction action;
        bool acted = false;

        for (Who who = 0; who < WHO_COUNT; who++) {
                while (phone_next_action(telephone.sets[who].phone, &action)) {
                        set_act(&telephone.sets[who], &action);
                        phone_action_done(&action);
                        acted = true;
                }
        }
        return acted;
}

/* ---- actions of the exchange ---- */

static void hub_logs(ExchangeAction *action)
{
        for (Who who = 0; who < WHO_COUNT; who++) {
                Set *set = &telephone.sets[who];
                size_t i;

                if (!str_eq(uids[who], action->uid))
                        continue;
                for (i = 0; i < set->n_log; i++) {
                        if (str_eq(set->log[i].session_id, action->session_id))
                                break;
                }
                ck_assert_uint_lt(i, ELEMENTSOF(set->log));
                call_record_done(&set->log[i]);
                ck_assert_int_eq(call_record_copy(&set->log[i], &action->record), 0);
                set->n_log = MAX_OF(set->n_log, i + 1);
        }
}

static bool hub_acts(void)
{
        ExchangeAction action;
        bool acted = false;

        while (exchange_next_action(telephone.exchange, &action)) {
                Set *set = action.type == EXCHANGE_SEND ? set_of_link(action.attachment) : NULL;

                if (set && message_type_is_event(action.message.type))
                        action.message.seq = ++set->seq;
                if (set)
                        post(&telephone.down, action.attachment, &action.message);
                else if (action.type == EXCHANGE_LOG)
                        hub_logs(&action);
                exchange_action_done(&action);
                acted = true;
        }
        return acted;
}

static bool mail_goes(void)
{
        Now now = instant();
        Parcel *parcel;

        if (telephone.up) {
                parcel = telephone.up;
                if (set_of_link(parcel->link))
                        ck_assert_int_eq(exchange_message(telephone.exchange, moment(),
                                                          parcel->link, &parcel->message),
                                         0);
                throw_away(&telephone.up, parcel);
                return true;
        }
        if (telephone.down) {
                parcel = telephone.down;
                Set *set = set_of_link(parcel->link);
                if (set)
                        ck_assert_int_eq(phone_message(set->phone, &now, &parcel->message), 0);
                throw_away(&telephone.down, parcel);
                return true;
        }
        return false;
}

void settle(void)
{
        unsigned steps = 0;

        do
                ck_assert_uint_lt(steps++, STEPS_MAX);
        while (hub_acts() || sets_act() || mail_goes());
}

static usec_t next_deadline(void)
{
        usec_t next = exchange_next_deadline(telephone.exchange);

        for (Who who = 0; who < WHO_COUNT; who++)
                next = MIN_OF(next, phone_next_deadline(telephone.sets[who].phone));
        return next;
}

void passes(usec_t time)
{
        usec_t until = telephone.moment.now + time;
        unsigned steps = 0;

        while (telephone.moment.now < until) {
                usec_t at = CLAMP_TO(next_deadline(), telephone.moment.now, until);

                ck_assert_uint_lt(steps++, STEPS_MAX);
                telephone.moment.date += at - telephone.moment.now;
                telephone.moment.now = at;
                Now now = instant();
                ck_assert_int_eq(exchange_tick(telephone.exchange, moment()), 0);
                settle();
                for (Who who = 0; who < WHO_COUNT; who++)
                        ck_assert_int_eq(phone_tick(telephone.sets[who].phone, &now), 0);
                settle();
        }
}

/* ---- connections ---- */

static void hub_welcomes(Who who)
{
        Set *set = &telephone.sets[who];
        Message message = {.type = MESSAGE_REPLY, .id = HELLO_ID};
        ReplyWelcome *welcome = &message.reply.welcome;

        message.reply.kind = REPLY_WELCOME;
        STR_SET(welcome->user.uid, uids[who]);
        welcome->date = telephone.moment.date;
        welcome->history_complete = true;
        ck_assert_int_eq(exchange_snapshot(telephone.exchange, &telephone.moment, set->link,
                                           &welcome->calls, &welcome->n_calls),
                         0);
        welcome->history = calloc(ELEMENTSOF(set->log), sizeof(*welcome->history));
        ck_assert_ptr_nonnull(welcome->history);
        for (size_t i = 0; i < set->n_log; i++)
                call_record_copy(&welcome->history[i], &set->log[i]);
        welcome->n_history = set->n_log;
        post(&telephone.down, set->link, &message);
}

void comes(Who who)
{
        Set *set = &telephone.sets[who];
        Now now = instant();

        phone_connection_changed(set->phone, &now, PHONE_CONNECTING, "");
        sets_act();
        set->link = ++telephone.last_link;
        set->seq = 0;
        ck_assert_int_eq(
                exchange_attach(telephone.exchange, moment(), set->link, uids[who], "desk", "Desk"),
                0);
        hub_welcomes(who);
        settle();
}

void goes(Who who)
{
        Set *set = &telephone.sets[who];
        Now now = instant();

        exchange_detach(telephone.exchange, moment(), set->link);
        set->link = 0;
        phone_connection_changed(set->phone, &now, PHONE_OFFLINE, "The cable is out");
        settle();
}

static void exchange_begin(void)
{
        const ExchangeLimits limits = {};

        ck_assert_int_eq(exchange_new(&limits, &telephone.exchange), 0);
        for (Who who = 0; who < WHO_COUNT; who++)
                exchange_user_add(telephone.exchange, uids[who], uids[who], WHEN_BUSY_REJECT);
}

void hub_forgets_all(void)
{
        for (Who who = 0; who < WHO_COUNT; who++)
                goes(who);
        telephone.exchange = exchange_free(telephone.exchange);
        exchange_begin();
}

void telephone_begin(void)
{
        telephone = (Telephone){.moment = {.now = NOW_AT_FIRST, .date = DATE_AT_FIRST}};
        exchange_begin();
        for (Who who = 0; who < WHO_COUNT; who++)
                ck_assert_int_eq(phone_new(&telephone.sets[who].phone), 0);
        for (Who who = 0; who < WHO_COUNT; who++)
                comes(who);
}

void telephone_end(void)
{
        settle();
        for (Who who = 0; who < WHO_COUNT; who++) {
                phone_free(telephone.sets[who].phone);
                for (size_t i = 0; i < telephone.sets[who].n_log; i++)
                        call_record_done(&telephone.sets[who].log[i]);
        }
        exchange_free(telephone.exchange);
}

/* ---- programs ---- */

static void asks(Who who, PhoneCommand *command, const char *session_id)
{
        Now now = instant();

        STR_SET(command->client, ":1.1");
        STR_SET(command->session_id, session_id);
        ck_assert_int_eq(
                phone_command(telephone.sets[who].phone, &now, command, ++telephone.last_ticket),
                0);
        /* Queues the command's messages; settle() delivers them. */
        sets_act();
}

void calls(Who who, const char *session_id)
{
        PhoneCommand command = {.type = PHONE_COMMAND_INITIATE};
        MessageInitiate *initiate = &command.initiate.request;

        STR_SET(initiate->session_id, session_id);
        STR_SET(initiate->receiver, uids[!who]);
        initiate->join = true;
        asks(who, &command, session_id);
}

void accepts(Who who, const char *session_id)
{
        PhoneCommand command = {.type = PHONE_COMMAND_ACCEPT};

        command.accept.request.join = true;
        asks(who, &command, session_id);
}

void rejects(Who who, const char *session_id, CallStatus status)
{
        PhoneCommand command = {.type = PHONE_COMMAND_REJECT, .status = status};

        asks(who, &command, session_id);
}

void ends(Who who, const char *session_id)
{
        PhoneCommand command = {.type = PHONE_COMMAND_END};

        asks(who, &command, session_id);
}

const char *events_of(Who who)
{
        static char events[sizeof(telephone.sets[0].events)];

        memcpy(events, telephone.sets[who].events, sizeof(events));
        *telephone.sets[who].events = '\0';
        return events;
}

CallStatus status_of(Who who, const char *session_id)
{
        const PhoneCallInfo *call = phone_call_find(telephone.sets[who].phone, session_id);

        ck_assert_ptr_nonnull(call);
        return call->stored.record.status;
}
