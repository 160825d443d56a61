// Ends the program that it is loaded into (LD_PRELOAD) by SIGKILL at one line of a restore's journal, which no other process could hit
// for certain. KILL_AT is "MOMENT LINE MICROSECONDS": `before` line LINE is written, when half of it is written (`torn`), or so long
// `after` it is on disk.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int lines;

static int is_journal(int file)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    return strstr(path, "/restores/") && strstr(path, ".jsonl");
}

// How long after this call of this moment the end is; negative where it is not this one.
static long due(const char *moment)
{
    const char *wish = getenv("KILL_AT");
    char wished[16];
    int line;
    long microseconds;
    return wish && sscanf(wish, "%15s %d %ld", wished, &line, &microseconds) == 3 && line == lines && !strcmp(moment, wished)
        ? microseconds
        : -1;
}

static void *end(void *microseconds)
{
    usleep((useconds_t)(long)microseconds);
    kill(getpid(), SIGKILL);
    return NULL;
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite64");
    if (is_journal(file)) {
        lines++;
        if (due("before") >= 0)
            end(0);
        if (due("torn") >= 0) {
            real(file, bytes, count / 2, offset);
            end(0);
        }
    }
    return real(file, bytes, count, offset);
}

int fsync(int file)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    int result = real(file);
    long microseconds;
    if (is_journal(file) && (microseconds = due("after")) >= 0) {
        pthread_t thread;
        if (microseconds == 0)
            end(0);
        pthread_create(&thread, NULL, end, (void *)microseconds);
    }
    return result;
}
