/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/clock.h"
#include "base/str.h"
#include "loop/backoff.h"
#include "suite.h"
#include "ws-fixture.h"

/* lws 4.3 has a timer 100 ms after its start, and spins for the last millisecond before that. */
#define SETTLED_US (500 * USEC_PER_MSEC)
#define IDLE_US (USEC_PER_SEC)

static unsigned n_timers;
static uint64_t iterations;

static int next_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        if (++n_timers == 5)
                return sd_event_exit(loop_event(f.loop), 42);
        ck_assert_int_ge(sd_event_source_set_time(source, usec + 2000), 0);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Each timer is armed from the handler of the previous one. */
static void run_timers(void)
{
        ck_assert_int_ge(sd_event_add_time(loop_event(f.loop), NULL, CLOCK_BOOTTIME,
                                           clock_boottime(), 1, next_timer, NULL),
                         0);
        ck_assert_int_eq(loop_run(f.loop), 42);
        ck_assert_uint_eq(n_timers, 5);
}

START_TEST(timers_run_without_lws)
{
        run_timers();
}
END_TEST

START_TEST(timers_run_while_lws_waits)
{
        struct lws_context *lws;

        ck_assert_int_eq(loop_lws(f.loop, false, &lws), 0);
        run_timers();
}
END_TEST

static int make_lws(sd_event_source *source, void *userdata)
{
        struct lws_context *lws;

        ck_assert_int_eq(loop_lws(f.loop, false, &lws), 0);
        return 0;
}

START_TEST(lws_can_be_made_while_the_loop_runs)
{
        ck_assert_int_ge(sd_event_add_defer(loop_event(f.loop), NULL, make_lws, NULL), 0);
        run_timers();
}
END_TEST

static int idle_ends(sd_event_source *source, uint64_t usec, void *userdata)
{
        uint64_t now;

        ck_assert_int_ge(sd_event_get_iteration(loop_event(f.loop), &now), 0);
        iterations = now - iterations;
        return sd_event_exit(loop_event(f.loop), 0);
}

static int idle_begins(sd_event_source *source, uint64_t usec, void *userdata)
{
        ck_assert_int_ge(sd_event_get_iteration(loop_event(f.loop), &iterations), 0);
        ck_assert_int_ge(sd_event_add_time_relative(loop_event(f.loop), NULL, CLOCK_BOOTTIME,
                                                    IDLE_US, 1, idle_ends, NULL),
                         0);
        return 0;
}

static void last_message_comes(void *userdata, const char *text, size_t length)
{
        ck_assert_int_ge(sd_event_add_time_relative(loop_event(f.loop), NULL, CLOCK_BOOTTIME,
                                                    SETTLED_US, 1, idle_begins, NULL),
                         0);
}

START_TEST(an_idle_connection_wakes_nobody)
{
        const WebSocketEvents events = {fixture_on_opened, last_message_comes, fixture_on_closed};
        _cleanup_free_ char *url = NULL;

        f.server = ws_server_start(&(WsServerOptions){0});
        url = str_printf("ws://127.0.0.1:%u", (unsigned)ws_server_port(f.server));
        const WebSocketOptions options = {
                .url = url, .path = "/", .subprotocol = "tring.v1", .silent_after_s = 100};

        f.say = "hello";
        ck_assert_int_eq(websocket_new(f.loop, &options, &events, NULL, &f.websocket), 0);
        fixture_run();
        ck_assert_uint_eq(f.n_closed, 0);
        /* The end of the turn in which it began, and the timer's own turn; no other. */
        ck_assert_uint_le(iterations, 4);
}
END_TEST

START_TEST(tls_cannot_be_set_up_under_a_connection)
{
        struct lws_context *lws;

        fixture_connect(&(WsServerOptions){0}, "127.0.0.1");
        fixture_run();
        ck_assert_int_eq(loop_lws(f.loop, true, &lws), -EBUSY);
        f.websocket = websocket_free(f.websocket);
        ck_assert_int_eq(loop_lws(f.loop, true, &lws), 0);
}
END_TEST

START_TEST(waits_double_up_to_a_minute_with_half_of_them_chance)
{
        static const usec_t full_ms[] = {500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
        Backoff low = {0}, high = {0};

        for (size_t i = 0; i < ELEMENTSOF(full_ms); i++) {
                usec_t full = full_ms[i] * USEC_PER_MSEC;

                ck_assert_uint_eq(backoff_next(&low, 0), full / 2);
                usec_t wait = backoff_next(&high, UINT32_MAX);
                ck_assert(wait <= full && wait >= full - 1);
        }
        backoff_lasted(&low, BACKOFF_LASTS_US - 1);
        ck_assert_uint_eq(backoff_next(&low, 0), 30 * USEC_PER_SEC);
        backoff_lasted(&low, BACKOFF_LASTS_US);
        ck_assert_uint_eq(backoff_next(&low, 0), 250 * USEC_PER_MSEC);
        backoff_reset(&low);
        ck_assert_uint_eq(backoff_next(&low, 0), 250 * USEC_PER_MSEC);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("loop");
        TCase *tcase = tcase_create("loop");

        tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
        tcase_set_timeout(tcase, 30);
        tcase_add_test(tcase, timers_run_without_lws);
        tcase_add_test(tcase, timers_run_while_lws_waits);
        tcase_add_test(tcase, lws_can_be_made_while_the_loop_runs);
        tcase_add_test(tcase, an_idle_connection_wakes_nobody);
        tcase_add_test(tcase, tls_cannot_be_set_up_under_a_connection);
        tcase_add_test(tcase, waits_double_up_to_a_minute_with_half_of_them_chance);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
