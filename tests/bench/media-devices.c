/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gaps in a voice when the microphone or the speaker is changed or unplugged during a call; and the
 * cost of echo cancellation. For comparison, the other way to change: a stream that is moved by
 * metadata, as a mixer does.
 */
#include "base/str.h"
#include "bench/figure.h"
#include "bench/usage.h"
#include "media/echo-canceller.h"
#include "media/pipewire.h"
#include "rig/audio-gap.h"
#include "rig/audio-room.h"

#define CHANGES 12
#define WATCH_MS 600 /* after a change: its effects are over */
#define GAP_TARGET_MS 50.0
#define HEAR_MS 10000
#define TONE_HZ 440.0
#define MIX "spk-mix" /* the sound of both speakers, in one place */
#define CHIRPS 16
#define SETTLE_CHIRPS 4
#define COST_MS 5000
#define SETTLE_MS 3000 /* for the jitter buffer to adapt to the change */

static void plug(Room *room, const char *node, const char *class, struct pw_proxy **ret)
{
        rig_check(rig_graph_plug(room->graph, node, class, NULL, ret), node);
}

static void link_to_mix(Room *room, const char *speaker)
{
        struct pw_proxy *link;

        rig_check(rig_graph_link(room->graph, speaker, RIG_PORT_SPEAKER_MONITOR, MIX,
                                 RIG_PORT_SPEAKER, &link),
                  speaker);
        rig_graph_own(room->graph, link);
}

/* Lets the call continue for a while. */
static void pass(Room *room, int ms)
{
        RigHeard heard;

        rig_check(rig_listen(room->graph, "spk-b", TONE_HZ, ms, &heard), "listening");
}

static void print_gaps(const char *what, Samples *gaps)
{
        char label[96];

        snprintf(label, sizeof(label), "%s: gap p50 (n=%zu)", what, gaps->count);
        figure_print(label, samples_percentile(gaps, 0.5), "ms", GAP_TARGET_MS);
        snprintf(label, sizeof(label), "%s: gap, longest", what);
        figure_print(label, samples_percentile(gaps, 1), "ms", GAP_TARGET_MS);
}

static void report_gaps(const char *what, Samples *gaps)
{
        char label[96];

        snprintf(label, sizeof(label), "%s: gap p50 (n=%zu)", what, gaps->count);
        figure_report(label, samples_percentile(gaps, 0.5), "ms");
        snprintf(label, sizeof(label), "%s: gap, longest", what);
        figure_report(label, samples_percentile(gaps, 1), "ms");
}

/* The gaps on this machine without any change. */
static void change_nothing(Room *room, const char *speaker)
{
}

static void change_speaker(Room *room, const char *speaker)
{
        room->alice->speaker = speaker;
        audio_end_change_devices(room->alice);
}

static void change_microphone(Room *room, const char *microphone)
{
        room->alice->microphone = microphone;
        audio_end_change_devices(room->alice);
}

static void retarget_playback(Room *room, const char *speaker)
{
        rig_graph_retarget(room->graph, room->alice->status.media.audio_node, speaker);
}

static void retarget_capture(Room *room, const char *microphone)
{
        char node[128];

        snprintf(node, sizeof(node), "tring.%s.microphone", room->alice->session);
        rig_graph_retarget(room->graph, node, microphone);
}

static void measure_changes(Room *room, RigGap *gap, void (*change)(Room *, const char *),
                            const char *const devices[2], Samples *gaps)
{
        rig_check(rig_gap_wait_sound(gap, HEAR_MS), "the tone");
        for (size_t i = 0; i < CHANGES; i++) {
                pass(room, WATCH_MS);
                rig_gap_restart(gap);
                change(room, devices[(i + 1) % 2]);
                pass(room, WATCH_MS);
                samples_add(gaps, rig_gap_longest_ms(gap));
        }
}

static void measure_speakers(void)
{
        static const char *const speakers[] = {"spk-a", "spk-c"};
        _cleanup_(samples_done) Samples floor = {}, changed = {}, retargeted = {};
        struct pw_proxy *mix, *speaker;
        RigGap *gap;
        Room room;

        room_enter(&room);
        plug(&room, MIX, "Audio/Sink", &mix);
        plug(&room, "spk-c", "Audio/Sink", &speaker);
        link_to_mix(&room, "spk-a");
        link_to_mix(&room, "spk-c");
        room_speak(&room, "mic-b", TONE_HZ);
        room_both_join(&room);
        rig_check(rig_gap_new(room.graph, MIX, &gap), "an ear");
        measure_changes(&room, gap, change_nothing, speakers, &floor);
        measure_changes(&room, gap, change_speaker, speakers, &changed);
        measure_changes(&room, gap, retarget_playback, speakers, &retargeted);
        report_gaps("nothing changed", &floor);
        print_gaps("speaker changed", &changed);
        report_gaps("speaker changed by metadata", &retargeted);

        /*
         * The chosen device goes: the session manager moves the stream, and the worker makes
         * another.
         */
        change_speaker(&room, "spk-c");
        pass(&room, 2 * WATCH_MS);
        rig_gap_restart(gap);
        rig_graph_unplug(room.graph, "spk-c", speaker);
        pass(&room, 2 * WATCH_MS);
        figure_report("speaker gone: gap until the default one plays", rig_gap_longest_ms(gap),
                      "ms");
        plug(&room, "spk-c", "Audio/Sink", &speaker);
        link_to_mix(&room, "spk-c");
        rig_gap_restart(gap);
        pass(&room, 2 * WATCH_MS);
        figure_report("speaker back: gap", rig_gap_longest_ms(gap), "ms");
        rig_gap_free(gap);
        room_leave(&room);
}

