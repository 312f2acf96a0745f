/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A device's core: its calls as programs see them, the call listeners, presenting, the ring, and
 * the orders to the media worker. Pure, like the exchange: commands of programs, messages of the
 * hub, and reports of worker and ringer come in, each with the time; actions come out, and the
 * adapter carries them out in order.
 *
 * Bus objects read PhoneCallInfo and PhoneListener for their properties, and never change them.
 *
 * A Now carries two clocks: one that never jumps, for deadlines, and one for dates.
 *
 * Each command carries a ticket, a number that the adapter chooses. Exactly one PHONE_DONE with
 * that ticket answers the command: at once, when the hub has confirmed it, or with
 * CALL_ERROR_TIMEOUT after COMMAND_TIMEOUT_US.
 */

#include "base/cleanup.h"
#include "model/message.h"
#include "model/session-types.h"
#include "model/stored-call.h"

#define COMMAND_TIMEOUT_US (10 * USEC_PER_SEC)        /* dbus/README.md, Timeouts */
#define CONFIRMED_TIMEOUT_US (1 * USEC_PER_SEC)       /* dbus/README.md, Timeouts */
#define PRESENT_TIMEOUT_US (1 * USEC_PER_SEC)         /* dbus/README.md, Presenting */
#define FINISHED_SHOWN_US (10 * USEC_PER_SEC)         /* dbus/README.md, Objects */
#define TEST_RING_US (3 * USEC_PER_SEC)               /* the Manager's TestRing */
#define RING_WITHOUT_HUB_GRACE_US (10 * USEC_PER_SEC) /* rule 15 */
#define LISTENERS_PER_CLIENT_MAX 64                   /* dbus/README.md, Limits */
#define LISTENERS_MAX 1024         /* of all programs: bounds the cost of an event */
#define COMMANDS_PER_CLIENT_MAX 32 /* that wait for the hub: dbus/README.md, Limits */
#define LISTENER_DEAF_MAX 3        /* unanswered events: dbus/README.md, Listeners */
#define LISTENER_ID_MAX 128        /* bytes */
#define OBJECT_PATH_MAX 255        /* bytes of a listener's object path */
#define HELLO_ID 1 /* the smallest request id; requests of the phone have larger ones */
#define MEMBERS_CHANGED_US (100 * USEC_PER_MSEC) /* shortest time between two announcements */
/*
 * Rule 20: how long a device waits after a hub that has welcomed it before refuses it, once, twice,
 * and each time after that. A refusal that comes REFUSED_FORGET_US after the last one is a first.
 */
#define REFUSED_WAIT_FIRST_US (1 * 60 * USEC_PER_SEC)
#define REFUSED_WAIT_SECOND_US (5 * 60 * USEC_PER_SEC)
#define REFUSED_WAIT_LAST_US (30 * 60 * USEC_PER_SEC)
#define REFUSED_FORGET_US (2 * 60 * 60 * USEC_PER_SEC)
/* A picture comes sooner or not at all: connecting and the first key frame are done by then. */
#define PICTURE_LATE_US (10 * USEC_PER_SEC)
/*
 * How long a worker has to confirm a switch that protects, until it is cut off from PipeWire; and
 * how long after that, until it is killed.
 */
#define SWITCH_ANSWER_US (1 * USEC_PER_SEC)
#define SWITCH_KILL_US (2 * USEC_PER_SEC)
#define PING_OF_ADAPTER 1  /* serial of questions that are not the phone's; its own are larger */
#define PHONE_CALLS_MAX 64 /* live calls on this device; one more is TooMany */
#define HANDSHAKES_MAX 3   /* for verification codes, in a call between two: handshake.h */
/* Of a group, codes are exchanged with so many in one call, HANDSHAKES_MAX times with each. */
#define HANDSHAKE_USERS_MAX 32
/* Events of the hub (event-rate.h). Records of the history have a burst of their own. */
#define HUB_EVENTS_PER_S 100
#define HUB_EVENTS_BURST 1000 /* four times what a hub queues for a device by default */
#define HUB_LOGGED_BURST 10000
/*
 * What other participants of a session cause is no fault of the hub's, and counts for each of them;
 * for each call, who joins and leaves. An honest hub lets through half of that; each join is a left
 * and a joined. Beyond it only theirs is dropped, but the last state is announced a little later.
 */
