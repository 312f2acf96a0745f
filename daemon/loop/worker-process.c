/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/worker-process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <utlist.h>

#include "base/log.h"
#include "base/socket-path.h"
#include "base/str.h"
#include "loop/child.h"
#include "loop/pid-file.h"

#define LISTEN_BACKLOG 4 /* connections: this process, and one that adopts the worker */
#define STOP_ACCURACY_US (100 * USEC_PER_MSEC)

typedef struct QueuedDatagram {
        struct QueuedDatagram *prev, *next;
        int descriptor; /* owned; -1: none */
        size_t length;
        char text[];
} QueuedDatagram;

struct WorkerProcess {
        sd_event *event;
        const WorkerProcessEvents *events;
        void *userdata;

        struct sockaddr_un address;
        int folder; /* that the address needs, or -1 */
        char *pid_path;
        int fd;       /* the connection, or -1 */
        Child *child; /* NULL: adopted, or not started yet */
        bool is_adopted;
        int pidfd;    /* of an adopted one; -1: unknown */
        pid_t pid;    /* likewise; 0: unknown */
        bool is_over; /* of an adopted one: its end was seen to */
        sd_event_source *socket_source;
        sd_event_source *give_up; /* of an adopted one; off until it is wanted */

        QueuedDatagram *queue, *held; /* held: that wait for worker_process_release() */
        size_t queued;                /* bytes, in both */
        bool holds;
};

#define CLOSED "closed its connection"
#define UNKNOWN "may still run, and cannot be killed: its process is not known"

static void outgoing_free(WorkerProcess *worker, QueuedDatagram **queue, QueuedDatagram *outgoing)
{
        DL_DELETE(*queue, outgoing);
        worker->queued -= outgoing->length;
        closep(&outgoing->descriptor);
        free(outgoing);
}

static void drop_queue(WorkerProcess *worker, QueuedDatagram **queue)
{
        QueuedDatagram *outgoing, *next;

        DL_FOREACH_SAFE (*queue, outgoing, next)
                outgoing_free(worker, queue, outgoing);
}

static void disconnect(WorkerProcess *worker)
{
        worker->socket_source = sd_event_source_disable_unref(worker->socket_source);
        closep(&worker->fd);
        worker->fd = -1;
        drop_queue(worker, &worker->queue);
        drop_queue(worker, &worker->held);
}

WorkerProcess *worker_process_detach(WorkerProcess *worker)
{
        if (!worker)
                return NULL;
        disconnect(worker);
        child_detach(worker->child);
        closep(&worker->pidfd);
        closep(&worker->folder);
        free(worker->pid_path);
        sd_event_source_disable_unref(worker->give_up);
        sd_event_unref(worker->event);
        free(worker);
        return NULL;
}

static void remove_files(WorkerProcess *worker)
{
        if (!worker->address.sun_path[0])
                return;
        (void)unlink(worker->address.sun_path);
        (void)unlink(worker->pid_path);
        worker->address.sun_path[0] = '\0';
}

