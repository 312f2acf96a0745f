/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "phone-fixture.h"

/* A hub that sends more than any call or history needs. */

#define DATE 1000000

static int ring_and_cancel(Fixture *f, unsigned n)
{
        CallSnapshot ring;
        Message message = {.type = n % 2 ? MESSAGE_OVER : MESSAGE_INCOMING, .seq = f->seq + 1};
        char id[UUID_LENGTH + 1];

        snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012u", n / 2);
        if (n % 2 == 0) {
                ring = incoming(id, CALL_STATUS_INITIATED);
                message.call = ring;
        } else {
                message.over.status = CALL_STATUS_CANCELLED;
                STR_SET(message.over.session_id, id);
        }
        int r = phone_message(f->phone, &f->instant, &message);
        if (r == 0)
                f->seq++;
        forget(f);
        return r;
}

static int log_one(Fixture *f)
{
        Message message = {.type = MESSAGE_LOGGED, .seq = f->seq + 1};

        message.logged = incoming(CALL, CALL_STATUS_MISSED).record;
        int r = phone_message(f->phone, &f->instant, &message);
        if (r == 0)
                f->seq++;
        forget(f);
        return r;
}

START_TEST(events_have_a_rate)
{
        FIXTURE(f);

        for (unsigned n = 0; n < HUB_EVENTS_BURST; n++)
                ck_assert_int_eq(ring_and_cancel(f, n), 0);
        ck_assert_int_eq(ring_and_cancel(f, HUB_EVENTS_BURST), -EBUSY);
        ck_assert_ptr_nonnull(strstr(phone_message_error(-EBUSY), "too many events"));
        /* A connection more is no event more. */
        hub_gone(f);
        hub_welcomes(f, NULL, 0, false);
        forget(f);
        ck_assert_int_eq(ring_and_cancel(f, HUB_EVENTS_BURST), -EBUSY);
        for (unsigned n = 1; n <= 3; n++) {
                wait_us(f, USEC_PER_SEC / HUB_EVENTS_PER_S);
                forget(f);
                ck_assert_int_eq(ring_and_cancel(f, HUB_EVENTS_BURST + 2 * n), 0);
                ck_assert_int_eq(ring_and_cancel(f, HUB_EVENTS_BURST + 2 * n + 1), -EBUSY);
        }
}
END_TEST

START_TEST(records_of_the_history_have_a_rate_of_their_own)
{
        FIXTURE(f);

        for (unsigned n = 0; n < HUB_LOGGED_BURST; n++)
                ck_assert_int_eq(log_one(f), 0);
        ck_assert_int_eq(log_one(f), -EBUSY);
        ck_assert_int_eq(ring_and_cancel(f, 0), 0);
        wait_us(f, USEC_PER_SEC / HUB_EVENTS_PER_S);
        ck_assert_int_eq(log_one(f), 0);
        ck_assert_int_eq(log_one(f), -EBUSY);
}
END_TEST

/* ---- what other participants cause ---- */

#define OTHER_CALL THIRD

static Message of_peer(Fixture *f, MessageType type, const char *id)
{
        Message message = {.type = type, .seq = f->seq + 1};

        if (type == MESSAGE_SIGNALLED) {
                STR_SET(message.signal.session_id, CALL);
                STR_SET(message.signal.peer, id);
                message.signal.data = (char *)"null";
                return message;
        }
        STR_SET(message.participant.session_id, CALL);
        STR_SET(message.participant.participant.id, id);
        STR_SET(message.participant.participant.party.uid, id);
        return message;
}

/* Returns what phone_message() does; the trace stays. */
static int sends(Fixture *f, const Message *message)
{
        int r = phone_message(f->phone, &f->instant, message);

        f->seq += r == 0;
        return r;
}

static bool signals(Fixture *f, const char *id)
{
        Message message = of_peer(f, MESSAGE_SIGNALLED, id);

        ck_assert_int_eq(sends(f, &message), 0);
        return strstr(fixture_trace(f), "worker-signal");
}

static bool states(Fixture *f, const char *id, bool muted)
{
        Message message = of_peer(f, MESSAGE_PARTICIPANT, id);

        message.participant.participant.muted = muted;
        ck_assert_int_eq(sends(f, &message), 0);
        return strstr(fixture_trace(f), "participant");
}

static const SessionParticipant *participant(Fixture *f, const char *id)
{
        const PhoneSession *media = session(f, CALL);

        for (size_t i = 0; i < media->n_participants; i++)
                if (str_eq(media->participants[i].participant.id, id))
                        return &media->participants[i];
        return NULL;
}

/* In a call with Mallory and Carol, online, and to be rung. */
static void talking_to_two(Fixture *f)
{
        talking(f, CALL);
        hub_participant(f, MESSAGE_JOINED, CALL, "mallory");
        hub_participant(f, MESSAGE_JOINED, CALL, "carol");
        forget(f);
}

static void expect_unharmed(Fixture *f)
{
        ck_assert(signals(f, "carol"));
        ck_assert(states(f, "carol", true));
        hub_rings(f, OTHER_CALL);
        ck_assert_int_eq(status_of(f, OTHER_CALL), CALL_STATUS_INITIATED);
}

