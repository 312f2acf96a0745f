/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is rung, who is busy, who wins: conflicting decisions, between real programs. */
#include "base/str.h"
#include "e2e/expect.h"
#include "e2e/pair.h"
#include "rig/listener.h"
#include "suite.h"

static void set_when_busy(Desktop *desktop, const char *value)
{
        client_set(desktop->client, TRING_ROOT, TRING_MANAGER, "WhenBusy", "s", value);
}

static void set_do_not_disturb(Desktop *desktop, bool on)
{
        client_set(desktop->client, TRING_ROOT, TRING_MANAGER, "DoNotDisturb", "b", on);
}

static void wait_manager(Desktop *desktop, const char *property, const char *value)
{
        client_wait_property(desktop->client, TRING_ROOT, TRING_MANAGER, property, value);
}

/* Puts Bob in a call with Alice, and lets other calls ring. */
static Call busy_bob(Pair *p)
{
        Call call = call_ring(p->alice, p->bob, false);

        call_accept(p->bob, &call, false);
        set_when_busy(p->bob, "ring");
        wait_manager(p->bob, "WhenBusy", "ring");
        /*
         * The hub handles requests in order: its answer to this one shows that it has handled that
         * one.
         */
        client_do(p->bob->client, call.path, TRING_SESSION, "GenerateToken", NULL);
        return call;
}

START_TEST(rule_8_call_waiting_is_accepted_beside_the_first)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(desktop_freep) Desktop *carol = desktop_new_online(p.rig, p.hub, "carol");
        Call first = busy_bob(&p), second = call_ring(carol, p.bob, false);

        call_accept_with(p.bob, &second, "parallel");
        call_wait_status(carol, &second, "ongoing", NULL);
        call_wait_status(p.bob, &second, "ongoing", NULL);
        call_wait_status(p.alice, &first, "ongoing", NULL);
        call_end(p.bob, &second);
        call_wait_status(carol, &second, "ended", "remote-hangup");
        call_wait_status(p.bob, &first, "ongoing", NULL);
}
END_TEST

START_TEST(rule_8_end_others_ends_what_went_on_on_another_device)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(desktop_freep) Desktop *laptop =
                desktop_new_device(p.rig, p.hub, "laptop", "bob");
        _cleanup_(desktop_freep) Desktop *carol = desktop_new_online(p.rig, p.hub, "carol");
        Call first = busy_bob(&p), second = call_start(carol, "bob");

        client_wait_signal(laptop->client, "IncomingCallReceived", second.path);
        client_refused(laptop->client, "BusySelf", "", TRING_ROOT, TRING_MANAGER, "AcceptCall",
                       "sa{sv}", second.id, 0);
        call_accept_with(laptop, &second, "end_others");
        call_wait_status(p.alice, &first, "ended", "remote-hangup");
        call_wait_status(p.bob, &first, "ended", NULL);
        call_wait_status(carol, &second, "ongoing", NULL);
}
END_TEST

START_TEST(rule_8_second_call_of_ones_own_needs_parallel)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(desktop_freep) Desktop *carol = desktop_new_online(p.rig, p.hub, "carol");
        Call first = call_ring(p.alice, p.bob, false), second;

        client_refused(p.alice->client, "BusySelf", "", TRING_ROOT, TRING_MANAGER, "InitiateCall",
                       "sssa{sv}", "carol", "user", "audio", 0);
        second = call_start_with(p.alice, "carol", "audio", "a{sv}", 2, "parallel", "b", true,
                                 "join", "b", false);
        client_wait_signal(carol->client, "IncomingCallReceived", second.path);
        call_accept(p.bob, &first, false);
        call_wait_status(p.alice, &first, "ongoing", NULL);
        call_wait_status(p.alice, &second, "initiated", NULL);
}
END_TEST

