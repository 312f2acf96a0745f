/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define FILLER "filler"

static void write_text(const char *path, const char *text)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                rig_fail("cannot write %s: %s", path, strerror(errno));
}

/* Without root, mounting needs a user namespace. */
static void enter_namespace(void)
{
        static bool entered;
        unsigned uid = geteuid(), gid = getegid();

        if (entered)
                return;
        if (unshare(CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER)) < 0)
                rig_fail("a test with a full disk needs a mount namespace: %s", strerror(errno));
        if (uid != 0) {
                char map[64];

                write_text("/proc/self/setgroups", "deny");
                snprintf(map, sizeof(map), "%u %u 1", uid, uid);
                write_text("/proc/self/uid_map", map);
                snprintf(map, sizeof(map), "%u %u 1", gid, gid);
                write_text("/proc/self/gid_map", map);
        }
        /*
         * EINVAL: in a chroot the root is no mount that could be made private. If mounts are
         * shared, this one is then visible outside, until disk_remove().
         */
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 && errno != EINVAL)
                rig_fail("cannot keep mounts to the test: %s", strerror(errno));
        entered = true;
}

static void copy(Rig *rig, const char *from, const char *to)
{
        const Environment environment = {};
        char source[RIG_PATH_MAX];
        RunResult result;

        rig_path(source, "%s/.", from);
        process_run(rig, &environment, ARGV("/bin/cp", "-a", source, to), NULL, &result);
        if (result.status != 0)
                rig_fail("cp -a %s %s: %s", source, to, result.err);
        free(result.out);
        free(result.err);
}

void disk_put_under(Rig *rig, const char *folder)
{
        char aside[RIG_PATH_MAX];

        enter_namespace();
        rig_path(aside, "%s.aside", folder);
        if (rename(folder, aside) < 0 || mkdir(folder, 0700) < 0)
                rig_fail("cannot move %s aside: %s", folder, strerror(errno));
        if (mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700,size=" DISK_SIZE) < 0)
                rig_fail("cannot mount a tmpfs at %s: %s", folder, strerror(errno));
        copy(rig, aside, folder);
}

void disk_remove(const char *folder)
{
        if (umount2(folder, MNT_DETACH) < 0)
                rig_fail("cannot unmount %s: %s", folder, strerror(errno));
}

void disk_fill(const char *folder)
{
        static const char bytes[4096];
        char path[RIG_PATH_MAX];
        ssize_t n;

        rig_path(path, "%s/" FILLER, folder);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
                rig_fail("cannot make %s: %s", path, strerror(errno));
        while ((n = write(fd, bytes, sizeof(bytes))) > 0)
                ;
        if (n == 0 || errno != ENOSPC)
                rig_fail("cannot fill %s: %s", folder, strerror(errno));
}

void disk_clear(const char *folder)
{
        char path[RIG_PATH_MAX];

        rig_path(path, "%s/" FILLER, folder);
        if (unlink(path) < 0)
                rig_fail("cannot remove %s: %s", path, strerror(errno));
}
