/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Memory for one JSON tree at a time: allocating only moves a pointer forward, freeing does nothing
 * until the whole tree is gone. Larger trees fall back to malloc().
 *
 * For programs that read JSON in one thread only. Call it before reading any.
 */
void json_use_arena(void);
