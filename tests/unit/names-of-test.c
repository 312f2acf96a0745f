/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "names-of-test.h"

#include <netdb.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/str.h"

static atomic_uint n_asked;

int __real_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret);

/* In a thread of its own (loop/resolve.c), which ends with the process. */
int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret)
{
        const struct addrinfo numeric = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};

        atomic_fetch_add(&n_asked, 1);
        if (str_eq(name, "slow.test"))
                pause();
        if (str_eq(name, "v4.test"))
                return __real_getaddrinfo("192.0.2.7", service, &numeric, ret);
        if (str_eq(name, "v6.test"))
                return __real_getaddrinfo("2001:db8::1", service, &numeric, ret);
        return EAI_NONAME;
}

unsigned names_asked(void)
{
        return atomic_load(&n_asked);
}
