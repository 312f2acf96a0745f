/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Each mistake of a program gets one clear sentence that names the wrong value, and changes
 * nothing.
 */

#include <fcntl.h>
#include <unistd.h>

#include "bus-fixture.h"
#include "suite.h"

#define SESSION "11111111-1111-4111-8111-111111111111"
#define FOREIGN "22222222-2222-4222-8222-222222222222"
#define CALL_PATH TRING_CALLS_PATH "/11111111_1111_4111_8111_111111111111"
#define LONG_SIZE 10240

static BusFixture fixture;
static char long_text[LONG_SIZE + 1];

static void setup(void)
{
        memset(long_text, 'x', LONG_SIZE);
        fixture_start(&fixture);
        fixture_online(&fixture);
}

static void teardown(void)
{
        fixture_stop(&fixture);
}

#define DBUS_FAILS(wanted, ...)                                          \
        do {                                                             \
                sd_bus_error _error = SD_BUS_ERROR_NULL;                 \
                ck_assert_ptr_null(fixture_call(&fixture, __VA_ARGS__)); \
                ck_assert_str_eq(_error.name, (wanted));                 \
                sd_bus_error_free(&_error);                              \
        } while (0)

START_TEST(wrong_types_are_refused_by_the_vtables)
{
        DBUS_FAILS(SD_BUS_ERROR_INVALID_ARGS, TRING_PATH, NULL, "EndCall", &_error, "u", 7);
        DBUS_FAILS(SD_BUS_ERROR_INVALID_ARGS, TRING_PATH, NULL, "InitiateCall", &_error, "s", "a");
        DBUS_FAILS(SD_BUS_ERROR_INVALID_ARGS, TRING_PATH, NULL, "AcceptCall", &_error, "sa{ss}",
                   SESSION, 0);
        DBUS_FAILS(SD_BUS_ERROR_UNKNOWN_METHOD, TRING_PATH, NULL, "Answer", &_error, NULL);
        DBUS_FAILS(SD_BUS_ERROR_PROPERTY_READ_ONLY, TRING_PATH, "org.freedesktop.DBus.Properties",
                   "Set", &_error, "ssv", TRING_MANAGER, "Ringing", "b", 1);
}
END_TEST

static const struct {
        const char *id, *says;
} wrong_ids[] = {
        {"", "''"},
        {"x", "'x'"},
        {long_text, "…"},
        {"a\nb\x1b[31m", "'a?b?[31m'"},
        {"11111111-1111-4111-8111-11111111111G", "G'"},
        {"AAAAAAAA-1111-4111-8111-111111111111", "AAAAAAAA"},
        {"../../etc/passwd", "'../../etc/passwd'"},
};

START_TEST(a_wrong_session_id_is_named)
{
        const char *id = wrong_ids[_i].id, *says = wrong_ids[_i].says;

        assert_fails(&fixture, "InvalidArgument", says, TRING_PATH, NULL, "AcceptCall", &_error,
                     "sa{sv}", id, 0);
        assert_fails(&fixture, "InvalidArgument", says, TRING_PATH, NULL, "RejectCall", &_error,
                     "ss", id, "rejected");
        assert_fails(&fixture, "InvalidArgument", says, TRING_PATH, NULL, "EndCall", &_error, "s",
                     id);
        assert_fails(&fixture, "InvalidArgument", says, TRING_PATH, NULL, "MarkMissedSeen", &_error,
                     "as", 1, id);
        assert_fails(&fixture, "InvalidArgument", says, TRING_PATH, NULL, "DeleteCallLogs", &_error,
                     "as", 2, FOREIGN, id);
}
END_TEST

START_TEST(a_wrong_receiver_is_named)
{
        static const struct {
                const char *id, *says;
        } ids[] = {{"", "''"}, {"a b", "'a b'"}, {long_text, "…"}, {"bo\tb", "'bo?b'"}};

        for (size_t i = 0; i < ELEMENTSOF(ids); i++)
                assert_fails(&fixture, "InvalidArgument", ids[i].says, TRING_PATH, NULL,
                             "InitiateCall", &_error, "sssa{sv}", ids[i].id, "user", "audio", 0);
        assert_fails(&fixture, "InvalidArgument", "'person'", TRING_PATH, NULL, "InitiateCall",
                     &_error, "sssa{sv}", "alice", "person", "audio", 0);
        assert_fails(&fixture, "InvalidArgument", "'smell'", TRING_PATH, NULL, "InitiateCall",
                     &_error, "sssa{sv}", "alice", "user", "smell", 0);
        for (size_t i = 0; i < ELEMENTSOF(ids); i++)
                assert_fails(&fixture, "InvalidArgument", ids[i].says, TRING_PATH, NULL,
                             "InitiateCall", &_error, "sssa{sv}", ids[i].id, "group", "audio", 0);
}
END_TEST

