/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The laws, as sentences (laws.c), and the state that they are checked against: each call as the
 * hub has it, the parts of its users, and how it appears on each device.
 */

#include "exchange/exchange.h"
#include "hub/outbox.h"
#include "phone/phone.h"

#define USERS_MAX 4
#define HANDSETS_PER_USER_MAX 3
#define HANDSETS_MAX (USERS_MAX * HANDSETS_PER_USER_MAX)
#define GROUPS 2   /* of all users, and of all but the first */
#define PROGRAMS 3 /* on each device */
#define CASES_MAX 1024
#define JOINS_MAX 4096
#define INTRUDER_ID (1ULL << 40)      /* of a request that no phone has made */
#define FLOOD_ID (1ULL << 41)         /* likewise, of one that was sent again and again */
#define SLACK_US (50 * USEC_PER_MSEC) /* what is due must have happened by then */
#define DATE_BASE (1700000000 * USEC_PER_SEC)
#define TEXT_MAX 512

typedef struct Case Case;
typedef struct Connection Connection;
typedef struct Handset Handset;
typedef struct Page Page;
typedef struct Ticket Ticket;
typedef struct World World;

/* ---- laws.c ---- */

typedef enum Law {
        LAW_NONE,
        LAW_INITIATE,
        LAW_RINGING,
        LAW_ONE_WINNER,
        LAW_REJECT,
        LAW_STATUSES_MATCH,
        LAW_RING_ENDS,
        LAW_TIMEOUT_IS_THE_HUBS,
        LAW_LATE,
        LAW_HISTORY_ONCE,
        LAW_HISTORY_SAME,
        LAW_KNOWN,
        LAW_RETENTION,
        LAW_SETTINGS_SAME,
        LAW_ONE_TERMINAL_EVENT,
        LAW_STOPS_ELSEWHERE,
        LAW_ONE_MICROPHONE,
        LAW_ANSWERED_ONCE,
        LAW_CANCELLED_IS_NOT_HEARD,
        LAW_NOTHING_GOES_BACK,
        LAW_SILENCE,
        LAW_BUSY,
        LAW_FILTER,
        LAW_GLARE,
        LAW_GROUP,
        LAW_DURATION,
        LAW_ALONE,
        LAW_GRACE,
        LAW_MEDIA,
        LAW_SENDER_PAYS,
        LAW_NO_HOSTAGE,
        LAW_MUTED,
        LAW_PUBLISHED,
        LAW_STORED_BEFORE_CONFIRMED,
        LAW_SEQ_GROWS,
        LAW_NOTHING_LIVES_ON,
        LAW_ALL_AGREE,
        LAW_RESTORED,
        LAW_CONSENT,
        LAW_REFUSED,
        LAW_REDIAL,
        LAW_WELL_FORMED,
        LAW_CRASH, /* in the simulator or the code under test */
        LAW_COUNT,
} Law;

const char *law_text(Law law);

/* How a call appears on one device. */
typedef struct Sight {
        bool there, fresh; /* fresh: no event for its status yet */
        CallStatus status;
        unsigned terminal;     /* number of events */
        uint64_t cancelled_by; /* ticket of a cancel while the call rang; 0: none */
        bool never_heard;
        bool silenced;
        bool ever_over;
        bool was_there;          /* was alive when its daemon went */
        bool announced;          /* by IncomingCallReceived */
        bool presented;          /* a listener has agreed to present it */
        bool rejected;           /* on this device */
        unsigned ringing_events; /* number of ringing events to the caller */
} Sight;

/* What the person at a device has asked for in a call. */
typedef struct Agreed {
        bool join, microphone;
        bool video; /* placed or answered as a video call */
        bool camera;
} Agreed;

/* A user's part in a call, as the hub has it. */
typedef struct Part {
        bool is_member;    /* rung, or would be … */
        bool blocks, bars; /* … if the member did not block the caller, or bar them */
        bool parallel;     /* the user has allowed it */
        usec_t answered_at, over_at;
        CallStatus status;
        const Handset *party; /* the device that placed or answered it; NULL: none yet */
        bool in_media, joins; /* takes part, or is expected to */
        usec_t page_since;    /* through a page with a join token; 0: not */
        bool alerted;         /* a device alerted the user, and the hub knows */
        bool is_logged;
        CallStatus logged;
        usec_t logged_answered, logged_ended;
        int winner; /* handset that a call to a user is for; -1: none */
} Part;

/* A call as the laws see it. */
struct Case {
        unsigned number;
        Handset *caller;
        char receiver[UID_MAX + 1];
        CallType type; /* as requested */
        bool is_group;
        bool begun; /* known to the hub */
        usec_t begun_at;
        bool known; /* … and stored */
        bool over;
        bool alerted; /* a member's device alerts */
        usec_t ring_until;
        usec_t answered_at;      /* by the hub's wall clock */
        usec_t answered_on;      /* by the world's; 0: the hub was restarted with another date */
        int64_t answered_offset; /* of the hub's wall clock */
        bool asked_seen[HANDSETS_MAX], asked_forgotten[HANDSETS_MAX]; /* of what was there */
        usec_t alone_since; /* rule 13; USEC_NEVER: nobody is alone */
        Part parts[USERS_MAX];
        Sight sights[HANDSETS_MAX];
};

