/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Groups and block lists with a real hub: the operator's verbs, and calls to a group (rule 11). */

#include "hub-rig.h"
#include "model/message.h"

static Talker *carol_talker(void)
{
        static char *token;

        hub_add_user(h->hub, "carol", "Carol");
        free(token);
        token = hub_mint(h->hub, "carol");
        return talker_new(hub_port(h->hub), token, "carol-1");
}

static cJSON *call_group(Talker *talker, const char *id, const char *guid)
{
        return talker_request(
                talker, "initiate",
                "\"session_id\":\"%s\",\"receiver\":\"%s\",\"receiver_type\":\"group\""
                ",\"call_type\":\"audio\",\"join\":false",
                id, guid);
}

static cJSON *about(Talker *talker, const char *op, const char *id, const char *more)
{
        return talker_request(talker, op, "\"session_id\":\"%s\"%s", id, more);
}

static const char *over(Talker *talker)
{
        static char text[64];
        cJSON *event = talker_event(talker, "over");

        snprintf(text, sizeof(text), "%s %s", talker_text(event, "status"),
                 talker_text(event, "reason"));
        cJSON_Delete(event);
        return text;
}

/* Waits until an event tells the talker that `uid` is in that state. */
static void member_is(Talker *talker, const char *uid, const char *state)
{
        bool found = false;

        while (!found) {
                cJSON *event = talker_event(talker, "members");
                const cJSON *member;

                cJSON_ArrayForEach (member, cJSON_GetObjectItemCaseSensitive(event, "members"))
                        found |= str_eq(talker_text(member, "uid"), uid) &&
                                 str_eq(talker_text(member, "state"), state);
                cJSON_Delete(event);
        }
}

/* The list as text, overwritten by the next call. */
static const char *listed(const cJSON *object, const char *name)
{
        static char text[1024];
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, name);
        char *printed = list ? cJSON_PrintUnformatted(list) : NULL;

        snprintf(text, sizeof(text), "%s", printed ?: "");
        free(printed);
        return text;
}

static void make_team(void)
{
        free(RUN(0, "group", "add", "team", "--name", "The team"));
        free(RUN(0, "group", "join", "team", "alice", "bob"));
}

/* Each test runs twice: with the hub running, and on its file alone. */
START_TEST(groups_are_added_joined_left_listed_and_removed)
{
        if (_i == 1)
                hub_stop(h->hub);
        expect(RUN(0, "group", "add", "team", "--name", "Team & Co"), "added team (Team & Co)");
        expect(RUN(0, "group", "add", "team", "--name", "Team"), "renamed team (Team)");
        expect(RUN(0, "group", "join", "team", "bob", "alice"), "bob joined team\nalice joined");
        expect(RUN(0, "group", "join", "team", "bob"), "bob joined team");
        expect(RUN(0, "group", "list"), "team\tTeam\talice bob\n");
        expect(RUN(1, "group", "join", "team", "nobody"), "there is no user \"nobody\"");
        expect(RUN(1, "group", "join", "crew", "bob"), "there is no group \"crew\"");
        expect(RUN(0, "group", "leave", "team", "bob"), "bob left team");
        expect(RUN(1, "group", "leave", "team", "alice", "bob"),
               "\"bob\" is not in the group team");
        expect(RUN(0, "group", "list"), "team\tTeam\talice\n");
        expect(RUN(2, "group", "join", "team"), "UID… is missing");
        expect(RUN(2, "group", "join", "team", "a b"), "\"a b\" is not a user id");
        expect(RUN(2, "group", "add", "a b"), "\"a b\" is not a group id");
        expect(RUN(0, "group", "remove", "team"), "removed team");
        expect(RUN(1, "group", "remove", "team"), "there is no group \"team\"");
        if (_i == 1)
                hub_start(h->hub);
}
END_TEST

START_TEST(who_is_removed_is_in_no_group_any_more)
{
        make_team();
        if (_i == 1)
                hub_stop(h->hub);
        free(RUN(0, "user", "remove", "bob"));
        free(RUN(0, "user", "add", "bob"));
        expect(RUN(0, "group", "list"), "team\tThe team\talice\n");
        if (_i == 1)
                hub_start(h->hub);
}
END_TEST