/* Returns 0 also if it has ended before, or -ESRCH: nothing names its process. */
static int kill_adopted(WorkerProcess *worker)
{
        if (worker->pidfd < 0)
                return -ESRCH;
        if (pidfd_send_signal(worker->pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
                return -errno;
        return 0;
}

/* Whether no process holds the socket any more, and so the worker has ended. */
static bool is_deserted(const WorkerProcess *worker)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int r = connect(fd, (const struct sockaddr *)&worker->address, sizeof(worker->address));

        return r < 0 && (errno == ECONNREFUSED || errno == ENOENT);
}

/*
 * Returns whether the worker has ended or was killed. The files of one that runs on stay: they
 * are all by which it can still be found.
 */
static bool end_adopted(WorkerProcess *worker)
{
        worker->is_over = true;
        disconnect(worker);
        if (kill_adopted(worker) == 0 || is_deserted(worker)) {
                remove_files(worker);
                return true;
        }
        log_error("a media worker " UNKNOWN ": %s", worker->address.sun_path);
        return false;
}

WorkerProcess *worker_process_free(WorkerProcess *worker)
{
        if (!worker)
                return NULL;
        if (!worker->is_adopted) {
                worker->child = child_free(worker->child);
                remove_files(worker);
        } else if (!worker->is_over) {
                (void)end_adopted(worker);
        }
        return worker_process_detach(worker);
}

/* Must be the last use of the worker in a turn: the callback may free it. */
static void report_gone(WorkerProcess *worker, const char *reason, bool may_run)
{
        worker->give_up = sd_event_source_disable_unref(worker->give_up);
        worker->events->gone(worker->userdata, reason, may_run);
}

static void on_child_gone(void *userdata, const char *reason)
{
        WorkerProcess *worker = userdata;

        disconnect(worker);
        remove_files(worker);
        report_gone(worker, reason, false);
}

/* The last use of the worker, too. */
static void give_up_adopted(WorkerProcess *worker)
{
        bool may_run = !end_adopted(worker);

        report_gone(worker, may_run ? UNKNOWN : CLOSED, may_run);
}

static int on_give_up(sd_event_source *source, uint64_t usec, void *userdata)
{
        give_up_adopted(userdata);
        return 0;
}

static int give_up_after(WorkerProcess *worker, usec_t delay)
{
        int r = sd_event_source_set_time_relative(worker->give_up, delay);

        return r < 0 ? r : sd_event_source_set_enabled(worker->give_up, SD_EVENT_ONESHOT);
}

int worker_process_kill(WorkerProcess *worker)
{
        if (worker->is_adopted)
                return kill_adopted(worker) < 0 ? give_up_after(worker, 0) : 0;
        child_kill(worker->child);
        return 0;
}

pid_t worker_process_pid(const WorkerProcess *worker)
{
        return worker->child ? child_pid(worker->child) : worker->pid;
}

bool worker_process_is_adopted(const WorkerProcess *worker)
{
        return worker->is_adopted;
}

int worker_process_stop(WorkerProcess *worker)
{
        if (!worker->is_adopted)
                child_stop(worker->child, 0, WORKER_PROCESS_STOP_US);
        if (!worker->is_adopted || sd_event_source_get_enabled(worker->give_up, NULL) > 0)
                return 0;
        return give_up_after(worker, WORKER_PROCESS_STOP_ADOPTED_US);
}

/*
 * Of a spawned worker, waits for the end of the process, so that `gone` reports how it ended. The
 * end of an adopted one would not be seen, and nobody can tell it to close its microphone any more.
 */
static void connection_lost(WorkerProcess *worker)
{
        if (worker->is_adopted) {
                give_up_adopted(worker);
                return;
        }
        disconnect(worker);
        (void)worker_process_stop(worker);
}

/* Returns like send(2). */
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
        QueuedDatagram *outgoing, *next;

        DL_FOREACH_SAFE (worker->queue, outgoing, next) {
                if (send_parcel(worker, outgoing->text, outgoing->length, outgoing->descriptor) < 0)
                        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
                outgoing_free(worker, &worker->queue, outgoing);
        }
        return sd_event_source_set_io_events(worker->socket_source, EPOLLIN);
}

static int on_socket(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        /* Static: too big for the stack, and only the loop's thread uses it. */
        static char buffer[WORKER_PROCESS_MESSAGE_MAX + 1];
        WorkerProcess *worker = userdata;

        if (revents & EPOLLOUT && flush_queue(worker) < 0) {
                connection_lost(worker);
                return 0;
        }
        if (!(revents & (EPOLLIN | EPOLLHUP | EPOLLERR)))
                return 0;

        /* Read one message a turn: its callback may free the worker, and others need their turn. */
        ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
        /* ECONNRESET: the worker ended with messages unread; its own last messages come next. */
        if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNRESET))
                return 0;
        if (n <= 0 || n > WORKER_PROCESS_MESSAGE_MAX) {
                connection_lost(worker);
                return 0;
        }
        buffer[n] = '\0';
        worker->events->message(worker->userdata, buffer, (size_t)n);
        return 0;
}

static int enqueue(WorkerProcess *worker, QueuedDatagram **queue, const char *text, size_t length,
                   int descriptor)
{
        if (worker->queued + length > WORKER_PROCESS_QUEUE_MAX)
                return -ENOBUFS;

        _cleanup_close_ int copy = descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
        if (descriptor >= 0 && copy < 0)
                return -errno;
        QueuedDatagram *outgoing = malloc(sizeof(*outgoing) + length);
        if (!outgoing)
                return -ENOMEM;
        outgoing->descriptor = TAKE_FD(copy);
        outgoing->length = length;
        memcpy(outgoing->text, text, length);
        worker->queued += length;
        DL_APPEND(*queue, outgoing);
        return 0;
}

static int check_message(const WorkerProcess *worker, size_t length)
{
        if (length == 0 || length > WORKER_PROCESS_MESSAGE_MAX)
                return -EMSGSIZE;
        return worker->fd < 0 ? -ENOTCONN : 0;
}

int worker_process_send_ahead(WorkerProcess *worker, const char *text, size_t length,
                              int descriptor)
{
        int r = check_message(worker, length);

        if (r < 0)
                return r;
        if (!worker->queue) {
                if (send_parcel(worker, text, length, descriptor) >= 0)
                        return 0;
                if (errno != EAGAIN && errno != EINTR)
                        return errno == EPIPE || errno == ECONNRESET ? -ENOTCONN : -errno;
        }
        r = sd_event_source_set_io_events(worker->socket_source, EPOLLIN | EPOLLOUT);
        return r < 0 ? r : enqueue(worker, &worker->queue, text, length, descriptor);
}

