/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/status.h"

#include "base/words.h"

static const char *const call_statuses[CALL_STATUS_COUNT] = {
        [CALL_STATUS_INITIATED] = "initiated", [CALL_STATUS_ONGOING] = "ongoing",
        [CALL_STATUS_BUSY] = "busy",           [CALL_STATUS_REJECTED] = "rejected",
        [CALL_STATUS_CANCELLED] = "cancelled", [CALL_STATUS_ENDED] = "ended",
        [CALL_STATUS_MISSED] = "missed",       [CALL_STATUS_UNANSWERED] = "unanswered",
};
DEFINE_WORDS(call_status, CallStatus, call_statuses);

static const char *const call_types[CALL_TYPE_COUNT] = {
        [CALL_TYPE_AUDIO] = "audio",
        [CALL_TYPE_VIDEO] = "video",
};
DEFINE_WORDS(call_type, CallType, call_types);

static const char *const receiver_types[RECEIVER_TYPE_COUNT] = {
        [RECEIVER_TYPE_USER] = "user",
        [RECEIVER_TYPE_GROUP] = "group",
};
DEFINE_WORDS(receiver_type, ReceiverType, receiver_types);

static const char *const call_directions[CALL_DIRECTION_COUNT] = {
        [CALL_DIRECTION_OUTGOING] = "outgoing",
        [CALL_DIRECTION_INCOMING] = "incoming",
};
DEFINE_WORDS(call_direction, CallDirection, call_directions);

static const char *const when_busy_words[WHEN_BUSY_COUNT] = {
        [WHEN_BUSY_REJECT] = "reject",
        [WHEN_BUSY_RING] = "ring",
};
DEFINE_WORDS(when_busy, WhenBusy, when_busy_words);

static const char *const who_may_ring_words[WHO_MAY_RING_COUNT] = {
        [WHO_MAY_RING_EVERYBODY] = "everybody",
        [WHO_MAY_RING_CALLED] = "called",
        [WHO_MAY_RING_NOBODY] = "nobody",
};
DEFINE_WORDS(who_may_ring, WhoMayRing, who_may_ring_words);

static const char *const member_states[MEMBER_STATE_COUNT] = {
        [MEMBER_WAITING] = "waiting",   [MEMBER_RINGING] = "ringing", [MEMBER_JOINED] = "joined",
        [MEMBER_REJECTED] = "rejected", [MEMBER_BUSY] = "busy",       [MEMBER_MISSED] = "missed",
        [MEMBER_LEFT] = "left",
};
DEFINE_WORDS(member_state, MemberState, member_states);

static const char *const call_reasons[CALL_REASON_COUNT] = {
        [CALL_REASON_NONE] = "",
        [CALL_REASON_DECLINED] = "declined",
        [CALL_REASON_BUSY] = "busy",
        [CALL_REASON_TIMEOUT] = "timeout",
        [CALL_REASON_CALLER_CANCELLED] = "caller-cancelled",
        [CALL_REASON_ANSWERED_ELSEWHERE] = "answered-elsewhere",
        [CALL_REASON_DECLINED_ELSEWHERE] = "declined-elsewhere",
        [CALL_REASON_CALLER_LOST] = "caller-lost",
        [CALL_REASON_CONNECTION_LOST] = "connection-lost",
        [CALL_REASON_NO_MEDIA] = "no-media",
        [CALL_REASON_HANGUP] = "hangup",
        [CALL_REASON_REMOTE_HANGUP] = "remote-hangup",
        [CALL_REASON_FILTERED_DND] = "filtered-dnd",
        [CALL_REASON_FILTERED_BLOCKED] = "filtered-blocked",
        [CALL_REASON_FILTERED_BARRED] = "filtered-barred",
        [CALL_REASON_UNREACHABLE] = "unreachable",
        [CALL_REASON_REPLACED] = "replaced",
        [CALL_REASON_IDLE] = "idle",
        [CALL_REASON_SHUTDOWN] = "shutdown",
        [CALL_REASON_FAILED] = "failed",
};
DEFINE_WORDS(call_reason, CallReason, call_reasons);

