/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user with three devices gets calls: what one device does, the others learn. */
#include "base/str.h"
#include "e2e/expect.h"
#include "e2e/pair.h"
#include "rig/listener.h"
#include "rig/text.h"
#include "suite.h"

#define N_DEVICES 3

typedef struct House {
        Rig *rig;
        Hub *hub;
        Desktop *alice, *bob[N_DEVICES];
} House;

static House house_new(void)
{
        static const char *const names[N_DEVICES] = {"bob", "laptop", "shed"};
        House house = {.rig = rig_new()};

        house.hub = hub_new(house.rig);
        house.alice = desktop_new_online(house.rig, house.hub, "alice");
        house.bob[0] = desktop_new_online(house.rig, house.hub, "bob");
        for (size_t i = 1; i < N_DEVICES; i++)
                house.bob[i] = desktop_new_device(house.rig, house.hub, names[i], "bob");
        return house;
}

static void house_done(House *house)
{
        for (size_t i = 0; i < N_DEVICES; i++)
                desktop_free(house->bob[i]);
        desktop_free(house->alice);
        hub_free(house->hub);
        rig_free(house->rig);
}

#define _cleanup_house_ _cleanup_(house_done)

/* A call from Alice that rings on all of Bob's devices. */
static Call house_rings(House *house)
{
        Call call = call_start(house->alice, "bob");

        for (size_t i = 0; i < N_DEVICES; i++)
                client_wait_signal(house->bob[i]->client, "IncomingCallReceived", call.path);
        return call;
}

static void expect_history_on_all(House *house, const Call *call, const char *part)
{
        for (size_t i = 0; i < N_DEVICES; i++) {
                usec_t deadline = rig_deadline();

                for (;;) {
                        _cleanup_free_ char *record = call_history(house->bob[i], call);

                        if (record && strstr(record, part))
                                break;
                        rig_run_once(house->rig, deadline, part);
                }
        }
}

/* The number of RingingSince changes that the program has seen. */
static unsigned count_ringing_since(Client *client, const Call *call)
{
        unsigned n = 0;

        for (size_t i = 0; i < client->n_signals; i++) {
                const HeardSignal *heard = client->signals[i];
                _cleanup_free_ char *since = NULL;

                if (!str_eq(heard->member, "PropertiesChanged") || !str_eq(heard->path, call->path))
                        continue;
                since = text_of_key(heard->message, 1, "RingingSince");
                n += since != NULL;
        }
        return n;
}

START_TEST(rule_3_the_caller_sees_one_change_to_ringing_when_someone_is_alerted)
{
        _cleanup_house_ House house = house_new();
        Call call = house_rings(&house);

        /* No listener presents it, and there is no sound: it is delivered, and alerts nobody. */
        expect_text(call_property(house.alice, &call, "RingingSince"), "0");
        _cleanup_(listener_freep) Listener *one =
                listener_new(house.bob[0], "one", 0, LISTENER_TAKES);
        _cleanup_(listener_freep) Listener *other =
                listener_new(house.bob[1], "other", 0, LISTENER_TAKES);
        for (size_t i = 0; i < 2; i++)
                client_wait_property(house.bob[i]->client, call.path, TRING_CALL, "Alerting",
                                     "true");
        /* What both devices have sent arrives before this. */
        for (size_t i = 0; i < 2; i++)
                client_do(house.bob[i]->client, TRING_ROOT, TRING_MANAGER, "BlockUser", "s",
                          "alice");
        call_reject(house.bob[0], &call, "rejected");
        call_wait_status(house.alice, &call, "rejected", NULL);
        ck_assert_uint_eq(count_ringing_since(house.alice->client, &call), 1);
}
END_TEST

