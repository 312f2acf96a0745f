/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/changes.h"

#include <errno.h>

#include "base/log.h"
#include "tringd/bus-objects.h"
#include "tringd/objects.h"

#define NAMES_MAX 16 /* properties of one interface that can change: Manager has 11 */

struct Changes {
        sd_bus *bus;
        uint32_t manager, devices;
        CallObject *objects;
};

typedef struct PropertyName {
        uint32_t bit;
        const char *name;
} PropertyName;

/* D-Bus properties that share a bit, or whose name differs from the bit's. */
#define PHONE_PROPERTY_CONNECTION_STATE PHONE_PROPERTY_CONNECTION
#define PHONE_PROPERTY_CONNECTION_ERROR PHONE_PROPERTY_CONNECTION
#define PHONE_PROPERTY_LOGGED_IN_USER PHONE_PROPERTY_USER
#define PHONE_PROPERTY_UNSEEN_MISSED CHANGES_UNSEEN_MISSED
#define PHONE_PROPERTY_CALL_TYPE PHONE_PROPERTY_TYPE
#define PHONE_PROPERTY_REASON PHONE_PROPERTY_STATUS
#define PHONE_PROPERTY_DURATION PHONE_PROPERTY_ENDED_AT
#define PHONE_PROPERTY_STATE PHONE_PROPERTY_SESSION_STATE
#define PHONE_PROPERTY_NOT_VERIFIABLE PHONE_PROPERTY_VERIFICATION_CODE

#define PHONE_ROW(property, name)               \
        {                                       \
                PHONE_PROPERTY_##property, name \
        }
#define DEVICES_ROW(property, name)            \
        {                                      \
                1u << CHANGES_##property, name \
        }

static const PropertyName manager_names[] = {MANAGER_CHANGING(PHONE_ROW)};
static const PropertyName device_names[] = {DEVICES_CHANGING(DEVICES_ROW)};
static const PropertyName call_names[] = {CALL_CHANGING(PHONE_ROW)};
static const PropertyName session_names[] = {SESSION_CHANGING(PHONE_ROW)};

int changes_new(sd_bus *bus, Changes **ret)
{
        Changes *changes = calloc(1, sizeof(*changes));

        if (!changes)
                return -ENOMEM;
        changes->bus = sd_bus_ref(bus);
        *ret = changes;
        return 0;
}

Changes *changes_free(Changes *changes)
{
        CallObject *object, *next;

        if (!changes)
                return NULL;
        HASH_ITER (hh, changes->objects, object, next) {
                HASH_DEL(changes->objects, object);
                free(object);
        }
        sd_bus_unref(changes->bus);
        free(changes);
        return NULL;
}

static CallObject *find_object(Changes *changes, const char *session_id)
{
        CallObject *object;

        HASH_FIND_STR(changes->objects, session_id, object);
        return object;
}

void changes_manager(Changes *changes, uint32_t properties)
{
        changes->manager |= properties;
}

void changes_devices(Changes *changes, DevicesProperty property)
{
        changes->devices |= 1u << property;
}

void changes_call(Changes *changes, const char *session_id, uint32_t properties)
{
        CallObject *object = find_object(changes, session_id);

        if (object)
                object->call_changes |= properties;
}

void changes_session(Changes *changes, const char *session_id, uint32_t properties)
{
        CallObject *object = find_object(changes, session_id);

        if (object && object->has_session)
                object->session_changes |= properties;
}

static void report(int r, const char *what, const char *path)
{
        if (r < 0)
                log_warning("cannot announce %s of %s: %s", what, path, strerror(-r));
}

CallObject *changes_call_object(Changes *changes, const char *session_id)
{
        CallObject *object = find_object(changes, session_id);

        if (object)
                return object;
        object = calloc(1, sizeof(*object));
        if (!object)
                return NULL;
        (void)STR_SET(object->session_id, session_id);
        HASH_ADD_STR(changes->objects, session_id, object);
        if (!object->hh.tbl) {
                free(object);
                return NULL;
        }
        return object;
}

void changes_call_added(Changes *changes, const char *session_id, bool has_session)
{
        char path[CALL_PATH_SIZE];
        CallObject *object = changes_call_object(changes, session_id);

        call_path_from_id(path, session_id);
        if (object)
                object->has_session = has_session;
        else
                report(-ENOMEM, "later changes", path);
        changes_flush(changes);
        report(sd_bus_emit_object_added(changes->bus, path), "the interfaces", path);
}

void changes_session_added(Changes *changes, const char *session_id)
{
        char path[CALL_PATH_SIZE];
        CallObject *object = find_object(changes, session_id);

        if (object && object->has_session)
                return;
        if (object)
                object->has_session = true;
        changes_flush(changes);
        call_path_from_id(path, session_id);
        report(sd_bus_emit_interfaces_added(changes->bus, path, TRING_SESSION, NULL), "the session",
               path);
}

/* The phone has already freed the call: read the CallObject only. */
void changes_call_removed(Changes *changes, const char *session_id)
{
        char path[CALL_PATH_SIZE];
        CallObject *object = find_object(changes, session_id);
        bool has_session = object && object->has_session;

        if (object) {
                HASH_DEL(changes->objects, object);
                free(object);
        }
        changes_flush(changes);
        call_path_from_id(path, session_id);
        report(sd_bus_emit_interfaces_removed(
                       changes->bus, path, TRING_CALL, "org.freedesktop.DBus.Peer",
                       "org.freedesktop.DBus.Introspectable", "org.freedesktop.DBus.Properties",
                       has_session ? TRING_SESSION : NULL, NULL),
               "the end", path);
}

static void emit(Changes *changes, const char *path, const char *interface,
                 const PropertyName *names, size_t n_names, uint32_t *properties)
{
        char *changed[NAMES_MAX + 1];
        size_t n = 0;

        if (*properties == 0)
                return;
        for (size_t i = 0; i < n_names; i++)
                if (*properties & names[i].bit)
                        changed[n++] = (char *)names[i].name;
        changed[n] = NULL;
        *properties = 0;
        if (n > 0)
                report(sd_bus_emit_properties_changed_strv(changes->bus, path, interface, changed),
                       "changes", path);
}

void changes_flush(Changes *changes)
{
        char path[CALL_PATH_SIZE];
        CallObject *object, *next;

        HASH_ITER (hh, changes->objects, object, next) {
                call_path_from_id(path, object->session_id);
                emit(changes, path, TRING_CALL, call_names, ELEMENTSOF(call_names),
                     &object->call_changes);
                emit(changes, path, TRING_SESSION, session_names, ELEMENTSOF(session_names),
                     &object->session_changes);
        }
        emit(changes, TRING_PATH, TRING_MANAGER, manager_names, ELEMENTSOF(manager_names),
             &changes->manager);
        emit(changes, TRING_PATH, TRING_DEVICES, device_names, ELEMENTSOF(device_names),
             &changes->devices);
}
