<?php
/**
 * Settings with common mistakes: name => the values of $wgPoolCountClientConf and of the pool's entry. LIVE is a daemon, SOCKET
 * its Unix socket.
 */

$client = static fn ( array $conf ) => [ 'client' => $conf + [ 'servers' => [ 'LIVE' ] ] ];
$servers = static fn ( $servers ) => [ 'client' => [ 'servers' => $servers ] ];
$pool = static fn ( array $conf ) => [ 'pool' => $conf ];

$odd = [ 'nothing at all' => [ 'client' => null ] ];
foreach ( [ 'a text' => 'LIVE', 'a number' => 5, 'true' => true, 'false' => false, 'an empty list' => [] ] as $name => $conf ) {
	$odd["\$wgPoolCountClientConf is $name"] = [ 'client' => $conf ];
}

$lists = [
	'one' => [ 'LIVE' ],
	'a port' => [ 'LIVE:7531' ],
	'with names' => [ 'first' => 'LIVE' ],
	'with a gap' => [ 5 => 'LIVE' ],
	'twice' => [ 'LIVE', 'LIVE' ],
	'twice, once with a port' => [ 'LIVE', 'LIVE:7531' ],
	'a space before the only one' => [ ' LIVE' ],
	'a space behind the only one' => [ 'LIVE ' ],
	'a space before one' => [ 'LIVE', ' LIVE' ],
	'a space behind one' => [ 'LIVE', 'LIVE ' ],
	'a space behind a port' => [ 'LIVE:7531 ' ],
	'a space before a port' => [ 'LIVE: 7531' ],
	'a line feed' => [ "LIVE\n" ],
	'a tabulator' => [ "\tLIVE" ],
	'an empty one' => [ 'LIVE', '' ],
	'a space alone' => [ ' ', 'LIVE' ],
	'an empty one alone' => [ '' ],
	'null' => [ null, 'LIVE' ],
	'null alone' => [ null ],
	'a port alone' => [ ':7531', 'LIVE' ],
	'a colon behind' => [ 'LIVE:', 'LIVE' ],
	'port 0' => [ 'LIVE:0', 'LIVE' ],
	'port 99999' => [ 'LIVE:99999', 'LIVE' ],
	'port -1' => [ 'LIVE:-1', 'LIVE' ],
	'a port of letters' => [ 'LIVE:x', 'LIVE' ],
	'two ports' => [ 'LIVE:7531:7531', 'LIVE' ],
	'a list in the list' => [ [ 'LIVE' ], 'LIVE' ],
	'a list in the list alone' => [ [ 'LIVE' ] ],
	'a number' => [ 127, 'LIVE' ],
	'a fraction' => [ 1.5, 'LIVE' ],
	'true' => [ true, 'LIVE' ],
	'false' => [ false, 'LIVE' ],
	'an object' => [ new stdClass(), 'LIVE' ],
	'a Unix socket' => [ 'unix:SOCKET' ],
	'a Unix socket beside another' => [ 'unix:SOCKET', 'LIVE' ],
	'a Unix socket as a URL' => [ 'unix://SOCKET' ],
	'a relative Unix socket' => [ 'unix:run/socket', 'LIVE' ],
	'no path of a Unix socket' => [ 'unix:', 'LIVE' ],
	'a path alone' => [ 'SOCKET', 'LIVE' ],
	'a URL' => [ 'tcp://LIVE', 'LIVE' ],
	'a URL of another scheme' => [ 'http://LIVE:7531/', 'LIVE' ],
	'IPv6' => [ '[::1]:9', 'LIVE' ],
	'IPv6 without brackets' => [ '::1', 'LIVE' ],
	'IPv6 with one bracket' => [ '[::1', 'LIVE' ],
	'brackets around something else' => [ '[zz]', 'LIVE' ],
	'a NUL byte' => [ "LI\0VE", 'LIVE' ],
	'no UTF-8' => [ "\xff", 'LIVE' ],
	'a space inside' => [ 'LIVE LIVE', 'LIVE' ],
	'a comma inside' => [ 'LIVE,LIVE', 'LIVE' ],
	'spaces and commas' => [ ' LIVE:7531 , LIVE ', 'LIVE' ],
	'a space before a bad one' => [ ' LIVE:x', 'LIVE' ],
	'IPv6 of an IPv4 address' => [ '[::ffff:LIVE]:7531', 'LIVE' ],
	'IPv6 of an IPv4 address alone' => [ '[::ffff:LIVE]:7531' ],
	'IPv6 with a zone' => [ '[fe80::1%lo]:9', 'LIVE' ],
	'a closure' => [ static fn () => 'LIVE', 'LIVE' ],
	'a name of two lines' => [ "a\nb" => ':', 'c' => 'LIVE' ],
	'none' => [],
	'a text' => 'LIVE',
	'a text with commas' => 'LIVE, LIVE',
	'an empty text' => '',
	'not a list: an object' => new ArrayObject( [ 'LIVE' ] ),
	'not a list: null' => null,
	'not a list: a number' => 5,
	'not a list: true' => true,
	'not a list: false' => false,
];
foreach ( $lists as $name => $list ) {
	$odd["servers: $name"] = $servers( $list );
}

