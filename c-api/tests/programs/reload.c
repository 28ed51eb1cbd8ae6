// A plug-in is loaded, used and unloaded, more than once. The program is not linked with the library.

#include "check.h"
#include <dlfcn.h>

// The functions that are needed, by name.
struct library {
    void *handle;
    pc_error (*config_new)(pc_config **);
    pc_error (*config_add_server)(pc_config *, const char *);
    void (*config_free)(pc_config **);
    pc_error (*client_new)(const pc_config *, pc_client **);
    pc_error (*client_acquire)(pc_client *, const pc_request *, pc_lock *, pc_outcome *);
    pc_error (*client_release)(pc_client *, pc_lock, pc_outcome *);
    void (*client_free)(pc_client **);
};

// POSIX has a function fit into the place of an object's address.
static void find(void *handle, const char *name, void *function)
{
    void *symbol = dlsym(handle, name);

    CHECK(symbol != NULL);
    memcpy(function, &symbol, sizeof symbol);
}

static struct library load(void)
{
    struct library library = {.handle = dlopen("libpoolcounter.so.0", RTLD_NOW | RTLD_LOCAL)};

    check(library.handle != NULL, __FILE__, __LINE__, "%s", library.handle ? "" : dlerror());
    find(library.handle, "pc_config_new", &library.config_new);
    find(library.handle, "pc_config_add_server", &library.config_add_server);
    find(library.handle, "pc_config_free", &library.config_free);
    find(library.handle, "pc_client_new", &library.client_new);
    find(library.handle, "pc_client_acquire", &library.client_acquire);
    find(library.handle, "pc_client_release", &library.client_release);
    find(library.handle, "pc_client_free", &library.client_free);
    return library;
}

static void use(const struct library *library)
{
    pc_request request = make_request(PC_MODE_FOR_ME, "key", 60);
    pc_config *config = NULL;
    pc_client *client = NULL;
    pc_outcome outcome;
    pc_lock lock;

    CHECK_OK(library->config_new(&config));
    CHECK_OK(library->config_add_server(config, servers[0].address));
    CHECK_OK(library->client_new(config, &client));
    library->config_free(&config);
    CHECK_OK(library->client_acquire(client, &request, &lock, &outcome));
    CHECK_NUMBER(outcome, PC_OUTCOME_LOCKED);
    CHECK_OK(library->client_release(client, lock, NULL));
    library->client_free(&client);
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    for (int i = 0; i < 3; i++) {
        struct library library = load();
        use(&library);
        CHECK_NUMBER(dlclose(library.handle), 0);
    }
    return 0;
}
