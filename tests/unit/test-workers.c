/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tringd's end of its media workers: this program with the argument "worker" stands in for one. */
#include "tringd/workers.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "loop/child.h"
#include "suite.h"

#define SESSION "11111111-1111-4111-8111-111111111111"
#define WORKER_KIND "TEST_WORKER_KIND"
#define DEADLINE_US (10 * USEC_PER_SEC)

static void want_pipewire(int fd)
{
        (void)send(fd, "{\"type\":\"pipewire-wanted\"}", 26, 0);
}

/* From now on it takes nothing, but may keep the connection that it wants: unread, in its socket.
 */
static _Noreturn void hang(int fd, bool wants)
{
        if (wants)
                want_pipewire(fd);
        while (true)
                (void)poll(NULL, 0, -1);
}

/* What the worker does is in its environment: it answers, refuses questions as an old one, or
 * hangs. */
static int worker_serve(const char *kind)
{
        char text[WORKER_MESSAGE_MAX], answer[256], complaint[MESSAGE_TEXT_MAX + 1];
        int fd = accept(CHILD_LISTEN_FD, NULL, NULL);
        bool wants = str_eq(kind, "wants");
        WorkerMessage message;
        ssize_t n;

        while (str_eq(kind, "hangs"))
                (void)poll(NULL, 0, -1);
        if (wants)
                want_pipewire(fd);
        while ((n = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
                text[n] = '\0';
                if (worker_decode(text, (size_t)n, &message, complaint) < 0)
                        return 2;
                if (message.type == WORKER_PING && str_eq(kind, "old"))
                        n = snprintf(answer, sizeof(answer),
                                     "{\"type\":\"error\",\"error\":\"InvalidArgument\","
                                     "\"text\":\"what is a ping?\"}");
                else if (message.type == WORKER_PING)
                        n = snprintf(answer, sizeof(answer), "{\"type\":\"pong\",\"serial\":%lu}",
                                     (unsigned long)message.serial);
                else if (message.type == WORKER_QUIT)
                        return 0;
                else if (message.type == WORKER_NETWORK_CHANGED)
                        n = snprintf(answer, sizeof(answer), "{\"type\":\"pipewire-wanted\"}");
                else if (message.type == WORKER_LEAVE)
                        hang(fd, wants);
                else
                        n = 0;
                if (n > 0)
                        (void)send(fd, answer, (size_t)n, 0);
                worker_message_done(&message);
        }
        close(fd);
        return -1;
}

/* Returns the exit status; without a tringd it waits for the next one. */
static int worker_main(const char *kind)
{
        int status;

        do
                status = worker_serve(kind);
        while (status < 0);
        return status;
}

static struct {
        sd_event *event;
        Workers *workers;
        char folder[64], program[PATH_MAX], gone[160];
        bool may_run;
        int pipewire; /* listens where PipeWire would */
        uint64_t answered;
} rig;

static void on_message(void *userdata, const char *session_id, const WorkerMessage *message)
{
        ck_assert_int_eq(message->type, WORKER_PONG);
        rig.answered = message->serial;
}

static void on_gone(void *userdata, const char *session_id, const char *text, bool may_run)
{
        rig.may_run = may_run;
        ck_assert_int_eq(STR_SET(rig.gone, text), 0);
}

static const WorkersEvents events = {.message = on_message, .gone = on_gone};

static void set_up(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        ssize_t n = readlink("/proc/self/exe", rig.program, sizeof(rig.program) - 1);

        ck_assert_int_gt(n, 0);
        snprintf(rig.folder, sizeof(rig.folder), "/tmp/tring-workers-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(rig.folder));
        setenv("XDG_RUNTIME_DIR", rig.folder, true);
        unsetenv("PIPEWIRE_RUNTIME_DIR");
        unsetenv("PIPEWIRE_REMOTE");
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/pipewire-0", rig.folder);
        rig.pipewire = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(rig.pipewire, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(rig.pipewire, 8), 0);
        ck_assert_int_ge(sd_event_new(&rig.event), 0);
        ck_assert_int_eq(
                workers_new(rig.event, rig.program, rig.folder, &events, NULL, &rig.workers), 0);
}

#define run_until(condition)                                                              \
        do {                                                                              \
                usec_t _deadline = clock_boottime() + DEADLINE_US;                        \
                while (!(condition)) {                                                    \
                        ck_assert_uint_lt(clock_boottime(), _deadline);                   \
                        ck_assert_int_ge(sd_event_run(rig.event, 10 * USEC_PER_MSEC), 0); \
                }                                                                         \
        } while (false)

/* Ends the worker, however it hangs, and expects that it leaves nothing behind. */
static void tear_down(void)
{
        char path[80];

        workers_kill(rig.workers, SESSION);
        snprintf(path, sizeof(path), "%s/pipewire-0", rig.folder);
        ck_assert_int_eq(unlink(path), 0);
        run_until(rmdir(rig.folder) == 0);
        workers_free(rig.workers);
        sd_event_unref(rig.event);
        close(rig.pipewire);
}

static bool is_waiting(int fd)
{
        struct pollfd look = {.fd = fd, .events = POLLIN};

        return poll(&look, 1, 0) == 1;
}

/* PipeWire's end of the next connection that a worker is given. */
static int accept_pipewire(void)
{
        run_until(is_waiting(rig.pipewire));
        return accept(rig.pipewire, NULL, NULL);
}

static bool is_closed(int fd)
{
        char byte;

        return recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) == 0;
}

/* Starts a worker of that kind, and returns when it has a connection to PipeWire. */
static int start(const char *kind)
{
        int end;

        ck_assert_int_eq(setenv(WORKER_KIND, kind, true), 0);
        workers_start(rig.workers, SESSION);
        end = accept_pipewire();
        run_until(rig.answered == 1 || !str_eq(kind, "answers"));
        rig.answered = 0;
        return end;
}

START_TEST(questions_are_answered)
{
        _cleanup_close_ int end = start("answers");

        workers_ask(rig.workers, SESSION, 7);
        run_until(rig.answered == 7);
        ck_assert(!is_closed(end));
}
END_TEST

START_TEST(worker_of_an_earlier_version_is_taken_to_have_done_what_it_was_asked)
{
        _cleanup_close_ int end = start("old");

        run_until(rig.answered == 1);
        workers_ask(rig.workers, SESSION, 7);
        ck_assert_uint_eq(rig.answered, 1);
        run_until(rig.answered == 7);
        ck_assert(!is_closed(end));
}
END_TEST

START_TEST(worker_gets_another_connection_when_it_wants_one)
{
        _cleanup_close_ int end = start("wants"), another = accept_pipewire();

        ck_assert(!is_closed(end) && !is_closed(another));
}
END_TEST

START_TEST(cut_ends_the_connections_of_a_worker_that_hangs_and_leaves_it_alive)
{
        _cleanup_close_ int end = start("answers");

        workers_send(rig.workers, SESSION, &(WorkerMessage){.type = WORKER_LEAVE});
        ck_assert_int_eq(workers_cut(rig.workers, SESSION), 0);
        ck_assert(is_closed(end));
        ck_assert_str_eq(rig.gone, "");
        workers_kill(rig.workers, SESSION);
        run_until(*rig.gone);
        ck_assert_str_eq(rig.gone, "the media worker did not answer, and was killed");
}
END_TEST

START_TEST(worker_that_is_cut_gets_no_other_connection_before_it_answers)
{
        const WorkerMessage want = {.type = WORKER_NETWORK_CHANGED};
        _cleanup_close_ int end = start("answers"), another = -1;

        ck_assert_int_eq(workers_cut(rig.workers, SESSION), 0);
        workers_send(rig.workers, SESSION, &want);
        workers_ask(rig.workers, SESSION, 7);
        run_until(rig.answered == 7);
        ck_assert(!is_waiting(rig.pipewire));
        workers_send(rig.workers, SESSION, &want);
        another = accept_pipewire();
        ck_assert(!is_closed(another));
}
END_TEST

START_TEST(cut_kills_a_worker_that_has_never_answered)
{
        _cleanup_close_ int end = start("hangs");

        ck_assert_int_eq(workers_cut(rig.workers, SESSION), -EINPROGRESS);
        ck_assert(is_closed(end));
        run_until(*rig.gone);
}
END_TEST

/* This tringd ends, and the next one begins. */
static void succeed(void)
{
        workers_free(rig.workers);
        ck_assert_int_eq(
                workers_new(rig.event, rig.program, rig.folder, &events, NULL, &rig.workers), 0);
}

static void adopt(void)
{
        succeed();
        ck_assert(workers_adopt(rig.workers, SESSION));
        run_until(rig.answered == 1);
}

static void expect_killed(void)
{
        int status;

        ck_assert_int_gt(waitpid(-1, &status, 0), 0);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(cut_kills_an_adopted_worker)
{
        _cleanup_close_ int end = start("answers");

        adopt();
        ck_assert(!is_closed(end));
        ck_assert_int_eq(workers_cut(rig.workers, SESSION), -EINPROGRESS);
        expect_killed();
        ck_assert(is_closed(end));
}
END_TEST

static int send_signal(void)
{
        static char data[WORKER_MESSAGE_MAX / 2];
        WorkerMessage message = {.type = WORKER_SIGNAL_IN, .signal.data = data};

        memset(data, 'x', sizeof(data) - 1);
        ck_assert_int_eq(STR_SET(message.signal.peer, "p1"), 0);
        workers_send(rig.workers, SESSION, &message);
        return workers_send_with(rig.workers, SESSION, &message, -1);
}

/* Makes the worker hang, and sends until no more can wait. */
static void fill_queue_with_signals(void)
{
        int r;

        workers_send(rig.workers, SESSION, &(WorkerMessage){.type = WORKER_LEAVE});
        do
                r = send_signal();
        while (r == 0);
        ck_assert_int_eq(r, -ENOBUFS);
}

/* The shortest order fills what is left. */
static void fill_queue(void)
{
        static const WorkerMessage quit = {.type = WORKER_QUIT};

        fill_queue_with_signals();
        while (workers_send_with(rig.workers, SESSION, &quit, -1) == 0)
                ;
}

START_TEST(stop_kills_an_adopted_worker_whose_queue_is_full)
{
        _cleanup_close_ int end = start("answers");

        adopt();
        fill_queue();
        workers_stop(rig.workers, SESSION);
        expect_killed();
        ck_assert(is_closed(end));
        ck_assert_str_eq(rig.gone, "");
}
END_TEST

START_TEST(worker_with_a_full_queue_that_should_mute_is_killed)
{
        _cleanup_close_ int end = start("answers");

        fill_queue();
        workers_send(rig.workers, SESSION, &(WorkerMessage){.type = WORKER_MUTE, .on = true});
        run_until(*rig.gone);
        ck_assert_str_eq(rig.gone, "the media worker did not answer, and was killed");
        ck_assert(!rig.may_run);
        ck_assert(is_closed(end));
}
END_TEST

/* At once, and when the address of the server is there. */
START_TEST(worker_that_cannot_be_told_to_join_is_killed)
{
        static const char *const urls[] = {"stun:127.0.0.1", "stun:v4.test"};
        static Participant others[WORKER_MESSAGE_MAX / PARTICIPANT_ID_MAX]; /* too many */
        _cleanup_close_ int end = start("answers");
        WorkerMessage join = {.type = WORKER_JOIN};
        IceServer server = {};

        ck_assert_int_eq(STR_SET(server.url, urls[_i]), 0);
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                memset(others[i].id, 'p', PARTICIPANT_ID_MAX);
        join.join.reply = (ReplyJoin){.others = others,
                                      .n_others = ELEMENTSOF(others),
                                      .ice_servers = &server,
                                      .n_ice_servers = 1};
        workers_send(rig.workers, SESSION, &join);
        workers_send(rig.workers, SESSION, &(WorkerMessage){.type = WORKER_MUTE, .on = true});
        run_until(*rig.gone);
        ck_assert_str_eq(rig.gone, "the media worker could not be given an order, and was killed");
        ck_assert(!rig.may_run);
        ck_assert(is_closed(end));
}
END_TEST

/* Takes from the next tringd what names the worker's process, and returns it. */
static pid_t take_name(void)
{
        char path[128];
        FILE *file;
        int pid = 0;

        snprintf(path, sizeof(path), "%s/" SESSION ".worker.pid", rig.folder);
        file = fopen(path, "re");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_eq(fscanf(file, "%d", &pid), 1);
        fclose(file);
        ck_assert_int_eq(unlink(path), 0);
        return pid;
}

START_TEST(signals_of_others_leave_room_for_an_order_and_kill_nobody)
{
        _cleanup_close_ int end = start("answers");
        pid_t pid = take_name();
        siginfo_t info;

        fill_queue_with_signals();
        workers_send(rig.workers, SESSION, &(WorkerMessage){.type = WORKER_MUTE, .on = true});
        ck_assert_int_eq(send_signal(), -ENOBUFS);
        /* One that was killed before does not stop. */
        ck_assert_int_eq(kill(pid, SIGSTOP), 0);
        ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOWAIT), 0);
        ck_assert_int_eq(info.si_code, CLD_STOPPED);
}
END_TEST

