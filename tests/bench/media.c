/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cost and the delay of a call: two media workers on this machine, between virtual microphones
 * and speakers. Floors: the same through PipeWire alone, and the codec alone.
 */
#include <math.h>
#include <opus.h>
#include <time.h>

#include "base/str.h"
#include "bench/figure.h"
#include "rig/audio-room.h"
#include "rig/picture-camera.h"
#include "rig/picture-eye.h"

#define CHIRPS 60
#define SETTLE_CHIRPS 4 /* at first: the queue fills */
#define FIRST_SOUNDS 12
#define COST_SECONDS 10
#define VIDEO_SECONDS 5
#define COST_SETTLE_MS 10000 /* time in which ICE looks for better paths */
#define MOUTH_TO_EAR_TARGET_MS 45.0
#define FIRST_SOUND_TARGET_MS 150.0
#define CPU_TARGET_PERCENT 4.0
#define PSS_TARGET_MB 20.0
#define HEAR_MS 5000
#define CODEC_SECONDS 10 /* ms of sound */
#define CODEC_FRAME_MS 10
#define CODEC_BITRATE 32000
#define CODEC_COMPLEXITY 5
#define TONE_HZ 440.0
#define VOWEL_HZ 720.0 /* its loudest harmonic */
#define IMPAIRED_SEED 1
#define IMPAIRED_SETTLE_MS 5000
#define IMPAIRED_MS 15000
#define IMPAIRED_DROPOUTS_TARGET 1.0
#define IMPAIRED_MOUTH_TO_EAR_TARGET_MS 120.0

/* As after some ringing: both workers are up and warm. */
static void enter_warm(Room *room)
{
        room_enter(room);
        audio_call_stats(&room->call, room->alice);
        audio_call_stats(&room->call, room->bob);
}

/* From microphone to speaker through PipeWire alone. */
static struct pw_proxy *link_directly(Room *room)
{
        struct pw_proxy *link;

        rig_check(rig_graph_link(room->graph, "mic-a", RIG_PORT_MICROPHONE, "spk-b",
                                 RIG_PORT_SPEAKER, &link),
                  "the direct way");
        return link;
}

static void unlink_again(Room *room, struct pw_proxy *link)
{
        pw_thread_loop_lock(rig_graph_loop(room->graph));
        pw_proxy_destroy(link);
        pw_thread_loop_unlock(rig_graph_loop(room->graph));
}

/* ---- mouth to ear ---- */

static size_t chirp(Room *room, Samples *samples)
{
        double delays[SETTLE_CHIRPS + CHIRPS];
        size_t lost = 0;

        rig_check(rig_chirp_delays(room->graph, "mic-a", "spk-b", ELEMENTSOF(delays), delays),
                  "chirps");
        for (size_t i = SETTLE_CHIRPS; i < ELEMENTSOF(delays); i++) {
                if (delays[i] >= 0)
                        samples_add(samples, delays[i]);
                else
                        lost++;
        }
        return lost;
}

static void measure_mouth_to_ear(Room *room)
{
        _cleanup_(samples_done) Samples floor = {}, call = {};
        struct pw_proxy *link = link_directly(room);
        char label[80];
        size_t lost;

        chirp(room, &floor);
        unlink_again(room, link);
        room_both_join(room);
        lost = chirp(room, &call);
        snprintf(label, sizeof(label), "mouth to ear p50 (n = %zu)", call.count);
        figure_print(label, samples_percentile(&call, 0.5), "ms", MOUTH_TO_EAR_TARGET_MS);
        figure_report("mouth to ear p99", samples_percentile(&call, 0.99), "ms");
        figure_report("  chirps not heard", (double)lost, "");
        figure_report("  floor: PipeWire alone, p50", samples_percentile(&floor, 0.5), "ms");
        figure_report("  floor: PipeWire alone, p99", samples_percentile(&floor, 0.99), "ms");
        figure_report("  ratio to the floor at p50",
                      samples_percentile(&call, 0.5) / samples_percentile(&floor, 0.5), "x");
}

/* ---- on a bad network ---- */

/* The vowel first, then chirps: each is measured while the other is silent. */
static void measure_impaired(Room *room)
{
        const RigWeather bad = {.delay_ms = 20, .jitter_ms = 40, .loss = 0.03};
        _cleanup_(rig_relay_freep) RigRelay *relay = NULL;
        _cleanup_(samples_done) Samples call = {};
        RigTone *vowel;
        char label[80];
        size_t lost, dropouts;

        rig_check(rig_relay_new(IMPAIRED_SEED, &relay), "a relay");
        room->call.relay = relay;
        room_both_join(room);
        rig_relay_set_weather(relay, &bad);
        rig_check(rig_vowel_new(room->graph, "mic-a", &vowel), "a voice");
        rig_check(
                rig_listen_until(room->graph, "spk-b", VOWEL_HZ, RIG_HEARD_DB, true, HEAR_MS, NULL),
                "hearing it");
        rig_check(rig_listen_dropouts(room->graph, "spk-b", IMPAIRED_SETTLE_MS, &dropouts),
                  "listening");
        figure_report("20 + 0…40 ms, 3 % lost: dropouts in the first 5 s", (double)dropouts, "");
        rig_check(rig_listen_dropouts(room->graph, "spk-b", IMPAIRED_MS, &dropouts), "listening");
        figure_print("  dropouts in 15 s after that", (double)dropouts, "",
                     IMPAIRED_DROPOUTS_TARGET);
        rig_tone_free(vowel);
        lost = chirp(room, &call);
        snprintf(label, sizeof(label), "  mouth to ear p50 (n = %zu)", call.count);
        figure_print(label, samples_percentile(&call, 0.5), "ms", IMPAIRED_MOUTH_TO_EAR_TARGET_MS);
        figure_report("  mouth to ear p99", samples_percentile(&call, 0.99), "ms");
        figure_report("  chirps not heard", (double)lost, "");
        figure_report("  packets carried by the relay", rig_relay_carried(relay), "");
        audio_call_leave(&room->call, room->bob);
        audio_call_leave(&room->call, room->alice);
        room->call.relay = NULL;
}

