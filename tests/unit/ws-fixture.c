/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ws-fixture.h"

#include <check.h>
#include <errno.h>

#include "base/clock.h"
#include "base/str.h"

#define DEADLINE_US (20 * USEC_PER_SEC)

Fixture f;

void fixture_on_opened(void *userdata)
{
        f.n_opened++;
        if (f.say)
                ck_assert_int_eq(websocket_send(f.websocket, f.say, strlen(f.say)), 0);
        else
                sd_event_exit(loop_event(f.loop), 0);
}

void fixture_on_message(void *userdata, const char *text, size_t length)
{
        f.n_messages++;
        free(f.message);
        f.message = strdup(text);
        f.length = length;
        ck_assert_uint_eq(strlen(text), length);
        if (f.free_on_message)
                f.websocket = websocket_free(f.websocket);
        sd_event_exit(loop_event(f.loop), 0);
}

void fixture_on_closed(void *userdata, unsigned code, const char *reason)
{
        f.n_closed++;
        f.code = code;
        ck_assert_int_eq(STR_SET(f.reason, reason), 0);
        sd_event_exit(loop_event(f.loop), 0);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
        ck_abort_msg("nothing happened");
}

void fixture_setup(void)
{
        ck_assert_int_eq(loop_new(&f.loop), 0);
        ck_assert_int_ge(sd_event_add_time(loop_event(f.loop), NULL, CLOCK_BOOTTIME,
                                           clock_boottime() + DEADLINE_US, 0, on_deadline, NULL),
                         0);
}

void fixture_teardown(void)
{
        websocket_free(f.websocket);
        loop_free(f.loop);
        free(f.message);
        if (f.server)
                ws_server_stop(f.server);
}

void fixture_connect_url(const char *url, unsigned silent_after_s)
{
        const WebSocketOptions options = {
                .url = url,
                .path = "/v1/ws",
                .subprotocol = "tring.v1",
                .default_port = 8746,
                .silent_after_s = silent_after_s,
        };
        const WebSocketEvents events = {fixture_on_opened, fixture_on_message, fixture_on_closed};

        ck_assert_int_eq(websocket_new(f.loop, &options, &events, NULL, &f.websocket), 0);
}

void fixture_connect(const WsServerOptions *options, const char *host)
{
        _cleanup_free_ char *url = NULL;

        f.server = ws_server_start(options);
        url = str_printf("%s://%s:%u", options->certificate ? "wss" : "ws", host,
                         (unsigned)ws_server_port(f.server));
        fixture_connect_url(url, 0);
}

void fixture_run(void)
{
        ck_assert_int_eq(loop_run(f.loop), 0);
}
