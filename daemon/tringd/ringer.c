/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/ringer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <utlist.h>

#include "base/log.h"

#define ARGUMENTS_MAX (12 + 2 * RING_DEVICES_MAX)
#define START_ACCURACY_US (1 * USEC_PER_MSEC)
#define STOP_ACCURACY_US (50 * USEC_PER_MSEC)

extern char **environ;

/* One process that plays. */
typedef struct Player {
        Ringer *tone;
        PhoneTone which;
        pid_t pid;
        int pidfd, output;
        sd_event_source *exit_source, *output_source, *kill_source;
        bool stopping;
        struct Player *prev, *next;
} Player;

struct Ringer {
        sd_event *event;
        const char *program;
        const Settings *settings;
        const RingerEvents *events;
        void *userdata;
        Player *players; /* at most one that is not stopping */
        PhoneTone wanted;
        sd_event_source *start_source; /* until it is started */
        bool warned;
};

static void start_after(Ringer *tone, usec_t delay);

static Player *player_free(Player *player)
{
        if (!player)
                return NULL;
        sd_event_source_disable_unref(player->exit_source);
        sd_event_source_disable_unref(player->output_source);
        sd_event_source_disable_unref(player->kill_source);
        if (player->pid > 0) {
                (void)kill(player->pid, SIGKILL);
                (void)waitpid(player->pid, NULL, 0);
        }
        closep(&player->pidfd);
        closep(&player->output);
        free(player);
        return NULL;
}
DEFINE_CLEANUP(Player *, player_free);

static void warn_once(Ringer *tone, const char *why)
{
        if (!tone->warned)
                log_warning("calls do not ring with sound here: %s", why);
        tone->warned = true;
}

static int on_exit_of_player(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Player *player = userdata;
        Ringer *tone = player->tone;
        siginfo_t info = {};

        if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
                return 0;
        player->pid = 0;
        bool unexpected = !player->stopping;
        PhoneTone which = player->which;
        DL_DELETE(tone->players, player);
        player_free(player);
        if (!unexpected)
                return 0;
        warn_once(tone, "the player ended by itself");
        tone->events->playing(tone->userdata, which, false);
        /* PipeWire has been restarted, perhaps. */
        if (tone->wanted == which && !tone->start_source)
                start_after(tone, TONE_AGAIN_US);
        return 0;
}

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Player *player = userdata;
        char word[sizeof("playing\n")];

        player->output_source = sd_event_source_disable_unref(player->output_source);
        ssize_t n = read(fd, word, sizeof(word));
        if (n <= 0 || player->stopping)
                return 0; /* its exit says the rest */
        player->tone->warned = false;
        player->tone->events->playing(player->tone->userdata, player->which, true);
        return 0;
}

static int on_kill(sd_event_source *source, uint64_t usec, void *userdata)
{
        Player *player = userdata;

        (void)pidfd_send_signal(player->pidfd, SIGKILL, NULL, 0);
        return 0;
}

static void player_stop(Player *player)
{
        if (player->stopping)
                return;
        player->stopping = true;
        (void)pidfd_send_signal(player->pidfd, SIGTERM, NULL, 0);
        if (sd_event_add_time_relative(player->tone->event, &player->kill_source, CLOCK_MONOTONIC,
                                       TONE_STOP_US, STOP_ACCURACY_US, on_kill, player) < 0)
                (void)pidfd_send_signal(player->pidfd, SIGKILL, NULL, 0);
}

static void make_arguments(const Ringer *tone, PhoneTone which,
                           char volume[static SETTINGS_VOLUME_SIZE],
                           const char *arguments[static ARGUMENTS_MAX])
{
        const Settings *settings = tone->settings;
        bool ring = which == PHONE_TONE_RING;
        size_t n = 0;

        arguments[n++] = tone->program;
        arguments[n++] = "tone";
        arguments[n++] = ring ? "ring" : "ring-back";
        arguments[n++] = "--volume";
        arguments[n++] = settings_volume(settings->ring_volume, volume);
        if (ring && settings->ring_sound[0]) {
                arguments[n++] = "--sound";
                arguments[n++] = settings->ring_sound;
        }
        for (size_t i = 0; ring && i < settings->ring_devices.n; i++) {
                arguments[n++] = "--target";
                arguments[n++] = settings->ring_devices.names[i];
        }
        if (!ring && settings->speaker[0]) {
                arguments[n++] = "--target";
                arguments[n++] = settings->speaker;
        }
        arguments[n] = NULL;
}

