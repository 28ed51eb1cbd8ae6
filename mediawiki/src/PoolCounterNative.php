<?php
/**
 * @file
 * @license GPL-2.0-or-later
 */

namespace MediaWiki\Extension\PoolCounterNative;

use MediaWiki\Logger\LoggerFactory;
use MediaWiki\MediaWikiServices;
use PoolCounter\ClientInterface;
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
 * @since 0.2.0
 */
class PoolCounterNative extends CorePoolCounter {

	/** How long to wait for an answer, as a multiple of the pool's timeout. */
	private const ANSWER_TIMEOUT_FACTOR = 1.5;

	/** @var array{0:mixed,1:ClientSettings}|null The setting and its parsed form, for all counters of a request */
	private static ?array $settings = null;

	/** @var array<string,array{0:array,1:PoolSettings}> The same of each pool */
	private static array $pools = [];

	/** Null, if there is no server to ask. */
	private ?ClientInterface $client;

	/** @var string[] Why there is no client: the key of a message, and its parameters */
	private array $fault = [ 'poolcounternative-server-error' ];

	/**
	 * @param array $conf The pool's entry in $wgPoolCounterConf
	 * @param string $type The pool's name
	 * @param string $key What is to be done, such as the parser cache's key
	 * @param ?ClientInterface $client Used instead of the servers of the settings, by tests
	 */
	public function __construct( array $conf, string $type, string $key, ?ClientInterface $client = null ) {
		$pool = self::poolSettings( $conf, $type );
		parent::__construct( $pool->conf(), $type, $key );
		$this->client = $client;
		if ( !$client ) {
			$this->makeClient();
		}
	}

	private function makeClient(): void {
		$settings = self::clientSettings();
		// A mistake in the settings must not stop pages: each call returns the error, and the work is done
		// unprotected.
		if ( !Module::isUsable() ) {
			// The setting was changed after the registration callback had checked it.
			$this->fault = [ 'poolcounternative-module-error' ];
		} else {
			try {
				$this->client = Module::client( $settings, self::ANSWER_TIMEOUT_FACTOR * $this->timeout );
			} catch ( TypeError | ValueError $error ) {
				$this->fault = [ 'poolcounternative-client-error', $error->getMessage() ];
			}
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
		return $this->ask( 'release' );
	}

	private function acquire( string $method, ?int $timeout ): CoreStatus {
		$status = $this->precheckAcquire();
		if ( !$status->isGood() ) {
			return $status;
		}
		$numbers = array_map( self::number( ... ), [ $this->workers, $this->maxqueue, $timeout ?? $this->timeout ] );
		return $this->ask( $method, ...$numbers );
	}

	/**
	 * @param int $number
	 * @return int The number for the server: it has 32 bits, and numbers below 0 become 0
	 */
	private static function number( int $number ): int {
		return max( $number, 0 ) & 0xFFFFFFFF;
	}

	private function ask( string $method, int ...$numbers ): CoreStatus {
		if ( !$this->client ) {
			return CoreStatus::newFatal( ...$this->fault );
		}
		$logger = LoggerFactory::getInstance( 'poolcounter' );
		$logger->debug( 'Asks: {command}', [ 'command' => implode( ' ', [ $method, $this->key, ...$numbers ] ) ] );
		$begin = hrtime( true );
		$milliseconds = static fn () => round( ( hrtime( true ) - $begin ) / 1e6, 3 );
		try {
			$result = $this->client->$method( $this->key, ...$numbers );
		} catch ( ClientException $failure ) {
			$logger->debug( 'After {milliseconds} ms: {failure}',
				[ 'failure' => $failure->getMessage(), 'milliseconds' => $milliseconds() ] );
			return CoreStatus::newFatal( ...self::message( $failure ) );
		}
		$logger->debug( '{server} answered {answer} after {milliseconds} ms', [
			'server' => trim( (string)$this->client->lastServer() ),
			'answer' => $result->name,
			'milliseconds' => $milliseconds(),
		] );
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
			// MediaWiki's own client reads the first word as a code and shows the rest.
			$failure instanceof RemoteException =>
				[ 'poolcounter-remote-error', explode( ' ', $cause, 2 )[1] ?? '(no message given)', $server ],
			$failure instanceof KeyException => [ 'poolcounternative-key-error', $cause ],
		};
	}

	private static function clientSettings(): ClientSettings {
		$config = MediaWikiServices::getInstance()->getMainConfig();
		// MediaWiki 1.39 has no such setting of its own.
		$conf = $config->has( 'PoolCountClientConf' ) ? $config->get( 'PoolCountClientConf' ) : [];
		if ( !self::$settings || self::$settings[0] !== $conf ) {
			$settings = new ClientSettings( $conf );
			if ( Module::isUsable() ) {
				Module::leaveOutWhatCannotBeAServer( $settings );
				$settings->noteSpaced();
			}
			Registration::log( $settings->mistakes() );
			self::$settings = [ $conf, $settings ];
		}
		return self::$settings[1];
	}

	private static function poolSettings( array $conf, string $type ): PoolSettings {
		if ( !isset( self::$pools[$type] ) || self::$pools[$type][0] !== $conf ) {
			$pool = new PoolSettings( $conf, $type );
			Registration::log( $pool->mistakes() );
			self::$pools[$type] = [ $conf, $pool ];
		}
		return self::$pools[$type][1];
	}
}

// The short name, for $wgPoolCounterConf.
class_alias( PoolCounterNative::class, 'PoolCounterNative' );
