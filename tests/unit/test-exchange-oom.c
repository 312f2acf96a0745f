/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "exchange-world.h"
#include "failing-memory.h"

/*
 * Each operation, with each of its allocations failing in turn. It must return -ENOMEM, and its
 * actions, together with those of a second try, must be those of one try with memory: nothing is
 * lost, nothing is sent twice.
 */

/* Allocations of Check do not count. */
static void no_more_fail(void)
{
        memory_fails_at = 0;
}

/* What is counted takes memory, too. */
static void begin(void)
{
        world_begin_limited(&(ExchangeLimits){
                .calls_per_minute = 30, .failed_lookups_per_minute = 30, .redial_pauses = true});
}

/* ---- the operations; each returns what the exchange did ---- */

static char key[] = "subject", value[] = "lunch";
static MetadataEntry entries[] = {{key, value}};

static int initiate(void)
{
        calls_with(ALICE, "bob", 1,
                   (MessageInitiate){.join = true, .parallel = true, .metadata = {entries, 1}});
        return world.last;
}

static int initiate_to_nobody(void)
{
        calls(ALICE, "nobody", 1);
        return world.last;
}

static int accept(void)
{
        accepts_with(BOB, 1, (MessageAccept){.join = true, .end_others = true});
        return world.last;
}

static int reject(void)
{
        rejects(BOB, 1, CALL_STATUS_REJECTED);
        return world.last;
}

static int cancel(void)
{
        says(ALICE, MESSAGE_CANCEL, 1);
        return world.last;
}

static int end(void)
{
        says(ALICE, MESSAGE_END, 1);
        return world.last;
}

static int alert(void)
{
        says(BOB, MESSAGE_ALERTING, 1);
        return world.last;
}

static int call_back(void)
{
        calls(BOB, "alice", 2);
        return world.last;
}

static int ask_token(void)
{
        says(ALICE, MESSAGE_TOKEN, 1);
        return world.last;
}

static int join(void)
{
        joins(ALICE, 1);
        return world.last;
}

static int leave(void)
{
        says(ALICE, MESSAGE_LEAVE, 1);
        return world.last;
}

static int set_ice_servers(void)
{
        IceServer server = {.url = "stun:one.example"};

        return exchange_ice_servers(world.exchange, &server, 1);
}

static int renew_relays(void)
{
        says(ALICE, MESSAGE_RELAYS, 1);
        return world.last;
}

static int send_signal(void)
{
        static char data[] = "an offer";
        Message message = {.type = MESSAGE_SIGNAL, .signal.data = data};

        session_of(1, message.signal.session_id);
        STR_SET(message.signal.peer, world.participants[BOB]);
        asks(ALICE, message);
        return world.last;
}

static int mute(void)
{
        static bool muted;

        states(ALICE, 1, !muted, false);
        return world.last;
}

static int set_when_busy(void)
{
        asks(BOB, (Message){.type = MESSAGE_SETTINGS, .settings = {true, WHEN_BUSY_RING}});
        return world.last;
}

static int log_out(void)
{
        says(BOB, MESSAGE_LOGOUT, 0);
        return world.last;
}

static int attach(void)
{
        int r = exchange_attach(world.exchange, &world.moment, 1, "bob", "bob-desk", "");

        world.links[BOB] = r == 0 ? 1 : world.links[BOB];
        world_collect();
        return r;
}

static int attach_limited(void)
{
        Party user;
        int r = exchange_attach_session(world.exchange, &world.moment, 2, world.tokens[BOB], &user);

        world_collect();
        return r;
}

static int expire(void)
{
        world.moment.now = MAX_OF(world.moment.now, exchange_next_deadline(world.exchange));
        int r = exchange_tick(world.exchange, &world.moment);

        world_collect();
        return r;
}

static int remove_user(void)
{
        int r = exchange_user_remove(world.exchange, &world.moment, "bob");

        world_collect();
        return r;
}

static int add_user(void)
{
        return exchange_user_add(world.exchange, "erin", "Erin", WHEN_BUSY_RING);
}

static int restore(void)
{
        LiveMember member = {.party = {.uid = "bob", .device = "bob-desk"},
                             .status = CALL_STATUS_ONGOING};
        LiveCall live = {
                .record = {.status = CALL_STATUS_ONGOING,
                           .initiator = {.uid = "alice", .device = "alice-desk"},
                           .receiver.uid = "bob",
                           .metadata = {entries, 1}},
                .caller = {.party = {.uid = "alice", .device = "alice-desk"},
                           .status = CALL_STATUS_ONGOING},
                .members = &member,
                .n_members = 1,
        };

        session_of(1, live.record.session_id);
        return exchange_restore(world.exchange, &world.moment, &live);
}

static int snapshot(void)
{
        CallSnapshot *snapshots;
        size_t n;
        int r = exchange_snapshot(world.exchange, &world.moment, world.links[ALICE], &snapshots,
                                  &n);

        if (r == 0)
                call_snapshots_free(snapshots, n);
        return r;
}

