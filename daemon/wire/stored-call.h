/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A device's stored call as JSON text, and back. (A stored request is a message like any other:
 * wire_encode(), wire_decode(WIRE_FROM_DEVICE).)
 */

#include "model/stored-call.h"

/* The caller frees *ret. Returns 0, -ENOMEM or -EMSGSIZE. */
int wire_encode_stored_call(const StoredCall *state, char **ret);
/* Returns 0, -ENOMEM, or -EBADMSG: not a stored call. The caller owns *ret on 0. */
int wire_decode_stored_call(const char *json, StoredCall *ret);
