/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench/meter.h"

#include <dirent.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rig/rig.h"

#define FIRST_NICE (-20)

/* The fields of /proc/PID/stat that matter here; false if the process is gone. */
static bool read_stat(pid_t pid, pid_t *ret_parent, double *ret_us)
{
        unsigned long user, kernel;
        char path[64];
        int parent;

        snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        _cleanup_free_ char *stat = rig_read_file(path);
        const char *rest = stat ? strrchr(stat, ')') : NULL;
        if (!rest || sscanf(rest + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                            &parent, &user, &kernel) != 3)
                return false;
        *ret_parent = parent;
        *ret_us = (double)(user + kernel) * 1e6 / (double)sysconf(_SC_CLK_TCK);
        return true;
}

double meter_cpu_us(pid_t pid)
{
        const struct dirent *entry;
        double sum = 0, ns;
        char path[320];

        snprintf(path, sizeof(path), "/proc/%d/task", pid);
        DIR *threads = opendir(path);
        if (!threads)
                rig_fail("process %d is gone", pid);
        while ((entry = readdir(threads))) {
                snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, entry->d_name);
                /* ".." would count the first thread again. */
                _cleanup_free_ char *text = entry->d_name[0] == '.' ? NULL : rig_read_file(path);
                if (text && sscanf(text, "%lf", &ns) == 1)
                        sum += ns / 1000;
        }
        closedir(threads);
        return sum;
}

double meter_cpu_children_us(pid_t pid)
{
        DIR *processes = opendir("/proc");
        const struct dirent *entry;
        double sum = 0, us;
        pid_t parent;

        if (!processes)
                rig_fail("cannot read /proc: %m");
        while ((entry = readdir(processes))) {
                pid_t child = atoi(entry->d_name);

                if (child > 0 && read_stat(child, &parent, &us) && parent == pid)
                        sum += us + meter_cpu_children_us(child);
        }
        closedir(processes);
        return sum;
}

/*
 * Nice values apply within a session only, whose own value is in a file, unless that is switched
 * off.
 */
void meter_come_first(void)
{
        FILE *session = fopen("/proc/self/autogroup", "we");

        (void)setpriority(PRIO_PROCESS, 0, FIRST_NICE);
        if (!session)
                return;
        fprintf(session, "%d", FIRST_NICE);
        (void)fclose(session);
}

void meter_place(int cpu)
{
        cpu_set_t set;

        meter_come_first();
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
                rig_check(sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}
