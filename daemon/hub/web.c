/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/web.h"

#include "base/str.h"
#include "wire/wire.h"

#define CHUNK_SIZE 16384 /* bytes of a file written at a time */
#define HEADERS_MAX 2048 /* bytes; ours have 1 kB */

/* The reply to one request on its way out. */
typedef struct Answer {
        WebFiles *files; /* owned; holds `content`. NULL: `content` is a constant */
        const unsigned char *content;
        size_t length, sent;
} Answer;

static void answer_done(Answer *answer)
{
        web_files_unref(answer->files);
        *answer = (Answer){};
}

/*
 * The page needs its own files, its own hub, microphone and camera, and nothing else. Injected code
 * can load nothing and send nothing elsewhere, and no other page can show this one in a frame.
 */
static const struct {
        const char *name, *value;
} page_headers[] = {
        {"content-security-policy:",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
         "media-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
         "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
         "trusted-types 'none'"},
        {"permissions-policy:",
         "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()"},
        {"cross-origin-opener-policy:", "same-origin"},
        {"cross-origin-resource-policy:", "same-origin"},
        {"referrer-policy:", "no-referrer"},
        {"x-content-type-options:", "nosniff"},
        /* The browser revalidates each file by its tag, so that page and hub are of one version. */
        {"cache-control:", "no-cache"},
};

typedef struct Head {
        unsigned status;
        const char *type;
        size_t length;
        const char *tag; /* or NULL */
        bool allow;      /* lists the allowed methods */
} Head;

static int add_header(struct lws *wsi, const char *name, const char *value, unsigned char **at,
                      unsigned char *end)
{
        return lws_add_http_header_by_name(wsi, (const unsigned char *)name,
                                           (const unsigned char *)value, (int)strlen(value), at,
                                           end);
}

static int send_head(struct lws *wsi, const Head *head)
{
        unsigned char buffer[LWS_PRE + HEADERS_MAX];
        unsigned char *start = buffer + LWS_PRE, *at = start, *end = buffer + sizeof(buffer) - 1;
        int r = lws_add_http_common_headers(wsi, head->status, head->type, head->length, &at, end);

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(page_headers); i++)
                r = add_header(wsi, page_headers[i].name, page_headers[i].value, &at, end);
        if (r == 0 && head->tag)
                r = add_header(wsi, "etag:", head->tag, &at, end);
        if (r == 0 && head->allow)
                r = add_header(wsi, "allow:", "GET, HEAD", &at, end);
        return r == 0 && lws_finalize_write_http_header(wsi, start, &at, end) == 0 ? 0 : -1;
}

/* -1: lws closes the connection. */
static int finish(struct lws *wsi)
{
        return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int answer_begin(struct lws *wsi, Answer *answer, const Head *head, const void *content,
                        bool head_only)
{
        if (send_head(wsi, head) < 0)
                return -1;
        if (head_only || head->length == 0)
                return finish(wsi);
        answer->content = content;
        answer->length = head->length;
        lws_callback_on_writable(wsi);
        return 0;
}

static int answer_continue(struct lws *wsi, Answer *answer)
{
        unsigned char buffer[LWS_PRE + CHUNK_SIZE];
        size_t n = MIN_OF(answer->length - answer->sent, (size_t)CHUNK_SIZE);
        bool last = answer->sent + n == answer->length;

        if (!answer->content)
                return 0;
        memcpy(buffer + LWS_PRE, answer->content + answer->sent, n);
        if (lws_write(wsi, buffer + LWS_PRE, n, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) !=
            (int)n)
                return -1;
        answer->sent += n;
        if (last) {
                answer_done(answer);
                return finish(wsi);
        }
        lws_callback_on_writable(wsi);
        return 0;
}

static int answer_text(struct lws *wsi, Answer *answer, unsigned status, const char *text,
                       bool head_only)
{
        Head head = {.status = status,
                     .type = "text/plain; charset=utf-8",
                     .length = strlen(text),
                     .allow = status == HTTP_STATUS_METHOD_NOT_ALLOWED};

        return answer_begin(wsi, answer, &head, text, head_only);
}

static bool browser_has(struct lws *wsi, const WebFile *file)
{
        char tags[512];

        return lws_hdr_copy(wsi, tags, sizeof(tags), WSI_TOKEN_HTTP_IF_NONE_MATCH) > 0 &&
               strstr(tags, file->tag);
}

static int serve_path(WebFiles *files, struct lws *wsi, const char *path, Answer *answer)
{
        char *uri;
        int uri_length, method = lws_http_get_uri_and_method(wsi, &uri, &uri_length);
        bool head_only = method == LWSHUMETH_HEAD;
        const WebFile *file = files ? web_files_find(files, path) : NULL;

        answer_done(answer);
        if (method != LWSHUMETH_GET && !head_only) {
                /* Nobody reads the body that may follow, so the connection is closed. */
                (void)answer_text(wsi, answer, HTTP_STATUS_METHOD_NOT_ALLOWED, "", true);
                return -1;
        }
        if (!file)
                return answer_text(wsi, answer, HTTP_STATUS_NOT_FOUND,
                                   files ? "there is no such page here\n"
                                         : "there is no page here: devices connect to " WIRE_PATH
                                           " by WebSocket\n",
                                   head_only);
        Head head = {.status = HTTP_STATUS_OK,
                     .type = file->type,
                     .length = file->length,
                     .tag = file->tag};
        if (browser_has(wsi, file)) {
                head.status = HTTP_STATUS_NOT_MODIFIED;
                head_only = true;
        }
        if (!head_only)
                answer->files = web_files_ref(files);
        return answer_begin(wsi, answer, &head, file->content, head_only);
}

void web_refuse_upgrade(struct lws *wsi)
{
        lws_return_http_status(wsi, HTTP_STATUS_NOT_FOUND,
                               "WebSocket: " WIRE_PATH ", subprotocol " WIRE_SUBPROTOCOL);
}

void web_refuse_origin(struct lws *wsi)
{
        lws_return_http_status(wsi, HTTP_STATUS_FORBIDDEN,
                               "WebSocket: this page may not connect to this hub");
}

int web_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                 size_t length)
{
        WebFiles *const *page;

        switch ((int)reason) { /* an int: -Wswitch-enum would want every reason of lws */
        case LWS_CALLBACK_HTTP:
                page = lws_get_protocol(wsi)->user;
                return serve_path(*page, wsi, in, user);
        case LWS_CALLBACK_HTTP_WRITEABLE:
                return answer_continue(wsi, user);
        case LWS_CALLBACK_CLOSED_HTTP:
        case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
                if (user)
                        answer_done(user);
                return 0;
        case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: /* an upgrade that names no subprotocol */
                web_refuse_upgrade(wsi);
                return -1;
        default:
                return lws_callback_http_dummy(wsi, reason, user, in, length);
        }
}

struct lws_protocols web_protocol(WebFiles *const *page)
{
        return (struct lws_protocols){
                .name = "http",
                .callback = web_callback,
                .per_session_data_size = sizeof(Answer),
                .user = (void *)(uintptr_t)page,
        };
}
