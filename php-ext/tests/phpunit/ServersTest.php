<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use PHPUnit\Framework\TestCase;
use PoolCounter\Client;
use PoolCounter\ConnectionException;
use PoolCounter\ReadException;
use PoolCounter\Result;

/** Which server a key goes to, and the statistics of servers. */
final class ServersTest extends TestCase
{
    public function testMediaWikisRule(): void
    {
        $daemons = [Daemon::ours(), Daemon::ours(), Daemon::ours()];
        $servers = array_map(fn(Daemon $daemon) => $daemon->address, $daemons);
        $client = new Client($servers);
        $used = [];
        foreach (range(1, 12) as $number) {
            $key = "wiki:page $number";
            $expected = $servers;
            usort($expected, fn($one, $other) => strcmp(md5($one . $key), md5($other . $key)));
            $used[$expected[0]] = true;
            $this->assertSame($expected[0], $this->serverOf($client, $key));
        }
        $this->assertCount(3, $used);
    }

    public function testSpacesAroundAServerCountForTheChoiceAndNotForTheConnection(): void
    {
        $daemons = [Daemon::ours(), Daemon::ours()];
        $servers = [" {$daemons[0]->address}", "{$daemons[1]->address}:7531\n"];
        $client = new Client($servers);
        $used = [];
        foreach (range(1, 30) as $number) {
            $key = "wiki:page $number";
            [$one, $other] = $servers;
            $expected = strcmp(md5($one . $key), md5($other . $key)) < 0 ? $one : $other;
            $used[$expected] = true;
            $this->assertSame($expected, $this->serverOf($client, $key));
            $this->assertSame($expected, $client->lastServer());
        }
        $this->assertCount(2, $used);
    }

    public function testTheServerThatHasAnswered(): void
    {
        $daemon = Daemon::ours();
        $client = new Client([Daemon::freeAddress(), $daemon->address]);
        $this->assertNull($client->lastServer());
        foreach (['acquireForMe' => ['key', 1, 10, 0], 'acquireForAnyone' => ['other', 1, 10, 0]] as $call => $wish) {
            $client->$call(...$wish);
            $this->assertSame($daemon->address, $client->lastServer());
        }
        $client->release();
        $this->assertSame($daemon->address, $client->lastServer());
        $daemon->stop();
        try {
            $client->acquireForMe('third', 1, 10, 0);
            $this->fail('no exception');
        } catch (ConnectionException) {
            $this->assertNull($client->lastServer());
        }
    }

    public function testPythonPoolcountersRing(): void
    {
        $file = dirname(__DIR__, 3) . '/core/tests/server-choice.json';
        $vectors = json_decode((string) file_get_contents($file), true, 512, JSON_THROW_ON_ERROR);
        ['nodes' => $nodes, 'keys' => $keys] = $vectors['ring'][0];
        $labels = $servers = $daemons = [];
        foreach ($nodes as [$label, $weight]) {
            $daemons[] = $daemon = Daemon::ours();
            $labels[$daemon->address] = $label;
            $servers[] = "$label:$daemon->address:$weight";
        }
        $client = new Client(implode(',', $servers), ['key_distribution' => 'ring']);
        foreach (array_filter($keys, fn($key) => $key !== '', ARRAY_FILTER_USE_KEY) as $key => $label) {
            $this->assertSame($label, $labels[$this->serverOf($client, (string) $key)], "key $key");
        }
    }

    public function testStatistics(): void
    {
        $daemon = Daemon::ours();
        $client = new Client($daemon->address);
        $client->acquireForMe('key', 1, 10, 0);
        $all = $client->stats();
        $this->assertSame([$daemon->address], array_keys($all));
        $this->assertCount(21, $all[$daemon->address]);
        $this->assertSame(1, $all[$daemon->address]['total_acquired']);
        $this->assertStringEndsWith('s', $all[$daemon->address]['uptime']);
        $one = [$daemon->address => ['processing_workers' => 1]];
        $this->assertSame($one, $client->stats('processing_workers', $daemon->address));
        $this->assertArrayHasKey('uptime', $client->stats('uptime')[$daemon->address]);
        $this->assertSame(Result::RELEASED, $client->release());
    }

    public function testStatisticsOfEveryServer(): void
    {
        $servers = [Daemon::ours(), Daemon::ours()];
        $addresses = array_map(fn(Daemon $daemon) => $daemon->address, $servers);
        $client = new Client($addresses);
        $this->assertSame($addresses, array_keys($client->stats('full_queues')));
    }

    public function testWhatOneObjectLearnsOfAServerServesTheProcess(): void
    {
        [$frozen, $other] = [Daemon::ours(), Daemon::ours()];
        $servers = [$frozen->address, $other->address];
        $key = $frozen->keyAmong($servers);
        $frozen->freeze();
        // It is avoided for this time.
        $first = new Client($servers, ['answer_timeout' => 1, 'avoid_for' => 10]);
        try {
            // A server that is allowed to wait longer would not be avoided.
            $first->acquireForMe($key, 1, 10, 1);
            $this->fail('no exception');
        } catch (ReadException $exception) {
            $this->assertSame($frozen->address, $exception->getServer());
        }
        foreach ([['connect_timeout' => 0.3], ['share_connections' => true], ['persistent' => false]] as $options) {
            $next = new Client($servers, $options + ['answer_timeout' => 2]);
            $this->assertSame(Result::LOCKED, $next->acquireForMe($key, 1, 10, 60));
            $this->assertSame([], $frozen->connections());
            $this->assertSame(Result::RELEASED, $next->release());
        }
    }

    /** The one that has granted a lock for the key. */
    private function serverOf(Client $client, string $key): string
    {
        $acquired = fn(array $stats) => array_map(fn(array $values) => $values['total_acquired'], $stats);
        $before = $acquired($client->stats('total_acquired'));
        $this->assertSame(Result::LOCKED, $client->acquireForMe($key, 1, 10, 0));
        $this->assertSame(Result::RELEASED, $client->release());
        $more = array_diff_assoc($acquired($client->stats('total_acquired')), $before);
        $this->assertCount(1, $more);
        return array_key_first($more);
    }
}