#define PEER_EVENTS_PER_S (2 * (SIGNALS_PER_S + STATES_PER_S))
#define PEER_EVENTS_BURST (2 * (SIGNALS_BURST + STATES_BURST))
#define PEER_JOINS_SPACING_US (JOIN_SPACING_S * USEC_PER_SEC / (4 * MESH_PARTICIPANTS_MAX))
#define PEER_JOINS_BURST (4 * JOINS_BURST * MESH_PARTICIPANTS_MAX)
#define PEER_STATE_LATE_US (1 * USEC_PER_SEC)
/*
 * Of all of them, in as many calls as this device may have, as tring-echo has them, and so far more
 * than in the largest mesh. A hub that sends more is not honest.
 */
#define PEERS_EVENTS_PER_S (PHONE_CALLS_MAX * PEER_EVENTS_PER_S)
#define PEERS_EVENTS_BURST (PHONE_CALLS_MAX * PEER_EVENTS_BURST)
/* Of the hub's history that are read after one welcome: what the store keeps (store/history.h). */
#define HISTORY_PAGES_MAX 256

typedef struct Phone Phone;

typedef struct Now {
        usec_t now;       /* CLOCK_BOOTTIME */
        usec_t date;      /* CLOCK_REALTIME */
        usec_t boot_date; /* on which stored deadlines rest: base/boot-date.h */
} Now;

/*
 * The verification code shared with the only other participant. Empty when there is not exactly
 * one other participant, or the code is not known yet.
 */
const char *phone_session_code(const PhoneSession *session);
/* Why there is no such code: a clause, empty while it is known or awaited. */
const char *phone_session_not_verifiable(const PhoneSession *session);

/* ---- a call on this device ---- */

typedef struct PhoneCallInfo {
        StoredCall stored;   /* what survives a restart; owned by the phone */
        bool alerting;       /* this device alerts now */
        usec_t ring_until;   /* CLOCK_BOOTTIME; 0 when it does not ring */
        bool has_session;    /* from the answer until the object is removed */
        bool screen_sharing; /* a screen is shown in place of the camera's picture */
        bool mute_unconfirmed, pause_unconfirmed; /* stored as closed, and may be open */
        Member *members; /* of a group's call, as far as the hub sent them; the phone owns it */
        size_t n_members;
} PhoneCallInfo;

/* AudioMuted, VideoPaused: true only if it is so. */
bool phone_session_is_muted(const PhoneCallInfo *call);
bool phone_session_is_paused(const PhoneCallInfo *call);

/* ---- a call listener ---- */

typedef struct PhoneListener {
        char id[LISTENER_ID_MAX + 1];
        char client[BUS_NAME_MAX + 1];  /* unique bus name */
        char path[OBJECT_PATH_MAX + 1]; /* empty: it gets broadcast signals only */
        bool presents;
        int32_t priority;
        uint64_t age; /* number of its registration: the newest has the largest */
} PhoneListener;

/* ---- events, with their names on D-Bus ---- */

typedef enum PhoneEvent {
        PHONE_EVENT_INCOMING_CALL_RECEIVED,
        PHONE_EVENT_OUTGOING_CALL_ACCEPTED,
        PHONE_EVENT_OUTGOING_CALL_REJECTED,
        PHONE_EVENT_INCOMING_CALL_CANCELLED,
        PHONE_EVENT_CALL_ENDED_MESSAGE_RECEIVED,
        PHONE_EVENT_COUNT,
} PhoneEvent;

const char *phone_event_to_string(PhoneEvent event); /* "IncomingCallReceived", … */

typedef enum PhoneConnection {
        PHONE_LOGGED_OUT,
        PHONE_CONNECTING,
        PHONE_ONLINE,
        PHONE_OFFLINE,
        PHONE_REFUSED,
        PHONE_CONNECTION_COUNT,
} PhoneConnection;

