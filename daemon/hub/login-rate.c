/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/login-rate.h"

#include <errno.h>
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "model/record.h"

#define RATE_WINDOW_US (60 * USEC_PER_SEC)

typedef struct Logins {
        UT_hash_handle hh; /* ordered by `since`: uthash keeps the order of insertion */
        char uid[UID_MAX + 1];
        usec_t since; /* of the first one in this minute */
        uint32_t count;
} Logins;

/* Users who have logged in within a minute: no more than there are tokens. */
struct LoginRate {
        Logins *users;
};

int login_rate_new(LoginRate **ret)
{
        LoginRate *rate = calloc(1, sizeof(*rate));

        if (!rate)
                return -ENOMEM;
        *ret = rate;
        return 0;
}

static void forget(LoginRate *rate, Logins *logins)
{
        HASH_DEL(rate->users, logins);
        free(logins);
}

LoginRate *login_rate_free(LoginRate *rate)
{
        if (!rate)
                return NULL;
        while (rate->users)
                forget(rate, rate->users);
        free(rate);
        return NULL;
}

static void forget_old(LoginRate *rate, usec_t now)
{
        while (rate->users && now - rate->users->since >= RATE_WINDOW_US)
                forget(rate, rate->users);
}

static Logins *add(LoginRate *rate, const char *uid, usec_t now)
{
        Logins *logins = calloc(1, sizeof(*logins));

        if (!logins)
                return NULL;
        STR_SET(logins->uid, uid);
        logins->since = now;
        HASH_ADD_STR(rate->users, uid, logins);
        if (!logins->hh.tbl) {
                free(logins);
                return NULL;
        }
        return logins;
}

int login_rate_note(LoginRate *rate, const char *uid, usec_t now, usec_t *ret_wait)
{
        Logins *logins;

        forget_old(rate, now);
        HASH_FIND_STR(rate->users, uid, logins);
        if (!logins)
                logins = add(rate, uid, now);
        if (!logins)
                return -ENOMEM;
        if (logins->count >= FULL_LOGINS_PER_MINUTE) {
                *ret_wait = logins->since + RATE_WINDOW_US - now;
                return -EAGAIN;
        }
        logins->count++;
        return 0;
}
