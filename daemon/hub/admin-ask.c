/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/socket-path.h"
#include "hub/admin-routes.h"
#include "hub/admin.h"

#define ANSWER_TIMEOUT_S 10
#define CHUNK_SIZE 65536

static int admin_connect(const char *state, int *ret)
{
        struct sockaddr_un address;
        _cleanup_free_ char *path = str_printf("%s/" ADMIN_SOCKET, state);
        _cleanup_close_ int folder = -1;
        struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        int r = path ? socket_path_address(path, &address, &folder) : -ENOMEM;
        if (r < 0)
                return r == -ENOENT ? -ECONNREFUSED : r;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return errno == ENOENT ? -ECONNREFUSED : -errno;
        *ret = TAKE_FD(fd);
        return 0;
}

static void put_value(FILE *out, char *separator, const char *name, const char *value)
{
        if (str_empty(value))
                return;
        fprintf(out, "%c%s=", *separator, name);
        *separator = '&';
        for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
                if (isalnum(*c) && *c < 0x80)
                        fputc(*c, out);
                else
                        fprintf(out, "%%%02X", *c);
        }
}

static size_t body_length(const OperatorRequest *request)
{
        size_t length = 0;

        for (size_t i = 0; i < request->n_uids; i++)
                length += strlen(request->uids[i]) + 1;
        return length;
}

static int admin_send(int fd, const OperatorRequest *request)
{
        _cleanup_free_ char *text = NULL;
        char separator = '?';
        size_t length;
        FILE *out = open_memstream(&text, &length);

        if (!out)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(admin_routes); i++)
                if (admin_routes[i].verb == request->verb)
                        fprintf(out, "%s %s", admin_routes[i].method, admin_routes[i].path);
        put_value(out, &separator, "uid", request->uid);
        put_value(out, &separator, "guid", request->guid);
        put_value(out, &separator, "name", request->name);
        put_value(out, &separator, "device", request->device);
        put_value(out, &separator, "id", request->id);
        fprintf(out, " HTTP/1.1\r\nHost: hub\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                body_length(request));
        for (size_t i = 0; i < request->n_uids; i++)
                fprintf(out, "%s\n", request->uids[i]);
        if (fclose(out) != 0)
                return -ENOMEM;
        for (size_t sent = 0; sent < length;) {
                ssize_t n = send(fd, text + sent, length - sent, MSG_NOSIGNAL);

                if (n < 0)
                        return -errno;
                sent += (size_t)n;
        }
        return 0;
}

static int admin_receive(int fd, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t length = 0;
        ssize_t n;

        do {
                char *grown = realloc(text, length + CHUNK_SIZE + 1);

                if (!grown)
                        return -ENOMEM;
                text = grown;
                n = recv(fd, text + length, CHUNK_SIZE, 0);
                if (n < 0)
                        return -errno;
                length += (size_t)n;
        } while (n > 0);
        text[length] = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}

static int error_of(unsigned status)
{
        for (size_t i = 0; i < ELEMENTSOF(admin_statuses); i++)
                if (admin_statuses[i].status == status)
                        return admin_statuses[i].error;
        return -EIO;
}

int admin_ask(const char *state, const OperatorRequest *request, char **ret_text)
{
        _cleanup_close_ int fd = -1;
        _cleanup_free_ char *answer = NULL;
        unsigned status;

        *ret_text = NULL;
        int r = admin_connect(state, &fd);
        if (r == -ECONNREFUSED)
                return r;
        if (r < 0) {
                *ret_text =
                        str_printf("cannot use the state folder \"%s\": %s", state, strerror(-r));
                return r;
        }
        r = admin_send(fd, request);
        if (r >= 0)
                r = admin_receive(fd, &answer);
        if (r < 0) {
                *ret_text = str_printf("the running hub did not answer: %s", strerror(-r));
                return -EPROTO;
        }
        const char *body = strstr(answer, "\r\n\r\n");
        if (sscanf(answer, "HTTP/1.1 %u", &status) != 1 || !body) {
                *ret_text = strdup("the running hub sent a malformed reply");
                return -EPROTO;
        }
        *ret_text = strdup(body + 4);
        return *ret_text ? error_of(status) : -ENOMEM;
}
