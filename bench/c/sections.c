// Plays protected sections on request: sections library|plain ADDRESS
//
// Each line on standard input, "sections microseconds", is the number of sections to run and the pause before each. The answer is a line of JSON:
// wall and CPU time of a section in microseconds, without the pause.

#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poolcounter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define KEY "wiki:pcache:idhash:3-0!canonical"

static pc_client *client;
static int connection;

static void fail(const char *what)
{
    fprintf(stderr, "sections: %s\n", what);
    exit(1);
}

static void library_open(const char *address)
{
    pc_config *config = NULL;
    if (pc_config_new(&config) || pc_config_add_server(config, address) || pc_config_set_connect_timeout_ms(config, 1000) ||
        pc_client_new(config, &client))
        fail("no client");
    pc_config_free(&config);
}

static void library_section(void)
{
    const pc_request request = {.size = sizeof request, .mode = PC_MODE_FOR_ANYONE, .key = KEY, .key_length = sizeof KEY - 1,
                                .workers = 1, .maxqueue = 100, .timeout_seconds = 15};
    pc_lock lock;
    pc_outcome outcome;
    if (pc_client_acquire(client, &request, &lock, &outcome) || outcome != PC_OUTCOME_LOCKED ||
        pc_client_release(client, lock, NULL))
        fail(pc_client_error_message(client));
}

static void plain_open(const char *address)
{
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(7531)};
    const int on = 1;
    connection = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, address, &server.sin_addr) != 1 ||
        connect(connection, (struct sockaddr *)&server, sizeof server) ||
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on))
        fail("cannot connect");
}

static void ask(const char *command, const char *expected)
{
    char answer[256];
    const size_t length = strlen(command);
    if (send(connection, command, length, MSG_NOSIGNAL) != (ssize_t)length)
        fail("cannot send");
    const ssize_t received = recv(connection, answer, sizeof answer, 0);
    if (received != (ssize_t)strlen(expected) || memcmp(answer, expected, strlen(expected)) != 0)
        fail("not the answer");
}

static void plain_section(void)
{
    ask("ACQ4ANY " KEY " 1 100 15\n", "LOCKED\n");
    ask("RELEASE\n", "RELEASED\n");
}

static double microseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

// The pause burns CPU time, like the work of a worker.
static void work(long pause)
{
    const double end = microseconds(CLOCK_MONOTONIC) + (double)pause;
    while (pause > 0 && microseconds(CLOCK_MONOTONIC) < end)
        ;
}

static void slice(void (*section)(void), long sections, long pause)
{
    double wall = 0, cpu = 0;
    for (long i = 0; i < sections; i++) {
        work(pause);
        const double wall_before = microseconds(CLOCK_MONOTONIC), cpu_before = microseconds(CLOCK_PROCESS_CPUTIME_ID);
        section();
        cpu += microseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
        wall += microseconds(CLOCK_MONOTONIC) - wall_before;
    }
    printf("{\"wall\": %.3f, \"cpu\": %.3f}\n", wall / (double)sections, cpu / (double)sections);
}

int main(int count, char **arguments)
{
    long sections, pause;
    if (count != 3)
        fail("usage: sections library|plain ADDRESS");
    const int library = strcmp(arguments[1], "library") == 0;
    (library ? library_open : plain_open)(arguments[2]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("{}");
    while (scanf("%ld %ld", &sections, &pause) == 2)
        slice(library ? library_section : plain_section, sections, pause);
    return 0;
}
