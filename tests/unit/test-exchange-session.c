/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange-world.h"

/* Join tokens, and participants in a call's media. */

START_TEST(rule_18_each_join_is_sent_to_the_other_and_answered_with_who_is_there)
{
        in_call(ALICE, BOB, 1);
        joins(BOB, 1);
        expect("save 1 ongoing", "bob-desk: ok, joined", NULL);
        joins(ALICE, 1);
        expect("bob-desk: joined 1: alice-desk", "save 1 ongoing",
               "alice-desk: ok, joined bob-desk", NULL);
        ck_assert_str_ne(world.participants[ALICE], world.participants[BOB]);
}
END_TEST

START_TEST(rule_18_leaving_keeps_the_call_and_joining_again_makes_a_new_participant)
{
        char first[PARTICIPANT_ID_MAX + 1];

        in_media(ALICE, BOB, 1);
        STR_SET(first, world.participants[BOB]);
        says(BOB, MESSAGE_LEAVE, 1);
        expect("alice-desk: left 1: bob-desk", "save 1 ongoing", "bob-desk: ok", NULL);
        says(BOB, MESSAGE_LEAVE, 1);
        expect("bob-desk: ok", NULL);
        joins(BOB, 1);
        expect("alice-desk: joined 1: bob-desk", "save 1 ongoing",
               "bob-desk: ok, joined alice-desk", NULL);
        ck_assert_str_ne(first, world.participants[BOB]);

        signals(ALICE, 1, first, "to who was there before");
        expect("alice-desk: ok", NULL);
}
END_TEST

START_TEST(rule_18_joining_again_as_the_same_party_replaces_the_first)
{
        in_media(ALICE, BOB, 1);
        joins(BOB, 1);
        expect("alice-desk: left 1: bob-desk", "alice-desk: joined 1: bob-desk", "save 1 ongoing",
               "bob-desk: ok, joined alice-desk", NULL);
}
END_TEST

START_TEST(a_signal_goes_from_participant_to_participant)
{
        in_media(ALICE, BOB, 1);
        signals(ALICE, 1, world.participants[BOB], "an offer");
        expect("bob-desk: signalled 1 an offer", "alice-desk: ok", NULL);
        signals(BOB, 1, world.participants[ALICE], "an answer");
        expect("alice-desk: signalled 1 an answer", "bob-desk: ok", NULL);
        signals(ALICE, 1, world.participants[ALICE], "to oneself");
        signals(ALICE, 1, "nobody", "to nobody");
        expect("alice-desk: ok", "alice-desk: ok", NULL);
}
END_TEST

static void signals_often(Who who, Who to, unsigned n)
{
        while (n-- > 0)
                signals(who, 1, world.participants[to], "x");
}

static void team_in_media(void)
{
        team_talks();
        accepts(CAROL, 1);
        joins(ALICE, 1);
        joins(BOB, 1);
        joins(CAROL, 1);
}

/* Both sides of the limit; what is in line is on the way to one device, from one user. */
START_TEST(who_has_so_many_signals_in_line_is_refused_and_others_are_not)
{
        team_in_media();
        world.reads_nothing = true;
        signals_often(ALICE, BOB, SENDER_MESSAGES_MAX);
        unsaid("TooMany");
        forget();
        signals(ALICE, 1, world.participants[BOB], "one more");
        expect("alice-desk: TooMany", NULL);
        signals(ALICE, 1, world.participants[CAROL], "hello");
        expect("carol-desk: signalled 1 hello", "alice-desk: ok", NULL);
        signals(CAROL, 1, world.participants[BOB], "hello");
        expect("bob-desk: signalled 1 hello", "carol-desk: ok", NULL);
        exchange_taken(world.exchange, world.links[BOB], "alice", 1);
        signals(ALICE, 1, world.participants[BOB], "again");
        expect("bob-desk: signalled 1 again", "alice-desk: ok", NULL);
}
END_TEST