const char *phone_connection_to_string(PhoneConnection connection);

/* ---- commands of programs ---- */

typedef enum PhoneCommandType {
        PHONE_COMMAND_INITIATE,
        PHONE_COMMAND_ACCEPT,
        PHONE_COMMAND_REJECT, /* status rejected, busy (receiver) or cancelled (caller) */
        PHONE_COMMAND_END,
        PHONE_COMMAND_SILENCE,
        PHONE_COMMAND_SILENCE_ALL,
        PHONE_COMMAND_DISMISS,
        PHONE_COMMAND_CLEAR_ACTIVE,
        PHONE_COMMAND_TEST_RING,
        PHONE_COMMAND_GENERATE_TOKEN,
        PHONE_COMMAND_JOIN,
        PHONE_COMMAND_LEAVE,
        PHONE_COMMAND_MUTE,
        PHONE_COMMAND_PAUSE_VIDEO,
        PHONE_COMMAND_STOP_SCREEN,
        PHONE_COMMAND_BLOCK,
        PHONE_COMMAND_WHO_MAY_RING,
        PHONE_COMMAND_WHEN_BUSY,
        PHONE_COMMAND_DO_NOT_DISTURB,
        PHONE_COMMAND_SEEN,   /* sent to the hub; the adapter changes the store */
        PHONE_COMMAND_FORGET, /* sent to the hub; the adapter changes the store */
} PhoneCommandType;

typedef struct PhoneCommand {
        PhoneCommandType type;
        char client[BUS_NAME_MAX + 1];    /* unique bus name of the program */
        char session_id[UUID_LENGTH + 1]; /* of a command about a call, except INITIATE */
        union {
                struct {
                        MessageInitiate request; /* the adapter chooses its session_id */
                        SessionSettings settings;
                        bool tie_to_client;      /* the call ends when `client` leaves the bus */
                        bool tie_ring_to_client; /* the same, but no longer once it is answered */
                } initiate;
                struct {
                        MessageAccept request;
                        SessionSettings settings;
                } accept;
                CallStatus status;        /* REJECT */
                SessionSettings settings; /* JOIN */
                bool on;                  /* MUTE, PAUSE_VIDEO, DO_NOT_DISTURB */
                WhenBusy when_busy;
                WhoMayRing who_may_ring;
                MessageSessions sessions; /* SEEN, FORGET: by id; without ids: of no call */
                MessageBlock block;
        };
} PhoneCommand;

void phone_command_done(PhoneCommand *command);

/* ---- actions, which the adapters carry out ---- */

typedef enum PhoneProperty { /* bits: changed properties */
        /* of the manager */
        PHONE_PROPERTY_CONNECTION = 1 << 0, /* ConnectionState, ConnectionError */
        PHONE_PROPERTY_USER = 1 << 1,
        PHONE_PROPERTY_ACTIVE_CALL = 1 << 2,
        PHONE_PROPERTY_WHEN_BUSY = 1 << 3,
        PHONE_PROPERTY_DO_NOT_DISTURB = 1 << 4,
        PHONE_PROPERTY_LISTENERS = 1 << 5,
        PHONE_PROPERTY_RINGING = 1 << 6,
        PHONE_PROPERTY_BLOCKED = 1 << 7,
        PHONE_PROPERTY_GROUPS = 1 << 20,
        PHONE_PROPERTY_WHO_MAY_RING = 1 << 23,
        /* of a call */
        PHONE_PROPERTY_TYPE = 1 << 8,
        PHONE_PROPERTY_STATUS = 1 << 9, /* Status, Reason */
        PHONE_PROPERTY_ALERTING = 1 << 10,
        PHONE_PROPERTY_RINGING_SINCE = 1 << 11,
        PHONE_PROPERTY_ANSWERED_AT = 1 << 12,
        PHONE_PROPERTY_ENDED_AT = 1 << 13, /* EndedAt, Duration */
        PHONE_PROPERTY_MEMBERS = 1 << 14,
        PHONE_PROPERTY_HANDLED_BY = 1 << 15,
        /* of a session */
        PHONE_PROPERTY_SESSION_STATE = 1 << 16,
        PHONE_PROPERTY_AUDIO_MUTED = 1 << 17,
        PHONE_PROPERTY_VIDEO_PAUSED = 1 << 18,
        PHONE_PROPERTY_PARTICIPANTS = 1 << 19,
        PHONE_PROPERTY_VERIFICATION_CODE = 1 << 21, /* VerificationCode, NotVerifiable */
        PHONE_PROPERTY_SCREEN_SHARING = 1 << 22,
} PhoneProperty;

