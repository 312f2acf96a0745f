/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/client.h"

#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "rig/text.h"

#define ERROR_PREFIX "org.tring.Calls1.Error."

static int name_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Client *client = userdata;
        const char *name, *old, *new;

        rig_check(sd_bus_message_read(message, "sss", &name, &old, &new), "NameOwnerChanged");
        if (str_eq(name, TRING_NAME))
                STR_SET(client->owner, new);
        return 0;
}

/* The call that a signal is about; signals of the root object name it first. */
static void name_path(HeardSignal *signal, const char *path)
{
        const char *named;

        STR_SET(signal->path, path);
        if (str_eq(path, TRING_ROOT) && sd_bus_message_read_basic(signal->message, 'o', &named) > 0)
                STR_SET(signal->path, named);
}

static bool brings_only_session(sd_bus_message *message)
{
        _cleanup_free_ char *interfaces = text_of_argument(message, 1);

        return strstr(interfaces, TRING_SESSION ":") && !strstr(interfaces, TRING_CALL ":");
}

/* Microphones of the rig give exact silence until a test speaks; that is no fault. */
static bool misses_a_voice(sd_bus_message *message)
{
        _cleanup_free_ char *text = NULL;

        if (!str_eq(sd_bus_message_get_member(message), "Error"))
                return false;
        text = text_of_argument(message, 1);
        return strstr(text, "your microphone gives nothing");
}

static int signal_heard(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Client *client = userdata;
        HeardSignal *signal;

        if (misses_a_voice(message))
                return 0;
        client->signals =
                reallocarray(client->signals, client->n_signals + 1, sizeof(*client->signals));
        if (!client->signals)
                rig_fail("out of memory");
        signal = rig_alloc(sizeof(*signal));
        client->signals[client->n_signals++] = signal;
        *signal = (HeardSignal){.at = clock_boottime(), .message = sd_bus_message_ref(message)};
        STR_SET(signal->member, sd_bus_message_get_member(message));
        name_path(signal, sd_bus_message_get_path(message));
        if (str_eq(signal->member, "InterfacesAdded") && brings_only_session(message))
                STR_SET(signal->member, "InterfacesAdded(Session)");
        return 0;
}

