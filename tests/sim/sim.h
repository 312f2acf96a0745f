/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The simulator: one hub and everybody's devices in one process, in virtual time. The exchange and
 * the phones are the real ones, and what they say to each other goes through the real codec and the
 * hub's real outbox; sockets, disks, workers, programs and people are models, as bad as the real
 * ones can be.
 *
 *         user.c           what is done to the world: the stimuli, made from a seed
 *         world.c          whose turn it is
 *         network.c        connections: they delay, break, and go dead without a word
 *         hub-party.c      the hub's adapter, hub-store.c its disk
 *         phone-party.c    a device's adapter, phone-local.c its workers, programs and store
 *         laws.c           what must hold of a device when something happens; laws-begin.c when a
 *                          call begins, laws-media.c in the media
 *         laws-hub.c       what must hold of the hub; laws-record.c when a part in a call ends
 *         laws-step.c      after each step; laws-end.c when all is calm
 *         shrink.c         the shortest story that still breaks the law
 *
 * An episode is a world, some hundred stimuli, and the calm afterwards, in which everything has to
 * be settled. It follows from its stimuli and its seed alone; taking stimuli away leaves the
 * delays of what remains as they were.
 */

#include "hub/outbox.h"
#include "laws.h"

/* ---- chance ---- */

/* The same for the same numbers, whatever else has happened. */
uint64_t chance(const World *world, uint64_t a, uint64_t b, uint64_t c);

typedef struct Dice {
        uint64_t state;
} Dice;

unsigned dice_roll(Dice *dice, unsigned sides);

/* ---- shelf.c: history records, at the hub or on a device ---- */

typedef struct Filed {
        CallRecord record;
        char uid[UID_MAX + 1]; /* whose; not used on a device */
        usec_t changed_at;
        bool forgotten;
} Filed;

typedef struct Shelf {
        Filed *filed;
        size_t n, allocated;
} Shelf;

Filed *shelf_find(const Shelf *shelf, const char *uid, const char *session_id);
/* Takes a copy, replacing one of the same user and session. */
Filed *shelf_put(Shelf *shelf, const char *uid, const CallRecord *record);
void shelf_remove(Shelf *shelf, const char *uid, const char *session_id);
void shelf_done(Shelf *shelf);

/* ---- network.c ---- */

typedef struct Packet {
        struct Packet *prev, *next;
        usec_t at;
        bool closes;
        size_t length;
        char *text; /* owned */
} Packet;

typedef struct Pipe {
        Packet *packets;
        usec_t last_at;       /* nothing overtakes */
        usec_t stalled_until; /* nothing arrives before */
        uint64_t n_sent;
} Pipe;

struct Connection {
        Connection *prev, *next;
        Handset *handset;
        unsigned ordinal; /* of the handset's connections */
        Pipe to_hub, to_phone;
        bool phone_has, hub_has; /* who has not given it up yet */
        bool dead;               /* nothing arrives any more, and nobody says so */
        usec_t phone_notices_at, hub_notices_at;
        usec_t troubled_at; /* when it was last disturbed */
        struct HubLink *link;
};

Connection *connection_new(Handset *handset);
void connection_send(Connection *connection, bool to_hub, const char *text, size_t length);
/* One end gives it up: the other one is told, if it can be. */
void connection_close(Connection *connection, bool by_hub);
/* Both ends hear that it is gone; what is on its way is lost from the `kept`-th packet on. */
void connection_reset(Connection *connection, unsigned kept);
void connection_go_dead(Connection *connection);
void connection_stall(Connection *connection, usec_t time, bool to_hub);
usec_t connection_next(const Connection *connection);
void connection_act(Connection *connection);
/* Frees those that nobody holds any more, or all. */
void connections_sweep(World *world, bool all);

/* ---- hub-store.c: what the hub has on its disk ---- */

typedef struct HubWrite {
        struct HubWrite *prev, *next;
        ExchangeAction action; /* SAVE, DROP, LOG, USER, BLOCK: owned */
} HubWrite;

typedef struct DiskCall {
        struct DiskCall *prev, *next;
        char session_id[UUID_LENGTH + 1];
        CallStatus status;
        char *json; /* by wire_encode_live(); owned */
} DiskCall;

