--TEST--
Exceptions have file, line, trace, server and cause
--EXTENSIONS--
poolcounter
--FILE--
<?php
use PoolCounter\{Client, ConnectionException, Exception, KeyException};

function acquire(string $server, string $key)
{
    (new Client($server))->acquireForMe($key, 1, 1, 0);
}

foreach ([['127.0.0.1:1', 'key'], ['127.0.0.1', '']] as [$server, $key]) {
    try {
        acquire($server, $key);
    } catch (Exception $exception) {
        echo get_class($exception), ': ', $exception->getMessage(), "\n";
        echo basename($exception->getFile()), ':', $exception->getLine(), ' ', $exception->getTrace()[1]['function'], "\n";
        var_dump($exception->getServer(), $exception->getCause(), $exception->getCode(), $exception->getPrevious());
    }
}

// They can be made by hand, for tests of code that catches them.
$made = new ConnectionException('by hand', 7, $exception);
var_dump($made->getMessage(), $made->getCode(), $made->getPrevious() === $exception, $made->getServer(), $made->getCause());
echo get_class(new class ('derived') extends Exception {}) === Exception::class ? "same\n" : "derived\n";
?>
--EXPECT--
PoolCounter\ConnectionException: cannot connect to 127.0.0.1:1: Connection refused
003-exceptions.php:6 acquire
string(11) "127.0.0.1:1"
string(18) "Connection refused"
int(0)
NULL
PoolCounter\KeyException: the key is empty
003-exceptions.php:6 acquire
NULL
string(8) "is empty"
int(0)
NULL
string(7) "by hand"
int(7)
bool(true)
NULL
string(0) ""
derived
