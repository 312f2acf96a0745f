/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/change-number.h"

#include "base/cleanup.h"

usec_t change_number_next(usec_t last, usec_t date)
{
        return MAX_OF(date, last + 1);
}

usec_t change_number_since(usec_t since, usec_t last)
{
        return since > last ? 0 : since;
}
