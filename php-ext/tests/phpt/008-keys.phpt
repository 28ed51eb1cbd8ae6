--TEST--
A key that would forge a command is refused before anything is sent
--EXTENSIONS--
poolcounter
--FILE--
<?php
use PoolCounter\{Client, KeyException, ConnectionException};

$client = new Client('127.0.0.1:1');
$keys = ['', "a\0b", "a\nRELEASE", "a\r", str_repeat('k', 1 << 20), str_repeat(' ', 400), str_repeat('k', 1000)];
foreach ($keys as $key) {
    try {
        $client->acquireForMe($key, 1, 1, 0);
    } catch (KeyException $exception) {
        echo $exception->getMessage(), "\n";
    } catch (ConnectionException $exception) {
        echo "accepted\n";
    }
}
?>
--EXPECT--
the key is empty
the key contains a NUL byte
the key contains a line feed
the key contains a carriage return
the key is too long: its command would take 1048590 bytes, and 1024 is the most
the key is too long: its command would take 1214 bytes, and 1024 is the most
accepted
