<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

/** php-fpm. */
final class FpmTest extends WorkerTestCase
{
    public function testAGracefulStopLetsAWaitEnd(): void
    {
        $fpm = $this->server();
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

    /** @param array<string, string> $settings */
    protected function server(array $settings = []): Fpm
    {
        return new Fpm(dirname(__DIR__) . '/support/work.php', $settings + ['memory_limit' => '64M']);
    }
}
