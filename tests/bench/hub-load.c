/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The hub alone under load: full calls (initiate, ring, accept, end, stored) between pairs of
 * hand-made devices, the hub on one processor and who loads it on another.
 */

#include <string.h>

#include "bench/load.h"
#include "bench/meter.h"

#define LOAD_US (2 * USEC_PER_SEC)
#define PAIRS 256 /* as many as saturate the hub, and leave none waiting at a steady rate */
#define CALLS_TARGET 15000 /* full calls a second on one core */

static void print_samples(const char *what, const char *of, Samples *samples, double p50,
                          double p99)
{
        char name[96];

        snprintf(name, sizeof(name), "%s: %s p50", what, of);
        figure_print(name, samples_percentile(samples, 0.5), "µs", p50);
        snprintf(name, sizeof(name), "%s: %s p99", what, of);
        figure_print(name, samples_percentile(samples, 0.99), "µs", p99);
}

static void measure_rate(Load *load, double rate)
{
        LoadResult result;
        char what[32], name[64];

        load_run(load, rate, LOAD_US, &result);
        snprintf(what, sizeof(what), "%.0f calls/s", rate);
        snprintf(name, sizeof(name), "%s: hub's CPU time a call", what);
        figure_report(name, result.cpu_us, "µs");
        snprintf(name, sizeof(name), "%s: reached", what);
        figure_report(name, result.rate, "calls/s");
        print_samples(what, "accept to confirmation", &result.confirmed, 2000, 15000);
        load_result_done(&result);
}

static double measure_saturation(Load *load)
{
        LoadResult result;

        load_run(load, 0, LOAD_US, &result);
        figure_at_least("as many as it takes: full calls", result.rate, "calls/s", CALLS_TARGET);
        figure_report("as many as it takes: hub's CPU time a call", result.cpu_us, "µs");
        load_result_done(&result);
        return result.rate;
}

int main(void)
{
        Rig *rig = rig_new();

        figure_machine();
        Hub *hub = hub_new_configured(rig, "[limits]\ncalls-per-minute = 0\n");
        meter_pin(hub->process->pid, 0);
        meter_pin(0, 1);
        Load *load = load_new(hub, PAIRS);
        double most = measure_saturation(load);
        measure_rate(load, 1000);
        measure_rate(load, most > CALLS_TARGET ? CALLS_TARGET : 0.8 * most);
        load_free(load);
        hub_free(hub);
        rig_free(rig);
        return 0;
}
