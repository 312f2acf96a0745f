/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/worker-process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <utlist.h>

#include "base/str.h"

#define REASON_MAX_BYTES 64
#define LISTEN_BACKLOG 4 /* us, and a successor that adopts; nobody else knows the path */
#define EXEC_FAILED 127  /* the shell's status for a program that could not be run */
#define STOP_ACCURACY_US (100 * USEC_PER_MSEC)
/* After the line's: what a worker says before it ends is heard before it is gone. */
#define EXIT_PRIORITY (SD_EVENT_PRIORITY_NORMAL + 10)

extern char **environ;

typedef struct Outgoing {
        struct Outgoing *prev, *next;
        int descriptor; /* owned; -1: none */
        size_t length;
        char text[];
} Outgoing;

struct WorkerProcess {
        sd_event *event;
        const WorkerProcessEvents *events;
        void *userdata;

        struct sockaddr_un address;
        int fd;    /* the line, or -1 */
        int pidfd; /* -1: adopted, or reaped */
        pid_t pid;
        sd_event_source *line_source, *exit_source, *stop_source;

        Outgoing *queue;
        size_t queued; /* bytes */
};

static void outgoing_free(WorkerProcess *worker, Outgoing *outgoing)
{
        DL_DELETE(worker->queue, outgoing);
        worker->queued -= outgoing->length;
        closep(&outgoing->descriptor);
        free(outgoing);
}

static void close_line(WorkerProcess *worker)
{
        Outgoing *outgoing, *next;

        worker->line_source = sd_event_source_disable_unref(worker->line_source);
        closep(&worker->fd);
        worker->fd = -1;
        DL_FOREACH_SAFE (worker->queue, outgoing, next)
                outgoing_free(worker, outgoing);
}

WorkerProcess *worker_process_detach(WorkerProcess *worker)
{
        if (!worker)
                return NULL;
        close_line(worker);
        sd_event_source_disable_unref(worker->exit_source);
        sd_event_source_disable_unref(worker->stop_source);
        closep(&worker->pidfd);
        sd_event_unref(worker->event);
        free(worker);
        return NULL;
}

WorkerProcess *worker_process_free(WorkerProcess *worker)
{
        if (!worker)
                return NULL;
        if (worker->pidfd >= 0) {
                siginfo_t info;

                (void)pidfd_send_signal(worker->pidfd, SIGKILL, NULL, 0);
                (void)waitid(P_PIDFD, (id_t)worker->pidfd, &info, WEXITED);
        }
        if (worker->address.sun_path[0])
                (void)unlink(worker->address.sun_path);
        return worker_process_detach(worker);
}

/* The last thing done with the object in a turn: the callback may free it. */
static void report_gone(WorkerProcess *worker, const char *reason)
{
        close_line(worker);
        worker->stop_source = sd_event_source_disable_unref(worker->stop_source);
        (void)unlink(worker->address.sun_path);
        worker->address.sun_path[0] = '\0';
        worker->events->gone(worker->userdata, reason);
}

static int on_child_exit(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        WorkerProcess *worker = userdata;
        char reason[REASON_MAX_BYTES];
        siginfo_t info = {};

        if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
                return 0;
        if (info.si_code != CLD_EXITED && info.si_status == SIGSYS)
                STR_SET(reason, "made a system call that its sandbox forbids");
        else if (info.si_code != CLD_EXITED)
                snprintf(reason, sizeof(reason), "was killed by signal %d", info.si_status);
        else if (info.si_status == 0)
                snprintf(reason, sizeof(reason), "exited");
        else if (info.si_status == EXEC_FAILED)
                snprintf(reason, sizeof(reason), "could not be started");
        else
                snprintf(reason, sizeof(reason), "exited with status %d", info.si_status);
        worker->exit_source = sd_event_source_disable_unref(worker->exit_source);
        closep(&worker->pidfd);
        worker->pidfd = -1;
        report_gone(worker, reason);
        return 0;
}

static int on_stop_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
        WorkerProcess *worker = userdata;

        worker->stop_source = sd_event_source_disable_unref(worker->stop_source);
        if (worker->pidfd >= 0)
                (void)pidfd_send_signal(worker->pidfd, SIGKILL, NULL, 0);
        else
                report_gone(worker, "closed its line");
        return 0;
}

int worker_process_stop(WorkerProcess *worker)
{
        if (worker->stop_source)
                return 0;
        return sd_event_add_time_relative(worker->event, &worker->stop_source, CLOCK_MONOTONIC,
                                          WORKER_PROCESS_STOP_US, STOP_ACCURACY_US, on_stop_timeout,
                                          worker);
}

