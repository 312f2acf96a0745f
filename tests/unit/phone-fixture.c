/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"

#include <stdarg.h>
#include <stdio.h>

#define NOW_AT_FIRST (1000 * USEC_PER_SEC)
#define DATE_AT_FIRST (1700000000 * USEC_PER_SEC)
#define STEPS_MAX 1000 /* deadlines in one wait; more are an endless loop */

Suite *phone_suite(const char *name, const TTest *const *tests, size_t n)
{
        Suite *suite = suite_create("phone");
        TCase *tcase = tcase_create(name);

        for (size_t i = 0; i < n; i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return suite;
}

Fixture *fixture_new(void)
{
        Fixture *fixture = calloc(1, sizeof(*fixture));

        ck_assert_ptr_nonnull(fixture);
        fixture->instant = (Now){.now = NOW_AT_FIRST,
                                 .date = DATE_AT_FIRST,
                                 .boot_date = DATE_AT_FIRST - NOW_AT_FIRST};
        ck_assert_int_eq(phone_new(&fixture->phone), 0);
        return fixture;
}

Fixture *fixture_online(void)
{
        Fixture *fixture = fixture_new();

        phone_connection_changed(fixture->phone, &fixture->instant, PHONE_CONNECTING, "");
        hub_welcomes(fixture, NULL, 0, false);
        forget(fixture);
        return fixture;
}

void fixture_free(Fixture *fixture)
{
        forget(fixture);
        phone_free(fixture->phone);
        for (size_t i = 0; i < ELEMENTSOF(fixture->store.states); i++)
                stored_call_done(&fixture->store.states[i]);
        for (size_t i = 0; i < ELEMENTSOF(fixture->store.requests); i++)
                message_done(&fixture->store.requests[i]);
        free(fixture);
}

/* ---- the store ---- */

/* The row of that session or, for "", a free one. */
static StoredCall *state_place(Fixture *fixture, const char *session_id)
{
        for (size_t i = 0; i < ELEMENTSOF(fixture->store.states); i++) {
                if (str_eq(fixture->store.states[i].record.session_id, session_id))
                        return &fixture->store.states[i];
        }
        return NULL;
}

static Message *request_place(Fixture *fixture, uint64_t number)
{
        for (size_t i = 0; i < ELEMENTSOF(fixture->store.requests); i++) {
                Message *request = &fixture->store.requests[i];

                if (number ? request->type != MESSAGE_NONE && request->id == number
                           : request->type == MESSAGE_NONE)
                        return request;
        }
        return NULL;
}

void store_take(Fixture *fixture, PhoneAction *action)
{
        StoredCall *state = state_place(fixture, action->session_id);
        Message *request = request_place(fixture, action->serial);

        if (fixture->store_lags)
                return;
        switch (action->type) {
        case PHONE_CALL_STORE:
                state = state ? state : state_place(fixture, "");
                ck_assert_ptr_nonnull(state);
                stored_call_done(state);
                *state = *action->state;
                *action->state = (StoredCall){};
                break;
        case PHONE_CALL_FORGET:
                ck_assert_ptr_nonnull(state);
                stored_call_done(state);
                break;
        case PHONE_REQUEST_STORE:
                ck_assert_ptr_null(request);
                request = request_place(fixture, 0);
                ck_assert_ptr_nonnull(request);
                *request = action->message;
                action->message.type = MESSAGE_NONE;
                break;
        case PHONE_REQUEST_FORGET:
                ck_assert_ptr_nonnull(request);
                message_done(request);
                break;
        default:
                break;
        }
}

size_t stored_calls(const Fixture *fixture)
{
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(fixture->store.states); i++)
                n += *fixture->store.states[i].record.session_id != '\0';
        return n;
}

size_t stored_requests(const Fixture *fixture)
{
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(fixture->store.requests); i++)
                n += fixture->store.requests[i].type != MESSAGE_NONE;
        return n;
}

void restarted(Fixture *fixture, bool worker)
{
        forget(fixture);
        fixture->phone = phone_free(fixture->phone);
        fixture->store_lags = false;
        ck_assert_int_eq(phone_new(&fixture->phone), 0);
        for (size_t i = 0; i < ELEMENTSOF(fixture->store.states); i++) {
                const StoredCall *state = &fixture->store.states[i];

                if (*state->record.session_id)
                        ck_assert_int_eq(phone_restore_call(fixture->phone, &fixture->instant,
                                                            state, worker),
                                         0);
        }
        for (size_t i = 0; i < ELEMENTSOF(fixture->store.requests); i++) {
                const Message *request = &fixture->store.requests[i];

                if (request->type != MESSAGE_NONE)
                        ck_assert_int_eq(
                                phone_restore_request(fixture->phone, &fixture->instant, request),
                                0);
        }
        memset(fixture->ids, 0, sizeof(fixture->ids));
        fixture->n_announced = 0;
}

