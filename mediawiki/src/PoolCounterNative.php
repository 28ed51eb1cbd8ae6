<?php
/**
 * @file
 * @license GPL-2.0-or-later
 */

namespace MediaWiki\Extension\PoolCounterNative;

use InvalidArgumentException;
use MediaWiki\MediaWikiServices;
use PoolCounter\Client;
use PoolCounter\ConnectionException;
use PoolCounter\Exception as ClientException;
use PoolCounter\KeyException;
use PoolCounter\ReadException;
use PoolCounter\RemoteException;
use PoolCounter\Result;
use PoolCounter\WriteException;

require_once __DIR__ . '/compatibility.php';

/**
 * A pool counter that asks a daemon through the PHP extension "poolcounter".
 *
 * Connections belong to the PHP process and outlive the request; the extension closes those that still hold a lock when
 * the request ends.
 *
 * @since 0.1.0
 */
class PoolCounterNative extends CorePoolCounter {

	/** How long an answer is awaited, as a multiple of the pool's own timeout. */
	private const READ_TIMEOUT_FACTOR = 1.5;

	private Client $client;

	/**
	 * @param array $conf The pool's entry in $wgPoolCounterConf
	 * @param string $type The pool's name
	 * @param string $key What is to be done, such as the parser cache's key
	 */
	public function __construct( array $conf, string $type, string $key ) {
		parent::__construct( $conf, $type, $key );
		$this->client = self::newClient( self::READ_TIMEOUT_FACTOR * $this->timeout );
	}

	/**
	 * @param int|null $timeout Seconds to wait for a turn; null: as the pool is configured
	 * @return CoreStatus
	 */
	public function acquireForMe( $timeout = null ): CoreStatus {
		return $this->acquire( $this->client->acquireForMe( ... ), $timeout );
	}

	/**
	 * @param int|null $timeout Seconds to wait for a turn or for the result; null: as the pool is configured
	 * @return CoreStatus
	 */
	public function acquireForAnyone( $timeout = null ): CoreStatus {
		return $this->acquire( $this->client->acquireForAnyone( ... ), $timeout );
	}

	/**
	 * @return CoreStatus
	 */
	public function release(): CoreStatus {
		return $this->ask( fn () => $this->client->release( $this->key ) );
	}

	private function acquire( callable $acquire, ?int $timeout ): CoreStatus {
		$status = $this->precheckAcquire();
		if ( !$status->isGood() ) {
			return $status;
		}
		$numbers = array_map( self::number( ... ), [ $this->workers, $this->maxqueue, $timeout ?? $this->timeout ] );
		return $this->ask( fn () => $acquire( $this->key, ...$numbers ) );
	}

	/**
	 * @param mixed $setting
	 * @return int What the server would read of it: anything but digits counts as 0, and it keeps 32 bits
	 */
	private static function number( $setting ): int {
		$digits = (string)$setting;
		return ctype_digit( $digits ) ? (int)$digits & 0xFFFFFFFF : 0;
	}

	private function ask( callable $question ): CoreStatus {
		try {
			$result = $question();
		} catch ( ClientException $failure ) {
			return CoreStatus::newFatal( ...self::message( $failure ) );
		}
		if ( $result === Result::LOCKED ) {
			$this->onAcquire();
		} elseif ( $result === Result::RELEASED ) {
			$this->onRelease();
		}
		return CoreStatus::newGood( $result->value );
	}

	/**
	 * @param ClientException $failure
	 * @return string[] The key of a message, and its parameters
	 */
	private static function message( ClientException $failure ): array {
		$server = (string)$failure->getServer();
		$cause = $failure->getCause();
		return match ( true ) {
			$failure instanceof ConnectionException => [ 'poolcounter-connection-error', $cause, $server ],
			$failure instanceof WriteException => [ 'poolcounter-write-error', $server ],
			$failure instanceof ReadException => [ 'poolcounter-read-error', $server ],
			// MediaWiki's own client takes the first word for a code and shows what follows it.
			$failure instanceof RemoteException =>
				[ 'poolcounter-remote-error', explode( ' ', $cause, 2 )[1] ?? '(no message given)', $server ],
			$failure instanceof KeyException => [ 'poolcounternative-key-error', $cause ],
		};
	}

	private static function newClient( float $readTimeout ): Client {
		$config = MediaWikiServices::getInstance()->getMainConfig();
		// MediaWiki 1.39 has no such setting of its own.
		$conf = $config->has( 'PoolCountClientConf' ) ? $config->get( 'PoolCountClientConf' ) : [];
		$conf += [ 'servers' => [ '127.0.0.1' ], 'timeout' => 0.1, 'connect_timeout' => 0 ];
		if ( !$conf['servers'] ) {
			throw new InvalidArgumentException( '$wgPoolCountClientConf names no server' );
		}
		// A pool that does not wait leaves it to the client.
		$options = [ 'read_timeout' => $readTimeout ?: null ];
		foreach ( [ 'timeout', 'connect_timeout', 'pass_over' ] as $name ) {
			if ( isset( $conf[$name] ) ) {
				$options[$name] = (float)$conf[$name];
			}
		}
		foreach ( [ 'await_release', 'persistent' ] as $name ) {
			if ( isset( $conf[$name] ) ) {
				$options[$name] = (bool)$conf[$name];
			}
		}
		return new Client( $conf['servers'], $options );
	}
}

// The short name, for $wgPoolCounterConf.
class_alias( PoolCounterNative::class, 'PoolCounterNative' );
