/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tringd costs while nobody calls: memory and wakeups over a minute, logged in, once over ws
 * and once over wss with the system's folder of certificates.
 */
#include <dirent.h>
#include <string.h>

#include "bench/figure.h"
#include "rig/desktop.h"

#define IDLE_S 60
#define SETTLE_US (2 * USEC_PER_SEC) /* after login: history fetched, timers of start-up over */
#define PRIVATE_DIRTY_TARGET_KIB (1.5 * 1024)
#define PRIVATE_DIRTY_TLS_TARGET_KIB (2.0 * 1024)
#define WAKEUPS_TARGET (IDLE_S / 10.0)

/* The number that follows `field` in a file of /proc/<pid>/. */
static double proc_number(const char *path, const char *field)
{
        _cleanup_free_ char *content = rig_read_file(path);
        const char *found = content ? strstr(content, field) : NULL;

        if (!found)
                rig_fail("%s has no %s", path, field);
        return atof(found + strlen(field));
}

static double memory_kib(const Process *process, const char *field)
{
        char path[RIG_PATH_MAX];

        rig_path(path, "/proc/%d/smaps_rollup", process->pid);
        return proc_number(path, field);
}

/* How often any thread of it has gone to sleep of its own accord: as often as it was woken. */
static double wakeups(const Process *process)
{
        char tasks[RIG_PATH_MAX];
        struct dirent *entry;
        double sum = 0;
        DIR *folder;

        rig_path(tasks, "/proc/%d/task", process->pid);
        folder = opendir(tasks);
        if (!folder)
                rig_fail("%s: %m", tasks);
        while ((entry = readdir(folder)))
                if (entry->d_name[0] != '.') {
                        char path[RIG_PATH_MAX];

                        rig_path(path, "%s/%.20s/status", tasks, entry->d_name);
                        sum += proc_number(path, "\nvoluntary_ctxt_switches:");
                }
        closedir(folder);
        return sum;
}

int main(void)
{
        Rig *rigs[] = {rig_new(), rig_new()};
        Hub *hubs[] = {hub_new(rigs[0]), hub_new_tls(rigs[1])};
        static const char *const schemes[] = {"ws", "wss"};
        static const double targets[] = {PRIVATE_DIRTY_TARGET_KIB, PRIVATE_DIRTY_TLS_TARGET_KIB};
        Desktop *desktops[2];
        double before[2];

        for (int i = 0; i < 2; i++)
                desktops[i] = desktop_new_online(rigs[i], hubs[i], "alice");
        rig_run_for(rigs[0], SETTLE_US);
        for (int i = 0; i < 2; i++)
                before[i] = wakeups(desktops[i]->tringd);
        figure_machine();
        printf("tringd, idle for %d s …\n", IDLE_S);
        fflush(stdout);
        rig_run_for(rigs[0], IDLE_S * USEC_PER_SEC);

        for (int i = 0; i < 2; i++) {
                const Process *tringd = desktops[i]->tringd;
                double woken = wakeups(tringd) - before[i];
                char label[80];

                snprintf(label, sizeof(label), "idle over %s: private dirty", schemes[i]);
                figure_print(label, memory_kib(tringd, "\nPrivate_Dirty:"), "KiB", targets[i]);
                snprintf(label, sizeof(label), "idle over %s: PSS", schemes[i]);
                figure_report(label, memory_kib(tringd, "\nPss:"), "KiB");
                snprintf(label, sizeof(label), "idle over %s: wakeups in %d s", schemes[i], IDLE_S);
                figure_print(label, woken, "", WAKEUPS_TARGET);
        }
        for (int i = 0; i < 2; i++) {
                desktop_free(desktops[i]);
                hub_free(hubs[i]);
                rig_free(rigs[i]);
        }
        return EXIT_SUCCESS;
}
