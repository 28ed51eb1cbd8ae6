// Sections on a kept connection. The runner checks the system calls between two calls of getppid().

#include "check.h"

enum { SECTIONS = 5 };

static void section(pc_client *client)
{
    pc_lock lock;

    CHECK_NUMBER(acquire(client, PC_MODE_FOR_ANYONE, "key", 15, &lock), PC_OUTCOME_LOCKED);
    CHECK_OK(pc_client_release(client, lock, NULL));
}

static void sections(const char *server)
{
    pc_client *client = client_of(server);

    // Makes the connection, and reads its first answers.
    for (int i = 0; i < SECTIONS; i++)
        section(client);
    getppid();
    for (int i = 0; i < SECTIONS; i++)
        section(client);
    getppid();
    pc_client_free(&client);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    sections(servers[0].address);
    // Where the runner has one.
    if (access("socket", F_OK) == 0) {
        char path[4096], server[4200];

        CHECK(getcwd(path, sizeof path) != NULL);
        snprintf(server, sizeof server, "unix:%s/socket", path);
        sections(server);
    }
    return 0;
}
