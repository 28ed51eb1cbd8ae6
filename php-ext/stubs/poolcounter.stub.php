<?php

/**
 * Stubs of the extension poolcounter for editors and static analysis. Not to be loaded.
 */

declare(strict_types=1);

namespace PoolCounter;

/**
 * What a client of PoolCounter does. Code that asks for this interface, and not for Client, can be tested with another
 * implementation.
 */
interface ClientInterface
{
    /**
     * Acquires a lock to do work whose result is of use to this caller alone.
     *
     * @param string $key what is to be computed
     * @param int $workers how many may hold the key at once
     * @param int $maxqueue how many may hold the key or wait for it
     * @param int $timeout seconds to wait for the lock; 0: not at all
     * @return Result LOCKED (do the work, then release), QUEUE_FULL, TIMEOUT; LOCK_HELD over a shared connection
     *
     * @throws KeyException if the key cannot be sent; nothing was
     * @throws ConnectionException if no server could be connected to
     * @throws WriteException if the connection broke
     * @throws ReadException if no answer came in time, or none that makes sense
     * @throws RemoteException if the server answered with an error
     * @throws \ValueError if a number is negative or above 4294967295
     */
    public function acquireForMe(string $key, int $workers, int $maxqueue, int $timeout): Result;

    /**
     * Acquires a lock to do work whose result is of use to all who wait for it, as it goes to a cache.
     *
     * As acquireForMe(); but a waiter is told DONE when another has done the work, and then reads the cache.
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
     * Releases the newest lock that was acquired through this object, or the newest one of a key: all who wait for
     * anyone's result of its key are told DONE.
     *
     * By default this does not wait for the server: its answer is known, and if the connection broke the lock is
     * free anyway. If there is no such lock, the answer is NOT_LOCKED; the server of the key is asked for it, unless
     * locks are held over a connection that is shared. A lock that was acquired before a fork is the parent's.
     *
     * @param string|null $key the key of the lock; null: the newest lock, or with nothing held the key of the last
     *   acquire
     * @return Result RELEASED or NOT_LOCKED
     *
     * @throws \ValueError if there is no key, and nothing was acquired before
     * @throws ConnectionException only if the answer is waited for, as the next three
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
     * The server that has answered the last acquire or release of this object, as it is configured; null if there was
     * none, or if it failed: then the exception names the server.
     *
     * A release that is not waited for counts as answered.
     */
    public function lastServer(): ?string;

    /**
     * The work failed: the locks acquired through this object are given up by closing their connections. The next
     * waiter is handed the lock, and nobody is told that the work is done. Over a shared connection the locks of other
     * objects go as well.
     */
    public function abandon(): void;

    /**
     * Abandons the locks of this object, and closes the connections that are kept for objects of equal servers and
     * options, unless another one of them holds a lock.
     */
    public function close(): void;
}

/**
 * A client of PoolCounter: many workers that want the same thing computed at the same moment agree that one does
 * it.
 *
 * Each lock has a connection of its own. Connections that hold no lock are kept, for all objects with equal servers
 * and options; by default they outlive the request. A lock inside a lock of the same key waits for itself.
 *
 * Locks that an object still holds when it goes, or that are still held at the end of the request (exit, an
 * uncaught exception, a fatal error, a time-out), are abandoned: the next waiter is handed the lock, and nobody is
 * told that the work is done.
 */
final class Client implements ClientInterface
{
    /**
     * Connects to nothing yet.
     *
     * Options:
     * - `key_distribution` (`'mediawiki'` or `'ring'`): by which rule a key belongs to a server. With `'ring'`,
     *   python-poolcounter's rule, each server is `label:server:weight`, such as `pc1:10.0.0.1:1`.
     * - `connect_timeout` (float, seconds; by default the ini setting `poolcounter.connect_timeout`, 0.1): how long a
     *   connection may take to be made; at most twice as long if a name has several addresses.
     * - `connect_twice` (bool; by default `poolcounter.connect_twice`, false): whether a connection that could not be
     *   made is tried a second time, 1 ms later and for as long.
     * - `answer_timeout` (float, seconds, or null): how long to wait for the answer to an acquire whose own timeout is
     *   above 0; null: 1.5 times that timeout. At least one second in both cases.
     * - `first_answer_timeout` (float, seconds, 4.0): how long to wait for an answer that is due at once, as that to
     *   an acquire with timeout 0, on a new connection. At least one second, which is the time on a connection that
     *   has answered before.
     * - `avoid_for` (float, seconds, 1.0): the least time for which a server that gave no answer in time is not asked.
     *   It is at least as long as the server cost, and doubles with each further failure, up to ten seconds; then one
     *   call of the process finds out whether the server answers. A server that refused is asked after all others for
     *   so long, one second at most.
     * - `share_connections` (bool, false): whether all locks of objects with equal servers and options share one
     *   connection to each server. The server releases the newest lock of a connection, so the release of an older
     *   one is reported as done, and sent once the newer ones are released. Four locks are the most.
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
     * @throws \ValueError if a server cannot be read, none is given, an option is unknown or out of range
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
     * Whether this process is asked for the first time with this text, in whichever request. For a message that is to
     * be logged once a process.
     *
     * A process that is asked with more than 256 texts begins anew.
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
 * What came of a call, with MediaWiki's numbers. A failure is an exception.
 */
enum Result: int
{
    /** The lock is held: do the work, then release it. */
    case LOCKED = 1;
    /** The lock is gone. */
    case RELEASED = 2;
    /** Somebody else did the work: read the cache. */
    case DONE = 3;
    /** There was no lock to release. */
    case NOT_LOCKED = -2;
    /** Too many hold the key or wait for it. */
    case QUEUE_FULL = -3;
    /** The wait was too long. */
    case TIMEOUT = -4;
    /** The shared connection has four locks already. */
    case LOCK_HELD = -5;
}

/**
 * A call came to no answer. The work is then to be done unprotected.
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

    /** The cause alone: the system's text, or what the server said behind ERROR. */
    final public function getCause(): string
    {
    }
}

/** No server could be connected to, or the only ones left are not asked at the moment; it names the last of the key's order. */
final class ConnectionException extends Exception
{
}

/** A command could not be sent. */
final class WriteException extends Exception
{
}

/** No answer came in time, or none that makes sense. */
final class ReadException extends Exception
{
}

/** The server answered ERROR; the cause is the text behind it. */
final class RemoteException extends Exception
{
}

/** The key cannot be sent: it is empty, too long, or holds a NUL byte or an end of line. Nothing was sent. */
final class KeyException extends Exception
{
}
