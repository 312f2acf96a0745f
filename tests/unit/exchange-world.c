/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange-world.h"

#include <stdarg.h>
#include <stdio.h>

#define START_DATE (1700000000 * USEC_PER_SEC)

World world;

static const struct {
        const char *uid, *device;
} people[WHO_COUNT] = {
        [ALICE] = {"alice", "alice-desk"},    [ALICE_PHONE] = {"alice", "alice-phone"},
        [BOB] = {"bob", "bob-desk"},          [BOB_PHONE] = {"bob", "bob-phone"},
        [BOB_TABLET] = {"bob", "bob-tablet"}, [CAROL] = {"carol", "carol-desk"},
        [DAVE] = {"dave", "dave-desk"},       [ERIN] = {"erin", "erin-desk"},
        [FRANK] = {"frank", "frank-desk"},    [GRACE] = {"grace", "grace-desk"},
};

const char *who_device(Who who)
{
        return people[who].device;
}

void world_begin_limited(const ExchangeLimits *limits)
{
        static const char *const users[] = {"alice", "bob",   "carol", "dave",
                                            "erin",  "frank", "grace"};

        world = (World){.limits = *limits,
                        .moment = {.now = 100 * USEC_PER_SEC,
                                   .date = START_DATE,
                                   .boot_date = START_DATE - 100 * USEC_PER_SEC}};
        ck_assert_int_eq(exchange_new(limits, &world.exchange), 0);
        for (size_t i = 0; i < ELEMENTSOF(users); i++)
                ck_assert_int_eq(
                        exchange_user_add(world.exchange, users[i], users[i], WHEN_BUSY_REJECT), 0);
}

void world_begin(void)
{
        world_begin_limited(&(ExchangeLimits){});
}

void world_end(void)
{
        world.exchange = exchange_free(world.exchange);
        for (int call = 0; call < STORED_MAX; call++)
                live_call_done(&world.stored[call]);
}

const char *session_of(int call, char *buffer)
{
        snprintf(buffer, UUID_LENGTH + 1, "00000000-0000-4000-8000-%012d", call);
        return buffer;
}

/* ---- what people do ---- */

void alice_calls_bob(void)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        forget();
}

static void restart(ExchangeNow moment)
{
        LiveCall stored[STORED_MAX];
        const ExchangeLimits limits = world.limits;
        bool had_team = world.has_team;

        memcpy(stored, world.stored, sizeof(stored));
        memset(world.stored, 0, sizeof(world.stored));
        world_end();
        world_begin_limited(&limits);
        world.moment = moment;
        if (had_team)
                team();
        for (int call = 0; call < STORED_MAX; call++) {
                if (stored[call].n_members > 0)
                        ck_assert_int_eq(
                                exchange_restore(world.exchange, &world.moment, &stored[call]), 0);
                world.stored[call] = stored[call];
        }
        world_collect();
        forget();
}

void hub_restarts(void)
{
        ExchangeNow moment = world.moment;

        moment.now = 100 * USEC_PER_SEC;
        moment.boot_date = moment.date - moment.now;
        restart(moment);
}

void hub_restarts_in_one_boot(void)
{
        restart(world.moment);
}

void passes(usec_t time)
{
        world.moment.now += time;
        world.moment.date += time;
        ck_assert_int_eq(exchange_tick(world.exchange, &world.moment), 0);
        world_collect();
}

/* Each input gets new random bytes. */
static const ExchangeNow *now(void)
{
        static uint64_t n;

        n++;
        memcpy(world.moment.entropy, &n, sizeof(n));
        memcpy(world.moment.entropy + ENTROPY_SIZE / 2, &n, sizeof(n));
        world.moment.entropy[ENTROPY_SIZE - 1] = 0xff;
        return &world.moment;
}

static uint64_t new_link(void)
{
        static uint64_t n = 1000;

        return ++n;
}

void comes(Who who)
{
        uint64_t link = new_link();

        ck_assert_int_eq(exchange_attach(world.exchange, now(), link, people[who].uid,
                                         people[who].device, "a machine"),
                         0);
        world.links[who] = link;
        world_collect();
}

void goes(Who who)
{
        exchange_detach(world.exchange, now(), world.links[who]);
        world.links[who] = 0;
        world_collect();
}

void drops(Who who)
{
        exchange_suspend(world.exchange, now(), world.links[who]);
        world_collect();
}

void resumes(Who who)
{
        ck_assert_int_eq(exchange_resume(world.exchange, now(), world.links[who]), 0);
        world_collect();
}

void comes_by_token(Who who, const char *token, int expected)
{
        uint64_t link = new_link();
        Party user = {0};

        ck_assert_int_eq(exchange_attach_session(world.exchange, now(), link, token, &user),
                         expected);
        world_collect();
        if (expected != 0)
                return;
        ck_assert_str_eq(user.uid, people[who].uid);
        ck_assert_str_eq(user.device, people[who].device);
        world.limited[who] = link;
}

