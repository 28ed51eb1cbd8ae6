--TEST--
A client can be neither copied, nor stored, nor extended, and has no properties
--EXTENSIONS--
poolcounter
--FILE--
<?php
use PoolCounter\Client;

$client = new Client('127.0.0.1:1');
$calls = [
    fn() => clone $client, fn() => serialize($client), fn() => unserialize('O:18:"PoolCounter\Client":0:{}'),
    fn() => $client->property = 1, fn() => (new ReflectionClass(Client::class))->newInstanceWithoutConstructor(),
];
foreach ($calls as $call) {
    try {
        $call();
        echo "done\n";
    } catch (Throwable $error) {
        echo $error->getMessage(), "\n";
    }
}
var_dump($client);
// Constructed anew, it is as new.
$client->__construct('127.0.0.1:2');
try {
    $client->release();
} catch (ValueError $error) {
    echo $error->getMessage(), "\n";
}
$client->abandon();
$client->close();
?>
--EXPECTF--
Trying to clone an uncloneable object of class PoolCounter\Client
Serialization of 'PoolCounter\Client' is not allowed
Unserialization of 'PoolCounter\Client' is not allowed
Cannot create dynamic property PoolCounter\Client::$property
Class PoolCounter\Client is an internal class marked as final that cannot be instantiated without invoking its constructor
object(PoolCounter\Client)#%d (0) {
}
PoolCounter\Client::release(): Argument #1 ($key) must be given, as nothing was acquired before
