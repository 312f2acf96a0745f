/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "exchange/request.h"

/* Accepts for the requesting device. Returns 0 or -ENOMEM, with nothing changed. */
int exchange_request_answer(Request *request, CallLeg *leg, CallType type, bool joins);
int exchange_request_delivered(Request *request);
int exchange_request_alerting(Request *request);
int exchange_request_accept(Request *request);
int exchange_request_reject(Request *request);
int exchange_request_cancel(Request *request);
int exchange_request_end(Request *request);
