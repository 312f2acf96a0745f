/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus-fixture.h"

#include <ftw.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/log.h"

#define REPLY_WITHIN_US (5 * USEC_PER_SEC) /* a deadline that only a fault meets */
#define NOBODY "/nonexistent/tring-media"

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        return remove(path);
}

static void make_folder(BusFixture *fixture)
{
        char path[128];

        strcpy(fixture->folder, "/tmp/tring-bus-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(fixture->folder));
        setenv("HOME", fixture->folder, 1);
        setenv("TRING_MEDIA", NOBODY, 1);
        for (size_t i = 0; i < 3; i++) {
                static const char *const variables[] = {"XDG_STATE_HOME", "XDG_RUNTIME_DIR",
                                                        "XDG_CONFIG_HOME"};

                snprintf(path, sizeof(path), "%s/%zu", fixture->folder, i);
                setenv(variables[i], path, 1);
        }
}

static int record(BusFixture *fixture, const char *what, const char *member)
{
        const char *last = fixture->n_heard > 0 ? fixture->heard[fixture->n_heard - 1] : "";

        /* The order of signals does not include how many interfaces changed together. */
        if (str_eq(member, "PropertiesChanged") && str_eq(member, last))
                return 0;
        ck_assert_uint_lt(fixture->n_heard, RECORDED_MAX);
        snprintf(fixture->heard[fixture->n_heard++], sizeof(fixture->heard[0]), "%s%s", what,
                 member);
        return 0;
}

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        uint8_t type;

        if (sd_bus_message_get_type(message, &type) < 0 || type != SD_BUS_MESSAGE_SIGNAL)
                return 0;
        return record(userdata, "", sd_bus_message_get_member(message));
}

static bool read_present(sd_bus_message *message)
{
        const char *key;
        int present = false;

        ck_assert_int_ge(sd_bus_message_skip(message, "os"), 0);
        ck_assert_int_ge(sd_bus_message_enter_container(message, 'a', "{sv}"), 0);
        while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
                ck_assert_int_ge(sd_bus_message_read(message, "s", &key), 0);
                if (str_eq(key, "present"))
                        ck_assert_int_ge(sd_bus_message_read(message, "v", "b", &present), 0);
                else
                        ck_assert_int_ge(sd_bus_message_skip(message, "v"), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(message), 0);
        }
        return present;
}

static int on_listener(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        BusFixture *fixture = userdata;

        if (!sd_bus_message_is_method_call(message, TRING_LISTENER, NULL))
                return 0;
        record(fixture, "call ", sd_bus_message_get_member(message));
        fixture->presented = read_present(message);
        if (fixture->refuse)
                return sd_bus_error_set(error, "org.example.No", "not now");
        return sd_bus_reply_method_return(message, NULL);
}

static void connect_pair(BusFixture *fixture, sd_bus *server)
{
        sd_id128_t id;
        int fds[2];

        ck_assert_int_ge(sd_id128_randomize(&id), 0);
        ck_assert_int_ge(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
                         0);
        ck_assert_int_ge(sd_bus_set_fd(server, fds[0], fds[0]), 0);
        ck_assert_int_ge(sd_bus_set_server(server, true, id), 0);
        ck_assert_int_ge(sd_bus_set_anonymous(server, true), 0);
        ck_assert_int_ge(sd_bus_start(server), 0);
        ck_assert_int_ge(sd_bus_attach_event(server, loop_event(fixture->loop), 0), 0);

        ck_assert_int_ge(sd_bus_new(&fixture->client), 0);
        ck_assert_int_ge(sd_bus_set_fd(fixture->client, fds[1], fds[1]), 0);
        ck_assert_int_ge(sd_bus_set_anonymous(fixture->client, true), 0);
        ck_assert_int_ge(sd_bus_start(fixture->client), 0);
        ck_assert_int_ge(sd_bus_attach_event(fixture->client, loop_event(fixture->loop), 0), 0);
        ck_assert_int_ge(sd_bus_add_filter(fixture->client, NULL, on_signal, fixture), 0);
        ck_assert_int_ge(
                sd_bus_add_object(fixture->client, NULL, "/listener", on_listener, fixture), 0);
}

static void run_daemon(BusFixture *fixture)
{
        sd_bus *server = NULL;

        ck_assert_int_ge(loop_new(&fixture->loop), 0);
        ck_assert_int_ge(sd_bus_new(&server), 0);
        connect_pair(fixture, server);
        ck_assert_int_ge(daemon_new(server, fixture->loop, &fixture->daemon), 0);
        ck_assert_int_ge(daemon_start(fixture->daemon), 0);
        sd_bus_unref(server);
        fixture_settle(fixture);
}

static void end_daemon(BusFixture *fixture)
{
        daemon_free(fixture->daemon);
        sd_bus_flush_close_unref(fixture->client);
        loop_free(fixture->loop);
}

void fixture_start(BusFixture *fixture)
{
        *fixture = (BusFixture){};
        log_open("tringd", LOG_CRIT);
        make_folder(fixture);
        run_daemon(fixture);
}

void fixture_restart(BusFixture *fixture)
{
        end_daemon(fixture);
        fixture->client = NULL;
        run_daemon(fixture);
}

