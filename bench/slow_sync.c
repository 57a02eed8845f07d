/* Preloaded into PostgreSQL: each fsync and fdatasync takes 2 ms more, as on a disk that waits. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static int slowly(const char *name, int descriptor)
{
    struct timespec wait = {0, 2 * 1000 * 1000};
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, name);

    nanosleep(&wait, NULL);
    return real(descriptor);
}

int fsync(int descriptor)
{
    return slowly("fsync", descriptor);
}

int fdatasync(int descriptor)
{
    return slowly("fdatasync", descriptor);
}
