/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Restores the calls of a tringd that was killed. */
#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "tringd/adapters.h"
#include "tringd/state-store.h"

typedef struct Restoring {
        Daemon *daemon;
        bool same_bus; /* as the last tringd's: its connection names are still valid */
} Restoring;

static void on_written(void *userdata, int r)
{
        Daemon *daemon = userdata;
        _cleanup_free_ char *text = NULL;

        if (r < 0)
                text = str_printf("calls will not survive a restart of tringd: cannot write %s: %s",
                                  daemon->folders.history ? daemon->folders.history : "the history",
                                  strerror(-r));
        daemon_set_problem(daemon, &daemon->calls_problem, r < 0 && !text ? strerror(-r) : text);
}

const CallStoreEvents call_store_events = {.written = on_written};

void call_store_act(Daemon *daemon, PhoneAction *action)
{
        int r = daemon->call_store ? call_store_take(daemon->call_store, action) : 0;

        if (r < 0)
                log_fields(LOG_WARNING, "cannot store the state of a call", "SESSION_ID=%s",
                           action->session_id, "WHY=%s", strerror(-r), NULL);
}

/* The program that a call is tied to may have left while no tringd was running. */
static void restore_tie(const Restoring *restoring, const char *tied_to)
{
        Daemon *daemon = restoring->daemon;
        int r = 0;

        if (str_empty(tied_to))
                return;
        if (!restoring->same_bus)
                r = phone_client_gone(daemon->phone, DAEMON_NOW(daemon), tied_to);
        else
                r = bus_clients_check(daemon->bus_clients, tied_to);
        if (r < 0)
                log_warning("cannot watch %s: %s", tied_to, strerror(-r));
}

static void restore_call(void *userdata, StoredCall *state)
{
        const Restoring *restoring = userdata;
        Daemon *daemon = restoring->daemon;
        const char *session_id = state->record.session_id;
        bool worker = workers_adopt(daemon->workers, session_id);

        if (!restoring->same_bus)
                state->handler[0] = '\0';
        int r = phone_restore_call(daemon->phone, DAEMON_NOW(daemon), state, worker);
        if (r < 0)
                log_fields(LOG_WARNING, "cannot restore a call", "SESSION_ID=%s", session_id,
                           "WHY=%s", strerror(-r), NULL);
        else
                log_fields(LOG_INFO, "restored a call", "SESSION_ID=%s", session_id, NULL);
        if (r >= 0)
                restore_tie(restoring, state->tied_to);
        else if (worker)
                workers_stop(daemon->workers, session_id);
}

static void restore_request(void *userdata, const Message *message)
{
        const Restoring *restoring = userdata;
        int r = phone_restore_request(restoring->daemon->phone, DAEMON_NOW(restoring->daemon),
                                      message);

        if (r < 0)
                log_warning("cannot restore the request '%s' to the hub: %s",
                            message_type_to_string(message->type), strerror(-r));
}

static const CallStoreReader reader = {.call = restore_call, .request = restore_request};

static bool is_same_bus(Daemon *daemon)
{
        _cleanup_free_ char *last = state_store_get(daemon, STATE_BUS);
        char id[SD_ID128_STRING_MAX];

        if (str_eq(state_store_bus_id(daemon, id), last))
                return true;
        state_store_put(daemon, STATE_BUS, id);
        return false;
}

void call_store_restore(Daemon *daemon)
{
        Restoring restoring = {.daemon = daemon, .same_bus = is_same_bus(daemon)};
        const char *credentials = daemon->folders.credentials;
        int r;

        if (!daemon->call_store)
                return;
        /* After a logout no call comes back, even if the last tringd had no time to delete it. */
        if (!credentials || access(credentials, F_OK) < 0)
                r = call_store_clear(daemon->call_store);
        else
                r = call_store_read(daemon->call_store, &reader, &restoring);
        if (r < 0)
                log_warning("cannot read the stored calls: %s", strerror(-r));
        daemon_pump(daemon);
}