/* ---- the trace ---- */

_printf_(2, 3) static void note(Fixture *fixture, const char *format, ...)
{
        size_t n = strlen(fixture->trace);
        va_list arguments;

        if (n + 1 >= sizeof(fixture->trace))
                return;
        if (n > 0)
                fixture->trace[n++] = ' ';
        va_start(arguments, format);
        vsnprintf(fixture->trace + n, sizeof(fixture->trace) - n, format, arguments);
        va_end(arguments);
}

static void note_listener(Fixture *fixture, const PhoneAction *action)
{
        size_t i;

        note(fixture, "tell:%s%s%s", action->listener.id, action->present ? "!" : "",
             action->resumed ? "~" : "");
        for (i = 0; i < fixture->n_announced; i++) {
                if (str_eq(fixture->announced[i].id, action->listener.id))
                        break;
        }
        if (i == ELEMENTSOF(fixture->announced))
                return;
        STR_SET(fixture->announced[i].id, action->listener.id);
        fixture->announced[i].serial = action->serial;
        fixture->n_announced = MAX_OF(fixture->n_announced, i + 1);
}

static void say_sent(Fixture *fixture, const PhoneAction *action)
{
        MessageType type = action->message.type;

        note(fixture, "send:%s", message_type_to_string(type));
        fixture->ids[type] = action->message.id;
        fixture->sent[type] = action->message;
}

static void say_action(Fixture *fixture, const PhoneAction *action)
{
        static const char *const words[] = {
                [PHONE_CONNECT] = "connect",
                [PHONE_CALL_ADDED] = "call-added",
                [PHONE_CALL_CHANGED] = "call",
                [PHONE_CALL_REMOVED] = "call-removed",
                [PHONE_SESSION_ADDED] = "session-added",
                [PHONE_SESSION_CHANGED] = "session",
                [PHONE_MANAGER_CHANGED] = "manager",
                [PHONE_USER_JOINED] = "user-joined",
                [PHONE_USER_LEFT] = "user-left",
                [PHONE_PARTICIPANT_CHANGED] = "participant",
                [PHONE_WORKER_START] = "worker-start",
                [PHONE_WORKER_JOIN] = "worker-join",
                [PHONE_WORKER_PARTICIPANT_JOINED] = "worker-participant-joined",
                [PHONE_WORKER_PARTICIPANT_LEFT] = "worker-participant-left",
                [PHONE_WORKER_SIGNAL] = "worker-signal",
                [PHONE_WORKER_RELAYS] = "worker-relays",
                [PHONE_WORKER_STOP] = "worker-stop",
                [PHONE_WORKER_SCREEN_STOP] = "worker-screen:off",
                [PHONE_WORKER_PING] = "worker-ping",
                [PHONE_WORKER_CUT] = "worker-cut",
                [PHONE_WORKER_KILL] = "worker-kill",
                [PHONE_HISTORY_FORGET] = "history-forget",
        };
        static const char *const tones[] = {"none", "ring", "ring-back"};

        switch (action->type) {
        case PHONE_SEND:
                say_sent(fixture, action);
                break;
        case PHONE_DONE:
                note(fixture, "done%s%s", action->error ? ":" : "",
                     call_error_to_string(action->error));
                break;
        case PHONE_STATUS_CHANGED:
                note(fixture, "status:%s%s%s", call_status_to_string(action->new_status),
                     *action->reason ? "/" : "", action->reason);
                break;
        case PHONE_BROADCAST:
                note(fixture, "broadcast:%s%s", phone_event_to_string(action->event),
                     action->resumed ? "~" : "");
                break;
        case PHONE_LISTENER_CALL:
                note_listener(fixture, action);
                break;
        case PHONE_SESSION_ERROR:
                note(fixture, "session-error:%s", call_error_to_string(action->error));
                break;
        case PHONE_TONE:
                note(fixture, "tone:%s", tones[action->tone]);
                break;
        case PHONE_WORKER_PAUSE:
                note(fixture, "worker-pause:%s", action->on ? "on" : "off");
                break;
        case PHONE_WORKER_MUTE:
                note(fixture, "worker-mute:%s", action->on ? "on" : "off");
                break;
        case PHONE_HISTORY_PUT:
                note(fixture, "history:%s/%s", call_status_to_string(action->record.status),
                     action->record.reason);
                break;
        case PHONE_CALL_STORE:
        case PHONE_CALL_FORGET:
        case PHONE_REQUEST_STORE:
        case PHONE_REQUEST_FORGET:
                break;
        default:
                note(fixture, "%s", words[action->type]);
                break;
        }
}

