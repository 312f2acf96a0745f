/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/signal-rate.h"

#include <errno.h>
#include <stdlib.h>

#include "base/bucket.h"

#define SIGNAL_SPACING_US (USEC_PER_SEC / SIGNALS_PER_S)

/* The rate for this receiver, or one that has run out and is as good as a new one. */
static SignalRate *rate_for(const CallLeg *from, const char *uid, usec_t now)
{
        SignalRate *rate, *unused = NULL;

        DL_FOREACH (from->signal_rates, rate) {
                if (str_eq(rate->uid, uid))
                        return rate;
                if (rate->bucket <= now)
                        unused = rate;
        }
        return unused;
}

int exchange_signal_rate_take(CallLeg *from, const CallLeg *to, usec_t now, usec_t *ret_wait)
{
        SignalRate *rate = rate_for(from, to->uid, now);

        if (!rate) {
                rate = calloc(1, sizeof(*rate));
                if (!rate)
                        return -ENOMEM;
                DL_APPEND(from->signal_rates, rate);
        }
        STR_SET(rate->uid, to->uid);
        *ret_wait = bucket_take(&rate->bucket, now, SIGNAL_SPACING_US, SIGNALS_BURST);
        return 0;
}

void exchange_signal_rates_free(CallLeg *from)
{
        SignalRate *rate, *next;

        DL_FOREACH_SAFE (from->signal_rates, rate, next)
                free(rate);
        from->signal_rates = NULL;
}
