/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A whole telephone system in one process: an exchange and two phones, with nothing in between.
 * Messages are handed over as they are, in order; a message waits until settle() is called, and is
 * lost with its connection.
 */

#include "exchange/exchange.h"
#include "phone/phone.h"
#include "suite.h"

#define CALL "11111111-1111-4111-8111-111111111111"
#define OTHER "22222222-2222-4222-8222-222222222222"

typedef enum Who {
        ALICE,
        BOB,
        WHO_COUNT,
} Who;

typedef struct Parcel {
        struct Parcel *prev, *next;
        uint64_t link;
        Message message;
} Parcel;

typedef struct Set {
        Phone *phone;
        uint64_t link; /* 0: not connected */
        uint64_t seq;
        CallRecord log[4]; /* the hub's history of this user */
        size_t n_log;
        CallError error;   /* of the last command */
        unsigned n_done;   /* number of commands answered */
        unsigned n_stored; /* number of records for the device's store */
        char events[1024]; /* events for its programs, StatusChanged included */
        bool worker;       /* a worker is running */
        ReplyJoin joined;  /* the last join, without what it points to */
        unsigned n_joins, n_signals;
        PhoneTone tone;
} Set;

typedef struct Telephone {
        Exchange *exchange;
        ExchangeNow moment;
        uint64_t last_link, last_ticket;
        Parcel *up, *down; /* messages on their way to the hub, and from it */
        Set sets[WHO_COUNT];
} Telephone;

extern Telephone telephone;

void telephone_begin(void); /* both phones are online */
void telephone_end(void);

void settle(void);        /* until there are no messages */
void passes(usec_t time); /* and carries out what becomes due meanwhile */
void comes(Who who);
void goes(Who who);
void hub_forgets_all(void); /* restarts the hub without its store; both phones are offline then */

void calls(Who who, const char *session_id);
void accepts(Who who, const char *session_id);
void rejects(Who who, const char *session_id, CallStatus status);
void ends(Who who, const char *session_id);

/* Since the last call. */
#define expect_events(who, text) ck_assert_str_eq(events_of(who), text)
const char *events_of(Who who);
CallStatus status_of(Who who, const char *session_id);
