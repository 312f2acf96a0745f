/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The media of a call outlive tringd: the next tringd adopts their worker. */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/str.h"
#include "e2e/expect.h"
#include "e2e/pair.h"
#include "suite.h"

static bool file_of_process_has(const char *process, const char *file, const char *text)
{
        char path[RIG_PATH_MAX], content[16 * 1024];
        FILE *stream;
        size_t n;

        rig_path(path, "/proc/%s/%s", process, file);
        stream = fopen(path, "re");
        if (!stream)
                return false;
        n = fread(content, 1, sizeof(content), stream);
        fclose(stream);
        return memmem(content, n, text, strlen(text));
}

/* Kills the process; returns when it is gone. */
static void kill_worker(const Desktop *desktop, const Call *call)
{
        _cleanup_free_ char *home = str_printf("HOME=%s/home", desktop->dir);
        DIR *processes = opendir("/proc");
        struct dirent *entry;
        unsigned killed = 0;

        ck_assert_ptr_nonnull(processes);
        while ((entry = readdir(processes))) {
                pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

                if (pid <= 0 || !file_of_process_has(entry->d_name, "cmdline", call->id) ||
                    !file_of_process_has(entry->d_name, "environ", home))
                        continue;
                struct pollfd end = {.fd = pidfd_open(pid, 0), .events = POLLIN};
                ck_assert_int_ge(end.fd, 0);
                ck_assert_int_eq(kill(pid, SIGKILL), 0);
                ck_assert_int_eq(poll(&end, 1, rig_patience_ms()), 1);
                close(end.fd);
                killed++;
        }
        closedir(processes);
        ck_assert_uint_eq(killed, 1);
}

static void wait_connected(Desktop *desktop, const Call *call)
{
        client_wait_property(desktop->client, call->path, TRING_SESSION, "State", "connected");
}

static Call connected_call(Pair *p)
{
        Call call = call_ring(p->alice, p->bob, true);

        call_accept(p->bob, &call, true);
        wait_connected(p->alice, &call);
        wait_connected(p->bob, &call);
        return call;
}

START_TEST(rule_14_worker_is_adopted_and_nobody_has_left)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = connected_call(&p);
        _cleanup_free_ char *line = NULL;

        client_do(p.bob->client, call.path, TRING_SESSION, "SetAudioMuted", "b", true);
        client_wait_signal(p.alice->client, "ParticipantChanged", call.path);
        desktop_wait_stored(p.bob);
        desktop_kill(p.bob);
        desktop_start(p.bob);
        line = process_wait_line(p.bob->tringd, "media worker adopted");
        desktop_wait_online(p.bob);
        wait_connected(p.bob, &call);
        client_wait_property(p.bob->client, call.path, TRING_SESSION, "AudioMuted", "true");
        expect_has(client_property(p.bob->client, call.path, TRING_SESSION, "Participants"),
                   "uid: alice");
        ck_assert_uint_eq(client_count_signals(p.alice->client, "UserLeft", call.path), 0);

        client_do(p.bob->client, call.path, TRING_SESSION, "SetAudioMuted", "b", false);
        client_wait_signal(p.alice->client, "ParticipantChanged", call.path);
        call_end(p.alice, &call);
        call_wait_status(p.bob, &call, "ended", "remote-hangup");
}
END_TEST

START_TEST(rule_18_worker_that_died_with_tringd_leaves_a_call_that_can_be_joined)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = connected_call(&p);

        desktop_wait_stored(p.bob);
        desktop_kill(p.bob);
        kill_worker(p.bob, &call);
        desktop_start(p.bob);
        client_wait_property(p.bob->client, call.path, TRING_SESSION, "State", "failed");
        call_wait_status(p.bob, &call, "ongoing", NULL);
        desktop_wait_online(p.bob);
        client_do(p.bob->client, call.path, TRING_SESSION, "Join", "a{sv}", 0);
        client_wait_property(p.bob->client, call.path, TRING_SESSION, "State", "joining");
}
END_TEST

START_TEST(rule_12_worker_of_a_call_that_ended_while_tringd_was_away_goes)
{
        _cleanup_pair_ Pair p = pair_new();
        Call call = connected_call(&p);
        char socket[RIG_PATH_MAX];
        usec_t deadline;

        rig_path(socket, "%s/tring/%s.worker",
                 environment_get(&p.bob->environment, "XDG_RUNTIME_DIR"), call.id);
        ck_assert_int_eq(access(socket, F_OK), 0);
        desktop_kill(p.bob);
        call_end(p.alice, &call);
        desktop_start(p.bob);
        call_wait_status(p.bob, &call, "ended", NULL);
        deadline = rig_deadline();
        while (access(socket, F_OK) == 0)
                rig_run_once(p.rig, deadline, "the end of the worker");
}
END_TEST

static Suite *restart_media_suite(void)
{
        Suite *suite = suite_create("restart-media");
        TCase *tcase = tcase_create("restart-media");

        tcase_set_timeout(tcase, 120);
        tcase_add_test(tcase, rule_14_worker_is_adopted_and_nobody_has_left);
        tcase_add_test(tcase,
                       rule_18_worker_that_died_with_tringd_leaves_a_call_that_can_be_joined);
        tcase_add_test(tcase, rule_12_worker_of_a_call_that_ended_while_tringd_was_away_goes);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return suite_run(restart_media_suite());
}
