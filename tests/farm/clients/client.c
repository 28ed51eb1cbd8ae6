// A client of the farm: a worker in each thread, with a client of its own. clients.py has the arguments, events.py the
// lines that it writes.

#define _GNU_SOURCE

#include <ctype.h>
#include <inttypes.h>
#include <poolcounter.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 64 };

static int64_t end_ns, seed;
static pc_config *config;
static FILE *events;
// What a worker works on, and for how long.
struct kind {
    char *keys[MOST];
    int count, least_ms, most_ms;
};

static struct kind quick = {.least_ms = 10, .most_ms = 50}, slow = {.least_ms = 20000, .most_ms = 40000};
static int first;

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "failed: %s\n", what);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// One line, in one call: threads share the file.
static void note(int64_t number, const char *what)
{
    fprintf(events, "%" PRId64 "\t%" PRId64 "\t%s\n", now_ns(), number, what);
}

// A number below `limit`, from a generator of the worker's own.
static int dice(uint64_t *state, int limit)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (int)((*state >> 33) % (uint64_t)limit);
}

static void pause_ms(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    nanosleep(&time, NULL);
}

// The word for an error, as the other languages have it.
static const char *failure(pc_error error)
{
    switch (error) {
    case PC_ERROR_CONNECT: return "ConnectError";
    case PC_ERROR_WRITE: return "WriteError";
    case PC_ERROR_READ: return "ReadError";
    case PC_ERROR_REMOTE: return "RemoteError";
    default: return pc_error_message(error);
    }
}

// Works, but not beyond the end, and gives the lock back.
static void finish(pc_client *client, pc_lock lock, const struct kind *kind, int64_t number, uint64_t *state)
{
    int64_t left_ms = (end_ns - now_ns()) / 1000000;
    int ms = kind->least_ms + dice(state, kind->most_ms - kind->least_ms);
    bool failed;

    pause_ms(left_ms < 0 ? 0 : left_ms < ms ? (int)left_ms : ms);
    failed = dice(state, 100) < 5;
    note(number, failed ? "abandon" : "release");
    must((failed ? pc_client_abandon(client, lock) : pc_client_release(client, lock, NULL)) == PC_OK, "a lock's end");
    note(number, "free");
}

static void protect(pc_client *client, const struct kind *kind, int64_t number, uint64_t *state)
{
    const char *key = kind->keys[dice(state, kind->count)];
    bool for_me = dice(state, 2);
    pc_request request = {.size = sizeof request, .mode = for_me ? PC_MODE_FOR_ME : PC_MODE_FOR_ANYONE,
                          .key = key, .key_length = strlen(key), .workers = 1, .maxqueue = number,
                          .timeout_seconds = dice(state, 100) < 15 ? 0 : 3};
    char text[512];
    pc_outcome outcome;
    pc_error error;
    pc_lock lock;

    snprintf(text, sizeof text, "asked\t%s\t%s\t%d", key, for_me ? "me" : "anyone", (int)request.timeout_seconds);
    note(number, text);
    error = pc_client_acquire(client, &request, &lock, &outcome);
    if (error != PC_OK) {
        snprintf(text, sizeof text, "failed\t%s\t%s", failure(error), pc_client_error_message(client));
        note(number, text);
        pause_ms(10 + dice(state, 40));
        return;
    }
    snprintf(text, sizeof text, "%s", pc_outcome_name(outcome));
    for (char *letter = text; *letter; letter++)
        *letter = (char)tolower((unsigned char)*letter);
    note(number, text);
    if (outcome == PC_OUTCOME_LOCKED)
        finish(client, lock, kind, number, state);
}

static void *work(void *worker)
{
    int64_t number = (int64_t)(intptr_t)worker * 1000000;
    uint64_t state = (uint64_t)(seed + (intptr_t)worker) * 2654435761u + 1;
    // The first one has keys and work of its own, if there are slow ones.
    const struct kind *kind = slow.count && (intptr_t)worker == first ? &slow : &quick;
    pc_client *client = NULL;

    must(pc_client_new(config, &client) == PC_OK, pc_config_error_cause(config));
    for (; now_ns() < end_ns; number++) {
        protect(client, kind, number, &state);
        pause_ms(10 + dice(&state, 50));
    }
    pc_client_free(&client);
    return NULL;
}

static void list(char *keys, struct kind *kind)
{
    for (char *key = strtok(keys, ","); key && kind->count < MOST; key = strtok(NULL, ","))
        kind->keys[kind->count++] = key;
}

int main(int argc, char **argv)
{
    pthread_t threads[MOST];
    int workers;

    must(argc == 10, "ten arguments");
    end_ns = atoll(argv[1]);
    seed = atoll(argv[2]);
    first = atoi(argv[3]);
    workers = atoi(argv[4]);
    must(workers <= MOST && (events = fopen(argv[5], "a")) != NULL, "the file of events");
    setvbuf(events, NULL, _IOLBF, 0);
    must(pc_config_new(&config) == PC_OK && pc_config_set_connect_timeout_ms(config, atoll(argv[6])) == PC_OK, "the configuration");
    for (char *name = strtok(argv[7], ","); name; name = strtok(NULL, ","))
        must(pc_config_add_server(config, name) == PC_OK, name);
    list(argv[8], &quick);
    list(argv[9], &slow);
    for (int i = 0; i < workers; i++)
        must(pthread_create(&threads[i], NULL, work, (void *)(intptr_t)(first + i)) == 0, "a thread");
    for (int i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
    pc_config_free(&config);
    return fclose(events) ? 1 : 0;
}
