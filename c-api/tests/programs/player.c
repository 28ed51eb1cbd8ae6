// The player of the library, for the client stories and the network stories: tests/client-stories/README.md.
// `player blocking` uses the blocking client; `player async` the client for event loops, whose calls run at the same
// time.

#include "loop.h"
#include <ctype.h>
#include <inttypes.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>

enum { MOST = 16384, LOCKS = 16, CLIENTS = 8, ERRANDS = 8, LABEL = 32, ADDRESS = 80 };

// A client, and the locks that it holds, the newest last.
struct party {
    pc_client *client;
    pc_async *async;
    pc_lock held[LOCKS];
    int held_count;
};

// A call on an event loop, and its client. The player waits for the call without a label.
struct errand {
    struct party *party;
    char label[LABEL];
    struct flight flight;
    int is_stats;
};

// A name that a thread looks up, so that other calls do not wait for it.
struct look_up {
    char host[256];
    char addresses[1024];
    const char *cause;
};

static int is_async;
// Threads write their results to one end: pointers to look_ups.
static int found[2];
static pc_config *config;
static struct party parties[CLIENTS];
// Entries without a party are free.
static struct errand errands[ERRANDS];
static char answer[MOST * 8];

static void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(answer, sizeof answer, format, arguments);
    va_end(arguments);
}

// Prints what was said, behind the label.
static void speak(const char *label)
{
    if (label[0])
        printf("&%s ", label);
    for (const char *at = answer; *at; at++)
        *at == '\n' ? fputs("\\n", stdout) : putchar(*at);
    putchar('\n');
    fflush(stdout);
}

static void say_error(const struct party *party, pc_error error)
{
    const char *kinds[] = {[PC_ERROR_CONNECT] = "connect", [PC_ERROR_WRITE] = "write", [PC_ERROR_READ] = "read",
                           [PC_ERROR_REMOTE] = "remote"};
    const char *server = is_async ? pc_async_error_server(party->async) : pc_client_error_server(party->client);
    const char *cause = is_async ? pc_async_error_cause(party->async) : pc_client_error_cause(party->client);

    if (error == PC_ERROR_BAD_KEY)
        say("key %s", cause);
    else if (error >= PC_ERROR_CONNECT && error <= PC_ERROR_REMOTE)
        say("%s %s %s", kinds[error], server, cause);
    else
        say("other %s %s", pc_error_message(error), cause);
}

