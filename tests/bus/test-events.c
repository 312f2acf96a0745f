/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The signals and events of a call, and their order: dbus/README.md, "Life of a call" and
 * "Presenting".
 */

#include "bus-fixture.h"
#include "suite.h"

#define SESSION "11111111-1111-4111-8111-111111111111"
#define CALL_PATH TRING_CALLS_PATH "/11111111_1111_4111_8111_111111111111"

static BusFixture fixture;

static void setup(void)
{
        fixture_start(&fixture);
        fixture_online(&fixture);
        fixture_forget(&fixture);
}

static void teardown(void)
{
        fixture_stop(&fixture);
}

START_TEST(a_new_call_is_an_object_before_it_is_an_event)
{
        fixture_incoming(&fixture, SESSION);
        fixture_heard(&fixture, "InterfacesAdded", "PropertiesChanged", "IncomingCallReceived",
                      NULL);
}
END_TEST

START_TEST(the_end_of_a_call_is_told_as_properties_then_status_then_event)
{
        fixture_incoming(&fixture, SESSION);
        fixture_forget(&fixture);
        fixture_over(&fixture, SESSION, CALL_STATUS_MISSED, "timeout");
        fixture_heard(&fixture, "PropertiesChanged", "StatusChanged", "IncomingCallCancelled",
                      NULL);
}
END_TEST

START_TEST(a_dismissed_call_is_removed_with_all_its_interfaces)
{
        fixture_incoming(&fixture, SESSION);
        fixture_over(&fixture, SESSION, CALL_STATUS_MISSED, "timeout");
        fixture_forget(&fixture);
        assert_works(&fixture, CALL_PATH, TRING_CALL, "Dismiss", &_error, NULL);
        fixture_heard(&fixture, "InterfacesRemoved", "PropertiesChanged", NULL);

        sd_bus_error error = SD_BUS_ERROR_NULL;
        ck_assert_ptr_null(fixture_call(&fixture, CALL_PATH, TRING_CALL, "Dismiss", &error, NULL));
        ck_assert_str_eq(error.name, SD_BUS_ERROR_UNKNOWN_OBJECT);
        sd_bus_error_free(&error);
}
END_TEST

START_TEST(a_listener_that_presents_is_called_and_asked_to)
{
        fixture_listen(&fixture, "window", true);
        fixture_forget(&fixture);
        fixture_incoming(&fixture, SESSION);
        ck_assert(fixture.presented);
        /* A listener that presents alerts the user, so properties change again. */
        fixture_heard(&fixture, "InterfacesAdded", "PropertiesChanged", "IncomingCallReceived",
                      "call IncomingCallReceived", "PropertiesChanged", NULL);
}
END_TEST

START_TEST(a_listener_that_does_not_present_is_called_and_not_asked_to)
{
        fixture_listen(&fixture, "logger", false);
        fixture_forget(&fixture);
        fixture_incoming(&fixture, SESSION);
        ck_assert(!fixture.presented);
        fixture_heard(&fixture, "InterfacesAdded", "PropertiesChanged", "IncomingCallReceived",
                      "call IncomingCallReceived", NULL);
}
END_TEST

START_TEST(the_next_one_is_asked_when_the_first_refuses)
{
        fixture_listen(&fixture, "window", true);
        fixture_listen(&fixture, "panel", true);
        fixture_forget(&fixture);
        fixture.refuse = true;
        fixture_incoming(&fixture, SESSION);
        /* Both get the event; one is asked to present; later the other one is asked, too. */
        fixture_heard(&fixture, "InterfacesAdded", "PropertiesChanged", "IncomingCallReceived",
                      "call IncomingCallReceived", "call IncomingCallReceived",
                      "call IncomingCallReceived", NULL);
        ck_assert(fixture.presented);
}
END_TEST

START_TEST(do_not_disturb_asks_nobody_to_present)
{
        fixture_listen(&fixture, "window", true);
        assert_works(&fixture, TRING_PATH, "org.freedesktop.DBus.Properties", "Set", &_error, "ssv",
                     TRING_MANAGER, "DoNotDisturb", "b", 1);
        fixture_forget(&fixture);
        fixture_incoming(&fixture, SESSION);
        ck_assert(!fixture.presented);
        fixture_heard(&fixture, "InterfacesAdded", "PropertiesChanged", "IncomingCallReceived",
                      "call IncomingCallReceived", NULL);
}
END_TEST

START_TEST(a_listener_is_given_the_calls_that_ring)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *path;

        fixture_incoming(&fixture, SESSION);
        sd_bus_message *reply = fixture_call(&fixture, TRING_PATH, NULL, "AddCallListener", &error,
                                             "sa{sv}", "late", 0);
        ck_assert_ptr_nonnull(reply);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "o"), 0);
        ck_assert_int_gt(sd_bus_message_read(reply, "o", &path), 0);
        ck_assert_str_eq(path, CALL_PATH);
        sd_bus_message_unref(reply);
}
END_TEST

START_TEST(a_session_that_is_found_on_connecting_is_announced_with_its_call)
{
        fixture_ongoing(&fixture, SESSION);
        ck_assert_str_eq(fixture.heard[0], "InterfacesAdded");
        for (size_t i = 1; i < fixture.n_heard; i++)
                ck_assert_str_ne(fixture.heard[i], "InterfacesAdded");
}
END_TEST