void fixture_stop(BusFixture *fixture)
{
        end_daemon(fixture);
        nftw(fixture->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Both ends are in this loop: when it is idle, nothing is on its way. */
void fixture_settle(BusFixture *fixture)
{
        int r;

        while ((r = sd_event_run(loop_event(fixture->loop), 0)) > 0)
                ;
        ck_assert_int_ge(r, 0);
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        sd_bus_message **ret = userdata;

        *ret = sd_bus_message_ref(reply);
        return 0;
}

sd_bus_message *fixture_send(BusFixture *fixture, sd_bus_message *call, sd_bus_error *error)
{
        const char *member = sd_bus_message_get_member(call);
        sd_bus_message *reply = NULL;
        usec_t deadline = clock_boottime() + REPLY_WITHIN_US;

        ck_assert_int_ge(
                sd_bus_call_async(fixture->client, NULL, call, on_reply, &reply, REPLY_WITHIN_US),
                0);
        while (!reply && clock_boottime() < deadline)
                ck_assert_int_ge(sd_event_run(loop_event(fixture->loop), USEC_PER_MSEC), 0);
        ck_assert_msg(reply != NULL, "no reply to %s", member);
        if (!sd_bus_message_is_method_error(reply, NULL))
                return reply;
        sd_bus_error_copy(error, sd_bus_message_get_error(reply));
        sd_bus_message_unref(reply);
        return NULL;
}

sd_bus_message *fixture_call(BusFixture *fixture, const char *path, const char *interface,
                             const char *member, sd_bus_error *error, const char *types, ...)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        va_list arguments;

        ck_assert_int_ge(sd_bus_message_new_method_call(fixture->client, &call, NULL, path,
                                                        interface ? interface : TRING_MANAGER,
                                                        member),
                         0);
        if (types) {
                va_start(arguments, types);
                ck_assert_int_ge(sd_bus_message_appendv(call, types, arguments), 0);
                va_end(arguments);
        }
        return fixture_send(fixture, call, error);
}

void fixture_hub_says(BusFixture *fixture, const Message *message)
{
        ck_assert_int_ge(hub_message(fixture->daemon, message), 0);
        fixture_settle(fixture);
}

static void welcome(BusFixture *fixture, CallSnapshot *calls, size_t n_calls)
{
        Message message = {.type = MESSAGE_REPLY, .id = HELLO_ID};
        ReplyWelcome *reply = &message.reply.welcome;

        message.reply.kind = REPLY_WELCOME;
        (void)STR_SET(reply->user.uid, "bob");
        (void)STR_SET(reply->link, "00000000-0000-4000-8000-000000000000");
        reply->date = 1;
        reply->history_complete = true;
        reply->calls = calls;
        reply->n_calls = n_calls;
        fixture_hub_says(fixture, &message);
}

void fixture_online(BusFixture *fixture)
{
        welcome(fixture, NULL, 0);
}

void fixture_ongoing(BusFixture *fixture, const char *session_id)
{
        CallSnapshot snapshot = {.here = true};

        (void)STR_SET(snapshot.record.session_id, session_id);
        (void)STR_SET(snapshot.record.initiator.uid, "bob");
        (void)STR_SET(snapshot.record.receiver.uid, "alice");
        snapshot.record.direction = CALL_DIRECTION_OUTGOING;
        snapshot.record.status = CALL_STATUS_ONGOING;
        snapshot.record.answered_at = snapshot.record.initiated_at = 1;
        welcome(fixture, &snapshot, 1);
}

void fixture_incoming(BusFixture *fixture, const char *session_id)
{
        Message incoming = {.type = MESSAGE_INCOMING, .seq = ++fixture->seq};
        CallRecord *record_of = &incoming.call.record;

        (void)STR_SET(record_of->session_id, session_id);
        (void)STR_SET(record_of->initiator.uid, "alice");
        (void)STR_SET(record_of->initiator.name, "Alice");
        (void)STR_SET(record_of->receiver.uid, "bob");
        record_of->direction = CALL_DIRECTION_INCOMING;
        record_of->status = CALL_STATUS_INITIATED;
        record_of->initiated_at = 1;
        incoming.call.remaining_ms = 45000;
        fixture_hub_says(fixture, &incoming);
}

void fixture_over(BusFixture *fixture, const char *session_id, CallStatus status,
                  const char *reason)
{
        Message over = {.type = MESSAGE_OVER, .seq = ++fixture->seq};

        (void)STR_SET(over.over.session_id, session_id);
        (void)STR_SET(over.over.reason, reason);
        over.over.status = status;
        over.over.ended_at = 2;
        fixture_hub_says(fixture, &over);
}

void fixture_listen(BusFixture *fixture, const char *id, bool presents)
{
        assert_works(fixture, TRING_PATH, NULL, "AddCallListener", &_error, "sa{sv}", id, 2, "path",
                     "o", "/listener", "presents", "b", (int)presents);
}

void fixture_forget(BusFixture *fixture)
{
        fixture_settle(fixture);
        fixture->n_heard = 0;
}

void fixture_heard(BusFixture *fixture, ...)
{
        const char *wanted;
        va_list arguments;
        size_t i = 0;

        fixture_settle(fixture);
        va_start(arguments, fixture);
        for (; (wanted = va_arg(arguments, const char *)); i++) {
                ck_assert_msg(i < fixture->n_heard, "not heard: %s", wanted);
                ck_assert_str_eq(fixture->heard[i], wanted);
        }
        va_end(arguments);
        ck_assert_msg(i == fixture->n_heard, "heard besides: %s",
                      i < fixture->n_heard ? fixture->heard[i] : "");
        fixture_forget(fixture);
}
