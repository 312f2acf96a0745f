/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>
#include <time.h>

#include "base/core-dumps.h"
#include "base/log.h"
#include "base/output.h"
#include "hub/admin.h"
#include "hub/serve.h"
#include "hub/state-dir.h"

#define EXIT_USAGE 2

/* A hub that is just starting holds the folder's lock, but cannot answer yet. */
#define FOLDER_WAIT_US (5 * USEC_PER_SEC)
#define FOLDER_POLL_US (20 * USEC_PER_MSEC)

/* Options that only some verbs take. */
typedef enum OptionFlag {
        WITH_LISTEN = 1 << 0,
        WITH_CONFIG = 1 << 1,
        WITH_TLS_CERT = 1 << 2,
        WITH_TLS_KEY = 1 << 3,
        WITH_INSECURE = 1 << 4,
        WITH_NAME = 1 << 5,
        WITH_DEVICE = 1 << 6,
        WITH_WEB = 1 << 7,
        WITH_SOCKET = 1 << 8,
} OptionFlag;

#define WITH_SERVE                                                                                \
        (WITH_LISTEN | WITH_SOCKET | WITH_CONFIG | WITH_TLS_CERT | WITH_TLS_KEY | WITH_INSECURE | \
         WITH_WEB)

enum {
        OPTION_STATE = 1000,
        OPTION_SYSTEM,
        OPTION_HELP,
        OPTION_VERSION
};

static const struct option long_options[] = {
        {"listen", required_argument, NULL, WITH_LISTEN},
        {"socket", required_argument, NULL, WITH_SOCKET},
        {"config", required_argument, NULL, WITH_CONFIG},
        {"tls-cert", required_argument, NULL, WITH_TLS_CERT},
        {"tls-key", required_argument, NULL, WITH_TLS_KEY},
        {"insecure", no_argument, NULL, WITH_INSECURE},
        {"name", required_argument, NULL, WITH_NAME},
        {"device", required_argument, NULL, WITH_DEVICE},
        {"web", optional_argument, NULL, WITH_WEB},
        {"state", required_argument, NULL, OPTION_STATE},
        {"system", no_argument, NULL, OPTION_SYSTEM},
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {},
};

typedef struct CommandLine {
        ServeOptions serve;
        const char *name, *device;
        const char *operand;      /* the word after the verb, or NULL */
        const char *const *words; /* the words after it, where the verb takes several */
        size_t n_words;
        unsigned given; /* OptionFlag */
} CommandLine;

typedef struct Verb {
        const char *first, *second; /* the verb's words; the second may be NULL */
        const char *operand;        /* the name of the argument; NULL: the verb takes none */
        const char *list;           /* the name of further arguments, at least one; or NULL */
        const char *usage, *help;
        unsigned options; /* OptionFlag */
        OperatorVerb operation;
        int (*run)(const struct Verb *verb, const CommandLine *arguments);
} Verb;

static int fail(int r, const char *text)
{
        fprintf(stderr, "tring-hub: %s\n", text ?: strerror(-r));
        return r == -EINVAL ? EXIT_USAGE : EXIT_FAILURE;
}

static int run_serve(const Verb *verb, const CommandLine *arguments)
{
        _cleanup_free_ char *text = NULL;
        int r = serve(&arguments->serve, &text);

        return r < 0 ? fail(r, text) : EXIT_SUCCESS;
}

static void print_line(const char *line, void *userdata)
{
        fprintf(stderr, "%s\n", line);
}

