/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* tring-echo: a user on a hub who answers every call and plays back what it hears. */

#include <errno.h>
#include <getopt.h>
#include <signal.h>

#include "base/log.h"
#include "base/output.h"
#include "base/secret-file.h"
#include "echo/echo.h"
#include "loop/websocket.h"

#define EXIT_USAGE 2

typedef struct Options {
        const char *hub, *token_file;
        bool insecure;
} Options;

static void print_help(void)
{
        puts("tring-echo --hub URL --token-file FILE [--insecure]\n"
             "\n"
             "Answers every call to a user and plays back what it hears.\n"
             "\n"
             "  --hub URL          wss://HOST[:PORT], or ws:// to this machine\n"
             "  --token-file FILE  the user's login token; - for standard input\n"
             "  --insecure         allow ws:// to other machines: everybody on the way can listen\n"
             "  --help, --version\n"
             "\n"
             "Prints `answering calls to UID` whenever it has logged in.\n"
             "TRING_MEDIA is the path of tring-media; TRING_LOG one of debug, info, notice, "
             "warning, err.");
}

static int usage_error(const char *value, const char *sentence)
{
        char printable[128];

        fprintf(stderr, "tring-echo: '%s': %s; see --help\n",
                str_printable(printable, sizeof(printable), value), sentence);
        return EXIT_USAGE;
}

/* Returns -1 to continue, else the exit code. */
static int parse(int argc, char **argv, Options *ret)
{
        static const struct option long_options[] = {
                {"hub", required_argument, NULL, 'H'}, {"token-file", required_argument, NULL, 't'},
                {"insecure", no_argument, NULL, 'i'},  {"help", no_argument, NULL, 'h'},
                {"version", no_argument, NULL, 'V'},   {},
        };
        int option;

        opterr = 0;
        while ((option = getopt_long(argc, argv, ":", long_options, NULL)) >= 0) {
                switch (option) {
                case 'H':
                        ret->hub = optarg;
                        break;
                case 't':
                        ret->token_file = optarg;
                        break;
                case 'i':
                        ret->insecure = true;
                        break;
                case 'h':
                        print_help();
                        return EXIT_SUCCESS;
                case 'V':
                        puts("tring-echo " TRING_VERSION);
                        return EXIT_SUCCESS;
                case ':':
                        return usage_error(argv[optind - 1], "needs a value");
                default:
                        return usage_error(argv[optind - 1], "no such option");
                }
        }
        if (optind < argc)
                return usage_error(argv[optind], "not expected");
        if (!ret->hub)
                return usage_error("--hub", "missing");
        if (!ret->token_file)
                return usage_error("--token-file", "missing");
        return -1;
}

static int add_signals(sd_event *event)
{
        static const int signals[] = {SIGTERM, SIGINT};

        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                int r = sd_event_add_signal(event, NULL, signals[i] | SD_EVENT_SIGNAL_PROCMASK,
                                            NULL, NULL);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int run(const HubClientOptions *options, OwnerFile *owner)
{
        const char *media = getenv("TRING_MEDIA");
        _cleanup_(loop_freep) Loop *loop = NULL;
        _cleanup_(echo_freep) Echo *echo = NULL;
        int r = loop_new(&loop);

        if (r >= 0)
                r = add_signals(loop_event(loop));
        if (r >= 0)
                r = echo_new(loop, options, owner,
                             str_empty(media) ? TRING_LIBEXECDIR "/tring-media" : media, &echo);
        return r < 0 ? r : loop_run(loop);
}

int main(int argc, char **argv)
{
        _cleanup_(secret_freep) char *token = NULL;
        _cleanup_(owner_file_done) OwnerFile owner = {.path = NULL};
        _cleanup_free_ char *fault = NULL;
        Options options = {};
        const char *complaint;
        char hub[URL_MAX + 1], text[SECRET_TEXT_MAX];
        int r = parse(argc, argv, &options);

        if (r >= 0)
                return output_finish("tring-echo", r);
        if (url_complete(options.hub, hub) < 0)
                return usage_error(options.hub, "too long for a URL");
        if (websocket_check_url(hub, options.insecure, &complaint) < 0)
                return usage_error(options.hub, complaint);
        if (secret_file_read(options.token_file, TOKEN_MAX, &token, text) < 0) {
                fprintf(stderr, "tring-echo: %s\n", text);
                return EXIT_FAILURE;
        }
        if (owner_file_load(&owner, options.token_file, hub, &fault) < 0) {
                fprintf(stderr, "tring-echo: %s\n", fault ? fault : strerror(ENOMEM));
                return EXIT_FAILURE;
        }
        log_open_from_environment("tring-echo");
        (void)signal(SIGPIPE, SIG_IGN);
        (void)signal(SIGHUP, SIG_IGN); /* there are no settings to read again */
        const HubClientOptions hub_options = {
                .hub = hub,
                .token = token,
                .insecure = options.insecure,
                .owner = hub_owner_uid(&owner.owner),
                .owner_remedy = owner_file_remedy(&owner),
        };
        r = run(&hub_options, &owner);
        if (r < 0)
                log_error("stopped: %s", strerror(-r));
        return r < 0 ? EXIT_FAILURE : r;
}
