<?php
// A MediaWiki that is not installed: it has no database, and the benchmark does not need one.

$wgServer = 'http://127.0.0.1';
$wgScriptPath = '';
$wgDBtype = 'sqlite';
$wgDBname = 'wiki';
$wgSQLiteDataDir = '/nonexistent';
$wgMainCacheType = CACHE_NONE;
$wgSecretKey = 'of no use';

wfLoadExtension( 'PoolCounterNative', dirname( __DIR__, 2 ) . '/mediawiki/extension.json' );
$wgPoolCountClientConf = [
	'servers' => explode( ',', getenv( 'BENCH_HOST' ) ),
	'timeout' => (float)( getenv( 'BENCH_TIMEOUT' ) ?: 1 ),
];
$pool = [ 'timeout' => 15, 'workers' => 1, 'maxqueue' => 100 ];
$wgPoolCounterConf = [
	'own' => [ 'class' => 'PoolCounter_Client' ] + $pool,
	'native' => [ 'class' => 'PoolCounterNative' ] + $pool,
];
