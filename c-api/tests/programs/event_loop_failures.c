// Errors of calls on an event loop when a server is away, frozen or killed, or when their client was freed.

#include "loop.h"
#include "sockets.h"
#include <signal.h>
#include <sys/un.h>

static void expect_failure(pc_async *client, struct flight *flight, pc_error error, const char *text)
{
    pc_outcome outcome = PC_OUTCOME_DONE;
    pc_lock lock = 77;

    CHECK_NUMBER(pc_call_result(flight->call, &lock, &outcome), error);
    CHECK(lock == 77 && outcome == PC_OUTCOME_DONE);
    CHECK_NUMBER(pc_async_last_error(client), error);
    CHECK_TEXT(pc_async_error_message(client), text);
    CHECK_TEXT(pc_call_text(flight->call), "");
    pc_call_free(&flight->call);
}

static void what_cannot_be_asked_makes_no_call(void)
{
    pc_async *client = async_of(servers[0].address);
    pc_request request = make_request(PC_MODE_FOR_ME, "", 0);
    pc_call *call = NULL;

    CHECK_NUMBER(pc_async_acquire(client, &request, &call), PC_ERROR_BAD_KEY);
    CHECK_TEXT(pc_async_error_message(client), "the key is empty");
    request = make_request(3, "key", 0);
    CHECK_NUMBER(pc_async_acquire(client, &request, &call), PC_ERROR_INVALID);
    CHECK_NUMBER(pc_async_stats(client, 1, "FULL", &call), PC_ERROR_NO_SERVER);
    CHECK_NUMBER(pc_async_stats(client, 0, "\xff", &call), PC_ERROR_INVALID);
    CHECK_NUMBER(pc_async_stats(client, 0, "", &call), PC_ERROR_INVALID);
    CHECK_TEXT(pc_async_error_message(client), "the name of the statistic is empty");
    CHECK_NUMBER(pc_async_release(client, 1, &call), PC_ERROR_NO_SUCH_LOCK);
    CHECK_NUMBER(pc_async_abandon(client, 1), PC_ERROR_NO_SUCH_LOCK);
    CHECK(call == NULL);
    CHECK_NUMBER(pc_async_server_count(client), 1);
    CHECK_TEXT(pc_async_server_name(client, 0), servers[0].address);
    CHECK(pc_async_server_name(client, 1) == NULL);
    pc_async_free(&client);
}

static void a_lock_is_released_once(void)
{
    pc_async *client = async_of(servers[0].address);
    pc_lock lock = locked_async(client, "key"), other = locked_async(client, "other");
    pc_call *call = NULL;

    release_async(client, lock);
    CHECK_NUMBER(pc_async_release(client, lock, &call), PC_ERROR_NO_SUCH_LOCK);
    CHECK_NUMBER(pc_async_abandon(client, lock), PC_ERROR_NO_SUCH_LOCK);
    CHECK_OK(pc_async_abandon(client, other));
    CHECK_NUMBER(pc_async_release(client, other, &call), PC_ERROR_NO_SUCH_LOCK);
    CHECK(call == NULL);
    pc_async_free(&client);
}

static void the_server_refuses(void)
{
    pc_async *client = async_of(servers[0].address);
    struct flight flight = {.call = NULL};
    char text[128];

    CHECK_OK(pc_async_stats(client, 0, "nonsense", &flight.call));
    go_on(&flight);
    finish(&flight, 1);
    snprintf(text, sizeof text, "%s refused: WRONG_STAT", servers[0].address);
    expect_failure(client, &flight, PC_ERROR_REMOTE, text);
    CHECK_TEXT(pc_async_error_server(client), servers[0].address);
    CHECK_TEXT(pc_async_error_cause(client), "WRONG_STAT");
    pc_async_free(&client);
}

static void nobody_listens(void)
{
    struct port port = closed_port();
    pc_async *client = async_of(port.name);
    struct flight flight = begin_acquire(client, PC_MODE_FOR_ANYONE, "key", 5);
    char text[128];

    finish(&flight, 1);
    snprintf(text, sizeof text, "cannot connect to %s: Connection refused", port.name);
    expect_failure(client, &flight, PC_ERROR_CONNECT, text);
    CHECK_TEXT(pc_async_error_server(client), port.name);
    CHECK_TEXT(pc_async_error_cause(client), "Connection refused");
    pc_async_free(&client);
    leave_port(&port);
}

static void nobody_accepts(struct port port)
{
    pc_config *config = config_of(port.name);
    struct flight flight;
    pc_async *client;
    char text[256];

    CHECK_OK(pc_config_set_connect_timeout_ms(config, 200));
    client = async_from(config);
    flight = begin_acquire(client, PC_MODE_FOR_ANYONE, "key", 5);
    CHECK(!flight.wait.finished && flight.wait.timeout_ms <= 200);
    CHECK(flight.wait.direction != PC_DIRECTION_READ);
    finish(&flight, 1);
    snprintf(text, sizeof text, "cannot connect to %s: Connection timed out", port.name);
    expect_failure(client, &flight, PC_ERROR_CONNECT, text);
    pc_async_free(&client);
    leave_port(&port);
}

