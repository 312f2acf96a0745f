/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/playback.h"

#include <errno.h>
#include <spa/param/audio/format-utils.h>
#include <stdatomic.h>

#include "base/str.h"
#include "media/fade.h"

/* One stream. All streams of a connection are processed by one thread, one after the other. */
typedef struct Outlet {
        Playback *playback;
        struct pw_stream *stream;
        struct spa_hook hook;
        atomic_bool fresh; /* it has not played yet */
        float last;        /* data thread: what it played last */
        size_t faded_in;   /* data thread */
        size_t position;   /* data thread: for the echo's canceller */
} Outlet;

struct Playback {
        Sound *sound;             /* not owned */
        char *node, *description; /* owned */
        Ring *ring;               /* not owned */
        Echo *echo;               /* not owned */
        Outlet *outlet, *next;    /* next: takes over as soon as it plays */
        Outlet *reader;           /* data thread: the one that has the ring */
        struct spa_source *taken_over;
        atomic_bool failed;
};

static Outlet *outlet_free(Outlet *outlet)
{
        if (!outlet)
                return NULL;
        if (outlet->stream)
                pw_stream_destroy(outlet->stream);
        free(outlet);
        return NULL;
}
DEFINE_CLEANUP(Outlet *, outlet_free);

/* In PipeWire's data thread. */
static void fill(Outlet *outlet, float *samples, size_t n)
{
        Playback *playback = outlet->playback;

        if (atomic_exchange(&outlet->fresh, false)) {
                playback->reader = outlet;
                pw_loop_signal_event(pw_thread_loop_get_loop(sound_loop(playback->sound)),
                                     playback->taken_over);
        }
        if (playback->reader == outlet) {
                ring_read(playback->ring, samples, n);
                fade_in_blocks(samples, n, &outlet->faded_in);
                echo_played(playback->echo, &outlet->position, samples, n);
                outlet->last = n > 0 ? samples[n - 1] : 0;
        } else {
                fade_out_block(outlet->last, samples, n);
                outlet->last = 0;
        }
}

static void on_process(void *data)
{
        Outlet *outlet = data;
        struct pw_buffer *buffer = pw_stream_dequeue_buffer(outlet->stream);

        if (!buffer)
                return;
        struct spa_data *block = &buffer->buffer->datas[0];
        uint32_t n = block->maxsize / (uint32_t)sizeof(float);

        if (buffer->requested > 0)
                n = (uint32_t)MIN_OF((uint64_t)n, buffer->requested);
        if (block->data) {
                fill(outlet, block->data, n);
                block->chunk->offset = 0;
                block->chunk->stride = sizeof(float);
                block->chunk->size = n * (uint32_t)sizeof(float);
        }
        pw_stream_queue_buffer(outlet->stream, buffer);
}

static void on_state(void *data, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
        Outlet *outlet = data;

        if (state != PW_STREAM_STATE_ERROR || sound_is_broken(outlet->playback->sound))
                return;
        atomic_store(&outlet->playback->failed, true);
        sound_tell_changed(outlet->playback->sound);
}

static const struct pw_stream_events stream_events = {
        PW_VERSION_STREAM_EVENTS,
        .state_changed = on_state,
        .process = on_process,
};

/* With the lock held. */
static int outlet_new(Playback *playback, const char *target, Outlet **ret)
{
        _cleanup_(outlet_freep) Outlet *outlet = calloc(1, sizeof(*outlet));
        char buffer[SOUND_FORMAT_SIZE];
        const struct spa_pod *format = sound_format(buffer, SPA_AUDIO_FORMAT_F32, SOUND_RATE, 1);
        struct pw_properties *properties = sound_stream_properties(
                DEVICE_SPEAKER, "Communication", playback->node, playback->description, target);
        int r;

        if (!outlet || !properties) {
                pw_properties_free(properties);
                return -ENOMEM;
        }
        outlet->playback = playback;
        atomic_init(&outlet->fresh, true);
        outlet->stream = pw_stream_new(sound_core(playback->sound), playback->node, properties);
        if (!outlet->stream)
                return -errno;
        pw_stream_add_listener(outlet->stream, &outlet->hook, &stream_events, outlet);
        r = pw_stream_connect(outlet->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
                              PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
                                      PW_STREAM_FLAG_RT_PROCESS,
                              &format, 1);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(outlet);
        return 0;
}

/* In the sound's thread, which has the lock. */
static void on_taken_over(void *data, uint64_t count)
{
        Playback *playback = data;

        if (!playback->next || atomic_load(&playback->next->fresh))
                return;
        outlet_free(playback->outlet);
        playback->outlet = TAKE_PTR(playback->next);
}

/* With the lock held. */
static int open_playback(Playback *playback, const char *target)
{
        playback->taken_over = pw_loop_add_event(
                pw_thread_loop_get_loop(sound_loop(playback->sound)), on_taken_over, playback);
        if (!playback->taken_over)
                return -errno;
        return outlet_new(playback, target, &playback->outlet);
}

int playback_new(Sound *sound, const char *node, const char *description, const char *target,
                 Ring *ring, Echo *echo, Playback **ret)
{
        _cleanup_(playback_freep) Playback *playback = calloc(1, sizeof(*playback));
        int r;

        if (!playback)
                return -ENOMEM;
        playback->sound = sound;
        playback->ring = ring;
        playback->echo = echo;
        playback->node = strdup(node);
        playback->description = strdup(description);
        if (!playback->node || !playback->description)
                return -ENOMEM;
        pw_thread_loop_lock(sound_loop(sound));
        r = open_playback(playback, target);
        pw_thread_loop_unlock(sound_loop(sound));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(playback);
        return 0;
}

Playback *playback_free(Playback *playback)
{
        if (!playback)
                return NULL;
        pw_thread_loop_lock(sound_loop(playback->sound));
        outlet_free(playback->next);
        outlet_free(playback->outlet);
        if (playback->taken_over)
                pw_loop_destroy_source(pw_thread_loop_get_loop(sound_loop(playback->sound)),
                                       playback->taken_over);
        pw_thread_loop_unlock(sound_loop(playback->sound));
        free(playback->node);
        free(playback->description);
        free(playback);
        return NULL;
}

int playback_move(Playback *playback, const char *target)
{
        _cleanup_(outlet_freep) Outlet *outlet = NULL;
        int r;

        pw_thread_loop_lock(sound_loop(playback->sound));
        /* One that was on its way and has taken over meanwhile is the one that plays. */
        on_taken_over(playback, 0);
        r = outlet_new(playback, target, &outlet);
        if (r == 0) {
                outlet_free(playback->next);
                playback->next = TAKE_PTR(outlet);
                atomic_store(&playback->failed, false);
        }
        pw_thread_loop_unlock(sound_loop(playback->sound));
        return r;
}

bool playback_failed(const Playback *playback)
{
        return atomic_load(&playback->failed);
}
