/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A token in a descriptor: it is in no argument of a program and in no message that a monitor of
 * the bus can read.
 */

#include "model/message.h"

/*
 * Reads the token, without the line end behind it, and waits for nothing: it has to be there, as in
 * a file, a memfd, or a pipe that was written to and closed. Returns 0; -EAGAIN: the end has not
 * come; -EOPNOTSUPP: of a kind that may have to be waited for; -E2BIG: more than a token; -EBADMSG:
 * it has a NUL in it; or another negative errno. The flags of the descriptor, which its sender has
 * as well, stay as they are.
 */
int token_read_descriptor(int fd, char ret[static TOKEN_MAX + 1]);
