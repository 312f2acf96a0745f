/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange-world.h"
#include "model/retention.h"

/* Calls from initiate and ring to an end without an answer. */

START_TEST(rule_1_a_call_rings_on_every_device_and_is_stored_before_the_caller_hears)
{
        comes(ALICE);
        comes(BOB);
        comes(BOB_PHONE);
        calls(ALICE, "bob", 1);
        expect("bob-desk: incoming 1 from alice, audio, 45000 ms",
               "bob-phone: incoming 1 from alice, audio, 45000 ms", "save 1 initiated",
               "alice-desk: ok 1 initiated", NULL);
        ck_assert(world.call.here);
        ck_assert_int_eq(world.call.record.direction, CALL_DIRECTION_OUTGOING);
        ck_assert_str_eq(world.call.record.initiator.device, "alice-desk");
        ck_assert_str_eq(world.call.record.receiver.name, "bob");
        ck_assert_uint_eq(world.call.record.initiated_at, world.moment.date);
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 1);
}
END_TEST

START_TEST(rule_1_the_receiver_sees_an_incoming_call)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "carol", 1);
        comes(CAROL);
        ck_assert_int_eq(world.call.record.direction, CALL_DIRECTION_INCOMING);
        ck_assert_int_eq(world.call.record.status, CALL_STATUS_INITIATED);
        ck_assert(!world.call.here);
        ck_assert_str_eq(world.call.join_token, "");
}
END_TEST

START_TEST(rule_1_the_same_session_id_from_the_same_party_gives_the_same_answer)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        forget();
        calls(ALICE, "bob", 1);
        expect("alice-desk: ok 1 initiated", NULL);
        rejects(BOB, 1, CALL_STATUS_REJECTED);
        forget();
        calls(ALICE, "bob", 1);
        expect("alice-desk: ok 1 rejected (declined)", NULL);
        passes(ENDED_MEMORY_US);
        calls(ALICE, "bob", 1);
        expect("bob-desk: incoming 1 from alice, audio, 45000 ms", "save 1 initiated",
               "alice-desk: ok 1 initiated", NULL);
}
END_TEST

START_TEST(rule_1_the_same_session_id_from_another_party_is_refused)
{
        comes(ALICE);
        comes(ALICE_PHONE);
        comes(CAROL);
        calls(ALICE, "bob", 1);
        forget();
        calls(CAROL, "dave", 1);
        calls(ALICE_PHONE, "bob", 1);
        expect("carol-desk: InvalidArgument", "alice-phone: InvalidArgument", NULL);
        ck_assert_ptr_nonnull(strstr(world.text, "00000000-0000-4000-8000-000000000001"));
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 1);
}
END_TEST

/* A call that only the history has, as it is in that of Alice. */
static CallRecord long_over(CallDirection direction, const char *device)
{
        CallRecord record = {.direction = direction, .status = CALL_STATUS_REJECTED};

        session_of(1, record.session_id);
        STR_SET(record.initiator.uid, direction == CALL_DIRECTION_OUTGOING ? "alice" : "bob");
        STR_SET(record.initiator.device, device);
        STR_SET(record.receiver.uid, direction == CALL_DIRECTION_OUTGOING ? "bob" : "alice");
        STR_SET(record.reason, "declined");
        return record;
}

START_TEST(rule_1_an_id_of_the_history_gives_its_caller_the_call_as_it_ended)
{
        CallRecord record = long_over(CALL_DIRECTION_OUTGOING, "alice-desk");
        const PastCall past = {&record};

        comes(ALICE);
        comes(BOB);
        world.past = &past;
        calls(ALICE, "bob", 1);
        expect("alice-desk: ok 1 rejected (declined)", NULL);
        ck_assert_str_eq(world.call.record.receiver.uid, "bob");
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 0);
}
END_TEST

