<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use PHPUnit\Framework\TestCase;

/** What lasts in a worker of php-fpm from one request to the next, and what does not. */
final class FpmTest extends TestCase
{
    private Daemon $daemon;

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
        $fpm = $this->fpm();
        $this->assertSame('LOCKED RELEASED', $fpm->get($this->query('work')));
        $before = $this->daemon->connections();
        $this->assertCount(1, $before);
        $this->assertSame('LOCKED RELEASED', $fpm->get($this->query('work')));
        $this->assertSame($before, $this->daemon->connections());
    }

    public function testTheConnectionsOfTwoObjectsAreUsedAgain(): void
    {
        $fpm = $this->fpm();
        foreach (['' => 2, 'shared' => 1] as $shared => $count) {
            $query = $this->query('two objects') . "&$shared";
            $this->assertSame('LOCKED LOCKED RELEASED RELEASED', $fpm->get($query));
            $before = $this->daemon->connections();
            $this->assertSame('LOCKED LOCKED RELEASED RELEASED', $fpm->get($query));
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
        $fpm = $this->fpm();
        $request = $fpm->request($this->query('one of two objects') . $shared);
        $watch = $this->daemon->peer();
        $watch->untilPools(3);
        [$older, $other] = [$this->daemon->peer(), $this->daemon->peer()];
        $older->send('ACQ4ANY older 1 10 60');
        $other->send('ACQ4ANY other 1 10 60');
        $this->assertSame([$told, 'LOCKED'], [$older->line(), $other->line()]);
        $request->body();
        $this->assertSame('LOCKED RELEASED', $fpm->get($this->query('work') . $shared));
    }

    public function testWhatARequestLearnsOfAServerServesTheNextOnes(): void
    {
        $other = Daemon::ours();
        $servers = [$this->daemon->address, $other->address];
        $fpm = $this->fpm(['poolcounter.persistent' => '0']);
        $key = $this->daemon->keyAmong($servers);
        $query = ['do' => 'silent', 'at' => implode(',', $servers), 'key' => $key];
        $this->daemon->freeze();
        $said = $fpm->get(http_build_query($query + ['timeout' => 0.1]));
        $this->assertSame("no answer from {$this->daemon->address}: Connection timed out", $said);
        foreach ([0.2, 0.3] as $timeout) {
            $this->assertSame('LOCKED', $fpm->get(http_build_query($query + ['timeout' => $timeout])));
            $this->assertSame([], $this->daemon->connections());
        }
    }

    public function testWithoutPersistenceNoneIsLeft(): void
    {
        $fpm = $this->fpm(['poolcounter.persistent' => '0']);
        $this->assertSame('LOCKED RELEASED', $fpm->get($this->query('work')));
        Deadline::until(fn() => $this->daemon->connections() === [], 'the end of the connection');
    }

    public function testARestartOfTheDaemonShowsNoError(): void
    {
        $fpm = $this->fpm();
        $this->assertSame('LOCKED RELEASED', $fpm->get($this->query('work')));
        $this->daemon->stop();
        $this->daemon->start();
        $this->assertSame('LOCKED RELEASED', $fpm->get($this->query('work')));
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
        ];
    }

    /** @dataProvider ends */
    public function testTheEndOfARequest(string $end, string $told): void
    {
        $fpm = $this->fpm();
        $worker = $fpm->get($this->query('pid'));
        $request = $fpm->request($this->query($end));
        $watch = $this->daemon->peer();
        $watch->untilPools(1);
        $waiter = $this->daemon->peer();
        $waiter->send('ACQ4ANY key 1 10 60');
        $this->assertSame($told, $waiter->line());
        $request->body();
        $waiter->close();
        $watch->untilPools(0);
        $this->assertSame($worker, $fpm->get($this->query('pid')), 'the worker lives');
        $this->assertSame('LOCKED RELEASED', $fpm->get($this->query('work')));
    }

    public function testALockFromASessionHandlerEndsWithTheRequest(): void
    {
        $fpm = $this->fpm();
        $this->assertSame('started', $fpm->get($this->query('session')));
        $peer = $this->daemon->peer();
        $peer->untilPools(0);
        $this->assertSame('total_acquired: 1', $peer->ask('STATS total_acquired'));
    }

    public function testALockThatTheEndOfTheRequestGaveUpIsNotReleasedAfterwards(): void
    {
        $fpm = $this->fpm();
        $this->assertSame('started', $fpm->get($this->query('late release')));
        $peer = $this->daemon->peer();
        $answers = fn() => [$peer->ask('STATS total_releases'), $peer->ask('STATS release_mismatch')];
        Deadline::until(fn() => $answers() === ['total_releases: 0', 'release_mismatch: 1'], 'the answer NOT_LOCKED');
    }

    public function testAWorkerThatIsTerminatedKeepsNoLock(): void
    {
        $fpm = $this->fpm();
        $worker = (int) $fpm->get($this->query('pid'));
        $request = $fpm->request($this->query('hang'));
        $this->daemon->peer()->untilPools(1);
        $waiter = $this->daemon->peer();
        $waiter->send('ACQ4ANY key 1 10 60');
        $this->daemon->peer()->untilWaiting(1);
        posix_kill($worker, SIGTERM);
        $this->assertSame('LOCKED', $waiter->line());
        $request->body();
        $waiter->close();
        $this->assertNotSame((string) $worker, $fpm->get($this->query('pid')));
    }

    public function testAWorkerThatIsTerminatedWaitsNoMore(): void
    {
        $fpm = $this->fpm();
        $holder = $this->daemon->peer();
        $holder->ask('ACQ4ANY key 1 10 0');
        $worker = (int) $fpm->get($this->query('pid'));
        $request = $fpm->request($this->query('wait'));
        $holder->untilWaiting(1);
        posix_kill($worker, SIGTERM);
        $holder->untilWaiting(0);
        $this->assertSame('', $request->body());
    }

    public function testAGracefulStopLetsAWaitEnd(): void
    {
        $fpm = $this->fpm();
        $holder = $this->daemon->peer();
        $holder->ask('ACQ4ANY key 1 10 0');
        $request = $fpm->request($this->query('wait'));
        $holder->untilWaiting(1);
        $fpm->signal(SIGQUIT);
        Deadline::until(fn() => str_contains($fpm->log(), 'Finishing'), 'the graceful stop');
        $holder->untilWaiting(1);
        $holder->ask('RELEASE');
        $this->assertSame('DONE', $request->body());
        $this->assertSame(0, $fpm->wait());
    }

    public function testAPanicIsAnErrorAndTheWorkerLives(): void
    {
        $fpm = $this->fpm(['extension' => (string) getenv('POOLCOUNTER_PANICKING_EXTENSION')]);
        $worker = $fpm->get($this->query('pid'));
        $this->assertStringContainsString('asked for', $fpm->get($this->query('panic')));
        $this->assertSame('LOCKED RELEASED', $fpm->get($this->query('work')));
        $this->assertSame($worker, $fpm->get($this->query('pid')));
    }

    /** @param array<string, string> $settings */
    private function fpm(array $settings = []): Fpm
    {
        return new Fpm(__DIR__ . '/work.php', $settings + ['memory_limit' => '64M']);
    }

    private function query(string $what): string
    {
        return http_build_query(['do' => $what, 'at' => $this->daemon->address]);
    }
}