/* The line is closed or broken. A child is waited for, so that `gone` says how it really ended. */
static void line_lost(WorkerProcess *worker)
{
        if (worker->pidfd < 0) {
                report_gone(worker, "closed its line");
                return;
        }
        close_line(worker);
        if (worker_process_stop(worker) < 0)
                (void)pidfd_send_signal(worker->pidfd, SIGKILL, NULL, 0);
}

/* As send(2). */
static ssize_t send_parcel(WorkerProcess *worker, const char *text, size_t length, int descriptor)
{
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
        struct iovec part = {.iov_base = (char *)text, .iov_len = length};
        struct msghdr parcel = {.msg_iov = &part, .msg_iovlen = 1};

        if (descriptor >= 0) {
                memcpy(CMSG_DATA(&control.header), &descriptor, sizeof(int));
                parcel.msg_control = &control;
                parcel.msg_controllen = sizeof(control);
        }
        return sendmsg(worker->fd, &parcel, MSG_NOSIGNAL);
}

static int flush_queue(WorkerProcess *worker)
{
        Outgoing *outgoing, *next;

        DL_FOREACH_SAFE (worker->queue, outgoing, next) {
                if (send_parcel(worker, outgoing->text, outgoing->length, outgoing->descriptor) < 0)
                        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
                outgoing_free(worker, outgoing);
        }
        return sd_event_source_set_io_events(worker->line_source, EPOLLIN);
}

static int on_line(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        static char
                buffer[WORKER_PROCESS_MESSAGE_MAX + 1]; /* one loop thread; too big for a stack */
        WorkerProcess *worker = userdata;

        if (revents & EPOLLOUT && flush_queue(worker) < 0) {
                line_lost(worker);
                return 0;
        }
        if (!(revents & (EPOLLIN | EPOLLHUP | EPOLLERR)))
                return 0;

        /* One a turn: the callback may free the object, and a chatty worker starves nobody. */
        ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
        /* ECONNRESET: it has gone without reading all; its last words come next. */
        if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNRESET))
                return 0;
        if (n <= 0 || n > WORKER_PROCESS_MESSAGE_MAX) {
                line_lost(worker);
                return 0;
        }
        buffer[n] = '\0';
        worker->events->message(worker->userdata, buffer, (size_t)n);
        return 0;
}

int worker_process_send(WorkerProcess *worker, const char *text, size_t length)
{
        return worker_process_send_with(worker, text, length, -1);
}

int worker_process_send_with(WorkerProcess *worker, const char *text, size_t length, int descriptor)
{
        if (length == 0 || length > WORKER_PROCESS_MESSAGE_MAX)
                return -EMSGSIZE;
        if (worker->fd < 0)
                return -ENOTCONN;
        if (!worker->queue) {
                if (send_parcel(worker, text, length, descriptor) >= 0)
                        return 0;
                if (errno != EAGAIN && errno != EINTR)
                        return errno == EPIPE || errno == ECONNRESET ? -ENOTCONN : -errno;
        }
        if (worker->queued + length > WORKER_PROCESS_QUEUE_MAX)
                return -ENOBUFS;

        _cleanup_close_ int copy = descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
        if (descriptor >= 0 && copy < 0)
                return -errno;
        _cleanup_free_ Outgoing *outgoing = malloc(sizeof(*outgoing) + length);
        if (!outgoing)
                return -ENOMEM;
        int r = sd_event_source_set_io_events(worker->line_source, EPOLLIN | EPOLLOUT);
        if (r < 0)
                return r;
        outgoing->descriptor = TAKE_FD(copy);
        outgoing->length = length;
        memcpy(outgoing->text, text, length);
        worker->queued += length;
        DL_APPEND(worker->queue, outgoing);
        TAKE_PTR(outgoing);
        return 0;
}

static int connect_line(WorkerProcess *worker)
{
        worker->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (worker->fd < 0)
                return -errno;
        if (connect(worker->fd, (struct sockaddr *)&worker->address, sizeof(worker->address)) < 0)
                return -errno;
        return sd_event_add_io(worker->event, &worker->line_source, worker->fd, EPOLLIN, on_line,
                               worker);
}

static int worker_new(sd_event *event, const char *socket_path, const WorkerProcessEvents *events,
                      void *userdata, WorkerProcess **ret)
{
        WorkerProcess *worker = calloc(1, sizeof(*worker));

        if (!worker)
                return -ENOMEM;
        *worker = (WorkerProcess){.event = sd_event_ref(event),
                                  .events = events,
                                  .userdata = userdata,
                                  .address.sun_family = AF_UNIX,
                                  .fd = -1,
                                  .pidfd = -1};
        if (STR_SET(worker->address.sun_path, socket_path) < 0) {
                worker_process_detach(worker);
                return -ENAMETOOLONG;
        }
        *ret = worker;
        return 0;
}

