/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>
#include <locale.h>

#include "base/output.h"
#include "base/str.h"
#include "bus.h"
#include "model/record.h"

#define RING_DEVICES_MAX 8       /* the daemon's limit for RingDevices */
#define HISTORY_LIMIT_MAX 100000 /* records; more is not useful on a terminal */

enum {
        OPTION_JSON = 1000,
        OPTION_HELP,
        OPTION_VERSION
};

static const struct option options[] = {
        {"token-file", required_argument, NULL, WITH_TOKEN_FILE},
        {"device-name", required_argument, NULL, WITH_DEVICE_NAME},
        {"group", no_argument, NULL, WITH_GROUP},
        {"video", no_argument, NULL, WITH_VIDEO},
        {"timeout", required_argument, NULL, WITH_TIMEOUT},
        {"busy", no_argument, NULL, WITH_BUSY},
        {"end-others", no_argument, NULL, WITH_END_OTHERS},
        {"missed", no_argument, NULL, WITH_MISSED},
        {"limit", required_argument, NULL, WITH_LIMIT},
        {"mark-seen", no_argument, NULL, WITH_MARK_SEEN},
        {"json", no_argument, NULL, OPTION_JSON},
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {},
};

typedef struct CtlVerb {
        const char *name, *usage, *help;
        size_t words_min, words_max;
        unsigned options; /* CtlOption */
        int (*run)(sd_bus *bus, const Arguments *arguments);
} CtlVerb;

static const CtlVerb verbs[] = {
        {"login", "URL --token-file FILE", "connect to a hub as the user of a token", 1, 1,
         WITH_TOKEN_FILE | WITH_DEVICE_NAME, verb_login},
        {"logout", "", "leave the hub and forget the token", 0, 0, 0, verb_logout},
        {"status", "", "show who is logged in, and the calls", 0, 0, 0, verb_status},
        {"call", "USER [--group] [--video] [--timeout S]",
         "call a user or group and wait for the answer", 1, 1,
         WITH_GROUP | WITH_VIDEO | WITH_TIMEOUT, verb_call},
        {"answer", "[ID] [--end-others]", "answer the call that rings", 0, 1, WITH_END_OTHERS,
         verb_answer},
        {"decline", "[ID] [--busy]", "decline the call that rings", 0, 1, WITH_BUSY, verb_decline},
        {"silence", "[ID]", "stop the ring on this device only", 0, 1, 0, verb_silence},
        {"hangup", "[ID]", "end the call, or cancel the one being placed", 0, 1, 0, verb_hangup},
        {"mute", "[ID]", "mute the microphone", 0, 1, 0, verb_mute},
        {"unmute", "[ID]", "unmute the microphone", 0, 1, 0, verb_unmute},
        {"pause", "[ID]", "close the camera: send no picture", 0, 1, 0, verb_pause},
        {"unpause", "[ID]", "open the camera", 0, 1, 0, verb_unpause},
        {"history", "[--missed] [--limit N] [--mark-seen]", "show past calls, newest first", 0, 0,
         WITH_MISSED | WITH_LIMIT | WITH_MARK_SEEN, verb_history},
        {"listen", "", "print events until interrupted", 0, 0, 0, verb_listen},
        {"groups", "", "show the groups that you can call", 0, 0, 0, verb_groups},
        {"block", "[USER]", "block a user, or show who is blocked", 0, 1, 0, verb_block},
        {"unblock", "USER", "unblock a user", 1, 1, 0, verb_unblock},
        {"who-may-ring", "[everybody|called|nobody]",
         "who rings you: all, those whom you have called, or nobody", 0, 1, 0, verb_who_may_ring},
        {"devices", "[WHAT NODE…]", "show microphones, speakers and cameras, or choose one", 0,
         1 + RING_DEVICES_MAX, 0, verb_devices},
        {"dnd", "on|off", "do not disturb on this device", 1, 1, 0, verb_dnd},
        {"test-ring", "", "ring here for 3 seconds", 0, 0, 0, verb_test_ring},
};

static void print_help(void)
{
        puts("tringctl [--json] VERB …\n\n"
             "Places, answers and controls calls through tringd.\n\n"
             "Verbs:");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                printf("  %s%s%s\n        %s\n", verbs[i].name, *verbs[i].usage ? " " : "",
                       verbs[i].usage, verbs[i].help);
        puts("\nOptions:\n"
             "  --token-file FILE   file with the login token; - for standard input\n"
             "  --device-name NAME  the name of this device (with login)\n"
             "  --group             call all members of a group; USER is a group id\n"
             "  --video             a video call\n"
             "  --timeout S         seconds to ring, 5 to 180\n"
             "  --busy              decline as busy\n"
             "  --end-others        end the other calls before answering\n"
             "  --missed            only missed calls\n"
             "  --limit N           number of calls to show (default 50)\n"
             "  --mark-seen         mark all missed calls as seen afterwards\n"
             "  --json              print JSON: one value, or for listen one per line\n"
             "  --help, --version\n\n"
             "ID is a session id or the beginning of one; it may be left out if only one call "
             "fits.\n"
             "WHAT is microphone, speaker, camera or ring (NODE: a listed name, or default; ring "
             "takes\nseveral, or '*' for all), or echo-cancel (NODE: auto, yes or no).\n\n"
             "Exit status: 0 done or answered; 1 failed; 2 wrong usage, or several calls fit;\n"
             "3 rejected; 4 busy; 5 unanswered; 6 no such call; 7 cancelled.");
}

