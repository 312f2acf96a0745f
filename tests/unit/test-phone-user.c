/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"

/* State of the user on all devices: blocked users, groups; and do-not-disturb: rule 9. */

static void block(Fixture *f, const char *uid, bool on)
{
        PhoneCommand asked = asks(PHONE_COMMAND_BLOCK, "");

        STR_SET(asked.block.uid, uid);
        asked.block.on = on;
        command(f, &asked);
}

static void disturb_not(Fixture *f, bool on)
{
        PhoneCommand asked = asks(PHONE_COMMAND_DO_NOT_DISTURB, "");

        asked.on = on;
        command(f, &asked);
}

static void welcome_with(Fixture *f, GroupName *groups, size_t n_groups, const char *blocked)
{
        Message message = {.type = MESSAGE_REPLY, .id = HELLO_ID};
        ReplyWelcome *welcome = &message.reply.welcome;
        char uids[1][UID_MAX + 1];

        message.reply.kind = REPLY_WELCOME;
        welcome->history_complete = true;
        welcome->groups = groups;
        welcome->n_groups = n_groups;
        if (blocked) {
                STR_SET(uids[0], blocked);
                welcome->blocked = uids;
                welcome->n_blocked = 1;
        }
        f->seq = 0;
        hub_message(f, &message);
}

START_TEST(rule_9_a_block_holds_when_the_hub_says_so)
{
        FIXTURE(f);

        block(f, "mallory", true);
        expect(f, "send:block");
        ck_assert_str_eq(f->sent[MESSAGE_BLOCK].block.uid, "mallory");
        ck_assert(f->sent[MESSAGE_BLOCK].block.on);
        ck_assert_ptr_null(phone_blocked_at(f->phone, 0));
        reply_ok(f, MESSAGE_BLOCK);
        expect(f, "done manager");
        ck_assert_uint_eq(f->last[PHONE_MANAGER_CHANGED].properties, PHONE_PROPERTY_BLOCKED);
        ck_assert_str_eq(phone_blocked_at(f->phone, 0), "mallory");
        ck_assert_ptr_null(phone_blocked_at(f->phone, 1));
        block(f, "mallory", false);
        forget(f);
        reply_ok(f, MESSAGE_BLOCK);
        expect(f, "done manager");
        ck_assert_ptr_null(phone_blocked_at(f->phone, 0));
}
END_TEST

START_TEST(a_block_that_the_hub_refuses_is_none)
{
        FIXTURE(f);

        block(f, "nobody", true);
        forget(f);
        reply_error(f, MESSAGE_BLOCK, CALL_ERROR_USER_NOT_FOUND);
        expect(f, "done:UserNotFound");
        ck_assert_ptr_null(phone_blocked_at(f->phone, 0));
}
END_TEST

START_TEST(who_is_not_logged_in_blocks_nobody)
{
        __attribute__((cleanup(fixture_freep))) Fixture *f = fixture_new();

        block(f, "mallory", true);
        expect(f, "done:NotLoggedIn");
}
END_TEST

START_TEST(rule_9_a_block_on_another_device_holds_here)
{
        Message message = {.type = MESSAGE_BLOCKED, .block = {.uid = "mallory", .on = true}};
        FIXTURE(f);

        welcome_with(f, NULL, 0, "eve");
        forget(f);
        hub_message(f, &message);
        expect(f, "manager");
        ck_assert_str_eq(phone_blocked_at(f->phone, 0), "eve");
        ck_assert_str_eq(phone_blocked_at(f->phone, 1), "mallory");
        message.block = (MessageBlock){.uid = "eve"};
        hub_message(f, &message);
        ck_assert_str_eq(phone_blocked_at(f->phone, 0), "mallory");
        ck_assert_ptr_null(phone_blocked_at(f->phone, 1));
        hub_message(f, &message);
        forget(f);
        welcome_with(f, NULL, 0, "mallory");
        forget(f);
        ck_assert_uint_eq(f->last[PHONE_MANAGER_CHANGED].properties & PHONE_PROPERTY_BLOCKED, 0);
}
END_TEST

static void let_ring(Fixture *f, WhoMayRing who)
{
        PhoneCommand asked = asks(PHONE_COMMAND_WHO_MAY_RING, "");

        asked.who_may_ring = who;
        command(f, &asked);
}

static void welcome_who_may_ring(Fixture *f, bool known, WhoMayRing who)
{
        Message message = {.type = MESSAGE_REPLY, .id = HELLO_ID};

        message.reply.kind = REPLY_WELCOME;
        message.reply.welcome = (ReplyWelcome){
                .history_complete = true, .has_who_may_ring = known, .who_may_ring = who};
        f->seq = 0;
        hub_message(f, &message);
}

