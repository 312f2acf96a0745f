/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/admin.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/socket-path.h"
#include "hub/admin-routes.h"

#define CHUNK_SIZE 16384 /* bytes of a reply written at a time */
#define VALUE_MAX 512    /* bytes of a query's value: four times the longest legal one */

struct Admin {
        HubDatabase *database;
        Hub *hub;
        struct sockaddr_un address; /* lws keeps only a pointer to its path */
        int folder;                 /* that the address needs, or -1 */
};

/* One request: collects the body, if the request has one, and then holds the reply. */
typedef struct Answer {
        OperatorVerb verb;
        char *guid; /* owned; from the query, until the body is complete */
        char *body; /* owned; NULL: the request has no body */
        size_t body_length;
        char *text; /* owned */
        size_t length, sent;
} Answer;

static int admin_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                          size_t length);

static const struct lws_protocols admin_protocols[] = {
        {.name = "http", .callback = admin_callback, .per_session_data_size = sizeof(Answer)},
        {0},
};

static const lws_retry_bo_t no_keep_alive = {0};

static unsigned status_of(int error)
{
        for (size_t i = 0; i < ELEMENTSOF(admin_statuses); i++)
                if (admin_statuses[i].error == error)
                        return admin_statuses[i].status;
        return HTTP_STATUS_INTERNAL_SERVER_ERROR;
}

static const char *method_of(struct lws *wsi)
{
        char *uri;
        int uri_length;

        switch (lws_http_get_uri_and_method(wsi, &uri, &uri_length)) {
        case LWSHUMETH_GET:
                return "GET";
        case LWSHUMETH_POST:
                return "POST";
        case LWSHUMETH_DELETE:
                return "DELETE";
        default:
                return "";
        }
}

static const AdminRoute *find_route(const char *method, const char *path)
{
        for (size_t i = 0; i < ELEMENTSOF(admin_routes); i++)
                if (str_eq(admin_routes[i].method, method) && str_eq(admin_routes[i].path, path))
                        return &admin_routes[i];
        return NULL;
}

static int answer_begin(struct lws *wsi, Answer *answer, unsigned status)
{
        unsigned char buffer[LWS_PRE + 512];
        unsigned char *start = buffer + LWS_PRE, *at = start, *end = buffer + sizeof(buffer) - 1;

        if (lws_add_http_common_headers(wsi, status, "text/plain; charset=utf-8", answer->length,
                                        &at, end) ||
            lws_finalize_write_http_header(wsi, start, &at, end))
                return -1;
        lws_callback_on_writable(wsi);
        return 0;
}

