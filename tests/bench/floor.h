/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Constants that the programs of the floor share. */

#define FLOOR_NAME "org.tring.Floor1"
#define FLOOR_PATH "/org/tring/Floor1"
#define FLOOR_PAYLOAD 600 /* bytes: about the size of a ring as JSON */