/* Ends the worker that nothing named; it must still run, and its socket must have stayed. */
static void end_nameless(pid_t pid)
{
        char path[128];

        ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        snprintf(path, sizeof(path), "%s/" SESSION ".worker", rig.folder);
        ck_assert_int_eq(unlink(path), 0);
}

START_TEST(worker_that_hangs_and_that_nothing_names_is_reported_and_its_connections_are_cut)
{
        _cleanup_close_ int end = start("wants"), more = accept_pipewire(), own;
        pid_t pid = take_name();

        adopt();
        close(accept_pipewire()); /* the first that it wants of this tringd */
        workers_send(rig.workers, SESSION, &(WorkerMessage){.type = WORKER_LEAVE});
        own = accept_pipewire();
        ck_assert(!is_closed(own));
        workers_kill(rig.workers, SESSION);
        run_until(*rig.gone);
        ck_assert_str_eq(rig.gone, "the media worker did not answer, may still run, and cannot be "
                                   "killed: its process is not known");
        ck_assert(rig.may_run);
        ck_assert(is_closed(own));
        end_nameless(pid);
        close(own);
}
END_TEST

/* That its process is not known says nothing of whether it still runs. */
START_TEST(worker_that_ends_and_that_nothing_names_is_not_said_to_run)
{
        _cleanup_close_ int end = start("answers");
        pid_t pid = take_name();
        siginfo_t info;

        adopt();
        workers_send(rig.workers, SESSION, &(WorkerMessage){.type = WORKER_QUIT});
        ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED), 0);
        run_until(*rig.gone);
        ck_assert_str_eq(rig.gone, "the media worker closed its connection");
        ck_assert(!rig.may_run);
}
END_TEST

