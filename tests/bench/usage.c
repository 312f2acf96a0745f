/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench/usage.h"

#include <dirent.h>
#include <string.h>

#include "rig/rig.h"

/* The number after `field` in a file of /proc. */
static double number_after(const char *path, const char *field)
{
        _cleanup_free_ char *content = rig_read_file(path);
        const char *found = content ? strstr(content, field) : NULL;

        if (!found)
                rig_fail("%s has no %s", path, field);
        return atof(found + strlen(field));
}

static double memory_kib(pid_t pid, const char *field)
{
        char path[RIG_PATH_MAX];

        rig_path(path, "/proc/%d/smaps_rollup", (int)pid);
        return number_after(path, field);
}

double usage_pss_kib(pid_t pid)
{
        return memory_kib(pid, "\nPss:");
}

double usage_private_dirty_kib(pid_t pid)
{
        return memory_kib(pid, "\nPrivate_Dirty:");
}

double usage_cpu_s(pid_t pid)
{
        char path[RIG_PATH_MAX];
        unsigned long user = 0, system = 0;

        rig_path(path, "/proc/%d/stat", (int)pid);
        _cleanup_free_ char *text = rig_read_file(path);
        const char *after = text ? strrchr(text, ')') : NULL;

        /* proc(5): state is field 3, utime 14, stime 15. */
        if (!after || sscanf(after, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                             &system) != 2)
                rig_fail("%s cannot be read", path);
        return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Calls `see` for each entry of /proc/<pid>/<folder>; returns how many there are. */
static unsigned each_entry(pid_t pid, const char *folder, void (*see)(const char *path, void *data),
                           void *data)
{
        char path[RIG_PATH_MAX];
        struct dirent *entry;
        unsigned n = 0;
        DIR *open;

        rig_path(path, "/proc/%d/%s", (int)pid, folder);
        open = opendir(path);
        if (!open)
                rig_fail("%s: %m", path);
        while ((entry = readdir(open))) {
                if (entry->d_name[0] == '.')
                        continue;
                n++;
                if (see) {
                        char one[RIG_PATH_MAX];

                        rig_path(one, "%.128s/%.20s", path, entry->d_name);
                        see(one, data);
                }
        }
        closedir(open);
        return n;
}

unsigned usage_threads(pid_t pid)
{
        return each_entry(pid, "task", NULL, NULL);
}

unsigned usage_descriptors(pid_t pid)
{
        return each_entry(pid, "fd", NULL, NULL);
}

static void add_wakeups(const char *task, void *data)
{
        char path[RIG_PATH_MAX];

        rig_path(path, "%.200s/status", task);
        *(double *)data += number_after(path, "\nvoluntary_ctxt_switches:");
}

double usage_wakeups(pid_t pid)
{
        double sum = 0;

        each_entry(pid, "task", add_wakeups, &sum);
        return sum;
}
