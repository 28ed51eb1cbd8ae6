// libpoolcounter: PoolCounter's client for C.
//
// This file is made from the sources in c-api/src; `UPDATE=1 cargo test -p poolcounter_c --test header` writes it anew.
//
//     pc_config *config = NULL;
//     pc_client *client = NULL;
//     pc_lock lock;
//     pc_outcome outcome;
//     pc_request request = {.size = sizeof request, .mode = PC_MODE_FOR_ANYONE, .key = "page 1", .key_length = 6,
//                           .workers = 1, .maxqueue = 100, .timeout_seconds = 15};
//
//     pc_config_new(&config);
//     pc_config_add_server(config, "10.0.0.1");
//     pc_client_new(config, &client);
//     pc_config_free(&config);
//     if (pc_client_acquire(client, &request, &lock, &outcome) != PC_OK) {
//         fprintf(stderr, "%s\n", pc_client_error_message(client)); // and do the work unprotected
//     } else if (outcome == PC_OUTCOME_LOCKED) {
//         // Do the work, store it, and then:
//         pc_client_release(client, lock, NULL);
//     }
//     pc_client_free(&client);
//
// Conventions, unless a function says otherwise:
//
// - A function returns PC_OK or an error, and writes its outputs only with PC_OK. Any pointer may be NULL: the function
//   then returns PC_ERROR_NULL or does nothing. Enums are passed as integers; an unknown value is PC_ERROR_INVALID.
//   Enums that are results or outputs are as large as an int32_t.
// - The caller owns every object that a pc_..._new() or a pc_async_...() gives, and frees it with its pc_..._free(),
//   which sets the pointer to NULL and does nothing with NULL. The caller also keeps its arguments: the library does
//   not need them after the call.
// - A struct that the caller allocates begins with its size, which the caller sets to its sizeof.
// - Texts are UTF-8 and end with a NUL byte; keys are bytes with a length. Units are part of the names: seconds, ms.
// - One thread at a time may use a client, its locks and its calls; a second thread meanwhile gets PC_ERROR_IN_USE.
//   Clients share only the process's knowledge of servers and names. The library starts no thread, changes no signal
//   handling and calls no callbacks.
// - After a fork, the child's calls do not use the parent's connections and make their own, even if a thread of the
//   parent was inside a call. The locks belong to the parent: in the child they are PC_ERROR_NO_SUCH_LOCK. The child
//   may free its copies: this ends no lock and no connection of the parent.
// - Every wait has a deadline, except the system's look-up of a server's name. With an address there is no look-up.
//   A signal does not end a wait, except that of pc_client_acquire_until_signal().

#ifndef POOLCOUNTER_H
#define POOLCOUNTER_H

#include <stddef.h>
#include <stdint.h>

// Why a function failed. Numbers are never reused. The type is as large as an int32_t.
typedef enum {
  // The function succeeded.
  PC_OK = 0,
  // A pointer that must point to something is NULL.
  PC_ERROR_NULL = 1,
  // A number or a text is out of its range.
  PC_ERROR_INVALID = 2,
  // A text names no server.
  PC_ERROR_BAD_SERVER = 3,
  // There is no server, or no server has this index.
  PC_ERROR_NO_SERVER = 4,
  // The key cannot be sent: it is empty, too long, or has a NUL, CR or LF byte. Nothing was sent.
  PC_ERROR_BAD_KEY = 5,
  // No server could be connected to, or the remaining servers are avoided at the moment.
  PC_ERROR_CONNECT = 6,
  // The command could not be sent.
  PC_ERROR_WRITE = 7,
  // No valid answer came in time.
  PC_ERROR_READ = 8,
  // The server answered ERROR.
  PC_ERROR_REMOTE = 9,
  // The client has no such lock, or no longer has it. In the child of a fork: the lock belongs to the parent.
  PC_ERROR_NO_SUCH_LOCK = 10,
  // The call has no result yet.
  PC_ERROR_NOT_FINISHED = 11,
  // Another thread, or a signal handler, is using this client.
  PC_ERROR_IN_USE = 12,
  // A fault of the library. The client has closed its connections.
  PC_ERROR_INTERNAL = 13,
  // The client that the call belongs to was freed.
  PC_ERROR_FREED = 14,
  // A wait is interrupted, by a signal or for a check of signals, and can be resumed.
  PC_ERROR_INTERRUPTED = 15,
} pc_error;

