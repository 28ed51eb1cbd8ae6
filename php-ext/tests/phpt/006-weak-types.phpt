--TEST--
Scalars are coerced as everywhere in PHP, where types are not strict
--EXTENSIONS--
poolcounter
--FILE--
<?php
use PoolCounter\{Client, ConnectionException};

// Nothing listens there: what gets as far as the connection was accepted.
$client = new Client('127.0.0.1:1');
$key = new class { public function __toString() { return 'key'; } };
$calls = [
    [17, 1, 1, 0], ['key', '1', 1.0, false], [1.5, true, ' 1', '0'], [$key, 1, 1, 0], [true, 1, 1, 0],
    [[], 1, 1, 0], ['key', 'one', 1, 0], ['key', [], 1, 0], ['key', 1, new stdClass, 0], ['key', 1, 1, 1e30],
    ['key', -1, 1, 0], ['key', 1, 4294967296, 0], ['key', 1, 1, -1], ['key', 1, 1], ['key', 1, 1, 1, 1], [],
];
foreach ($calls as $arguments) {
    try {
        $client->acquireForAnyone(...$arguments);
    } catch (ConnectionException $exception) {
        echo "accepted\n";
    } catch (Error $error) {
        echo get_class($error), ': ', $error->getMessage(), "\n";
    }
}
try {
    $client->acquireForMe(timeout: 0, maxqueue: 1, workers: 1, key: 'key');
} catch (ConnectionException $exception) {
    echo "accepted\n";
}
?>
--EXPECTF--
accepted
accepted
accepted
accepted
accepted
TypeError: PoolCounter\Client::acquireForAnyone(): Argument #1 ($key) must be of type string, array given
TypeError: PoolCounter\Client::acquireForAnyone(): Argument #2 ($workers) must be of type int, string given
TypeError: PoolCounter\Client::acquireForAnyone(): Argument #2 ($workers) must be of type int, array given
TypeError: PoolCounter\Client::acquireForAnyone(): Argument #3 ($maxqueue) must be of type int, stdClass given
TypeError: PoolCounter\Client::acquireForAnyone(): Argument #4 ($timeout) must be of type int, float given
ValueError: PoolCounter\Client::acquireForAnyone(): Argument #2 ($workers) must be between 0 and 4294967295
ValueError: PoolCounter\Client::acquireForAnyone(): Argument #3 ($maxqueue) must be between 0 and 4294967295
ValueError: PoolCounter\Client::acquireForAnyone(): Argument #4 ($timeout) must be between 0 and 4294967295
ArgumentCountError: PoolCounter\Client::acquireForAnyone() expects exactly 4 arguments, 3 given
ArgumentCountError: PoolCounter\Client::acquireForAnyone() expects exactly 4 arguments, 5 given
ArgumentCountError: PoolCounter\Client::acquireForAnyone() expects exactly 4 arguments, 0 given
accepted
