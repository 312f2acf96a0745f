/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/objects.h"

#include <errno.h>
#include <stdio.h>

#include "tringd/bus-objects.h"
#include "tringd/daemon.h"

const char *call_path_from_id(char path[static CALL_PATH_SIZE], const char *session_id)
{
        snprintf(path, CALL_PATH_SIZE, TRING_CALLS_PATH "/%s", session_id);
        for (char *p = path + strlen(TRING_CALLS_PATH); *p; p++)
                if (*p == '-')
                        *p = '_';
        return path;
}

int call_path_to_id(const char *path, char session_id[static UUID_LENGTH + 1])
{
        static const char prefix[] = TRING_CALLS_PATH "/";
        char id[UUID_LENGTH + 1], again[CALL_PATH_SIZE];

        if (strncmp(path, prefix, strlen(prefix)) != 0 || STR_SET(id, path + strlen(prefix)) < 0)
                return -EINVAL;
        for (char *p = id; *p; p++)
                if (*p == '_')
                        *p = '-';
        /* Reject a path that call_path_from_id() would write differently. */
        if (!uuid_is_valid(id) || !str_eq(call_path_from_id(again, id), path))
                return -EINVAL;
        memcpy(session_id, id, sizeof(id));
        return 0;
}

static int list_calls(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
                      sd_bus_error *error)
{
        Daemon *daemon = userdata;
        size_t n = 0;

        while (phone_call_at(daemon->phone, n))
                n++;
        char **nodes = calloc(n + 1, sizeof(*nodes));
        if (!nodes)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                nodes[i] = malloc(CALL_PATH_SIZE);
                if (!nodes[i]) {
                        while (i > 0)
                                free(nodes[--i]);
                        free(nodes);
                        return -ENOMEM;
                }
                call_path_from_id(nodes[i],
                                  phone_call_at(daemon->phone, i)->stored.record.session_id);
        }
        *ret_nodes = nodes;
        return 0;
}

static int find_call(sd_bus *bus, const char *path, const char *interface, void *userdata,
                     void **ret_found, sd_bus_error *error)
{
        Daemon *daemon = userdata;
        char session_id[UUID_LENGTH + 1];

        if (call_path_to_id(path, session_id) < 0)
                return 0;
        const PhoneCallInfo *call = phone_call_find(daemon->phone, session_id);
        if (!call)
                return 0;
        CallObject *object = changes_call_object(daemon->changes, session_id);
        if (!object)
                return -ENOMEM;
        object->daemon = daemon;
        object->call = call;
        *ret_found = object;
        return 1;
}

static int find_session(sd_bus *bus, const char *path, const char *interface, void *userdata,
                        void **ret_found, sd_bus_error *error)
{
        int r = find_call(bus, path, interface, userdata, ret_found, error);

        return r > 0 ? ((const CallObject *)*ret_found)->call->has_session : r;
}

int objects_register(Daemon *daemon)
{
        sd_bus *bus = daemon->bus;
        int r = sd_bus_add_object_manager(bus, NULL, TRING_PATH);

        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, TRING_PATH, TRING_MANAGER, manager_vtable,
                                             daemon);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, TRING_PATH, TRING_DEVICES, devices_vtable,
                                             daemon);
        if (r >= 0)
                r = sd_bus_add_fallback_vtable(bus, NULL, TRING_CALLS_PATH, TRING_CALL, call_vtable,
                                               find_call, daemon);
        if (r >= 0)
                r = sd_bus_add_fallback_vtable(bus, NULL, TRING_CALLS_PATH, TRING_SESSION,
                                               session_vtable, find_session, daemon);
        if (r >= 0)
                r = sd_bus_add_node_enumerator(bus, NULL, TRING_CALLS_PATH, list_calls, daemon);
        return r;
}