START_TEST(a_flood_of_signals_costs_its_sender_alone)
{
        FIXTURE(f);

        talking_to_two(f);
        for (unsigned n = 0; n < 2 * PEER_EVENTS_BURST; n++)
                ck_assert_int_eq(signals(f, "mallory"), n < PEER_EVENTS_BURST);
        expect_unharmed(f);
        wait_us(f, USEC_PER_SEC / PEER_EVENTS_PER_S);
        ck_assert(signals(f, "mallory"));
        ck_assert(!signals(f, "mallory"));
}
END_TEST

START_TEST(of_a_flood_of_states_the_last_is_announced)
{
        FIXTURE(f);

        talking_to_two(f);
        for (unsigned n = 0; n < 2 * PEER_EVENTS_BURST + 1; n++)
                ck_assert_int_eq(states(f, "mallory", n % 2 == 0), n < PEER_EVENTS_BURST);
        ck_assert(participant(f, "mallory")->participant.muted);
        expect_unharmed(f);
        forget(f);
        wait_us(f, PEER_STATE_LATE_US - 1);
        ck_assert_ptr_null(strstr(fixture_trace(f), "participant"));
        wait_us(f, 1);
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "participant"));
        ck_assert(f->last[PHONE_PARTICIPANT_CHANGED].participant.participant.muted);
        wait_us(f, 2 * PEER_STATE_LATE_US);
        ck_assert_ptr_null(strstr(fixture_trace(f), "participant"));
}
END_TEST

START_TEST(who_comes_and_goes_without_end_is_left_out)
{
        FIXTURE(f);

        talking_to_two(f);
        for (unsigned n = 0; n <= 2 * PEER_JOINS_BURST; n++) {
                Message message = of_peer(f, n % 2 ? MESSAGE_LEFT : MESSAGE_JOINED, "eve");

                ck_assert_int_eq(sends(f, &message), 0);
                forget(f);
        }
        ck_assert_uint_eq(session(f, CALL)->n_participants, 3);
        expect_unharmed(f);
}
END_TEST

START_TEST(a_hub_that_lets_through_more_than_any_call_needs_is_left)
{
        FIXTURE(f);

        talking_to_two(f);
        wait_us(f, PEERS_EVENTS_BURST * USEC_PER_SEC / PEERS_EVENTS_PER_S);
        for (unsigned n = 0; n < PEERS_EVENTS_BURST; n++)
                signals(f, "mallory");
        Message message = of_peer(f, MESSAGE_SIGNALLED, "carol");
        ck_assert_int_eq(sends(f, &message), -EBUSY);
}
END_TEST

/* ---- pages of the history ---- */

/* A welcome that leaves the history to pages; the phone asks for the first. */
static void welcomed_with_pages(Fixture *f)
{
        Message message = {.type = MESSAGE_REPLY, .id = HELLO_ID};

        message.reply.kind = REPLY_WELCOME;
        STR_SET(message.reply.welcome.user.uid, "bob");
        STR_SET(message.reply.welcome.link, THIRD);
        message.reply.welcome.date = 77;
        hub_gone(f);
        forget(f);
        hub_message(f, &message);
        ck_assert_ptr_nonnull(strstr(fixture_trace(f), "send:history"));
}

/* A page of one record, if it has a date. Returns whether the phone asks for another. */
static bool page(Fixture *f, usec_t date, const char *next)
{
        CallRecord record = incoming(CALL, CALL_STATUS_MISSED).record;
        Message message = {.reply.kind = REPLY_HISTORY};

        record.initiated_at = date;
        message.reply.history.records = &record;
        message.reply.history.n_records = date > 0;
        STR_SET(message.reply.history.next, next);
        hub_reply(f, MESSAGE_HISTORY, &message);
        bool asks = strstr(fixture_trace(f), "send:history");
        ck_assert_int_eq(phone_history_since(f->phone) == 77, !asks);
        return asks;
}

START_TEST(a_page_that_goes_no_further_back_is_the_last)
{
        FIXTURE(f);

        for (usec_t again = 0; again < 2; again++) {
                welcomed_with_pages(f);
                ck_assert(page(f, DATE, "a"));
                ck_assert(page(f, DATE - 1, "b"));
                ck_assert(!page(f, DATE - 1 + again, "c"));
                phone_restore_history_since(f->phone, 0);
        }
}
END_TEST

START_TEST(a_page_whose_records_are_deleted_is_not_the_last_unless_it_leads_nowhere)
{
        FIXTURE(f);

        welcomed_with_pages(f);
        ck_assert(page(f, DATE, "a"));
        ck_assert(page(f, 0, "b"));
        ck_assert(!page(f, 0, "b"));
}
END_TEST

START_TEST(so_many_pages_are_read_and_no_more)
{
        char next[32];
        FIXTURE(f);

        welcomed_with_pages(f);
        for (unsigned n = 1; n <= HISTORY_PAGES_MAX; n++) {
                snprintf(next, sizeof(next), "%u", n);
                ck_assert_int_eq(page(f, DATE - n, next), n < HISTORY_PAGES_MAX);
        }
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                events_have_a_rate,
                records_of_the_history_have_a_rate_of_their_own,
                a_flood_of_signals_costs_its_sender_alone,
                of_a_flood_of_states_the_last_is_announced,
                who_comes_and_goes_without_end_is_left_out,
                a_hub_that_lets_through_more_than_any_call_needs_is_left,
                a_page_that_goes_no_further_back_is_the_last,
                a_page_whose_records_are_deleted_is_not_the_last_unless_it_leads_nowhere,
                so_many_pages_are_read_and_no_more,
        };

        return suite_run(phone_suite("flood", tests, ELEMENTSOF(tests)));
}
