// The header, and the library behind it, in C++17.

#include <poolcounter.h>

#include <string_view>

int main(int, char **argv)
{
    const std::string_view key = "page 1";
    pc_request request{};
    pc_config *config = nullptr;
    pc_client *client = nullptr;
    pc_outcome outcome{};
    pc_lock lock = 0;

    request.size = sizeof request;
    request.mode = PC_MODE_FOR_ANYONE;
    request.key = key.data();
    request.key_length = key.size();
    request.workers = request.maxqueue = request.timeout_seconds = 1;
    bool good = pc_config_new(&config) == PC_OK && pc_config_add_server(config, argv[1]) == PC_OK &&
                pc_client_new(config, &client) == PC_OK &&
                pc_client_acquire(client, &request, &lock, &outcome) == PC_OK && outcome == PC_OUTCOME_LOCKED &&
                pc_client_release(client, lock, nullptr) == PC_OK;
    pc_client_free(&client);
    pc_config_free(&config);
    return good && std::string_view(pc_outcome_name(outcome)) == "LOCKED" ? 0 : 1;
}
