--TEST--
The argument $servers
--EXTENSIONS--
poolcounter
--FILE--
<?php
use PoolCounter\Client;

$good = [
    null, '127.0.0.1', 'a, b:80 ,[::1]:7531', ['127.0.0.1', '::1', 'pc.example'],
    ['unix:/run/poolcounter.sock'], [' 127.0.0.1', "pc.example:80\n"], ['first' => '127.0.0.1'], 127,
    new class { public function __toString() { return 'host'; } },
];
foreach ($good as $servers) {
    new Client($servers);
}
$server = '127.0.0.1';
new Client([&$server]);
new Client();
new Client(servers: 'host', options: []);
new Client('a:127.0.0.1:1,b:127.0.0.2:7532:3,c:unix:/run/p:2', ['key_distribution' => 'ring']);

$bad = [
    [''], [' , '], [[]], [['host', 1]], [[null]], [[['host']]], ['host:0'], ['a b'], [[' ']], ["a\0b"], ["\xff"], [new stdClass],
    ['host', ['key_distribution' => 'ring']], ['a:host:-1', ['key_distribution' => 'ring']], ['a:host:1001', ['key_distribution' => 'ring']],
    [':host:1', ['key_distribution' => 'ring']],
    ['a:host:0', ['key_distribution' => 'ring']],
];
foreach ($bad as $arguments) {
    try {
        new Client(...$arguments);
        echo "made\n";
    } catch (Error $error) {
        echo get_class($error), ': ', substr($error->getMessage(), strlen('PoolCounter\Client::__construct(): ')), "\n";
    }
}
?>
--EXPECT--
ValueError: Argument #1 ($servers) must name at least one server
ValueError: Argument #1 ($servers) must name at least one server
ValueError: Argument #1 ($servers) must name at least one server
TypeError: Argument #1 ($servers) must be a list of strings, int given
TypeError: Argument #1 ($servers) must be a list of strings, null given
TypeError: Argument #1 ($servers) must be a list of strings, array given
ValueError: Argument #1 ($servers): `host:0` is not a server: expected host, host:port, [address]:port or unix:/path
ValueError: Argument #1 ($servers): `a b` is not a server: expected host, host:port, [address]:port or unix:/path
ValueError: Argument #1 ($servers): ` ` is not a server: expected host, host:port, [address]:port or unix:/path
ValueError: Argument #1 ($servers): `a\0b` is not a server: expected host, host:port, [address]:port or unix:/path
ValueError: Argument #1 ($servers) must be UTF-8
TypeError: Argument #1 ($servers) must be of type array|string|null, stdClass given
ValueError: Argument #1 ($servers): `host` is not of a ring: expected label:server:weight, with a weight of at most 1000
ValueError: Argument #1 ($servers): `a:host:-1` is not of a ring: expected label:server:weight, with a weight of at most 1000
ValueError: Argument #1 ($servers): `a:host:1001` is not of a ring: expected label:server:weight, with a weight of at most 1000
ValueError: Argument #1 ($servers): `:host:1` is not of a ring: expected label:server:weight, with a weight of at most 1000
ValueError: Argument #1 ($servers): a weight must be above 0
