/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The floor under a hub's latency: libwebsockets on libuv, as in tring-hub, which passes each
 * message of one connection to the other, unread.
 */
#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_MAX 4096

typedef struct End {
        struct lws *wsi;
        unsigned char waiting[LWS_PRE + MESSAGE_MAX];
        size_t length; /* bytes that wait to be written */
} End;

static End ends[2];

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length)
{
        End *other;

        switch ((int)reason) {
        case LWS_CALLBACK_ESTABLISHED:
                ends[ends[0].wsi != NULL].wsi = wsi;
                break;
        case LWS_CALLBACK_CLOSED:
                ends[ends[1].wsi == wsi].wsi = NULL;
                break;
        case LWS_CALLBACK_RECEIVE:
                other = &ends[ends[0].wsi == wsi];
                if (!other->wsi || length > MESSAGE_MAX)
                        return -1;
                memcpy(other->waiting + LWS_PRE, in, length);
                other->length = length;
                lws_callback_on_writable(other->wsi);
                break;
        case LWS_CALLBACK_SERVER_WRITEABLE:
                other = &ends[ends[1].wsi == wsi];
                if (other->length > 0)
                        lws_write(wsi, other->waiting + LWS_PRE, other->length, LWS_WRITE_TEXT);
                other->length = 0;
                break;
        }
        return 0;
}

int main(void)
{
        static const struct lws_protocols protocols[] = {
                {.name = "tring.v1", .callback = callback, .rx_buffer_size = MESSAGE_MAX}, {}};
        struct lws_context_creation_info info = {
                .iface = "127.0.0.1",
                .protocols = protocols,
                .options = LWS_SERVER_OPTION_LIBUV,
        };
        struct lws_context *context;

        lws_set_log_level(LLL_ERR, NULL);
        context = lws_create_context(&info);
        if (!context)
                return 1;
        printf("listening on %d\n",
               lws_get_vhost_listen_port(lws_get_vhost_by_name(context, "default")));
        fflush(stdout);
        while (lws_service(context, 0) >= 0)
                ;
        lws_context_destroy(context);
        return 0;
}
