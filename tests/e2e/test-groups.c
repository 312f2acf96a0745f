/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to a group of four: rule 11 of the call model, and its effect on others. */
#include "base/str.h"
#include "e2e/expect.h"
#include "e2e/pair.h"
#include "suite.h"

typedef struct Team {
        Rig *rig;
        Hub *hub;
        Desktop *alice, *bob, *carol, *dave;
} Team;

static Team team_new(void)
{
        Team team = {.rig = rig_new()};

        team.hub = hub_new(team.rig);
        team.alice = desktop_new_online(team.rig, team.hub, "alice");
        team.bob = desktop_new_online(team.rig, team.hub, "bob");
        team.carol = desktop_new_online(team.rig, team.hub, "carol");
        team.dave = desktop_new_online(team.rig, team.hub, "dave");
        hub_add_group(team.hub, "team", "The Team", ARGV("alice", "bob", "carol", "dave"));
        return team;
}

static void team_done(Team *team)
{
        desktop_free(team->alice);
        desktop_free(team->bob);
        desktop_free(team->carol);
        desktop_free(team->dave);
        hub_free(team->hub);
        rig_free(team->rig);
}

#define _cleanup_team_ _cleanup_(team_done)

static Call team_rings(Team *team)
{
        Call call = call_start_group(team->alice, "team");

        client_wait_signal(team->bob->client, "IncomingCallReceived", call.path);
        client_wait_signal(team->carol->client, "IncomingCallReceived", call.path);
        client_wait_signal(team->dave->client, "IncomingCallReceived", call.path);
        return call;
}

/* Waits until `uid` has that state among the call's members, as `desktop` sees them. */
static void wait_member(Desktop *desktop, const Call *call, const char *uid, const char *state)
{
        usec_t deadline = rig_deadline();
        char start[64], wanted[64];

        snprintf(start, sizeof(start), "uid: %s", uid);
        snprintf(wanted, sizeof(wanted), "state: %s}", state);
        for (;;) {
                _cleanup_free_ char *members = call_property(desktop, call, "Members");
                const char *member = strstr(members, start);
                const char *found = member ? strstr(member, "state: ") : NULL;

                if (found && strncmp(found, wanted, strlen(wanted)) == 0)
                        return;
                char what[1024];
                snprintf(what, sizeof(what), "%s to be %s at %s; members are %s", uid, state,
                         desktop->name, members);
                rig_run_once(desktop->rig, deadline, what);
        }
}

START_TEST(groups_of_ones_own_are_known)
{
        _cleanup_team_ Team team = team_new();

        client_wait_property(team.bob->client, TRING_ROOT, TRING_MANAGER, "Groups",
                             "[{guid: team, name: The Team}]");
        hub_add_group(team.hub, "duo", "Duo", ARGV("bob", "carol"));
        client_wait_property(team.bob->client, TRING_ROOT, TRING_MANAGER, "Groups",
                             "[{guid: team, name: The Team}, {guid: duo, name: Duo}]");
        expect_text(client_property(team.dave->client, TRING_ROOT, TRING_MANAGER, "Groups"),
                    "[{guid: team, name: The Team}]");
}
END_TEST

START_TEST(rule_1_groups_that_cannot_be_called_are_refused_by_name)
{
        _cleanup_team_ Team team = team_new();

        hub_add_group(team.hub, "duo", "Duo", ARGV("bob", "carol"));
        hub_add_group(team.hub, "solo", "Solo", ARGV("alice"));
        client_refused(team.alice->client, "GroupNotFound", "nowhere", TRING_ROOT, TRING_MANAGER,
                       "InitiateCall", "sssa{sv}", "nowhere", "group", "audio", 0);
        client_refused(team.alice->client, "NotAMember", "duo", TRING_ROOT, TRING_MANAGER,
                       "InitiateCall", "sssa{sv}", "duo", "group", "audio", 0);
        client_refused(team.alice->client, "InvalidArgument", "solo", TRING_ROOT, TRING_MANAGER,
                       "InitiateCall", "sssa{sv}", "solo", "group", "audio", 0);
}
END_TEST

