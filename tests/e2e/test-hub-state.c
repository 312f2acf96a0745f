/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verbs and hubs on a state folder that is empty, wrong, or somebody else's. */
#include <sys/stat.h>

#include "hub-rig.h"

#define NOBODY 65534

static Rig *rig;
static Environment environment;
static char state[RIG_PATH_MAX];

static void setup(void)
{
        rig = rig_new();
        environment_init(&environment, rig);
        rig_path(state, "%s/hub", rig->dir);
}

static void teardown(void)
{
        environment_done(&environment);
        rig = rig_free(rig);
}

static void run_verb(const char *const *argv, int status, const char *said)
{
        _cleanup_(run_result_done) RunResult result;

        process_run(rig, &environment, argv, NULL, &result);
        ck_assert_msg(result.status == status, "%d: %s", result.status, result.err);
        ck_assert_msg(strstr(result.err, said), "'%s' is not in '%s'", said, result.err);
}

#define VERB(...) ARGV(rig_program("HUB"), "--state", state, __VA_ARGS__)

/* All but the verb that adds the first user. */
static const char *const verbs[][4] = {
        {"user", "list"},
        {"user", "remove", "alice"},
        {"token", "mint", "alice"},
        {"token", "list", "alice"},
        {"token", "revoke", "1"},
        {"group", "add", "team"},
        {"group", "join", "team", "alice"},
        {"group", "leave", "team", "alice"},
        {"group", "list"},
        {"group", "remove", "team"},
        {"calls"},
};

START_TEST(a_verb_on_no_hub_says_so_and_makes_nothing)
{
        const char *const *verb = verbs[_i];
        char said[RIG_PATH_MAX + 64], file[RIG_PATH_MAX];

        snprintf(said, sizeof(said), "there is no hub in %s", state);
        run_verb(VERB(verb[0], verb[1], verb[2], verb[3]), 1, said);
        ck_assert_int_eq(access(state, F_OK), -1);
        rig_mkdir(state);
        run_verb(VERB(verb[0], verb[1], verb[2], verb[3]), 1, said);
        rig_path(file, "%s/lock", state);
        ck_assert_int_eq(access(file, F_OK), -1);
        rig_path(file, "%s/hub.db", state);
        ck_assert_int_eq(access(file, F_OK), -1);
}
END_TEST

START_TEST(the_first_user_makes_a_hub_and_says_so)
{
        _cleanup_(run_result_done) RunResult result;

        run_verb(VERB("user", "add", "alice"), 0, "makes a new hub");
        process_run(rig, &environment, VERB("user", "add", "bob"), NULL, &result);
        ck_assert_str_eq(result.err, "");
        run_verb(VERB("user", "list"), 0, "");
}
END_TEST

/* `calls` asks the hub that serves, by its socket. */
START_TEST(a_folder_too_deep_for_a_socket_serves_verbs_all_the_same)
{
        rig_path(state, "%s/%0120d", rig->dir, 0);
        Process *hub =
                process_start(rig, "hub", &environment, VERB("serve", "--listen", "127.0.0.1:0"));

        free(process_wait_line(hub, "listening on "));
        run_verb(VERB("user", "add", "alice"), 0, "");
        run_verb(VERB("calls"), 0, "");
        ck_assert_int_eq(process_stop(hub), 0);
        process_free(hub);
        run_verb(VERB("calls"), 1, "no hub is running");
}
END_TEST

START_TEST(serving_a_new_folder_is_said_aloud)
{
        Process *hub =
                process_start(rig, "hub", &environment, VERB("serve", "--listen", "127.0.0.1:0"));

        free(process_wait_line(hub, "made a new database"));
        free(process_wait_line(hub, "listening on "));
        ck_assert_int_eq(process_stop(hub), 0);
        process_free(hub);
        hub = process_start(rig, "again", &environment, VERB("serve", "--listen", "127.0.0.1:0"));
        free(process_wait_line(hub, "listening on "));
        ck_assert(!process_has_said(hub, "made a new database"));
        ck_assert_int_eq(process_stop(hub), 0);
        process_free(hub);
}
END_TEST

START_TEST(a_lock_that_cannot_be_opened_is_named)
{
        char lock[RIG_PATH_MAX];

        rig_mkdir(state);
        rig_path(lock, "%s/lock", state);
        rig_mkdir(lock);
        run_verb(VERB("user", "add", "alice"), 1, lock);
        run_verb(VERB("serve", "--listen", "127.0.0.1:0"), 1, lock);
}
END_TEST

static void expect_nobodys(const char *name)
{
        char path[RIG_PATH_MAX];
        struct stat st;

        rig_path(path, "%s/%s", state, name);
        if (lstat(path, &st) < 0)
                return;
        ck_assert_msg(st.st_uid == NOBODY && st.st_gid == NOBODY, "%s is of %u:%u", path, st.st_uid,
                      st.st_gid);
}

/* Whoever is not root can only be refused: tests/unit/test-hub-state.c. */
START_TEST(roots_verbs_leave_no_file_of_root)
{
        char folder[] = "/tmp/test-hub-state-XXXXXX";

        if (geteuid() != 0)
                return;
        ck_assert_ptr_nonnull(mkdtemp(folder));
        ck_assert_int_eq(chmod(folder, 0755), 0);
        rig_path(state, "%s/hub", folder);
        rig_mkdir(state);
        ck_assert_int_eq(chown(state, NOBODY, NOBODY), 0);
        run_verb(VERB("user", "add", "alice"), 0, "makes a new hub");
        run_verb(VERB("user", "list"), 0, "");
        static const char *const names[] = {"hub.db", "hub.db-wal", "hub.db-shm", "lock"};
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                expect_nobodys(names[i]);
        run_verb(VERB("serve", "--listen", "127.0.0.1:0"), 1, "runuser -u ");
        run_verb(VERB("serve", "--listen", "127.0.0.1:0"), 1, state);
        ck_assert_int_eq(chown(state, 0, 0), 0); /* programs of the rig obey permissions */
        run_verb(ARGV("rm", "-r", folder), 0, "");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub state");
        TCase *tests = tcase_create("hub state");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_loop_test(tests, a_verb_on_no_hub_says_so_and_makes_nothing, 0,
                            ELEMENTSOF(verbs));
        tcase_add_test(tests, the_first_user_makes_a_hub_and_says_so);
        tcase_add_test(tests, a_folder_too_deep_for_a_socket_serves_verbs_all_the_same);
        tcase_add_test(tests, serving_a_new_folder_is_said_aloud);
        tcase_add_test(tests, a_lock_that_cannot_be_opened_is_named);
        tcase_add_test(tests, roots_verbs_leave_no_file_of_root);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