typedef enum PhoneTone {
        PHONE_TONE_NONE,
        PHONE_TONE_RING,      /* an incoming call: on the ring devices */
        PHONE_TONE_RING_BACK, /* an outgoing call rings: on the call's speaker */
        PHONE_TONE_COUNT,
} PhoneTone;

typedef enum PhoneActionType {
        /* to the hub */
        PHONE_SEND,    /* `message`; if it is lost, the phone sends it again where that matters */
        PHONE_CONNECT, /* try the hub again that has refused this device; until it has welcomed it
                          or has refused it again, the connection stays PHONE_REFUSED */

        /* to programs */
        PHONE_DONE,            /* reply to the command `ticket`: `error`, `text`, session_id */
        PHONE_CALL_ADDED,      /* announce the object of session_id */
        PHONE_CALL_CHANGED,    /* `properties` of session_id's Call */
        PHONE_CALL_REMOVED,    /* remove the object; its PhoneCallInfo is gone already */
        PHONE_SESSION_ADDED,   /* the Session interface appears */
        PHONE_SESSION_CHANGED, /* `properties` of session_id's Session */
        PHONE_MANAGER_CHANGED, /* `properties` of the Manager */
        PHONE_STATUS_CHANGED,  /* signal: `old_status`, `new_status`, `reason` */
        PHONE_BROADCAST,       /* signal: `event`, `resumed` */
        PHONE_LISTENER_CALL,   /* call `event` on the listener; answer with
                                  phone_listener_answered(serial) */
        PHONE_USER_JOINED,     /* signal of the Session: `participant` */
        PHONE_USER_LEFT,
        PHONE_PARTICIPANT_CHANGED,
        PHONE_SESSION_ERROR, /* signal: `error`, `text` */

        /* to ring, worker, store */
        PHONE_TONE,         /* play `tone` in place of the current one */
        PHONE_WORKER_START, /* start a worker for session_id, which warms up until it joins */
        PHONE_WORKER_JOIN,  /* open the microphone and connect: `join` */
        PHONE_WORKER_PARTICIPANT_JOINED, /* `participant`, who will send an offer */
        PHONE_WORKER_PARTICIPANT_LEFT,
        PHONE_WORKER_SIGNAL,      /* pass on `message`, a MESSAGE_SIGNALLED */
        PHONE_WORKER_RELAYS,      /* `relays`: for new connections */
        PHONE_WORKER_MUTE,        /* microphone: `on` */
        PHONE_WORKER_PAUSE,       /* camera: `on` */
        PHONE_WORKER_SCREEN_STOP, /* no screen is shared, or about to be, any more */
        PHONE_WORKER_PING,    /* ask the worker to answer `serial` by phone_worker_answered() once
                                 all orders before are in force */
        PHONE_WORKER_CUT,     /* it has not answered: close its microphone and cameras, whatever it
                                 does; phone_worker_cut() follows, or phone_worker_gone() */
        PHONE_WORKER_KILL,    /* it still has not: kill it; phone_worker_gone() follows */
        PHONE_WORKER_STOP,    /* end the media and the worker */
        PHONE_HISTORY_PUT,    /* store `record` in place of the session's older one */
        PHONE_HISTORY_FORGET, /* `sessions`: deleted on another device */
        PHONE_CALL_STORE,     /* store `state` of session_id in place of the older one */
        PHONE_CALL_FORGET,    /* drop the stored call, which is over */
        PHONE_REQUEST_STORE,  /* store `message`, which the hub has not confirmed, under the
                                 number `serial` */
        PHONE_REQUEST_FORGET, /* drop the request stored under the number `serial` */
        PHONE_ACTION_TYPE_COUNT,
} PhoneActionType;

