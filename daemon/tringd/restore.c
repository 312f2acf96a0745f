/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tringd that comes after one that was killed: the calls of that one are there again. */
#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "tringd/adapters.h"
#include "tringd/kept.h"

typedef struct Restoring {
        Daemon *daemon;
        bool same_bus; /* names of connections mean what they meant */
} Restoring;

static void on_written(void *userdata, int r)
{
        Daemon *daemon = userdata;
        _cleanup_free_ char *text = NULL;

        if (r < 0)
                text = str_printf("calls will not survive a restart of tringd: cannot write %s: %s",
                                  daemon->folders.history ? daemon->folders.history : "the history",
                                  strerror(-r));
        kept_trouble(daemon, &daemon->calls_trouble, r < 0 && !text ? strerror(-r) : text);
}

const KeptCallsEvents kept_calls_events = {.written = on_written};

void kept_call_act(Daemon *daemon, PhoneAction *action)
{
        int r = daemon->kept_calls ? kept_calls_take(daemon->kept_calls, action) : 0;

        if (r < 0)
                log_fields(LOG_WARNING, "a restart of tringd would not know of a change",
                           "SESSION_ID=%s", action->session_id, "WHY=%s", strerror(-r), NULL);
}

/* Whoever a call is tied to may have gone while no tringd was there to see it. */
static void restore_tie(const Restoring *restoring, const char *tied_to)
{
        Daemon *daemon = restoring->daemon;
        const Instant instant = daemon_instant();
        int r = 0;

        if (str_empty(tied_to))
                return;
        if (!restoring->same_bus)
                r = phone_owner_gone(daemon->phone, &instant, tied_to);
        else
                r = owners_check(daemon->owners, tied_to);
        if (r < 0)
                log_warning("cannot watch %s: %s", tied_to, strerror(-r));
}

static void restore_call(void *userdata, PhoneCallState *state)
{
        const Restoring *restoring = userdata;
        Daemon *daemon = restoring->daemon;
        const Instant instant = daemon_instant();
        const char *session_id = state->record.session_id;
        bool worker = workers_adopt(daemon->workers, session_id);

        if (!restoring->same_bus)
                state->handler[0] = '\0';
        int r = phone_restore_call(daemon->phone, &instant, state, worker);
        if (r < 0)
                log_fields(LOG_WARNING, "a call is not there again", "SESSION_ID=%s", session_id,
                           "WHY=%s", strerror(-r), NULL);
        else
                log_fields(LOG_INFO, "a call goes on after a restart", "SESSION_ID=%s", session_id,
                           NULL);
        if (r >= 0)
                restore_tie(restoring, state->tied_to);
        else if (worker)
                workers_stop(daemon->workers, session_id);
}

static void restore_request(void *userdata, const Message *message)
{
        const Restoring *restoring = userdata;
        const Instant instant = daemon_instant();
        int r = phone_restore_request(restoring->daemon->phone, &instant, message);

        if (r < 0)
                log_warning("the hub is not told of a '%s': %s",
                            message_type_to_string(message->type), strerror(-r));
}

static const KeptCallsReader reader = {.call = restore_call, .request = restore_request};

static bool is_same_bus(Daemon *daemon)
{
        _cleanup_free_ char *last = kept_get(daemon, KEPT_BUS);
        char id[SD_ID128_STRING_MAX];

        if (str_eq(kept_bus_id(daemon, id), last))
                return true;
        kept_put(daemon, KEPT_BUS, id);
        return false;
}

void kept_restore_calls(Daemon *daemon)
{
        Restoring restoring = {.daemon = daemon, .same_bus = is_same_bus(daemon)};
        const char *credentials = daemon->folders.credentials;
        int r;

        if (!daemon->kept_calls)
                return;
        /* Who has logged out has no calls, whatever the last tringd had no time to store. */
        if (!credentials || access(credentials, F_OK) < 0)
                r = kept_calls_clear(daemon->kept_calls);
        else
                r = kept_calls_read(daemon->kept_calls, &reader, &restoring);
        if (r < 0)
                log_warning("cannot read what went on before: %s", strerror(-r));
        daemon_pump(daemon);
}
