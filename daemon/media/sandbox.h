/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the worker gives up, because it reads packets from strangers.
 */

/* Nothing that is run from here can gain privileges. Returns 0 or negative errno. */
int sandbox_enter(void);