START_TEST(a_wrong_uid_to_block_is_named)
{
        static const struct {
                const char *uid, *says;
        } uids[] = {{"", "''"}, {"a b", "'a b'"}, {long_text, "…"}, {"bo\tb", "'bo?b'"}};

        for (size_t i = 0; i < ELEMENTSOF(uids); i++) {
                assert_fails(&fixture, "InvalidArgument", uids[i].says, TRING_PATH, NULL,
                             "BlockUser", &_error, "s", uids[i].uid);
                assert_fails(&fixture, "InvalidArgument", uids[i].says, TRING_PATH, NULL,
                             "UnblockUser", &_error, "s", uids[i].uid);
        }
        DBUS_FAILS(SD_BUS_ERROR_INVALID_ARGS, TRING_PATH, NULL, "BlockUser", &_error, "u", 7);
        DBUS_FAILS(SD_BUS_ERROR_PROPERTY_READ_ONLY, TRING_PATH, "org.freedesktop.DBus.Properties",
                   "Set", &_error, "ssv", TRING_MANAGER, "Blocked", "as", 1, "alice");
}
END_TEST

START_TEST(a_session_id_of_somebody_elses_call_is_not_here)
{
        const Now instant = {.now = 1, .date = 1};

        /* If the hub were connected it would be asked: a group's call may be joined late. */
        phone_connection_changed(fixture.daemon->phone, &instant, PHONE_OFFLINE, "");
        assert_fails(&fixture, "NoSuchCall", FOREIGN, TRING_PATH, NULL, "AcceptCall", &_error,
                     "sa{sv}", FOREIGN, 0);
        assert_fails(&fixture, "NoSuchCall", FOREIGN, TRING_PATH, NULL, "RejectCall", &_error, "ss",
                     FOREIGN, "busy");
        assert_fails(&fixture, "NoSuchCall", FOREIGN, TRING_PATH, NULL, "EndCall", &_error, "s",
                     FOREIGN);
}
END_TEST

START_TEST(wrong_options_are_named)
{
        assert_fails(&fixture, "InvalidArgument", "'timeuot'", TRING_PATH, NULL, "InitiateCall",
                     &_error, "sssa{sv}", "alice", "user", "audio", 1, "timeuot", "i", 5);
        assert_fails(&fixture, "InvalidArgument", "'timeout' is not a number", TRING_PATH, NULL,
                     "InitiateCall", &_error, "sssa{sv}", "alice", "user", "audio", 1, "timeout",
                     "s", "5");
        assert_fails(&fixture, "InvalidArgument", "'join' is given twice", TRING_PATH, NULL,
                     "InitiateCall", &_error, "sssa{sv}", "alice", "user", "audio", 2, "join", "b",
                     1, "join", "b", 0);
        assert_fails(&fixture, "InvalidArgument", "setting 'zoom'", TRING_PATH, NULL, "AcceptCall",
                     &_error, "sa{sv}", SESSION, 1, "session", "a{sv}", 1, "zoom", "i", 2);
        assert_fails(&fixture, "InvalidArgument", "'microphone' is too large", TRING_PATH, NULL,
                     "AcceptCall", &_error, "sa{sv}", SESSION, 1, "session", "a{sv}", 1,
                     "microphone", "s", long_text);
        assert_fails(&fixture, "InvalidArgument", "'peer' has control", TRING_PATH, NULL,
                     "GetCallLogs", &_error, "a{sv}us", 1, "peer", "s", "a\nb", 0, "");
        assert_fails(&fixture, "InvalidArgument", "'nonsense'", TRING_PATH, NULL, "GetCallLogs",
                     &_error, "a{sv}us", 1, "status", "s", "nonsense", 0, "");
        assert_fails(&fixture, "InvalidArgument", "'not-ours'", TRING_PATH, NULL, "GetCallLogs",
                     &_error, "a{sv}us", 0, 0, "not-ours");
}
END_TEST

START_TEST(metadata_past_its_limits_is_named)
{
        char long_key[66] = "", value[1026];

        memset(long_key, 'k', 65);
        memset(value, 'v', 1025);
        value[1025] = '\0';
        assert_fails(&fixture, "InvalidArgument", "metadata 'kkk", TRING_PATH, NULL, "InitiateCall",
                     &_error, "sssa{sv}", "alice", "user", "audio", 1, "metadata", "a{sv}", 1,
                     long_key, "s", "v");
        assert_fails(&fixture, "InvalidArgument", "metadata 'k' does not fit", TRING_PATH, NULL,
                     "InitiateCall", &_error, "sssa{sv}", "alice", "user", "audio", 1, "metadata",
                     "a{sv}", 1, "k", "s", value);
        assert_fails(&fixture, "InvalidArgument", "metadata 'k' is not a string", TRING_PATH, NULL,
                     "InitiateCall", &_error, "sssa{sv}", "alice", "user", "audio", 1, "metadata",
                     "a{sv}", 1, "k", "i", 5);
        assert_fails(&fixture, "InvalidArgument", "metadata 'k' is given twice", TRING_PATH, NULL,
                     "InitiateCall", &_error, "sssa{sv}", "alice", "user", "audio", 1, "metadata",
                     "a{sv}", 2, "k", "s", "a", "k", "s", "b");
}
END_TEST

