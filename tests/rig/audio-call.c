/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/audio-call.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/str.h"

/* The result of a system call; a negative one ends the test. */
static int must(int r, const char *what)
{
        return rig_check(r < 0 ? -errno : r, what);
}

void audio_call_init(AudioCall *call, const char *audio_directory)
{
        *call = (AudioCall){};
        rig_check(STR_SET(call->directory, audio_directory), "the directory");
}

void audio_call_done(AudioCall *call)
{
        for (size_t i = 0; i < call->n_ends; i++)
                audio_end_kill(&call->ends[i]);
}

/* ---- a worker ---- */

static void run_worker(const AudioCall *call, const AudioEnd *end, int listen_fd)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (listen_fd == WORKER_SOCKET_FD)
                fcntl(listen_fd, F_SETFD, 0);
        else
                dup2(listen_fd, WORKER_SOCKET_FD);
        setenv("PIPEWIRE_RUNTIME_DIR", call->directory, 1);
        setenv("TRING_ICE_LOOPBACK", "1", 1);
        execl(rig_program("MEDIA"), "tring-media", "worker", "--session", end->session, "--title",
              "Test, call", end->echo ? "--echo" : NULL, (char *)NULL);
        fprintf(stderr, "cannot run tring-media: %s\n", strerror(errno));
        _exit(127);
}

/* The kernel chooses an abstract name, so nothing has to be removed afterwards. */
static int listen_somewhere(struct sockaddr_un *ret, socklen_t *ret_size)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        socklen_t size = sizeof(address);
        int fd = must(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket");

        must(bind(fd, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path)), "bind");
        must(listen(fd, 4), "listen");
        must(getsockname(fd, (struct sockaddr *)&address, &size), "getsockname");
        *ret = address;
        *ret_size = size;
        return fd;
}

