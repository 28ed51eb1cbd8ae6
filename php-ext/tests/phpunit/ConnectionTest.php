<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use PHPUnit\Framework\TestCase;
use PoolCounter\Client;
use PoolCounter\ConnectionException;
use PoolCounter\KeyException;
use PoolCounter\ReadException;
use PoolCounter\Result;

/** When connections are made, kept, replaced and closed. */
final class ConnectionTest extends TestCase
{
    public function testObjectsOfOneConfigurationShareAConnectionIfTheyAreToldTo(): void
    {
        $daemon = Daemon::ours();
        $connections = [1, 1, 2];
        $options = [[], ['connect_timeout' => 0.1], ['connect_timeout' => 0.5]];
        foreach ($options as $number => $option) {
            $objects[] = $object = new Client([$daemon->address], ['share_connections' => true, ...$option]);
            $object->acquireForMe("key$number", 1, 10, 0);
            $this->assertCount($connections[$number], $daemon->connections());
        }
    }

    public function testNoTimeOutIsShortenedToNothing(): void
    {
        $daemon = Daemon::ours();
        foreach (['once' => false, 'twice' => true] as $times => $twice) {
            $options = ['connect_timeout' => 1e-300, 'connect_twice' => $twice, 'avoid_for' => 0];
            $client = new Client([$daemon->address], $options);
            $locks = static function () use ($client, $times): bool {
                try {
                    return $client->acquireForMe($times, 1, 10, 0) === Result::LOCKED;
                } catch (ConnectionException) {
                    // A busy machine may be slow once; without any time limit it would be slow each time.
                    return false;
                }
            };
            Deadline::until($locks, "a lock with a short time to connect $times");
            $this->addToAssertionCount(1);
        }
    }

    /** @return array<string, array{int, string, array<string, string>}> */
    public static function attempts(): array
    {
        return [
            'by default' => [1, '[]', []],
            'by the option' => [2, '["connect_twice" => true]', []],
            'by php.ini' => [2, '[]', ['poolcounter.connect_twice' => 'on']],
            'by the option alone' => [1, '["connect_twice" => false]', ['poolcounter.connect_twice' => 'on']],
        ];
    }

    /** @dataProvider attempts */
    public function testAConnectionIsTriedASecondTimeIfSoWished(int $count, string $options, array $settings): void
    {
        $dead = Daemon::freeAddress();
        $log = tempnam(sys_get_temp_dir(), 'poolcounter-attempts-');
        $code = <<<CODE
            try {
                (new PoolCounter\\Client('$dead', $options))->acquireForMe('key', 1, 10, 0);
            } catch (PoolCounter\\ConnectionException \$exception) {
                echo \$exception->getCause();
            }
            CODE;
        $script = new Script($code, $settings, ['strace', '-f', '-qq', '-e', 'trace=connect', '-o', $log]);
        $this->assertSame('Connection refused', $script->result());
        $calls = (string) file_get_contents($log);
        unlink($log);
        $this->assertSame($count, substr_count($calls, "inet_addr(\"$dead\")"), $calls);
    }

    public function testAConnectionOutlivesItsObject(): void
    {
        $daemon = Daemon::ours();
        $this->protect($daemon);
        $before = $daemon->connections();
        $this->assertCount(1, $before);
        $this->protect($daemon);
        $this->assertSame($before, $daemon->connections());
    }

    /** @return array<string, array{string}> */
    public static function transports(): array
    {
        return ['TCP' => [''], 'a Unix socket' => [sys_get_temp_dir() . '/poolcounter-calls-' . getmypid() . '.sock']];
    }

