/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "hub/admin.h"
#include "hub/ice.h"
#include "hub/state-dir.h"
#include "wire/json-arena.h"

#define STOP_POLL_MS 10
#define STOP_DEADLINE_US USEC_PER_SEC /* for the last messages to all devices */

typedef struct Server {
        Config config;
        char host[sizeof(((Config *)0)->listen)];
        uint16_t port;
        char *state; /* owned */
        int lock_fd;

        uv_loop_t loop;
        bool has_loop;
        uv_signal_t terminated, interrupted;
        uv_timer_t stopping, ice;
        usec_t stop_by;

        struct lws_context *context;
        HubDatabase *database;
        Checkpointer *checkpointer;
        Hub *hub;
        WebFiles *web;
        WsServer *server;
        Admin *admin;
} Server;

static bool is_loopback(const char *host)
{
        struct in6_addr v6;
        struct in_addr v4;

        if (inet_pton(AF_INET, host, &v4) == 1)
                return ntohl(v4.s_addr) >> 24 == 127;
        if (inet_pton(AF_INET6, host, &v6) == 1)
                return IN6_IS_ADDR_LOOPBACK(&v6);
        return str_eq(host, "localhost");
}

/* Values of the command line override those of the file. */
static int take_options(Config *config, const ServeOptions *options, char **ret_text)
{
        const char *web = options->web && !*options->web ? CONFIG_WEB_INSTALLED : options->web;
        const struct {
                const char *name, *value;
                char *to;
                size_t size;
        } given[] = {
                {"--listen", options->listen, config->listen, sizeof(config->listen)},
                {"--tls-cert", options->certificate, config->certificate, CONFIG_PATH_MAX},
                {"--tls-key", options->key, config->key, CONFIG_PATH_MAX},
                {"--web", web, config->web, CONFIG_PATH_MAX},
        };

        for (size_t i = 0; i < ELEMENTSOF(given); i++)
                if (given[i].value && str_copy(given[i].to, given[i].size, given[i].value) < 0) {
                        *ret_text = str_printf("%s: the value is too long", given[i].name);
                        return -EINVAL;
                }
        return 0;
}

static int server_configure(Server *server, const ServeOptions *options, char **ret_text)
{
        Config *config = &server->config;
        int r = 0;

        config_init(config);
        if (options->config)
                r = config_read(config, options->config, ret_text);
        if (r == -EINVAL)
                r = -EBADMSG; /* the file is wrong, not the command line */
        if (r >= 0)
                r = take_options(config, options, ret_text);
        if (r >= 0)
                r = config_parse_address(options->listen ? "--listen" : "address", config->listen,
                                         server->host, sizeof(server->host), &server->port,
                                         ret_text);
        if (r < 0)
                return r;
        if (str_empty(config->certificate) != str_empty(config->key)) {
                *ret_text = strdup("--tls-cert and --tls-key: give both or none");
                return -EINVAL;
        }
        if (str_empty(config->certificate) && !is_loopback(server->host) && !options->insecure) {
                *ret_text = str_printf("%s is not a loopback address: give --tls-cert and "
                                       "--tls-key, or --insecure",
                                       server->host);
                return -EINVAL;
        }
        return 0;
}

static int server_open_store(Server *server, char **ret_text)
{
        _cleanup_free_ char *path = str_printf("%s/" STATE_DATABASE, server->state);
        bool is_new = !state_dir_has_hub(server->state);

        if (!path)
                return -ENOMEM;
        int r = hub_database_open(path, &server->database, ret_text);
        if (r == -EUCLEAN) {
                log_error("%s",
                          *ret_text ?: "the database is damaged; continuing with an empty one");
                free(TAKE_PTR(*ret_text));
                r = 0;
        }
        /* Devices of a hub that has moved, or was given a wrong folder, are refused from here on.
         */
        if (r >= 0 && is_new)
                log_warning("made a new database, %s: this hub knows no users", path);
        if (r >= 0)
                r = checkpointer_new(path, &server->checkpointer);
        if (r >= 0)
                hub_database_watch_log(server->database, checkpointer_log_grew,
                                       server->checkpointer);
        return r;
}

