/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Makes cJSON take its memory from a fixed arena, meant for one tree at a time: allocating only
 * moves a pointer forward, and the arena is empty again once all blocks are freed. What does not
 * fit comes from malloc().
 *
 * For programs that read JSON in one thread only. Call it before reading any.
 */
void json_use_arena(void);
