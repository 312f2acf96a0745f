/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <time.h>

#include "hub-rig.h"

/* The newest record of the talker's history; the caller deletes the page. */
static const cJSON *newest(cJSON *page)
{
        const cJSON *ok = cJSON_GetObjectItemCaseSensitive(page, "ok");
        const cJSON *records = cJSON_GetObjectItemCaseSensitive(ok, "records");

        ck_assert_msg(cJSON_GetArraySize(records) > 0, "an empty history");
        return cJSON_GetArrayItem(records, 0);
}

static void expect_newest(Talker *talker, const char *session_id, const char *status,
                          const char *reason)
{
        cJSON *page = talker_request(talker, "history", "%s", "");
        const cJSON *record = newest(page);

        ck_assert_str_eq(talker_text(record, "session_id"), session_id);
        ck_assert_str_eq(talker_text(record, "status"), status);
        ck_assert_str_eq(talker_text(record, "reason"), reason);
        cJSON_Delete(page);
}

START_TEST(a_call_rings_is_answered_and_ends_in_both_histories)
{
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        char id[TALKER_UUID_SIZE];

        hub_rig_call(alice, bob, id);
        hub_rig_end(bob, id);
        cJSON *over = talker_event(alice, "over");
        ck_assert_str_eq(talker_text(over, "status"), "ended");
        ck_assert_str_eq(talker_text(over, "reason"), "remote-hangup");
        cJSON_Delete(over);
        expect_newest(alice, id, "ended", "remote-hangup");
        expect_newest(bob, id, "ended", "hangup");
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(who_connects_while_it_rings_is_rung)
{
        Talker *alice = hub_rig_alice(h);
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        talker_ok(talker_initiate(alice, id, "bob"));
        Talker *bob = hub_rig_bob(h);
        cJSON *incoming = talker_event(bob, "incoming");
        cJSON_Delete(incoming);
        talker_ok(
                talker_request(bob, "reject", "\"session_id\":\"%s\",\"status\":\"rejected\"", id));
        cJSON_Delete(talker_event(alice, "over"));
        expect_newest(alice, id, "rejected", "declined");
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(what_a_user_settles_is_kept_over_a_restart)
{
        Talker *bob = hub_rig_bob(h), *other = talker_new(hub_port(h->hub), h->bob, "bob-2");

        ck_assert_str_eq(talker_text(bob->welcome, "when_busy"), "reject");
        talker_ok(talker_request(bob, "settings", "\"when_busy\":\"ring\""));
        cJSON *changed = talker_event(other, "changed");
        ck_assert_str_eq(talker_text(changed, "when_busy"), "ring");
        cJSON_Delete(changed);
        talker_free(bob);
        talker_free(other);
        hub_stop(h->hub);
        hub_start(h->hub);
        bob = hub_rig_bob(h);
        ck_assert_str_eq(talker_text(bob->welcome, "when_busy"), "ring");
        talker_free(bob);
}
END_TEST

/* The reason of Bob's record of a call that Alice makes and cancels; it has not rung. */
static void expect_barred(Talker *alice, Talker *bob)
{
        call_and_cancel(alice);
        cJSON *record = talker_event(bob, "logged");
        ck_assert_str_eq(talker_text(record, "reason"), "filtered-barred");
        cJSON_Delete(record);
        ck_assert(!talker_has_event(bob, "incoming"));
}

static void expect_who_may_ring(const cJSON *message, const char *who)
{
        const cJSON *welcome = cJSON_GetObjectItemCaseSensitive(message, "ok");

        ck_assert_str_eq(talker_text(welcome ?: message, "who_may_ring"), who);
}

START_TEST(rule_9_who_may_ring_and_whom_one_has_called_outlive_the_hub)
{
        char id[TALKER_UUID_SIZE];
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        Talker *desk = talker_new(hub_port(h->hub), h->bob, "bob-2");

        expect_who_may_ring(bob->welcome, "everybody");
        talker_ok(talker_request(bob, "who_may_ring", "%s", "\"who\":\"called\""));
        cJSON *changed = talker_event(desk, "changed");
        expect_who_may_ring(changed, "called");
        cJSON_Delete(changed);
        expect_barred(alice, bob);
        talker_free(alice);
        talker_free(bob);
        talker_free(desk);
        hub_kill(h->hub);
        hub_start(h->hub);
        alice = hub_rig_alice(h);
        bob = hub_rig_bob(h);
        expect_who_may_ring(bob->welcome, "called");
        expect_barred(alice, bob);

        talker_uuid(id);
        talker_ok(talker_initiate(bob, id, "alice"));
        talker_ok(talker_request(bob, "cancel", "\"session_id\":\"%s\"", id));
        talker_free(alice);
        talker_free(bob);
        hub_kill(h->hub);
        hub_start(h->hub);
        alice = hub_rig_alice(h);
        bob = hub_rig_bob(h);
        call_and_cancel(alice);
        cJSON_Delete(talker_event(bob, "incoming"));
        talker_refused(talker_request(bob, "who_may_ring", "%s", "\"who\":\"friends\""),
                       "InvalidArgument", "friends");
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(a_logged_call_is_sent_to_devices_that_were_not_rung)
{
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        Talker *alice2 = talker_new(hub_port(h->hub), h->alice, "alice-2");
        char id[TALKER_UUID_SIZE];

        hub_rig_call(alice, bob, id);
        hub_rig_end(alice, id);
        cJSON *logged = talker_event(alice2, "logged");
        ck_assert_str_eq(talker_text(logged, "session_id"), id);
        ck_assert_str_eq(talker_text(logged, "status"), "ended");
        ck_assert(!talker_has_event(alice2, "incoming"));
        cJSON_Delete(logged);
        talker_free(alice);
        talker_free(alice2);
        talker_free(bob);
}
END_TEST

static void setup_ice(void)
{
        char settings[512], secret[] = "/tmp/tring-turn-XXXXXX";
        int fd = mkstemp(secret); /* 0600 */

        ck_assert_int_eq(write(fd, "geheim\n", 7), 7);
        close(fd);
        snprintf(settings, sizeof(settings),
                 "[ice]\nstun = stun:stun.example.org\n"
                 "turn = turn:turn.example.org?transport=udp\nturn-secret-file = %s\n",
                 secret);
        h = hub_rig_new(settings);
        unlink(secret);
}

/* As coturn's use-auth-secret checks it: base64(HMAC-SHA1(secret, user name)). */
START_TEST(who_joins_gets_servers_and_credentials)
{
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        unsigned char mac[20], expected[32];
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        talker_ok(talker_initiate(alice, id, "bob"));
        cJSON_Delete(talker_event(bob, "incoming"));
        cJSON *reply = talker_request(bob, "accept", "\"session_id\":\"%s\",\"join\":true", id);
        const char *token =
                talker_text(cJSON_GetObjectItemCaseSensitive(reply, "ok"), "join_token");
        cJSON *joined =
                talker_request(bob, "join", "\"session_id\":\"%s\",\"token\":\"%s\"", id, token);
        cJSON_Delete(reply);
        const cJSON *ok = cJSON_GetObjectItemCaseSensitive(joined, "ok");
        const cJSON *servers = cJSON_GetObjectItemCaseSensitive(ok, "ice_servers");
        ck_assert_int_eq(cJSON_GetArraySize(servers), 2);
        ck_assert_str_eq(talker_text(cJSON_GetArrayItem(servers, 0), "url"),
                         "stun:stun.example.org");
        const cJSON *turn = cJSON_GetArrayItem(servers, 1);
        const char *username = talker_text(turn, "username");
        ck_assert_str_eq(talker_text(turn, "url"), "turn:turn.example.org?transport=udp");
        ck_assert_int_gt(atoll(username), time(NULL) + 3600);
        HMAC(EVP_sha1(), "geheim", 6, (const unsigned char *)username, strlen(username), mac, NULL);
        EVP_EncodeBlock(expected, mac, sizeof(mac));
        ck_assert_str_eq(talker_text(turn, "credential"), (char *)expected);
        cJSON_Delete(joined);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: calls");
        TCase *tests = tcase_create("calls"), *ice = tcase_create("ice");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, hub_rig_setup, hub_rig_teardown);
        tcase_add_test(tests, a_call_rings_is_answered_and_ends_in_both_histories);
        tcase_add_test(tests, who_connects_while_it_rings_is_rung);
        tcase_add_test(tests, what_a_user_settles_is_kept_over_a_restart);
        tcase_add_test(tests, rule_9_who_may_ring_and_whom_one_has_called_outlive_the_hub);
        tcase_add_test(tests, a_logged_call_is_sent_to_devices_that_were_not_rung);
        suite_add_tcase(suite, tests);
        tcase_set_timeout(ice, 60);
        tcase_add_checked_fixture(ice, setup_ice, hub_rig_teardown);
        tcase_add_test(ice, who_joins_gets_servers_and_credentials);
        suite_add_tcase(suite, ice);
        return suite_run(suite);
}