static int run_check_config(const Verb *verb, const CommandLine *arguments)
{
        int n = config_check(arguments->operand, print_line, NULL);

        if (n == 0)
                printf("%s: no errors\n", arguments->operand);
        return n == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Carries out the verb without a hub. -EWOULDBLOCK: another process works on the database. */
static int operate_on_file(const char *state, const OperatorRequest *request, char **ret_text)
{
        _cleanup_free_ char *path = str_printf("%s/" STATE_DATABASE, state);
        _cleanup_(hub_database_freep) HubDatabase *database = NULL;
        _cleanup_close_ int lock_fd = -1;

        int r = path ? state_dir_prepare(state, &lock_fd, ret_text) : -ENOMEM;
        if (r >= 0)
                r = state_dir_lock(lock_fd);
        if (r >= 0)
                r = hub_database_open(path, &database, ret_text);
        if (r == -EUCLEAN) {
                fprintf(stderr, "tring-hub: %s\n",
                        *ret_text ?: "the database is damaged; continuing with an empty one");
                free(TAKE_PTR(*ret_text));
                r = 0;
        }
        return r < 0 ? r : operator_run(database, NULL, request, ret_text);
}

static int operate(const char *state, const OperatorRequest *request, char **ret_text)
{
        static const struct timespec pause = {.tv_nsec = FOLDER_POLL_US * 1000};
        usec_t until = clock_boottime() + FOLDER_WAIT_US;

        for (;;) {
                int r = admin_ask(state, request, ret_text);

                if (r != -ECONNREFUSED)
                        return r;
                r = operate_on_file(state, request, ret_text);
                if (r != -EWOULDBLOCK)
                        return r;
                if (clock_boottime() >= until) {
                        *ret_text = str_printf("cannot use the state folder %s: another process "
                                               "holds its lock and does not answer",
                                               state);
                        return -EBUSY;
                }
                nanosleep(&pause, NULL);
        }
}

/*
 * Finds the state folder, as its owner. Only the first user makes a hub: any other verb on a folder
 * without one is most likely meant for another folder.
 */
static int open_state(const Verb *verb, const ServeOptions *options, char **ret, char **ret_text)
{
        const StateChoice choice = {options->state, options->system, STATE_SYSTEM_DIR,
                                    geteuid() == 0};
        _cleanup_free_ char *state = NULL;
        int r = state_dir_path(&choice, &state, ret_text);

        if (r >= 0)
                r = state_dir_enter(state, true, options->words, ret_text);
        if (r < 0)
                return r;
        /* The system's folder is made by its service, for its user. */
        bool makes_hub = verb->operation == OPERATOR_USER_ADD &&
                         (!str_eq(state, STATE_SYSTEM_DIR) || access(state, F_OK) == 0);
        if (!state_dir_has_hub(state)) {
                if (!makes_hub) {
                        *ret_text = state_dir_no_hub(state, STATE_SYSTEM_DIR, options->words);
                        return -ENOENT;
                }
                fprintf(stderr, "tring-hub: this makes a new hub in %s\n", state);
        }
        *ret = TAKE_PTR(state);
        return 0;
}

static int run_operation(const Verb *verb, const CommandLine *arguments)
{
        OperatorRequest request = {.verb = verb->operation,
                                   .uid = arguments->operand,
                                   .guid = arguments->operand,
                                   .uids = arguments->words,
                                   .n_uids = arguments->n_words,
                                   .id = arguments->operand,
                                   .name = arguments->name,
                                   .device = arguments->device};
        _cleanup_free_ char *state = NULL, *text = NULL;

        int r = operator_check(&request, &text);
        if (r >= 0)
                r = open_state(verb, &arguments->serve, &state, &text);
        if (r >= 0)
                r = operate(state, &request, &text);
        if (r < 0)
                return fail(r, text);
        fputs(text, stdout);
        explicit_bzero(text, strlen(text)); /* it may hold a token */
        return EXIT_SUCCESS;
}

static const Verb verbs[] = {
        {"serve", NULL, NULL, NULL,
         "[--listen HOST:PORT] [--socket FILE] [--config FILE] [--tls-cert FILE --tls-key FILE] "
         "[--web [DIR]]",
         "serve devices until SIGTERM", WITH_SERVE, 0, run_serve},
        {"user", "add", "UID", NULL, "[--name NAME]", "add a user, or change the name", WITH_NAME,
         OPERATOR_USER_ADD, run_operation},
        {"user", "list", NULL, NULL, "", "uid, name, policy when busy", 0, OPERATOR_USER_LIST,
         run_operation},
        {"user", "remove", "UID", NULL, "",
         "remove a user, with tokens and history; ends their calls", 0, OPERATOR_USER_REMOVE,
         run_operation},
        {"token", "mint", "UID", NULL, "[--device NAME]",
         "print a new login token, and nothing else", WITH_DEVICE, OPERATOR_TOKEN_MINT,
         run_operation},
        {"token", "list", "UID", NULL, "", "number, date, device", 0, OPERATOR_TOKEN_LIST,
         run_operation},
        {"token", "revoke", "ID", NULL, "", "revoke a token and close its connections", 0,
         OPERATOR_TOKEN_REVOKE, run_operation},
        {"group", "add", "GUID", NULL, "[--name NAME]", "add a group, or change the name",
         WITH_NAME, OPERATOR_GROUP_ADD, run_operation},
        {"group", "join", "GUID", "UID…", "", "make users members of a group", 0,
         OPERATOR_GROUP_JOIN, run_operation},
        {"group", "leave", "GUID", "UID…", "", "users are no longer members", 0,
         OPERATOR_GROUP_LEAVE, run_operation},
        {"group", "list", NULL, NULL, "", "guid, name, members", 0, OPERATOR_GROUP_LIST,
         run_operation},
        {"group", "remove", "GUID", NULL, "", "remove a group; a call in progress continues", 0,
         OPERATOR_GROUP_REMOVE, run_operation},
        {"calls", NULL, NULL, NULL, "", "calls in progress", 0, OPERATOR_CALLS, run_operation},
        {"check-config", NULL, "FILE", NULL, "", "check a settings file, line by line", 0, 0,
         run_check_config},
};

static void print_help(void)
{
        puts("tring-hub [--state DIR | --system] VERB …\n\n"
             "The signalling hub: users' devices connect to it to call each other.\n\n"
             "Verbs:");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                const Verb *verb = &verbs[i];

                printf("  %s%s%s%s%s%s%s%s%s\n        %s\n", verb->first, verb->second ? " " : "",
                       verb->second ?: "", verb->operand ? " " : "", verb->operand ?: "",
                       verb->list ? " " : "", verb->list ?: "", *verb->usage ? " " : "",
                       verb->usage, verb->help);
        }
        puts("\nOptions:\n"
             "  --state DIR      the state folder (default: $STATE_DIRECTORY, else for root the\n"
             "                   system's if it has a hub, else $XDG_STATE_HOME/tring-hub)\n"
             "  --system         the state folder of the installed service, " STATE_SYSTEM_DIR "\n"
             "  --listen HOST:PORT   127.0.0.1:8746 by default; port 0: any that is free\n"
             "  --socket FILE    also a unix socket, for users of this machine\n"
             "  --config FILE    settings (INI); the command line goes before them\n"
             "  --tls-cert FILE, --tls-key FILE   certificate and key (PEM): serves wss://\n"
             "  --insecure       serve ws:// on an address that is not loopback\n"
             "  --web [DIR]      also serve the browser page at /; by default the installed one\n"
             "  --help           this text\n"
             "  --version        the version\n\n"
             "Exit status: 0, 1 for failure, 2 for usage.");
}

