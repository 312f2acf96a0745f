/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"

/*
 * People who press everything at any time, mostly where it matters, and faults around
 * them. The effect of a stimulus follows from its three random values and from the choices
 * that exist when it happens.
 */

#define STIMULI_MIN 60
#define STIMULI_SPAN 340
#define CALLS_TO_CHOOSE 256

/* Weights, of a hundred commands. */
static const struct {
        PhoneCommandType type;
        unsigned weight;
} commands[] = {
        {PHONE_COMMAND_INITIATE, 19},      {PHONE_COMMAND_ACCEPT, 22},
        {PHONE_COMMAND_REJECT, 12},        {PHONE_COMMAND_END, 9},
        {PHONE_COMMAND_SILENCE, 3},        {PHONE_COMMAND_SILENCE_ALL, 1},
        {PHONE_COMMAND_DISMISS, 2},        {PHONE_COMMAND_CLEAR_ACTIVE, 1},
        {PHONE_COMMAND_TEST_RING, 1},      {PHONE_COMMAND_GENERATE_TOKEN, 3},
        {PHONE_COMMAND_JOIN, 5},           {PHONE_COMMAND_LEAVE, 4},
        {PHONE_COMMAND_MUTE, 3},           {PHONE_COMMAND_WHEN_BUSY, 2},
        {PHONE_COMMAND_DO_NOT_DISTURB, 3}, {PHONE_COMMAND_SEEN, 2},
        {PHONE_COMMAND_FORGET, 2},         {PHONE_COMMAND_BLOCK, 2},
        {PHONE_COMMAND_WHO_MAY_RING, 2},   {PHONE_COMMAND_PAUSE_VIDEO, 2},
};

/* Weights, of a hundred stimuli; the rest are commands. */
static const struct {
        StimulusType type;
        unsigned weight;
} disturbances[] = {
        {STIMULUS_LISTENER_COMES, 5},
        {STIMULUS_LISTENER_GOES, 2},
        {STIMULUS_PROGRAM_DIES, 2},
        {STIMULUS_WORKER_DIES, 2},
        {STIMULUS_CLOCK_JUMPS, 1},
        {STIMULUS_RESET, 5},
        {STIMULUS_DEAD, 2},
        {STIMULUS_STALL, 4},
        {STIMULUS_NET_DOWN, 2},
        {STIMULUS_FREEZE, 1},
        {STIMULUS_LOG_OUT, 1},
        {STIMULUS_LOG_IN, 2},
        {STIMULUS_PHONE_CRASH, 3},
        {STIMULUS_HUB_CRASH, 1},
        {STIMULUS_MEMBER, 2},
        {STIMULUS_REMOVE_USER, 1},
        {STIMULUS_PAGE, 4},
        {STIMULUS_HUB_STRANGE, 1},
        {STIMULUS_HUB_CLOCK_JUMPS, 1},
};

/* ---- the story ---- */

static usec_t roll_gap(Dice *dice, bool is_long)
{
        unsigned kind = dice_roll(dice, 100);

        if (is_long && dice_roll(dice, 16) == 0)
                return dice_roll(dice, 6 * 24) * 3600 * USEC_PER_SEC;
        if (kind < 30)
                return dice_roll(dice, 2000); /* at the same time, for a person */
        if (kind < 75)
                return dice_roll(dice, 500 * 1000);
        if (kind < 97)
                return dice_roll(dice, 5 * 1000 * 1000);
        return (usec_t)dice_roll(dice, 60) * USEC_PER_SEC;
}

static StimulusType roll_type(Dice *dice, unsigned calm)
{
        unsigned dots = dice_roll(dice, 100 * calm);

        for (size_t i = 0; i < ELEMENTSOF(disturbances); i++) {
                if (dots < disturbances[i].weight)
                        return disturbances[i].type;
                dots -= disturbances[i].weight;
        }
        return STIMULUS_COMMAND;
}

