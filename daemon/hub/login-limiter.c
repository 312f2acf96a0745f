/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/login-limiter.h"

#include <errno.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "hub/address-key.h"

#define LIMITER_WINDOW_US (60 * USEC_PER_SEC)
#define LIMITER_ADDRESSES_MAX 10000 /* 1 MB; beyond that the oldest is forgotten */

typedef struct Failures {
        UT_hash_handle hh; /* ordered by `since`: uthash keeps the order of insertion */
        AddressKey key;
        usec_t since; /* of the first failure in this minute */
        uint32_t count;
} Failures;

struct LoginLimiter {
        uint32_t max_failures;
        Failures *failures;
};

int login_limiter_new(uint32_t max_failures, LoginLimiter **ret)
{
        LoginLimiter *limiter = calloc(1, sizeof(*limiter));

        if (!limiter)
                return -ENOMEM;
        limiter->max_failures = max_failures;
        *ret = limiter;
        return 0;
}

void login_limiter_set_max(LoginLimiter *limiter, uint32_t max_failures)
{
        limiter->max_failures = max_failures;
}

static void forget(LoginLimiter *limiter, Failures *failures)
{
        HASH_DEL(limiter->failures, failures);
        free(failures);
}

LoginLimiter *login_limiter_free(LoginLimiter *limiter)
{
        if (!limiter)
                return NULL;
        while (limiter->failures)
                forget(limiter, limiter->failures);
        free(limiter);
        return NULL;
}

static void forget_old(LoginLimiter *limiter, usec_t now)
{
        while (limiter->failures && (limiter->failures->since + LIMITER_WINDOW_US <= now ||
                                     HASH_COUNT(limiter->failures) >= LIMITER_ADDRESSES_MAX))
                forget(limiter, limiter->failures);
}

static Failures *find(LoginLimiter *limiter, const AddressKey *key)
{
        Failures *failures;

        HASH_FIND(hh, limiter->failures, key, sizeof(*key), failures);
        return failures;
}

bool login_limiter_is_open(LoginLimiter *limiter, const char *address, usec_t now)
{
        AddressKey key = address_key(address);

        if (limiter->max_failures == 0)
                return true;
        forget_old(limiter, now);
        Failures *failures = find(limiter, &key);
        return !failures || failures->count < limiter->max_failures;
}

void login_limiter_note_failure(LoginLimiter *limiter, const char *address, usec_t now)
{
        AddressKey key = address_key(address);

        forget_old(limiter, now);
        Failures *failures = find(limiter, &key);
        if (failures) {
                failures->count++;
                return;
        }
        failures = calloc(1, sizeof(*failures));
        if (!failures)
                return;
        failures->key = key;
        failures->since = now;
        failures->count = 1;
        HASH_ADD(hh, limiter->failures, key, sizeof(failures->key), failures);
        if (!failures->hh.tbl)
                free(failures);
}
