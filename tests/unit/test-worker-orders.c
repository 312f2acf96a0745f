/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a media worker is sent, and when, while a server's name is looked up. */
#include "loop/worker-orders.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "suite.h"

#define WITHIN_US (10 * USEC_PER_SEC) /* a deadline that only a fault meets */

/* The test is the worker, too. */
static struct {
        char folder[32], path[48];
        sd_event *event;
        int listen_fd, fd;
        WorkerProcess *process;
        WorkerOrders *orders;
        int unsent;
        char text[WORKER_MESSAGE_MAX + 1];
} rig;

static void on_message(void *userdata, const char *text, size_t length)
{
}

static void on_gone(void *userdata, const char *reason, bool may_run)
{
}

static void on_unsent(void *userdata, int r)
{
        ck_assert_int_eq(rig.unsent, 0);
        rig.unsent = r;
}

static void set_up(void)
{
        static const WorkerProcessEvents events = {.message = on_message, .gone = on_gone};
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        snprintf(rig.folder, sizeof(rig.folder), "/tmp/tring-orders-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(rig.folder));
        snprintf(rig.path, sizeof(rig.path), "%s/worker", rig.folder);
        ck_assert_int_eq(STR_SET(address.sun_path, rig.path), 0);
        rig.listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(rig.listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(rig.listen_fd, 1), 0);
        ck_assert_int_ge(sd_event_new(&rig.event), 0);
        ck_assert_int_eq(worker_process_adopt(rig.event, rig.path, &events, NULL, &rig.process), 0);
        rig.fd = accept(rig.listen_fd, NULL, NULL);
        ck_assert_int_ge(rig.fd, 0);
        ck_assert_int_eq(worker_orders_new(rig.event, rig.process, on_unsent, NULL, &rig.orders),
                         0);
}

static void tear_down(void)
{
        worker_orders_free(rig.orders);
        worker_process_free(rig.process);
        sd_event_unref(rig.event);
        close(rig.fd);
        close(rig.listen_fd);
        (void)unlink(rig.path); /* which stays, as long as somebody listens */
        (void)rmdir(rig.folder);
}

static void send_order(const WorkerMessage *message)
{
        ck_assert_int_eq(worker_orders_send(rig.orders, message, -1), 0);
}

static void send_type(WorkerMessageType type)
{
        send_order(&(WorkerMessage){.type = type});
}

static void send_switch(WorkerMessageType type, bool on)
{
        send_order(&(WorkerMessage){.type = type, .on = on});
}

static IceServer server_at(const char *url)
{
        IceServer server = {};

        ck_assert_int_eq(STR_SET(server.url, url), 0);
        return server;
}

static void send_join(const char *url)
{
        IceServer server = server_at(url);
        WorkerMessage message = {.type = WORKER_JOIN};

        message.join.reply.ice_servers = &server;
        message.join.reply.n_ice_servers = 1;
        ck_assert_int_eq(STR_SET(message.join.reply.participant, "p1"), 0);
        send_order(&message);
}

static void send_relays(const char *url)
{
        IceServer server = server_at(url);

        send_order(&(WorkerMessage){.type = WORKER_RELAYS,
                                    .relays = {.ice_servers = &server, .n_ice_servers = 1}});
}

static bool is_there(void)
{
        ssize_t n = recv(rig.fd, rig.text, sizeof(rig.text) - 1, MSG_DONTWAIT);

        rig.text[n > 0 ? n : 0] = '\0';
        return n > 0;
}

#define expect_nothing() ck_assert_msg(!is_there(), "came: %s", rig.text)

/* The next message, which may come from the loop. */
static void expect(const char *text)
{
        usec_t end = clock_boottime() + WITHIN_US;

        while (!is_there()) {
                ck_assert_uint_lt(clock_boottime(), end);
                ck_assert_int_ge(sd_event_run(rig.event, USEC_PER_SEC), 0);
        }
        ck_assert_str_eq(rig.text, text);
}

#define JOIN_AT(url) \
        "{\"type\":\"join\",\"participant\":\"p1\",\"ice_servers\":[{\"url\":\"" url "\"}]"

START_TEST(join_with_addresses_goes_at_once)
{
        send_join("stun:127.0.0.1");
        send_type(WORKER_NETWORK_CHANGED);
        ck_assert(is_there());
        ck_assert_str_eq(rig.text, JOIN_AT("stun:127.0.0.1") "}");
        ck_assert(is_there());
        ck_assert_str_eq(rig.text, "{\"type\":\"network-changed\"}");
}
END_TEST

START_TEST(join_waits_for_the_address_and_others_behind_it)
{
        send_join("stun:v4.test");
        send_type(WORKER_NETWORK_CHANGED);
        send_type(WORKER_SCREEN_STOP);
        expect_nothing();
        expect(JOIN_AT("stun:192.0.2.7") "}");
        expect("{\"type\":\"network-changed\"}");
        expect("{\"type\":\"screen-stop\"}");
        send_type(WORKER_LEAVE);
        ck_assert(is_there());
}
END_TEST

START_TEST(person_who_mutes_meanwhile_joins_muted)
{
        send_join("stun:v4.test");
        send_switch(WORKER_MUTE, true);
        send_switch(WORKER_VIDEO_PAUSE, true);
        expect(JOIN_AT("stun:192.0.2.7") ",\"muted\":true,\"video_paused\":true}");
        send_switch(WORKER_MUTE, false);
        expect("{\"type\":\"mute\",\"on\":false}");
}
END_TEST

START_TEST(last_switch_counts)
{
        send_join("stun:v4.test");
        send_switch(WORKER_MUTE, true);
        send_switch(WORKER_VIDEO_PAUSE, false);
        send_switch(WORKER_VIDEO_PAUSE, true);
        send_switch(WORKER_MUTE, false);
        expect(JOIN_AT("stun:192.0.2.7") ",\"video\":true,\"video_paused\":true}");
}
END_TEST

/* Nothing is open yet: what protects is in force. */
START_TEST(question_is_answered_before_the_join)
{
        send_join("stun:v4.test");
        send_order(&(WorkerMessage){.type = WORKER_PING, .serial = 7});
        ck_assert(is_there());
        ck_assert_str_eq(rig.text, "{\"type\":\"ping\",\"serial\":7}");
        expect(JOIN_AT("stun:192.0.2.7") "}");
}
END_TEST

static void take_back(WorkerMessageType type, const char *text)
{
        send_join("stun:v4.test");
        send_type(WORKER_NETWORK_CHANGED);
        send_type(type);
        ck_assert(is_there());
        ck_assert_str_eq(rig.text, text);
        send_join("stun:v6.test");
        expect(JOIN_AT("stun:[2001:db8::1]") "}");
}

START_TEST(person_who_leaves_meanwhile_never_joins)
{
        take_back(WORKER_LEAVE, "{\"type\":\"leave\"}");
        take_back(WORKER_QUIT, "{\"type\":\"quit\"}");
}
END_TEST

START_TEST(new_relays_go_once_they_have_addresses_and_hold_nothing)
{
        send_relays("turn:v4.test");
        send_type(WORKER_NETWORK_CHANGED);
        expect("{\"type\":\"network-changed\"}");
        expect("{\"type\":\"relays\",\"ice_servers\":[{\"url\":\"turn:192.0.2.7\"}]}");
}
END_TEST

START_TEST(last_relays_count)
{
        send_relays("turn:v4.test");
        send_relays("turn:v6.test");
        expect("{\"type\":\"relays\",\"ice_servers\":[{\"url\":\"turn:[2001:db8::1]\"}]}");
        send_relays("turn:v4.test");
        send_relays("turn:127.0.0.1");
        expect("{\"type\":\"relays\",\"ice_servers\":[{\"url\":\"turn:127.0.0.1\"}]}");
        send_join("stun:v4.test");
        expect(JOIN_AT("stun:192.0.2.7") "}");
}
END_TEST

static int send_signal(void)
{
        static char data[WORKER_MESSAGE_MAX / 2];
        WorkerMessage message = {.type = WORKER_SIGNAL_IN, .signal.data = data};

        memset(data, 'x', sizeof(data) - 1);
        ck_assert_int_eq(STR_SET(message.signal.peer, "p1"), 0);
        return worker_orders_send(rig.orders, &message, -1);
}

START_TEST(signals_leave_room_for_orders)
{
        int r;

        while ((r = send_signal()) == 0)
                ck_assert_uint_le(worker_process_queued(rig.process), WORKER_ORDERS_SIGNALS_MAX);
        ck_assert_int_eq(r, -ENOBUFS);
        ck_assert_uint_gt(worker_process_queued(rig.process) + WORKER_MESSAGE_MAX,
                          WORKER_ORDERS_SIGNALS_MAX);
        for (int n = 0; n < 1000; n++)
                send_switch(WORKER_MUTE, true);
        ck_assert_int_eq(send_signal(), -ENOBUFS);
}
END_TEST

/* The worker has read nothing, and there is no room when the address comes. */
START_TEST(join_that_finds_no_room_is_reported_and_nothing_goes_behind_it)
{
        const WorkerMessage small = {.type = WORKER_NETWORK_CHANGED};
        usec_t end = clock_boottime() + WITHIN_US;
        size_t waiting;
        int r;

        while ((r = send_signal()) == 0)
                ;
        ck_assert_int_eq(r, -ENOBUFS);
        waiting = worker_process_queued(rig.process);
        send_join("stun:v4.test");
        send_switch(WORKER_MUTE, true);
        while ((r = worker_orders_send(rig.orders, &small, -1)) == 0)
                ;
        ck_assert_int_eq(r, -ENOBUFS);
        while (!rig.unsent) {
                ck_assert_uint_lt(clock_boottime(), end);
                ck_assert_int_ge(sd_event_run(rig.event, USEC_PER_SEC), 0);
        }
        ck_assert_int_eq(rig.unsent, -ENOBUFS);
        ck_assert_uint_eq(worker_process_queued(rig.process), waiting);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("worker-orders");
        TCase *tcase = tcase_create("worker-orders");

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_add_test(tcase, join_with_addresses_goes_at_once);
        tcase_add_test(tcase, join_waits_for_the_address_and_others_behind_it);
        tcase_add_test(tcase, person_who_mutes_meanwhile_joins_muted);
        tcase_add_test(tcase, last_switch_counts);
        tcase_add_test(tcase, question_is_answered_before_the_join);
        tcase_add_test(tcase, person_who_leaves_meanwhile_never_joins);
        tcase_add_test(tcase, new_relays_go_once_they_have_addresses_and_hold_nothing);
        tcase_add_test(tcase, last_relays_count);
        tcase_add_test(tcase, signals_leave_room_for_orders);
        tcase_add_test(tcase, join_that_finds_no_room_is_reported_and_nothing_goes_behind_it);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
