/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/daemon.h"

#include <errno.h>

#include "base/log.h"
#include "tringd/adapters.h"
#include "tringd/machine.h"
#include "tringd/objects.h"
#include "tringd/state-store.h"

/* Too short to notice; lets the kernel batch wakeups. */
#define DEADLINE_ACCURACY_US (5 * USEC_PER_MSEC)
/* Runs after everything else in a turn of the loop. */
#define SETTLE_PRIORITY (SD_EVENT_PRIORITY_NORMAL + 100)
#define DIRECT_PEER "direct" /* not a valid bus name, so it cannot clash with one */

const char *message_client(sd_bus_message *message)
{
        const char *sender = sd_bus_message_get_sender(message);

        return sender ? sender : DIRECT_PEER;
}

static const char *media_program(void)
{
        const char *program = getenv("TRING_MEDIA");

        return str_empty(program) ? TRING_LIBEXECDIR "/tring-media" : program;
}

static void arm_deadline(Daemon *daemon)
{
        usec_t next = phone_next_deadline(daemon->phone);
        int r = next == USEC_NEVER ? 0 : sd_event_source_set_time(daemon->deadline, next);

        if (r >= 0)
                r = sd_event_source_set_enabled(
                        daemon->deadline, next == USEC_NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
        if (r < 0)
                log_error("cannot set the timer: %s", strerror(-r));
}

void daemon_pump(Daemon *daemon)
{
        PhoneAction action;

        if (daemon->pumping)
                return;
        daemon->pumping = true;
        while (phone_next_action(daemon->phone, &action)) {
                daemon_act(daemon, &action);
                phone_action_done(&action);
        }
        daemon->pumping = false;
        arm_deadline(daemon);
        daemon_settle_later(daemon);
}

void daemon_event_given(Daemon *daemon, int r, const char *what)
{
        if (r < 0)
                log_error("the phone could not take %s: %s", what, strerror(-r));
        daemon_pump(daemon);
}

int daemon_command(Daemon *daemon, sd_bus_message *message, PhoneCommand *command,
                   MethodReply reply)
{
        uint64_t ticket;
        int r = STR_SET(command->client, message_client(message));

        if (r < 0)
                return r;
        r = pending_methods_hold(daemon->pending_methods, message, reply, &ticket);
        if (r < 0)
                return r;
        r = phone_command(daemon->phone, DAEMON_NOW(daemon), command, ticket);
        if (r < 0) {
                pending_methods_drop(daemon->pending_methods, ticket);
                daemon_pump(daemon);
                return r;
        }
        daemon_pump(daemon);
        return 1;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
        Daemon *daemon = userdata;

        daemon_event_given(daemon, phone_tick(daemon->phone, DAEMON_NOW(daemon)), "a deadline");
        return 0;
}

static void emit_logs_changed(Daemon *daemon)
{
        daemon->logs_changed = false;
        state_store_count_unseen(daemon);
        changes_flush(daemon->changes);
        int r = sd_bus_emit_signal(daemon->bus, TRING_PATH, TRING_MANAGER, SIGNAL_CALL_LOGS_CHANGED,
                                   NULL);
        if (r < 0)
                log_warning("cannot send CallLogsChanged: %s", strerror(-r));
}

static int on_settle(sd_event_source *source, void *userdata)
{
        Daemon *daemon = userdata;

        if (daemon->logs_changed)
                emit_logs_changed(daemon);
        changes_flush(daemon->changes);
        state_store_save(daemon);
        return 0;
}

void daemon_settle_later(Daemon *daemon)
{
        (void)sd_event_source_set_enabled(daemon->settle, SD_EVENT_ONESHOT);
}

static int add_sources(Daemon *daemon)
{
        sd_event *event = loop_event(daemon->loop);
        int r = sd_event_add_time(event, &daemon->deadline, CLOCK_BOOTTIME, 0, DEADLINE_ACCURACY_US,
                                  on_deadline, daemon);

        if (r >= 0)
                r = sd_event_source_set_enabled(daemon->deadline, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_defer(event, &daemon->settle, on_settle, daemon);
        if (r >= 0)
                r = sd_event_source_set_enabled(daemon->settle, SD_EVENT_OFF);
        return r < 0 ? r : sd_event_source_set_priority(daemon->settle, SETTLE_PRIORITY);
}

static int make_adapters(Daemon *daemon)
{
        sd_event *event = loop_event(daemon->loop);
        const char *media = media_program();
        int r = pending_methods_new(&daemon->pending_methods);

        if (r >= 0)
                r = changes_new(daemon->bus, &daemon->changes);
        if (r >= 0)
                r = bus_clients_new(daemon->bus, &bus_clients_events, daemon, &daemon->bus_clients);
        if (r >= 0)
                r = listener_store_new(&daemon->listener_store);
        if (r >= 0)
                r = workers_new(event, media, daemon->folders.runtime, &workers_events, daemon,
                                &daemon->workers);
        if (r >= 0)
                r = screens_new(daemon->bus, daemon->workers, &daemon->screens);
        if (r >= 0)
                r = ringer_new(event, media, &daemon->settings, &ringer_events, daemon,
                               &daemon->ringer);
        if (r >= 0)
                r = device_watch_new(event, media, daemon->folders.runtime, &device_watch_events,
                                     daemon, &daemon->devices);
        if (r >= 0)
                r = device_readers_new(daemon, &daemon->device_readers);
        return r;
}

int daemon_new(sd_bus *bus, Loop *loop, Daemon **ret)
{
        _cleanup_(daemon_freep) Daemon *daemon = calloc(1, sizeof(*daemon));

        if (!daemon)
                return -ENOMEM;
        daemon->bus = sd_bus_ref(bus);
        daemon->loop = loop;
        settings_defaults(&daemon->settings);
        int r = folders_init(&daemon->folders);
        if (r >= 0)
                r = phone_new(&daemon->phone);
        if (r >= 0)
                r = make_adapters(daemon);
        if (r >= 0)
                r = add_sources(daemon);
        if (r >= 0)
                r = objects_register(daemon);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(daemon);
        return 0;
}

static int take_state(Daemon *daemon)
{
        char machine[MACHINE_ID_MAX + 1];
        int r = machine_id(machine);

        if (r < 0)
                log_info("this computer has no id: %s", strerror(-r));
        return folders_take_state(&daemon->folders, machine);
}

int daemon_start(Daemon *daemon)
{
        int r = take_state(daemon);

        if (r < 0)
                return r;
        if (daemon->folders.problem)
                daemon_set_problem(daemon, &daemon->problem, daemon->folders.problem);
        daemon_read_settings(daemon);
        state_store_open(daemon);
        state_store_restore(daemon);
        devices_restore(daemon);
        r = hub_uplink_new(daemon->loop, daemon->settings.insecure, &hub_uplink_events, daemon,
                           &daemon->uplink);
        if (r < 0)
                return r;
        call_store_restore(daemon);
        r = hub_uplink_start_from_file(daemon);
        daemon_pump(daemon);
        return r;
}

Daemon *daemon_free(Daemon *daemon)
{
        if (!daemon)
                return NULL;
        if (daemon->settle)
                state_store_save(daemon);
        sd_event_source_disable_unref(daemon->settle);
        sd_event_source_disable_unref(daemon->deadline);
        hub_uplink_free(daemon->uplink);
        device_readers_free(daemon->device_readers);
        device_watch_free(daemon->devices);
        ringer_free(daemon->ringer);
        screens_free(daemon->screens);
        workers_free(daemon->workers);
        listener_store_free(daemon->listener_store);
        bus_clients_free(daemon->bus_clients);
        pending_methods_free(daemon->pending_methods);
        changes_free(daemon->changes);
        phone_free(daemon->phone);
        call_store_free(daemon->call_store);
        history_writer_free(daemon->history_writer);
        history_free(daemon->history);
        sd_bus_message_unref(daemon->login);
        /* Unlocks the state before the bus can start the next tringd. */
        folders_done(&daemon->folders);
        sd_bus_flush_close_unref(daemon->bus);
        free(daemon->problem);
        free(daemon->login_problem);
        free(daemon->calls_problem);
        free(daemon->settings_problem);
        free(daemon);
        return NULL;
}
