/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"

/* One thing happens at a time, always the one that is due first. After it all laws are checked. */

#define CALM_US \
        (300 *  \
         USEC_PER_SEC) /* longer than any ring, grace period and deadline one after the other */
#define HANG_UP_EVERY_US (40 * USEC_PER_SEC)

static const char *const counts[COUNT_COUNT] = {
        [COUNT_CALLS] = "calls",
        [COUNT_RINGS] = "rings",
        [COUNT_ANSWERED] = "answered",
        [COUNT_ENDED] = "ended",
        [COUNT_REJECTED] = "rejected",
        [COUNT_BUSY] = "busy",
        [COUNT_CANCELLED] = "cancelled",
        [COUNT_UNANSWERED] = "unanswered",
        [COUNT_ELSEWHERE] = "stopped elsewhere",
        [COUNT_TO_GROUPS] = "to groups",
        [COUNT_FILTERED] = "records of blocked or undisturbed users",
        [COUNT_LOST] = "connections lost",
        [COUNT_MESSAGES] = "messages",
        [COUNT_COMMANDS] = "commands",
        [COUNT_CONNECTIONS] = "connections",
        [COUNT_RESUMED] = "resumed",
        [COUNT_HUB_CRASHES] = "crashes of the hub",
        [COUNT_PHONE_CRASHES] = "crashes of daemons",
        [COUNT_RESTORED] = "calls restored",
        [COUNT_REFUSED] = "devices refused for a while",
        [COUNT_CLOCKS] = "jumps of the hub's clock",
        [COUNT_LIES] = "lies of the hub",
        [COUNT_PRUNED] = "records deleted for their age",
        [COUNT_FULL_LINES] = "messages that filled up the line from a user to a device",
};

const char *count_text(Count count)
{
        return counts[count];
}

void world_count(World *world, Count count)
{
        world->outcome->counts[count]++;
}

/* ---- chance ---- */

/* splitmix64's finisher (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t x)
{
        x ^= x >> 30;
        x *= 0xbf58476d1ce4e5b9ULL;
        x ^= x >> 27;
        x *= 0x94d049bb133111ebULL;
        return x ^ x >> 31;
}

uint64_t chance(const World *world, uint64_t a, uint64_t b, uint64_t c)
{
        return mix(mix(mix(mix(world->story->seed + 1) + a) + b) + c);
}

unsigned dice_roll(Dice *dice, unsigned sides)
{
        dice->state += 0x9e3779b97f4a7c15ULL;
        return (unsigned)((mix(dice->state) >> 16) % sides);
}

void trace(const World *world, const char *format, ...)
{
        va_list arguments;

        if (!world->verbose)
                return;
        va_start(arguments, format);
        printf("%6lu %10.6f  ", (unsigned long)world->outcome->steps, (double)world->now / 1e6);
        vprintf(format, arguments);
        putchar('\n');
        va_end(arguments);
}

/* ---- what happens next ---- */

typedef struct Next {
        usec_t at;
        enum {
                NEXT_STIMULUS,
                NEXT_HUB,
                NEXT_HANDSET,
                NEXT_CONNECTION,
                NEXT_HANG_UP
        } type;
        Handset *handset;
        Connection *connection;
} Next;

static Next earlier(Next next, Next other)
{
        return other.at < next.at ? other : next;
}

static Next world_next(World *world)
{
        Next next = {.at = world->stimulus_at, .type = NEXT_STIMULUS};
        Connection *connection;

        next = earlier(next, (Next){.at = hub_next(world), .type = NEXT_HUB});
        for (unsigned h = 0; h < world->n_handsets; h++)
                next = earlier(next, (Next){.at = handset_next(&world->handsets[h]),
                                            .type = NEXT_HANDSET,
                                            .handset = &world->handsets[h]});
        DL_FOREACH (world->connections, connection)
                next = earlier(next, (Next){.at = connection_next(connection),
                                            .type = NEXT_CONNECTION,
                                            .connection = connection});
        return next;
}

