/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rig-broker SOCKET [NAME PROGRAM]: a session bus by dbus-broker, in place of dbus-daemon. Prints
 * the address once the bus is there; starts PROGRAM when somebody calls NAME.
 *
 * dbus-broker itself only passes messages. What listens, says who may do what, and starts programs
 * is its controller: in a session dbus-broker-launch, which leaves half of that to systemd, and so
 * does not run where systemd does not. This is a controller that needs nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/cleanup.h"

#define CONTROLLER_FD 3
#define CONNECTIONS_WAITING 128
#define BROKER "/org/bus1/DBus/Broker", "org.bus1.DBus.Broker"
#define LISTENER_OBJECT "/org/bus1/DBus/Listener/0"
#define NAME_OBJECT "/org/bus1/DBus/Name/0"

/* Everybody may connect, own each name, and send and receive each message. */
#define BATCH "bta(btbs)a(btssssuutt)a(btssssuutt)"
#define POLICY "(a(u(" BATCH "))a(buu(" BATCH "))a(ss)bs)"
#define PRIORITY UINT64_C(1)
#define EVERY_NAME true, PRIORITY, true, ""
#define EVERY_MESSAGE true, PRIORITY, "", "", "", "", 0, 0, UINT64_C(0), UINT64_MAX
#define FOR_ALL_USERS UINT32_MAX

static int listen_at(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return -errno;
        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        unlink(path); /* the last bus here may have been killed */
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
            listen(fd, CONNECTIONS_WAITING) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* In the child; dies with the parent. */
static void __attribute__((noreturn)) run(const char *const *argv)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGCHLD, SIG_DFL);
        execvp(argv[0], (char *const *)argv);
        fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
}

static int start_broker(sd_bus **ret)
{
        /* Limits of a user: one who tries bad things is not to be cut off, as by dbus-daemon. */
        static const char *const argv[] = {"dbus-broker",
                                           "--controller",
                                           "3",
                                           "--machine-id",
                                           "00000000000000000000000000000001",
                                           "--max-bytes",
                                           "1000000000",
                                           "--max-fds",
                                           "100000",
                                           "--max-matches",
                                           "1000000",
                                           "--max-objects",
                                           "1000000",
                                           NULL};
        int fds[2], r;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
                return -errno;
        pid_t pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                if (fds[1] == CONTROLLER_FD)
                        fcntl(fds[1], F_SETFD, 0);
                else
                        dup2(fds[1], CONTROLLER_FD);
                run(argv);
        }
        close(fds[1]);
        r = sd_bus_new(ret);
        if (r >= 0)
                r = sd_bus_set_fd(*ret, fds[0], fds[0]);
        return r < 0 ? r : sd_bus_start(*ret);
}

static int add_listener(sd_bus *broker, int fd)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r = sd_bus_message_new_method_call(broker, &call, NULL, BROKER, "AddListener");

        if (r >= 0)
                r = sd_bus_message_append(call, "oh", LISTENER_OBJECT, fd);
        if (r >= 0)
                r = sd_bus_message_append(call, "v", POLICY, 1, FOR_ALL_USERS, true, PRIORITY, 1,
                                          EVERY_NAME, 1, EVERY_MESSAGE, 1, EVERY_MESSAGE, 0, 0,
                                          false, "session");
        return r < 0 ? r : sd_bus_call(broker, call, 0, NULL, NULL);
}

typedef struct Service {
        const char *name, *program;
} Service;

static int activate(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const Service *service = userdata;

        if (!sd_bus_message_is_signal(message, "org.bus1.DBus.Name", "Activate"))
                return 0;
        if (fork() == 0)
                run((const char *const[]){service->program, NULL});
        return 1;
}

static int add_service(sd_bus *broker, Service *service)
{
        int r = sd_bus_add_filter(broker, NULL, activate, service);

        return r < 0 ? r
                     : sd_bus_call_method(broker, NULL, BROKER, "AddName", NULL, NULL, "osu",
                                          NAME_OBJECT, service->name, (uint32_t)getuid());
}

/* Runs until it, or the broker, is killed. */
static int serve(sd_bus *broker)
{
        int r = 0;

        while (r >= 0) {
                r = sd_bus_process(broker, NULL);
                if (r == 0)
                        r = sd_bus_wait(broker, UINT64_MAX);
        }
        return r;
}

int main(int argc, char **argv)
{
        _cleanup_(sd_bus_unrefp) sd_bus *broker = NULL;
        _cleanup_close_ int fd = -1;
        Service service = {};
        int r;

        if (argc != 2 && argc != 4) {
                fprintf(stderr, "usage: rig-broker SOCKET [NAME PROGRAM]\n");
                return 2;
        }
        signal(SIGCHLD, SIG_IGN); /* nothing is left of what has ended */
        r = fd = listen_at(argv[1]);
        if (r >= 0)
                r = start_broker(&broker);
        if (r >= 0)
                r = add_listener(broker, fd);
        if (r >= 0 && argc == 4) {
                service = (Service){argv[2], argv[3]};
                r = add_service(broker, &service);
        }
        if (r >= 0) {
                printf("unix:path=%s\n", argv[1]);
                fflush(stdout);
                r = serve(broker);
        }
        fprintf(stderr, "rig-broker: %s\n", strerror(-r));
        return 1;
}
