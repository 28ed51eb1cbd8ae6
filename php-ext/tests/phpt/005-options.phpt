--TEST--
The argument $options
--EXTENSIONS--
poolcounter
--FILE--
<?php
use PoolCounter\Client;

new Client(null, [
    'timeout' => 1, 'connect_timeout' => '0.5', 'read_timeout' => null, 'first_answer_timeout' => 2,
    'pass_over' => 0, 'share_connection' => true, 'persistent' => false, 'await_release' => 1, 'choice' => 'mediawiki',
]);
new Client(options: ['read_timeout' => 1e300]);
$timeout = 0.2;
new Client(null, ['timeout' => &$timeout]);

$bad = [
    ['tiemout' => 1], [1], ['timeout' => 0], ['timeout' => -1.5], ['timeout' => NAN], ['timeout' => INF],
    ['timeout' => '1s'], ['timeout' => ''], ['timeout' => null], ['timeout' => true], ['timeout' => []],
    ['timeout' => new stdClass], ['connect_timeout' => -1], ['read_timeout' => 0], ['first_answer_timeout' => 0],
    ['first_answer_timeout' => null], ['pass_over' => -1], ['share_connection' => null], ['persistent' => null],
    ['persistent' => []], ['await_release' => 0.5], ['choice' => 'random'], ['choice' => 1],
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
ValueError: Unknown option "tiemout"
ValueError: Unknown option "0"
ValueError: Option "timeout" must be a number of seconds greater than 0
ValueError: Option "timeout" must be a number of seconds greater than 0
ValueError: Option "timeout" must be a number of seconds greater than 0
ValueError: Option "timeout" must be a number of seconds greater than 0
TypeError: Option "timeout" must be of type float, string given
TypeError: Option "timeout" must be of type float, string given
TypeError: Option "timeout" must be of type float, null given
TypeError: Option "timeout" must be of type float, bool given
TypeError: Option "timeout" must be of type float, array given
TypeError: Option "timeout" must be of type float, stdClass given
ValueError: Option "connect_timeout" must be a number of seconds, at least 0
ValueError: Option "read_timeout" must be a number of seconds greater than 0
ValueError: Option "first_answer_timeout" must be a number of seconds greater than 0
TypeError: Option "first_answer_timeout" must be of type float, null given
ValueError: Option "pass_over" must be a number of seconds, at least 0
TypeError: Option "share_connection" must be of type bool, null given
TypeError: Option "persistent" must be of type bool, null given
TypeError: Option "persistent" must be of type bool, array given
TypeError: Option "await_release" must be of type bool, float given
ValueError: Option "choice" must be either "mediawiki" or "ring"
TypeError: Option "choice" must be of type string, int given
