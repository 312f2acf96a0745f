/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exchange/branch.h"

#include <errno.h>

#include "exchange/device.h"

int exchange_branch_new(CallLeg *leg, Device *device, Branch **ret)
{
        Branch *branch = calloc(1, sizeof(*branch));

        if (!branch)
                return -ENOMEM;
        branch->leg = leg;
        branch->device = device;
        DL_APPEND2(leg->branches, branch, leg_prev, leg_next);
        DL_APPEND2(device->branches, branch, device_prev, device_next);
        if (ret)
                *ret = branch;
        return 0;
}

Branch *exchange_branch_find(const CallLeg *leg, const Device *device)
{
        Branch *branch;

        DL_FOREACH2 (device->branches, branch, device_next) {
                if (branch->leg == leg)
                        return branch;
        }
        return NULL;
}

void exchange_branch_free(Branch *branch)
{
        Device *device = branch->device;

        DL_DELETE2(branch->leg->branches, branch, leg_prev, leg_next);
        DL_DELETE2(device->branches, branch, device_prev, device_next);
        free(branch);
        exchange_device_free_unused(device);
}