START_TEST(rule_4_all_ring_and_the_first_accept_wins)
{
        _cleanup_house_ House house = house_new();
        Call call = house_rings(&house);
        HeardSignal *event;

        call_accept(house.bob[1], &call, false);
        client_wait_signal(house.alice->client, "OutgoingCallAccepted", call.path);
        for (size_t i = 0; i < N_DEVICES; i += 2) {
                event = client_wait_signal(house.bob[i]->client, "IncomingCallCancelled",
                                           call.path);
                expect_detail(event, "status", "cancelled");
                expect_detail(event, "reason", "answered-elsewhere");
                client_wait_property(house.bob[i]->client, TRING_ROOT, TRING_MANAGER, "Ringing",
                                     "false");
                client_refused(house.bob[i]->client, "AnsweredElsewhere", "", TRING_ROOT,
                               TRING_MANAGER, "AcceptCall", "sa{sv}", call.id, 0);
                client_wait_property(house.bob[i]->client, TRING_ROOT, TRING_MANAGER,
                                     "UnseenMissed", "0");
        }
        call_end(house.alice, &call);
        call_wait_status(house.bob[1], &call, "ended", "remote-hangup");
        expect_history_on_all(&house, &call, "status: ended");
        ck_assert_uint_eq(
                client_count_signals(house.alice->client, "OutgoingCallAccepted", call.path), 1);
        for (size_t i = 0; i < N_DEVICES; i += 2)
                ck_assert_uint_eq(client_count_signals(house.bob[i]->client,
                                                       "CallEndedMessageReceived", call.path),
                                  0);
}
END_TEST

typedef struct Pressed {
        unsigned won, elsewhere, other;
} Pressed;

static int on_accept_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const sd_bus_error *failure = sd_bus_message_get_error(reply);
        Pressed *pressed = userdata;

        if (!failure)
                pressed->won++;
        else if (str_eq(failure->name, TRING_NAME ".Error.AnsweredElsewhere"))
                pressed->elsewhere++;
        else
                pressed->other++;
        return 0;
}

/* All devices act at once, as nearly as one process can. */
START_TEST(rule_4_one_of_three_that_accept_at_once_has_the_call)
{
        _cleanup_house_ House house = house_new();
        Pressed pressed = {};
        unsigned ongoing = 0;

        for (unsigned round = 1; round <= 5; round++) {
                Call call = house_rings(&house);
                usec_t deadline = rig_deadline();

                for (size_t i = 0; i < N_DEVICES; i++)
                        rig_check(sd_bus_call_method_async(
                                          house.bob[i]->client->bus, NULL, TRING_NAME, TRING_ROOT,
                                          TRING_MANAGER, "AcceptCall", on_accept_reply, &pressed,
                                          "sa{sv}", call.id, 1, "join", "b", false),
                                  "AcceptCall");
                while (pressed.won + pressed.elsewhere + pressed.other < round * N_DEVICES)
                        rig_run_once(house.rig, deadline, "three answers");
                ck_assert_uint_eq(pressed.won, round);
                ck_assert_uint_eq(pressed.other, 0);
                client_wait_signal(house.alice->client, "OutgoingCallAccepted", call.path);
                for (size_t i = 0; i < N_DEVICES; i++) {
                        _cleanup_free_ char *status = call_property(house.bob[i], &call, "Status");

                        ongoing += str_eq(status, "ongoing");
                }
                ck_assert_uint_eq(ongoing, round);
                call_end(house.alice, &call);
                expect_history_on_all(&house, &call, "status: ended");
        }
}
END_TEST

START_TEST(rule_4_only_the_device_that_accepted_joins)
{
        _cleanup_house_ House house = house_new();
        Call call = house_rings(&house);

        call_accept(house.bob[0], &call, false);
        client_wait_signal(house.bob[1]->client, "IncomingCallCancelled", call.path);
        client_refused(house.bob[1]->client, "org.freedesktop.DBus.Error.UnknownMethod", "",
                       call.path, TRING_SESSION, "Join", "a{sv}", 0);
        call_wait_status(house.bob[0], &call, "ongoing", NULL);
}
END_TEST

