/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notifier.h"

#include "base/log.h"
#include "dbus/interfaces.h"
#include "notification.h"
#include "sound.h"
#include "tring.h"

#define SERVER_NAME "org.freedesktop.Notifications"
/*
 * How many times a call's popup is shown again if the server closes it, or dies, and nobody has
 * dismissed it. Without the limit, a server that closes every popup would cause a loop.
 */
#define SHOW_AGAIN_MAX 3

struct Notifier {
        GMainLoop *loop;
        Tring *tring;
        GHashTable *calls; /* path → ShownCall, owned */
        PopupServer server;
        bool server_known, tringd_rings, failed;
        guint server_watch;
};

/* A call and its notification. */
typedef struct ShownCall {
        Notifier *notifier;
        PopupCall call;
        Notification *notification;
        PopupContent content; /* what was shown last */
        bool dismissed;       /* by the user: do not show the same content again */
        bool pressed;         /* a button was pressed since the notification was shown */
        bool acting;          /* waiting for the reply to the button's method call */
        PopupAction action;   /* of that button */
        bool acted;           /* the method succeeded; an event with the new state follows */
        unsigned again;
} ShownCall;

static void shown_free(gpointer data)
{
        ShownCall *shown = data;

        notification_free(shown->notification);
        popup_content_done(&shown->content);
        g_free(shown);
}

/* Whether nothing is shown for this call now, and nothing will be. */
static bool is_done(const ShownCall *shown)
{
        return call_status_is_terminal(shown->call.status) &&
               !notification_is_shown(shown->notification) && !shown->acting;
}

static bool put_up(ShownCall *shown, PopupContent *content)
{
        bool shows = notification_is_shown(shown->notification);

        if (popup_content_equal(content, &shown->content) && (shows || shown->acted))
                return true;
        shown->acted = false;
        /*
         * The server may still close a notification whose button was pressed, even after an
         * update: show a new one.
         */
        if (shown->pressed)
                notification_close(shown->notification);
        shown->pressed = false;
        if (!notification_show(shown->notification, content))
                return false;
        popup_content_done(&shown->content);
        shown->content = *content;
        *content = (PopupContent){};
        return true;
}

static void take_down(ShownCall *shown)
{
        if (!notification_is_shown(shown->notification))
                return;
        notification_close(shown->notification);
        popup_content_done(&shown->content);
        shown->content = (PopupContent){};
}

/* Updates the notification from the state of the call. Returns false if it could not be shown. */
static bool refresh(ShownCall *shown)
{
        Notifier *notifier = shown->notifier;
        PopupContent content;
        bool shows = true;

        if (!notifier->server_known)
                notifier->server_known = notification_query_server(&notifier->server);
        notifier->server.tringd_rings = notifier->tringd_rings && sound_is_available();
        popup_content(&shown->call, &notifier->server, &content);
        if (content.kind != shown->content.kind) {
                take_down(shown);
                shown->dismissed = shown->pressed = shown->acted = false;
        }
        if (content.kind == POPUP_NONE)
                take_down(shown);
        else if (!shown->dismissed && !shown->acting)
                shows = put_up(shown, &content);
        popup_content_done(&content);
        return shows;
}

/* As refresh(), but also forgets a call with nothing left to show. */
static bool settle(ShownCall *shown)
{
        bool shows = refresh(shown);

        if (is_done(shown))
                g_hash_table_remove(shown->notifier->calls, shown->call.path);
        return shows;
}

/* ---- from the notification server ---- */

