/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A small world around one exchange: people with devices, a clock that the test moves, and a trace
 * of all actions of the exchange, one line each. A test says who does what, and then expect()s the
 * lines:
 *
 *         calls(ALICE, "bob", 1);
 *         expect("bob-desk: incoming 1 from alice, audio, 45000 ms", "save 1 initiated",
 *                "alice-desk: ok 1 initiated", NULL);
 *
 * Calls are small numbers here; session_of() makes session ids of them.
 */

#include "exchange/exchange.h"
#include "suite.h"

typedef enum Who {
        ALICE,
        ALICE_PHONE,
        BOB,
        BOB_PHONE,
        BOB_TABLET,
        CAROL,
        DAVE,
        ERIN,
        FRANK,
        GRACE,
        WHO_COUNT,
} Who;

#define STORED_MAX 16 /* calls of a test that restarts the hub have smaller numbers */

typedef struct World {
        Exchange *exchange;
        ExchangeLimits limits;
        ExchangeNow moment;
        uint64_t links[WHO_COUNT];             /* 0: not connected */
        uint64_t limited[WHO_COUNT];           /* a second link, limited to a session */
        char tokens[WHO_COUNT][TOKEN_MAX + 1]; /* the last join token of each */
        char participants[WHO_COUNT][PARTICIPANT_ID_MAX + 1]; /* … and id in the session */
        ReplyJoin joined;                /* the last reply to a join, without its arrays */
        CallSnapshot call;               /* the last snapshot that was sent, without metadata */
        CallRecord logged;               /* the last history record, likewise */
        LiveCall stored[STORED_MAX];     /* the live calls that a hub would have stored */
        char text[MESSAGE_TEXT_MAX + 1]; /* the sentence of the last error */
        bool confirms;                   /* of the last message sent */
        const PastCall *past; /* what the history has of the ids of requests; NULL: nothing */
        bool has_team;
        bool called;        /* trace who has called whom */
        bool members;       /* trace the states of group members, too */
        bool reads_nothing; /* no device acknowledges what others have sent it */
        char trace[32768];
        int last;           /* the last result of exchange_message() */
        void (*done)(void); /* called, if set, after each input of the exchange */
} World;

extern World world;

/* Check's fixture: users alice, bob, carol, dave, erin, frank, grace; nobody is connected. */
void world_begin(void);
void world_end(void);
/* The same with an operator's limits. */
void world_begin_limited(const ExchangeLimits *limits);

const char *who_device(Who who);

/* ---- exchange-trace.c ---- */

/* Moves the actions into the trace. */
void world_collect(void);
/* Exactly these lines were traced since the last call; NULL ends them. */
void expect(const char *line, ...) __attribute__((sentinel));
void expect_nothing(void);
/* This line was traced; or no line that contains this. */
void said(const char *line);
void unsaid(const char *part);
/* Drops the trace of the set-up. */
void forget(void);

/* ---- exchange-world.c ---- */

const char *session_of(int call, char *buffer);

/* Both connect, and he is rung; what was traced is forgotten. */
void alice_calls_bob(void);

/* Kills the hub, and starts it again with what it has stored, in another boot of the machine. */
void hub_restarts(void);
/* The same in one boot, with the clocks as the test has set them. */
void hub_restarts_in_one_boot(void);

void passes(usec_t time);
void comes(Who who);
void goes(Who who);
void comes_by_token(Who who, const char *token, int expected);
void limited_goes(Who who);

/* The connection breaks, and may be resumed. */
void drops(Who who);
void resumes(Who who);

/* Requests on the limited link instead of the device's own. */
#define LIMITED(who) ((Who)((who) + WHO_COUNT))

void asks(Who who, Message message);            /* any request */
void says(Who who, MessageType type, int call); /* a request with nothing but a session id */
void calls(Who who, const char *receiver, int call);
void calls_with(Who who, const char *receiver, int call, MessageInitiate initiate);
/* "team" is alice, bob, carol and dave; its calls are numbered like any others. */
void team(void);
void group_of(const char *guid, const char *uid, ...) __attribute__((sentinel));
void calls_team(Who who, int call);
void accepts(Who who, int call);
void accepts_with(Who who, int call, MessageAccept accept);
void blocks(Who who, const char *uid, bool on);
void may_be_rung_by(Who who, WhoMayRing by);
void rejects(Who who, int call, CallStatus status);
void joins(Who who, int call);
void joins_with(Who who, int call, const char *token);
void signals(Who who, int call, const char *peer, const char *data);
void states(Who who, int call, bool muted, bool media_flows);
void states_picture(Who who, int call, bool video_paused, bool sharing);

/* Carol's call to Dave and so on, in one go: connected, placed, accepted; the trace is empty. */
void in_call(Who caller, Who receiver, int call);
void in_media(Who caller, Who receiver, int call);

/* The team, connected; then called by alice as call 1; then accepted by bob. */
void team_is_there(void);
void team_rings(void);
void team_talks(void);
