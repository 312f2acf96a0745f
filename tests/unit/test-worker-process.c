/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/child.h"
#include "loop/pid-file.h"
#include "loop/worker-process.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

#include "base/str.h"

#define DEADLINE_US (10 * USEC_PER_SEC)

/* The worker's side: this executable with the argument "worker". It does what the message says. */
static int worker_main(void)
{
        char text[WORKER_PROCESS_MESSAGE_MAX];

        if (sd_listen_fds(0) < 1)
                return 4;
        for (;;) {
                _cleanup_close_ int fd = accept(CHILD_LISTEN_FD, NULL, NULL);
                ssize_t n;

                if (fd < 0)
                        return 5;
                while ((n = recv(fd, text, sizeof(text), 0)) > 0) {
                        if (n == 4 && memcmp(text, "quit", 4) == 0) {
                                (void)send(fd, "bye", 3, 0);
                                return 0;
                        }
                        /* Its last messages, with something left unread. */
                        if (n == 4 && memcmp(text, "deaf", 4) == 0) {
                                struct pollfd more = {.fd = fd, .events = POLLIN};

                                (void)send(fd, "bye", 3, 0);
                                (void)poll(&more, 1, -1);
                                return 0;
                        }
                        if (n == 5 && memcmp(text, "names", 5) == 0) {
                                const char *names = getenv("LISTEN_FDNAMES");

                                if (names)
                                        (void)send(CHILD_LISTEN_FD + 1, "here", 4, MSG_NOSIGNAL);
                                n = snprintf(text, sizeof(text), "%d %s", sd_listen_fds(0),
                                             names ? names : "none");
                        }
                        if (n == 4 && memcmp(text, "fail", 4) == 0)
                                return 3;
                        if (n == 5 && memcmp(text, "crash", 5) == 0)
                                (void)raise(SIGKILL);
                        if (n == 5 && memcmp(text, "stray", 5) == 0)
                                (void)raise(SIGSYS);
                        if (n == 4 && memcmp(text, "turn", 4) == 0) /* away, and run on */
                                (void)close(fd);
                        if (n == 4 &&
                            (memcmp(text, "hang", 4) == 0 || memcmp(text, "turn", 4) == 0))
                                for (;;)
                                        pause();
                        (void)send(fd, text, (size_t)n, 0);
                }
        }
}

static struct {
        sd_event *event;
        char folder[64], path[96], program[PATH_MAX];
        char last[WORKER_PROCESS_MESSAGE_MAX + 1], reason[96];
        size_t messages, bytes;
        bool gone, may_run;
} rig;

static void on_message(void *userdata, const char *text, size_t length)
{
        rig.messages++;
        rig.bytes += length;
        memcpy(rig.last, text, length + 1);
}

static void on_gone(void *userdata, const char *reason, bool may_run)
{
        ck_assert(!rig.gone);
        rig.gone = true;
        rig.may_run = may_run;
        ck_assert_int_eq(STR_SET(rig.reason, reason), 0);
}

static const WorkerProcessEvents events = {on_message, on_gone};

