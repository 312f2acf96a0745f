/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/sandbox-files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/str.h"

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14) /* since Linux 6.2 */
#endif

#define ABI_REFER 2 /* the version of Landlock's ABI that added it */
#define ABI_TRUNCATE 3
#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define CHANGING                                                         \
        (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
         LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
         LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |     \
         LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
         LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/*
 * Libraries with their modules and settings. Elsewhere single files: sockets, terminals and other
 * processes are in /run, /dev and /proc, and what is there differs from one machine to the next.
 */
static const char *const system_paths[] = {
        "/usr",
        "/lib",
        "/lib32",
        "/lib64",
        "/opt",
        "/nix",
        TRING_GST_PLUGINS,
        "/etc/ld.so.cache",
        "/etc/pipewire",
        /* OpenSSL */
        "/etc/ssl/openssl.cnf",
        "/etc/pki/tls/openssl.cnf",
        "/etc/crypto-policies",
        "/proc/sys/crypto/fips_enabled",
        /* The time of day, and the user's name. */
        "/etc/localtime",
        "/etc/passwd",
        "/etc/nsswitch.conf",
        /* How many processors there are, and what they can do. */
        "/sys/devices/system/cpu/online",
        "/sys/devices/system/cpu/possible",
        "/proc/cpuinfo",
        "/proc/meminfo",
        "/proc/stat",
        "/dev/null",
        "/dev/random",
        "/dev/urandom",
        "/dev/zero",
        /* Addresses of STUN and TURN servers, for a tringd of an earlier version. */
        "/etc/gai.conf",
        "/etc/host.conf",
        "/etc/hosts",
        "/etc/resolv.conf",
        "/etc/services",
};

/* Folders to which a user may have pointed the libraries. */
static const char *const folder_variables[] = {
        "PIPEWIRE_CONFIG_DIR",
        "PIPEWIRE_MODULE_DIR",
        "SPA_PLUGIN_DIR",
        "SPA_DATA_DIR",
};

static int make_rules(int abi)
{
        struct landlock_ruleset_attr rules = {.handled_access_fs = READING | CHANGING |
                                                                   LANDLOCK_ACCESS_FS_EXECUTE};

        if (abi >= ABI_REFER)
                rules.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
        if (abi >= ABI_TRUNCATE)
                rules.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
        int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
        return fd < 0 ? -errno : fd;
}

/* A file, or a folder and all below it. A missing one needs no rule. */
static int let_read(int rules, const char *path)
{
        _cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
        struct landlock_path_beneath_attr rule = {.parent_fd = fd};
        struct stat st;

        if (fd < 0)
                return errno == ENOMEM ? -errno : 0;
        if (fstat(fd, &st) < 0)
                return -errno;
        rule.allowed_access = S_ISDIR(st.st_mode) ? READING : LANDLOCK_ACCESS_FS_READ_FILE;
        return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
                       ? -errno
                       : 0;
}

/* $XDG_CONFIG_HOME/pipewire, where a user configures the clients of PipeWire. */
static int let_read_settings(int rules)
{
        const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
        _cleanup_free_ char *folder = NULL;

        if (str_empty(config) && str_empty(home))
                return 0;
        folder = str_empty(config) ? str_printf("%s/.config/pipewire", home)
                                   : str_printf("%s/pipewire", config);
        return folder ? let_read(rules, folder) : -ENOMEM;
}

static int let_read_what_is_needed(int rules)
{
        int r = let_read_settings(rules);

        for (size_t i = 0; i < ELEMENTSOF(system_paths) && r == 0; i++)
                r = let_read(rules, system_paths[i]);
        for (size_t i = 0; i < ELEMENTSOF(folder_variables) && r == 0; i++) {
                const char *folder = getenv(folder_variables[i]);

                if (!str_empty(folder))
                        r = let_read(rules, folder);
        }
        return r;
}

int sandbox_files(bool everything)
{
        int abi =
                (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        _cleanup_close_ int rules = -1;
        int r;

        if (abi < 1)
                return 0;
        rules = make_rules(abi);
        if (rules < 0)
                return rules;
        r = everything ? let_read(rules, "/") : let_read_what_is_needed(rules);
        if (r < 0)
                return r;
        return syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? -errno : 0;
}