$numbers = [
	'0' => 0, '0.0' => 0.0, '-1' => -1, '-0.5' => -0.5, 'NaN' => NAN, 'infinite' => INF, '-infinite' => -INF, 'a number as text' => '0.5',
	'0 as text' => '0', 'a word' => 'x', 'an empty text' => '', 'null' => null, 'huge' => 1e9,
	'the largest' => PHP_INT_MAX, 'tiny' => 1e-300, 'true' => true, 'false' => false,
	'a list' => [], 'a comma' => '0,5', 'a unit' => '1s', 'an object' => new stdClass(),
];
foreach ( [ 'timeout', 'connect_timeout', 'first_answer_timeout', 'avoid_for' ] as $setting ) {
	foreach ( $numbers as $name => $number ) {
		$odd["$setting: $name"] = $client( [ $setting => $number ] );
	}
}
$switches = [ 'no' => 'no', 'off' => 'off', 'yes' => 'yes', 'a word' => 'x', '0 as text' => '0', 'null' => null, 'a list' => [], '2' => 2 ];
foreach ( [ 'persistent', 'await_release' ] as $setting ) {
	foreach ( $switches as $name => $switch ) {
		$odd["$setting: $name"] = $client( [ $setting => $switch ] );
	}
}
foreach ( [ 'timeuot', 'conect_timeout', 'Timeout', 'firstAnswerTimeout', 'pass_over', 'await-release', 'colour' ] as $setting ) {
	$odd["misspelt: $setting"] = $client( [ $setting => 1 ] );
}
$odd['misspelt: server'] = [ 'client' => [ 'server' => [ 'LIVE' ], 'timeout' => 0.1 ] ];
$odd['a list of servers without its name'] = [ 'client' => [ 'LIVE' ] ];

$counts = [
	'0' => 0, '-1' => -1, 'a word' => 'x', 'an empty text' => '', 'null' => null, 'a number as text' => '2',
	'a space' => ' 2', 'a unit' => '2s',
	'2.5' => 2.5, '2.0' => 2.0, 'NaN' => NAN, 'infinite' => INF, 'a list' => [], 'true' => true, 'false' => false, 'huge' => 1e12,
	'32 bits' => 4294967295, 'a bit more' => 4294967296, 'the largest' => PHP_INT_MAX,
	'an object' => new stdClass(),
];
foreach ( [ 'timeout', 'workers', 'maxqueue', 'slots' ] as $setting ) {
	foreach ( $counts as $name => $count ) {
		$odd["pool's $setting: $name"] = $pool( [ $setting => $count ] );
	}
	$odd["pool's $setting: missing"] = [ 'missing' => $setting ];
}
$switches = [ 'no' => 'no', 'a word' => 'x', '1' => 1, 'null' => null, 'a list' => [], 'true' => true ];
foreach ( $switches as $name => $switch ) {
	$odd["pool's fastStale: $name"] = $pool( [ 'fastStale' => $switch ] );
}
foreach ( [ 'worker', 'max_queue', 'fast_stale', 'redisConfig', 'time out' ] as $setting ) {
	$odd["pool's misspelt: $setting"] = $pool( [ $setting => 1 ] );
}
return $odd;