START_TEST(rule_5_reject_speaks_for_all_devices)
{
        _cleanup_house_ House house = house_new();
        Call call = house_rings(&house);

        call_reject(house.bob[2], &call, "rejected");
        expect_detail(client_wait_signal(house.alice->client, "OutgoingCallRejected", call.path),
                      "status", "rejected");
        for (size_t i = 0; i < 2; i++) {
                HeardSignal *event = client_wait_signal(house.bob[i]->client,
                                                        "IncomingCallCancelled", call.path);

                expect_detail(event, "reason", "declined-elsewhere");
                client_wait_property(house.bob[i]->client, TRING_ROOT, TRING_MANAGER,
                                     "UnseenMissed", "0");
        }
        client_wait_signal(house.bob[2]->client, "CallEndedMessageReceived", call.path);
        expect_history_on_all(&house, &call, "status: rejected");
}
END_TEST

START_TEST(rule_6_cancel_stops_all_and_is_one_missed_call)
{
        _cleanup_house_ House house = house_new();
        Call call = house_rings(&house);

        call_reject(house.alice, &call, "cancelled");
        for (size_t i = 0; i < N_DEVICES; i++) {
                expect_detail(client_wait_signal(house.bob[i]->client, "IncomingCallCancelled",
                                                 call.path),
                              "reason", "caller-cancelled");
                client_wait_property(house.bob[i]->client, TRING_ROOT, TRING_MANAGER,
                                     "UnseenMissed", "1");
        }
        expect_history_on_all(&house, &call, "status: missed");
}
END_TEST

START_TEST(rule_7_silence_is_local)
{
        _cleanup_house_ House house = house_new();
        _cleanup_(listener_freep) Listener *here =
                listener_new(house.bob[0], "here", 0, LISTENER_TAKES);
        _cleanup_(listener_freep) Listener *there =
                listener_new(house.bob[1], "there", 0, LISTENER_TAKES);
        Call call = house_rings(&house);

        listener_wait(here, "IncomingCallReceived");
        listener_wait(there, "IncomingCallReceived");
        client_wait_property(house.bob[0]->client, TRING_ROOT, TRING_MANAGER, "Ringing", "true");
        client_wait_property(house.bob[1]->client, TRING_ROOT, TRING_MANAGER, "Ringing", "true");
        client_do(house.bob[0]->client, TRING_ROOT, TRING_MANAGER, "SilenceAll", NULL);
        client_wait_property(house.bob[0]->client, TRING_ROOT, TRING_MANAGER, "Ringing", "false");
        expect_text(client_property(house.bob[1]->client, TRING_ROOT, TRING_MANAGER, "Ringing"),
                    "true");
        call_wait_status(house.bob[0], &call, "initiated", NULL);
        call_wait_status(house.alice, &call, "initiated", NULL);
        call_accept(house.bob[0], &call, false);
        client_wait_signal(house.alice->client, "OutgoingCallAccepted", call.path);
}
END_TEST

START_TEST(rule_9_do_not_disturb_is_a_devices_own)
{
        _cleanup_house_ House house = house_new();
        _cleanup_(listener_freep) Listener *quiet =
                listener_new(house.bob[0], "quiet", 0, LISTENER_TAKES);
        _cleanup_(listener_freep) Listener *loud =
                listener_new(house.bob[1], "loud", 0, LISTENER_TAKES);
        Call call;

        client_set(house.bob[0]->client, TRING_ROOT, TRING_MANAGER, "DoNotDisturb", "b", true);
        call = house_rings(&house);
        ck_assert(!listener_wait(quiet, "IncomingCallReceived").present);
        ck_assert(listener_wait(loud, "IncomingCallReceived").present);
        expect_text(call_property(house.bob[0], &call, "Alerting"), "false");
        expect_text(
                client_property(house.bob[1]->client, TRING_ROOT, TRING_MANAGER, "DoNotDisturb"),
                "false");
        call_accept(house.bob[0], &call, false);
        client_wait_signal(house.alice->client, "OutgoingCallAccepted", call.path);
}
END_TEST

