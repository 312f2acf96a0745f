/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "exchange-world.h"
#include "failing-memory.h"

/*
 * What cannot be refused when memory is short: it is done as far as it goes, and the rest later.
 * (test-exchange-oom.c has the operations that fail and are asked for again.)
 */

/* Allocations of Check do not count. */
static void no_more_fail(void)
{
        memory_fails_at = 0;
}

START_TEST(members_that_did_not_fit_memory_are_reported_later)
{
        team_rings();
        forget();
        world.members = true;
        world.done = no_more_fail;
        memory_fails_at = 1;
        says(CAROL, MESSAGE_ALERTING, 1);
        ck_assert(memory_failed);
        expect("alice-desk: ringing 1 at carol", "carol-desk: ok", NULL);
        passes(MEMBERS_OTHERS_US);
        said("alice-desk: members 1: carol ringing");
}
END_TEST

START_TEST(a_connection_that_goes_is_gone_also_without_memory)
{
        Message message = {.type = MESSAGE_END, .id = 1};
        int r;

        comes(ALICE);
        comes(BOB);
        in_media(ALICE, BOB, 1);
        comes_by_token(BOB, world.tokens[BOB], 0);
        joins(LIMITED(BOB), 1);
        forget();
        session_of(99, message.session.session_id);
        do { /* until the queue is as full as it can be without growing */
                memory_fails_at = 1;
                r = exchange_message(world.exchange, &world.moment, world.links[ALICE], &message);
        } while (r == 0);
        ck_assert_int_eq(r, -ENOMEM);
        memory_fails_at = 1;
        exchange_detach(world.exchange, &world.moment, world.limited[BOB]);
        no_more_fail();
        world_collect();
        ck_assert_ptr_null(strstr(world.trace, "left"));
        forget();
        joins(ALICE, 1);
        expect("save 1 ongoing", "alice-desk: ok, joined", NULL);
}
END_TEST

static int take_bob_out(void)
{
        static const char *const uids[] = {"alice", "carol", "dave"};
        int r = exchange_group_put(world.exchange, &world.moment, "team", "team", uids, 3);

        no_more_fail();
        world_collect();
        return r;
}

START_TEST(rule_11_who_is_taken_out_stops_ringing_also_without_memory)
{
        static const char over[] = "bob-desk: over 1 cancelled (shutdown)";
        unsigned n = 0, late = 0;

        do {
                world_end();
                world_begin();
                team_rings();
                forget();
                memory_failed = false;
                memory_fails_at = ++n;
                if (take_bob_out() < 0) {
                        unsaid(over);
                        accepts(BOB, 1);
                        said("bob-desk: ok 1 ongoing");
                        continue;
                }
                if (!strstr(world.trace, over)) {
                        late++;
                        ck_assert_uint_le(exchange_next_deadline(world.exchange), world.moment.now);
                        passes(0);
                }
                said(over);
        } while (memory_failed);
        ck_assert_uint_gt(late, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("exchange-short-memory");
        TCase *memory = tcase_create("short memory");

        tcase_add_checked_fixture(memory, world_begin, world_end);
        tcase_add_test(memory, members_that_did_not_fit_memory_are_reported_later);
        tcase_add_test(memory, a_connection_that_goes_is_gone_also_without_memory);
        tcase_add_test(memory, rule_11_who_is_taken_out_stops_ringing_also_without_memory);
        suite_add_tcase(suite, memory);
        return suite_run(suite);
}
