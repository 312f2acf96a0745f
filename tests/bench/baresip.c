/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench/baresip.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRAM "/usr/bin/baresip"
#define MODULES "/usr/lib/baresip/modules"
#define PLUGIN "/usr/lib/x86_64-linux-gnu/alsa-lib/libasound_module_pcm_pipewire.so"

static const char settings[] = "sip_listen 127.0.0.1:%u\n"
                               "audio_source alsa,pipewire:NODE=%s\n"
                               "audio_player alsa,pipewire:NODE=%s\n"
                               "audio_alert alsa,null\n"
                               "module_path " MODULES "\n"
                               "module stdio.so\n"
                               "module opus.so\n"
                               "module g711.so\n"
                               "module alsa.so\n"
                               "module_tmp account.so\n"
                               "module_app menu.so\n";

const char *baresip_missing(void)
{
        if (access(PROGRAM, X_OK) < 0 || access(MODULES "/opus.so", R_OK) < 0)
                return "baresip";
        if (access(PLUGIN, R_OK) < 0)
                return "pipewire-alsa";
        return NULL;
}

/* A port that was free a moment ago. */
static unsigned free_port(void)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        rig_check(fd, "a socket");
        rig_check(bind(fd, (struct sockaddr *)&address, size), "a port");
        rig_check(getsockname(fd, (struct sockaddr *)&address, &size), "a port");
        return ntohs(address.sin_port);
}

static void write_settings(const char *folder, const char *name, unsigned port,
                           const char *microphone, const char *speaker)
{
        char path[RIG_PATH_MAX], text[1024];

        rig_mkdir(folder);
        rig_path(path, "%.200s/config", folder);
        snprintf(text, sizeof(text), settings, port, microphone, speaker);
        rig_write_file(path, text, 0600);
        rig_path(path, "%.200s/accounts", folder);
        snprintf(text, sizeof(text), "<sip:%s@127.0.0.1:%u>;regint=0;answermode=auto\n", name,
                 port);
        rig_write_file(path, text, 0600);
        rig_path(path, "%.200s/contacts", folder);
        rig_write_file(path, "", 0600);
}

static Process *start(Rig *rig, const char *name, const Environment *environment, unsigned port,
                      const char *const devices[2], const char *command)
{
        char folder[RIG_PATH_MAX];
        Process *process;

        rig_path(folder, "%.200s/baresip-%s", rig->dir, name);
        write_settings(folder, name, port, devices[0], devices[1]);
        process = process_start(rig, name, environment,
                                command ? ARGV(PROGRAM, "-f", folder, "-e", command)
                                        : ARGV(PROGRAM, "-f", folder));
        free(process_wait_line(process, "baresip is ready"));
        return process;
}

void baresip_call_begin(Rig *rig, const char *audio_directory, const char *const devices[4],
                        BaresipCall *ret)
{
        unsigned caller_port = free_port(), called_port = free_port();
        Environment environment;
        char dial[64];

        environment_init(&environment, rig);
        environment_set(&environment, "HOME", "%s", rig->dir);
        environment_set(&environment, "PIPEWIRE_RUNTIME_DIR", "%s", audio_directory);
        snprintf(dial, sizeof(dial), "/dial sip:called@127.0.0.1:%u", called_port);
        ret->called = start(rig, "called", &environment, called_port, devices + 2, NULL);
        ret->caller = start(rig, "caller", &environment, caller_port, devices, dial);
        free(process_wait_line(ret->caller, "Call established"));
        free(process_wait_line(ret->called, "Call established"));
        environment_done(&environment);
}

void baresip_call_end(BaresipCall *call)
{
        process_stop(call->caller);
        process_stop(call->called);
        process_free(call->caller);
        process_free(call->called);
}