START_TEST(signals_of_one_to_another_have_a_rate_that_others_do_not_share)
{
        team_in_media();
        for (unsigned i = 0; i < SIGNALS_BURST; i++) {
                forget();
                signals(ALICE, 1, world.participants[BOB], "x");
                said("alice-desk: ok");
        }
        forget();
        signals(ALICE, 1, world.participants[BOB], "one more");
        expect("alice-desk: TooMany", NULL);
        signals(ALICE, 1, world.participants[CAROL], "hello");
        expect("carol-desk: signalled 1 hello", "alice-desk: ok", NULL);
        signals(BOB, 1, world.participants[ALICE], "hello");
        expect("alice-desk: signalled 1 hello", "bob-desk: ok", NULL);
        /* Another participant of the same two makes no difference. */
        joins(ALICE, 1);
        joins(BOB, 1);
        forget();
        signals(ALICE, 1, world.participants[BOB], "one more");
        expect("alice-desk: TooMany", NULL);
        passes(USEC_PER_SEC / SIGNALS_PER_S - 1);
        signals(ALICE, 1, world.participants[BOB], "too soon");
        expect("alice-desk: TooMany", NULL);
        passes(1);
        signals(ALICE, 1, world.participants[BOB], "in time");
        expect("bob-desk: signalled 1 in time", "alice-desk: ok", NULL);
        signals(ALICE, 1, world.participants[BOB], "one more");
        expect("alice-desk: TooMany", NULL);
}
END_TEST

static void uses_up_states(void)
{
        for (unsigned i = 0; i < STATES_BURST; i++) {
                states(BOB, 1, i % 2 == 0, true);
                said(i % 2 ? "alice-desk: participant 1: bob-desk"
                           : "alice-desk: participant 1: bob-desk, muted");
                forget();
        }
}

START_TEST(of_many_states_at_once_the_others_hear_the_last)
{
        in_media(ALICE, BOB, 1);
        uses_up_states();
        for (unsigned i = 0; i < 100; i++) {
                states(BOB, 1, i % 2 != 0, true);
                said("bob-desk: ok");
                unsaid("alice-desk: ");
                forget();
        }
        passes(USEC_PER_SEC / STATES_PER_S - 1);
        expect_nothing();
        passes(1);
        expect("alice-desk: participant 1: bob-desk, muted", NULL);
        states(BOB, 1, false, true);
        unsaid("alice-desk: ");
        forget();
        passes(USEC_PER_SEC / STATES_PER_S);
        expect("alice-desk: participant 1: bob-desk", NULL);
        passes(USEC_PER_SEC);
        expect_nothing();
        states(BOB, 1, true, true);
        said("alice-desk: participant 1: bob-desk, muted");
}
END_TEST

START_TEST(who_joins_again_has_no_state_of_before)
{
        in_media(ALICE, BOB, 1);
        uses_up_states();
        states(BOB, 1, true, true);
        joins(BOB, 1);
        forget();
        passes(STATES_BURST * USEC_PER_SEC / STATES_PER_S);
        expect_nothing();
        uses_up_states();
        states(BOB, 1, true, true);
        says(BOB, MESSAGE_LEAVE, 1);
        forget();
        passes(USEC_PER_SEC);
        expect_nothing();
}
END_TEST

START_TEST(joins_of_one_party_have_a_rate)
{
        in_media(ALICE, BOB, 1);
        for (unsigned i = 1; i < JOINS_BURST; i++) {
                forget();
                joins(BOB, 1);
                said("alice-desk: joined 1: bob-desk");
        }
        forget();
        joins(BOB, 1);
        expect("bob-desk: TooMany", NULL);
        /* It is in the media as before, and the other may join again. */
        signals(BOB, 1, world.participants[ALICE], "hello");
        expect("alice-desk: signalled 1 hello", "bob-desk: ok", NULL);
        joins(ALICE, 1);
        said("alice-desk: ok, joined bob-desk");
        forget();
        passes(JOIN_SPACING_S * USEC_PER_SEC);
        joins(BOB, 1);
        said("alice-desk: joined 1: bob-desk");
        forget();
        joins(BOB, 1);
        expect("bob-desk: TooMany", NULL);
}
END_TEST

