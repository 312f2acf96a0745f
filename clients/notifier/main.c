/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <libnotify/notify.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "base/core-dumps.h"
#include "base/log.h"
#include "base/output.h"
#include "notifier.h"

#define EXIT_USAGE 2

static gboolean version;

static const GOptionEntry options[] = {
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL},
        {},
};

static int parse(int argc, char **argv)
{
        g_autoptr(GOptionContext) context = g_option_context_new("");
        g_autoptr(GError) error = NULL;

        g_option_context_set_summary(context, "Shows tringd's calls as desktop notifications.");
        g_option_context_add_main_entries(context, options, NULL);
        if (!g_option_context_parse(context, &argc, &argv, &error)) {
                fprintf(stderr, "tring-notifier: %s; see --help\n", error->message);
                return EXIT_USAGE;
        }
        if (argc > 1) {
                fprintf(stderr, "tring-notifier: unexpected argument '%s'; see --help\n", argv[1]);
                return EXIT_USAGE;
        }
        return EXIT_SUCCESS;
}

static gboolean on_signal(gpointer loop)
{
        g_main_loop_quit(loop);
        return G_SOURCE_CONTINUE;
}

static int run(void)
{
        g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
        _cleanup_(notifier_freep) Notifier *notifier = notifier_new(loop);

        if (!notifier)
                return EXIT_FAILURE;
        (void)signal(SIGHUP, SIG_IGN); /* there are no settings to read again */
        g_unix_signal_add(SIGTERM, on_signal, loop);
        g_unix_signal_add(SIGINT, on_signal, loop);
        g_main_loop_run(loop);
        return notifier_has_failed(notifier) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        setlocale(LC_ALL, "");
        int code = parse(argc, argv);
        if (code != EXIT_SUCCESS)
                return code;
        if (version) {
                puts("tring-notifier " TRING_VERSION);
                return output_finish("tring-notifier", EXIT_SUCCESS);
        }
        log_open_from_environment("tring-notifier");
        core_dumps_forbid();
        if (!notify_init("Tring")) {
                log_error("cannot initialize libnotify");
                return EXIT_FAILURE;
        }
        code = run();
        notify_uninit();
        return code;
}
