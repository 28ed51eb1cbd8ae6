<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use PHPUnit\Framework\TestCase;
use PoolCounter\Client;
use PoolCounter\Result;

/** Several objects in one process, with equal servers and options. */
final class ObjectsTest extends TestCase
{
    /** A release must have arrived before the daemon is asked about its effect. */
    private const OWN = ['await_release' => true];
    private const SHARED = ['share_connections' => true, 'await_release' => true];
    private Daemon $daemon;

    protected function setUp(): void
    {
        $this->daemon = Daemon::ours();
    }

    /** @return array<string, array{array<string, bool>}> */
    public static function options(): array
    {
        return ['a connection for each lock' => [self::OWN], 'a shared connection' => [self::SHARED]];
    }

    public function testAReleaseTellsTheWaitersOfItsOwnKeyAlone(): void
    {
        [$older, $newer] = $this->holders(self::OWN, 'K1', 'K2');
        [$first, $second] = $this->waiters('K1', 'K2');
        $this->assertSame(Result::RELEASED, $older->release());
        $this->assertSame('DONE', $first->line());
        $this->assertWaiting(1);
        $this->assertSame(Result::RELEASED, $newer->release());
        $this->assertSame('DONE', $second->line());
    }

    public function testOverASharedConnectionTheReleaseOfAnOlderLockIsHeldBack(): void
    {
        [$older, $newer] = $this->holders(self::SHARED, 'K1', 'K2');
        $this->assertCount(1, $this->daemon->connections());
        [$first, $second] = $this->waiters('K1', 'K2');
        $this->assertSame(Result::RELEASED, $older->release());
        $this->assertWaiting(2);
        $this->assertSame(Result::RELEASED, $newer->release());
        $this->assertSame(['DONE', 'DONE'], [$second->line(), $first->line()]);
    }

    public function testOverASharedConnectionEachLockIsReleasedOnceThoseAboveItAre(): void
    {
        [$lowest, $middle, $highest] = $this->holders(self::SHARED, 'K1', 'K2', 'K3');
        [$first, $second, $third] = $this->waiters('K1', 'K2', 'K3');
        $this->assertSame(Result::RELEASED, $lowest->release());
        $this->assertWaiting(3);
        $this->assertSame(Result::RELEASED, $highest->release());
        $this->assertSame('DONE', $third->line());
        $this->assertWaiting(2);
        $this->assertSame(Result::RELEASED, $middle->release());
        $this->assertSame(['DONE', 'DONE'], [$second->line(), $first->line()]);
        $this->assertSame(Result::LOCKED, $lowest->acquireForMe('K1', 1, 10, 0));
    }

    public function testAHeldBackReleaseDoesNotTellWhatIsNotDone(): void
    {
        [$older, $newer] = $this->holders(self::SHARED, 'K1', 'K2');
        $this->assertSame(Result::RELEASED, $older->release());
        [$first, $second] = $this->waiters('K1', 'K2');
        $newer->abandon();
        $this->assertSame(['LOCKED', 'LOCKED'], [$first->line(), $second->line()]);
    }

    /** @dataProvider options */
    public function testAKeySaysWhichLockOfAnObjectIsReleased(array $options): void
    {
        $client = new Client($this->daemon->address, $options);
        foreach (['old', 'new', 'newest'] as $key) {
            $this->assertSame(Result::LOCKED, $client->acquireForAnyone($key, 1, 10, 0));
        }
        $this->assertSame(Result::RELEASED, $client->release('old'));
        $this->assertSame(Result::NOT_LOCKED, $client->release('old'));
        $this->assertSame(Result::NOT_LOCKED, $client->release('never acquired'));
        $this->assertSame('TIMEOUT', $this->daemon->peer()->ask('ACQ4ME new 1 10 0'));
        $this->assertSame('TIMEOUT', $this->daemon->peer()->ask('ACQ4ME newest 1 10 0'));
        $this->assertSame(Result::RELEASED, $client->release());
        $this->assertSame(Result::RELEASED, $client->release('new'));
        $this->assertSame(Result::NOT_LOCKED, $client->release());
        $this->daemon->peer()->untilPools(0);
    }

    public function testOfOneKeyTheNewestLockIsReleased(): void
    {
        $client = new Client($this->daemon->address, self::OWN);
        $client->acquireForMe('key', 2, 10, 0);
        $client->acquireForMe('other', 1, 10, 0);
        $client->acquireForMe('key', 2, 10, 0);
        $this->assertSame([Result::RELEASED, Result::RELEASED], [$client->release('key'), $client->release('key')]);
        $this->assertSame(Result::NOT_LOCKED, $client->release('key'));
        $this->assertSame(Result::RELEASED, $client->release());
    }