START_TEST(signals_in_line_have_so_many_bytes_and_no_more)
{
        static char big[16 * 1024 + 1];
        size_t n_big = SENDER_BYTES_MAX / (sizeof(big) - 1);

        memset(big, 'x', sizeof(big) - 1);
        in_media(ALICE, BOB, 1);
        world.reads_nothing = true;
        for (size_t i = 0; i < n_big; i++) {
                signals(ALICE, 1, world.participants[BOB], big);
                said("alice-desk: ok");
                forget();
        }
        signals(ALICE, 1, world.participants[BOB], "x");
        expect("alice-desk: TooMany", NULL);
        /* Bob's own are another matter. */
        signals(BOB, 1, world.participants[ALICE], "an answer");
        expect("alice-desk: signalled 1 an answer", "bob-desk: ok", NULL);
}
END_TEST

/* Alice, Bob and Carol are in the media, nobody takes anything, and Alice fills up Bob's line. */
static void line_to_bob_is_full(void)
{
        team_in_media();
        world.reads_nothing = true;
        signals_often(ALICE, BOB, SENDER_MESSAGES_MAX);
        for (unsigned i = 0; i < SENDER_NEWS_MAX; i++) {
                forget();
                states(ALICE, 1, i % 2 == 0, true);
                said("alice-desk: ok");
                said(i % 2 ? "bob-desk: participant 1: alice-desk"
                           : "bob-desk: participant 1: alice-desk, muted");
        }
        passes(STATES_BURST * USEC_PER_SEC / STATES_PER_S);
        forget();
}

static void takes_from_alice(Who who, unsigned n)
{
        while (n-- > 0)
                exchange_taken(world.exchange, world.links[who], "alice", 1);
}

START_TEST(a_state_is_not_refused_because_another_takes_nothing)
{
        line_to_bob_is_full();
        for (unsigned i = 0; i < 2 * SENDER_MESSAGES_MAX; i++) {
                states(ALICE, 1, i % 2 == 0, true);
                said("alice-desk: ok");
                unsaid("TooMany");
                unsaid("bob-desk: ");
                forget();
        }
        states(ALICE, 1, true, true);
        passes(USEC_PER_SEC);
        unsaid("bob-desk: ");
        said("carol-desk: participant 1: alice-desk, muted");
        forget();
        /* The last one follows as soon as there is room. */
        ck_assert_uint_gt(exchange_next_deadline(world.exchange), world.moment.now);
        takes_from_alice(BOB, 1);
        ck_assert_uint_le(exchange_next_deadline(world.exchange), world.moment.now);
        passes(0);
        expect("bob-desk: participant 1: alice-desk, muted", NULL);
        takes_from_alice(BOB, 1);
        passes(0);
        expect_nothing();
        states(ALICE, 1, false, true);
        said("bob-desk: participant 1: alice-desk");
}
END_TEST

START_TEST(a_join_is_not_refused_because_another_takes_nothing)
{
        char token[TOKEN_MAX + 1];

        line_to_bob_is_full();
        STR_SET(token, world.tokens[ALICE]);
        for (unsigned i = 0; i < 3; i++) {
                says(ALICE, MESSAGE_LEAVE, 1);
                said("alice-desk: ok");
                joins_with(ALICE, 1, token);
                unsaid("TooMany");
                unsaid("bob-desk: ");
        }
        said("carol-desk: joined 1: alice-desk");
        forget();
        takes_from_alice(BOB, SENDER_MESSAGES_MAX);
        passes(0);
        expect("bob-desk: left 1: alice-desk", "bob-desk: joined 1: alice-desk", NULL);
}
END_TEST