// The outcome of a call. The numbers are MediaWiki's, and are never reused. The type is as large as an int32_t.
typedef enum {
  // The lock is held: do the work, then release it.
  PC_OUTCOME_LOCKED = 1,
  // The release succeeded.
  PC_OUTCOME_RELEASED = 2,
  // Another client did the work: read the cache.
  PC_OUTCOME_DONE = 3,
  // A question for statistics is answered.
  PC_OUTCOME_STATISTICS = 4,
  // There was no lock to release.
  PC_OUTCOME_NOT_LOCKED = -2,
  // Too many hold the key or wait for it: serve an older result.
  PC_OUTCOME_QUEUE_FULL = -3,
  // The lock was not granted within the timeout: serve an older result.
  PC_OUTCOME_TIMEOUT = -4,
  // The connection has four locks already.
  PC_OUTCOME_LOCK_HELD = -5,
} pc_outcome;

// Who may use the result of the work.
typedef enum {
  // The caller alone: every waiter gets the lock in its turn.
  PC_MODE_FOR_ME = 1,
  // Anyone: when the work is done, all waiters are told `PC_OUTCOME_DONE`.
  PC_MODE_FOR_ANYONE = 2,
} pc_mode;

// The event that a call waits for on its descriptor.
typedef enum {
  // None: the call waits only for its time-out.
  PC_DIRECTION_NONE = 0,
  // The descriptor can be read.
  PC_DIRECTION_READ = 1,
  // The descriptor can be written to.
  PC_DIRECTION_WRITE = 2,
} pc_direction;

// A client for event loops: its calls never block. Many can be under way at once.
typedef struct pc_async pc_async;

// A call under way. It belongs to the thread of its client.
typedef struct pc_call pc_call;

// A client whose calls block until the answer is there or the deadline has passed.
typedef struct pc_client pc_client;

// The configuration of clients. A client copies it, so one configuration may serve many clients. Several threads may
// use it at once; one waits for the other. Only one thread may free it, when no other uses it.
typedef struct pc_config pc_config;

// A ring of labels, which distributes keys by python-poolcounter's rule. It is for programs that choose servers
// themselves. Several threads may read it at once, but only while no thread changes or frees it.
typedef struct pc_ring pc_ring;

// A request for a lock. Set unused fields to 0: a designated initialiser does this.
typedef struct {
  // sizeof(pc_request). It tells the library which fields the program was compiled with; fields may be added at the
  // end.
  uint32_t size;
  // A pc_mode.
  int32_t mode;
  // The bytes of the key, without NUL, CR and LF. The caller owns them; the library does not need them after the
  // call.
  const char *key;
  // The number of bytes of the key.
  size_t key_length;
  // How many may hold the key at once, from 0 to 2^32 - 1.
  int64_t workers;
  // How many may hold the key or wait for it, from 0 to 2^32 - 1.
  int64_t maxqueue;
  // How many seconds to wait for the lock, from 0 (no wait) to 2^32 - 1.
  int64_t timeout_seconds;
  // How many milliseconds to wait for the answer; 0: 1.5 times timeout_seconds. It is never less than the
  // configuration's min_answer_timeout_ms. With timeout_seconds 0 it can only shorten the wait.
  int64_t answer_timeout_ms;
} pc_request;

// The number of a held lock. No client of the process gives a number twice; 0 is no lock.
typedef uint64_t pc_lock;

// What a call waits for: its descriptor or its time-out, whichever comes first.
typedef struct {
  // sizeof(pc_wait), which the caller sets. It tells the library which fields the program was compiled with; fields
  // may be added at the end. An older library does not write a field that it does not know.
  uint32_t size;
  // 1 if the call has finished and waits for nothing; otherwise 0.
  int32_t finished;
  // The descriptor; -1 if the call waits only for its time-out. It belongs to the library.
  int32_t descriptor;
  // A pc_direction.
  int32_t direction;
  // How many milliseconds to wait at most, in the form of poll(); -1 if the call has finished.
  int32_t timeout_ms;
  // The index of a server whose name the caller must look up: see pc_config_set_look_ups_by_caller(). Otherwise -1.
  int32_t look_up;
} pc_wait;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// A short text for an error number. pc_client_error_message() has the details. The library owns the text, which is
// valid for ever.
const char *pc_error_message(int32_t error);

