// Errors of the blocking client when a server is away, frozen or killed.

#include "sockets.h"
#include "waiter.h"
#include <signal.h>

static void expect_error(pc_client *client, pc_error error, const char *about, const char *server, const char *cause)
{
    char message[256];

    snprintf(message, sizeof message, "%s %s: %s", about, server, cause);
    CHECK_NUMBER(pc_client_last_error(client), error);
    CHECK_TEXT(pc_client_error_message(client), message);
    CHECK_TEXT(pc_client_error_server(client), server);
    CHECK_TEXT(pc_client_error_cause(client), cause);
}

static pc_error try_to_acquire(pc_client *client)
{
    pc_request request = make_request(PC_MODE_FOR_ANYONE, "key", 0);
    pc_outcome outcome = PC_OUTCOME_DONE;
    pc_lock lock = 77;
    pc_error error = pc_client_acquire(client, &request, &lock, &outcome);

    CHECK(error == PC_OK || (lock == 77 && outcome == PC_OUTCOME_DONE));
    return error;
}

static void nobody_listens(int twice)
{
    struct port port = closed_port();
    pc_config *config = config_of(port.name);
    char *text = NULL;
    pc_client *client;

    CHECK_OK(pc_config_set_connect_twice(config, twice));
    client = client_from(config);
    CHECK_NUMBER(pc_client_last_error(client), PC_OK);
    CHECK_TEXT(pc_client_error_message(client), "");
    CHECK_NUMBER(try_to_acquire(client), PC_ERROR_CONNECT);
    expect_error(client, PC_ERROR_CONNECT, "cannot connect to", port.name, "Connection refused");
    CHECK_NUMBER(pc_client_stats(client, 0, "FULL", &text), PC_ERROR_CONNECT);
    CHECK(text == NULL);
    pc_client_free(&client);
    leave_port(&port);
}

static void nobody_accepts(void)
{
    struct port port = full_port();
    pc_config *config = config_of(port.name);
    pc_client *client;

    CHECK_OK(pc_config_set_connect_timeout_ms(config, 200));
    client = client_from(config);
    CHECK_NUMBER(try_to_acquire(client), PC_ERROR_CONNECT);
    expect_error(client, PC_ERROR_CONNECT, "cannot connect to", port.name, "Connection timed out");
    pc_client_free(&client);
    leave_port(&port);
}

static void an_error_stays_the_last_one(void)
{
    const char *server = servers[0].address;
    pc_client *client = client_of(server);
    pc_request request = make_request(PC_MODE_FOR_ME, "key", 0);
    pc_outcome outcome;
    char *text = NULL;
    pc_lock lock;

    request.workers = 0;
    CHECK_NUMBER(pc_client_acquire(client, &request, &lock, &outcome), PC_ERROR_REMOTE);
    CHECK_TEXT(pc_client_error_cause(client), "BAD_SYNTAX");
    CHECK_NUMBER(pc_client_stats(client, 0, "nonsense", &text), PC_ERROR_REMOTE);
    CHECK_OK(pc_client_release(client, locked(client, "key"), NULL));
    CHECK_NUMBER(pc_client_last_error(client), PC_ERROR_REMOTE);
    CHECK_TEXT(pc_client_error_server(client), server);
    CHECK_TEXT(pc_client_error_cause(client), "WRONG_STAT");
    wait_for_rest(client);
    pc_client_free(&client);
}

static void a_frozen_server_gives_no_answer(void)
{
    const char *server = servers[0].address;
    pc_client *observer = client_of(server), *client;
    pc_config *config = config_of(server);
    pc_outcome outcome = PC_OUTCOME_DONE;
    char *text = NULL;
    pc_lock lock;

    CHECK_OK(pc_config_set_min_answer_timeout_ms(config, 500));
    CHECK_OK(pc_config_set_await_release(config, 1));
    client = client_from(config);
    lock = locked(client, "held");
    CHECK_NUMBER(kill(servers[0].pid, SIGSTOP), 0);
    CHECK_NUMBER(try_to_acquire(client), PC_ERROR_READ);
    expect_error(client, PC_ERROR_READ, "no answer from", server, "Connection timed out");
    CHECK_NUMBER(pc_client_stats(client, 0, "FULL", &text), PC_ERROR_READ);
    CHECK(text == NULL);
    CHECK_NUMBER(pc_client_release(client, lock, &outcome), PC_ERROR_READ);
    CHECK_NUMBER(outcome, PC_OUTCOME_DONE);
    CHECK_NUMBER(pc_client_release(client, lock, &outcome), PC_ERROR_NO_SUCH_LOCK);
    CHECK_NUMBER(kill(servers[0].pid, SIGCONT), 0);
    wait_for_rest(observer);
    CHECK_OK(try_to_acquire(client));
    pc_client_free(&client);
    wait_for_rest(observer);
    pc_client_free(&observer);
}

static void a_server_is_killed(void)
{
    const char *server = servers[0].address;
    pc_client *client = client_of(server), *observer = client_of(server);
    pc_outcome outcome;
    pc_lock lock = locked(client, "key");
    struct waiter waiter;
    char message[128];

    start_waiter(&waiter, server, PC_MODE_FOR_ANYONE, "key");
    wait_for(observer, "waiting_workers", 1);
    CHECK_NUMBER(kill(servers[0].pid, SIGKILL), 0);
    join_waiter(&waiter);
    CHECK_NUMBER(waiter.error, PC_ERROR_READ);
    snprintf(message, sizeof message, "no answer from %s: the server closed the connection", server);
    CHECK_TEXT(waiter.message, message);
    // The lock is gone in any case.
    CHECK_OK(pc_client_release(client, lock, &outcome));
    CHECK_NUMBER(outcome, PC_OUTCOME_RELEASED);
    wait_until_refused(server);
    CHECK_NUMBER(try_to_acquire(client), PC_ERROR_CONNECT);
    expect_error(client, PC_ERROR_CONNECT, "cannot connect to", server, "Connection refused");
    pc_client_free(&observer);
    pc_client_free(&client);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    nobody_listens(0);
    nobody_listens(1);
    nobody_accepts();
    an_error_stays_the_last_one();
    a_frozen_server_gives_no_answer();
    a_server_is_killed();
    return 0;
}
