/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/guardian.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "rig/rig.h"

#define ENVIRONMENT_MAX (64 * 1024) /* bytes read of a process's environment */
#define LAST_WORDS 4000             /* bytes shown of each program's log */
#define ROUNDS_MAX 1000             /* rounds, for programs that fork while they are being killed */

static bool carries_mark(const char *pid, const char *mark)
{
        static char environment[ENVIRONMENT_MAX];
        _cleanup_close_ int fd = -1;
        char path[64];
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/%.20s/environ", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return false;
        n = read(fd, environment, sizeof(environment) - 1);
        if (n <= 0)
                return false;
        environment[n] = '\0';
        for (const char *entry = environment; entry < environment + n; entry += strlen(entry) + 1)
                if (strcmp(entry, mark) == 0)
                        return true;
        return false;
}

static bool kill_marked(const char *mark)
{
        struct dirent *entry;
        bool found = false;
        DIR *proc;

        proc = opendir("/proc");
        if (!proc)
                return false;
        while ((entry = readdir(proc)))
                if (isdigit((unsigned char)entry->d_name[0]) && carries_mark(entry->d_name, mark)) {
                        kill(atoi(entry->d_name), SIGKILL);
                        found = true;
                }
        closedir(proc);
        return found;
}

static void show_last_words(const char *log, const char *name)
{
        static char text[LAST_WORDS + 1];
        _cleanup_(fclosep) FILE *file = NULL;
        char path[2 * RIG_PATH_MAX];
        size_t n;

        snprintf(path, sizeof(path), "%s/%s", log, name);
        file = fopen(path, "re");
        if (!file)
                return;
        if (fseek(file, -LAST_WORDS, SEEK_END) < 0)
                rewind(file);
        n = fread(text, 1, LAST_WORDS, file);
        text[n] = '\0';
        if (n > 0)
                fprintf(stderr, "---- %s\n%s", name, text);
}

static void show_logs(const char *dir)
{
        char log[RIG_PATH_MAX];
        struct dirent *entry;
        DIR *folder;

        rig_path(log, "%s/log", dir);
        folder = opendir(log);
        if (!folder)
                return;
        while ((entry = readdir(folder)))
                if (entry->d_name[0] != '.')
                        show_last_words(log, entry->d_name);
        closedir(folder);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        remove(path);
        return 0;
}

static void __attribute__((noreturn)) guardian_run(const char *dir, int lifeline)
{
        char mark[RIG_PATH_MAX + sizeof(GUARDIAN_MARK "=")], verdict = 0;
        ssize_t n;

        signal(SIGTERM, SIG_IGN);
        signal(SIGINT, SIG_IGN);
        prctl(PR_SET_NAME, "rig-guardian");

        do {
                n = read(lifeline, &verdict, 1);
        } while (n < 0 && errno == EINTR);

        snprintf(mark, sizeof(mark), "%s=%s", GUARDIAN_MARK, dir);
        for (int i = 0; i < ROUNDS_MAX && kill_marked(mark); i++)
                sched_yield();
        if (n == 0)
                show_logs(dir);
        nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        _exit(EXIT_SUCCESS);
}

pid_t guardian_start(const char *dir, int *ret_lifeline)
{
        int ends[2];
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC) < 0)
                rig_fail("pipe: %m");
        fflush(NULL);
        pid = fork();
        if (pid < 0)
                rig_fail("fork: %m");
        if (pid == 0) {
                close(ends[1]);
                guardian_run(dir, ends[0]);
        }
        /*
         * At once: a signal that ends the test goes to its process group, which must not include
         * this.
         */
        setpgid(pid, pid);
        close(ends[0]);
        *ret_lifeline = ends[1];
        return pid;
}

void guardian_dismiss(pid_t guardian, int lifeline)
{
        if (write(lifeline, "", 1) != 1)
                rig_fail("the rig's guardian is gone: %m");
        close(lifeline);
        while (waitpid(guardian, NULL, 0) < 0 && errno == EINTR)
                ;
}
