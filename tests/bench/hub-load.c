/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The hub alone under load: full calls (initiate, ring, accept, end, stored) between pairs of
 * simulated devices, with the hub on one processor and the load on another; and for comparison, if
 * installed, a SIP proxy.
 */

#include <string.h>

#include "bench/load.h"
#include "bench/meter.h"
#include "bench/sip-peer.h"

#define RUNS 5
#define RUN_US (1 * USEC_PER_SEC)
#define STEADY_US (3 * USEC_PER_SEC)
#define PAIRS 256 /* enough to saturate the hub; none of them has to wait at a steady rate */
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

        load_run(load, rate, STEADY_US, &result);
        snprintf(what, sizeof(what), "%.0f calls/s", rate);
        snprintf(name, sizeof(name), "%s: hub's CPU time a call", what);
        figure_report(name, result.cpu_us, "µs");
        snprintf(name, sizeof(name), "%s: reached", what);
        figure_report(name, result.rate, "calls/s");
        print_samples(what, "accept to confirmation", &result.confirmed, 2000, 15000);
        load_result_done(&result);
}

/* Takes medians, which other programs affect less. Returns that of processor time. */
static double measure_saturation(Load *load)
{
        Samples rates = {0}, cpus = {0};
        char name[64];

        for (int i = 0; i < RUNS; i++) {
                LoadResult result;

                load_run(load, 0, RUN_US, &result);
                samples_add(&rates, result.rate);
                samples_add(&cpus, result.cpu_us);
                load_result_done(&result);
        }
        double rate = samples_percentile(&rates, 0.5), cpu = samples_percentile(&cpus, 0.5);
        snprintf(name, sizeof(name), "most: full calls (n = %d)", RUNS);
        figure_at_least(name, rate, "calls/s", CALLS_TARGET);
        figure_report("most: full calls in the best of these", rates.values[RUNS - 1], "calls/s");
        figure_report("most: hub's CPU time a call", cpu, "µs");
        figure_report("most: the same in the best of these", cpus.values[0], "µs");
        samples_done(&rates);
        samples_done(&cpus);
        return cpu;
}

static void measure_peer(Rig *rig, double our_cpu_us)
{
        SipResult peer;

        if (!sip_peer_measure(rig, &peer))
                return;
        figure_report("Kamailio: full calls", peer.rate, "calls/s");
        figure_report("Kamailio: CPU time a call", peer.cpu_us, "µs");
        figure_print("hub's CPU time a call / Kamailio's", our_cpu_us / peer.cpu_us, "×", 1.0 / 3);
        printf("  Kamailio passes INVITE, 180, 200, ACK, BYE and 200 on over UDP and keeps the "
               "state "
               "of each\n"
               "  transaction in memory for seconds. The hub knows the users' devices and the "
               "call, confirms\n"
               "  each step once it is stored (kill -9 loses none), keeps both histories, and does "
               "it over\n"
               "  TCP and WebSocket, with JSON that is checked.\n");
}

int main(void)
{
        Rig *rig = rig_new();

        figure_machine();
        meter_place(0);
        Hub *hub =
                hub_new_configured(rig, "[limits]\ncalls-per-minute = 0\nstored-mb-per-day = 0\n");
        meter_place(1);
        Load *load = load_new(hub, PAIRS);
        double cpu_us = measure_saturation(load), most = 1e6 / cpu_us;
        measure_rate(load, 1000);
        measure_rate(load, most > CALLS_TARGET ? CALLS_TARGET : 0.8 * most);
        load_free(load);
        hub_free(hub);
        measure_peer(rig, cpu_us);
        rig_free(rig);
        return 0;
}
