/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/device-choice.h"

#include <stdio.h>

#include "base/str.h"

#define NAME_SHOWN 128 /* bytes of a node.name in a sentence */

DeviceUse device_use(const char *chosen, bool any, bool there)
{
        if (!any)
                return DEVICE_NONE;
        if (str_empty(chosen))
                return DEVICE_DEFAULT;
        return there ? DEVICE_CHOSEN : DEVICE_STAND_IN;
}

const char *device_target(DeviceUse use, const char *chosen, const char *instead)
{
        return use == DEVICE_CHOSEN ? chosen : use == DEVICE_NONE ? "" : instead;
}

bool device_is_loss(DeviceUse was, DeviceUse now)
{
        return now < was;
}

bool device_sentence(DeviceUse was, DeviceUse now, const char *what, const char *chosen, char *ret,
                     size_t size)
{
        char name[NAME_SHOWN];

        if (was == now || now == DEVICE_DEFAULT || now == DEVICE_CHOSEN)
                return false;
        str_printable(name, sizeof(name), chosen);
        if (now == DEVICE_NONE && was == DEVICE_UNKNOWN)
                snprintf(ret, size, "there is no %s", what);
        else if (now == DEVICE_NONE)
                snprintf(ret, size, "there is no %s any more", what);
        else if (was == DEVICE_CHOSEN)
                snprintf(ret, size, "%s '%s' was unplugged; using the default until it returns",
                         what, name);
        else
                snprintf(ret, size, "there is no %s named '%s'; using the default until it appears",
                         what, name);
        return true;
}
