<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

/** Apache with mod_php. */
final class ApacheTest extends WorkerTestCase
{
    public function testAGracefulRestartLetsAWaitEnd(): void
    {
        $apache = $this->server();
        $holder = $this->daemon->peer();
        $holder->ask('ACQ4ANY key 1 10 0');
        $worker = $apache->get($this->query('pid'));
        $request = $apache->request($this->query('wait'));
        $holder->untilWaiting(1);
        $apache->signal(SIGUSR1);
        $this->untilLogged($apache, 'Graceful restart requested');
        $holder->untilWaiting(1);
        $holder->ask('RELEASE');
        $this->assertSame('DONE', $request->body());
        $this->assertNotSame($worker, $apache->get($this->query('pid')));
        $this->assertSame('LOCKED RELEASED', $apache->get($this->query('work')));
    }

    public function testGracefulRestartsLeaveNoLockAndNoConnection(): void
    {
        $apache = $this->server();
        $workers = [];
        for ($round = 1; $round <= 5; $round++) {
            $this->assertSame('LOCKED RELEASED', $apache->get($this->query('work')));
            $this->assertSame('LOCKED', $apache->get($this->query('forgotten')));
            $workers[] = $apache->get($this->query('pid'));
            $apache->signal(SIGUSR1);
            $resumed = fn() => substr_count($apache->log(), 'resuming normal operations');
            Deadline::until(fn() => $resumed() === $round + 1, 'the restart');
            Deadline::until(fn() => !file_exists('/proc/' . end($workers)), 'the end of the worker');
            Deadline::until(fn() => $this->daemon->connections() === [], 'the end of its connections');
        }
        $this->assertSame($workers, array_unique($workers));
        $this->daemon->peer()->untilPools(0);
        $this->assertNoCrash($apache);
    }

    public function testAGracefulStopLetsAWaitEnd(): void
    {
        $apache = $this->server();
        $holder = $this->daemon->peer();
        $holder->ask('ACQ4ANY key 1 10 0');
        $request = $apache->request($this->query('wait'));
        $holder->untilWaiting(1);
        $apache->signal(SIGWINCH);
        $this->untilLogged($apache, 'shutting down gracefully');
        $holder->untilWaiting(1);
        $holder->ask('RELEASE');
        $this->assertSame('DONE', $request->body());
        $this->assertSame(0, $apache->wait());
        $this->assertNoCrash($apache);
    }

    public function testAStopFreesALock(): void
    {
        $apache = $this->server();
        $request = $apache->request($this->query('hang'));
        $this->daemon->peer()->untilPools(1);
        $waiter = $this->daemon->peer();
        $waiter->send('ACQ4ANY key 1 10 60');
        $this->daemon->peer()->untilWaiting(1);
        $apache->signal(SIGTERM);
        $this->assertSame('LOCKED', $waiter->line());
        $request->body();
        $this->assertSame(0, $apache->wait());
    }

    public function testAWorkerOfThreeConnections(): void
    {
        $apache = $this->server([], 'MaxConnectionsPerChild 3');
        // The one that found out whether Apache is there may have been served.
        $first = $apache->get($this->query('pid'));
        Deadline::until(fn() => $apache->get($this->query('pid')) !== $first, 'another worker');
        $this->assertSame('LOCKED RELEASED', $apache->get($this->query('work')));
        $before = $this->daemon->connections();
        $this->assertCount(1, $before);
        $this->assertSame('LOCKED', $apache->get($this->query('forgotten')));
        Deadline::until(fn() => $this->daemon->connections() === [], 'the end of the worker');
        $this->daemon->peer()->untilPools(0);
        foreach (range(1, 4) as $ignored) {
            $this->assertSame('LOCKED RELEASED', $apache->get($this->query('work')));
        }
        $this->assertLessThanOrEqual(1, count($this->daemon->connections()));
        $this->assertNoCrash($apache);
    }

    /** @param array<string, string> $settings */
    protected function server(array $settings = [], string $directives = ''): Apache
    {
        $settings += ['memory_limit' => '64M'];
        return new Apache(dirname(__DIR__) . '/support/work.php', $settings, $directives);
    }

    private function untilLogged(Apache $apache, string $text): void
    {
        Deadline::until(fn() => str_contains($apache->log(), $text), "\"$text\" in Apache's log");
    }

    private function assertNoCrash(Apache $apache): void
    {
        $this->assertStringNotContainsString('exit signal', $apache->log());
    }
}
