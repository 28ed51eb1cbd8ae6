<?php
// The end of LocalSettings.php of every test wiki. Settings that differ from test to test are in a JSON file.

$wikiFolder = dirname( MW_CONFIG_FILE, 2 );
$wgCacheDirectory = "$wikiFolder/cache";
$wgDBerrorLog = "$wikiFolder/database.log";
$wgDebugLogGroups = [ 'poolcounter' => "$wikiFolder/poolcounter.log", 'exception' => "$wikiFolder/exception.log" ];
$wgJobRunRate = 0;
$wgParserCacheType = CACHE_DB;
$wgShowExceptionDetails = true;
$wgRateLimits = [];
$wgPingback = false;
$wgUseInstantCommons = false;

// Counts parses of the article, not those of interface messages or error pages.
$wgHooks['ParserAfterParse'][] = static function ( $parser, &$text ) use ( $wikiFolder ) {
	if ( str_contains( $text, 'Here ends edition' ) ) {
		file_put_contents( "$wikiFolder/parses.log", getmypid() . "\n", FILE_APPEND | LOCK_EX );
	}
	return true;
};

// While this file is there, the first parse of the article hangs, and no later one. Who parses writes its process id into it first.
$wgHooks['ParserBeforeInternalParse'][] = static function ( $parser, &$text ) use ( $wikiFolder ) {
	if ( str_contains( $text, 'Here ends edition' ) && is_file( "$wikiFolder/hang" ) && filesize( "$wikiFolder/hang" ) === 0 ) {
		file_put_contents( "$wikiFolder/hang", getmypid() . "\n", FILE_APPEND | LOCK_EX );
		while ( is_file( "$wikiFolder/hang" ) ) {
			usleep( 50000 );
			clearstatcache();
		}
	}
	return true;
};

$settings = json_decode( file_get_contents( getenv( 'WIKI_SETTINGS' ) ?: "$wikiFolder/settings.json" ), true );
foreach ( $settings as $name => $value ) {
	$GLOBALS[$name] = $value;
}
