/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench/sip-peer.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/figure.h"
#include "bench/meter.h"
#include "rig/process.h"

#define SECONDS "4"
#define CALLS_AT_ONCE "64"       /* saturates the proxy */
#define CALLS_A_SECOND "20000"   /* more than the proxy handles */
#define RECEIVE_BUFFER "4000000" /* bytes: lost packets come again after 500 ms */
#define SHARED_MEMORY "2000"     /* MB: the proxy stores each transaction for 5 s */

static const char *find(const char *const *paths)
{
        while (*paths && access(*paths, X_OK) < 0)
                paths++;
        return *paths;
}

/* A UDP port that is free now. */
static unsigned free_port(void)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        _cleanup_close_ int fd = rig_check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");

        rig_check(bind(fd, (struct sockaddr *)&address, size), "bind");
        rig_check(getsockname(fd, (struct sockaddr *)&address, &size), "getsockname");
        return ntohs(address.sin_port);
}

typedef struct Ports {
        unsigned proxy, caller, receiver;
} Ports;

static const char *source(char path[static RIG_PATH_MAX], const char *name)
{
        const char *root = getenv("TRING_RIG_SOURCE");

        rig_path(path, "%s/tests/bench/sip/%s", root ?: ".", name);
        return path;
}

static Process *start_proxy(Rig *rig, const Environment *environment, const char *program,
                            const Ports *ports)
{
        char config[RIG_PATH_MAX], pid[RIG_PATH_MAX], listen[80];

        rig_path(pid, "%s/kamailio.pid", rig->dir);
        snprintf(listen, sizeof(listen), "PROXY_LISTEN=udp:127.0.0.1:%u", ports->proxy);
        return process_start(rig, "kamailio", environment,
                             ARGV(program, "-f", source(config, "kamailio.cfg"), "-DD", "-m",
                                  SHARED_MEMORY, "-Y", rig->dir, "-P", pid, "-A", listen));
}

static Process *start_receiver(Rig *rig, const Environment *environment, const char *program,
                               const Ports *ports)
{
        char scenario[RIG_PATH_MAX], port[8];

        snprintf(port, sizeof(port), "%u", ports->receiver);
        return process_start(rig, "sipp-receiver", environment,
                             ARGV(program, "-sf", source(scenario, "receiver.xml"), "-i",
                                  "127.0.0.1", "-p", port, "-t", "u1", "-buff_size", RECEIVE_BUFFER,
                                  "-nostdin"));
}

/* Waits until it ends; returns the number of successful calls. */
static double run_caller(Rig *rig, const Environment *environment, const char *program,
                         const Ports *ports)
{
        char scenario[RIG_PATH_MAX], port[8], proxy[32], receiver[32];
        _cleanup_(run_result_done) RunResult result;
        double calls = 0;

        snprintf(port, sizeof(port), "%u", ports->caller);
        snprintf(proxy, sizeof(proxy), "127.0.0.1:%u", ports->proxy);
        snprintf(receiver, sizeof(receiver), "127.0.0.1:%u", ports->receiver);
        process_run(rig, environment,
                    ARGV(program, "-sf", source(scenario, "caller.xml"), "-i", "127.0.0.1", "-p",
                         port, "-t", "u1", "-buff_size", RECEIVE_BUFFER, "-nostdin", "-r",
                         CALLS_A_SECOND, "-l", CALLS_AT_ONCE, "-timeout", SECONDS, "-rsa", proxy,
                         receiver),
                    NULL, &result);
        const char *line = strstr(result.out, "Successful call"), *next;
        /* The screens are printed again and again; the last one counts. */
        while (line && (next = strstr(line + 1, "Successful call")))
                line = next;
        if (!line || sscanf(line, "Successful call | %*f | %lf", &calls) != 1 || calls == 0)
                rig_fail("sipp got no call through: %s%s", result.out, result.err);
        return calls;
}

static void await_socket(unsigned port)
{
        usec_t deadline = rig_deadline();
        char wanted[16];

        snprintf(wanted, sizeof(wanted), ":%04X ", port);
        for (;;) {
                _cleanup_free_ char *sockets = rig_read_file("/proc/net/udp");

                if (sockets && strstr(sockets, wanted))
                        return;
                if (rig_remaining_ms(deadline) == 0)
                        rig_fail("nobody listens on port %u", port);
                usleep(10 * USEC_PER_MSEC);
        }
}

bool sip_peer_measure(Rig *rig, SipResult *ret)
{
        static const char *const kamailios[] = {"/usr/sbin/kamailio", "/usr/local/sbin/kamailio",
                                                NULL};
        static const char *const sipps[] = {"/usr/bin/sipp", "/usr/local/bin/sipp", NULL};
        const char *kamailio = find(kamailios), *sipp = find(sipps);
        const Ports ports = {free_port(), free_port(), free_port()};
        Environment environment;

        if (!kamailio || !sipp) {
                printf("%s is not installed: left out\n", kamailio ? "sipp" : "kamailio");
                return false;
        }
        environment_init(&environment, rig);
        meter_place(0);
        Process *proxy = start_proxy(rig, &environment, kamailio, &ports);
        await_socket(ports.proxy);
        meter_place(1);
        Process *receiver = start_receiver(rig, &environment, sipp, &ports);
        await_socket(ports.receiver);
        double begin = figure_now_us(), cpu = meter_cpu_children_us(proxy->pid);
        double calls = run_caller(rig, &environment, sipp, &ports);
        *ret = (SipResult){calls * 1e6 / (figure_now_us() - begin),
                           (meter_cpu_children_us(proxy->pid) - cpu) / calls};
        process_kill(receiver);
        process_free(receiver);
        process_kill(proxy);
        process_free(proxy);
        environment_done(&environment);
        return true;
}
