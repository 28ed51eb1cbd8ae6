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
 * The PHP extension "poolcounter": whether it is there, and how a client of it is made from the settings.
 */
final class Module {

	/**
	 * @return bool Whether it is loaded, and is not older than this code
	 */
	public static function isUsable(): bool {
		return interface_exists( ClientInterface::class, false );
	}

	/**
	 * The PHP extension alone knows what a server is.
	 *
	 * @param ClientSettings $settings
	 */
	public static function leaveOutWhatCannotBeAServer( ClientSettings $settings ): void {
		try {
			self::client( $settings );
		} catch ( ValueError ) {
			foreach ( $settings->servers() as $place => $server ) {
				try {
					// It is forgotten with the request, so that it takes no other client's place in the process.
					new Client( [ $server ], [ 'persistent' => false ] + $settings->options() );
				} catch ( ValueError ) {
					$settings->leaveOut( $place );
				}
			}
		}
	}

	/**
	 * @param ClientSettings $settings Without servers that cannot be one
	 * @param float $answerTimeout How long an answer is awaited, in seconds; 0: the PHP extension knows
	 * @return ?ClientInterface Null, if there is no server
	 */
	public static function client( ClientSettings $settings, float $answerTimeout = 0 ): ?ClientInterface {
		if ( !$settings->servers() ) {
			return null;
		}
		// One connection to each server, as MediaWiki's own client.
		$options = [ 'share_connections' => true, 'answer_timeout' => $answerTimeout ?: null ] + $settings->options();
		return new Client( array_values( $settings->servers() ), $options );
	}
}
