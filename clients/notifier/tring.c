/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tring.h"

#include "base/log.h"
#include "base/session-bus.h"
#include "base/str.h"
#include "dbus/interfaces.h"
#include "model/status.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"

#define LISTENER_PATH "/org/tring/Notifier"
#define LISTENER_ID "tring-notifier"
#define LISTENER_PRIORITY (-100) /* dbus/README.md, Presenting: others go first */
#define ERROR_PREFIX TRING_NAME ".Error."

struct Tring {
        const TringEvents *events;
        void *userdata;
        GDBusConnection *bus;
        GCancellable *present; /* cancelled when tringd goes, to drop late replies */
        guint watch, listener, changes, added;
        bool registered;
};

static void register_listener(Tring *tring);
static void read_call(Tring *tring, const char *path, bool session);

static void on_listener_call(GDBusConnection *bus, const char *sender, const char *object,
                             const char *interface, const char *method, GVariant *arguments,
                             GDBusMethodInvocation *invocation, gpointer userdata)
{
        Tring *tring = userdata;
        g_autoptr(GVariant) details = NULL;
        const char *path, *session_id;

        g_variant_get(arguments, "(&o&s@a{sv})", &path, &session_id, &details);
        if (tring->events->event(tring->userdata, method, path, session_id, details))
                g_dbus_method_invocation_return_value(invocation, NULL);
        else
                g_dbus_method_invocation_return_error(invocation, G_DBUS_ERROR, G_DBUS_ERROR_FAILED,
                                                      "cannot show a notification");
}

/*
 * While a notification server hangs, this notifier does not answer, and tringd drops listeners that
 * do not answer. Register again afterwards.
 */
static void check_registration(Tring *tring, GVariant *changed)
{
        g_autofree const char **listeners = NULL;

        if (!tring->registered ||
            !g_variant_lookup(changed, PROPERTY_LISTENERS, "^a&s", &listeners) ||
            g_strv_contains(listeners, LISTENER_ID))
                return;
        log_warning("tringd dropped the notifier's listener; registering it again");
        register_listener(tring);
}

static void manager_changed(Tring *tring, GVariant *changed)
{
        guint32 unseen;

        check_registration(tring, changed);
        if (g_variant_lookup(changed, PROPERTY_UNSEEN_MISSED, "u", &unseen) && unseen == 0)
                tring->events->missed_seen(tring->userdata);
}

static void on_properties_changed(GDBusConnection *bus, const char *sender, const char *path,
                                  const char *interface, const char *signal, GVariant *arguments,
                                  gpointer userdata)
{
        Tring *tring = userdata;
        g_autoptr(GVariant) changed = NULL;
        const char *about;

        if (!g_variant_is_of_type(arguments, G_VARIANT_TYPE("(sa{sv}as)")))
                return;
        g_variant_get(arguments, "(&s@a{sv}as)", &about, &changed, NULL);
        if (str_eq(about, TRING_CALL))
                tring->events->call_changed(tring->userdata, path, changed, NULL);
        else if (str_eq(about, TRING_SESSION))
                tring->events->call_changed(tring->userdata, path, NULL, changed);
        else if (str_eq(about, TRING_MANAGER))
                manager_changed(tring, changed);
}

/* A new call, or the session of a call that was answered. */
static void on_interfaces_added(GDBusConnection *bus, const char *sender, const char *object,
                                const char *interface, const char *signal, GVariant *arguments,
                                gpointer userdata)
{
        Tring *tring = userdata;
        g_autoptr(GVariant) interfaces = NULL, call = NULL, session = NULL;
        const char *path;

        if (!g_variant_is_of_type(arguments, G_VARIANT_TYPE("(oa{sa{sv}})")))
                return;
        g_variant_get(arguments, "(&o@a{sa{sv}})", &path, &interfaces);
        call = g_variant_lookup_value(interfaces, TRING_CALL, G_VARIANT_TYPE_VARDICT);
        session = g_variant_lookup_value(interfaces, TRING_SESSION, G_VARIANT_TYPE_VARDICT);
        if (call || session)
                tring->events->call_changed(tring->userdata, path, call, session);
}

typedef struct TringRequest {
        Tring *tring;
        char *path; /* of the call, or NULL */
        bool session;
} TringRequest;

static TringRequest *request_new(Tring *tring, const char *path)
{
        TringRequest *request = g_new0(TringRequest, 1);

        request->tring = tring;
        request->path = g_strdup(path);
        return request;
}

