/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/device-registry.h"

#include <errno.h>
#include <pipewire/extensions/metadata.h>
#include <stdlib.h>
#include <string.h>

#include "media/device-defaults.h"

#define OWN_PREFIX "tring." /* the prefix of our own node names */
#define FORM_FACTOR_MAX 32

/*
 * A node (a microphone, speaker or camera), or a PipeWire device behind nodes: for most hardware,
 * only the PipeWire device knows the form factor.
 */
typedef struct Entry {
        struct spa_list link;
        DeviceRegistry *registry;
        uint32_t id, behind; /* behind: id of the node's PipeWire device, or SPA_ID_INVALID */
        bool kinds[DEVICE_KIND_COUNT];
        char form_factor[FORM_FACTOR_MAX];
        MediaDevice device;
        struct pw_proxy *proxy;
        struct spa_hook hook;
} Entry;

struct DeviceRegistry {
        struct pw_registry *registry;
        struct spa_hook registry_hook;
        struct pw_proxy *metadata;
        uint32_t metadata_id;
        struct spa_hook metadata_hook;
        struct spa_list entries;
        DeviceDefaults defaults;
        DeviceRegistryChanged changed;
        void *userdata;
};

static bool is_worn(const char *form_factor)
{
        static const char *const worn[] = {"headset", "headphone", "handset"};

        for (size_t i = 0; i < ELEMENTSOF(worn); i++)
                if (str_eq(form_factor, worn[i]))
                        return true;
        return false;
}

static Entry *find_entry(DeviceRegistry *registry, uint32_t id)
{
        Entry *entry;

        spa_list_for_each (entry, &registry->entries, link)
                if (entry->id == id)
                        return entry;
        return NULL;
}

static void conclude_headsets(DeviceRegistry *registry)
{
        Entry *entry;

        spa_list_for_each (entry, &registry->entries, link) {
                const Entry *behind = find_entry(registry, entry->behind);

                entry->device.headset =
                        is_worn(entry->form_factor) || (behind && is_worn(behind->form_factor));
        }
}

/* Nodes also report changes of their state; only the form factor matters here. */
static void take_properties(Entry *entry, const struct spa_dict *properties)
{
        const char *form_factor =
                properties ? spa_dict_lookup(properties, PW_KEY_DEVICE_FORM_FACTOR) : NULL;

        if (!form_factor || str_eq(form_factor, entry->form_factor))
                return;
        if (STR_SET(entry->form_factor, form_factor) < 0)
                return;
        conclude_headsets(entry->registry);
        entry->registry->changed(entry->registry->userdata);
}

static void on_node_info(void *data, const struct pw_node_info *info)
{
        if (info->change_mask & PW_NODE_CHANGE_MASK_PROPS)
                take_properties(data, info->props);
}

static const struct pw_node_events node_events = {
        PW_VERSION_NODE_EVENTS,
        .info = on_node_info,
};

static void on_device_info(void *data, const struct pw_device_info *info)
{
        if (info->change_mask & PW_DEVICE_CHANGE_MASK_PROPS)
                take_properties(data, info->props);
}

static const struct pw_device_events device_events = {
        PW_VERSION_DEVICE_EVENTS,
        .info = on_device_info,
};

static int on_metadata(void *data, uint32_t subject, const char *key, const char *type,
                       const char *value)
{
        DeviceRegistry *registry = data;

        if (subject == PW_ID_CORE && device_defaults_take(&registry->defaults, key, value))
                registry->changed(registry->userdata);
        return 0;
}

static const struct pw_metadata_events metadata_events = {
        PW_VERSION_METADATA_EVENTS,
        .property = on_metadata,
};

static void watch_defaults(DeviceRegistry *registry, uint32_t id)
{
        registry->metadata = pw_registry_bind(registry->registry, id, PW_TYPE_INTERFACE_Metadata,
                                              PW_VERSION_METADATA, 0);
        if (!registry->metadata)
                return;
        registry->metadata_id = id;
        pw_metadata_add_listener((struct pw_metadata *)registry->metadata, &registry->metadata_hook,
                                 &metadata_events, registry);
}

static void forget_defaults(DeviceRegistry *registry)
{
        spa_hook_remove(&registry->metadata_hook);
        pw_proxy_destroy(registry->metadata);
        registry->metadata = NULL;
        registry->defaults = (DeviceDefaults){};
}

/* A class may have a suffix: "Audio/Source/Virtual" is an "Audio/Source". */
static bool class_is(const char *class, const char *wanted)
{
        size_t n = strlen(wanted);

        return strncmp(class, wanted, n) == 0 && (!class[n] || class[n] == '/');
}

static bool read_node(const struct spa_dict *properties, Entry *entry)
{
        const char *class = spa_dict_lookup(properties, PW_KEY_MEDIA_CLASS);
        const char *name = spa_dict_lookup(properties, PW_KEY_NODE_NAME);
        const char *description = spa_dict_lookup(properties, PW_KEY_NODE_DESCRIPTION);
        const char *behind = spa_dict_lookup(properties, PW_KEY_DEVICE_ID);

        if (!class || !name || strncmp(name, OWN_PREFIX, strlen(OWN_PREFIX)) == 0)
                return false;
        bool duplex = class_is(class, "Audio/Duplex");
        entry->kinds[DEVICE_MICROPHONE] = duplex || class_is(class, "Audio/Source");
        entry->kinds[DEVICE_SPEAKER] = duplex || class_is(class, "Audio/Sink");
        entry->kinds[DEVICE_CAMERA] = class_is(class, "Video/Source");
        entry->behind = behind ? (uint32_t)strtoul(behind, NULL, 10) : SPA_ID_INVALID;
        str_printable(entry->device.description, sizeof(entry->device.description),
                      description ? description : name);
        if (!entry->kinds[DEVICE_MICROPHONE] && !entry->kinds[DEVICE_SPEAKER] &&
            !entry->kinds[DEVICE_CAMERA])
                return false;
        /* A device whose name does not fit cannot be chosen. */
        return text_is_valid(name, NODE_NAME_MAX) && STR_SET(entry->device.name, name) >= 0;
}

