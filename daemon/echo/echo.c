/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "echo/echo.h"

#include <assert.h>
#include <errno.h>

#include "base/log.h"
#include "echo/voices.h"
#include "phone/phone.h"

/*
 * Fixed, so that a reconnecting echo counts as the same device, and a second echo of the same user
 * replaces the first.
 */
#define DEVICE_ID "echo"
#define DEVICE_NAME "Echo"
#define CLIENT ":echo" /* sender of our commands; in tringd a bus name */
#define TIMER_ACCURACY_US (10 * USEC_PER_MSEC)

struct Echo {
        Loop *loop;
        Phone *phone;
        HubClient *hub;
        OwnerFile *owner; /* the caller's */
        Voices *voices;
        sd_event_source *timer;
        uint64_t last_ticket;
};

static void settle(Echo *echo);

static Now instant_now(void)
{
        return (Now){.now = clock_boottime(), .date = clock_realtime()};
}

static void command(Echo *echo, PhoneCommand *command)
{
        const Now instant = instant_now();

        (void)STR_SET(command->client, CLIENT);
        int r = phone_command(echo->phone, &instant, command, ++echo->last_ticket);
        if (r < 0)
                log_fields(LOG_ERR, "cannot control a call", "SESSION_ID=%s", command->session_id,
                           "WHY=%s", strerror(-r), NULL);
}

static void accept_call(Echo *echo, const char *session_id)
{
        PhoneCommand accept = {.type = PHONE_COMMAND_ACCEPT,
                               .accept.request = {.join = true, .parallel = true}};

        (void)STR_SET(accept.session_id, session_id);
        (void)STR_SET(accept.accept.request.session_id, session_id);
        command(echo, &accept);
}

static void about_call(Echo *echo, PhoneCommandType type, const char *session_id)
{
        PhoneCommand about = {.type = type};

        (void)STR_SET(about.session_id, session_id);
        command(echo, &about);
}

/* ---- actions of the phone ---- */

static void ignore(Echo *echo, const PhoneAction *action)
{
}

static void send_to_hub(Echo *echo, const PhoneAction *action)
{
        (void)hub_client_send(echo->hub, &action->message); /* the phone retries */
}

static void try_hub_again(Echo *echo, const PhoneAction *action)
{
        if (hub_client_connect(echo->hub) < 0)
                hub_client_retry(echo->hub);
}

static void report_refusal(Echo *echo, const PhoneAction *action)
{
        if (action->error != CALL_ERROR_NONE)
                log_fields(LOG_WARNING, action->text, "SESSION_ID=%s", action->session_id, NULL);
}

/* Joins a call that was in progress before this process started. */
static void call_added(Echo *echo, const PhoneAction *action)
{
        const PhoneCallInfo *call = phone_call_find(echo->phone, action->session_id);

        if (call && call->stored.record.status == CALL_STATUS_ONGOING && call->stored.answered_here)
                about_call(echo, PHONE_COMMAND_JOIN, action->session_id);
}

static void on_event(Echo *echo, const PhoneAction *action)
{
        const PhoneCallInfo *call = phone_call_find(echo->phone, action->session_id);

        if (call)
                log_fields(LOG_INFO, phone_event_to_string(action->event), "SESSION_ID=%s",
                           action->session_id, "PEER=%s",
                           call_record_peer(&call->stored.record)->uid, "REASON=%s",
                           call->stored.record.reason, NULL);
        if (action->event == PHONE_EVENT_INCOMING_CALL_RECEIVED)
                accept_call(echo, action->session_id);
}

/* Ends a call that has lost its media. */
static void session_changed(Echo *echo, const PhoneAction *action)
{
        const PhoneCallInfo *call = phone_call_find(echo->phone, action->session_id);

        if (!call || call->stored.record.status != CALL_STATUS_ONGOING ||
            call->stored.session.state != SESSION_FAILED)
                return;
        log_fields(LOG_WARNING, "the media failed", "SESSION_ID=%s", action->session_id, NULL);
        about_call(echo, PHONE_COMMAND_END, action->session_id);
}

