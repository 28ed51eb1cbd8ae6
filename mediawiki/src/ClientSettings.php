<?php
/**
 * @file
 * @license GPL-2.0-or-later
 */

namespace MediaWiki\Extension\PoolCounterNative;

/**
 * Reads $wgPoolCountClientConf, and gives valid values for any input. It uses neither MediaWiki nor the
 * PHP extension.
 */
final class ClientSettings {

	public const NAME = '$wgPoolCountClientConf';

	private const DEFAULT_SERVERS = [ '127.0.0.1' ];
	private const DEFAULT_TIMEOUT = 0.1;
	private const DEFAULT_FIRST_ANSWER_TIMEOUT = 4.0;
	private const DEFAULT_AVOID_FOR = 1.0;

	private const KNOWN = [
		'servers', 'timeout', 'connect_timeout', 'first_answer_timeout', 'avoid_for', 'await_release', 'persistent',
	];

	private const MEANT = [ 'pass_over' => 'avoid_for' ];

	/** @var array<string|int,string> The texts of the servers, by their keys in the list */
	private array $servers;

	/** Seconds to connect, if it is tried once. */
	private float $timeout;

	/** The same, if it is tried twice; 0: it is tried once. */
	private float $connectTimeout;

	/** @var array<string,float|bool> */
	private array $options;

	private Mistakes $mistakes;

	/**
	 * @param mixed $conf The setting
	 */
	public function __construct( $conf ) {
		$this->mistakes = new Mistakes( self::NAME );
		if ( !is_array( $conf ) ) {
			$this->mistakes->wrong( [], $conf, 'an array: the defaults are used' );
			$conf = [];
		}
		$this->mistakes->noteUnknown( $conf, self::KNOWN, self::MEANT );
		$this->servers = $this->named( $conf['servers'] ?? self::DEFAULT_SERVERS );
		$seconds = fn ( string $name, float $default, bool $aboveZero ) =>
			$this->mistakes->seconds( $conf, $name, $default, $aboveZero );
		$this->timeout = $seconds( 'timeout', self::DEFAULT_TIMEOUT, true );
		$this->connectTimeout = $seconds( 'connect_timeout', 0.0, false );
		$this->options = [
			'connect_timeout' => $this->connectTimeout ?: $this->timeout,
			'connect_twice' => $this->connectTimeout > 0,
			'first_answer_timeout' => $seconds( 'first_answer_timeout', self::DEFAULT_FIRST_ANSWER_TIMEOUT, true ),
			'avoid_for' => $seconds( 'avoid_for', self::DEFAULT_AVOID_FOR, false ),
		];
		foreach ( [ 'await_release', 'persistent' ] as $name ) {
			// Options that are not set here have the value of php.ini.
			$flag = $this->mistakes->flag( $conf, $name, null );
			if ( $flag !== null ) {
				$this->options[$name] = $flag;
			}
		}
	}

	/**
	 * @return array<string|int,string> The texts of the servers, by their keys in the list
	 */
	public function servers(): array {
		return $this->servers;
	}

	/**
	 * @return array<string,float|bool> The options of the PHP extension's client
	 */
	public function options(): array {
		return $this->options;
	}

	/**
	 * @return string[]
	 */
	public function mistakes(): array {
		return $this->mistakes->texts();
	}

	/**
	 * Notes a text that is not a valid server, and leaves it out.
	 *
	 * @param string|int $place Its key in the list
	 */
	public function leaveOut( $place ): void {
		$forms = 'host, host:port, [address]:port or unix:/path';
		$this->mistakes->wrong( [ 'servers', $place ], $this->servers[$place], "$forms: it is left out" );
		unset( $this->servers[$place] );
	}

	/**
	 * Notes the spaces around the servers that were not left out.
	 */
	public function noteSpaced(): void {
		foreach ( $this->servers as $place => $server ) {
			if ( self::isHiddenBySpaces( $server ) ) {
				$this->noteSpaces( $place, "It is used, but MediaWiki's own client cannot connect to it, " .
					'so that the two do not share its keys' );
			}
		}
	}

