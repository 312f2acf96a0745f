/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/pipewire-sockets.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/socket-path.h"
#include "base/str.h"

#define DEFAULT_REMOTE "pipewire-0"
#define SYSTEM_FOLDER "/run/pipewire" /* of a PipeWire for the whole system */

static int connect_to(const char *path)
{
        _cleanup_close_ int folder = -1, fd = -1;
        struct sockaddr_un address;
        int r = socket_path_address(path, &address, &folder);

        if (r < 0)
                return r;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int connect_in(const char *folder, const char *name)
{
        _cleanup_free_ char *path = str_printf("%s/%s", folder, name);

        return path ? connect_to(path) : -ENOMEM;
}

static int connect_to_pipewire(void)
{
        const char *name = getenv("PIPEWIRE_REMOTE"), *folder = getenv("PIPEWIRE_RUNTIME_DIR");
        int fd = -ENOENT;

        if (str_empty(name))
                name = DEFAULT_REMOTE;
        if (name[0] == '/')
                return connect_to(name);
        if (!folder)
                folder = getenv("XDG_RUNTIME_DIR");
        if (folder)
                fd = connect_in(folder, name);
        return fd < 0 ? connect_in(SYSTEM_FOLDER, name) : fd;
}

/* Forgets those that the worker has shut down, or PipeWire has closed. */
static void drop_ended(PipeWireSockets *sockets)
{
        size_t n = 0;

        for (size_t i = 0; i < sockets->n; i++) {
                struct pollfd look = {.fd = sockets->fds[i]};

                if (poll(&look, 1, 0) == 1 && look.revents & POLLHUP)
                        closep(&sockets->fds[i]);
                else
                        sockets->fds[n++] = sockets->fds[i];
        }
        sockets->n = n;
}

int pipewire_sockets_open(PipeWireSockets *sockets, int *ret)
{
        drop_ended(sockets);
        if (sockets->n == PIPEWIRE_SOCKETS_MAX)
                return -ENOBUFS;
        int fd = connect_to_pipewire();
        if (fd < 0)
                return fd;
        *ret = sockets->fds[sockets->n++] = fd;
        return 0;
}

void pipewire_sockets_cut(PipeWireSockets *sockets)
{
        for (size_t i = 0; i < sockets->n; i++)
                (void)shutdown(sockets->fds[i], SHUT_RDWR);
        pipewire_sockets_done(sockets);
}

void pipewire_sockets_done(PipeWireSockets *sockets)
{
        for (size_t i = 0; i < sockets->n; i++)
                closep(&sockets->fds[i]);
        sockets->n = 0;
}
