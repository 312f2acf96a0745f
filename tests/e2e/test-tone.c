/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `tring-media tone`: ring and ring-back, heard at virtual speakers. */

#include <math.h>
#include <signal.h>
#include <sndfile.h>

#include "base/str.h"
#include "rig/audio-room.h"
#include "rig/process.h"
#include "rig/trial.h"
#include "suite.h"

#define RING_HZ 700.0
#define BACK_HZ 425.0
#define SOUND_RATE 44100 /* differs from the graph's rate: files have their own */
#define STOP_MAX_US (200 * USEC_PER_MSEC)

typedef struct Hall {
        Rig *rig;
        RigAudio *audio;
        RigGraph *graph;
        Environment environment;
} Hall;

/* Half a second of a tone. */
static void write_sound(const char *path, double frequency)
{
        static float samples[SOUND_RATE / 2];
        SF_INFO info = {.samplerate = SOUND_RATE,
                        .channels = 1,
                        .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
        SNDFILE *file = sf_open(path, SFM_WRITE, &info);

        ck_assert_ptr_nonnull(file);
        for (size_t i = 0; i < ELEMENTSOF(samples); i++)
                samples[i] = (float)(0.5 * sin(2 * M_PI * frequency * (double)i / SOUND_RATE));
        sf_writef_float(file, samples, ELEMENTSOF(samples));
        sf_close(file);
}

/* Makes a sound theme for the user, with both sounds. */
static void write_theme(const Hall *hall)
{
        static const char *const folders[] = {"data", "data/sounds", "data/sounds/freedesktop",
                                              "data/sounds/freedesktop/stereo"};
        char path[RIG_PATH_MAX];

        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                rig_path(path, "%s/%s", hall->rig->dir, folders[i]);
                rig_mkdir(path);
        }
        rig_path(path, "%s/data/sounds/freedesktop/stereo/phone-incoming-call.wav", hall->rig->dir);
        write_sound(path, RING_HZ);
        rig_path(path, "%s/data/sounds/freedesktop/stereo/phone-outgoing-calling.wav",
                 hall->rig->dir);
        write_sound(path, BACK_HZ);
}

static void hall_enter(Hall *hall)
{
        static const char *const microphones[] = {NULL};
        static const char *const speakers[] = {"spk-a", "spk-b", NULL};

        *hall = (Hall){.rig = rig_new()};
        rig_check(rig_audio_new(microphones, speakers, &hall->audio), "virtual audio");
        rig_check(rig_graph_new(rig_audio_directory(hall->audio), &hall->graph), "its graph");
        write_theme(hall);
        environment_init(&hall->environment, hall->rig);
        environment_set(&hall->environment, "PIPEWIRE_RUNTIME_DIR", "%s",
                        rig_audio_directory(hall->audio));
        environment_set(&hall->environment, "XDG_DATA_HOME", "%s/data", hall->rig->dir);
        environment_set(&hall->environment, "XDG_DATA_DIRS", "/nonexistent");
}

static void hall_leave(Hall *hall)
{
        environment_done(&hall->environment);
        rig_graph_free(hall->graph);
        rig_audio_free(hall->audio);
        rig_free(hall->rig);
}

static bool is_heard(Hall *hall, const char *speaker, double frequency)
{
        return rig_listen_until(hall->graph, speaker, frequency, RIG_HEARD_DB, true,
                                rig_patience_ms(), NULL) == 0;
}

static Process *play(Hall *hall, const char *const *argv)
{
        Process *process = process_start(hall->rig, "tone", &hall->environment, argv);

        free(process_wait_line(process, "playing"));
        return process;
}

/*
 * The sound of `process` stops at once when it ends. `process` is freed here; `argv` starts it
 * again.
 */
