/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/boot-date.h"

#include <systemd/sd-id128.h>

#include "base/cleanup.h"

BootDate boot_date_read(BootDate stored)
{
        sd_id128_t id;
        BootDate here = {0};

        if (sd_id128_get_boot(&id) >= 0)
                here.boot = id.qwords[0] & INT64_MAX;
        if (here.boot != 0 && here.boot == stored.boot)
                return stored;
        here.date = clock_realtime() - clock_boottime();
        return here;
}

usec_t boot_date_store(usec_t boot_date, usec_t deadline)
{
        return deadline == USEC_NEVER ? 0 : boot_date + deadline;
}

usec_t boot_date_restore(usec_t boot_date, usec_t date, usec_t now, usec_t most)
{
        usec_t today = boot_date + now;

        return now + MIN_OF(date - MIN_OF(date, today), most);
}
