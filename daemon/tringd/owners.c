/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/owners.h"

#include <errno.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define BUS_NAME_MAX 255 /* D-Bus specification */
#define BUS_DRIVER "org.freedesktop.DBus"

typedef struct Owner {
        Owners *owners;
        char name[BUS_NAME_MAX + 1];
        sd_bus_slot *match;
        sd_bus_slot *check; /* a NameHasOwner under way */
        bool restored;      /* `exists` is wanted */
        UT_hash_handle hh;
} Owner;

struct Owners {
        sd_bus *bus;
        const OwnersEvents *events;
        void *userdata;
        Owner *by_name;
};

static Owner *owner_free(Owner *owner)
{
        if (!owner)
                return NULL;
        sd_bus_slot_unref(owner->match);
        sd_bus_slot_unref(owner->check);
        free(owner);
        return NULL;
}
DEFINE_CLEANUP(Owner *, owner_free);

int owners_new(sd_bus *bus, const OwnersEvents *events, void *userdata, Owners **ret)
{
        Owners *owners = calloc(1, sizeof(*owners));

        if (!owners)
                return -ENOMEM;
        *owners = (Owners){.bus = sd_bus_ref(bus), .events = events, .userdata = userdata};
        *ret = owners;
        return 0;
}

Owners *owners_free(Owners *owners)
{
        Owner *owner, *next;

        if (!owners)
                return NULL;
        HASH_ITER (hh, owners->by_name, owner, next) {
                HASH_DEL(owners->by_name, owner);
                owner_free(owner);
        }
        sd_bus_unref(owners->bus);
        free(owners);
        return NULL;
}

static void owner_gone(Owner *owner)
{
        Owners *owners = owner->owners;

        HASH_DEL(owners->by_name, owner);
        owners->events->gone(owners->userdata, owner->name);
        owner_free(owner);
}

static int on_name_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *name, *old_owner, *new_owner;
        int r = sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner);

        if (r >= 0 && str_empty(new_owner))
                owner_gone(userdata);
        return 0;
}

/* Asked once the match is in place: whoever goes before the match is seen here, later there. */
static int on_name_has_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Owner *owner = userdata;
        int exists;

        owner->check = sd_bus_slot_unref(owner->check);
        if (sd_bus_message_is_method_error(message, NULL) ||
            sd_bus_message_read(message, "b", &exists) < 0)
                return 0;
        if (!exists)
                owner_gone(owner);
        else if (owner->restored)
                owner->owners->events->exists(owner->owners->userdata, owner->name);
        return 0;
}

static int owner_watch(Owner *owner)
{
        sd_bus *bus = owner->owners->bus;
        _cleanup_free_ char *match =
                str_printf("type='signal',sender='" BUS_DRIVER "',interface='" BUS_DRIVER
                           "',member='NameOwnerChanged',path='/org/freedesktop/DBus',arg0='%s'",
                           owner->name);

        if (!match)
                return -ENOMEM;
        int r = sd_bus_add_match_async(bus, &owner->match, match, on_name_owner_changed, NULL,
                                       owner);
        if (r < 0)
                return r;
        return sd_bus_call_method_async(bus, &owner->check, BUS_DRIVER, "/org/freedesktop/DBus",
                                        BUS_DRIVER, "NameHasOwner", on_name_has_owner, owner, "s",
                                        owner->name);
}

static int owners_get(Owners *owners, const char *name, bool restored, Owner **ret)
{
        Owner *found;

        HASH_FIND_STR(owners->by_name, name, found);
        if (found) {
                *ret = found;
                return 0;
        }
        _cleanup_(owner_freep) Owner *owner = calloc(1, sizeof(*owner));
        if (!owner)
                return -ENOMEM;
        owner->owners = owners;
        owner->restored = restored;
        int r = STR_SET(owner->name, name);
        if (r < 0)
                return r;
        if (sd_bus_is_bus_client(owners->bus) > 0) {
                r = owner_watch(owner);
                if (r < 0)
                        return r;
        }
        HASH_ADD_STR(owners->by_name, name, owner);
        if (!owner->hh.tbl)
                return -ENOMEM;
        *ret = TAKE_PTR(owner);
        return 0;
}

int owners_watch(Owners *owners, const char *name)
{
        Owner *owner;

        return owners_get(owners, name, false, &owner);
}

int owners_check(Owners *owners, const char *name)
{
        Owner *owner;

        return owners_get(owners, name, true, &owner);
}