	/**
	 * The settings for MediaWiki's own client. That client stops at the first text of the list that it cannot read, and
	 * throws an exception if a number is not one. Texts that it can read are not changed, because they decide which
	 * keys go to which server.
	 *
	 * @return array{servers:string[],timeout:float,connect_timeout:float}
	 */
	public function forMediaWiki(): array {
		$servers = [];
		foreach ( $this->servers as $place => $server ) {
			if ( !self::isReadable( self::trimmed( $server ) ) ) {
				$this->mistakes->note( [ 'servers', $place ], 'is ' . Mistakes::show( $server ) .
					", but MediaWiki's own client reads host, host:port and [address]:port alone: it is left out" );
				unset( $this->servers[$place] );
				continue;
			}
			if ( self::isHiddenBySpaces( $server ) ) {
				$this->noteSpaces( $place, 'It is used without them' );
				$server = self::trimmed( $server );
			}
			$servers[] = $server;
		}
		return [
			'servers' => $servers,
			'timeout' => $this->timeout,
			'connect_timeout' => $this->connectTimeout,
		];
	}

	/**
	 * @param mixed $servers
	 * @return array<string|int,string>
	 */
	private function named( $servers ): array {
		if ( is_string( $servers ) && trim( $servers ) !== '' ) {
			$then = 'a list: each text between commas is taken for a server';
			$this->mistakes->wrong( 'servers', $servers, $then );
			$servers = array_map( 'trim', explode( ',', $servers ) );
		}
		if ( !is_array( $servers ) ) {
			$this->mistakes->wrong( 'servers', $servers, 'a list: it names no server' );
			return [];
		}
		$isText = static fn ( $server ) => is_string( $server ) && self::trimmed( $server ) !== '';
		$named = array_filter( $servers, $isText );
		foreach ( array_diff_key( $servers, $named ) as $place => $server ) {
			$this->mistakes->wrong( [ 'servers', $place ], $server, 'the text of a server: it is left out' );
		}
		foreach ( $named as $place => $server ) {
			if ( str_contains( $server, ',' ) && !str_starts_with( self::trimmed( $server ), 'unix:' ) ) {
				$this->mistakes->wrong( [ 'servers', $place ], $server, 'one server: it is left out' );
				unset( $named[$place] );
			}
		}
		return $named;
	}

	/**
	 * @param string $server
	 * @return string Without the spaces that the PHP extension ignores
	 */
	private static function trimmed( string $server ): string {
		return trim( $server, " \t\n\f\r" );
	}

	/**
	 * @param string $server
	 * @return bool Whether MediaWiki's own client cannot connect to it because of the spaces around it: spaces after a
	 *  port are allowed
	 */
	private static function isHiddenBySpaces( string $server ): bool {
		return self::trimmed( $server ) !== $server && !preg_match( '/^\S.*:\d+\s+$/', $server );
	}

	/**
	 * @param string|int $place Its key in the list
	 * @param string $then
	 */
	private function noteSpaces( $place, string $then ): void {
		$shown = Mistakes::show( $this->servers[$place] );
		$this->mistakes->note( [ 'servers', $place ], "is $shown, with spaces around it. $then" );
	}

	/**
	 * @param string $server
	 * @return bool Whether MediaWiki's own client can read it
	 */
	private static function isReadable( string $server ): bool {
		if ( preg_match( '/^([^\s:\/\[\]\0]+|\[(?<address>.*)\])(:(?<port>\d{1,5}))?$/D', $server, $found ) ) {
			$port = (int)( $found['port'] ?? 1 );
			$address = $found['address'] ?? '';
			return $port >= 1 && $port <= 65535 && ( $server[0] !== '[' || self::isIPv6( $address ) );
		}
		return self::isIPv6( $server );
	}

	private static function isIPv6( string $address ): bool {
		// MediaWiki does not know the form that ends in an IPv4 address.
		return !str_contains( $address, '.' ) && filter_var( $address, FILTER_VALIDATE_IP, FILTER_FLAG_IPV6 );
	}
}