    /** @dataProvider options */
    public function testAReleaseOfNothingTakesNobodysLock(array $options): void
    {
        [$holder] = $this->holders($options, 'key');
        $other = new Client($this->daemon->address, $options);
        $this->assertSame(Result::NOT_LOCKED, $other->release('key'));
        $this->assertSame(Result::LOCKED, $other->acquireForMe('other', 1, 10, 0));
        $this->assertSame([Result::RELEASED, Result::NOT_LOCKED], [$other->release(), $other->release()]);
        $this->assertSame('TIMEOUT', $this->daemon->peer()->ask('ACQ4ME key 1 10 0'));
        $this->assertSame(Result::RELEASED, $holder->release());
        $this->assertSame('LOCKED', $this->daemon->peer()->ask('ACQ4ME key 1 10 0'));
    }

    /** @dataProvider options */
    public function testALockInsideALockOfTheSameKeyWaitsForItself(array $options): void
    {
        [$holder] = $this->holders($options, 'key');
        $this->assertSame(Result::TIMEOUT, $holder->acquireForAnyone('key', 1, 10, 1));
        $other = new Client($this->daemon->address, $options);
        $this->assertSame(Result::TIMEOUT, $other->acquireForMe('key', 1, 10, 1));
        $this->assertSame(Result::RELEASED, $holder->release());
    }

    /** @return array<string, array{callable}> */
    public static function giveUps(): array
    {
        return [
            'abandon()' => [fn(Client $client) => $client->abandon()],
            'close()' => [fn(Client $client) => $client->close()],
            'forgotten' => [fn() => null],
        ];
    }

    /** @dataProvider giveUps */
    public function testWhatOneObjectGivesUpIsItsOwn(callable $giveUp): void
    {
        [$one, $other] = $this->holders(self::OWN, 'K1', 'K2');
        [$first, $second] = $this->waiters('K1', 'K2');
        $giveUp($one);
        unset($one);
        $this->assertSame('LOCKED', $first->line());
        $this->assertWaiting(1);
        $this->assertSame(Result::RELEASED, $other->release());
        $this->assertSame('DONE', $second->line());
    }

    /** @dataProvider giveUps */
    public function testOverASharedConnectionItTakesTheOtherLocksAlong(callable $giveUp): void
    {
        [$one, $other] = $this->holders(self::SHARED, 'K1', 'K2');
        [$first, $second] = $this->waiters('K1', 'K2');
        $giveUp($one);
        unset($one);
        $this->assertSame(['LOCKED', 'LOCKED'], [$first->line(), $second->line()]);
    }

    public function testFourLocksAreTheMostOfASharedConnection(): void
    {
        $this->holders(self::OWN, 'a', 'b', 'c', 'd', 'e');
        $locked = $this->holders(self::SHARED, 'A', 'B', 'C', 'D');
        $fifth = new Client($this->daemon->address, self::SHARED);
        $this->assertSame(Result::LOCK_HELD, $fifth->acquireForMe('E', 1, 10, 0));
        $this->assertSame(Result::RELEASED, array_pop($locked)->release());
        $this->assertSame(Result::LOCKED, $fifth->acquireForMe('E', 1, 10, 0));
    }

    public function testConnectionsAreKeptForTheNextObjects(): void
    {
        $work = function (int $count): array {
            $holders = $this->holders(self::OWN, ...array_map(fn($number) => "key$number", range(1, $count)));
            $connections = $this->daemon->connections();
            $this->assertCount($count, $connections);
            foreach ($holders as $holder) {
                $this->assertSame(Result::RELEASED, $holder->release());
            }
            sort($connections);
            return $connections;
        };
        $this->assertSame($work(2), $work(2));
        $work(12);
        Deadline::until(fn() => count($this->daemon->connections()) === 8, 'no more than eight connections');
        $client = new Client($this->daemon->address, self::OWN);
        $client->close();
        Deadline::until(fn() => $this->daemon->connections() === [], 'the end of the kept connections');
    }

    /** @return Client[] one that holds each key */
    private function holders(array $options, string ...$keys): array
    {
        return array_map(function (string $key) use ($options): Client {
            $client = new Client($this->daemon->address, $options);
            $this->assertSame(Result::LOCKED, $client->acquireForAnyone($key, 1, 10, 0));
            return $client;
        }, $keys);
    }

    /** @return Peer[] one that waits for each key */
    private function waiters(string ...$keys): array
    {
        $waiters = array_map(function (string $key): Peer {
            $peer = $this->daemon->peer();
            $peer->send("ACQ4ANY $key 1 10 60");
            return $peer;
        }, $keys);
        $this->daemon->peer()->untilWaiting(count($keys));
        return $waiters;
    }

    private function assertWaiting(int $count): void
    {
        $this->assertSame("waiting_workers: $count", $this->daemon->peer()->ask('STATS waiting_workers'));
    }
}
