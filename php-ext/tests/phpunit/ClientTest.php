<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use PHPUnit\Framework\TestCase;
use PoolCounter\Client;
use PoolCounter\RemoteException;
use PoolCounter\Result;

/** The results of acquire and release, with our daemon and with the reference. */
final class ClientTest extends TestCase
{
    /** @return array<string, array{callable}> */
    public static function daemons(): array
    {
        return [
            'ours' => [fn() => Daemon::ours()],
            'the reference' => [fn() => Daemon::reference()],
        ];
    }

    /** @dataProvider daemons */
    public function testALockIsAcquiredAndReleased(callable $start): void
    {
        $daemon = $start();
        $client = new Client($daemon->address);
        $this->assertSame(Result::LOCKED, $client->acquireForMe('key', 1, 10, 5));
        $this->assertSame('QUEUE_FULL', $daemon->peer()->ask('ACQ4ME key 1 1 0'));
        $this->assertSame(Result::RELEASED, $client->release());
        $this->assertSame(Result::LOCKED, $client->acquireForAnyone('key', 1, 10, 5));
        $this->assertSame(Result::RELEASED, $client->release());
        $this->assertSame(Result::NOT_LOCKED, $client->release());
    }

    /** @dataProvider daemons */
    public function testARefusalIsAnAnswer(callable $start): void
    {
        $daemon = $start();
        $peer = $daemon->peer();
        $this->assertSame('LOCKED', $peer->ask('ACQ4ME key 1 10 0'));
        $client = new Client($daemon->address);
        $this->assertSame(Result::QUEUE_FULL, $client->acquireForMe('key', 1, 1, 5));
        $this->assertSame(Result::TIMEOUT, $client->acquireForMe('key', 1, 10, 0));
        $this->assertSame(Result::TIMEOUT, $client->acquireForAnyone('key', 1, 10, 1));
        $sharing = new Client($daemon->address, ['share_connections' => true]);
        foreach (['a', 'b', 'c', 'd'] as $key) {
            $this->assertSame(Result::LOCKED, $sharing->acquireForMe($key, 1, 10, 0));
        }
        $this->assertSame(Result::LOCK_HELD, $sharing->acquireForMe('e', 1, 10, 0));
    }

    /** @dataProvider daemons */
    public function testAWaiterForAnyoneIsToldThatTheWorkIsDone(callable $start): void
    {
        $daemon = $start();
        $peer = $daemon->peer();
        $this->assertSame('LOCKED', $peer->ask('ACQ4ANY key 1 10 0'));
        $waiter = $this->waiter($daemon, 'acquireForAnyone');
        $peer->untilWaiting(1);
        $this->assertSame('RELEASED', $peer->ask('RELEASE'));
        $this->assertSame('DONE', $waiter->result());
    }

    /** @dataProvider daemons */
    public function testAWaiterForItselfIsHandedTheLock(callable $start): void
    {
        $daemon = $start();
        $peer = $daemon->peer();
        $this->assertSame('LOCKED', $peer->ask('ACQ4ANY key 1 10 0'));
        $waiter = $this->waiter($daemon, 'acquireForMe');
        $peer->untilWaiting(1);
        $this->assertSame('RELEASED', $peer->ask('RELEASE'));
        $this->assertSame('LOCKED', $waiter->result());
    }

    /** @dataProvider daemons */
    public function testLocksAreReleasedInAnyOrder(callable $start): void
    {
        $daemon = $start();
        $peer = $daemon->peer();
        $client = new Client($daemon->address);
        foreach (['old', 'new', 'newest'] as $key) {
            $client->acquireForMe($key, 1, 10, 0);
        }
        $this->assertSame(Result::RELEASED, $client->release('old'));
        $this->assertSame(Result::RELEASED, $client->release());
        // The lock is granted when the releases have arrived.
        $this->assertSame('LOCKED', $peer->ask('ACQ4ME old 1 10 60'));
        $this->assertSame('LOCKED', $daemon->peer()->ask('ACQ4ME newest 1 10 60'));
        $this->assertSame('TIMEOUT', $peer->ask('ACQ4ME new 1 10 0'));
    }

    public function testASpaceIsEncodedAndNothingElse(): void
    {
        $daemon = Daemon::ours();
        $client = new Client($daemon->address);
        $client->acquireForMe("wiki:ü b%\t\xff", 1, 10, 0);
        $this->assertSame('TIMEOUT', $daemon->peer()->ask("ACQ4ME wiki:ü%20b%\t\xff 1 10 0"));
    }

    public function testAnErrorOfTheServerIsAnException(): void
    {
        $daemon = Daemon::ours();
        $client = new Client($daemon->address);
        try {
            $client->acquireForMe('key', 0, 10, 5);
            $this->fail('no exception');
        } catch (RemoteException $exception) {
            $this->assertSame('BAD_SYNTAX', $exception->getCause());
            $this->assertSame($daemon->address, $exception->getServer());
        }
        $this->assertSame(Result::LOCKED, $client->acquireForMe('key', 1, 10, 5), 'the connection goes on');
        $this->assertCount(1, $daemon->connections());
    }

    public function testAKeyThatUsesTheClientItself(): void
    {
        $daemon = Daemon::ours();
        $client = new Client($daemon->address);
        $key = new class ($client) {
            public function __construct(private Client $client)
            {
            }

            public function __toString(): string
            {
                $this->client->acquireForMe('inner', 1, 10, 0);
                return 'outer';
            }
        };
        // Only without strict types is an object taken for a string.
        $acquire = eval('return fn($client, $key) => $client->acquireForMe($key, 1, 10, 0);');
        $this->assertSame(Result::LOCKED, $acquire($client, $key));
        $this->assertSame(Result::RELEASED, $client->release('outer'));
        $this->assertSame(Result::RELEASED, $client->release('inner'));
    }

    private function waiter(Daemon $daemon, string $method): Script
    {
        return new Script("echo (new PoolCounter\\Client('$daemon->address'))->$method('key', 1, 10, 60)->name;");
    }
}
