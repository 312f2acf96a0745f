/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The hub alone under load: full calls (initiate, ring, accept, end, stored) between pairs of
 * hand-made devices, the hub on one processor and who loads it on another; and beside it, where it
 * is installed, a SIP proxy.
 */

#include <string.h>

#include "bench/load.h"
#include "bench/meter.h"
#include "bench/sip-peer.h"

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

static LoadResult measure_saturation(Load *load)
{
        LoadResult result;

        load_run(load, 0, LOAD_US, &result);
        figure_at_least("as many as it takes: full calls", result.rate, "calls/s", CALLS_TARGET);
        figure_report("as many as it takes: hub's CPU time a call", result.cpu_us, "µs");
        load_result_done(&result);
        return result;
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
        Hub *hub = hub_new_configured(rig, "[limits]\ncalls-per-minute = 0\n");
        meter_place(1);
        Load *load = load_new(hub, PAIRS);
        LoadResult most = measure_saturation(load);
        measure_rate(load, 1000);
        measure_rate(load, most.rate > CALLS_TARGET ? CALLS_TARGET : 0.8 * most.rate);
        load_free(load);
        hub_free(hub);
        measure_peer(rig, most.cpu_us);
        rig_free(rig);
        return 0;
}
