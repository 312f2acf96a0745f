/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>

#include "base/log.h"
#include "tringd/adapters.h"
#include "tringd/daemon.h"
#include "tringd/details.h"
#include "tringd/errors.h"
#include "tringd/objects.h"
#include "tringd/state-store.h"

static void report(const PhoneAction *action, const char *what, int r)
{
        if (r < 0)
                log_fields(LOG_WARNING, what, "SESSION_ID=%s", action->session_id, "WHY=%s",
                           strerror(-r), NULL);
}

static int new_signal(Daemon *daemon, const char *path, const char *interface, const char *member,
                      sd_bus_message **ret)
{
        changes_flush(daemon->changes);
        return sd_bus_message_new_signal(daemon->bus, ret, path, interface, member);
}

static void emit_status_changed(Daemon *daemon, const PhoneAction *action)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;
        const PhoneCallInfo *call = phone_call_find(daemon->phone, action->session_id);
        char path[CALL_PATH_SIZE];
        int r = !call ? -ENOENT
                      : new_signal(daemon, call_path_from_id(path, action->session_id), TRING_CALL,
                                   SIGNAL_STATUS_CHANGED, &signal);

        if (r >= 0)
                r = sd_bus_message_append(signal, "sss", call_status_to_string(action->old_status),
                                          call_status_to_string(action->new_status),
                                          action->reason);
        if (r >= 0)
                r = details_append_call(signal, call, clock_boottime(), &(DetailsMarks){});
        if (r >= 0)
                r = sd_bus_send(daemon->bus, signal, NULL);
        report(action, "cannot send StatusChanged", r);
}

static void emit_event(Daemon *daemon, const PhoneAction *action)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;
        const PhoneCallInfo *call = phone_call_find(daemon->phone, action->session_id);
        const bool presents = false; /* a signal does not ask to present */
        char path[CALL_PATH_SIZE];
        const DetailsMarks marks = {
                .present = action->event == PHONE_EVENT_INCOMING_CALL_RECEIVED ? &presents : NULL,
                .resumed = action->resumed,
        };
        int r = !call ? -ENOENT
                      : new_signal(daemon, TRING_PATH, TRING_MANAGER,
                                   phone_event_to_string(action->event), &signal);

        if (r >= 0)
                r = sd_bus_message_append(signal, "os", call_path_from_id(path, action->session_id),
                                          action->session_id);
        if (r >= 0)
                r = details_append_call(signal, call, clock_boottime(), &marks);
        if (r >= 0)
                r = sd_bus_send(daemon->bus, signal, NULL);
        report(action, "cannot send an event", r);
}

static void emit_participant(Daemon *daemon, const PhoneAction *action)
{
        static const char *const members[] = {
                [PHONE_USER_JOINED] = SIGNAL_USER_JOINED,
                [PHONE_USER_LEFT] = SIGNAL_USER_LEFT,
                [PHONE_PARTICIPANT_CHANGED] = SIGNAL_PARTICIPANT_CHANGED,
        };
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;
        char path[CALL_PATH_SIZE];
        int r = new_signal(daemon, call_path_from_id(path, action->session_id), TRING_SESSION,
                           members[action->type], &signal);

        if (r >= 0)
                r = details_append_participant(signal, &action->participant);
        if (r >= 0)
                r = sd_bus_send(daemon->bus, signal, NULL);
        report(action, "cannot send a change of a participant", r);
}

static void emit_session_error(Daemon *daemon, const PhoneAction *action)
{
        char path[CALL_PATH_SIZE], name[ERROR_NAME_SIZE];

        changes_flush(daemon->changes);
        report(action, "cannot send Session.Error",
               sd_bus_emit_signal(daemon->bus, call_path_from_id(path, action->session_id),
                                  TRING_SESSION, SIGNAL_ERROR, "ss",
                                  error_name(name, action->error), action->text));
}

static void answer(Daemon *daemon, const PhoneAction *action)
{
        const char *tied_to = pending_methods_tied_client(daemon->pending_methods, action->ticket);

        /* Only once the call exists; bus_clients_watch() also finds that a connection is gone. */
        if (tied_to && action->error == CALL_ERROR_NONE)
                report(action, "cannot watch the program that the call is tied to",
                       bus_clients_watch(daemon->bus_clients, tied_to));
        changes_flush(daemon->changes);
        pending_methods_answer(daemon->pending_methods, action);
}

static void send_to_hub(Daemon *daemon, const PhoneAction *action)
{
        int r = daemon->uplink ? hub_uplink_send(daemon->uplink, &action->message) : -ENOTCONN;

        if (r < 0)
                log_debug("cannot send '%s' to the hub: %s",
                          message_type_to_string(action->message.type), strerror(-r));
}

static void try_hub_again(Daemon *daemon, const PhoneAction *action)
{
        hub_uplink_try_again(daemon->uplink);
}

