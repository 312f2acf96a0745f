/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/token-descriptor.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define ROOM (TOKEN_MAX + 2) /* a line end, and one byte too many */

/* The descriptor is shared with its sender, whose flags stay as they are. */
static ssize_t read_what_is_there(int fd, char *data, size_t size)
{
        struct pollfd event = {.fd = fd, .events = POLLIN};
        int r = poll(&event, 1, 0);

        if (r <= 0)
                return r < 0 ? -errno : -EAGAIN;
        ssize_t n = read(fd, data, size);

        return n < 0 ? -errno : n;
}

int token_read_descriptor(int fd, char ret[static TOKEN_MAX + 1])
{
        char token[ROOM + 1] = "";
        size_t length = 0;
        ssize_t n = 0;

        while (length < ROOM && (n = read_what_is_there(fd, token + length, ROOM - length)) > 0)
                length += (size_t)n;
        if (length > 0 && n == 0 && token[length - 1] == '\n')
                token[--length] = '\0';
        int r = n < 0                      ? (int)n
                : length > TOKEN_MAX       ? -E2BIG
                : memchr(token, 0, length) ? -EBADMSG
                                           : 0;
        if (r == 0)
                memcpy(ret, token, TOKEN_MAX + 1);
        explicit_bzero(token, sizeof(token));
        return r;
}