const char *fixture_trace(Fixture *fixture)
{
        PhoneAction action;

        *fixture->trace = '\0';
        while (phone_next_action(fixture->phone, &action)) {
                say_action(fixture, &action);
                store_take(fixture, &action);
                fixture->last[action.type] = action;
                phone_action_done(&action);
        }
        return fixture->trace;
}

void forget(Fixture *fixture)
{
        (void)fixture_trace(fixture);
}

void worker_answers(Fixture *fixture, const char *session_id)
{
        ck_assert_int_eq(phone_worker_answered(fixture->phone, &fixture->instant, session_id,
                                               fixture->last[PHONE_WORKER_PING].serial),
                         0);
}

void wait_us(Fixture *fixture, usec_t us)
{
        usec_t until = fixture->instant.now + us;
        unsigned steps = 0;

        while (phone_next_deadline(fixture->phone) <= until) {
                usec_t due = MAX_OF(phone_next_deadline(fixture->phone), fixture->instant.now);

                ck_assert_uint_lt(steps++, STEPS_MAX);
                fixture->instant.date += due - fixture->instant.now;
                fixture->instant.now = due;
                ck_assert_int_eq(phone_tick(fixture->phone, &fixture->instant), 0);
        }
        fixture->instant.date += until - fixture->instant.now;
        fixture->instant.now = until;
}

/* ---- the hub ---- */

void hub_message(Fixture *fixture, Message *message)
{
        if (message_type_is_event(message->type))
                message->seq = ++fixture->seq;
        ck_assert_int_eq(phone_message(fixture->phone, &fixture->instant, message), 0);
}

void hub_welcomes(Fixture *fixture, const CallSnapshot *calls, size_t n_calls, bool resumed)
{
        Message message = {.type = MESSAGE_REPLY, .id = HELLO_ID};
        ReplyWelcome *welcome = &message.reply.welcome;

        message.reply.kind = REPLY_WELCOME;
        STR_SET(welcome->user.uid, "bob");
        STR_SET(welcome->link, THIRD);
        welcome->resumed = resumed;
        welcome->date = fixture->instant.date;
        welcome->calls = (CallSnapshot *)calls;
        welcome->n_calls = n_calls;
        welcome->history_complete = true;
        if (!resumed)
                fixture->seq = 0;
        hub_message(fixture, &message);
}

void hub_gone(Fixture *fixture)
{
        phone_connection_changed(fixture->phone, &fixture->instant, PHONE_OFFLINE,
                                 "The hub does not answer");
}

static CallSnapshot snapshot_of(const char *session_id, CallDirection direction, CallStatus status)
{
        CallSnapshot snapshot = {.here = true};
        CallRecord *record = &snapshot.record;
        bool out = direction == CALL_DIRECTION_OUTGOING;

        STR_SET(record->session_id, session_id);
        record->direction = direction;
        record->status = status;
        STR_SET(record->initiator.uid, out ? "bob" : "alice");
        STR_SET(record->receiver.uid, out ? "alice" : "bob");
        record->initiated_at = DATE_AT_FIRST;
        if (status == CALL_STATUS_INITIATED)
                snapshot.remaining_ms = RING_S * 1000;
        if (status == CALL_STATUS_ONGOING) {
                record->answered_at = DATE_AT_FIRST + USEC_PER_SEC;
                STR_SET(snapshot.join_token, "token");
        }
        return snapshot;
}

CallSnapshot incoming(const char *session_id, CallStatus status)
{
        return snapshot_of(session_id, CALL_DIRECTION_INCOMING, status);
}

CallSnapshot outgoing(const char *session_id, CallStatus status)
{
        return snapshot_of(session_id, CALL_DIRECTION_OUTGOING, status);
}

void hub_says(Fixture *fixture, MessageType type, const CallSnapshot *snapshot)
{
        Message message = {.type = type, .call = *snapshot};

        hub_message(fixture, &message);
}

void hub_rings(Fixture *fixture, const char *session_id)
{
        CallSnapshot snapshot = incoming(session_id, CALL_STATUS_INITIATED);

        hub_says(fixture, MESSAGE_INCOMING, &snapshot);
}

void hub_ringing(Fixture *fixture, const char *session_id)
{
        Message message = {.type = MESSAGE_RINGING, .ringing.ringing_since = fixture->instant.date};

        STR_SET(message.ringing.session_id, session_id);
        hub_message(fixture, &message);
}

void hub_over(Fixture *fixture, const char *session_id, CallStatus status, CallReason reason)
{
        Message message = {.type = MESSAGE_OVER, .over.status = status};

        STR_SET(message.over.session_id, session_id);
        STR_SET(message.over.reason, call_reason_to_string(reason));
        message.over.ended_at = fixture->instant.date;
        hub_message(fixture, &message);
}

