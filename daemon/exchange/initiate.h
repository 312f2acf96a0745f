/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "exchange/request.h"

int exchange_request_initiate(Request *request);
