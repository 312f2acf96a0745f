/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups as their members see them: the members, and their states in the group's call. */
#include "exchange-world.h"

static void begin(void)
{
        world_begin();
        team();
        comes(ALICE);
        comes(BOB);
        comes(CAROL);
        world.members = true;
        forget();
}

/* ---- states ---- */

START_TEST(rule_3_the_caller_sees_each_member_ring_once)
{
        comes(BOB_PHONE);
        forget();
        calls_team(ALICE, 1);
        said("alice-desk: members 1: bob waiting carol waiting dave waiting");
        forget();
        says(BOB, MESSAGE_ALERTING, 1);
        expect("alice-desk: ringing 1 at bob", "bob-desk: ok", "alice-desk: members 1: bob ringing",
               NULL);
        says(BOB_PHONE, MESSAGE_ALERTING, 1);
        expect("bob-phone: ok", NULL);
        says(CAROL, MESSAGE_ALERTING, 1);
        expect("carol-desk: ok", "alice-desk: members 1: carol ringing", NULL);
}
END_TEST

START_TEST(rule_11_every_state_of_a_member_is_reported)
{
        comes(DAVE);
        calls_team(ALICE, 1);
        forget();
        accepts(BOB, 1);
        said("alice-desk: members 1: bob joined");
        rejects(CAROL, 1, CALL_STATUS_BUSY);
        said("alice-desk: members 1: carol busy");
        says(BOB, MESSAGE_END, 1);
        said("alice-desk: members 1: bob left");
        passes(45 * USEC_PER_SEC);
        said("alice-desk: members 1: dave missed");
        accepts(DAVE, 1);
        said("alice-desk: members 1: dave joined");
}
END_TEST

START_TEST(others_are_informed_at_most_10_times_a_second)
{
        calls_team(ALICE, 1);
        said("bob-desk: members 1: bob waiting carol waiting dave waiting");
        said("carol-desk: members 1: bob waiting carol waiting dave waiting");
        forget();
        says(BOB, MESSAGE_ALERTING, 1);
        accepts(CAROL, 1);
        unsaid("bob-desk: members");
        unsaid("carol-desk: members");
        forget();
        passes(MEMBERS_OTHERS_US - 1);
        expect_nothing();
        passes(1);
        expect("bob-desk: members 1: bob ringing carol joined",
               "carol-desk: members 1: bob ringing carol joined", NULL);
        passes(MEMBERS_OTHERS_US);
        expect_nothing();
        accepts(BOB, 1);
        said("carol-desk: members 1: bob joined");
}
END_TEST

START_TEST(a_device_that_comes_learns_of_all)
{
        calls_team(ALICE, 1);
        accepts(CAROL, 1);
        passes(MEMBERS_OTHERS_US);
        forget();
        comes(DAVE);
        passes(MEMBERS_OTHERS_US);
        expect("dave-desk: incoming 1 from alice, audio, 44900 ms",
               "dave-desk: members 1: bob waiting carol joined dave waiting", NULL);
        comes(ALICE);
        passes(MEMBERS_OTHERS_US);
        said("alice-desk: members 1: bob waiting carol joined dave waiting");
}
END_TEST

START_TEST(a_call_to_a_user_has_no_members_to_tell_of)
{
        calls(ALICE, "bob", 1);
        says(BOB, MESSAGE_ALERTING, 1);
        accepts(BOB, 1);
        unsaid("members");
        ck_assert_uint_gt(exchange_next_deadline(world.exchange), world.moment.now);
}
END_TEST

/* ---- large groups ---- */

#define LARGE 200

static uint64_t link_of(unsigned i)
{
        return 10000 + i;
}

static void large_group(void)
{
        static char uids[LARGE][UID_MAX + 1];
        const char *names[LARGE + 1] = {"alice"};

        for (unsigned i = 0; i < LARGE; i++) {
                snprintf(uids[i], sizeof(uids[i]), "u%u", i);
                names[i + 1] = uids[i];
                ck_assert_int_eq(exchange_user_add(world.exchange, uids[i], "", WHEN_BUSY_REJECT),
                                 0);
                ck_assert_int_eq(exchange_attach(world.exchange, &world.moment, link_of(i), uids[i],
                                                 "desk", ""),
                                 0);
        }
        ck_assert_int_eq(exchange_group_put(world.exchange, &world.moment, "large", "large", names,
                                            LARGE + 1),
                         0);
        world_collect();
        calls_with(ALICE, "large", 1,
                   (MessageInitiate){.receiver_type = RECEIVER_TYPE_GROUP, .join = true});
}

