/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/state-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"

static int copy_of(const char *path, char **ret)
{
        *ret = strdup(path);
        return *ret ? 0 : -ENOMEM;
}

int state_dir_path(const char *option, char **ret, char **ret_text)
{
        const char *by_systemd = getenv("STATE_DIRECTORY");
        const char *state_dir_home = getenv("XDG_STATE_HOME");
        const char *home = getenv("HOME");

        if (option && !option[0]) {
                *ret_text = strdup("--state \"\" is not the name of a folder");
                return -EINVAL;
        }
        if (option)
                return copy_of(option, ret);
        if (!str_empty(by_systemd))
                return copy_of(by_systemd, ret);
        if (!str_empty(state_dir_home) && state_dir_home[0] == '/')
                *ret = str_printf("%s/tring-hub", state_dir_home);
        else if (!str_empty(home))
                *ret = str_printf("%s/.local/state/tring-hub", home);
        else {
                *ret_text = strdup("no state folder: give --state, or set HOME");
                return -EINVAL;
        }
        return *ret ? 0 : -ENOMEM;
}

static int make_folders(const char *folder)
{
        _cleanup_free_ char *path = strdup(folder);

        if (!path)
                return -ENOMEM;
        for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = '\0';
                if (mkdir(path, 0700) < 0 && errno != EEXIST)
                        return -errno;
                *slash = '/';
        }
        return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int state_dir_prepare(const char *folder, int *ret_lock_fd, char **ret_text)
{
        _cleanup_free_ char *path = str_printf("%s/lock", folder);

        if (str_empty(folder) || !path)
                return path ? -EINVAL : -ENOMEM;
        int r = make_folders(folder);
        if (r >= 0) {
                *ret_lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
                if (*ret_lock_fd >= 0)
                        return 0;
                r = -errno;
        }
        *ret_text = str_printf("cannot use the state folder %s: %s", folder, strerror(-r));
        return r;
}

int state_dir_lock(int lock_fd)
{
        return flock(lock_fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}
