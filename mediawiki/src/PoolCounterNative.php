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
use TypeError;
use ValueError;

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

	/** Null, if the settings cannot be understood. */
	private ?Client $client = null;

	/** Why there is no client. */
	private string $fault = '';

	/**
	 * @param array $conf The pool's entry in $wgPoolCounterConf
	 * @param string $type The pool's name
	 * @param string $key What is to be done, such as the parser cache's key
	 */
	public function __construct( array $conf, string $type, string $key ) {
		parent::__construct( $conf, $type, $key );
		$conf = self::clientConf();
		try {
			$this->client = self::newClient( $conf, self::READ_TIMEOUT_FACTOR * $this->timeout );
		} catch ( TypeError | ValueError $error ) {
			// A mistake in the settings must not take the pages down: each call tells of it, and the work is done unprotected.
			$this->fault = $error->getMessage();
		}
	}

	/**
	 * @param int|null $timeout Seconds to wait for a turn; null: as the pool is configured
	 * @return CoreStatus
	 */
	public function acquireForMe( $timeout = null ): CoreStatus {
		return $this->acquire( 'acquireForMe', $timeout );
	}

	/**
	 * @param int|null $timeout Seconds to wait for a turn or for the result; null: as the pool is configured
	 * @return CoreStatus
	 */
	public function acquireForAnyone( $timeout = null ): CoreStatus {
		return $this->acquire( 'acquireForAnyone', $timeout );
	}

	/**
	 * @return CoreStatus
	 */
	public function release(): CoreStatus {
		return $this->ask( fn ( Client $client ) => $client->release( $this->key ) );
	}

	private function acquire( string $method, ?int $timeout ): CoreStatus {
		$status = $this->precheckAcquire();
		if ( !$status->isGood() ) {
			return $status;
		}
		$numbers = array_map( self::number( ... ), [ $this->workers, $this->maxqueue, $timeout ?? $this->timeout ] );
		return $this->ask( fn ( Client $client ) => $client->$method( $this->key, ...$numbers ) );
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
		if ( !$this->client ) {
			return CoreStatus::newFatal( 'poolcounter-connection-error', $this->fault, '$wgPoolCountClientConf' );
		}
		try {
			$result = $question( $this->client );
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

	private static function clientConf(): array {
		$config = MediaWikiServices::getInstance()->getMainConfig();
		// MediaWiki 1.39 has no such setting of its own.
		$conf = $config->has( 'PoolCountClientConf' ) ? $config->get( 'PoolCountClientConf' ) : [];
		$conf += [ 'servers' => [ '127.0.0.1' ], 'timeout' => 0.1, 'connect_timeout' => 0 ];
		if ( !$conf['servers'] ) {
			throw new InvalidArgumentException( '$wgPoolCountClientConf names no server' );
		}
		return $conf;
	}

	private static function newClient( array $conf, float $readTimeout ): Client {
		// One connection to each server, as MediaWiki's own client. A pool that does not wait leaves its time-out to the client.
		$options = [ 'share_connection' => true, 'read_timeout' => $readTimeout ?: null ];
		$types = [
			'timeout' => 'floatval', 'connect_timeout' => 'floatval', 'first_answer_timeout' => 'floatval',
			'pass_over' => 'floatval', 'await_release' => 'boolval', 'persistent' => 'boolval',
		];
		foreach ( array_intersect_key( $types, array_filter( $conf, 'is_scalar' ) ) as $name => $convert ) {
			$options[$name] = $convert( $conf[$name] );
		}
		return new Client( $conf['servers'], $options );
	}
}

// The short name, for $wgPoolCounterConf.
class_alias( PoolCounterNative::class, 'PoolCounterNative' );
