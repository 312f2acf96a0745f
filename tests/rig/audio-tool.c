/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rig-audio: virtual microphones and speakers for scripts such as the demo. */

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "base/str.h"
#include "rig/audio-ear.h"
#include "rig/audio.h"

#define DEVICES_MAX 16
#define CHIRPS_DEFAULT 10
#define SECONDS_MAX 3600.0

typedef struct Options {
        const char *microphones[DEVICES_MAX + 1], *speakers[DEVICES_MAX + 1];
        size_t n_microphones, n_speakers;
        double frequency, seconds;
        size_t count;
        bool until;
} Options;

static const char usage_text[] =
        "rig-audio serve [--microphone NAME]... [--speaker NAME]...\n"
        "rig-audio tone --microphone NAME [--frequency HZ] [--seconds S]\n"
        "rig-audio listen --speaker NAME [--frequency HZ] [--seconds S] [--until]\n"
        "rig-audio chirp --microphone NAME --speaker NAME [--count N]\n"
        "\n"
        "serve   starts a private PipeWire with these devices, prints `directory DIR` when it is\n"
        "        ready (for PIPEWIRE_RUNTIME_DIR) and keeps it until SIGTERM or SIGINT\n"
        "tone    speaks a tone into a microphone, S seconds or until SIGTERM; prints `speaking`\n"
        "listen  prints how loud the tone is at a speaker; exit 0: heard, 1: not heard; with\n"
        "        --until it listens up to S seconds for the tone to come\n"
        "chirp   prints the delay of each chirp from microphone to speaker, in ms\n"
        "\n"
        "All but serve talk to the PipeWire that PIPEWIRE_RUNTIME_DIR names.\n"
        "440 Hz and 2 s unless given; tone: no end unless given.\n";

static int block_signals(void)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        return signalfd(-1, &set, SFD_CLOEXEC);
}

static void wait_for_signal(int fd, double seconds)
{
        struct pollfd event = {.fd = fd, .events = POLLIN};

        poll(&event, 1, seconds > 0 ? (int)(seconds * 1000) : -1);
}

static int failed(const char *what, const char *name, int error)
{
        fprintf(stderr, "rig-audio: %s %s: %s\n", what, name,
                error == -ENOENT ? "there is no such device" : strerror(-error));
        return 1;
}

static int serve(const Options *options)
{
        _cleanup_close_ int fd = -1;
        _cleanup_(rig_audio_freep) RigAudio *audio = NULL;

        if (rig_audio_new(options->microphones, options->speakers, &audio) < 0)
                return 1;
        fd = block_signals();
        printf("directory %s\n", rig_audio_directory(audio));
        fflush(stdout);
        wait_for_signal(fd, 0);
        return 0;
}

static int tone(const Options *options, RigGraph *graph)
{
        _cleanup_close_ int fd = block_signals();
        _cleanup_(rig_tone_freep) RigTone *speaking = NULL;
        int r = rig_tone_new(graph, options->microphones[0], options->frequency, &speaking);

        if (r < 0)
                return failed("cannot speak into", options->microphones[0], r);
        puts("speaking");
        fflush(stdout);
        wait_for_signal(fd, options->seconds);
        return 0;
}

static int listen_at(const Options *options, RigGraph *graph)
{
        double seconds = options->seconds > 0 ? options->seconds : 2;
        const char *speaker = options->speakers[0];
        RigHeard heard;
        int r = 0;

        if (options->until)
                r = rig_listen_until(graph, speaker, options->frequency, RIG_HEARD_DB, true,
                                     (int)(seconds * 1000), &heard);
        else
                r = rig_listen(graph, speaker, options->frequency, (int)(seconds * 1000), &heard);
        if (r < 0 && !(options->until && r == -ETIMEDOUT))
                return failed("cannot listen at", speaker, r);
        bool there = heard.tone_db >= RIG_HEARD_DB;

        printf("%.0f Hz at %s: %.1f dB of %.1f dB in all, %s\n", options->frequency, speaker,
               heard.tone_db, heard.level_db, there ? "heard" : "not heard");
        return there ? 0 : 1;
}