static const char *const call_errors[CALL_ERROR_COUNT] = {
        [CALL_ERROR_NONE] = "",
        [CALL_ERROR_NOT_LOGGED_IN] = "NotLoggedIn",
        [CALL_ERROR_ALREADY_LOGGED_IN] = "AlreadyLoggedIn",
        [CALL_ERROR_NOT_CONNECTED] = "NotConnected",
        [CALL_ERROR_AUTH_FAILED] = "AuthFailed",
        [CALL_ERROR_USER_NOT_FOUND] = "UserNotFound",
        [CALL_ERROR_GROUP_NOT_FOUND] = "GroupNotFound",
        [CALL_ERROR_NOT_A_MEMBER] = "NotAMember",
        [CALL_ERROR_CALLING_SELF] = "CallingSelf",
        [CALL_ERROR_BUSY_SELF] = "BusySelf",
        [CALL_ERROR_NO_SUCH_CALL] = "NoSuchCall",
        [CALL_ERROR_CALL_TERMINATED] = "CallTerminated",
        [CALL_ERROR_CALL_ONGOING] = "CallOngoing",
        [CALL_ERROR_ANSWERED_ELSEWHERE] = "AnsweredElsewhere",
        [CALL_ERROR_INVALID_TRANSITION] = "InvalidTransition",
        [CALL_ERROR_LISTENER_EXISTS] = "ListenerExists",
        [CALL_ERROR_NO_SUCH_LISTENER] = "NoSuchListener",
        [CALL_ERROR_INVALID_ARGUMENT] = "InvalidArgument",
        [CALL_ERROR_TOO_MANY] = "TooMany",
        [CALL_ERROR_TIMEOUT] = "Timeout",
        [CALL_ERROR_MEDIA_FAILED] = "MediaFailed",
        [CALL_ERROR_DEVICE_NOT_FOUND] = "DeviceNotFound",
        [CALL_ERROR_NOT_SUPPORTED] = "NotSupported",
};
DEFINE_WORDS(call_error, CallError, call_errors);

bool call_status_is_terminal(CallStatus status)
{
        return status != CALL_STATUS_INITIATED && status != CALL_STATUS_ONGOING;
}

const char *call_status_does(CallStatus status)
{
        return status == CALL_STATUS_INITIATED ? "rings"
               : status == CALL_STATUS_ONGOING ? "goes on"
                                               : "is over";
}

const char *call_reason_words(const char *reason)
{
        static const char *const words[CALL_REASON_COUNT] = {
                [CALL_REASON_ANSWERED_ELSEWHERE] = "answered on another device",
                [CALL_REASON_DECLINED_ELSEWHERE] = "declined on another device",
                [CALL_REASON_CALLER_LOST] = "the caller lost the connection",
                [CALL_REASON_CONNECTION_LOST] = "the connection was lost",
                [CALL_REASON_NO_MEDIA] = "no sound could be set up",
                [CALL_REASON_REMOTE_HANGUP] = "the other side hung up",
                [CALL_REASON_FILTERED_DND] = "do not disturb was on",
                [CALL_REASON_FILTERED_BLOCKED] = "the caller is blocked",
                [CALL_REASON_FILTERED_BARRED] = "the caller may not ring here",
                [CALL_REASON_UNREACHABLE] = "no device was reachable",
                [CALL_REASON_REPLACED] = "replaced by another call",
                [CALL_REASON_IDLE] = "nobody was left in the call",
                [CALL_REASON_SHUTDOWN] = "the service stopped",
                [CALL_REASON_FAILED] = "it failed",
        };
        CallReason known;

        return call_reason_from_string(reason, &known) < 0 ? NULL : words[known];
}

const char *call_outcome_words(CallStatus status, const char *reason)
{
        static const char *const words[CALL_STATUS_COUNT] = {
                [CALL_STATUS_INITIATED] = "it rings",
                [CALL_STATUS_ONGOING] = "it goes on",
                [CALL_STATUS_BUSY] = "the other side was busy",
                [CALL_STATUS_REJECTED] = "it was declined",
                [CALL_STATUS_CANCELLED] = "it was cancelled",
                [CALL_STATUS_ENDED] = "it was hung up",
                [CALL_STATUS_MISSED] = "nobody answered in time",
                [CALL_STATUS_UNANSWERED] = "nobody answered in time",
        };

        return call_reason_words(reason) ?: words[status];
}