static int server_take_state(Server *server, const ServeOptions *options, char **ret_text)
{
        const StateChoice choice = {options->state, options->system, STATE_SYSTEM_DIR,
                                    geteuid() == 0};
        int r = state_dir_path(&choice, &server->state, ret_text);

        if (r >= 0)
                r = state_dir_enter(server->state, false, options->words, ret_text);
        if (r >= 0)
                r = state_dir_prepare(server->state, &server->lock_fd, ret_text);
        if (r < 0)
                return r;
        r = state_dir_lock(server->lock_fd);
        if (r == -EWOULDBLOCK)
                *ret_text = str_printf("cannot use the state folder %s: another tring-hub uses it",
                                       server->state);
        return r;
}

static void on_lws_log(int level, const char *line)
{
        log_line(level == LLL_ERR ? LOG_WARNING : LOG_DEBUG, "%.*s", (int)strcspn(line, "\n"),
                 line);
}

static int server_start_lws(Server *server)
{
        void *loops[] = {&server->loop};
        struct lws_context_creation_info info = {
                .port = CONTEXT_PORT_NO_LISTEN,
                .foreign_loops = loops,
                .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                           LWS_SERVER_OPTION_UV_NO_SIGSEGV_SIGFPE_SPIN |
                           LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        };

        if (!str_empty(server->config.certificate))
                info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
        server->context = lws_create_context(&info);
        return server->context ? 0 : -ENOMEM;
}

/* Makes TURN credentials, which expire, at the start and then every hour. */
static int server_renew_ice(Server *server, char **ret_text)
{
        IceServer servers[ICE_SERVERS_MAX];
        char *secret;
        size_t n;

        int r = ice_servers(&server->config, clock_realtime(), servers, &n, &secret, ret_text);
        return r < 0 ? r : hub_ice_servers(server->hub, servers, n, secret);
}

static void on_ice(uv_timer_t *timer)
{
        _cleanup_free_ char *text = NULL;

        if (server_renew_ice(timer->data, &text) < 0)
                log_error("cannot renew TURN credentials: %s", text ?: "out of memory");
}

static int server_read_page(Server *server, char **ret_text)
{
        const char *folder = server->config.web;

        if (str_empty(folder))
                return 0;
        if (str_eq(folder, CONFIG_WEB_INSTALLED))
                folder = web_files_default();
        return web_files_read(folder, &server->web, ret_text);
}

static int server_open_doors(Server *server, char **ret_text)
{
        const Config *config = &server->config;
        bool tls = !str_empty(config->certificate);
        WsServerOptions options = {.host = server->host,
                                   .port = server->port,
                                   .certificate = tls ? config->certificate : NULL,
                                   .key = tls ? config->key : NULL,
                                   .max_events = config->queue_per_device,
                                   .proxies = config->proxies,
                                   .web = server->web};
        WsHandler handler = hub_ws_handler(server->hub);

        int r = ws_server_new(server->context, &server->loop, &options, &handler, &server->server,
                              ret_text);
        if (r < 0)
                return r;
        hub_set_server(server->hub, server->server);
        return admin_new(server->context, server->state, server->database, server->hub,
                         &server->admin, ret_text);
}

static void close_handles(Server *server)
{
        uv_close((uv_handle_t *)&server->terminated, NULL);
        uv_close((uv_handle_t *)&server->interrupted, NULL);
        /* Stopping is short, and a second signal must not cut it off. */
        (void)signal(SIGTERM, SIG_IGN);
        (void)signal(SIGINT, SIG_IGN);
        uv_close((uv_handle_t *)&server->stopping, NULL);
        uv_close((uv_handle_t *)&server->ice, NULL);
        hub_stop(server->hub);
        lws_context_destroy(server->context);
}

