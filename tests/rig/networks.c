/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/networks.h"

#include <stdarg.h>

#define FIRST_ADDRESS 2
#define NETWORK "10.%u.0.%u" /* 11 or 12 for the networks of the homes */
/* libnice ignores an interface that is not "running", which the kernel notices some time later. */
#define WAIT_UNTIL_UP "until ip link show dev net0 | grep -q 'state UP'; do sleep 0.02; done"
#define NETWORK_OF(home) (11 + (unsigned)(home))

static void namespace_path(const Process *holder, char ret[static RIG_PATH_MAX])
{
        rig_path(ret, "/proc/%d/ns/net", (int)holder->pid);
}

void networks_middle(const Networks *networks, char ret[static RIG_PATH_MAX])
{
        namespace_path(networks->middle, ret);
}

void networks_home(const Networks *networks, size_t home, char ret[static RIG_PATH_MAX])
{
        namespace_path(networks->homes[home], ret);
}

static Process *make_namespace(Rig *rig, const char *name)
{
        _cleanup_(environment_done) Environment environment;
        _cleanup_free_ char *line = NULL;
        Process *holder;

        environment_init(&environment, rig);
        holder = process_start(rig, name, &environment,
                               ARGV("unshare", "--net", "sh", "-c",
                                    "ip link set lo up && echo ready && exec sleep infinity"));
        line = process_wait_line(holder, "ready");
        return holder;
}

/* Runs shell commands in the namespace of `holder`. */
static void run_in(Rig *rig, const Process *holder, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void run_in(Rig *rig, const Process *holder, const char *format, ...)
{
        _cleanup_(environment_done) Environment environment;
        _cleanup_(run_result_done) RunResult result;
        char network[RIG_PATH_MAX], commands[512];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(commands, sizeof(commands), format, arguments);
        va_end(arguments);
        namespace_path(holder, network);
        environment_init(&environment, rig);
        environment_set(&environment, PROCESS_NETWORK, "%s", network);
        process_run(rig, &environment, ARGV("sh", "-e", "-c", commands), NULL, &result);
        if (result.status != 0)
                rig_fail("%s: %s", commands, result.err);
}

static void connect_home(Networks *networks, size_t home)
{
        const unsigned net = NETWORK_OF(home), own = networks->addresses[home] = FIRST_ADDRESS;

        run_in(networks->rig, networks->middle,
               "ip link add home%zu type veth peer name net0 netns %d\n"
               "ip address add " NETWORK "/24 dev home%zu\n"
               "ip link set home%zu up",
               home, (int)networks->homes[home]->pid, net, 1U, home, home);
        run_in(networks->rig, networks->homes[home],
               "ip address add " NETWORK "/24 dev net0\n"
               "ip link set net0 up\n"
               "ip route add default via " NETWORK "\n" WAIT_UNTIL_UP,
               net, own, net, 1U);
}

Networks *networks_new(Rig *rig)
{
        Networks *networks = rig_alloc(sizeof(*networks));

        networks->rig = rig;
        networks->middle = make_namespace(rig, "network-middle");
        run_in(rig, networks->middle, "echo 0 >/proc/sys/net/ipv4/ip_forward");
        for (size_t i = 0; i < NETWORKS_HOMES; i++) {
                char name[32];

                snprintf(name, sizeof(name), "network-home%zu", i);
                networks->homes[i] = make_namespace(rig, name);
                connect_home(networks, i);
        }
        return networks;
}

Networks *networks_free(Networks *networks)
{
        if (!networks)
                return NULL;
        process_free(networks->turn);
        for (size_t i = 0; i < NETWORKS_HOMES; i++)
                process_free(networks->homes[i]);
        process_free(networks->middle);
        free(networks);
        return NULL;
}

void networks_start_turn(Networks *networks, const char *secret)
{
        _cleanup_(environment_done) Environment environment;
        _cleanup_free_ char *line = NULL;
        char network[RIG_PATH_MAX], database[RIG_PATH_MAX], pid_file[RIG_PATH_MAX];

        networks_middle(networks, network);
        rig_path(database, "%s/turn.db", networks->rig->dir);
        rig_path(pid_file, "%s/turn.pid", networks->rig->dir);
        environment_init(&environment, networks->rig);
        environment_set(&environment, PROCESS_NETWORK, "%s", network);
        networks->turn = process_start(
                networks->rig, "turnserver", &environment,
                ARGV("turnserver", "-n", "--listening-ip", NETWORKS_MIDDLE, "--relay-ip",
                     NETWORKS_MIDDLE, "--use-auth-secret", "--static-auth-secret", secret,
                     "--realm", "tring", "--no-tls", "--no-dtls", "--no-cli", "--userdb", database,
                     "--pidfile", pid_file, "--log-file", "stdout", "--simple-log", "--verbose"));
        line = process_wait_line(networks->turn, "UDP listener opened on");
}

void networks_stop_turn(Networks *networks)
{
        process_kill(networks->turn);
        networks->turn = process_free(networks->turn);
}

void networks_move(Networks *networks, size_t home)
{
        const unsigned net = NETWORK_OF(home), old = networks->addresses[home]++;

        run_in(networks->rig, networks->homes[home],
               "ip address del " NETWORK "/24 dev net0\n"
               "ip address add " NETWORK "/24 dev net0\n"
               "ip route add default via " NETWORK,
               net, old, net, networks->addresses[home], net, 1U);
}