// The protocol's word for an outcome, such as "QUEUE_FULL"; "UNKNOWN" for any other number. The library owns the text,
// which is valid for ever.
const char *pc_outcome_name(int32_t outcome);

// The number of the ABI, which is at the end of the SONAME: libpoolcounter.so.0. It is for programs that load the
// library themselves. A library with another number does not match the header that they were built with.
int32_t pc_abi(void);

// The library's version, such as "0.2.0". The library owns the text, which is valid for ever.
const char *pc_version(void);

// Makes a configuration without servers. The pc_config_set_...() functions change its defaults: 100 ms to connect, one
// attempt, at least 1,000 ms for an answer, 4,000 ms on a new connection, 1,000 ms for which a server that gave no
// answer is avoided, 8 idle connections for 60,000 ms each, no wait for a release's answer. Free it with
// pc_config_free().
pc_error pc_config_new(pc_config **config);

// Frees a configuration and sets the pointer to NULL. Clients that were made from it are not affected.
void pc_config_free(pc_config **config);

// Adds a server: host, host:port, [address]:port, or unix:/path. Keys are distributed by MediaWiki's rule: the key and
// these texts decide the order of the servers, and the next server gets the keys of a server that is away.
pc_error pc_config_add_server(pc_config *config, const char *server);

// Adds a server to a ring, which distributes keys by python-poolcounter's rule, with a label and a weight (0 to 1000).
// Each key has one server; no other server is asked if it is away.
pc_error pc_config_add_ring_server(pc_config *config, const char *label, const char *server, int64_t weight);

// How many milliseconds connecting may take, at least 1; at most twice as long to a name with several addresses.
pc_error pc_config_set_connect_timeout_ms(pc_config *config, int64_t ms);

// Whether to try a second time, a millisecond later, if connecting failed: 0 or 1.
pc_error pc_config_set_connect_twice(pc_config *config, int32_t on);

// The least number of milliseconds to wait for an answer, at least 1. An acquire waits for 1.5 times its own timeout,
// if that is more. If the server answers at once, as to an acquire with timeout 0, this is the time on a connection
// that has answered before.
pc_error pc_config_set_min_answer_timeout_ms(pc_config *config, int64_t ms);

// How many milliseconds to wait for an answer on a new connection if the server answers at once, at least 1; never
// less than the time of pc_config_set_min_answer_timeout_ms(). A server needs seconds to accept many connections at
// once.
pc_error pc_config_set_first_answer_timeout_ms(pc_config *config, int64_t ms);

// For how many milliseconds, at least, a server that gave no answer in time is avoided; 0 or more. The time doubles
// with each further failure, up to 10,000. A server that refused a connection is tried last for this time, 1,000 at
// most.
pc_error pc_config_set_avoid_for_ms(pc_config *config, int64_t ms);

// A connection that was idle for more milliseconds than this is not reused; 0 or more.
pc_error pc_config_set_max_idle_time_ms(pc_config *config, int64_t ms);

// How many idle connections are kept, from 0 to 10,000.
pc_error pc_config_set_max_idle_connections(pc_config *config, int64_t connections);

// Whether a release waits for its answer: 0 or 1. With 0 the answer is known beforehand, and is read before the
// connection's next command.
pc_error pc_config_set_await_release(pc_config *config, int32_t on);

// Whether the caller of a pc_async looks up the names of servers, so that nothing blocks: 0 or 1. A pc_client always
// does it itself.
//
// With 1, pc_call_progress() may set `look_up` to the index of a server. The caller then begins to look up its host,
// pc_async_server_host(), and later gives the result to pc_looked_up(). Meanwhile the call continues as `wait` says.
// An address is never looked up. A name is looked up at most once a minute in the whole process, or once in ten
// seconds if it is not found or its addresses do not answer.
pc_error pc_config_set_look_ups_by_caller(pc_config *config, int32_t on);

// Why the last call with this configuration failed, or an empty text. The text is valid until the next call with it,
// in any thread.
const char *pc_config_error_cause(const pc_config *config);

// Makes a ring without labels. A label gets `points` points, from 1 to 1000, for each unit of its weight. The rings of
// python-poolcounter and of pc_config_add_ring_server() use 100. Free it with pc_ring_free().
pc_error pc_ring_new(int64_t points, pc_ring **ring);