void story_tell(uint64_t seed, Story *ret)
{
        Dice dice = {.state = seed * 0x9e3779b97f4a7c15ULL + 1};
        unsigned calm = 1 + dice_roll(&dice, 4); /* some worlds are quiet */
        Story story = {.seed = seed,
                       .is_long = dice_roll(&dice, 4) == 0,
                       .n = STIMULI_MIN + dice_roll(&dice, STIMULI_SPAN)};

        story.stimuli = calloc(story.n, sizeof(*story.stimuli));
        if (!story.stimuli)
                abort();
        for (size_t i = 0; i < story.n; i++) {
                Stimulus *stimulus = &story.stimuli[i];

                stimulus->gap = roll_gap(&dice, story.is_long);
                stimulus->type = roll_type(&dice, calm);
                stimulus->handset = dice_roll(&dice, HANDSETS_MAX);
                stimulus->a = dice_roll(&dice, 1 << 30);
                stimulus->b = dice_roll(&dice, 1 << 30);
                stimulus->c = dice_roll(&dice, 1 << 30);
        }
        *ret = story;
}

void story_done(Story *story)
{
        free(story->stimuli);
        *story = (Story){0};
}

/* ---- commands ---- */

static PhoneCommandType choose_command(uint32_t chances)
{
        unsigned dots = chances % 100;

        for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
                if (dots < commands[i].weight)
                        return commands[i].type;
                dots -= commands[i].weight;
        }
        return PHONE_COMMAND_INITIATE;
}

static bool command_fits(PhoneCommandType type, const PhoneCallInfo *call)
{
        bool incoming = call->stored.record.direction == CALL_DIRECTION_INCOMING;
        bool initiated = call->stored.record.status == CALL_STATUS_INITIATED;

        switch (type) {
        case PHONE_COMMAND_ACCEPT:
                return incoming &&
                       (initiated || call->stored.record.receiver_type == RECEIVER_TYPE_GROUP);
        case PHONE_COMMAND_SILENCE:
                return initiated && incoming;
        case PHONE_COMMAND_REJECT:
                return initiated;
        case PHONE_COMMAND_DISMISS:
                return call_status_is_terminal(call->stored.record.status);
        default:
                return call->stored.record.status == CALL_STATUS_ONGOING;
        }
}

typedef struct Choice {
        Handset *handset;
        char session_id[UUID_LENGTH + 1];
} Choice;

static Handset *choose_handset(World *world, unsigned number)
{
        return &world->handsets[number % world->n_handsets];
}

/* A call for which the command makes sense, on any device; sometimes just any call. */
static Choice choose_call(World *world, PhoneCommandType type, const Stimulus *stimulus)
{
        Choice choices[CALLS_TO_CHOOSE], senseless = {choose_handset(world, stimulus->handset), ""};
        size_t n = 0;

        snprintf(senseless.session_id, sizeof(senseless.session_id),
                 "00000000-0000-4000-8000-%012u", stimulus->b % (world->n_cases + 2));
        if (stimulus->c % 16 == 0)
                return senseless;
        for (unsigned h = 0; h < world->n_handsets; h++) {
                Handset *handset = &world->handsets[h];
                const PhoneCallInfo *call;

                for (size_t i = 0; handset->phone && (call = phone_call_at(handset->phone, i)) &&
                                   n < CALLS_TO_CHOOSE;
                     i++) {
                        if (!command_fits(type, call))
                                continue;
                        choices[n].handset = handset;
                        STR_SET(choices[n++].session_id, call->stored.record.session_id);
                }
        }
        return n > 0 ? choices[stimulus->b % n] : senseless;
}

