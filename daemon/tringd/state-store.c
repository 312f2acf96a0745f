/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/state-store.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/boot-date.h"
#include "base/log.h"
#include "tringd/adapters.h"

#define KEY_DEVICE "device"
#define KEY_WHEN_BUSY "when-busy"
#define KEY_DO_NOT_DISTURB "do-not-disturb"
#define KEY_SINCE "history-since"
#define KEY_BOOT "boot"
#define KEY_BOOT_DATE "boot-date"
#define KEY_UID "uid"
#define KEY_NAME "name"
#define KEY_HUB "hub"

void daemon_set_problem(Daemon *daemon, char **problem, const char *text)
{
        if (text)
                log_warning("%s", text);
        if (str_eq(*problem, text))
                return;
        free(*problem);
        *problem = text ? strdup(text) : NULL;
        changes_manager(daemon->changes, PHONE_PROPERTY_CONNECTION);
        daemon_settle_later(daemon);
}

static void on_written(void *userdata)
{
        Daemon *daemon = userdata;

        daemon->logs_changed = true;
        daemon_settle_later(daemon);
}

/* A home that comes from another computer brings its calls; the login and the device stay there. */
static void copy_history(const Folders *folders)
{
        if (!folders->foreign || !folders->history || access(folders->history, F_OK) == 0)
                return;
        _cleanup_free_ char *theirs = str_printf("%s/history.db", folders->base);
        int r = !theirs                    ? -ENOMEM
                : access(theirs, F_OK) < 0 ? 0
                                           : database_copy(theirs, folders->history);
        if (r < 0)
                log_warning("cannot copy the history in %s: %s", folders->base, strerror(-r));
}

void state_store_open(Daemon *daemon)
{
        _cleanup_free_ char *text = NULL, *memory_text = NULL;
        copy_history(&daemon->folders);
        int r = history_open(daemon->folders.history, &daemon->history, &text);

        if (r < 0)
                daemon_set_problem(daemon, &daemon->problem, text ? text : strerror(-r));
        if (!daemon->history)
                r = history_open(NULL, &daemon->history, &memory_text);
        if (daemon->history)
                r = history_writer_new(loop_event(daemon->loop), daemon->history, on_written,
                                       daemon, &daemon->history_writer);
        if (r >= 0 && daemon->history)
                r = call_store_new(loop_event(daemon->loop), daemon->history, &call_store_events,
                                   daemon, &daemon->call_store);
        if (r >= 0)
                return;
        log_error("cannot open a history: %s", memory_text ? memory_text : strerror(-r));
        daemon->history_writer = history_writer_free(daemon->history_writer);
        daemon->history = history_free(daemon->history);
}

History *state_store_history(Daemon *daemon)
{
        if (daemon->history)
                (void)history_writer_flush(daemon->history_writer);
        return daemon->history;
}

void state_store_put(Daemon *daemon, const char *key, const char *value)
{
        int r = daemon->history ? history_setting_put(daemon->history, key, value) : 0;

        if (r < 0)
                log_warning("cannot store '%s': %s", key, strerror(-r));
}

char *state_store_get(Daemon *daemon, const char *key)
{
        char *value = NULL;
        int r = daemon->history ? history_setting_get(daemon->history, key, &value) : -ENOENT;

        if (r < 0 && r != -ENOENT)
                log_warning("cannot read the stored '%s': %s", key, strerror(-r));
        return r < 0 ? NULL : value;
}

static void get_into(Daemon *daemon, const char *key, char *buffer, size_t size)
{
        _cleanup_free_ char *value = state_store_get(daemon, key);

        if (value)
                (void)str_copy(buffer, size, value);
}

void state_store_draw_device(char device[static DEVICE_ID_MAX + 1])
{
        sd_id128_t id;
        int r = sd_id128_randomize(&id);

        if (r < 0)
                log_error("cannot make a device id: %s", strerror(-r));
        else
                (void)str_copy(device, DEVICE_ID_MAX + 1, SD_ID128_TO_UUID_STRING(id));
}

