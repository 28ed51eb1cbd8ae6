--TEST--
once() tells what is new to the process
--EXTENSIONS--
poolcounter
--FILE--
<?php
use PoolCounter\Client;

var_dump(Client::once('a'), Client::once('a'), Client::once(''), Client::once("a\0b"), Client::once("a\0b"));
for ($number = 0; $number < 300; $number++) {
    Client::once("text $number");
}
var_dump(Client::once('a'), Client::once('text 299'));
try {
    Client::once([]);
} catch (TypeError $error) {
    echo $error->getMessage(), "\n";
}
?>
--EXPECT--
bool(true)
bool(false)
bool(true)
bool(true)
bool(false)
bool(true)
bool(false)
PoolCounter\Client::once(): Argument #1 ($text) must be of type string, array given
