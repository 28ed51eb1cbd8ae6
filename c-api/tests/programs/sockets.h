// Ports that do not answer, and the descriptors of this program.

#ifndef SOCKETS_H
#define SOCKETS_H

#include "check.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

// A port that is bound.
struct port {
    int listener;
    char name[32];
    // Connections that are never accepted.
    int crowd[16];
    int crowded;
};

// Binds a port without listening: connections are refused, and no other program can use the port.
static inline struct port closed_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    struct port port = {.listener = socket(AF_INET, SOCK_STREAM, 0)};

    CHECK_NUMBER(bind(port.listener, (struct sockaddr *)&address, length), 0);
    CHECK_NUMBER(getsockname(port.listener, (struct sockaddr *)&address, &length), 0);
    snprintf(port.name, sizeof port.name, "127.0.0.1:%d", ntohs(address.sin_port));
    return port;
}

// Fills the backlog of a listener, whose address this is.
static inline void crowd(struct port *port, const struct sockaddr *address, socklen_t length)
{
    for (port->crowded = 0; port->crowded < 16;) {
        int one = socket(address->sa_family, SOCK_STREAM, 0);
        struct pollfd writable = {.fd = one, .events = POLLOUT};
        fcntl(one, F_SETFL, O_NONBLOCK);
        port->crowd[port->crowded++] = one;
        if (connect(one, address, length) == 0)
            continue;
        if (errno == EAGAIN || poll(&writable, 1, 300) == 0)
            return;
    }
    CHECK(!"the backlog does not get full");
}

// Connections are neither accepted nor refused there.
static inline struct port full_port(void)
{
    struct port port = closed_port();
    struct sockaddr_in address;
    socklen_t length = sizeof address;

    CHECK_NUMBER(getsockname(port.listener, (struct sockaddr *)&address, &length), 0);
    CHECK_NUMBER(listen(port.listener, 0), 0);
    crowd(&port, (struct sockaddr *)&address, length);
    return port;
}

static inline void leave_port(struct port *port)
{
    close(port->listener);
    for (int i = 0; i < port->crowded; i++)
        close(port->crowd[i]);
}

// A server that was killed may still have its listener when its connections are closed already.
static inline void wait_until_refused(const char *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(7531)};
    int refused = 0;

    CHECK_NUMBER(inet_pton(AF_INET, server, &address.sin_addr), 1);
    for (int turns = 0; !refused; turns++) {
        int one = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(turns < PATIENCE_MS / 5);
        refused = connect(one, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED;
        close(one);
        pause_ms(refused ? 0 : 5);
    }
}

static inline int is_open(int descriptor)
{
    return fcntl(descriptor, F_GETFD) != -1;
}

static inline int open_descriptors(void)
{
    int count = 0;

    for (int descriptor = 0; descriptor < 256; descriptor++)
        count += is_open(descriptor);
    return count;
}

#endif
