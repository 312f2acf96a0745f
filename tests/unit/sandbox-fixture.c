/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox-fixture.h"

#include <check.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "media/sandbox.h"

int in_sandbox(unsigned needs, int (*act)(void))
{
        int status;
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                if (sandbox_enter(needs) < 0)
                        _exit(NO_SANDBOX);
                _exit(act());
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

int sandbox_refusal_of_files(void)
{
#ifndef TRING_SANITIZERS
        if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0)
                return EACCES;
#endif
        return DONE;
}
