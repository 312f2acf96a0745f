/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/sandbox.h"

#include <errno.h>
#include <sys/prctl.h>

int sandbox_enter(void)
{
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}