static void manager_changed(Daemon *daemon, const PhoneAction *action)
{
        const uint32_t policy = PHONE_PROPERTY_WHEN_BUSY | PHONE_PROPERTY_DO_NOT_DISTURB;

        if (action->properties & PHONE_PROPERTY_USER)
                state_store_name(daemon, phone_user(daemon->phone));
        changes_manager(daemon->changes, action->properties);
        daemon->policy_changed = daemon->policy_changed || action->properties & policy;
        daemon->listeners_changed =
                daemon->listeners_changed || action->properties & PHONE_PROPERTY_LISTENERS;
}

static void call_added(Daemon *daemon, const PhoneAction *action)
{
        const PhoneCallInfo *call = phone_call_find(daemon->phone, action->session_id);

        changes_call_added(daemon->changes, action->session_id, call && call->has_session);
        if (call && call->stored.record.status == CALL_STATUS_ONGOING)
                (void)workers_adopt(daemon->workers, action->session_id);
}

static void forget_history(Daemon *daemon, const PhoneAction *action)
{
        History *history = state_store_history(daemon);

        if (!history)
                return;
        report(action, "cannot delete from the history",
               history_forget(history, &action->sessions, NULL));
        daemon->logs_changed = true;
}

static void call_changed(Daemon *daemon, const PhoneAction *action)
{
        changes_call(daemon->changes, action->session_id, action->properties);
}

static void call_removed(Daemon *daemon, const PhoneAction *action)
{
        changes_call_removed(daemon->changes, action->session_id);
}

static void session_added(Daemon *daemon, const PhoneAction *action)
{
        changes_session_added(daemon->changes, action->session_id);
}

static void session_changed(Daemon *daemon, const PhoneAction *action)
{
        changes_session(daemon->changes, action->session_id, action->properties);
}

static void put_history(Daemon *daemon, const PhoneAction *action)
{
        if (daemon->history)
                report(action, "cannot write a call to the history",
                       history_writer_put(daemon->history_writer, &action->record));
}

/* Handlers that take over what the action owns. */
static void (*const takers[PHONE_ACTION_TYPE_COUNT])(Daemon *daemon, PhoneAction *action) = {
        [PHONE_CALL_STORE] = call_store_act,
        [PHONE_CALL_FORGET] = call_store_act,
        [PHONE_REQUEST_STORE] = call_store_act,
        [PHONE_REQUEST_FORGET] = call_store_act,
};

static void (*const actors[PHONE_ACTION_TYPE_COUNT])(Daemon *daemon, const PhoneAction *action) = {
        [PHONE_SEND] = send_to_hub,
        [PHONE_CONNECT] = try_hub_again,
        [PHONE_DONE] = answer,
        [PHONE_CALL_ADDED] = call_added,
        [PHONE_CALL_CHANGED] = call_changed,
        [PHONE_CALL_REMOVED] = call_removed,
        [PHONE_SESSION_ADDED] = session_added,
        [PHONE_SESSION_CHANGED] = session_changed,
        [PHONE_MANAGER_CHANGED] = manager_changed,
        [PHONE_STATUS_CHANGED] = emit_status_changed,
        [PHONE_BROADCAST] = emit_event,
        [PHONE_LISTENER_CALL] = listener_call,
        [PHONE_USER_JOINED] = emit_participant,
        [PHONE_USER_LEFT] = emit_participant,
        [PHONE_PARTICIPANT_CHANGED] = emit_participant,
        [PHONE_SESSION_ERROR] = emit_session_error,
        [PHONE_TONE] = media_play_tone,
        [PHONE_WORKER_START] = media_start,
        [PHONE_WORKER_JOIN] = media_join,
        [PHONE_WORKER_PARTICIPANT_JOINED] = media_participant,
        [PHONE_WORKER_PARTICIPANT_LEFT] = media_participant,
        [PHONE_WORKER_SIGNAL] = media_signal,
        [PHONE_WORKER_MUTE] = media_mute,
        [PHONE_WORKER_RELAYS] = media_relays,
        [PHONE_WORKER_PAUSE] = media_pause,
        [PHONE_WORKER_SCREEN_STOP] = media_stop_screen,
        [PHONE_WORKER_PING] = media_ask,
        [PHONE_WORKER_CUT] = media_cut,
        [PHONE_WORKER_KILL] = media_kill,
        [PHONE_WORKER_STOP] = media_stop,
        [PHONE_HISTORY_PUT] = put_history,
        [PHONE_HISTORY_FORGET] = forget_history,
};

void daemon_act(Daemon *daemon, PhoneAction *action)
{
        assert(action->type < PHONE_ACTION_TYPE_COUNT);
        if (takers[action->type]) {
                takers[action->type](daemon, action);
                return;
        }
        assert(actors[action->type]);
        actors[action->type](daemon, action);
}