int worker_process_send(WorkerProcess *worker, const char *text, size_t length, int descriptor)
{
        int r = check_message(worker, length);

        if (r < 0)
                return r;
        return worker->holds ? enqueue(worker, &worker->held, text, length, descriptor)
                             : worker_process_send_ahead(worker, text, length, descriptor);
}

size_t worker_process_queued(const WorkerProcess *worker)
{
        return worker->queued;
}

void worker_process_hold(WorkerProcess *worker)
{
        worker->holds = true;
}

int worker_process_release(WorkerProcess *worker)
{
        worker->holds = false;
        if (!worker->held)
                return 0;
        DL_CONCAT(worker->queue, worker->held);
        worker->held = NULL;
        return sd_event_source_set_io_events(worker->socket_source, EPOLLIN | EPOLLOUT);
}

void worker_process_drop_held(WorkerProcess *worker)
{
        worker->holds = false;
        drop_queue(worker, &worker->held);
}

static int connect_socket(WorkerProcess *worker)
{
        worker->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (worker->fd < 0)
                return -errno;
        if (connect(worker->fd, (struct sockaddr *)&worker->address, sizeof(worker->address)) < 0)
                return -errno;
        return sd_event_add_io(worker->event, &worker->socket_source, worker->fd, EPOLLIN,
                               on_socket, worker);
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
                                  .folder = -1,
                                  .pidfd = -1,
                                  .fd = -1};
        worker->pid_path = str_printf("%s.pid", socket_path);
        int r = worker->pid_path
                        ? socket_path_address(socket_path, &worker->address, &worker->folder)
                        : -ENOMEM;
        if (r < 0)
                worker_process_detach(worker);
        else
                *ret = worker;
        return r;
}

/* Ends one that takes no connection, as nobody can tell it to close its microphone. */
static int end_hanging(WorkerProcess *worker)
{
        worker->pidfd = pid_file_open(worker->pid_path, &worker->pid);
        return end_adopted(worker) ? -ECONNREFUSED : -EBUSY;
}

/* Made before it is wanted, so that giving a worker up cannot fail. */
static int prepare_to_give_up(WorkerProcess *worker)
{
        int r = sd_event_add_time(worker->event, &worker->give_up, CLOCK_MONOTONIC, UINT64_MAX,
                                  STOP_ACCURACY_US, on_give_up, worker);

        return r < 0 ? r : sd_event_source_set_enabled(worker->give_up, SD_EVENT_OFF);
}

int worker_process_adopt(sd_event *event, const char *socket_path,
                         const WorkerProcessEvents *events, void *userdata, WorkerProcess **ret)
{
        WorkerProcess *worker = NULL;
        int r = worker_new(event, socket_path, events, userdata, &worker);

        if (r < 0)
                return r;
        r = connect_socket(worker);
        if (r == -EAGAIN) /* its backlog is full */
                r = end_hanging(worker);
        if (r >= 0)
                r = prepare_to_give_up(worker);
        if (r < 0) {
                worker_process_detach(worker);
                return r;
        }
        worker->is_adopted = true;
        worker->pidfd = pid_file_open(worker->pid_path, &worker->pid);
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

int worker_process_spawn(sd_event *event, const WorkerProcessOptions *options,
                         const WorkerProcessEvents *events, void *userdata, WorkerProcess **ret)
{
        static const ChildEvents child_events = {.gone = on_child_gone};
        _cleanup_(worker_process_freep) WorkerProcess *worker = NULL;
        int r = worker_new(event, options->socket_path, events, userdata, &worker);
        if (r < 0)
                return r;
        _cleanup_close_ int listen_fd = listen_at(&worker->address);
        if (listen_fd < 0) {
                worker->address.sun_path[0] = '\0'; /* free must not remove it */
                return listen_fd;
        }
        r = connect_socket(worker);
        if (r < 0)
                return r;
        const ChildOptions child = {.program = options->program,
                                    .arguments = options->arguments,
                                    .listen_fd = listen_fd,
                                    .second_fd = options->second_fd,
                                    .fd_names = options->fd_names};
        r = child_new(event, &child, &child_events, worker, &worker->child);
        if (r < 0)
                return r;
        /* Without the file, a program that adopts the worker cannot kill it. */
        (void)pid_file_write(worker->pid_path, child_pid(worker->child));
        *ret = TAKE_PTR(worker);
        return 0;
}
