/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/sound.h"

#include <errno.h>
#include <glib.h>
#include <pipewire/impl.h>
#include <spa/param/audio/format-utils.h>
#include <stdatomic.h>

#include "base/str.h"
#include "model/message.h"

/* To learn what devices there are. A PipeWire that hangs must not hold up a call for longer. */
#define KNOWN_MAX_MS 1000

/* Counted (g_atomic_rc_box): news on its way to the main loop holds on to it. */
struct Sound {
        struct pw_thread_loop *loop;
        struct pw_context *context;
        struct pw_core *core;
        struct spa_hook core_hook;
        DeviceRegistry *registry;
        int known_seq;
        bool known;
        atomic_bool broken, changed; /* changed: the main loop will be told */
        const SoundEvents *events;   /* main loop only; NULL until it is made, and once freed */
        void *userdata;
};

static gboolean deliver_changed(void *data)
{
        Sound *sound = data;

        atomic_store(&sound->changed, false);
        if (sound->events)
                sound->events->changed(sound->userdata);
        return G_SOURCE_REMOVE;
}

static gboolean deliver_broken(void *data)
{
        Sound *sound = data;

        if (sound->events)
                sound->events->broken(sound->userdata);
        return G_SOURCE_REMOVE;
}

static void deliver(Sound *sound, GSourceFunc function)
{
        g_idle_add_full(G_PRIORITY_DEFAULT, function, g_atomic_rc_box_acquire(sound),
                        g_atomic_rc_box_release);
}

void sound_tell_changed(Sound *sound)
{
        if (!atomic_exchange(&sound->changed, true))
                deliver(sound, deliver_changed);
}

static void on_done(void *data, uint32_t id, int seq)
{
        Sound *sound = data;

        if (id == PW_ID_CORE && seq == sound->known_seq)
                sound->known = true;
        pw_thread_loop_signal(sound->loop, false);
}

static void on_error(void *data, uint32_t id, int seq, int res, const char *message)
{
        Sound *sound = data;

        if (id != PW_ID_CORE || res != -EPIPE)
                return;
        if (!atomic_exchange(&sound->broken, true))
                deliver(sound, deliver_broken);
        pw_thread_loop_signal(sound->loop, false);
}

static const struct pw_core_events core_events = {
        PW_VERSION_CORE_EVENTS,
        .done = on_done,
        .error = on_error,
};

static void on_devices_changed(void *data)
{
        sound_tell_changed(data);
}

/* Until what PipeWire has to say up to now has come in. With the lock held. */
static int settle(Sound *sound)
{
        struct timespec until;

        sound->known = false;
        sound->known_seq = pw_core_sync(sound->core, PW_ID_CORE, 0);
        pw_thread_loop_get_time(sound->loop, &until, KNOWN_MAX_MS * SPA_NSEC_PER_MSEC);
        while (!sound->known && !atomic_load(&sound->broken)) {
                int r = pw_thread_loop_timed_wait_full(sound->loop, &until);

                if (r < 0)
                        return r;
        }
        return atomic_load(&sound->broken) ? -ECONNRESET : 0;
}

/* With the lock held. */
static int connect_and_look(Sound *sound)
{
        int r;

        sound->core = pw_context_connect(sound->context, NULL, 0);
        if (!sound->core)
                return -errno;
        pw_core_add_listener(sound->core, &sound->core_hook, &core_events, sound);
        r = device_registry_new(sound->core, on_devices_changed, sound, &sound->registry);
        if (r < 0)
                return r;
        /* First comes what there is; then what was asked about it: defaults, form factors. */
        r = settle(sound);
        return r < 0 ? r : settle(sound);
}

