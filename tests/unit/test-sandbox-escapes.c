/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a media worker that was taken over would try: the user's session, by its sockets, terminals,
 * processes and files.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "media/sandbox.h"
#include "sandbox-fixture.h"
#include "suite.h"

#define WORKER SANDBOX_NETWORK /* as in media/main.c */
#define ABSTRACT "tring-test-sandbox"
#define NOBODY 0x7ffffffe /* a user id beyond all that are given */

/* A session, that of the test. */
static struct {
        char folder[64], bus[80], worker[80], notify[80], secret[80], shared[64];
        char abstract[48];
        int bus_fd, worker_fd, notify_fd, abstract_fd;
        int terminal; /* the end of the program that draws it */
        char terminal_path[64];
} session;

static struct sockaddr_un address_of(const char *path, socklen_t *ret_size)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        ck_assert_int_eq(STR_SET(address.sun_path, path), 0);
        if (path == session.abstract)
                address.sun_path[0] = '\0';
        *ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
        return address;
}

static int listen_at(const char *path, int type)
{
        socklen_t size;
        struct sockaddr_un address = address_of(path, &size);
        int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
        if (type != SOCK_DGRAM)
                ck_assert_int_eq(listen(fd, 4), 0);
        return fd;
}

/* As an ordinary user, who may make nothing in /run, the folder of a session is elsewhere. */
static void make_folder(void)
{
        const char *runtime = getenv("XDG_RUNTIME_DIR");

        snprintf(session.folder, sizeof(session.folder), "%s/test-sandbox-XXXXXX",
                 geteuid() == 0       ? "/run"
                 : str_empty(runtime) ? "/tmp"
                                      : runtime);
        ck_assert_ptr_nonnull(mkdtemp(session.folder));
}

static void make_file(char *path)
{
        int fd = mkstemp(path); /* 0600 */

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, "secret", 6), 6);
        close(fd);
}

static void make_terminal(void)
{
        session.terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        ck_assert_int_ge(session.terminal, 0);
        ck_assert_int_eq(grantpt(session.terminal), 0);
        ck_assert_int_eq(unlockpt(session.terminal), 0);
        ck_assert_int_eq(
                ptsname_r(session.terminal, session.terminal_path, sizeof(session.terminal_path)),
                0);
}

static void make_session(void)
{
        make_folder();
        snprintf(session.bus, sizeof(session.bus), "%s/bus", session.folder);
        snprintf(session.worker, sizeof(session.worker), "%s/worker", session.folder);
        snprintf(session.notify, sizeof(session.notify), "%s/notify", session.folder);
        snprintf(session.secret, sizeof(session.secret), "%s/XXXXXX", session.folder);
        snprintf(session.shared, sizeof(session.shared), "/dev/shm/test-sandbox-XXXXXX");
        snprintf(session.abstract, sizeof(session.abstract), "@" ABSTRACT "-%d", (int)getpid());
        session.bus_fd = listen_at(session.bus, SOCK_STREAM);
        session.worker_fd = listen_at(session.worker, SOCK_SEQPACKET);
        session.notify_fd = listen_at(session.notify, SOCK_DGRAM);
        session.abstract_fd = listen_at(session.abstract, SOCK_STREAM);
        make_file(session.secret);
        make_file(session.shared);
        make_terminal();
}

static void remove_session(void)
{
        const char *const paths[] = {session.bus, session.worker, session.notify, session.secret,
                                     session.shared};

        for (size_t i = 0; i < ELEMENTSOF(paths); i++)
                ck_assert_int_eq(unlink(paths[i]), 0);
        ck_assert_int_eq(rmdir(session.folder), 0);
        close(session.bus_fd);
        close(session.worker_fd);
        close(session.notify_fd);
        close(session.abstract_fd);
        close(session.terminal);
}

/* So that a refusal is known to be that of the sandbox. */
static int without_sandbox(int (*act)(void))
{
        int status;
        pid_t pid = fork();

        if (pid == 0)
                _exit(act());
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- sockets ---- */

static int connect_to(const char *path, int type)
{
        socklen_t size;
        struct sockaddr_un address = address_of(path, &size);
        int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

        return fd < 0 ? errno : outcome(connect(fd, (struct sockaddr *)&address, size));
}

static int session_bus(void)
{
        return connect_to(session.bus, SOCK_STREAM);
}

static int another_worker(void)
{
        return connect_to(session.worker, SOCK_SEQPACKET);
}

static int the_service_manager(void)
{
        return connect_to(session.notify, SOCK_DGRAM);
}

static int abstract_socket(void)
{
        return connect_to(session.abstract, SOCK_STREAM);
}

/* A pair needs no address, and yet each of its datagrams may have one. */
static int datagram_of_a_pair(void)
{
        socklen_t size;
        struct sockaddr_un address = address_of(session.notify, &size);
        int ends[2];

        if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) < 0)
                return errno;
        return outcome(sendto(ends[0], "READY=1", 7, 0, (struct sockaddr *)&address, size));
}