// Frees a ring and sets the pointer to NULL.
void pc_ring_free(pc_ring **ring);

// Adds a label with a weight, from 0 to 1000. With weight 0 it gets no keys. A label that the ring already has, or
// whose points collide with those of another label, is PC_ERROR_INVALID.
pc_error pc_ring_add(pc_ring *ring, const char *label, int64_t weight);

// Finds the label that a key belongs to: `node` is the index of the label, in the order in which the labels were
// added. The key may have any bytes. If there is no label, or all weights are 0, the error is PC_ERROR_NO_SERVER.
pc_error pc_ring_node(const pc_ring *ring, const char *key, size_t key_length, size_t *node);

// The line that an acquire sends, with its line feed, for a program with sockets of its own. Free it with
// pc_string_free(). A space in the key becomes %20; its other bytes stay the same.
pc_error pc_request_line(const pc_request *request, char **line);

// The line that releases a lock, with its line feed. A server releases the newest lock of the connection. The library
// owns the text, which is valid for ever.
const char *pc_release_line(void);

// Makes a client, which has no connection yet. Free it with pc_client_free(). If it cannot be made,
// pc_config_error_cause() says why.
pc_error pc_client_new(const pc_config *config, pc_client **client);

// Closes the client's connections, frees the client and sets the pointer to NULL. Held locks are abandoned. Does
// nothing while another thread uses the client.
void pc_client_free(pc_client **client);

// Waits for a lock. With PC_OUTCOME_LOCKED, `lock` is the number of the lock to release or abandon; with any other
// outcome it is 0.
//
// If no server answers (PC_ERROR_CONNECT, PC_ERROR_WRITE, PC_ERROR_READ), do the work unprotected.
pc_error pc_client_acquire(pc_client *client, const pc_request *request, pc_lock *lock, pc_outcome *outcome);

// Waits for a lock as pc_client_acquire() does, but returns PC_ERROR_INTERRUPTED when a signal has come and its
// handler has run. It also returns this once a second, because a signal may have come just before the wait. The wait
// is not lost: pc_client_resume() continues it. The next acquire of the client, or freeing the client, gives the wait
// up.
pc_error pc_client_acquire_until_signal(pc_client *client,
                                        const pc_request *request,
                                        pc_lock *lock,
                                        pc_outcome *outcome);

// Continues an interrupted wait, with the same deadline. The outputs are those of the acquire. Without such a wait the
// error is PC_ERROR_INVALID.
pc_error pc_client_resume(pc_client *client, pc_lock *lock, pc_outcome *outcome);

// Releases a lock: all for-anyone waiters are told that the result is there. `outcome` may be NULL.
//
// Afterwards the lock's number is invalid in any case. A broken connection is an error only with
// pc_config_set_await_release().
pc_error pc_client_release(pc_client *client, pc_lock lock, pc_outcome *outcome);

// The work failed: the lock's connection is closed. The next waiter does the work, and no waiter is told that it is
// done.
pc_error pc_client_abandon(pc_client *client, pc_lock lock);

// Asks a server, by its index, for "FULL", "UPTIME" or the name of a counter. Free the text with pc_string_free(). A
// name that cannot be sent is PC_ERROR_INVALID.
pc_error pc_client_stats(pc_client *client, size_t server, const char *name, char **stats);

// Frees a text that pc_client_stats() or pc_request_line() gave, and sets the pointer to NULL.
void pc_string_free(char **string);

// Closes every connection. Held locks are abandoned. The client remains usable.
pc_error pc_client_close(pc_client *client);

// How many servers there are.
size_t pc_client_server_count(const pc_client *client);

// The text of a server, as it was configured; NULL if no server has this index. The client owns the text, which is
// valid as long as the client exists.
const char *pc_client_server_name(const pc_client *client, size_t server);

// The number of the last error of this client; PC_OK if there was none. A call that succeeds does not change it.
pc_error pc_client_last_error(const pc_client *client);

// The last error in a sentence, with server and cause. It is valid until the next call with this client.
const char *pc_client_error_message(const pc_client *client);

// The server of the last error, as it was configured; empty if the error concerns no server. It is valid until the
// next call with this client.
const char *pc_client_error_server(const pc_client *client);

