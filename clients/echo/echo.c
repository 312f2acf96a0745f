/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "echo.h"

#include <errno.h>

#include "base/log.h"
#include "phone/phone.h"
#include "voices.h"

/*
 * Fixed, so that a new connection is the same device's, and a second echo of the same user replaces
 * the first one.
 */
#define DEVICE_ID "echo"
#define DEVICE_NAME "Echo"
#define OWNER ":echo" /* of our commands, where a program's bus name stands in tringd */
#define TIMER_ACCURACY_US (10 * USEC_PER_MSEC)

struct Echo {
        Loop *loop;
        Phone *phone;
        HubClient *hub;
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

        (void)STR_SET(command->client, OWNER);
        int r = phone_command(echo->phone, &instant, command, ++echo->last_ticket);
        if (r < 0)
                log_fields(LOG_ERR, "a call is left as it is", "SESSION_ID=%s", command->session_id,
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

/* ---- what the phone wants ---- */

static void call_added(Echo *echo, const char *session_id)
{
        const PhoneCallInfo *call = phone_call_find(echo->phone, session_id);

        /* The call was in progress before this process started. */
        if (call && call->stored.record.status == CALL_STATUS_ONGOING && call->stored.answered_here)
                about_call(echo, PHONE_COMMAND_JOIN, session_id);
}

static void say_event(Echo *echo, const PhoneAction *action)
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

/* The call has lost its media, so it is ended. */
static void session_failed(Echo *echo, const char *session_id, const char *text)
{
        log_fields(LOG_WARNING, text, "SESSION_ID=%s", session_id, NULL);
        about_call(echo, PHONE_COMMAND_END, session_id);
}

static void session_changed(Echo *echo, const char *session_id)
{
        const PhoneCallInfo *call = phone_call_find(echo->phone, session_id);

        if (call && call->stored.record.status == CALL_STATUS_ONGOING &&
            call->stored.session.state == SESSION_FAILED)
                session_failed(echo, session_id, "the media failed");
}

/* An echo is never busy. */
static void manager_changed(Echo *echo)
{
        PhoneCommand ring = {.type = PHONE_COMMAND_WHEN_BUSY, .when_busy = WHEN_BUSY_RING};

        if (phone_connection(echo->phone, NULL) == PHONE_ONLINE &&
            phone_when_busy(echo->phone) != WHEN_BUSY_RING)
                command(echo, &ring);
}

static void start_voice(Echo *echo, const char *session_id)
{
        const Now instant = instant_now();
        char text[MESSAGE_TEXT_MAX + 1];
        int r = voices_start(echo->voices, session_id);

        if (r >= 0)
                return;
        snprintf(text, sizeof(text), "the media worker cannot be started: %s", strerror(-r));
        (void)phone_worker_gone(echo->phone, &instant, session_id, text);
}

static void send_to_voice(Echo *echo, const PhoneAction *action)
{
        WorkerMessage message = {};

        switch (action->type) {
        case PHONE_WORKER_JOIN:
                message.type = WORKER_JOIN;
                message.join.reply = action->join.reply; /* borrowed while the message is written */
                break;
        case PHONE_WORKER_PARTICIPANT_JOINED:
                message.type = WORKER_PARTICIPANT_JOINED;
                message.participant = action->participant.participant;
                break;
        case PHONE_WORKER_PARTICIPANT_LEFT:
                message.type = WORKER_PARTICIPANT_LEFT;
                message.participant = action->participant.participant;
                break;
        default:
                message.type = WORKER_SIGNAL_IN;
                message.signal = action->message.signal;
        }
        int r = voices_send(echo->voices, action->session_id, &message);
        if (r < 0)
                log_fields(LOG_WARNING, "the media worker cannot be reached", "SESSION_ID=%s",
                           action->session_id, "WHY=%s", strerror(-r), NULL);
}

static void act(Echo *echo, const PhoneAction *action)
{
        switch (action->type) {
        case PHONE_SEND:
                (void)hub_client_send(echo->hub, &action->message); /* the phone retries */
                break;
        case PHONE_DONE:
                if (action->error != CALL_ERROR_NONE)
                        log_fields(LOG_WARNING, action->text, "SESSION_ID=%s", action->session_id,
                                   NULL);
                break;
        case PHONE_CALL_ADDED:
                call_added(echo, action->session_id);
                break;
        case PHONE_BROADCAST:
                say_event(echo, action);
                break;
        case PHONE_MANAGER_CHANGED:
                manager_changed(echo);
                break;
        case PHONE_SESSION_CHANGED:
                session_changed(echo, action->session_id);
                break;
        case PHONE_WORKER_START:
                start_voice(echo, action->session_id);
                break;
        case PHONE_WORKER_JOIN:
        case PHONE_WORKER_PARTICIPANT_JOINED:
        case PHONE_WORKER_PARTICIPANT_LEFT:
        case PHONE_WORKER_SIGNAL:
                send_to_voice(echo, action);
                break;
        case PHONE_WORKER_STOP:
                voices_stop(echo->voices, action->session_id);
                break;
        default: /* D-Bus, ring and history are a desktop's */
                break;
        }
}

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
                log_error("deadlines pass unnoticed: %s", strerror(-r));
}

/* Carries out actions until none is left, including those that they cause. */
static void settle(Echo *echo)
{
        PhoneAction action;

        while (phone_next_action(echo->phone, &action)) {
                act(echo, &action);
                phone_action_done(&action);
        }
        set_timer(echo);
}

/* ---- what comes in ---- */

static void report_state(Echo *echo, PhoneConnection state, const char *text)
{
        const Now instant = instant_now();
        int r = phone_connection_changed(echo->phone, &instant, state, text);

        if (r < 0)
                log_error("the state of the connection is lost: %s", strerror(-r));
        settle(echo);
}

static void on_lost(void *userdata, HubClient *hub, CallError error, const char *text)
{
        Echo *echo = userdata;
        bool refused = error == CALL_ERROR_AUTH_FAILED;
        PhoneConnection state = refused ? PHONE_REFUSED : PHONE_OFFLINE;

        log_notice("%s: %s", phone_connection_to_string(state), text);
        report_state(echo, state, text);
        if (refused)
                (void)sd_event_exit(loop_event(echo->loop), EXIT_FAILURE);
        else
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
        if (r < 0)
                on_lost(echo, hub, CALL_ERROR_NOT_CONNECTED, strerror(-r));
}

static void on_welcomed(void *userdata, HubClient *hub, const Message *welcome)
{
        printf("answering calls to %s\n", welcome->reply.welcome.user.uid);
        fflush(stdout);
        on_message(userdata, hub, welcome);
}

static const HubClientEvents hub_events = {on_hello, on_welcomed, on_message, on_lost};

static void on_voice_message(void *userdata, const char *session_id, const WorkerMessage *message)
{
        Echo *echo = userdata;
        const Now instant = instant_now();
        int r = 0;

        switch (message->type) {
        case WORKER_STATE:
                r = phone_worker_state(echo->phone, &instant, session_id, message->state);
                break;
        case WORKER_SIGNAL_OUT:
                r = phone_worker_signal(echo->phone, &instant, session_id, message->signal.peer,
                                        message->signal.data);
                break;
        case WORKER_PARTICIPANT:
                r = phone_worker_participant(echo->phone, &instant, session_id, message->status.id,
                                             &message->status.media);
                break;
        case WORKER_ERROR:
                r = phone_worker_error(echo->phone, &instant, session_id, message->error,
                                       message->text);
                break;
        default:
                break; /* not a worker's to say */
        }
        if (r < 0)
                log_fields(LOG_ERR, "news of a media worker are lost", "SESSION_ID=%s", session_id,
                           "WHY=%s", strerror(-r), NULL);
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

int echo_new(Loop *loop, const HubClientOptions *options, const char *media, Echo **ret)
{
        _cleanup_(echo_freep) Echo *echo = calloc(1, sizeof(*echo));

        if (!echo)
                return -ENOMEM;
        echo->loop = loop;
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
