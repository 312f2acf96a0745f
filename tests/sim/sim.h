/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The simulator: one hub and all users' devices in one process, in virtual time. The exchange and
 * the phones are the real ones, and so is the hub's history; their messages pass through the real
 * codec and the hub's real outbox. Sockets, disks, clocks, workers, programs and people are models,
 * as unreliable as the real ones can be.
 *
 *         user.c           the stimuli that are applied to the world, made from a seed
 *         world.c          what happens next
 *         network.c        connections: they delay, break, and go dead silently
 *         hub-party.c      the hub's adapter, hub-store.c its disk
 *         phone-party.c    a device's adapter, phone-local.c its workers, programs and store
 *         hub-lies.c       what a hub says that is not so
 *         laws.c           laws of a device, checked when something happens; laws-begin.c when a
 *                          call begins, laws-media.c in the media, laws-consent.c where something
 *                          is opened
 *         laws-hub.c       laws of the hub; laws-record.c when a part in a call ends;
 *                          laws-history.c when records are seen, deleted, or too old
 *         laws-step.c      after each step; laws-end.c in the calm at the end
 *         shrink.c         finds the shortest story that still breaks the law
 *
 * An episode is a world, some hundred stimuli, and the calm afterwards, in which everything must
 * settle. It follows from its stimuli and its seed alone; removing stimuli leaves the delays of the
 * others as they were.
 */

#include "hub/database.h"
#include "hub/outbox.h"
#include "laws.h"

/* ---- chance ---- */

/* Depends on the given numbers only, not on anything else that has happened. */
uint64_t chance(const World *world, uint64_t a, uint64_t b, uint64_t c);

typedef struct Dice {
        uint64_t state;
} Dice;

unsigned dice_roll(Dice *dice, unsigned sides);

/* ---- shelf.c: history records, at the hub or on a device ---- */

typedef struct Filed {
        CallRecord record;
        char uid[UID_MAX + 1]; /* the owner; not used on a device */
        usec_t made_at;        /* when the hub stored it; not used on a device */
        bool forgotten;
        bool pruned; /* the hub has deleted it, since it was too old */
} Filed;

typedef struct Shelf {
        Filed *filed;
        size_t n, allocated;
} Shelf;

Filed *shelf_find(const Shelf *shelf, const char *uid, const char *session_id);
/* Stores a copy, replacing a record of the same user and session. */
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
        usec_t last_at;       /* packets stay in order */
        usec_t stalled_until; /* nothing arrives before this time */
        uint64_t n_sent;
} Pipe;

struct Connection {
        Connection *prev, *next;
        Handset *handset;
        unsigned ordinal; /* index among the handset's connections */
        Pipe to_hub, to_phone;
        bool phone_has, hub_has; /* which ends still use it */
        bool dead;               /* nothing arrives any more, and neither end is notified */
        usec_t phone_notices_at, hub_notices_at;
        usec_t disturbed_at; /* last disturbance */
        struct HubLink *link;
        HubRefusal refusal; /* why the hub has closed it */
};

Connection *connection_new(Handset *handset);
void connection_send(Connection *connection, bool to_hub, const char *text, size_t length);
/* One end closes it; the other end is notified if possible. */
void connection_close(Connection *connection, bool by_hub);
/* Notifies both ends; of the packets on their way only the first `delivered` arrive. */
void connection_reset(Connection *connection, unsigned delivered);
void connection_go_dead(Connection *connection);
void connection_stall(Connection *connection, usec_t time, bool to_hub);
usec_t connection_next(const Connection *connection);
void connection_act(Connection *connection);
/* Frees connections that neither end uses, or all. */
void connections_sweep(World *world, bool all);

/* ---- hub-store.c: what the hub has on its disk ---- */

typedef struct HubWrite {
        struct HubWrite *prev, *next;
        ExchangeAction action; /* SAVE, DROP, LOG, USER, BLOCK, CALLED: owned */
} HubWrite;

