/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/pid-file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

#define STAT_MAX_BYTES 1024 /* of /proc/PID/stat */
#define STAT_AFTER_NAME 20  /* proc(5): the start's place after the name, which may have blanks */

/* When the process was started, in the kernel's ticks. */
static int read_start(pid_t pid, uint64_t *ret)
{
        char path[32], text[STAT_MAX_BYTES];
        _cleanup_(fclosep) FILE *file = NULL;
        const char *at;
        size_t n;

        snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        file = fopen(path, "re");
        if (!file)
                return -errno;
        n = fread(text, 1, sizeof(text) - 1, file);
        text[n] = '\0';
        at = strrchr(text, ')');
        for (int i = 0; at && i < STAT_AFTER_NAME; i++)
                at = strchr(at + 1, ' ');
        return at && sscanf(at, " %" SCNu64, ret) == 1 ? 0 : -EBADMSG;
}

int pid_file_write(const char *path, pid_t pid)
{
        _cleanup_close_ int fd = -1;
        uint64_t start;
        int r = read_start(pid, &start);

        if (r < 0)
                return r;
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        return dprintf(fd, "%d %" PRIu64 "\n", (int)pid, start) < 0 ? -EIO : 0;
}

int pid_file_open(const char *path, pid_t *ret_pid)
{
        _cleanup_(fclosep) FILE *file = fopen(path, "re");
        _cleanup_close_ int pidfd = -1;
        uint64_t start, now;
        int pid;

        if (!file)
                return -errno;
        if (fscanf(file, "%d %" SCNu64, &pid, &start) != 2 || pid <= 0)
                return -EBADMSG;
        /* What the start says of the number is still so of the descriptor, which was there first.
         */
        pidfd = pidfd_open(pid, 0);
        if (pidfd < 0)
                return -errno;
        if (read_start(pid, &now) < 0 || now != start)
                return -ESRCH;
        *ret_pid = pid;
        return TAKE_FD(pidfd);
}
