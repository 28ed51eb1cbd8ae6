// No descriptor is left open, and none is passed to a program that is executed.

#include "loop.h"
#include "sockets.h"
#include "waiter.h"
#include <sys/wait.h>

static const char *server;
static char *self;

static void a_blocking_client_works(void)
{
    struct port port = closed_port();
    pc_client *client = client_of(server), *away = client_of(port.name);
    pc_request request = make_request(PC_MODE_FOR_ME, "key", 0);
    pc_outcome outcome;
    pc_lock lock;

    CHECK_OK(pc_client_release(client, locked(client, "released"), NULL));
    CHECK_OK(pc_client_abandon(client, locked(client, "abandoned")));
    locked(client, "kept");
    CHECK(counter(client, "total_acquired") > 0);
    CHECK_NUMBER(pc_client_acquire(away, &request, &lock, &outcome), PC_ERROR_CONNECT);
    pc_client_free(&client);
    pc_client_free(&away);
    leave_port(&port);
}

static void an_event_loop_works(void)
{
    struct port port = full_port();
    pc_async *client = async_of(server), *silent = async_of(port.name);
    struct flight connecting = begin_acquire(silent, PC_MODE_FOR_ME, "key", 0), waiting;

    release_async(client, locked_async(client, "released"));
    CHECK_OK(pc_async_abandon(client, locked_async(client, "abandoned")));
    locked_async(client, "kept");
    waiting = begin_acquire(client, PC_MODE_FOR_ANYONE, "kept", 60);
    turn(&waiting, 1, 5);
    pc_async_free(&client);
    pc_async_free(&silent);
    pc_call_free(&waiting.call);
    pc_call_free(&connecting.call);
    leave_port(&port);
}

static void nothing_is_left_open(void)
{
    int before = open_descriptors();

    for (int i = 0; i < 5; i++) {
        a_blocking_client_works();
        an_event_loop_works();
        CHECK_NUMBER(open_descriptors(), before);
    }
}

// An executed program that counts its descriptors.
static int descriptors_of_executed(void)
{
    pid_t child = fork();
    int status;

    CHECK(child >= 0);
    if (child == 0) {
        char *arguments[] = {self, "count", NULL};
        execv(self, arguments);
        _exit(126);
    }
    CHECK_NUMBER(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) < 100);
    return WEXITSTATUS(status);
}

static void none_is_inherited(void)
{
    int before = descriptors_of_executed(), own = open_descriptors();
    struct port port = full_port();
    pc_client *client = client_of(server);
    pc_async *async = async_of(server), *silent = async_of(port.name);
    struct flight connecting;

    for (int i = 0; i < port.crowded; i++)
        CHECK_NUMBER(fcntl(port.crowd[i], F_SETFD, FD_CLOEXEC), 0);
    CHECK_NUMBER(fcntl(port.listener, F_SETFD, FD_CLOEXEC), 0);
    locked(client, "blocking");
    locked_async(async, "async");
    connecting = begin_acquire(silent, PC_MODE_FOR_ME, "key", 0);
    CHECK_NUMBER(open_descriptors(), own + 1 + port.crowded + 3);
    CHECK_NUMBER(descriptors_of_executed(), before);
    pc_call_free(&connecting.call);
    pc_async_free(&silent);
    pc_async_free(&async);
    pc_client_free(&client);
    leave_port(&port);
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc == 2 && strcmp(argv[1], "count") == 0)
        return open_descriptors();
    begin(argc, argv);
    server = servers[0].address;
    nothing_is_left_open();
    none_is_inherited();
    return 0;
}