static int initiate_to_team(void)
{
        calls_with(ALICE, "team", 1,
                   (MessageInitiate){.receiver_type = RECEIVER_TYPE_GROUP,
                                     .join = true,
                                     .metadata = {entries, 1}});
        return world.last;
}

static int come_late(void)
{
        accepts(DAVE, 1);
        return world.last;
}

static int join_by_initiating(void)
{
        calls_team(DAVE, 2);
        return world.last;
}

static int put_group(void)
{
        static const char *const uids[] = {"alice", "carol", "dave"};
        int r = exchange_group_put(world.exchange, &world.moment, "team", "Team", uids, 3);

        world_collect();
        return r;
}

static int remove_group(void)
{
        int r = exchange_group_remove(world.exchange, &world.moment, "team");

        world_collect();
        return r == CALL_ERROR_GROUP_NOT_FOUND ? 0 : r;
}

static int block(void)
{
        blocks(BOB, "alice", true);
        return world.last;
}

static int know_blocked(void)
{
        return exchange_user_block(world.exchange, "bob", "alice");
}

static int deliver_quietly(void)
{
        Message message = {.type = MESSAGE_DELIVERED, .delivered.quiet = true};

        session_of(1, message.delivered.session_id);
        asks(BOB, message);
        return world.last;
}

static int restore_group_call(void)
{
        LiveMember members[] = {
                {.party = {.uid = "bob", .device = "bob-desk"},
                 .status = CALL_STATUS_ONGOING,
                 .media.participant = "1-2"},
                {.party.uid = "carol", .status = CALL_STATUS_INITIATED},
                {.party = {.uid = "dave", .device = "dave-desk"}, .status = CALL_STATUS_REJECTED},
        };
        LiveCall live = {
                .record = {.status = CALL_STATUS_ONGOING,
                           .receiver_type = RECEIVER_TYPE_GROUP,
                           .initiator.uid = "alice",
                           .receiver.uid = "team"},
                .caller = {.party = {.uid = "alice", .device = "alice-desk"},
                           .status = CALL_STATUS_ENDED},
                .members = members,
                .n_members = 3,
        };

        session_of(1, live.record.session_id);
        return exchange_restore(world.exchange, &world.moment, &live);
}

/* ---- set-ups ---- */

static void nothing(void)
{
}

static void all_are_there(void)
{
        comes(ALICE);
        comes(BOB);
        comes(BOB_PHONE);
}

/* More than the queue holds at first. */
static void many_devices(void)
{
        char device[32];

        comes(ALICE);
        for (unsigned i = 0; i < 40; i++) {
                snprintf(device, sizeof(device), "device-%u", i);
                exchange_attach(world.exchange, &world.moment, i + 1, "bob", device, "");
        }
}

static void ringing(void)
{
        all_are_there();
        initiate();
}

static void ringing_nobody(void)
{
        comes(ALICE);
        initiate();
}

static void ringing_who_is_in_a_call(void)
{
        ringing();
        comes(CAROL);
        comes(DAVE);
        calls(CAROL, "dave", 7);
        calls(BOB, "dave", 8);
        comes(DAVE);
        calls_with(BOB, "carol", 9, (MessageInitiate){.parallel = true});
        accepts_with(CAROL, 9, (MessageAccept){.parallel = true});
}

static void bob_is_busy(void)
{
        comes(ALICE);
        in_call(BOB, CAROL, 9);
}

static void answered(void)
{
        ringing();
        accept();
}

static void joined(void)
{
        answered();
        joins(BOB, 1);
        join();
}

static void joined_limited(void)
{
        joined();
        comes_by_token(BOB, world.tokens[BOB], 0);
        joins(LIMITED(BOB), 1);
}

static void the_team_is_there(void)
{
        team();
        all_are_there();
        comes(CAROL);
        comes(DAVE);
}

static void half_the_team_is_busy(void)
{
        team();
        comes(ALICE);
        comes(BOB);
        in_call(CAROL, DAVE, 9);
}

static void the_team_rings(void)
{
        the_team_is_there();
        initiate_to_team();
}

static void all_but_bob_rejected(void)
{
        the_team_rings();
        rejects(CAROL, 1, CALL_STATUS_REJECTED);
        rejects(DAVE, 1, CALL_STATUS_BUSY);
}

static void the_team_talks(void)
{
        the_team_rings();
        accept();
        join();
        joins(BOB, 1);
        rejects(DAVE, 1, CALL_STATUS_REJECTED);
        passes(MEMBERS_OTHERS_US);
}

static void team_talks_without_dave(void)
{
        the_team_is_there();
        group_of("team", "alice", "bob", "carol", NULL);
        initiate_to_team();
        accept();
        team();
}

static void bob_talks_alone(void)
{
        the_team_talks();
        says(ALICE, MESSAGE_END, 1);
}

static int bob_ends(void)
{
        says(BOB, MESSAGE_END, 1);
        return world.last;
}

static void ringing_quietly(void)
{
        ringing();
        deliver_quietly();
}

