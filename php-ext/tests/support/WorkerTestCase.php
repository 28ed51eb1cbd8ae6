<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use PHPUnit\Framework\TestCase;

/** Tests of the state that a web server's worker keeps from one request to the next. */
abstract class WorkerTestCase extends TestCase
{
    protected Daemon $daemon;

    protected function setUp(): void
    {
        $this->daemon = Daemon::ours();
    }

    protected function tearDown(): void
    {
        array_map('unlink', glob(sys_get_temp_dir() . '/sess_poolcounter*') ?: []);
    }

    public function testAConnectionIsUsedAgain(): void
    {
        $server = $this->server();
        $this->assertSame('LOCKED RELEASED', $server->get($this->query('work')));
        $before = $this->daemon->connections();
        $this->assertCount(1, $before);
        $this->assertSame('LOCKED RELEASED', $server->get($this->query('work')));
        $this->assertSame($before, $this->daemon->connections());
    }

    public function testTheConnectionsOfTwoObjectsAreUsedAgain(): void
    {
        $server = $this->server();
        foreach (['' => 2, 'shared' => 1] as $shared => $count) {
            $query = $this->query('two objects') . "&$shared";
            $this->assertSame('LOCKED LOCKED RELEASED RELEASED', $server->get($query));
            $before = $this->daemon->connections();
            $this->assertSame('LOCKED LOCKED RELEASED RELEASED', $server->get($query));
            $this->assertSame($before, $this->daemon->connections());
            $this->assertCount($count, array_diff($before, $last ?? []));
            $last = $before;
        }
        $this->assertSame('total_releases: 8', $this->daemon->peer()->ask('STATS total_releases'));
    }

    /** @return array<string, array{string, string}> */
    public static function sharings(): array
    {
        return ['a connection for each lock' => ['', 'DONE'], 'a shared connection' => ['&shared', 'LOCKED']];
    }

    /**
     * The other lock is newer: over a shared connection the older one cannot be released before it.
     *
     * @dataProvider sharings
     */
    public function testOfTwoObjectsOneIsForgotten(string $shared, string $told): void
    {
        $server = $this->server();
        $request = $server->request($this->query('one of two objects') . $shared);
        $watch = $this->daemon->peer();
        $watch->untilPools(3);
        [$older, $other] = [$this->daemon->peer(), $this->daemon->peer()];
        $older->send('ACQ4ANY older 1 10 60');
        $other->send('ACQ4ANY other 1 10 60');
        $this->assertSame([$told, 'LOCKED'], [$older->line(), $other->line()]);
        $request->body();
        $this->assertSame('LOCKED RELEASED', $server->get($this->query('work') . $shared));
    }

    public function testWhatARequestLearnsOfAServerServesTheNextOnes(): void
    {
        $other = Daemon::ours();
        $servers = [$this->daemon->address, $other->address];
        $server = $this->server(['poolcounter.persistent' => '0']);
        $key = $this->daemon->keyAmong($servers);
        $query = ['do' => 'silent', 'at' => implode(',', $servers), 'key' => $key];
        $this->daemon->freeze();
        $said = $server->get(http_build_query($query + ['timeout' => 0.1]));
        $this->assertSame("no answer from {$this->daemon->address}: Connection timed out", $said);
        foreach ([0.2, 0.3] as $timeout) {
            $this->assertSame('LOCKED', $server->get(http_build_query($query + ['timeout' => $timeout])));
            $this->assertSame([], $this->daemon->connections());
        }
    }

    public function testWhatIsSaidOnceAProcessIsNotSaidAgainByTheNextRequest(): void
    {
        $server = $this->server();
        foreach (['first', 'again', 'again'] as $said) {
            $this->assertSame($said, $server->get($this->query('once')));
        }
    }

    public function testWithoutPersistenceNoneIsLeft(): void
    {
        $server = $this->server(['poolcounter.persistent' => '0']);
        $this->assertSame('LOCKED RELEASED', $server->get($this->query('work')));
        Deadline::until(fn() => $this->daemon->connections() === [], 'the end of the connection');
    }

    public function testARestartOfTheDaemonShowsNoError(): void
    {
        $server = $this->server();
        $this->assertSame('LOCKED RELEASED', $server->get($this->query('work')));
        $this->daemon->stop();
        $this->daemon->start();
        $this->assertSame('LOCKED RELEASED', $server->get($this->query('work')));
    }