START_TEST(devices_hear_of_their_groups)
{
        Talker *alice = hub_rig_alice(h);

        make_team();
        cJSON *event = talker_event(alice, "groups");
        ck_assert_str_eq(listed(event, "groups"), "[{\"guid\":\"team\",\"name\":\"The team\"}]");
        cJSON_Delete(event);
        Talker *bob = hub_rig_bob(h);
        ck_assert_str_eq(listed(bob->welcome, "groups"),
                         "[{\"guid\":\"team\",\"name\":\"The team\"}]");
        free(RUN(0, "group", "remove", "team"));
        event = talker_event(bob, "groups");
        ck_assert_str_eq(listed(event, "groups"), "");
        cJSON_Delete(event);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(rule_1_a_group_must_be_there_have_one_in_it_and_others)
{
        Talker *alice = hub_rig_alice(h);
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        talker_refused(call_group(alice, id, "team"), "GroupNotFound", "team");
        free(RUN(0, "group", "add", "team"));
        free(RUN(0, "group", "join", "team", "bob"));
        talker_refused(call_group(alice, id, "team"), "NotAMember", "team");
        free(RUN(0, "group", "leave", "team", "bob"));
        free(RUN(0, "group", "join", "team", "alice"));
        cJSON *reply = call_group(alice, id, "team");
        ck_assert_ptr_nonnull(cJSON_GetObjectItemCaseSensitive(reply, "error"));
        cJSON_Delete(reply);
        talker_free(alice);
}
END_TEST

START_TEST(rule_11_the_first_accept_answers_and_the_others_ring_on)
{
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h), *carol = carol_talker();
        char id[TALKER_UUID_SIZE];

        make_team();
        free(RUN(0, "group", "join", "team", "carol"));
        talker_uuid(id);
        talker_ok(call_group(alice, id, "team"));
        cJSON_Delete(talker_event(bob, "incoming"));
        cJSON_Delete(talker_event(carol, "incoming"));
        talker_ok(about(carol, "alerting", id, ""));
        member_is(alice, "carol", "ringing");
        cJSON *reply = about(bob, "accept", id, ",\"join\":false");
        ck_assert_str_ne(talker_text(cJSON_GetObjectItemCaseSensitive(reply, "ok"), "join_token"),
                         "");
        talker_ok(reply);
        cJSON_Delete(talker_event(alice, "accepted"));
        member_is(alice, "bob", "joined");

        /* She declines, is not rung again, and joins late all the same. */
        talker_ok(about(carol, "reject", id, ",\"status\":\"rejected\""));
        member_is(alice, "carol", "rejected");
        ck_assert_str_eq(over(carol), "rejected declined");
        talker_ok(about(carol, "accept", id, ",\"join\":false"));
        member_is(alice, "carol", "joined");

        /* The caller leaves; the others stay until they leave. */
        talker_ok(about(alice, "end", id, ""));
        ck_assert_str_eq(over(alice), "ended hangup");
        talker_ok(about(bob, "end", id, ""));
        talker_ok(about(carol, "end", id, ""));
        char *calls = RUN(0, "calls");
        ck_assert_str_eq(calls, "");
        free(calls);
        talker_free(alice);
        talker_free(bob);
        talker_free(carol);
}
END_TEST

/* Answers (the first one is the caller) and joins the media; returns the result of the join. */
static cJSON *join_media(Talker *talker, const char *id, bool calls)
{
        cJSON *reply = about(talker, calls ? "token" : "accept", id, calls ? "" : ",\"join\":true");
        const cJSON *ok = cJSON_GetObjectItemCaseSensitive(reply, "ok");
        char more[256];

        snprintf(more, sizeof(more), ",\"token\":\"%s\"",
                 talker_text(ok, calls ? "token" : "join_token"));
        cJSON_Delete(reply);
        return about(talker, "join", id, more);
}

