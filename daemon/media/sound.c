/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/sound.h"

#include <errno.h>
#include <glib.h>
#include <pipewire/impl.h>
#include <spa/param/audio/format-utils.h>
#include <stdatomic.h>

#include "base/str.h"
#include "call/message.h"

/* To learn what devices there are. A PipeWire that hangs must not hold up a call for longer. */
#define KNOWN_MAX_MS 1000

typedef struct Device {
        struct spa_list link;
        uint32_t id;
        bool microphone, speaker, camera;
        int priority; /* of cameras: PipeWire's priority.session */
        char *name;   /* owned */
} Device;

/* Counted (g_atomic_rc_box): faults on their way to the main loop hold on to it. */
struct Sound {
        struct pw_thread_loop *loop;
        struct pw_context *context;
        struct pw_core *core;
        struct spa_hook core_hook;
        struct pw_registry *registry;
        struct spa_hook registry_hook;
        struct spa_list devices;
        int known_seq;
        bool known;
        atomic_bool broken;
        SoundFault fault; /* main loop only; NULL once freed */
        void *userdata;
};

typedef struct Fault {
        Sound *sound; /* counted */
        CallError error;
        char text[MESSAGE_TEXT_MAX + 1];
} Fault;

static gboolean deliver_fault(void *data)
{
        Fault *fault = data;

        if (fault->sound->fault)
                fault->sound->fault(fault->sound->userdata, fault->error, fault->text);
        return G_SOURCE_REMOVE;
}

static void fault_free(void *data)
{
        Fault *fault = data;

        g_atomic_rc_box_release(fault->sound);
        free(fault);
}

void sound_tell_fault(Sound *sound, CallError error, const char *text)
{
        Fault *fault = calloc(1, sizeof(*fault));

        if (!fault)
                return;
        fault->sound = g_atomic_rc_box_acquire(sound);
        fault->error = error;
        str_printable(fault->text, sizeof(fault->text), text);
        g_idle_add_full(G_PRIORITY_DEFAULT, deliver_fault, fault, fault_free);
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
                sound_tell_fault(sound, CALL_ERROR_MEDIA_FAILED,
                                 "PipeWire has gone: there is no sound until it is back and the "
                                 "call is joined again");
        pw_thread_loop_signal(sound->loop, false);
}

static const struct pw_core_events core_events = {
        PW_VERSION_CORE_EVENTS,
        .done = on_done,
        .error = on_error,
};

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type,
                      uint32_t version, const struct spa_dict *properties)
{
        Sound *sound = data;
        const char *class = properties ? spa_dict_lookup(properties, PW_KEY_MEDIA_CLASS) : NULL;
        const char *name = properties ? spa_dict_lookup(properties, PW_KEY_NODE_NAME) : NULL;

        if (!str_eq(type, PW_TYPE_INTERFACE_Node) || !class || !name)
                return;
        /* "Audio/Source", "Audio/Source/Virtual", "Audio/Sink", "Audio/Duplex" */
        bool duplex = g_str_has_prefix(class, "Audio/Duplex");
        bool microphone = duplex || g_str_has_prefix(class, "Audio/Source");
        bool speaker = duplex || g_str_has_prefix(class, "Audio/Sink");

        bool camera = str_eq(class, "Video/Source") && !g_str_has_prefix(name, "tring.");

        if (!microphone && !speaker && !camera)
                return;
        _cleanup_free_ Device *device = calloc(1, sizeof(*device));

        if (!device)
                return;
        const char *priority = spa_dict_lookup(properties, PW_KEY_PRIORITY_SESSION);

        *device = (Device){.id = id,
                           .microphone = microphone,
                           .speaker = speaker,
                           .camera = camera,
                           .priority = priority ? atoi(priority) : 0};
        device->name = strdup(name);
        if (!device->name)
                return;
        spa_list_append(&sound->devices, &device->link);
        TAKE_PTR(device);
}

static void device_free(Device *device)
{
        spa_list_remove(&device->link);
        free(device->name);
        free(device);
}

