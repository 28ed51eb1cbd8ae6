--TEST--
The argument $options
--EXTENSIONS--
poolcounter
--FILE--
<?php
use PoolCounter\Client;

new Client(null, [
    'key_distribution' => 'mediawiki', 'connect_timeout' => '0.5', 'connect_twice' => true, 'answer_timeout' => null,
    'first_answer_timeout' => 2, 'avoid_for' => 0, 'share_connections' => true, 'persistent' => false, 'await_release' => 1,
]);
new Client(options: ['answer_timeout' => 1e300]);
$timeout = 0.2;
new Client(null, ['connect_timeout' => &$timeout]);

$bad = [
    ['conect_timeout' => 1], [1], ['connect_timeout' => 0], ['connect_timeout' => -1.5], ['connect_timeout' => NAN],
    ['connect_timeout' => INF], ['connect_timeout' => '1s'], ['connect_timeout' => ''], ['connect_timeout' => null],
    ['connect_timeout' => true], ['connect_timeout' => []], ['connect_timeout' => new stdClass], ['connect_twice' => 0.5],
    ['answer_timeout' => 0], ['first_answer_timeout' => 0], ['first_answer_timeout' => null], ['avoid_for' => -1],
    ['share_connections' => null], ['persistent' => null], ['persistent' => []], ['await_release' => 0.5],
    ['key_distribution' => 'random'], ['key_distribution' => 1],
    // Similar names of options: the error names the right one.
    ['timeout' => 1], ['read_timeout' => 1], ['pass_over' => 1], ['share_connection' => true], ['choice' => 'ring'],
];
foreach ($bad as $options) {
    try {
        new Client(null, $options);
        echo "made\n";
    } catch (Error $error) {
        echo get_class($error), ': ', substr($error->getMessage(), strlen('PoolCounter\Client::__construct(): ')), "\n";
    }
}
?>
--EXPECT--
ValueError: Unknown option "conect_timeout"
ValueError: Unknown option "0"
ValueError: Option "connect_timeout" must be a number of seconds greater than 0
ValueError: Option "connect_timeout" must be a number of seconds greater than 0
ValueError: Option "connect_timeout" must be a number of seconds greater than 0
ValueError: Option "connect_timeout" must be a number of seconds greater than 0
TypeError: Option "connect_timeout" must be of type float, string given
TypeError: Option "connect_timeout" must be of type float, string given
TypeError: Option "connect_timeout" must be of type float, null given
TypeError: Option "connect_timeout" must be of type float, bool given
TypeError: Option "connect_timeout" must be of type float, array given
TypeError: Option "connect_timeout" must be of type float, stdClass given
TypeError: Option "connect_twice" must be of type bool, float given
ValueError: Option "answer_timeout" must be a number of seconds greater than 0
ValueError: Option "first_answer_timeout" must be a number of seconds greater than 0
TypeError: Option "first_answer_timeout" must be of type float, null given
ValueError: Option "avoid_for" must be a number of seconds, at least 0
TypeError: Option "share_connections" must be of type bool, null given
TypeError: Option "persistent" must be of type bool, null given
TypeError: Option "persistent" must be of type bool, array given
TypeError: Option "await_release" must be of type bool, float given
ValueError: Option "key_distribution" must be either "mediawiki" or "ring"
TypeError: Option "key_distribution" must be of type string, int given
ValueError: Unknown option "timeout": use "connect_timeout"
ValueError: Unknown option "read_timeout": use "answer_timeout"
ValueError: Unknown option "pass_over": use "avoid_for"
ValueError: Unknown option "share_connection": use "share_connections"
ValueError: Unknown option "choice": use "key_distribution"