static int usage_error(const char *before, const char *value, const char *after)
{
        char shown[128];

        fprintf(stderr, "tring-hub: %s%s%s; see tring-hub --help\n", before,
                str_printable(shown, sizeof(shown), value), after);
        return EXIT_USAGE;
}

static void take_option(CommandLine *arguments, int option, const char *value)
{
        const char **slots[] = {
                &arguments->serve.listen,
                &arguments->serve.config,
                &arguments->serve.certificate,
                &arguments->serve.key,
                NULL,
                &arguments->name,
                &arguments->device,
                &arguments->serve.web,
                &arguments->serve.socket,
        };

        arguments->given |= (unsigned)option;
        if (option == WITH_INSECURE)
                arguments->serve.insecure = true;
        else
                *slots[__builtin_ctz((unsigned)option)] = value;
}

static const Verb *find_verb(char **words, int n)
{
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (n > 0 && str_eq(verbs[i].first, words[0]) &&
                    (!verbs[i].second || (n > 1 && str_eq(verbs[i].second, words[1]))))
                        return &verbs[i];
        return NULL;
}

/* Does a verb of two words begin with this word? */
static bool has_second(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (verbs[i].second && str_eq(verbs[i].first, word))
                        return true;
        return false;
}

static const char *option_name(unsigned flag)
{
        for (const struct option *option = long_options; option->name; option++)
                if ((unsigned)option->val == flag)
                        return option->name;
        return "";
}

static int run_verb(char **words, int n, CommandLine *arguments)
{
        const Verb *verb = find_verb(words, n);

        if (n == 0)
                return usage_error("", "no verb given", "");
        if (!verb)
                return has_second(words[0]) && n == 1
                               ? usage_error("\"", words[0], "\": missing second word")
                               : usage_error("there is no verb \"", words[has_second(words[0])],
                                             "\"");

        int taken = verb->second ? 2 : 1;
        if (verb->operand && n == taken)
                return usage_error("", verb->operand, " is missing");
        if (verb->list && n == taken + 1)
                return usage_error("", verb->list, " is missing");
        if (!verb->list && n > taken + (verb->operand ? 1 : 0))
                return usage_error("\"", words[n - 1], "\" is an unexpected argument");
        arguments->operand = verb->operand ? words[taken] : NULL;
        if (verb->list) {
                arguments->words = (const char *const *)words + taken + 1;
                arguments->n_words = (size_t)(n - taken - 1);
        }

        unsigned wrong = arguments->given & ~verb->options;
        if (wrong)
                return usage_error("--", option_name(wrong & -wrong),
                                   " is not an option of this verb");
        return verb->run(verb, arguments);
}

/* The word after --web is the folder, unless that word is an option or the verb. */
static const char *take_folder(int argc, char **argv)
{
        if (optarg)
                return optarg;
        if (optind >= argc || argv[optind][0] == '-' || str_eq(argv[optind], "serve"))
                return "";
        return argv[optind++];
}

int main(int argc, char **argv)
{
        CommandLine arguments = {.serve.words = (const char *const *)argv};
        int option;

        log_open_from_environment("tring-hub");
        core_dumps_forbid();
        while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
                switch (option) {
                case OPTION_HELP:
                        print_help();
                        return output_finish("tring-hub", EXIT_SUCCESS);
                case OPTION_VERSION:
                        puts("tring-hub " TRING_VERSION);
                        return output_finish("tring-hub", EXIT_SUCCESS);
                case OPTION_STATE:
                        arguments.serve.state = optarg;
                        break;
                case OPTION_SYSTEM:
                        arguments.serve.system = true;
                        break;
                case '?':
                        return EXIT_USAGE;
                case WITH_WEB:
                        take_option(&arguments, option, take_folder(argc, argv));
                        break;
                default:
                        take_option(&arguments, option, optarg);
                        break;
                }
        }
        return output_finish("tring-hub", run_verb(argv + optind, argc - optind, &arguments));
}
