<?php
/**
 * @file
 * @license GPL-2.0-or-later
 */

namespace MediaWiki\Extension\PoolCounterNative;

use PoolCounter\Client;
use PoolCounter\ClientInterface;
use ValueError;

/**
 * The PHP extension "poolcounter": tests whether it is loaded, and makes a client from the settings.
 */
final class Module {

	/**
	 * @return bool Whether it is loaded and not older than this code
	 */
	public static function isUsable(): bool {
		return interface_exists( ClientInterface::class, false );
	}

	/**
	 * Leaves out invalid servers. Only the PHP extension can check a server.
	 *
	 * @param ClientSettings $settings
	 */
	public static function leaveOutWhatCannotBeAServer( ClientSettings $settings ): void {
		try {
			self::client( $settings );
		} catch ( ValueError ) {
			foreach ( $settings->servers() as $place => $server ) {
				try {
					// This client ends with the request, so it does not use up the room for clients of the process.
					new Client( [ $server ], [ 'persistent' => false ] + $settings->options() );
				} catch ( ValueError ) {
					$settings->leaveOut( $place );
				}
			}
		}
	}

	/**
	 * @param ClientSettings $settings Without servers that cannot be one
	 * @param float $answerTimeout How long to wait for an answer, in seconds; 0: the default of the PHP extension
	 * @return ?ClientInterface Null, if there is no server
	 */
	public static function client( ClientSettings $settings, float $answerTimeout = 0 ): ?ClientInterface {
		if ( !$settings->servers() ) {
			return null;
		}
		// One connection to each server, like MediaWiki's own client.
		$options = [ 'share_connections' => true, 'answer_timeout' => $answerTimeout ?: null ] + $settings->options();
		return new Client( array_values( $settings->servers() ), $options );
	}
}