static void stops_at_once(Hall *hall, Process *process, const char *const *argv,
                          const char *speaker, double frequency)
{
        _cleanup_(rig_trial_freep) RigTrial *trial = rig_trial_new();
        usec_t begun, took;

        for (;;) {
                rig_trial_begin(trial);
                begun = clock_boottime();
                ck_assert_int_eq(process_stop(process), 0);
                took = clock_boottime() - begun;
                process_free(process);
                if (rig_trial_judge(trial, took < STOP_MAX_US, "it stopped after %.1f ms",
                                    (double)took / USEC_PER_MSEC))
                        break;
                process = play(hall, argv);
        }
        ck_assert_int_eq(rig_listen_until(hall->graph, speaker, frequency, ROOM_SILENCE_DB, false,
                                          rig_patience_ms(), NULL),
                         0);
}

static const struct {
        const char *kind, *node;
        double frequency;
} kinds[] = {
        {"ring", "tring.ring", RING_HZ},
        {"ring-back", "tring.ring-back", BACK_HZ},
};

START_TEST(the_sound_of_the_theme_plays_until_it_is_stopped)
{
        const char *const *argv = ARGV(rig_program("MEDIA"), "tone", kinds[_i].kind);
        char role[64];
        Process *process;
        Hall hall;

        hall_enter(&hall);
        process = play(&hall, argv);
        ck_assert(is_heard(&hall, "spk-a", kinds[_i].frequency));
        /* With a role it would have the volume of other programs. */
        ck_assert(!rig_graph_node_property(hall.graph, kinds[_i].node, PW_KEY_MEDIA_ROLE, role,
                                           sizeof(role)));
        /* The file is half a second long, so a whole second of sound is a loop. */
        ck_assert(is_heard(&hall, "spk-a", kinds[_i].frequency));
        stops_at_once(&hall, process, argv, "spk-a", kinds[_i].frequency);
        hall_leave(&hall);
}
END_TEST

START_TEST(several_devices_ring_at_once)
{
        const char *const *argv = ARGV(rig_program("MEDIA"), "tone", "ring", "--target", "spk-a",
                                       "--target", "spk-b");
        Process *process;
        Hall hall;

        hall_enter(&hall);
        process = play(&hall, argv);
        ck_assert(is_heard(&hall, "spk-a", RING_HZ));
        ck_assert(is_heard(&hall, "spk-b", RING_HZ));
        stops_at_once(&hall, process, argv, "spk-b", RING_HZ);
        hall_leave(&hall);
}
END_TEST

START_TEST(volume_and_file_are_those_asked_for)
{
        char path[RIG_PATH_MAX];
        const char *const *argv =
                ARGV(rig_program("MEDIA"), "tone", "ring", "--sound", path, "--volume", "0.25");
        _cleanup_(rig_trial_freep) RigTrial *trial = rig_trial_new();
        RigHeard heard;
        Process *process;
        Hall hall;

        hall_enter(&hall);
        rig_path(path, "%s/mine.wav", hall.rig->dir);
        write_sound(path, 1200);
        process = play(&hall, argv);
        ck_assert(is_heard(&hall, "spk-a", 1200));
        do {
                rig_trial_begin(trial);
                rig_check(rig_listen(hall.graph, "spk-a", 1200, 1000, &heard), "listening");
                /* At full volume it would be 12 dB louder. */
        } while (!rig_trial_judge(trial, fabs(heard.peak_db - 20 * log10(0.5 * 0.25)) <= 2.0,
                                  "it is at %.1f dB", heard.peak_db));
        stops_at_once(&hall, process, argv, "spk-a", 1200);
        hall_leave(&hall);
}
END_TEST

START_TEST(it_ends_by_itself_after_the_given_time)
{
        RunResult result;
        Hall hall;

        hall_enter(&hall);
        process_run(hall.rig, &hall.environment,
                    ARGV(rig_program("MEDIA"), "tone", "ring", "--seconds", "0.5"), NULL, &result);
        ck_assert_int_eq(result.status, 0);
        ck_assert_str_eq(result.out, "playing\n");
        run_result_done(&result);
        hall_leave(&hall);
}
END_TEST

