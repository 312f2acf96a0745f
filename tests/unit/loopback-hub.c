/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loopback-hub.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hub/internal.h"
#include "suite.h"

#define CROWD 1000

char alices_token[TOKEN_LENGTH + 1], bobs_token[TOKEN_LENGTH + 1];
Hub *loopback_hub;
void (*loopback_on_signal)(void);

static char path[64];
static uv_loop_t loop;
static uv_signal_t child_gone, child_signals;
static HubDatabase *database;
static Checkpointer *checkpointer;
static struct lws_context *context;
static Config config;
static WsServer *server;
static pid_t child;
static int child_status;

void __real_ws_server_turn_end(WsServer *of);
void __wrap_ws_server_turn_end(WsServer *of);

/* The last thing that the hub does in a turn: it does not sleep on what it has to write. */
void __wrap_ws_server_turn_end(WsServer *of)
{
        Hub *hub = loopback_hub;

        ck_assert(commit_wait(hub->commit, clock_boottime()) == USEC_NEVER ||
                  uv_is_active((uv_handle_t *)&hub->window) ||
                  uv_is_active((uv_handle_t *)&hub->working));
        __real_ws_server_turn_end(of);
}

static void stop(void)
{
        uv_close((uv_handle_t *)&child_gone, NULL);
        uv_close((uv_handle_t *)&child_signals, NULL);
        ws_server_stop(server);
        hub_stop(loopback_hub);
        lws_context_destroy(context);
}

static void on_child(uv_signal_t *handle, int number)
{
        if (waitpid(child, &child_status, WNOHANG) == child)
                stop();
}

static void on_child_signals(uv_signal_t *handle, int number)
{
        if (loopback_on_signal)
                loopback_on_signal();
}

/* Alice, Bob and many others, who have no devices. */
static void add_crowd(void)
{
        const char *uids[CROWD], *wrong;
        char names[CROWD][UID_MAX + 1];
        bool is_new;

        for (size_t i = 0; i < CROWD; i++) {
                snprintf(names[i], sizeof(names[i]), "a-member-%zu", i); /* before Bob */
                uids[i] = i == 0 ? "alice" : i == CROWD - 1 ? "bob" : names[i];
                ck_assert_int_eq(hub_database_user_add(database, uids[i], uids[i], &is_new), 0);
        }
        ck_assert_int_eq(hub_groups_add(hub_database_groups(database), "crowd", "Crowd", &is_new),
                         0);
        ck_assert_int_eq(
                hub_groups_join(hub_database_groups(database), "crowd", uids, CROWD, &wrong), 0);
}

static void start(void)
{
        void *loops[] = {&loop};
        struct lws_context_creation_info info = {
                .port = CONTEXT_PORT_NO_LISTEN,
                .foreign_loops = loops,
                .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                           LWS_SERVER_OPTION_UV_NO_SIGSEGV_SIGFPE_SPIN |
                           LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        };
        WsServerOptions options = {.host = "127.0.0.1", .max_connections = CONNECTIONS_MAX};
        char *text = NULL;
        bool is_new;

        STR_SET(path, "/tmp/test-hub-loopback-XXXXXX");
        close(mkstemp(path));
        config_init(&config);
        ck_assert_int_eq(hub_database_open(path, &database, &text), 0);
        ck_assert_int_eq(hub_database_user_add(database, "alice", "Alice", &is_new), 0);
        ck_assert_int_eq(hub_database_token_mint(database, "alice", "", alices_token), 0);
        ck_assert_int_eq(hub_database_user_add(database, "bob", "Bob", &is_new), 0);
        ck_assert_int_eq(hub_database_token_mint(database, "bob", "", bobs_token), 0);
        add_crowd();
        ck_assert_int_eq(checkpointer_new(path, &checkpointer), 0);
        ck_assert_int_eq(uv_loop_init(&loop), 0);
        lws_set_log_level(LLL_ERR, NULL);
        context = lws_create_context(&info);
        ck_assert_ptr_nonnull(context);
        ck_assert_int_eq(hub_new(&loop, database, checkpointer, &config, &loopback_hub), 0);
        const WsHandler handler = hub_ws_handler(loopback_hub);
        ck_assert_int_eq(ws_server_new(context, &loop, &options, &handler, &server, &text), 0);
        hub_set_server(loopback_hub, server);
        uv_signal_init(&loop, &child_gone);
        uv_signal_start(&child_gone, on_child, SIGCHLD);
        uv_signal_init(&loop, &child_signals);
        uv_signal_start(&child_signals, on_child_signals, SIGUSR1);
}

static void finish(void)
{
        lws_context_destroy(context);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
        hub_free(loopback_hub);
        ws_server_free(server);
        checkpointer_free(checkpointer);
        hub_database_free(database);
        unlink(path);
}

void while_devices(int (*devices)(uint16_t port))
{
        start();
        child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
                _exit(devices(ws_server_port(server)));
        uv_run(&loop, UV_RUN_DEFAULT);
        finish();
        ck_assert_msg(WIFEXITED(child_status) && WEXITSTATUS(child_status) == 0,
                      "the devices failed: %d", WEXITSTATUS(child_status));
}

/* ---- devices ---- */

int hello(WsClient *client, const char *whose, int device)
{
        _cleanup_free_ char *text = str_printf("{\"id\":1,\"op\":\"hello\",\"version\":1,"
                                               "\"token\":\"%s\",\"device\":\"d%d\"}",
                                               whose, device);

        return text ? ws_send(client, text) : -ENOMEM;
}

WsClient *say_hello_as(uint16_t port, const char *whose, int device)
{
        WsClient *client;

        if (ws_connect(port, NULL, &client, NULL) != 0)
                return NULL;
        return hello(client, whose, device) < 0 ? ws_free(client) : client;
}

WsClient *say_hello(uint16_t port, int device)
{
        return say_hello_as(port, alices_token, device);
}

bool next_has(WsClient *client, const char *part)
{
        char *text;

        if (ws_receive(client, WAIT_MS, &text) != 0)
                return false;
        bool has = strstr(text, part);
        free(text);
        return has;
}

char *read_until(WsClient *client, const char *part)
{
        char *text;

        while (ws_receive(client, WAIT_MS, &text) == 0) {
                if (strstr(text, part))
                        return text;
                free(text);
        }
        return NULL;
}

bool skip_until(WsClient *client, const char *part)
{
        _cleanup_free_ char *text = read_until(client, part);

        return text;
}

int say(WsClient *client, int id, const char *op, const char *members)
{
        _cleanup_free_ char *text = str_printf(
                "{\"id\":%d,\"op\":\"%s\",\"session_id\":\"" UUID "\"%s}", id, op, members);

        return text ? ws_send(client, text) : -ENOMEM;
}