void hub_participant(Fixture *fixture, MessageType type, const char *session_id, const char *id)
{
        Message message = {.type = type};

        STR_SET(message.participant.session_id, session_id);
        STR_SET(message.participant.participant.id, id);
        STR_SET(message.participant.participant.party.uid, "alice");
        hub_message(fixture, &message);
}

void hub_reply(Fixture *fixture, MessageType to, Message *message)
{
        ck_assert_uint_ne(fixture->ids[to], 0);
        message->type = MESSAGE_REPLY;
        message->id = fixture->ids[to];
        hub_message(fixture, message);
}

void reply_ok(Fixture *fixture, MessageType to)
{
        Message message = {.reply.kind = REPLY_PLAIN};

        hub_reply(fixture, to, &message);
}

void reply_error(Fixture *fixture, MessageType to, CallError error)
{
        Message message;

        message_reply_error(&message, 0, error, "The hub says %s", call_error_to_string(error));
        hub_reply(fixture, to, &message);
}

void reply_no_history(Fixture *fixture)
{
        Message message = {.reply.kind = REPLY_HISTORY};

        hub_reply(fixture, MESSAGE_HISTORY, &message);
}

void reply_call(Fixture *fixture, MessageType to, CallSnapshot snapshot)
{
        Message message = {.reply = {.kind = REPLY_CALL, .call = snapshot}};

        hub_reply(fixture, to, &message);
}

void reply_token(Fixture *fixture, MessageType to, const char *token)
{
        Message message = {.reply.kind = REPLY_TOKEN};

        STR_SET(message.reply.token.token, token);
        hub_reply(fixture, to, &message);
}

void reply_join(Fixture *fixture, const char *other)
{
        Message message = {.reply.kind = REPLY_JOIN};
        Participant participant = {};

        STR_SET(message.reply.join.participant, "me");
        if (other) {
                STR_SET(participant.id, other);
                STR_SET(participant.party.uid, "alice");
                message.reply.join.others = &participant;
                message.reply.join.n_others = 1;
        }
        hub_reply(fixture, MESSAGE_JOIN, &message);
}

void reply_join_by(Fixture *fixture, const char *mode)
{
        Message message = {.reply = {.kind = REPLY_JOIN, .join = {.participant = "me"}}};

        STR_SET(message.reply.join.mode, mode);
        hub_reply(fixture, MESSAGE_JOIN, &message);
}

/* ---- programs ---- */

PhoneCommand asks(PhoneCommandType type, const char *session_id)
{
        PhoneCommand command = {.type = type};

        STR_SET(command.client, PROGRAM);
        STR_SET(command.session_id, session_id);
        return command;
}

void command(Fixture *fixture, const PhoneCommand *asked)
{
        ck_assert_int_eq(phone_command(fixture->phone, &fixture->instant, asked, ++fixture->ticket),
                         0);
}

void place(Fixture *fixture, const char *session_id)
{
        PhoneCommand asked = asks(PHONE_COMMAND_INITIATE, session_id);

        STR_SET(asked.initiate.request.session_id, session_id);
        STR_SET(asked.initiate.request.receiver, "alice");
        asked.initiate.request.join = true;
        command(fixture, &asked);
}

void accept_by(Fixture *fixture, const char *session_id, const char *client)
{
        PhoneCommand asked = asks(PHONE_COMMAND_ACCEPT, session_id);

        STR_SET(asked.client, client);
        asked.accept.request.join = true;
        command(fixture, &asked);
}

void reject(Fixture *fixture, const char *session_id, CallStatus status)
{
        PhoneCommand asked = asks(PHONE_COMMAND_REJECT, session_id);

        asked.status = status;
        command(fixture, &asked);
}

void do_to(Fixture *fixture, PhoneCommandType type, const char *session_id)
{
        PhoneCommand asked = asks(type, session_id);

        command(fixture, &asked);
}

int listen(Fixture *fixture, const char *id, const char *client, int priority, bool presents,
           bool restored)
{
        PhoneListener listener = {.priority = priority, .presents = presents};
        const char *text = NULL;
        int r;

        STR_SET(listener.id, id);
        STR_SET(listener.client, client);
        STR_SET(listener.path, "/listener");
        r = phone_listener_add(fixture->phone, &fixture->instant, &listener, restored, &text);
        ck_assert_int_eq(r > 0, !str_empty(text));
        return r;
}

void answer_event(Fixture *fixture, const char *listener, bool taken)
{
        forget(fixture);
        for (size_t i = 0; i < fixture->n_announced; i++) {
                if (!str_eq(fixture->announced[i].id, listener))
                        continue;
                phone_listener_answered(fixture->phone, &fixture->instant,
                                        fixture->announced[i].serial, taken);
                return;
        }
        ck_abort_msg("nothing was announced to %s", listener);
}
