/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

int main(void)
{
        Suite *suite = suite_create("hub: calls");
        TCase *tests = tcase_create("calls");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, hub_rig_setup, hub_rig_teardown);
        tcase_add_test(tests, a_call_rings_is_answered_and_ends_in_both_histories);
        tcase_add_test(tests, who_connects_while_it_rings_is_rung);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
