/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "hub/serve-internal.h"
#include "hub/state-dir.h"
#include "wire/json-arena.h"

/* The database, the operator's connections, files that are read again, and the newest guests. */
#define DESCRIPTORS_RESERVED 24
#define STOP_POLL_MS 10
#define STOP_DEADLINE_US USEC_PER_SEC /* for the last messages to all devices */

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
        /* If the hub has moved or was given a wrong folder, its devices are refused from now on. */
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

        if (serve_settings_have_tls(&server->settings))
                info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
        server->context = lws_create_context(&info);
        return server->context ? 0 : -ENOMEM;
}

/*
 * Connections that fit the limit of open files (RLIMIT_NOFILE) beside what is open already: with
 * none left, nothing could be accepted or stored.
 */
static uint32_t room_for_connections(const Server *server)
{
        struct rlimit limit = {.rlim_cur = 0};
        int lowest_free = fcntl(server->lock_fd, F_DUPFD_CLOEXEC, 0);

        (void)getrlimit(RLIMIT_NOFILE, &limit);
        rlim_t taken = (rlim_t)MAX_OF(lowest_free, 0) + DESCRIPTORS_RESERVED;
        closep(&lowest_free);
        return limit.rlim_cur > taken ? (uint32_t)MIN_OF(limit.rlim_cur - taken, UINT32_MAX) : 1;
}

static int server_read_certificate(Server *server, char **ret_text)
{
        const Config *config = &server->settings.config;

        if (!serve_settings_have_tls(&server->settings))
                return 0;
        int r = certificate_new(&server->certificate);
        return r < 0 ? r
                     : certificate_read(server->certificate, config->certificate, config->key,
                                        ret_text);
}

/* Takes the page. */
static int server_open_doors(Server *server, WebFiles *page, char **ret_text)
{
        WsServerOptions options = {.host = server->settings.host,
                                   .port = server->settings.port,
                                   .socket = server->settings.config.socket,
                                   .certificate = server->certificate,
                                   .proxies = server->settings.config.proxies,
                                   .origins = server->settings.config.origins,
                                   .max_connections = room_for_connections(server)};
        WsHandler handler = hub_ws_handler(server->hub);

        int r = ws_server_new(server->context, &server->loop, &options, &handler, &server->server,
                              ret_text);
        if (r < 0)
                return r;
        hub_set_server(server->hub, server->server);
        ws_server_set_page(server->server, page);
        return admin_new(server->context, server->state, server->database, server->hub,
                         &server->admin, ret_text);
}

static void close_handles(Server *server)
{
        uv_close((uv_handle_t *)&server->terminated, NULL);
        uv_close((uv_handle_t *)&server->interrupted, NULL);
        uv_close((uv_handle_t *)&server->hung_up, NULL);
        /* Stopping is short, and another signal must not cut it off. */
        (void)signal(SIGHUP, SIG_IGN);
        (void)signal(SIGTERM, SIG_IGN);
        (void)signal(SIGINT, SIG_IGN);
        uv_close((uv_handle_t *)&server->stopping, NULL);
        uv_close((uv_handle_t *)&server->looking, NULL);
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
        hub_finish(server->hub);
        ws_server_stop(server->server);
        uv_timer_start(&server->stopping, on_stopping, 0, STOP_POLL_MS);
}

static void on_hangup(uv_signal_t *handle, int number)
{
        Server *server = handle->data;

        if (server->stop_by == 0)
                server_reload(server);
}

static void server_arm(Server *server)
{
        uv_signal_init(&server->loop, &server->terminated);
        uv_signal_init(&server->loop, &server->interrupted);
        uv_signal_init(&server->loop, &server->hung_up);
        uv_timer_init(&server->loop, &server->stopping);
        uv_timer_init(&server->loop, &server->looking);
        server->terminated.data = server->interrupted.data = server->hung_up.data = server;
        server->stopping.data = server->looking.data = server;
        uv_signal_start(&server->terminated, on_signal, SIGTERM);
        uv_signal_start(&server->interrupted, on_signal, SIGINT);
        uv_signal_start(&server->hung_up, on_hangup, SIGHUP);
        server_plan_looks(server);
}

static int server_start(Server *server, const ServeOptions *options, char **ret_text)
{
        WebFiles *page = NULL;
        int r = serve_settings_read(options, &server->settings, ret_text);

        if (r >= 0)
                r = server_read_page(&server->settings.config, &page, ret_text);
        if (r >= 0)
                r = server_read_certificate(server, ret_text);
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
                r = hub_new(&server->loop, server->database, server->checkpointer,
                            &server->settings.config, &server->hub);
        if (r >= 0)
                r = server_read_ice(server, &server->settings.config, ret_text);
        if (r >= 0)
                r = server_open_doors(server, page, ret_text);
        return r;
}

static int stop_at_first(const StoredUser *user, void *userdata)
{
        return 1;
}

static void server_announce(Server *server)
{
        const char *host = server->settings.host;
        bool is_v6 = strchr(host, ':'), tls = server->certificate;
        char address[sizeof(server->settings.host) + 16];

        snprintf(address, sizeof(address), is_v6 ? "[%s]:%u" : "%s:%u", host,
                 ws_server_port(server->server));
        printf("listening on %s://%s%s\n", tls ? "wss" : "ws", address, WIRE_PATH);
        if (!str_empty(server->settings.config.socket))
                printf("listening on ws+unix:%s\n", server->settings.config.socket);
        if (!str_empty(server->settings.config.web))
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
        certificate_free(server->certificate);
        admin_free(server->admin);
        checkpointer_free(server->checkpointer);
        hub_database_free(server->database);
        closep(&server->lock_fd);
        free(server->state);
}

int serve(const ServeOptions *options, char **ret_text)
{
        Server server = {.lock_fd = -1, .options = options};

        (void)signal(SIGHUP, SIG_IGN); /* until it is handled: at the start all is read anyway */
        json_use_arena();
        int r = server_start(&server, options, ret_text);
        if (r >= 0) {
                server_arm(&server);
                server_announce(&server);
                server_warn_of_expiry(&server);
                uv_run(&server.loop, UV_RUN_DEFAULT);
                server_done(&server);
        }
        /* After a failed start nothing is freed, because the process ends. */
        return r;
}