START_TEST(seventh_in_a_mesh_is_refused_with_a_sentence)
{
        enum {
                SEVEN = MESH_PARTICIPANTS_MAX + 1
        };
        const char *id = "00000000-0000-4000-8000-000000000007";
        Talker *talkers[SEVEN];

        free(RUN(0, "group", "add", "seven"));
        for (unsigned i = 0; i < SEVEN; i++) {
                char uid[16], device[32];
                char *token;

                snprintf(uid, sizeof(uid), "user%u", i);
                snprintf(device, sizeof(device), "%s-1", uid);
                hub_add_user(h->hub, uid, uid);
                free(RUN(0, "group", "join", "seven", uid));
                token = hub_mint(h->hub, uid);
                talkers[i] = talker_new(hub_port(h->hub), token, device);
                free(token);
        }
        talker_ok(call_group(talkers[0], id, "seven"));
        talker_ok(about(talkers[1], "accept", id, ",\"join\":true"));
        for (unsigned i = 0; i < SEVEN; i++) {
                cJSON *reply = join_media(talkers[i], id, i < 2);
                const cJSON *ok = cJSON_GetObjectItemCaseSensitive(reply, "ok");

                if (i < MESH_PARTICIPANTS_MAX)
                        ck_assert_str_eq(talker_text(ok, "mode"), "mesh");
                else
                        talker_refused(reply, "TooMany", "6 participants, and there is no room");
                if (i < MESH_PARTICIPANTS_MAX)
                        cJSON_Delete(reply);
        }
        for (unsigned i = 0; i < SEVEN; i++)
                talker_free(talkers[i]);
}
END_TEST

START_TEST(rule_11_calling_a_group_that_is_talking_joins_its_call)
{
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h), *carol = carol_talker();
        char id[TALKER_UUID_SIZE], other[TALKER_UUID_SIZE];

        make_team();
        free(RUN(0, "group", "join", "team", "carol"));
        talker_uuid(id);
        talker_uuid(other);
        talker_ok(call_group(alice, id, "team"));
        cJSON_Delete(talker_event(carol, "incoming"));
        talker_ok(about(bob, "accept", id, ",\"join\":false"));
        talker_ok(about(carol, "reject", id, ",\"status\":\"rejected\""));
        cJSON *reply = call_group(carol, other, "team");
        const cJSON *ok = cJSON_GetObjectItemCaseSensitive(reply, "ok");
        ck_assert_str_eq(talker_text(ok, "session_id"), id);
        ck_assert_str_eq(talker_text(ok, "status"), "ongoing");
        cJSON_Delete(reply);
        talker_free(alice);
        talker_free(bob);
        talker_free(carol);
}
END_TEST

START_TEST(rule_11_a_group_call_lives_through_a_restart_with_its_members)
{
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h), *carol = carol_talker();
        char id[TALKER_UUID_SIZE];

        make_team();
        free(RUN(0, "group", "join", "team", "carol"));
        talker_uuid(id);
        talker_ok(call_group(alice, id, "team"));
        talker_ok(about(bob, "accept", id, ",\"join\":false"));
        hub_kill(h->hub);
        hub_start(h->hub);
        talker_free(carol);
        talker_free(alice);
        talker_free(bob);
        alice = hub_rig_alice(h);
        bob = hub_rig_bob(h);
        expect(strdup(listed(alice->welcome, "calls")), id);
        expect(strdup(listed(bob->welcome, "calls")), "\"ongoing\"");
        /* Carol's call rings on, too. */
        carol = carol_talker();
        cJSON *incoming = talker_event(carol, "incoming");
        ck_assert_str_eq(talker_text(incoming, "session_id"), id);
        cJSON_Delete(incoming);
        member_is(alice, "bob", "joined");
        talker_ok(about(carol, "accept", id, ",\"join\":false"));
        member_is(alice, "carol", "joined");
        talker_free(alice);
        talker_free(bob);
        talker_free(carol);
}
END_TEST

