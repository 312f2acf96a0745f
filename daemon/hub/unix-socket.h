/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A listening unix socket that every user of the machine may connect to: a token decides who gets
 * in. They can tell from the socket's owner, which nobody can forge, whose hub it is.
 */

#define UNIX_SOCKET_PATH_MAX 107 /* bytes; as in sockaddr_un */

/*
 * Replaces a socket on which nobody listens any more. Returns 0, -ENOMEM, or a negative
 * errno with a sentence in *ret_text (the caller frees it): -EADDRINUSE if another program listens
 * there, -EEXIST for a file that is not a socket.
 */
int unix_socket_listen(const char *path, int *ret_fd, char **ret_text);
/* Removes the file of a listening socket. */
void unix_socket_remove(int fd);
