/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "phone-fixture.h"
#include "phone/state.h"

/* What sounds, what is silent, what a program may ask and how often: rules 7, 8, 9 and the table.
 */

#define OWNERS_FOR_ALL_REQUESTS (REQUESTS_MAX / COMMANDS_PER_CLIENT_MAX)

static void disturb(Fixture *f, bool on)
{
        PhoneCommand asked = asks(PHONE_COMMAND_DO_NOT_DISTURB, "");

        asked.on = on;
        command(f, &asked);
}

START_TEST(rule_7_silence_stops_sound_and_popup_and_rings_on)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        phone_tone_playing(f->phone, &f->instant, PHONE_TONE_RING, true);
        forget(f);
        do_to(f, PHONE_COMMAND_SILENCE, CALL);
        expect(f, "done tone:none call manager");
        ck_assert(!phone_is_ringing(f->phone));
        ck_assert(phone_call_find(f->phone, CALL)->stored.silenced);
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
        do_to(f, PHONE_COMMAND_SILENCE, CALL);
        expect(f, "done");
        accept_by(f, CALL, PROGRAM);
        expect(f, "send:accept");
}
END_TEST

START_TEST(rule_7_silence_all_is_for_what_rings_now)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        hub_rings(f, OTHER);
        forget(f);
        do_to(f, PHONE_COMMAND_SILENCE_ALL, "");
        expect(f, "done tone:none");
        hub_rings(f, THIRD);
        ck_assert(phone_call_find(f->phone, THIRD)->stored.present);
        ck_assert(!phone_call_find(f->phone, OTHER)->stored.present);
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        forget(f);
}
END_TEST

START_TEST(rule_8_what_rings_when_another_is_answered_rings_on_without_sound)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        hub_rings(f, OTHER);
        listen(f, "window", ":1.2", 0, true, false);
        phone_tone_playing(f->phone, &f->instant, PHONE_TONE_RING, true);
        accept_by(f, CALL, PROGRAM);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        expect(f, "call session-added manager status:ongoing send:join done tone:none call "
                  "manager");
        ck_assert_int_eq(status_of(f, OTHER), CALL_STATUS_INITIATED);
        ck_assert(phone_call_find(f->phone, OTHER)->stored.present);

        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_REMOTE_HANGUP);
        expect(f, "worker-stop session call manager status:ended/remote-hangup "
                  "broadcast:CallEndedMessageReceived tell:window tone:ring");
}
END_TEST

START_TEST(rule_8_call_waiting_is_shown_and_not_heard)
{
        FIXTURE(f);

        talking(f, CALL);
        listen(f, "window", ":1.2", 0, true, false);
        forget(f);
        hub_rings(f, OTHER);
        expect(f, "call-added broadcast:IncomingCallReceived tell:window! send:delivered "
                  "worker-start");
        answer_event(f, "window", true);
        expect(f, "call send:alerting manager");
}
END_TEST

START_TEST(rule_9_do_not_disturb_silences_what_rings_and_starts_nothing)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        phone_tone_playing(f->phone, &f->instant, PHONE_TONE_RING, true);
        forget(f);
        disturb(f, true);
        expect(f, "done tone:none call manager");
        ck_assert(phone_do_not_disturb(f->phone));
        hub_rings(f, OTHER);
        expect(f, "call-added manager broadcast:IncomingCallReceived send:delivered");
        disturb(f, false);
        expect(f, "done manager");
        ck_assert(!phone_call_find(f->phone, OTHER)->stored.present);
        accept_by(f, OTHER, PROGRAM);
        expect(f, "send:accept");
}
END_TEST

START_TEST(rule_9_a_restored_policy_holds_from_the_start)
{
        FIXTURE(f);

        phone_restore_policy(f->phone, WHEN_BUSY_REJECT, true);
        hub_rings(f, CALL);
        expect(f, "call-added manager broadcast:IncomingCallReceived send:delivered "
                  "worker-start");
}
END_TEST