typedef struct Disk {
        DiskCall *calls;
        Shelf history;
        WhenBusy when_busy[USERS_MAX];
        bool blocked[USERS_MAX][USERS_MAX]; /* by the first */
        bool member[GROUPS][USERS_MAX];
        usec_t member_changed_at[GROUPS];
        bool removed[USERS_MAX];
        usec_t last_change;
} Disk;

unsigned user_number(const char *uid);
const char *user_uid(unsigned user);
void disk_write(World *world, ExchangeAction *action);
int disk_load(World *world);
DiskCall *disk_call(const Disk *disk, const char *session_id);
void disk_done(Disk *disk);
void disk_changes(World *world, const char *uid, usec_t since, ReplyWelcome *welcome);
void disk_deletions(World *world, const char *uid, usec_t since, MessageSessions *ret);
void disk_page(World *world, const char *uid, const MessageHistory *asked, ReplyHistory *ret);

/* ---- hub-party.c, hub-login.c ---- */

typedef struct HubLink {
        struct HubLink *prev, *next;
        uint64_t number;
        char name[UUID_LENGTH + 1]; /* of the welcome */
        Handset *handset;
        Connection *connection; /* NULL: suspended */
        usec_t kept_until;      /* suspended: then it is given up */
        bool too_slow;          /* its queue is full: it is to be closed */
        Outbox outbox;
} HubLink;

/* A browser's page, say: it takes part in one session by a token that a device gave away. */
typedef struct Page {
        struct Page *prev, *next;
        uint64_t link;
        Handset *handset; /* whose part it has */
        char session_id[UUID_LENGTH + 1];
        char token[TOKEN_MAX + 1];
        char participant[PARTICIPANT_ID_MAX + 1]; /* empty: it has not joined, or left */
        char peer[PARTICIPANT_ID_MAX + 1];        /* somebody else there, or empty */
} Page;

typedef struct HubParty {
        bool up;
        usec_t restart_at, deadline;
        Exchange *exchange;
        HubLink *links;
        Page *pages;
        uint64_t n_links, n_moments;
        bool draining;

        HubWrite *writes; /* not committed yet */
        bool fresh;
        uint64_t committed;
        usec_t commit_at;
        Disk disk;
} HubParty;

ExchangeNow hub_moment(World *world);
void hub_start(World *world);
/* Everything that the exchange wants done. To be called after each of its events. */
void hub_drain(World *world);
void hub_hello(World *world, Connection *connection, const Message *hello);
bool hub_has_member(const World *world, unsigned group, unsigned user);
/* The device asks for that call as if it were one of its own. */
void hub_intrude(World *world, HubLink *link, const Case *the_case);
void hub_link_flush(World *world, HubLink *link);
void hub_link_send(World *world, HubLink *link, Message *message, uint64_t barrier);
void hub_link_close(World *world, HubLink *link, const char *text);
void hub_link_free(HubParty *hub, HubLink *link);
/* The connection has gone; what is told to the device is kept for a while. */
void hub_link_suspend(World *world, HubLink *link);
/* `noticed`: the connections are reset; else they are dead. */
void hub_crash(World *world, usec_t time, bool noticed);
void hub_receive(World *world, Connection *connection, const char *text, size_t length);
void hub_lost(World *world, Connection *connection);
/* Stored, so that nothing is confirmed before; and what waited for it goes out. */
void hub_commit(World *world);
usec_t hub_next(const World *world);
void hub_act(World *world);
void hub_stop(World *world);

/* ---- hub-operator.c: who is there, and in which groups ---- */

int hub_load(World *world);
/* What an operator has changed holds also for a hub that is down. */
void hub_change_member(World *world, unsigned group, unsigned user);
void hub_remove_user(World *world, unsigned user);

/* ---- hub-page.c ---- */

void page_open(World *world, Handset *handset);
/* Joins, leaves, speaks or goes, by chance. */
void page_act(World *world, Page *page, uint32_t dice);
Page *page_of_link(const HubParty *hub, uint64_t link);
void page_receive(World *world, Page *page, const Message *message);
void page_gone(World *world, Page *page);