static void say_outcome(struct party *party, pc_error error, pc_outcome outcome, pc_lock lock)
{
    if (error != PC_OK) {
        say_error(party, error);
        return;
    }
    if (outcome == PC_OUTCOME_LOCKED) {
        CHECK(party->held_count < LOCKS);
        party->held[party->held_count++] = lock;
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

// Prints the result of a finished call.
static void conclude(struct errand *errand)
{
    pc_outcome outcome = PC_OUTCOME_DONE;
    pc_lock lock = 0;
    pc_error error = pc_call_result(errand->flight.call, &lock, errand->is_stats ? NULL : &outcome);

    if (error == PC_OK && errand->is_stats)
        say_statistics(pc_call_text(errand->flight.call));
    else
        say_outcome(errand->party, error, outcome, lock);
    speak(errand->label);
    pc_call_free(&errand->flight.call);
    errand->party = NULL;
}

static void *look_up(void *argument)
{
    struct look_up *look_up = argument;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    int error = getaddrinfo(look_up->host, NULL, &hints, &list);
    size_t length = 0;

    look_up->cause = error ? gai_strerror(error) : NULL;
    for (struct addrinfo *each = list; each && length + ADDRESS < sizeof look_up->addresses; each = each->ai_next) {
        char *end = look_up->addresses + length;
        if (length > 0)
            *end++ = ',';
        CHECK_NUMBER(getnameinfo(each->ai_addr, each->ai_addrlen, end, ADDRESS - 1, NULL, 0, NI_NUMERICHOST), 0);
        length = strlen(look_up->addresses);
    }
    if (list)
        freeaddrinfo(list);
    CHECK_NUMBER(write(found[1], &look_up, sizeof look_up), sizeof look_up);
    return NULL;
}

static void begin_look_up(struct party *party, size_t server)
{
    struct look_up *begun = calloc(1, sizeof *begun);
    pthread_t thread;

    CHECK(begun != NULL);
    snprintf(begun->host, sizeof begun->host, "%s", pc_async_server_host(party->async, server));
    CHECK_NUMBER(pthread_create(&thread, NULL, look_up, begun), 0);
    CHECK_NUMBER(pthread_detach(thread), 0);
}

static void take_look_up(void)
{
    struct look_up *look_up;

    CHECK_NUMBER(read(found[0], &look_up, sizeof look_up), sizeof look_up);
    CHECK_OK(pc_looked_up(look_up->host, look_up->cause ? NULL : look_up->addresses, look_up->cause));
    free(look_up);
}

static void advance(struct errand *errand)
{
    go_on(&errand->flight);
    if (errand->flight.wait.look_up >= 0)
        begin_look_up(errand->party, (size_t)errand->flight.wait.look_up);
    if (errand->flight.wait.finished)
        conclude(errand);
}

// Waits until a call can continue, and continues it; or, if it may listen, until there is input.
static void turn_all(int listen)
{
    struct pollfd pollfds[ERRANDS + 2] = {{.fd = found[0], .events = POLLIN}};
    int at_most_ms = -1;

    pollfds[1] = (struct pollfd){.fd = listen ? STDIN_FILENO : -1, .events = POLLIN};
    for (int i = 0; i < ERRANDS; i++) {
        pollfds[i + 2].fd = -1;
        if (errands[i].party == NULL)
            continue;
        pollfds[i + 2] = pollfd_of(&errands[i].flight);
        if (at_most_ms < 0 || errands[i].flight.wait.timeout_ms < at_most_ms)
            at_most_ms = errands[i].flight.wait.timeout_ms;
    }
    CHECK(poll(pollfds, ERRANDS + 2, at_most_ms) >= 0);
    if (pollfds[0].revents)
        take_look_up();
    for (int i = 0; i < ERRANDS; i++) {
        if (errands[i].party != NULL)
            advance(&errands[i]);
    }
}

// Adds a call that was begun. Without a label, drives it to its end.
static void run_errand(struct party *party, const char *label, pc_error begun, pc_call *call, int is_stats)
{
    struct errand *errand = errands;

    if (begun != PC_OK) {
        say_error(party, begun);
        speak(label);
        return;
    }
    while (errand->party != NULL)
        CHECK(++errand < errands + ERRANDS);
    *errand = (struct errand){.party = party, .flight = {.call = call}, .is_stats = is_stats};
    snprintf(errand->label, sizeof errand->label, "%s", label);
    advance(errand);
    while (label[0] == '\0' && errand->party != NULL)
        turn_all(0);
}

static void play_acquire(struct party *party, const char *label, char *words)
{
    static char key[MOST / 2];
    pc_outcome outcome = PC_OUTCOME_DONE;
    pc_request request = {.size = sizeof request, .key = key};
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
    if (is_async) {
        error = pc_async_acquire(party->async, &request, &call);
        run_errand(party, label, error, call, 0);
        return;
    }
    error = pc_client_acquire(party->client, &request, &lock, &outcome);
    say_outcome(party, error, outcome, lock);
    speak(label);
}

static void play_release(struct party *party, const char *label)
{
    pc_lock lock = party->held_count > 0 ? party->held[--party->held_count] : 0;
    pc_outcome outcome = PC_OUTCOME_DONE;
    pc_call *call = NULL;
    pc_error error;

    if (is_async) {
        error = pc_async_release(party->async, lock, &call);
        run_errand(party, label, error, call, 0);
        return;
    }
    error = pc_client_release(party->client, lock, &outcome);
    say_outcome(party, error, outcome, 0);
    speak(label);
}

static void play_abandon(struct party *party)
{
    if (party->held_count > 0) {
        pc_lock lock = party->held[--party->held_count];
        CHECK_OK(is_async ? pc_async_abandon(party->async, lock) : pc_client_abandon(party->client, lock));
    }
    say("OK");
}

static void play_stats(struct party *party, const char *label, const char *words)
{
    pc_call *call = NULL;
    char *text = NULL, *name;
    size_t server = strtoul(words, &name, 10);
    pc_error error;

    CHECK(*name == ' ');
    if (is_async) {
        error = pc_async_stats(party->async, server, name + 1, &call);
        run_errand(party, label, error, call, 1);
        return;
    }
    error = pc_client_stats(party->client, server, name + 1, &text);
    if (error == PC_OK)
        say_statistics(text);
    else
        say_error(party, error);
    speak(label);
    pc_string_free(&text);
}

static void play_close(struct party *party)
{
    CHECK_OK(is_async ? pc_async_close(party->async) : pc_client_close(party->client));
    party->held_count = 0;
    say("OK");
}

// The texts between commas; with a ring each is label:address:port:weight.
static void add_servers(char *list, int ring)
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

static void free_parties(void)
{
    for (struct party *party = parties; party < parties + CLIENTS; party++) {
        pc_client_free(&party->client);
        pc_async_free(&party->async);
        party->held_count = 0;
    }
    pc_config_free(&config);
}

// The client of this number, made when it is first needed.
static struct party *party_of(int number)
{
    struct party *party = &parties[number - 1];

    CHECK(number > 0 && number <= CLIENTS && config != NULL);
    if (is_async && party->async == NULL) {
        CHECK_OK(pc_async_new(config, &party->async));
    } else if (!is_async && party->client == NULL) {
        CHECK_OK(pc_client_new(config, &party->client));
    }
    return party;
}

static void play_new(const char *words)
{
    long connect_ms, answer_ms, pass_over_ms, await;
    char servers[1024], choice[16];

    CHECK(sscanf(words,
                 "servers=%1023s choice=%15s connect_timeout_ms=%ld answer_timeout_ms=%ld pass_over_ms=%ld "
                 "await_release=%ld",
                 servers, choice, &connect_ms, &answer_ms, &pass_over_ms, &await) == 6);
    free_parties();
    CHECK_OK(pc_config_new(&config));
    add_servers(servers, strcmp(choice, "ring") == 0);
    CHECK_OK(pc_config_set_connect_timeout_ms(config, connect_ms));
    CHECK_OK(pc_config_set_min_answer_timeout_ms(config, answer_ms));
    CHECK_OK(pc_config_set_avoid_for_ms(config, pass_over_ms));
    CHECK_OK(pc_config_set_await_release(config, (int32_t)await));
    CHECK_OK(pc_config_set_look_ups_by_caller(config, 1));
    party_of(1);
    say("OK");
}

// The word after this sign at the beginning of a line; empty without the sign.
static char *take_prefix(char **line, char sign)
{
    char *word = *line + 1, *end = strchr(*line, ' ');

    if (**line != sign)
        return "";
    CHECK(end != NULL);
    *end = '\0';
    *line = end + 1;
    return word;
}

static void play(char *line)
{
    const char *label = take_prefix(&line, '&'), *number = take_prefix(&line, '#');
    char *words = strchr(line, ' ');
    struct party *party;

    CHECK(is_async || label[0] == '\0');
    CHECK(strlen(label) < LABEL);
    if (words)
        *words++ = '\0';
    if (strcmp(line, "new") == 0 && words) {
        play_new(words);
        speak(label);
        return;
    }
    party = party_of(number[0] ? atoi(number) : 1);
    if (strcmp(line, "acquire") == 0 && words) {
        play_acquire(party, label, words);
    } else if (strcmp(line, "stats") == 0 && words) {
        play_stats(party, label, words);
    } else if (strcmp(line, "release") == 0) {
        play_release(party, label);
    } else {
        if (strcmp(line, "abandon") == 0)
            play_abandon(party);
        else if (strcmp(line, "close") == 0)
            play_close(party);
        else
            CHECK(!"a line that a player knows");
        speak(label);
    }
}

// The next line of the input, while calls continue; NULL at its end. Not with stdio, which buffers input that poll()
// does not see.
static char *next_line(void)
{
    static char input[MOST], line[MOST];
    static size_t length;
    char *end;
    ssize_t count;

    while ((end = memchr(input, '\n', length)) == NULL) {
        turn_all(1);
        if (poll(&(struct pollfd){.fd = STDIN_FILENO, .events = POLLIN}, 1, 0) == 0)
            continue;
        CHECK(length < sizeof input);
        count = read(STDIN_FILENO, input + length, sizeof input - length);
        CHECK(count >= 0);
        if (count == 0)
            return NULL;
        length += (size_t)count;
    }
    *end++ = '\0';
    memcpy(line, input, (size_t)(end - input));
    length -= (size_t)(end - input);
    memmove(input, end, length);
    return line;
}

int main(int argc, char **argv)
{
    char *line;

    CHECK(argc == 2);
    is_async = strcmp(argv[1], "async") == 0;
    CHECK_NUMBER(pipe(found), 0);
    while ((line = next_line()) != NULL)
        play(line);
    free_parties();
    return 0;
}