/* ---- cost ---- */

static double cpu_seconds(pid_t pid)
{
        char path[64];
        unsigned long user = 0, system = 0;

        snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        _cleanup_free_ char *text = rig_read_file(path);
        const char *after = text ? strrchr(text, ')') : NULL;

        /* proc(5): state is field 3, utime 14, stime 15. */
        if (!after || sscanf(after, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                             &system) != 2)
                rig_fail("%s cannot be read", path);
        return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double pss_mb(pid_t pid)
{
        char path[64];
        double kb = 0;

        snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
        _cleanup_free_ char *text = rig_read_file(path);
        const char *line = text ? strstr(text, "\nPss:") : NULL;

        if (!line || sscanf(line, "\nPss: %lf kB", &kb) != 1)
                rig_fail("%s cannot be read", path);
        return kb / 1024;
}

/*
 * The cost of Opus alone for one voice each way, with the worker's settings, in % of a core. A
 * worker adds threads, network and sound.
 */
static double codec_percent(void)
{
        const opus_int32 frames = CODEC_SECONDS * 1000 / CODEC_FRAME_MS;
        static opus_int16 samples[RIG_RATE * CODEC_FRAME_MS / 1000];
        unsigned char packet[1500];
        OpusEncoder *encoder = opus_encoder_create(RIG_RATE, 1, OPUS_APPLICATION_VOIP, NULL);
        OpusDecoder *decoder = opus_decoder_create(RIG_RATE, 1, NULL);
        clock_t begun = clock();

        if (!encoder || !decoder)
                rig_fail("no Opus");
        opus_encoder_ctl(encoder, OPUS_SET_BITRATE(CODEC_BITRATE));
        opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(CODEC_COMPLEXITY));
        for (opus_int32 i = 0; i < frames; i++) {
                for (size_t k = 0; k < ELEMENTSOF(samples); k++)
                        samples[k] =
                                (opus_int16)(8192 * sin(2 * M_PI * TONE_HZ * (double)k / RIG_RATE));
                opus_int32 n =
                        opus_encode(encoder, samples, ELEMENTSOF(samples), packet, sizeof(packet));

                rig_check(opus_decode(decoder, packet, n, samples, ELEMENTSOF(samples), 0),
                          "decoding");
        }
        opus_encoder_destroy(encoder);
        opus_decoder_destroy(decoder);
        return 100.0 * (double)(clock() - begun) / CLOCKS_PER_SEC / CODEC_SECONDS;
}

static void measure_cost(Room *room)
{
        pid_t pid = room->alice->pid;
        double floor = codec_percent(), cpu, begun, elapsed;
        RigHeard heard;
        char label[80];

        room_both_join(room);
        room_speak(room, "mic-a", TONE_HZ);
        room_expect_heard(room, "spk-b", TONE_HZ);
        rig_check(rig_listen(room->graph, "spk-b", TONE_HZ, COST_SETTLE_MS, &heard), "listening");
        cpu = cpu_seconds(pid);
        begun = figure_now_us();
        rig_check(rig_listen(room->graph, "spk-b", TONE_HZ, COST_SECONDS * 1000, &heard),
                  "listening");
        elapsed = (figure_now_us() - begun) / 1e6;
        cpu = 100 * (cpu_seconds(pid) - cpu) / elapsed;
        snprintf(label, sizeof(label), "worker in a call, CPU over %.0f s", elapsed);
        figure_print(label, cpu, "%", CPU_TARGET_PERCENT);
        figure_report("  floor: Opus alone, one voice each way", floor, "%");
        figure_report("  ratio to the floor", cpu / floor, "x");
        room_hush(room);
        figure_print("worker in a call, PSS", pss_mb(pid), "MB", PSS_TARGET_MB);
}

/* ---- from accept to the first sound ---- */

/* An ear at Bob's speaker, once the last sound there has faded. */
static RigFirstSound *arm(Room *room)
{
        RigFirstSound *first;

        rig_check(rig_listen_until(room->graph, "spk-b", TONE_HZ, ROOM_SILENCE_DB, false, HEAR_MS,
                                   NULL),
                  "silence");
        rig_check(rig_first_sound_new(room->graph, "spk-b", &first), "an ear");
        return first;
}