/* ---- phone-party.c, phone-local.c, phone-store.c ---- */

typedef enum JobType {
        JOB_TONE,        /* is heard, or cannot be */
        JOB_LISTENER,    /* answers */
        JOB_WORKER,      /* says its state */
        JOB_PARTICIPANT, /* media flows */
        JOB_SIGNAL,      /* the worker sends one */
        JOB_STORE,       /* what waits is written */
} JobType;

typedef struct Job {
        struct Job *prev, *next;
        usec_t at;
        JobType type;
        PhoneTone tone;
        bool on;
        uint64_t serial;
        SessionState state;
        char session_id[UUID_LENGTH + 1];
        char peer[PARTICIPANT_ID_MAX + 1];
} Job;

typedef struct Worker {
        struct Worker *prev, *next;
        char session_id[UUID_LENGTH + 1];
        bool open; /* its microphone */
} Worker;

typedef struct Ticket {
        struct Ticket *prev, *next;
        uint64_t number;
        usec_t asked_at;
        PhoneCommandType type;
        char session_id[UUID_LENGTH + 1];
} Ticket;

/* A live call by wire_encode_stored_call(), or a request by wire_encode(). */
typedef struct Kept {
        struct Kept *prev, *next;
        char session_id[UUID_LENGTH + 1]; /* of a call; else empty */
        uint64_t number;                  /* of a request; else 0 */
        char *json;                       /* owned */
} Kept;

struct Handset {
        World *world;
        unsigned index, user;
        Phone *phone; /* NULL: its daemon is down */
        usec_t restart_at, deadline;
        int64_t date_offset;
        usec_t frozen_until;   /* asleep: nothing happens here */
        usec_t net_down_until; /* no connection can be made */
        usec_t welcomed_at;
        usec_t away_since; /* in the hub's eyes; USEC_NEVER: it is there */
        uint64_t seq;      /* of the last event that arrived */
        PhoneTone tone;
        bool heard; /* that tone */
        bool logged_in, fresh;
        bool refused;                                              /* the user was removed */
        char token[TOKEN_MAX + 1], token_session[UUID_LENGTH + 1]; /* to be given away */
        usec_t retry_at;
        unsigned tries, n_connections;
        Connection *connection;
        uint64_t n_jobs;
        Job *jobs;
        Worker *workers;
        Ticket *tickets;
        uint64_t n_tickets;

        /* what survives its daemon, besides the workers */
        Kept *kept;
        PhoneListener listeners[PROGRAMS];
        size_t n_listeners;
        Shelf history, waiting;
        usec_t since;
        WhenBusy when_busy;
        bool do_not_disturb;
};

Now handset_instant(const Handset *handset);
void handset_start(Handset *handset);
void handset_crash(Handset *handset, usec_t time);
void handset_receive(Handset *handset, Connection *connection, const char *text, size_t length);
void handset_lost(Handset *handset, Connection *connection);
void handset_log_in(Handset *handset);
void handset_log_out(Handset *handset);
void handset_freeze(Handset *handset, usec_t time);
/* Everything that its phone wants done. To be called after each of its events. */
void handset_drain(Handset *handset, int r);
usec_t handset_next(const Handset *handset);
void handset_act(Handset *handset);
void handset_stop(Handset *handset);
const char *handset_uid(const Handset *handset);
const char *handset_name(const Handset *handset);

Job *handset_job(Handset *handset, JobType type, usec_t longest);
void handset_run_job(Handset *handset, Job *job);
void handset_do(Handset *handset, PhoneAction *action);
void handset_drop_local(Handset *handset, bool workers);
void handset_worker_connects(Handset *handset, const char *session_id);
/* What the store is asked for: CALL_STORE, CALL_FORGET, REQUEST_STORE, REQUEST_FORGET. */
void handset_keep(Handset *handset, const PhoneAction *action);
void handset_keep_listeners(Handset *handset);
void handset_restore(Handset *handset);
void handset_drop_kept(Handset *handset);
Worker *handset_worker(const Handset *handset, const char *session_id);
void handset_command(Handset *handset, PhoneCommand *command);
void handset_write_history(Handset *handset);