typedef struct PhoneAction {
        PhoneActionType type;
        char session_id[UUID_LENGTH + 1];
        uint64_t ticket;
        CallError error;
        char text[MESSAGE_TEXT_MAX + 1];
        uint32_t properties; /* PhoneProperty bits */
        CallStatus old_status, new_status;
        char reason[REASON_MAX + 1];
        PhoneEvent event;
        bool present;    /* LISTENER_CALL: this listener is asked to present */
        bool resumed;    /* BROADCAST, LISTENER_CALL: announced again after a restart */
        uint64_t serial; /* LISTENER_CALL, REQUEST_…, WORKER_PING */
        PhoneTone tone;
        bool on;
        union {                  /* a union, because many actions may be queued */
                Message message; /* SEND, WORKER_SIGNAL, REQUEST_STORE; owned by the action */
                PhoneListener listener;         /* LISTENER_CALL: a copy */
                SessionParticipant participant; /* USER_…, PARTICIPANT_…, WORKER_PARTICIPANT_… */
                struct {
                        ReplyJoin reply; /* owned by the action */
                        SessionSettings settings;
                        bool muted, video, video_paused; /* as in WorkerJoin */
                } join;                                  /* WORKER_JOIN */
                ReplyRelays relays;                      /* WORKER_RELAYS; owned by the action */
                StoredCall *state; /* CALL_STORE; owned by the action; an adapter may take it and
                                      leave NULL */
                CallRecord record; /* HISTORY_PUT; owned by the action */
                MessageSessions sessions;  /* HISTORY_FORGET; owned by the action */
                char token[TOKEN_MAX + 1]; /* DONE of GENERATE_TOKEN */
        };
} PhoneAction;

int phone_new(Phone **ret);
Phone *phone_free(Phone *phone);
DEFINE_CLEANUP(Phone *, phone_free);

bool phone_next_action(Phone *phone, PhoneAction *ret); /* the action then belongs to the caller */
void phone_action_done(PhoneAction *action);

/* ---- events in ---- */

typedef enum PhoneInputType {
        PHONE_INPUT_COMMAND,           /* `command` */
        PHONE_INPUT_CONNECTION,        /* `connection` */
        PHONE_INPUT_REFUSED,           /* `refusal` */
        PHONE_INPUT_MESSAGE,           /* `message` */
        PHONE_INPUT_LISTENER_ADD,      /* `listener` */
        PHONE_INPUT_LISTENER_REMOVE,   /* `client` */
        PHONE_INPUT_CLIENT_GONE,       /* `client` */
        PHONE_INPUT_LISTENER_ANSWERED, /* `reply` */
        PHONE_INPUT_TONE_PLAYING,      /* `tone` */
        /* of the worker of `session_id` */
        PHONE_INPUT_WORKER_STATE,      /* `state` */
        PHONE_INPUT_WORKER_MUTED,      /* `on` */
        PHONE_INPUT_WORKER_PAUSED,     /* `on` */
        PHONE_INPUT_WORKER_SCREEN,     /* `on` */
        PHONE_INPUT_WORKER_MICROPHONE, /* `on` */
        PHONE_INPUT_WORKER_ANSWERED,   /* `serial` */
        PHONE_INPUT_WORKER_CUT,
        PHONE_INPUT_WORKER_SIGNAL,      /* `signal` */
        PHONE_INPUT_WORKER_PARTICIPANT, /* `participant` */
        PHONE_INPUT_WORKER_ERROR,       /* `fault` */
        PHONE_INPUT_WORKER_GONE,        /* `fault`, without an error */
        PHONE_INPUT_WORKER_LOST,        /* likewise */
        PHONE_INPUT_RESTORE_CALL,       /* `restore` */
        PHONE_INPUT_RESTORE_REQUEST,    /* `message` */
        PHONE_INPUT_TICK,
} PhoneInputType;

/*
 * Everything that can happen to the phone. phone_input() keeps no pointer of it. The macros below
 * make the inputs and document each of them.
 */