static double playback_slot_after_ms(RigFirstSound *first, double begun)
{
        int64_t heard;

        rig_check(rig_first_sound_wait(first, HEAR_MS, &heard), "the first sound");
        rig_first_sound_free(first);
        return ((double)heard / 1000 - begun) / 1000;
}

/* The caller is in the call already, and speaks; the callee joins. */
static double first_sound(Room *room)
{
        RigFirstSound *first;
        double begun, after;

        audio_call_join(&room->call, room->alice, false);
        audio_call_wait_state(&room->call, room->alice, SESSION_CONNECTED);
        first = arm(room);
        begun = figure_now_us();
        audio_call_join(&room->call, room->bob, false);
        audio_call_wait_state(&room->call, room->bob, SESSION_CONNECTED);
        after = playback_slot_after_ms(first, begun);
        audio_call_leave(&room->call, room->bob);
        audio_call_wait_state(&room->call, room->bob, SESSION_LEFT);
        audio_call_leave(&room->call, room->alice);
        audio_call_wait_state(&room->call, room->alice, SESSION_LEFT);
        return after;
}

/* Opening a stream and hearing it, with nothing but PipeWire in between. */
static double first_sound_floor(Room *room)
{
        RigFirstSound *first = arm(room);
        double begun = figure_now_us(), after;

        room_speak(room, "mic-a", TONE_HZ);
        after = playback_slot_after_ms(first, begun);
        room_hush(room);
        return after;
}

static double cpu_of(Room *room, pid_t pid)
{
        double cpu, begun = figure_now_us();
        RigHeard heard;

        cpu = cpu_seconds(pid);
        rig_check(rig_listen(room->graph, "spk-b", TONE_HZ, VIDEO_SECONDS * 1000, &heard),
                  "listening");
        return 100 * (cpu_seconds(pid) - cpu) / ((figure_now_us() - begun) / 1e6);
}

/* Both send a camera's picture of 640×480 at 30 Hz; in the first half nobody looks at it. */
static void measure_video(Room *room)
{
        const pid_t pid = room->alice->pid;
        RigCamera *camera;
        RigEye *eye;

        rig_check(rig_camera_new(room->graph, "cam", &camera), "a camera");
        room->alice->video = room->bob->video = true;
        room_both_join(room);
        audio_call_wait_picture(&room->call, room->alice, true);
        audio_call_wait_picture(&room->call, room->bob, true);
        figure_report("worker in a video call, 640x480 at 30 Hz each way, CPU, nobody looks",
                      cpu_of(room, pid), "%");
        rig_check(rig_eye_new(rig_audio_directory(room->audio),
                              room->alice->status.media.video_node, &eye),
                  "an eye");
        rig_eye_expect(eye, rig_picture_is_camera, "bench");
        figure_report("  while another program shows the picture", cpu_of(room, pid), "%");
        figure_report("worker in a video call, PSS", pss_mb(pid), "MB");
        rig_eye_free(eye);
        rig_camera_free(camera);
}

static void measure_first_sound(Room *room)
{
        _cleanup_(samples_done) Samples samples = {}, floor = {};
        struct pw_proxy *link = link_directly(room);
        char label[80];

        for (size_t i = 0; i < FIRST_SOUNDS; i++)
                samples_add(&floor, first_sound_floor(room));
        unlink_again(room, link);

        room_speak(room, "mic-a", TONE_HZ);
        for (size_t i = 0; i < FIRST_SOUNDS; i++)
                samples_add(&samples, first_sound(room));
        room_hush(room);
        snprintf(label, sizeof(label), "accept to first sound p50 (n = %zu)", samples.count);
        figure_print(label, samples_percentile(&samples, 0.5), "ms", FIRST_SOUND_TARGET_MS);
        figure_report("accept to first sound p99", samples_percentile(&samples, 0.99), "ms");
        figure_report("  floor: a stream opened, p50", samples_percentile(&floor, 0.5), "ms");
        figure_report("  floor: a stream opened, p99", samples_percentile(&floor, 0.99), "ms");
        figure_report("  ratio to the floor at p50",
                      samples_percentile(&samples, 0.5) / samples_percentile(&floor, 0.5), "x");
}

/* In a room of its own each, so that none is measured after another has worn it. */
static const struct {
        const char *name;
        void (*measure)(Room *room);
} parts[] = {
        {"mouth-to-ear", measure_mouth_to_ear},
        {"impaired", measure_impaired},
        {"cost", measure_cost},
        {"video", measure_video},
        {"first-sound", measure_first_sound},
};

/* Runs all parts, or the ones that are named. */
int main(int argc, char *argv[])
{
        Room room;

        figure_machine();
        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                bool wanted = argc < 2;

                for (int k = 1; k < argc; k++)
                        wanted |= str_eq(argv[k], parts[i].name);
                if (!wanted)
                        continue;
                enter_warm(&room);
                parts[i].measure(&room);
                room_leave(&room);
        }
        return EXIT_SUCCESS;
}
