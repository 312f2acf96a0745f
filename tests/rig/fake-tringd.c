/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A tringd without hub, sound and policy, for tests of the clients: what happens is what the test
 * says, over org.tring.Fake on /org/tring/Calls1/fake.
 *
 *   Add(id, direction, uid, name, type)   a call appears
 *   Ringing(id)                           the other side is being alerted
 *   Change(id, status, reason, duration)  it is answered, or over
 *   Fail(name, sentence)                  the next method of the API gets this error
 *   State(state, n)                       properties of Manager: ConnectionState, UnseenMissed
 *   Drop()                                all listeners are dropped, as deaf ones are
 *   Called(text), a signal                a method of the API was called: "Accept <id>"; or who
 *                                         presents has replied: "Presented true <id>"
 */

#include <errno.h>
#include <signal.h>
#include <systemd/sd-event.h>
#include <utlist.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "rig/fake-call.h"

#define PAGE_MAX 3 /* history records; few, so that tests reach the next page */

int fake_asked(Fake *fake, sd_bus_message *message, const char *what, const char *about)
{
        _cleanup_free_ char *name = NULL, *sentence = NULL;
        char text[512];

        snprintf(text, sizeof(text), about ? "%s %s" : "%s", what, about);
        int r = sd_bus_emit_signal(fake->bus, FAKE_PATH, FAKE_INTERFACE, "Called", "s", text);
        if (r < 0 || !fake->error_name)
                return r < 0 ? r : 0;
        name = TAKE_PTR(fake->error_name);
        sentence = TAKE_PTR(fake->error_sentence);
        r = sd_bus_reply_method_errorf(message, name, "%s", sentence);
        return r < 0 ? r : 1;
}

