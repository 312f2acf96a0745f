/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define FILE_MAX (sizeof(Credentials) + 64) /* the lines with their keys */
#define OWNER_KEY "hub-owner="
#define OWNER_LINE_MAX 32 /* bytes */

static const struct {
        const char *key;
        size_t offset, size;
} lines[] = {
        {"hub=", offsetof(Credentials, hub), HUB_URL_MAX + 1},
        {"token=", offsetof(Credentials, token), TOKEN_MAX + 1},
        {"device-name=", offsetof(Credentials, device_name), NAME_MAX_BYTES + 1},
};

void credentials_done(Credentials *credentials)
{
        explicit_bzero(credentials, sizeof(*credentials));
}

static int check_mode(int fd, const char *path, char **ret_text)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode)) {
                *ret_text = str_printf("%s is not a regular file", path);
                return -EPERM;
        }
        if (st.st_uid != geteuid()) {
                *ret_text = str_printf("%s belongs to user %u, not to us: log in again", path,
                                       st.st_uid);
                return -EPERM;
        }
        if (st.st_mode & 077) {
                *ret_text = str_printf("%s has mode %04o, others can read the token in it: "
                                       "log in again with a new one",
                                       path, st.st_mode & 07777);
                return -EPERM;
        }
        return 0;
}

static ssize_t read_all(int fd, char *buffer, size_t size)
{
        size_t used = 0;

        while (used < size) {
                ssize_t n = read(fd, buffer + used, size - used);

                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                used += (size_t)n;
        }
        return (ssize_t)used;
}

/* Writes the line that is there if the hub is on this machine. */
static int print_owner(char *buffer, size_t size, uid_t owner)
{
        return snprintf(buffer, size, OWNER_KEY "%u\n", owner);
}

/* Earlier versions wrote no such line. */
static int parse_owner(const char *line, Credentials *ret)
{
        char expected[OWNER_LINE_MAX + 1];

        ret->has_owner = !str_empty(line);
        if (!ret->has_owner)
                return 0;
        if (strncmp(line, OWNER_KEY, strlen(OWNER_KEY)) != 0)
                return -EBADMSG;
        ret->owner = (uid_t)strtoul(line + strlen(OWNER_KEY), NULL, 10);
        print_owner(expected, sizeof(expected), ret->owner);
        return str_eq(line, expected) ? 0 : -EBADMSG;
}

/* Accepts the lines that write_file() writes, in the same order, and nothing else. */
static int parse(char *text, Credentials *ret)
{
        char *line = text;

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                char *end = line ? strchr(line, '\n') : NULL;
                size_t key = strlen(lines[i].key);

                if (!end || strncmp(line, lines[i].key, key) != 0)
                        return -EBADMSG;
                *end = '\0';
                if (str_copy((char *)ret + lines[i].offset, lines[i].size, line + key) < 0 ||
                    !text_is_valid(line + key, lines[i].size))
                        return -EBADMSG;
                line = end + 1;
        }
        if (str_empty(ret->hub) || str_empty(ret->token))
                return -EBADMSG;
        return parse_owner(line, ret);
}

int credentials_load(const char *path, Credentials *ret, char **ret_text)
{
        char text[FILE_MAX + 1];
        _cleanup_(credentials_done) Credentials read_here = {};
        _cleanup_close_ int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
        int r = !path ? -ENOENT : fd < 0 ? -errno : check_mode(fd, path, ret_text);

        if (r >= 0) {
                ssize_t n = read_all(fd, text, FILE_MAX);

                r = n < 0 ? (int)n : 0;
                text[n < 0 ? 0 : n] = '\0';
        }
        if (r >= 0) {
                r = parse(text, &read_here);
                explicit_bzero(text, sizeof(text));
        }
        if (r == -EBADMSG)
                *ret_text = str_printf("%s is damaged: log in again", path);
        else if (r < 0 && r != -ENOENT && !*ret_text)
                *ret_text = str_printf("%s: %s", path, strerror(-r));
        if (r < 0)
                return r;
        *ret = read_here;
        return 0;
}

static int write_all(int fd, const char *text, size_t length)
{
        while (length > 0) {
                ssize_t n = write(fd, text, length);

                if (n < 0)
                        return -errno;
                text += n;
                length -= (size_t)n;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

static int write_file(const char *path, const Credentials *credentials)
{
        char text[FILE_MAX + 1];
        _cleanup_close_ int fd =
                open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
                return -errno;
        /* open() does not change the mode of a file that a crash has left. */
        if (fchmod(fd, 0600) < 0)
                return -errno;
        int length =
                snprintf(text, sizeof(text), "%s%s\n%s%s\n%s%s\n", lines[0].key, credentials->hub,
                         lines[1].key, credentials->token, lines[2].key, credentials->device_name);
        if (credentials->has_owner)
                length += print_owner(text + length, sizeof(text) - (size_t)length,
                                      credentials->owner);
        int r = write_all(fd, text, (size_t)length);
        explicit_bzero(text, sizeof(text));
        return r;
}

int credentials_save(const char *path, const Credentials *credentials)
{
        _cleanup_free_ char *fresh = str_printf("%s.new", path);

        if (!fresh)
                return -ENOMEM;
        int r = write_file(fresh, credentials);
        if (r >= 0 && rename(fresh, path) < 0)
                r = -errno;
        if (r < 0)
                (void)unlink(fresh);
        return r;
}

int credentials_forget(const char *path)
{
        return path && unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}