START_TEST(rule_1_an_id_of_the_history_is_its_callers_alone)
{
        CallRecord rung = long_over(CALL_DIRECTION_INCOMING, "bob-desk");
        CallRecord of_phone = long_over(CALL_DIRECTION_OUTGOING, "alice-phone");
        const PastCall pasts[] = {{&rung}, {&of_phone}, {NULL}};

        comes(ALICE);
        comes(BOB);
        for (size_t i = 0; i < ELEMENTSOF(pasts); i++) {
                world.past = &pasts[i];
                calls(ALICE, "bob", 1);
                expect("alice-desk: InvalidArgument", NULL);
        }
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 0);
}
END_TEST

START_TEST(rule_1_who_cannot_be_called_is_named)
{
        comes(ALICE);
        calls(ALICE, "alice", 1);
        expect("alice-desk: CallingSelf", NULL);
        calls(ALICE, "nobody", 1);
        expect("alice-desk: UserNotFound", NULL);
        ck_assert_str_eq(world.text, "there is no user 'nobody'");
        calls_with(ALICE, "choir", 1, (MessageInitiate){.receiver_type = RECEIVER_TYPE_GROUP});
        expect("alice-desk: GroupNotFound", NULL);
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 0);
}
END_TEST

START_TEST(rule_1_a_second_call_while_in_one_needs_parallel)
{
        comes(ALICE);
        comes(ALICE_PHONE);
        calls(ALICE, "bob", 1);
        forget();
        calls(ALICE_PHONE, "carol", 2);
        expect("alice-phone: BusySelf", NULL);
        calls_with(ALICE_PHONE, "carol", 2, (MessageInitiate){.parallel = true});
        expect("save 2 initiated", "alice-phone: ok 2 initiated", NULL);
}
END_TEST

START_TEST(a_new_name_is_told_to_the_users_devices)
{
        comes(BOB);
        comes(BOB_PHONE);
        forget();
        ck_assert_int_eq(exchange_user_add(world.exchange, "bob", "Robert", WHEN_BUSY_REJECT), 0);
        world_collect();
        expect("bob-desk: renamed to Robert", "bob-phone: renamed to Robert", NULL);
        ck_assert_int_eq(exchange_user_add(world.exchange, "bob", "Robert", WHEN_BUSY_REJECT), 0);
        world_collect();
        expect_nothing();
}
END_TEST

START_TEST(rule_2_the_hub_owns_the_deadline)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        forget();
        ck_assert_uint_eq(exchange_next_deadline(world.exchange),
                          world.moment.now + 45 * USEC_PER_SEC);
        passes(45 * USEC_PER_SEC - 1);
        expect_nothing();
        passes(1);
        expect("log alice 1 unanswered (timeout)", "log bob 1 missed (timeout)", "drop 1",
               "alice-desk: over 1 unanswered (timeout)", "bob-desk: over 1 missed (timeout)",
               "alice-desk: logged 1 unanswered (timeout)", "bob-desk: logged 1 missed (timeout)",
               NULL);
        ck_assert_uint_eq(exchange_next_deadline(world.exchange), USEC_NEVER);
        passes(180 * USEC_PER_SEC);
        expect_nothing();
}
END_TEST

static const struct {
        int asked;
        unsigned seconds;
} timeouts[] = {{-1, 45}, {0, 45}, {4, 5}, {5, 5}, {180, 180}, {181, 180}};

START_TEST(rule_2_a_timeout_is_clamped)
{
        comes(ALICE);
        comes(BOB);
        calls_with(ALICE, "bob", 1, (MessageInitiate){.timeout_s = timeouts[_i].asked});
        ck_assert_uint_eq(world.call.remaining_ms, timeouts[_i].seconds * 1000);
        forget();
        passes(timeouts[_i].seconds * USEC_PER_SEC - 1);
        expect_nothing();
        passes(1);
        ck_assert_ptr_nonnull(strstr(world.trace, "bob-desk: over 1 missed (timeout)\n"));
}
END_TEST

START_TEST(rule_2_an_accept_at_the_deadline_is_too_late)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        world.moment.now += 45 * USEC_PER_SEC; /* no tick yet */
        forget();
        accepts(BOB, 1);
        ck_assert_ptr_nonnull(strstr(world.trace, "alice-desk: over 1 unanswered (timeout)\n"));
        ck_assert_ptr_nonnull(strstr(world.trace, "bob-desk: CallTerminated\n"));
        ck_assert_str_eq(world.text, "the call is over: nobody answered in time");
}
END_TEST