static void fill_initiate(World *world, Handset *handset, const Stimulus *stimulus,
                          PhoneCommand *command)
{
        static const int timeouts[] = {0, 5, 6, 8, 10, 15, 45, 300};
        MessageInitiate *request = &command->initiate.request;
        Case *the_case = case_new(world, handset, request->session_id);

        STR_SET(command->session_id, request->session_id);
        unsigned n = world->weather.users + world->weather.groups;
        unsigned receiver = stimulus->b % n;
        the_case->is_group = receiver >= world->weather.users;
        if (the_case->is_group)
                snprintf(request->receiver, sizeof(request->receiver), "group-%u",
                         receiver - world->weather.users);
        else /* one of the receivers does not exist */
                snprintf(request->receiver, sizeof(request->receiver), "user-%u",
                         receiver + (stimulus->c % 32 == 0));
        request->receiver_type = the_case->is_group ? RECEIVER_TYPE_GROUP : RECEIVER_TYPE_USER;
        request->type = stimulus->c >> 4 & 1 ? CALL_TYPE_AUDIO : CALL_TYPE_VIDEO;
        STR_SET(the_case->receiver, request->receiver);
        the_case->type = request->type;
        request->timeout_s = timeouts[(stimulus->c >> 5) % ELEMENTSOF(timeouts)];
        request->join = (stimulus->c >> 8) % 8;
        request->parallel = (stimulus->c >> 11) % 4 == 0;
        command->initiate.tie_to_client = (stimulus->c >> 13) % 8 == 0;
        the_case->parts[handset->user].parallel |= request->parallel;
        /* Glare, or the group's live call, merges it into another call. */
        receiver = the_case->is_group ? USERS_MAX : user_number(request->receiver);
        if (receiver <= USERS_MAX)
                world->parallel_to[handset->user][receiver] |= request->parallel;
}

static void fill_accept(World *world, Handset *handset, const Stimulus *stimulus,
                        PhoneCommand *command)
{
        MessageAccept *request = &command->accept.request;
        Case *the_case = case_of(world, command->session_id);

        STR_SET(request->session_id, command->session_id);
        request->join = (stimulus->c >> 4) % 8;
        request->end_others = (stimulus->c >> 7) % 3 == 0;
        request->parallel = (stimulus->c >> 9) % 3 == 0;
        request->as_audio = (stimulus->c >> 11) % 4 == 0;
        if (the_case)
                the_case->parts[handset->user].parallel |= request->parallel;
}

/* One record of the history, or all. */
static void fill_sessions(Handset *handset, const Stimulus *stimulus, PhoneCommand *command)
{
        const Shelf *history = &handset->history;

        command->sessions = (MessageSessions){0};
        if (stimulus->c % 8 == 0 || history->n == 0)
                return;
        command->sessions.session_ids = calloc(1, sizeof(*command->sessions.session_ids));
        if (!command->sessions.session_ids)
                abort();
        command->sessions.count = 1;
        STR_SET(command->sessions.session_ids[0],
                history->filed[stimulus->b % history->n].record.session_id);
}

static void fill_command(World *world, Handset *handset, const Stimulus *stimulus,
                         PhoneCommand *command)
{
        static const CallStatus rejects[] = {CALL_STATUS_REJECTED, CALL_STATUS_BUSY,
                                             CALL_STATUS_CANCELLED, CALL_STATUS_CANCELLED};
        const PhoneCallInfo *call;

        switch (command->type) {
        case PHONE_COMMAND_INITIATE:
                fill_initiate(world, handset, stimulus, command);
                break;
        case PHONE_COMMAND_ACCEPT:
                fill_accept(world, handset, stimulus, command);
                break;
        case PHONE_COMMAND_REJECT:
                call = phone_call_find(handset->phone, command->session_id);
                command->status = rejects[(stimulus->c >> 4) % ELEMENTSOF(rejects)];
                if (call && (stimulus->c >> 8) % 8)
                        command->status = call->stored.record.direction == CALL_DIRECTION_OUTGOING
                                                  ? CALL_STATUS_CANCELLED
                                                  : rejects[(stimulus->c >> 4) % 2];
                break;
        case PHONE_COMMAND_MUTE:
        case PHONE_COMMAND_PAUSE_VIDEO:
        case PHONE_COMMAND_DO_NOT_DISTURB:
                command->on = stimulus->c >> 4 & 1;
                break;
        case PHONE_COMMAND_WHEN_BUSY:
                command->when_busy = stimulus->c >> 4 & 1 ? WHEN_BUSY_RING : WHEN_BUSY_REJECT;
                break;
        case PHONE_COMMAND_WHO_MAY_RING:
                /* Mostly everybody; otherwise nobody would be rung any more. */
                command->who_may_ring = stimulus->c % 2 ? WHO_MAY_RING_EVERYBODY
                                                        : stimulus->c / 2 % WHO_MAY_RING_COUNT;
                break;
        case PHONE_COMMAND_BLOCK:
                snprintf(command->block.uid, sizeof(command->block.uid), "user-%u",
                         stimulus->b % world->weather.users);
                command->block.on = stimulus->c % 3 != 0;
                break;
        case PHONE_COMMAND_SEEN:
        case PHONE_COMMAND_FORGET:
                fill_sessions(handset, stimulus, command);
                break;
        default:
                break;
        }
}