int sound_new(const SoundEvents *events, void *userdata, Sound **ret)
{
        _cleanup_(sound_freep) Sound *sound = g_atomic_rc_box_new0(Sound);
        int r;

        pw_init(NULL, NULL);
        sound->loop = pw_thread_loop_new("tring-sound", NULL);
        if (!sound->loop)
                return -ENOMEM;
        sound->context = pw_context_new(pw_thread_loop_get_loop(sound->loop),
                                        pw_properties_new(PW_KEY_APP_NAME, "Tring", PW_KEY_APP_ID,
                                                          "org.tring.Calls1", PW_KEY_APP_ICON_NAME,
                                                          "call-start", PW_KEY_CONFIG_NAME,
                                                          SOUND_CLIENT_CONFIG, NULL),
                                        0);
        if (!sound->context)
                return -errno;
        r = pw_thread_loop_start(sound->loop);
        if (r < 0)
                return r;
        pw_thread_loop_lock(sound->loop);
        r = connect_and_look(sound);
        pw_thread_loop_unlock(sound->loop);
        if (r < 0)
                return r;
        sound->events = events;
        sound->userdata = userdata;
        *ret = TAKE_PTR(sound);
        return 0;
}

Sound *sound_free(Sound *sound)
{
        if (!sound)
                return NULL;
        sound->events = NULL;
        if (sound->loop)
                pw_thread_loop_stop(sound->loop);
        device_registry_free(sound->registry);
        if (sound->core)
                pw_core_disconnect(sound->core);
        if (sound->context)
                pw_context_destroy(sound->context);
        if (sound->loop)
                pw_thread_loop_destroy(sound->loop);
        g_atomic_rc_box_release(sound);
        return NULL;
}

bool sound_is_broken(const Sound *sound)
{
        return atomic_load(&sound->broken);
}

void sound_look(Sound *sound, DeviceKind kind, const char *chosen, SoundDevice *ret)
{
        const Device *device = NULL;

        pw_thread_loop_lock(sound->loop);
        if (!str_empty(chosen))
                device = device_registry_find(sound->registry, kind, chosen);
        ret->there = device;
        if (!device)
                device = device_registry_default(sound->registry, kind);
        ret->headset = device && device->headset;
        ret->any = device || device_registry_at(sound->registry, kind, 0);
        pw_thread_loop_unlock(sound->loop);
}

bool sound_find_camera(Sound *sound, const char *name, char ret[static NODE_NAME_MAX + 1])
{
        const Device *device;
        bool found;

        pw_thread_loop_lock(sound->loop);
        if (str_empty(name)) {
                device = device_registry_default(sound->registry, DEVICE_CAMERA);
                if (!device) /* the system's choice is a picture of a call */
                        device = device_registry_at(sound->registry, DEVICE_CAMERA, 0);
        } else {
                device = device_registry_find(sound->registry, DEVICE_CAMERA, name);
        }
        found = device && str_copy(ret, NODE_NAME_MAX + 1, device->name) == 0;
        pw_thread_loop_unlock(sound->loop);
        return found;
}

struct pw_thread_loop *sound_loop(Sound *sound)
{
        return sound->loop;
}

struct pw_core *sound_core(Sound *sound)
{
        return sound->core;
}

struct pw_context *sound_context(Sound *sound)
{
        return sound->context;
}

struct pw_properties *sound_stream_properties(DeviceKind kind, const char *role, const char *node,
                                              const char *description, const char *target)
{
        struct pw_properties *properties = pw_properties_new(
                PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY,
                kind == DEVICE_MICROPHONE ? "Capture" : "Playback", PW_KEY_MEDIA_ROLE, role,
                PW_KEY_NODE_NAME, node, PW_KEY_NODE_DESCRIPTION, description, PW_KEY_MEDIA_NAME,
                description, PW_KEY_NODE_LATENCY, SOUND_LATENCY, NULL);

        /* One clock for all of a call's streams: each other one wakes the data thread by itself. */
        if (properties)
                pw_properties_setf(properties, PW_KEY_NODE_GROUP, "tring.%d", (int)getpid());
        if (properties && !str_empty(target))
                pw_properties_set(properties, PW_KEY_TARGET_OBJECT, target);
        return properties;
}

const struct spa_pod *sound_format(char buffer[static SOUND_FORMAT_SIZE], uint32_t format,
                                   uint32_t rate, uint32_t channels)
{
        struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, SOUND_FORMAT_SIZE);
        struct spa_audio_info_raw info = {.format = format, .rate = rate, .channels = channels};

        if (channels == 1) {
                info.position[0] = SPA_AUDIO_CHANNEL_MONO;
        } else {
                info.position[0] = SPA_AUDIO_CHANNEL_FL;
                info.position[1] = SPA_AUDIO_CHANNEL_FR;
        }
        return spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info);
}
