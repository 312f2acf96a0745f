/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "phone-fixture.h"

/* Live calls, events and history over a lost connection: CALL-MODEL.md, rules 14, 16 and 17. */

/* Media flow between this device and alice, and the hub knows. */
static void flows_between(Fixture *f, CallSnapshot *snapshot)
{
        static Participant other = {.id = "alice-1", .party.uid = "alice"};

        phone_worker_participant(
                f->phone, &f->instant, CALL, "alice-1",
                &(ParticipantMedia){.connected = true, .speaking = false, .audio_node = "node"});
        forget(f);
        reply_ok(f, MESSAGE_STATE);
        STR_SET(snapshot->participant, phone_call_find(f->phone, CALL)->stored.session.own_id);
        snapshot->others = &other;
        snapshot->n_others = 1;
}

START_TEST(rule_14_a_live_call_that_the_hub_gave_up_is_over)
{
        FIXTURE(f);

        talking(f, CALL);
        hub_gone(f);
        expect(f, "manager");
        wait_us(f, 60 * USEC_PER_SEC);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
        hub_welcomes(f, NULL, 0, false);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ENDED);
        ck_assert_str_eq(phone_call_find(f->phone, CALL)->stored.record.reason, "connection-lost");
}
END_TEST

START_TEST(rule_14_a_live_call_that_the_hub_still_has_goes_on)
{
        CallSnapshot ongoing = outgoing(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        talking(f, CALL);
        flows_between(f, &ongoing);
        reconnected(f, &ongoing, 1);
        expect(f, "send:state manager");
        ck_assert(f->sent[MESSAGE_STATE].state.media_flows);
        ck_assert_int_eq(session_of(f, CALL), SESSION_CONNECTED);
}
END_TEST

START_TEST(what_the_welcomes_history_says_of_a_call_is_how_it_ended)
{
        Message message = {.type = MESSAGE_REPLY, .id = HELLO_ID};
        CallRecord record = outgoing(CALL, CALL_STATUS_ENDED).record;
        FIXTURE(f);

        talking(f, CALL);
        hub_gone(f);
        forget(f);
        STR_SET(record.reason, "remote-hangup");
        record.duration_s = 7;
        message.reply.kind = REPLY_WELCOME;
        message.reply.welcome.history = &record;
        message.reply.welcome.n_history = 1;
        message.reply.welcome.history_complete = true;
        message.reply.welcome.date = f->instant.date;
        hub_message(f, &message);
        expect(f, "history:ended/remote-hangup worker-stop session call manager "
                  "status:ended/remote-hangup broadcast:CallEndedMessageReceived");
        ck_assert_uint_eq(phone_call_find(f->phone, CALL)->stored.record.duration_s, 7);
        ck_assert_uint_eq(phone_history_since(f->phone), f->instant.date);
}
END_TEST

START_TEST(an_outgoing_call_that_was_answered_meanwhile_is_joined)
{
        CallSnapshot ongoing = outgoing(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        placed(f, CALL);
        reconnected(f, &ongoing, 1);
        expect(f, "call session-added manager status:ongoing broadcast:OutgoingCallAccepted "
                  "send:join");
}
END_TEST

START_TEST(a_ring_that_was_answered_elsewhere_meanwhile_stops)
{
        CallSnapshot ongoing = incoming(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        ongoing.here = false;
        hub_rings(f, CALL);
        reconnected(f, &ongoing, 1);
        expect(f, "worker-stop call manager status:cancelled/answered-elsewhere "
                  "broadcast:IncomingCallCancelled tone:none");
        accept_by(f, CALL, PROGRAM);
        expect(f, "done:AnsweredElsewhere");
        ck_assert_str_eq(f->last[PHONE_DONE].text, "the call was answered on another device");
}
END_TEST

START_TEST(rule_6_a_cancel_reaches_the_hub_even_late)
{
        CallSnapshot ongoing = outgoing(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        placed(f, CALL);
        hub_gone(f);
        reject(f, CALL, CALL_STATUS_CANCELLED);
        forget(f);
        wait_us(f, COMMAND_TIMEOUT_US);
        expect(f, "history:cancelled/caller-cancelled worker-stop call "
                  "status:cancelled/caller-cancelled broadcast:CallEndedMessageReceived "
                  "done:Timeout");
        hub_welcomes(f, &ongoing, 1, false);
        expect(f, "manager send:cancel");
        reply_error(f, MESSAGE_CANCEL, CALL_ERROR_CALL_ONGOING);
        expect(f, "send:end");
        reply_ok(f, MESSAGE_END);
        expect(f, "");
}
END_TEST

START_TEST(a_hang_up_without_the_hub_is_done_here_and_sent_later)
{
        CallSnapshot ongoing = outgoing(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        talking(f, CALL);
        hub_gone(f);
        forget(f);
        do_to(f, PHONE_COMMAND_END, CALL);
        expect(f, "worker-stop session");
        wait_us(f, COMMAND_TIMEOUT_US);
        expect(f, "history:ended/hangup call status:ended/hangup "
                  "broadcast:CallEndedMessageReceived done:Timeout");
        do_to(f, PHONE_COMMAND_END, CALL);
        expect(f, "done");
        hub_welcomes(f, &ongoing, 1, false);
        expect(f, "manager send:end");
}
END_TEST

START_TEST(rule_17_events_are_acknowledged_and_taken_once)
{
        Message hello, over = {.type = MESSAGE_OVER, .seq = 1};
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        ck_assert_uint_eq(f->sent[MESSAGE_DELIVERED].ack, 0);
        STR_SET(over.over.session_id, CALL);
        over.over.status = CALL_STATUS_MISSED;
        phone_message(f->phone, &f->instant, &over);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
        wait_us(f, 2 * USEC_PER_SEC);
        expect(f, "send:ack");
        ck_assert_uint_eq(f->sent[MESSAGE_ACK].ack, 1);
        phone_hello(f->phone, &hello);
        ck_assert_uint_eq(hello.hello.resume_seq, 1);
        ck_assert_str_eq(hello.hello.resume, THIRD);
}
END_TEST

START_TEST(rule_17_a_gap_is_not_taken_and_leads_to_a_resume)
{
        Message hello, over = {.type = MESSAGE_OVER, .seq = 3}, unknown = {.seq = 2};
        FIXTURE(f);

        hub_rings(f, CALL);
        STR_SET(over.over.session_id, CALL);
        over.over.status = CALL_STATUS_MISSED;
        ck_assert_int_eq(phone_message(f->phone, &f->instant, &over), -EPROTO);
        ck_assert_str_eq(phone_message_error(-EPROTO),
                         "events from the hub are missing; connecting again to get them");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
        phone_hello(f->phone, &hello);
        ck_assert_uint_eq(hello.hello.resume_seq, 1);
        /* An unknown event is no gap. */
        ck_assert_int_eq(phone_message(f->phone, &f->instant, &unknown), 0);
        ck_assert_int_eq(phone_message(f->phone, &f->instant, &over), 0);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_MISSED);
        forget(f);
}
END_TEST

START_TEST(rule_17_a_link_that_is_resumed_keeps_what_rings)
{
        FIXTURE(f);

        rings_delivered(f, CALL);
        hub_gone(f);
        forget(f);
        hub_welcomes(f, NULL, 0, true);
        expect(f, "manager");
        wait_us(f, RING_WITHOUT_HUB_GRACE_US);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
}
END_TEST

START_TEST(history_that_does_not_fit_the_welcome_is_paged)
{
        Message message = {.type = MESSAGE_REPLY, .id = HELLO_ID};
        Message page = {.type = MESSAGE_REPLY};
        CallRecord record = incoming(OTHER, CALL_STATUS_MISSED).record;
        FIXTURE(f);

        message.reply.kind = REPLY_WELCOME;
        message.reply.welcome.date = f->instant.date + 5;
        hub_message(f, &message);
        expect(f, "send:history manager");
        page.id = f->ids[MESSAGE_HISTORY];
        page.reply.kind = REPLY_HISTORY;
        page.reply.history.records = &record;
        page.reply.history.n_records = 1;
        STR_SET(page.reply.history.next, "more");
        hub_message(f, &page);
        expect(f, "history:missed/ send:history");
        ck_assert_str_eq(f->sent[MESSAGE_HISTORY].history.cursor, "more");
        ck_assert_uint_ne(phone_history_since(f->phone), f->instant.date + 5);
        page.id = f->ids[MESSAGE_HISTORY];
        *page.reply.history.next = '\0';
        hub_message(f, &page);
        expect(f, "history:missed/");
        ck_assert_uint_eq(phone_history_since(f->phone), f->instant.date + 5);
}
END_TEST

START_TEST(history_goes_to_the_store_and_seen_to_the_hub)
{
        Message logged = {.type = MESSAGE_LOGGED,
                          .logged = incoming(CALL, CALL_STATUS_MISSED).record};
        Message forgotten = {.type = MESSAGE_FORGOTTEN};
        char ids[1][UUID_LENGTH + 1] = {OTHER};
        PhoneCommand seen = asks(PHONE_COMMAND_SEEN, "");
        FIXTURE(f);

        hub_message(f, &logged);
        forgotten.sessions.session_ids = ids;
        forgotten.sessions.count = 1;
        hub_message(f, &forgotten);
        expect(f, "history:missed/ history-forget");
        hub_gone(f);
        forget(f);
        seen.sessions = forgotten.sessions;
        command(f, &seen);
        expect(f, "done");
        hub_welcomes(f, NULL, 0, false);
        expect(f, "manager send:seen");
        ck_assert_uint_eq(f->sent[MESSAGE_SEEN].sessions.count, 1);
        reconnected(f, NULL, 0);
        expect(f, "manager send:seen");
        reply_ok(f, MESSAGE_SEEN);
        reconnected(f, NULL, 0);
        expect(f, "manager");
}
END_TEST

START_TEST(logging_out_ends_what_is_going_on)
{
        FIXTURE(f);

        talking(f, CALL);
        hub_rings(f, OTHER);
        forget(f);
        accept_by(f, OTHER, PROGRAM);
        forget(f);
        phone_connection_changed(f->phone, &f->instant, PHONE_LOGGED_OUT, "");
        expect(f, "history:ended/shutdown worker-stop session call manager status:ended/shutdown "
                  "broadcast:CallEndedMessageReceived history:missed/shutdown worker-stop call "
                  "status:cancelled/shutdown broadcast:IncomingCallCancelled "
                  "done:NotLoggedIn send:logout manager");
        ck_assert_str_eq(phone_user(f->phone)->uid, "");
        place(f, THIRD);
        expect(f, "done:NotLoggedIn");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                rule_14_a_live_call_that_the_hub_gave_up_is_over,
                rule_14_a_live_call_that_the_hub_still_has_goes_on,
                what_the_welcomes_history_says_of_a_call_is_how_it_ended,
                an_outgoing_call_that_was_answered_meanwhile_is_joined,
                a_ring_that_was_answered_elsewhere_meanwhile_stops,
                rule_6_a_cancel_reaches_the_hub_even_late,
                a_hang_up_without_the_hub_is_done_here_and_sent_later,
                rule_17_events_are_acknowledged_and_taken_once,
                rule_17_a_gap_is_not_taken_and_leads_to_a_resume,
                rule_17_a_link_that_is_resumed_keeps_what_rings,
                history_that_does_not_fit_the_welcome_is_paged,
                history_goes_to_the_store_and_seen_to_the_hub,
                logging_out_ends_what_is_going_on,
        };

        return suite_run(phone_suite("link", tests, ELEMENTSOF(tests)));
}