START_TEST(who_has_left_when_there_is_room_is_only_said_to_have_left)
{
        line_to_bob_is_full();
        says(ALICE, MESSAGE_LEAVE, 1);
        joins(ALICE, 1);
        says(ALICE, MESSAGE_END, 1);
        forget();
        takes_from_alice(BOB, 1);
        passes(0);
        expect("bob-desk: left 1: alice-desk", NULL);
}
END_TEST

START_TEST(a_participant_who_is_not_known_to_the_other_yet_cannot_signal_to_it)
{
        line_to_bob_is_full();
        says(ALICE, MESSAGE_LEAVE, 1);
        joins(ALICE, 1);
        forget();
        signals(ALICE, 1, world.participants[BOB], "x");
        expect("alice-desk: TooMany", NULL);
        takes_from_alice(BOB, SENDER_MESSAGES_MAX);
        signals(ALICE, 1, world.participants[BOB], "x");
        expect("bob-desk: left 1: alice-desk", "bob-desk: joined 1: alice-desk",
               "bob-desk: signalled 1 x", "alice-desk: ok", NULL);
}
END_TEST

START_TEST(who_joins_again_is_owed_nothing_of_before)
{
        line_to_bob_is_full();
        states(ALICE, 1, true, true);
        joins(BOB, 1);
        said("bob-desk: ok, joined alice-desk carol-desk");
        forget();
        takes_from_alice(BOB, 2);
        passes(0);
        expect_nothing();
}
END_TEST

START_TEST(who_comes_with_another_connection_hears_what_is_new_at_once)
{
        line_to_bob_is_full();
        states(ALICE, 1, true, true);
        comes(BOB);
        forget();
        states(ALICE, 1, false, true);
        said("bob-desk: participant 1: alice-desk");
}
END_TEST

START_TEST(a_few_signals_wait_for_a_device_that_may_come_back_and_more_are_dropped)
{
        in_media(ALICE, BOB, 1);
        world.reads_nothing = true;
        drops(BOB);
        for (unsigned i = 0; i < SUSPENDED_SIGNALS_MAX; i++) {
                signals(ALICE, 1, world.participants[BOB], "x");
                expect("bob-desk: signalled 1 x", "alice-desk: ok", NULL);
        }
        signals(ALICE, 1, world.participants[BOB], "x");
        expect("alice-desk: ok", NULL);
        resumes(BOB);
        signals(ALICE, 1, world.participants[BOB], "x");
        expect("bob-desk: signalled 1 x", "alice-desk: ok", NULL);
}
END_TEST

START_TEST(what_was_in_line_for_a_connection_that_is_gone_counts_no_longer)
{
        in_media(ALICE, BOB, 1);
        world.reads_nothing = true;
        signals_often(ALICE, BOB, SENDER_MESSAGES_MAX);
        uint64_t before = world.links[BOB];
        goes(BOB);
        comes(BOB);
        joins(BOB, 1);
        forget();
        /* Late news of the old one. */
        exchange_taken(world.exchange, before, "alice", 1);
        signals(ALICE, 1, world.participants[BOB], "x");
        expect("bob-desk: signalled 1 x", "alice-desk: ok", NULL);
}
END_TEST

START_TEST(who_does_not_take_part_cannot_signal)
{
        char bob[PARTICIPANT_ID_MAX + 1];

        in_media(ALICE, BOB, 1);
        STR_SET(bob, world.participants[BOB]);
        comes(BOB_PHONE);
        comes(CAROL);
        signals(BOB_PHONE, 1, world.participants[ALICE], "x");
        signals(CAROL, 1, bob, "x");
        says(ALICE, MESSAGE_LEAVE, 1);
        forget();
        signals(ALICE, 1, bob, "x");
        states(ALICE, 1, true, false);
        expect("alice-desk: InvalidTransition", "alice-desk: InvalidTransition", NULL);
}
END_TEST

