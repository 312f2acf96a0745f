/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Views of a call: a party's, the history's, the operator's. */

#include "exchange/state.h"

/* The call as this party sees it. Shares the metadata: copy the record to keep it. */
CallRecord exchange_leg_record(const CallLeg *leg);
/* The call as this party's history stores it. Shares the metadata, too. */
CallRecord exchange_leg_history(const CallLeg *leg);
/*
 * The call as the operator and the store see it: the caller's view, but an answered call stays
 * ongoing after its caller has left.
 */
CallRecord exchange_call_record(const Call *call);
/* The caller frees *ret by call_snapshot_done(). Returns 0 or -ENOMEM. */
int exchange_leg_snapshot(const CallLeg *leg, const ExchangeNow *moment, const Device *device,
                          CallSnapshot *ret);
