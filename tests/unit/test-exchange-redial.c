/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule 21: who rings the same person again and again. */
#include "base/cleanup.h"
#include "exchange-world.h"

static void begin(void)
{
        world_begin_limited(&(ExchangeLimits){.redial_pauses = true});
        comes(ALICE);
        comes(ALICE_PHONE);
        comes(BOB);
        comes(CAROL);
        forget();
}

static int next_call = 1000;

/* Alice rings Bob, and gives up at once. */
static void rings_unanswered(int times)
{
        for (int i = 0; i < times; i++) {
                calls(ALICE, "bob", ++next_call);
                unsaid("TooMany");
                says(ALICE, MESSAGE_CANCEL, next_call);
                forget();
        }
}

static void has_to_wait(unsigned seconds)
{
        char sentence[32];

        calls(ALICE, "bob", ++next_call);
        expect("alice-desk: TooMany", NULL);
        snprintf(sentence, sizeof(sentence), "wait %u s", seconds);
        ck_assert_msg(strstr(world.text, sentence), "%s", world.text);
}

/* She has to wait for `pause`, and not a microsecond longer. */
static void waits_for(usec_t pause)
{
        has_to_wait((unsigned)(pause / USEC_PER_SEC));
        passes(pause - 1);
        has_to_wait(1);
        passes(1);
        rings_unanswered(1);
}

START_TEST(rule_21_a_second_ring_to_the_same_person_is_too_many)
{
        calls(ALICE, "bob", 1);
        forget();
        calls_with(ALICE, "bob", 2, (MessageInitiate){.parallel = true});
        expect("alice-desk: TooMany", NULL);
        calls_with(ALICE_PHONE, "bob", 2, (MessageInitiate){.parallel = true});
        expect("alice-phone: TooMany", NULL);
        calls_with(ALICE, "carol", 3, (MessageInitiate){.parallel = true});
        said("alice-desk: ok 3 initiated");
        says(ALICE, MESSAGE_CANCEL, 1);
        forget();
        calls_with(ALICE, "bob", 2, (MessageInitiate){.parallel = true});
        said("alice-desk: ok 2 initiated");
        accepts(BOB, 2);
        forget();
        /* It no longer rings. */
        calls_with(ALICE, "bob", 4, (MessageInitiate){.parallel = true});
        said("alice-desk: ok 4 initiated");
}
END_TEST

START_TEST(rule_21_the_same_request_again_is_no_second_ring)
{
        calls(ALICE, "bob", 1);
        forget();
        calls(ALICE, "bob", 1);
        expect("alice-desk: ok 1 initiated", NULL);
}
END_TEST

START_TEST(rule_21_three_unanswered_rings_are_free_and_then_pauses_grow)
{
        rings_unanswered(REDIALS_FREE);
        waits_for(30 * USEC_PER_SEC);
        waits_for(120 * USEC_PER_SEC);
        waits_for(600 * USEC_PER_SEC);
        waits_for(600 * USEC_PER_SEC);
        /* Others are not concerned, nor is the other direction. */
        calls(ALICE, "carol", 1);
        expect("carol-desk: incoming 1 from alice, audio, 45000 ms", "save 1 initiated",
               "alice-desk: ok 1 initiated", NULL);
        calls(CAROL, "bob", 2);
        unsaid("TooMany");
}
END_TEST

START_TEST(rule_21_the_pause_is_counted_from_the_end_of_the_ring)
{
        rings_unanswered(2);
        calls(ALICE, "bob", 1);
        passes(45 * USEC_PER_SEC);
        forget();
        waits_for(30 * USEC_PER_SEC);
}
END_TEST

START_TEST(rule_21_what_nobody_answers_counts_however_it_ends)
{
        calls(ALICE, "bob", 1);
        passes(45 * USEC_PER_SEC);
        calls(ALICE, "bob", 2);
        rejects(BOB, 2, CALL_STATUS_REJECTED);
        in_call(BOB, CAROL, 7);
        calls(ALICE, "bob", 3);
        said("alice-desk: over 3 busy (busy)");
        forget();
        has_to_wait(30);
}
END_TEST