/* After the last stimulus comes the calm, in which everybody hangs up from time to time. */
static void world_stimulate(World *world)
{
        const Story *story = world->story;

        if (world->next_stimulus < story->n) {
                stimulus_apply(world, &story->stimuli[world->next_stimulus++]);
                if (world->next_stimulus < story->n) {
                        world->stimulus_at = world->now + story->stimuli[world->next_stimulus].gap;
                        return;
                }
        }
        if (!world->calm_until) {
                trace(world, "the calm begins");
                world->calm_until = world->now + CALM_US;
                if (world->outcome->counts[COUNT_REFUSED] > 0)
                        world->calm_until += REFUSED_WAIT_LAST_US;
                users_calm_down(world);
        } else {
                users_hang_up(world);
        }
        world->stimulus_at = world->now + HANG_UP_EVERY_US;
}

static void world_do(World *world, const Next *next)
{
        switch (next->type) {
        case NEXT_HUB:
                hub_act(world);
                break;
        case NEXT_HANDSET:
                handset_act(next->handset);
                break;
        case NEXT_CONNECTION:
                connection_act(next->connection);
                break;
        default:
                world_stimulate(world);
                break;
        }
}

/* ---- its beginning and its end ---- */

static void world_init(World *world)
{
        static const usec_t delays[] = {20 * USEC_PER_MSEC, 200 * USEC_PER_MSEC, USEC_PER_SEC,
                                        3 * USEC_PER_SEC};
        static const usec_t commits[] = {USEC_PER_MSEC, USEC_PER_MSEC, 30 * USEC_PER_MSEC};
        Weather *weather = &world->weather;

        weather->users = 2 + (unsigned)(chance(world, 0, 0, 1) % (USERS_MAX - 1));
        weather->groups = chance(world, 0, 0, 7) % 3 ? GROUPS : 0;
        weather->handsets_per_user = 1 + (unsigned)(chance(world, 0, 0, 2) % HANDSETS_PER_USER_MAX);
        weather->delay_most = delays[chance(world, 0, 0, 3) % ELEMENTSOF(delays)];
        weather->commit_most = commits[chance(world, 0, 0, 4) % ELEMENTSOF(commits)];
        weather->queue_max = chance(world, 0, 0, 5) % 3 ? 256 : 40;
        weather->history_budget = chance(world, 0, 0, 6) % 2 ? 100 : 3;
        weather->history_days = world->story->is_long ? 1 + chance(world, 0, 0, 10) % 40 : 365;
        weather->parallel_media = chance(world, 0, 0, 8) % 4 == 0;
        weather->redial_pauses = chance(world, 0, 0, 11) % 4 > 0;
        weather->hub_lies = chance(world, 0, 0, 12) % 6 == 0;
        for (unsigned g = 0; g < weather->groups; g++) {
                for (unsigned user = g; user < weather->users; user++)
                        world->hub.disk.member[g][user] = true;
        }
        world->n_handsets = weather->users * weather->handsets_per_user;
        world->now = USEC_PER_SEC;
        hub_start(world);
        for (unsigned h = 0; h < world->n_handsets; h++) {
                Handset *handset = &world->handsets[h];

                *handset = (Handset){.world = world,
                                     .index = h,
                                     .user = h / weather->handsets_per_user,
                                     .logged_in = true};
                handset_start(handset);
        }
        world->stimulus_at = world->now + USEC_PER_SEC;
}

static void world_done(World *world)
{
        hub_stop(world);
        for (unsigned h = 0; h < world->n_handsets; h++) {
                handset_stop(&world->handsets[h]);
                shelf_done(&world->handsets[h].history);
        }
        connections_sweep(world, true);
        disk_done(&world->hub.disk);
}

void world_play(const Story *story, uint64_t steps_max, bool verbose, Outcome *outcome)
{
        World *world = calloc(1, sizeof(*world));

        if (!world)
                abort();
        *outcome = (Outcome){0};
        world->story = story;
        world->verbose = verbose;
        world->outcome = outcome;
        world_init(world);
        while (outcome->law == LAW_NONE && outcome->steps < steps_max) {
                Next next = world_next(world);

                if (world->calm_until && next.at > world->calm_until) {
                        laws_at_the_end(world);
                        break;
                }
                world->now = MAX_OF(world->now, next.at);
                world->touched = NULL;
                outcome->steps++;
                world_do(world, &next);
                connections_sweep(world, false);
                if (outcome->law == LAW_NONE)
                        laws_after_step(world);
        }
        outcome->at = world->now;
        world_done(world);
        free(world);
}
