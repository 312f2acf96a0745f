/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "model/rules.h"
#include "phone-fixture.h"

/*
 * Programs, hub and worker do anything at any time, from a seed that a failure prints: events for
 * programs follow the rules, workers are started before they are used, and each command is answered
 * once.
 */

#define N_CALLS 6
#define N_OWNERS 3
#define N_STEPS 3000
#define N_SEEDS 40
#define TICKETS_MAX (N_STEPS + 1)

/* Each assertion of Check writes to a pipe, which is too slow here. */
#define must(condition)                           \
        do {                                      \
                if (!(condition))                 \
                        ck_abort_msg(#condition); \
        } while (false)

typedef struct Seen {
        bool there, session, worker;
        bool fresh; /* the first status is unknown, because it may have changed meanwhile */
        CallStatus status;
} Seen;

typedef struct Storm {
        Fixture *f;
        uint64_t state; /* of the dice */
        Seen seen[N_CALLS];
        uint8_t answers[TICKETS_MAX];
        uint64_t last_ids[8]; /* of requests that may be answered */
        size_t n_ids;
        uint64_t last_serial;
        bool online;
} Storm;

static unsigned roll(Storm *storm, unsigned sides)
{
        /* xorshift64: good enough for a test, and the same everywhere. */
        storm->state ^= storm->state << 13;
        storm->state ^= storm->state >> 7;
        storm->state ^= storm->state << 17;
        return (unsigned)((storm->state >> 33) % sides);
}

static const char *session_id(unsigned call)
{
        static char ids[N_CALLS][UUID_LENGTH + 1];

        snprintf(ids[call], sizeof(ids[call]), "00000000-0000-4000-8000-%012u", call);
        return ids[call];
}

static Seen *seen_of(Storm *storm, const char *id)
{
        return &storm->seen[atoi(id + 24)];
}

/* ---- actions of the phone ---- */

static void check_status(Seen *seen, const PhoneAction *action)
{
        must(seen->there);
        must(seen->fresh || action->old_status == seen->status);
        seen->fresh = false;
        must(!call_status_is_terminal(action->old_status));
        must(action->old_status != CALL_STATUS_ONGOING || action->new_status == CALL_STATUS_ENDED);
        must(action->old_status != CALL_STATUS_INITIATED ||
             action->new_status != CALL_STATUS_ENDED);
        seen->status = action->new_status;
}

static void check_action(Storm *storm, const PhoneAction *action)
{
        Seen *seen = *action->session_id ? seen_of(storm, action->session_id) : NULL;
        const PhoneCallInfo *call = phone_call_find(storm->f->phone, action->session_id);

        switch (action->type) {
        case PHONE_SEND:
                storm->last_ids[storm->n_ids++ % ELEMENTSOF(storm->last_ids)] = action->message.id;
                break;
        case PHONE_DONE:
                must(storm->answers[action->ticket]++ == 0);
                break;
        case PHONE_CALL_ADDED:
                must(!seen->there);
                *seen = (Seen){.there = true, .fresh = true, .worker = seen->worker};
                /* The status that it got in the same event follows. */
                if (call && call->has_session && call->stored.record.status == CALL_STATUS_ONGOING)
                        seen->status = CALL_STATUS_INITIATED;
                break;
        case PHONE_CALL_REMOVED:
                must(seen->there && !seen->worker);
                seen->there = false;
                break;
        case PHONE_SESSION_ADDED:
                must(seen->there && !seen->session);
                seen->session = true;
                break;
        case PHONE_STATUS_CHANGED:
                check_status(seen, action);
                break;
        case PHONE_CALL_CHANGED:
                must(seen->there);
                break;
        case PHONE_SESSION_CHANGED:
                must(seen->session);
                break;
        case PHONE_LISTENER_CALL:
                storm->last_serial = action->serial;
                break;
        case PHONE_WORKER_START:
        case PHONE_WORKER_STOP:
                must(seen->worker == (action->type == PHONE_WORKER_STOP));
                seen->worker = action->type == PHONE_WORKER_START;
                break;
        case PHONE_WORKER_JOIN:
        case PHONE_WORKER_MUTE:
                must(seen->worker && seen->session);
                break;
        default:
                break;
        }
}

static void check_call(Storm *storm, const PhoneCallInfo *call)
{
        bool rings = call->stored.record.direction == CALL_DIRECTION_INCOMING &&
                     call->stored.record.status == CALL_STATUS_INITIATED;
        Seen *seen = seen_of(storm, call->stored.record.session_id);

        must(seen->there);
        /* A call that appears as ongoing has no event for becoming ongoing. */
        if (seen->status != call->stored.record.status)
                must(seen->status == CALL_STATUS_INITIATED &&
                     call->stored.record.status == CALL_STATUS_ONGOING);
        seen->status = call->stored.record.status;
        must(!call->alerting || (rings && call->stored.present));
        must(!call->stored.present || rings);
        must(call->stored.record.status != CALL_STATUS_ONGOING || call->has_session);
        must(call->stored.record.status != CALL_STATUS_INITIATED || !call->has_session);
}

static void look(Storm *storm)
{
        PhoneAction action;
        const PhoneCallInfo *call;
        size_t n_live = 0;

        while (phone_next_action(storm->f->phone, &action)) {
                check_action(storm, &action);
                store_take(storm->f, &action);
                phone_action_done(&action);
        }
        for (size_t i = 0; (call = phone_call_at(storm->f->phone, i)); i++) {
                check_call(storm, call);
                n_live += !call_status_is_terminal(call->stored.record.status);
        }
        /* The store has exactly the live calls. */
        must(stored_calls(storm->f) == n_live);
}

/* ---- inputs of the phone ---- */

static CallSnapshot any_snapshot(Storm *storm)
{
        unsigned call = roll(storm, N_CALLS);
        const char *id = session_id(call);
        CallStatus status = roll(storm, 2) ? CALL_STATUS_INITIATED : CALL_STATUS_ONGOING;
        CallSnapshot snapshot = roll(storm, 2) ? incoming(id, status) : outgoing(id, status);

        snapshot.here = roll(storm, 4) > 0;
        if (call >= N_CALLS / 2)
                snapshot.record.receiver_type = RECEIVER_TYPE_GROUP;
        if (roll(storm, 2))
                STR_SET(snapshot.participant, "me");
        return snapshot;
}

static void program_does(Storm *storm)
{
        PhoneCommand asked = asks((PhoneCommandType)roll(storm, PHONE_COMMAND_FORGET + 1),
                                  session_id(roll(storm, N_CALLS)));

        snprintf(asked.client, sizeof(asked.client), ":1.%u", roll(storm, N_OWNERS));
        switch (asked.type) {
        case PHONE_COMMAND_INITIATE:
                STR_SET(asked.initiate.request.session_id, asked.session_id);
                asked.initiate.request.join = roll(storm, 2);
                asked.initiate.tie_to_client = roll(storm, 2);
                break;
        case PHONE_COMMAND_ACCEPT:
                asked.accept.request.join = roll(storm, 2);
                break;
        case PHONE_COMMAND_REJECT:
                asked.status = roll(storm, 2) ? CALL_STATUS_REJECTED : CALL_STATUS_CANCELLED;
                break;
        case PHONE_COMMAND_BLOCK:
                STR_SET(asked.block.uid, roll(storm, 2) ? "mallory" : "eve");
                asked.block.on = roll(storm, 2);
                break;
        case PHONE_COMMAND_MUTE:
        case PHONE_COMMAND_DO_NOT_DISTURB:
                asked.on = roll(storm, 2);
                break;
        default:
                break;
        }
        /* A program calls with ids that nobody has used yet. */
        if (asked.type == PHONE_COMMAND_INITIATE &&
            phone_call_find(storm->f->phone, asked.session_id))
                return;
        command(storm->f, &asked);
}

static void listener_does(Storm *storm)
{
        char id[8], client[8];

        snprintf(id, sizeof(id), "l%u", roll(storm, 6));
        snprintf(client, sizeof(client), ":1.%u", roll(storm, N_OWNERS));
        switch (roll(storm, 6)) {
        case 0:
        case 1:
                listen(storm->f, id, client, (int)roll(storm, 3), roll(storm, 2), roll(storm, 2));
                break;
        case 2:
                phone_listener_remove(storm->f->phone, &storm->f->instant, client, id);
                break;
        case 3:
                phone_client_gone(storm->f->phone, &storm->f->instant, client);
                break;
        default:
                phone_listener_answered(storm->f->phone, &storm->f->instant, storm->last_serial,
                                        roll(storm, 2));
                break;
        }
}

static void hub_replies(Storm *storm)
{
        Message message = {.type = MESSAGE_REPLY,
                           .id = storm->last_ids[roll(storm, ELEMENTSOF(storm->last_ids))]};
        Participant other = {.id = "alice-1"};

        message.reply.kind = (ReplyKind)roll(storm, REPLY_HISTORY);
        if (message.reply.kind == REPLY_WELCOME)
                message.reply.kind = REPLY_PLAIN;
        if (message.reply.kind == REPLY_CALL)
                message.reply.call = any_snapshot(storm);
        if (message.reply.kind == REPLY_JOIN) {
                STR_SET(message.reply.join.participant, "me");
                message.reply.join.others = &other;
                message.reply.join.n_others = 1;
        }
        if (roll(storm, 3) == 0)
                message_reply_error(&message, message.id,
                                    (CallError)(1 + roll(storm, CALL_ERROR_COUNT - 1)), "no");
        hub_message(storm->f, &message);
}

static void hub_tells_members(Storm *storm, const char *id)
{
        Member members[] = {{.uid = "carol"}, {.uid = "dave"}};
        Message message = {.type = MESSAGE_MEMBERS, .members = {.members = members}};

        message.members.n_members = roll(storm, ELEMENTSOF(members) + 1);
        members[0].state = (MemberState)roll(storm, MEMBER_STATE_COUNT);
        STR_SET(message.members.session_id, id);
        hub_message(storm->f, &message);
}

static void hub_does(Storm *storm)
{
        const char *id = session_id(roll(storm, N_CALLS));
        CallSnapshot snapshot = any_snapshot(storm);

        switch (roll(storm, 9)) {
        case 5:
                hub_tells_members(storm, id);
                break;
        case 0:
                hub_rings(storm->f, id);
                break;
        case 1:
                hub_ringing(storm->f, id);
                break;
        case 2:
                hub_says(storm->f, MESSAGE_ACCEPTED, &snapshot);
                break;
        case 3:
                hub_over(storm->f, id, (CallStatus)roll(storm, CALL_STATUS_COUNT),
                         (CallReason)roll(storm, CALL_REASON_COUNT));
                break;
        case 4:
                hub_participant(storm->f, roll(storm, 2) ? MESSAGE_JOINED : MESSAGE_LEFT, id,
                                roll(storm, 2) ? "alice-1" : "alice-2");
                break;
        default:
                hub_replies(storm);
                break;
        }
}

static void link_does(Storm *storm)
{
        CallSnapshot snapshots[3];
        Message hello;
        size_t n = roll(storm, ELEMENTSOF(snapshots) + 1);

        if (storm->online) {
                phone_connection_changed(
                        storm->f->phone, &storm->f->instant,
                        (PhoneConnection)(roll(storm, 8) ? PHONE_OFFLINE : PHONE_LOGGED_OUT),
                        "gone");
                storm->online = false;
                return;
        }
        for (size_t i = 0; i < n; i++)
                snapshots[i] = any_snapshot(storm);
        phone_connection_changed(storm->f->phone, &storm->f->instant, PHONE_CONNECTING, "");
        phone_hello(storm->f->phone, &hello);
        hub_welcomes(storm->f, snapshots, n, *hello.hello.resume && roll(storm, 2));
        storm->online = true;
}

/* The daemon is killed and restarted with the store; its workers may survive. */
static void daemon_dies(Storm *storm)
{
        Fixture *f = storm->f;
        bool adopts = roll(storm, 2);

        f->phone = phone_free(f->phone);
        ck_assert_int_eq(phone_new(&f->phone), 0);
        /* Commands of before are not answered any more. */
        memset(storm->answers, 1, f->ticket + 1);
        storm->online = false;
        for (unsigned i = 0; i < N_CALLS; i++)
                storm->seen[i] = (Seen){.worker = adopts && storm->seen[i].worker};
        for (size_t i = 0; i < ELEMENTSOF(f->store.states); i++) {
                const StoredCall *state = &f->store.states[i];

                if (*state->record.session_id)
                        must(phone_restore_call(f->phone, &f->instant, state,
                                                seen_of(storm, state->record.session_id)->worker) ==
                             0);
        }
        for (size_t i = 0; i < ELEMENTSOF(f->store.requests); i++) {
                if (f->store.requests[i].type != MESSAGE_NONE)
                        must(phone_restore_request(f->phone, &f->instant, &f->store.requests[i]) ==
                             0);
        }
        look(storm);
        /* The adapter ends workers whose call was not restored. */
        for (unsigned i = 0; i < N_CALLS; i++)
                storm->seen[i].worker = storm->seen[i].worker && storm->seen[i].there;
}

static void media_does(Storm *storm)
{
        const char *id = session_id(roll(storm, N_CALLS));
        Seen *seen = seen_of(storm, id);
        Phone *phone = storm->f->phone;
        const Now *now = &storm->f->instant;

        if (!seen->worker) {
                phone_tone_playing(phone, now, (PhoneTone)roll(storm, PHONE_TONE_COUNT),
                                   roll(storm, 2));
                return;
        }
        switch (roll(storm, 5)) {
        case 0:
                phone_worker_muted(phone, now, id, roll(storm, 2));
                break;
        case 1:
                phone_worker_state(phone, now, id, (SessionState)roll(storm, SESSION_STATE_COUNT));
                break;
        case 2:
                phone_worker_signal(phone, now, id, "alice-1", "{}");
                break;
        case 3:
                phone_worker_participant(phone, now, id, "alice-1",
                                         &(ParticipantMedia){.connected = roll(storm, 2),
                                                             .speaking = roll(storm, 2),
                                                             .audio_node = "node"});
                break;
        default:
                phone_worker_gone(phone, now, id, "gone");
                seen->worker = false;
                break;
        }
}

static void step(Storm *storm)
{
        unsigned what = roll(storm, 20);

        if (what < 6)
                program_does(storm);
        else if (what < 14 && storm->online)
                hub_does(storm);
        else if (what < 16)
                listener_does(storm);
        else if (what < 18)
                media_does(storm);
        else if (what < 19)
                wait_us(storm->f, roll(storm, 6000) * USEC_PER_MSEC);
        else if (roll(storm, 5) == 0)
                link_does(storm);
        else if (roll(storm, 10) == 0)
                daemon_dies(storm);
        look(storm);
        /* All that is due by then happens at once, and nothing is left to do. */
        wait_us(storm->f, 0);
        look(storm);
        must(phone_next_deadline(storm->f->phone) > storm->f->instant.now);
}

START_TEST(nothing_that_can_happen_breaks_the_rules)
{
        static Storm storm;
        FIXTURE(f);

        storm = (Storm){
                .f = f, .state = 0x9e3779b97f4a7c15ULL * (unsigned)(_i + 1), .online = true};
        for (int i = 0; i < N_STEPS; i++)
                step(&storm);
        wait_us(f, COMMAND_TIMEOUT_US);
        look(&storm);
        for (uint64_t ticket = 1; ticket <= f->ticket; ticket++)
                must(storm.answers[ticket] == 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("phone");
        TCase *tcase = tcase_create("storm");

        tcase_set_timeout(tcase, 60);
        tcase_add_loop_test(tcase, nothing_that_can_happen_breaks_the_rules, 0, N_SEEDS);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
