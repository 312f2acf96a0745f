/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

typedef struct Streams {
        int in, out, err;
} Streams;

static int open_log(const char *path, int flags)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

        if (fd < 0)
                rig_fail("%s: %m", path);
        return fd;
}

static void enter_network(const Environment *environment)
{
        const char *path = environment_get(environment, PROCESS_NETWORK);
        int fd;

        if (!path)
                return;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && setns(fd, CLONE_NEWNET) == 0)
                return;
        dprintf(STDERR_FILENO, "network namespace %s: %s\n", path, strerror(errno));
        _exit(127);
}

static void __attribute__((noreturn))
child_run(pid_t parent, const Environment *environment, const char *const *argv, Streams streams)
{
        sigset_t none;

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        /* A shell starts what runs in its background with these ignored, and that is inherited. */
        signal(SIGINT, SIG_DFL);
        signal(SIGQUIT, SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(127);
        /* Permissions must apply to programs of root as well. Fails for other users. */
        prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
        prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH);
        dup2(streams.in, STDIN_FILENO);
        dup2(streams.out, STDOUT_FILENO);
        dup2(streams.err, STDERR_FILENO);
        enter_network(environment);
        execvpe(argv[0], (char *const *)argv, environment->entries);
        dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
}

static pid_t spawn(const Environment *environment, const char *const *argv, Streams streams)
{
        pid_t parent = getpid(), pid;

        fflush(NULL);
        pid = fork();
        if (pid < 0)
                rig_fail("fork: %m");
        if (pid == 0)
                child_run(parent, environment, argv, streams);
        return pid;
}

Process *process_start(Rig *rig, const char *name, const Environment *environment,
                       const char *const *argv)
{
        _cleanup_close_ int log = -1, null = -1;
        Process *process = rig_alloc(sizeof(*process));

        snprintf(process->name, sizeof(process->name), "%s", name);
        rig_path(process->log, "%s/log/%s", rig->dir, name);
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        log = open_log(process->log, O_APPEND);
        process->read = lseek(log, 0, SEEK_END);
        process->pid = spawn(environment, argv, (Streams){null, log, log});
        process->pidfd = pidfd_open(process->pid, 0);
        if (process->pidfd < 0)
                rig_fail("pidfd_open: %m");
        return process;
}

Process *process_free(Process *process)
{
        if (!process)
                return NULL;

        if (process->pid > 0)
                process_kill(process);
        close(process->pidfd);
        free(process);
        return NULL;
}

/* The next whole line that contains `text`, or NULL. Reads each line once. */
static char *find_line(Process *process, const char *text)
{
        _cleanup_(fclosep) FILE *file = fopen(process->log, "re");
        _cleanup_free_ char *line = NULL;
        size_t size = 0;
        ssize_t n;

        if (!file || fseek(file, process->read, SEEK_SET) < 0)
                rig_fail("%s: %m", process->log);
        while ((n = getline(&line, &size, file)) > 0 && line[n - 1] == '\n') {
                char *found = strstr(line, text);

                process->read += n;
                line[n - 1] = '\0';
                if (found)
                        return rig_strdup(found);
        }
        return NULL;
}

char *process_wait_line(Process *process, const char *text)
{
        usec_t deadline = rig_deadline();
        _cleanup_close_ int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        bool ended = false;

        if (watch < 0 || inotify_add_watch(watch, process->log, IN_MODIFY) < 0)
                rig_fail("inotify: %m");
        for (;;) {
                struct pollfd fds[] = {{.fd = watch, .events = POLLIN},
                                       {.fd = process->pidfd, .events = POLLIN}};
                char buffer[4096];
                char *line = find_line(process, text);

                if (line)
                        return line;
                if (ended)
                        rig_fail("%s ended without saying '%s'", process->name, text);
                if (poll(fds, ELEMENTSOF(fds), rig_remaining_ms(deadline)) == 0)
                        rig_fail("waited too long for %s to say '%s'", process->name, text);
                ended = fds[1].revents;
                while (read(watch, buffer, sizeof(buffer)) > 0)
                        ;
        }
}

bool process_has_said(const Process *process, const char *text)
{
        _cleanup_free_ char *said = rig_read_file(process->log);

        return said && strstr(said, text);
}

void process_signal(Process *process, int number)
{
        if (process->pid > 0)
                kill(process->pid, number);
}

static int reap(pid_t *pid)
{
        int status;

        while (waitpid(*pid, &status, 0) < 0)
                if (errno != EINTR)
                        rig_fail("waitpid: %m");
        *pid = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_wait(Process *process)
{
        struct pollfd fd = {.fd = process->pidfd, .events = POLLIN};

        if (process->pid == 0)
                rig_fail("%s has been waited for already", process->name);
        if (poll(&fd, 1, rig_patience_ms()) == 0)
                rig_fail("waited too long for %s to end", process->name);
        return reap(&process->pid);
}

int process_stop(Process *process)
{
        process_signal(process, SIGTERM);
        return process_wait(process);
}

void process_kill(Process *process)
{
        process_signal(process, SIGKILL);
        reap(&process->pid);
}

void process_run(Rig *rig, const Environment *environment, const char *const *argv,
                 const char *input, RunResult *ret)
{
        char in_path[RIG_PATH_MAX], out_path[RIG_PATH_MAX], err_path[RIG_PATH_MAX];
        Process process = {};
        Streams streams;

        rig_path(in_path, "%s/run.in", rig->dir);
        rig_path(out_path, "%s/run.out", rig->dir);
        rig_path(err_path, "%s/run.err", rig->dir);
        rig_write_file(in_path, input ? input : "", 0600);
        streams = (Streams){
                .in = open(in_path, O_RDONLY | O_CLOEXEC),
                .out = open_log(out_path, O_TRUNC),
                .err = open_log(err_path, O_TRUNC),
        };
        snprintf(process.name, sizeof(process.name), "%s", argv[0]);
        process.pid = spawn(environment, argv, streams);
        process.pidfd = pidfd_open(process.pid, 0);
        ret->status = process_wait(&process);
        ret->out = rig_read_file(out_path);
        ret->err = rig_read_file(err_path);
        close(process.pidfd);
        close(streams.in);
        close(streams.out);
        close(streams.err);
}

void run_result_done(RunResult *result)
{
        free(result->out);
        free(result->err);
        *result = (RunResult){};
}