START_TEST(worker_is_not_started_beside_one_that_takes_no_connection_and_that_nothing_names)
{
        _cleanup_close_ int end = start("hangs");
        pid_t pid = take_name();

        /* Each tringd leaves a connection that is not taken. */
        while (!*rig.gone) {
                succeed();
                workers_start(rig.workers, SESSION);
                workers_send(rig.workers, SESSION, &(WorkerMessage){.type = WORKER_LEAVE});
                ck_assert_int_ge(sd_event_run(rig.event, 0), 0);
        }
        ck_assert_str_eq(rig.gone, "the media worker cannot be started: an earlier one hangs, and "
                                   "cannot be killed: its process is not known");
        ck_assert(rig.may_run);
        ck_assert(!is_waiting(rig.pipewire));
        end_nameless(pid);
}
END_TEST

START_TEST(stop_ends_the_connections_at_once)
{
        _cleanup_close_ int end = start("answers");

        workers_send(rig.workers, SESSION, &(WorkerMessage){.type = WORKER_LEAVE});
        workers_stop(rig.workers, SESSION);
        ck_assert(is_closed(end));
}
END_TEST

int main(int argc, char **argv)
{
        if (argc > 1 && str_eq(argv[1], "worker"))
                return worker_main(getenv(WORKER_KIND));

        Suite *suite = suite_create("workers");
        TCase *tcase = tcase_create("workers");

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_set_timeout(tcase, 30);
        tcase_add_test(tcase, questions_are_answered);
        tcase_add_test(tcase, worker_of_an_earlier_version_is_taken_to_have_done_what_it_was_asked);
        tcase_add_test(tcase, worker_gets_another_connection_when_it_wants_one);
        tcase_add_test(tcase, cut_ends_the_connections_of_a_worker_that_hangs_and_leaves_it_alive);
        tcase_add_test(tcase, worker_that_is_cut_gets_no_other_connection_before_it_answers);
        tcase_add_test(tcase, cut_kills_a_worker_that_has_never_answered);
        tcase_add_test(tcase, cut_kills_an_adopted_worker);
        tcase_add_test(tcase, stop_ends_the_connections_at_once);
        tcase_add_test(tcase, stop_kills_an_adopted_worker_whose_queue_is_full);
        tcase_add_test(tcase, worker_with_a_full_queue_that_should_mute_is_killed);
        tcase_add_loop_test(tcase, worker_that_cannot_be_told_to_join_is_killed, 0, 2);
        tcase_add_test(tcase, signals_of_others_leave_room_for_an_order_and_kill_nobody);
        tcase_add_test(
                tcase,
                worker_that_hangs_and_that_nothing_names_is_reported_and_its_connections_are_cut);
        tcase_add_test(tcase, worker_that_ends_and_that_nothing_names_is_not_said_to_run);
        tcase_add_test(
                tcase,
                worker_is_not_started_beside_one_that_takes_no_connection_and_that_nothing_names);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
