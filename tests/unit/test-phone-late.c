/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone-fixture.h"

/* Events that reach a device late, or again: older than what has happened since. */

/* The hub is back without the call, and with its history record. */
static void hub_remembers(Fixture *f, CallRecord *record)
{
        Message message = {.type = MESSAGE_REPLY, .id = HELLO_ID};
        ReplyWelcome *welcome = &message.reply.welcome;

        message.reply.kind = REPLY_WELCOME;
        STR_SET(welcome->user.uid, "bob");
        STR_SET(welcome->user.device, "here");
        welcome->history = record;
        welcome->n_history = record != NULL;
        welcome->history_complete = true;
        welcome->date = f->instant.date;
        f->seq = 0;
        hub_message(f, &message);
}

static CallRecord ended_at(const char *device)
{
        CallRecord record = incoming(CALL, CALL_STATUS_ENDED).record;

        STR_SET(record.receiver.device, device);
        STR_SET(record.reason, "hangup");
        return record;
}

static PhoneCommand about(PhoneCommandType type, MessageSessions *sessions)
{
        PhoneCommand asked = asks(type, "");

        asked.sessions = *sessions;
        return asked;
}

START_TEST(rule_4_a_ring_that_was_answered_elsewhere_and_is_over_stops)
{
        CallRecord record = ended_at("elsewhere");
        FIXTURE(f);

        hub_rings(f, CALL);
        hub_gone(f);
        forget(f);
        hub_remembers(f, &record);
        expect(f, "history:ended/hangup worker-stop call manager "
                  "status:cancelled/answered-elsewhere broadcast:IncomingCallCancelled tone:none");
}
END_TEST

START_TEST(rule_5_a_ring_that_history_says_was_declined_was_so_on_another_device)
{
        CallRecord record = ended_at("elsewhere");
        FIXTURE(f);

        record.status = CALL_STATUS_REJECTED;
        STR_SET(record.reason, "declined");
        hub_rings(f, CALL);
        hub_gone(f);
        forget(f);
        hub_remembers(f, &record);
        expect(f, "history:rejected/declined worker-stop call manager "
                  "status:cancelled/declined-elsewhere broadcast:IncomingCallCancelled tone:none");
}
END_TEST

START_TEST(rule_4_what_was_accepted_here_and_is_over_was_ongoing_before_it_ended)
{
        CallRecord record = ended_at("here");
        FIXTURE(f);

        hub_rings(f, CALL);
        accept_by(f, CALL, PROGRAM);
        hub_gone(f);
        forget(f);
        hub_remembers(f, &record);
        expect(f,
               "history:ended/hangup call session-added manager status:ongoing worker-stop "
               "call status:ended/hangup broadcast:CallEndedMessageReceived done:CallTerminated");
}
END_TEST

START_TEST(an_outgoing_call_that_was_answered_and_is_over_was_ongoing_before_it_ended)
{
        CallRecord record = outgoing(CALL, CALL_STATUS_ENDED).record;
        FIXTURE(f);

        placed(f, CALL);
        hub_gone(f);
        forget(f);
        hub_remembers(f, &record);
        expect(f, "history:ended/ call session-added manager status:ongoing "
                  "broadcast:OutgoingCallAccepted worker-stop call status:ended "
                  "broadcast:CallEndedMessageReceived");
}
END_TEST

START_TEST(rule_10_a_ring_that_ends_as_answered_was_ongoing_before)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_HANGUP);
        expect(f, "call session-added status:ongoing worker-stop call status:ended/hangup "
                  "broadcast:CallEndedMessageReceived tone:none");
}
END_TEST

