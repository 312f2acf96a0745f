/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/socket-path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/str.h"

int socket_path_address(const char *path, struct sockaddr_un *ret, int *ret_folder)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        const char *slash = strrchr(path, '/');

        if (STR_SET(address.sun_path, path) >= 0) {
                *ret = address;
                *ret_folder = -1;
                return 0;
        }
        if (!slash || slash == path)
                return -ENAMETOOLONG;
        _cleanup_free_ char *folder = strndup(path, (size_t)(slash - path));
        if (!folder)
                return -ENOMEM;
        _cleanup_close_ int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        int n = snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d%s", fd,
                         slash);
        if (n < 0 || (size_t)n >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        *ret = address;
        *ret_folder = TAKE_FD(fd);
        return 0;
}