/* An echo sends pictures only while it receives some, and tells the other one so. */
static void participant_changed(Echo *echo, const PhoneAction *action)
{
        const PhoneCallInfo *call = phone_call_find(echo->phone, action->session_id);
        PhoneCommand pause = {.type = PHONE_COMMAND_PAUSE_VIDEO,
                              .on = action->participant.participant.video_paused};

        if (!call || call->stored.record.status != CALL_STATUS_ONGOING ||
            call->stored.session.video_paused == pause.on)
                return;
        (void)STR_SET(pause.session_id, action->session_id);
        command(echo, &pause);
}

/* An echo is never busy. */
static void manager_changed(Echo *echo, const PhoneAction *action)
{
        PhoneCommand ring = {.type = PHONE_COMMAND_WHEN_BUSY, .when_busy = WHEN_BUSY_RING};

        if (phone_connection(echo->phone, NULL) == PHONE_ONLINE &&
            phone_when_busy(echo->phone) != WHEN_BUSY_RING)
                command(echo, &ring);
}

static void start_voice(Echo *echo, const PhoneAction *action)
{
        const Now instant = instant_now();
        char text[MESSAGE_TEXT_MAX + 1];
        int r = voices_start(echo->voices, action->session_id);

        if (r >= 0)
                return;
        snprintf(text, sizeof(text), "cannot start the media worker: %s", strerror(-r));
        (void)phone_worker_gone(echo->phone, &instant, action->session_id, text);
}

/* The pointers in `message` are borrowed from `action`. */
static void send_to_voice(Echo *echo, const PhoneAction *action, const WorkerMessage *message)
{
        int r = voices_send(echo->voices, action->session_id, message);

        if (r < 0)
                log_fields(LOG_WARNING, "cannot send to the media worker", "SESSION_ID=%s",
                           action->session_id, "WHY=%s", strerror(-r), NULL);
}

static void join_voice(Echo *echo, const PhoneAction *action)
{
        send_to_voice(echo, action,
                      &(WorkerMessage){.type = WORKER_JOIN, .join.reply = action->join.reply});
}

static void participant_joined(Echo *echo, const PhoneAction *action)
{
        send_to_voice(echo, action,
                      &(WorkerMessage){.type = WORKER_PARTICIPANT_JOINED,
                                       .participant = action->participant.participant});
}

static void participant_left(Echo *echo, const PhoneAction *action)
{
        send_to_voice(echo, action,
                      &(WorkerMessage){.type = WORKER_PARTICIPANT_LEFT,
                                       .participant = action->participant.participant});
}

static void signal_to_voice(Echo *echo, const PhoneAction *action)
{
        send_to_voice(echo, action,
                      &(WorkerMessage){.type = WORKER_SIGNAL_IN, .signal = action->message.signal});
}

static void relays_to_voice(Echo *echo, const PhoneAction *action)
{
        send_to_voice(echo, action,
                      &(WorkerMessage){.type = WORKER_RELAYS, .relays = action->relays});
}

static void stop_voice(Echo *echo, const PhoneAction *action)
{
        voices_stop(echo->voices, action->session_id);
}