static int spawn_with_output(const char *const arguments[], int output, pid_t *ret)
{
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none, usual;
        pid_t pid;
        int r = posix_spawn_file_actions_init(&actions);

        if (r != 0)
                return -r;
        r = posix_spawnattr_init(&attributes);
        if (r != 0) {
                posix_spawn_file_actions_destroy(&actions);
                return -r;
        }
        /* What the loop blocks or ignores is the loop's, not the player's. */
        sigemptyset(&none);
        sigemptyset(&usual);
        sigaddset(&usual, SIGPIPE);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &usual);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
        if (r == 0)
                r = posix_spawn(&pid, arguments[0], &actions, &attributes, (char *const *)arguments,
                                environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        if (r != 0)
                return -r;
        *ret = pid;
        return 0;
}

static int player_watch(Player *player)
{
        Ringer *tone = player->tone;

        player->pidfd = pidfd_open(player->pid, 0);
        if (player->pidfd < 0)
                return -errno;
        int r = sd_event_add_io(tone->event, &player->exit_source, player->pidfd, EPOLLIN,
                                on_exit_of_player, player);
        if (r < 0)
                return r;
        return sd_event_add_io(tone->event, &player->output_source, player->output, EPOLLIN,
                               on_output, player);
}

static int start_player(Ringer *tone, PhoneTone which)
{
        _cleanup_(player_freep) Player *player = calloc(1, sizeof(*player));
        _cleanup_close_ int writing = -1;
        const char *arguments[ARGUMENTS_MAX];
        char volume[SETTINGS_VOLUME_SIZE];
        int ends[2];

        if (!player)
                return -ENOMEM;
        *player = (Player){.tone = tone, .which = which, .pidfd = -1, .output = -1};
        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        player->output = ends[0];
        writing = ends[1];
        make_arguments(tone, which, volume, arguments);
        int r = spawn_with_output(arguments, writing, &player->pid);
        if (r < 0)
                return r;
        r = player_watch(player);
        if (r < 0)
                return r;
        DL_APPEND(tone->players, player);
        TAKE_PTR(player);
        return 0;
}

static int on_start(sd_event_source *source, uint64_t usec, void *userdata)
{
        Ringer *tone = userdata;

        tone->start_source = sd_event_source_disable_unref(tone->start_source);
        int r = start_player(tone, tone->wanted);
        if (r < 0) {
                warn_once(tone, strerror(-r));
                tone->events->playing(tone->userdata, tone->wanted, false);
        }
        return 0;
}

static void start_after(Ringer *tone, usec_t delay)
{
        int r = sd_event_add_time_relative(tone->event, &tone->start_source, CLOCK_MONOTONIC, delay,
                                           START_ACCURACY_US, on_start, tone);

        if (r < 0)
                warn_once(tone, strerror(-r));
}

void ringer_play(Ringer *tone, PhoneTone which)
{
        Player *player;
        bool goes_on = false;

        tone->wanted = which;
        tone->start_source = sd_event_source_disable_unref(tone->start_source);
        DL_FOREACH (tone->players, player) {
                if (!player->stopping && player->which == which)
                        goes_on = true;
                else
                        player_stop(player);
        }
        if (which == PHONE_TONE_NONE || goes_on ||
            (which == PHONE_TONE_RING_BACK && !tone->settings->ring_back))
                return;
        start_after(tone, TONE_START_DELAY_US);
}

int ringer_new(sd_event *event, const char *program, const Settings *settings,
               const RingerEvents *events, void *userdata, Ringer **ret)
{
        Ringer *tone = calloc(1, sizeof(*tone));

        if (!tone)
                return -ENOMEM;
        *tone = (Ringer){.event = sd_event_ref(event),
                         .program = program,
                         .settings = settings,
                         .events = events,
                         .userdata = userdata};
        *ret = tone;
        return 0;
}

Ringer *ringer_free(Ringer *tone)
{
        Player *player, *next;

        if (!tone)
                return NULL;
        DL_FOREACH_SAFE (tone->players, player, next) {
                DL_DELETE(tone->players, player);
                player_free(player);
        }
        sd_event_source_disable_unref(tone->start_source);
        sd_event_unref(tone->event);
        free(tone);
        return NULL;
}
