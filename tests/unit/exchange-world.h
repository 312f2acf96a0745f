/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A small world around one exchange: people with devices, a clock that stands still until told, and
 * a trace of all that the exchange wants done, one line an action. A test says who does what, and
 * then expect()s the lines:
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
        ExchangeNow moment;
        uint64_t links[WHO_COUNT];             /* 0: not connected */
        uint64_t limited[WHO_COUNT];           /* a second link, limited to a session */
        char tokens[WHO_COUNT][TOKEN_MAX + 1]; /* the last join token each was given */
        char participants[WHO_COUNT][PARTICIPANT_ID_MAX + 1]; /* … and id in the session */
        ReplyJoin joined;                /* the last reply to a join; its arrays are gone */
        CallSnapshot call;               /* the last one that anybody was told, less metadata */
        CallRecord logged;               /* the last that went to a history, likewise */
        LiveCall stored[STORED_MAX];     /* what a hub would have on its disk, by call */
        char text[MESSAGE_TEXT_MAX + 1]; /* the last error's sentence */
        bool confirms;                   /* of the last message that was sent */
        bool has_team;
        bool members; /* who is in which state in a group is traced, too */
        char trace[32768];
        int last;           /* what exchange_message() returned last */
        void (*done)(void); /* called, if set, when the exchange has done what it was asked */
} World;

extern World world;

/* Check's fixture: users alice, bob, carol, dave, erin, frank, grace; nobody is connected. */
void world_begin(void);
void world_end(void);
/* The same with an operator's limit on calls started. */
void world_begin_limited(uint32_t calls_per_minute);

const char *who_device(Who who);

/* ---- exchange-trace.c ---- */

/* Takes the actions into the trace. */
void world_collect(void);
/* All that was traced since the last time, and nothing else; each line an argument, then NULL. */
void expect(const char *line, ...) __attribute__((sentinel));
void expect_nothing(void);
/* This line is among what was traced; or none that has this in it. */
void said(const char *line);
void unsaid(const char *part);
/* Throws away what led up to what is being tested. */
void forget(void);

/* ---- exchange-world.c ---- */

const char *session_of(int call, char *buffer);

/* The hub is killed, and goes on with what it had stored. */
void hub_restarts(void);

void passes(usec_t time);
void comes(Who who);
void goes(Who who);
void comes_by_token(Who who, const char *token, int expected);
void limited_goes(Who who);

/* The connection is gone, and may be resumed. */
void drops(Who who);
void resumes(Who who);

/* Who asks by the limited link rather than by the device's own. */
#define LIMITED(who) ((Who)((who) + WHO_COUNT))

void asks(Who who, Message message);            /* anything */
void says(Who who, MessageType type, int call); /* what is a session id and nothing else */
void calls(Who who, const char *receiver, int call);
void calls_with(Who who, const char *receiver, int call, MessageInitiate initiate);
/* "team" is alice, bob, carol and dave; each call of the group is numbered like any other. */
void team(void);
void group_of(const char *guid, const char *uid, ...) __attribute__((sentinel));
void calls_team(Who who, int call);
void accepts(Who who, int call);
void accepts_with(Who who, int call, MessageAccept accept);
void blocks(Who who, const char *uid, bool on);
void rejects(Who who, int call, CallStatus status);
void joins(Who who, int call);
void joins_with(Who who, int call, const char *token);
void signals(Who who, int call, const char *peer, const char *data);
void states(Who who, int call, bool muted, bool media_flows);
void states_picture(Who who, int call, bool video_paused, bool sharing);

/* Carol's call of Dave and so on, in one go: connected, placed, accepted; nothing left to expect.
 */
void in_call(Who caller, Who receiver, int call);
void in_media(Who caller, Who receiver, int call);

/* The team, connected; then called by alice, as call 1; then bob has accepted. */
void team_is_there(void);
void team_rings(void);
void team_talks(void);