START_TEST(rule_3_the_caller_sees_one_change_to_ringing)
{
        comes(ALICE);
        comes(BOB);
        comes(BOB_PHONE);
        calls(ALICE, "bob", 1);
        forget();
        says(BOB, MESSAGE_DELIVERED, 1);
        expect("bob-desk: ok", NULL);
        says(BOB, MESSAGE_ALERTING, 1);
        expect("alice-desk: ringing 1 at bob", "bob-desk: ok", NULL);
        says(BOB_PHONE, MESSAGE_ALERTING, 1);
        expect("bob-phone: ok", NULL);
}
END_TEST

START_TEST(rule_3_a_call_that_does_not_ring_here_cannot_be_acknowledged)
{
        comes(ALICE);
        comes(CAROL);
        calls(ALICE, "bob", 1);
        forget();
        says(CAROL, MESSAGE_ALERTING, 1);
        says(CAROL, MESSAGE_DELIVERED, 2);
        expect("carol-desk: NoSuchCall", "carol-desk: NoSuchCall", NULL);
}
END_TEST

START_TEST(a_ring_does_not_wait_for_the_disk_and_what_confirms_does)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        ck_assert(world.confirms); /* the reply */
        says(BOB, MESSAGE_ALERTING, 1);
        ck_assert(world.confirms);
        goes(BOB);
        comes(BOB_PHONE);
        ck_assert(!world.confirms); /* incoming */
        says(ALICE, MESSAGE_CANCEL, 1);
        ck_assert(world.confirms);
}
END_TEST

START_TEST(rule_16_a_device_that_comes_in_time_rings_for_what_is_left)
{
        comes(ALICE);
        calls(ALICE, "bob", 1);
        passes(42 * USEC_PER_SEC);
        forget();
        comes(BOB);
        expect("bob-desk: incoming 1 from alice, audio, 3000 ms", NULL);
        accepts(BOB, 1);
        expect("save 1 ongoing", "bob-desk: ok 1 ongoing", "alice-desk: accepted 1 by bob-desk",
               NULL);
}
END_TEST

START_TEST(rule_16_a_device_that_comes_too_late_does_not_ring)
{
        comes(ALICE);
        calls(ALICE, "bob", 1);
        passes(42 * USEC_PER_SEC + 1);
        forget();
        comes(BOB);
        expect_nothing();
        passes(3 * USEC_PER_SEC);
        expect("log alice 1 unanswered (timeout)", "log bob 1 missed (timeout)", "drop 1",
               "alice-desk: over 1 unanswered (timeout)", "bob-desk: over 1 missed (timeout)",
               "alice-desk: logged 1 unanswered (timeout)", "bob-desk: logged 1 missed (timeout)",
               NULL);
}
END_TEST

START_TEST(rule_16_who_rang_before_a_restart_may_answer_to_the_last)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        passes(43 * USEC_PER_SEC);
        hub_restarts();
        forget();
        comes(ALICE);
        comes(BOB);
        expect_nothing();
        accepts(BOB, 1);
        expect("save 1 ongoing", "bob-desk: ok 1 ongoing", "alice-desk: accepted 1 by bob-desk",
               NULL);
}
END_TEST

START_TEST(rule_16_a_user_who_stays_away_has_one_missed_entry)
{
        comes(ALICE);
        calls(ALICE, "bob", 1);
        expect("save 1 initiated", "alice-desk: ok 1 initiated", NULL);
        passes(45 * USEC_PER_SEC);
        expect("log alice 1 unanswered (timeout)", "log bob 1 missed (timeout)", "drop 1",
               "alice-desk: over 1 unanswered (timeout)",
               "alice-desk: logged 1 unanswered (timeout)", NULL);
}
END_TEST

