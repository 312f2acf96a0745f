/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "tringd/adapters.h"
#include "tringd/daemon.h"

/* The name of the call's streams in a mixer: "Alice, call". Returns the buffer. */
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

static void send_to_worker(Daemon *daemon, const PhoneAction *action, const WorkerMessage *message)
{
        workers_send(daemon->workers, action->session_id, message);
}

void media_play_tone(Daemon *daemon, const PhoneAction *action)
{
        ringer_play(daemon->ringer, action->tone);
}

void media_start(Daemon *daemon, const PhoneAction *action)
{
        workers_start(daemon->workers, action->session_id);
}

/* The participants with whom no verification code may be exchanged, into memory for all. */
static size_t list_unverified(const PhoneCallInfo *call,
                              WorkerUnverified ret[static PARTICIPANTS_MAX])
{
        const PhoneSession *session = call ? &call->stored.session : NULL;
        size_t n = 0;

        for (size_t i = 0; session && i < session->n_participants; i++) {
                if (session->participants[i].unverified)
                        STR_SET(ret[n++].id, session->participants[i].participant.id);
        }
        return n;
}

void media_join(Daemon *daemon, const PhoneAction *action)
{
        const PhoneCallInfo *call = phone_call_find(daemon->phone, action->session_id);
        WorkerUnverified unverified[PARTICIPANTS_MAX];
        WorkerMessage message = {.type = WORKER_JOIN};

        message.join.reply = action->join.reply; /* borrowed while the message is written */
        /* tringd renews them; a worker of an earlier version does not know the member. */
        message.join.reply.ice_lifetime_s = 0;
        message.join.unverified = unverified;
        message.join.n_unverified = list_unverified(call, unverified);
        message.join.muted = action->join.muted;
        message.join.video = action->join.video;
        message.join.video_paused = action->join.video_paused;
        message.join.relay_only = daemon->settings.relay_only;
        call_title(daemon, action->session_id, message.join.title);
        choose_devices(daemon, &action->join.settings, &message.join.devices);
        send_to_worker(daemon, action, &message);
}

void media_participant(Daemon *daemon, const PhoneAction *action)
{
        const WorkerMessage message = {
                .type = action->type == PHONE_WORKER_PARTICIPANT_JOINED ? WORKER_PARTICIPANT_JOINED
                                                                        : WORKER_PARTICIPANT_LEFT,
                .participant = action->participant.participant,
                .unverified = action->participant.unverified,
        };

        send_to_worker(daemon, action, &message);
}

void media_signal(Daemon *daemon, const PhoneAction *action)
{
        send_to_worker(
                daemon, action,
                &(WorkerMessage){.type = WORKER_SIGNAL_IN, .signal = action->message.signal});
}

void media_relays(Daemon *daemon, const PhoneAction *action)
{
        WorkerMessage message = {.type = WORKER_RELAYS, .relays = action->relays}; /* borrowed */

        message.relays.ice_lifetime_s = 0;
        send_to_worker(daemon, action, &message);
}

void media_mute(Daemon *daemon, const PhoneAction *action)
{
        send_to_worker(daemon, action, &(WorkerMessage){.type = WORKER_MUTE, .on = action->on});
}

void media_pause(Daemon *daemon, const PhoneAction *action)
{
        send_to_worker(daemon, action,
                       &(WorkerMessage){.type = WORKER_VIDEO_PAUSE, .on = action->on});
}

void media_stop_screen(Daemon *daemon, const PhoneAction *action)
{
        screens_stop(daemon->screens, action->session_id);
}

void media_ask(Daemon *daemon, const PhoneAction *action)
{
        workers_ask(daemon->workers, action->session_id, action->serial);
}

void media_cut(Daemon *daemon, const PhoneAction *action)
{
        screens_end(daemon->screens, action->session_id);
        if (workers_cut(daemon->workers, action->session_id) == 0)
                daemon_event_given(
                        daemon,
                        phone_worker_cut(daemon->phone, DAEMON_NOW(daemon), action->session_id),
                        "that a media worker is cut off");
}

void media_kill(Daemon *daemon, const PhoneAction *action)
{
        workers_kill(daemon->workers, action->session_id);
}

void media_stop(Daemon *daemon, const PhoneAction *action)
{
        screens_end(daemon->screens, action->session_id);
        workers_stop(daemon->workers, action->session_id);
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

/* Passes a worker's report to the phone; ignores messages that only tringd sends. */
static int take_report(Phone *phone, const Now *now, const char *session_id,
                       const WorkerMessage *message)
{
        switch (message->type) {
        case WORKER_STATE:
                return phone_worker_state(phone, now, session_id, message->state);
        case WORKER_SIGNAL_OUT:
                return phone_worker_signal(phone, now, session_id, message->signal.peer,
                                           message->signal.data);
        case WORKER_PARTICIPANT:
                return phone_worker_participant(phone, now, session_id, message->status.id,
                                                &message->status.media);
        case WORKER_MUTE:
                return phone_worker_muted(phone, now, session_id, message->on);
        case WORKER_VIDEO_PAUSE:
                return phone_worker_paused(phone, now, session_id, message->on);
        case WORKER_SCREEN:
                return phone_worker_screen(phone, now, session_id, message->on);
        case WORKER_MICROPHONE:
                return phone_worker_microphone(phone, now, session_id, message->on);
        case WORKER_PONG:
                return phone_worker_answered(phone, now, session_id, message->serial);
        case WORKER_ERROR:
                return phone_worker_error(phone, now, session_id, message->error, message->text);
        case WORKER_NONE:
        case WORKER_JOIN:
        case WORKER_DEVICES:
        case WORKER_RELAYS:
        case WORKER_PARTICIPANT_JOINED:
        case WORKER_PARTICIPANT_LEFT:
        case WORKER_SIGNAL_IN:
        case WORKER_SCREEN_START:
        case WORKER_SCREEN_STOP:
        case WORKER_NETWORK_CHANGED:
        case WORKER_LEAVE:
        case WORKER_STATS_REQUEST:
        case WORKER_PING:
        case WORKER_PIPEWIRE:
        case WORKER_PIPEWIRE_WANTED:
        case WORKER_LOG:
        case WORKER_REALTIME_WANTED:
        case WORKER_QUIT:
        case WORKER_STATS:
        case WORKER_MESSAGE_TYPE_COUNT:
                break;
        }
        return 0;
}

static void on_worker_message(void *userdata, const char *session_id, const WorkerMessage *message)
{
        Daemon *daemon = userdata;
        int r = take_report(daemon->phone, DAEMON_NOW(daemon), session_id, message);

        if (message->type == WORKER_SCREEN)
                screens_reported(daemon->screens, session_id, message->on);
        daemon_event_given(daemon, r, "a report of a media worker");
}

static void on_worker_gone(void *userdata, const char *session_id, const char *text, bool may_run)
{
        Daemon *daemon = userdata;
        const Now *now = DAEMON_NOW(daemon);

        screens_end(daemon->screens, session_id);
        daemon_event_given(daemon,
                           may_run ? phone_worker_lost(daemon->phone, now, session_id, text)
                                   : phone_worker_gone(daemon->phone, now, session_id, text),
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

        daemon_event_given(daemon,
                           phone_tone_playing(daemon->phone, DAEMON_NOW(daemon), tone, playing),
                           "the state of the ring tone");
}

const RingerEvents ringer_events = {.playing = on_tone_playing};
