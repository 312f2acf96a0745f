/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange-laws.h"

/*
 * People who do anything at any time, legal or not; the laws (exchange-laws.h) hold all the same.
 * A failure names its seed, which repeats the run.
 */

#define SEEDS 40
#define STEPS 1500
#define WAVE 12

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

static void do_bar(unsigned device)
{
        Message message = {.type = MESSAGE_WHO_MAY_RING,
                           .settings = {.has_who_may_ring = true,
                                        .who_may_ring = any(3) ? 0 : any(WHO_MAY_RING_COUNT)}};

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
        ExchangeLimits limits = {.calls_per_minute = all.seed % 2 ? 0 : 30,
                                 .failed_lookups_per_minute = all.seed % 3 ? 0 : 30,
                                 .stored_mb_per_day = all.seed % 3 ? 0 : 1,
                                 .redial_pauses = all.seed % 5 == 0};
        char uid[UID_MAX + 1], other[UID_MAX + 1];

        must(exchange_new(&limits, &all.exchange) == 0);
        for (unsigned user = 0; user < USERS; user++) {
                user_of(user * DEVICES_PER_USER, uid);
                must(exchange_user_add(all.exchange, uid, uid, all.when_busy[user]) == 0);
                for (unsigned blocked = 0; blocked < USERS; blocked++) {
                        user_of(blocked * DEVICES_PER_USER, other);
                        if (all.blocks[user][blocked])
                                must(exchange_user_block(all.exchange, uid, other) == 0);
                        if (all.called[user][blocked])
                                must(exchange_user_called(all.exchange, uid, other) == 0);
                }
                must(exchange_user_set_who_may_ring(all.exchange, uid, all.who_may_ring[user]) ==
                     0);
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
                do_bar,
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