START_TEST(rule_9_who_may_ring_holds_when_the_hub_says_so)
{
        FIXTURE(f);

        welcome_who_may_ring(f, true, WHO_MAY_RING_EVERYBODY);
        ck_assert_str_eq(phone_who_may_ring(f->phone), "everybody");
        forget(f);
        let_ring(f, WHO_MAY_RING_NOBODY);
        expect(f, "send:who_may_ring");
        ck_assert_int_eq(f->sent[MESSAGE_WHO_MAY_RING].settings.who_may_ring, WHO_MAY_RING_NOBODY);
        ck_assert_str_eq(phone_who_may_ring(f->phone), "everybody");
        reply_ok(f, MESSAGE_WHO_MAY_RING);
        expect(f, "done manager");
        ck_assert_uint_eq(f->last[PHONE_MANAGER_CHANGED].properties, PHONE_PROPERTY_WHO_MAY_RING);
        ck_assert_str_eq(phone_who_may_ring(f->phone), "nobody");
}
END_TEST

START_TEST(who_may_ring_is_not_known_at_an_older_hub)
{
        FIXTURE(f);

        welcome_who_may_ring(f, true, WHO_MAY_RING_CALLED);
        ck_assert_str_eq(phone_who_may_ring(f->phone), "called");
        welcome_who_may_ring(f, false, WHO_MAY_RING_EVERYBODY);
        ck_assert_str_eq(phone_who_may_ring(f->phone), "");
        let_ring(f, WHO_MAY_RING_NOBODY);
        forget(f);
        reply_error(f, MESSAGE_WHO_MAY_RING, CALL_ERROR_NOT_SUPPORTED);
        expect(f, "done:NotSupported");
        ck_assert_str_eq(phone_who_may_ring(f->phone), "");
}
END_TEST

START_TEST(rule_9_who_may_ring_is_the_same_on_all_devices)
{
        Message message = {
                .type = MESSAGE_CHANGED,
                .settings = {.has_who_may_ring = true, .who_may_ring = WHO_MAY_RING_CALLED}};
        FIXTURE(f);

        hub_message(f, &message);
        expect(f, "manager");
        ck_assert_str_eq(phone_who_may_ring(f->phone), "called");
        message.settings = (MessageSettings){.has_when_busy = true, .when_busy = WHEN_BUSY_RING};
        hub_message(f, &message);
        ck_assert_str_eq(phone_who_may_ring(f->phone), "called");
}
END_TEST

START_TEST(who_is_not_logged_in_lets_nobody_ring)
{
        __attribute__((cleanup(fixture_freep))) Fixture *f = fixture_new();

        let_ring(f, WHO_MAY_RING_NOBODY);
        expect(f, "done:NotLoggedIn");
        ck_assert_str_eq(phone_who_may_ring(f->phone), "");
}
END_TEST

START_TEST(the_groups_are_those_that_the_hub_tells)
{
        GroupName groups[] = {{"family", "The family"}, {"work", "Work"}};
        Message message = {.type = MESSAGE_GROUPS, .groups = {groups, 1}};
        FIXTURE(f);

        welcome_with(f, groups, 2, NULL);
        forget(f);
        ck_assert_str_eq(phone_group_at(f->phone, 1)->guid, "work");
        ck_assert_ptr_null(phone_group_at(f->phone, 2));
        hub_message(f, &message);
        expect(f, "manager");
        ck_assert_uint_eq(f->last[PHONE_MANAGER_CHANGED].properties, PHONE_PROPERTY_GROUPS);
        ck_assert_str_eq(phone_group_at(f->phone, 0)->name, "The family");
        ck_assert_ptr_null(phone_group_at(f->phone, 1));
        phone_connection_changed(f->phone, &f->instant, PHONE_LOGGED_OUT, "");
        ck_assert_ptr_null(phone_group_at(f->phone, 0));
}
END_TEST

START_TEST(rule_9_the_hub_learns_that_nobody_will_be_alerted_here)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        ck_assert(!f->sent[MESSAGE_DELIVERED].delivered.quiet);
        disturb_not(f, true);
        expect(f, "send:delivered done tone:none manager");
        ck_assert(f->sent[MESSAGE_DELIVERED].delivered.quiet);
        hub_rings(f, OTHER);
        expect(f, "call-added manager broadcast:IncomingCallReceived send:delivered");
        ck_assert(f->sent[MESSAGE_DELIVERED].delivered.quiet);
        disturb_not(f, false);
        expect(f, "done manager");
}
END_TEST

START_TEST(rule_9_who_was_alerted_before_has_been_disturbed)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        phone_tone_playing(f->phone, &f->instant, PHONE_TONE_RING, true);
        forget(f);
        disturb_not(f, true);
        expect(f, "done tone:none call manager");
}
END_TEST

START_TEST(rule_9_nobody_is_asked_to_present_and_the_call_can_be_answered)
{
        FIXTURE(f);

        disturb_not(f, true);
        listen(f, "window", ":1.2", 0, true, false);
        forget(f);
        hub_rings(f, CALL);
        expect(f, "call-added manager broadcast:IncomingCallReceived tell:window send:delivered "
                  "worker-start");
        accept_by(f, CALL, PROGRAM);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        expect(f, "call session-added status:ongoing send:join done");
}
END_TEST