static void joined_with_relays(void)
{
        joined();
        set_ice_servers();
}

static const struct {
        const char *name;
        void (*before)(void);
        int (*operation)(void);
} cases[] = {
        {"user added", nothing, add_user},
        {"ice servers", nothing, set_ice_servers},
        {"restore", nothing, restore},
        {"first attach", nothing, attach},
        {"initiate", all_are_there, initiate},
        {"initiate to many devices", many_devices, initiate},
        {"initiate to who is busy", bob_is_busy, initiate},
        {"initiate to nobody", all_are_there, initiate_to_nobody},
        {"initiate again", ringing, initiate},
        {"glare", ringing, call_back},
        {"attach while rung", ringing_nobody, attach},
        {"attach again while rung", ringing, attach},
        {"alerting", ringing, alert},
        {"accept", ringing, accept},
        {"accept again", answered, accept},
        {"accept and end others", ringing_who_is_in_a_call, accept},
        {"reject", ringing, reject},
        {"cancel", ringing, cancel},
        {"cancel before initiate", all_are_there, cancel},
        {"ring timeout", ringing, expire},
        {"logout while rung", ringing, log_out},
        {"token", answered, ask_token},
        {"join", answered, join},
        {"join again", joined, join},
        {"limited attach", joined_limited, attach_limited},
        {"limited join", joined_limited, join},
        {"leave", joined, leave},
        {"relays", joined_with_relays, renew_relays},
        {"signal", joined, send_signal},
        {"state", joined, mute},
        {"snapshot", joined, snapshot},
        {"settings", joined, set_when_busy},
        {"end", joined, end},
        {"logout in a call", joined, log_out},
        {"user removed in a call", joined, remove_user},
        {"user removed while rung", ringing_who_is_in_a_call, remove_user},
        {"delivered quietly", ringing, deliver_quietly},
        {"alerting after that", ringing_quietly, alert},
        {"block", all_are_there, block},
        {"blocked from the start", nothing, know_blocked},
        {"group put", nothing, put_group},
        {"group changed", the_team_is_there, put_group},
        {"group removed", the_team_is_there, remove_group},
        {"initiate to a group", the_team_is_there, initiate_to_team},
        {"initiate to a group half of which is busy", half_the_team_is_busy, initiate_to_team},
        {"accept in a group", the_team_rings, accept},
        {"last reject in a group", all_but_bob_rejected, reject},
        {"ring timeout in a group", the_team_talks, expire},
        {"accept late", the_team_talks, come_late},
        {"initiate to a group that talks", the_team_talks, join_by_initiating},
        {"initiate as a new member", team_talks_without_dave, join_by_initiating},
        {"leave a group's call", the_team_talks, end},
        {"the last leaves a group's call", bob_talks_alone, bob_ends},
        {"user removed in a group's call", the_team_talks, remove_user},
        {"restore a group's call", nothing, restore_group_call},
};

/* The actions, without the reply that reports the failure. */
static void trace_add(char *done, size_t size)
{
        for (char *line = world.trace, *end; *line; line = end) {
                end = strchr(line, '\n') + 1;
                if (memmem(line, (size_t)(end - line), ": TooMany", strlen(": TooMany")))
                        continue;
                ck_assert_uint_lt(strlen(done) + (size_t)(end - line), size);
                strncat(done, line, (size_t)(end - line));
        }
        forget();
}

START_TEST(what_memory_did_not_suffice_for_can_be_asked_again)
{
        static char all[sizeof(world.trace)], done[sizeof(world.trace)];
        unsigned n = 0;

        all[0] = '\0';
        cases[_i].before();
        forget();
        ck_assert_int_eq(cases[_i].operation(), 0);
        trace_add(all, sizeof(all));
        do {
                world_end();
                begin();
                done[0] = '\0';
                cases[_i].before();
                forget();

                memory_failed = false;
                world.done = no_more_fail;
                memory_fails_at = ++n;
                int r = cases[_i].operation();
                no_more_fail();
                bool refused = strstr(world.trace, ": TooMany\n");
                trace_add(done, sizeof(done));
                if (memory_failed && !str_eq(done, all)) {
                        ck_assert_msg(r == -ENOMEM || (r == 0 && refused),
                                      "%s: allocation %u failed and was not reported",
                                      cases[_i].name, n);
                        ck_assert_int_eq(cases[_i].operation(), 0);
                        trace_add(done, sizeof(done));
                }
                ck_assert_msg(str_eq(done, all), "%s, allocation %u: did\n%sinstead of\n%s",
                              cases[_i].name, n, done, all);
        } while (memory_failed);
        ck_assert_uint_lt(n, 1000);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("exchange-oom");
        TCase *oom = tcase_create("out of memory");

        tcase_add_checked_fixture(oom, begin, world_end);
        tcase_add_loop_test(oom, what_memory_did_not_suffice_for_can_be_asked_again, 0,
                            ELEMENTSOF(cases));
        suite_add_tcase(suite, oom);
        return suite_run(suite);
}