/* A ringing user is not busy, and a call that rings already continues without sound. */
START_TEST(rule_8_what_rings_when_another_is_answered_rings_on_without_sound)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(desktop_freep) Desktop *carol = desktop_new_online(p.rig, p.hub, "carol");
        _cleanup_(listener_freep) Listener *shell = listener_new(p.bob, "shell", 0, LISTENER_TAKES);
        Call first = call_ring(p.alice, p.bob, false), second = call_ring(carol, p.bob, false);

        listener_wait(shell, "IncomingCallReceived");
        call_accept(p.bob, &first, false);
        call_wait_status(p.alice, &first, "ongoing", NULL);
        call_wait_status(p.bob, &second, "initiated", NULL);
        call_wait_status(carol, &second, "initiated", NULL);
        call_end(p.alice, &first);
        call_wait_status(p.bob, &first, "ended", NULL);
        call_accept(p.bob, &second, false);
        call_wait_status(carol, &second, "ongoing", NULL);
}
END_TEST

START_TEST(rule_9_do_not_disturb_leaves_a_missed_call_that_says_so)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *shell = listener_new(p.bob, "shell", 0, LISTENER_TAKES);
        Call call;

        set_do_not_disturb(p.bob, true);
        wait_manager(p.bob, "DoNotDisturb", "true");
        call = call_start_with(p.alice, "bob", "audio", "a{sv}", 2, "timeout", "i", 5, "join", "b",
                               false);
        ck_assert(!listener_wait(shell, "IncomingCallReceived").present);
        wait_manager(p.bob, "Ringing", "false");
        expect_detail(client_wait_signal(p.alice->client, "OutgoingCallRejected", call.path),
                      "reason", "timeout");
        expect_text(call_property(p.alice, &call, "RingingSince"), "0");
        expect_detail(client_wait_signal(p.bob->client, "IncomingCallCancelled", call.path),
                      "reason", "filtered-dnd");
        expect_has(call_history(p.bob, &call), "reason: filtered-dnd");
        wait_manager(p.bob, "UnseenMissed", "1");
}
END_TEST

START_TEST(rule_9_switching_it_on_silences_and_off_starts_nothing)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *shell = listener_new(p.bob, "shell", 0, LISTENER_TAKES);
        Call call = call_ring(p.alice, p.bob, false);

        ck_assert(listener_wait(shell, "IncomingCallReceived").present);
        wait_manager(p.bob, "Ringing", "true");
        set_do_not_disturb(p.bob, true);
        wait_manager(p.bob, "Ringing", "false");
        set_do_not_disturb(p.bob, false);
        wait_manager(p.bob, "DoNotDisturb", "false");
        wait_manager(p.bob, "Ringing", "false");
        ck_assert_uint_eq(listener_count(shell, "IncomingCallReceived"), 1);
        call_accept(p.bob, &call, false);
        call_wait_status(p.alice, &call, "ongoing", NULL);
}
END_TEST

START_TEST(rule_9_blocked_caller_raises_nothing_and_cannot_tell)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *shell = listener_new(p.bob, "shell", 0, LISTENER_TAKES);
        Call call;

        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "BlockUser", "s", "alice");
        wait_manager(p.bob, "Blocked", "[alice]");
        call = call_start_with(p.alice, "bob", "audio", "a{sv}", 2, "timeout", "i", 5, "join", "b",
                               false);
        call_wait_status(p.alice, &call, "initiated", NULL);
        expect_detail(client_wait_signal(p.alice->client, "OutgoingCallRejected", call.path),
                      "reason", "timeout");
        ck_assert_uint_eq(client_count_signals(p.bob->client, "IncomingCallReceived", NULL), 0);
        ck_assert_uint_eq(listener_count(shell, "IncomingCallReceived"), 0);
        client_wait_signal(p.bob->client, "CallLogsChanged", NULL);
        expect_has(call_history(p.bob, &call), "reason: filtered-blocked");
        wait_manager(p.bob, "UnseenMissed", "0");

        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnblockUser", "s", "alice");
        wait_manager(p.bob, "Blocked", "[]");
        call_ring(p.alice, p.bob, false);
}
END_TEST

