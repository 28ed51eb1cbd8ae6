// After a fork the child uses and frees its copies, and the parent's locks and calls stay.

// For syscall().
#define _GNU_SOURCE

#include "loop.h"
#include "sockets.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

// The parent's objects at the fork.
struct family {
    pc_client *client;
    pc_async *async;
    pc_lock lock, async_lock;
    // Waits for the first lock.
    struct flight flight;
};

// The sanitizer's allocator fails if the process forks while another thread is in it.
#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

// The test of a child. It does not return.
typedef void life(struct family *family);

// How a child is made.
typedef pid_t birth(life *life, struct family *family);

static pc_client *observer;
static const char *server;
// In a child that a thread has made.
static int of_a_thread;

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

// Without leak checkers: they would report memory of the parent's threads as a leak.
static void end_quietly(void)
{
    execl("/bin/true", "true", (char *)NULL);
    _exit(1);
}

static void leave(struct family *family)
{
    pc_call_free(&family->flight.call);
    pc_async_free(&family->async);
    pc_client_free(&family->client);
    pc_client_free(&observer);
    if (of_a_thread)
        end_quietly();
    exit(0);
}

static pid_t lives(pid_t child, life *life, struct family *family)
{
    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        life(family);
    }
    return child;
}

static pid_t by_fork(life *life, struct family *family)
{
    return lives(fork(), life, family);
}

// No function of pthread_atfork() is called.
static pid_t by_clone(life *life, struct family *family)
{
    return lives((pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L), life, family);
}

struct order {
    life *life;
    struct family *family;
    pid_t child;
};

static void *carry_out(void *argument)
{
    struct order *order = argument;

    order->child = fork();
    of_a_thread = order->child == 0;
    lives(order->child, order->life, order->family);
    return NULL;
}

static pid_t by_thread(life *life, struct family *family)
{
    struct order order = {life, family, 0};
    pthread_t thread;

    CHECK_NUMBER(pthread_create(&thread, NULL, carry_out, &order), 0);
    CHECK_NUMBER(pthread_join(thread, NULL), 0);
    return order.child;
}

