/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/devices.h"

#include <assert.h>
#include <errno.h>

#include "base/str.h"
#include "wire/messages.h"
#include "wire/wire.h"

static const JsonLimits devices_limits = {DEVICES_MESSAGE_MAX, WIRE_NESTING_MAX, WIRE_MEMBERS_MAX,
                                          WIRE_VALUES_MAX};

static const FieldTable info_fields =
        FIELD_TABLE("device", {"name", FIELD_TEXT, FIELD_REQUIRED, AT(DeviceInfo, name)},
                    {"description", FIELD_TEXT, 0, AT(DeviceInfo, description)},
                    {"default", FIELD_BOOL, 0, AT(DeviceInfo, is_default)});

#define DEVICES_OF(name, kind)                                                           \
        {                                                                                \
                name, FIELD_LIST, 0, LIST_AT(DeviceLists, of[kind].devices, of[kind].n), \
                        .max = DEVICES_MAX, .table = &info_fields                        \
        }

static const FieldTable lists_fields =
        FIELD_TABLE("devices", DEVICES_OF("microphones", DEVICE_MICROPHONE),
                    DEVICES_OF("speakers", DEVICE_SPEAKER), DEVICES_OF("cameras", DEVICE_CAMERA));

int devices_decode(const char *json, size_t length, DeviceLists *ret,
                   char text[static MESSAGE_TEXT_MAX + 1])
{
        const FieldReader reader = {.strict = true, .text = text};

        *ret = (DeviceLists){};
        return fields_decode(&reader, &devices_limits, &lists_fields, json, length, ret);
}

int devices_encode(const DeviceLists *lists, char **ret, size_t *ret_length)
{
        return fields_encode(&lists_fields, lists, 0, DEVICES_MESSAGE_MAX, ret, ret_length);
}

void device_lists_done(DeviceLists *lists)
{
        fields_done(&lists_fields, lists);
}

bool device_list_equal(const DeviceList *a, const DeviceList *b)
{
        if (a->n != b->n)
                return false;
        for (size_t i = 0; i < a->n; i++) {
                const DeviceInfo *one = &a->devices[i], *other = &b->devices[i];

                if (!str_eq(one->name, other->name) ||
                    !str_eq(one->description, other->description) ||
                    one->is_default != other->is_default)
                        return false;
        }
        return true;
}