/* Whether the user may not take the id: it is somebody else's call, or was. */
static bool is_anothers(const World *world, const Case *the_case, unsigned user)
{
        if (!the_case->begun || the_case->caller->user == user)
                return false;
        return the_case->over ? disk_knows(&world->hub.disk, the_case)
                              : !the_case->parts[user].is_member;
}

/* A device reuses the id of a live call that its user has no part in, or of one that is over. */
static void apply_intruder(World *world, const Handset *handset, const Stimulus *stimulus)
{
        const Connection *connection = handset->connection;
        unsigned n = world->n_cases;

        if (!connection || !connection->link)
                return;
        for (unsigned i = 0; i < n; i++) {
                const Case *the_case = &world->cases[(i + stimulus->b) % n];

                if (is_anothers(world, the_case, handset->user)) {
                        hub_intrude(world, connection->link, the_case);
                        return;
                }
        }
}

static void apply_command(World *world, const Stimulus *stimulus)
{
        PhoneCommand command = {.type = choose_command(stimulus->a)};
        Choice choice = {choose_handset(world, stimulus->handset), ""};

        if (command.type == PHONE_COMMAND_INITIATE && stimulus->c % 16 == 1) {
                apply_intruder(world, choice.handset, stimulus);
                return;
        }

        switch (command.type) {
        case PHONE_COMMAND_ACCEPT:
        case PHONE_COMMAND_REJECT:
        case PHONE_COMMAND_END:
        case PHONE_COMMAND_SILENCE:
        case PHONE_COMMAND_DISMISS:
        case PHONE_COMMAND_GENERATE_TOKEN:
        case PHONE_COMMAND_JOIN:
        case PHONE_COMMAND_LEAVE:
        case PHONE_COMMAND_MUTE:
        case PHONE_COMMAND_PAUSE_VIDEO:
                choice = choose_call(world, command.type, stimulus);
                break;
        default:
                break;
        }
        if (!choice.handset->phone || choice.handset->frozen_until > world->now)
                return;
        snprintf(command.client, sizeof(command.client), ":1.%u", stimulus->a / 100 % PROGRAMS);
        STR_SET(command.session_id, choice.session_id);
        fill_command(world, choice.handset, stimulus, &command);
        trace(world, "%s: program %s asks: command %d, call %s", handset_name(choice.handset),
              command.client, (int)command.type, command.session_id);
        handset_command(choice.handset, &command);
        phone_command_done(&command);
}

/* ---- programs, workers ---- */

static void apply_listener(Handset *handset, const Stimulus *stimulus)
{
        const Now instant = handset_instant(handset);
        PhoneListener listener = {.presents = stimulus->b % 4 != 0,
                                  .priority = (int)(stimulus->b >> 4) % 3};
        const char *text;
        int r;

        snprintf(listener.client, sizeof(listener.client), ":1.%u", stimulus->a % PROGRAMS);
        snprintf(listener.id, sizeof(listener.id), "listener-%u", stimulus->a % PROGRAMS);
        STR_SET(listener.path, "/listener");
        if (stimulus->type == STIMULUS_LISTENER_COMES)
                r = phone_listener_add(handset->phone, &instant, &listener, false, &text);
        else if (stimulus->type == STIMULUS_LISTENER_GOES)
                r = phone_listener_remove(handset->phone, &instant, listener.client, listener.id);
        else
                r = phone_client_gone(handset->phone, &instant, listener.client);
        trace(handset->world, "%s: listener of %s: %d", handset_name(handset), listener.client,
              (int)stimulus->type);
        handset_drain(handset, MIN_OF(r, 0));
}