START_TEST(rule_16_a_group_s_missed_call_is_seen_on_all_devices)
{
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        Talker *desk = talker_new(hub_port(h->hub), h->bob, "bob-2");
        char id[TALKER_UUID_SIZE];

        make_team();
        talker_uuid(id);
        talker_ok(call_group(alice, id, "team"));
        talker_ok(about(alice, "cancel", id, ""));
        Talker *both[] = {bob, desk};
        for (size_t i = 0; i < 2; i++) {
                cJSON *record = talker_event(both[i], "logged");
                ck_assert_str_eq(talker_text(record, "status"), "missed");
                ck_assert_str_eq(
                        talker_text(cJSON_GetObjectItemCaseSensitive(record, "receiver"), "uid"),
                        "team");
                ck_assert(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(record, "seen")) ||
                          !cJSON_GetObjectItemCaseSensitive(record, "seen"));
                cJSON_Delete(record);
        }
        talker_ok(talker_request(bob, "seen", "\"session_ids\":[\"%s\"]", id));
        cJSON *record = talker_event(desk, "logged");
        ck_assert(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(record, "seen")));
        cJSON_Delete(record);
        /* One record for each user. */
        for (size_t i = 0; i < 2; i++) {
                cJSON *page = talker_request(i ? alice : bob, "history", "%s", "");
                const cJSON *records = cJSON_GetObjectItemCaseSensitive(
                        cJSON_GetObjectItemCaseSensitive(page, "ok"), "records");
                ck_assert_int_eq(cJSON_GetArraySize(records), 1);
                cJSON_Delete(page);
        }
        talker_free(alice);
        talker_free(bob);
        talker_free(desk);
}
END_TEST

START_TEST(rule_9_who_is_blocked_stays_blocked_and_raises_nothing)
{
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        Talker *desk = talker_new(hub_port(h->hub), h->bob, "bob-2");
        char id[TALKER_UUID_SIZE];

        talker_ok(talker_request(bob, "block", "%s", "\"uid\":\"alice\",\"on\":true"));
        cJSON *event = talker_event(desk, "blocked");
        ck_assert_str_eq(talker_text(event, "uid"), "alice");
        cJSON_Delete(event);
        talker_free(bob);
        talker_free(desk);
        talker_free(alice);
        hub_kill(h->hub);
        hub_start(h->hub);
        alice = hub_rig_alice(h);
        bob = hub_rig_bob(h);
        ck_assert_str_eq(listed(bob->welcome, "blocked"), "[\"alice\"]");
        talker_uuid(id);
        talker_ok(talker_initiate(alice, id, "bob"));
        talker_ok(about(alice, "cancel", id, ""));
        cJSON *record = talker_event(bob, "logged");
        ck_assert_str_eq(talker_text(record, "reason"), "filtered-blocked");
        cJSON_Delete(record);
        ck_assert(!talker_has_event(bob, "incoming"));

        talker_ok(talker_request(bob, "block", "%s", "\"uid\":\"alice\",\"on\":false"));
        hub_kill(h->hub);
        hub_start(h->hub);
        talker_free(bob);
        bob = hub_rig_bob(h);
        ck_assert_str_eq(listed(bob->welcome, "blocked"), "");
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(a_group_has_room_for_1024_and_no_more)
{
        const char *words[1100] = {"group", "join", "team"};
        static char uids[1030][8];

        free(RUN(0, "group", "add", "team"));
        hub_stop(h->hub);
        for (int i = 0; i < 1025; i++) {
                snprintf(uids[i], sizeof(uids[i]), "u%d", i);
                words[3 + i] = uids[i];
        }
        expect(hub_rig_run(2, words), "too many users for a group: 1025");
        words[3 + 1024] = NULL;
        hub_start(h->hub);
        expect(hub_rig_run(1, words), "there is no user \"u0\"");
        expect(RUN(0, "group", "list"), "team\tteam\t\n");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: groups");
        TCase *tests = tcase_create("groups");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, hub_rig_setup, hub_rig_teardown);
        tcase_add_loop_test(tests, groups_are_added_joined_left_listed_and_removed, 0, 2);
        tcase_add_loop_test(tests, who_is_removed_is_in_no_group_any_more, 0, 2);
        tcase_add_test(tests, devices_hear_of_their_groups);
        tcase_add_test(tests, rule_1_a_group_must_be_there_have_one_in_it_and_others);
        tcase_add_test(tests, rule_11_the_first_accept_answers_and_the_others_ring_on);
        tcase_add_test(tests, seventh_in_a_mesh_is_refused_with_a_sentence);
        tcase_add_test(tests, rule_11_calling_a_group_that_is_talking_joins_its_call);
        tcase_add_test(tests, rule_11_a_group_call_lives_through_a_restart_with_its_members);
        tcase_add_test(tests, rule_16_a_group_s_missed_call_is_seen_on_all_devices);
        tcase_add_test(tests, rule_9_who_is_blocked_stays_blocked_and_raises_nothing);
        tcase_add_test(tests, a_group_has_room_for_1024_and_no_more);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