START_TEST(rule_8_the_last_word_on_when_busy_holds)
{
        static const WhenBusy words[] = {WHEN_BUSY_RING, WHEN_BUSY_REJECT, WHEN_BUSY_RING};
        PhoneCommand asked = asks(PHONE_COMMAND_WHEN_BUSY, "");
        FIXTURE(f);

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                if (i == 2)
                        hub_gone(f); /* with two of them on their way */
                asked.when_busy = words[i];
                command(f, &asked);
                forget(f);
        }
        hub_welcomes(f, NULL, 0, false);
        forget(f);
        ck_assert_int_eq(f->sent[MESSAGE_SETTINGS].settings.when_busy, WHEN_BUSY_RING);
        ck_assert_int_eq(phone_when_busy(f->phone), WHEN_BUSY_RING);
}
END_TEST

START_TEST(rule_8_when_busy_of_another_device_does_not_undo_what_was_said_later)
{
        PhoneCommand asked = asks(PHONE_COMMAND_WHEN_BUSY, "");
        Message changed = {.type = MESSAGE_CHANGED,
                           .settings = {.has_when_busy = true, .when_busy = WHEN_BUSY_REJECT}};
        FIXTURE(f);

        asked.when_busy = WHEN_BUSY_RING;
        command(f, &asked);
        forget(f);
        hub_message(f, &changed); /* it was on its way */
        ck_assert_int_eq(phone_when_busy(f->phone), WHEN_BUSY_RING);
        reply_ok(f, MESSAGE_SETTINGS);
        hub_message(f, &changed);
        ck_assert_int_eq(phone_when_busy(f->phone), WHEN_BUSY_REJECT);
        forget(f);
}
END_TEST

START_TEST(rule_8_when_busy_is_kept_here_and_reaches_the_hub_when_it_can)
{
        PhoneCommand asked = asks(PHONE_COMMAND_WHEN_BUSY, "");
        Message changed = {.type = MESSAGE_CHANGED,
                           .settings = {.has_when_busy = true, .when_busy = WHEN_BUSY_REJECT}};
        FIXTURE(f);

        hub_gone(f);
        forget(f);
        asked.when_busy = WHEN_BUSY_RING;
        command(f, &asked);
        expect(f, "done manager");
        asked.when_busy = WHEN_BUSY_REJECT;
        command(f, &asked);
        asked.when_busy = WHEN_BUSY_RING;
        command(f, &asked);
        forget(f);
        hub_welcomes(f, NULL, 0, false);
        expect(f, "manager send:settings");
        ck_assert_int_eq(f->sent[MESSAGE_SETTINGS].settings.when_busy, WHEN_BUSY_RING);
        ck_assert_int_eq(phone_when_busy(f->phone), WHEN_BUSY_RING);
        reply_ok(f, MESSAGE_SETTINGS);
        hub_message(f, &changed);
        expect(f, "manager");
        ck_assert_int_eq(phone_when_busy(f->phone), WHEN_BUSY_REJECT);
}
END_TEST

START_TEST(a_test_ring_rings_for_three_seconds)
{
        FIXTURE(f);

        do_to(f, PHONE_COMMAND_TEST_RING, "");
        expect(f, "done tone:ring manager");
        ck_assert(phone_is_ringing(f->phone));
        wait_us(f, TEST_RING_US - 1);
        expect(f, "");
        wait_us(f, 1);
        expect(f, "tone:none manager");
}
END_TEST

START_TEST(a_tone_that_was_stopped_cannot_be_heard)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        do_to(f, PHONE_COMMAND_SILENCE, CALL);
        forget(f);
        phone_tone_playing(f->phone, &f->instant, PHONE_TONE_RING, true);
        expect(f, "");
        ck_assert(!phone_is_ringing(f->phone));
}
END_TEST

START_TEST(news_of_another_tone_is_old)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        phone_tone_playing(f->phone, &f->instant, PHONE_TONE_RING_BACK, true);
        expect(f, "");
        ck_assert(!phone_is_ringing(f->phone));
}
END_TEST