/* The number of members sent to each device, and of the events that carried them. */
typedef struct Told {
        size_t n_events, n_members, largest;
} Told;

static void take_members(uint64_t link, Told *told)
{
        ExchangeAction action;

        while (exchange_next_action(world.exchange, &action)) {
                if (action.type == EXCHANGE_SEND && action.message.type == MESSAGE_MEMBERS &&
                    action.attachment == link) {
                        told->n_events++;
                        told->n_members += action.message.members.n_members;
                        told->largest = MAX_OF(told->largest, action.message.members.n_members);
                }
                exchange_action_done(&action);
        }
}

static void says_of_large(unsigned i, MessageType type)
{
        Message message = {.type = type, .id = 1};

        session_of(1, message.session.session_id);
        if (type == MESSAGE_ACCEPT)
                message.accept.join = false;
        ck_assert_int_eq(exchange_message(world.exchange, &world.moment, link_of(i), &message), 0);
}

START_TEST(the_caller_of_a_large_group_learns_of_all_in_pieces)
{
        Told told = {0};

        world.members = false;
        large_group();
        ck_assert_ptr_nonnull(strstr(world.trace, "alice-desk: ok 1 initiated"));
        goes(ALICE);
        comes(ALICE);
        world.moment.now += MEMBERS_OTHERS_US;
        ck_assert_int_eq(exchange_tick(world.exchange, &world.moment), 0);
        take_members(world.links[ALICE], &told);
        ck_assert_uint_eq(told.n_members, LARGE);
        ck_assert_uint_eq(told.n_events, LARGE / MEMBERS_MAX);
        ck_assert_uint_eq(told.largest, MEMBERS_MAX);
}
END_TEST

START_TEST(the_caller_of_a_large_group_learns_of_many_at_once)
{
        Told told = {0};

        world.members = false;
        large_group();
        for (unsigned i = 0; i < LARGE; i++)
                says_of_large(i, MESSAGE_ALERTING);
        take_members(world.links[ALICE], &told);
        ck_assert_uint_eq(told.n_events, 0);
        world.moment.now += MEMBERS_CALLER_US;
        ck_assert_int_eq(exchange_tick(world.exchange, &world.moment), 0);
        take_members(world.links[ALICE], &told);
        ck_assert_uint_eq(told.n_members, LARGE);
        ck_assert_uint_eq(told.n_events, LARGE / MEMBERS_MAX);
}
END_TEST

START_TEST(who_is_rung_in_a_large_group_learns_nothing_and_who_is_in_it_of_those_who_are_not_rung)
{
        Told told = {0};

        world.members = false;
        large_group();
        world.moment.now += MEMBERS_OTHERS_US;
        says_of_large(0, MESSAGE_ALERTING);
        says_of_large(1, MESSAGE_ACCEPT);
        world.moment.now += MEMBERS_OTHERS_US;
        ck_assert_int_eq(exchange_tick(world.exchange, &world.moment), 0);
        take_members(link_of(0), &told);
        ck_assert_uint_eq(told.n_events, 0);

        says_of_large(2, MESSAGE_ACCEPT);
        world.moment.now += MEMBERS_OTHERS_US;
        ck_assert_int_eq(exchange_tick(world.exchange, &world.moment), 0);
        take_members(link_of(1), &told);
        ck_assert_uint_eq(told.n_events, 1);
        ck_assert_uint_eq(told.n_members, 1);
}
END_TEST

/* ---- devices that take nothing ---- */