    /** @dataProvider transports */
    public function testASectionMakesTheSystemCallsOfItsBytesAndNoOthers(string $socket): void
    {
        $daemon = $socket === '' ? Daemon::ours() : Daemon::ours('--listen', "unix:$socket");
        $server = $socket === '' ? $daemon->address : "unix:$socket";
        $log = tempnam(sys_get_temp_dir(), 'poolcounter-calls-');
        $script = new Script(<<<CODE
            \$client = new PoolCounter\\Client('$server', ['connect_timeout' => 20]);
            for (\$i = 0; \$i < 6; \$i++) {
                // System calls before the second section, which has a connection, are not checked.
                \$i === 1 && posix_getppid();
                \$client->acquireForAnyone('key', 1, 100, 15);
                \$client->release();
            }
            posix_getppid();
            CODE, ['extension' => 'posix'], ['strace', '-f', '-qq', '-o', $log]);
        $this->assertSame(0, $script->process->wait());
        $between = explode('getppid(', (string) file_get_contents($log))[1];
        unlink($log);
        // Reading the clock is a system call if the kernel has no faster way.
        $calls = preg_grep('/clock_gettime/', array_slice(explode("\n", $between), 1, -1), PREG_GREP_INVERT);
        $calls = preg_replace('/^\\d+ +(\\w+)\\((?:\\d+, ("[^"]*"))?.*/', '$1 $2', array_values($calls));
        $section = [
            'recvfrom "RELEASED\n"', 'sendto "ACQ4ANY key 1 100 15\n"', 'recvfrom "LOCKED\n"', 'sendto "RELEASE\n"',
        ];
        $this->assertSame(array_merge(...array_fill(0, 5, $section)), $calls);
    }

    public function testCloseClosesIt(): void
    {
        $daemon = Daemon::ours();
        $client = new Client($daemon->address);
        $client->acquireForMe('key', 1, 10, 0);
        $client->close();
        Deadline::until(fn() => $daemon->connections() === [], 'the end of the connection');
        $this->assertSame(Result::LOCKED, $client->acquireForMe('key', 1, 10, 0));
    }

    public function testARestartOfTheDaemonShowsNoError(): void
    {
        $daemon = Daemon::ours();
        $this->protect($daemon);
        $daemon->stop();
        $daemon->start();
        $this->protect($daemon);
    }

    public function testNothingIsSentForAKeyThatCannotBe(): void
    {
        $daemon = Daemon::ours();
        $client = new Client($daemon->address);
        $cases = [
            '' => 'is empty', "a\0b" => 'contains a NUL byte', "a\nRELEASE" => 'contains a line feed',
            "a\r" => 'contains a carriage return',
        ];
        foreach ($cases as $key => $cause) {
            $this->assertSame($cause, $this->refusal($client, (string) $key)->getCause());
        }
        $long = $this->refusal($client, str_repeat('k', 1 << 20));
        $this->assertStringContainsString('is too long', $long->getCause());
        $this->assertNull($long->getServer());
        $this->assertSame([], $daemon->connections());
    }

    public function testTheNextServerTakesOver(): void
    {
        $daemon = Daemon::ours();
        $dead = Daemon::freeAddress();
        $client = new Client([$dead, $daemon->address], ['avoid_for' => 0]);
        foreach (range(1, 10) as $number) {
            $this->assertSame(Result::LOCKED, $client->acquireForMe("key$number", 1, 10, 0));
            $this->assertSame(Result::RELEASED, $client->release());
        }
    }

    public function testNoServerAtAll(): void
    {
        $dead = Daemon::freeAddress();
        $client = new Client($dead, ['connect_timeout' => 0.2, 'connect_twice' => true]);
        try {
            $client->acquireForMe('key', 1, 10, 0);
            $this->fail('no exception');
        } catch (ConnectionException $exception) {
            $this->assertSame($dead, $exception->getServer());
            $this->assertSame('Connection refused', $exception->getCause());
            $this->assertSame("cannot connect to $dead: Connection refused", $exception->getMessage());
        }
        $this->expectException(ConnectionException::class);
        $client->release();
    }

    public function testAnotherPortAndAUnixSocket(): void
    {
        $path = sys_get_temp_dir() . '/poolcounter-' . bin2hex(random_bytes(6));
        $address = Daemon::freeAddress();
        $daemon = Daemon::ours('--listen', "unix:$path", '--listen', "$address:7532");
        foreach (["unix:$path", "$address:7532"] as $server) {
            $client = new Client($server);
            $this->assertSame(Result::LOCKED, $client->acquireForMe('key', 1, 10, 0));
            $this->assertSame('TIMEOUT', $daemon->peer()->ask('ACQ4ME key 1 10 0'));
            $client->close();
            $daemon->peer()->untilPools(0);
        }
        @unlink($path);
    }