void state_store_put_device(Daemon *daemon)
{
        state_store_put(daemon, KEY_DEVICE, daemon->user.device);
}

/* The device belongs to the login: without one that is stored, the next login is a new device. */
static void restore_device(Daemon *daemon)
{
        const char *credentials = daemon->folders.credentials;

        if (credentials && access(credentials, F_OK) == 0)
                get_into(daemon, KEY_DEVICE, daemon->user.device, sizeof(daemon->user.device));
        if (uid_is_valid(daemon->user.device))
                return;
        state_store_draw_device(daemon->user.device);
        state_store_put_device(daemon);
}

/* Says what to do in a home that another computer is logged in with. */
static void check_login(Daemon *daemon)
{
        const Folders *folders = &daemon->folders;
        _cleanup_free_ char *theirs =
                folders->foreign ? str_printf("%s/credentials", folders->base) : NULL;

        if (!theirs || !folders->credentials || access(folders->credentials, F_OK) == 0 ||
            access(theirs, F_OK) < 0)
                return;
        daemon_set_problem(daemon, &daemon->login_problem,
                           "the login in this home folder is another computer's: "
                           "log in on this computer");
}

static uint64_t get_number(Daemon *daemon, const char *key)
{
        _cleanup_free_ char *digits = state_store_get(daemon, key);

        return digits ? strtoull(digits, NULL, 10) : 0;
}

static void put_number(Daemon *daemon, const char *key, uint64_t number)
{
        char digits[sizeof("18446744073709551615")];

        snprintf(digits, sizeof(digits), "%" PRIu64, number);
        state_store_put(daemon, key, digits);
}

static void restore_boot_date(Daemon *daemon)
{
        BootDate stored = {.boot = get_number(daemon, KEY_BOOT),
                           .date = get_number(daemon, KEY_BOOT_DATE)};
        BootDate here = boot_date_read(stored);

        daemon->boot_date = here.date;
        if (here.boot == stored.boot)
                return;
        put_number(daemon, KEY_BOOT_DATE, here.date);
        put_number(daemon, KEY_BOOT, here.boot);
}

static void restore_policy(Daemon *daemon)
{
        _cleanup_free_ char *busy_word = state_store_get(daemon, KEY_WHEN_BUSY);
        _cleanup_free_ char *dnd_word = state_store_get(daemon, KEY_DO_NOT_DISTURB);
        WhenBusy when_busy = WHEN_BUSY_REJECT;

        if (busy_word && when_busy_from_string(busy_word, &when_busy) < 0)
                when_busy = WHEN_BUSY_REJECT;
        phone_restore_policy(daemon->phone, when_busy, str_eq(dnd_word, "yes"));
        daemon->history_since = get_number(daemon, KEY_SINCE);
        phone_restore_history_since(daemon->phone, daemon->history_since);
}

const char *state_store_bus_id(Daemon *daemon, char id[static SD_ID128_STRING_MAX])
{
        sd_id128_t bus;

        if (sd_bus_get_bus_id(daemon->bus, &bus) < 0)
                bus = SD_ID128_NULL;
        return sd_id128_to_string(bus, id);
}

static void restore_listeners(Daemon *daemon)
{
        char id[SD_ID128_STRING_MAX];
        const char *client;
        int r = daemon->history ? listener_store_load(daemon->listener_store, daemon->history,
                                                      state_store_bus_id(daemon, id))
                                : 0;

        if (r < 0)
                log_warning("cannot read the stored call listeners: %s", strerror(-r));
        for (size_t i = 0; (client = listener_store_client(daemon->listener_store, i)); i++) {
                r = bus_clients_check(daemon->bus_clients, client);
                if (r < 0)
                        log_warning("cannot watch %s: %s", client, strerror(-r));
        }
}

