/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>
#include <sys/un.h>

#include "hub-rig.h"

#include "rig/desktop.h"
#include "wire/wire.h"

/* Each test runs twice: with the hub running, and on its file alone. */
static void maybe_stop(int i)
{
        if (i == 1)
                hub_stop(h->hub);
}

static void maybe_start(int i)
{
        if (i == 1)
                hub_start(h->hub);
}

START_TEST(users_are_added_renamed_listed_and_removed)
{
        maybe_stop(_i);
        expect(RUN(0, "user", "add", "carol", "--name", "Carol & Co + 100% Ä"), "added carol");
        expect(RUN(0, "user", "list"), "carol\tCarol & Co + 100% Ä\treject\n");
        expect(RUN(0, "user", "add", "carol", "--name", "Caroline"), "renamed carol");
        expect(RUN(0, "user", "list"), "carol\tCaroline\treject\n");
        expect(RUN(0, "user", "add", "x+y@z.org"), "added x+y@z.org (x+y@z.org)");
        expect(RUN(2, "user", "add", "carol", "--name", " \u200b"), "name");
        expect(RUN(2, "user", "add", "carol", "--name", "Caro\u202e"), "name");
        expect(RUN(2, "group", "add", "team", "--name", "\u2028"), "name");
        expect(RUN(0, "user", "list"), "carol\tCaroline\treject\n");
        expect(RUN(0, "user", "remove", "x+y@z.org"), "removed x+y@z.org");
        expect(RUN(0, "user", "remove", "carol"), "removed carol");
        expect(RUN(1, "user", "remove", "carol"), "there is no user \"carol\"");
        char *list = RUN(0, "user", "list");
        ck_assert_ptr_null(strstr(list, "carol"));
        free(list);
        maybe_start(_i);
}
END_TEST

static void wait_name(Desktop *desktop, const char *name)
{
        usec_t deadline = rig_deadline();

        for (;;) {
                _cleanup_free_ char *user =
                        client_property(desktop->client, TRING_ROOT, TRING_MANAGER, "LoggedInUser");

                if (strstr(user, name))
                        return;
                rig_run_once(desktop->rig, deadline, "a user's new name");
        }
}

START_TEST(a_new_name_is_the_one_that_programs_and_the_next_tringd_read)
{
        _cleanup_(desktop_freep) Desktop *desktop = desktop_new_online(h->rig, h->hub, "alice");

        expect(RUN(0, "user", "add", "alice", "--name", "Alicia"), "renamed alice");
        wait_name(desktop, "Alicia");
        desktop_stop(desktop);
        hub_stop(h->hub);
        desktop_start(desktop);
        wait_name(desktop, "Alicia");
        hub_start(h->hub);
}
END_TEST

START_TEST(a_minted_token_logs_in_until_it_is_revoked)
{
        maybe_stop(_i);
        char *token = RUN(0, "token", "mint", "alice", "--device", "laptop");
        ck_assert_uint_eq(strlen(token), 65);
        ck_assert_uint_eq(strspn(token, "0123456789abcdef"), 64);
        token[64] = '\0';
        char *list = RUN(0, "token", "list", "alice");
        ck_assert_ptr_null(strstr(list, token));
        char *line = strstr(list, "\tlaptop\n");
        ck_assert_ptr_nonnull(line);
        maybe_start(_i);
        Talker *talker = talker_new(hub_port(h->hub), token, "laptop");
        talker_free(talker);

        /* The line begins with the number. */
        *line = '\0';
        char *start = strrchr(list, '\n') ? strrchr(list, '\n') + 1 : list;
        start[strcspn(start, "\t")] = '\0';
        maybe_stop(_i);
        expect(RUN(0, "token", "revoke", start), "revoked");
        expect(RUN(1, "token", "revoke", start), "there is no token");
        maybe_start(_i);
        talker = talker_connect(hub_port(h->hub), NULL);
        talker_refused(talker_request(talker, "hello",
                                      "\"version\":1,\"token\":\"%s\",\"device\":\"d\"", token),
                       "AuthFailed", "revoked");
        talker_closed(talker, WIRE_CLOSE_REVOKED, "revoked");
        talker_free(talker);
        free(token);
        free(list);
}
END_TEST

