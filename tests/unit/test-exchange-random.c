/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "exchange/exchange.h"
#include "suite.h"

/*
 * People who do anything at any time, legal or not, and the laws that hold all the same:
 *
 * - a call rings on a device at most once at a time, and each device on which it appears learns of
 *   its end exactly once: by the event or, if it was away, by a snapshot without it;
 * - a call and a user have one history record, written before anybody is notified, and another in
 * its place only after that user has joined a group's call late;
 * - the two records of a call to a user agree;
 * - the stored live calls are the live calls, and a hub that is killed continues with them;
 * - nothing is left undone past its deadline.
 *
 * A failure names its seed, which repeats the run.
 */

#define SEEDS 40
#define STEPS 1500
#define USERS 4
#define DEVICES_PER_USER 3
#define DEVICES (USERS * DEVICES_PER_USER)
#define CALLS 256 /* all ids; they are used in waves of a few, so that they collide */
#define WAVE 12

typedef struct Seen {
        bool on_device[CALLS];
        uint64_t link; /* 0: away */
        char token[CALLS][TOKEN_MAX + 1];
        char participant[PARTICIPANT_ID_MAX + 1];
} Seen;

typedef enum Part {
        PART_NONE,
        PART_OPEN, /* of a call that is not over for that user */
        PART_LOGGED,
} Part;

/* The rows that a hub would have stored. */
typedef struct Stored {
        LiveCall live; /* no members: no call */
        Part parts[USERS];
        CallStatus status[CALL_DIRECTION_COUNT]; /* of the records of a call to a user */
} Stored;

static struct {
        Exchange *exchange;
        ExchangeNow moment;
        uint64_t state, n_links;
        Seen devices[DEVICES];
        Stored stored[CALLS];
        size_t n_live;
        WhenBusy when_busy[USERS];
        bool blocks[USERS][USERS];
        bool suspended[DEVICES];
        unsigned wave, seed, step;
} all;

