/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "tringd/adapters.h"
#include "tringd/daemon.h"

/* The call's name for mixers: "Alice, call". Returns the buffer. */
static const char *call_title(Daemon *daemon, const char *session_id,
                              char title[static 2 * NAME_MAX_BYTES])
{
        const PhoneCallInfo *call = phone_call_find(daemon->phone, session_id);
        const Party *peer = call ? call_record_peer(&call->stored.record) : NULL;

        snprintf(title, 2 * NAME_MAX_BYTES, "%s, call",
                 !peer                   ? "Tring"
                 : str_empty(peer->name) ? peer->uid
                                         : peer->name);
        return title;
}

static void choose(char node[static NODE_NAME_MAX + 1], const char *wanted, const char *otherwise)
{
        (void)str_copy(node, NODE_NAME_MAX + 1, str_empty(wanted) ? otherwise : wanted);
}

/* The device chosen for this call, else the one chosen for all calls. */
static void choose_devices(const Daemon *daemon, const SessionSettings *call, WorkerDevices *ret)
{
        const Settings *all = &daemon->settings;

        *ret = (WorkerDevices){.echo_cancel = all->echo_cancel};
        choose(ret->microphone, call->microphone, all->devices[DEVICE_MICROPHONE]);
        choose(ret->speaker, call->speaker, all->devices[DEVICE_SPEAKER]);
        choose(ret->camera, call->camera, all->devices[DEVICE_CAMERA]);
}

static void send_join(Daemon *daemon, const PhoneAction *action)
{
        WorkerMessage message = {.type = WORKER_JOIN};

        message.join.reply = action->join.reply; /* borrowed while the message is written */
        message.join.muted = action->join.muted;
        message.join.video = action->join.video;
        message.join.video_paused = action->join.video_paused;
        message.join.relay_only = daemon->settings.relay_only;
        call_title(daemon, action->session_id, message.join.title);
        choose_devices(daemon, &action->join.settings, &message.join.devices);
        workers_send(daemon->workers, action->session_id, &message);
}

void media_devices_changed(Daemon *daemon)
{
        const PhoneCallInfo *call;

        for (size_t i = 0; (call = phone_call_at(daemon->phone, i)); i++) {
                WorkerMessage message = {.type = WORKER_DEVICES};

                choose_devices(daemon, &call->stored.session.settings, &message.devices);
                if (call->has_session)
                        workers_send(daemon->workers, call->stored.record.session_id, &message);
        }
}

static void send_participant(Daemon *daemon, const PhoneAction *action, WorkerMessageType type)
{
        const WorkerMessage message = {
                .type = type,
                .participant = action->participant.participant,
        };

        workers_send(daemon->workers, action->session_id, &message);
}

void media_act(Daemon *daemon, const PhoneAction *action)
{
        char title[2 * NAME_MAX_BYTES];

        switch (action->type) {
        case PHONE_TONE:
                ringer_play(daemon->tone, action->tone);
                break;
        case PHONE_WORKER_START:
                workers_start(daemon->workers, action->session_id,
                              call_title(daemon, action->session_id, title));
                break;
        case PHONE_WORKER_JOIN:
                send_join(daemon, action);
                break;
        case PHONE_WORKER_PARTICIPANT_JOINED:
                send_participant(daemon, action, WORKER_PARTICIPANT_JOINED);
                break;
        case PHONE_WORKER_PARTICIPANT_LEFT:
                send_participant(daemon, action, WORKER_PARTICIPANT_LEFT);
                break;
        case PHONE_WORKER_SIGNAL:
                workers_send(daemon->workers, action->session_id,
                             &(WorkerMessage){.type = WORKER_SIGNAL_IN,
                                              .signal = action->message.signal});
                break;
        case PHONE_WORKER_MUTE:
                workers_send(daemon->workers, action->session_id,
                             &(WorkerMessage){.type = WORKER_MUTE, .on = action->on});
                break;
        case PHONE_WORKER_PAUSE:
                workers_send(daemon->workers, action->session_id,
                             &(WorkerMessage){.type = WORKER_VIDEO_PAUSE, .on = action->on});
                break;
        case PHONE_WORKER_STOP:
                screens_end(daemon->screens, action->session_id);
                workers_stop(daemon->workers, action->session_id);
                break;
        default:
                break;
        }
}

static void on_worker_message(void *userdata, const char *session_id, const WorkerMessage *message)
{
        Daemon *daemon = userdata;
        const Now instant = daemon_instant();
        int r = 0;

        switch (message->type) {
        case WORKER_STATE:
                r = phone_worker_state(daemon->phone, &instant, session_id, message->state);
                break;
        case WORKER_SIGNAL_OUT:
                r = phone_worker_signal(daemon->phone, &instant, session_id, message->signal.peer,
                                        message->signal.data);
                break;
        case WORKER_PARTICIPANT:
                r = phone_worker_participant(daemon->phone, &instant, session_id,
                                             message->status.id, &message->status.media);
                break;
        case WORKER_MUTE:
                r = phone_worker_muted(daemon->phone, &instant, session_id, message->on);
                break;
        case WORKER_VIDEO_PAUSE:
                r = phone_worker_paused(daemon->phone, &instant, session_id, message->on);
                break;
        case WORKER_SCREEN:
                r = phone_worker_screen(daemon->phone, &instant, session_id, message->on);
                screens_told(daemon->screens, session_id, message->on);
                break;
        case WORKER_ERROR:
                r = phone_worker_error(daemon->phone, &instant, session_id, message->error,
                                       message->text);
                break;
        default:
                break; /* not a worker's to say */
        }
        daemon_event_given(daemon, r, "news of a media worker");
}

static void on_worker_gone(void *userdata, const char *session_id, const char *text)
{
        Daemon *daemon = userdata;
        const Now instant = daemon_instant();

        screens_end(daemon->screens, session_id);
        daemon_event_given(daemon, phone_worker_gone(daemon->phone, &instant, session_id, text),
                           "the end of a media worker");
}

const WorkersEvents workers_events = {.message = on_worker_message, .gone = on_worker_gone};

void media_network_changed(void *userdata)
{
        Daemon *daemon = userdata;

        workers_send_all(daemon->workers, &(WorkerMessage){.type = WORKER_NETWORK_CHANGED});
}

static void on_tone_playing(void *userdata, PhoneTone tone, bool playing)
{
        Daemon *daemon = userdata;
        const Now instant = daemon_instant();

        daemon_event_given(daemon, phone_tone_playing(daemon->phone, &instant, tone, playing),
                           "news of the ring");
}

const RingerEvents ringer_events = {.playing = on_tone_playing};