START_TEST(rule_9_who_may_ring_protects_and_the_caller_cannot_tell)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(listener_freep) Listener *shell = listener_new(p.bob, "shell", 0, LISTENER_TAKES);
        Call call;

        wait_manager(p.bob, "WhoMayRing", "everybody");
        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "SetWhoMayRing", "s", "called");
        wait_manager(p.bob, "WhoMayRing", "called");
        call = call_start_with(p.alice, "bob", "audio", "a{sv}", 2, "timeout", "i", 5, "join", "b",
                               false);
        call_wait_status(p.alice, &call, "initiated", NULL);
        expect_detail(client_wait_signal(p.alice->client, "OutgoingCallRejected", call.path),
                      "reason", "timeout");
        ck_assert_uint_eq(client_count_signals(p.bob->client, "IncomingCallReceived", NULL), 0);
        ck_assert_uint_eq(listener_count(shell, "IncomingCallReceived"), 0);
        client_wait_signal(p.bob->client, "CallLogsChanged", NULL);
        expect_has(call_history(p.bob, &call), "reason: filtered-barred");
        wait_manager(p.bob, "UnseenMissed", "0");

        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "SetWhoMayRing", "s", "everybody");
        call_ring(p.alice, p.bob, false);
}
END_TEST

START_TEST(rule_9_block_list_says_what_is_wrong_and_ends_somewhere)
{
        _cleanup_pair_ Pair p = pair_new();
        char uid[32];

        client_refused(p.bob->client, "UserNotFound", "nobody", TRING_ROOT, TRING_MANAGER,
                       "BlockUser", "s", "nobody");
        client_refused(p.bob->client, "InvalidArgument", "bob", TRING_ROOT, TRING_MANAGER,
                       "BlockUser", "s", "bob");
        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnblockUser", "s", "alice");
        for (int i = 0; i <= 256; i++) {
                snprintf(uid, sizeof(uid), "crowd-%d", i);
                hub_add_user(p.hub, uid, uid);
                if (i < 256)
                        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "BlockUser", "s", uid);
        }
        client_refused(p.bob->client, "TooMany", "256", TRING_ROOT, TRING_MANAGER, "BlockUser", "s",
                       uid);
        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "BlockUser", "s", "crowd-7");
        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "UnblockUser", "s", "crowd-7");
        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "BlockUser", "s", uid);
}
END_TEST

START_TEST(rule_10_two_who_call_each_other_have_one_call)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(desktop_freep) Desktop *laptop =
                desktop_new_device(p.rig, p.hub, "laptop", "bob");
        Call call = call_ring(p.alice, p.bob, false), other;

        client_wait_signal(laptop->client, "IncomingCallReceived", call.path);
        other = call_start(p.bob, "alice");
        ck_assert_str_eq(other.id, call.id);
        client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path);
        client_wait_signal(p.bob->client, "OutgoingCallAccepted", call.path);
        expect_detail(client_wait_signal(laptop->client, "IncomingCallCancelled", call.path),
                      "reason", "answered-elsewhere");
        wait_manager(p.bob, "UnseenMissed", "0");
        wait_manager(p.alice, "UnseenMissed", "0");
        call_end(p.bob, &call);
        call_wait_status(p.alice, &call, "ended", "remote-hangup");
}
END_TEST

typedef struct Race {
        unsigned answered;
        bool accepted; /* the accept succeeded */
        bool cancelled;
} Race;

static int on_accept(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Race *race = userdata;

        race->answered++;
        race->accepted = !sd_bus_message_is_method_error(reply, NULL);
        return 0;
}

static int on_cancel(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const sd_bus_error *failure = sd_bus_message_get_error(reply);
        Race *race = userdata;

        race->answered++;
        race->cancelled = !failure;
        if (failure)
                ck_assert_str_eq(failure->name, TRING_NAME ".Error.CallOngoing");
        return 0;
}

START_TEST(rule_6_cancel_against_accept_never_leaves_a_call)
{
        _cleanup_pair_ Pair p = pair_new();

        for (unsigned round = 0; round < 20; round++) {
                Call call = call_ring(p.alice, p.bob, false);
                usec_t deadline = rig_deadline();
                Race race = {};

                rig_check(sd_bus_call_method_async(p.bob->client->bus, NULL, TRING_NAME, TRING_ROOT,
                                                   TRING_MANAGER, "AcceptCall", on_accept, &race,
                                                   "sa{sv}", call.id, 1, "join", "b", false),
                          "AcceptCall");
                rig_check(sd_bus_call_method_async(p.alice->client->bus, NULL, TRING_NAME,
                                                   TRING_ROOT, TRING_MANAGER, "RejectCall",
                                                   on_cancel, &race, "ss", call.id, "cancelled"),
                          "RejectCall");
                while (race.answered < 2)
                        rig_run_once(p.rig, deadline, "both answers");
                /* A caller that has received the answer cannot cancel any more. */
                if (!race.cancelled)
                        call_end(p.alice, &call);
                ck_assert(race.cancelled || race.accepted);
                /* Whichever came first, the call is over on both sides, and nobody is heard. */
                call_wait_status(p.alice, &call, race.accepted ? "ended" : "cancelled", NULL);
                call_wait_status(p.bob, &call, race.accepted ? "ended" : "cancelled", NULL);
        }
}
END_TEST