START_TEST(a_participants_state_is_reported_when_it_changes)
{
        in_media(ALICE, BOB, 1);
        states(BOB, 1, true, true);
        expect("alice-desk: participant 1: bob-desk, muted", "save 1 ongoing", "bob-desk: ok",
               NULL);
        states(BOB, 1, true, false);
        expect("bob-desk: ok", NULL);
        says(ALICE, MESSAGE_LEAVE, 1);
        joins(ALICE, 1);
        ck_assert_uint_eq(world.joined.n_others, 1);
        forget();
        states(BOB, 1, false, false);
        expect("alice-desk: participant 1: bob-desk", "save 1 ongoing", "bob-desk: ok", NULL);
}
END_TEST

START_TEST(what_picture_a_participant_sends_is_reported_and_outlives_the_hub)
{
        in_media(ALICE, BOB, 1);
        states_picture(BOB, 1, true, false);
        expect("alice-desk: participant 1: bob-desk, paused", "save 1 ongoing", "bob-desk: ok",
               NULL);
        states_picture(BOB, 1, false, true);
        expect("alice-desk: participant 1: bob-desk, sharing", "save 1 ongoing", "bob-desk: ok",
               NULL);
        states_picture(BOB, 1, false, true);
        expect("bob-desk: ok", NULL);
        hub_restarts();
        comes(BOB);
        comes(ALICE);
        forget();
        states_picture(BOB, 1, false, false);
        expect("alice-desk: participant 1: bob-desk", "save 1 ongoing", "bob-desk: ok", NULL);
}
END_TEST

START_TEST(session_methods_need_an_ongoing_call)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        forget();
        says(ALICE, MESSAGE_TOKEN, 1);
        joins_with(BOB, 1, "x");
        expect("alice-desk: InvalidTransition", "bob-desk: InvalidTransition", NULL);
        says(ALICE, MESSAGE_CANCEL, 1);
        forget();
        says(ALICE, MESSAGE_TOKEN, 1);
        says(ALICE, MESSAGE_LEAVE, 1);
        expect("alice-desk: CallTerminated", "alice-desk: CallTerminated", NULL);
}
END_TEST

START_TEST(a_join_token_is_bound_to_session_user_and_device)
{
        in_call(ALICE, BOB, 1);
        char alice[TOKEN_MAX + 1];
        STR_SET(alice, world.tokens[ALICE]);
        joins_with(BOB, 1, alice);
        joins_with(BOB, 1, "");
        joins_with(BOB, 1, "0000000000000000000000000000000000000000000000000000000000000000");
        expect("bob-desk: AuthFailed", "bob-desk: AuthFailed", "bob-desk: AuthFailed", NULL);

        in_call(ALICE, CAROL, 2);
        ck_assert_str_ne(alice, world.tokens[ALICE]);
        joins_with(ALICE, 1, world.tokens[ALICE]);
        expect("alice-desk: AuthFailed", NULL);
        joins_with(ALICE, 1, alice);
        expect("save 1 ongoing", "alice-desk: ok, joined", NULL);
}
END_TEST

START_TEST(a_join_token_unused_for_60_s_is_gone_and_a_used_one_is_not)
{
        char first[TOKEN_MAX + 1];

        in_media(ALICE, BOB, 1);
        STR_SET(first, world.tokens[BOB]);
        says(BOB, MESSAGE_TOKEN, 1);
        ck_assert_uint_eq(strlen(world.tokens[BOB]), 64);
        ck_assert_str_ne(first, world.tokens[BOB]);
        passes(TOKEN_UNUSED_US - 1);
        comes_by_token(BOB, world.tokens[BOB], 0);
        says(BOB, MESSAGE_TOKEN, 1);
        passes(TOKEN_UNUSED_US);
        forget();
        joins(BOB, 1);
        expect("bob-desk: AuthFailed", NULL);
        joins_with(BOB, 1, first);
        expect("alice-desk: left 1: bob-desk", "alice-desk: joined 1: bob-desk", "save 1 ongoing",
               "bob-desk: ok, joined alice-desk", NULL);
}
END_TEST

