/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the hub stores for the user beside calls, as programs see it: block list and groups; and the
 * members of a call.
 */

#include "bus-fixture.h"
#include "suite.h"

#define SESSION "11111111-1111-4111-8111-111111111111"
#define CALL_PATH TRING_CALLS_PATH "/11111111_1111_4111_8111_111111111111"

static BusFixture fixture;

static void setup(void)
{
        fixture_start(&fixture);
        fixture_online(&fixture);
        fixture_forget(&fixture);
}

static void teardown(void)
{
        fixture_stop(&fixture);
}

/* The reply to Get, positioned at the value inside the variant of that type. */
static sd_bus_message *get(const char *path, const char *interface, const char *property,
                           const char *type)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = fixture_call(&fixture, path, "org.freedesktop.DBus.Properties",
                                             "Get", &error, "ss", interface, property);

        ck_assert_msg(reply != NULL, "%s: %s", property, error.message);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'v', type), 0);
        return reply;
}

/* Expects an aa{sv} whose entries have exactly these strings, in order: key, value, …, NULL. */
static void expect_entries(sd_bus_message *reply, const char *const *strings, size_t per_entry)
{
        const char *key, *value;

        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "a{sv}"), 0);
        while (*strings) {
                ck_assert_int_gt(sd_bus_message_enter_container(reply, 'a', "{sv}"), 0);
                for (size_t i = 0; i < per_entry; i++, strings += 2) {
                        ck_assert_int_gt(sd_bus_message_read(reply, "{sv}", &key, "s", &value), 0);
                        ck_assert_str_eq(key, strings[0]);
                        ck_assert_str_eq(value, strings[1]);
                }
                ck_assert_int_ge(sd_bus_message_exit_container(reply), 0);
        }
        ck_assert_int_gt(sd_bus_message_at_end(reply, false), 0);
        sd_bus_message_unref(reply);
}

static void hub_blocks(const char *uid, bool on)
{
        Message message = {.type = MESSAGE_BLOCKED, .seq = ++fixture.seq, .block.on = on};

        (void)STR_SET(message.block.uid, uid);
        fixture_hub_says(&fixture, &message);
}

START_TEST(who_is_blocked_on_another_device_is_blocked_here)
{
        sd_bus_message *reply;
        const char *uid;

        hub_blocks("carol", true);
        fixture_heard(&fixture, "PropertiesChanged", NULL);
        reply = get(TRING_PATH, TRING_MANAGER, "Blocked", "as");
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "s"), 0);
        ck_assert_int_gt(sd_bus_message_read(reply, "s", &uid), 0);
        ck_assert_str_eq(uid, "carol");
        ck_assert_int_gt(sd_bus_message_at_end(reply, false), 0);
        sd_bus_message_unref(reply);

        fixture_forget(&fixture);
        hub_blocks("carol", true);
        fixture_heard(&fixture, NULL);
        hub_blocks("carol", false);
        fixture_heard(&fixture, "PropertiesChanged", NULL);
        reply = get(TRING_PATH, TRING_MANAGER, "Blocked", "as");
        ck_assert_int_eq(sd_bus_message_enter_container(reply, 'a', "s"), 1);
        ck_assert_int_gt(sd_bus_message_at_end(reply, false), 0);
        sd_bus_message_unref(reply);
}
END_TEST

static void expect_who_may_ring(const char *expected)
{
        sd_bus_message *reply = get(TRING_PATH, TRING_MANAGER, "WhoMayRing", "s");
        const char *who;

        ck_assert_int_gt(sd_bus_message_read(reply, "s", &who), 0);
        ck_assert_str_eq(who, expected);
        sd_bus_message_unref(reply);
}

START_TEST(who_may_ring_is_what_the_hub_says)
{
        Message message = {
                .type = MESSAGE_CHANGED,
                .seq = ++fixture.seq,
                .settings = {.has_who_may_ring = true, .who_may_ring = WHO_MAY_RING_CALLED}};

        expect_who_may_ring("");
        fixture_hub_says(&fixture, &message);
        fixture_heard(&fixture, "PropertiesChanged", NULL);
        expect_who_may_ring("called");
        assert_fails(&fixture, "InvalidArgument", "friends", TRING_PATH, NULL, "SetWhoMayRing",
                     &_error, "s", "friends");
        expect_who_may_ring("called");
}
END_TEST