START_TEST(a_wrong_status_is_named)
{
        assert_fails(&fixture, "InvalidArgument", "'ended'", TRING_PATH, NULL, "RejectCall",
                     &_error, "ss", SESSION, "ended");
        assert_fails(&fixture, "InvalidArgument", "'no'", TRING_PATH, NULL, "RejectCall", &_error,
                     "ss", SESSION, "no");
}
END_TEST

START_TEST(a_ringing_call_refuses_what_its_status_does_not_allow)
{
        fixture_incoming(&fixture, SESSION);
        assert_fails(&fixture, "InvalidTransition", "call that rings", CALL_PATH, TRING_CALL, "End",
                     &_error, NULL);
        assert_fails(&fixture, "InvalidTransition", "call that rings", CALL_PATH, TRING_CALL,
                     "Cancel", &_error, NULL);
        assert_fails(&fixture, "InvalidTransition", "call that rings", CALL_PATH, TRING_CALL,
                     "Dismiss", &_error, NULL);
}
END_TEST

START_TEST(a_finished_call_says_that_it_is_over)
{
        fixture_incoming(&fixture, SESSION);
        fixture_over(&fixture, SESSION, CALL_STATUS_MISSED, "timeout");
        assert_fails(&fixture, "CallTerminated", "nobody answered", CALL_PATH, TRING_CALL, "Accept",
                     &_error, "a{sv}", 0);
        assert_works(&fixture, CALL_PATH, TRING_CALL, "End", &_error, NULL);
}
END_TEST

START_TEST(a_wrong_login_names_the_url_and_never_the_token)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_fails(&fixture, "InvalidArgument", "'http://hub'", TRING_PATH, NULL, "Login",
                     &_error, "ssa{sv}", "http://hub", "s3cret", 0);
        assert_fails(&fixture, "InvalidArgument", "ws://example.org", TRING_PATH, NULL, "Login",
                     &_error, "ssa{sv}", "ws://example.org", "s3cret", 0);
        assert_fails(&fixture, "InvalidArgument", "auth_token is empty", TRING_PATH, NULL, "Login",
                     &_error, "ssa{sv}", "ws://127.0.0.1", "", 0);
        assert_fails(&fixture, "InvalidArgument", "auth_token has more", TRING_PATH, NULL, "Login",
                     &_error, "ssa{sv}", "ws://127.0.0.1", long_text, 0);
        ck_assert_ptr_null(fixture_call(&fixture, TRING_PATH, NULL, "Login", &error, "ssa{sv}",
                                        "ws://127.0.0.1", "s3cret\n", 0));
        ck_assert_ptr_null(strstr(error.message, "s3cret"));
        sd_bus_error_free(&error);
}
END_TEST

START_TEST(a_descriptor_without_a_token_says_so)
{
        int pipe_fds[2];

        ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
        assert_fails(&fixture, "InvalidArgument", "its end is still open", TRING_PATH, NULL,
                     "LoginByDescriptor", &_error, "sha{sv}", "ws://127.0.0.1", pipe_fds[0], 0);
        close(pipe_fds[1]);
        assert_fails(&fixture, "InvalidArgument", "auth_token is empty", TRING_PATH, NULL,
                     "LoginByDescriptor", &_error, "sha{sv}", "ws://127.0.0.1", pipe_fds[0], 0);
        close(pipe_fds[0]);
        pipe_fds[0] = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        assert_fails(&fixture, "InvalidArgument", "it is no pipe", TRING_PATH, NULL,
                     "LoginByDescriptor", &_error, "sha{sv}", "ws://127.0.0.1", pipe_fds[0], 0);
        close(pipe_fds[0]);
}
END_TEST

START_TEST(policy_takes_only_its_own_words)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;

        ck_assert_ptr_null(fixture_call(&fixture, TRING_PATH, "org.freedesktop.DBus.Properties",
                                        "Set", &error, "ssv", TRING_MANAGER, "WhenBusy", "s",
                                        "maybe"));
        ck_assert_str_eq(error.name, TRING_ERROR "InvalidArgument");
        ck_assert_ptr_nonnull(strstr(error.message, "'maybe'"));
        sd_bus_error_free(&error);
        ck_assert_int_eq(phone_when_busy(fixture.daemon->phone), WHEN_BUSY_REJECT);
}
END_TEST