START_TEST(rule_8_end_others_and_parallel_go_to_the_hub_as_they_were_asked)
{
        PhoneCommand accept = asks(PHONE_COMMAND_ACCEPT, OTHER);
        FIXTURE(f);

        talking(f, CALL);
        hub_rings(f, OTHER);
        accept.accept.request.end_others = true;
        command(f, &accept);
        forget(f);
        ck_assert(f->sent[MESSAGE_ACCEPT].accept.end_others);
        ck_assert(!f->sent[MESSAGE_ACCEPT].accept.parallel);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_REPLACED);
        expect(f, "worker-stop session call manager status:ended/replaced "
                  "broadcast:CallEndedMessageReceived");
        reply_call(f, MESSAGE_ACCEPT, incoming(OTHER, CALL_STATUS_ONGOING));
        expect(f, "call session-added status:ongoing worker-stop done");
}
END_TEST

START_TEST(rule_8_an_accept_beside_another_call_without_a_word_is_busy)
{
        FIXTURE(f);

        talking(f, CALL);
        incoming_until(f, OTHER, STAGE_ACCEPTING);
        reply_error(f, MESSAGE_ACCEPT, CALL_ERROR_BUSY_SELF);
        expect(f, "done:BusySelf");
        ck_assert_int_eq(status_of(f, OTHER), CALL_STATUS_INITIATED);
}
END_TEST

START_TEST(rule_8_parallel_leaves_the_other_media_before_it_joins)
{
        PhoneCommand accept = asks(PHONE_COMMAND_ACCEPT, OTHER);
        FIXTURE(f);

        talking(f, CALL);
        hub_rings(f, OTHER);
        accept.accept.request.parallel = accept.accept.request.join = true;
        command(f, &accept);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(OTHER, CALL_STATUS_ONGOING));
        expect(f, "call session-added manager status:ongoing worker-stop session send:leave "
                  "send:join done");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
        ck_assert_int_eq(session_of(f, CALL), SESSION_LEFT);
}
END_TEST

START_TEST(rule_2_the_hubs_deadline_is_reported_as_missed_and_unanswered)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        placed(f, OTHER);
        forget(f);
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        hub_over(f, OTHER, CALL_STATUS_UNANSWERED, CALL_REASON_TIMEOUT);
        forget(f);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_MISSED);
        ck_assert_int_eq(status_of(f, OTHER), CALL_STATUS_UNANSWERED);
        accept_by(f, CALL, PROGRAM);
        expect(f, "done:CallTerminated");
}
END_TEST

START_TEST(rule_13_who_was_left_alone_learns_why)
{
        FIXTURE(f);

        talking(f, CALL);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_IDLE);
        expect(f, "worker-stop session call status:ended/idle broadcast:CallEndedMessageReceived");
}
END_TEST

START_TEST(a_new_name_of_the_user_is_taken)
{
        Message changed = {.type = MESSAGE_CHANGED, .settings = {.name = "Alicia"}};
        FIXTURE(f);

        hub_message(f, &changed);
        expect(f, "manager");
        ck_assert_str_eq(phone_user(f->phone)->name, "Alicia");
        hub_message(f, &changed);
        expect(f, "");
        changed.settings = (MessageSettings){.has_when_busy = true, .when_busy = WHEN_BUSY_RING};
        hub_message(f, &changed);
        expect(f, "manager");
        ck_assert_str_eq(phone_user(f->phone)->name, "Alicia");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                a_new_name_of_the_user_is_taken,
                rule_9_a_block_holds_when_the_hub_says_so,
                rule_9_who_may_ring_holds_when_the_hub_says_so,
                who_may_ring_is_not_known_at_an_older_hub,
                rule_9_who_may_ring_is_the_same_on_all_devices,
                who_is_not_logged_in_lets_nobody_ring,
                a_block_that_the_hub_refuses_is_none,
                who_is_not_logged_in_blocks_nobody,
                rule_9_a_block_on_another_device_holds_here,
                the_groups_are_those_that_the_hub_tells,
                rule_9_the_hub_learns_that_nobody_will_be_alerted_here,
                rule_9_who_was_alerted_before_has_been_disturbed,
                rule_9_nobody_is_asked_to_present_and_the_call_can_be_answered,
                rule_8_end_others_and_parallel_go_to_the_hub_as_they_were_asked,
                rule_8_an_accept_beside_another_call_without_a_word_is_busy,
                rule_8_parallel_leaves_the_other_media_before_it_joins,
                rule_2_the_hubs_deadline_is_reported_as_missed_and_unanswered,
                rule_13_who_was_left_alone_learns_why,
        };

        return suite_run(phone_suite("user", tests, ELEMENTSOF(tests)));
}
