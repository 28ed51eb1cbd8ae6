--TEST--
Strict types are honoured
--EXTENSIONS--
poolcounter
--FILE--
<?php
declare(strict_types=1);

use PoolCounter\Client;

$client = new Client('127.0.0.1:1');
$calls = [
    fn() => new Client(127), fn() => new Client('host', 'options'), fn() => $client->acquireForMe(17, 1, 1, 0),
    fn() => $client->acquireForMe('key', '1', 1, 0), fn() => $client->acquireForMe('key', 1, 1.0, 0),
    fn() => $client->acquireForMe('key', 1, 1, null), fn() => $client->release(1), fn() => $client->stats(1),
    fn() => $client->stats('FULL', 1), fn() => $client->abandon(1), fn() => $client->close(null),
];
foreach ($calls as $call) {
    try {
        $call();
        echo "accepted\n";
    } catch (Error $error) {
        echo get_class($error), ': ', $error->getMessage(), "\n";
    }
}
?>
--EXPECT--
TypeError: PoolCounter\Client::__construct(): Argument #1 ($servers) must be of type array|string|null, int given
TypeError: PoolCounter\Client::__construct(): Argument #2 ($options) must be of type array, string given
TypeError: PoolCounter\Client::acquireForMe(): Argument #1 ($key) must be of type string, int given
TypeError: PoolCounter\Client::acquireForMe(): Argument #2 ($workers) must be of type int, string given
TypeError: PoolCounter\Client::acquireForMe(): Argument #3 ($maxqueue) must be of type int, float given
TypeError: PoolCounter\Client::acquireForMe(): Argument #4 ($timeout) must be of type int, null given
TypeError: PoolCounter\Client::release(): Argument #1 ($key) must be of type ?string, int given
TypeError: PoolCounter\Client::stats(): Argument #1 ($name) must be of type string, int given
TypeError: PoolCounter\Client::stats(): Argument #2 ($server) must be of type ?string, int given
ArgumentCountError: PoolCounter\Client::abandon() expects exactly 0 arguments, 1 given
ArgumentCountError: PoolCounter\Client::close() expects exactly 0 arguments, 1 given