typedef struct DiskCall {
        struct DiskCall *prev, *next;
        char session_id[UUID_LENGTH + 1];
        CallStatus status;
        char *json; /* from wire_encode_live(); owned */
} DiskCall;

typedef struct Disk {
        DiskCall *calls;
        HubDatabase *database; /* has the history */
        Shelf history;         /* the same records, for the laws */
        WhenBusy when_busy[USERS_MAX];
        bool blocked[USERS_MAX][USERS_MAX]; /* by the first */
        WhoMayRing who_may_ring[USERS_MAX];
        bool called[USERS_MAX][USERS_MAX]; /* by the first */
        bool member[GROUPS][USERS_MAX];
        usec_t member_changed_at[GROUPS];
        bool removed[USERS_MAX];
} Disk;

unsigned user_number(const char *uid);
const char *user_uid(unsigned user);
void disk_write(World *world, ExchangeAction *action);
/* Opens what there is, and makes it before the first start. */
void disk_start(World *world);
int disk_load(World *world);
DiskCall *disk_call(const Disk *disk, const char *session_id);
/* Whether anybody's history has a record of it. */
bool disk_knows(const Disk *disk, const Case *the_case);
void disk_done(Disk *disk);
/* Marks the records and returns them; the caller frees them. */
size_t disk_seen(World *world, const Handset *by, const MessageSessions *sessions,
                 CallRecord **ret);
void disk_forget(World *world, const Handset *by, const MessageSessions *sessions);
void disk_prune(World *world);
void disk_remove_user(World *world, unsigned user);
void disk_changes(World *world, const char *uid, usec_t since, ReplyWelcome *welcome);
void disk_deletions(World *world, const char *uid, usec_t since, MessageSessions *ret);
void disk_page(World *world, const char *uid, const MessageHistory *asked, ReplyHistory *ret);

/* ---- hub-party.c, hub-login.c ---- */

#define PRUNE_EVERY_US (12 * 3600 * USEC_PER_SEC) /* and stores how long the hub has run */

typedef struct HubLink {
        struct HubLink *prev, *next;
        uint64_t number;
        char name[UUID_LENGTH + 1]; /* of the welcome */
        Handset *handset;
        Connection *connection; /* NULL: suspended */
        usec_t suspended_until; /* suspended: when it is dropped */
        bool too_slow;          /* its queue is full, so it will be closed */
        Outbox outbox;
} HubLink;

/* For instance a browser page: takes part in one session with a token that a device gave away. */
typedef struct Page {
        struct Page *prev, *next;
        uint64_t link;
        Handset *handset; /* whose party it joins as */
        char session_id[UUID_LENGTH + 1];
        char token[TOKEN_MAX + 1];
        char participant[PARTICIPANT_ID_MAX + 1]; /* empty: not joined, or left */
        char peer[PARTICIPANT_ID_MAX + 1];        /* another participant, or empty */
} Page;

typedef struct HubParty {
        bool up;
        usec_t up_since, restart_at, deadline, prune_at;
        int64_t date_offset;            /* of its wall clock */
        bool clock_was_wrong, was_down; /* ever */
        Exchange *exchange;
        HubLink *links;
        Page *pages;
        uint64_t n_links, n_moments;
        MessageType asked; /* the last request */
        bool draining;
        usec_t strange_until; /* another hub answers, which knows nobody */

        HubWrite *writes; /* not committed yet */
        bool fresh;
        uint64_t committed;
        usec_t commit_at;
        Disk disk;
} HubParty;

usec_t hub_date(const World *world);
ExchangeNow hub_moment(World *world);
/* By an operator, or by time servers. */
void hub_set_clock(World *world, int64_t date_offset);
void hub_start(World *world);
/* Carries out all actions of the exchange. Must be called after each of its events. */
void hub_drain(World *world);
void hub_hello(World *world, Connection *connection, const Message *hello);
bool hub_has_member(const World *world, unsigned group, unsigned user);
void hub_to_exchange(World *world, const ExchangeNow *moment, const HubLink *link,
                     const Message *message);