static void expect_good_end(pid_t child)
{
    int status;

    CHECK_NUMBER(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_NUMBER(WEXITSTATUS(status), 0);
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

static void parents_locks_are_unknown(struct family *family)
{
    pc_outcome outcome;
    pc_call *call = NULL;

    CHECK_NUMBER(pc_client_release(family->client, family->lock, &outcome), PC_ERROR_NO_SUCH_LOCK);
    CHECK_NUMBER(pc_client_abandon(family->client, family->lock), PC_ERROR_NO_SUCH_LOCK);
    CHECK_NUMBER(pc_async_release(family->async, family->async_lock, &call), PC_ERROR_NO_SUCH_LOCK);
    CHECK_NUMBER(pc_async_abandon(family->async, family->async_lock), PC_ERROR_NO_SUCH_LOCK);
    CHECK(call == NULL);
}

static void child_that_asks_for_locks_first(struct family *family)
{
    parents_locks_are_unknown(family);
    leave(family);
}

// Its own connections are made.
static void child_that_works(struct family *family)
{
    pc_lock none;

    CHECK_NUMBER(acquire(family->client, PC_MODE_FOR_ME, "key", 0, &none), PC_OUTCOME_TIMEOUT);
    CHECK_OK(pc_client_release(family->client, locked(family->client, "of the child"), NULL));
    release_async(family->async, locked_async(family->async, "of the child"));
    parents_locks_are_unknown(family);
    go_on(&family->flight);
    CHECK_NUMBER(family->flight.wait.finished, 1);
    CHECK_NUMBER(pc_call_result(family->flight.call, NULL, NULL), PC_ERROR_READ);
    leave(family);
}

// A child is a parent too.
static void child_with_a_child(struct family *family)
{
    pc_lock lock = locked(family->client, "between"), async_lock = locked_async(family->async, "second between");
    struct family own = {.client = family->client, .async = family->async, .lock = lock, .async_lock = async_lock};
    pc_lock none;

    own.flight = family->flight;
    expect_good_end(by_fork(child_that_asks_for_locks_first, &own));
    expect_good_end(by_fork(child_that_works, &own));
    CHECK_NUMBER(acquire(observer, PC_MODE_FOR_ME, "between", 0, &none), PC_OUTCOME_TIMEOUT);
    CHECK_OK(pc_client_release(family->client, lock, NULL));
    release_async(family->async, async_lock);
    parents_locks_are_unknown(family);
    leave(family);
}

static void the_parent_keeps_all(birth *birth, life *life)
{
    struct family family = found();
    pc_lock none;

    expect_good_end(birth(life, &family));
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

// A child that lives on has the parent's sockets open. This must not keep locks alive that the parent gives up.
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

// The objects that threads of the parent are using when it forks.
struct in_use {
    pc_client *client;
    pc_lock lock;
    struct flight flight;
    pc_async *async;
    pc_config *config;
    volatile int over;
};

static struct in_use in_use;

static void *wait_for_key(void *argument)
{
    pc_lock none;

    (void)argument;
    CHECK_NUMBER(acquire(in_use.client, PC_MODE_FOR_ANYONE, "key", 60, &none), PC_OUTCOME_DONE);
    return NULL;
}

static void child_of_a_waiting_thread(struct family *family)
{
    pc_lock lock;

    (void)family;
    CHECK_NUMBER(pc_client_release(in_use.client, in_use.lock, NULL), PC_ERROR_NO_SUCH_LOCK);
    CHECK_NUMBER(pc_client_last_error(in_use.client), PC_ERROR_NO_SUCH_LOCK);
    lock = locked(in_use.client, "of the child");
    CHECK(lock != in_use.lock);
    CHECK_OK(pc_client_release(in_use.client, lock, NULL));
    pc_client_free(&in_use.client);
    CHECK(in_use.client == NULL);
    end_quietly();
}

static void child_that_frees_what_waits(struct family *family)
{
    (void)family;
    pc_client_free(&in_use.client);
    CHECK(in_use.client == NULL);
    end_quietly();
}

static void a_client_in_use_serves_the_child(void)
{
    pc_lock held = locked(observer, "key");
    pthread_t thread;

    in_use.client = client_of(server);
    in_use.lock = locked(in_use.client, "before");
    CHECK_NUMBER(pthread_create(&thread, NULL, wait_for_key, NULL), 0);
    wait_for(observer, "waiting_workers", 1);
    expect_good_end(by_fork(child_of_a_waiting_thread, NULL));
    expect_good_end(by_fork(child_that_frees_what_waits, NULL));
    expect_good_end(by_thread(child_of_a_waiting_thread, NULL));
    CHECK_NUMBER(counter(observer, "processing_workers"), 2);
    CHECK_OK(pc_client_release(observer, held, NULL));
    CHECK_NUMBER(pthread_join(thread, NULL), 0);
    CHECK_OK(pc_client_release(in_use.client, in_use.lock, NULL));
    pc_client_free(&in_use.client);
    wait_for_rest(observer);
}

// In a call nearly all the time.
static void *use_all(void *argument)
{
    (void)argument;
    while (!in_use.over) {
        go_on(&in_use.flight);
        CHECK_OK(pc_config_set_max_idle_connections(in_use.config, 8));
        CHECK_NUMBER(pc_config_add_server(in_use.config, ""), PC_ERROR_BAD_SERVER);
    }
    return NULL;
}

static void child_of_a_busy_thread(struct family *family)
{
    pc_client *client = NULL;

    (void)family;
    CHECK_OK(pc_config_set_max_idle_connections(in_use.config, 8));
    CHECK_OK(pc_client_new(in_use.config, &client));
    CHECK_OK(pc_client_release(client, locked(client, "of the child"), NULL));
    release_async(in_use.async, locked_async(in_use.async, "of the child"));
    go_on(&in_use.flight);
    CHECK_NUMBER(in_use.flight.wait.finished, 1);
    CHECK_NUMBER(pc_call_result(in_use.flight.call, NULL, NULL), PC_ERROR_READ);
    CHECK_TEXT(pc_call_text(in_use.flight.call), "");
    pc_call_free(&in_use.flight.call);
    pc_async_free(&in_use.async);
    pc_config_free(&in_use.config);
    CHECK(in_use.flight.call == NULL && in_use.async == NULL && in_use.config == NULL);
    end_quietly();
}

static void whatever_a_thread_is_at(void)
{
    pc_lock held = locked(observer, "key");
    pthread_t thread;

    in_use.async = async_of(server);
    in_use.config = config_of(server);
    in_use.flight = begin_acquire(in_use.async, PC_MODE_FOR_ANYONE, "key", 60);
    CHECK_NUMBER(pthread_create(&thread, NULL, use_all, NULL), 0);
    wait_for(observer, "waiting_workers", 1);
    for (int i = 0; i < 25; i++)
        expect_good_end(by_fork(child_of_a_busy_thread, NULL));
    in_use.over = 1;
    CHECK_NUMBER(pthread_join(thread, NULL), 0);
    CHECK_OK(pc_client_release(observer, held, NULL));
    finish(&in_use.flight, 1);
    CHECK_NUMBER(result(&in_use.flight, NULL), PC_OUTCOME_DONE);
    pc_async_free(&in_use.async);
    pc_config_free(&in_use.config);
    wait_for_rest(observer);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    server = servers[0].address;
    observer = client_of(server);
    the_parent_keeps_all(by_fork, child_that_frees);
    the_parent_keeps_all(by_fork, child_that_closes);
    the_parent_keeps_all(by_fork, child_that_asks_for_locks_first);
    the_parent_keeps_all(by_fork, child_that_works);
    the_parent_keeps_all(by_fork, child_with_a_child);
    the_parent_keeps_all(by_clone, child_that_works);
    the_parent_keeps_all(by_thread, child_that_works);
    the_parent_may_end_first();
    a_client_in_use_serves_the_child();
    if (!SANITIZED)
        whatever_a_thread_is_at();
    pc_client_free(&observer);
    return 0;
}
