/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/str.h"

#define REASON_MAX_BYTES 64
#define OUTPUT_MAX_BYTES 512 /* of one `output` callback */
#define EXEC_FAILED 127      /* exit status when exec fails, as in a shell */
#define STOP_ACCURACY_US (50 * USEC_PER_MSEC)
/* After sockets and pipes, so that a child's last messages are read before `gone`. */
#define EXIT_PRIORITY (SD_EVENT_PRIORITY_NORMAL + 10)

extern char **environ;

struct Child {
        sd_event *event;
        const ChildEvents *events;
        void *userdata;
        pid_t pid;
        int pidfd; /* -1: reaped */
        int output;
        sd_event_source *exit_source, *output_source, *stop_source;
};

Child *child_detach(Child *child)
{
        if (!child)
                return NULL;
        sd_event_source_disable_unref(child->exit_source);
        sd_event_source_disable_unref(child->output_source);
        sd_event_source_disable_unref(child->stop_source);
        closep(&child->pidfd);
        closep(&child->output);
        sd_event_unref(child->event);
        free(child);
        return NULL;
}

void child_kill(Child *child)
{
        if (child->pidfd >= 0)
                (void)pidfd_send_signal(child->pidfd, SIGKILL, NULL, 0);
}

Child *child_free(Child *child)
{
        siginfo_t info;

        if (child && child->pidfd >= 0) {
                child_kill(child);
                (void)waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED);
        }
        return child_detach(child);
}

pid_t child_pid(const Child *child)
{
        return child->pid;
}

static void describe_end(const siginfo_t *info, char reason[static REASON_MAX_BYTES])
{
        int status = info->si_status;

        if (info->si_code != CLD_EXITED && status == SIGSYS)
                snprintf(reason, REASON_MAX_BYTES, "made a system call that its sandbox forbids");
        else if (info->si_code != CLD_EXITED)
                snprintf(reason, REASON_MAX_BYTES, "was killed by signal %d", status);
        else if (status == 0)
                snprintf(reason, REASON_MAX_BYTES, "exited");
        else if (status == EXEC_FAILED)
                snprintf(reason, REASON_MAX_BYTES, "could not be started");
        else
                snprintf(reason, REASON_MAX_BYTES, "exited with status %d", status);
}

static int on_exit_of_child(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Child *child = userdata;
        char reason[REASON_MAX_BYTES];
        siginfo_t info = {};

        if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
                return 0;
        describe_end(&info, reason);
        child->exit_source = sd_event_source_disable_unref(child->exit_source);
        child->stop_source = sd_event_source_disable_unref(child->stop_source);
        closep(&child->pidfd);
        child->pidfd = -1;
        child->events->gone(child->userdata, reason);
        return 0;
}

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Child *child = userdata;
        char text[OUTPUT_MAX_BYTES];
        ssize_t n = read(fd, text, sizeof(text));

        if (n > 0)
                child->events->output(child->userdata, text, (size_t)n);
        else
                child->output_source = sd_event_source_disable_unref(child->output_source);
        return 0;
}

static int on_stop_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
        child_kill(userdata);
        return 0;
}

void child_stop(Child *child, int signal, usec_t delay)
{
        if (child->stop_source || child->pidfd < 0)
                return;
        if (signal != 0)
                (void)pidfd_send_signal(child->pidfd, signal, NULL, 0);
        if (sd_event_add_time_relative(child->event, &child->stop_source, CLOCK_MONOTONIC, delay,
                                       STOP_ACCURACY_US, on_stop_timeout, child) < 0)
                child_kill(child);
}

/* Runs after fork() in a program with threads, where signal-safety(7) forbids snprintf(). */
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

/* Everything that the child process needs between fork() and exec(). */
typedef struct Start {
        const ChildOptions *options;
        int output;
        int listen_fd, second_fd; /* above the numbers at which they are passed; -1: none */
        char **environment;
        char listen_pid[sizeof("LISTEN_PID=") + 3 * sizeof(pid_t)];
        char *fd_names; /* owned; NULL: none */
} Start;

/* Makes descriptor `to` a copy of `from` that survives exec. */
static bool pass(int from, int to)
{
        return from == to ? fcntl(from, F_SETFD, 0) == 0 : dup2(from, to) >= 0;
}

