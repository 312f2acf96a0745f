/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/admission.h"

#include <arpa/inet.h>
#include <errno.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "base/str.h"
#include "hub/address-key.h"

/*
 * How far above `max` strangers may still come in: those that are told to leave are gone a moment
 * later only.
 */
#define LEAVING_MAX 8

/* The strangers of one address. */
typedef struct Source {
        UT_hash_handle hh;
        AddressKey key;
        Guest *strangers; /* the oldest first */
        uint32_t n_strangers;
} Source;

struct Guest {
        Admission *admission;
        void *connection;
        Source *source;       /* NULL: known, or told to leave */
        bool is_leaving;      /* told to */
        Guest *prev, *next;   /* of the source */
        Guest *older, *newer; /* of all strangers */
        char address[INET6_ADDRSTRLEN];
};

struct Admission {
        AdmissionLimits limits;
        AdmissionExpel expel;
        uint32_t n_guests, n_strangers, n_leaving;
        Source *sources;
        Guest *strangers; /* the oldest first */
};

AdmissionLimits admission_limits(uint32_t max_connections)
{
        return (AdmissionLimits){
                .connections = max_connections,
                .strangers = MIN_OF((max_connections + 1) / 2, STRANGERS_MAX),
                .strangers_per_address =
                        MIN_OF((max_connections + 3) / 4, STRANGERS_PER_ADDRESS_MAX),
        };
}

int admission_new(const AdmissionLimits *limits, AdmissionExpel expel, Admission **ret)
{
        Admission *admission = calloc(1, sizeof(*admission));

        if (!admission)
                return -ENOMEM;
        *admission = (Admission){.limits = *limits, .expel = expel};
        *ret = admission;
        return 0;
}

Admission *admission_free(Admission *admission)
{
        free(admission);
        return NULL;
}

bool admission_has_room(const Admission *admission)
{
        uint32_t max = admission->limits.connections;

        return admission->n_guests < max ||
               (admission->strangers && admission->n_guests < max + LEAVING_MAX);
}

bool admission_waits(const Admission *admission)
{
        return admission->n_leaving > 0;
}

static Source *source_of(Admission *admission, const char *address)
{
        AddressKey key = address_key(address);
        Source *source;

        HASH_FIND(hh, admission->sources, &key, sizeof(key), source);
        if (source)
                return source;
        source = calloc(1, sizeof(*source));
        if (!source)
                return NULL;
        source->key = key;
        HASH_ADD(hh, admission->sources, key, sizeof(source->key), source);
        if (!source->hh.tbl) {
                free(source);
                return NULL;
        }
        return source;
}

static void add_to_source(Guest *guest, Source *source)
{
        guest->source = source;
        DL_APPEND(source->strangers, guest);
        source->n_strangers++;
}

static void remove_from_source(Guest *guest)
{
        Source *source = guest->source;

        guest->source = NULL;
        DL_DELETE(source->strangers, guest);
        if (--source->n_strangers > 0)
                return;
        HASH_DEL(guest->admission->sources, source);
        free(source);
}

/* It has logged in, or was told to leave. */
static void is_no_stranger(Guest *guest)
{
        Admission *admission = guest->admission;

        if (!guest->source)
                return;
        remove_from_source(guest);
        DL_DELETE2(admission->strangers, guest, older, newer);
        admission->n_strangers--;
}

static void expel(Guest *guest, const char *why)
{
        Admission *admission = guest->admission;

        is_no_stranger(guest);
        guest->is_leaving = true;
        admission->n_leaving++;
        admission->expel(guest->connection, guest->address, why);
}

static bool source_has_too_many(const Admission *admission, const Source *source)
{
        return source->n_strangers > admission->limits.strangers_per_address;
}

static void expel_oldest(Source *source)
{
        expel(source->strangers, "too many connections from its address that have not logged in");
}

void admission_make_room(Admission *admission)
{
        if (admission->strangers)
                expel(admission->strangers, "too many connections");
}

int admission_enter(Admission *admission, void *connection, const char *address, Guest **ret)
{
        const AdmissionLimits *limits = &admission->limits;
        Guest *guest = calloc(1, sizeof(*guest));
        Source *source;

        if (!guest)
                return -ENOMEM;
        source = source_of(admission, address);
        if (!source) {
                free(guest);
                return -ENOMEM;
        }
        guest->admission = admission;
        guest->connection = connection;
        (void)STR_SET(guest->address, address);
        add_to_source(guest, source);
        DL_APPEND2(admission->strangers, guest, older, newer);
        admission->n_strangers++;
        admission->n_guests++;
        if (source_has_too_many(admission, source))
                expel_oldest(source);
        else if (admission->n_strangers > limits->strangers ||
                 admission->n_guests > limits->connections)
                admission_make_room(admission);
        *ret = guest;
        return 0;
}

int guest_is_from(Guest *guest, const char *address)
{
        Source *source;

        if (!guest->source || str_eq(guest->address, address))
                return 0;
        source = source_of(guest->admission, address);
        if (!source)
                return -ENOMEM;
        (void)STR_SET(guest->address, address);
        if (source == guest->source)
                return 0;
        remove_from_source(guest);
        add_to_source(guest, source);
        if (source_has_too_many(guest->admission, source))
                expel_oldest(source);
        return 0;
}

void guest_is_known(Guest *guest)
{
        is_no_stranger(guest);
}

void guest_leave(Guest *guest)
{
        if (!guest)
                return;
        is_no_stranger(guest);
        guest->admission->n_guests--;
        guest->admission->n_leaving -= guest->is_leaving;
        free(guest);
}
