/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A unix socket's path has at most 107 bytes, but its folder may be deeper than that: in a
 * container, or in somebody's test. Such a socket is reached through a descriptor of its folder.
 */

#include <sys/un.h>

/*
 * Writes an address for `path`. If that is too long, the address leads by a descriptor in
 * *ret_folder, which the caller closes after the last use of the address; else that is -1. Returns
 * 0, -ENAMETOOLONG (the name alone is too long), or the error of opening the folder.
 */
int socket_path_address(const char *path, struct sockaddr_un *ret, int *ret_folder);