static int answer_continue(struct lws *wsi, Answer *answer)
{
        unsigned char buffer[LWS_PRE + CHUNK_SIZE];
        size_t n = MIN_OF(answer->length - answer->sent, (size_t)CHUNK_SIZE);
        bool last = answer->sent + n == answer->length;

        memcpy(buffer + LWS_PRE, answer->text + answer->sent, n);
        if (lws_write(wsi, buffer + LWS_PRE, n, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) !=
            (int)n)
                return -1;
        answer->sent += n;
        if (!last) {
                lws_callback_on_writable(wsi);
                return 0;
        }
        return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static void answer_done(Answer *answer)
{
        if (answer->text)
                explicit_bzero(answer->text, answer->length); /* it may hold a token */
        free(answer->text);
        free(answer->guid);
        free(answer->body);
        *answer = (Answer){0};
}

static int answer_run(Admin *admin, struct lws *wsi, const OperatorRequest *request, Answer *answer)
{
        int r = operator_run(admin->database, admin->hub, request, &answer->text);

        if (!answer->text)
                return -1;
        answer->length = strlen(answer->text);
        return answer_begin(wsi, answer, status_of(r));
}

static bool has_body(struct lws *wsi)
{
        char length[8]; /* a longer number is truncated, but not empty */
        int n = lws_hdr_copy(wsi, length, sizeof(length), WSI_TOKEN_HTTP_CONTENT_LENGTH);

        return n != 0 && !str_eq(length, "0");
}

/* Runs the request, or waits for its body: values are in the query, a list of uids in the body. */
static int admin_serve(Admin *admin, struct lws *wsi, const char *path, Answer *answer)
{
        char uid[VALUE_MAX], guid[VALUE_MAX], name[VALUE_MAX], device[VALUE_MAX], id[VALUE_MAX];
        char shown[VALUE_MAX];
        const AdminRoute *route = find_route(method_of(wsi), path);
        OperatorRequest request = {
                .uid = lws_get_urlarg_by_name(wsi, "uid=", uid, sizeof(uid)),
                .guid = lws_get_urlarg_by_name(wsi, "guid=", guid, sizeof(guid)),
                .name = lws_get_urlarg_by_name(wsi, "name=", name, sizeof(name)),
                .device = lws_get_urlarg_by_name(wsi, "device=", device, sizeof(device)),
                .id = lws_get_urlarg_by_name(wsi, "id=", id, sizeof(id)),
        };

        answer_done(answer);
        if (!route) {
                answer->text = str_printf("unsupported request: %s %s", method_of(wsi),
                                          str_printable(shown, sizeof(shown), path));
                answer->length = answer->text ? strlen(answer->text) : 0;
                return answer->text ? answer_begin(wsi, answer, HTTP_STATUS_NOT_FOUND) : -1;
        }
        request.verb = route->verb;
        if (!has_body(wsi))
                return answer_run(admin, wsi, &request, answer);
        answer->verb = route->verb;
        answer->guid = strdup(request.guid ?: "");
        answer->body = malloc(ADMIN_BODY_MAX + 1);
        return answer->guid && answer->body ? 0 : -1;
}

static int answer_take_body(Answer *answer, const char *data, size_t length)
{
        if (!answer->body)
                return 0;
        if (answer->body_length + length > ADMIN_BODY_MAX)
                return -1;
        memcpy(answer->body + answer->body_length, data, length);
        answer->body_length += length;
        return 0;
}

/* The body is complete: one uid per line. */
static int admin_serve_body(Admin *admin, struct lws *wsi, Answer *answer)
{
        OperatorRequest request = {.verb = answer->verb, .guid = answer->guid};
        size_t n = 0;

        if (!answer->body)
                return 0;
        answer->body[answer->body_length] = '\0';
        _cleanup_free_ const char **uids = calloc(answer->body_length / 2 + 1, sizeof(*uids));
        if (!uids)
                return -1;
        for (char *rest = answer->body, *line; (line = strsep(&rest, "\n"));)
                if (*line)
                        uids[n++] = line;
        request.uids = uids;
        request.n_uids = n;
        return answer_run(admin, wsi, &request, answer);
}

static int admin_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                          size_t length)
{
        Answer *answer = user;

        switch ((int)reason) { /* an int: -Wswitch-enum would want every reason of lws */
        case LWS_CALLBACK_HTTP:
                return admin_serve(lws_vhost_user(lws_get_vhost(wsi)), wsi, in, answer);
        case LWS_CALLBACK_HTTP_WRITEABLE:
                return answer->text ? answer_continue(wsi, answer) : 0;
        case LWS_CALLBACK_CLOSED_HTTP:
                if (answer)
                        answer_done(answer);
                return 0;
        case LWS_CALLBACK_HTTP_BODY:
                return answer_take_body(answer, in, length);
        case LWS_CALLBACK_HTTP_BODY_COMPLETION:
                return admin_serve_body(lws_vhost_user(lws_get_vhost(wsi)), wsi, answer);
        case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: /* an upgrade: not supported here */
                return -1;
        default:
                return lws_callback_http_dummy(wsi, reason, user, in, length);
        }
}

int admin_new(struct lws_context *context, const char *state, HubDatabase *database, Hub *hub,
              Admin **ret, char **ret_text)
{
        _cleanup_(admin_freep) Admin *admin = calloc(1, sizeof(*admin));
        struct lws_context_creation_info info = {
                .vhost_name = "admin",
                .protocols = admin_protocols,
                .user = admin,
                .retry_and_idle_policy = &no_keep_alive,
                .options = LWS_SERVER_OPTION_UNIX_SOCK | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
        };

        if (!admin)
                return -ENOMEM;
        admin->folder = -1;
        _cleanup_free_ char *path = str_printf("%s/" ADMIN_SOCKET, state);
        if (!path)
                return -ENOMEM;
        int r = socket_path_address(path, &admin->address, &admin->folder);
        if (r < 0) {
                *ret_text = str_printf("cannot listen on %s: %s", path, strerror(-r));
                return r;
        }
        admin->database = database;
        admin->hub = hub;
        /* We hold the folder's lock, so this socket is left over from a hub that was killed. */
        (void)unlink(admin->address.sun_path);
        info.iface = admin->address.sun_path;
        mode_t mask = umask(0077);
        struct lws_vhost *vhost = lws_create_vhost(context, &info);
        umask(mask);
        if (!vhost) {
                *ret_text = str_printf("cannot listen on %s", path);
                return -EIO;
        }
        *ret = TAKE_PTR(admin);
        return 0;
}

Admin *admin_free(Admin *admin)
{
        if (!admin)
                return NULL;
        closep(&admin->folder);
        free(admin);
        return NULL;
}
