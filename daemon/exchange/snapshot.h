/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a call looks like: to a party, to history, to the operator.
 */

#include "exchange/state.h"

/* The call as its leg sees it. Shares the metadata: copy it to keep it. */
CallRecord exchange_leg_record(const CallLeg *leg);
/* Likewise, as history keeps it. */
CallRecord exchange_leg_history(const CallLeg *leg);
/* A live call as an operator or a store sees it: as the caller does while they are in it. */
CallRecord exchange_call_record(const Call *call);
/* The caller frees *ret by call_snapshot_done(). Returns 0 or -ENOMEM. */
int exchange_leg_snapshot(const CallLeg *leg, const ExchangeNow *moment, const Device *device,
                          CallSnapshot *ret);