/* An echo has no D-Bus objects, ring tone or history. */
static void (*const actors[PHONE_ACTION_TYPE_COUNT])(Echo *echo, const PhoneAction *action) = {
        [PHONE_SEND] = send_to_hub,
        [PHONE_CONNECT] = try_hub_again,
        [PHONE_DONE] = report_refusal,
        [PHONE_CALL_ADDED] = call_added,
        [PHONE_CALL_CHANGED] = ignore,
        [PHONE_CALL_REMOVED] = ignore,
        [PHONE_SESSION_ADDED] = ignore,
        [PHONE_SESSION_CHANGED] = session_changed,
        [PHONE_MANAGER_CHANGED] = manager_changed,
        [PHONE_STATUS_CHANGED] = ignore,
        [PHONE_BROADCAST] = on_event,
        [PHONE_LISTENER_CALL] = ignore,
        [PHONE_USER_JOINED] = participant_changed,
        [PHONE_USER_LEFT] = ignore,
        [PHONE_PARTICIPANT_CHANGED] = participant_changed,
        [PHONE_SESSION_ERROR] = ignore,
        [PHONE_TONE] = ignore,
        [PHONE_WORKER_START] = start_voice,
        [PHONE_WORKER_JOIN] = join_voice,
        [PHONE_WORKER_PARTICIPANT_JOINED] = participant_joined,
        [PHONE_WORKER_PARTICIPANT_LEFT] = participant_left,
        [PHONE_WORKER_SIGNAL] = signal_to_voice,
        [PHONE_WORKER_RELAYS] = relays_to_voice,
        [PHONE_WORKER_MUTE] = ignore,
        [PHONE_WORKER_PAUSE] = ignore,
        /* An echo has no microphone that could be muted. */
        [PHONE_WORKER_SCREEN_STOP] = ignore,
        [PHONE_WORKER_PING] = ignore,
        [PHONE_WORKER_CUT] = ignore,
        [PHONE_WORKER_KILL] = ignore,
        [PHONE_WORKER_STOP] = stop_voice,
        [PHONE_HISTORY_PUT] = ignore,
        [PHONE_HISTORY_FORGET] = ignore,
        [PHONE_CALL_STORE] = ignore,
        [PHONE_CALL_FORGET] = ignore,
        [PHONE_REQUEST_STORE] = ignore,
        [PHONE_REQUEST_FORGET] = ignore,
};

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        Echo *echo = userdata;
        const Now instant = instant_now();
        int r = phone_tick(echo->phone, &instant);

        settle(echo);
        return r;
}

static void set_timer(Echo *echo)
{
        usec_t deadline = phone_next_deadline(echo->phone);
        int r;

        if (deadline == USEC_NEVER)
                r = sd_event_source_set_enabled(echo->timer, SD_EVENT_OFF);
        else
                r = sd_event_source_set_time(echo->timer, deadline);
        if (r >= 0 && deadline != USEC_NEVER)
                r = sd_event_source_set_enabled(echo->timer, SD_EVENT_ONESHOT);
        if (r < 0)
                log_error("cannot set the timer: %s", strerror(-r));
}

/* Carries out actions until none is left, including those that they cause. */
static void settle(Echo *echo)
{
        PhoneAction action;

        while (phone_next_action(echo->phone, &action)) {
                assert(action.type < PHONE_ACTION_TYPE_COUNT && actors[action.type]);
                actors[action.type](echo, &action);
                phone_action_done(&action);
        }
        set_timer(echo);
}

/* ---- events for the phone ---- */

static void report_state(Echo *echo, PhoneConnection state, const char *text)
{
        const Now instant = instant_now();
        int r = phone_connection_changed(echo->phone, &instant, state, text);

        if (r < 0)
                log_error("cannot record the state of the connection: %s", strerror(-r));
        settle(echo);
}

/* Two echoes of one user would take turns, so the one that was replaced ends. */
static void on_refused(Echo *echo, const HubClientLoss *loss)
{
        const Now instant = instant_now();
        int r = phone_refused(echo->phone, &instant, loss->refusal, loss->text);
        const char *text;

        if (r < 0)
                log_error("cannot record a refusal: %s", strerror(-r));
        settle(echo);
        (void)phone_connection(echo->phone, &text);
        log_notice("refused: %s", text);
        if (loss->refusal == HUB_REFUSAL_REPLACED || phone_refusal_is_final(echo->phone))
                (void)sd_event_exit(loop_event(echo->loop), EXIT_FAILURE);
}

static void on_lost(void *userdata, HubClient *hub, const HubClientLoss *loss)
{
        Echo *echo = userdata;

        if (loss->refusal != HUB_REFUSAL_NONE) {
                on_refused(echo, loss);
                return;
        }
        log_notice("offline: %s", loss->text);
        report_state(echo, PHONE_OFFLINE, loss->text);
        hub_client_retry(hub);
}

