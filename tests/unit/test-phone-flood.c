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
                a_page_that_goes_no_further_back_is_the_last,
                a_page_whose_records_are_deleted_is_not_the_last_unless_it_leads_nowhere,
                so_many_pages_are_read_and_no_more,
        };

        return suite_run(phone_suite("flood", tests, ELEMENTSOF(tests)));
}