// The cause of the last error: the system's text, or the server's. It is valid until the next call with this client.
const char *pc_client_error_cause(const pc_client *client);

// Makes a client, which has no connection yet. pc_call_progress() looks up the name of a server when it connects, and
// this may block. With pc_config_set_look_ups_by_caller() it does not. Free the client with pc_async_free(). If it
// cannot be made, pc_config_error_cause() says why.
pc_error pc_async_new(const pc_config *config, pc_async **client);

// Gives the result of a look-up that `look_up` of a pc_wait asked for. `addresses` are separated by commas, as
// getnameinfo() writes them with NI_NUMERICHOST. If there are none, it is NULL, and `cause` says why; otherwise
// `cause` may be NULL. All clients of the process use the result. Any thread may call this function, even if the call
// and its client are freed already. Before the result is given, calls to this server wait or fail.
pc_error pc_looked_up(const char *host, const char *addresses, const char *cause);

// Closes the client's connections, frees the client and sets the pointer to NULL. Held locks are abandoned. Calls
// under way fail, and must still be freed. Does nothing while another thread uses the client.
void pc_async_free(pc_async **client);

// Begins to acquire a lock. Drive the call with pc_call_progress(), and free it with pc_call_free().
pc_error pc_async_acquire(pc_async *client, const pc_request *request, pc_call **call);

// Begins to release a lock. By default the call finishes as soon as the command is written, mostly at the first
// pc_call_progress(). Afterwards the lock's number is invalid in any case.
pc_error pc_async_release(pc_async *client, pc_lock lock, pc_call **call);

// The work failed: the lock's connection is closed. The next waiter does the work, and no waiter is told that it is
// done.
pc_error pc_async_abandon(pc_async *client, pc_lock lock);

// Begins to ask a server, by its index, for "FULL", "UPTIME" or the name of a counter. pc_call_text() gives the
// answer. A name that cannot be sent is PC_ERROR_INVALID.
pc_error pc_async_stats(pc_async *client, size_t server, const char *name, pc_call **call);

// Closes every connection. Held locks are abandoned, and calls that wait for an answer fail. The client remains
// usable.
pc_error pc_async_close(pc_async *client);

// How many servers there are.
size_t pc_async_server_count(const pc_async *client);

// The text of a server, as it was configured; NULL if no server has this index. The client owns the text, which is
// valid as long as the client exists.
const char *pc_async_server_name(const pc_async *client, size_t server);

// The host of a server, without brackets and port, for a look-up; NULL if no server has this index, or if the server
// is a Unix socket. The client owns the text, which is valid as long as the client exists.
const char *pc_async_server_host(const pc_async *client, size_t server);

// The number of the last error of this client and its calls; PC_OK if there was none. A call that succeeds does not
// change it.
pc_error pc_async_last_error(const pc_async *client);

// The last error in a sentence, with server and cause. It is valid until the next call with this client.
const char *pc_async_error_message(const pc_async *client);

// The server of the last error, as it was configured; empty if the error concerns no server. It is valid until the
// next call with this client.
const char *pc_async_error_server(const pc_async *client);

// The cause of the last error: the system's text, or the server's. It is valid until the next call with this client.
const char *pc_async_error_cause(const pc_async *client);

// Continues a call as far as possible without blocking, and says what the call waits for now. Use it right after the
// call was made, and again whenever the descriptor is ready or the time-out has passed. Too early is harmless.
//
// The library may close the descriptor, and a new one may have the same number. So remove the descriptor from the
// event loop before pc_call_progress() and pc_call_free(), and afterwards add the one that `wait` gives.
pc_error pc_call_progress(pc_call *call, pc_wait *wait);

// Gives the result of a call that has finished. Both outputs may be NULL. If `lock` is NULL, pc_call_free() abandons a
// lock that was granted.
//
// If the call failed, its error is returned, and becomes the client's last error.
pc_error pc_call_result(pc_call *call, pc_lock *lock, pc_outcome *outcome);

// The answer to a question for statistics; empty before the answer is there. The call owns the text, which is valid as
// long as the call exists.
const char *pc_call_text(const pc_call *call);

// Frees a call and sets the pointer to NULL. A call that has not finished is cancelled: its connection is closed, and
// the server removes the request from the queue without telling other clients. Does nothing while another thread uses
// the client.
void pc_call_free(pc_call **call);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* POOLCOUNTER_H */