static void on_hello(void *userdata, HubClient *hub, Message *ret)
{
        Echo *echo = userdata;

        phone_hello(echo->phone, ret);
        (void)STR_SET(ret->hello.device, DEVICE_ID);
        (void)STR_SET(ret->hello.device_name, DEVICE_NAME);
}

static void on_message(void *userdata, HubClient *hub, const Message *message)
{
        Echo *echo = userdata;
        const Now instant = instant_now();
        int r = phone_message(echo->phone, &instant, message);

        settle(echo);
        if (r < 0) {
                hub_client_failed(hub);
                on_lost(echo, hub,
                        &(HubClientLoss){CALL_ERROR_NOT_CONNECTED, HUB_REFUSAL_NONE,
                                         phone_message_error(r)});
        } else if (message->seq > 0) {
                hub_client_worked(hub);
        }
}

static void on_welcomed(void *userdata, HubClient *hub, const Message *welcome)
{
        Echo *echo = userdata;

        owner_file_learn(echo->owner, hub_client_owner(hub));
        printf("answering calls to %s\n", welcome->reply.welcome.user.uid);
        fflush(stdout);
        on_message(userdata, hub, welcome);
}

static const HubClientEvents hub_events = {on_hello, on_welcomed, on_message, on_lost};

static int take_voice_message(Echo *echo, const char *session_id, const WorkerMessage *message)
{
        const Now instant = instant_now();

        if (message->type == WORKER_STATE)
                return phone_worker_state(echo->phone, &instant, session_id, message->state);
        if (message->type == WORKER_SIGNAL_OUT)
                return phone_worker_signal(echo->phone, &instant, session_id, message->signal.peer,
                                           message->signal.data);
        if (message->type == WORKER_PARTICIPANT)
                return phone_worker_participant(echo->phone, &instant, session_id,
                                                message->status.id, &message->status.media);
        if (message->type == WORKER_ERROR)
                return phone_worker_error(echo->phone, &instant, session_id, message->error,
                                          message->text);
        return 0; /* an echo shares no screen and requests no statistics */
}

static void on_voice_message(void *userdata, const char *session_id, const WorkerMessage *message)
{
        Echo *echo = userdata;
        int r = take_voice_message(echo, session_id, message);

        if (r < 0)
                log_fields(LOG_ERR, "cannot take a message of a media worker", "SESSION_ID=%s",
                           session_id, "WHY=%s", strerror(-r), NULL);
        settle(echo);
}

static void on_voice_gone(void *userdata, const char *session_id, const char *text)
{
        Echo *echo = userdata;
        const Now instant = instant_now();

        log_fields(LOG_WARNING, text, "SESSION_ID=%s", session_id, NULL);
        (void)phone_worker_gone(echo->phone, &instant, session_id, text);
        settle(echo);
}

static const VoicesEvents voices_events = {on_voice_message, on_voice_gone};

int echo_new(Loop *loop, const HubClientOptions *options, OwnerFile *owner, const char *media,
             Echo **ret)
{
        _cleanup_(echo_freep) Echo *echo = calloc(1, sizeof(*echo));

        if (!echo)
                return -ENOMEM;
        echo->loop = loop;
        echo->owner = owner;
        int r = phone_new(&echo->phone);
        if (r < 0)
                return r;
        phone_allow_parallel_media(echo->phone);
        r = voices_new(loop_event(loop), media, &voices_events, echo, &echo->voices);
        if (r < 0)
                return r;
        r = sd_event_add_time(loop_event(loop), &echo->timer, CLOCK_BOOTTIME, 0, TIMER_ACCURACY_US,
                              on_timer, echo);
        if (r < 0)
                return r;
        r = hub_client_new(loop, options, &hub_events, echo, &echo->hub);
        if (r < 0)
                return r;
        report_state(echo, PHONE_CONNECTING, "");
        r = hub_client_connect(echo->hub);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(echo);
        return 0;
}

Echo *echo_free(Echo *echo)
{
        if (!echo)
                return NULL;
        hub_client_free(echo->hub);
        voices_free(echo->voices);
        sd_event_source_disable_unref(echo->timer);
        phone_free(echo->phone);
        free(echo);
        return NULL;
}