START_TEST(rule_11_first_accept_answers_and_the_others_ring_on)
{
        _cleanup_team_ Team team = team_new();
        Call call = team_rings(&team);

        expect_text(call_property(team.bob, &call, "ReceiverType"), "group");
        expect_text(call_property(team.bob, &call, "Receiver"), "{guid: team, name: The Team}");
        call_accept(team.bob, &call, false);
        expect_detail(client_wait_signal(team.alice->client, "OutgoingCallAccepted", call.path),
                      "receiver_type", "group");
        wait_member(team.alice, &call, "bob", "joined");
        wait_member(team.carol, &call, "bob", "joined");
        call_wait_status(team.carol, &call, "initiated", NULL);
        call_accept(team.carol, &call, false);
        wait_member(team.alice, &call, "carol", "joined");
        wait_member(team.bob, &call, "carol", "joined");
        call_wait_status(team.dave, &call, "initiated", NULL);
        ck_assert_uint_eq(
                client_count_signals(team.alice->client, "OutgoingCallAccepted", call.path), 1);
}
END_TEST

START_TEST(rule_11_reject_and_busy_are_a_members_own)
{
        _cleanup_team_ Team team = team_new();
        Call call = team_rings(&team);

        call_reject(team.bob, &call, "rejected");
        call_reject(team.carol, &call, "busy");
        wait_member(team.alice, &call, "bob", "rejected");
        wait_member(team.alice, &call, "carol", "busy");
        call_wait_status(team.alice, &call, "initiated", NULL);
        call_wait_status(team.bob, &call, "rejected", "declined");
        call_accept(team.dave, &call, false);
        client_wait_signal(team.alice->client, "OutgoingCallAccepted", call.path);
        call_wait_status(team.alice, &call, "ongoing", NULL);
}
END_TEST

START_TEST(rule_11_ring_ends_early_when_all_have_declined)
{
        _cleanup_team_ Team team = team_new();
        Call call = team_rings(&team);
        const char *last = _i == 0 ? "rejected" : "busy";

        call_reject(team.bob, &call, "busy");
        call_reject(team.carol, &call, "busy");
        call_wait_status(team.alice, &call, "initiated", NULL);
        call_reject(team.dave, &call, last);
        expect_detail(client_wait_signal(team.alice->client, "OutgoingCallRejected", call.path),
                      "status", last);
}
END_TEST

START_TEST(rule_11_member_who_rejected_may_join_late)
{
        _cleanup_team_ Team team = team_new();
        Call call = team_rings(&team);

        call_reject(team.bob, &call, "rejected");
        wait_member(team.alice, &call, "bob", "rejected");
        call_accept(team.carol, &call, false);
        client_wait_signal(team.alice->client, "OutgoingCallAccepted", call.path);
        call_accept(team.bob, &call, false);
        call_wait_status(team.bob, &call, "ongoing", NULL);
        wait_member(team.alice, &call, "bob", "joined");
        call_end(team.carol, &call);
        call_end(team.alice, &call);
        call_end(team.bob, &call);
        expect_has(call_history(team.bob, &call), "status: ended");
}
END_TEST

START_TEST(rule_11_who_has_left_comes_back_by_calling_the_group)
{
        _cleanup_team_ Team team = team_new();
        Call call = team_rings(&team), again;

        call_accept(team.bob, &call, false);
        call_accept(team.carol, &call, false);
        client_wait_signal(team.alice->client, "OutgoingCallAccepted", call.path);
        call_end(team.bob, &call);
        wait_member(team.alice, &call, "bob", "left");
        call_wait_status(team.alice, &call, "ongoing", NULL);

        again = call_start_group(team.bob, "team");
        ck_assert_str_eq(again.id, call.id);
        wait_member(team.alice, &call, "bob", "joined");
        call_wait_status(team.bob, &call, "ongoing", NULL);
}
END_TEST

START_TEST(rule_11_caller_leaving_ends_it_for_nobody_else)
{
        _cleanup_team_ Team team = team_new();
        Call call = team_rings(&team);

        call_accept(team.bob, &call, false);
        call_accept(team.carol, &call, false);
        client_wait_signal(team.alice->client, "OutgoingCallAccepted", call.path);
        call_end(team.alice, &call);
        call_wait_status(team.alice, &call, "ended", "hangup");
        call_wait_status(team.bob, &call, "ongoing", NULL);
        call_wait_status(team.carol, &call, "ongoing", NULL);
        call_wait_status(team.dave, &call, "initiated", NULL);
        ck_assert_uint_eq(
                client_count_signals(team.bob->client, "CallEndedMessageReceived", call.path), 0);
}
END_TEST

START_TEST(rule_11_caller_who_gives_up_stops_all_rings)
{
        _cleanup_team_ Team team = team_new();
        Desktop *const members[] = {team.bob, team.carol, team.dave};
        Call call = team_rings(&team);

        call_reject(team.alice, &call, "cancelled");
        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                expect_detail(
                        client_wait_signal(members[i]->client, "IncomingCallCancelled", call.path),
                        "reason", "caller-cancelled");
                expect_has(call_history(members[i], &call), "status: missed");
        }
}
END_TEST