static void add_entry(DeviceRegistry *registry, uint32_t id, const char *type,
                      const struct spa_dict *properties)
{
        bool node = str_eq(type, PW_TYPE_INTERFACE_Node);
        _cleanup_free_ Entry *entry = calloc(1, sizeof(*entry));

        if (!entry)
                return;
        *entry = (Entry){.registry = registry, .id = id, .behind = SPA_ID_INVALID};
        if (node && !read_node(properties, entry))
                return;
        entry->proxy = pw_registry_bind(registry->registry, id, type,
                                        node ? PW_VERSION_NODE : PW_VERSION_DEVICE, 0);
        if (!entry->proxy)
                return;
        pw_proxy_add_object_listener(entry->proxy, &entry->hook,
                                     node ? (const void *)&node_events : &device_events, entry);
        spa_list_append(&registry->entries, &entry->link);
        TAKE_PTR(entry);
        conclude_headsets(registry);
        if (node)
                registry->changed(registry->userdata);
}

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type,
                      uint32_t version, const struct spa_dict *properties)
{
        DeviceRegistry *registry = data;

        if (!properties)
                return;
        if (str_eq(type, PW_TYPE_INTERFACE_Node) || str_eq(type, PW_TYPE_INTERFACE_Device))
                add_entry(registry, id, type, properties);
        else if (str_eq(type, PW_TYPE_INTERFACE_Metadata) && !registry->metadata &&
                 str_eq(spa_dict_lookup(properties, PW_KEY_METADATA_NAME), "default"))
                watch_defaults(registry, id);
}

static void entry_free(Entry *entry)
{
        spa_list_remove(&entry->link);
        spa_hook_remove(&entry->hook);
        pw_proxy_destroy(entry->proxy);
        free(entry);
}

static void on_global_remove(void *data, uint32_t id)
{
        DeviceRegistry *registry = data;
        Entry *entry = find_entry(registry, id);

        if (registry->metadata && registry->metadata_id == id)
                forget_defaults(registry);
        else if (entry)
                entry_free(entry);
        else
                return;
        conclude_headsets(registry);
        registry->changed(registry->userdata);
}

static const struct pw_registry_events registry_events = {
        PW_VERSION_REGISTRY_EVENTS,
        .global = on_global,
        .global_remove = on_global_remove,
};

int device_registry_new(struct pw_core *core, DeviceRegistryChanged changed, void *userdata,
                        DeviceRegistry **ret)
{
        DeviceRegistry *registry = calloc(1, sizeof(*registry));

        if (!registry)
                return -ENOMEM;
        registry->changed = changed;
        registry->userdata = userdata;
        spa_list_init(&registry->entries);
        registry->registry = pw_core_get_registry(core, PW_VERSION_REGISTRY, 0);
        if (!registry->registry) {
                int r = -errno;

                free(registry);
                return r;
        }
        pw_registry_add_listener(registry->registry, &registry->registry_hook, &registry_events,
                                 registry);
        *ret = registry;
        return 0;
}

DeviceRegistry *device_registry_free(DeviceRegistry *registry)
{
        Entry *entry, *next;

        if (!registry)
                return NULL;
        spa_list_for_each_safe(entry, next, &registry->entries, link) entry_free(entry);
        if (registry->metadata)
                forget_defaults(registry);
        spa_hook_remove(&registry->registry_hook);
        pw_proxy_destroy((struct pw_proxy *)registry->registry);
        free(registry);
        return NULL;
}

const MediaDevice *device_registry_at(DeviceRegistry *registry, DeviceKind kind, size_t i)
{
        const Entry *entry;

        spa_list_for_each (entry, &registry->entries, link)
                if (entry->kinds[kind] && i-- == 0)
                        return &entry->device;
        return NULL;
}

const MediaDevice *device_registry_find(DeviceRegistry *registry, DeviceKind kind, const char *name)
{
        const Entry *entry;

        spa_list_for_each (entry, &registry->entries, link)
                if (entry->kinds[kind] && str_eq(entry->device.name, name))
                        return &entry->device;
        return NULL;
}

const MediaDevice *device_registry_default(DeviceRegistry *registry, DeviceKind kind)
{
        return device_registry_find(registry, kind, registry->defaults.names[kind]);
}

bool device_registry_default_is_monitor(DeviceRegistry *registry)
{
        const char *name = registry->defaults.names[DEVICE_MICROPHONE];

        return !device_registry_default(registry, DEVICE_MICROPHONE) &&
               device_registry_find(registry, DEVICE_SPEAKER, name);
}

bool device_registry_default_is_wish(const DeviceRegistry *registry, DeviceKind kind)
{
        return device_defaults_is_wish(&registry->defaults, kind);
}