START_TEST(rule_4_a_call_that_another_device_is_in_does_not_appear_here)
{
        CallSnapshot elsewhere = incoming(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        elsewhere.here = false;
        reconnected(f, &elsewhere, 1);
        expect(f, "manager");
}
END_TEST

START_TEST(rule_11_a_call_that_another_device_has_joined_since_is_over_here)
{
        CallSnapshot elsewhere = incoming(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        elsewhere.here = false;
        answered(f, CALL);
        hub_gone(f);
        hub_welcomes(f, &elsewhere, 1, false);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ENDED);
        ck_assert_str_eq(phone_call_find(f->phone, CALL)->stored.record.reason, "connection-lost");
}
END_TEST

START_TEST(rule_17_a_ring_that_is_over_when_it_is_sent_again_is_no_call)
{
        CallSnapshot late = incoming(CALL, CALL_STATUS_INITIATED);
        FIXTURE(f);

        late.remaining_ms = 0;
        hub_says(f, MESSAGE_INCOMING, &late);
        expect(f, "");
}
END_TEST

START_TEST(rule_16_a_ring_that_is_nearly_over_does_not_begin)
{
        CallSnapshot late = incoming(CALL, CALL_STATUS_INITIATED);
        FIXTURE(f);

        late.remaining_ms = LATE_RING_MIN_US / USEC_PER_MSEC - 1;
        hub_says(f, MESSAGE_INCOMING, &late);
        reconnected(f, &late, 1);
        ck_assert_ptr_null(phone_call_find(f->phone, CALL));
        late.remaining_ms++;
        hub_welcomes(f, &late, 1, false);
        ck_assert_ptr_nonnull(phone_call_find(f->phone, CALL));
        forget(f);
}
END_TEST

START_TEST(rule_16_a_ring_that_is_nearly_over_here_rings_on)
{
        CallSnapshot late = incoming(CALL, CALL_STATUS_INITIATED);
        FIXTURE(f);

        hub_rings(f, CALL);
        hub_gone(f);
        late.remaining_ms = 1000;
        hub_welcomes(f, &late, 1, false);
        accept_by(f, CALL, PROGRAM);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
        forget(f);
}
END_TEST

START_TEST(rule_16_what_was_deleted_here_does_not_come_back)
{
        char ids[1][UUID_LENGTH + 1] = {CALL};
        MessageSessions sessions = {ids, 1};
        PhoneCommand forgets = about(PHONE_COMMAND_FORGET, &sessions);
        CallRecord record = ended_at("elsewhere");
        FIXTURE(f);

        hub_gone(f);
        command(f, &forgets);
        forget(f);
        hub_remembers(f, &record);
        expect(f, "manager send:forget");
        reply_ok(f, MESSAGE_FORGET);
        hub_remembers(f, &record);
        expect(f, "history:ended/hangup manager");
}
END_TEST

START_TEST(rule_16_what_was_seen_here_stays_seen)
{
        char ids[1][UUID_LENGTH + 1] = {CALL};
        MessageSessions sessions = {ids, 1};
        PhoneCommand sees = about(PHONE_COMMAND_SEEN, &sessions);
        CallRecord record = incoming(CALL, CALL_STATUS_MISSED).record;
        FIXTURE(f);

        record.seen = false;
        hub_gone(f);
        command(f, &sees);
        forget(f);
        hub_remembers(f, &record);
        fixture_trace(f);
        ck_assert(f->last[PHONE_HISTORY_PUT].record.seen);
        reply_ok(f, MESSAGE_SEEN);
        hub_remembers(f, &record);
        fixture_trace(f);
        ck_assert(!f->last[PHONE_HISTORY_PUT].record.seen);
}
END_TEST

START_TEST(rule_2_asking_again_and_again_does_not_make_a_ring_longer)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        hub_gone(f);
        for (unsigned i = 0; i < 8; i++) {
                wait_us(f, 9 * USEC_PER_SEC);
                accept_by(f, CALL, PROGRAM);
        }
        ck_assert_ptr_null(phone_call_find(f->phone, CALL));
}
END_TEST

START_TEST(rule_15_a_ring_that_the_hub_does_not_know_ends_as_history_says)
{
        Message logged = {.type = MESSAGE_LOGGED, .logged = ended_at("elsewhere")};
        FIXTURE(f);

        hub_rings(f, CALL);
        hub_gone(f);
        hub_remembers(f, NULL);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
        forget(f);
        hub_message(f, &logged);
        expect(f, "history:ended/hangup worker-stop call "
                  "status:cancelled/answered-elsewhere broadcast:IncomingCallCancelled tone:none");
}
END_TEST

START_TEST(rule_14_a_call_that_was_given_up_without_the_hub_is_cancelled_there)
{
        FIXTURE(f);

        placed(f, CALL);
        hub_gone(f);
        wait_us(f, RING_S * USEC_PER_SEC);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_UNANSWERED);
        forget(f);
        hub_remembers(f, NULL);
        expect(f, "manager send:cancel");
        reply_error(f, MESSAGE_CANCEL, CALL_ERROR_CALL_ONGOING);
        expect(f, "send:end");
}
END_TEST

START_TEST(rule_16_pages_are_begun_again_after_a_new_welcome)
{
        Message welcome = {.type = MESSAGE_REPLY, .id = HELLO_ID};
        Message page = {.type = MESSAGE_REPLY, .reply.kind = REPLY_HISTORY};
        FIXTURE(f);

        welcome.reply.kind = REPLY_WELCOME;
        welcome.reply.welcome.date = f->instant.date;
        hub_message(f, &welcome);
        fixture_trace(f);
        page.id = f->ids[MESSAGE_HISTORY];
        STR_SET(page.reply.history.next, "older");
        hub_message(f, &page);
        fixture_trace(f);
        ck_assert_str_eq(f->sent[MESSAGE_HISTORY].history.cursor, "older");
        hub_gone(f);
        hub_message(f, &welcome);
        fixture_trace(f);
        ck_assert_str_eq(f->sent[MESSAGE_HISTORY].history.cursor, "");
}
END_TEST

