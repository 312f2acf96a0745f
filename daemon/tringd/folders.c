/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "tringd/machine.h"

/* A tringd that has left its bus holds the lock until it has ended. */
#define LOCK_WAIT_US (1 * USEC_PER_SEC)
#define LOCK_POLL_US (20 * USEC_PER_MSEC)

/* The XDG base directory specification: relative paths in the variables are ignored. */
static char *base_folder(const char *variable, const char *in_home)
{
        const char *value = getenv(variable), *home = getenv("HOME");

        if (value && value[0] == '/')
                return str_printf("%s/tring", value);
        if (in_home && home && home[0] == '/')
                return str_printf("%s/%s/tring", home, in_home);
        return NULL;
}

static int make_folders(char *path)
{
        for (char *p = path + 1; (p = strchr(p, '/')); p++) {
                *p = '\0';
                int r = mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
                *p = '/';
                if (r < 0)
                        return r;
        }
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return -errno;
        return 0;
}

/* Makes sure that the folder exists, is private and writable. */
static int check_folder(const char *path)
{
        struct stat st;

        if (stat(path, &st) < 0)
                return -errno;
        if (!S_ISDIR(st.st_mode))
                return -ENOTDIR;
        if (st.st_uid != geteuid())
                return -EPERM;
        if (st.st_mode & 077 && chmod(path, 0700) < 0)
                return -errno;
        return access(path, W_OK | X_OK) < 0 ? -errno : 0;
}

static void add_problem(Folders *folders, const char *consequence, const char *path,
                        const char *why)
{
        char *problem = str_printf("%s%s%s %s%s", folders->problem ? folders->problem : "",
                                   folders->problem ? "; " : "", consequence, path, why);

        if (!problem)
                return;
        free(folders->problem);
        folders->problem = problem;
}

/* Drops a folder that cannot be used, and says so in `problem`. NULL: `variable` is not set. */
static void keep_if_usable(Folders *folders, char **path, const char *variable,
                           const char *consequence)
{
        if (!*path) {
                add_problem(folders, consequence, variable, " is not set");
                return;
        }
        int r = make_folders(*path);

        if (r >= 0 || r == -EROFS || r == -EACCES)
                r = check_folder(*path);
        if (r >= 0)
                return;
        _cleanup_free_ char *why = str_printf(": %s", strerror(-r));
        add_problem(folders, consequence, *path, why ? why : "");
        free(*path);
        *path = NULL;
}

int folders_init(Folders *folders)
{
        _cleanup_free_ char *settings = base_folder("XDG_CONFIG_HOME", ".config");

        *folders = (Folders){.base = base_folder("XDG_STATE_HOME", ".local/state"),
                             .runtime = base_folder("XDG_RUNTIME_DIR", NULL),
                             .lock_fd = -1};
        keep_if_usable(folders, &folders->runtime, "$XDG_RUNTIME_DIR", "calls have no sound:");
        if (settings && !(folders->settings = str_printf("%s/tringd.conf", settings)))
                return -ENOMEM;
        return 0;
}

/* Returns -EWOULDBLOCK if another process holds the lock. */
static int take_lock(const char *path, int *ret_fd)
{
        static const struct timespec pause = {.tv_nsec = LOCK_POLL_US * 1000};
        usec_t until = clock_boottime() + LOCK_WAIT_US;
        _cleanup_close_ int fd =
                open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0600);

        if (fd < 0)
                return -errno;
        while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK || clock_boottime() >= until)
                        return -errno;
                nanosleep(&pause, NULL);
        }
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* One tringd for each state folder: two would be one device twice, and replace each other. */
static int lock_state(Folders *folders)
{
        _cleanup_free_ char *path = str_printf("%s/lock", folders->state);

        if (!path)
                return -ENOMEM;
        int r = take_lock(path, &folders->lock_fd);
        if (r == -EWOULDBLOCK) {
                add_problem(folders, "another tringd of yours uses", folders->state,
                            ": this one has no login and no history");
                free(TAKE_PTR(folders->state));
                free(TAKE_PTR(folders->credentials));
        } else if (r < 0) {
                log_warning("cannot lock %s: %s", path, strerror(-r));
        }
        return 0;
}

int folders_take_state(Folders *folders, const char *machine)
{
        if (folders->base) {
                (void)make_folders(folders->base); /* whatever is wrong is said below */
                int r = machine_folder(folders->base, machine, &folders->state);
                if (r < 0)
                        return r;
                folders->foreign = !str_eq(folders->state, folders->base);
        }
        /* A token can be read from a folder that cannot be written. */
        if (folders->state &&
            !(folders->credentials = str_printf("%s/credentials", folders->state)))
                return -ENOMEM;
        keep_if_usable(folders, &folders->state, "$HOME", "nothing will survive a restart:");
        int r = folders->state ? lock_state(folders) : 0;
        if (r < 0 || !folders->state)
                return r;
        folders->history = str_printf("%s/history.db", folders->state);
        return folders->history ? 0 : -ENOMEM;
}

void folders_done(Folders *folders)
{
        closep(&folders->lock_fd);
        free(folders->base);
        free(folders->state);
        free(folders->runtime);
        free(folders->settings);
        free(folders->credentials);
        free(folders->history);
        free(folders->problem);
        *folders = (Folders){.lock_fd = -1};
}
