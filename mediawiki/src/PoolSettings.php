<?php
/**
 * @file
 * @license GPL-2.0-or-later
 */

namespace MediaWiki\Extension\PoolCounterNative;

/**
 * Reads a pool's entry in $wgPoolCounterConf, and gives valid values for any input. It uses neither
 * MediaWiki nor the PHP extension.
 */
final class PoolSettings {

	/** Values that protect any page, for missing and invalid settings. */
	private const DEFAULTS = [ 'timeout' => 15, 'workers' => 2, 'maxqueue' => 100 ];

	/** The server keeps 32 bits of a number. */
	private const MAX_NUMBER = 0xFFFFFFFF;

	private const KNOWN = [ 'class', 'timeout', 'workers', 'maxqueue', 'slots', 'fastStale' ];

	private array $conf;
	private Mistakes $mistakes;

	/**
	 * @param array $conf
	 * @param string $type The pool's name
	 */
	public function __construct( array $conf, string $type ) {
		$this->mistakes = new Mistakes( '$wgPoolCounterConf' . Mistakes::brackets( [ $type ] ) );
		$this->mistakes->noteUnknown( $conf, self::KNOWN );
		$this->conf = array_intersect_key( $conf, [ 'class' => true ] );
		foreach ( self::DEFAULTS as $name => $default ) {
			$least = $name === 'timeout' ? 0 : 1;
			$count = $this->mistakes->count( $conf, $name, $default, $least, self::MAX_NUMBER );
			if ( $count < $least ) {
				$this->mistakes->note( $name, 'is 0: the server refuses that, and the work is done unprotected' );
			}
			$this->conf[$name] = $count;
		}
		$slots = isset( $conf['slots'] ) ? $this->mistakes->count( $conf, 'slots', 0, 0, PHP_INT_MAX ) : 0;
		if ( $slots ) {
			$this->conf['slots'] = $slots;
		}
		$this->conf['fastStale'] = (bool)$this->mistakes->flag( $conf, 'fastStale', false );
	}

	/**
	 * @return array The entry, with values of the right types
	 */
	public function conf(): array {
		return $this->conf;
	}

	/**
	 * @return string[]
	 */
	public function mistakes(): array {
		return $this->mistakes->texts();
	}
}
