/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The end of each input.
 */

#include "phone/state.h"

/*
 * Derives tone, alerting, the manager's properties, requests to send, acknowledgements, stored data
 * and awaited pictures from the state.
 */
void phone_settle(Phone *phone);