Client *client_new(Rig *rig, const char *address)
{
        Client *client = rig_alloc(sizeof(*client));
        sd_bus_message *reply = NULL;

        client->rig = rig;
        rig_check(sd_bus_new(&client->bus), "sd_bus_new");
        rig_check(sd_bus_set_address(client->bus, address), address);
        rig_check(sd_bus_set_bus_client(client->bus, true), "sd_bus_set_bus_client");
        rig_check(sd_bus_start(client->bus), address);
        rig_check(sd_bus_attach_event(client->bus, rig->event, 0), "sd_bus_attach_event");
        rig_check(sd_bus_match_signal(client->bus, NULL, "org.freedesktop.DBus",
                                      "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                      "NameOwnerChanged", name_owner_changed, client),
                  "a match");
        rig_check(sd_bus_add_match(client->bus, NULL,
                                   "type='signal',path_namespace='" TRING_ROOT "'", signal_heard,
                                   client),
                  "a match");
        if (sd_bus_call_method(client->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", "GetNameOwner", NULL, &reply, "s",
                               TRING_NAME) >= 0) {
                const char *owner;

                rig_check(sd_bus_message_read(reply, "s", &owner), "GetNameOwner");
                STR_SET(client->owner, owner);
        }
        sd_bus_message_unref(reply);
        return client;
}

Client *client_free(Client *client)
{
        if (!client)
                return NULL;

        for (size_t i = 0; i < client->n_signals; i++) {
                sd_bus_message_unref(client->signals[i]->message);
                free(client->signals[i]);
        }
        free(client->signals);
        sd_bus_detach_event(client->bus);
        sd_bus_close_unref(client->bus);
        free(client);
        return NULL;
}

void client_wait_owner(Client *client, bool present)
{
        usec_t deadline = rig_deadline();

        while (!str_empty(client->owner) != present)
                rig_run_once(client->rig, deadline,
                             present ? "tringd to own its name" : "tringd to leave the bus");
}

typedef struct Pending {
        sd_bus_message *reply;
} Pending;

static int replied(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Pending *pending = userdata;

        pending->reply = sd_bus_message_ref(reply);
        return 0;
}

sd_bus_message *client_exchange(Client *client, sd_bus_message *call)
{
        usec_t deadline = rig_deadline();
        Pending pending = {};
        char what[128];

        snprintf(what, sizeof(what), "the reply to %s", sd_bus_message_get_member(call));
        rig_check(sd_bus_call_async(client->bus, NULL, call, replied, &pending, USEC_NEVER), what);
        while (!pending.reply)
                rig_run_once(client->rig, deadline, what);
        sd_bus_message_unref(call);
        return pending.reply;
}

static sd_bus_message *new_call(Client *client, const char *path, const char *interface,
                                const char *member, const char *types, va_list ap)
{
        sd_bus_message *call;

        rig_check(sd_bus_message_new_method_call(client->bus, &call, TRING_NAME, path, interface,
                                                 member),
                  member);
        if (types)
                rig_check(sd_bus_message_appendv(call, types, ap), member);
        return call;
}

static sd_bus_message *call_or_fail(Client *client, const char *path, const char *interface,
                                    const char *member, const char *types, va_list ap)
{
        sd_bus_message *reply =
                client_exchange(client, new_call(client, path, interface, member, types, ap));
        const sd_bus_error *error = sd_bus_message_get_error(reply);

        if (error)
                rig_fail("%s: %s: %s", member, error->name, error->message);
        return reply;
}

sd_bus_message *client_call(Client *client, const char *path, const char *interface,
                            const char *member, const char *types, ...)
{
        sd_bus_message *reply;
        va_list ap;

        va_start(ap, types);
        reply = call_or_fail(client, path, interface, member, types, ap);
        va_end(ap);
        return reply;
}

void client_do(Client *client, const char *path, const char *interface, const char *member,
               const char *types, ...)
{
        va_list ap;

        va_start(ap, types);
        sd_bus_message_unref(call_or_fail(client, path, interface, member, types, ap));
        va_end(ap);
}

void client_refused(Client *client, const char *error, const char *text, const char *path,
                    const char *interface, const char *member, const char *types, ...)
{
        sd_bus_message *reply;
        const sd_bus_error *got;
        char name[128];
        va_list ap;

        va_start(ap, types);
        reply = client_exchange(client, new_call(client, path, interface, member, types, ap));
        va_end(ap);

        snprintf(name, sizeof(name), "%s%s", strchr(error, '.') ? "" : ERROR_PREFIX, error);
        got = sd_bus_message_get_error(reply);
        if (!got)
                rig_fail("%s succeeded in place of %s", member, name);
        if (!str_eq(got->name, name) || !strstr(got->message, text))
                rig_fail("%s failed with '%s: %s' in place of '%s: …%s…'", member, got->name,
                         got->message, name, text);
        sd_bus_message_unref(reply);
}

char *client_property(Client *client, const char *path, const char *interface, const char *property)
{
        sd_bus_message *reply =
                client_call(client, path, DBUS_PROPERTIES, "Get", "ss", interface, property);
        char *text = text_of_value(reply);

        sd_bus_message_unref(reply);
        return text;
}

void client_wait_property(Client *client, const char *path, const char *interface,
                          const char *property, const char *value)
{
        usec_t deadline = rig_deadline();

        for (;;) {
                _cleanup_free_ char *got = client_property(client, path, interface, property);
                char what[512];

                if (str_eq(got, value))
                        return;
                snprintf(what, sizeof(what), "%s to be '%s'; it is '%s'", property, value, got);
                rig_run_once(client->rig, deadline, what);
        }
}

bool client_object_exists(Client *client, const char *path)
{
        sd_bus_message *reply =
                client_call(client, TRING_ROOT, "org.freedesktop.DBus.ObjectManager",
                            "GetManagedObjects", NULL);
        _cleanup_free_ char *objects = text_of_value(reply);
        char key[RIG_PATH_MAX];

        sd_bus_message_unref(reply);
        rig_path(key, "%s:", path);
        return strstr(objects, key);
}

static bool is_about(const HeardSignal *signal, const char *member, const char *path)
{
        return str_eq(signal->member, member) && (!path || str_eq(signal->path, path));
}

HeardSignal *client_wait_signal(Client *client, const char *member, const char *path)
{
        usec_t deadline = rig_deadline();
        size_t seen = 0;

        for (;;) {
                for (; seen < client->n_signals; seen++) {
                        HeardSignal *signal = client->signals[seen];

                        if (is_about(signal, member, path) && !signal->taken) {
                                signal->taken = true;
                                return signal;
                        }
                }
                rig_run_once(client->rig, deadline, member);
        }
}

void client_synchronise(Client *client)
{
        client_do(client, TRING_ROOT, "org.freedesktop.DBus.Peer", "Ping", NULL);
}

unsigned client_count_signals(Client *client, const char *member, const char *path)
{
        unsigned count = 0;

        client_synchronise(client);
        for (size_t i = 0; i < client->n_signals; i++)
                count += is_about(client->signals[i], member, path);
        return count;
}

char *client_signal_order(Client *client, const char *path)
{
        char *text = NULL;
        size_t size;
        FILE *out;

        client_synchronise(client);
        out = open_memstream(&text, &size);
        if (!out)
                rig_fail("out of memory");
        for (size_t i = 0; i < client->n_signals; i++)
                if (str_eq(client->signals[i]->path, path))
                        fprintf(out, "%s%s", ftell(out) > 0 ? " " : "", client->signals[i]->member);
        fclose(out);
        return text;
}
