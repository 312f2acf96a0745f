/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/private-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"

static int check(int fd, const char *path, char **ret_text)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode)) {
                *ret_text = str_printf("%s is not a regular file", path);
                return -EPERM;
        }
        if (st.st_uid != geteuid()) {
                *ret_text = str_printf("%s belongs to user %u, not to us", path, st.st_uid);
                return -EPERM;
        }
        if (st.st_mode & 077) {
                *ret_text =
                        str_printf("%s has mode %04o and is not private", path, st.st_mode & 07777);
                return -EPERM;
        }
        return 0;
}

static int read_all(int fd, char *buffer, size_t size)
{
        size_t used = 0;
        ssize_t n = 1;

        while (n > 0 && used < size) {
                n = read(fd, buffer + used, size - used);
                if (n < 0)
                        return -errno;
                used += (size_t)n;
        }
        if (used == size)
                return -E2BIG;
        buffer[used] = '\0';
        return 0;
}

int private_file_read(const char *path, char *buffer, size_t size, char **ret_text)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

        if (fd < 0)
                return -errno;
        int r = check(fd, path, ret_text);
        return r < 0 ? r : read_all(fd, buffer, size);
}

static int write_all(int fd, const char *text)
{
        size_t length = strlen(text);

        while (length > 0) {
                ssize_t n = write(fd, text, length);

                if (n < 0)
                        return -errno;
                text += n;
                length -= (size_t)n;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

/* A file that a crash has left, or somebody else has made to read along, goes first. */
static int write_fresh(const char *path, const char *text)
{
        (void)unlink(path);
        _cleanup_close_ int fd =
                open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        return fd < 0 ? -errno : write_all(fd, text);
}

int private_file_write(const char *path, const char *text)
{
        _cleanup_free_ char *fresh = str_printf("%s.new", path);

        if (!fresh)
                return -ENOMEM;
        int r = write_fresh(fresh, text);
        if (r >= 0 && rename(fresh, path) < 0)
                r = -errno;
        if (r < 0)
                (void)unlink(fresh);
        return r;
}