START_TEST(rule_19_a_ring_that_cannot_sound_is_published_all_the_same)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        phone_tone_playing(f->phone, &f->instant, PHONE_TONE_RING, false);
        expect(f, "");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
}
END_TEST

START_TEST(the_active_call_is_the_newest_of_the_liveliest)
{
        FIXTURE(f);

        ck_assert_ptr_null(phone_active_call(f->phone));
        hub_rings(f, CALL);
        hub_rings(f, OTHER);
        ck_assert_str_eq(phone_active_call(f->phone)->stored.record.session_id, OTHER);
        accept_by(f, CALL, PROGRAM);
        forget(f);
        reply_call(f, MESSAGE_ACCEPT, incoming(CALL, CALL_STATUS_ONGOING));
        ck_assert_str_eq(phone_active_call(f->phone)->stored.record.session_id, CALL);
        hub_over(f, CALL, CALL_STATUS_ENDED, CALL_REASON_REMOTE_HANGUP);
        ck_assert_str_eq(phone_active_call(f->phone)->stored.record.session_id, OTHER);
        hub_over(f, OTHER, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        ck_assert_str_eq(phone_active_call(f->phone)->stored.record.session_id, OTHER);
}
END_TEST

/* ---- methods against statuses ---- */

typedef struct Row {
        PhoneCommandType type;
        CallStatus status; /* of REJECT */
        const char *caller, *receiver, *ongoing, *terminal;
} Row;

/* clang-format off */
static const Row rows[] = {
        {PHONE_COMMAND_ACCEPT, 0,
         "done:InvalidTransition", "send:accept", "done:AnsweredElsewhere", "done:CallTerminated"},
        {PHONE_COMMAND_REJECT, CALL_STATUS_REJECTED,
         "done:InvalidTransition", "send:reject", "done:CallOngoing", "done:CallTerminated"},
        {PHONE_COMMAND_REJECT, CALL_STATUS_BUSY,
         "done:InvalidTransition", "send:reject", "done:CallOngoing", "done:CallTerminated"},
        {PHONE_COMMAND_REJECT, CALL_STATUS_CANCELLED,
         "send:cancel", "done:InvalidTransition", "done:CallOngoing", "done:CallTerminated"},
        {PHONE_COMMAND_END, 0,
         "done:InvalidTransition", "done:InvalidTransition", "worker-stop session send:end",
         "done"},
        {PHONE_COMMAND_SILENCE, 0,
         "done:InvalidTransition", "done", "done:CallOngoing", "done:CallTerminated"},
        {PHONE_COMMAND_DISMISS, 0,
         "done:InvalidTransition", "done:InvalidTransition", "done:InvalidTransition",
         "call-removed done manager"},
};
/* clang-format on */

static void ask_row(Fixture *f, const Row *row, const char *session_id, const char *expected)
{
        PhoneCommand asked = asks(row->type, session_id);

        STR_SET(asked.client, ":1.99");
        if (row->type == PHONE_COMMAND_REJECT)
                asked.status = row->status;
        /* Nothing sounds in these, so that only the method's own work is seen. */
        disturb(f, true);
        forget(f);
        command(f, &asked);
        expect(f, expected);
}

START_TEST(methods_against_statuses)
{
        const Row *row = &rows[_i];

        {
                FIXTURE(f);
                placed(f, CALL);
                ask_row(f, row, CALL, row->caller);
                /* Only the hub can say whether it is a group's that goes on: rule 11. */
                ask_row(f, row, THIRD,
                        row->type == PHONE_COMMAND_ACCEPT ? "send:accept" : "done:NoSuchCall");
        }
        {
                FIXTURE(f);
                hub_rings(f, CALL);
                ask_row(f, row, CALL, row->receiver);
        }
        {
                FIXTURE(f);
                answered(f, CALL);
                ask_row(f, row, CALL, row->ongoing);
        }
        {
                FIXTURE(f);
                hub_rings(f, CALL);
                hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
                ask_row(f, row, CALL, row->terminal);
        }
}
END_TEST

START_TEST(errors_are_sentences_that_name_what_was_wrong)
{
        FIXTURE(f);

        do_to(f, PHONE_COMMAND_END, "no such\ncall");
        forget(f);
        ck_assert_str_eq(f->last[PHONE_DONE].text,
                         "there is no call 'no such?call' on this device");
        hub_rings(f, CALL);
        reject(f, CALL, CALL_STATUS_CANCELLED);
        forget(f);
        ck_assert_str_eq(f->last[PHONE_DONE].text, "not possible with an incoming call that rings");
        reject(f, CALL, CALL_STATUS_ENDED);
        forget(f);
        ck_assert_int_eq(f->last[PHONE_DONE].error, CALL_ERROR_INVALID_ARGUMENT);
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        accept_by(f, CALL, PROGRAM);
        forget(f);
        ck_assert_str_eq(f->last[PHONE_DONE].text, "the call is over: nobody answered in time");
}
END_TEST

/* ---- limits ---- */

static void ask_as(Fixture *f, const char *client, const char *session_id)
{
        PhoneCommand asked = asks(PHONE_COMMAND_GENERATE_TOKEN, session_id);

        STR_SET(asked.client, client);
        command(f, &asked);
}

START_TEST(a_program_has_thirty_two_commands_waiting_at_most)
{
        FIXTURE(f);

        talking(f, CALL);
        for (int i = 0; i < COMMANDS_PER_CLIENT_MAX; i++) {
                ask_as(f, PROGRAM, CALL);
                expect(f, "send:token");
        }
        ask_as(f, PROGRAM, CALL);
        expect(f, "done:TooMany");
        ask_as(f, ":1.99", CALL);
        expect(f, "send:token");
        reply_token(f, MESSAGE_TOKEN, "secret");
        forget(f);
        do_to(f, PHONE_COMMAND_MUTE, CALL);
        expect(f, "done");
}
END_TEST

START_TEST(all_programs_together_have_a_limit_too)
{
        char client[16];
        FIXTURE(f);

        talking(f, CALL);
        hub_gone(f);
        for (int i = 0; i < OWNERS_FOR_ALL_REQUESTS; i++) {
                snprintf(client, sizeof(client), ":2.%d", i);
                for (int j = 0; j < COMMANDS_PER_CLIENT_MAX; j++)
                        ask_as(f, client, CALL);
        }
        forget(f);
        ask_as(f, PROGRAM, CALL);
        expect(f, "done:TooMany");
        wait_us(f, COMMAND_TIMEOUT_US);
        forget(f);
        ask_as(f, PROGRAM, CALL);
        expect(f, "");
}
END_TEST

START_TEST(a_device_has_sixty_four_live_calls_at_most)
{
        char session_id[UUID_LENGTH + 1];
        FIXTURE(f);

        for (int i = 0; i < PHONE_CALLS_MAX + 1; i++) {
                snprintf(session_id, sizeof(session_id), "44444444-4444-4444-8444-%012d", i);
                hub_rings(f, session_id);
                forget(f);
        }
        ck_assert_ptr_nonnull(phone_call_at(f->phone, PHONE_CALLS_MAX - 1));
        ck_assert_ptr_null(phone_call_at(f->phone, PHONE_CALLS_MAX));
        place(f, CALL);
        expect(f, "done:TooMany");
}
END_TEST

START_TEST(finished_calls_do_not_pile_up)
{
        char session_id[UUID_LENGTH + 1];
        size_t n = 0;
        FIXTURE(f);

        for (int i = 0; i < 3 * FINISHED_CALLS_MAX; i++) {
                snprintf(session_id, sizeof(session_id), "44444444-4444-4444-8444-%012d", i);
                hub_rings(f, session_id);
                hub_over(f, session_id, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
                wait_us(f, 1);
                forget(f);
        }
        while (phone_call_at(f->phone, n))
                n++;
        ck_assert_uint_eq(n, FINISHED_CALLS_MAX);
}
END_TEST

START_TEST(rule_14_a_call_tied_to_a_program_goes_with_it)
{
        PhoneCommand asked = asks(PHONE_COMMAND_INITIATE, CALL);
        FIXTURE(f);

        STR_SET(asked.initiate.request.session_id, CALL);
        STR_SET(asked.initiate.request.receiver, "alice");
        asked.initiate.tie_to_client = true;
        command(f, &asked);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, outgoing(CALL, CALL_STATUS_INITIATED));
        forget(f);
        phone_client_gone(f->phone, &f->instant, ":1.99");
        expect(f, "");
        phone_client_gone(f->phone, &f->instant, PROGRAM);
        expect(f, "send:cancel");
        phone_client_gone(f->phone, &f->instant, PROGRAM);
        expect(f, "");
}
END_TEST

static void ring_tied(Fixture *f)
{
        PhoneCommand asked = asks(PHONE_COMMAND_INITIATE, CALL);

        STR_SET(asked.initiate.request.session_id, CALL);
        STR_SET(asked.initiate.request.receiver, "alice");
        asked.initiate.tie_ring_to_client = true;
        command(f, &asked);
        forget(f);
        reply_call(f, MESSAGE_INITIATE, outgoing(CALL, CALL_STATUS_INITIATED));
        forget(f);
}

START_TEST(rule_14_a_ring_tied_to_a_program_goes_with_it)
{
        FIXTURE(f);

        ring_tied(f);
        phone_client_gone(f->phone, &f->instant, ":1.99");
        expect(f, "");
        phone_client_gone(f->phone, &f->instant, PROGRAM);
        expect(f, "send:cancel");
        phone_client_gone(f->phone, &f->instant, PROGRAM);
        expect(f, "");
}
END_TEST

START_TEST(rule_14_an_answered_call_whose_ring_was_tied_to_a_program_goes_on)
{
        CallSnapshot accepted = outgoing(CALL, CALL_STATUS_ONGOING);
        FIXTURE(f);

        ring_tied(f);
        hub_says(f, MESSAGE_ACCEPTED, &accepted);
        forget(f);
        phone_client_gone(f->phone, &f->instant, PROGRAM);
        expect(f, "");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
}
END_TEST

START_TEST(rule_14_a_call_of_a_program_that_dies_goes_on)
{
        FIXTURE(f);

        talking(f, CALL);
        phone_client_gone(f->phone, &f->instant, PROGRAM);
        expect(f, "");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_ONGOING);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                rule_7_silence_stops_sound_and_popup_and_rings_on,
                rule_7_silence_all_is_for_what_rings_now,
                rule_8_what_rings_when_another_is_answered_rings_on_without_sound,
                rule_8_call_waiting_is_shown_and_not_heard,
                rule_9_do_not_disturb_silences_what_rings_and_starts_nothing,
                rule_9_a_restored_policy_holds_from_the_start,
                rule_8_the_last_word_on_when_busy_holds,
                rule_8_when_busy_of_another_device_does_not_undo_what_was_said_later,
                rule_8_when_busy_is_kept_here_and_reaches_the_hub_when_it_can,
                a_test_ring_rings_for_three_seconds,
                a_tone_that_was_stopped_cannot_be_heard,
                news_of_another_tone_is_old,
                rule_19_a_ring_that_cannot_sound_is_published_all_the_same,
                the_active_call_is_the_newest_of_the_liveliest,
                errors_are_sentences_that_name_what_was_wrong,
                a_program_has_thirty_two_commands_waiting_at_most,
                all_programs_together_have_a_limit_too,
                a_device_has_sixty_four_live_calls_at_most,
                finished_calls_do_not_pile_up,
                rule_14_a_call_tied_to_a_program_goes_with_it,
                rule_14_a_ring_tied_to_a_program_goes_with_it,
                rule_14_an_answered_call_whose_ring_was_tied_to_a_program_goes_on,
                rule_14_a_call_of_a_program_that_dies_goes_on,
        };
        Suite *suite = phone_suite("policy", tests, ELEMENTSOF(tests));
        TCase *table = tcase_create("methods");

        tcase_add_loop_test(table, methods_against_statuses, 0, ELEMENTSOF(rows));
        suite_add_tcase(suite, table);
        return suite_run(suite);
}
