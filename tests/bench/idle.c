/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cost of an idle tringd: memory and wakeups over a minute, logged in, once over ws and once
 * over wss with the system's folder of certificates.
 */
#include "bench/figure.h"
#include "bench/usage.h"
#include "rig/desktop.h"

#define IDLE_S 60
#define SETTLE_US (2 * USEC_PER_SEC) /* after login: start-up is over */
#define PRIVATE_DIRTY_TARGET_KIB (1.5 * 1024)
#define PRIVATE_DIRTY_TLS_TARGET_KIB (2.0 * 1024)
#define WAKEUPS_TARGET (IDLE_S / 10.0)

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
                before[i] = usage_wakeups(desktops[i]->tringd->pid);
        figure_machine();
        printf("tringd, idle for %d s …\n", IDLE_S);
        fflush(stdout);
        rig_run_for(rigs[0], IDLE_S * USEC_PER_SEC);

        for (int i = 0; i < 2; i++) {
                pid_t tringd = desktops[i]->tringd->pid;
                double woken = usage_wakeups(tringd) - before[i];
                char label[80];

                snprintf(label, sizeof(label), "idle over %s: private dirty", schemes[i]);
                figure_print(label, usage_private_dirty_kib(tringd), "KiB", targets[i]);
                snprintf(label, sizeof(label), "idle over %s: PSS", schemes[i]);
                figure_report(label, usage_pss_kib(tringd), "KiB");
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
