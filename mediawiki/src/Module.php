<?php
/**
 * @file
 * @license GPL-2.0-or-later
 */

namespace MediaWiki\Extension\PoolCounterNative;

use PoolCounter\Client;
use ValueError;

/**
 * The PHP extension "poolcounter": whether it is there, and how a client of it is made from the settings.
 */
final class Module {

	/**
	 * @return bool Whether it is loaded, and is not older than this code
	 */
	public static function isUsable(): bool {
		return method_exists( Client::class, 'lastServer' );
	}

	/**
	 * @param ClientSettings $settings Those of its servers that cannot be one are left out
	 * @param float $readTimeout How long an answer is awaited, in seconds; 0: the PHP extension knows
	 * @return ?Client Null, if no server is left
	 */
	public static function client( ClientSettings $settings, float $readTimeout ): ?Client {
		// One connection to each server, as MediaWiki's own client.
		$options = [ 'share_connection' => true, 'read_timeout' => $readTimeout ?: null ] + $settings->options();
		if ( !$settings->servers() ) {
			return null;
		}
		try {
			return new Client( array_values( $settings->servers() ), $options );
		} catch ( ValueError ) {
			self::leaveOutWhatCannotBeAServer( $settings );
		}
		return $settings->servers() ? new Client( array_values( $settings->servers() ), $options ) : null;
	}

	/**
	 * The PHP extension alone knows what a server is.
	 *
	 * @param ClientSettings $settings
	 */
	private static function leaveOutWhatCannotBeAServer( ClientSettings $settings ): void {
		foreach ( $settings->servers() as $place => $server ) {
			try {
				new Client( [ $server ], $settings->options() );
			} catch ( ValueError ) {
				$settings->leaveOut( $place );
			}
		}
	}
}
