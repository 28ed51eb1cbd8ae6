// The library as a player of the client-side stories: tests/client-stories/README.md. `player blocking` has the client
// that blocks, `player async` the one for event loops.

#include "loop.h"
#include <ctype.h>
#include <inttypes.h>

enum { MOST = 16384, LOCKS = 16 };

static int is_async;
static pc_client *client;
static pc_async *async;
// The newest last.
static pc_lock held[LOCKS];
static int held_count;
static char answer[MOST * 8];

static void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(answer, sizeof answer, format, arguments);
    va_end(arguments);
}

static void say_error(pc_error error)
{
    const char *kinds[] = {[PC_ERROR_CONNECT] = "connect", [PC_ERROR_WRITE] = "write", [PC_ERROR_READ] = "read",
                           [PC_ERROR_REMOTE] = "remote"};
    const char *server = is_async ? pc_async_error_server(async) : pc_client_error_server(client);
    const char *cause = is_async ? pc_async_error_cause(async) : pc_client_error_cause(client);

    if (error == PC_ERROR_BAD_KEY)
        say("key %s", cause);
    else if (error >= PC_ERROR_CONNECT && error <= PC_ERROR_REMOTE)
        say("%s %s %s", kinds[error], server, cause);
    else
        say("other %s %s", pc_error_message(error), cause);
}

static void say_outcome(pc_error error, pc_outcome outcome, pc_lock lock)
{
    if (error != PC_OK) {
        say_error(error);
        return;
    }
    if (outcome == PC_OUTCOME_LOCKED) {
        CHECK(held_count < LOCKS);
        held[held_count++] = lock;
    }
    say("%s", pc_outcome_name(outcome));
}

// The lines of the statistics on one line.
static void say_statistics(const char *text)
{
    size_t end = strlen(text), length;

    while (end > 0 && text[end - 1] == '\n')
        end--;
    say("STATS ");
    length = strlen(answer);
    for (size_t i = 0; i < end && length + 3 < sizeof answer; i++) {
        if (text[i] == '\n')
            answer[length++] = ';';
        answer[length++] = text[i] == '\n' ? ' ' : text[i];
    }
    answer[length] = '\0';
}

// Drives a call that was begun, if it was, to its result.
static pc_error drive(pc_error begun, pc_call **call, pc_lock *lock, pc_outcome *outcome)
{
    struct flight flight;

    if (begun != PC_OK)
        return begun;
    flight.call = *call;
    go_on(&flight);
    finish(&flight, 1);
    return pc_call_result(*call, lock, outcome);
}

static void play_acquire(char *words)
{
    static char key[MOST / 2];
    pc_outcome outcome = PC_OUTCOME_DONE;
    pc_request request = {.key = key};
    pc_call *call = NULL;
    pc_error error;
    pc_lock lock = 0;
    char mode[8];
    int end = 0;

    CHECK(sscanf(words, "%7s %" SCNd64 " %" SCNd64 " %" SCNd64 " %n", mode, &request.workers, &request.maxqueue,
                 &request.timeout_seconds, &end) == 4);
    request.mode = strcmp(mode, "me") == 0 ? PC_MODE_FOR_ME : PC_MODE_FOR_ANYONE;
    for (char *digits = words + end; isxdigit((unsigned char)digits[0]); digits += 2) {
        char byte[] = {digits[0], digits[1], '\0'};
        key[request.key_length++] = (char)strtol(byte, NULL, 16);
    }
    if (is_async)
        error = drive(pc_async_acquire(async, &request, &call), &call, &lock, &outcome);
    else
        error = pc_client_acquire(client, &request, &lock, &outcome);
    say_outcome(error, outcome, lock);
    pc_call_free(&call);
}

static void play_release(void)
{
    pc_lock lock = held_count > 0 ? held[--held_count] : 0;
    pc_outcome outcome = PC_OUTCOME_DONE;
    pc_call *call = NULL;
    pc_error error;

    if (is_async)
        error = drive(pc_async_release(async, lock, &call), &call, NULL, &outcome);
    else
        error = pc_client_release(client, lock, &outcome);
    say_outcome(error, outcome, 0);
    pc_call_free(&call);
}

