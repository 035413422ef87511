// Preloaded, it lets the writes to files below one folder fail from the n-th on, to see what a program does then.
//
//     cc -shared -fPIC -o failing_writes.so failing_writes.c -ldl
//
// FAILING_WRITES_FOLDER   whose files
// FAILING_WRITES_FIRST    the number of the first write that fails, from 1
// FAILING_WRITES_ERRNO    with what
// FAILING_WRITES_LASTING  1: all later ones fail too; 0: only this one
// FAILING_WRITES_COUNTER  a file that gets the number of writes at the end
//
// A write is whatever changes the disk: write, pwrite, ftruncate, fallocate, fsync, fdatasync, rename, unlink, and open
// where it makes a file.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long writes;

static int is_ours(const char* path) {
    const char* folder = getenv("FAILING_WRITES_FOLDER");
    return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_ours_open(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) {
        return 0;
    }
    path[length] = 0;
    return is_ours(path);
}

static long number(const char* name) {
    const char* text = getenv(name);
    return text ? atol(text) : 0;
}

/// Counts a write; whether it is to fail.
static int fails(void) {
    long count = atomic_fetch_add(&writes, 1) + 1;
    long first = number("FAILING_WRITES_FIRST");
    if (first > 0 && (number("FAILING_WRITES_LASTING") ? count >= first : count == first)) {
        errno = (int)number("FAILING_WRITES_ERRNO");
        return 1;
    }
    return 0;
}

__attribute__((destructor)) static void report(void) {
    const char* path = getenv("FAILING_WRITES_COUNTER");
    FILE* file = path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%ld", atomic_load(&writes));
        fclose(file);
    }
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define ON_FILE(type, name, parameters, ...) \
    type name parameters { \
        if (is_ours_open(file) && fails()) { \
            return -1; \
        } \
        return NEXT(name)(__VA_ARGS__); \
    }

ON_FILE(ssize_t, write, (int file, const void* bytes, size_t count), file, bytes, count)
ON_FILE(ssize_t, pwrite, (int file, const void* bytes, size_t count, off_t offset), file, bytes, count, offset)
ON_FILE(ssize_t, pwrite64, (int file, const void* bytes, size_t count, off64_t offset), file, bytes, count, offset)
ON_FILE(int, ftruncate, (int file, off_t length), file, length)
ON_FILE(int, ftruncate64, (int file, off64_t length), file, length)
ON_FILE(int, fallocate, (int file, int mode, off_t offset, off_t length), file, mode, offset, length)
ON_FILE(int, fsync, (int file), file)
ON_FILE(int, fdatasync, (int file), file)

int rename(const char* from, const char* to) {
    return is_ours(to) && fails() ? -1 : NEXT(rename)(from, to);
}

int unlink(const char* path) {
    return is_ours(path) && fails() ? -1 : NEXT(unlink)(path);
}

#define OPENING(name) \
    int name(const char* path, int flags, ...) { \
        mode_t mode = 0; \
        if (flags & O_CREAT) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
            if (is_ours(path) && access(path, F_OK) != 0 && fails()) { \
                return -1; \
            } \
        } \
        return NEXT(name)(path, flags, mode); \
    }

OPENING(open)
OPENING(open64)
