/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define GATE_WINDOW_US (60 * USEC_PER_SEC)
#define GATE_ADDRESSES_MAX 10000 /* 1 MB; past that the oldest is forgotten */

/* IPv4 in the first 4 bytes, or the /64 of IPv6; and which of them. */
typedef struct GateKey {
        uint8_t bytes[8];
        uint8_t family;
} GateKey;

typedef struct Failures {
        UT_hash_handle hh; /* in the order of `since`: uthash keeps that of insertion */
        GateKey key;
        usec_t since; /* of the first in this minute */
        uint32_t count;
} Failures;

struct Gate {
        uint32_t max_failures;
        Failures *failures;
};

int gate_new(uint32_t max_failures, Gate **ret)
{
        Gate *gate = calloc(1, sizeof(*gate));

        if (!gate)
                return -ENOMEM;
        gate->max_failures = max_failures;
        *ret = gate;
        return 0;
}

static void forget(Gate *gate, Failures *failures)
{
        HASH_DEL(gate->failures, failures);
        free(failures);
}

Gate *gate_free(Gate *gate)
{
        if (!gate)
                return NULL;
        while (gate->failures)
                forget(gate, gate->failures);
        free(gate);
        return NULL;
}

static GateKey key_of(const char *address)
{
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        struct in6_addr v6;
        GateKey key;

        memset(&key, 0, sizeof(key));
        if (inet_pton(AF_INET6, address, &v6) == 1) {
                bool is_v4 = memcmp(v6.s6_addr, mapped, sizeof(mapped)) == 0;

                key.family = is_v4 ? 4 : 6;
                memcpy(key.bytes, v6.s6_addr + (is_v4 ? 12 : 0), is_v4 ? 4 : 8);
        } else if (inet_pton(AF_INET, address, key.bytes) == 1) {
                key.family = 4;
        }
        return key;
}

static void forget_old(Gate *gate, usec_t now)
{
        while (gate->failures && (gate->failures->since + GATE_WINDOW_US <= now ||
                                  HASH_COUNT(gate->failures) >= GATE_ADDRESSES_MAX))
                forget(gate, gate->failures);
}

static Failures *find(Gate *gate, const GateKey *key)
{
        Failures *failures;

        HASH_FIND(hh, gate->failures, key, sizeof(*key), failures);
        return failures;
}

bool gate_is_open(Gate *gate, const char *address, usec_t now)
{
        GateKey key = key_of(address);

        if (gate->max_failures == 0)
                return true;
        forget_old(gate, now);
        Failures *failures = find(gate, &key);
        return !failures || failures->count < gate->max_failures;
}

void gate_note_failure(Gate *gate, const char *address, usec_t now)
{
        GateKey key = key_of(address);

        forget_old(gate, now);
        Failures *failures = find(gate, &key);
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
        HASH_ADD(hh, gate->failures, key, sizeof(failures->key), failures);
        if (!failures->hh.tbl)
                free(failures);
}