typedef struct PhoneInput {
        PhoneInputType type;
        const char *session_id;
        union {
                struct {
                        const PhoneCommand *command;
                        uint64_t ticket;
                } command;
                struct {
                        PhoneConnection state;
                        const char *text;
                } connection;
                struct {
                        HubRefusal why;
                        const char *text;
                } refusal;
                const Message *message;
                struct {
                        const PhoneListener *listener;
                        bool restored;
                        const char **ret_text;
                } listener;
                struct {
                        const char *name, *id;
                } client;
                struct {
                        uint64_t serial;
                        bool taken;
                } reply;
                struct {
                        PhoneTone tone;
                        bool playing;
                } tone;
                SessionState state;
                bool on;
                uint64_t serial;
                struct {
                        const char *peer, *data;
                } signal;
                struct {
                        const char *id;
                        const ParticipantMedia *media;
                } participant;
                struct {
                        CallError error;
                        const char *text;
                } fault;
                struct {
                        const StoredCall *call;
                        bool worker;
                } restore;
        };
} PhoneInput;

/*
 * Returns 0, an error that a macro below documents, or -ENOMEM. On -ENOMEM the change may be
 * incomplete: repeat the input; after a message, drop the connection instead, and the next welcome
 * corrects the state.
 */
int phone_input(Phone *phone, const Now *now, const PhoneInput *input);
#define PHONE_INPUT(phone, now, ...) phone_input(phone, now, &(PhoneInput){__VA_ARGS__})

usec_t phone_next_deadline(const Phone *phone); /* CLOCK_BOOTTIME, or USEC_NEVER */
#define phone_tick(phone, now) PHONE_INPUT(phone, now, PHONE_INPUT_TICK)

#define phone_command(phone, now, what, ticket) \
        PHONE_INPUT(phone, now, PHONE_INPUT_COMMAND, .command = {what, ticket})

/*
 * The connection to the hub is in a new state, other than PHONE_ONLINE and PHONE_REFUSED: the phone
 * becomes online by a MESSAGE_REPLY with REPLY_WELCOME. `text` is the sentence for ConnectionError.
 * PHONE_LOGGED_OUT ends all calls (reason shutdown); report it before closing the connection, so
 * that the resulting MESSAGE_LOGOUT can still be sent.
 */
#define phone_connection_changed(phone, now, new_state, text) \
        PHONE_INPUT(phone, now, PHONE_INPUT_CONNECTION, .connection = {new_state, text})
/*
 * The hub has refused this device, or has closed its connection in favour of another: the phone is
 * PHONE_REFUSED. Unless that is final it asks for another try by PHONE_CONNECT (rule 20).
 */
#define phone_refused(phone, now, reason, text) \
        PHONE_INPUT(phone, now, PHONE_INPUT_REFUSED, .refusal = {reason, text})
/*
 * A message of the hub: MESSAGE_REPLY, an event, or MESSAGE_NONE with the seq of an event that this
 * version does not know. Also returns -EPROTO when events before this one are missing, and -EBUSY
 * when they come too fast: drop the connection, and the hub sends them again after the next hello.
 */
#define phone_message(phone, now, from_hub) \
        PHONE_INPUT(phone, now, PHONE_INPUT_MESSAGE, .message = from_hub)
/* The sentence for a negative result of phone_message(), for ConnectionError. */
const char *phone_message_error(int error);
/*
 * Fills in the hello for a new connection, except token, device and device name, which the adapter
 * adds. Its id is HELLO_ID, which no request of the phone has.
 */
void phone_hello(const Phone *phone, Message *ret);

/*
 * Registers a listener, or replaces the one with the same client and id. Returns CallError
 * ListenerExists, TooMany or InvalidArgument with a sentence in *ret_text, valid until the next
 * input. A new listener that outranks the current presenter is asked to present the calls that
 * ring. `restored`: the listener was registered before a restart, and gets the calls that ring,
 * marked as resumed.
 */