static int (*const sockets[])(void) = {
        session_bus, another_worker, the_service_manager, abstract_socket, datagram_of_a_pair,
};

START_TEST(worker_reaches_no_socket_of_the_session)
{
        ck_assert_int_eq(in_sandbox(WORKER, sockets[_i]), EACCES);
        ck_assert_int_eq(in_sandbox(WORKER | SANDBOX_FILES, sockets[_i]), EACCES);
}
END_TEST

/* So that the refusals above are those of the sandbox. */
START_TEST(those_sockets_are_there)
{
        ck_assert_int_eq(in_sandbox(SANDBOX_LOCAL, sockets[_i]), DONE);
}
END_TEST

static int system_bus(void)
{
        return connect_to("/run/dbus/system_bus_socket", SOCK_STREAM);
}

static int the_log(void)
{
        return connect_to("/run/systemd/journal/socket", SOCK_DGRAM);
}

static int (*const system_sockets[])(void) = {system_bus, the_log};

START_TEST(worker_reaches_no_socket_of_the_system)
{
        ck_assert_int_eq(in_sandbox(WORKER, system_sockets[_i]), EACCES);
}
END_TEST

static int stream_of_a_pair(int type)
{
        socklen_t size;
        struct sockaddr_un address =
                address_of(type == SOCK_STREAM ? session.bus : session.worker, &size);
        int ends[2];

        if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0)
                return errno;
        close(ends[1]);
        return outcome(connect(ends[0], (struct sockaddr *)&address, size));
}

static int bytes_of_a_pair(void)
{
        return stream_of_a_pair(SOCK_STREAM);
}

static int packets_of_a_pair(void)
{
        return stream_of_a_pair(SOCK_SEQPACKET);
}

START_TEST(end_of_a_pair_cannot_be_connected_elsewhere)
{
        ck_assert_int_eq(in_sandbox(WORKER, bytes_of_a_pair), EISCONN);
        ck_assert_int_eq(in_sandbox(WORKER, packets_of_a_pair), EISCONN);
}
END_TEST

/* ---- files ---- */

