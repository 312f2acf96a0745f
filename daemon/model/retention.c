/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/retention.h"

#include "base/cleanup.h"

static RetentionLimit limit_at(usec_t days, usec_t date, usec_t running)
{
        usec_t span = days * USEC_PER_DAY;

        /* A machine without a clock starts in 1970. */
        return (RetentionLimit){.date = date - MIN_OF(span, date),
                                .running = running - MIN_OF(span, running)};
}

Retention retention_at(uint32_t days, usec_t date, usec_t running)
{
        return (Retention){
                .record = limit_at(days, date, running),
                .missed = limit_at(MAX_OF(days, (uint32_t)MISSED_DAYS_MIN), date, running),
        };
}
