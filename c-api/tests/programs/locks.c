// The number of a lock belongs to its client, and is valid for one release: any other number is an error, and no lock
// is freed. This is also true when a connection is reused.

#include "loop.h"
#include "sockets.h"

static pc_client *observer;
static const char *server;

static void expect_none(pc_client *client, pc_lock lock)
{
    pc_outcome outcome = PC_OUTCOME_DONE;

    CHECK_NUMBER(pc_client_release(client, lock, &outcome), PC_ERROR_NO_SUCH_LOCK);
    CHECK_NUMBER(pc_client_abandon(client, lock), PC_ERROR_NO_SUCH_LOCK);
    CHECK_NUMBER(outcome, PC_OUTCOME_DONE);
    CHECK_TEXT(pc_client_error_message(client), "the client has no such lock");
}

static void expect_none_async(pc_async *client, pc_lock lock)
{
    pc_call *call = NULL;

    CHECK_NUMBER(pc_async_release(client, lock, &call), PC_ERROR_NO_SUCH_LOCK);
    CHECK_NUMBER(pc_async_abandon(client, lock), PC_ERROR_NO_SUCH_LOCK);
    CHECK(call == NULL);
    CHECK_TEXT(pc_async_error_message(client), "the client has no such lock");
}

// A request without a wait is refused.
static void expect_held(const char *key)
{
    pc_lock none;

    CHECK_NUMBER(acquire(observer, PC_MODE_FOR_ME, key, 0, &none), PC_OUTCOME_TIMEOUT);
}

static void a_lock_of_another_client(void)
{
    pc_client *mine = client_of(server), *other = client_of(server);
    pc_async *mine_async = async_of(server), *other_async = async_of(server);
    pc_lock lock = locked(mine, "key"), lock_async = locked_async(mine_async, "key of the loop");
    // Each of the others has its own lock and kept connection.
    pc_lock others = locked(other, "another"), others_async = locked_async(other_async, "another of the loop");

    expect_none(other, lock);
    expect_none(other, lock_async);
    expect_none(mine, lock_async);
    expect_none_async(other_async, lock_async);
    expect_none_async(other_async, lock);
    expect_none_async(mine_async, lock);
    expect_held("key");
    expect_held("key of the loop");
    expect_held("another");
    expect_held("another of the loop");
    CHECK_OK(pc_client_release(mine, lock, NULL));
    CHECK_OK(pc_client_release(other, others, NULL));
    release_async(mine_async, lock_async);
    release_async(other_async, others_async);
    pc_client_free(&mine);
    pc_client_free(&other);
    pc_async_free(&mine_async);
    pc_async_free(&other_async);
}

// The second lock uses the connection of the first one.
static void a_second_release(void)
{
    pc_client *client = client_of(server);
    pc_lock first = locked(client, "first"), second;
    int before = open_descriptors(), after;

    CHECK_OK(pc_client_release(client, first, NULL));
    expect_none(client, first);
    second = locked(client, "second");
    after = open_descriptors();
    CHECK_NUMBER(after, before);
    CHECK(second != first);
    expect_none(client, first);
    expect_held("second");
    CHECK_OK(pc_client_release(client, second, NULL));
    expect_none(client, second);
    expect_none(client, first);
    pc_client_free(&client);
}

static void a_second_release_on_a_loop(void)
{
    pc_async *client = async_of(server);
    pc_lock first = locked_async(client, "first"), second;
    struct flight flight = {.call = NULL};
    int before = open_descriptors(), after;

    // The number is invalid as soon as its release has begun, although nothing is sent yet.
    CHECK_OK(pc_async_release(client, first, &flight.call));
    expect_none_async(client, first);
    go_on(&flight);
    finish(&flight, 1);
    CHECK_NUMBER(result(&flight, NULL), PC_OUTCOME_RELEASED);
    second = locked_async(client, "second");
    after = open_descriptors();
    CHECK_NUMBER(after, before);
    CHECK(second != first);
    expect_none_async(client, first);
    expect_held("second");
    release_async(client, second);
    expect_none_async(client, second);
    pc_async_free(&client);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    server = servers[0].address;
    observer = client_of(server);
    a_lock_of_another_client();
    a_second_release();
    a_second_release_on_a_loop();
    wait_for_rest(observer);
    pc_client_free(&observer);
    return 0;
}