int worker_process_adopt(sd_event *event, const char *socket_path,
                         const WorkerProcessEvents *events, void *userdata, WorkerProcess **ret)
{
        WorkerProcess *worker = NULL;
        int r = worker_new(event, socket_path, events, userdata, &worker);

        if (r < 0)
                return r;
        r = connect_line(worker);
        if (r < 0) {
                worker_process_detach(worker);
                return r;
        }
        *ret = worker;
        return 0;
}

static int listen_at(const struct sockaddr_un *address)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        if (unlink(address->sun_path) < 0 && errno != ENOENT)
                return -errno;
        if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
                return -errno;
        if (listen(fd, LISTEN_BACKLOG) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* In the child of a program with threads: nothing but what signal-safety(7) allows. */
static void print_pid(char *ret, pid_t pid)
{
        char digits[3 * sizeof(pid_t) + 1];
        size_t n = 0;

        do
                digits[n++] = (char)('0' + pid % 10);
        while ((pid /= 10) > 0);
        while (n > 0)
                *ret++ = digits[--n];
        *ret = '\0';
}

static _Noreturn void child_run(const WorkerProcessOptions *options, int listen_fd,
                                char **environment, char *pid_digits)
{
        sigset_t none;

        /* What the loop blocks or ignores is the loop's, not the worker's. */
        sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)signal(SIGPIPE, SIG_DFL);
        print_pid(pid_digits, getpid());
        (void)close_range(WORKER_PROCESS_LISTEN_FD + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
        if (listen_fd == WORKER_PROCESS_LISTEN_FD ? fcntl(listen_fd, F_SETFD, 0) == 0
                                                  : dup2(listen_fd, WORKER_PROCESS_LISTEN_FD) >= 0)
                (void)execve(options->program, (char *const *)options->arguments, environment);
        _exit(EXEC_FAILED);
}

/* Our environment with $LISTEN_FDS; $LISTEN_PID gets its digits in the child. */
static int make_environment(char *pid_entry, char ***ret)
{
        static const char *const replaced[] = {"LISTEN_FDS=",    "LISTEN_PID=",   "LISTEN_FDNAMES=",
                                               "NOTIFY_SOCKET=", "WATCHDOG_PID=", "WATCHDOG_USEC="};
        size_t count = 0, used = 0;

        while (environ[count])
                count++;
        char **environment = calloc(count + 3, sizeof(char *));
        if (!environment)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++) {
                bool skip = false;

                for (size_t k = 0; k < ELEMENTSOF(replaced); k++)
                        skip = skip || strncmp(environ[i], replaced[k], strlen(replaced[k])) == 0;
                if (!skip)
                        environment[used++] = environ[i];
        }
        environment[used++] = (char *)"LISTEN_FDS=1";
        environment[used++] = pid_entry;
        *ret = environment;
        return 0;
}

static int fork_child(WorkerProcess *worker, const WorkerProcessOptions *options, int listen_fd)
{
        static const char prefix[] = "LISTEN_PID=";
        char pid_entry[sizeof(prefix) + 3 * sizeof(pid_t) + 1] = "LISTEN_PID=";
        _cleanup_free_ char **environment = NULL;
        int r = make_environment(pid_entry, &environment);

        if (r < 0)
                return r;
        worker->pid = fork();
        if (worker->pid < 0)
                return -errno;
        if (worker->pid == 0)
                child_run(options, listen_fd, environment, pid_entry + sizeof(prefix) - 1);

        worker->pidfd = pidfd_open(worker->pid, 0);
        if (worker->pidfd < 0) {
                r = -errno;
                (void)kill(worker->pid, SIGKILL);
                (void)waitpid(worker->pid, NULL, 0);
                return r;
        }
        r = sd_event_add_io(worker->event, &worker->exit_source, worker->pidfd, EPOLLIN,
                            on_child_exit, worker);
        if (r < 0)
                return r;
        return sd_event_source_set_priority(worker->exit_source, EXIT_PRIORITY);
}

int worker_process_spawn(sd_event *event, const WorkerProcessOptions *options,
                         const WorkerProcessEvents *events, void *userdata, WorkerProcess **ret)
{
        _cleanup_(worker_process_freep) WorkerProcess *worker = NULL;

        if (access(options->program, X_OK) < 0)
                return -errno;
        int r = worker_new(event, options->socket_path, events, userdata, &worker);
        if (r < 0)
                return r;
        _cleanup_close_ int listen_fd = listen_at(&worker->address);
        if (listen_fd < 0) {
                worker->address.sun_path[0] = '\0'; /* not ours to remove */
                return listen_fd;
        }
        r = connect_line(worker);
        if (r < 0)
                return r;
        r = fork_child(worker, options, listen_fd);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(worker);
        return 0;
}

pid_t worker_process_pid(const WorkerProcess *worker)
{
        return worker->pid;
}
