/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A voice from one virtual microphone to another virtual speaker: through our workers and, in the
 * same run, through two baresip that call each other directly.
 */
#include "bench/baresip.h"
#include "bench/figure.h"
#include "bench/usage.h"
#include "rig/audio-room.h"

#define CHIRPS 40
#define SETTLE_CHIRPS 6 /* at first: the buffers fill */
#define COST_SECONDS 10
#define TONE_HZ 440.0
#define HEAR_MS 10000

typedef struct Carried {
        double p50_ms, p99_ms, lost;
        double cpu_percent, pss_mb; /* of the program on the speaking side */
} Carried;

/* From mic-a to spk-b; `pid` is the program behind mic-a. */
static Carried measure(Room *room, pid_t pid)
{
        double delays[SETTLE_CHIRPS + CHIRPS], cpu, begun;
        _cleanup_(samples_done) Samples samples = {};
        Carried carried = {};
        RigHeard heard;

        room_speak(room, "mic-a", TONE_HZ);
        rig_check(
                rig_listen_until(room->graph, "spk-b", TONE_HZ, RIG_HEARD_DB, true, HEAR_MS, NULL),
                "the tone");
        cpu = usage_cpu_s(pid);
        begun = figure_now_us();
        rig_check(rig_listen(room->graph, "spk-b", TONE_HZ, COST_SECONDS * 1000, &heard),
                  "listening");
        carried.cpu_percent = 100 * (usage_cpu_s(pid) - cpu) / ((figure_now_us() - begun) / 1e6);
        carried.pss_mb = usage_pss_kib(pid) / 1024;
        room_hush(room);

        rig_check(rig_chirp_delays(room->graph, "mic-a", "spk-b", ELEMENTSOF(delays), delays),
                  "chirps");
        for (size_t i = SETTLE_CHIRPS; i < ELEMENTSOF(delays); i++) {
                if (delays[i] >= 0)
                        samples_add(&samples, delays[i]);
                else
                        carried.lost++;
        }
        carried.p50_ms = samples_percentile(&samples, 0.5);
        carried.p99_ms = samples_percentile(&samples, 0.99);
        return carried;
}

static Carried measure_workers(void)
{
        Carried carried;
        Room room;

        room_enter(&room);
        room_both_join(&room);
        carried = measure(&room, room.alice->pid);
        room_leave(&room);
        return carried;
}

static Carried measure_baresip(void)
{
        static const char *const devices[] = {"mic-a", "spk-a", "mic-b", "spk-b"};
        Rig *rig = rig_new();
        BaresipCall call = {};
        Carried carried;
        Room room;

        /* The workers of the room stay idle. */
        room_enter(&room);
        baresip_call_begin(rig, rig_audio_directory(room.audio), devices, &call);
        carried = measure(&room, call.caller->pid);
        baresip_call_end(&call);
        room_leave(&room);
        rig_free(rig);
        return carried;
}

static void print(const char *who, const Carried *carried)
{
        char label[80];

        snprintf(label, sizeof(label), "%s: mouth to ear p50 (n = %d)", who, CHIRPS);
        figure_report(label, carried->p50_ms, "ms");
        snprintf(label, sizeof(label), "%s: mouth to ear p99", who);
        figure_report(label, carried->p99_ms, "ms");
        snprintf(label, sizeof(label), "%s: chirps not heard", who);
        figure_report(label, carried->lost, "");
        snprintf(label, sizeof(label), "%s: CPU over %d s", who, COST_SECONDS);
        figure_report(label, carried->cpu_percent, "%");
        snprintf(label, sizeof(label), "%s: PSS", who);
        figure_report(label, carried->pss_mb, "MB");
}

int main(void)
{
        const char *missing = baresip_missing();
        Carried ours, theirs;

        figure_machine();
        ours = measure_workers();
        print("tring-media", &ours);
        if (missing) {
                printf("baresip: %s is not installed: left out\n", missing);
                return EXIT_SUCCESS;
        }
        theirs = measure_baresip();
        print("baresip", &theirs);
        figure_report("ratio of mouth to ear at p50", ours.p50_ms / theirs.p50_ms, "x");
        figure_report("ratio of CPU", ours.cpu_percent / theirs.cpu_percent, "x");
        figure_report("ratio of PSS", ours.pss_mb / theirs.pss_mb, "x");
        return EXIT_SUCCESS;
}
