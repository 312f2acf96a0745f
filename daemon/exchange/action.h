/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The queue of actions. An operation changes the state, queues what has to be sent and stored, and
 * takes both back if memory runs out: queued actions count only after exchange_commit(). The hub
 * carries actions out in order; a message that confirms something waits for the database commit of
 * the actions before it (ExchangeAction.confirms), so that no device hears of what could still be
 * lost. A ring does not wait.
 */

#include "exchange/state.h"

/* Room for the reply, so that it always fits. Returns 0 or -ENOMEM. */
int exchange_prepare(Exchange *exchange);
/* Returns the new action, zeroed, or NULL. */
ExchangeAction *exchange_push(Exchange *exchange, ExchangeActionType type);
/* Takes the room that exchange_prepare() and exchange_push() have left. */
void exchange_push_reply(Exchange *exchange, uint64_t attachment, const Message *reply);
/*
 * Returns 1 with the message to fill in, 0 without an attachment (the device is away, and learns
 * from its next snapshot), or -ENOMEM.
 */
int exchange_send(Exchange *exchange, const Attachment *attachment, MessageType type,
                  Message **ret);
/* Returns 0 or -ENOMEM. */
int exchange_disconnect(Exchange *exchange, const Attachment *attachment, const char *format, ...)
        _printf_(3, 4);
void exchange_commit(Exchange *exchange);
/* Frees the actions since the last commit. */
void exchange_rollback(Exchange *exchange);
