/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/state-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "hub/admin.h"

#define STATE_LOCK "lock"
#define USER_NAME_MAX 64 /* bytes; useradd(8) allows 32 */

static int copy_of(const char *path, char **ret)
{
        *ret = strdup(path);
        return *ret ? 0 : -ENOMEM;
}

int state_dir_path(const StateChoice *choice, char **ret, char **ret_text)
{
        const char *by_systemd = getenv("STATE_DIRECTORY");
        const char *state_dir_home = getenv("XDG_STATE_HOME");
        const char *home = getenv("HOME");

        if (choice->option && !choice->option[0]) {
                *ret_text = strdup("--state \"\" is not the name of a folder");
                return -EINVAL;
        }
        if (choice->option && choice->system) {
                *ret_text = strdup("--state and --system: give one of them");
                return -EINVAL;
        }
        if (choice->option)
                return copy_of(choice->option, ret);
        if (choice->system)
                return copy_of(choice->system_folder, ret);
        if (!str_empty(by_systemd))
                return copy_of(by_systemd, ret);
        /* Root without --state hardly means a folder in /root, which no hub would read. */
        if (choice->is_root && state_dir_has_hub(choice->system_folder))
                return copy_of(choice->system_folder, ret);
        if (!str_empty(state_dir_home) && state_dir_home[0] == '/')
                *ret = str_printf("%s/tring-hub", state_dir_home);
        else if (!str_empty(home))
                *ret = str_printf("%s/.local/state/tring-hub", home);
        else {
                *ret_text = strdup("no state folder: give --state, or set HOME");
                return -EINVAL;
        }
        return *ret ? 0 : -ENOMEM;
}

bool state_dir_has_hub(const char *folder)
{
        _cleanup_free_ char *path = str_printf("%s/" STATE_DATABASE, folder);

        return path && access(path, F_OK) == 0;
}

/* Writes a word as a shell reads it. */
static void put_word(FILE *out, const char *word)
{
        static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789_-+=.,:/@%";

        if (*word && !word[strspn(word, plain)]) {
                fputs(word, out);
                return;
        }
        fputc('\'', out);
        for (const char *c = word; *c; c++) {
                if (*c == '\'')
                        fputs("'\\''", out);
                else
                        fputc(*c, out);
        }
        fputc('\'', out);
}

static bool names_folder(const char *const *words)
{
        for (; *words; words++)
                if (strncmp(*words, "--state", strlen("--state")) == 0 ||
                    str_eq(*words, "--system"))
                        return true;
        return false;
}

/* The command line after `before`, with `folder` (NULL: --system) if it names none. */
static char *command_line(const char *before, const char *folder, const char *const *words)
{
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);

        if (!out)
                return NULL;
        fputs(before, out);
        put_word(out, words[0]);
        if (!folder) {
                fputs(" --system", out);
        } else if (!names_folder(words)) {
                fputs(" --state ", out);
                put_word(out, folder);
        }
        for (size_t i = 1; words[i]; i++) {
                bool is_state = strncmp(words[i], "--state", strlen("--state")) == 0;

                /* Another folder is meant now. */
                if (!folder && is_state && words[i][strlen("--state")] != '=' && words[i + 1])
                        i++;
                if (!folder && (is_state || str_eq(words[i], "--system")))
                        continue;
                fputc(' ', out);
                put_word(out, words[i]);
        }
        if (fclose(out) == 0)
                return text;
        free(text);
        return NULL;
}

char *state_dir_no_hub(const char *folder, const char *system_folder, const char *const *words)
{
        struct stat st;

        if (str_eq(folder, system_folder))
                return str_printf("there is no hub in %s: tring-hub.service makes it when it "
                                  "starts for the first time",
                                  folder);
        if (stat(system_folder, &st) < 0)
                return str_printf("there is no hub in %s: serve or \"user add\" makes one, and "
                                  "--state DIR is another folder",
                                  folder);
        _cleanup_free_ char *command = command_line("sudo ", NULL, words);
        return command ? str_printf("there is no hub in %s (the system's hub is in %s: %s)", folder,
                                    system_folder, command)
                       : NULL;
}

