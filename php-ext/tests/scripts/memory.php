<?php

// Every path of the extension once more, to be run under valgrind.

declare(strict_types=1);

use PoolCounter\Client;
use PoolCounter\Result;
use PoolCounter\Tests\Daemon;

require dirname(__DIR__) . '/support/bootstrap.php';

/** The class of what it throws, or its result. */
$outcome = function (callable $call): string {
    try {
        $result = $call();
    } catch (Throwable $thrown) {
        return get_class($thrown);
    }
    return $result instanceof Result ? $result->name : gettype($result);
};

$daemon = Daemon::ours();
$address = $daemon->address;
$outcomes = [];
foreach (range(1, 3) as $round) {
    $client = new Client([$address], ['connect_timeout' => 0.5 + $round]);
    $other = new Client($address, ['await_release' => true, 'persistent' => false]);
    $calls = [
        fn() => $client->acquireForMe('key', 1, 10, 0),
        fn() => $other->acquireForAnyone('key', 1, 10, 1),
        fn() => $other->acquireForAnyone('key', 1, 1, 1),
        fn() => $client->release('other'),
        fn() => $client->release('key'),
        fn() => $client->release(),
        fn() => $other->acquireForAnyone('key', 1, 10, 1),
        fn() => $other->release(),
        fn() => $client->stats(),
        fn() => $client->stats('total_acquired', $address),
        fn() => $client->stats('missing'),
        fn() => $client->stats('FULL', 'missing'),
        fn() => $client->stats("a\nb"),
        fn() => $client->acquireForMe("a\0b", 1, 10, 0),
        fn() => $client->acquireForMe(str_repeat('k', 1 << 20), 1, 10, 0),
        fn() => $client->acquireForMe('key', -1, 10, 0),
        fn() => $client->acquireForMe('key', 0, 10, 0),
        fn() => $client->acquireForMe([], 1, 10, 0),
        fn() => new Client([1]),
        fn() => new Client('a b'),
        fn() => new Client(null, ['timeout' => 1]),
        fn() => new Client("a:$address:1", ['key_distribution' => 'ring']),
        fn() => (new Client(Daemon::freeAddress()))->acquireForMe('key', 1, 10, 0),
        fn() => clone $client,
        fn() => (new Client($address))->acquireForMe('forgotten', 1, 10, 0),
        fn() => $client->acquireForMe('abandoned', 1, 10, 0),
        fn() => $client->abandon(),
        fn() => $client->__construct($address),
        fn() => $client->release(),
        fn() => $client->acquireForMe('closed', 1, 10, 0),
        fn() => $client->close(),
    ];
    $outcomes[] = implode(' ', array_map($outcome, $calls));
    $daemon->stop();
    $outcomes[] = $outcome(fn() => $client->acquireForMe('key', 1, 10, 0));
    $daemon->start();
}
$cycle = new stdClass();
$cycle->cycle = $cycle;
$cycle->client = new Client($address);
$cycle->client->acquireForMe('cycle', 1, 10, 0);
unset($cycle);
gc_collect_cycles();
// Its lock lasts to the end of the script.
$client->acquireForMe('key', 1, 10, 0);

$expected = 'LOCKED TIMEOUT QUEUE_FULL NOT_LOCKED RELEASED NOT_LOCKED LOCKED RELEASED array array '
    . 'PoolCounter\RemoteException ValueError ValueError PoolCounter\KeyException PoolCounter\KeyException ValueError '
    . 'PoolCounter\RemoteException TypeError TypeError ValueError ValueError object PoolCounter\ConnectionException '
    . 'Error LOCKED LOCKED NULL NULL ValueError LOCKED NULL';
$wrong = array_diff($outcomes, [$expected, 'PoolCounter\ConnectionException']);
foreach ($wrong as $outcome) {
    echo "expected $expected\nbut got  $outcome\n";
}
exit($wrong === [] ? 0 : 1);
