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
        Guest *prev, *next;   /* of the crowd */
        Guest *older, *newer; /* of all strangers */
        char address[INET6_ADDRSTRLEN];
};

struct Admission {
        uint32_t max, max_strangers;
        AdmissionExpel expel;
        uint32_t n_guests;
        Crowd *crowds;
        Guest *strangers; /* the oldest first */
};

int admission_new(uint32_t max, uint32_t max_strangers, AdmissionExpel expel, Admission **ret)
{
        Admission *admission = calloc(1, sizeof(*admission));

        if (!admission)
                return -ENOMEM;
        *admission = (Admission){.max = max, .max_strangers = max_strangers, .expel = expel};
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
        return admission->n_guests < admission->max ||
               (admission->strangers && admission->n_guests < admission->max + LEAVING_MAX);
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

static void leave_crowd(Guest *guest)
{
        Crowd *crowd = guest->crowd;

        if (!crowd)
                return;
        guest->crowd = NULL;
        DL_DELETE(crowd->strangers, guest);
        DL_DELETE2(guest->admission->strangers, guest, older, newer);
        if (--crowd->n_strangers > 0)
                return;
        HASH_DEL(guest->admission->crowds, crowd);
        free(crowd);
}

static void expel(Guest *guest, const char *why)
{
        leave_crowd(guest);
        guest->admission->expel(guest->connection, guest->address, why);
}

int admission_enter(Admission *admission, void *connection, const char *address, Guest **ret)
{
        Guest *guest = calloc(1, sizeof(*guest));

        if (!guest)
                return -ENOMEM;
        guest->crowd = crowd_of(admission, address);
        if (!guest->crowd) {
                free(guest);
                return -ENOMEM;
        }
        guest->admission = admission;
        guest->connection = connection;
        (void)STR_SET(guest->address, address);
        DL_APPEND(guest->crowd->strangers, guest);
        DL_APPEND2(admission->strangers, guest, older, newer);
        admission->n_guests++;
        if (++guest->crowd->n_strangers > admission->max_strangers)
                expel(guest->crowd->strangers, "too many connections from its address that have "
                                               "not logged in");
        else if (admission->n_guests > admission->max)
                expel(admission->strangers, "too many connections");
        *ret = guest;
        return 0;
}

void guest_is_known(Guest *guest)
{
        leave_crowd(guest);
}

void guest_leave(Guest *guest)
{
        if (!guest)
                return;
        leave_crowd(guest);
        guest->admission->n_guests--;
        free(guest);
}
