/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The queue of actions. action.c explains how it and the commit barrier of the hub order what
 * devices see.
 */

#include "exchange/state.h"

/* Reserves room for the reply, so that queuing it cannot fail. Returns 0 or -ENOMEM. */
int exchange_prepare(Exchange *exchange);
/* Queues an action. Returns it zeroed, for the caller to fill in, or NULL. */
ExchangeAction *exchange_push(Exchange *exchange, ExchangeActionType type);
/* Queues the reply in the room that exchange_prepare() reserved; exchange_push() never takes it. */
void exchange_push_reply(Exchange *exchange, uint64_t attachment, const char *session_id,
                         const Message *reply);
/*
 * Queues a message. Returns 1 with the message for the caller to fill in, 0 if the device is away
 * (it catches up with its next snapshot), or -ENOMEM.
 */
int exchange_send(Exchange *exchange, const Attachment *attachment, MessageType type,
                  Message **ret);
/*
 * The same for a message to somebody else's device: `from`, whose request caused it, pays for so
 * many bytes until it is acknowledged.
 */
int exchange_send_from(Exchange *exchange, const Attachment *attachment, MessageType type,
                       const char *from, size_t n_bytes, Message **ret);
/* Queues an EXCHANGE_DISCONNECT with this text as the reason. Returns 0 or -ENOMEM. */
int exchange_disconnect(Exchange *exchange, const Attachment *attachment, const char *format, ...)
        _printf_(3, 4);
/* Makes the actions since the last commit final. */
void exchange_commit(Exchange *exchange);
/* Frees the actions since the last commit. */
void exchange_rollback(Exchange *exchange);