START_TEST(rule_4_decisions_of_two_programs_on_one_device_come_one_after_the_other)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(client_freep) Client *other =
                client_new(p.rig, environment_get(&p.bob->environment, "DBUS_SESSION_BUS_ADDRESS"));
        Call call = call_ring(p.alice, p.bob, false);

        call_reject(p.bob, &call, "rejected");
        client_refused(other, "CallTerminated", "it was declined", TRING_ROOT, TRING_MANAGER,
                       "AcceptCall", "sa{sv}", call.id, 0);
        call = call_ring(p.alice, p.bob, false);
        call_accept(p.bob, &call, false);
        client_refused(other, "CallOngoing", "", TRING_ROOT, TRING_MANAGER, "RejectCall", "ss",
                       call.id, "rejected");
        call_wait_status(p.alice, &call, "ongoing", NULL);
        /* Another program may end a call that this one has answered: both act for the same user. */
        client_do(other, TRING_ROOT, TRING_MANAGER, "EndCall", "s", call.id);
        call_wait_status(p.alice, &call, "ended", "remote-hangup");
}
END_TEST

START_TEST(rule_16_ring_of_less_than_three_seconds_is_not_begun)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call;

        desktop_stop(p.bob);
        /* A restarted hub does not wait for this device, which is away. */
        hub_stop(p.hub);
        wait_manager(p.alice, "ConnectionState", "offline");
        hub_start(p.hub);
        desktop_wait_online(p.alice);
        call = call_start_with(p.alice, "bob", "audio", "a{sv}", 2, "timeout", "i", 5, "join", "b",
                               false);
        rig_run_for(p.rig, 2500 * USEC_PER_MSEC);
        desktop_start(p.bob);
        desktop_wait_online(p.bob);
        client_wait_signal(p.alice->client, "OutgoingCallRejected", call.path);
        wait_manager(p.bob, "UnseenMissed", "1");
        ck_assert_uint_eq(client_count_signals(p.bob->client, "IncomingCallReceived", NULL), 0);
        expect_has(call_history(p.bob, &call), "status: missed");
}
END_TEST

static Suite *policy_suite(void)
{
        Suite *suite = suite_create("policy");
        TCase *tcase = tcase_create("policy");

        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase,
                       rule_4_decisions_of_two_programs_on_one_device_come_one_after_the_other);
        tcase_add_test(tcase, rule_6_cancel_against_accept_never_leaves_a_call);
        tcase_add_test(tcase, rule_8_call_waiting_is_accepted_beside_the_first);
        tcase_add_test(tcase, rule_8_end_others_ends_what_went_on_on_another_device);
        tcase_add_test(tcase, rule_8_second_call_of_ones_own_needs_parallel);
        tcase_add_test(tcase, rule_8_what_rings_when_another_is_answered_rings_on_without_sound);
        tcase_add_test(tcase, rule_9_do_not_disturb_leaves_a_missed_call_that_says_so);
        tcase_add_test(tcase, rule_9_switching_it_on_silences_and_off_starts_nothing);
        tcase_add_test(tcase, rule_9_blocked_caller_raises_nothing_and_cannot_tell);
        tcase_add_test(tcase, rule_9_who_may_ring_protects_and_the_caller_cannot_tell);
        tcase_add_test(tcase, rule_9_block_list_says_what_is_wrong_and_ends_somewhere);
        tcase_add_test(tcase, rule_10_two_who_call_each_other_have_one_call);
        tcase_add_test(tcase, rule_16_ring_of_less_than_three_seconds_is_not_begun);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return suite_run(policy_suite());
}