static void log_call_of(const char *session_id, uint64_t ended_at)
{
        Message logged = {.type = MESSAGE_LOGGED, .seq = ++fixture.seq};

        (void)STR_SET(logged.logged.session_id, session_id);
        (void)STR_SET(logged.logged.initiator.uid, "alice");
        (void)STR_SET(logged.logged.receiver.uid, "bob");
        logged.logged.direction = CALL_DIRECTION_INCOMING;
        logged.logged.status = CALL_STATUS_MISSED;
        logged.logged.initiated_at = 1;
        logged.logged.ended_at = ended_at;
        fixture_hub_says(&fixture, &logged);
}

static void log_call(uint64_t ended_at)
{
        log_call_of(SESSION, ended_at);
}

START_TEST(rule_1_a_ring_under_the_id_of_a_call_of_others_is_none)
{
        CallSnapshot ring = {.remaining_ms = 45000};
        Message incoming = {.type = MESSAGE_INCOMING};

        log_call(2);
        fixture_settle(&fixture);
        ck_assert(history_writer_flush(fixture.daemon->history_writer));
        fixture_forget(&fixture);
        (void)STR_SET(ring.record.session_id, SESSION);
        (void)STR_SET(ring.record.initiator.uid, "mallory");
        (void)STR_SET(ring.record.receiver.uid, "bob");
        ring.record.direction = CALL_DIRECTION_INCOMING;
        incoming.call = ring;
        incoming.seq = ++fixture.seq;
        fixture_hub_says(&fixture, &incoming);
        ck_assert_uint_eq(fixture.n_heard, 0);
        /* The call that it was may ring again: a group's, for one who has left it. */
        (void)STR_SET(incoming.call.record.initiator.uid, "alice");
        incoming.seq = ++fixture.seq;
        fixture_hub_says(&fixture, &incoming);
        ck_assert_str_eq(fixture.heard[0], "InterfacesAdded");
}
END_TEST

START_TEST(a_call_is_in_the_logs_before_it_is_written)
{
        Message groups = {.type = MESSAGE_GROUPS, .seq = ++fixture.seq};
        sd_bus_error error = SD_BUS_ERROR_NULL;

        /* The date up to which history is known is stored with the next message. */
        fixture_hub_says(&fixture, &groups);
        fixture_settle(&fixture);
        fixture_forget(&fixture);
        log_call(2);
        log_call(3);
        sd_bus_message *reply = fixture_call(&fixture, TRING_PATH, NULL, "GetCallLogs", &error,
                                             "a{sv}us", 0, 0, "");
        ck_assert_ptr_nonnull(reply);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "a{sv}"), 0);
        ck_assert_int_gt(sd_bus_message_skip(reply, "a{sv}"), 0);
        ck_assert_int_eq(sd_bus_message_at_end(reply, false), 1);
        sd_bus_message_unref(reply);
        /* Two records of one call make one change. */
        fixture_heard(&fixture, "PropertiesChanged", "CallLogsChanged", NULL);
}
END_TEST

static unsigned count_unseen(void)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        unsigned unseen;
        sd_bus_message *reply =
                fixture_call(&fixture, TRING_PATH, "org.freedesktop.DBus.Properties", "Get", &error,
                             "ss", TRING_MANAGER, "UnseenMissed");

        ck_assert_ptr_nonnull(reply);
        ck_assert_int_ge(sd_bus_message_read(reply, "v", "u", &unseen), 0);
        sd_bus_message_unref(reply);
        return unseen;
}

START_TEST(missed_calls_are_counted_until_they_are_seen)
{
        log_call(2);
        ck_assert_uint_eq(count_unseen(), 1);
        assert_works(&fixture, TRING_PATH, NULL, "MarkMissedSeen", &_error, "as", 1, SESSION);
        ck_assert_uint_eq(count_unseen(), 0);
}
END_TEST

/* More than one request to the hub can name. */
START_TEST(all_missed_calls_are_seen_however_many)
{
        char session_id[UUID_LENGTH + 1];

        for (unsigned i = 0; i <= SESSION_IDS_MAX; i++) {
                snprintf(session_id, sizeof(session_id), "00000000-0000-4000-8000-%012u", i);
                log_call_of(session_id, 2);
        }
        ck_assert_uint_eq(count_unseen(), SESSION_IDS_MAX + 1);
        assert_works(&fixture, TRING_PATH, NULL, "MarkMissedSeen", &_error, "as", 0);
        ck_assert_uint_eq(count_unseen(), 0);
        log_call(2);
        ck_assert_uint_eq(count_unseen(), 1);
        assert_works(&fixture, TRING_PATH, NULL, "DeleteCallLogs", &_error, "as", 0);
        ck_assert_uint_eq(count_unseen(), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("events");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, a_new_call_is_an_object_before_it_is_an_event);
        tcase_add_test(tests, the_end_of_a_call_is_told_as_properties_then_status_then_event);
        tcase_add_test(tests, a_dismissed_call_is_removed_with_all_its_interfaces);
        tcase_add_test(tests, a_listener_that_presents_is_called_and_asked_to);
        tcase_add_test(tests, a_listener_that_does_not_present_is_called_and_not_asked_to);
        tcase_add_test(tests, the_next_one_is_asked_when_the_first_refuses);
        tcase_add_test(tests, do_not_disturb_asks_nobody_to_present);
        tcase_add_test(tests, a_listener_is_given_the_calls_that_ring);
        tcase_add_test(tests, a_session_that_is_found_on_connecting_is_announced_with_its_call);
        tcase_add_test(tests, rule_1_a_ring_under_the_id_of_a_call_of_others_is_none);
        tcase_add_test(tests, a_call_is_in_the_logs_before_it_is_written);
        tcase_add_test(tests, missed_calls_are_counted_until_they_are_seen);
        tcase_add_test(tests, all_missed_calls_are_seen_however_many);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
