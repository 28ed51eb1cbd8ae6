<?php
/**
 * @file
 * @license GPL-2.0-or-later
 */

namespace MediaWiki\Extension\PoolCounterNative;

use MediaWiki\Logger\LoggerFactory;
use MediaWiki\MediaWikiServices;
use PoolCounter\Client;

/**
 * Runs after MediaWiki has read its settings: pools that this extension cannot serve go to MediaWiki's own client.
 *
 * @since 0.2.0
 */
final class Registration {

	private const NAMES = [ 'PoolCounterNative', PoolCounterNative::class ];

	/** A message about the pools; empty if the PHP extension serves them. */
	private static string $notice = '';

	/** @var string[] Mistakes in the settings that the class cannot report later */
	private static array $mistakes = [];

	/**
	 * The callback of extension.json.
	 */
	public static function register(): void {
		self::$mistakes = [];
		// If this setting is not an array, MediaWiki itself stops the pages that need it.
		$conf = $GLOBALS['wgPoolCounterConf'] ?? [];
		$pools = array_filter( is_array( $conf ) ? $conf : [], [ self::class, 'isOurs' ] );
		if ( $pools ) {
			self::nameClass( $pools );
			if ( Module::isUsable() ) {
				self::makeArray();
			} else {
				self::giveAway( $pools );
			}
		}
		if ( self::$notice !== '' || self::$mistakes ) {
			$GLOBALS['wgExtensionFunctions'][] = [ self::class, 'report' ];
		}
	}

	/**
	 * Writes to the log and, in a maintenance script, to standard error, because standard output may be a dump.
	 */
	public static function report(): void {
		if ( self::$notice !== '' && defined( 'MW_ENTRY_POINT' ) && MW_ENTRY_POINT === 'cli' ) {
			fwrite( STDERR, 'PoolCounterNative: ' . self::$notice . "\n" );
		}
		self::log( array_filter( [ self::$notice, ...self::$mistakes ] ) );
	}

	/**
	 * Logs each text once in each process. Without the PHP extension a process keeps no state between requests: then
	 * each text is logged once a minute if the host has a cache (APCu), and otherwise in each request.
	 *
	 * @param string[] $texts
	 */
	public static function log( array $texts ): void {
		if ( !$texts ) {
			return;
		}
		$logger = LoggerFactory::getInstance( 'poolcounter' );
		foreach ( $texts as $text ) {
			if ( Module::isUsable() ? Client::once( $text ) : self::isNewToHost( $text ) ) {
				$logger->warning( '{text}', [ 'text' => $text ] );
			}
		}
	}

	private static function isNewToHost( string $text ): bool {
		$cache = MediaWikiServices::getInstance()->getLocalServerObjectCache();
		return $cache->add( $cache->makeKey( 'poolcounternative', md5( $text ) ), 1, 60 );
	}

	/**
	 * @return string A message about the pools; empty if the PHP extension serves them
	 */
	public static function notice(): string {
		return self::$notice;
	}

	/**
	 * @param mixed $conf A pool's entry
	 * @return bool
	 */
	private static function isOurs( $conf ): bool {
		$class = is_array( $conf ) ? $conf['class'] ?? null : null;
		$name = is_string( $class ) ? strtolower( trim( $class, "\\ \t\n\r" ) ) : '';
		return in_array( $name, array_map( 'strtolower', self::NAMES ), true );
	}

	/**
	 * MediaWiki finds a class only by its exact name.
	 *
	 * @param array<string|int,array> $pools
	 */
	private static function nameClass( array $pools ): void {
		$mistakes = new Mistakes( '$wgPoolCounterConf' );
		foreach ( $pools as $type => $conf ) {
			if ( !in_array( ltrim( $conf['class'], '\\' ), self::NAMES, true ) ) {
				$mistakes->wrong( [ $type, 'class' ], $conf['class'], self::NAMES[0] . ', which is used' );
				$GLOBALS['wgPoolCounterConf'][$type]['class'] = self::NAMES[0];
			}
		}
		self::$mistakes = $mistakes->texts();
	}

	/**
	 * MediaWiki makes no pool counter of any class if this setting is not an array.
	 */
	private static function makeArray(): void {
		if ( !is_array( $GLOBALS['wgPoolCountClientConf'] ??= [] ) ) {
			array_push( self::$mistakes, ...( new ClientSettings( $GLOBALS['wgPoolCountClientConf'] ) )->mistakes() );
			$GLOBALS['wgPoolCountClientConf'] = [];
		}
	}

	/**
	 * Without the PHP extension: gives the pools to MediaWiki's own client, or removes them.
	 *
	 * @param array<string|int,array> $pools
	 */
	private static function giveAway( array $pools ): void {
		$settings = new ClientSettings( $GLOBALS['wgPoolCountClientConf'] ?? [] );
		$client = $settings->forMediaWiki();
		$class = self::classOfMediaWiki();
		$mistakes = [ self::$mistakes, $settings->mistakes() ];
		foreach ( $pools as $type => $conf ) {
			$pool = new PoolSettings( $conf, $type );
			$mistakes[] = $pool->mistakes();
			if ( $class === null || !$client['servers'] ) {
				unset( $GLOBALS['wgPoolCounterConf'][$type] );
			} else {
				$GLOBALS['wgPoolCounterConf'][$type] = [ 'class' => $class ] + $pool->conf();
				$GLOBALS['wgPoolCountClientConf'] = $client;
			}
		}
		self::$mistakes = array_merge( ...$mistakes );
		$fate = match ( true ) {
			$class === null => 'are not protected, because this MediaWiki has no client of its own',
			!$client['servers'] => "are not protected, because no server is left that MediaWiki's own client can use",
			default => "are given to MediaWiki's own client",
		};
		$names = implode( ', ', array_map( [ Mistakes::class, 'name' ], array_keys( $pools ) ) );
		self::$notice = 'The PHP extension poolcounter is not loaded, or is too old. ' .
			"The pools of \$wgPoolCounterConf that need it ($names) $fate.";
	}

	/**
	 * @return ?string The class of MediaWiki's own client, since 1.40
	 */
	private static function classOfMediaWiki(): ?string {
		foreach ( [ 'MediaWiki\PoolCounter\PoolCounterClient', 'PoolCounterClient' ] as $class ) {
			if ( class_exists( $class ) ) {
				return $class;
			}
		}
		return null;
	}
}