START_TEST(a_listener_id_must_be_text)
{
        assert_fails(&fixture, "InvalidArgument", "''", TRING_PATH, NULL, "AddCallListener",
                     &_error, "sa{sv}", "", 0);
        assert_fails(&fixture, "InvalidArgument", "'a?b'", TRING_PATH, NULL, "AddCallListener",
                     &_error, "sa{sv}", "a\tb", 0);
        assert_fails(&fixture, "InvalidArgument", "…", TRING_PATH, NULL, "AddCallListener", &_error,
                     "sa{sv}", long_text, 0);
        assert_fails(&fixture, "InvalidArgument", "'presents' needs a 'path'", TRING_PATH, NULL,
                     "AddCallListener", &_error, "sa{sv}", "l", 1, "presents", "b", 1);
        assert_fails(&fixture, "InvalidArgument", "'path' is not an object path", TRING_PATH, NULL,
                     "AddCallListener", &_error, "sa{sv}", "l", 1, "path", "s", "/listener");
        assert_fails(&fixture, "NoSuchListener", "'l'", TRING_PATH, NULL, "RemoveCallListener",
                     &_error, "s", "l");
}
END_TEST

START_TEST(a_thousand_listeners_end_in_too_many)
{
        char id[16];

        for (int i = 0; i < 1000; i++) {
                snprintf(id, sizeof(id), "listener-%d", i);
                if (i < LISTENERS_PER_CLIENT_MAX)
                        assert_works(&fixture, TRING_PATH, NULL, "AddCallListener", &_error,
                                     "sa{sv}", id, 0);
                else
                        assert_fails(&fixture, "TooMany", id, TRING_PATH, NULL, "AddCallListener",
                                     &_error, "sa{sv}", id, 0);
        }
        /* At the limit an entry can still be replaced, and leaves room when it goes. */
        assert_works(&fixture, TRING_PATH, NULL, "AddCallListener", &_error, "sa{sv}",
                     "listener-63", 0);
        assert_works(&fixture, TRING_PATH, NULL, "RemoveCallListener", &_error, "s", "listener-63");
        assert_works(&fixture, TRING_PATH, NULL, "AddCallListener", &_error, "sa{sv}", "another",
                     0);
}
END_TEST

START_TEST(more_ids_than_fit_are_too_many)
{
        sd_bus_message *call = NULL;
        int r = sd_bus_message_new_method_call(fixture.client, &call, NULL, TRING_PATH,
                                               TRING_MANAGER, "DeleteCallLogs");

        ck_assert_int_ge(r, 0);
        ck_assert_int_ge(sd_bus_message_open_container(call, 'a', "s"), 0);
        for (int i = 0; i <= SESSION_IDS_MAX; i++)
                ck_assert_int_ge(sd_bus_message_append(call, "s", SESSION), 0);
        ck_assert_int_ge(sd_bus_message_close_container(call), 0);

        sd_bus_error error = SD_BUS_ERROR_NULL;
        ck_assert_ptr_null(fixture_send(&fixture, call, &error));
        ck_assert_str_eq(error.name, TRING_ERROR "TooMany");
        sd_bus_error_free(&error);
        sd_bus_message_unref(call);
}
END_TEST

static void add_calls(TCase *tests)
{
        tcase_add_test(tests, wrong_types_are_refused_by_the_vtables);
        tcase_add_loop_test(tests, a_wrong_session_id_is_named, 0, ELEMENTSOF(wrong_ids));
        tcase_add_test(tests, a_wrong_receiver_is_named);
        tcase_add_test(tests, a_wrong_uid_to_block_is_named);
        tcase_add_test(tests, a_session_id_of_somebody_elses_call_is_not_here);
        tcase_add_test(tests, wrong_options_are_named);
        tcase_add_test(tests, metadata_past_its_limits_is_named);
        tcase_add_test(tests, a_wrong_status_is_named);
        tcase_add_test(tests, a_ringing_call_refuses_what_its_status_does_not_allow);
        tcase_add_test(tests, a_finished_call_says_that_it_is_over);
}

int main(void)
{
        Suite *suite = suite_create("bad input");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        add_calls(tests);
        tcase_add_test(tests, a_wrong_login_names_the_url_and_never_the_token);
        tcase_add_test(tests, a_descriptor_without_a_token_says_so);
        tcase_add_test(tests, policy_takes_only_its_own_words);
        tcase_add_test(tests, a_listener_id_must_be_text);
        tcase_add_test(tests, a_thousand_listeners_end_in_too_many);
        tcase_add_test(tests, more_ids_than_fit_are_too_many);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