START_TEST(of_too_many_join_tokens_the_oldest_unused_goes_first)
{
        char used[TOKEN_MAX + 1], oldest[TOKEN_MAX + 1], next[TOKEN_MAX + 1];

        in_media(ALICE, BOB, 1);
        STR_SET(used, world.tokens[BOB]);
        says(BOB, MESSAGE_TOKEN, 1);
        STR_SET(oldest, world.tokens[BOB]);
        says(BOB, MESSAGE_TOKEN, 1);
        STR_SET(next, world.tokens[BOB]);
        for (int i = 3; i < TOKENS_PER_PARTY_MAX; i++)
                says(BOB, MESSAGE_TOKEN, 1);
        comes_by_token(BOB, oldest, 0); /* as many as allowed */
        limited_goes(BOB);
        says(BOB, MESSAGE_TOKEN, 1);
        comes_by_token(BOB, next, CALL_ERROR_AUTH_FAILED);
        comes_by_token(BOB, oldest, 0);
        comes_by_token(BOB, used, 0);
        comes_by_token(ALICE, world.tokens[ALICE], 0);
}
END_TEST

START_TEST(a_limited_link_takes_the_partys_place_in_the_media)
{
        in_media(ALICE, BOB, 1);
        says(BOB, MESSAGE_TOKEN, 1);
        forget();
        comes_by_token(BOB, world.tokens[BOB], 0);
        ck_assert(exchange_attachment_in_call(world.exchange, world.limited[BOB]));
        joins(LIMITED(BOB), 1);
        expect("alice-desk: left 1: bob-desk", "bob-desk: left 1: bob-desk",
               "alice-desk: joined 1: bob-desk", "save 1 ongoing",
               "bob-desk (limited): ok, joined alice-desk", NULL);
        signals(ALICE, 1, world.participants[BOB], "an offer");
        expect("bob-desk (limited): signalled 1 an offer", "alice-desk: ok", NULL);
        signals(BOB, 1, world.participants[ALICE], "too late");
        expect("bob-desk: InvalidTransition", NULL);
        says(BOB, MESSAGE_LEAVE, 1); /* it has left already; the other one stays */
        expect("bob-desk: ok", NULL);
        limited_goes(BOB);
        expect("alice-desk: left 1: bob-desk", NULL);
        ck_assert_uint_eq(exchange_n_calls(world.exchange), 1);
}
END_TEST

START_TEST(a_limited_link_may_do_nothing_else)
{
        Message settings = {.type = MESSAGE_SETTINGS, .settings = {true, WHEN_BUSY_RING}};

        in_call(ALICE, BOB, 1);
        comes_by_token(BOB, world.tokens[BOB], 0);
        says(LIMITED(BOB), MESSAGE_END, 1);
        says(LIMITED(BOB), MESSAGE_TOKEN, 1);
        calls(LIMITED(BOB), "carol", 2);
        asks(LIMITED(BOB), settings);
        expect("bob-desk (limited): AuthFailed", "bob-desk (limited): AuthFailed",
               "bob-desk (limited): AuthFailed", "bob-desk (limited): AuthFailed", NULL);
        in_call(BOB, CAROL, 2);
        joins_with(LIMITED(BOB), 2, world.tokens[BOB]);
        expect("bob-desk (limited): NoSuchCall", NULL);
}
END_TEST

START_TEST(the_end_of_the_call_ends_the_media)
{
        in_media(ALICE, BOB, 1);
        says(BOB, MESSAGE_TOKEN, 1);
        comes_by_token(BOB, world.tokens[BOB], 0);
        forget();
        says(ALICE, MESSAGE_END, 1);
        ck_assert_ptr_nonnull(strstr(world.trace, "bob-desk (limited): disconnected\n"));
        comes_by_token(BOB, world.tokens[BOB], CALL_ERROR_AUTH_FAILED);
        forget();
        joins(LIMITED(BOB), 1);
        expect("bob-desk (limited): NotLoggedIn", NULL);
}
END_TEST

