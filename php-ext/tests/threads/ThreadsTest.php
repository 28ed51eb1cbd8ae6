<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use PHPUnit\Framework\TestCase;

/** What requests in threads of one process share, and what they do not. */
final class ThreadsTest extends TestCase
{
    private const THREADS = 8;
    private const REQUESTS = 5;
    private Daemon $daemon;
    private string $folder;
    private string $said = '';

    protected function setUp(): void
    {
        $this->daemon = Daemon::ours();
        $this->folder = sys_get_temp_dir() . '/poolcounter-threads-' . getmypid();
        mkdir($this->folder);
        file_put_contents("$this->folder/number", '0');
    }

    protected function tearDown(): void
    {
        array_map('unlink', glob("$this->folder/*") ?: []);
        rmdir($this->folder);
    }

    public function testLocksExcludeThreads(): void
    {
        $lines = $this->lines($this->threads('count'));
        $expected = array_fill(0, self::THREADS * self::REQUESTS, 'LOCKED RELEASED');
        $this->assertSame($expected, $lines);
        $this->assertSame((string) (self::THREADS * self::REQUESTS), file_get_contents("$this->folder/number"));
    }

    public function testEachThreadKeepsItsConnectionUntilItEnds(): void
    {
        $threads = $this->threads('stay', 2);
        $connections = [];
        foreach ([1, 2] as $request) {
            $this->untilPrinted($threads, "/^request $request of/m", self::THREADS);
            $connections[] = $this->sorted($this->daemon->connections());
            touch("$this->folder/go$request");
        }
        $this->assertCount(self::THREADS, $connections[0]);
        $this->assertSame($connections[0], $connections[1]);
        $this->untilPrinted($threads, '/^ended$/m', 1);
        Deadline::until(fn() => $this->daemon->connections() === [], 'the connections to be closed');
        $this->end($threads);
    }

    /** @return array<string, array{string}> */
    public static function ends(): array
    {
        return ['exit' => ['exit'], 'a fatal error' => ['fatal']];
    }

    /** @dataProvider ends */
    public function testALockEndsWithItsRequest(string $end): void
    {
        $lines = $this->lines($this->threads($end));
        $locked = array_filter($lines, fn(string $line) => $line === 'LOCKED');
        $this->assertCount(self::THREADS * self::REQUESTS, $locked);
    }

    public function testThreadsShareWhatTheyLearnOfServers(): void
    {
        $silent = Daemon::ours();
        $servers = [$silent->address, $this->daemon->address];
        $key = $silent->keyAmong($servers);
        $silent->freeze();
        $environment = ['ADDRESS' => implode(',', $servers), 'KEY' => $key];
        $lines = $this->lines($this->threads('learn', 1, $environment, true));
        $silent->thaw();
        $other = $this->daemon->address;
        $expected = array_map(fn(int $thread) => "$thread $other", range(2, self::THREADS));
        $this->assertSame(['1 none', ...$expected], $lines);
    }

    public function testASettingIsOfOneThread(): void
    {
        $this->daemon->stop();
        $lines = $this->lines($this->threads('settings', 2, ['ADDRESS' => $this->daemon->address], true));
        $others = array_map(fn(int $thread) => "$thread {$this->daemon->address}", range(2, self::THREADS));
        $this->assertSame(['1 127.0.0.1:1', ...$others, '1 127.0.0.1:1', ...$others], $lines);
    }

    public function testOnceIsOfTheProcess(): void
    {
        $lines = $this->lines($this->threads('once'));
        $this->assertSame(['again' => self::THREADS * self::REQUESTS - 1, 'first' => 1], $this->counted($lines));
    }

    public function testTheSectionInPhpinfoIsOfTheThread(): void
    {
        $lines = $this->lines($this->threads('info', 1, [], true));
        $expected = array_map(fn(int $thread) => "$thread thread 2", range(2, self::THREADS));
        $this->assertSame(['1 thread 1', ...$expected], $lines);
    }

    /** @param array<string, string> $environment */
    private function threads(
        string $work,
        int $requests = self::REQUESTS,
        array $environment = [],
        bool $inTurn = false
    ): Process {
        file_put_contents("$this->folder/php.ini", implode("\n", [
            'extension=' . getenv('POOLCOUNTER_EXTENSION'),
            "poolcounter.servers={$this->daemon->address}",
            'display_errors=stderr',
        ]));
        $command = [getenv('POOLCOUNTER_THREADS'), __DIR__ . '/work.php', self::THREADS, $requests];
        $runner = getenv('POOLCOUNTER_THREADS_RUNNER') ?: '';
        $runner = $runner === '' ? [] : explode(' ', $runner);
        $environment += ['ADDRESS' => $this->daemon->address, 'FOLDER' => $this->folder, 'WORK' => $work];
        $command = [...$runner, ...array_map('strval', $command), ...($inTurn ? ['in-turn'] : [])];
        return new Process($command, $environment + ['PHPRC' => $this->folder]);
    }

    private function end(Process $threads): void
    {
        $this->assertTrue($threads->isRunning());
        $threads->stop();
        $this->assertSame(0, $threads->wait(), $threads->errors());
    }

    /** @return list<string> what it has printed when its threads have ended */
    private function lines(Process $threads): array
    {
        $this->untilPrinted($threads, '/^ended$/m', 1);
        $this->end($threads);
        return array_slice(explode("\n", trim($this->said)), 0, -1);
    }

    private function untilPrinted(Process $threads, string $pattern, int $times): void
    {
        Deadline::until(function () use ($threads, $pattern, $times): bool {
            $this->said .= $threads->output();
            if (!$threads->isRunning()) {
                $this->fail("the threads ended: $this->said" . $threads->errors());
            }
            return preg_match_all($pattern, $this->said) >= $times;
        }, $pattern);
    }

    /**
     * @param list<string> $lines
     * @return array<string, int>
     */
    private function counted(array $lines): array
    {
        $counted = array_count_values($lines);
        ksort($counted);
        return $counted;
    }

    /**
     * @param int[] $numbers
     * @return int[]
     */
    private function sorted(array $numbers): array
    {
        sort($numbers);
        return $numbers;
    }
}
