--TEST--
php.ini sets what the constructor is not told
--EXTENSIONS--
poolcounter
--INI--
poolcounter.servers=127.0.0.1:1
poolcounter.connect_timeout=0.01
poolcounter.connect_twice=1
--FILE--
<?php
use PoolCounter\{Client, ConnectionException};

foreach (ini_get_all('poolcounter', false) as $name => $value) {
    echo "$name=$value\n";
}
function server(): void
{
    try {
        (new Client())->acquireForMe('key', 1, 1, 0);
    } catch (ConnectionException $exception) {
        echo $exception->getServer(), "\n";
    } catch (ValueError $error) {
        echo $error->getMessage(), "\n";
    }
}
server();
ini_set('poolcounter.servers', '127.0.0.1:2');
server();
ini_set('poolcounter.servers', '');
server();
ini_restore('poolcounter.servers');
ini_set('poolcounter.connect_timeout', 'soon');
server();
?>
--EXPECT--
poolcounter.await_release=0
poolcounter.connect_timeout=0.01
poolcounter.connect_twice=1
poolcounter.persistent=1
poolcounter.servers=127.0.0.1:1
127.0.0.1:1
127.0.0.1:2
PoolCounter\Client::__construct(): Argument #1 ($servers) must name at least one server
PoolCounter\Client::__construct(): The ini setting poolcounter.connect_timeout must be a number of seconds greater than 0