START_TEST(calls_per_minute_are_limited_on_both_sides)
{
        world_end();
        world_begin_limited(&(ExchangeLimits){.calls_per_minute = 3});
        comes(ALICE);
        for (int call = 1; call <= 3; call++) {
                calls(ALICE, "bob", call);
                says(ALICE, MESSAGE_CANCEL, call);
                passes(USEC_PER_SEC);
        }
        forget();
        calls(ALICE, "bob", 4);
        expect("alice-desk: TooMany", NULL);
        passes(57 * USEC_PER_SEC - 1);
        calls(ALICE, "bob", 4);
        expect("alice-desk: TooMany", NULL);
        passes(1);
        calls(ALICE, "bob", 4);
        expect("save 4 initiated", "alice-desk: ok 4 initiated", NULL);
        calls_with(ALICE, "bob", 5, (MessageInitiate){.parallel = true});
        expect("alice-desk: TooMany", NULL);
        passes(USEC_PER_SEC);
        calls_with(ALICE, "bob", 5, (MessageInitiate){.parallel = true});
        expect("save 5 initiated", "alice-desk: ok 5 initiated", NULL);
}
END_TEST

/* Alice is told of `n` names that they are not there, or not for her. */
static void alice_asks_in_vain(int n)
{
        for (int i = 0; i < n; i++) {
                calls(ALICE, "nobody", 100);
                expect("alice-desk: UserNotFound", NULL);
        }
}

START_TEST(unknown_names_are_answered_so_often_a_minute_and_then_nothing_tells)
{
        MessageInitiate to_group = {.receiver_type = RECEIVER_TYPE_GROUP};

        world_end();
        world_begin_limited(&(ExchangeLimits){.failed_lookups_per_minute = 5});
        group_of("others", "bob", "carol", NULL);
        comes(ALICE);
        comes(BOB);
        forget();
        calls_with(ALICE, "others", 100, to_group);
        calls_with(ALICE, "nowhere", 100, to_group);
        blocks(ALICE, "nobody", true);
        expect("alice-desk: NotAMember", "alice-desk: GroupNotFound", "alice-desk: UserNotFound",
               NULL);
        passes(10 * USEC_PER_SEC);
        alice_asks_in_vain(2);
        /* Known or not: all are alike. */
        calls(ALICE, "nobody", 100);
        calls_with(ALICE, "others", 100, to_group);
        calls_with(ALICE, "nowhere", 100, to_group);
        blocks(ALICE, "nobody", true);
        blocks(ALICE, "carol", true);
        expect("alice-desk: TooMany", "alice-desk: TooMany", "alice-desk: TooMany",
               "alice-desk: TooMany", "alice-desk: TooMany", NULL);
        ck_assert_ptr_nonnull(strstr(world.text, "5 names"));
        calls(BOB, "nobody", 100);
        expect("bob-desk: UserNotFound", NULL);
        passes(50 * USEC_PER_SEC - 1);
        calls(ALICE, "nobody", 100);
        expect("alice-desk: TooMany", NULL);
        passes(1);
        calls(ALICE, "nobody", 100);
        expect("alice-desk: UserNotFound", NULL);
}
END_TEST

START_TEST(who_has_asked_in_vain_too_often_still_calls_and_is_called)
{
        world_end();
        world_begin_limited(&(ExchangeLimits){.failed_lookups_per_minute = 2});
        comes(ALICE);
        alice_asks_in_vain(2);
        blocks(ALICE, "carol", false);
        expect("alice-desk: ok", NULL);
        calls(ALICE, "bob", 1);
        expect("save 1 initiated", "alice-desk: ok 1 initiated", NULL);
        calls(ALICE, "bob", 1);
        expect("alice-desk: ok 1 initiated", NULL);
        /* Busy, she learns no more of those who exist than of those who do not. */
        calls(ALICE, "carol", 2);
        calls(ALICE, "nobody", 2);
        expect("alice-desk: TooMany", "alice-desk: TooMany", NULL);
}
END_TEST

/* A call to a user counts as two records and its metadata. */
static void calls_that_fill_a_day(int first, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                calls(ALICE, "bob", first + (int)i);
                says(ALICE, MESSAGE_CANCEL, first + (int)i);
                forget();
        }
}

