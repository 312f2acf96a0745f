/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/audio.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/str.h"
#include "rig/audio-graph.h"
#include "rig/rig.h"

#define LOOK_MS 2000 /* of one connection */
#define LISTEN_FD 3  /* sd_listen_fds(3): the first descriptor that is passed */
#define CONNECTIONS_WAITING 16
#define LIFELINE_FD 3 /* in the janitor */

typedef struct Wanted {
        const char *const *microphones, *const *speakers;
} Wanted;

struct RigAudio {
        char directory[PATH_MAX];
        pid_t pipewire, wireplumber;
        Wanted wanted; /* the lists belong to the caller, and live as long */
        pid_t janitor;
        int lifeline; /* closes when this process ends, for any reason; the janitor waits for
                         that */
};

/*
 * The quantum is 64 because a virtual machine's default of 1024 hides errors. No module that needs
 * a bus or a display.
 */
static const char pipewire_head[] =
        "context.properties = {\n"
        "    core.daemon = true  core.name = pipewire-0  support.dbus = false\n"
        "    default.clock.min-quantum = 64\n"
        "    vm.overrides = { default.clock.min-quantum = 64 }\n"
        "}\n"
        "context.spa-libs = {\n"
        "    audio.convert.* = audioconvert/libspa-audioconvert\n"
        "    support.* = support/libspa-support\n"
        "}\n"
        "context.modules = [\n"
        "    { name = libpipewire-module-rt args = { nice.level = -11 } flags = [ nofail ] }\n"
        "    { name = libpipewire-module-protocol-native }\n"
        "    { name = libpipewire-module-metadata }\n"
        "    { name = libpipewire-module-spa-node-factory }\n"
        "    { name = libpipewire-module-client-node }\n"
        "    { name = libpipewire-module-access }\n"
        "    { name = libpipewire-module-adapter }\n"
        "    { name = libpipewire-module-link-factory }\n"
        "    { name = libpipewire-module-session-manager }\n"
        "]\n"
        "context.objects = [\n"
        "    { factory = spa-node-factory args = { factory.name = support.node.driver\n"
        "      node.name = Dummy-Driver node.group = pipewire.dummy priority.driver = 20000 } }\n";

/* WirePlumber 0.4 reads Lua, 0.5 its own format; neither looks at the other's. */
static const char wireplumber_main[] =
        "alsa_monitor.enabled = false\n"
        "v4l2_monitor.enabled = false\n"
        "libcamera_monitor.enabled = false\n"
        "default_access.properties[\"enable-flatpak-portal\"] = false\n";

static const char wireplumber_bluetooth[] = "bluez_monitor.enabled = false\n";

static const char wireplumber_profile[] =
        "wireplumber.profiles = { main = {\n"
        "    hardware.audio = disabled  hardware.bluetooth = disabled\n"
        "    hardware.video-capture = disabled  script.client.access-portal = disabled\n"
        "} }\n";

static int make_directory(const RigAudio *audio, const char *name)
{
        _cleanup_free_ char *path = str_printf("%s/%s", audio->directory, name);

        if (!path)
                return -ENOMEM;
        return mkdir(path, 0700) < 0 ? -errno : 0;
}

static int open_file(const RigAudio *audio, const char *name, FILE **ret)
{
        _cleanup_free_ char *path = str_printf("%s/%s", audio->directory, name);

        if (!path)
                return -ENOMEM;
        *ret = fopen(path, "we");
        return *ret ? 0 : -errno;
}

static int write_file(const RigAudio *audio, const char *name, const char *text)
{
        FILE *file;
        int r = open_file(audio, name, &file);

        if (r < 0)
                return r;
        fputs(text, file);
        return fclose(file) == EOF ? -errno : 0;
}

static void write_devices(FILE *file, const char *const names[], const char *media_class)
{
        for (size_t i = 0; names[i]; i++)
                fprintf(file,
                        "    { factory = adapter args = { factory.name = support.null-audio-sink\n"
                        "      node.name = \"%s\" node.description = \"%s\" media.class = %s\n"
                        "      priority.session = %zu audio.position = [ MONO ] } }\n",
                        names[i], names[i], media_class, 1000 - i);
}