static void on_action(void *userdata, PopupAction action)
{
        static const struct {
                const char *interface, *method, *types;
        } methods[POPUP_ACTION_COUNT] = {
                [POPUP_ACCEPT] = {TRING_CALL, METHOD_ACCEPT, "(@a{sv} {},)"},
                [POPUP_DECLINE] = {TRING_CALL, METHOD_REJECT, "('rejected',)"},
                [POPUP_SILENCE] = {TRING_CALL, METHOD_SILENCE, "()"},
                [POPUP_MUTE] = {TRING_SESSION, METHOD_SET_AUDIO_MUTED, "(true,)"},
                [POPUP_UNMUTE] = {TRING_SESSION, METHOD_SET_AUDIO_MUTED, "(false,)"},
                [POPUP_HANG_UP] = {TRING_CALL, METHOD_END, "()"},
        };
        ShownCall *shown = userdata;
        const char *path = shown->call.path;
        Tring *tring = shown->notifier->tring;

        shown->pressed = shown->acting = true;
        shown->action = action;
        shown->call.error[0] = '\0';
        if (action == POPUP_CALL_BACK)
                tring_call(tring, path, TRING_MANAGER, METHOD_INITIATE_CALL,
                           g_variant_new("(sssa{sv})", shown->call.uid, "user",
                                         shown->call.video ? "video" : "audio", NULL));
        else
                tring_call(tring, path, methods[action].interface, methods[action].method,
                           g_variant_new_parsed(methods[action].types));
}

static void on_closed(void *userdata, bool dismissed)
{
        ShownCall *shown = userdata;

        if (shown->pressed) /* most servers then close the notification */
                return;
        shown->dismissed =
                dismissed || shown->content.kind == POPUP_MISSED || ++shown->again > SHOW_AGAIN_MAX;
        settle(shown);
}

static const NotificationEvents notification_events = {on_action, on_closed};

static void on_server(GDBusConnection *bus, const char *name, const char *owner, gpointer userdata)
{
        Notifier *notifier = userdata;
        GHashTableIter iter;
        gpointer shown;

        notifier->server_known = false;
        g_hash_table_iter_init(&iter, notifier->calls);
        while (g_hash_table_iter_next(&iter, NULL, &shown))
                (void)refresh(shown);
}

/*
 * The notifications are gone with their server. Shows again those that still apply, for which the
 * bus may start a new server; otherwise on_server() shows them when one appears.
 */
static void on_no_server(GDBusConnection *bus, const char *name, gpointer userdata)
{
        Notifier *notifier = userdata;
        g_autoptr(GList) all = g_hash_table_get_values(notifier->calls);

        notifier->server_known = false;
        for (GList *item = all; item; item = item->next) {
                ShownCall *shown = item->data;

                if (!notification_is_shown(shown->notification))
                        continue;
                notification_lost(shown->notification);
                if (shown->content.kind == POPUP_MISSED)
                        shown->dismissed = true;
                if (++shown->again <= SHOW_AGAIN_MAX)
                        settle(shown);
        }
}

/* ---- from tringd ---- */

static ShownCall *find(Notifier *notifier, const char *path)
{
        return g_hash_table_lookup(notifier->calls, path);
}

static ShownCall *find_or_make(Notifier *notifier, const char *path, const char *session_id)
{
        ShownCall *shown = find(notifier, path);

        if (shown)
                return shown;
        shown = g_new0(ShownCall, 1);
        shown->notifier = notifier;
        shown->notification = notification_new(&notification_events, shown);
        if (!popup_call_init(&shown->call, path, session_id)) {
                shown_free(shown);
                return NULL;
        }
        g_hash_table_insert(notifier->calls, shown->call.path, shown);
        return shown;
}

static bool on_event(void *userdata, const char *event, const char *path, const char *session_id,
                     GVariant *details)
{
        ShownCall *shown = find_or_make(userdata, path, session_id);
        gboolean present = FALSE;

        if (!shown)
                return false;
        popup_call_take_details(&shown->call, details);
        if (str_eq(event, METHOD_INCOMING_CALL_RECEIVED)) {
                (void)g_variant_lookup(details, "present", "b", &present);
                popup_call_set_present(&shown->call, present);
        }
        return settle(shown) || !present;
}

/* Returns the session id in the properties of a call, or NULL. */
static const char *id_of(GVariant *properties)
{
        const char *id = NULL;

        return properties && g_variant_lookup(properties, PROPERTY_SESSION_ID, "&s", &id) ? id
                                                                                          : NULL;
}