START_TEST(revoking_closes_that_tokens_connections_alone)
{
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);

        expect(RUN(0, "token", "revoke", "1"), "revoked 1");
        talker_closed(alice, WIRE_CLOSE_REVOKED, "revoked");
        talker_ok(talker_request(bob, "history", "%s", ""));
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(removing_a_user_ends_their_calls_and_connections)
{
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        char id[TALKER_UUID_SIZE];

        hub_rig_call(alice, bob, id);
        expect(RUN(0, "calls"), id);
        free(RUN(0, "user", "remove", "alice"));
        talker_closed(alice, WIRE_CLOSE_REVOKED, "alice");
        cJSON *over = talker_event(bob, "over");
        ck_assert_str_eq(talker_text(over, "status"), "ended");
        cJSON_Delete(over);
        char *calls = RUN(0, "calls");
        ck_assert_str_eq(calls, "");
        free(calls);
        talker_ok(talker_request(bob, "history", "%s", ""));
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(a_user_added_while_it_runs_can_be_called)
{
        Talker *alice = hub_rig_alice(h);
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        talker_refused(talker_initiate(alice, id, "carol"), "UserNotFound", "carol");
        free(RUN(0, "user", "add", "carol"));
        talker_ok(talker_initiate(alice, id, "carol"));
        talker_free(alice);
}
END_TEST

static const struct {
        const char *const *words;
        int status;
        const char *sentence;
} wrong[] = {
        {ARGV("user", "add", "a b"), 2, "\"a b\" is not a user id"},
        {ARGV("user", "add", ""), 2, "\"\" is not a user id"},
        {ARGV("user", "add", "carol", "--name", "a\nb"), 2, "the name \"a?b\""},
        {ARGV("user", "add"), 2, "UID is missing"},
        {ARGV("user", "sing"), 2, "\"sing\""},
        {ARGV("user"), 2, "\"user\": missing second word"},
        {ARGV("dance"), 2, "\"dance\""},
        {ARGV("user", "list", "x"), 2, "\"x\""},
        {ARGV("user", "list", "--listen", "x"), 2, "--listen"},
        {ARGV("user", "list", "--colour"), 2, "--colour"},
        {ARGV("user", "list", "--state", ""), 2, "--state \"\""},
        {ARGV("user", "list", "--state", "/dev/null"), 1, "\"/dev/null\""},
        {ARGV("token", "mint", "nobody"), 1, "there is no user \"nobody\""},
        {ARGV("token", "list", "nobody"), 1, "there is no user \"nobody\""},
        {ARGV("token", "revoke", "x"), 2, "\"x\""},
        {ARGV("token", "revoke", "999"), 1, "there is no token 999"},
};

START_TEST(a_wrong_value_is_named)
{
        expect(hub_rig_run(wrong[_i].status, wrong[_i].words), wrong[_i].sentence);
}
END_TEST

START_TEST(no_call_is_in_progress_without_a_hub)
{
        hub_stop(h->hub);
        expect(RUN(1, "calls"), "no hub is running");
        hub_start(h->hub);
}
END_TEST

START_TEST(help_and_version_are_there)
{
        expect(RUN(0, "--help"), "token mint UID");
        expect(RUN(0, "--version"), "tring-hub ");
}
END_TEST

/* The reply of the admin socket to a request line; the caller frees. */
static char *ask(const char *request_line)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char *answer = rig_alloc(16384);
        size_t length = 0;
        ssize_t n;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        char path[RIG_PATH_MAX];

        rig_path(path, "%s/admin.sock", h->hub->state);
        ck_assert_int_eq(STR_SET(address.sun_path, path), 0);
        ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        dprintf(fd, "%s HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n", request_line);
        while ((n = recv(fd, answer + length, 16383 - length, 0)) > 0)
                length += (size_t)n;
        answer[length] = '\0';
        return answer;
}

static const struct {
        const char *request, *status, *answer;
} questions[] = {
        {"GET /v1/health", " 200 ", "\r\n\r\nok\n"},
        {"GET /v1/ready", " 200 ", "\r\n\r\nok\n"},
        {"GET /v1/users", " 200 ", "alice\tAlice\treject\nbob\tBob\treject\n"},
        {"GET /v1/history?uid=alice", " 200 ", ""},
        {"GET /v1/history?uid=nobody", " 404 ", "there is no user \"nobody\""},
        {"GET /v1/history", " 400 ", "\"\" is not a user id"},
        {"GET /nowhere", " 404 ", "unsupported request: GET /nowhere"},
        {"DELETE /v1/calls", " 404 ", "unsupported request: DELETE /v1/calls"},
};

START_TEST(the_admin_socket_speaks_http)
{
        char *answer = ask(questions[_i].request);

        ck_assert_msg(strstr(answer, questions[_i].status) && strstr(answer, questions[_i].answer),
                      "%s: %s", questions[_i].request, answer);
        free(answer);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: admin");
        TCase *tests = tcase_create("admin");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, hub_rig_setup, hub_rig_teardown);
        tcase_add_loop_test(tests, users_are_added_renamed_listed_and_removed, 0, 2);
        tcase_add_test(tests, a_new_name_is_the_one_that_programs_and_the_next_tringd_read);
        tcase_add_loop_test(tests, a_minted_token_logs_in_until_it_is_revoked, 0, 2);
        tcase_add_test(tests, revoking_closes_that_tokens_connections_alone);
        tcase_add_test(tests, removing_a_user_ends_their_calls_and_connections);
        tcase_add_test(tests, a_user_added_while_it_runs_can_be_called);
        tcase_add_loop_test(tests, a_wrong_value_is_named, 0, ELEMENTSOF(wrong));
        tcase_add_test(tests, no_call_is_in_progress_without_a_hub);
        tcase_add_test(tests, help_and_version_are_there);
        tcase_add_loop_test(tests, the_admin_socket_speaks_http, 0, ELEMENTSOF(questions));
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