START_TEST(a_newer_limited_link_replaces_the_older)
{
        in_call(ALICE, BOB, 1);
        comes_by_token(BOB, world.tokens[BOB], 0);
        joins(ALICE, 1);
        joins(LIMITED(BOB), 1);
        forget();
        comes_by_token(BOB, world.tokens[BOB], 0);
        expect("bob-desk (limited): disconnected", "alice-desk: left 1: bob-desk", NULL);
}
END_TEST

START_TEST(ice_servers_are_handed_out_with_every_join)
{
        IceServer servers[] = {{.url = "stun:one.example"},
                               {.url = "turn:two.example", .username = "1700000000"}};
        Message join = {.type = MESSAGE_JOIN};
        ExchangeAction action;

        ck_assert_int_eq(exchange_ice_servers(world.exchange, servers, 2), 0);
        in_call(ALICE, BOB, 1);
        session_of(1, join.join.session_id);
        STR_SET(join.join.token, world.tokens[BOB]);
        ck_assert_int_eq(exchange_message(world.exchange, &world.moment, world.links[BOB], &join),
                         0);
        ck_assert(exchange_next_action(world.exchange, &action));
        ck_assert_int_eq(action.type, EXCHANGE_SAVE);
        exchange_action_done(&action);
        ck_assert(exchange_next_action(world.exchange, &action));
        ck_assert_uint_eq(action.message.reply.join.n_ice_servers, 2);
        ck_assert_str_eq(action.message.reply.join.ice_servers[0].username, "");
        ck_assert_str_eq(action.message.reply.join.ice_servers[1].url, "turn:two.example");
        ck_assert_str_eq(action.message.reply.join.ice_servers[1].username, "1700000000:bob");
        exchange_action_done(&action);
}
END_TEST

START_TEST(rule_13_a_call_that_nobody_joins_ends_after_60_s)
{
        comes(ALICE);
        comes(BOB);
        calls(ALICE, "bob", 1);
        accepts_with(BOB, 1, (MessageAccept){.join = false});
        forget();
        passes(ALONE_DEADLINE_US - 1);
        expect_nothing();
        passes(1);
        expect("log alice 1 ended (idle)", "log bob 1 ended (idle)", "drop 1",
               "alice-desk: over 1 ended (idle) after 60 s",
               "bob-desk: over 1 ended (idle) after 60 s", "alice-desk: logged 1 ended (idle)",
               "bob-desk: logged 1 ended (idle)", NULL);
}
END_TEST

START_TEST(rule_13_who_said_so_counts_as_joined)
{
        comes(ALICE);
        comes(BOB);
        calls_with(ALICE, "bob", 1, (MessageInitiate){.join = false});
        accepts_with(BOB, 1, (MessageAccept){.join = false});
        forget();
        passes(100 * ALONE_DEADLINE_US);
        expect_nothing();
}
END_TEST

START_TEST(rule_13_who_stays_behind_alone_is_not_kept_longer_than_60_s)
{
        in_media(ALICE, BOB, 1);
        passes(10 * ALONE_DEADLINE_US);
        expect_nothing();
        says(BOB, MESSAGE_LEAVE, 1);
        forget();
        passes(ALONE_DEADLINE_US - 1);
        joins(BOB, 1);
        forget();
        passes(10 * ALONE_DEADLINE_US);
        expect_nothing();
        says(BOB, MESSAGE_LEAVE, 1);
        says(ALICE, MESSAGE_LEAVE, 1); /* alone since the first of the two left */
        forget();
        passes(ALONE_DEADLINE_US);
        ck_assert_ptr_nonnull(
                strstr(world.trace, "alice-desk: over 1 ended (idle) after 1319 s\n"));
}
END_TEST

static void set_ice_servers(const char *until)
{
        IceServer servers[2] = {{.url = "stun:s"}, {.url = "turn:t"}};

        STR_SET(servers[1].username, until);
        ck_assert_int_eq(exchange_ice_servers(world.exchange, servers, ELEMENTSOF(servers)), 0);
}