static int asked_plain(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        int r = fake_asked(userdata, message, sd_bus_message_get_member(message), NULL);

        return r != 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int on_login(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *url, *token;
        char text[256];
        int r = sd_bus_message_read(message, "ss", &url, &token);

        if (r < 0)
                return r;
        snprintf(text, sizeof(text), "Login %s", url);
        r = fake_asked(userdata, message, text, token);
        return r != 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int on_login_by_descriptor(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *url;
        char text[256], token[128];
        ssize_t n;
        int fd, r = sd_bus_message_read(message, "sh", &url, &fd);

        if (r < 0)
                return r;
        n = read(fd, token, sizeof(token) - 1);
        token[n < 0 ? 0 : n] = '\0';
        snprintf(text, sizeof(text), "LoginByDescriptor %s", url);
        r = fake_asked(userdata, message, text, token);
        return r != 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int on_initiate(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Fake *fake = userdata;
        const char *receiver, *receiver_type, *call_type;
        char id[UUID_LENGTH + 1], what[256];
        FakeCall *call;
        int r = sd_bus_message_read(message, "sss", &receiver, &receiver_type, &call_type);

        if (r < 0)
                return r;
        snprintf(what, sizeof(what), "InitiateCall %s %s", receiver_type, call_type);
        r = fake_asked(fake, message, what, receiver);
        if (r != 0)
                return r;
        snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012u", ++fake->placed);
        r = fake_call_add(fake, id, "outgoing", receiver, "", call_type, &call);
        return r < 0 ? r : sd_bus_reply_method_return(message, "os", call->path, call->id);
}

static int read_listener_option(sd_bus_message *message, FakeListener *listener)
{
        const char *key, *path;
        int r = sd_bus_message_read(message, "s", &key);

        if (r < 0)
                return r;
        if (str_eq(key, "path")) {
                r = sd_bus_message_read(message, "v", "o", &path);
                return r < 0 ? r : STR_SET(listener->path, path);
        }
        if (str_eq(key, "presents"))
                return sd_bus_message_read(message, "v", "b", &listener->presents);
        if (str_eq(key, "priority"))
                return sd_bus_message_read(message, "v", "i", &listener->priority);
        return -EINVAL;
}

static int read_listener(sd_bus_message *message, FakeListener *listener)
{
        const char *id;
        int r = sd_bus_message_read(message, "s", &id);

        if (r >= 0)
                r = STR_SET(listener->id, id);
        if (r >= 0)
                r = STR_SET(listener->client, sd_bus_message_get_sender(message));
        if (r >= 0)
                r = sd_bus_message_enter_container(message, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = read_listener_option(message, listener);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
        }
        return r;
}

static int reply_live_calls(Fake *fake, sd_bus_message *message)
{
        sd_bus_message *reply = NULL;
        FakeCall *call;
        int r = sd_bus_message_new_method_return(message, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "o");
        DL_FOREACH (fake->calls, call)
                if (r >= 0 && call->ended_at == 0)
                        r = sd_bus_message_append(reply, "o", call->path);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(fake->bus, reply, NULL);
        sd_bus_message_unref(reply);
        return r;
}

static int on_add_listener(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Fake *fake = userdata;
        _cleanup_free_ FakeListener *listener = calloc(1, sizeof(*listener));
        int r = listener ? read_listener(message, listener) : -ENOMEM;

        if (r < 0)
                return r;
        r = fake_asked(fake, message, "AddCallListener", listener->id);
        if (r != 0)
                return r;
        r = reply_live_calls(fake, message);
        if (r < 0)
                return r;
        DL_PREPEND(fake->listeners, listener);
        TAKE_PTR(listener);
        return 1;
}

static int on_get_logs(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Fake *fake = userdata;
        const char *key, *status = NULL, *cursor;
        char next[16] = "";
        uint32_t limit, index = 0, given = 0;
        FakeCall *call;
        sd_bus_message *reply = NULL;
        int r = sd_bus_message_enter_container(message, 'a', "{sv}");

        if (r >= 0)
                r = sd_bus_message_read(message, "{sv}", &key, "s", &status);
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        if (r >= 0)
                r = sd_bus_message_read(message, "us", &limit, &cursor);
        if (r >= 0)
                r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        DL_FOREACH (fake->calls, call) {
                if (r < 0 || call->ended_at == 0 || (status && !str_eq(status, call->status)))
                        continue;
                if (index++ < (uint32_t)atoi(cursor))
                        continue;
                if (given == MIN_OF(limit, (uint32_t)PAGE_MAX)) {
                        snprintf(next, sizeof(next), "%u", index - 1);
                        break;
                }
                given++;
                r = fake_call_append_details(reply, call, false);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", next);
        if (r >= 0)
                r = sd_bus_send(fake->bus, reply, NULL);
        sd_bus_message_unref(reply);
        return r;
}

static int get_user(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append(reply, "a{sv}", 3, "uid", "s", "me", "name", "s", "Me Myself",
                                     "hub", "s", "ws://127.0.0.1:8746/v1/ws");
}

static int get_listeners(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Fake *fake = userdata;
        FakeListener *listener;
        int r = sd_bus_message_open_container(reply, 'a', "s");

        DL_FOREACH (fake->listeners, listener)
                if (r >= 0)
                        r = sd_bus_message_append(reply, "s", listener->id);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* The reply to a method that takes one word: BlockUser, UnblockUser, SetWhoMayRing. */
static int on_word(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *word;
        int r = sd_bus_message_read(message, "s", &word);

        if (r >= 0)
                r = fake_asked(userdata, message, sd_bus_message_get_member(message), word);
        return r != 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int get_groups(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append(reply, "aa{sv}", 1, 2, "guid", "s", "team", "name", "s",
                                     "The Team");
}

static int get_blocked(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append(reply, "as", 1, "mallory");
}

static int get_who_may_ring(sd_bus *bus, const char *path, const char *interface,
                            const char *property, sd_bus_message *reply, void *userdata,
                            sd_bus_error *error)
{
        return sd_bus_message_append(reply, "s", "called");
}

static int get_features(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append(reply, "as", 3, "audio", "listeners", "ring");
}

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Login", "ssa{sv}", NULL, on_login, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("LoginByDescriptor", "sha{sv}", NULL, on_login_by_descriptor,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Logout", NULL, NULL, asked_plain, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("InitiateCall", "sssa{sv}", "os", on_initiate, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("AddCallListener", "sa{sv}", "ao", on_add_listener,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("SilenceAll", NULL, NULL, asked_plain, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("TestRing", NULL, NULL, asked_plain, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("BlockUser", "s", NULL, on_word, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("UnblockUser", "s", NULL, on_word, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("SetWhoMayRing", "s", NULL, on_word, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetCallLogs", "a{sv}us", "aa{sv}s", on_get_logs, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("MarkMissedSeen", "as", NULL, asked_plain, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("ConnectionState", "s", NULL, offsetof(Fake, state),
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Blocked", "as", get_blocked, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("WhoMayRing", "s", get_who_may_ring, 0,
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Groups", "aa{sv}", get_groups, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Features", "as", get_features, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Listeners", "as", get_listeners, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LoggedInUser", "a{sv}", get_user, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("UnseenMissed", "u", NULL, offsetof(Fake, unseen),
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_WRITABLE_PROPERTY("DoNotDisturb", "b", NULL, NULL, offsetof(Fake, dnd),
                                 SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE | SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int on_add(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *id, *direction, *uid, *name, *type;
        int r = sd_bus_message_read(message, "sssss", &id, &direction, &uid, &name, &type);

        if (r >= 0)
                r = fake_call_add(userdata, id, direction, uid, name, type, NULL);
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int on_ringing(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *id;
        int r = sd_bus_message_read(message, "s", &id);
        FakeCall *call = r >= 0 ? fake_call_find(userdata, id) : NULL;

        r = call ? fake_call_ringing(call) : -ENOENT;
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int on_change(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *id, *status, *reason;
        uint32_t duration;
        int r = sd_bus_message_read(message, "sssu", &id, &status, &reason, &duration);
        FakeCall *call = r >= 0 ? fake_call_find(userdata, id) : NULL;

        r = call ? fake_call_change(call, status, reason, duration) : -ENOENT;
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int on_fail(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Fake *fake = userdata;
        const char *name, *sentence;
        int r = sd_bus_message_read(message, "ss", &name, &sentence);

        if (r < 0)
                return r;
        fake->error_name = strdup(name);
        fake->error_sentence = strdup(sentence);
        return sd_bus_reply_method_return(message, NULL);
}

static int on_drop(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Fake *fake = userdata;
        FakeListener *listener, *next;

        DL_FOREACH_SAFE (fake->listeners, listener, next) {
                DL_DELETE(fake->listeners, listener);
                free(listener);
        }
        int r = sd_bus_emit_properties_changed(fake->bus, ROOT_PATH, MANAGER_INTERFACE, "Listeners",
                                               NULL);
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int on_state(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Fake *fake = userdata;
        const char *state;
        int r = sd_bus_message_read(message, "su", &state, &fake->unseen);

        if (r < 0)
                return r;
        free(fake->state);
        fake->state = strdup(state);
        return sd_bus_reply_method_return(message, NULL);
}

static const sd_bus_vtable fake_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Add", "sssss", NULL, on_add, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Ringing", "s", NULL, on_ringing, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Change", "sssu", NULL, on_change, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Fail", "ss", NULL, on_fail, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Drop", NULL, NULL, on_drop, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("State", "su", NULL, on_state, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("Called", "s", 0),
        SD_BUS_VTABLE_END,
};

static int serve(Fake *fake, sd_event *event)
{
        int r = sd_bus_open_user(&fake->bus);

        if (r >= 0)
                r = sd_bus_add_object_manager(fake->bus, NULL, ROOT_PATH);
        if (r >= 0)
                r = sd_bus_add_object_vtable(fake->bus, NULL, ROOT_PATH, MANAGER_INTERFACE,
                                             manager_vtable, fake);
        if (r >= 0)
                r = sd_bus_add_object_vtable(fake->bus, NULL, FAKE_PATH, FAKE_INTERFACE,
                                             fake_vtable, fake);
        if (r >= 0)
                r = sd_bus_attach_event(fake->bus, event, 0);
        if (r >= 0)
                r = sd_bus_request_name(fake->bus, "org.tring.Calls1", 0);
        return r < 0 ? r : sd_event_loop(event);
}

int main(void)
{
        Fake fake = {.state = strdup("online")};
        sd_event *event = NULL;
        int r = sd_event_new(&event);

        if (r >= 0)
                r = serve(&fake, event);
        if (r < 0)
                fprintf(stderr, "fake-tringd: %s\n", strerror(-r));
        return r < 0 ? 1 : 0;
}