    /** @return array<string, array{string, string}> */
    public static function ends(): array
    {
        return [
            'released' => ['release', 'DONE'],
            'forgotten' => ['forget', 'LOCKED'],
            'exit' => ['exit', 'LOCKED'],
            'an uncaught exception' => ['exception', 'LOCKED'],
            'a fatal error by the user' => ['user-error', 'LOCKED'],
            'a compile error' => ['compile-error', 'LOCKED'],
            'the memory limit' => ['memory', 'LOCKED'],
            'the time limit' => ['time', 'LOCKED'],
            'a static property' => ['static', 'LOCKED'],
            'a cycle of objects' => ['cycle', 'LOCKED'],
            'abandoned' => ['abandon', 'LOCKED'],
            'closed' => ['close', 'LOCKED'],
            'acquired in a shutdown function' => ['shutdown', 'LOCKED'],
            'exit in a shutdown function' => ['shutdown-exit', 'LOCKED'],
            'an exception in a destructor' => ['destructor', 'LOCKED'],
            'a fiber that goes on no more' => ['fiber', 'LOCKED'],
            'a generator that goes on no more' => ['generator', 'LOCKED'],
            'a parse error' => ['parse-error', 'LOCKED'],
            'a type error' => ['type-error', 'LOCKED'],
            'a recursion without end' => ['recursion', 'LOCKED'],
        ];
    }

    /** @dataProvider ends */
    public function testTheEndOfARequest(string $end, string $told): void
    {
        $server = $this->server();
        $worker = $server->get($this->query('pid'));
        $request = $server->request($this->query($end));
        $watch = $this->daemon->peer();
        $watch->untilPools(1);
        $waiter = $this->daemon->peer();
        $waiter->send('ACQ4ANY key 1 10 60');
        $this->assertSame($told, $waiter->line());
        $request->body();
        $waiter->close();
        $watch->untilPools(0);
        $this->assertSame($worker, $server->get($this->query('pid')), 'the worker lives');
        $this->assertSame('LOCKED RELEASED', $server->get($this->query('work')));
    }

    public function testALockFromASessionHandlerEndsWithTheRequest(): void
    {
        $server = $this->server();
        $this->assertSame('started', $server->get($this->query('session')));
        $peer = $this->daemon->peer();
        $peer->untilPools(0);
        $this->assertSame('total_acquired: 1', $peer->ask('STATS total_acquired'));
    }

    public function testALockThatTheEndOfTheRequestGaveUpIsNotReleasedAfterwards(): void
    {
        $server = $this->server();
        $this->assertSame('started', $server->get($this->query('late release')));
        $peer = $this->daemon->peer();
        $answers = fn() => [$peer->ask('STATS total_releases'), $peer->ask('STATS release_mismatch')];
        Deadline::until(fn() => $answers() === ['total_releases: 0', 'release_mismatch: 1'], 'the answer NOT_LOCKED');
    }

    public function testAWorkerThatIsTerminatedKeepsNoLock(): void
    {
        $server = $this->server();
        $worker = (int) $server->get($this->query('pid'));
        $request = $server->request($this->query('hang'));
        $this->daemon->peer()->untilPools(1);
        $waiter = $this->daemon->peer();
        $waiter->send('ACQ4ANY key 1 10 60');
        $this->daemon->peer()->untilWaiting(1);
        $this->terminate($worker);
        $this->assertSame('LOCKED', $waiter->line());
        $request->body();
        $waiter->close();
        $this->assertNotSame((string) $worker, $server->get($this->query('pid')));
    }

    public function testAWorkerThatIsTerminatedWaitsNoMore(): void
    {
        $server = $this->server();
        $holder = $this->daemon->peer();
        $holder->ask('ACQ4ANY key 1 10 0');
        $worker = (int) $server->get($this->query('pid'));
        $request = $server->request($this->query('wait'));
        $holder->untilWaiting(1);
        $this->terminate($worker);
        $holder->untilWaiting(0);
        $this->assertSame('', $request->body());
    }

    public function testAPanicIsAnErrorAndTheWorkerLives(): void
    {
        $server = $this->server(['extension' => (string) getenv('POOLCOUNTER_PANICKING_EXTENSION')]);
        $worker = $server->get($this->query('pid'));
        $this->assertStringContainsString('asked for', $server->get($this->query('panic')));
        $this->assertSame('LOCKED RELEASED', $server->get($this->query('work')));
        $this->assertSame($worker, $server->get($this->query('pid')));
    }

    /**
     * With one worker, so that every request sees the state that the previous one left.
     *
     * @param array<string, string> $settings of php.ini
     */
    abstract protected function server(array $settings = []): Server;

    private function terminate(int $worker): void
    {
        $this->assertGreaterThan(1, $worker);
        posix_kill($worker, SIGTERM);
    }

    protected function query(string $what): string
    {
        return http_build_query(['do' => $what, 'at' => $this->daemon->address]);
    }
}