START_TEST(a_participant_gets_the_relays_of_now)
{
        set_ice_servers("1000");
        in_media(ALICE, BOB, 1);
        set_ice_servers("2000");
        says(BOB, MESSAGE_RELAYS, 1);
        expect("bob-desk: ok, stun:s , turn:t 2000:bob", NULL);
}
END_TEST

START_TEST(relays_are_for_participants_alone)
{
        comes(ALICE);
        comes(BOB);
        set_ice_servers("1000");
        says(BOB, MESSAGE_RELAYS, 1);
        expect("bob-desk: NoSuchCall", NULL);
        calls(ALICE, "bob", 1);
        forget();
        says(ALICE, MESSAGE_RELAYS, 1);
        expect("alice-desk: InvalidTransition", NULL);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("exchange-session");
        TCase *session = tcase_create("session");

        tcase_add_checked_fixture(session, world_begin, world_end);
        tcase_add_test(session,
                       rule_18_each_join_is_sent_to_the_other_and_answered_with_who_is_there);
        tcase_add_test(session,
                       rule_18_leaving_keeps_the_call_and_joining_again_makes_a_new_participant);
        tcase_add_test(session, rule_18_joining_again_as_the_same_party_replaces_the_first);
        tcase_add_test(session, a_participant_gets_the_relays_of_now);
        tcase_add_test(session, relays_are_for_participants_alone);
        tcase_add_test(session, a_signal_goes_from_participant_to_participant);
        tcase_add_test(session, who_has_so_many_signals_in_line_is_refused_and_others_are_not);
        tcase_add_test(session, signals_of_one_to_another_have_a_rate_that_others_do_not_share);
        tcase_add_test(session, of_many_states_at_once_the_others_hear_the_last);
        tcase_add_test(session, who_joins_again_has_no_state_of_before);
        tcase_add_test(session, joins_of_one_party_have_a_rate);
        tcase_add_test(session, signals_in_line_have_so_many_bytes_and_no_more);
        tcase_add_test(session, a_state_is_not_refused_because_another_takes_nothing);
        tcase_add_test(session, a_join_is_not_refused_because_another_takes_nothing);
        tcase_add_test(session, who_has_left_when_there_is_room_is_only_said_to_have_left);
        tcase_add_test(session,
                       a_participant_who_is_not_known_to_the_other_yet_cannot_signal_to_it);
        tcase_add_test(session, who_joins_again_is_owed_nothing_of_before);
        tcase_add_test(session, who_comes_with_another_connection_hears_what_is_new_at_once);
        tcase_add_test(session,
                       a_few_signals_wait_for_a_device_that_may_come_back_and_more_are_dropped);
        tcase_add_test(session, what_was_in_line_for_a_connection_that_is_gone_counts_no_longer);
        tcase_add_test(session, who_does_not_take_part_cannot_signal);
        tcase_add_test(session, a_participants_state_is_reported_when_it_changes);
        tcase_add_test(session, what_picture_a_participant_sends_is_reported_and_outlives_the_hub);
        tcase_add_test(session, session_methods_need_an_ongoing_call);
        tcase_add_test(session, a_join_token_is_bound_to_session_user_and_device);
        tcase_add_test(session, a_join_token_unused_for_60_s_is_gone_and_a_used_one_is_not);
        tcase_add_test(session, of_too_many_join_tokens_the_oldest_unused_goes_first);
        tcase_add_test(session, a_limited_link_takes_the_partys_place_in_the_media);
        tcase_add_test(session, a_limited_link_may_do_nothing_else);
        tcase_add_test(session, the_end_of_the_call_ends_the_media);
        tcase_add_test(session, a_newer_limited_link_replaces_the_older);
        tcase_add_test(session, ice_servers_are_handed_out_with_every_join);
        tcase_add_test(session, rule_13_a_call_that_nobody_joins_ends_after_60_s);
        tcase_add_test(session, rule_13_who_said_so_counts_as_joined);
        tcase_add_test(session, rule_13_who_stays_behind_alone_is_not_kept_longer_than_60_s);
        suite_add_tcase(suite, session);
        return suite_run(suite);
}
