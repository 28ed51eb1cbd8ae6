/*
 * Preloaded into the reference daemon, to observe what clients cannot see.
 *
 * gettimeofday() and time(), which it asks for its statistics alone, come from the file OBSERVE_CLOCK (microseconds,
 * native order), so that the figures are predictable. Its timers ask clock_gettime() and stay real. What send() took
 * is written to OBSERVE_LOG in order: that is the order of the answers across clients.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *clock_micros;
static int log_fd = -1;

__attribute__((constructor)) static void open_files(void)
{
	const char *clock = getenv("OBSERVE_CLOCK");
	const char *log = getenv("OBSERVE_LOG");
	int fd = clock ? open(clock, O_RDONLY | O_CLOEXEC) : -1;
	void *page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);

	log_fd = log ? open(log, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
	if (page == MAP_FAILED || log_fd < 0)
		_exit(70);
	clock_micros = page;
	close(fd);
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	int64_t micros = *clock_micros;

	(void)zone;
	now->tv_sec = micros / 1000000;
	now->tv_usec = micros % 1000000;
	return 0;
}

time_t time(time_t *now)
{
	time_t seconds = *clock_micros / 1000000;

	if (now)
		*now = seconds;
	return seconds;
}

/* One record: the client's port, the number of bytes, the bytes. */
static void note(int fd, const void *bytes, size_t length)
{
	struct sockaddr_in peer = { 0 };
	socklen_t size = sizeof peer;
	uint32_t head[2] = { 0, (uint32_t)length };
	struct iovec parts[2] = { { head, sizeof head }, { (void *)bytes, length } };

	if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0)
		head[0] = ntohs(peer.sin_port);
	if (writev(log_fd, parts, 2) < 0)
		_exit(71);
}

ssize_t send(int fd, const void *bytes, size_t length, int flags)
{
	ssize_t sent = sendto(fd, bytes, length, flags, NULL, 0);

	if (sent > 0)
		note(fd, bytes, (size_t)sent);
	return sent;
}