/* Bob leaves and joins again until so many events of the members are in line for Carol. */
static void line_to_carol_is_full(void)
{
        calls_team(ALICE, 1);
        accepts(BOB, 1);
        accepts(CAROL, 1);
        passes(MEMBERS_OTHERS_US);
        world.reads_nothing = true;
        for (unsigned i = 0; i < MEMBERS_IN_LINE_MAX; i++) {
                forget();
                if (i % 2 == 0)
                        says(BOB, MESSAGE_END, 1);
                else
                        accepts(BOB, 1);
                passes(MEMBERS_OTHERS_US);
                said(i % 2 ? "carol-desk: members 1: bob joined"
                           : "carol-desk: members 1: bob left");
        }
        forget();
}

static void takes(Who who, unsigned n)
{
        while (n-- > 0)
                exchange_taken(world.exchange, world.links[who], session_of(1, (char[64]){0}),
                               SENDER_MESSAGE_BYTES);
        passes(MEMBERS_OTHERS_US);
}

START_TEST(who_takes_nothing_is_told_of_so_many_changes_and_then_of_all_members)
{
        line_to_carol_is_full();
        takes(ALICE, 2 * MEMBERS_IN_LINE_MAX);
        forget();
        says(BOB, MESSAGE_END, 1);
        passes(MEMBERS_OTHERS_US);
        accepts(BOB, 1);
        passes(MEMBERS_OTHERS_US);
        unsaid("carol-desk: members");
        said("alice-desk: members 1: bob left");
        forget();
        takes(CAROL, MEMBERS_IN_LINE_MAX - 1);
        expect_nothing();
        takes(CAROL, 1);
        expect("carol-desk: members 1: bob joined carol joined dave waiting", NULL);
        says(BOB, MESSAGE_END, 1);
        passes(MEMBERS_OTHERS_US);
        said("carol-desk: members 1: bob left");
}
END_TEST

START_TEST(what_members_do_is_not_charged_to_who_hears_of_it)
{
        ExchangeAction action;
        Message message = {.type = MESSAGE_ALERTING, .id = 1};
        unsigned n = 0;

        calls_team(ALICE, 1);
        session_of(1, message.session.session_id);
        ck_assert_int_eq(
                exchange_message(world.exchange, &world.moment, world.links[BOB], &message), 0);
        while (exchange_next_action(world.exchange, &action)) {
                if (action.type == EXCHANGE_SEND && action.message.type == MESSAGE_MEMBERS) {
                        ck_assert_str_eq(action.from, message.session.session_id);
                        ck_assert_uint_gt(action.n_bytes, 0);
                        n++;
                }
                exchange_action_done(&action);
        }
        ck_assert_uint_gt(n, 0);
}
END_TEST

START_TEST(who_comes_with_another_connection_is_told_of_all_members)
{
        line_to_carol_is_full();
        says(BOB, MESSAGE_END, 1);
        passes(MEMBERS_OTHERS_US);
        comes(CAROL);
        passes(MEMBERS_OTHERS_US);
        said("carol-desk: members 1: bob left carol joined dave waiting");
}
END_TEST

/* ---- changes of groups ---- */

START_TEST(members_hear_when_their_groups_change)
{
        comes(DAVE);
        comes(BOB_PHONE);
        forget();
        group_of("club", "bob", "dave", "bob", NULL);
        expect("bob-desk: groups: team (team) club (club)",
               "bob-phone: groups: team (team) club (club)",
               "dave-desk: groups: team (team) club (club)", NULL);
        group_of("club", "bob", "dave", NULL);
        expect_nothing();
        group_of("club", "dave", "carol", NULL);
        expect("carol-desk: groups: team (team) club (club)", "bob-desk: groups: team (team)",
               "bob-phone: groups: team (team)", NULL);
        ck_assert_int_eq(exchange_group_remove(world.exchange, &world.moment, "club"), 0);
        world_collect();
        said("dave-desk: groups: team (team)");
        said("carol-desk: groups: team (team)");
        ck_assert_int_eq(exchange_group_remove(world.exchange, &world.moment, "club"),
                         CALL_ERROR_GROUP_NOT_FOUND);
}
END_TEST

START_TEST(a_new_name_is_sent_to_all)
{
        const char *uids[] = {"alice", "bob"};

        ck_assert_int_eq(
                exchange_group_put(world.exchange, &world.moment, "team", "The Team", uids, 2), 0);
        world_collect();
        expect("alice-desk: groups: team (The Team)", "bob-desk: groups: team (The Team)",
               "carol-desk: groups:", NULL);
}
END_TEST