static void setup(void)
{
        STR_SET(rig.folder, "/tmp/test-worker-process-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(rig.folder));
        snprintf(rig.path, sizeof(rig.path), "%s/one.worker", rig.folder);
        ssize_t n = readlink("/proc/self/exe", rig.program, sizeof(rig.program) - 1);
        ck_assert_int_gt(n, 0);
        ck_assert_int_ge(sd_event_new(&rig.event), 0);
}

static void teardown(void)
{
        sd_event_unref(rig.event);
        ck_assert_int_eq(rmdir(rig.folder), 0); /* nothing was left behind */
}

static int spawn(const char *program, WorkerProcess **ret)
{
        const char *const arguments[] = {program, "worker", NULL};
        WorkerProcessOptions options = {
                .program = program, .arguments = arguments, .socket_path = rig.path};

        return worker_process_spawn(rig.event, &options, &events, NULL, ret);
}

static WorkerProcess *spawn_ok(void)
{
        WorkerProcess *worker = NULL;

        ck_assert_int_eq(spawn(rig.program, &worker), 0);
        return worker;
}

static void send_text(WorkerProcess *worker, const char *text)
{
        ck_assert_int_eq(worker_process_send(worker, text, strlen(text), -1), 0);
}

#define run_until(condition)                                                       \
        do {                                                                       \
                usec_t _deadline = clock_boottime() + DEADLINE_US;                 \
                while (!(condition)) {                                             \
                        ck_assert_uint_lt(clock_boottime(), _deadline);            \
                        ck_assert_int_ge(sd_event_run(rig.event, DEADLINE_US), 0); \
                }                                                                  \
        } while (false)

START_TEST(messages_sent_before_the_worker_is_up_are_answered)
{
        WorkerProcess *worker = spawn_ok();

        send_text(worker, "one");
        send_text(worker, "two");
        run_until(rig.messages == 2);
        ck_assert_str_eq(rig.last, "two");
        worker_process_free(worker);
}
END_TEST

START_TEST(the_last_words_come_before_gone)
{
        WorkerProcess *worker = spawn_ok();
        siginfo_t info;

        send_text(worker, "quit");
        /* The messages and the end are both there before the loop looks. */
        ck_assert_int_eq(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
        run_until(rig.gone);
        ck_assert_str_eq(rig.last, "bye");
        ck_assert_str_eq(rig.reason, "exited");
        ck_assert_int_eq(worker_process_send(worker, "x", 1, -1), -ENOTCONN);
        worker_process_free(worker);
}
END_TEST

START_TEST(the_last_words_of_one_that_no_longer_listens_are_heard)
{
        WorkerProcess *worker = spawn_ok();
        siginfo_t info;

        send_text(worker, "deaf");
        send_text(worker, "what it does not read");
        ck_assert_int_eq(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
        run_until(rig.gone);
        ck_assert_str_eq(rig.last, "bye");
        ck_assert_str_eq(rig.reason, "exited");
        worker_process_free(worker);
}
END_TEST

START_TEST(gone_says_how_it_ended)
{
        static const struct {
                const char *order, *reason;
        } cases[] = {{"fail", "exited with status 3"},
                     {"crash", "was killed by signal 9"},
                     {"stray", "made a system call that its sandbox forbids"}};
        WorkerProcess *worker = spawn_ok();

        send_text(worker, cases[_i].order);
        run_until(rig.gone);
        ck_assert_str_eq(rig.reason, cases[_i].reason);
        worker_process_free(worker);
}
END_TEST

START_TEST(a_worker_that_hangs_is_killed_after_stop)
{
        WorkerProcess *worker = spawn_ok();

        send_text(worker, "hang");
        ck_assert_int_eq(worker_process_stop(worker), 0);
        run_until(rig.gone);
        ck_assert_str_eq(rig.reason, "was killed by signal 9");
        worker_process_free(worker);
}
END_TEST

START_TEST(a_worker_that_does_not_read_fills_a_bounded_queue)
{
        static char big[WORKER_PROCESS_MESSAGE_MAX];
        WorkerProcess *worker = spawn_ok();
        size_t sent = 0;
        int r;

        memset(big, 'x', sizeof(big));
        send_text(worker, "hang");
        while ((r = worker_process_send(worker, big, sizeof(big), -1)) == 0)
                ck_assert_uint_lt(++sent, 100);
        ck_assert_int_eq(r, -ENOBUFS);
        ck_assert_uint_ge(sent * sizeof(big), WORKER_PROCESS_QUEUE_MAX);
        worker_process_free(worker);
}
END_TEST

START_TEST(what_was_queued_arrives_in_order)
{
        static char big[WORKER_PROCESS_MESSAGE_MAX];
        WorkerProcess *worker = spawn_ok();

        for (char c = 'a'; c < 'k'; c++) {
                memset(big, c, sizeof(big));
                ck_assert_int_eq(worker_process_send(worker, big, sizeof(big), -1), 0);
        }
        run_until(rig.messages == 10);
        ck_assert_uint_eq(rig.bytes, 10 * sizeof(big));
        ck_assert_int_eq(rig.last[0], 'j');
        worker_process_free(worker);
}
END_TEST

START_TEST(a_message_too_long_or_empty_is_refused)
{
        static char big[WORKER_PROCESS_MESSAGE_MAX + 1];
        WorkerProcess *worker = spawn_ok();

        ck_assert_int_eq(worker_process_send(worker, big, sizeof(big), -1), -EMSGSIZE);
        ck_assert_int_eq(worker_process_send(worker, big, 0, -1), -EMSGSIZE);
        worker_process_free(worker);
}
END_TEST

START_TEST(a_detached_worker_can_be_adopted)
{
        WorkerProcess *worker = spawn_ok(), *adopted = NULL;

        send_text(worker, "one");
        run_until(rig.messages == 1);
        worker_process_detach(worker);
        ck_assert_int_eq(worker_process_adopt(rig.event, rig.path, &events, NULL, &adopted), 0);
        send_text(adopted, "two");
        run_until(rig.messages == 2);
        send_text(adopted, "quit");
        run_until(rig.gone);
        ck_assert_str_eq(rig.reason, "closed its connection");
        worker_process_free(adopted);
        ck_assert_int_gt(waitpid(-1, NULL, 0), 0);
}
END_TEST

START_TEST(a_second_descriptor_is_passed_with_its_name)
{
        const char *const arguments[] = {rig.program, "worker", NULL};
        WorkerProcess *worker = NULL;
        char said[8] = "";
        int ends[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        const WorkerProcessOptions options = {.program = rig.program,
                                              .arguments = arguments,
                                              .socket_path = rig.path,
                                              .second_fd = ends[1],
                                              .fd_names = "one:two"};
        ck_assert_int_eq(worker_process_spawn(rig.event, &options, &events, NULL, &worker), 0);
        send_text(worker, "names");
        run_until(rig.messages == 1);
        ck_assert_str_eq(rig.last, "2 one:two");
        ck_assert_int_eq(read(ends[0], said, sizeof(said) - 1), 4);
        ck_assert_str_eq(said, "here");
        worker_process_free(worker);
        close(ends[0]);
        close(ends[1]);
}
END_TEST

START_TEST(without_a_second_descriptor_there_is_one_and_no_name)
{
        WorkerProcess *worker = spawn_ok();

        send_text(worker, "names");
        run_until(rig.messages == 1);
        ck_assert_str_eq(rig.last, "1 none");
        worker_process_free(worker);
}
END_TEST

/* Starts a worker as an earlier program, and leaves it with that order. */
static pid_t leave(const char *order)
{
        WorkerProcess *worker = spawn_ok();
        pid_t pid = worker_process_pid(worker);

        send_text(worker, order);
        worker_process_detach(worker);
        return pid;
}

static int adopt(WorkerProcess **ret)
{
        return worker_process_adopt(rig.event, rig.path, &events, NULL, ret);
}

static WorkerProcess *adopt_hanging(void)
{
        WorkerProcess *adopted = NULL;
        pid_t pid = leave("hang");

        ck_assert_int_eq(adopt(&adopted), 0);
        ck_assert(worker_process_is_adopted(adopted));
        ck_assert_int_eq(worker_process_pid(adopted), pid);
        return adopted;
}

static void forget_name(void)
{
        char path[sizeof(rig.path) + 8];

        snprintf(path, sizeof(path), "%s.pid", rig.path);
        ck_assert_int_eq(unlink(path), 0);
}

/* Ends the worker that nothing named; its socket has stayed. */
static void end_nameless(pid_t pid)
{
        ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        ck_assert_int_eq(unlink(rig.path), 0);
}

static void expect_killed(void)
{
        int status;

        ck_assert_int_gt(waitpid(-1, &status, 0), 0);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(an_adopted_worker_that_hangs_can_be_killed)
{
        WorkerProcess *adopted = adopt_hanging();

        ck_assert_int_eq(worker_process_kill(adopted), 0);
        run_until(rig.gone);
        expect_killed();
        worker_process_free(adopted);
}
END_TEST

START_TEST(an_adopted_worker_that_hangs_is_killed_soon_after_stop)
{
        WorkerProcess *adopted = adopt_hanging();
        usec_t began = clock_boottime();

        ck_assert_int_eq(worker_process_stop(adopted), 0);
        run_until(rig.gone);
        ck_assert(!rig.may_run);
        ck_assert_uint_ge(clock_boottime() - began, WORKER_PROCESS_STOP_ADOPTED_US);
        expect_killed();
        worker_process_free(adopted);
}
END_TEST

START_TEST(an_adopted_worker_with_a_full_queue_is_killed_when_it_is_freed)
{
        static char big[WORKER_PROCESS_MESSAGE_MAX] = "x";
        WorkerProcess *adopted = adopt_hanging();

        while (worker_process_send(adopted, big, sizeof(big), -1) == 0)
                ;
        ck_assert_int_eq(worker_process_send(adopted, big, sizeof(big), -1), -ENOBUFS);
        worker_process_free(adopted);
        expect_killed();
}
END_TEST

START_TEST(an_adopted_worker_that_closes_its_connection_is_killed)
{
        WorkerProcess *adopted = NULL;

        leave("one");
        ck_assert_int_eq(adopt(&adopted), 0);
        send_text(adopted, "turn");
        run_until(rig.gone);
        ck_assert_str_eq(rig.reason, "closed its connection");
        expect_killed();
        worker_process_free(adopted);
}
END_TEST

/* Takes all that listen(2) lets wait. The connections last as long as the test. */
static void fill_backlog(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int r;

        ck_assert_int_eq(STR_SET(address.sun_path, rig.path), 0);
        do {
                int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

                r = connect(fd, (struct sockaddr *)&address, sizeof(address));
        } while (r == 0);
        ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(a_worker_that_takes_no_connection_is_killed_instead_of_adopted)
{
        WorkerProcess *adopted = NULL;

        leave("hang");
        fill_backlog();
        ck_assert_int_eq(adopt(&adopted), -ECONNREFUSED);
        ck_assert_ptr_null(adopted);
        expect_killed();
}
END_TEST

START_TEST(a_worker_that_takes_no_connection_and_that_nothing_names_keeps_its_socket)
{
        WorkerProcess *adopted = NULL;
        pid_t pid = leave("hang");

        forget_name();
        fill_backlog();
        ck_assert_int_eq(adopt(&adopted), -EBUSY);
        ck_assert_ptr_null(adopted);
        end_nameless(pid);
}
END_TEST

START_TEST(a_worker_whose_process_nothing_names_and_that_ends_does_not_run)
{
        WorkerProcess *worker = spawn_ok(), *adopted = NULL;
        siginfo_t info;

        forget_name();
        worker_process_detach(worker);
        ck_assert_int_eq(adopt(&adopted), 0);
        send_text(adopted, "quit");
        ck_assert_int_eq(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
        if (_i == 1)
                ck_assert_int_eq(worker_process_kill(adopted), 0);
        run_until(rig.gone);
        ck_assert_str_eq(rig.reason, "closed its connection");
        ck_assert(!rig.may_run);
        worker_process_free(adopted);
        ck_assert_int_gt(waitpid(-1, NULL, 0), 0);
}
END_TEST

/* However it goes: its connection closes, its time to end is over, it is killed or freed. */
START_TEST(a_worker_whose_process_nothing_names_may_still_run_and_keeps_its_socket)
{
        WorkerProcess *worker = spawn_ok(), *adopted = NULL;
        pid_t pid = worker_process_pid(worker);

        forget_name();
        worker_process_detach(worker);
        ck_assert_int_eq(adopt(&adopted), 0);
        send_text(adopted, _i == 0 ? "turn" : "hang");
        if (_i == 1)
                ck_assert_int_eq(worker_process_stop(adopted), 0);
        if (_i == 2)
                ck_assert_int_eq(worker_process_kill(adopted), 0);
        if (_i < 3) {
                ck_assert(!rig.gone);
                run_until(rig.gone);
                ck_assert(rig.may_run);
                ck_assert_str_eq(rig.reason, "may still run, and cannot be killed: its process "
                                             "is not known");
        }
        worker_process_free(adopted);
        end_nameless(pid);
}
END_TEST

START_TEST(a_number_that_is_used_again_names_nobody)
{
        char path[sizeof(rig.folder) + 8], text[64] = "";
        pid_t pid_of_file = 0;
        FILE *file;
        int fd;

        snprintf(path, sizeof(path), "%s/pid", rig.folder);
        ck_assert_int_eq(pid_file_write(path, getpid()), 0);
        fd = pid_file_open(path, &pid_of_file);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(pid_of_file, getpid());
        close(fd);

        /* The same number, and the start of another process. */
        file = fopen(path, "r+");
        ck_assert_ptr_nonnull(file);
        ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
        rewind(file);
        fprintf(file, "%d 1\n", (int)getpid());
        fclose(file);
        ck_assert_int_eq(pid_file_open(path, &pid_of_file), -ESRCH);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(pid_file_open(path, &pid_of_file), -ENOENT);
}
END_TEST

START_TEST(nobody_to_adopt_is_an_error)
{
        WorkerProcess *worker = NULL;

        ck_assert_int_eq(worker_process_adopt(rig.event, rig.path, &events, NULL, &worker),
                         -ENOENT);
        ck_assert_ptr_null(worker);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_an_error)
{
        WorkerProcess *worker = NULL;

        ck_assert_int_eq(spawn("/nonexistent/tring-media", &worker), -ENOENT);
        ck_assert_ptr_null(worker);
}
END_TEST

/* $XDG_RUNTIME_DIR may be anywhere: a container's, a test's. */
START_TEST(a_folder_too_deep_for_a_socket_holds_one_all_the_same)
{
        char folder[sizeof(rig.folder) + 110], path[sizeof(folder) + 10];
        WorkerProcess *worker = NULL, *adopted = NULL;
        const char *const arguments[] = {rig.program, "worker", NULL};
        WorkerProcessOptions options = {
                .program = rig.program, .arguments = arguments, .socket_path = path};

        snprintf(folder, sizeof(folder), "%s/%0100d", rig.folder, 0);
        snprintf(path, sizeof(path), "%s/socket", folder);
        ck_assert_int_eq(worker_process_spawn(rig.event, &options, &events, NULL, &worker),
                         -ENOENT);
        ck_assert_int_eq(mkdir(folder, 0700), 0);
        ck_assert_int_eq(worker_process_spawn(rig.event, &options, &events, NULL, &worker), 0);
        send_text(worker, "one");
        run_until(rig.messages == 1);
        worker_process_detach(worker);
        ck_assert_int_eq(worker_process_adopt(rig.event, path, &events, NULL, &adopted), 0);
        send_text(adopted, "quit");
        run_until(rig.gone);
        worker_process_free(adopted);
        ck_assert_int_gt(waitpid(-1, NULL, 0), 0);
        ck_assert_int_eq(rmdir(folder), 0); /* the socket is gone */
}
END_TEST

START_TEST(a_name_too_long_for_a_socket_is_an_error)
{
        WorkerProcess *worker = NULL;
        char path[256];

        memset(path, 'p', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        ck_assert_int_eq(worker_process_adopt(rig.event, path, &events, NULL, &worker),
                         -ENAMETOOLONG);
        memcpy(path, "/tmp/", 5);
        ck_assert_int_eq(worker_process_adopt(rig.event, path, &events, NULL, &worker),
                         -ENAMETOOLONG);
        ck_assert_ptr_null(worker);
}
END_TEST

int main(int argc, char **argv)
{
        if (argc > 1 && str_eq(argv[1], "worker"))
                return worker_main();

        Suite *suite = suite_create("worker-process");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_set_timeout(tests, 20);
        tcase_add_test(tests, messages_sent_before_the_worker_is_up_are_answered);
        tcase_add_test(tests, the_last_words_come_before_gone);
        tcase_add_test(tests, the_last_words_of_one_that_no_longer_listens_are_heard);
        tcase_add_loop_test(tests, gone_says_how_it_ended, 0, 3);
        tcase_add_test(tests, a_worker_that_hangs_is_killed_after_stop);
        tcase_add_test(tests, a_worker_that_does_not_read_fills_a_bounded_queue);
        tcase_add_test(tests, what_was_queued_arrives_in_order);
        tcase_add_test(tests, a_message_too_long_or_empty_is_refused);
        tcase_add_test(tests, a_detached_worker_can_be_adopted);
        tcase_add_test(tests, a_second_descriptor_is_passed_with_its_name);
        tcase_add_test(tests, without_a_second_descriptor_there_is_one_and_no_name);
        tcase_add_test(tests, an_adopted_worker_that_hangs_can_be_killed);
        tcase_add_test(tests, an_adopted_worker_that_hangs_is_killed_soon_after_stop);
        tcase_add_test(tests, an_adopted_worker_with_a_full_queue_is_killed_when_it_is_freed);
        tcase_add_test(tests, an_adopted_worker_that_closes_its_connection_is_killed);
        tcase_add_test(tests, a_worker_that_takes_no_connection_is_killed_instead_of_adopted);
        tcase_add_test(tests,
                       a_worker_that_takes_no_connection_and_that_nothing_names_keeps_its_socket);
        tcase_add_loop_test(tests, a_worker_whose_process_nothing_names_and_that_ends_does_not_run,
                            0, 2);
        tcase_add_loop_test(tests,
                            a_worker_whose_process_nothing_names_may_still_run_and_keeps_its_socket,
                            0, 4);
        tcase_add_test(tests, a_number_that_is_used_again_names_nobody);
        tcase_add_test(tests, nobody_to_adopt_is_an_error);
        tcase_add_test(tests, a_program_that_is_not_there_is_an_error);
        tcase_add_test(tests, a_folder_too_deep_for_a_socket_holds_one_all_the_same);
        tcase_add_test(tests, a_name_too_long_for_a_socket_is_an_error);
        suite_add_tcase(suite, tests);

        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