START_TEST(rule_21_rings_that_are_further_apart_make_no_pause)
{
        rings_unanswered(1);
        passes(REDIAL_WINDOW_US / 2);
        rings_unanswered(1);
        passes(REDIAL_WINDOW_US / 2 + 1);
        rings_unanswered(2);
        has_to_wait(30);
}
END_TEST

START_TEST(rule_21_the_third_within_ten_minutes_makes_one)
{
        rings_unanswered(1);
        passes(REDIAL_WINDOW_US / 2);
        rings_unanswered(1);
        passes(REDIAL_WINDOW_US / 2);
        rings_unanswered(1);
        has_to_wait(30);
}
END_TEST

START_TEST(rule_21_an_answer_ends_the_counting)
{
        rings_unanswered(REDIALS_FREE);
        passes(30 * USEC_PER_SEC);
        calls(ALICE, "bob", 1);
        accepts(BOB, 1);
        says(ALICE, MESSAGE_END, 1);
        forget();
        rings_unanswered(REDIALS_FREE);
        has_to_wait(30);
}
END_TEST

START_TEST(rule_21_a_call_back_ends_the_counting)
{
        rings_unanswered(REDIALS_FREE);
        has_to_wait(30);
        calls(BOB, "alice", 1);
        says(BOB, MESSAGE_CANCEL, 1);
        forget();
        rings_unanswered(REDIALS_FREE);
        has_to_wait(30);
}
END_TEST

/* Bob, who has blocked Alice, calls her while her call waits: what follows counts. */
START_TEST(rule_21_a_ring_that_outlives_the_call_back_is_counted)
{
        blocks(BOB, "alice", true);
        calls(ALICE, "bob", 1);
        calls(BOB, "alice", 2);
        says(BOB, MESSAGE_CANCEL, 2);
        says(ALICE, MESSAGE_CANCEL, 1);
        forget();
        rings_unanswered(2);
        has_to_wait(30);
}
END_TEST

START_TEST(rule_21_who_has_to_wait_may_still_answer_by_calling)
{
        rings_unanswered(REDIALS_FREE);
        calls(BOB, "alice", 1);
        forget();
        calls(ALICE, "bob", 2);
        said("alice-desk: ok 1 ongoing");
        says(ALICE, MESSAGE_END, 1);
        forget();
        rings_unanswered(1);
}
END_TEST

START_TEST(rule_21_groups_are_apart)
{
        team();
        for (int call = 1; call <= REDIALS_FREE; call++) {
                calls_team(ALICE, call);
                says(ALICE, MESSAGE_CANCEL, call);
        }
        forget();
        rings_unanswered(REDIALS_FREE);
        has_to_wait(30);
        calls_team(ALICE, 7);
        said("alice-desk: ok 7 initiated");
}
END_TEST

START_TEST(rule_21_an_hour_without_a_ring_forgets_all)
{
        rings_unanswered(REDIALS_FREE);
        passes(REDIAL_MEMORY_US - 1);
        rings_unanswered(1);
        has_to_wait(120);
        passes(REDIAL_MEMORY_US);
        rings_unanswered(REDIALS_FREE);
        has_to_wait(30);
}
END_TEST

/* Appends what Alice was told since the last time. */
static void note_what_alice_hears(char *story, size_t size)
{
        for (const char *line = world.trace; *line; line += strcspn(line, "\n") + 1) {
                int length = (int)strcspn(line, "\n") + 1;
                size_t used = strlen(story);

                if (strncmp(line, "alice", 5) == 0)
                        snprintf(story + used, size - used, "%.*s", length, line);
        }
        forget();
}

