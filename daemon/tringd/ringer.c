/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/ringer.h"

#include <errno.h>
#include <signal.h>
#include <utlist.h>

#include "base/log.h"
#include "loop/child.h"

#define ARGUMENTS_MAX (12 + 2 * RING_DEVICES_MAX)
#define PLAYER_REASON_MAX 96 /* bytes */
#define START_ACCURACY_US (1 * USEC_PER_MSEC)

/* A process that plays a tone. */
typedef struct Player {
        Ringer *ringer;
        PhoneTone tone;
        Child *child;
        bool playing, stopping;
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
        sd_event_source *start_source; /* starts `wanted` after a delay */
        bool warned;
};

static void start_after(Ringer *ringer, usec_t delay);

static Player *player_free(Player *player)
{
        if (!player)
                return NULL;
        child_free(player->child);
        free(player);
        return NULL;
}
DEFINE_CLEANUP(Player *, player_free);

static void warn_once(Ringer *ringer, const char *why)
{
        if (!ringer->warned)
                log_warning("cannot play the ring tone: %s", why);
        ringer->warned = true;
}

static void on_gone(void *userdata, const char *reason)
{
        Player *player = userdata;
        Ringer *ringer = player->ringer;
        PhoneTone tone = player->tone;
        bool expected = player->stopping;
        char why[PLAYER_REASON_MAX];

        snprintf(why, sizeof(why), "tring-media %s", reason);
        DL_DELETE(ringer->players, player);
        player_free(player);
        if (expected)
                return;
        warn_once(ringer, why);
        ringer->events->playing(ringer->userdata, tone, false);
        /* Try again, since PipeWire may have restarted. */
        if (ringer->wanted == tone && !ringer->start_source)
                start_after(ringer, TONE_AGAIN_US);
}

/* The first output is the word `playing`. */
static void on_output(void *userdata, const char *text, size_t length)
{
        Player *player = userdata;
        Ringer *ringer = player->ringer;

        if (player->playing || player->stopping)
                return;
        player->playing = true;
        ringer->warned = false;
        ringer->events->playing(ringer->userdata, player->tone, true);
}

static void player_stop(Player *player)
{
        player->stopping = true;
        child_stop(player->child, SIGTERM, TONE_STOP_US);
}

static void make_arguments(const Ringer *ringer, PhoneTone tone,
                           char volume[static SETTINGS_VOLUME_SIZE],
                           const char *arguments[static ARGUMENTS_MAX])
{
        const Settings *settings = ringer->settings;
        bool ring = tone == PHONE_TONE_RING;
        size_t n = 0;

        arguments[n++] = ringer->program;
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
        if (!ring && settings->devices[DEVICE_SPEAKER][0]) {
                arguments[n++] = "--target";
                arguments[n++] = settings->devices[DEVICE_SPEAKER];
        }
        arguments[n] = NULL;
}

static int start_player(Ringer *ringer, PhoneTone tone)
{
        static const ChildEvents events = {.output = on_output, .gone = on_gone};
        _cleanup_(player_freep) Player *player = calloc(1, sizeof(*player));
        const char *arguments[ARGUMENTS_MAX];
        char volume[SETTINGS_VOLUME_SIZE];

        if (!player)
                return -ENOMEM;
        *player = (Player){.ringer = ringer, .tone = tone};
        make_arguments(ringer, tone, volume, arguments);
        const ChildOptions options = {
                .program = ringer->program, .arguments = arguments, .listen_fd = -1};
        int r = child_new(ringer->event, &options, &events, player, &player->child);
        if (r < 0)
                return r;
        DL_APPEND(ringer->players, player);
        TAKE_PTR(player);
        return 0;
}

static int on_start(sd_event_source *source, uint64_t usec, void *userdata)
{
        Ringer *ringer = userdata;

        ringer->start_source = sd_event_source_disable_unref(ringer->start_source);
        int r = start_player(ringer, ringer->wanted);
        if (r < 0) {
                warn_once(ringer, strerror(-r));
                ringer->events->playing(ringer->userdata, ringer->wanted, false);
        }
        return 0;
}

static void start_after(Ringer *ringer, usec_t delay)
{
        int r = sd_event_add_time_relative(ringer->event, &ringer->start_source, CLOCK_MONOTONIC,
                                           delay, START_ACCURACY_US, on_start, ringer);

        if (r < 0)
                warn_once(ringer, strerror(-r));
}

void ringer_play(Ringer *ringer, PhoneTone tone)
{
        Player *player;
        bool already_playing = false;

        ringer->wanted = tone;
        ringer->start_source = sd_event_source_disable_unref(ringer->start_source);
        DL_FOREACH (ringer->players, player) {
                if (!player->stopping && player->tone == tone)
                        already_playing = true;
                else
                        player_stop(player);
        }
        if (tone == PHONE_TONE_NONE || already_playing ||
            (tone == PHONE_TONE_RING_BACK && !ringer->settings->ring_back))
                return;
        start_after(ringer, TONE_START_DELAY_US);
}

int ringer_new(sd_event *event, const char *program, const Settings *settings,
               const RingerEvents *events, void *userdata, Ringer **ret)
{
        Ringer *ringer = calloc(1, sizeof(*ringer));

        if (!ringer)
                return -ENOMEM;
        *ringer = (Ringer){.event = sd_event_ref(event),
                           .program = program,
                           .settings = settings,
                           .events = events,
                           .userdata = userdata};
        *ret = ringer;
        return 0;
}

Ringer *ringer_free(Ringer *ringer)
{
        Player *player, *next;

        if (!ringer)
                return NULL;
        DL_FOREACH_SAFE (ringer->players, player, next) {
                DL_DELETE(ringer->players, player);
                player_free(player);
        }
        sd_event_source_disable_unref(ringer->start_source);
        sd_event_unref(ringer->event);
        free(ringer);
        return NULL;
}