#define phone_listener_add(phone, now, what, restored, ret_text) \
        PHONE_INPUT(phone, now, PHONE_INPUT_LISTENER_ADD, .listener = {what, restored, ret_text})
#define phone_listener_remove(phone, now, name, id) \
        PHONE_INPUT(phone, now, PHONE_INPUT_LISTENER_REMOVE, .client = {name, id})
/*
 * A program has left the bus: its listeners are removed, and the calls tied to it end (those
 * of which only the ring is tied: if they have not been answered). Its pending
 * commands continue, up to their PHONE_DONE.
 */
#define phone_client_gone(phone, now, name) \
        PHONE_INPUT(phone, now, PHONE_INPUT_CLIENT_GONE, .client = {name, NULL})
/*
 * A listener's reply to a PHONE_LISTENER_CALL; `taken` is false for an error. A late reply changes
 * nothing.
 */
#define phone_listener_answered(phone, now, serial, taken) \
        PHONE_INPUT(phone, now, PHONE_INPUT_LISTENER_ANSWERED, .reply = {serial, taken})

/* Whether the tone `which` is heard; a tone that cannot be played changes no call. */
#define phone_tone_playing(phone, now, which, playing) \
        PHONE_INPUT(phone, now, PHONE_INPUT_TONE_PLAYING, .tone = {which, playing})

/*
 * ---- the worker of a session ----
 *
 * A worker that a restarted daemon has adopted reports its state after the PHONE_CALL_ADDED of its
 * call; by this report the phone learns of the worker. Reports of a worker that the phone has
 * stopped, or of an unknown session, change nothing.
 */

#define phone_worker_state(phone, now, session_id, new_state) \
        PHONE_INPUT(phone, now, PHONE_INPUT_WORKER_STATE, session_id, .state = new_state)
/*
 * An adopted worker reports whether its microphone is muted: a killed daemon may have had no time
 * to store that. If worker and phone disagree, the microphone stays muted, and the phone orders the
 * worker to mute it: nobody who thinks they are muted is heard.
 */
#define phone_worker_muted(phone, now, session_id, is_on) \
        PHONE_INPUT(phone, now, PHONE_INPUT_WORKER_MUTED, session_id, .on = is_on)
/* An adopted worker reports whether its camera is paused. Handled like the microphone. */
#define phone_worker_paused(phone, now, session_id, is_on) \
        PHONE_INPUT(phone, now, PHONE_INPUT_WORKER_PAUSED, session_id, .on = is_on)
/* The worker has started or stopped sharing a screen. */
#define phone_worker_screen(phone, now, session_id, is_on) \
        PHONE_INPUT(phone, now, PHONE_INPUT_WORKER_SCREEN, session_id, .on = is_on)
/*
 * Whether the worker has found a microphone. While there is none, the others are told that this
 * participant is muted: they hear nothing, and should know why.
 */
#define phone_worker_microphone(phone, now, session_id, is_there) \
        PHONE_INPUT(phone, now, PHONE_INPUT_WORKER_MICROPHONE, session_id, .on = is_there)
/* The worker has answered a PHONE_WORKER_PING: every order before it is in force. */
#define phone_worker_answered(phone, now, session_id, its_serial) \
        PHONE_INPUT(phone, now, PHONE_INPUT_WORKER_ANSWERED, session_id, .serial = its_serial)
/* The worker has been cut off as PHONE_WORKER_CUT orders: its microphone and cameras are closed. */
#define phone_worker_cut(phone, now, session_id) \
        PHONE_INPUT(phone, now, PHONE_INPUT_WORKER_CUT, session_id, .on = true)
#define phone_worker_signal(phone, now, session_id, peer, data) \
        PHONE_INPUT(phone, now, PHONE_INPUT_WORKER_SIGNAL, session_id, .signal = {peer, data})
#define phone_worker_participant(phone, now, session_id, id, ...)           \
        PHONE_INPUT(phone, now, PHONE_INPUT_WORKER_PARTICIPANT, session_id, \
                    .participant = {id, __VA_ARGS__}) /* a ParticipantMedia *; may be a literal */
/*
 * The user has chosen another device of this kind for all calls: drops the device of this kind from
 * the settings of current calls.
 */