static void on_global_remove(void *data, uint32_t id)
{
        Sound *sound = data;
        Device *device, *next;

        spa_list_for_each_safe(device, next, &sound->devices, link)
        {
                if (device->id == id)
                        device_free(device);
        }
}

static const struct pw_registry_events registry_events = {
        PW_VERSION_REGISTRY_EVENTS,
        .global = on_global,
        .global_remove = on_global_remove,
};

/* With the lock held. */
static int connect_and_look(Sound *sound)
{
        struct timespec until;

        sound->core = pw_context_connect(sound->context, NULL, 0);
        if (!sound->core)
                return -errno;
        pw_core_add_listener(sound->core, &sound->core_hook, &core_events, sound);
        sound->registry = pw_core_get_registry(sound->core, PW_VERSION_REGISTRY, 0);
        if (!sound->registry)
                return -errno;
        pw_registry_add_listener(sound->registry, &sound->registry_hook, &registry_events, sound);
        sound->known_seq = pw_core_sync(sound->core, PW_ID_CORE, 0);
        pw_thread_loop_get_time(sound->loop, &until, KNOWN_MAX_MS * SPA_NSEC_PER_MSEC);
        while (!sound->known && !atomic_load(&sound->broken)) {
                int r = pw_thread_loop_timed_wait_full(sound->loop, &until);

                if (r < 0)
                        return r;
        }
        return atomic_load(&sound->broken) ? -ECONNRESET : 0;
}

int sound_new(SoundFault fault, void *userdata, Sound **ret)
{
        _cleanup_(sound_freep) Sound *sound = g_atomic_rc_box_new0(Sound);
        int r;

        pw_init(NULL, NULL);
        spa_list_init(&sound->devices);
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
        sound->fault = fault;
        sound->userdata = userdata;
        *ret = TAKE_PTR(sound);
        return 0;
}

Sound *sound_free(Sound *sound)
{
        Device *device, *next;

        if (!sound)
                return NULL;
        sound->fault = NULL;
        if (sound->loop)
                pw_thread_loop_stop(sound->loop);
        if (sound->registry)
                pw_proxy_destroy((struct pw_proxy *)sound->registry);
        if (sound->core)
                pw_core_disconnect(sound->core);
        if (sound->context)
                pw_context_destroy(sound->context);
        if (sound->loop)
                pw_thread_loop_destroy(sound->loop);
        spa_list_for_each_safe(device, next, &sound->devices, link) device_free(device);
        g_atomic_rc_box_release(sound);
        return NULL;
}

bool sound_is_broken(const Sound *sound)
{
        return atomic_load(&sound->broken);
}

bool sound_has_device(Sound *sound, SoundDirection direction, const char *name)
{
        bool found = false;
        Device *device;

        pw_thread_loop_lock(sound->loop);
        spa_list_for_each (device, &sound->devices, link) {
                if ((direction == SOUND_MICROPHONE ? device->microphone : device->speaker) &&
                    (str_empty(name) || str_eq(device->name, name)))
                        found = true;
        }
        pw_thread_loop_unlock(sound->loop);
        return found;
}

bool sound_find_camera(Sound *sound, const char *name, char ret[static NODE_NAME_MAX + 1])
{
        const Device *device, *best = NULL;
        bool found;

        pw_thread_loop_lock(sound->loop);
        spa_list_for_each (device, &sound->devices, link) {
                if (device->camera && (str_empty(name) || str_eq(device->name, name)) &&
                    (!best || device->priority > best->priority))
                        best = device;
        }
        found = best && str_copy(ret, NODE_NAME_MAX + 1, best->name) == 0;
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

struct pw_properties *sound_stream_properties(SoundDirection direction, const char *role,
                                              const char *node, const char *description,
                                              const char *target)
{
        struct pw_properties *properties = pw_properties_new(
                PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY,
                direction == SOUND_MICROPHONE ? "Capture" : "Playback", PW_KEY_MEDIA_ROLE, role,
                PW_KEY_NODE_NAME, node, PW_KEY_NODE_DESCRIPTION, description, PW_KEY_MEDIA_NAME,
                description, PW_KEY_NODE_LATENCY, SOUND_LATENCY, NULL);

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