static void request_free(TringRequest *request)
{
        g_free(request->path);
        g_free(request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TringRequest, request_free)

/* Returns which of tringd's errors this is, CALL_ERROR_NONE for none of them. */
static CallError error_of(const GError *error)
{
        g_autofree char *name = g_dbus_error_get_remote_error(error);
        CallError known;

        if (!name || !g_str_has_prefix(name, ERROR_PREFIX) ||
            call_error_from_string(name + strlen(ERROR_PREFIX), &known) < 0)
                return CALL_ERROR_NONE;
        return known;
}

/*
 * Returns the reply, or NULL and the error message. Both are NULL if cancelled: tringd is gone, or
 * the notifier is ending. *ret_error, unless NULL, is which of tringd's errors it is.
 */
static GVariant *take_answer(GObject *source, GAsyncResult *result, CallError *ret_error,
                             char **ret_sentence)
{
        g_autoptr(GError) error = NULL;
        GVariant *answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

        *ret_sentence = NULL;
        if (ret_error)
                *ret_error = error ? error_of(error) : CALL_ERROR_NONE;
        if (error && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
                g_autofree char *name = g_dbus_error_get_remote_error(error);
                const char *ours = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
                                           ? "tringd did not answer"
                                           : session_bus_error_text(name);

                (void)g_dbus_error_strip_remote_error(error);
                *ret_sentence = g_strdup(ours ? ours : error->message);
        }
        return answer;
}

static void on_called(GObject *source, GAsyncResult *result, gpointer userdata)
{
        g_autoptr(TringRequest) request = userdata;
        g_autofree char *sentence = NULL;
        g_autoptr(GVariant) answer = take_answer(source, result, NULL, &sentence);

        if (answer || sentence)
                request->tring->events->answered(request->tring->userdata, request->path, sentence);
}

void tring_call(Tring *tring, const char *path, const char *interface, const char *method,
                GVariant *arguments)
{
        g_dbus_connection_call(tring->bus, TRING_NAME,
                               str_eq(interface, TRING_MANAGER) ? TRING_PATH : path, interface,
                               method, arguments, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
                               tring->present, on_called, request_new(tring, path));
}

static void on_read(GObject *source, GAsyncResult *result, gpointer userdata)
{
        g_autoptr(TringRequest) request = userdata;
        g_autofree char *sentence = NULL;
        g_autoptr(GVariant) answer = take_answer(source, result, NULL, &sentence),
                            properties = NULL;

        if (!answer) /* no session yet, or the call is over */
                return;
        properties = g_variant_get_child_value(answer, 0);
        request->tring->events->call_changed(request->tring->userdata, request->path,
                                             request->session ? NULL : properties,
                                             request->session ? properties : NULL);
        if (!request->session)
                read_call(request->tring, request->path, true);
}

static void get_all(Tring *tring, const char *path, const char *interface,
                    GAsyncReadyCallback callback, TringRequest *request)
{
        g_dbus_connection_call(tring->bus, TRING_NAME, path, PROPERTIES, "GetAll",
                               g_variant_new("(s)", interface), G_VARIANT_TYPE("(a{sv})"),
                               G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, tring->present, callback,
                               request);
}

static void read_call(Tring *tring, const char *path, bool session)
{
        TringRequest *request = request_new(tring, path);

        request->session = session;
        get_all(tring, path, session ? TRING_SESSION : TRING_CALL, on_read, request);
}

static void on_manager_read(GObject *source, GAsyncResult *result, gpointer userdata)
{
        g_autoptr(TringRequest) request = userdata;
        g_autofree char *sentence = NULL;
        g_autoptr(GVariant) answer = take_answer(source, result, NULL, &sentence),
                            properties = NULL;
        g_autofree const char **features = NULL;

        if (!answer)
                return;
        properties = g_variant_get_child_value(answer, 0);
        if (g_variant_lookup(properties, PROPERTY_FEATURES, "^a&s", &features))
                request->tring->events->rings(request->tring->userdata,
                                              g_strv_contains(features, "ring"));
}

static void on_registered(GObject *source, GAsyncResult *result, gpointer userdata)
{
        g_autoptr(TringRequest) request = userdata;
        Tring *tring = request->tring;
        CallError error;
        g_autofree char *sentence = NULL;
        g_autoptr(GVariant) answer = take_answer(source, result, &error, &sentence);
        g_autoptr(GVariantIter) calls = NULL;
        const char *path;

        if (sentence)
                tring->events->refused(tring->userdata, error, sentence);
        if (!answer)
                return;
        tring->registered = true;
        /* Ringing calls come as events; read the ongoing ones. */
        g_variant_get(answer, "(ao)", &calls);
        while (g_variant_iter_next(calls, "&o", &path))
                read_call(tring, path, false);
}

static void register_listener(Tring *tring)
{
        GVariantBuilder options;

        tring->registered = false;
        g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
        g_variant_builder_add(&options, "{sv}", "path", g_variant_new_object_path(LISTENER_PATH));
        g_variant_builder_add(&options, "{sv}", "presents", g_variant_new_boolean(TRUE));
        g_variant_builder_add(&options, "{sv}", "priority", g_variant_new_int32(LISTENER_PRIORITY));
        g_dbus_connection_call(tring->bus, TRING_NAME, TRING_PATH, TRING_MANAGER,
                               METHOD_ADD_CALL_LISTENER,
                               g_variant_new("(sa{sv})", LISTENER_ID, &options),
                               G_VARIANT_TYPE("(ao)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
                               tring->present, on_registered, request_new(tring, NULL));
}

static void on_tringd(GDBusConnection *bus, const char *name, const char *owner, gpointer userdata)
{
        Tring *tring = userdata;

        g_clear_object(&tring->present);
        tring->present = g_cancellable_new();
        get_all(tring, TRING_PATH, TRING_MANAGER, on_manager_read, request_new(tring, NULL));
        register_listener(tring);
}

static void on_no_tringd(GDBusConnection *bus, const char *name, gpointer userdata)
{
        Tring *tring = userdata;

        if (!tring->present) /* tringd was not running before */
                return;
        g_cancellable_cancel(tring->present);
        g_clear_object(&tring->present);
        tring->registered = false;
        tring->events->gone(tring->userdata);
}

static bool export_listener(Tring *tring)
{
        static const GDBusInterfaceVTable vtable = {.method_call = on_listener_call};
        g_autoptr(GDBusNodeInfo) node =
                g_dbus_node_info_new_for_xml("<node>" LISTENER_XML "</node>", NULL);
        g_autoptr(GError) error = NULL;

        tring->listener = g_dbus_connection_register_object(
                tring->bus, LISTENER_PATH, node->interfaces[0], &vtable, tring, NULL, &error);
        if (tring->listener == 0)
                log_error("cannot register %s on the bus: %s", LISTENER_PATH, error->message);
        return tring->listener != 0;
}

Tring *tring_new(const TringEvents *events, void *userdata)
{
        g_autoptr(GError) error = NULL;
        Tring *tring = g_new0(Tring, 1);
        char text[SESSION_BUS_FAILURE_MAX];

        tring->events = events;
        tring->userdata = userdata;
        tring->bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
        if (!tring->bus) {
                log_error("%s", session_bus_failure(error->message, text));
                return tring_free(tring);
        }
        if (!export_listener(tring))
                return tring_free(tring);
        tring->changes = g_dbus_connection_signal_subscribe(
                tring->bus, TRING_NAME, PROPERTIES, "PropertiesChanged", NULL, NULL,
                G_DBUS_SIGNAL_FLAGS_NONE, on_properties_changed, tring, NULL);
        tring->added = g_dbus_connection_signal_subscribe(
                tring->bus, TRING_NAME, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
                TRING_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_interfaces_added, tring, NULL);
        /* Sessions whose bus is not the user manager's have nobody else who starts tringd. */
        tring->watch = g_bus_watch_name_on_connection(tring->bus, TRING_NAME,
                                                      G_BUS_NAME_WATCHER_FLAGS_AUTO_START,
                                                      on_tringd, on_no_tringd, tring, NULL);
        return tring;
}

Tring *tring_free(Tring *tring)
{
        if (!tring)
                return NULL;
        if (tring->present)
                g_cancellable_cancel(tring->present);
        g_clear_object(&tring->present);
        if (tring->watch)
                g_bus_unwatch_name(tring->watch);
        if (tring->changes)
                g_dbus_connection_signal_unsubscribe(tring->bus, tring->changes);
        if (tring->added)
                g_dbus_connection_signal_unsubscribe(tring->bus, tring->added);
        if (tring->listener)
                g_dbus_connection_unregister_object(tring->bus, tring->listener);
        g_clear_object(&tring->bus);
        g_free(tring);
        return NULL;
}

GDBusConnection *tring_bus(Tring *tring)
{
        return tring->bus;
}