static int write_settings(const RigAudio *audio, const char *const microphones[],
                          const char *const speakers[])
{
        static const char *const directories[] = {"pipewire",
                                                  "wireplumber",
                                                  "wireplumber/main.lua.d",
                                                  "wireplumber/bluetooth.lua.d",
                                                  "wireplumber/wireplumber.conf.d",
                                                  "state"};
        FILE *file;
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(directories) && r == 0; i++)
                r = make_directory(audio, directories[i]);
        if (r == 0)
                r = write_file(audio, "wireplumber/main.lua.d/60-rig.lua", wireplumber_main);
        if (r == 0)
                r = write_file(audio, "wireplumber/bluetooth.lua.d/60-rig.lua",
                               wireplumber_bluetooth);
        if (r == 0)
                r = write_file(audio, "wireplumber/wireplumber.conf.d/60-rig.conf",
                               wireplumber_profile);
        if (r == 0)
                r = open_file(audio, "pipewire/pipewire.conf", &file);
        if (r < 0)
                return r;
        fputs(pipewire_head, file);
        write_devices(file, microphones, "Audio/Source/Virtual");
        write_devices(file, speakers, "Audio/Sink");
        fputs("]\n", file);
        return fclose(file) == EOF ? -errno : 0;
}

/* Listen before the daemon runs: clients can connect at once, and are served when it is up. */
static int listen_socket(const RigAudio *audio, int *ret)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/pipewire-0",
                     audio->directory) >= (int)sizeof(address.sun_path))
                return -ENAMETOOLONG;
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
            listen(fd, CONNECTIONS_WAITING) < 0)
                return -errno;
        *ret = TAKE_FD(fd);
        return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
        return remove(path);
}

