/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

#define STEPS_DEFAULT 2000000

typedef struct Options {
        uint64_t seed, steps;
        bool verbose, no_shrink;
} Options;

static void print_help(void)
{
        printf("sim [OPTION...]\n\n"
               "Plays the whole of Tring in virtual time, episode after episode, each from the\n"
               "next seed, and checks after every step that all laws of the call model hold.\n\n"
               "  --seed N       begin with this one (1)\n"
               "  --steps N      until so many steps are done, in all (%d)\n"
               "  --verbose      one episode, step by step\n"
               "  --no-shrink    show what breaks a law as it is\n"
               "  --help         this\n\n"
               "Exit status: 0 all laws held, 1 one is broken, 2 wrong arguments.\n",
               STEPS_DEFAULT);
}

static int parse_number(const char *what, const char *text, uint64_t *ret)
{
        char *end;

        errno = 0;
        *ret = strtoull(text, &end, 10);
        if (errno == 0 && *text >= '0' && *text <= '9' && !*end)
                return 0;
        fprintf(stderr, "sim: %s: '%s' is not a number\n", what, text);
        return -EINVAL;
}

/* Returns 0, 1 if nothing is left to do, or negative errno. */
static int parse(int argc, char *argv[], Options *ret)
{
        static const struct option long_options[] = {
                {"seed", required_argument, NULL, 's'}, {"steps", required_argument, NULL, 'n'},
                {"verbose", no_argument, NULL, 'v'},    {"no-shrink", no_argument, NULL, 'k'},
                {"help", no_argument, NULL, 'h'},       {0},
        };
        int c, r = 0;

        *ret = (Options){.seed = 1, .steps = STEPS_DEFAULT};
        while (r == 0 && (c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
                switch (c) {
                case 's':
                        r = parse_number("--seed", optarg, &ret->seed);
                        break;
                case 'n':
                        r = parse_number("--steps", optarg, &ret->steps);
                        break;
                case 'v':
                        ret->verbose = true;
                        break;
                case 'k':
                        ret->no_shrink = true;
                        break;
                case 'h':
                        print_help();
                        return 1;
                default:
                        return -EINVAL;
                }
        }
        return r;
}

static void report(Story *story, const Outcome *outcome, const Options *options, uint64_t before)
{
        uint64_t steps = outcome->steps + 1; /* to see the end as well, if the law breaks there */
        Outcome shown;

        printf("seed %" PRIu64 ", step %" PRIu64 " (%" PRIu64 " in all), %.3f s: a law is broken\n"
               "  %s\n  %s\n",
               story->seed, outcome->steps, before + outcome->steps, (double)outcome->at / 1e6,
               law_text(outcome->law), outcome->text);
        printf("again: tests/sim/sim --seed %" PRIu64 " --steps %" PRIu64 " --verbose\n",
               story->seed, steps);
        if (options->no_shrink || options->verbose)
                return;
        size_t n = story->n;
        story_shrink(story, 4 * steps + 10000, outcome->law);
        printf("the shortest story found, %zu of %zu stimuli:\n", story->n, n);
        play_apart(story, UINT64_MAX, true, &shown);
}

static void print_counts(const Outcome *sum, unsigned episodes)
{
        printf("%" PRIu64 " steps, %u episodes, %.0f h of their time\n", sum->steps, episodes,
               (double)sum->at / 3600e6);
        for (Count c = 0; c < COUNT_COUNT; c++)
                printf("%10" PRIu64 " %s\n", sum->counts[c], count_text(c));
}

int main(int argc, char *argv[])
{
        Options options;
        Outcome sum = {0};
        unsigned episodes = 0;
        int r = parse(argc, argv, &options);

        if (r != 0)
                return r > 0 ? EXIT_SUCCESS : 2;
        for (uint64_t seed = options.seed; sum.steps < options.steps; seed++, episodes++) {
                Outcome outcome;
                Story story;

                story_tell(seed, &story);
                play_apart(&story, options.steps - sum.steps, options.verbose, &outcome);
                if (outcome.law != LAW_NONE)
                        report(&story, &outcome, &options, sum.steps);
                story_done(&story);
                if (outcome.law != LAW_NONE)
                        return EXIT_FAILURE;
                sum.steps += outcome.steps;
                sum.at += outcome.at;
                for (Count c = 0; c < COUNT_COUNT; c++)
                        sum.counts[c] += outcome.counts[c];
                if (options.verbose)
                        break;
        }
        print_counts(&sum, episodes);
        return EXIT_SUCCESS;
}
