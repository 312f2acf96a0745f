/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/rate.h"

#include <errno.h>

bool exchange_rate_admits(const Rate *rate, uint32_t max, usec_t now)
{
        return max == 0 || rate->n < max || now - rate->times[rate->first] >= USEC_PER_MINUTE;
}

int exchange_rate_reserve(Rate *rate, uint32_t max)
{
        if (rate->times || max == 0)
                return 0;
        rate->times = calloc(max, sizeof(*rate->times));
        return rate->times ? 0 : -ENOMEM;
}

void exchange_rate_note(Rate *rate, uint32_t max, usec_t now)
{
        if (max == 0)
                return;
        if (rate->n < max) {
                rate->times[rate->n++] = now;
                return;
        }
        rate->times[rate->first] = now;
        rate->first = (rate->first + 1) % max;
}

void exchange_rate_done(Rate *rate)
{
        free(rate->times);
        *rate = (Rate){};
}