/* In its own session, so that it survives when a test is killed with all its children. */
static void run_janitor(const RigAudio *audio, int fd)
{
        char byte;

        setsid();
        /* Among them are lifelines of other processes, which would never close. */
        dup2(fd, LIFELINE_FD);
        close_range(LIFELINE_FD + 1, ~0U, 0);
        while (read(LIFELINE_FD, &byte, 1) < 0 && errno == EINTR)
                ;
        nftw(audio->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        _exit(0);
}

static int start_janitor(RigAudio *audio)
{
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        audio->janitor = fork();
        if (audio->janitor == 0)
                run_janitor(audio, fds[0]);
        close(fds[0]);
        if (audio->janitor < 0) {
                close(fds[1]);
                return -errno;
        }
        audio->lifeline = fds[1];
        return 0;
}

static void run_daemon(const RigAudio *audio, const char *program, int listen_fd)
{
        char pid[16], state[PATH_MAX];

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(pid, sizeof(pid), "%d", (int)getpid());
        snprintf(state, sizeof(state), "%.*s/state", PATH_MAX - 8, audio->directory);
        setenv("PIPEWIRE_RUNTIME_DIR", audio->directory, 1);
        setenv("XDG_RUNTIME_DIR", audio->directory, 1);
        setenv("XDG_CONFIG_HOME", audio->directory, 1);
        setenv("XDG_STATE_HOME", state, 1);
        unsetenv("DBUS_SESSION_BUS_ADDRESS");
        if (listen_fd >= 0) {
                if (listen_fd == LISTEN_FD)
                        fcntl(listen_fd, F_SETFD, 0);
                else
                        dup2(listen_fd, LISTEN_FD);
                setenv("LISTEN_FDS", "1", 1);
                setenv("LISTEN_PID", pid, 1);
        }
        execlp(program, program, (char *)NULL);
        fprintf(stderr, "rig: cannot run %s: %s\n", program, strerror(errno));
        _exit(127);
}

static int start_daemon(const RigAudio *audio, const char *program, int listen_fd, pid_t *ret)
{
        pid_t pid = fork();

        if (pid < 0)
                return -errno;
        if (pid == 0)
                run_daemon(audio, program, listen_fd);
        *ret = pid;
        return 0;
}

static bool everything_is_there(RigGraph *graph, void *data)
{
        const Wanted *wanted = data;

        for (size_t i = 0; wanted->microphones[i]; i++)
                if (!rig_graph_has_port(graph, wanted->microphones[i], RIG_PORT_MICROPHONE_FEED))
                        return false;
        for (size_t i = 0; wanted->speakers[i]; i++)
                if (!rig_graph_has_port(graph, wanted->speakers[i], RIG_PORT_SPEAKER_MONITOR))
                        return false;
        return rig_graph_has_defaults(graph, wanted->microphones[0], wanted->speakers[0]);
}

/*
 * Each attempt uses a new connection: a client that is connected to PipeWire (0.3.65) while
 * WirePlumber starts is sometimes not told of the default devices.
 */
static int wait_ready(const RigAudio *audio)
{
        usec_t deadline = rig_deadline();
        int r;

        do {
                _cleanup_(rig_graph_freep) RigGraph *graph = NULL;

                r = rig_graph_new(audio->directory, &graph);
                if (r == 0)
                        r = rig_graph_wait(graph, everything_is_there, (void *)&audio->wanted,
                                           LOOK_MS);
        } while (r == -ETIMEDOUT && rig_remaining_ms(deadline) > 0);
        return r;
}

static int start_and_wait(RigAudio *audio)
{
        _cleanup_close_ int fd = -1;
        _cleanup_(rig_graph_freep) RigGraph *graph = NULL;
        int r = listen_socket(audio, &fd);

        if (r == 0)
                r = start_daemon(audio, "pipewire", fd, &audio->pipewire);
        if (r == 0)
                r = rig_graph_new(audio->directory, &graph);
        if (r == 0)
                r = start_daemon(audio, "wireplumber", -1, &audio->wireplumber);
        return r < 0 ? r : wait_ready(audio);
}

int rig_audio_new(const char *const microphones[], const char *const speakers[], RigAudio **ret)
{
        _cleanup_(rig_audio_freep) RigAudio *audio = calloc(1, sizeof(*audio));
        const char *temporary = getenv("TMPDIR");
        int r;

        if (!audio)
                return -ENOMEM;
        audio->lifeline = -1;
        audio->wanted = (Wanted){microphones, speakers};
        snprintf(audio->directory, sizeof(audio->directory), "%s/tring-audio-XXXXXX",
                 temporary ? temporary : "/tmp");
        if (!mkdtemp(audio->directory)) {
                r = -errno;
                audio->directory[0] = '\0';
        } else {
                r = start_janitor(audio);
        }
        if (r == 0)
                r = write_settings(audio, microphones, speakers);
        if (r == 0)
                r = start_and_wait(audio);
        if (r < 0) {
                fprintf(stderr, "rig: no PipeWire for the tests: %s\n", strerror(-r));
                return r;
        }
        *ret = TAKE_PTR(audio);
        return 0;
}

static void end_daemon(pid_t *pid, int with_signal)
{
        if (*pid <= 0)
                return;
        kill(*pid, with_signal);
        while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
                ;
        *pid = 0;
}

void rig_audio_crash(RigAudio *audio)
{
        end_daemon(&audio->wireplumber, SIGKILL);
        end_daemon(&audio->pipewire, SIGKILL);
}

void rig_audio_stop_manager(RigAudio *audio)
{
        end_daemon(&audio->wireplumber, SIGKILL);
}

int rig_audio_start_manager(RigAudio *audio)
{
        return start_daemon(audio, "wireplumber", -1, &audio->wireplumber);
}

/* Remove what clients would find of the last daemon: its socket, and the lock beside it. */
static void clear_socket(const RigAudio *audio)
{
        static const char *const names[] = {"pipewire-0", "pipewire-0.lock"};

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = str_printf("%s/%s", audio->directory, names[i]);

                if (path)
                        unlink(path);
        }
}

int rig_audio_restart(RigAudio *audio)
{
        clear_socket(audio);
        return start_and_wait(audio);
}

RigAudio *rig_audio_free(RigAudio *audio)
{
        if (!audio)
                return NULL;
        end_daemon(&audio->wireplumber, SIGTERM);
        end_daemon(&audio->pipewire, SIGTERM);
        if (audio->lifeline >= 0)
                close(audio->lifeline);
        end_daemon(&audio->janitor, 0);
        free(audio);
        return NULL;
}

const char *rig_audio_directory(const RigAudio *audio)
{
        return audio->directory;
}