/* The user's name, or the number in digits. */
static void user_name(uid_t uid, char ret[static USER_NAME_MAX])
{
        const struct passwd *user = getpwuid(uid);

        if (!user || str_copy(ret, USER_NAME_MAX, user->pw_name) < 0)
                snprintf(ret, USER_NAME_MAX, "%u", uid);
}

static int become(const struct stat *st)
{
        const struct passwd *user = getpwuid(st->st_uid);
        gid_t group = user ? user->pw_gid : st->st_gid;
        int r = user ? initgroups(user->pw_name, group) : setgroups(0, NULL);

        return r < 0 || setgid(group) < 0 || setuid(st->st_uid) < 0 ? -errno : 0;
}

int state_dir_enter(const char *folder, bool may_become, const char *const *words, char **ret_text)
{
        char owner[USER_NAME_MAX], before[USER_NAME_MAX + 64];
        struct stat st;

        int r = stat(folder, &st) < 0 ? -errno : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
        if (r == -ENOENT)
                return 0;
        if (r < 0) {
                *ret_text =
                        str_printf("cannot use the state folder \"%s\": %s", folder, strerror(-r));
                return r;
        }
        if (st.st_uid == geteuid())
                return 0;
        user_name(st.st_uid, owner);
        if (geteuid() == 0 && may_become) {
                r = become(&st);
                if (r < 0)
                        *ret_text = str_printf(
                                "cannot switch to user %s, who owns the state folder %s: %s", owner,
                                folder, strerror(-r));
                return r;
        }
        snprintf(before, sizeof(before), "%srunuser -u %s -- ", geteuid() == 0 ? "" : "sudo ",
                 owner);
        _cleanup_free_ char *command = command_line(before, folder, words);
        *ret_text = command ? str_printf("the state folder %s belongs to %s: %s", folder, owner,
                                         command)
                            : NULL;
        return command ? -EPERM : -ENOMEM;
}

/* Looks for a file that another user has left, most likely root. */
static int check_files(const char *folder, char **ret_text)
{
        static const char *const names[] = {STATE_DATABASE, STATE_DATABASE "-wal",
                                            STATE_DATABASE "-shm", STATE_LOCK, ADMIN_SOCKET};
        char owner[USER_NAME_MAX], self[USER_NAME_MAX];
        struct stat st;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = str_printf("%s/%s", folder, names[i]);

                if (!path)
                        return -ENOMEM;
                if (lstat(path, &st) < 0 || st.st_uid == geteuid())
                        continue;
                user_name(st.st_uid, owner);
                user_name(geteuid(), self);
                *ret_text = str_printf("%s belongs to %s, but the hub runs as %s: chown %s %s",
                                       path, owner, self, self, path);
                return -EPERM;
        }
        return 0;
}

static int make_folders(const char *folder)
{
        _cleanup_free_ char *path = strdup(folder);

        if (!path)
                return -ENOMEM;
        for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = '\0';
                if (mkdir(path, 0700) < 0 && errno != EEXIST)
                        return -errno;
                *slash = '/';
        }
        return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int state_dir_prepare(const char *folder, int *ret_lock_fd, char **ret_text)
{
        _cleanup_free_ char *path = str_printf("%s/" STATE_LOCK, folder);

        if (str_empty(folder) || !path)
                return path ? -EINVAL : -ENOMEM;
        int r = make_folders(folder);
        if (r < 0) {
                *ret_text = str_printf("cannot make the state folder %s: %s", folder, strerror(-r));
                return r;
        }
        r = check_files(folder, ret_text);
        if (r < 0)
                return r;
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
        if (fd < 0) {
                r = -errno;
                *ret_text = str_printf("cannot open %s: %s", path, strerror(-r));
                return r;
        }
        *ret_lock_fd = fd;
        return 0;
}

int state_dir_lock(int lock_fd)
{
        return flock(lock_fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}
