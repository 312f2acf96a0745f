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
#define STRANGERS_MAX 8192             /* PROTOCOL.md, Limits: 400 MB of handshakes */

typedef struct AdmissionLimits {
        uint32_t connections;
        uint32_t strangers;
        uint32_t strangers_per_address;
} AdmissionLimits;

/* Where few connections are possible, strangers may have half of them, and one address a quarter.
 */
AdmissionLimits admission_limits(uint32_t max_connections);

typedef struct Admission Admission;
typedef struct Guest Guest; /* an open connection */

/* Tells a stranger to leave; its guest_leave() may come later. */
typedef void (*AdmissionExpel)(void *connection, const char *address, const char *why);

int admission_new(const AdmissionLimits *limits, AdmissionExpel expel, Admission **ret);
/* All guests must have left. */
Admission *admission_free(Admission *admission);
DEFINE_CLEANUP(Admission *, admission_free);

/* Is there room for one more, or can a stranger make some? */
bool admission_has_room(const Admission *admission);

/* Have some been told to leave who are still here? */
bool admission_waits(const Admission *admission);
/* Tells the stranger who has been here longest to leave, if there is one. */
void admission_make_room(Admission *admission);

/* Lets a connection in as a stranger; may expel others. `address` is text. */
int admission_enter(Admission *admission, void *connection, const char *address, Guest **ret);
/*
 * Counts a stranger for another address: that of the client for whom a proxy speaks. May expel
 * others of that address. Returns 0 or -ENOMEM, with nothing changed.
 */
int guest_is_from(Guest *guest, const char *address);
/* It has logged in, or waits only for the hub to complete that. */
void guest_is_known(Guest *guest);
/* The connection is closed. NULL is allowed. */
void guest_leave(Guest *guest);
