// After a fork the child uses and frees its copies, and the parent's locks and calls stay.

#include "loop.h"
#include "sockets.h"
#include <sys/wait.h>

// What the parent has when it forks.
struct family {
    pc_client *client;
    pc_async *async;
    pc_lock lock, async_lock;
    // Waits for the first lock.
    struct flight flight;
};

static pc_client *observer;
static const char *server;

static struct family found(void)
{
    struct family family = {.client = client_of(server), .async = async_of(server)};

    family.lock = locked(family.client, "key");
    family.async_lock = locked_async(family.async, "async key");
    family.flight = begin_acquire(family.async, PC_MODE_FOR_ANYONE, "key", 60);
    for (int turns = 0; counter(observer, "waiting_workers") < 1; turns++)
        CHECK(turns < 10000 && turn(&family.flight, 1, 5) == 1);
    return family;
}

static void leave(struct family *family)
{
    pc_call_free(&family->flight.call);
    pc_async_free(&family->async);
    pc_client_free(&family->client);
    pc_client_free(&observer);
    exit(0);
}

static void child_that_frees(struct family *family)
{
    leave(family);
}

static void child_that_closes(struct family *family)
{
    CHECK_OK(pc_client_close(family->client));
    CHECK_OK(pc_async_close(family->async));
    leave(family);
}

// Its own connections are made; what it does to the parent's locks reaches no server.
static void child_that_works(struct family *family)
{
    pc_lock none;

    CHECK_NUMBER(acquire(family->client, PC_MODE_FOR_ME, "key", 0, &none), PC_OUTCOME_TIMEOUT);
    CHECK_OK(pc_client_release(family->client, locked(family->client, "of the child"), NULL));
    CHECK_OK(pc_client_release(family->client, family->lock, NULL));
    release_async(family->async, locked_async(family->async, "of the child"));
    CHECK_OK(pc_async_abandon(family->async, family->async_lock));
    go_on(&family->flight);
    CHECK_NUMBER(family->flight.wait.finished, 1);
    CHECK_NUMBER(pc_call_result(family->flight.call, NULL, NULL), PC_ERROR_READ);
    leave(family);
}

static void expect_good_end(pid_t child)
{
    int status;

    CHECK_NUMBER(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_NUMBER(WEXITSTATUS(status), 0);
}

static void the_parent_keeps_all(void (*life)(struct family *family))
{
    struct family family = found();
    pid_t child = fork();
    pc_lock none;

    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        life(&family);
    }
    expect_good_end(child);
    wait_for(observer, "processing_workers", 2);
    CHECK_NUMBER(counter(observer, "waiting_workers"), 1);
    CHECK_NUMBER(acquire(observer, PC_MODE_FOR_ME, "key", 0, &none), PC_OUTCOME_TIMEOUT);
    CHECK_OK(pc_client_release(family.client, family.lock, NULL));
    finish(&family.flight, 1);
    CHECK_NUMBER(result(&family.flight, NULL), PC_OUTCOME_DONE);
    release_async(family.async, family.async_lock);
    wait_for_rest(observer);
    pc_async_free(&family.async);
    pc_client_free(&family.client);
}

// A child that lives on has the parent's sockets open, which must not keep locks alive that the parent gives up.
static void the_parent_may_end_first(void)
{
    struct family family = found();
    int pipe_ends[2];
    pid_t child;
    char byte;

    CHECK_NUMBER(pipe(pipe_ends), 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        close(pipe_ends[1]);
        CHECK_NUMBER(read(pipe_ends[0], &byte, 1), 0);
        leave(&family);
    }
    close(pipe_ends[0]);
    pc_call_free(&family.flight.call);
    pc_async_free(&family.async);
    pc_client_free(&family.client);
    wait_for_rest(observer);
    close(pipe_ends[1]);
    expect_good_end(child);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    server = servers[0].address;
    observer = client_of(server);
    the_parent_keeps_all(child_that_frees);
    the_parent_keeps_all(child_that_closes);
    the_parent_keeps_all(child_that_works);
    the_parent_may_end_first();
    pc_client_free(&observer);
    return 0;
}
