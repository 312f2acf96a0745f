/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/token-descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"

#define ROOM (TOKEN_MAX + 2) /* a line end, and one byte too many */

typedef ssize_t (*ReadFunction)(int fd, char *data, size_t size);

/*
 * Others may read the pipe, too, so that a look at it promises nothing, and O_NONBLOCK would be set
 * for its sender as well. Of the calls that wait for nothing, preadv2() cannot read a pipe before
 * Linux 6.4, and no named one; splice() can.
 */
static ssize_t read_pipe(int fd, char *data, size_t size)
{
        int ends[2];

        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        _cleanup_close_ int read_end = ends[0], write_end = ends[1];
        ssize_t n = splice(fd, NULL, write_end, NULL, size, SPLICE_F_NONBLOCK);

        if (n < 0)
                return -errno;
        /* One packet at a time, if the sender's pipe has some (O_DIRECT). */
        for (ssize_t done = 0, part; done < n; done += part)
                if ((part = read(read_end, data + done, size - (size_t)done)) <= 0)
                        return -EIO;
        return n;
}

static ssize_t read_file(int fd, char *data, size_t size)
{
        ssize_t n = read(fd, data, size);

        return n < 0 ? -errno : n;
}

/*
 * A file makes nobody wait for longer than its disk does; but those of FUSE wait for a program, and
 * some of /proc for something to happen, whatever poll() says of them.
 */
static int choose_function(int fd, ReadFunction *ret)
{
        struct stat st;
        struct statfs file_system;

        if (fstat(fd, &st) < 0)
                return -errno;
        *ret = S_ISFIFO(st.st_mode) ? read_pipe : read_file;
        if (S_ISFIFO(st.st_mode))
                return 0;
        if (!S_ISREG(st.st_mode))
                return -EOPNOTSUPP;
        if (fstatfs(fd, &file_system) < 0)
                return -errno;
        return file_system.f_type == FUSE_SUPER_MAGIC || file_system.f_type == PROC_SUPER_MAGIC
                       ? -EOPNOTSUPP
                       : 0;
}

int token_read_descriptor(int fd, char ret[static TOKEN_MAX + 1])
{
        char token[ROOM + 1] = "";
        ReadFunction function = NULL;
        size_t length = 0;
        ssize_t n = 0;
        int r = choose_function(fd, &function);

        if (r < 0)
                return r;
        while (length < ROOM && (n = function(fd, token + length, ROOM - length)) > 0)
                length += (size_t)n;
        if (length > 0 && n == 0 && token[length - 1] == '\n')
                token[--length] = '\0';
        r = n < 0 ? (int)n : length > TOKEN_MAX ? -E2BIG : memchr(token, 0, length) ? -EBADMSG : 0;
        if (r == 0)
                memcpy(ret, token, TOKEN_MAX + 1);
        explicit_bzero(token, sizeof(token));
        return r;
}
