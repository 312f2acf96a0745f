/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The time from exec of tringd until it owns its name on the bus, with the database and the login
 * of an earlier run, over ws and over wss.
 */
#include "bench/figure.h"
#include "rig/desktop.h"

#define STARTS 100
#define WARM_UP 5
#define START_TARGET_MS 8.0

static void measure(bool tls)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(hub_freep) Hub *hub = tls ? hub_new_tls(rig) : hub_new(rig);
        _cleanup_(desktop_freep) Desktop *desktop = desktop_new_online(rig, hub, "alice");
        _cleanup_(samples_done) Samples samples = {};
        char label[80];

        desktop_stop(desktop);
        for (int i = 0; i < WARM_UP + STARTS; i++) {
                double begun = figure_now_us();

                desktop_start(desktop);
                if (i >= WARM_UP)
                        samples_add(&samples, (figure_now_us() - begun) / 1000);
                /* Waits until it has connected too, so that it leaves the same state each time. */
                desktop_wait_online(desktop);
                desktop_stop(desktop);
        }
        snprintf(label, sizeof(label), "start to name owned, %s, p50 (n = %zu)", tls ? "wss" : "ws",
                 samples.count);
        figure_print(label, samples_percentile(&samples, 0.5), "ms", START_TARGET_MS);
        snprintf(label, sizeof(label), "start to name owned, %s, p99", tls ? "wss" : "ws");
        figure_report(label, samples_percentile(&samples, 0.99), "ms");
}

int main(void)
{
        figure_machine();
        measure(false);
        measure(true);
        return EXIT_SUCCESS;
}