static void apply_worker_dies(Handset *handset)
{
        const Now instant = handset_instant(handset);
        Worker *worker = handset->workers;
        char session_id[UUID_LENGTH + 1];

        if (!worker)
                return;
        trace(handset->world, "%s: the worker of %s dies", handset_name(handset),
              worker->session_id);
        const PhoneCallInfo *call = phone_call_find(handset->phone, worker->session_id);
        CallStatus before = call ? call->stored.record.status : CALL_STATUS_ENDED;
        STR_SET(session_id, worker->session_id);
        DL_DELETE(handset->workers, worker);
        free(worker);
        handset_drain(handset,
                      phone_worker_gone(handset->phone, &instant, session_id, "it crashed"));
        laws_see_worker_died(handset, session_id, before);
}

/* ---- what goes wrong ---- */

static void apply_connection(Handset *handset, const Stimulus *stimulus)
{
        Connection *connection = handset->connection;

        if (!connection)
                return;
        trace(handset->world, "%s: the connection: disturbance %d", handset_name(handset),
              (int)stimulus->type);
        if (stimulus->type == STIMULUS_RESET)
                connection_reset(connection, stimulus->a % 4);
        else if (stimulus->type == STIMULUS_DEAD)
                connection_go_dead(connection);
        else
                connection_stall(connection, stimulus->b % (12 * USEC_PER_SEC), stimulus->a % 2);
}

static void apply_net_down(Handset *handset, const Stimulus *stimulus)
{
        usec_t time = stimulus->b % (stimulus->c % 4 ? 15 * USEC_PER_SEC : 150 * USEC_PER_SEC);

        trace(handset->world, "%s: no network for %lu ms", handset_name(handset),
              (unsigned long)(time / USEC_PER_MSEC));
        handset->net_down_until = handset->world->now + time;
        if (!handset->connection)
                return;
        if (stimulus->a % 2)
                connection_reset(handset->connection, 0);
        else
                connection_go_dead(handset->connection);
}

/* How far a wall clock is off: by some seconds, hours or years, or not any more. */
static int64_t clock_offset(const Stimulus *stimulus)
{
        static const usec_t offsets[] = {0, 3, 60, 3600, 24 * 3600, 731 * 24 * 3600, 0};
        unsigned which = stimulus->a % ELEMENTSOF(offsets);
        int64_t offset = (int64_t)((offsets[which] + stimulus->b % 8) * USEC_PER_SEC);

        if (which == 0)
                return 0;
        if (which == ELEMENTSOF(offsets) - 1)
                return -(int64_t)DATE_BASE; /* 1970 */
        return stimulus->c % 2 ? offset : -offset;
}

static void apply_to_handset(Handset *handset, const Stimulus *stimulus)
{
        switch (stimulus->type) {
        case STIMULUS_LISTENER_COMES:
        case STIMULUS_LISTENER_GOES:
        case STIMULUS_PROGRAM_DIES:
                apply_listener(handset, stimulus);
                break;
        case STIMULUS_WORKER_DIES:
                apply_worker_dies(handset);
                break;
        case STIMULUS_CLOCK_JUMPS:
                handset->date_offset = clock_offset(stimulus);
                break;
        case STIMULUS_NET_DOWN:
                apply_net_down(handset, stimulus);
                break;
        case STIMULUS_FREEZE:
                handset_freeze(handset, stimulus->a % (60 * USEC_PER_SEC));
                break;
        case STIMULUS_LOG_OUT:
                handset_log_out(handset);
                break;
        case STIMULUS_LOG_IN:
                handset_log_in(handset);
                break;
        case STIMULUS_PHONE_CRASH:
                handset_crash(handset, 1 + stimulus->a % (stimulus->b % 3 ? USEC_PER_SEC
                                                                          : 40 * USEC_PER_SEC));
                break;
        default:
                apply_connection(handset, stimulus);
                break;
        }
}

static void apply_page(World *world, Handset *handset, const Stimulus *stimulus)
{
        Page *page = world->hub.pages;

        if (page && stimulus->a % 2)
                page_act(world, page, stimulus->b);
        else
                page_open(world, handset);
}

