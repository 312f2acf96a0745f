/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/redial.h"

#include <errno.h>

static const usec_t pauses[] = {REDIAL_PAUSE_FIRST_US, REDIAL_PAUSE_SECOND_US,
                                REDIAL_PAUSE_LAST_US};

static RedialKey redial_key(const char *caller, const char *receiver)
{
        RedialKey key = {0}; /* zeroed: the hash covers the bytes behind the strings, too */

        STR_SET(key.caller, caller);
        STR_SET(key.receiver, receiver);
        return key;
}

static Redial *redial_find(const Exchange *exchange, const char *caller, const char *receiver)
{
        RedialKey key = redial_key(caller, receiver);
        Redial *redial = NULL;

        HASH_FIND(hh, exchange->redials, &key, sizeof(key), redial);
        return redial;
}

static void redial_free(Exchange *exchange, Redial *redial)
{
        HASH_DEL(exchange->redials, redial);
        DL_DELETE(exchange->redials_by_age, redial);
        free(redial);
}

static void forget_old(Exchange *exchange, usec_t now)
{
        while (exchange->redials_by_age && exchange->redials_by_age->last + REDIAL_MEMORY_US <= now)
                redial_free(exchange, exchange->redials_by_age);
}

usec_t exchange_redial_wait(const Exchange *exchange, const char *caller, const char *receiver,
                            usec_t now)
{
        const Redial *redial = redial_find(exchange, caller, receiver);

        return redial && redial->not_before > now ? redial->not_before - now : 0;
}

int exchange_redial_reserve(Exchange *exchange, const char *caller, const char *receiver,
                            usec_t now)
{
        Redial *redial;

        if (!exchange->limits.redial_pauses)
                return 0;
        forget_old(exchange, now);
        redial = redial_find(exchange, caller, receiver);
        if (redial) {
                redial->last = now;
                DL_DELETE(exchange->redials_by_age, redial);
                DL_APPEND(exchange->redials_by_age, redial);
                return 0;
        }
        redial = calloc(1, sizeof(*redial));
        if (!redial)
                return -ENOMEM;
        redial->key = redial_key(caller, receiver);
        redial->last = now;
        HASH_ADD(hh, exchange->redials, key, sizeof(redial->key), redial);
        if (!redial->hh.tbl) {
                free(redial);
                return -ENOMEM;
        }
        if (HASH_COUNT(exchange->redials) > REDIALS_MAX)
                redial_free(exchange, exchange->redials_by_age);
        DL_APPEND(exchange->redials_by_age, redial);
        return 0;
}

void exchange_redial_unanswered(Exchange *exchange, const char *caller, const char *receiver,
                                usec_t now)
{
        Redial *redial = redial_find(exchange, caller, receiver);

        if (!redial)
                return;
        memmove(redial->ended, redial->ended + 1, sizeof(redial->ended) - sizeof(*redial->ended));
        redial->ended[REDIALS_FREE - 1] = now;
        redial->n_unanswered++;
        bool often =
                redial->n_unanswered >= REDIALS_FREE && now - redial->ended[0] <= REDIAL_WINDOW_US;
        if (redial->n_pauses == 0 && !often)
                return;
        redial->not_before = now + pauses[redial->n_pauses];
        if (redial->n_pauses + 1 < ELEMENTSOF(pauses))
                redial->n_pauses++;
}

void exchange_redial_clear(Exchange *exchange, const char *caller, const char *receiver)
{
        Redial *redial = redial_find(exchange, caller, receiver);

        if (!redial)
                return;
        /* It stays: another ring of the pair, which will count, may not be over yet. */
        redial->n_unanswered = redial->n_pauses = 0;
        redial->not_before = 0;
}

void exchange_redial_forget_user(Exchange *exchange, const char *uid)
{
        Redial *redial, *next;

        DL_FOREACH_SAFE (exchange->redials_by_age, redial, next) {
                if (str_eq(redial->key.caller, uid) || str_eq(redial->key.receiver, uid))
                        redial_free(exchange, redial);
        }
}

void exchange_redial_forget_all(Exchange *exchange)
{
        while (exchange->redials_by_age)
                redial_free(exchange, exchange->redials_by_age);
}