static const char *option_name(int value)
{
        const struct option *o = options;

        while (o->name && o->val != value)
                o++;
        return o->name;
}

static int parse_number(const char *s, const char *option, long low, long high, long *ret)
{
        char *end, printable[64];
        errno = 0;
        long value = strtol(s, &end, 10);

        if (errno != 0 || end == s || *end || value < low || value > high)
                return fail(EXIT_USAGE, "--%s takes a number from %ld to %ld, not '%s'", option,
                            low, high, str_printable(printable, sizeof(printable), s));
        *ret = value;
        return EXIT_DONE;
}

/* Takes one option that belongs to a verb. */
static int take_option(int option, Arguments *arguments)
{
        long number = 0;
        int code = EXIT_DONE;

        arguments->options |= (unsigned)option;
        if (option == WITH_TOKEN_FILE) {
                arguments->token_file = optarg;
        } else if (option == WITH_DEVICE_NAME) {
                arguments->device_name = optarg;
        } else if (option == WITH_TIMEOUT) {
                code = parse_number(optarg, option_name(option), RING_TIMEOUT_MIN_S,
                                    RING_TIMEOUT_MAX_S, &number);
                arguments->timeout = (int)number;
        } else if (option == WITH_LIMIT) {
                code = parse_number(optarg, option_name(option), 1, HISTORY_LIMIT_MAX, &number);
                arguments->limit = (unsigned)number;
        }
        return code;
}

static const CtlVerb *find_verb(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (str_eq(name, verbs[i].name))
                        return &verbs[i];
        return NULL;
}

static int check_verb(const CtlVerb *verb, const Arguments *arguments)
{
        unsigned wrong = arguments->options & ~verb->options;
        char printable[64];

        for (size_t i = 0; i < arguments->n_words; i++)
                if (!utf8_is_valid(arguments->words[i], strlen(arguments->words[i])))
                        return fail(
                                EXIT_USAGE, "'%s' is not text in UTF-8",
                                str_printable(printable, sizeof(printable), arguments->words[i]));

        if (wrong)
                return fail(EXIT_USAGE, "--%s cannot be used with '%s'",
                            option_name((int)(wrong & -wrong)), verb->name);
        if (arguments->n_words > verb->words_max)
                return fail(EXIT_USAGE, "unexpected argument '%s' for '%s': tringctl %s %s",
                            str_printable(printable, sizeof(printable),
                                          arguments->words[verb->words_max]),
                            verb->name, verb->name, verb->usage);
        if (arguments->n_words < verb->words_min)
                return fail(EXIT_USAGE, "'%s': missing argument: tringctl %s %s", verb->name,
                            verb->name, verb->usage);
        return EXIT_DONE;
}

/* Prints errors; returns an exit code. *ret_verb is NULL after --help and --version. */
static int parse(int argc, char **argv, Arguments *arguments, const CtlVerb **ret_verb)
{
        char printable[64];
        int option, code;

        opterr = 0;
        while ((option = getopt_long(argc, argv, ":", options, NULL)) >= 0) {
                switch (option) {
                case OPTION_HELP:
                        print_help();
                        return EXIT_DONE;
                case OPTION_VERSION:
                        puts("tringctl " TRING_VERSION);
                        return EXIT_DONE;
                case OPTION_JSON:
                        arguments->json = true;
                        break;
                case ':':
                        return fail(EXIT_USAGE, "%s needs a value", argv[optind - 1]);
                case '?':
                        return fail(EXIT_USAGE, "unknown option '%s'; see tringctl --help",
                                    str_printable(printable, sizeof(printable), argv[optind - 1]));
                default:
                        code = take_option(option, arguments);
                        if (code != EXIT_DONE)
                                return code;
                }
        }
        if (optind >= argc)
                return fail(EXIT_USAGE, "no verb given; see tringctl --help");
        const CtlVerb *verb = find_verb(argv[optind]);
        if (!verb)
                return fail(EXIT_USAGE, "unknown verb '%s'; see tringctl --help",
                            str_printable(printable, sizeof(printable), argv[optind]));
        arguments->words = argv + optind + 1;
        arguments->n_words = (size_t)(argc - optind - 1);
        code = check_verb(verb, arguments);
        if (code == EXIT_DONE)
                *ret_verb = verb;
        return code;
}

static int run(int argc, char **argv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        Arguments arguments = {};
        const CtlVerb *verb = NULL;
        int code = parse(argc, argv, &arguments, &verb);
        if (code != EXIT_DONE || !verb)
                return code;
        code = bus_open(&bus);
        return code == EXIT_DONE ? verb->run(bus, &arguments) : code;
}

int main(int argc, char **argv)
{
        setlocale(LC_ALL, "");
        return output_finish("tringctl", run(argc, argv));
}