START_TEST(rule_17_a_resumed_link_does_not_say_up_to_when_history_is_known)
{
        Message groups = {.type = MESSAGE_GROUPS};
        FIXTURE(f);
        usec_t since = phone_history_since(f->phone);

        hub_gone(f);
        wait_us(f, USEC_PER_SEC);
        hub_welcomes(f, NULL, 0, true);
        ck_assert_uint_eq(phone_history_since(f->phone), since);
        hub_gone(f);
        hub_welcomes(f, NULL, 0, false);
        hub_message(f, &groups);
        ck_assert_uint_gt(phone_history_since(f->phone), since);
}
END_TEST

START_TEST(rule_16_what_was_deleted_meanwhile_is_not_lost_with_the_connection)
{
        Message deleted = {.type = MESSAGE_FORGOTTEN};
        FIXTURE(f);
        usec_t since = phone_history_since(f->phone);

        hub_gone(f);
        wait_us(f, USEC_PER_SEC);
        hub_welcomes(f, NULL, 0, false);
        hub_gone(f); /* before it has come */
        ck_assert_uint_eq(phone_history_since(f->phone), since);
        hub_welcomes(f, NULL, 0, false);
        hub_message(f, &deleted);
        ck_assert_uint_gt(phone_history_since(f->phone), since);
        forget(f);
}
END_TEST

START_TEST(rule_11_the_record_of_an_earlier_part_does_not_end_a_call_that_was_joined_again)
{
        Message message = {.type = MESSAGE_REPLY, .id = HELLO_ID};
        CallRecord record = ended_at("here");
        FIXTURE(f);

        answered(f, CALL);
        hub_gone(f);
        message.reply.kind = REPLY_WELCOME;
        message.reply.welcome.resumed = true;
        message.reply.welcome.history = &record;
        message.reply.welcome.n_history = 1;
        message.reply.welcome.history_complete = true;
        hub_message(f, &message);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
}
END_TEST

START_TEST(rule_15_a_call_is_not_placed_again_before_history_is_known)
{
        Message welcome = {.type = MESSAGE_REPLY, .id = HELLO_ID};
        FIXTURE(f);

        placed(f, CALL);
        hub_gone(f);
        forget(f);
        welcome.reply.kind = REPLY_WELCOME;
        f->seq = 0;
        hub_message(f, &welcome);
        expect(f, "send:history manager");
        reply_no_history(f);
        expect(f, "send:initiate");
}
END_TEST

START_TEST(rule_15_a_call_that_was_deleted_elsewhere_is_not_placed_again)
{
        char id[1][UUID_LENGTH + 1] = {CALL};
        Message deleted = {.type = MESSAGE_FORGOTTEN, .seq = 1};
        FIXTURE(f);

        placed(f, CALL);
        hub_gone(f);
        hub_welcomes(f, NULL, 0, false);
        forget(f);
        deleted.sessions.session_ids = id;
        deleted.sessions.count = 1;
        hub_message(f, &deleted);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_CANCELLED);
        forget(f);
        reply_no_history(f);
        expect(f, "");
}
END_TEST

/* Whatever its date: the hub's clock may have been set back since. */
static void comes_later(PhoneCommandType type, MessageType request)
{
        char ids[1][UUID_LENGTH + 1] = {OTHER};
        MessageSessions sessions = {ids, 1};
        PhoneCommand asked = about(type, &sessions);
        CallRecord record = incoming(CALL, CALL_STATUS_MISSED).record;
        FIXTURE(f);

        hub_gone(f);
        command(f, &asked);
        forget(f);
        record.seen = false;
        record.initiated_at = 1;
        hub_remembers(f, &record); /* and is asked again */
        fixture_trace(f);
        ck_assert_str_eq(f->last[PHONE_HISTORY_PUT].session_id, CALL);
        ck_assert(!f->last[PHONE_HISTORY_PUT].record.seen);

        ck_assert_uint_eq(f->sent[request].sessions.count, 1);
        ck_assert_uint_eq(f->sent[request].sessions.until, 0);
}

START_TEST(rule_16_what_comes_later_is_not_seen_with_what_was_known)
{
        comes_later(PHONE_COMMAND_SEEN, MESSAGE_SEEN);
}
END_TEST

START_TEST(rule_16_what_comes_later_is_not_deleted_with_what_was_known)
{
        comes_later(PHONE_COMMAND_FORGET, MESSAGE_FORGET);
}
END_TEST

/* A request that an older daemon has stored. */
START_TEST(rule_16_all_until_a_date_is_asked_as_it_was_stored)
{
        Message stored = {.type = MESSAGE_SEEN, .id = 7, .sessions.until = 42};
        FIXTURE(f);

        hub_gone(f);
        ck_assert_int_eq(phone_restore_request(f->phone, &f->instant, &stored), 0);
        hub_welcomes(f, NULL, 0, false);
        fixture_trace(f);
        ck_assert_uint_eq(f->sent[MESSAGE_SEEN].sessions.count, 0);
        ck_assert_uint_eq(f->sent[MESSAGE_SEEN].sessions.until, 42);
}
END_TEST