START_TEST(a_user_knows_their_groups)
{
        GroupName *groups;
        size_t n;

        ck_assert_int_eq(exchange_user_groups(world.exchange, "bob", &groups, &n), 0);
        ck_assert_uint_eq(n, 1);
        ck_assert_str_eq(groups[0].guid, "team");
        free(groups);
        ck_assert_int_eq(exchange_user_groups(world.exchange, "nobody", &groups, &n),
                         CALL_ERROR_USER_NOT_FOUND);
}
END_TEST

START_TEST(a_group_that_cannot_be_changes_nothing)
{
        const char *uids[GROUP_MEMBERS_MAX + 1];
        const char *stranger[] = {"alice", "nobody"};
        char guid[UID_MAX + 1];

        for (size_t i = 0; i < ELEMENTSOF(uids); i++)
                uids[i] = "alice";
        ck_assert_int_eq(exchange_group_put(world.exchange, &world.moment, "team", "x", uids,
                                            GROUP_MEMBERS_MAX + 1),
                         CALL_ERROR_TOO_MANY);
        ck_assert_int_eq(
                exchange_group_put(world.exchange, &world.moment, "team", "x", stranger, 2),
                CALL_ERROR_USER_NOT_FOUND);
        for (int i = 1; i < GROUPS_PER_USER_MAX; i++) {
                snprintf(guid, sizeof(guid), "g%d", i);
                group_of(guid, "dave", NULL);
        }
        forget();
        uids[0] = "dave";
        ck_assert_int_eq(exchange_group_put(world.exchange, &world.moment, "g", "x", uids, 1),
                         CALL_ERROR_TOO_MANY);
        ck_assert_int_eq(exchange_group_remove(world.exchange, &world.moment, "g"),
                         CALL_ERROR_GROUP_NOT_FOUND);
        world_collect();
        expect_nothing();
        group_of("team", "alice", "bob", "carol", "dave", NULL);
        expect_nothing();
}
END_TEST

START_TEST(a_call_outlives_its_group)
{
        calls_team(ALICE, 1);
        ck_assert_int_eq(exchange_group_remove(world.exchange, &world.moment, "team"), 0);
        world_collect();
        forget();
        accepts(BOB, 1);
        said("bob-desk: ok 1 ongoing");
        team();
        forget();
        calls_team(CAROL, 2);
        said("carol-desk: ok 2 initiated");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("exchange-members");
        TCase *members = tcase_create("members");

        tcase_add_checked_fixture(members, begin, world_end);
        tcase_add_test(members, rule_3_the_caller_sees_each_member_ring_once);
        tcase_add_test(members, rule_11_every_state_of_a_member_is_reported);
        tcase_add_test(members, others_are_informed_at_most_10_times_a_second);
        tcase_add_test(members, a_device_that_comes_learns_of_all);
        tcase_add_test(members, a_call_to_a_user_has_no_members_to_tell_of);
        tcase_add_test(members,
                       who_takes_nothing_is_told_of_so_many_changes_and_then_of_all_members);
        tcase_add_test(members, what_members_do_is_not_charged_to_who_hears_of_it);
        tcase_add_test(members, who_comes_with_another_connection_is_told_of_all_members);
        tcase_add_test(members, the_caller_of_a_large_group_learns_of_all_in_pieces);
        tcase_add_test(members, the_caller_of_a_large_group_learns_of_many_at_once);
        tcase_add_test(
                members,
                who_is_rung_in_a_large_group_learns_nothing_and_who_is_in_it_of_those_who_are_not_rung);
        tcase_add_test(members, members_hear_when_their_groups_change);
        tcase_add_test(members, a_new_name_is_sent_to_all);
        tcase_add_test(members, a_user_knows_their_groups);
        tcase_add_test(members, a_group_that_cannot_be_changes_nothing);
        tcase_add_test(members, a_call_outlives_its_group);
        suite_add_tcase(suite, members);
        return suite_run(suite);
}
