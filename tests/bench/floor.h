/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the programs of the floor agree on.
 */

#define FLOOR_NAME "org.tring.Floor1"
#define FLOOR_PATH "/org/tring/Floor1"
#define FLOOR_PAYLOAD 600 /* bytes: about what a ring weighs as JSON */
