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
typedef struct Crowd {
        UT_hash_handle hh;
        AddressKey key;
        Guest *strangers; /* the oldest first */
        uint32_t n_strangers;
} Crowd;

struct Guest {
        Admission *admission;
        void *connection;
        Crowd *crowd;         /* NULL: known, or told to leave */
        bool is_leaving;      /* told to */
        Guest *prev, *next;   /* of the crowd */
        Guest *older, *newer; /* of all strangers */
        char address[INET6_ADDRSTRLEN];
};

struct Admission {
        AdmissionLimits limits;
        AdmissionExpel expel;
        uint32_t n_guests, n_strangers, n_leaving;
        Crowd *crowds;
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

static Crowd *crowd_of(Admission *admission, const char *address)
{
        AddressKey key = address_key(address);
        Crowd *crowd;

        HASH_FIND(hh, admission->crowds, &key, sizeof(key), crowd);
        if (crowd)
                return crowd;
        crowd = calloc(1, sizeof(*crowd));
        if (!crowd)
                return NULL;
        crowd->key = key;
        HASH_ADD(hh, admission->crowds, key, sizeof(crowd->key), crowd);
        if (!crowd->hh.tbl) {
                free(crowd);
                return NULL;
        }
        return crowd;
}

static void join_crowd(Guest *guest, Crowd *crowd)
{
        guest->crowd = crowd;
        DL_APPEND(crowd->strangers, guest);
        crowd->n_strangers++;
}

static void leave_crowd(Guest *guest)
{
        Crowd *crowd = guest->crowd;

        guest->crowd = NULL;
        DL_DELETE(crowd->strangers, guest);
        if (--crowd->n_strangers > 0)
                return;
        HASH_DEL(guest->admission->crowds, crowd);
        free(crowd);
}

/* Known, or told to leave. */
static void is_no_stranger(Guest *guest)
{
        Admission *admission = guest->admission;

        if (!guest->crowd)
                return;
        leave_crowd(guest);
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

static bool crowd_is_too_big(const Admission *admission, const Crowd *crowd)
{
        return crowd->n_strangers > admission->limits.strangers_per_address;
}

static void expel_of_crowd(Crowd *crowd)
{
        expel(crowd->strangers, "too many connections from its address that have not logged in");
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
        Crowd *crowd;

        if (!guest)
                return -ENOMEM;
        crowd = crowd_of(admission, address);
        if (!crowd) {
                free(guest);
                return -ENOMEM;
        }
        guest->admission = admission;
        guest->connection = connection;
        (void)STR_SET(guest->address, address);
        join_crowd(guest, crowd);
        DL_APPEND2(admission->strangers, guest, older, newer);
        admission->n_strangers++;
        admission->n_guests++;
        if (crowd_is_too_big(admission, crowd))
                expel_of_crowd(crowd);
        else if (admission->n_strangers > limits->strangers ||
                 admission->n_guests > limits->connections)
                admission_make_room(admission);
        *ret = guest;
        return 0;
}

int guest_is_from(Guest *guest, const char *address)
{
        Crowd *crowd;

        if (!guest->crowd || str_eq(guest->address, address))
                return 0;
        crowd = crowd_of(guest->admission, address);
        if (!crowd)
                return -ENOMEM;
        (void)STR_SET(guest->address, address);
        if (crowd == guest->crowd)
                return 0;
        leave_crowd(guest);
        join_crowd(guest, crowd);
        if (crowd_is_too_big(guest->admission, crowd))
                expel_of_crowd(crowd);
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