static int read_from(const char *path)
{
        return outcome(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

static int of_parent(const char *name)
{
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/%s", (int)getppid(), name);
        return read_from(path);
}

static int command_line_of_another(void)
{
        return of_parent("cmdline");
}

static int state_of_another(void)
{
        return of_parent("status");
}

static int terminal(void)
{
        return read_from(session.terminal_path);
}

static int another_terminal(void)
{
        return read_from("/dev/ptmx");
}

static int file_in_the_runtime_folder(void)
{
        return read_from(session.secret);
}

static int memory_of_others(void)
{
        return read_from(session.shared);
}

static int names_in_the_runtime_folder(void)
{
        return read_from(session.folder);
}

static int names_of_terminals(void)
{
        return read_from("/dev/pts");
}

static int names_of_processes(void)
{
        return read_from("/proc");
}

static int (*const files[])(void) = {
        command_line_of_another,
        state_of_another,
        terminal,
        another_terminal,
        file_in_the_runtime_folder,
        memory_of_others,
        names_in_the_runtime_folder,
        names_of_terminals,
        names_of_processes,
};

START_TEST(worker_reads_nothing_of_other_programs)
{
        ck_assert_int_eq(in_sandbox(WORKER, files[_i]), sandbox_refusal_of_files());
}
END_TEST

START_TEST(those_files_are_there)
{
        ck_assert_int_eq(in_sandbox(SANDBOX_FILES, files[_i]), DONE);
}
END_TEST

static int news_of_the_runtime_folder(void)
{
        int fd = inotify_init1(IN_CLOEXEC);

        return fd < 0 ? errno : outcome(inotify_add_watch(fd, session.folder, IN_ALL_EVENTS));
}

START_TEST(worker_watches_no_folder)
{
        ck_assert_int_eq(in_sandbox(WORKER, news_of_the_runtime_folder), EACCES);
        ck_assert_int_eq(without_sandbox(news_of_the_runtime_folder), DONE);
}
END_TEST

/* ---- the terminal in which tringd was started ---- */

static int read_what_is_typed(void)
{
        char byte;

        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
                if (read(fd, &byte, 1) > 0)
                        return fd + 1;
        return DONE;
}

static int write_to_the_terminal(void)
{
        return write(STDERR_FILENO, "log\n", 4) == 4 ? DONE : errno;
}

/* In a process whose standard streams are the terminal, with something typed there. */
static int in_terminal(int (*act)(void))
{
        int status, fd = open(session.terminal_path, O_RDWR | O_NOCTTY | O_CLOEXEC);
        pid_t pid = fork();

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(session.terminal, "password\n", 9), 9);
        if (pid == 0) {
                for (int to = STDIN_FILENO; to <= STDERR_FILENO; to++)
                        (void)dup2(fd, to);
                _exit(sandbox_enter(WORKER) < 0 ? NO_SANDBOX : act());
        }
        close(fd);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(worker_cannot_read_the_terminal_that_it_logs_to)
{
        ck_assert_int_eq(in_terminal(read_what_is_typed), DONE);
        ck_assert_int_eq(in_terminal(write_to_the_terminal), DONE);
}
END_TEST

/* ---- another process of the user, as tringd is ---- */

static pid_t victim; /* leads a group of its own */

static void start_victim(void)
{
        victim = fork();
        ck_assert_int_ge(victim, 0);
        if (victim == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                pause();
                _exit(EXIT_FAILURE);
        }
        ck_assert_int_eq(setpgid(victim, victim), 0);
}

/* Returns the signal that ended it: SIGUSR2, unless another one came first. */
static int end_victim(void)
{
        int status;

        ck_assert_int_eq(kill(victim, SIGUSR2), 0);
        ck_assert_int_eq(waitpid(victim, &status, 0), victim);
        return WTERMSIG(status);
}

/* Names the victim as the one to be told of what arrives at this end of a pair. */
typedef int (*NameVictim)(int fd);

static int by_its_id(int fd)
{
        return fcntl(fd, F_SETOWN, victim);
}

static int by_its_group(int fd)
{
        return fcntl(fd, F_SETOWN, -victim);
}

static int by_kind_and_id(int fd)
{
        const struct f_owner_ex owner = {F_OWNER_PID, victim};

        return fcntl(fd, F_SETOWN_EX, &owner);
}

static int by_ioctl(int fd)
{
        return ioctl(fd, FIOSETOWN, &victim);
}

static int by_ioctl_for_sockets(int fd)
{
        return ioctl(fd, SIOCSPGRP, &victim);
}

static int send_sigkill(NameVictim name_victim)
{
        int ends[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ||
            name_victim(ends[0]) < 0 || fcntl(ends[0], F_SETSIG, SIGKILL) < 0 ||
            fcntl(ends[0], F_SETFL, O_ASYNC) < 0)
                return errno;
        return write(ends[1], "x", 1) == 1 ? DONE : errno;
}

#define SEND_SIGKILL(name)                 \
        static int signal_##name(void)     \
        {                                  \
                return send_sigkill(name); \
        }

SEND_SIGKILL(by_its_id)
SEND_SIGKILL(by_its_group)
SEND_SIGKILL(by_kind_and_id)
SEND_SIGKILL(by_ioctl)
SEND_SIGKILL(by_ioctl_for_sockets)

static int (*const signals[])(void) = {
        signal_by_its_id, signal_by_its_group,         signal_by_kind_and_id,
        signal_by_ioctl,  signal_by_ioctl_for_sockets,
};

START_TEST(worker_has_no_signal_sent_to_another_process)
{
        int r;

        start_victim();
        r = in_sandbox(WORKER, signals[_i]);
        ck_assert_int_eq(end_victim(), SIGUSR2);
        ck_assert_int_eq(r, EACCES);
}
END_TEST

START_TEST(that_signal_would_arrive)
{
        start_victim();
        ck_assert_int_eq(without_sandbox(signals[_i]), DONE);
        ck_assert_int_eq(end_victim(), SIGKILL);
}
END_TEST

static int choose_the_signal(void)
{
        return outcome(fcntl(STDIN_FILENO, F_SETSIG, SIGKILL));
}

static int ask_for_signals(void)
{
        return outcome(fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK | O_ASYNC));
}

static int ask_for_signals_by_ioctl(void)
{
        int on = 1;

        return outcome(ioctl(STDIN_FILENO, FIOASYNC, &on));
}

static int ask_for_signals_about_a_folder(void)
{
        int fd = open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return outcome(fcntl(fd, F_NOTIFY, DN_CREATE));
}

static int ask_for_a_lease(void)
{
        int fd = open("/usr/lib/os-release", O_RDONLY | O_CLOEXEC);

        return outcome(fcntl(fd, F_SETLEASE, F_RDLCK));
}

/* An owner that a descriptor already has would be told, too. */
static int (*const requests[])(void) = {
        choose_the_signal,        ask_for_signals,
        ask_for_signals_by_ioctl, ask_for_signals_about_a_folder,
        ask_for_a_lease,
};

START_TEST(worker_asks_for_no_signal_about_a_descriptor)
{
        ck_assert_int_eq(in_sandbox(WORKER, requests[_i]), EACCES);
}
END_TEST

static int only_when_idle(void)
{
        const struct sched_param none = {};

        return outcome(sched_setscheduler(victim, SCHED_IDLE, &none));
}

static int only_when_idle_by_attributes(void)
{
        const struct {
                uint32_t size, policy;
                uint64_t flags;
                int32_t nice;
                uint32_t priority;
                uint64_t runtime, deadline, period;
        } idle = {.size = sizeof(idle), .policy = SCHED_IDLE};

        return outcome(syscall(SYS_sched_setattr, victim, &idle, 0));
}

static int another_priority(void)
{
        const struct sched_param none = {};

        return outcome(sched_setparam(victim, &none));
}

static int one_processor(void)
{
        cpu_set_t set;

        if (sched_getaffinity(0, sizeof(set), &set) < 0)
                return errno;
        return outcome(sched_setaffinity(victim, sizeof(set), &set));
}

static int nice_process(void)
{
        return outcome(setpriority(PRIO_PROCESS, (id_t)victim, 19));
}

static int nice_group(void)
{
        return outcome(setpriority(PRIO_PGRP, (id_t)victim, 19));
}

static int no_more_files(void)
{
        const struct rlimit none = {};

        return outcome(prlimit(victim, RLIMIT_NOFILE, &none, NULL));
}

static int (*const schedules[])(void) = {
        only_when_idle,   only_when_idle_by_attributes,
        another_priority, one_processor,
        nice_process,     nice_group,
        no_more_files,
};

START_TEST(worker_slows_no_other_process)
{
        int r;

        start_victim();
        r = in_sandbox(WORKER, schedules[_i]);
        ck_assert_int_eq(sched_getscheduler(victim), SCHED_OTHER);
        ck_assert_int_eq(getpriority(PRIO_PROCESS, (id_t)victim), getpriority(PRIO_PROCESS, 0));
        ck_assert_int_eq(r, EACCES);
        (void)end_victim();
}
END_TEST

START_TEST(that_process_could_be_slowed)
{
        start_victim();
        ck_assert_int_eq(without_sandbox(schedules[_i]), DONE);
        (void)end_victim();
}
END_TEST

/* A user who runs nothing: without the sandbox, the kernel would say so. */
static int nice_user(void)
{
        return outcome(setpriority(PRIO_USER, NOBODY, 19));
}

START_TEST(worker_slows_no_user)
{
        ck_assert_int_eq(without_sandbox(nice_user), ESRCH);
        ck_assert_int_eq(in_sandbox(WORKER, nice_user), EACCES);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("sandbox-escapes");
        TCase *tcase = tcase_create("escapes");

        tcase_add_unchecked_fixture(tcase, make_session, remove_session);
        tcase_add_loop_test(tcase, worker_reaches_no_socket_of_the_session, 0, ELEMENTSOF(sockets));
        tcase_add_loop_test(tcase, those_sockets_are_there, 0, ELEMENTSOF(sockets) - 1);
        tcase_add_loop_test(tcase, worker_reaches_no_socket_of_the_system, 0,
                            ELEMENTSOF(system_sockets));
        tcase_add_test(tcase, end_of_a_pair_cannot_be_connected_elsewhere);
        tcase_add_loop_test(tcase, worker_reads_nothing_of_other_programs, 0, ELEMENTSOF(files));
        tcase_add_loop_test(tcase, those_files_are_there, 0, ELEMENTSOF(files));
        tcase_add_test(tcase, worker_cannot_read_the_terminal_that_it_logs_to);
        tcase_add_test(tcase, worker_watches_no_folder);
        tcase_add_loop_test(tcase, worker_has_no_signal_sent_to_another_process, 0,
                            ELEMENTSOF(signals));
        tcase_add_loop_test(tcase, that_signal_would_arrive, 0, ELEMENTSOF(signals));
        tcase_add_loop_test(tcase, worker_asks_for_no_signal_about_a_descriptor, 0,
                            ELEMENTSOF(requests));
        tcase_add_loop_test(tcase, worker_slows_no_other_process, 0, ELEMENTSOF(schedules));
        tcase_add_loop_test(tcase, that_process_could_be_slowed, 0, ELEMENTSOF(schedules));
        tcase_add_test(tcase, worker_slows_no_user);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
