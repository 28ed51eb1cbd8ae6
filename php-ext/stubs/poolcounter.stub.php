<?php

/**
 * Stubs of the extension poolcounter for editors and static analysis. Not to be loaded.
 */

declare(strict_types=1);

namespace PoolCounter;

/**
 * The interface of a PoolCounter client. Code that uses this interface instead of Client can be tested with another
 * implementation.
 */
interface ClientInterface
{
    /**
     * Acquires a lock for work whose result only this caller needs.
     *
     * @param string $key the name of the work
     * @param int $workers how many may hold the key at once
     * @param int $maxqueue how many may hold the key or wait for it
     * @param int $timeout seconds to wait for the lock; 0: no wait
     * @return Result LOCKED (do the work, then release), QUEUE_FULL, TIMEOUT; LOCK_HELD over a shared connection
     *
     * @throws KeyException if the key cannot be sent; then nothing was sent
     * @throws ConnectionException if no server could be connected to
     * @throws WriteException if the connection broke
     * @throws ReadException if no valid answer came in time
     * @throws RemoteException if the server answered with an error
     * @throws \ValueError if a number is negative or above 4294967295
     */
    public function acquireForMe(string $key, int $workers, int $maxqueue, int $timeout): Result;

    /**
     * Acquires a lock for work whose result all waiters can use, for example from a cache.
     *
     * Like acquireForMe(), but a waiter gets DONE when another client has done the work, and then reads the cache.
     *
     * @return Result LOCKED (do the work, then release), DONE, QUEUE_FULL, TIMEOUT; LOCK_HELD over a shared connection
     *
     * @throws KeyException
     * @throws ConnectionException
     * @throws WriteException
     * @throws ReadException
     * @throws RemoteException
     * @throws \ValueError
     */
    public function acquireForAnyone(string $key, int $workers, int $maxqueue, int $timeout): Result;

    /**
     * Releases the newest lock that was acquired through this object, or its newest lock of a key. All for-anyone
     * waiters of the key are told DONE.
     *
     * By default this does not wait for the server, because the answer is known; if the connection broke, the lock is
     * free. If there is no such lock, the answer is NOT_LOCKED. It comes from the server of the key, unless
     * locks are held over a shared connection. A lock that was acquired before a fork belongs to the parent.
     *
     * @param string|null $key the key of the lock; null: the newest lock or, if no lock is held, the key of the
     *   last acquire
     * @return Result RELEASED or NOT_LOCKED
     *
     * @throws \ValueError if there is no key, and nothing was acquired before
     * @throws ConnectionException only with `await_release`, like the next three
     * @throws WriteException
     * @throws ReadException
     * @throws RemoteException
     */
    public function release(?string $key = null): Result;

    /**
     * Asks servers for their statistics.
     *
     * @param string $name `FULL`, `UPTIME` or the name of a counter
     * @param string|null $server one of the configured servers; null: each of them
     * @return array<string, array<string, int|string>> for each server, name => value; times are texts
     *
     * @throws RemoteException if there is no such statistic
     * @throws ConnectionException
     * @throws WriteException
     * @throws ReadException
     * @throws \ValueError if the server is not configured, or the name cannot be sent
     */
    public function stats(string $name = 'FULL', ?string $server = null): array;

    /**
     * The server that answered the last acquire or release of this object, as it is configured. Null if there was no
     * such call, or if it failed: then the exception has the server.
     *
     * A release without `await_release` counts as answered.
     */
    public function lastServer(): ?string;

    /**
     * Gives up the locks of this object after failed work, by closing their connections. The next
     * waiter gets the lock, and no waiter is told that the work is done. Over a shared connection the locks of other
     * objects are given up as well.
     */
    public function abandon(): void;

    /**
     * Abandons the locks of this object, and closes the connections that are kept for objects with equal servers and
     * options, unless one of these objects holds a lock.
     */
    public function close(): void;
}

/**
 * A client of PoolCounter: if many workers want the same result at the same moment, one of them computes
 * it.
 *
 * Each lock has its own connection. Connections without a lock are kept, for all objects with equal servers
 * and options; by default they outlive the request. A lock inside a lock of the same key waits for itself.
 *
 * Locks that are still held when their object is destroyed or the request ends (also by exit, an
 * uncaught exception, a fatal error or a time-out) are abandoned: the next waiter gets the lock, and no waiter is
 * told that the work is done.
 */
