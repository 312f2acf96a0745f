/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/camera-watch.h"

#include <stdio.h>

#include "base/cleanup.h"

#define NAME_SHOWN 96 /* bytes of a node.name in a sentence */

static usec_t doubled(usec_t first, unsigned times)
{
        while (times-- > 0 && first < CAMERA_WAIT_MAX_US)
                first *= 2;
        return MIN_OF(first, CAMERA_WAIT_MAX_US);
}

bool camera_watch_may_open(const CameraWatch *watch, const char *name, usec_t now)
{
        return now >= watch->retry_at || !str_eq(watch->name, name);
}

void camera_watch_opened(CameraWatch *watch, const char *name, usec_t now)
{
        if (!str_eq(watch->name, name))
                watch->failures = 0;
        STR_SET(watch->name, name);
        watch->opened = now;
        watch->came = 0;
}

void camera_watch_gave(CameraWatch *watch, usec_t at)
{
        if (watch->opened == 0 || at < watch->opened)
                return;
        watch->came = at;
        watch->failures = 0;
        watch->reported = CAMERA_WORKS;
}

bool camera_watch_is_over(const CameraWatch *watch, usec_t now)
{
        if (watch->opened == 0)
                return false;
        return watch->came > 0 ? now > watch->came + CAMERA_SILENT_US
                               : now > watch->opened + doubled(CAMERA_FIRST_US, watch->failures);
}

bool camera_watch_is_slow(const CameraWatch *watch, usec_t now)
{
        return watch->opened > 0 && watch->came == 0 && now > watch->opened + CAMERA_SLOW_US;
}

void camera_watch_failed(CameraWatch *watch, usec_t now)
{
        watch->retry_at = now + doubled(CAMERA_RETRY_US, watch->failures);
        watch->failures++;
        watch->opened = 0;
}

bool camera_watch_report(CameraWatch *watch, CameraState state, char *ret, size_t size)
{
        static const char instead[] = "the others see a test card instead";
        bool is_new = watch->reported != state;
        char name[NAME_SHOWN];

        str_printable(name, sizeof(name), watch->name);
        watch->reported = state;
        switch (state) {
        case CAMERA_NONE:
                snprintf(ret, size, "there is no camera: %s", instead);
                break;
        case CAMERA_UNUSABLE:
                snprintf(ret, size,
                         "camera '%s' cannot be used: another program uses it, or its format is "
                         "not known here; %s",
                         name, instead);
                break;
        case CAMERA_SILENT:
                snprintf(ret, size, "camera '%s' gives no pictures: %s", name, instead);
                break;
        case CAMERA_UNKNOWN:
        case CAMERA_WORKS:
                return false;
        }
        return is_new;
}