void state_store_restore(Daemon *daemon)
{
        restore_boot_date(daemon);
        restore_device(daemon);
        check_login(daemon);
        restore_policy(daemon);
        get_into(daemon, KEY_UID, daemon->user.uid, sizeof(daemon->user.uid));
        get_into(daemon, KEY_NAME, daemon->user.name, sizeof(daemon->user.name));
        restore_listeners(daemon);
        state_store_count_unseen(daemon);
}

void state_store_count_unseen(Daemon *daemon)
{
        uint32_t unseen = 0;
        int r = daemon->history ? history_unseen_missed(daemon->history, &unseen) : 0;

        if (r < 0)
                log_warning("cannot count the missed calls: %s", strerror(-r));
        if (r < 0 || unseen == daemon->unseen_missed)
                return;
        daemon->unseen_missed = unseen;
        changes_manager(daemon->changes, CHANGES_UNSEEN_MISSED);
}

static void put_since(Daemon *daemon)
{
        daemon->history_since = phone_history_since(daemon->phone);
        put_number(daemon, KEY_SINCE, daemon->history_since);
}

static void put_policy(Daemon *daemon)
{
        daemon->policy_changed = false;
        state_store_put(daemon, KEY_WHEN_BUSY, when_busy_to_string(phone_when_busy(daemon->phone)));
        state_store_put(daemon, KEY_DO_NOT_DISTURB,
                        phone_do_not_disturb(daemon->phone) ? "yes" : "no");
}

static void put_listeners(Daemon *daemon)
{
        char id[SD_ID128_STRING_MAX];

        daemon->listeners_changed = false;
        int r = listener_store_save(daemon->listener_store, daemon->history,
                                    state_store_bus_id(daemon, id), daemon->phone);
        if (r < 0)
                log_warning("cannot store the call listeners: %s", strerror(-r));
}

void state_store_save(Daemon *daemon)
{
        if (!daemon->history)
                return;
        if (daemon->policy_changed)
                put_policy(daemon);
        if (daemon->listeners_changed)
                put_listeners(daemon);
        /* Store the date after the records: after a crash the hub sends missing ones again. */
        if (phone_history_since(daemon->phone) != daemon->history_since) {
                if (history_writer_flush(daemon->history_writer))
                        put_since(daemon);
        }
}

void state_store_name(Daemon *daemon, const Party *user)
{
        if (!str_eq(daemon->user.uid, user->uid) || str_eq(daemon->user.name, user->name))
                return;
        (void)STR_SET(daemon->user.name, user->name);
        state_store_put(daemon, KEY_NAME, daemon->user.name);
}

void state_store_user(Daemon *daemon, const Party *user)
{
        _cleanup_free_ char *hub = state_store_get(daemon, KEY_HUB);
        char bus[SD_ID128_STRING_MAX];
        bool somebody_else = !str_eq(daemon->user.uid, user->uid) ||
                             !str_eq(hub, hub_uplink_hub(daemon->uplink));

        if (!somebody_else && str_eq(daemon->user.name, user->name))
                return;
        (void)STR_SET(daemon->user.uid, user->uid);
        (void)STR_SET(daemon->user.name, user->name);
        if (!daemon->history)
                return;
        int r = somebody_else ? history_clear(state_store_history(daemon)) : 0;
        if (r < 0)
                log_warning("cannot clear the last user's history: %s", strerror(-r));
        daemon->logs_changed = daemon->logs_changed || somebody_else;
        restore_boot_date(daemon);
        state_store_put_device(daemon);
        state_store_put(daemon, KEY_UID, daemon->user.uid);
        state_store_put(daemon, KEY_NAME, daemon->user.name);
        state_store_put(daemon, KEY_HUB, hub_uplink_hub(daemon->uplink));
        state_store_put(daemon, STATE_BUS, state_store_bus_id(daemon, bus));
        daemon->policy_changed = daemon->listeners_changed = true;
}
