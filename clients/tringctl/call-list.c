/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "call-list.h"

#include <errno.h>

#include "base/str.h"
#include "print.h"

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

/* Makes a call from one object's { interface: { property: value } }. */
static int call_from_interfaces(const char *path, const cJSON *interfaces, cJSON **ret)
{
        const cJSON *session = cJSON_GetObjectItemCaseSensitive(interfaces, TRING_SESSION);
        _cleanup_json_ cJSON *call = cJSON_CreateObject();

        if (!call || !cJSON_AddStringToObject(call, "path", path))
                return -ENOMEM;
        int r = json_merge_properties(call,
                                      cJSON_GetObjectItemCaseSensitive(interfaces, TRING_CALL));
        if (r < 0)
                return r;
        if (session) {
                cJSON *object = cJSON_AddObjectToObject(call, "session");
                if (!object)
                        return -ENOMEM;
                r = json_merge_properties(object, session);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(call);
        return 0;
}

static int calls_from_objects(const cJSON *objects, cJSON **ret)
{
        _cleanup_json_ cJSON *calls = cJSON_CreateArray();
        const cJSON *object;

        if (!calls)
                return -ENOMEM;
        cJSON_ArrayForEach (object, objects) {
                cJSON *call = NULL;

                if (!cJSON_HasObjectItem(object, TRING_CALL))
                        continue;
                int r = call_from_interfaces(object->string, object, &call);
                if (r < 0)
                        return r;
                cJSON_AddItemToArray(calls, call);
        }
        *ret = TAKE_PTR(calls);
        return 0;
}

int call_list_fetch(sd_bus *bus, cJSON **ret)
{
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ cJSON *objects = NULL;
        int code = bus_call(bus, TRING_PATH, OBJECT_MANAGER, "GetManagedObjects", &reply, NULL);

        if (code != EXIT_DONE)
                return code;
        int r = json_from_message(reply, &objects);
        if (r == 0)
                r = calls_from_objects(objects, ret);
        return r < 0 ? fail_errno(r, "read the calls") : EXIT_DONE;
}

int call_list_fetch_one(sd_bus *bus, const char *path, cJSON **ret)
{
        _cleanup_json_ cJSON *calls = NULL;
        int code = call_list_fetch(bus, &calls);
        cJSON *call;

        if (code != EXIT_DONE)
                return code;
        cJSON_ArrayForEach (call, calls)
                if (str_eq(json_string(call, "path"), path)) {
                        *ret = cJSON_DetachItemViaPointer(calls, call);
                        return EXIT_DONE;
                }
        return fail(EXIT_NO_CALL, "the call no longer exists");
}

bool call_rings_here(const cJSON *call)
{
        return str_eq(json_string(call, "direction"), "incoming") &&
               str_eq(json_string(call, "status"), "initiated");
}

bool call_is_ongoing(const cJSON *call)
{
        return str_eq(json_string(call, "status"), "ongoing");
}

bool call_can_be_hung_up(const cJSON *call)
{
        return call_is_ongoing(call) || (str_eq(json_string(call, "direction"), "outgoing") &&
                                         str_eq(json_string(call, "status"), "initiated"));
}

static bool is_meant(const cJSON *call, const char *wanted, const CallChoice *choice)
{
        return wanted ? strncmp(json_string(call, "session_id"), wanted, strlen(wanted)) == 0
                      : choice->fits(call);
}

static int fail_ambiguous(const cJSON *calls, const char *wanted, const CallChoice *choice)
{
        const cJSON *call;

        fail(EXIT_USAGE, "several calls fit; choose one by the start of its id:");
        cJSON_ArrayForEach (call, calls)
                if (is_meant(call, wanted, choice))
                        print_call(stderr, call);
        return EXIT_USAGE;
}

int call_list_choose(sd_bus *bus, const char *wanted, const CallChoice *choice, cJSON **ret)
{
        _cleanup_json_ cJSON *calls = NULL;
        int code = call_list_fetch(bus, &calls);
        cJSON *call, *found = NULL;
        char printable[64];

        if (code != EXIT_DONE)
                return code;
        if (wanted && !*wanted)
                return fail(EXIT_USAGE, "the call id is empty");
        cJSON_ArrayForEach (call, calls) {
                if (!is_meant(call, wanted, choice))
                        continue;
                if (found)
                        return fail_ambiguous(calls, wanted, choice);
                found = call;
        }
        if (!found && wanted)
                return fail(EXIT_NO_CALL, "no call on this device has an id that begins with '%s'",
                            str_printable(printable, sizeof(printable), wanted));
        if (!found)
                return fail(EXIT_NO_CALL, "%s", choice->none);
        *ret = cJSON_DetachItemViaPointer(calls, found);
        return EXIT_DONE;
}