// The runner's folder for this program is its working directory.
static struct sockaddr_un path_of_socket(struct port *port, char *name, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    CHECK(getcwd(name, size) != NULL);
    CHECK(strlen(name) + sizeof "/full" <= sizeof address.sun_path);
    strcat(name, "/full");
    memcpy(address.sun_path, name, strlen(name) + 1);
    port->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_NUMBER(bind(port->listener, (struct sockaddr *)&address, sizeof address), 0);
    CHECK_NUMBER(listen(port->listener, 0), 0);
    return address;
}

// The backlog of a Unix socket is full, and no descriptor signals free room: the time-out ends the call.
static void a_place_in_a_full_backlog_is_waited_for(void)
{
    char path[128], name[160];
    struct port port = {.crowded = 0};
    struct sockaddr_un address = path_of_socket(&port, path, sizeof path - 8);
    struct flight flight;
    pc_async *client;
    int accepted;

    crowd(&port, (struct sockaddr *)&address, sizeof address);
    snprintf(name, sizeof name, "unix:%s", path);
    client = async_of(name);
    flight = begin_acquire(client, PC_MODE_FOR_ANYONE, "key", 5);
    for (int i = 0; i < 3; i++) {
        CHECK_NUMBER(flight.wait.descriptor, -1);
        CHECK_NUMBER(turn(&flight, 1, PATIENCE_MS), 1);
    }
    accepted = accept(port.listener, NULL, NULL);
    CHECK(accepted >= 0);
    for (int turns = 0; flight.wait.direction != PC_DIRECTION_READ; turns++)
        CHECK(turns < 10000 && turn(&flight, 1, 5) == 1);
    pc_call_free(&flight.call);
    pc_async_free(&client);
    close(accepted);
    unlink(path);
    leave_port(&port);
}

static void the_next_server_steps_in_within_a_call(void)
{
    struct port refusing = closed_port(), silent = full_port();
    pc_config *config = config_of(refusing.name);
    struct flight flight;
    pc_async *client;
    pc_lock lock;

    // The call leaves the silent server after its time and the refusing one at once, in any order of the key.
    CHECK_OK(pc_config_set_connect_timeout_ms(config, 300));
    CHECK_OK(pc_config_add_server(config, silent.name));
    CHECK_OK(pc_config_add_server(config, servers[1].address));
    client = async_from(config);
    for (char key[] = "a"; *key < 'i'; ++*key) {
        flight = begin_acquire(client, PC_MODE_FOR_ANYONE, key, 5);
        finish(&flight, 1);
        CHECK_NUMBER(result(&flight, &lock), PC_OUTCOME_LOCKED);
        release_async(client, lock);
        CHECK_OK(pc_async_close(client));
    }
    pc_async_free(&client);
    leave_port(&refusing);
    leave_port(&silent);
}

static void an_answer_has_a_deadline(void)
{
    const char *server = servers[0].address;
    pc_request request = make_request(PC_MODE_FOR_ANYONE, "key", 0);
    pc_config *config = config_of(server);
    struct flight flight = {.call = NULL};
    pc_async *client;
    char text[128];

    CHECK_OK(pc_config_set_min_answer_timeout_ms(config, 1));
    client = async_from(config);
    request.answer_timeout_ms = 300;
    CHECK_NUMBER(kill(servers[0].pid, SIGSTOP), 0);
    CHECK_OK(pc_async_acquire(client, &request, &flight.call));
    go_on(&flight);
    while (flight.wait.direction == PC_DIRECTION_WRITE)
        CHECK_NUMBER(turn(&flight, 1, PATIENCE_MS), 1);
    CHECK(flight.wait.timeout_ms <= 300);
    finish(&flight, 1);
    CHECK_NUMBER(kill(servers[0].pid, SIGCONT), 0);
    snprintf(text, sizeof text, "no answer from %s: Connection timed out", server);
    expect_failure(client, &flight, PC_ERROR_READ, text);
    pc_async_free(&client);
}

static void a_server_is_killed(void)
{
    const char *server = servers[0].address;
    pc_client *observer = client_of(server);
    pc_async *client = async_of(server);
    struct flight flight;
    char text[128];
    pc_lock lock;

    // The server must first notice that the frozen call was cancelled.
    wait_for_rest(observer);
    lock = locked_async(client, "key");
    flight = begin_acquire(client, PC_MODE_FOR_ANYONE, "key", 60);
    for (int turns = 0; counter(observer, "waiting_workers") < 1; turns++)
        CHECK(turns < 10000 && turn(&flight, 1, 5) == 1);
    CHECK_NUMBER(kill(servers[0].pid, SIGKILL), 0);
    finish(&flight, 1);
    snprintf(text, sizeof text, "no answer from %s: the server closed the connection", server);
    expect_failure(client, &flight, PC_ERROR_READ, text);
    release_async(client, lock);
    wait_until_refused(server);
    flight = begin_acquire(client, PC_MODE_FOR_ANYONE, "key", 60);
    finish(&flight, 1);
    snprintf(text, sizeof text, "cannot connect to %s: Connection refused", server);
    expect_failure(client, &flight, PC_ERROR_CONNECT, text);
    pc_async_free(&client);
    pc_client_free(&observer);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    what_cannot_be_asked_makes_no_call();
    a_lock_is_released_once();
    the_server_refuses();
    nobody_listens();
    nobody_accepts(full_port());
    a_place_in_a_full_backlog_is_waited_for();
    the_next_server_steps_in_within_a_call();
    an_answer_has_a_deadline();
    a_server_is_killed();
    return 0;
}
