/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Attachments: connections of devices.
 */

#include "exchange/state.h"

Attachment *exchange_attachment_find(const Exchange *exchange, uint64_t id);
/* The new attachment has no device and no leg yet. Returns 0 or -ENOMEM. */
int exchange_attachment_new(Exchange *exchange, uint64_t id, Attachment **ret);
void exchange_attachment_free(Exchange *exchange, Attachment *attachment);
