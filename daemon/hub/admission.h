/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which connections may be open at a time. A stranger is a connection that has not logged in: it
 * costs a descriptor, and nobody answers for it. When there are too many, the oldest stranger goes
 * in favour of the newest, since a device says hello within moments and one that means harm waits.
 * So neither a flood from one address, nor one through a proxy whose address all devices share,
 * keeps devices out.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

#define STRANGERS_PER_ADDRESS_MAX 1024 /* PROTOCOL.md, Limits */

/* Under a low limit of connections, one address may have a quarter of them. */
static inline uint32_t strangers_per_address(uint32_t max_connections)
{
        uint32_t quarter = (max_connections + 3) / 4;

        return quarter < STRANGERS_PER_ADDRESS_MAX ? quarter : STRANGERS_PER_ADDRESS_MAX;
}

typedef struct Admission Admission;
typedef struct Guest Guest; /* an open connection */

/* Tells a stranger to leave; its guest_leave() may come later. */
typedef void (*AdmissionExpel)(void *connection, const char *address, const char *why);

/* `max` connections at a time, of which `max_strangers` may be strangers from one address. */
int admission_new(uint32_t max, uint32_t max_strangers, AdmissionExpel expel, Admission **ret);
/* All guests must have left. */
Admission *admission_free(Admission *admission);
DEFINE_CLEANUP(Admission *, admission_free);

/* Is there room for one more, or can a stranger make some? */
bool admission_has_room(const Admission *admission);

/* Lets a connection in as a stranger; may expel others. `address` is text. */
int admission_enter(Admission *admission, void *connection, const char *address, Guest **ret);
/* It has logged in. */
void guest_is_known(Guest *guest);
/* The connection is closed. NULL is allowed. */
void guest_leave(Guest *guest);