static void on_stopping(uv_timer_t *timer)
{
        Server *server = timer->data;

        if (!ws_server_is_empty(server->server) && clock_boottime() < server->stop_by)
                return;
        uv_timer_stop(timer);
        close_handles(server);
}

static void on_signal(uv_signal_t *handle, int number)
{
        Server *server = handle->data;

        if (server->stop_by > 0)
                return;
        log_info("stopping");
        sd_notify(0, "STOPPING=1");
        server->stop_by = clock_boottime() + STOP_DEADLINE_US;
        hub_flush(server->hub);
        ws_server_stop(server->server);
        uv_timer_start(&server->stopping, on_stopping, 0, STOP_POLL_MS);
}

static void server_arm(Server *server)
{
        uv_signal_init(&server->loop, &server->terminated);
        uv_signal_init(&server->loop, &server->interrupted);
        uv_timer_init(&server->loop, &server->stopping);
        uv_timer_init(&server->loop, &server->ice);
        server->terminated.data = server->interrupted.data = server;
        server->stopping.data = server->ice.data = server;
        uv_signal_start(&server->terminated, on_signal, SIGTERM);
        uv_signal_start(&server->interrupted, on_signal, SIGINT);
        if (!str_empty(server->config.turn))
                uv_timer_start(&server->ice, on_ice, ICE_REFRESH_S * 1000, ICE_REFRESH_S * 1000);
}

static int server_start(Server *server, const ServeOptions *options, char **ret_text)
{
        int r = server_configure(server, options, ret_text);

        if (r >= 0)
                r = server_read_page(server, ret_text);
        if (r >= 0)
                r = server_take_state(server, options, ret_text);
        if (r >= 0)
                r = server_open_store(server, ret_text);
        if (r < 0)
                return r;
        if (uv_loop_init(&server->loop) < 0)
                return -ENOMEM;
        server->has_loop = true;
        r = server_start_lws(server);
        if (r >= 0)
                r = hub_new(&server->loop, server->database, server->checkpointer, &server->config,
                            &server->hub);
        if (r >= 0)
                r = server_renew_ice(server, ret_text);
        if (r >= 0)
                r = server_open_doors(server, ret_text);
        return r;
}

static int stop_at_first(const StoredUser *user, void *userdata)
{
        return 1;
}

static void server_announce(Server *server)
{
        bool is_v6 = strchr(server->host, ':'), tls = !str_empty(server->config.certificate);
        char address[sizeof(server->host) + 16];

        snprintf(address, sizeof(address), is_v6 ? "[%s]:%u" : "%s:%u", server->host,
                 ws_server_port(server->server));
        printf("listening on %s://%s%s\n", tls ? "wss" : "ws", address, WIRE_PATH);
        if (server->web)
                printf("the page is at %s://%s/\n", tls ? "https" : "http", address);
        fflush(stdout);
        if (hub_database_each_user(server->database, stop_at_first, NULL) == 0)
                fprintf(stderr,
                        "there are no users yet; to add one:\n"
                        "  tring-hub --state %s user add UID --name NAME\n"
                        "  tring-hub --state %s token mint UID\n",
                        server->state, server->state);
        sd_notify(0, "READY=1");
}

static void server_done(Server *server)
{
        /* The second call; the first, in close_handles(), has closed the handles in the loop. */
        lws_context_destroy(server->context);
        if (server->has_loop)
                uv_loop_close(&server->loop);
        hub_free(server->hub);
        ws_server_free(server->server);
        web_files_free(server->web);
        admin_free(server->admin);
        checkpointer_free(server->checkpointer);
        hub_database_free(server->database);
        closep(&server->lock_fd);
        free(server->state);
}

int serve(const ServeOptions *options, char **ret_text)
{
        Server server = {.lock_fd = -1};

        json_use_arena();
        int r = server_start(&server, options, ret_text);
        if (r >= 0) {
                server_arm(&server);
                server_announce(&server);
                uv_run(&server.loop, UV_RUN_DEFAULT);
                server_done(&server);
        }
        /* After a failed start nothing is freed, because the process ends. */
        return r;
}
