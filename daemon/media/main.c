/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/output.h"
#include "base/str.h"
#include "media/control.h"
#include "media/device-list.h"
#include "media/sandbox.h"
#include "media/tone-player.h"
#include "media/worker.h"
#include "wire/worker.h"

#define EXIT_USAGE 2

static const char usage_text[] =
        "tring-media worker --session ID --title TEXT [--echo]\n"
        "tring-media tone ring|ring-back [--volume F] [--sound FILE] [--seconds N] [--target "
        "NODE]...\n"
        "tring-media devices\n"
        "tring-media --help | --version\n"
        "\n"
        "The media of Tring's calls; started by tringd and tring-echo, not by hand.\n"
        "\n"
        "worker  carries the media of one call, controlled over descriptor 3, a listening\n"
        "        SOCK_SEQPACKET socket\n"
        "  --session ID    the session id of the call\n"
        "  --title TEXT    what mixers show\n"
        "  --echo          no microphone, no speaker: sends back what it receives\n"
        "tone    plays the ring or the ring-back over and over until SIGTERM; prints `playing`\n"
        "        when it begins\n"
        "  --volume F      from 0 to 1; 1 unless given\n"
        "  --sound FILE    instead of the sound theme's\n"
        "  --seconds N     ends after this time\n"
        "  --target NODE   PipeWire's node.name of a device, or * for all; may be given several\n"
        "                  times; without it, or if all are missing, the default device\n"
        "devices reports the microphones, speakers and cameras, and each change, over\n"
        "        descriptor 3, as worker\n";

static int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int usage_error(const char *format, ...)
{
        char sentence[256], shown[256];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(sentence, sizeof(sentence), format, arguments);
        va_end(arguments);
        fprintf(stderr, "tring-media: %s (see tring-media --help)\n",
                str_printable(shown, sizeof(shown), sentence));
        return EXIT_USAGE;
}

static bool read_number(const char *text, double max, double *ret)
{
        char *end;
        double value = strtod(text, &end);

        if (end == text || *end || !(value >= 0 && value <= max))
                return false;
        *ret = value;
        return true;
}

static int enter_sandbox(unsigned needs)
{
        int r = sandbox_enter(needs);

        if (r < 0)
                fprintf(stderr, "tring-media: cannot enter the sandbox (seccomp(2)): %s\n",
                        strerror(-r));
        return r;
}

/*
 * A worker outlives its tringd and ends without one; the hangup of a terminal that tringd was
 * started in must not end a call.
 */
static void outlive_terminal(void)
{
        (void)signal(SIGHUP, SIG_IGN);
}

static int run_worker(int argc, char **argv)
{
        static const struct option long_options[] = {
                {"session", required_argument, NULL, 's'},
                {"title", required_argument, NULL, 't'},
                {"echo", no_argument, NULL, 'e'},
                {},
        };
        WorkerOptions options = {.title = "Call", .listen_fd = WORKER_SOCKET_FD};
        int option, r;

        while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
                if (option == 's')
                        options.session = optarg;
                else if (option == 't')
                        options.title = optarg;
                else if (option == 'e')
                        options.echo = true;
                else
                        return EXIT_USAGE;
        }
        if (optind < argc)
                return usage_error("unexpected argument '%s' for 'worker'", argv[optind]);
        outlive_terminal();
        if (!options.session)
                return usage_error("worker needs --session");
        if (!uuid_is_valid(options.session))
                return usage_error("'%s' is not a session id", options.session);
        if (!text_is_valid(options.title, sizeof(((WorkerJoin *)0)->title) - 1))
                return usage_error("'%s' is not a title", options.title);
        log_open_from_environment("tring-media");
        /* An earlier tringd, before it is restarted, leaves PipeWire, log and rtkit to the worker.
         */
        r = enter_sandbox(SANDBOX_NETWORK | (control_has_help() ? 0 : SANDBOX_LOCAL));
        if (r == 0)
                r = worker_run(&options);
        if (r == -EINVAL)
                return usage_error("descriptor 3 is not a listening SOCK_SEQPACKET socket");
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_devices(int argc, char **argv)
{
        int r;

        if (argc > 1)
                return usage_error("unexpected argument '%s' for 'devices'", argv[1]);
        outlive_terminal();
        log_open_from_environment("tring-media");
        r = enter_sandbox(SANDBOX_LOCAL);
        if (r == 0)
                r = device_list_run(WORKER_SOCKET_FD);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Returns 0, or the exit code after it has reported an error. */
static int read_tone_option(int option, ToneOptions *options)
{
        switch (option) {
        case 'v':
                if (!read_number(optarg, 1, &options->volume))
                        return usage_error("'%s' is not a volume from 0 to 1", optarg);
                return 0;
        case 'n':
                if (!read_number(optarg, TONE_SECONDS_MAX, &options->seconds))
                        return usage_error("'%s' is not a number of seconds up to 3600", optarg);
                return 0;
        case 'f':
                options->sound = optarg;
                return 0;
        case 't':
                if (options->n_targets == TONE_TARGETS_MAX)
                        return usage_error("too many devices: '%s'", optarg);
                options->targets[options->n_targets++] = optarg;
                return 0;
        default:
                return EXIT_USAGE;
        }
}

static int run_tone(int argc, char **argv)
{
        static const struct option long_options[] = {
                {"volume", required_argument, NULL, 'v'},
                {"sound", required_argument, NULL, 'f'},
                {"seconds", required_argument, NULL, 'n'},
                {"target", required_argument, NULL, 't'},
                {},
        };
        ToneOptions options = {.volume = 1};
        int option;

        while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
                int r = read_tone_option(option, &options);

                if (r != 0)
                        return r;
        }
        if (optind + 1 != argc)
                return usage_error("tone needs one of ring and ring-back");
        if (str_eq(argv[optind], "ring-back"))
                options.kind = TONE_RING_BACK;
        else if (!str_eq(argv[optind], "ring"))
                return usage_error("'%s' is neither ring nor ring-back", argv[optind]);
        if (enter_sandbox(SANDBOX_FILES | SANDBOX_LOCAL) < 0)
                return EXIT_FAILURE;
        return tone_player_run(&options);
}

int main(int argc, char **argv)
{
        const char *verb = argc > 1 ? argv[1] : "";

        if (str_eq(verb, "--help")) {
                fputs(usage_text, stdout);
                return output_finish("tring-media", EXIT_SUCCESS);
        }
        if (str_eq(verb, "--version")) {
                puts("tring-media " TRING_VERSION);
                return output_finish("tring-media", EXIT_SUCCESS);
        }
        if (str_eq(verb, "worker"))
                return run_worker(argc - 1, argv + 1);
        if (str_eq(verb, "tone"))
                return run_tone(argc - 1, argv + 1);
        if (str_eq(verb, "devices"))
                return run_devices(argc - 1, argv + 1);
        if (str_empty(verb))
                return usage_error("no verb given");
        return usage_error("unknown verb '%s'", verb);
}