static void measure_microphones(void)
{
        static const char *const microphones[] = {"mic-a", "mic-c"};
        _cleanup_(samples_done) Samples changed = {}, retargeted = {};
        struct pw_proxy *microphone;
        RigGap *gap;
        Room room;

        room_enter(&room);
        plug(&room, "mic-c", "Audio/Source/Virtual", &microphone);
        room_speak(&room, "mic-a", TONE_HZ);
        room_speak(&room, "mic-c", TONE_HZ);
        room_both_join(&room);
        rig_check(rig_gap_new(room.graph, "spk-b", &gap), "an ear");
        measure_changes(&room, gap, change_microphone, microphones, &changed);
        measure_changes(&room, gap, retarget_capture, microphones, &retargeted);
        print_gaps("microphone changed", &changed);
        report_gaps("microphone changed by metadata", &retargeted);

        change_microphone(&room, "mic-c");
        pass(&room, 2 * WATCH_MS);
        rig_gap_restart(gap);
        rig_graph_unplug(room.graph, "mic-c", microphone);
        pass(&room, 2 * WATCH_MS);
        figure_report("microphone gone: gap until the default one is heard",
                      rig_gap_longest_ms(gap), "ms");
        rig_gap_free(gap);
        room_leave(&room);
}

static double mouth_to_ear(Room *room)
{
        _cleanup_(samples_done) Samples samples = {};
        double delays[SETTLE_CHIRPS + CHIRPS];

        rig_check(rig_chirp_delays(room->graph, "mic-a", "spk-b", ELEMENTSOF(delays), delays),
                  "chirps");
        for (size_t i = SETTLE_CHIRPS; i < ELEMENTSOF(delays); i++)
                if (delays[i] >= 0)
                        samples_add(&samples, delays[i]);
        return samples.count > 0 ? samples_percentile(&samples, 0.5) : -1;
}

/* With a voice in both directions. */
static double cpu_percent(Room *room)
{
        pid_t pid = room->alice->pid;
        double cpu = usage_cpu_s(pid), at = figure_now_us();

        pass(room, COST_MS);
        return 100 * (usage_cpu_s(pid) - cpu) / ((figure_now_us() - at) / 1e6);
}

#define PROBE_FRAMES 100 /* 1 s; the chirp is in the middle */

/* The delay of the canceller alone, for a chirp from in to out. */
static double canceller_delay_ms(void)
{
        float chirp[RIG_CHIRP_LENGTH], heard[PROBE_FRAMES * AUDIO_FRAME] = {};
        float *begin = &heard[PROBE_FRAMES / 2 * AUDIO_FRAME];
        size_t at = 0;
        EchoCanceller *echo;

        rig_chirp(chirp);
        memcpy(begin, chirp, sizeof(chirp));
        pw_init(NULL, NULL);
        rig_check(echo_canceller_new(&echo), "memory");
        rig_check(echo_canceller_switch(echo, true), "PipeWire's canceller");
        for (size_t i = 0; i < PROBE_FRAMES; i++) {
                int16_t frame[AUDIO_FRAME];

                for (size_t k = 0; k < AUDIO_FRAME; k++)
                        frame[k] = (int16_t)(heard[i * AUDIO_FRAME + k] * 16000);
                echo_canceller_process(echo, frame);
                for (size_t k = 0; k < AUDIO_FRAME; k++)
                        heard[i * AUDIO_FRAME + k] = frame[k] / 16000.0f;
        }
        echo_canceller_free(echo);
        if (rig_chirp_find(heard, ELEMENTSOF(heard), chirp, &at) < 0.5)
                return -1;
        return ((double)at - (double)(begin - heard)) * 1000 / RIG_RATE;
}

static void measure_echo_cancellation(void)
{
        static const char *const how[] = {"without", "with"};
        char label[80];
        Room room;

        figure_report("echo canceller alone: delay", canceller_delay_ms(), "ms");
        room_enter(&room);
        room_both_join(&room);
        for (int on = 0; on < 2; on++) {
                room.alice->cancels_echo = on;
                audio_end_change_devices(room.alice);
                pass(&room, SETTLE_MS);
                snprintf(label, sizeof(label), "%s echo cancellation: mouth to ear p50", how[on]);
                figure_report(label, mouth_to_ear(&room), "ms");
                room_speak(&room, "mic-a", TONE_HZ);
                room_speak(&room, "mic-b", TONE_HZ);
                pass(&room, WATCH_MS);
                snprintf(label, sizeof(label), "%s echo cancellation: worker's CPU", how[on]);
                figure_report(label, cpu_percent(&room), "% of a core");
                snprintf(label, sizeof(label), "%s echo cancellation: worker's PSS", how[on]);
                figure_report(label, usage_pss_kib(room.alice->pid) / 1024, "MiB");
                room_hush(&room);
        }
        room_leave(&room);
}

int main(void)
{
        figure_machine();
        measure_speakers();
        measure_microphones();
        measure_echo_cancellation();
        return 0;
}
