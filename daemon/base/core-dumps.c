/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/core-dumps.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"

void core_dumps_forbid(void)
{
        const struct rlimit none = {0};

        if (setrlimit(RLIMIT_CORE, &none) < 0)
                log_warning("cannot forbid core dumps: %s", strerror(errno));
}
