// A cancelled call on an event loop leaves no claim at the server, and no waiter is told that the work is done.

#include "loop.h"
#include "sockets.h"
#include "waiter.h"

static pc_client *observer;
static const char *server;

static void before_it_has_begun(void)
{
    pc_async *client = async_of(server);
    pc_request request = make_request(PC_MODE_FOR_ME, "key", 0);
    long before = counter(observer, "total_acquired");
    pc_call *call = NULL;

    CHECK_OK(pc_async_acquire(client, &request, &call));
    pc_call_free(&call);
    CHECK(call == NULL);
    pc_call_free(&call);
    pc_async_free(&client);
    CHECK_NUMBER(counter(observer, "total_acquired"), before);
}

static void while_it_connects(void)
{
    struct port port = full_port();
    pc_async *client = async_of(port.name);
    struct flight flight = begin_acquire(client, PC_MODE_FOR_ME, "key", 0);

    CHECK_NUMBER(flight.wait.direction, PC_DIRECTION_WRITE);
    CHECK(is_open(flight.wait.descriptor));
    pc_call_free(&flight.call);
    CHECK(!is_open(flight.wait.descriptor));
    pc_async_free(&client);
    leave_port(&port);
}

// A call that the server has in its queue, behind a lock that is held by the client.
static struct flight queued(pc_async *client, long waiting)
{
    struct flight flight = begin_acquire(client, PC_MODE_FOR_ANYONE, "key", 60);

    for (int turns = 0; counter(observer, "waiting_workers") < waiting; turns++)
        CHECK(turns < 10000 && turn(&flight, 1, 5) == 1);
    return flight;
}

// A release would tell another for-anyone waiter DONE. So if that waiter gets the lock, there was no release.
static void and_another_waits(void (*give_up)(pc_async *client, pc_lock lock, struct flight *flight))
{
    pc_async *client = async_of(server);
    pc_lock lock = locked_async(client, "key");
    struct flight flight = queued(client, 1);
    struct waiter other;

    start_waiter(&other, server, PC_MODE_FOR_ANYONE, "key");
    wait_for(observer, "waiting_workers", 2);
    give_up(client, lock, &flight);
    expect_outcome(&other, PC_OUTCOME_LOCKED);
    pc_async_free(&client);
    wait_for_rest(observer);
}

static void while_it_waits(pc_async *client, pc_lock lock, struct flight *flight)
{
    pc_call_free(&flight->call);
    CHECK(!is_open(flight->wait.descriptor));
    wait_for(observer, "waiting_workers", 1);
    CHECK_NUMBER(counter(observer, "processing_workers"), 1);
    CHECK_OK(pc_async_abandon(client, lock));
}

// The first waiter gets the lock, but does not read the answer.
static void hand_over(pc_async *client, pc_lock lock)
{
    CHECK_OK(pc_async_abandon(client, lock));
    wait_for(observer, "waiting_workers", 1);
    CHECK_NUMBER(counter(observer, "processing_workers"), 1);
}

static void after_the_answer_came(pc_async *client, pc_lock lock, struct flight *flight)
{
    hand_over(client, lock);
    pc_call_free(&flight->call);
}

static void without_taking_the_lock(pc_async *client, pc_lock lock, struct flight *flight)
{
    hand_over(client, lock);
    finish(flight, 1);
    pc_call_free(&flight->call);
}

static void without_taking_the_number(pc_async *client, pc_lock lock, struct flight *flight)
{
    hand_over(client, lock);
    finish(flight, 1);
    CHECK_NUMBER(result(flight, NULL), PC_OUTCOME_LOCKED);
}

static void by_closing(pc_async *client, pc_lock lock, struct flight *flight)
{
    CHECK_OK(pc_async_close(client));
    CHECK_NUMBER(pc_async_abandon(client, lock), PC_ERROR_NO_SUCH_LOCK);
    go_on(flight);
    CHECK_NUMBER(flight->wait.finished, 1);
    CHECK_NUMBER(pc_call_result(flight->call, NULL, NULL), PC_ERROR_READ);
    CHECK_TEXT(pc_async_error_cause(client), "the connection was closed");
    pc_call_free(&flight->call);
}

static void expect_freed(struct flight *flight)
{
    go_on(flight);
    CHECK_NUMBER(flight->wait.finished, 1);
    CHECK_NUMBER(pc_call_result(flight->call, NULL, NULL), PC_ERROR_FREED);
    CHECK_TEXT(pc_call_text(flight->call), "");
    pc_call_free(&flight->call);
}

static void by_freeing_the_client(void)
{
    pc_request request = make_request(PC_MODE_FOR_ME, "another", 0);
    pc_async *client = async_of(server);
    struct flight granted = begin_acquire(client, PC_MODE_FOR_ME, "key", 0), waiting, fresh = {.call = NULL};

    finish(&granted, 1);
    waiting = queued(client, 1);
    CHECK_OK(pc_async_acquire(client, &request, &fresh.call));
    pc_async_free(&client);
    CHECK(client == NULL);
    wait_for_rest(observer);
    expect_freed(&waiting);
    expect_freed(&granted);
    expect_freed(&fresh);
}

// The lock is released in any case.
static void a_release(int await, int begun)
{
    pc_config *config = config_of(server);
    pc_call *call = NULL;
    pc_async *client;
    pc_wait wait = {.size = sizeof wait};

    CHECK_OK(pc_config_set_await_release(config, await));
    client = async_from(config);
    CHECK_OK(pc_async_release(client, locked_async(client, "key"), &call));
    if (begun)
        CHECK_OK(pc_call_progress(call, &wait));
    pc_call_free(&call);
    wait_for_rest(observer);
    pc_async_free(&client);
}

static void between_the_answer_and_its_taking(void)
{
    pc_async *client = async_of(server);
    struct flight flight = begin_acquire(client, PC_MODE_FOR_ME, "key", 0);
    pc_outcome outcome;
    pc_lock lock = 77;

    finish(&flight, 1);
    CHECK_OK(pc_async_close(client));
    CHECK_NUMBER(pc_call_result(flight.call, &lock, &outcome), PC_ERROR_READ);
    CHECK(lock == 77);
    pc_call_free(&flight.call);
    pc_async_free(&client);
    wait_for_rest(observer);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    server = servers[0].address;
    observer = client_of(server);
    before_it_has_begun();
    while_it_connects();
    and_another_waits(while_it_waits);
    and_another_waits(after_the_answer_came);
    and_another_waits(without_taking_the_lock);
    and_another_waits(without_taking_the_number);
    and_another_waits(by_closing);
    by_freeing_the_client();
    between_the_answer_and_its_taking();
    a_release(0, 1);
    a_release(1, 1);
    a_release(1, 0);
    a_release(0, 0);
    pc_client_free(&observer);
    return 0;
}
