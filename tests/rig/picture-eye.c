/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/picture-eye.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "rig/rig.h"

#define PIXELS_MAX (1920 * 1080)
#define HEAD_MAX 64 /* numbers in the header of a PPM */

struct RigEye {
        pid_t pid;
        int fd;
        RigPicture picture;
};

static void run(const char *directory, const char *node, int out)
{
        char target[RIG_PATH_MAX];

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(out, STDOUT_FILENO);
        setenv("PIPEWIRE_RUNTIME_DIR", directory, 1);
        snprintf(target, sizeof(target), "target-object=%s", node);
        execlp("gst-launch-1.0", "gst-launch-1.0", "-q", "pipewiresrc", target, "always-copy=true",
               "!", "videoconvert", "!", "video/x-raw,format=RGB", "!", "pnmenc", "!", "fdsink",
               "fd=1", "sync=false", (char *)NULL);
        fprintf(stderr, "rig: cannot run gst-launch-1.0: %s\n", strerror(errno));
        _exit(127);
}

int rig_eye_new(const char *directory, const char *node, RigEye **ret)
{
        _cleanup_(rig_eye_freep) RigEye *eye = calloc(1, sizeof(*eye));
        int fds[2];

        if (!eye)
                return -ENOMEM;
        eye->fd = -1;
        eye->picture.pixels = malloc(PIXELS_MAX * sizeof(*eye->picture.pixels));
        if (!eye->picture.pixels || pipe2(fds, O_CLOEXEC) < 0)
                return -ENOMEM;
        eye->fd = fds[0];
        eye->pid = fork();
        if (eye->pid == 0)
                run(directory, node, fds[1]);
        close(fds[1]);
        if (eye->pid < 0)
                return -errno;
        *ret = TAKE_PTR(eye);
        return 0;
}

RigEye *rig_eye_free(RigEye *eye)
{
        if (!eye)
                return NULL;
        if (eye->pid > 0) {
                kill(eye->pid, SIGKILL);
                waitpid(eye->pid, NULL, 0);
        }
        if (eye->fd >= 0)
                close(eye->fd);
        free(eye->picture.pixels);
        free(eye);
        return NULL;
}

/* Returns false if the bytes do not come in time. */
static bool read_bytes(RigEye *eye, void *buffer, size_t size, usec_t deadline)
{
        char *next = buffer;

        while (size > 0) {
                struct pollfd event = {.fd = eye->fd, .events = POLLIN};
                ssize_t n = poll(&event, 1, rig_remaining_ms(deadline)) > 0
                                    ? read(eye->fd, next, size)
                                    : 0;

                if (n <= 0)
                        return false;
                next += n;
                size -= (size_t)n;
        }
        return true;
}

/* "P6 640 480 255 ", with any white space, and comments. */
static bool read_number(RigEye *eye, size_t *ret, usec_t deadline)
{
        size_t number = 0;
        bool digits = false;
        char c;

        while (read_bytes(eye, &c, 1, deadline)) {
                if (c == '#') {
                        while (read_bytes(eye, &c, 1, deadline) && c != '\n')
                                ;
                } else if (c >= '0' && c <= '9') {
                        number = number * 10 + (size_t)(c - '0');
                        digits = true;
                } else if (digits) {
                        *ret = number;
                        return true;
                }
        }
        return false;
}

static bool read_picture(RigEye *eye, usec_t deadline)
{
        size_t six, width, height, most;

        if (!read_number(eye, &six, deadline) || !read_number(eye, &width, deadline) ||
            !read_number(eye, &height, deadline) || !read_number(eye, &most, deadline))
                return false;
        if (six != 6 || most != 255 || width * height > PIXELS_MAX)
                rig_fail("gst-launch-1.0 gave no PPM picture");
        eye->picture.width = width;
        eye->picture.height = height;
        return read_bytes(eye, eye->picture.pixels, width * height * sizeof(RigColour), deadline);
}

static void keep(const RigEye *eye, const char *name)
{
        const char *folder = getenv("TRING_TEST_PICTURES");
        char path[RIG_PATH_MAX];
        FILE *file;

        if (!folder)
                return;
        snprintf(path, sizeof(path), "%s/%s.ppm", folder, name);
        file = fopen(path, "we");
        if (!file)
                rig_fail("cannot write %s: %s", path, strerror(errno));
        fprintf(file, "P6\n%zu %zu\n255\n", eye->picture.width, eye->picture.height);
        fwrite(eye->picture.pixels, sizeof(RigColour), eye->picture.width * eye->picture.height,
               file);
        fclose(file);
}

void rig_eye_expect(RigEye *eye, RigPictureTest test, const char *name)
{
        usec_t deadline = rig_deadline();
        char seen[128] = "nothing at all";

        while (read_picture(eye, deadline)) {
                if (test(&eye->picture)) {
                        keep(eye, name);
                        return;
                }
                rig_picture_describe(&eye->picture, seen, sizeof(seen));
        }
        rig_fail("%s was not seen, but %s", name, seen);
}

void rig_eye_size(const RigEye *eye, size_t *ret_width, size_t *ret_height)
{
        *ret_width = eye->picture.width;
        *ret_height = eye->picture.height;
}