START_TEST(groups_are_what_the_hub_says)
{
        Message message = {.type = MESSAGE_GROUPS, .seq = ++fixture.seq};

        message.groups.n_groups = 2;
        message.groups.groups = calloc(2, sizeof(*message.groups.groups));
        ck_assert_ptr_nonnull(message.groups.groups);
        (void)STR_SET(message.groups.groups[0].guid, "team");
        (void)STR_SET(message.groups.groups[0].name, "The Team");
        (void)STR_SET(message.groups.groups[1].guid, "choir");
        fixture_hub_says(&fixture, &message);
        fixture_heard(&fixture, "PropertiesChanged", NULL);
        expect_entries(get(TRING_PATH, TRING_MANAGER, "Groups", "aa{sv}"),
                       (const char *const[]){"guid", "team", "name", "The Team", "guid", "choir",
                                             "name", "", NULL},
                       2);
        message_done(&message);
}
END_TEST

START_TEST(nobody_is_blocked_by_nobody)
{
        phone_connection_changed(fixture.daemon->phone, DAEMON_NOW(fixture.daemon),
                                 PHONE_LOGGED_OUT, "");
        daemon_pump(fixture.daemon);
        assert_fails(&fixture, "NotLoggedIn", "'carol'", TRING_PATH, NULL, "BlockUser", &_error,
                     "s", "carol");
}
END_TEST

START_TEST(the_member_of_a_call_to_a_user_is_that_user)
{
        fixture_incoming(&fixture, SESSION);
        expect_entries(get(CALL_PATH, TRING_CALL, "Members", "aa{sv}"),
                       (const char *const[]){"uid", "bob", "name", "", "state", "waiting", NULL},
                       3);
        fixture_over(&fixture, SESSION, CALL_STATUS_REJECTED, "declined");
        expect_entries(get(CALL_PATH, TRING_CALL, "Members", "aa{sv}"),
                       (const char *const[]){"uid", "bob", "name", "", "state", "rejected", NULL},
                       3);
}
END_TEST

static void group_rings(void)
{
        Message incoming = {.type = MESSAGE_INCOMING, .seq = ++fixture.seq};
        CallRecord *record = &incoming.call.record;

        (void)STR_SET(record->session_id, SESSION);
        (void)STR_SET(record->initiator.uid, "alice");
        (void)STR_SET(record->receiver.uid, "team");
        record->receiver_type = RECEIVER_TYPE_GROUP;
        record->direction = CALL_DIRECTION_INCOMING;
        record->status = CALL_STATUS_INITIATED;
        record->initiated_at = 1;
        incoming.call.remaining_ms = 45000;
        fixture_hub_says(&fixture, &incoming);
}

static void member_is(const char *uid, MemberState state)
{
        Member *member = calloc(1, sizeof(*member));
        Message message = {.type = MESSAGE_MEMBERS, .seq = ++fixture.seq};

        ck_assert_ptr_nonnull(member);
        (void)STR_SET(member->uid, uid);
        member->state = state;
        (void)STR_SET(message.members.session_id, SESSION);
        message.members.members = member;
        message.members.n_members = 1;
        fixture_hub_says(&fixture, &message);
        message_done(&message);
}

START_TEST(rule_11_members_of_a_groups_call_are_what_the_hub_says)
{
        group_rings();
        member_is("bob", MEMBER_RINGING);
        member_is("carol", MEMBER_WAITING);
        fixture_forget(&fixture);
        member_is("carol", MEMBER_BUSY);
        fixture_heard(&fixture, "PropertiesChanged", NULL);
        expect_entries(get(CALL_PATH, TRING_CALL, "Members", "aa{sv}"),
                       (const char *const[]){"uid", "bob", "name", "", "state", "ringing", "uid",
                                             "carol", "name", "", "state", "busy", NULL},
                       3);
}
END_TEST

START_TEST(a_groups_call_names_the_group_by_its_guid)
{
        const char *key, *value;
        sd_bus_message *reply;

        group_rings();
        reply = get(CALL_PATH, TRING_CALL, "Receiver", "a{sv}");
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "{sv}"), 0);
        ck_assert_int_gt(sd_bus_message_read(reply, "{sv}", &key, "s", &value), 0);
        ck_assert_str_eq(key, "guid");
        ck_assert_str_eq(value, "team");
        sd_bus_message_unref(reply);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("user");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, who_may_ring_is_what_the_hub_says);
        tcase_add_test(tests, who_is_blocked_on_another_device_is_blocked_here);
        tcase_add_test(tests, groups_are_what_the_hub_says);
        tcase_add_test(tests, nobody_is_blocked_by_nobody);
        tcase_add_test(tests, the_member_of_a_call_to_a_user_is_that_user);
        tcase_add_test(tests, rule_11_members_of_a_groups_call_are_what_the_hub_says);
        tcase_add_test(tests, a_groups_call_names_the_group_by_its_guid);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
