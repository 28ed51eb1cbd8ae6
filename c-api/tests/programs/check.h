// Shared by the test programs: checks that end the program, and the servers that the runner has started for it.
//
//     int main(int argc, char **argv)
//     {
//         begin(argc, argv);
//         pc_client *client = client_of(servers[0].address);
//         CHECK(counter(client, "total_acquired") == 0);

#ifndef CHECK_H
#define CHECK_H

// Beyond C99: threads, processes and sockets. This header comes first in every program.
#define _POSIX_C_SOURCE 200809L

#include <poolcounter.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

// How long to wait for something that should happen at once.
#define PATIENCE_MS 20000

#define CHECK(condition) check((condition) != 0, __FILE__, __LINE__, "%s", #condition)
#define CHECK_OK(call) check_number((call), PC_OK, #call, __FILE__, __LINE__)
#define CHECK_NUMBER(actual, expected) check_number((actual), (expected), #actual, __FILE__, __LINE__)
#define CHECK_TEXT(actual, expected) check_text((actual), (expected), #actual, __FILE__, __LINE__)

// A daemon that the runner has started.
static struct server {
    const char *address;
    pid_t pid;
} servers[2];

// Prints what went wrong and ends the program, without the output of leak checkers.
static inline void check(int good, const char *file, int line, const char *format, ...)
{
    va_list arguments;

    if (good)
        return;
    fprintf(stderr, "%s:%d: ", file, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    _exit(1);
}

static inline void check_number(long long actual, long long expected, const char *what, const char *file, int line)
{
    check(actual == expected, file, line, "%s is %lld, not %lld", what, actual, expected);
}

static inline void check_text(const char *actual, const char *expected, const char *what, const char *file, int line)
{
    check(actual != NULL && strcmp(actual, expected) == 0, file, line, "%s is \"%s\", not \"%s\"", what,
          actual ? actual : "(NULL)", expected);
}

// The runner's arguments are ADDRESS PID ADDRESS PID.
static inline void begin(int argc, char **argv)
{
    CHECK(argc >= 5);
    for (int i = 0; i < 2; i++) {
        servers[i].address = argv[1 + 2 * i];
        servers[i].pid = (pid_t)atol(argv[2 + 2 * i]);
        CHECK(servers[i].pid > 1);
    }
}

// A configuration for a slow machine.
static inline pc_config *config_of(const char *server)
{
    pc_config *config = NULL;

    CHECK_OK(pc_config_new(&config));
    CHECK_OK(pc_config_set_connect_timeout_ms(config, PATIENCE_MS));
    CHECK_OK(pc_config_set_min_answer_timeout_ms(config, PATIENCE_MS));
    if (server)
        CHECK_OK(pc_config_add_server(config, server));
    return config;
}

static inline pc_client *client_from(pc_config *config)
{
    pc_client *client = NULL;

    CHECK_OK(pc_client_new(config, &client));
    pc_config_free(&config);
    return client;
}

static inline pc_client *client_of(const char *server)
{
    return client_from(config_of(server));
}

// At most one works on the key.
static inline pc_request make_request(pc_mode mode, const char *key, int64_t timeout_seconds)
{
    pc_request request = {.size = sizeof request, .mode = mode, .key = key, .workers = 1, .maxqueue = 1000};

    request.key_length = strlen(key);
    request.timeout_seconds = timeout_seconds;
    return request;
}

static inline pc_outcome acquire(pc_client *client, pc_mode mode, const char *key, int64_t timeout_seconds,
                                 pc_lock *lock)
{
    pc_request request = make_request(mode, key, timeout_seconds);
    pc_outcome outcome;

    CHECK_NUMBER(pc_client_acquire(client, &request, lock, &outcome), PC_OK);
    CHECK((outcome == PC_OUTCOME_LOCKED) == (*lock != 0));
    return outcome;
}

// Acquires a free lock.
static inline pc_lock locked(pc_client *client, const char *key)
{
    pc_lock lock;

    CHECK_NUMBER(acquire(client, PC_MODE_FOR_ME, key, 0, &lock), PC_OUTCOME_LOCKED);
    return lock;
}

static inline long counter(pc_client *client, const char *name)
{
    char *text = NULL, *colon;
    long value;

    CHECK_OK(pc_client_stats(client, 0, name, &text));
    colon = strstr(text, ": ");
    CHECK(colon != NULL);
    value = atol(colon + 2);
    pc_string_free(&text);
    CHECK(text == NULL);
    return value;
}

static inline void pause_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

// Waits until a counter of the server has this value.
static inline void wait_for(pc_client *client, const char *name, long value)
{
    long last = counter(client, name);

    for (int turn = 0; last != value && turn < PATIENCE_MS / 5; turn++) {
        pause_ms(5);
        last = counter(client, name);
    }
    check(last == value, __FILE__, __LINE__, "%s is %ld, not %ld", name, last, value);
}

// Checks that no lock is held and no client waits.
static inline void wait_for_rest(pc_client *client)
{
    wait_for(client, "hashtable_entries", 0);
    CHECK_NUMBER(counter(client, "processing_workers"), 0);
    CHECK_NUMBER(counter(client, "waiting_workers"), 0);
}

#endif
