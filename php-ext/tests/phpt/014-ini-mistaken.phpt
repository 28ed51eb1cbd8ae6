--TEST--
poolcounter.timeout is not a setting of php.ini: the error says so
--EXTENSIONS--
poolcounter
--INI--
poolcounter.timeout=0.2
--FILE--
<?php
use PoolCounter\Client;

try {
    new Client();
} catch (ValueError $error) {
    echo $error->getMessage(), "\n";
}
// What an option says, php.ini is not asked.
new Client(null, ['connect_timeout' => 0.2]);
var_dump(ini_set('poolcounter.timeout', '0.2'));
?>
--EXPECT--
PoolCounter\Client::__construct(): There is no ini setting poolcounter.timeout: use poolcounter.connect_timeout
bool(false)