/* The device claims that call as its own. */
void hub_intrude(World *world, HubLink *link, const Case *the_case);
void hub_link_flush(World *world, HubLink *link);
void hub_link_send(World *world, HubLink *link, Message *message, uint64_t barrier);
void hub_link_close(World *world, HubLink *link, const char *text);
void hub_link_free(HubParty *hub, HubLink *link);
/* The connection has gone; messages for the device are stored for a while. */
void hub_link_suspend(World *world, HubLink *link);
/* `noticed`: the connections are reset; else they go dead. */
void hub_crash(World *world, usec_t time, bool noticed);
void hub_receive(World *world, Connection *connection, const char *text, size_t length);
void hub_lost(World *world, Connection *connection);
/* Commits, and releases the messages that waited for it. */
void hub_commit(World *world);
usec_t hub_next(const World *world);
void hub_act(World *world);
void hub_stop(World *world);

/* ---- hub-lies.c ---- */

/* What the device hears in place of the message. */
void hub_lies(const Handset *to, Message *message);

/* ---- hub-operator.c: who is there, and in which groups ---- */

int hub_load(World *world);
/* Changes by an operator also apply while the hub is down. */
void hub_change_member(World *world, unsigned group, unsigned user);
void hub_remove_user(World *world, unsigned user);

/* ---- hub-page.c ---- */

void page_open(World *world, Handset *handset);
/* Joins, leaves, signals or disappears, by chance. */
void page_act(World *world, Page *page, uint32_t dice);
Page *page_of_link(const HubParty *hub, uint64_t link);
void page_receive(World *world, Page *page, const Message *message);
void page_gone(World *world, Page *page);

/* ---- phone-party.c, phone-local.c, phone-store.c ---- */

typedef enum JobType {
        JOB_TONE,        /* rings audibly, or cannot */
        JOB_LISTENER,    /* a listener answers */
        JOB_WORKER,      /* a worker reports its state */
        JOB_PARTICIPANT, /* media flows */
        JOB_SIGNAL,      /* the worker sends one */
        JOB_ANSWER,      /* a worker has done what it was ordered, and answers a question */
        JOB_WORKER_CUT,  /* PipeWire gives it nothing any more */
        JOB_WORKER_DIES, /* it was killed */
        JOB_STORE,       /* queued history is written */
        JOB_DAEMON_DIES, /* of a call that has just been joined */
        JOB_MUTE,        /* a person mutes the call that has come back with its daemon */
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
        bool open;         /* the microphone is open */
        bool muted;        /* its sound is not sent */
        bool mute_ordered; /* the last order about that; done with the next answer */
        bool hangs;        /* takes no order any more, and goes on with what it does */
        bool is_cut;       /* PipeWire gives it nothing */
} Worker;

typedef struct Ticket {
        struct Ticket *prev, *next;
        uint64_t number;
        usec_t asked_at;
        PhoneCommandType type;
        char session_id[UUID_LENGTH + 1];
} Ticket;

/* A row: a live call from wire_encode_stored_call(), or a request from wire_encode(). */
typedef struct StoredRow {
        struct StoredRow *prev, *next;
        char session_id[UUID_LENGTH + 1]; /* of a call; else empty */
        uint64_t number;                  /* of a request; else 0 */
        char *json;                       /* owned */
        char *before;                     /* owned: what it replaced; NULL: nothing */
        usec_t put_at;
} StoredRow;