START_TEST(rule_8_member_in_another_call_is_busy_and_the_group_is_not)
{
        _cleanup_team_ Team team = team_new();
        Call other = call_ring(team.bob, team.carol, false), call;

        call_accept(team.carol, &other, false);
        client_wait_signal(team.bob->client, "OutgoingCallAccepted", other.path);
        call = call_start_group(team.alice, "team");
        client_wait_signal(team.dave->client, "IncomingCallReceived", call.path);
        wait_member(team.alice, &call, "bob", "busy");
        wait_member(team.alice, &call, "carol", "busy");
        call_accept(team.dave, &call, false);
        client_wait_signal(team.alice->client, "OutgoingCallAccepted", call.path);
        ck_assert_uint_eq(client_count_signals(team.bob->client, "IncomingCallReceived", call.path),
                          0);
        client_wait_property(team.bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "1");
}
END_TEST

START_TEST(rule_9_who_has_blocked_the_caller_is_not_rung)
{
        _cleanup_team_ Team team = team_new();
        Call call;

        client_do(team.bob->client, TRING_ROOT, TRING_MANAGER, "BlockUser", "s", "alice");
        call = call_start_group(team.alice, "team");
        client_wait_signal(team.carol->client, "IncomingCallReceived", call.path);
        client_wait_signal(team.dave->client, "IncomingCallReceived", call.path);
        ck_assert_uint_eq(client_count_signals(team.bob->client, "IncomingCallReceived", call.path),
                          0);
        wait_member(team.alice, &call, "bob", "waiting");
        /* A blocked caller cannot tell: the call still rings when all others have declined. */
        call_reject(team.carol, &call, "rejected");
        call_reject(team.dave, &call, "rejected");
        wait_member(team.alice, &call, "dave", "rejected");
        call_wait_status(team.alice, &call, "initiated", NULL);
}
END_TEST

START_TEST(rule_14_group_call_goes_on_through_restarts_of_all_programs)
{
        _cleanup_team_ Team team = team_new();
        Call call = team_rings(&team);

        call_accept(team.bob, &call, false);
        client_wait_signal(team.alice->client, "OutgoingCallAccepted", call.path);
        wait_member(team.alice, &call, "bob", "joined");
        desktop_wait_stored(team.bob);
        desktop_wait_stored(team.carol);
        hub_kill(team.hub);
        desktop_kill(team.bob);
        desktop_kill(team.carol);
        hub_start(team.hub);
        desktop_start(team.bob);
        desktop_start(team.carol);
        desktop_wait_online(team.alice);
        desktop_wait_online(team.bob);
        desktop_wait_online(team.carol);
        desktop_wait_online(team.dave);
        call_wait_status(team.bob, &call, "ongoing", NULL);
        call_wait_status(team.carol, &call, "initiated", NULL);
        call_accept(team.carol, &call, false);
        wait_member(team.alice, &call, "carol", "joined");
        wait_member(team.bob, &call, "carol", "joined");
}
END_TEST

static Suite *groups_suite(void)
{
        Suite *suite = suite_create("groups");
        TCase *tcase = tcase_create("groups");

        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, groups_of_ones_own_are_known);
        tcase_add_test(tcase, rule_1_groups_that_cannot_be_called_are_refused_by_name);
        tcase_add_test(tcase, rule_11_first_accept_answers_and_the_others_ring_on);
        tcase_add_test(tcase, rule_11_reject_and_busy_are_a_members_own);
        tcase_add_loop_test(tcase, rule_11_ring_ends_early_when_all_have_declined, 0, 2);
        tcase_add_test(tcase, rule_11_member_who_rejected_may_join_late);
        tcase_add_test(tcase, rule_11_who_has_left_comes_back_by_calling_the_group);
        tcase_add_test(tcase, rule_11_caller_leaving_ends_it_for_nobody_else);
        tcase_add_test(tcase, rule_11_caller_who_gives_up_stops_all_rings);
        tcase_add_test(tcase, rule_8_member_in_another_call_is_busy_and_the_group_is_not);
        tcase_add_test(tcase, rule_9_who_has_blocked_the_caller_is_not_rung);
        tcase_add_test(tcase, rule_14_group_call_goes_on_through_restarts_of_all_programs);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return suite_run(groups_suite());
}
