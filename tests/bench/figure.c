/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench/figure.h"

#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "rig/rig.h"

void figure_machine(void)
{
        _cleanup_free_ char *cpus = rig_read_file("/proc/cpuinfo");
        const char *model = cpus ? strstr(cpus, "model name") : NULL;
        struct utsname name;

        uname(&name);
        model = model ? strchr(model, ':') : NULL;
        printf("%ld × %.*s, Linux %s\n", sysconf(_SC_NPROCESSORS_ONLN),
               model ? (int)strcspn(model + 2, "\n") : 7, model ? model + 2 : "unknown",
               name.release);
}

void figure_print(const char *name, double value, const char *unit, double target)
{
        printf("%-48s %9.2f %-7s target <= %8.2f  %s\n", name, value, unit, target,
               value <= target ? "ok" : "MISSED");
        fflush(stdout);
}

void figure_at_least(const char *name, double value, const char *unit, double target)
{
        printf("%-48s %9.2f %-7s target >= %8.2f  %s\n", name, value, unit, target,
               value >= target ? "ok" : "MISSED");
        fflush(stdout);
}

void figure_report(const char *name, double value, const char *unit)
{
        printf("%-48s %9.2f %s\n", name, value, unit);
        fflush(stdout);
}

void samples_add(Samples *samples, double value)
{
        samples->values = reallocarray(samples->values, samples->count + 1, sizeof(double));
        if (!samples->values)
                rig_fail("out of memory");
        samples->values[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

double samples_percentile(Samples *samples, double share)
{
        if (samples->count == 0)
                rig_fail("nothing was measured");
        qsort(samples->values, samples->count, sizeof(double), compare);
        return samples->values[(size_t)(share * (double)(samples->count - 1) + 0.5)];
}

void samples_done(Samples *samples)
{
        free(samples->values);
        *samples = (Samples){};
}

double figure_now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}