static void on_call_changed(void *userdata, const char *path, GVariant *call, GVariant *session)
{
        const char *id = id_of(call);
        ShownCall *shown = id ? find_or_make(userdata, path, id) : find(userdata, path);

        if (!shown)
                return;
        if (call)
                popup_call_take_properties(&shown->call, call);
        if (session)
                popup_call_take_session(&shown->call, session);
        settle(shown);
}

static void on_answered(void *userdata, const char *path, const char *sentence)
{
        Notifier *notifier = userdata;
        ShownCall *shown = find(notifier, path);

        if (!shown)
                return;
        shown->acting = false;
        shown->acted = !sentence;
        /* An alert that begins and ends between two looks of tringd is not announced at all. */
        if (!sentence && shown->action == POPUP_SILENCE)
                shown->call.silenced = true;
        str_printable(shown->call.error, sizeof(shown->call.error), sentence ? sentence : "");
        /* The user has called back, so the missed call has been seen. */
        if (!sentence && shown->content.kind == POPUP_MISSED) {
                const char *const ids[] = {shown->call.session_id, NULL};

                tring_call(notifier->tring, path, TRING_MANAGER, METHOD_MARK_MISSED_SEEN,
                           g_variant_new("(^as)", ids));
                g_hash_table_remove(notifier->calls, path);
                return;
        }
        settle(shown);
}

static gboolean shows_missed(gpointer path, gpointer shown, gpointer wanted)
{
        return (((ShownCall *)shown)->content.kind == POPUP_MISSED) == GPOINTER_TO_INT(wanted);
}

static void on_missed_seen(void *userdata)
{
        Notifier *notifier = userdata;

        g_hash_table_foreach_remove(notifier->calls, shows_missed, GINT_TO_POINTER(true));
}

static void on_rings(void *userdata, bool rings)
{
        Notifier *notifier = userdata;

        notifier->tringd_rings = rings;
}

/* Without tringd no button works: remove all notifications except missed calls. */
static void on_gone(void *userdata)
{
        Notifier *notifier = userdata;

        g_hash_table_foreach_remove(notifier->calls, shows_missed, GINT_TO_POINTER(false));
}

/* A desktop may start two notifiers, by the unit and by autostart: the second has nothing to do. */
static void on_refused(void *userdata, CallError error, const char *sentence)
{
        Notifier *notifier = userdata;

        if (error == CALL_ERROR_LISTENER_EXISTS) {
                log_info("another tring-notifier shows the calls already: this one ends");
        } else {
                log_error("tringd refused to register the notifier: %s", sentence);
                notifier->failed = true;
        }
        g_main_loop_quit(notifier->loop);
}

static const TringEvents tring_events = {
        .event = on_event,
        .call_changed = on_call_changed,
        .answered = on_answered,
        .missed_seen = on_missed_seen,
        .rings = on_rings,
        .gone = on_gone,
        .refused = on_refused,
};

Notifier *notifier_new(GMainLoop *loop)
{
        Notifier *notifier = g_new0(Notifier, 1);

        notifier->loop = loop;
        notifier->calls = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, shown_free);
        notifier->tring = tring_new(&tring_events, notifier);
        if (!notifier->tring)
                return notifier_free(notifier);
        /* On tring's connection, so that the server is known before the first call arrives. */
        notifier->server_watch = g_bus_watch_name_on_connection(
                tring_bus(notifier->tring), SERVER_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, on_server,
                on_no_server, notifier, NULL);
        return notifier;
}

Notifier *notifier_free(Notifier *notifier)
{
        if (!notifier)
                return NULL;
        if (notifier->server_watch)
                g_bus_unwatch_name(notifier->server_watch);
        tring_free(notifier->tring);
        g_hash_table_unref(notifier->calls);
        g_free(notifier);
        return NULL;
}

bool notifier_has_failed(const Notifier *notifier)
{
        return notifier->failed;
}