#define must(condition) \
        ck_assert_msg(condition, "seed %u, step %u: " #condition, all.seed, all.step)

/* xorshift64*, Vigna 2016: the same everywhere. */
static unsigned any(unsigned below)
{
        all.state ^= all.state >> 12;
        all.state ^= all.state << 25;
        all.state ^= all.state >> 27;
        return (unsigned)((all.state * 2685821657736338717ULL) >> 33) % below;
}

static void any_entropy(void)
{
        for (size_t i = 0; i < ENTROPY_SIZE; i++)
                all.moment.entropy[i] = (uint8_t)any(256);
}

static void user_of(unsigned device, char *uid)
{
        snprintf(uid, UID_MAX + 1, "user-%u", device / DEVICES_PER_USER);
}

static unsigned any_call(void)
{
        return (all.wave + any(WAVE)) % CALLS;
}

/* Mostly a call that is on the device: requests about others fail early. */
static unsigned likely_call(unsigned device)
{
        unsigned first = any_call();

        for (unsigned i = 0; i < WAVE && any(8); i++) {
                unsigned call = (first + i) % CALLS;

                if (all.devices[device].on_device[call])
                        return call;
        }
        return first;
}

static void session_of(unsigned call, char *session_id)
{
        snprintf(session_id, UUID_LENGTH + 1, "00000000-0000-4000-8000-%012u", call);
}

static unsigned call_of(const char *session_id)
{
        must(uuid_is_valid(session_id));
        return (unsigned)atoi(session_id + 24);
}

static Seen *device_of(uint64_t link)
{
        for (unsigned d = 0; d < DEVICES; d++) {
                if (link != 0 && all.devices[d].link == link)
                        return &all.devices[d];
        }
        return NULL;
}

/* ---- observations ---- */

static void see_call(Seen *device, const CallSnapshot *call)
{
        unsigned n = call_of(call->record.session_id);

        if (*call->join_token)
                STR_SET(device->token[n], call->join_token);
        if (!call_status_is_terminal(call->record.status))
                device->on_device[n] = true;
}

static void see_message(Seen *device, const Message *message)
{
        unsigned n;

        switch (message->type) {
        case MESSAGE_INCOMING:
                n = call_of(message->call.record.session_id);
                must(!device->on_device[n]);
                must(message->call.remaining_ms >= 3000);
                device->on_device[n] = true;
                break;
        case MESSAGE_OVER:
                n = call_of(message->over.session_id);
                must(device->on_device[n]);
                must(call_status_is_terminal(message->over.status));
                device->on_device[n] = false;
                break;
        case MESSAGE_ACCEPTED:
                must(device->on_device[call_of(message->call.record.session_id)]);
                see_call(device, &message->call);
                break;
        case MESSAGE_REPLY:
                if (message->reply.kind == REPLY_CALL)
                        see_call(device, &message->reply.call);
                if (message->reply.kind == REPLY_JOIN)
                        STR_SET(device->participant, message->reply.join.participant);
                break;
        default:
                break;
        }
}

static unsigned user_number(const char *uid)
{
        must(strncmp(uid, "user-", 5) == 0);
        return (unsigned)atoi(uid + 5);
}

static void see_record(const char *uid, const CallRecord *record)
{
        Stored *stored = &all.stored[call_of(record->session_id)];
        unsigned user = user_number(uid);

        must(call_status_is_terminal(record->status));
        must(record->ended_at != 0);
        must((record->answered_at != 0) == (record->status == CALL_STATUS_ENDED));
        must(stored->parts[user] == PART_OPEN);
        stored->parts[user] = PART_LOGGED;
        stored->status[record->direction] = record->status;
}

static void see_part(Stored *stored, const LiveMember *member)
{
        Part *part = &stored->parts[user_number(member->party.uid)];

        if (call_status_is_terminal(member->status)) {
                must(*part == PART_LOGGED);
                return;
        }
        must(*part != PART_LOGGED || stored->live.record.receiver_type == RECEIVER_TYPE_GROUP);
        *part = PART_OPEN;
}

static void see_save(ExchangeAction *action)
{
        Stored *stored = &all.stored[call_of(action->session_id)];
        size_t n = action->live.n_members;

        if (stored->live.n_members == 0) {
                *stored = (Stored){0}; /* a forgotten id is a new call */
                all.n_live++;
        }
        must(live_call_merge(&stored->live, &action->live) == 0);
        must(n <= stored->live.n_members);
        see_part(stored, &stored->live.caller);
        for (size_t i = 0; i < stored->live.n_members; i++)
                see_part(stored, &stored->live.members[i]);
}

/* of the caller, of the receiver */
static const CallStatus agreeing[][CALL_DIRECTION_COUNT] = {
        {CALL_STATUS_ENDED, CALL_STATUS_ENDED},      {CALL_STATUS_REJECTED, CALL_STATUS_REJECTED},
        {CALL_STATUS_BUSY, CALL_STATUS_BUSY},        {CALL_STATUS_BUSY, CALL_STATUS_MISSED},
        {CALL_STATUS_CANCELLED, CALL_STATUS_MISSED}, {CALL_STATUS_UNANSWERED, CALL_STATUS_MISSED},
};

static void see_end(unsigned n)
{
        Stored *stored = &all.stored[n];
        bool agree = stored->live.record.receiver_type == RECEIVER_TYPE_GROUP;

        must(stored->live.n_members > 0);
        for (unsigned user = 0; user < USERS; user++)
                must(stored->parts[user] != PART_OPEN);
        for (size_t i = 0; i < ELEMENTSOF(agreeing); i++)
                agree = agree || memcmp(agreeing[i], stored->status, sizeof(agreeing[i])) == 0;
        must(agree);
        live_call_done(&stored->live);
        all.n_live--;
}

static void see_action(ExchangeAction *action)
{
        Seen *device;

        switch (action->type) {
        case EXCHANGE_SEND:
                device = device_of(action->attachment);
                if (device)
                        see_message(device, &action->message);
                break;
        case EXCHANGE_SAVE:
                see_save(action);
                break;
        case EXCHANGE_LOG:
                see_record(action->uid, &action->record);
                break;
        case EXCHANGE_DROP:
                see_end(call_of(action->session_id));
                break;
        case EXCHANGE_USER:
                all.when_busy[user_number(action->uid)] = action->settings.when_busy;
                break;
        case EXCHANGE_BLOCK:
                all.blocks[user_number(action->uid)][user_number(action->block.uid)] =
                        action->block.on;
                break;
        case EXCHANGE_DISCONNECT:
                break;
        }
}

static void see_all(void)
{
        ExchangeAction action;

        /* News for members may be due at once. */
        must(exchange_tick(all.exchange, &all.moment) == 0);
        while (exchange_next_action(all.exchange, &action)) {
                see_action(&action);
                exchange_action_done(&action);
        }
        must(exchange_n_calls(all.exchange) == all.n_live);
        must(exchange_next_deadline(all.exchange) > all.moment.now);
}

/* ---- actions of people ---- */

static void ask(unsigned device, Message *message)
{
        any_entropy();
        message->id = 1;
        must(exchange_message(all.exchange, &all.moment, all.devices[device].link, message) == 0);
        see_all();
}

static void do_session_request(unsigned device)
{
        static const MessageType types[] = {MESSAGE_DELIVERED, MESSAGE_ALERTING, MESSAGE_CANCEL,
                                            MESSAGE_END,       MESSAGE_TOKEN,    MESSAGE_LEAVE};
        Message message = {.type = types[any(ELEMENTSOF(types))]};

        session_of(likely_call(device), message.session.session_id);
        ask(device, &message);
}

static void do_initiate(unsigned device)
{
        Message message = {.type = MESSAGE_INITIATE};

        session_of(any_call(), message.initiate.session_id);
        if (any(3)) {
                user_of(any(DEVICES), message.initiate.receiver);
        } else {
                message.initiate.receiver_type = RECEIVER_TYPE_GROUP;
                STR_SET(message.initiate.receiver, any(4) ? "all" : "some");
        }
        message.initiate.type = any(CALL_TYPE_COUNT);
        message.initiate.timeout_s = (int)any(60);
        message.initiate.join = any(4);
        message.initiate.parallel = any(2);
        ask(device, &message);
}

static void do_accept(unsigned device)
{
        Message message = {.type = MESSAGE_ACCEPT};

        message.accept = (MessageAccept){
                .join = any(4), .end_others = any(3) == 0, .parallel = any(2), .as_audio = any(2)};
        session_of(likely_call(device), message.accept.session_id);
        ask(device, &message);
}

static void do_reject(unsigned device)
{
        Message message = {.type = MESSAGE_REJECT,
                           .reject.status = any(2) ? CALL_STATUS_REJECTED : CALL_STATUS_BUSY};

        session_of(likely_call(device), message.reject.session_id);
        ask(device, &message);
}

static void do_join(unsigned device)
{
        Message message = {.type = MESSAGE_JOIN};
        unsigned call = likely_call(device);

        session_of(call, message.join.session_id);
        STR_SET(message.join.token, all.devices[any(8) ? device : any(DEVICES)].token[call]);
        ask(device, &message);
}

static void do_signal(unsigned device)
{
        static char data[] = "{}";
        Message message = {.type = MESSAGE_SIGNAL, .signal.data = data};

        session_of(likely_call(device), message.signal.session_id);
        STR_SET(message.signal.peer, all.devices[any(DEVICES)].participant);
        ask(device, &message);
}

static void do_state(unsigned device)
{
        Message message = {.type = MESSAGE_STATE,
                           .state = {.muted = any(2), .media_flows = any(2)}};

        session_of(likely_call(device), message.state.session_id);
        ask(device, &message);
}

static void do_settings(unsigned device)
{
        Message message = {.type = MESSAGE_SETTINGS, .settings = {true, any(WHEN_BUSY_COUNT)}};

        ask(device, &message);
}

static void do_deliver(unsigned device)
{
        Message message = {.type = MESSAGE_DELIVERED, .delivered.quiet = any(2)};

        session_of(likely_call(device), message.delivered.session_id);
        ask(device, &message);
}

/* Mostly unblocks; otherwise nobody could call any more. */
static void do_block(unsigned device)
{
        Message message = {.type = MESSAGE_BLOCK, .block.on = any(4) == 0};

        user_of(any(DEVICES), message.block.uid);
        ask(device, &message);
}

static void do_say_that_it_goes(unsigned device)
{
        Message message = {.type = MESSAGE_GOING};

        ask(device, &message);
}

static void do_log_out(unsigned device)
{
        Message message = {.type = MESSAGE_LOGOUT};
        Seen *seen = &all.devices[device];

        if (any(10))
                return;
        ask(device, &message);
        for (unsigned n = 0; n < CALLS; n++)
                must(!seen->on_device[n]);
        seen->link = 0;
}

/* The welcome: a call that the device knows and that is not in it is over. */
static void do_come(unsigned device)
{
        char uid[UID_MAX + 1], id[DEVICE_ID_MAX + 1];
        Seen *seen = &all.devices[device];
        CallSnapshot *snapshots;
        size_t n;

        user_of(device, uid);
        snprintf(id, sizeof(id), "device-%u", device);
        seen->link = ++all.n_links;
        all.suspended[device] = false;
        must(exchange_attach(all.exchange, &all.moment, seen->link, uid, id, "") == 0);
        must(exchange_snapshot(all.exchange, &all.moment, seen->link, &snapshots, &n) == 0);
        bool before[CALLS];
        memcpy(before, seen->on_device, sizeof(before));
        memset(seen->on_device, 0, sizeof(seen->on_device));
        for (size_t i = 0; i < n; i++) {
                /* Another device has answered this call. */
                if (snapshots[i].record.status == CALL_STATUS_ONGOING && !snapshots[i].here)
                        continue;
                /* It rang before, or it is too late to begin. */
                if (snapshots[i].record.direction == CALL_DIRECTION_INCOMING &&
                    snapshots[i].record.status == CALL_STATUS_INITIATED &&
                    snapshots[i].remaining_ms < LATE_RING_MIN_US / USEC_PER_MSEC)
                        before[call_of(snapshots[i].record.session_id)] = true;
                must(before[call_of(snapshots[i].record.session_id)]);
                see_call(seen, &snapshots[i]);
        }
        call_snapshots_free(snapshots, n);
        see_all();
}

static void do_go(unsigned device)
{
        if (any(4))
                return;
        exchange_detach(all.exchange, &all.moment, all.devices[device].link);
        all.devices[device].link = 0;
        all.suspended[device] = false;
        see_all();
}

static void do_suspend(unsigned device)
{
        exchange_suspend(all.exchange, &all.moment, all.devices[device].link);
        all.suspended[device] = true;
        see_all();
}

/* The same connection resumed, a new one, or none. */
static void do_come_back(unsigned device)
{
        if (any(3) == 0) {
                do_go(device);
        } else if (any(3) == 0) {
                do_come(device);
        } else {
                must(exchange_resume(all.exchange, &all.moment, all.devices[device].link) == 0);
                all.suspended[device] = false;
                see_all();
        }
}

static void put_groups(void)
{
        const char *everybody[] = {"user-0", "user-1", "user-2", "user-3"};
        unsigned first = any(USERS - 1);

        must(exchange_group_put(all.exchange, &all.moment, "all", "All", everybody, USERS) == 0);
        must(exchange_group_put(all.exchange, &all.moment, "some", "Some", everybody + first,
                                1 + any(USERS - first)) == 0);
}

static void do_group(void)
{
        put_groups();
        see_all();
}

static void begin_hub(void)
{
        ExchangeLimits limits = {.calls_per_minute = all.seed % 2 ? 0 : 30};
        char uid[UID_MAX + 1], other[UID_MAX + 1];

        must(exchange_new(&limits, &all.exchange) == 0);
        for (unsigned user = 0; user < USERS; user++) {
                user_of(user * DEVICES_PER_USER, uid);
                must(exchange_user_add(all.exchange, uid, uid, all.when_busy[user]) == 0);
                for (unsigned blocked = 0; blocked < USERS; blocked++) {
                        user_of(blocked * DEVICES_PER_USER, other);
                        if (all.blocks[user][blocked])
                                must(exchange_user_block(all.exchange, uid, other) == 0);
                }
        }
        put_groups();
        for (unsigned n = 0; n < CALLS; n++) {
                if (all.stored[n].live.n_members > 0)
                        must(exchange_restore(all.exchange, &all.moment, &all.stored[n].live) == 0);
        }
        see_all();
}

/* After a restart the other clock may have any value, too. */
static void do_kill_hub(void)
{
        all.exchange = exchange_free(all.exchange);
        all.moment.now = USEC_PER_SEC + any(1000) * USEC_PER_SEC;
        for (unsigned d = 0; d < DEVICES; d++) {
                all.devices[d].link = 0;
                all.suspended[d] = false;
        }
        begin_hub();
}

static void do_wait(void)
{
        static const usec_t times[] = {USEC_PER_MSEC, USEC_PER_SEC, 5 * USEC_PER_SEC,
                                       30 * USEC_PER_SEC, 61 * USEC_PER_SEC};
        usec_t time = times[any(any(6) ? 2 : ELEMENTSOF(times))];

        all.moment.now += time;
        all.moment.date += time;
        must(exchange_tick(all.exchange, &all.moment) == 0);
        see_all();
        if (any(4) == 0)
                all.wave = (all.wave + 1) % CALLS;
}

static void do_anything(void)
{
        static void (*const deeds[])(unsigned) = {
                do_initiate,
                do_initiate,
                do_accept,
                do_accept,
                do_accept,
                do_session_request,
                do_join,
                do_join,
                do_join,
                do_signal,
                do_state,
                do_session_request,
                do_reject,
                do_settings,
                do_go,
                do_come,
                do_log_out,
                do_suspend,
                do_say_that_it_goes,
                do_deliver,
                do_block,
        };
        unsigned device = any(DEVICES);

        if (any(5) == 0)
                do_wait();
        else if (any(100) == 0)
                do_group();
        else if (any(200) == 0)
                do_kill_hub();
        else if (all.suspended[device])
                do_come_back(device);
        else if (all.devices[device].link == 0)
                do_come(device);
        else
                deeds[any(ELEMENTSOF(deeds))](device);
}

START_TEST(the_laws_hold_for_all_that_people_do)
{
        memset(&all, 0, sizeof(all));
        all.seed = (unsigned)_i;
        all.state = 0x9e3779b97f4a7c15ULL * (unsigned)(_i + 1);
        all.moment = (ExchangeNow){.now = USEC_PER_SEC, .date = 1700000000 * USEC_PER_SEC};
        begin_hub();
        for (all.step = 0; all.step < STEPS; all.step++)
                do_anything();

        /* When everybody leaves, all calls end. */
        for (unsigned d = 0; d < DEVICES; d++)
                exchange_detach(all.exchange, &all.moment, all.devices[d].link);
        all.moment.now += 3600 * USEC_PER_SEC;
        must(exchange_tick(all.exchange, &all.moment) == 0);
        see_all();
        must(all.n_live == 0);
        exchange_free(all.exchange);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("exchange-random");
        TCase *random = tcase_create("random");

        tcase_set_timeout(random, 60); /* sanitizers and valgrind are slow */
        tcase_add_loop_test(random, the_laws_hold_for_all_that_people_do, 0, SEEDS);
        suite_add_tcase(suite, random);
        return suite_run(suite);
}