START_TEST(rule_6_a_cancel_of_what_is_over_ends_it)
{
        FIXTURE(f);

        placed(f, CALL);
        reject(f, CALL, CALL_STATUS_CANCELLED);
        hub_gone(f);
        hub_remembers(f, NULL);
        forget(f);
        reply_error(f, MESSAGE_CANCEL, CALL_ERROR_CALL_TERMINATED);
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "status:cancelled/caller-cancelled"));
        ck_assert_uint_eq(stored_calls(f), 0);
}
END_TEST

START_TEST(rule_16_a_call_of_ours_that_was_deleted_elsewhere_does_not_begin_again)
{
        char ids[1][UUID_LENGTH + 1] = {CALL};
        Message deleted = {.type = MESSAGE_FORGOTTEN, .sessions = {ids, 1}};
        FIXTURE(f);

        placed(f, CALL);
        hub_gone(f);
        hub_remembers(f, NULL);
        forget(f);
        hub_message(f, &deleted);
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "status:cancelled/caller-lost"));
}
END_TEST

START_TEST(rule_16_a_ring_that_was_deleted_elsewhere_stops)
{
        char ids[1][UUID_LENGTH + 1] = {CALL};
        Message deleted = {.type = MESSAGE_FORGOTTEN, .sessions = {ids, 1}};
        FIXTURE(f);

        hub_rings(f, CALL);
        hub_gone(f);
        hub_remembers(f, NULL);
        forget(f);
        hub_message(f, &deleted);
        expect(f, "history-forget worker-stop call status:cancelled/caller-lost "
                  "broadcast:IncomingCallCancelled tone:none");
}
END_TEST

START_TEST(rule_2_a_ring_that_ran_out_while_the_daemon_was_away_is_not_heard_again)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        fixture_trace(f); /* and the store has it */
        f->instant.now += (RING_S + 1) * USEC_PER_SEC;
        f->instant.date += (RING_S + 1) * USEC_PER_SEC;
        restarted(f, false);
        expect(f, "call-added manager");
        wait_us(f, 1);
        expect(f, "history:missed/timeout call status:missed/timeout "
                  "broadcast:IncomingCallCancelled");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                rule_4_a_ring_that_was_answered_elsewhere_and_is_over_stops,
                rule_5_a_ring_that_history_says_was_declined_was_so_on_another_device,
                rule_4_what_was_accepted_here_and_is_over_was_ongoing_before_it_ended,
                an_outgoing_call_that_was_answered_and_is_over_was_ongoing_before_it_ended,
                rule_10_a_ring_that_ends_as_answered_was_ongoing_before,
                rule_4_a_call_that_another_device_is_in_does_not_appear_here,
                rule_11_a_call_that_another_device_has_joined_since_is_over_here,
                rule_17_a_ring_that_is_over_when_it_is_sent_again_is_no_call,
                rule_16_a_ring_that_is_nearly_over_does_not_begin,
                rule_16_a_ring_that_is_nearly_over_here_rings_on,
                rule_16_what_was_deleted_here_does_not_come_back,
                rule_16_what_was_seen_here_stays_seen,
                rule_2_asking_again_and_again_does_not_make_a_ring_longer,
                rule_15_a_ring_that_the_hub_does_not_know_ends_as_history_says,
                rule_14_a_call_that_was_given_up_without_the_hub_is_cancelled_there,
                rule_16_pages_are_begun_again_after_a_new_welcome,
                rule_16_what_was_deleted_meanwhile_is_not_lost_with_the_connection,
                rule_17_a_resumed_link_does_not_say_up_to_when_history_is_known,
                rule_11_the_record_of_an_earlier_part_does_not_end_a_call_that_was_joined_again,
                rule_15_a_call_is_not_placed_again_before_history_is_known,
                rule_15_a_call_that_was_deleted_elsewhere_is_not_placed_again,
                rule_16_what_comes_later_is_not_seen_with_what_was_known,
                rule_16_what_comes_later_is_not_deleted_with_what_was_known,
                rule_16_all_until_a_date_is_asked_as_it_was_stored,
                rule_6_a_cancel_of_what_is_over_ends_it,
                rule_16_a_call_of_ours_that_was_deleted_elsewhere_does_not_begin_again,
                rule_16_a_ring_that_was_deleted_elsewhere_stops,
                rule_2_a_ring_that_ran_out_while_the_daemon_was_away_is_not_heard_again,
        };

        return suite_run(phone_suite("late", tests, ELEMENTSOF(tests)));
}
