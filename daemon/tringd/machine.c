/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <systemd/sd-id128.h>

#include "base/log.h"
#include "base/str.h"

/* The application's id (sd-id128): other uses of the machine's id give other results. */
#define TRING_STATE_ID SD_ID128_MAKE(8f, 2d, 3c, 51, 0e, 6b, 4a, 97, b1, 5f, 70, c4, 2a, 9d, e8, 36)

int machine_id(char ret[static MACHINE_ID_MAX + 1])
{
        sd_id128_t id;
        int r = sd_id128_get_machine_app_specific(TRING_STATE_ID, &id);

        *ret = '\0';
        if (r >= 0)
                sd_id128_to_string(id, ret);
        return r;
}

static bool id_is_valid(const char *id)
{
        return strspn(id, "0123456789abcdef") == MACHINE_ID_MAX && !id[MACHINE_ID_MAX];
}

/* Reads the id in the file; empty if there is no file, or nothing in it that makes sense. */
static int read_owner(const char *path, char ret[static MACHINE_ID_MAX + 1])
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        char text[MACHINE_ID_MAX + 2] = "";

        *ret = '\0';
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        if (read(fd, text, MACHINE_ID_MAX + 1) < 0)
                return -errno;
        text[strcspn(text, "\n")] = '\0';
        if (id_is_valid(text))
                memcpy(ret, text, MACHINE_ID_MAX + 1);
        return 0;
}

/* By rename: no other computer ever reads half of it. */
static int write_owner(const char *path, const char *id)
{
        _cleanup_free_ char *fresh = str_printf("%s.%s", path, id);
        _cleanup_free_ char *line = str_printf("%s\n", id);

        if (!fresh || !line)
                return -ENOMEM;
        _cleanup_close_ int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        ssize_t length = (ssize_t)strlen(line);
        ssize_t n = write(fd, line, (size_t)length);
        int r = n == length ? 0 : n < 0 ? -errno : -EIO;

        if (r >= 0 && rename(fresh, path) < 0)
                r = -errno;
        if (r < 0)
                (void)unlink(fresh);
        return r;
}

int machine_folder(const char *base, const char *id, char **ret)
{
        _cleanup_free_ char *path = str_printf("%s/machine", base);
        char owner[MACHINE_ID_MAX + 1] = "";
        int r = 0;

        if (!path)
                return -ENOMEM;
        if (*id)
                r = read_owner(path, owner);
        /* A note that cannot be read may be another computer's. */
        if (*id && r >= 0 && !*owner)
                r = write_owner(path, id);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                log_info("cannot tell which computer %s belongs to: %s", base, strerror(-r));
        *ret = !*owner || str_eq(owner, id) ? strdup(base) : str_printf("%s/%s", base, id);
        return *ret ? 0 : -ENOMEM;
}