    public function testAReleaseIsNotWaitedForByDefault(): void
    {
        $daemon = Daemon::ours();
        $client = new Client($daemon->address);
        $client->acquireForMe('key', 1, 10, 0);
        $daemon->freeze();
        $this->assertSame(Result::RELEASED, $client->release());
        $daemon->thaw();
        $this->assertSame(Result::LOCKED, $client->acquireForMe('key', 1, 10, 5));
    }

    public function testAReleaseThatIsWaitedForNeedsAnAnswer(): void
    {
        $daemon = Daemon::ours();
        $client = new Client($daemon->address, ['await_release' => true]);
        $client->acquireForMe('key', 1, 10, 0);
        $this->assertSame(Result::RELEASED, $client->release());
        $client->acquireForMe('key', 1, 10, 0);
        $daemon->freeze();
        $this->expectException(ReadException::class);
        $this->expectExceptionMessage("no answer from $daemon->address: Connection timed out");
        $client->release();
    }

    public function testAServerThatDoesNotAnswer(): void
    {
        $daemon = Daemon::ours();
        $client = new Client($daemon->address, ['answer_timeout' => 1.0]);
        $daemon->freeze();
        try {
            $client->acquireForMe('key', 1, 10, 60);
            $this->fail('no exception');
        } catch (ReadException $exception) {
            $this->assertSame($daemon->address, $exception->getServer());
            $this->assertSame('Connection timed out', $exception->getCause());
        }
        $daemon->thaw();
        // The lock was granted too late, and was lost with its connection.
        $daemon->peer()->untilPools(0);
        $this->assertSame(Result::LOCKED, $client->acquireForMe('key', 1, 10, 60));
    }

    public function testAnAnswerThatIsDueAtOnce(): void
    {
        $daemon = Daemon::ours();
        $options = ['first_answer_timeout' => 1.5, 'answer_timeout' => 20, 'await_release' => true];
        $client = new Client($daemon->address, $options);
        $this->assertSame(Result::LOCKED, $client->acquireForMe('key', 1, 10, 0));
        $this->assertSame(Result::RELEASED, $client->release());
        $daemon->freeze();
        $seconds = $this->secondsOfSilence($client);
        $this->assertTrue($seconds >= 1.0 && $seconds < 2.0, "a connection that has answered: $seconds s");
        $new = Daemon::ours();
        $new->freeze();
        $seconds = $this->secondsOfSilence(new Client($new->address, $options));
        $this->assertTrue($seconds >= 1.5 && $seconds < 3.0, "a new connection: $seconds s");
    }

    public function testTheSettingsOfPhpIni(): void
    {
        $daemon = Daemon::ours();
        $code = 'echo (new PoolCounter\Client)->acquireForMe("key", 1, 10, 0)->name;';
        $script = new Script($code, ['poolcounter.servers' => "$daemon->address, " . Daemon::freeAddress()]);
        $this->assertSame('LOCKED', $script->result());
        $refused = new Script($code, ['poolcounter.connect_timeout' => 'soon']);
        $this->assertNotSame(0, $refused->process->wait());
        $why = 'The ini setting poolcounter.connect_timeout must be';
        $this->assertStringContainsString($why, $refused->process->errors());
    }

    private function secondsOfSilence(Client $client): float
    {
        $begin = hrtime(true);
        try {
            $client->acquireForMe('key', 1, 10, 0);
        } catch (ReadException) {
            return (hrtime(true) - $begin) / 1e9;
        }
        $this->fail('no exception');
    }

    private function protect(Daemon $daemon): void
    {
        $client = new Client($daemon->address);
        $this->assertSame(Result::LOCKED, $client->acquireForMe('key', 1, 10, 0));
        $this->assertSame(Result::RELEASED, $client->release());
    }

    private function refusal(Client $client, string $key): KeyException
    {
        try {
            $client->acquireForMe($key, 1, 10, 0);
        } catch (KeyException $exception) {
            return $exception;
        }
        $this->fail('no exception');
    }
}