void phone_device_chosen(Phone *phone, DeviceKind kind);
/* A fault that the worker survives. */
#define phone_worker_error(phone, now, session_id, error, text) \
        PHONE_INPUT(phone, now, PHONE_INPUT_WORKER_ERROR, session_id, .fault = {error, text})
/*
 * The worker ended without an order to stop: on a live call the session gets State=failed and the
 * signal Error (rule 18).
 */
#define phone_worker_gone(phone, now, session_id, text)              \
        PHONE_INPUT(phone, now, PHONE_INPUT_WORKER_GONE, session_id, \
                    .fault = {CALL_ERROR_NONE, text})
/*
 * The worker can be neither reached nor killed. As if it were gone; but what it holds may be open,
 * and programs that wait for a switch are told so.
 */
#define phone_worker_lost(phone, now, session_id, text)              \
        PHONE_INPUT(phone, now, PHONE_INPUT_WORKER_LOST, session_id, \
                    .fault = {CALL_ERROR_NONE, text})

/* ---- reading the state ---- */

PhoneConnection phone_connection(const Phone *phone, const char **ret_text);
/* Of a phone that is PHONE_REFUSED: only another login helps. */
bool phone_refusal_is_final(const Phone *phone);
const Party *phone_user(const Phone *phone); /* the uid is empty while it is unknown */
WhenBusy phone_when_busy(const Phone *phone);
/* A word; empty until a hub that knows the setting has said so. */
const char *phone_who_may_ring(const Phone *phone);
bool phone_do_not_disturb(const Phone *phone);
bool phone_is_ringing(const Phone *phone);
const PhoneCallInfo *phone_call_find(const Phone *phone, const char *session_id);
const PhoneCallInfo *phone_active_call(const Phone *phone); /* ActiveCall; NULL: none */
/* These return elements in order of arrival, and NULL after the last. */
const PhoneCallInfo *phone_call_at(const Phone *phone, size_t index);
const PhoneListener *phone_listener_at(const Phone *phone, size_t index);
const GroupName *phone_group_at(const Phone *phone, size_t index);
const char *phone_blocked_at(const Phone *phone, size_t index); /* a uid */

/* ---- state from the store, set before any input ---- */

/*
 * Lets this device be in the media of several sessions at once. For a device without a microphone
 * (an echo, a bridge): any other leaves one session's media when it joins another's, so that no two
 * microphones are open.
 */
void phone_allow_parallel_media(Phone *phone);

/*
 * Restores a call that PHONE_CALL_STORE stored, or a request that PHONE_REQUEST_STORE stored. Call
 * these after phone_restore_policy(), and before any listener or connection comes in. The phone
 * announces the call in its stored state. An incoming ring continues, marked as resumed; restored
 * listeners get it through phone_listener_add().
 *
 * `worker`: the call's worker still runs and was adopted. It then receives the call's
 * PHONE_WORKER_START and PHONE_WORKER_JOIN, is stopped if it is not needed, and reports through
 * phone_worker_state() and phone_worker_participant(). Without a worker the media of an ongoing
 * call have failed, and can be joined again.
 *
 * If the program in state->tied_to has left the bus, call phone_client_gone() next.
 *
 * Returns 0, -ENOMEM, -EEXIST, or -EINVAL (the call is over, or such a request is never stored).
 */
#define phone_restore_call(phone, now, state, worker) \
        PHONE_INPUT(phone, now, PHONE_INPUT_RESTORE_CALL, .restore = {state, worker})
#define phone_restore_request(phone, now, stored) \
        PHONE_INPUT(phone, now, PHONE_INPUT_RESTORE_REQUEST, .message = stored)

/* The stored login is one that a hub has welcomed: a refusal need not be final (rule 20). */
void phone_restore_login(Phone *phone);
void phone_restore_policy(Phone *phone, WhenBusy when_busy, bool do_not_disturb);
void phone_restore_history_since(Phone *phone, usec_t since);
/* The `date` of the last welcome whose history is known here. For the store. */
usec_t phone_history_since(const Phone *phone);
