/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Structs as JSON text for our own stores: tables as for messages, but without their limit of
 * length, and ignoring members of a later version.
 */

#include "wire/fields.h"

/* The caller frees *ret. Returns 0, -ENOMEM, or -EMSGSIZE. */
int stored_encode(const FieldTable *table, const void *what, char **ret);
/* Into an empty struct. 0, -ENOMEM or -EBADMSG; what was read until then is the caller's. */
int stored_decode(const FieldTable *table, const char *json, void *what);