/* In a few worlds, and never so many that nobody is left to call. */
static void apply_remove_user(World *world, const Handset *handset, const Stimulus *stimulus)
{
        unsigned n = 0;

        for (unsigned user = 0; user < world->weather.users; user++)
                n += world->hub.disk.removed[user];
        if (n + 2 < world->weather.users && chance(world, 0, 0, 9) % 4 == 0)
                hub_remove_user(world, handset->user);
}

/* In some worlds, and for up to some minutes: an operator has started it with the wrong folder. */
static void apply_hub_strange(World *world, const Stimulus *stimulus)
{
        if (chance(world, 0, 0, 10) % 2)
                return;
        hub_crash(world, 1 + stimulus->a % USEC_PER_SEC, stimulus->c % 4);
        world->hub.strange_until = world->hub.restart_at + stimulus->b % (200 * USEC_PER_SEC);
        trace(world, "hub: will not know anybody for a while");
}

static void apply_to_hub(World *world, Handset *handset, const Stimulus *stimulus)
{
        usec_t down = 1 + stimulus->a % (stimulus->b % 3 ? 2 * USEC_PER_SEC : 30 * USEC_PER_SEC);

        if (stimulus->type == STIMULUS_HUB_CRASH && world->hub.up)
                hub_crash(world, down, stimulus->c % 4);
        else if (stimulus->type == STIMULUS_HUB_STRANGE && world->hub.up)
                apply_hub_strange(world, stimulus);
        else if (stimulus->type == STIMULUS_HUB_CLOCK_JUMPS)
                hub_set_clock(world, clock_offset(stimulus));
        else if (stimulus->type == STIMULUS_MEMBER && world->weather.groups > 0)
                hub_change_member(world, stimulus->a % world->weather.groups, handset->user);
        else if (stimulus->type == STIMULUS_REMOVE_USER)
                apply_remove_user(world, handset, stimulus);
        else if (stimulus->type == STIMULUS_PAGE)
                apply_page(world, handset, stimulus);
}

static bool stimulus_is_of_hub(StimulusType type)
{
        return type == STIMULUS_HUB_CRASH || type == STIMULUS_HUB_STRANGE ||
               type == STIMULUS_HUB_CLOCK_JUMPS || type == STIMULUS_MEMBER ||
               type == STIMULUS_REMOVE_USER || type == STIMULUS_PAGE;
}

void stimulus_apply(World *world, const Stimulus *stimulus)
{
        Handset *handset = choose_handset(world, stimulus->handset);

        if (stimulus->type == STIMULUS_COMMAND) {
                apply_command(world, stimulus);
        } else if (stimulus_is_of_hub(stimulus->type)) {
                apply_to_hub(world, handset, stimulus);
        } else if (handset->phone && handset->frozen_until <= world->now) {
                apply_to_handset(handset, stimulus);
        }
}

/* ---- the calm afterwards ---- */

void users_calm_down(World *world)
{
        Connection *connection;

        DL_FOREACH (world->connections, connection) {
                connection->to_hub.stalled_until = connection->to_phone.stalled_until = 0;
                if (connection->dead)
                        connection->phone_notices_at = connection->hub_notices_at = world->now;
        }
        if (!world->hub.up)
                world->hub.restart_at = world->now;
        world->hub.strange_until = 0;
        for (unsigned h = 0; h < world->n_handsets; h++) {
                Handset *handset = &world->handsets[h];

                handset->frozen_until = handset->net_down_until = 0;
                if (!handset->phone)
                        handset_start(handset);
                handset_log_in(handset);
        }
}

void users_hang_up(World *world)
{
        for (unsigned h = 0; h < world->n_handsets; h++) {
                Handset *handset = &world->handsets[h];
                const PhoneCallInfo *call;

                handset_log_in(handset); /* if the last login was refused */
                for (size_t i = 0; (call = phone_call_at(handset->phone, i)); i++) {
                        PhoneCommand command = {.type = PHONE_COMMAND_END, .client = ":1.0"};

                        if (call->stored.record.status != CALL_STATUS_ONGOING)
                                continue;
                        STR_SET(command.session_id, call->stored.record.session_id);
                        handset_command(handset, &command);
                }
        }
}