START_TEST(a_user_s_calls_take_so_many_bytes_a_day_and_no_more)
{
        const size_t max = 1024 * 1024, one = 2 * STORED_RECORD_BYTES;
        const size_t day = max / one, half_a_day = (max / 2 + max % one) / one;

        world_end();
        world_begin_limited(&(ExchangeLimits){.stored_mb_per_day = 1});
        comes(ALICE);
        calls_that_fill_a_day(1, day);
        calls(ALICE, "bob", 1000);
        expect("alice-desk: TooMany", NULL);
        /* Others have a limit of their own. */
        comes(BOB);
        calls(BOB, "carol", 1001);
        says(BOB, MESSAGE_CANCEL, 1001);
        forget();
        /* Half a day later there is room for half as many. */
        passes(USEC_PER_DAY / 2);
        calls_that_fill_a_day(2000, half_a_day);
        calls(ALICE, "bob", 3000);
        expect("alice-desk: TooMany", NULL);
        passes(USEC_PER_DAY);
        calls_that_fill_a_day(4000, day);
        calls(ALICE, "bob", 5000);
        expect("alice-desk: TooMany", NULL);
}
END_TEST

START_TEST(metadata_and_every_member_of_a_group_count_as_stored)
{
        char value[METADATA_VALUE_MAX + 1];
        MetadataEntry entries[] = {{(char *)"subject", value}};
        const MessageInitiate big = {.receiver_type = RECEIVER_TYPE_GROUP,
                                     .metadata = {entries, 1}};
        size_t one = 3 * STORED_RECORD_BYTES + strlen("subject") + METADATA_VALUE_MAX;
        int n = (int)(1024 * 1024 / one);

        memset(value, 'v', METADATA_VALUE_MAX);
        value[METADATA_VALUE_MAX] = '\0';
        world_end();
        world_begin_limited(&(ExchangeLimits){.stored_mb_per_day = 1});
        group_of("team", "alice", "bob", "carol", NULL);
        forget();
        comes(ALICE);
        for (int call = 1; call <= n; call++) {
                calls_with(ALICE, "team", call, big);
                says(ALICE, MESSAGE_CANCEL, call);
                forget();
        }
        calls_with(ALICE, "team", n + 1, big);
        expect("alice-desk: TooMany", NULL);
}
END_TEST

START_TEST(a_user_has_at_most_so_many_calls_placed_at_a_time)
{
        comes(ALICE);
        for (int call = 1; call <= USER_LIVE_CALLS_MAX; call++)
                calls_with(ALICE, "bob", call, (MessageInitiate){.parallel = true});
        ck_assert_uint_eq(exchange_n_calls(world.exchange), USER_LIVE_CALLS_MAX);
        forget();
        calls_with(ALICE, "bob", 100, (MessageInitiate){.parallel = true});
        expect("alice-desk: TooMany", NULL);
        says(ALICE, MESSAGE_CANCEL, 1);
        forget();
        calls_with(ALICE, "bob", 100, (MessageInitiate){.parallel = true});
        expect("save 100 initiated", "alice-desk: ok 100 initiated", NULL);
}
END_TEST

static int count_calls(const CallRecord *record, void *userdata)
{
        ck_assert_int_eq(record->direction, CALL_DIRECTION_OUTGOING);
        ++*(int *)userdata;
        return *(int *)userdata == 2 ? 7 : 0;
}

START_TEST(an_operator_sees_the_calls_in_progress)
{
        int n = 0;

        comes(ALICE);
        for (int call = 1; call <= 3; call++)
                calls_with(ALICE, "bob", call, (MessageInitiate){.parallel = true});
        ck_assert_int_eq(exchange_each_call(world.exchange, count_calls, &n), 7);
        ck_assert_int_eq(n, 2);
}
END_TEST