final class Client implements ClientInterface
{
    /**
     * Makes a client. It does not connect yet.
     *
     * Options:
     * - `key_distribution` (`'mediawiki'` or `'ring'`): the rule that assigns a key to a server. With `'ring'`,
     *   python-poolcounter's rule, each server is `label:server:weight`, such as `pc1:10.0.0.1:1`.
     * - `connect_timeout` (float, seconds; by default the ini setting `poolcounter.connect_timeout`, 0.1): how long
     *   connecting may take; at most twice as long if a name has several addresses.
     * - `connect_twice` (bool; by default `poolcounter.connect_twice`, false): whether to try a second time if
     *   connecting failed, 1 ms later and with the same time limit.
     * - `answer_timeout` (float, seconds, or null): how long to wait for the answer to an acquire whose own timeout is
     *   above 0; null: 1.5 times that timeout. At least one second in both cases.
     * - `first_answer_timeout` (float, seconds, 4.0): how long to wait on a new connection if the server answers at
     *   once, as to an acquire with timeout 0. At least one second, which is the time on a connection that
     *   has answered before.
     * - `avoid_for` (float, seconds, 1.0): the least time for which a server that gave no answer in time is avoided.
     *   The time is at least as long as the call waited, and doubles with each further failure, up to ten seconds;
     *   then one call of the process tests whether the server answers. A server that refused a connection is tried
     *   last for this time, one second at most.
     * - `share_connections` (bool, false): whether all locks of objects with equal servers and options share one
     *   connection to each server. The server releases the newest lock of a connection, so the release of an older
     *   one returns RELEASED at once, and is sent when the newer ones are released. A connection has at most four.
     * - `persistent` (bool; by default `poolcounter.persistent`, true): whether connections outlive the request.
     * - `await_release` (bool; by default `poolcounter.await_release`, false): whether release() waits for the
     *   server's answer.
     *
     * @param list<string>|string|null $servers each `host`, `host:port`, `[::1]:7531` or `unix:/path`; a string may
     *   hold several, separated by commas; null: the ini setting `poolcounter.servers`
     * @param array{key_distribution?: 'mediawiki'|'ring', connect_timeout?: float, connect_twice?: bool,
     *   answer_timeout?: ?float, first_answer_timeout?: float, avoid_for?: float, share_connections?: bool,
     *   persistent?: bool, await_release?: bool} $options
     *
     * @throws \TypeError if a server or an option is of a wrong type
     * @throws \ValueError if a server is invalid, there is no server, or an option is unknown or out of range
     */
    public function __construct(array|string|null $servers = null, array $options = [])
    {
    }

    /** {@inheritDoc} */
    public function acquireForMe(string $key, int $workers, int $maxqueue, int $timeout): Result
    {
    }

    /** {@inheritDoc} */
    public function acquireForAnyone(string $key, int $workers, int $maxqueue, int $timeout): Result
    {
    }

    /** {@inheritDoc} */
    public function release(?string $key = null): Result
    {
    }

    /** {@inheritDoc} */
    public function stats(string $name = 'FULL', ?string $server = null): array
    {
    }

    /** {@inheritDoc} */
    public function lastServer(): ?string
    {
    }

    /**
     * True at the first call with this text in a process, in any request. For messages that are logged once in each
     * process.
     *
     * After more than 256 texts, a process forgets all of them.
     */
    public static function once(string $text): bool
    {
    }

    /** {@inheritDoc} */
    public function abandon(): void
    {
    }

    /** {@inheritDoc} */
    public function close(): void
    {
    }
}

/**
 * The outcome of a call, with MediaWiki's numbers. A failure is an exception.
 */
enum Result: int
{
    /** The lock is held: do the work, then release it. */
    case LOCKED = 1;
    /** The lock was released. */
    case RELEASED = 2;
    /** Another client did the work: read the cache. */
    case DONE = 3;
    /** There was no lock to release. */
    case NOT_LOCKED = -2;
    /** Too many hold the key or wait for it. */
    case QUEUE_FULL = -3;
    /** The lock was not granted within the timeout. */
    case TIMEOUT = -4;
    /** The shared connection has four locks already. */
    case LOCK_HELD = -5;
}

/**
 * A call got no answer. Do the work unprotected.
 */
class Exception extends \RuntimeException
{
    /** @var string|null */
    protected $server = null;

    /** @var string */
    protected $cause = '';

    /** The server concerned, as it is configured. */
    final public function getServer(): ?string
    {
    }

    /** The cause: the system's text, or the server's text after ERROR. */
    final public function getCause(): string
    {
    }
}

/** No server could be connected to, or the others are avoided at the moment. Has the last server of the key's order. */
final class ConnectionException extends Exception
{
}

/** A command could not be sent. */
final class WriteException extends Exception
{
}

/** No valid answer came in time. */
final class ReadException extends Exception
{
}

/** The server answered ERROR; the cause is the text after it. */
final class RemoteException extends Exception
{
}

/** The key cannot be sent: it is empty, too long, or has a NUL byte or an end of line. Nothing was sent. */
final class KeyException extends Exception
{
}