static _Noreturn void run(Start *start)
{
        const ChildOptions *options = start->options;
        unsigned n_passed = (start->listen_fd >= 0) + (start->second_fd >= 0);
        sigset_t none;

        /* Undo what the loop set up for this process: blocked signals, ignored SIGPIPE. */
        sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)signal(SIGPIPE, SIG_DFL);
        print_pid(start->listen_pid + strlen("LISTEN_PID="), getpid());
        (void)close_range(CHILD_LISTEN_FD + n_passed, UINT_MAX, CLOSE_RANGE_CLOEXEC);
        if ((start->output < 0 || pass(start->output, STDOUT_FILENO)) &&
            (start->listen_fd < 0 || pass(start->listen_fd, CHILD_LISTEN_FD)) &&
            (start->second_fd < 0 || pass(start->second_fd, CHILD_LISTEN_FD + 1)))
                (void)execve(options->program, (char *const *)options->arguments,
                             start->environment);
        _exit(EXEC_FAILED);
}

/* Copies our environment without the variables that systemd meant for this process only. */
static int make_environment(Start *start)
{
        static const char *const dropped[] = {"LISTEN_FDS=",    "LISTEN_PID=",   "LISTEN_FDNAMES=",
                                              "NOTIFY_SOCKET=", "WATCHDOG_PID=", "WATCHDOG_USEC="};
        size_t count = 0, used = 0;

        while (environ[count])
                count++;
        start->environment = calloc(count + 4, sizeof(char *));
        if (!start->environment)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++) {
                bool skip = false;

                for (size_t k = 0; k < ELEMENTSOF(dropped); k++)
                        skip = skip || strncmp(environ[i], dropped[k], strlen(dropped[k])) == 0;
                if (!skip)
                        start->environment[used++] = environ[i];
        }
        if (start->options->listen_fd < 0)
                return 0;
        start->environment[used++] =
                (char *)(start->second_fd >= 0 ? "LISTEN_FDS=2" : "LISTEN_FDS=1");
        start->environment[used++] = start->listen_pid;
        if (!start->options->fd_names)
                return 0;
        start->fd_names = str_printf("LISTEN_FDNAMES=%s", start->options->fd_names);
        if (!start->fd_names)
                return -ENOMEM;
        start->environment[used++] = start->fd_names;
        return 0;
}

/* So that passing one does not overwrite the other. */
static int copy_above(int fd, int *ret)
{
        *ret = fd > 0 ? fcntl(fd, F_DUPFD_CLOEXEC, CHILD_LISTEN_FD + 2) : -1;
        return fd > 0 && *ret < 0 ? -errno : 0;
}

static int child_fork(Child *child, Start *start)
{
        pid_t pid = fork();

        if (pid < 0)
                return -errno;
        if (pid == 0)
                run(start);
        child->pid = pid;
        child->pidfd = pidfd_open(pid, 0);
        if (child->pidfd >= 0)
                return 0;
        int r = -errno;
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return r;
}

static int child_start(Child *child, const ChildOptions *options)
{
        Start start = {.options = options, .output = -1, .listen_pid = "LISTEN_PID="};
        _cleanup_close_ int output = -1, listen_fd = -1, second_fd = -1;
        int r = copy_above(options->listen_fd, &listen_fd);

        if (r == 0)
                r = copy_above(options->second_fd, &second_fd);
        if (r < 0)
                return r;
        start.listen_fd = listen_fd;
        start.second_fd = second_fd;
        r = make_environment(&start);
        _cleanup_free_ char **environment = start.environment;
        _cleanup_free_ char *fd_names = start.fd_names;
        if (r < 0)
                return r;
        if (child->events->output) {
                int ends[2];

                if (pipe2(ends, O_CLOEXEC) < 0)
                        return -errno;
                child->output = ends[0];
                start.output = output = ends[1];
        }
        return child_fork(child, &start);
}

static int child_watch(Child *child)
{
        int r = 0;

        if (child->output >= 0)
                r = sd_event_add_io(child->event, &child->output_source, child->output, EPOLLIN,
                                    on_output, child);
        if (r >= 0)
                r = sd_event_add_io(child->event, &child->exit_source, child->pidfd, EPOLLIN,
                                    on_exit_of_child, child);
        return r < 0 ? r : sd_event_source_set_priority(child->exit_source, EXIT_PRIORITY);
}

int child_new(sd_event *event, const ChildOptions *options, const ChildEvents *events,
              void *userdata, Child **ret)
{
        _cleanup_(child_freep) Child *child = NULL;

        if (access(options->program, X_OK) < 0)
                return -errno;
        child = calloc(1, sizeof(*child));
        if (!child)
                return -ENOMEM;
        *child = (Child){.event = sd_event_ref(event),
                         .events = events,
                         .userdata = userdata,
                         .pidfd = -1,
                         .output = -1};
        int r = child_start(child, options);
        if (r >= 0)
                r = child_watch(child);
        if (r >= 0)
                *ret = TAKE_PTR(child);
        return r;
}
