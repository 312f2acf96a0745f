/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/secret-file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/str.h"

#define AROUND_MAX 64 /* bytes of blanks and line ends around the secret */

char *secret_free(char *secret)
{
        if (secret)
                explicit_bzero(secret, strlen(secret));
        free(secret);
        return NULL;
}

static int read_all(int fd, char *buffer, size_t size, size_t *ret_length)
{
        size_t length = 0;

        while (length < size) {
                ssize_t n = read(fd, buffer + length, size - length);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                length += (size_t)n;
        }
        *ret_length = length;
        return 0;
}

/* Copies the secret, without the blanks around it, out of `buffer`. */
static int find_secret(char *buffer, size_t length, size_t max, char **ret)
{
        while (length > 0 && isspace((unsigned char)buffer[length - 1]))
                length--;
        while (length > 0 && isspace((unsigned char)*buffer)) {
                buffer++;
                length--;
        }
        if (length == 0)
                return -ENODATA;
        if (length > max)
                return -E2BIG;
        for (size_t i = 0; i < length; i++)
                if (!isgraph((unsigned char)buffer[i]))
                        return -EINVAL;
        buffer[length] = '\0';
        *ret = strdup(buffer);
        return *ret ? 0 : -ENOMEM;
}

static int open_checked(const char *path)
{
        struct stat st;

        if (str_eq(path, "-"))
                return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        /* Only a regular file has a meaningful mode; a pipe (process substitution) passes. */
        if (S_ISREG(st.st_mode) && st.st_mode & (S_IRWXG | S_IRWXO))
                return -EPERM;
        return TAKE_FD(fd);
}

static int read_secret(const char *path, size_t max, char **ret)
{
        size_t size = max + AROUND_MAX + 1, length = 0;
        _cleanup_close_ int fd = open_checked(path);

        if (fd < 0)
                return fd;
        char *buffer = malloc(size);
        if (!buffer)
                return -ENOMEM;
        int r = read_all(fd, buffer, size - 1, &length);
        if (r == 0)
                r = find_secret(buffer, length, max, ret);
        explicit_bzero(buffer, size);
        free(buffer);
        return r;
}

int secret_file_read(const char *path, size_t max, char **ret, char text[static SECRET_TEXT_MAX])
{
        char name[128];
        int r = read_secret(path, max, ret);

        str_printable(name, sizeof(name), str_eq(path, "-") ? "standard input" : path);
        switch (r) {
        case 0:
                break;
        case -EPERM:
                snprintf(text, SECRET_TEXT_MAX,
                         "%s can be read by other users: chmod 600 it, or mint a new token", name);
                break;
        case -ENODATA:
                snprintf(text, SECRET_TEXT_MAX, "%s is empty: a token was expected", name);
                break;
        case -E2BIG:
                snprintf(text, SECRET_TEXT_MAX, "%s holds more than a token of %zu bytes", name,
                         max);
                break;
        case -EINVAL:
                snprintf(text, SECRET_TEXT_MAX, "%s does not hold a token: one word was expected",
                         name);
                break;
        default:
                snprintf(text, SECRET_TEXT_MAX, "%s cannot be read: %s", name, strerror(-r));
        }
        return r;
}