START_TEST(the_metadata_travels_with_the_ring_and_the_record)
{
        Message message = {.type = MESSAGE_INITIATE, .initiate.receiver = "bob"};
        ExchangeAction action;
        int seen = 0;

        comes(ALICE);
        comes(BOB);
        session_of(1, message.initiate.session_id);
        ck_assert_int_eq(metadata_add(&message.initiate.metadata, "subject", "lunch"), 0);
        ck_assert_int_eq(
                exchange_message(world.exchange, &world.moment, world.links[ALICE], &message), 0);
        message_done(&message);
        while (exchange_next_action(world.exchange, &action)) {
                if (action.type == EXCHANGE_CALLED)
                        continue;
                const CallRecord *record = action.type == EXCHANGE_SAVE ? &action.live.record
                                           : action.message.type == MESSAGE_INCOMING
                                                   ? &action.message.call.record
                                                   : &action.message.reply.call.record;
                ck_assert_uint_eq(record->metadata.count, 1);
                ck_assert_str_eq(record->metadata.entries[0].value, "lunch");
                exchange_action_done(&action);
                seen++;
        }
        ck_assert_int_eq(seen, 3);
}
END_TEST

static void put_crowd(size_t n)
{
        static char uids[GROUP_MEMBERS_MAX][UID_MAX + 1];
        const char *members[GROUP_MEMBERS_MAX];

        for (size_t i = 0; i < n; i++) {
                snprintf(uids[i], sizeof(uids[i]), "member-%zu", i);
                if (i == 0)
                        STR_SET(uids[i], "alice");
                members[i] = uids[i];
                ck_assert_int_eq(
                        exchange_user_add(world.exchange, uids[i], uids[i], WHEN_BUSY_REJECT), 0);
        }
        ck_assert_int_eq(
                exchange_group_put(world.exchange, &world.moment, "crowd", "Crowd", members, n), 0);
}

START_TEST(a_large_group_is_saved_in_parts)
{
        Message message = {.type = MESSAGE_INITIATE,
                           .initiate = {.receiver = "crowd", .receiver_type = RECEIVER_TYPE_GROUP}};
        ExchangeAction action;
        size_t n_saves = 0, n_members = 0, n = SAVE_MEMBERS_MAX + (size_t)_i;

        put_crowd(1 + n);
        comes(ALICE);
        session_of(1, message.initiate.session_id);
        ck_assert_int_eq(
                exchange_message(world.exchange, &world.moment, world.links[ALICE], &message), 0);
        while (exchange_next_action(world.exchange, &action)) {
                if (action.type == EXCHANGE_SAVE) {
                        ck_assert_uint_le(action.live.n_members, SAVE_MEMBERS_MAX);
                        n_members += action.live.n_members;
                        n_saves++;
                }
                exchange_action_done(&action);
        }
        ck_assert_uint_eq(n_saves, 1 + (size_t)_i);
        ck_assert_uint_eq(n_members, n);
}
END_TEST

/* Both sides of the limit. */
START_TEST(metadata_for_many_members_are_bounded_by_their_number)
{
        char value[METADATA_VALUE_MAX + 1] = "";
        MetadataEntry entries[] = {{(char *)"a", value}, {(char *)"b", value}};
        const MessageInitiate call = {.receiver_type = RECEIVER_TYPE_GROUP,
                                      .metadata = {entries, 2}};
        size_t most = METADATA_FANOUT_MAX / 600;

        put_crowd(1 + 600);
        comes(ALICE);
        forget();
        memset(value, 'v', (most - 2) / 2);
        calls_with(ALICE, "crowd", 1, call);
        said("alice-desk: ok 1 initiated");
        says(ALICE, MESSAGE_CANCEL, 1);
        forget();
        memset(value, 'v', (most - 2) / 2 + 1);
        calls_with(ALICE, "crowd", 2, call);
        expect("alice-desk: InvalidArgument", NULL);
        ck_assert_ptr_nonnull(strstr(world.text, "600 members"));
}
END_TEST