static const struct {
        const char *arguments[5];
        const char *key, *value; /* of the environment; NULL: as it is */
        int status;
        const char *says;
} refusals[] = {
        {{"ring"}, "PIPEWIRE_RUNTIME_DIR", "/nonexistent", 1, "cannot connect to PipeWire"},
        {{"ring"}, "XDG_DATA_HOME", "/nonexistent", 1, "phone-incoming-call"},
        {{"ring", "--sound", "/dev/null"}, NULL, NULL, 1, "/dev/null"},
        {{"ring", "--sound", "/nonexistent"}, NULL, NULL, 1, "/nonexistent"},
        {{"ring", "--volume", "2"}, NULL, NULL, 2, "'2'"},
        {{"ring", "--volume", "loud"}, NULL, NULL, 2, "'loud'"},
        {{"ring", "--seconds", "-1"}, NULL, NULL, 2, "'-1'"},
        {{"bell"}, NULL, NULL, 2, "'bell'"},
        {{NULL}, NULL, NULL, 2, "ring and ring-back"},
        {{"ring", "ring-back"}, NULL, NULL, 2, "ring and ring-back"},
};

START_TEST(a_sound_that_cannot_be_played_is_reported)
{
        const char *argv[8] = {rig_program("MEDIA"), "tone"};
        RunResult result;
        Hall hall;

        hall_enter(&hall);
        for (size_t i = 0; i < ELEMENTSOF(refusals[_i].arguments); i++)
                argv[2 + i] = refusals[_i].arguments[i];
        if (refusals[_i].key)
                environment_set(&hall.environment, refusals[_i].key, "%s", refusals[_i].value);
        process_run(hall.rig, &hall.environment, argv, NULL, &result);
        ck_assert_int_eq(result.status, refusals[_i].status);
        ck_assert_str_eq(result.out, "");
        ck_assert_ptr_nonnull(strstr(result.err, refusals[_i].says));
        run_result_done(&result);
        hall_leave(&hall);
}
END_TEST

static const struct {
        const char *argument, *says;
} asked[] = {
        {"--help", "tring-media tone ring|ring-back"},
        {"--version", "tring-media " TRING_VERSION},
};

START_TEST(help_and_version_go_to_standard_output)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        Environment environment;
        RunResult result;

        environment_init(&environment, rig);
        process_run(rig, &environment, ARGV(rig_program("MEDIA"), asked[_i].argument), NULL,
                    &result);
        ck_assert_int_eq(result.status, 0);
        ck_assert_ptr_nonnull(strstr(result.out, asked[_i].says));
        ck_assert_str_eq(result.err, "");
        run_result_done(&result);
        environment_done(&environment);
}
END_TEST

START_TEST(without_a_speaker_it_gives_up)
{
        static const char *const none[] = {NULL};
        RigAudio *silent;
        RunResult result;
        Hall hall;

        hall_enter(&hall);
        rig_check(rig_audio_new(none, none, &silent), "a PipeWire without devices");
        environment_set(&hall.environment, "PIPEWIRE_RUNTIME_DIR", "%s",
                        rig_audio_directory(silent));
        process_run(hall.rig, &hall.environment, ARGV(rig_program("MEDIA"), "tone", "ring"), NULL,
                    &result);
        ck_assert_int_eq(result.status, 1);
        ck_assert_ptr_nonnull(strstr(result.err, "no device"));
        run_result_done(&result);
        rig_audio_free(silent);
        hall_leave(&hall);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("tone");
        TCase *tcase = tcase_create("tone");

        tcase_set_timeout(tcase, 60);
        tcase_add_loop_test(tcase, the_sound_of_the_theme_plays_until_it_is_stopped, 0,
                            ELEMENTSOF(kinds));
        tcase_add_test(tcase, several_devices_ring_at_once);
        tcase_add_test(tcase, volume_and_file_are_those_asked_for);
        tcase_add_test(tcase, it_ends_by_itself_after_the_given_time);
        tcase_add_loop_test(tcase, a_sound_that_cannot_be_played_is_reported, 0,
                            ELEMENTSOF(refusals));
        tcase_add_loop_test(tcase, help_and_version_go_to_standard_output, 0, ELEMENTSOF(asked));
        tcase_add_test(tcase, without_a_speaker_it_gives_up);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