struct Handset {
        World *world;
        unsigned index, user;
        Phone *phone; /* NULL: the daemon is down */
        usec_t restart_at, deadline;
        int64_t date_offset;
        usec_t frozen_until;   /* asleep: nothing happens here */
        usec_t net_down_until; /* no connection can be made */
        usec_t welcomed_at;
        usec_t away_since; /* as the hub sees it; USEC_NEVER: connected */
        bool going;        /* likewise: it has said so, and nothing since */
        uint64_t seq;      /* of the last event received */
        uint64_t n_heard;  /* messages of the hub */
        uint64_t join_id;  /* of the last request to join */
        PhoneTone tone;
        bool heard; /* whether the tone is audible */
        bool logged_in, fresh;
        bool welcomed;      /* this login, at some time */
        usec_t refused_at;  /* USEC_NEVER: the connection is not refused */
        HubRefusal refusal; /* the last one */
        char token[TOKEN_MAX + 1], token_session[UUID_LENGTH + 1]; /* for a page */
        usec_t retry_at;
        unsigned tries, n_connections;
        Connection *connection;
        uint64_t n_jobs;
        Job *jobs;
        Worker *workers;
        Ticket *tickets;
        uint64_t n_tickets;

        /* what survives the daemon, besides the workers */
        StoredRow *rows;
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
/* Carries out all actions of the phone. Must be called after each of its events. */
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
/* Carries out CALL_STORE, CALL_FORGET, REQUEST_STORE and REQUEST_FORGET. */
void handset_store(Handset *handset, const PhoneAction *action);
void handset_store_listeners(Handset *handset);
/* The daemon died before it had written that it joined the media. */
void handset_lose_joins(Handset *handset);
void handset_restore(Handset *handset);
void handset_drop_rows(Handset *handset);
Worker *handset_worker(const Handset *handset, const char *session_id);
void handset_command(Handset *handset, PhoneCommand *command);
void handset_write_history(Handset *handset);

/* ---- user.c: what is done to the world ---- */

typedef enum StimulusType {
        STIMULUS_COMMAND, /* a program sends command `a` */
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
        STIMULUS_HUB_STRANGE, /* comes back for a while with a folder that is empty */
        STIMULUS_HUB_CLOCK_JUMPS,
        STIMULUS_MEMBER, /* a user joins or leaves a group */
        STIMULUS_REMOVE_USER,
        STIMULUS_PAGE,
        STIMULUS_TYPE_COUNT,
} StimulusType;

typedef struct Stimulus {
        StimulusType type;
        usec_t gap; /* since the previous one */
        unsigned handset;
        uint32_t a, b, c; /* random values; the type decides what they mean */
} Stimulus;

typedef struct Story {
        uint64_t seed;
        bool is_long;      /* days pass in it */
        Stimulus *stimuli; /* owned */
        size_t n;
} Story;

void story_tell(uint64_t seed, Story *ret);
void story_done(Story *story);
void stimulus_apply(World *world, const Stimulus *stimulus);
/* Everybody hangs up, and everything works */
void users_calm_down(World *world);
void users_hang_up(World *world);

/* ---- world.c ---- */

typedef struct Weather {
        unsigned users, groups, handsets_per_user;
        usec_t delay_most, commit_most;     /* delays of the network and the disk */
        unsigned queue_max, history_budget; /* of records */
        unsigned history_days;
        bool parallel_media;
        bool redial_pauses;
        bool hub_lies;
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
        COUNT_REFUSED,
        COUNT_CLOCKS,
        COUNT_LIES,
        COUNT_PRUNED,
        COUNT_FULL_LINES,
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
        Agreed agreed[CASES_MAX]
                     [HANDSETS_MAX]; /* by number of the case, which may not be there yet */
        /* [a][b]: user a has initiated a parallel call to b; last column: to a group */
        bool parallel_to[USERS_MAX][USERS_MAX + 1];
        char participants[JOINS_MAX][PARTICIPANT_ID_MAX + 1]; /* all so far */
        unsigned n_participants;
        Outcome *outcome;
};

_printf_(2, 3) void trace(const World *world, const char *format, ...);
void world_count(World *world, Count count);
/* Plays a story to its end, or until a law is broken. */
void world_play(const Story *story, uint64_t steps_max, bool verbose, Outcome *outcome);

/* ---- shrink.c ---- */

/* Plays it in a child process, so that a crash is an outcome as well. */
void play_apart(const Story *story, uint64_t steps_max, bool verbose, Outcome *ret);
/* Removes what is not needed to break that law. */
void story_shrink(Story *story, uint64_t steps_max, Law law);
