/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Memory for one tree of JSON at a time, which is gone before the next is read: taking it from here
 * is a step forward, and giving it back none at all. What does not fit comes from malloc().
 *
 * For programs that read JSON in one thread alone. To be called before any of it is read.
 */
void json_use_arena(void);