_printf_(3, 4) void law_broken(World *world, Law law, const char *format, ...);
unsigned case_number(const char *session_id);
Case *case_of(World *world, const char *session_id);
Case *case_new(World *world, Handset *caller, char session_id[static UUID_LENGTH + 1]);

/* ---- laws-begin.c: rules 1, 3, 10, 11, 19 ---- */

void laws_see_intruder(World *world, const Message *reply);
void laws_see_initiated(Handset *handset, const Ticket *ticket, const PhoneAction *action);
void laws_see_changed(Handset *handset, Sight *sight, const PhoneAction *action);
void laws_see_alerting(World *world, const char *session_id);
void laws_see_begun(World *world, const Case *the_case, const LiveCall *live);
void laws_see_merged(World *world, const Case *the_case, const LiveCall *live);
/* A ring has arrived at a device, and the device has handled it. */
void laws_see_rung(Handset *handset, const CallSnapshot *call);

/* ---- laws-redial.c: rule 21 ---- */

/* A call to a user has begun to ring. */
void laws_see_redial(World *world, const Case *the_case);

/* ---- laws-consent.c: rule 22 ---- */

void laws_see_agreed(Handset *handset, const PhoneCommand *command);
/* The call that was asked for has become the other one (rules 10, 11). */
void laws_see_merged_here(Handset *handset, const char *asked, const char *got);
/* The same, of a call that was placed again. */
void laws_see_replaced(Handset *handset, const char *session_id);
void laws_see_opened(Handset *handset, const PhoneAction *action);

/* ---- laws-record.c: rules 5, 9, 11 to 14 ---- */

/* The hub has a link with the device, or has dropped it. */
void laws_see_link(Handset *handset);
/* The hub learns that a device alerts its user. */
void laws_see_alerted(Handset *handset, const char *session_id);
void laws_see_alone(World *world, Case *the_case);
/* One of its users was removed, so nobody needs a record of it. */
bool case_is_excused(const World *world, const Case *the_case);
/* A user's part in a call ends. */
void laws_see_record(World *world, Case *the_case, const ExchangeAction *action);
void laws_see_records(World *world, const Case *the_case, unsigned member);
void laws_of_deadlines(World *world);

/* ---- laws-history.c: rule 16 ---- */

/* A program marks these records as seen or deletes them; none named: all that are there. */
void laws_see_asked(Handset *handset, PhoneCommandType type, const MessageSessions *sessions);
/* The hub does that for the device. */
void laws_see_record_changed(const Handset *by, PhoneCommandType type, const char *session_id);
/* The hub has deleted what is too old. `is_there` tells for each record of its shelf. */
void laws_see_pruned(World *world, const bool *is_there);

/* ---- laws-media.c: rule 18 ---- */

void laws_see_joined(World *world, const char *participant);
/* A page takes part for the handset's user, or stops. */
void laws_see_page(const Page *page, bool joined);
void laws_see_page_signal(World *world, const Page *page, const MessageSignal *signal);
/* The request that the exchange answers next. */
void laws_see_request(World *world, const Message *request);
void laws_see_reply(World *world, const Message *reply);
/* A message of `from` has been put in line for a device. */
void laws_see_paid(World *world, const Handset *to, const Outbox *outbox, const char *from);
void laws_see_signal(Handset *handset, const PhoneAction *action);
void laws_see_worker_died(Handset *handset, const char *session_id, CallStatus before);
void laws_of_workers(Handset *handset);

void laws_see_phone(Handset *handset, const PhoneAction *action);
/* The hub has refused a login that it has welcomed before, or a revoked one. */
void laws_see_refused(Handset *handset);
void laws_see_ticket(Handset *handset, const Ticket *ticket, const PhoneCommand *command);
void laws_see_phone_gone(Handset *handset);
void laws_see_phone_back(Handset *handset);
void laws_see_logout(Handset *handset);
/* The hub starts with the calls that it has stored. */
void laws_see_hub_up(World *world);
void laws_see_hub(World *world, const ExchangeAction *action);
void laws_see_undone(World *world, const ExchangeAction *action);
void laws_see_busy(World *world, unsigned user);
void laws_see_commit(World *world, const ExchangeAction *action);
void laws_see_arrival(Handset *handset, const Message *message);
/* Whether the device has been connected, undisturbed, for some time after `since`. */
bool handset_had_time(const Handset *handset, usec_t since);
void laws_after_step(World *world);
void laws_at_the_end(World *world);
