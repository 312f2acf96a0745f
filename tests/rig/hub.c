/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/hub.h"

#include <string.h>

#include "base/str.h"

void hub_start(Hub *hub)
{
        _cleanup_free_ char *line = NULL;
        const char *argv[16] = {rig_program("HUB"), "serve",   "--listen",
                                hub->listen,        "--state", hub->state};
        size_t n = 6;

        if (hub->config) {
                argv[n++] = "--config";
                argv[n++] = hub->config;
        }
        if (hub->insecure)
                argv[n++] = "--insecure";
        if (hub->certificate[0]) {
                argv[n++] = "--tls-cert";
                argv[n++] = hub->certificate;
                argv[n++] = "--tls-key";
                argv[n++] = hub->key;
        }
        hub->process = process_start(hub->rig, "hub", &hub->environment, argv);
        line = process_wait_line(hub->process, "listening on ");
        snprintf(hub->url, sizeof(hub->url), "%s", line + strlen("listening on "));
        /* ws://HOST:PORT/… */
        sscanf(strstr(hub->url, "//") + 2, "%63[^/]", hub->listen);
}

static Hub *hub_prepare(Rig *rig)
{
        Hub *hub = rig_alloc(sizeof(*hub));

        hub->rig = rig;
        environment_init(&hub->environment, rig);
        rig_path(hub->state, "%s/hub", rig->dir);
        snprintf(hub->listen, sizeof(hub->listen), "127.0.0.1:0");
        return hub;
}

/* Most tests ring the same person again and again. */
void hub_configure(Hub *hub, const char *settings)
{
        bool pauses = strstr(settings, "redial-pauses");
        _cleanup_free_ char *text =
                str_printf("%s%s", settings, pauses ? "" : "\n[limits]\nredial-pauses = no\n");
        char path[RIG_PATH_MAX];

        rig_path(path, "%s/tring-hub.conf", hub->rig->dir);
        rig_write_file(path, text, 0600);
        if (!hub->config)
                hub->config = rig_strdup(path);
}

Hub *hub_new(Rig *rig)
{
        return hub_new_configured(rig, "");
}

Hub *hub_new_configured(Rig *rig, const char *settings)
{
        Hub *hub = hub_prepare(rig);

        hub_configure(hub, settings);
        hub_start(hub);
        return hub;
}

Hub *hub_new_in(Rig *rig, const char *network, const char *host, const char *settings)
{
        Hub *hub = hub_prepare(rig);

        hub_configure(hub, settings);
        environment_set(&hub->environment, PROCESS_NETWORK, "%s", network);
        snprintf(hub->listen, sizeof(hub->listen), "%s:0", host);
        hub->insecure = true;
        hub_start(hub);
        return hub;
}

static void run_openssl(Hub *hub, const char *const *argv)
{
        _cleanup_(run_result_done) RunResult result;

        process_run(hub->rig, &hub->environment, argv, NULL, &result);
        if (result.status != 0)
                rig_fail("openssl %s: %s", argv[1], result.err);
}

Hub *hub_new_tls(Rig *rig)
{
        Hub *hub = hub_prepare(rig);
        char folder[RIG_PATH_MAX];

        rig_path(folder, "%s/certificates", rig->dir);
        rig_mkdir(folder);
        rig_path(hub->certificate, "%s/hub.pem", folder);
        rig_path(hub->key, "%s/hub.key", rig->dir);
        rig_path(hub->trusted, "/etc/ssl/certs:%s", folder);
        run_openssl(hub,
                    ARGV("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                         "/CN=Tring test", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                         "-keyout", hub->key, "-out", hub->certificate));
        run_openssl(hub, ARGV("openssl", "rehash", folder));
        hub_configure(hub, "");
        hub_start(hub);
        return hub;
}

Hub *hub_free(Hub *hub)
{
        if (!hub)
                return NULL;

        process_free(hub->process);
        environment_done(&hub->environment);
        free((char *)hub->config);
        free(hub);
        return NULL;
}

void hub_stop(Hub *hub)
{
        int status = process_stop(hub->process);

        if (status != 0)
                rig_fail("tring-hub ended with %d", status);
        hub->process = process_free(hub->process);
}

void hub_kill(Hub *hub)
{
        process_kill(hub->process);
        hub->process = process_free(hub->process);
}

void hub_suspend(Hub *hub)
{
        process_signal(hub->process, SIGSTOP);
}

void hub_continue(Hub *hub)
{
        process_signal(hub->process, SIGCONT);
}

static char *hub_verb(Hub *hub, const char *const *argv)
{
        RunResult result;

        process_run(hub->rig, &hub->environment, argv, NULL, &result);
        if (result.status != 0)
                rig_fail("tring-hub %s %s: %s", argv[3], argv[4], result.err);
        free(result.err);
        return result.out;
}

void hub_add_user(Hub *hub, const char *uid, const char *name)
{
        free(hub_verb(hub, ARGV(rig_program("HUB"), "--state", hub->state, "user", "add", uid,
                                "--name", name)));
}

void hub_add_group(Hub *hub, const char *guid, const char *name, const char *const *uids)
{
        free(hub_verb(hub, ARGV(rig_program("HUB"), "--state", hub->state, "group", "add", guid,
                                "--name", name)));
        for (; *uids; uids++)
                free(hub_verb(hub, ARGV(rig_program("HUB"), "--state", hub->state, "group", "join",
                                        guid, *uids)));
}

char *hub_mint(Hub *hub, const char *uid)
{
        char *token = hub_verb(
                hub, ARGV(rig_program("HUB"), "--state", hub->state, "token", "mint", uid));

        token[strcspn(token, "\n")] = '\0';
        return token;
}