/* Bob is away, and rung six times. */
static void alice_rings_bob_who_is_away(bool blocked, char *story, size_t size)
{
        comes(BOB);
        if (blocked)
                blocks(BOB, "alice", true);
        goes(BOB);
        forget();
        *story = '\0';
        for (int call = 1; call <= 6; call++) {
                calls(ALICE, "bob", call);
                calls_with(ALICE, "bob", 10 + call, (MessageInitiate){.parallel = true});
                passes(45 * USEC_PER_SEC);
                note_what_alice_hears(story, size);
        }
}

START_TEST(rule_21_neither_pauses_nor_second_rings_show_a_block)
{
        char known[4096], blocked[sizeof(known)];

        alice_rings_bob_who_is_away(false, known, sizeof(known));
        world_end();
        begin();
        goes(BOB);
        alice_rings_bob_who_is_away(true, blocked, sizeof(blocked));
        ck_assert_str_eq(known, blocked);
        ck_assert_ptr_nonnull(strstr(known, "TooMany"));
}
END_TEST

START_TEST(rule_21_who_gets_a_uid_again_does_not_wait)
{
        rings_unanswered(REDIALS_FREE);
        ck_assert_int_eq(exchange_user_remove(world.exchange, &world.moment, "bob"), 0);
        ck_assert_int_eq(exchange_user_add(world.exchange, "bob", "Bob", WHEN_BUSY_REJECT), 0);
        world_collect();
        forget();
        rings_unanswered(1);
}
END_TEST

/* What was counted before is forgotten, and what still rings is counted. */
START_TEST(rule_21_a_ring_that_outlives_the_hub_is_counted)
{
        rings_unanswered(2);
        calls(ALICE, "bob", 1);
        hub_restarts();
        comes(ALICE);
        passes(45 * USEC_PER_SEC);
        forget();
        rings_unanswered(2);
        has_to_wait(30);
}
END_TEST

START_TEST(rule_21_is_off_unless_the_operator_wants_it)
{
        world_end();
        world_begin();
        comes(ALICE);
        forget();
        rings_unanswered(10);
        calls(ALICE, "bob", 1);
        calls_with(ALICE, "bob", 2, (MessageInitiate){.parallel = true});
        unsaid("TooMany");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("exchange redial");
        TCase *tests = tcase_create("redial");

        tcase_add_checked_fixture(tests, begin, world_end);
        tcase_add_test(tests, rule_21_a_second_ring_to_the_same_person_is_too_many);
        tcase_add_test(tests, rule_21_the_same_request_again_is_no_second_ring);
        tcase_add_test(tests, rule_21_three_unanswered_rings_are_free_and_then_pauses_grow);
        tcase_add_test(tests, rule_21_the_pause_is_counted_from_the_end_of_the_ring);
        tcase_add_test(tests, rule_21_what_nobody_answers_counts_however_it_ends);
        tcase_add_test(tests, rule_21_rings_that_are_further_apart_make_no_pause);
        tcase_add_test(tests, rule_21_the_third_within_ten_minutes_makes_one);
        tcase_add_test(tests, rule_21_an_answer_ends_the_counting);
        tcase_add_test(tests, rule_21_a_call_back_ends_the_counting);
        tcase_add_test(tests, rule_21_a_ring_that_outlives_the_call_back_is_counted);
        tcase_add_test(tests, rule_21_who_has_to_wait_may_still_answer_by_calling);
        tcase_add_test(tests, rule_21_groups_are_apart);
        tcase_add_test(tests, rule_21_an_hour_without_a_ring_forgets_all);
        tcase_add_test(tests, rule_21_neither_pauses_nor_second_rings_show_a_block);
        tcase_add_test(tests, rule_21_who_gets_a_uid_again_does_not_wait);
        tcase_add_test(tests, rule_21_a_ring_that_outlives_the_hub_is_counted);
        tcase_add_test(tests, rule_21_is_off_unless_the_operator_wants_it);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