void limited_goes(Who who)
{
        exchange_detach(world.exchange, now(), world.limited[who]);
        world.limited[who] = 0;
        world_collect();
}

void asks(Who who, Message message)
{
        uint64_t link = who < WHO_COUNT ? world.links[who] : world.limited[who - WHO_COUNT];

        message.id = 1;
        world.last = exchange_message_past(world.exchange, now(), link, &message, world.past);
        world_collect();
}

void says(Who who, MessageType type, int call)
{
        Message message = {.type = type};

        session_of(call, message.session.session_id);
        asks(who, message);
}

void calls_with(Who who, const char *receiver, int call, MessageInitiate initiate)
{
        Message message = {.type = MESSAGE_INITIATE, .initiate = initiate};

        session_of(call, message.initiate.session_id);
        STR_SET(message.initiate.receiver, receiver);
        asks(who, message);
}

void calls(Who who, const char *receiver, int call)
{
        calls_with(who, receiver, call, (MessageInitiate){.join = true});
}

void group_of(const char *guid, const char *uid, ...)
{
        const char *uids[GROUP_MEMBERS_MAX];
        size_t n = 0;
        va_list arguments;

        va_start(arguments, uid);
        for (; uid; uid = va_arg(arguments, const char *))
                uids[n++] = uid;
        va_end(arguments);
        ck_assert_int_eq(exchange_group_put(world.exchange, now(), guid, guid, uids, n), 0);
        world_collect();
}

void team(void)
{
        world.has_team = true;
        group_of("team", "alice", "bob", "carol", "dave", NULL);
}

void calls_team(Who who, int call)
{
        calls_with(who, "team", call,
                   (MessageInitiate){.receiver_type = RECEIVER_TYPE_GROUP, .join = true});
}

void accepts_with(Who who, int call, MessageAccept accept)
{
        Message message = {.type = MESSAGE_ACCEPT, .accept = accept};

        session_of(call, message.accept.session_id);
        asks(who, message);
}

void accepts(Who who, int call)
{
        accepts_with(who, call, (MessageAccept){.join = true});
}

void blocks(Who who, const char *uid, bool on)
{
        Message message = {.type = MESSAGE_BLOCK, .block.on = on};

        STR_SET(message.block.uid, uid);
        asks(who, message);
}

void may_be_rung_by(Who who, WhoMayRing by)
{
        asks(who, (Message){.type = MESSAGE_WHO_MAY_RING,
                            .settings = {.has_who_may_ring = true, .who_may_ring = by}});
}

void rejects(Who who, int call, CallStatus status)
{
        Message message = {.type = MESSAGE_REJECT, .reject.status = status};

        session_of(call, message.reject.session_id);
        asks(who, message);
}

void joins_with(Who who, int call, const char *token)
{
        Message message = {.type = MESSAGE_JOIN};

        session_of(call, message.join.session_id);
        STR_SET(message.join.token, token);
        asks(who, message);
}

void joins(Who who, int call)
{
        joins_with(who, call, world.tokens[who % WHO_COUNT]);
}

void signals(Who who, int call, const char *peer, const char *data)
{
        Message message = {.type = MESSAGE_SIGNAL, .signal.data = strdup(data)};

        session_of(call, message.signal.session_id);
        STR_SET(message.signal.peer, peer);
        asks(who, message);
        message_done(&message);
}

void states(Who who, int call, bool muted, bool media_flows)
{
        Message message = {.type = MESSAGE_STATE,
                           .state = {.muted = muted, .media_flows = media_flows}};

        session_of(call, message.state.session_id);
        asks(who, message);
}

void states_picture(Who who, int call, bool video_paused, bool sharing)
{
        Message message = {.type = MESSAGE_STATE,
                           .state = {.video_paused = video_paused, .sharing = sharing}};

        session_of(call, message.state.session_id);
        asks(who, message);
}

void in_call(Who caller, Who receiver, int call)
{
        if (!world.links[caller])
                comes(caller);
        if (!world.links[receiver])
                comes(receiver);
        calls_with(caller, people[receiver].uid, call,
                   (MessageInitiate){.join = true, .parallel = true});
        accepts_with(receiver, call, (MessageAccept){.join = true, .parallel = true});
        forget();
}

void in_media(Who caller, Who receiver, int call)
{
        in_call(caller, receiver, call);
        joins(receiver, call);
        joins(caller, call);
        forget();
}

void team_is_there(void)
{
        team();
        comes(ALICE);
        comes(BOB);
        comes(CAROL);
        comes(DAVE);
        forget();
}

void team_rings(void)
{
        team_is_there();
        calls_team(ALICE, 1);
        forget();
}

void team_talks(void)
{
        team_rings();
        accepts(BOB, 1);
        forget();
}