START_TEST(rule_16_seen_on_one_device_is_seen_on_all)
{
        _cleanup_house_ House house = house_new();
        Call call = house_rings(&house);

        /* One of the devices is offline at that time. */
        desktop_stop(house.bob[2]);
        call_reject(house.alice, &call, "cancelled");
        client_wait_property(house.bob[0]->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "1");
        client_wait_property(house.bob[1]->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "1");
        client_do(house.bob[0]->client, TRING_ROOT, TRING_MANAGER, "MarkMissedSeen", "as", 0);
        client_wait_property(house.bob[1]->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "0");
        desktop_start(house.bob[2]);
        desktop_wait_online(house.bob[2]);
        client_wait_property(house.bob[2]->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "0");
        expect_history_on_all(&house, &call, "status: missed");
}
END_TEST

START_TEST(rule_8_policy_and_block_list_are_the_users)
{
        _cleanup_house_ House house = house_new();

        client_set(house.bob[0]->client, TRING_ROOT, TRING_MANAGER, "WhenBusy", "s", "ring");
        client_do(house.bob[1]->client, TRING_ROOT, TRING_MANAGER, "BlockUser", "s", "alice");
        for (size_t i = 0; i < N_DEVICES; i++) {
                client_wait_property(house.bob[i]->client, TRING_ROOT, TRING_MANAGER, "WhenBusy",
                                     "ring");
                client_wait_property(house.bob[i]->client, TRING_ROOT, TRING_MANAGER, "Blocked",
                                     "[alice]");
        }
        client_do(house.bob[2]->client, TRING_ROOT, TRING_MANAGER, "UnblockUser", "s", "alice");
        for (size_t i = 0; i < N_DEVICES; i++)
                client_wait_property(house.bob[i]->client, TRING_ROOT, TRING_MANAGER, "Blocked",
                                     "[]");
}
END_TEST

START_TEST(rule_16_device_that_comes_while_it_rings_rings_too)
{
        _cleanup_house_ House house = house_new();
        Call call;

        desktop_stop(house.bob[2]);
        call = call_start(house.alice, "bob");
        client_wait_signal(house.bob[0]->client, "IncomingCallReceived", call.path);
        desktop_start(house.bob[2]);
        client_wait_signal(house.bob[2]->client, "IncomingCallReceived", call.path);
        call_accept(house.bob[2], &call, false);
        expect_detail(client_wait_signal(house.bob[0]->client, "IncomingCallCancelled", call.path),
                      "reason", "answered-elsewhere");
}
END_TEST

static Suite *devices_suite(void)
{
        Suite *suite = suite_create("devices");
        TCase *tcase = tcase_create("devices");

        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, rule_3_the_caller_sees_one_change_to_ringing_when_someone_is_alerted);
        tcase_add_test(tcase, rule_4_all_ring_and_the_first_accept_wins);
        tcase_add_test(tcase, rule_4_one_of_three_that_accept_at_once_has_the_call);
        tcase_add_test(tcase, rule_4_only_the_device_that_accepted_joins);
        tcase_add_test(tcase, rule_5_reject_speaks_for_all_devices);
        tcase_add_test(tcase, rule_6_cancel_stops_all_and_is_one_missed_call);
        tcase_add_test(tcase, rule_7_silence_is_local);
        tcase_add_test(tcase, rule_8_policy_and_block_list_are_the_users);
        tcase_add_test(tcase, rule_9_do_not_disturb_is_a_devices_own);
        tcase_add_test(tcase, rule_16_seen_on_one_device_is_seen_on_all);
        tcase_add_test(tcase, rule_16_device_that_comes_while_it_rings_rings_too);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return suite_run(devices_suite());
}