/* ---- user.c: what is done to the world ---- */

typedef enum StimulusType {
        STIMULUS_COMMAND, /* a program asks for something: `a` what */
        STIMULUS_LISTENER_COMES,
        STIMULUS_LISTENER_GOES,
        STIMULUS_PROGRAM_DIES,
        STIMULUS_WORKER_DIES,
        STIMULUS_CLOCK_JUMPS,
        STIMULUS_RESET,
        STIMULUS_DEAD,
        STIMULUS_STALL,
        STIMULUS_NET_DOWN,
        STIMULUS_FREEZE,
        STIMULUS_LOG_OUT,
        STIMULUS_LOG_IN,
        STIMULUS_PHONE_CRASH,
        STIMULUS_HUB_CRASH,
        STIMULUS_MEMBER, /* comes into a group, or goes */
        STIMULUS_REMOVE_USER,
        STIMULUS_PAGE,
        STIMULUS_TYPE_COUNT,
} StimulusType;

typedef struct Stimulus {
        StimulusType type;
        usec_t gap; /* after the one before */
        unsigned handset;
        uint32_t a, b, c; /* chances; what they mean depends */
} Stimulus;

typedef struct Story {
        uint64_t seed;
        Stimulus *stimuli; /* owned */
        size_t n;
} Story;

void story_tell(uint64_t seed, Story *ret);
void story_done(Story *story);
void stimulus_apply(World *world, const Stimulus *stimulus);
/* Everybody hangs up, everything works. */
void users_calm_down(World *world);
void users_hang_up(World *world);

/* ---- world.c ---- */

typedef struct Weather {
        unsigned users, groups, handsets_per_user;
        usec_t delay_most, commit_most; /* of the network, and of the disk */
        unsigned queue_max, history_budget;
        bool parallel_media;
} Weather;

typedef enum Count {
        COUNT_CALLS,
        COUNT_RINGS,
        COUNT_ANSWERED,
        COUNT_ENDED,
        COUNT_REJECTED,
        COUNT_BUSY,
        COUNT_CANCELLED,
        COUNT_UNANSWERED,
        COUNT_ELSEWHERE,
        COUNT_TO_GROUPS,
        COUNT_FILTERED,
        COUNT_LOST,
        COUNT_MESSAGES,
        COUNT_COMMANDS,
        COUNT_CONNECTIONS,
        COUNT_RESUMED,
        COUNT_HUB_CRASHES,
        COUNT_PHONE_CRASHES,
        COUNT_RESTORED,
        COUNT_COUNT,
} Count;

const char *count_text(Count count);

typedef struct Outcome {
        uint64_t steps;
        uint64_t counts[COUNT_COUNT];
        Law law;
        usec_t at;
        char text[TEXT_MAX];
} Outcome;

struct World {
        const Story *story;
        size_t next_stimulus;
        usec_t stimulus_at, calm_since, calm_until;
        bool verbose;
        uint64_t steps_max;
        Weather weather;
        usec_t now;
        HubParty hub;
        Handset handsets[HANDSETS_MAX];
        unsigned n_handsets;
        Connection *connections;
        Handset *touched;
        Case cases[CASES_MAX];
        unsigned n_cases;
        /* The first initiated to the second in parallel; in the last place, to a group. */
        bool parallel_to[USERS_MAX][USERS_MAX + 1];
        char participants[JOINS_MAX][PARTICIPANT_ID_MAX + 1]; /* all that there ever were */
        unsigned n_participants;
        Outcome *outcome;
};

_printf_(2, 3) void trace(const World *world, const char *format, ...);
void world_count(World *world, Count count);
/* Plays a story to its end, or to the first law that is broken. */
void world_play(const Story *story, uint64_t steps_max, bool verbose, Outcome *outcome);

/* ---- shrink.c ---- */

/* In a process of its own: what crashes there is an outcome as well. */
void play_apart(const Story *story, uint64_t steps_max, bool verbose, Outcome *ret);
/* Takes out whatever is not needed to break that law. */
void story_shrink(Story *story, uint64_t steps_max, Law law);