static int chirp(const Options *options, RigGraph *graph)
{
        double delays[RIG_CHIRPS_MAX];
        int heard = rig_chirp_delays(graph, options->microphones[0], options->speakers[0],
                                     options->count, delays);

        if (heard < 0)
                return failed("cannot chirp to", options->speakers[0], heard);
        for (size_t i = 0; i < options->count; i++) {
                if (delays[i] >= 0)
                        printf("%.3f ms\n", delays[i]);
                else
                        puts("not heard");
        }
        return heard > 0 ? 0 : 1;
}

typedef struct Verb {
        const char *name;
        int (*run)(const Options *options, RigGraph *graph);
        bool microphone, speaker; /* required */
} Verb;

static const Verb verbs[] = {
        {"tone", tone, true, false},
        {"listen", listen_at, false, true},
        {"chirp", chirp, true, true},
};

static int run_verb(const char *name, const Options *options)
{
        _cleanup_(rig_graph_freep) RigGraph *graph = NULL;

        if (str_eq(name, "serve"))
                return serve(options);
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                if (!str_eq(name, verbs[i].name))
                        continue;
                if ((verbs[i].microphone && !options->n_microphones) ||
                    (verbs[i].speaker && !options->n_speakers)) {
                        fprintf(stderr, "rig-audio: %s needs%s%s\n", name,
                                verbs[i].microphone ? " --microphone NAME" : "",
                                verbs[i].speaker ? " --speaker NAME" : "");
                        return 2;
                }
                if (rig_graph_new(NULL, &graph) < 0) {
                        fputs("rig-audio: no PipeWire answers (PIPEWIRE_RUNTIME_DIR)\n", stderr);
                        return 1;
                }
                return verbs[i].run(options, graph);
        }
        fprintf(stderr, "rig-audio: no verb '%s'\n%s", name, usage_text);
        return 2;
}

static bool read_number(const char *text, double low, double high, double *ret)
{
        char *end;
        double value = strtod(text, &end);

        if (*end || end == text || !(value >= low && value <= high)) {
                fprintf(stderr, "rig-audio: '%s' is not a number from %g to %g\n", text, low, high);
                return false;
        }
        *ret = value;
        return true;
}

static bool read_option(int option, const char *argument, Options *options)
{
        double count;

        switch (option) {
        case 'm':
                if (options->n_microphones == DEVICES_MAX)
                        return false;
                options->microphones[options->n_microphones++] = argument;
                return true;
        case 's':
                if (options->n_speakers == DEVICES_MAX)
                        return false;
                options->speakers[options->n_speakers++] = argument;
                return true;
        case 'f':
                return read_number(argument, 20, RIG_RATE / 2.0, &options->frequency);
        case 't':
                return read_number(argument, 0.1, SECONDS_MAX, &options->seconds);
        case 'n':
                if (!read_number(argument, 1, RIG_CHIRPS_MAX, &count))
                        return false;
                options->count = (size_t)count;
                return true;
        case 'u':
                options->until = true;
                return true;
        default:
                return false;
        }
}

int main(int argc, char **argv)
{
        static const struct option long_options[] = {
                {"microphone", required_argument, NULL, 'm'},
                {"speaker", required_argument, NULL, 's'},
                {"frequency", required_argument, NULL, 'f'},
                {"seconds", required_argument, NULL, 't'},
                {"count", required_argument, NULL, 'n'},
                {"until", no_argument, NULL, 'u'},
                {"help", no_argument, NULL, 'h'},
                {},
        };
        Options options = {.frequency = 440, .count = CHIRPS_DEFAULT};
        int option;

        while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
                if (option == 'h') {
                        fputs(usage_text, stdout);
                        return 0;
                }
                if (!read_option(option, optarg, &options))
                        return 2;
        }
        if (optind + 1 != argc) {
                fputs(usage_text, stderr);
                return 2;
        }
        return run_verb(argv[optind], &options);
}