static void play_abandon(void)
{
    if (held_count > 0) {
        pc_lock lock = held[--held_count];
        CHECK_OK(is_async ? pc_async_abandon(async, lock) : pc_client_abandon(client, lock));
    }
    say("OK");
}

static void play_stats(const char *words)
{
    pc_call *call = NULL;
    char *text = NULL, *name;
    size_t server = strtoul(words, &name, 10);
    pc_error error;

    CHECK(*name == ' ');
    if (is_async)
        error = drive(pc_async_stats(async, server, name + 1, &call), &call, NULL, NULL);
    else
        error = pc_client_stats(client, server, name + 1, &text);
    if (error == PC_OK)
        say_statistics(is_async ? pc_call_text(call) : text);
    else
        say_error(error);
    pc_call_free(&call);
    pc_string_free(&text);
}

static void play_close(void)
{
    CHECK_OK(is_async ? pc_async_close(async) : pc_client_close(client));
    held_count = 0;
    say("OK");
}

// The texts between commas; with a ring each is label:address:port:weight.
static void add_servers(pc_config *config, char *list, int ring)
{
    for (char *server = strtok(list, ","); server; server = strtok(NULL, ",")) {
        char *address = strchr(server, ':'), *weight = strrchr(server, ':');
        if (!ring) {
            CHECK_OK(pc_config_add_server(config, server));
            continue;
        }
        CHECK(address != NULL && address != weight);
        *address++ = *weight++ = '\0';
        CHECK_OK(pc_config_add_ring_server(config, server, address, atol(weight)));
    }
}

static void play_new(const char *words)
{
    long connect_ms, answer_ms, pass_over_ms, await;
    char servers[1024], choice[16];
    pc_config *config = NULL;

    CHECK(sscanf(words,
                 "servers=%1023s choice=%15s connect_timeout_ms=%ld answer_timeout_ms=%ld pass_over_ms=%ld "
                 "await_release=%ld",
                 servers, choice, &connect_ms, &answer_ms, &pass_over_ms, &await) == 6);
    pc_client_free(&client);
    pc_async_free(&async);
    held_count = 0;
    CHECK_OK(pc_config_new(&config));
    add_servers(config, servers, strcmp(choice, "ring") == 0);
    CHECK_OK(pc_config_set_connect_timeout_ms(config, connect_ms));
    CHECK_OK(pc_config_set_answer_timeout_ms(config, answer_ms));
    CHECK_OK(pc_config_set_pass_over_ms(config, pass_over_ms));
    CHECK_OK(pc_config_set_await_release(config, (int32_t)await));
    CHECK_OK(is_async ? pc_async_new(config, &async) : pc_client_new(config, &client));
    pc_config_free(&config);
    say("OK");
}

static void play(char *line)
{
    char *words = strchr(line, ' ');

    if (words)
        *words++ = '\0';
    if (strcmp(line, "new") == 0 && words)
        play_new(words);
    else if (strcmp(line, "acquire") == 0 && words)
        play_acquire(words);
    else if (strcmp(line, "stats") == 0 && words)
        play_stats(words);
    else if (strcmp(line, "release") == 0)
        play_release();
    else if (strcmp(line, "abandon") == 0)
        play_abandon();
    else if (strcmp(line, "close") == 0)
        play_close();
    else
        CHECK(!"a line that a player knows");
}

int main(int argc, char **argv)
{
    static char line[MOST];

    CHECK(argc == 2);
    is_async = strcmp(argv[1], "async") == 0;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        play(line);
        for (const char *at = answer; *at; at++)
            *at == '\n' ? fputs("\\n", stdout) : putchar(*at);
        putchar('\n');
        fflush(stdout);
    }
    pc_client_free(&client);
    pc_async_free(&async);
    return 0;
}