static void connect_to(AudioEnd *end, const struct sockaddr_un *address, socklen_t size)
{
        end->fd = must(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket");
        must(connect(end->fd, (const struct sockaddr *)address, size), "connect");
}

AudioEnd *audio_call_add(AudioCall *call, const AudioEnd *like)
{
        AudioEnd *end = &call->ends[call->n_ends++];
        struct sockaddr_un address;
        socklen_t size;
        int listen_fd = listen_somewhere(&address, &size);

        *end = *like;
        snprintf(end->session, sizeof(end->session), "%08zx-0000-4000-8000-000000000000",
                 call->n_ends);
        end->pid = must(fork(), "fork");
        if (end->pid == 0)
                run_worker(call, end, listen_fd);
        close(listen_fd);
        connect_to(end, &address, size);
        return end;
}

void audio_end_kill(AudioEnd *end)
{
        if (end->pid > 0) {
                kill(end->pid, SIGKILL);
                waitpid(end->pid, NULL, 0);
        }
        end->pid = 0;
        if (end->fd >= 0)
                close(end->fd);
        end->fd = -1;
}

void audio_end_reconnect(AudioEnd *end)
{
        struct sockaddr_un address;
        socklen_t size = sizeof(address);

        must(getpeername(end->fd, (struct sockaddr *)&address, &size), "getpeername");
        close(end->fd);
        end->state = SESSION_STATE_COUNT;
        connect_to(end, &address, size);
}

int audio_end_wait_exit(AudioEnd *end)
{
        usec_t deadline = rig_deadline();
        char byte[WORKER_MESSAGE_MAX];
        int status;

        /* The socket closes when the process ends, so this can wait with a deadline. */
        do {
                struct pollfd event = {.fd = end->fd, .events = POLLIN};

                if (poll(&event, 1, rig_remaining_ms(deadline)) <= 0)
                        rig_fail("the worker of %s does not end", end->uid);
        } while (recv(end->fd, byte, sizeof(byte), 0) > 0);
        waitpid(end->pid, &status, 0);
        end->pid = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- orders ---- */

void audio_end_send_text(AudioEnd *end, const char *text)
{
        must((int)send(end->fd, text, strlen(text), MSG_NOSIGNAL), "send to a worker");
}

void audio_end_send(AudioEnd *end, const WorkerMessage *message)
{
        _cleanup_free_ char *text = NULL;
        size_t length;

        rig_check(worker_encode(message, &text, &length), "a message to a worker");
        audio_end_send_text(end, text);
}

void audio_end_send_signal(AudioEnd *end, const AudioEnd *from, const char *data)
{
        WorkerMessage message = {.type = WORKER_SIGNAL_IN, .signal = {.data = (char *)data}};

        STR_SET(message.signal.peer, from->id);
        audio_end_send(end, &message);
}

static Participant participant_of(const AudioEnd *end)
{
        Participant participant = {};

        STR_SET(participant.id, end->id);
        STR_SET(participant.party.uid, end->uid);
        STR_SET(participant.party.name, end->uid);
        STR_SET(participant.party.device, "test");
        return participant;
}

static WorkerDevices devices_of(const AudioEnd *end)
{
        WorkerDevices devices = {
                .echo_cancel = end->cancels_echo ? ECHO_CANCEL_AUTO : ECHO_CANCEL_NO,
        };

        STR_SET(devices.microphone, end->microphone ? end->microphone : "");
        STR_SET(devices.speaker, end->speaker ? end->speaker : "");
        STR_SET(devices.camera, end->camera ? end->camera : "");
        return devices;
}

void audio_end_change_devices(AudioEnd *end)
{
        const WorkerMessage message = {.type = WORKER_DEVICES, .devices = devices_of(end)};

        audio_end_send(end, &message);
}

void audio_call_join(AudioCall *call, AudioEnd *end, bool muted)
{
        Participant others[AUDIO_CALL_ENDS_MAX];
        WorkerMessage message = {.type = WORKER_JOIN, .join = {.muted = muted}};
        ReplyJoin *reply = &message.join.reply;

        snprintf(end->id, sizeof(end->id), "p%u", ++call->joins);
        end->state = SESSION_IDLE;
        end->microphone_told = false;
        end->status = (WorkerParticipantStatus){};
        memset(end->others, 0, sizeof(end->others));
        message.join.relay_only = call->relay_only;
        STR_SET(reply->participant, end->id);
        STR_SET(message.join.title, "Test, call");
        message.join.devices = devices_of(end);
        message.join.video = end->video;
        message.join.video_paused = end->video_paused;
        reply->others = others;
        reply->ice_servers = call->ice_servers;
        reply->n_ice_servers = call->n_ice_servers;
        for (size_t i = 0; i < call->n_ends; i++) {
                AudioEnd *other = &call->ends[i];

                if (other == end || !other->id[0])
                        continue;
                others[reply->n_others++] = participant_of(other);
                other->status = (WorkerParticipantStatus){};
                other->others[end - call->ends] = (ParticipantMedia){};
                audio_end_send(other, &(WorkerMessage){.type = WORKER_PARTICIPANT_JOINED,
                                                       .participant = participant_of(end)});
        }
        audio_end_send(end, &message);
}

void audio_call_lose(AudioCall *call, AudioEnd *end)
{
        WorkerMessage message = {.type = WORKER_PARTICIPANT_LEFT,
                                 .participant = participant_of(end)};

        end->id[0] = '\0';
        for (size_t i = 0; i < call->n_ends; i++)
                if (call->ends[i].id[0])
                        audio_end_send(&call->ends[i], &message);
}

void audio_call_leave(AudioCall *call, AudioEnd *end)
{
        audio_end_send(end, &(WorkerMessage){.type = WORKER_LEAVE});
        audio_call_lose(call, end);
}

void audio_end_mute(AudioEnd *end, bool on)
{
        audio_end_send(end, &(WorkerMessage){.type = WORKER_MUTE, .on = on});
}

void audio_end_pause_video(AudioEnd *end, bool on)
{
        audio_end_send(end, &(WorkerMessage){.type = WORKER_VIDEO_PAUSE, .on = on});
}

void audio_end_start_screen(AudioEnd *end, int remote, uint32_t node)
{
        const WorkerMessage message = {.type = WORKER_SCREEN_START, .node = node};
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
        _cleanup_free_ char *text = NULL;
        struct iovec part;
        struct msghdr parcel = {.msg_iov = &part,
                                .msg_iovlen = 1,
                                .msg_control = &control,
                                .msg_controllen = sizeof(control)};

        memcpy(CMSG_DATA(&control.header), &remote, sizeof(int));
        rig_check(worker_encode(&message, &text, &part.iov_len), "a message to a worker");
        part.iov_base = text;
        must((int)sendmsg(end->fd, &parcel, MSG_NOSIGNAL), "send to a worker");
}

/* ---- messages of workers ---- */

#define UNHEARD "your microphone gives nothing"

static void count_connection(AudioCall *call, const char *data)
{
        static const char member[] = "\"connection\":";
        const char *found = strstr(data, member);
        unsigned number = found ? (unsigned)atoi(found + strlen(member)) : 1;

        if (number <= call->connection)
                return;
        call->connection = number;
        for (size_t i = 0; i < call->n_ends; i++)
                call->ends[i].reported = false;
}

static void carry_signal(AudioCall *call, AudioEnd *from, MessageSignal *signal)
{
        _cleanup_free_ char *other = call->tamper ? call->tamper(signal->data) : NULL;

        count_connection(call, signal->data);
        if (call->relay) {
                _cleanup_free_ char *rewritten = NULL;

                rig_check(rig_relay_rewrite(call->relay, signal->data, &rewritten), "the relay");
                if (!rewritten)
                        return;
                free(other);
                other = TAKE_PTR(rewritten);
        }
        for (size_t i = 0; i < call->n_ends; i++)
                if (call->ends[i].fd >= 0 && call->ends[i].id[0] &&
                    str_eq(call->ends[i].id, signal->peer))
                        audio_end_send_signal(&call->ends[i], from, other ? other : signal->data);
}

static void take_message(AudioCall *call, AudioEnd *end, WorkerMessage *message)
{
        switch (message->type) {
        case WORKER_SIGNAL_OUT:
                carry_signal(call, end, &message->signal);
                break;
        case WORKER_STATE:
                end->state = message->state;
                break;
        case WORKER_MUTE:
                end->muted = message->on;
                break;
        case WORKER_PARTICIPANT:
                end->status = message->status;
                end->reported = true;
                for (size_t i = 0; i < call->n_ends; i++)
                        if (str_eq(call->ends[i].id, message->status.id))
                                end->others[i] = message->status.media;
                break;
        case WORKER_VIDEO_PAUSE:
                end->paused = message->on;
                break;
        case WORKER_MICROPHONE:
                end->has_microphone = message->on;
                end->microphone_told = true;
                break;
        case WORKER_SCREEN:
                end->screen = message->on;
                break;
        case WORKER_ERROR:
                if (strncmp(message->text, UNHEARD, strlen(UNHEARD)) == 0) {
                        STR_SET(end->unheard, message->text);
                        break;
                }
                end->error = message->error;
                STR_SET(end->text, message->text);
                break;
        case WORKER_STATS:
                end->has_stats = message->serial == end->stats_serial;
                end->stats = (WorkerParticipantStats){};
                if (message->stats.n_participants > 0)
                        end->stats = message->stats.participants[0];
                break;
        default:
                rig_fail("the worker of %s said what it may not (%u)", end->uid, message->type);
        }
}

static void read_one(AudioCall *call, AudioEnd *end)
{
        char buffer[WORKER_MESSAGE_MAX + 1], text[MESSAGE_TEXT_MAX + 1];
        WorkerMessage message;
        ssize_t n = recv(end->fd, buffer, WORKER_MESSAGE_MAX, MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
                return;
        if (n <= 0)
                rig_fail("the worker of %s has ended", end->uid);
        buffer[n] = '\0';
        if (worker_decode(buffer, (size_t)n, &message, text) < 0)
                rig_fail("the worker of %s said %s: %s", end->uid, buffer, text);
        take_message(call, end, &message);
        worker_message_done(&message);
}

static void wait_once(AudioCall *call, usec_t deadline, const AudioEnd *end, const char *what)
{
        struct pollfd events[AUDIO_CALL_ENDS_MAX];

        for (size_t i = 0; i < call->n_ends; i++)
                events[i] = (struct pollfd){.fd = call->ends[i].fd, .events = POLLIN};
        if (poll(events, call->n_ends, rig_remaining_ms(deadline)) <= 0)
                rig_fail("%s: waited in vain for %s; state %s, last error '%s'", end->uid, what,
                         end->state < SESSION_STATE_COUNT ? session_state_to_string(end->state)
                                                          : "not reported",
                         end->text);
        for (size_t i = 0; i < call->n_ends; i++)
                if (events[i].revents)
                        read_one(call, &call->ends[i]);
}

void audio_call_wait_state(AudioCall *call, AudioEnd *end, SessionState state)
{
        usec_t deadline = rig_deadline();

        while (end->state != state)
                wait_once(call, deadline, end, session_state_to_string(state));
}

void audio_call_wait_error(AudioCall *call, AudioEnd *end, CallError error)
{
        usec_t deadline = rig_deadline();

        while (end->error != error)
                wait_once(call, deadline, end, call_error_to_string(error));
        end->error = CALL_ERROR_NONE;
}

void audio_call_wait_microphone(AudioCall *call, AudioEnd *end, bool there)
{
        usec_t deadline = rig_deadline();

        while (!end->microphone_told || end->has_microphone != there)
                wait_once(call, deadline, end, there ? "a microphone" : "no microphone");
}

void audio_call_wait_unheard(AudioCall *call, AudioEnd *end)
{
        usec_t deadline = rig_deadline();

        while (!end->unheard[0])
                wait_once(call, deadline, end, "a microphone that gives nothing");
}

void audio_call_wait_peer(AudioCall *call, AudioEnd *end)
{
        usec_t deadline = rig_deadline();

        while (!end->status.media.connected)
                wait_once(call, deadline, end, "the other one");
}

static bool sees_all(const AudioCall *call, const AudioEnd *end)
{
        for (size_t i = 0; i < call->n_ends; i++)
                if (&call->ends[i] != end && call->ends[i].id[0] && !end->others[i].connected)
                        return false;
        return true;
}

void audio_call_wait_all(AudioCall *call, AudioEnd *end)
{
        usec_t deadline = rig_deadline();

        while (!sees_all(call, end))
                wait_once(call, deadline, end, "all others");
}

const ParticipantMedia *audio_end_of(const AudioCall *call, const AudioEnd *end,
                                     const AudioEnd *other)
{
        return &end->others[other - call->ends];
}

const char *audio_call_wait_code(AudioCall *call, AudioEnd *end, const AudioEnd *other)
{
        const ParticipantMedia *seen = audio_end_of(call, end, other);
        usec_t deadline = rig_deadline();

        while (!seen->verification_code[0])
                wait_once(call, deadline, end, "a verification code");
        return seen->verification_code;
}

void audio_call_wait_connection(AudioCall *call, unsigned number)
{
        usec_t deadline = rig_deadline();

        while (call->connection < number || !call->ends[0].reported || !call->ends[1].reported)
                wait_once(call, deadline, &call->ends[0], "another connection");
}

void audio_end_network_changed(AudioEnd *end)
{
        audio_end_send(end, &(WorkerMessage){.type = WORKER_NETWORK_CHANGED});
}

void audio_call_wait_picture(AudioCall *call, AudioEnd *end, bool there)
{
        usec_t deadline = rig_deadline();

        while (end->status.media.picture != there)
                wait_once(call, deadline, end, there ? "a picture" : "the end of the picture");
}

void audio_call_wait_screen(AudioCall *call, AudioEnd *end, bool shown)
{
        usec_t deadline = rig_deadline();

        while (end->screen != shown)
                wait_once(call, deadline, end, shown ? "the screen" : "the end of the screen");
}

void audio_call_wait_speaking(AudioCall *call, AudioEnd *end, bool speaking)
{
        usec_t deadline = rig_deadline();

        while (end->status.media.speaking != speaking)
                wait_once(call, deadline, end, speaking ? "speech" : "the end of speech");
}

const WorkerParticipantStats *audio_call_stats(AudioCall *call, AudioEnd *end)
{
        usec_t deadline = rig_deadline();

        end->has_stats = false;
        audio_end_send(
                end, &(WorkerMessage){.type = WORKER_STATS_REQUEST, .serial = ++end->stats_serial});
        while (!end->has_stats)
                wait_once(call, deadline, end, "stats");
        return &end->stats;
}
