/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/device.h"

#include <errno.h>

int exchange_user_device(User *user, const char *id, Device **ret)
{
        Device *device;

        DL_FOREACH (user->devices, device) {
                if (str_eq(device->id, id))
                        break;
        }
        if (!device) {
                device = calloc(1, sizeof(*device));
                if (!device)
                        return -ENOMEM;
                device->user = user;
                STR_SET(device->id, id);
                DL_APPEND(user->devices, device);
        }
        *ret = device;
        return 0;
}

void exchange_device_free_unused(Device *device)
{
        if (device->attachment || device->branches)
                return;
        DL_DELETE(device->user->devices, device);
        free(device);
}
