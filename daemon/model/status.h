/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The words of the call model: statuses, reasons, types, errors. D-Bus, wire, stores and logs all
 * use the same strings.
 *
 * Every enum here has an x_to_string(), which never returns NULL for a valid value, and an
 * x_from_string(), which returns -EINVAL for an unknown word.
 */

#include <stdbool.h>

typedef enum CallStatus {
        CALL_STATUS_INITIATED, /* started, not answered yet; both sides */
        CALL_STATUS_ONGOING,   /* answered; both sides */
        CALL_STATUS_BUSY,      /* the receiver was on another call, or answered busy */
        CALL_STATUS_REJECTED,  /* the receiver declined; both sides */
        CALL_STATUS_CANCELLED, /* the ring stopped: the caller gave up, or another device decided */
        CALL_STATUS_ENDED,     /* answered, and over; both sides */
        CALL_STATUS_MISSED,    /* this receiver did not answer in time */
        CALL_STATUS_UNANSWERED, /* nobody answered this caller in time */
        CALL_STATUS_COUNT,
} CallStatus;

typedef enum CallType {
        CALL_TYPE_AUDIO,
        CALL_TYPE_VIDEO,
        CALL_TYPE_COUNT,
} CallType;

typedef enum ReceiverType {
        RECEIVER_TYPE_USER,
        RECEIVER_TYPE_GROUP,
        RECEIVER_TYPE_COUNT,
} ReceiverType;

typedef enum CallDirection {
        CALL_DIRECTION_OUTGOING, /* placed by this user */
        CALL_DIRECTION_INCOMING, /* this user is rung */
        CALL_DIRECTION_COUNT,
} CallDirection;

typedef enum WhenBusy {
        WHEN_BUSY_REJECT, /* the hub answers busy at once */
        WHEN_BUSY_RING,   /* call waiting */
        WHEN_BUSY_COUNT,
} WhenBusy;

/* Which of those who are not blocked may ring a user. */
typedef enum WhoMayRing {
        WHO_MAY_RING_EVERYBODY,
        WHO_MAY_RING_CALLED, /* those whom the user has called */
        WHO_MAY_RING_NOBODY,
        WHO_MAY_RING_COUNT,
} WhoMayRing;

/* The state of one member in a group's call (PROTOCOL.md, Values). */
typedef enum MemberState {
        MEMBER_WAITING,  /* called, not alerted yet */
        MEMBER_RINGING,  /* a device alerts the member */
        MEMBER_JOINED,   /* accepted, and in the call */
        MEMBER_REJECTED, /* declined */
        MEMBER_BUSY,     /* was on another call, or answered busy */
        MEMBER_MISSED,   /* did not answer in time */
        MEMBER_LEFT,     /* was in the call, and left it */
        MEMBER_STATE_COUNT,
} MemberState;

/*
 * The reason beside a status. On D-Bus and on the wire it is an open string. These are the reasons
 * that Tring gives; a CallRecord passes an unknown one on unchanged.
 */
typedef enum CallReason {
        CALL_REASON_NONE, /* "" */
        CALL_REASON_DECLINED,
        CALL_REASON_BUSY,
        CALL_REASON_TIMEOUT,
        CALL_REASON_CALLER_CANCELLED,
        CALL_REASON_ANSWERED_ELSEWHERE,
        CALL_REASON_DECLINED_ELSEWHERE,
        CALL_REASON_CALLER_LOST,
        CALL_REASON_CONNECTION_LOST,
        CALL_REASON_NO_MEDIA,
        CALL_REASON_HANGUP,
        CALL_REASON_REMOTE_HANGUP,
        CALL_REASON_FILTERED_DND,
        CALL_REASON_FILTERED_BLOCKED,
        CALL_REASON_FILTERED_BARRED,
        CALL_REASON_UNREACHABLE,
        CALL_REASON_REPLACED,
        CALL_REASON_IDLE,
        CALL_REASON_SHUTDOWN,
        CALL_REASON_FAILED,
        CALL_REASON_COUNT,
} CallReason;

/*
 * Errors that programs see by name: org.tring.Calls1.Error.<name> on D-Bus, the bare name on the
 * wire. Positive, so that a function can return either one of these or a negative errno.
 */
typedef enum CallError {
        CALL_ERROR_NONE,
        CALL_ERROR_NOT_LOGGED_IN,
        CALL_ERROR_ALREADY_LOGGED_IN,
        CALL_ERROR_NOT_CONNECTED,
        CALL_ERROR_AUTH_FAILED,
        CALL_ERROR_USER_NOT_FOUND,
        CALL_ERROR_GROUP_NOT_FOUND,
        CALL_ERROR_NOT_A_MEMBER,
        CALL_ERROR_CALLING_SELF,
        CALL_ERROR_BUSY_SELF,
        CALL_ERROR_NO_SUCH_CALL,
        CALL_ERROR_CALL_TERMINATED,
        CALL_ERROR_CALL_ONGOING,
        CALL_ERROR_ANSWERED_ELSEWHERE,
        CALL_ERROR_INVALID_TRANSITION,
        CALL_ERROR_LISTENER_EXISTS,
        CALL_ERROR_NO_SUCH_LISTENER,
        CALL_ERROR_INVALID_ARGUMENT,
        CALL_ERROR_TOO_MANY,
        CALL_ERROR_TIMEOUT,
        CALL_ERROR_MEDIA_FAILED,
        CALL_ERROR_DEVICE_NOT_FOUND,
        CALL_ERROR_NOT_SUPPORTED,
        CALL_ERROR_COUNT,
} CallError;

const char *call_status_to_string(CallStatus status);
int call_status_from_string(const char *s, CallStatus *ret);
bool call_status_is_terminal(CallStatus status);

const char *call_type_to_string(CallType type);
int call_type_from_string(const char *s, CallType *ret);

const char *receiver_type_to_string(ReceiverType type);
int receiver_type_from_string(const char *s, ReceiverType *ret);

const char *call_direction_to_string(CallDirection direction);
int call_direction_from_string(const char *s, CallDirection *ret);

const char *when_busy_to_string(WhenBusy when_busy);
int when_busy_from_string(const char *s, WhenBusy *ret);

const char *who_may_ring_to_string(WhoMayRing who);
int who_may_ring_from_string(const char *s, WhoMayRing *ret);

const char *member_state_to_string(MemberState state);
int member_state_from_string(const char *s, MemberState *ret);

/*
 * Words for sentences to people. call_status_does(): "rings", "goes on" or "is over".
 * call_outcome_words(): why a call is over ("nobody answered in time"); for a reason that this
 * version does not know, by the status alone.
 */
const char *call_status_does(CallStatus status);
const char *call_outcome_words(CallStatus status, const char *reason);
/* The same of a reason alone; NULL if the status says it already, or for an unknown reason. */
const char *call_reason_words(const char *reason);

const char *call_reason_to_string(CallReason reason);
int call_reason_from_string(const char *s, CallReason *ret);

/* "NotLoggedIn", …; the empty string for CALL_ERROR_NONE. */
const char *call_error_to_string(CallError error);
int call_error_from_string(const char *s, CallError *ret);
