/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/cleanup.h"
#include "suite.h"
#include "wire-samples.h"
#include "wire/stored.h"

#define MEMBERS GROUP_MEMBERS_MAX /* far more than fit into a message */

START_TEST(a_record_is_stored_and_read)
{
        _cleanup_free_ char *text = NULL, *again = NULL;
        CallRecord record, back;

        sample_record(&record);
        ck_assert_int_eq(wire_encode_record(&record, &text), 0);
        ck_assert_int_eq(wire_decode_record(text, &back), 0);
        ck_assert_int_eq(wire_encode_record(&back, &again), 0);
        ck_assert_str_eq(text, again);
        ck_assert_str_eq(back.receiver.uid, record.receiver.uid);
        ck_assert_uint_eq(back.ended_at, record.ended_at);
        call_record_done(&record);
        call_record_done(&back);
}
END_TEST

START_TEST(a_live_call_is_stored_and_read)
{
        _cleanup_free_ char *text = NULL, *again = NULL;
        LiveCall live = {.ring_until = 1763632845000000, .caller.media.joins = true}, back;

        sample_record(&live.record);
        STR_SET(live.caller.party.uid, "alice");
        STR_SET(live.caller.media.participant, "p1");
        live.members = calloc(MEMBERS, sizeof(LiveMember));
        ck_assert_ptr_nonnull(live.members);
        live.n_members = MEMBERS;
        for (unsigned i = 0; i < MEMBERS; i++) {
                (void)snprintf(live.members[i].party.uid, sizeof(live.members[i].party.uid), "u%u",
                               i);
                live.members[i].status = i % 2 ? CALL_STATUS_ONGOING : CALL_STATUS_INITIATED;
                live.members[i].alerted = i % 3 == 0;
        }
        ck_assert_int_eq(wire_encode_live(&live, &text), 0);
        ck_assert_int_eq(wire_decode_live(text, &back), 0);
        ck_assert_int_eq(wire_encode_live(&back, &again), 0);
        ck_assert_str_eq(text, again);
        ck_assert_uint_eq(back.ring_until, live.ring_until);
        ck_assert(back.caller.media.joins);
        ck_assert_str_eq(back.caller.media.participant, "p1");
        ck_assert_uint_eq(back.n_members, MEMBERS);
        ck_assert_str_eq(back.members[1].party.uid, "u1");
        ck_assert_int_eq(back.members[1].status, CALL_STATUS_ONGOING);
        ck_assert(back.members[3].alerted);
        live_call_done(&live);
        live_call_done(&back);
}
END_TEST

START_TEST(a_call_of_a_device_is_stored_and_read)
{
        _cleanup_free_ char *text = NULL, *again = NULL;
        StoredCall state = {.ring_until_date = 1763632845000000,
                            .silenced = true,
                            .unwanted = true,
                            .timeout_s = -1,
                            .handler = ":1.7",
                            .tied_to = ":1.8",
                            .ring_tied = true,
                            .session.state = SESSION_RECONNECTING,
                            .session.settings = {.type = CALL_TYPE_VIDEO, .has_type = true},
                            .session.own_id = "p2"};
        StoredCall back;

        sample_record(&state.record);
        state.session.participants = calloc(1, sizeof(*state.session.participants));
        ck_assert_ptr_nonnull(state.session.participants);
        state.session.n_participants = 1;
        STR_SET(state.session.participants->participant.id, "p1");
        state.session.participants->media.connected = true;
        ck_assert_int_eq(wire_encode_stored_call(&state, &text), 0);
        ck_assert_int_eq(wire_decode_stored_call(text, &back), 0);
        ck_assert_int_eq(wire_encode_stored_call(&back, &again), 0);
        ck_assert_str_eq(text, again);
        ck_assert_uint_eq(back.ring_until_date, state.ring_until_date);
        ck_assert(back.silenced && back.unwanted && !back.placed);
        ck_assert_int_eq(back.timeout_s, -1);
        ck_assert_str_eq(back.handler, ":1.7");
        ck_assert_str_eq(back.tied_to, ":1.8");
        ck_assert(back.ring_tied);
        ck_assert_int_eq(back.session.state, SESSION_RECONNECTING);
        ck_assert_int_eq(back.session.settings.type, CALL_TYPE_VIDEO);
        ck_assert_uint_eq(back.session.n_participants, 1);
        ck_assert(back.session.participants->media.connected);
        stored_call_done(&state);
        stored_call_done(&back);
}
END_TEST

START_TEST(what_is_no_record_is_refused)
{
        static const char *const texts[] = {"", "{}", "[]", "{\"session_id\":1}",
                                            "{\"a\":1,\"a\":2}"};
        CallRecord record;
        StoredCall state;
        LiveCall live;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                ck_assert_int_eq(wire_decode_record(texts[i], &record), -EBADMSG);
                ck_assert_int_eq(wire_decode_live(texts[i], &live), -EBADMSG);
                ck_assert_int_eq(wire_decode_stored_call(texts[i], &state), -EBADMSG);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("wire-stored");
        TCase *tcase = tcase_create("stored");

        tcase_add_test(tcase, a_record_is_stored_and_read);
        tcase_add_test(tcase, a_live_call_is_stored_and_read);
        tcase_add_test(tcase, a_call_of_a_device_is_stored_and_read);
        tcase_add_test(tcase, what_is_no_record_is_refused);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
