/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order in which a call's signals reach the bus (dbus/README.md, "Life of a call"), and what is
 * refused to whom.
 */
#include "base/str.h"
#include "e2e/expect.h"
#include "e2e/pair.h"
#include "suite.h"

/* The number of PropertiesChanged is not specified, so repeated ones count as one. */
static char *order_of(Desktop *desktop, const Call *call)
{
        _cleanup_free_ char *all = client_signal_order(desktop->client, call->path);
        char *order = rig_alloc(strlen(all) + 1), *rest = all, *word;
        const char *last = "";

        while ((word = strsep(&rest, " "))) {
                if (str_eq(word, last) && str_eq(word, "PropertiesChanged"))
                        continue;
                if (*order)
                        strcat(order, " ");
                strcat(order, word);
                last = word;
        }
        return order;
}

START_TEST(signals_of_an_answered_call_come_in_order)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        call_accept(p.bob, &call, false);
        client_wait_signal(p.alice->client, "OutgoingCallAccepted", call.path);
        call_end(p.bob, &call);
        client_wait_signal(p.alice->client, "CallEndedMessageReceived", call.path);
        client_wait_signal(p.bob->client, "CallEndedMessageReceived", call.path);
        expect_text(order_of(p.alice, &call),
                    "InterfacesAdded "
                    "PropertiesChanged InterfacesAdded(Session) StatusChanged OutgoingCallAccepted "
                    "PropertiesChanged StatusChanged CallEndedMessageReceived");
        expect_text(order_of(p.bob, &call),
                    "InterfacesAdded IncomingCallReceived "
                    "PropertiesChanged InterfacesAdded(Session) StatusChanged "
                    "PropertiesChanged StatusChanged CallEndedMessageReceived");
}
END_TEST

START_TEST(signals_of_a_cancelled_call_come_in_order)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        call_reject(p.alice, &call, "cancelled");
        client_wait_signal(p.alice->client, "CallEndedMessageReceived", call.path);
        client_wait_signal(p.bob->client, "IncomingCallCancelled", call.path);
        expect_text(order_of(p.alice, &call), "InterfacesAdded "
                                              "PropertiesChanged StatusChanged "
                                              "CallEndedMessageReceived");
        expect_text(order_of(p.bob, &call), "InterfacesAdded IncomingCallReceived "
                                            "PropertiesChanged StatusChanged "
                                            "IncomingCallCancelled");
}
END_TEST

START_TEST(finished_call_stays_until_it_is_dismissed)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = call_ring(p.alice, p.bob, false);

        call_reject(p.bob, &call, "rejected");
        client_wait_signal(p.alice->client, "OutgoingCallRejected", call.path);
        client_wait_property(p.alice->client, TRING_ROOT, TRING_MANAGER, "ActiveCall", call.path);
        client_do(p.alice->client, call.path, TRING_CALL, "Dismiss", NULL);
        client_wait_signal(p.alice->client, "InterfacesRemoved", call.path);
        ck_assert(!client_object_exists(p.alice->client, call.path));
        client_wait_property(p.alice->client, TRING_ROOT, TRING_MANAGER, "ActiveCall", "/");
        ck_assert(client_object_exists(p.bob->client, call.path));
        client_do(p.bob->client, TRING_ROOT, TRING_MANAGER, "ClearActiveCall", NULL);
        client_wait_signal(p.bob->client, "InterfacesRemoved", call.path);
        client_refused(p.bob->client, "NoSuchCall", call.id, TRING_ROOT, TRING_MANAGER,
                       "AcceptCall", "sa{sv}", call.id, 0);
}
END_TEST

static void refuse_initiate(Desktop *desktop, const char *receiver, const char *receiver_type,
                            const char *call_type, const char *error, const char *text)
{
        client_refused(desktop->client, error, text, TRING_ROOT, TRING_MANAGER, "InitiateCall",
                       "sssa{sv}", receiver, receiver_type, call_type, 0);
}

START_TEST(impossible_calls_are_refused_by_name)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call;

        refuse_initiate(p.alice, "nobody", "user", "audio", "UserNotFound", "nobody");
        refuse_initiate(p.alice, "alice", "user", "audio", "CallingSelf", "");
        refuse_initiate(p.alice, "nowhere", "group", "audio", "GroupNotFound", "nowhere");
        refuse_initiate(p.alice, "", "user", "audio", "InvalidArgument", "");
        refuse_initiate(p.alice, "b o b", "user", "audio", "InvalidArgument", "b o b");
        refuse_initiate(p.alice, "bob", "crowd", "audio", "InvalidArgument", "crowd");
        refuse_initiate(p.alice, "bob", "user", "smell", "InvalidArgument", "smell");
        client_refused(p.alice->client, "InvalidArgument", "volume", TRING_ROOT, TRING_MANAGER,
                       "InitiateCall", "sssa{sv}", "bob", "user", "audio", 1, "volume", "b", true);

        call = call_start(p.alice, "bob");
        refuse_initiate(p.alice, "bob", "user", "audio", "BusySelf", "");
        client_refused(p.alice->client, "InvalidTransition", "", call.path, TRING_CALL, "Accept",
                       "a{sv}", 0);
        client_refused(p.alice->client, "InvalidTransition", "", call.path, TRING_CALL, "End",
                       NULL);
        client_wait_signal(p.bob->client, "IncomingCallReceived", call.path);
        client_refused(p.bob->client, "InvalidTransition", "", call.path, TRING_CALL, "Cancel",
                       NULL);
        client_refused(p.bob->client, "InvalidArgument", "perhaps", call.path, TRING_CALL, "Reject",
                       "s", "perhaps");
        call_accept(p.bob, &call, false);
        client_refused(p.bob->client, "CallOngoing", "", call.path, TRING_CALL, "Reject", "s",
                       "rejected");
        /* Before the caller knows of the accept, a cancel ends the call (rule 6). */
        call_wait_status(p.alice, &call, "ongoing", NULL);
        client_refused(p.alice->client, "CallOngoing", "", call.path, TRING_CALL, "Cancel", NULL);
}
END_TEST

START_TEST(calls_of_others_cannot_be_touched)
{
        _cleanup_pair_ Pair p = pair_new();
        _cleanup_(desktop_freep) Desktop *carol = desktop_new_online(p.rig, p.hub, "carol");
        Call call = call_ring(p.alice, p.bob, false);

        client_refused(carol->client, "NoSuchCall", call.id, TRING_ROOT, TRING_MANAGER,
                       "AcceptCall", "sa{sv}", call.id, 0);
        client_refused(carol->client, "NoSuchCall", call.id, TRING_ROOT, TRING_MANAGER,
                       "RejectCall", "ss", call.id, "rejected");
        client_refused(carol->client, "NoSuchCall", call.id, TRING_ROOT, TRING_MANAGER, "EndCall",
                       "s", call.id);
        call_wait_status(p.bob, &call, "initiated", NULL);
}
END_TEST

static Suite *order_suite(void)
{
        Suite *suite = suite_create("order");
        TCase *tcase = tcase_create("order");

        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, signals_of_an_answered_call_come_in_order);
        tcase_add_test(tcase, signals_of_a_cancelled_call_come_in_order);
        tcase_add_test(tcase, finished_call_stays_until_it_is_dismissed);
        tcase_add_test(tcase, impossible_calls_are_refused_by_name);
        tcase_add_test(tcase, calls_of_others_cannot_be_touched);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return suite_run(order_suite());
}
