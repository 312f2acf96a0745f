/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The law of CALL-MODEL.md as two tables: what events do to a call (transitions), and which methods
 * a call allows. Exchange and phone both decide by these tables alone.
 *
 * The transition table keeps these guards: an event on a call in a terminal status changes nothing;
 * no status goes back to initiated; initiated never becomes ended directly; ongoing never becomes
 * busy, rejected or missed; a ring timeout is never reported as busy.
 */

#include "model/status.h"

/* Events, as one party of the call sees them. */
typedef enum CallEvent {
        CALL_EVENT_ACCEPT,            /* the first accept reached the hub */
        CALL_EVENT_REJECT,            /* a person declined */
        CALL_EVENT_BUSY,              /* a person answered busy */
        CALL_EVENT_BUSY_BY_POLICY,    /* WhenBusy of the receiver, who is not rung */
        CALL_EVENT_CANCEL,            /* the caller gave up */
        CALL_EVENT_TIMEOUT,           /* the hub's ring deadline passed */
        CALL_EVENT_ANSWER_ELSEWHERE,  /* another device of the same user accepted */
        CALL_EVENT_DECLINE_ELSEWHERE, /* another device of the same user rejected */
        CALL_EVENT_CALLER_LOST,       /* the calling device did not come back while ringing */
        CALL_EVENT_HANGUP,            /* this party ended it */
        CALL_EVENT_REMOTE_HANGUP,     /* the other party ended it */
        CALL_EVENT_CONNECTION_LOST,   /* a party did not come back to the ongoing call */
        CALL_EVENT_NO_MEDIA,          /* the accepting device did not join in time */
        CALL_EVENT_IDLE,              /* alone for too long */
        CALL_EVENT_REPLACED,          /* ended to make room for another call (end_others) */
        CALL_EVENT_SHUTDOWN,          /* logged out, or the user was removed */
        CALL_EVENT_COUNT,
} CallEvent;

typedef enum RulesVerdict {
        RULES_MOVES,    /* the status becomes *ret_status, with *ret_reason */
        RULES_ABSORBED, /* the call is over already: nothing changes, and it is no error */
        RULES_ILLEGAL,  /* the event cannot happen in that status: nothing changes */
} RulesVerdict;

/* The outputs are written for RULES_MOVES only. */
RulesVerdict rules_transition(CallDirection direction, CallStatus status, CallEvent event,
                              CallStatus *ret_status, CallReason *ret_reason);

/*
 * The status that history keeps of a call that ended with `status`: to its receiver, a call that
 * the caller cancelled is a missed call.
 */
CallStatus rules_history_status(CallDirection direction, CallStatus status);

/* The methods of a call: the table "Methods against statuses". */
typedef enum CallMethod {
        CALL_METHOD_ACCEPT,
        CALL_METHOD_REJECT, /* Reject with rejected or busy */
        CALL_METHOD_CANCEL, /* Cancel, or Reject with cancelled */
        CALL_METHOD_END,
        CALL_METHOD_SILENCE,
        CALL_METHOD_SESSION, /* any method of org.tring.Calls1.Session */
        CALL_METHOD_COUNT,
} CallMethod;

typedef enum MethodVerdict {
        METHOD_DOES,     /* carry it out */
        METHOD_SUCCEEDS, /* nothing left to do: report success (End after the end) */
        METHOD_FAILS,    /* with *ret_error */
} MethodVerdict;

/*
 * `answered_here`: the asking device (in the phone, also the asking program) has answered the call,
 * so that its second accept is METHOD_SUCCEEDS. *ret_error is written for METHOD_FAILS only.
 */
MethodVerdict rules_method(CallDirection direction, CallStatus status, CallReason reason,
                           CallMethod method, bool answered_here, CallError *ret_error);