START_TEST(of_the_records_of_a_call_the_first_has_the_metadata)
{
        Message message = {.type = MESSAGE_INITIATE, .initiate.receiver = "bob"};
        Message cancel = {.type = MESSAGE_CANCEL};
        ExchangeAction action;
        size_t n_logs = 0, n_with = 0, n_told = 0;

        comes(ALICE);
        comes(BOB);
        session_of(1, message.initiate.session_id);
        ck_assert_int_eq(metadata_add(&message.initiate.metadata, "subject", "lunch"), 0);
        ck_assert_int_eq(
                exchange_message(world.exchange, &world.moment, world.links[ALICE], &message), 0);
        message_done(&message);
        STR_SET(cancel.session.session_id, message.initiate.session_id);
        ck_assert_int_eq(
                exchange_message(world.exchange, &world.moment, world.links[ALICE], &cancel), 0);
        while (exchange_next_action(world.exchange, &action)) {
                if (action.type == EXCHANGE_LOG) {
                        n_with += action.record.metadata.count > 0;
                        ck_assert_uint_eq(n_with, 1);
                        n_logs++;
                } else if (action.type == EXCHANGE_SEND && action.message.type == MESSAGE_LOGGED) {
                        n_told += action.message.logged.metadata.count;
                }
                exchange_action_done(&action);
        }
        ck_assert_uint_eq(n_logs, 2);
        ck_assert_uint_eq(n_told, 2); /* devices are told all of it */
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("exchange");
        TCase *ring = tcase_create("ring");

        tcase_add_checked_fixture(ring, world_begin, world_end);
        tcase_add_test(ring,
                       rule_1_a_call_rings_on_every_device_and_is_stored_before_the_caller_hears);
        tcase_add_test(ring, rule_1_the_receiver_sees_an_incoming_call);
        tcase_add_test(ring, rule_1_the_same_session_id_from_the_same_party_gives_the_same_answer);
        tcase_add_test(ring, rule_1_the_same_session_id_from_another_party_is_refused);
        tcase_add_test(ring, rule_1_an_id_of_the_history_gives_its_caller_the_call_as_it_ended);
        tcase_add_test(ring, rule_1_an_id_of_the_history_is_its_callers_alone);
        tcase_add_test(ring, rule_1_who_cannot_be_called_is_named);
        tcase_add_test(ring, rule_1_a_second_call_while_in_one_needs_parallel);
        tcase_add_test(ring, a_new_name_is_told_to_the_users_devices);
        tcase_add_test(ring, rule_2_the_hub_owns_the_deadline);
        tcase_add_loop_test(ring, rule_2_a_timeout_is_clamped, 0, ELEMENTSOF(timeouts));
        tcase_add_test(ring, rule_2_an_accept_at_the_deadline_is_too_late);
        tcase_add_test(ring, rule_3_the_caller_sees_one_change_to_ringing);
        tcase_add_test(ring, rule_3_a_call_that_does_not_ring_here_cannot_be_acknowledged);
        tcase_add_test(ring, a_ring_does_not_wait_for_the_disk_and_what_confirms_does);
        tcase_add_test(ring, rule_16_a_device_that_comes_in_time_rings_for_what_is_left);
        tcase_add_test(ring, rule_16_a_device_that_comes_too_late_does_not_ring);
        tcase_add_test(ring, rule_16_who_rang_before_a_restart_may_answer_to_the_last);
        tcase_add_test(ring, rule_16_a_user_who_stays_away_has_one_missed_entry);
        tcase_add_test(ring, calls_per_minute_are_limited_on_both_sides);
        tcase_add_test(ring, unknown_names_are_answered_so_often_a_minute_and_then_nothing_tells);
        tcase_add_test(ring, who_has_asked_in_vain_too_often_still_calls_and_is_called);
        tcase_add_test(ring, a_user_s_calls_take_so_many_bytes_a_day_and_no_more);
        tcase_add_test(ring, metadata_and_every_member_of_a_group_count_as_stored);
        tcase_add_test(ring, a_user_has_at_most_so_many_calls_placed_at_a_time);
        tcase_add_test(ring, an_operator_sees_the_calls_in_progress);
        tcase_add_test(ring, the_metadata_travels_with_the_ring_and_the_record);
        tcase_add_test(ring, of_the_records_of_a_call_the_first_has_the_metadata);
        tcase_add_loop_test(ring, a_large_group_is_saved_in_parts, 0, 2);
        tcase_add_test(ring, metadata_for_many_members_are_bounded_by_their_number);
        suite_add_tcase(suite, ring);
        return suite_run(suite);
}
