/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/unix-socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/str.h"

#define OPEN_TO_ALL_UMASK 0111 /* connecting takes the right to write */

static int fail(int error, const char *path, const char *why, char **ret_text)
{
        *ret_text = str_printf("cannot listen on %s: %s", path, why);
        return error;
}

/* Removes what a hub that was killed has left. */
static int make_way(const struct sockaddr_un *address, char **ret_text)
{
        const char *path = address->sun_path;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct stat st;

        if (fd < 0)
                return fail(-errno, path, strerror(errno), ret_text);
        if (lstat(path, &st) < 0)
                return errno == ENOENT ? 0 : fail(-errno, path, strerror(errno), ret_text);
        if (!S_ISSOCK(st.st_mode))
                return fail(-EEXIST, path, "there is something else", ret_text);
        if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
            errno != ECONNREFUSED)
                return fail(-EADDRINUSE, path, "another program does", ret_text);
        return unlink(path) < 0 ? fail(-errno, path, strerror(errno), ret_text) : 0;
}

int unix_socket_listen(const char *path, int *ret_fd, char **ret_text)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int r = STR_SET(address.sun_path, path);

        if (r < 0)
                return fail(r, path, "its path is longer than 107 bytes", ret_text);
        r = make_way(&address, ret_text);
        if (r < 0)
                return r;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return fail(-errno, path, strerror(errno), ret_text);
        mode_t mask = umask(OPEN_TO_ALL_UMASK);
        r = bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
        umask(mask);
        if (r == 0 && listen(fd, SOMAXCONN) < 0)
                r = -errno;
        if (r < 0)
                return fail(r, path, strerror(-r), ret_text);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

void unix_socket_remove(int fd)
{
        struct sockaddr_un address;
        socklen_t length = sizeof(address);

        if (getsockname(fd, (struct sockaddr *)&address, &length) == 0)
                (void)unlink(address.sun_path);
}
