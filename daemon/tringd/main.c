/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * tringd, the per-user daemon: owns org.tring.Calls1 on the session bus.
 */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <systemd/sd-daemon.h>

#include "base/core-dumps.h"
#include "base/log.h"
#include "base/output.h"
#include "base/session-bus.h"
#include "dbus/interfaces.h"
#include "tringd/daemon.h"

static int usage(FILE *file)
{
        fputs("Usage: tringd [--help] [--version]\n"
              "\n"
              "Rings and answers for the programs of one user: owns " TRING_NAME " on the session\n"
              "bus, in the foreground. Usually the bus or systemd starts it.\n"
              "\n"
              "Files:\n"
              "  $XDG_CONFIG_HOME/tring/tringd.conf   settings\n"
              "  $XDG_STATE_HOME/tring/               token and history\n"
              "\n"
              "Environment:\n"
              "  TRING_LOG     debug, info (default), notice, warning or err\n"
              "  TRING_MEDIA   path of tring-media\n",
              file);
        return file == stdout ? EXIT_SUCCESS : 2;
}

/* Returns -1 to continue, else the exit code. */
static int parse_arguments(int argc, char *argv[])
{
        static const struct option options[] = {
                {"help", no_argument, NULL, 'h'},
                {"version", no_argument, NULL, 'V'},
                {},
        };
        int c = getopt_long(argc, argv, "h", options, NULL);

        if (c == 'h')
                return usage(stdout);
        if (c == 'V') {
                puts("tringd " TRING_VERSION);
                return EXIT_SUCCESS;
        }
        if (c >= 0)
                return 2; /* getopt_long() has reported it */
        if (optind < argc) {
                fprintf(stderr, "tringd: unexpected argument '%s'\n", argv[optind]);
                return 2;
        }
        return -1;
}

static int open_bus(Loop *loop, sd_bus **ret)
{
        int r = sd_bus_open_user_with_description(ret, "tringd");

        if (r < 0)
                return r;
        r = sd_bus_attach_event(*ret, loop_event(loop), SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        /* A daemon that has lost its bus cannot be reached: exit. */
        return sd_bus_set_exit_on_disconnect(*ret, true);
}

/* `userdata` is a Daemon **, which is set before the loop runs. */
static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        (void)sd_notify(false, "RELOADING=1");
        daemon_reload(*(Daemon **)userdata);
        (void)sd_notify(false, "READY=1");
        return 0;
}

/* Blocks the signals until the loop runs. */
static int handle_signals(Loop *loop, Daemon **daemon)
{
        static const int signals[] = {SIGTERM, SIGINT};

        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                int r = sd_event_add_signal(loop_event(loop), NULL,
                                            signals[i] | SD_EVENT_SIGNAL_PROCMASK, NULL, NULL);

                if (r < 0)
                        return r;
        }
        return sd_event_add_signal(loop_event(loop), NULL, SIGHUP | SD_EVENT_SIGNAL_PROCMASK,
                                   on_hangup, daemon);
}

static int fail(const char *what, int r)
{
        log_error("%s: %s", what, strerror(-r));
        return r;
}

static int fail_without_bus(int r)
{
        char text[SESSION_BUS_FAILURE_MAX];

        log_error("%s", session_bus_failure(strerror(-r), text));
        return r;
}

static int run(void)
{
        _cleanup_(loop_freep) Loop *loop = NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(daemon_freep) Daemon *daemon = NULL;
        int r = loop_new(&loop);

        if (r >= 0)
                r = handle_signals(loop, &daemon);
        if (r < 0)
                return fail("cannot start", r);
        r = open_bus(loop, &bus);
        if (r < 0)
                return fail_without_bus(r);
        r = daemon_new(bus, loop, &daemon);
        if (r < 0)
                return fail("cannot start", r);
        /* The name first: programs may call from now on, and get replies once the loop runs. */
        r = sd_bus_request_name(bus, TRING_NAME, 0);
        if (r == -EEXIST)
                return fail("another tringd owns " TRING_NAME " on this bus", r);
        if (r < 0)
                return fail("cannot own " TRING_NAME, r);
        r = daemon_start(daemon);
        if (r < 0)
                return fail("cannot start", r);
        (void)sd_notify(false, "READY=1");
        r = loop_run(loop);
        (void)sd_notify(false, "STOPPING=1");
        return r < 0 ? fail("the event loop failed", r) : r;
}

int main(int argc, char *argv[])
{
        int r = parse_arguments(argc, argv);

        if (r >= 0)
                return output_finish("tringd", r);
        log_open_from_environment("tringd");
        core_dumps_forbid();
        (void)signal(SIGPIPE, SIG_IGN);
        r = run();
        return r < 0 ? EXIT_FAILURE : r;
}
