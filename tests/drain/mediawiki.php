<?php
/**
 * A worker with MediaWiki's own client, as one of PHP's processes for the web: request after request, each with connections of its own,
 * which end with it. Its arguments are in the environment; tests/farm/farm/events.py has the lines that it writes.
 */

use MediaWiki\Logger\LoggerFactory;
use MediaWiki\PoolCounter\PoolCounterFactory;

require_once getenv( 'MW_INSTALL_PATH' ) . '/maintenance/Maintenance.php';

class Worker extends Maintenance {
	/** So many keys one request needs, one after the other. */
	private const WORKS = 2;

	/** @var resource */
	private $log;
	private int $number;
	private int $timeout;

	public function execute() {
		[ $end, $worker, $log, $connect, $servers, $keys, $timeout ] = explode( '|', getenv( 'DRAIN_WORKER' ) );
		$this->log = fopen( $log, 'a' );
		stream_set_write_buffer( $this->log, 0 );
		$this->number = (int)$worker * 1000000;
		$this->timeout = (int)$timeout;
		$keys = explode( ',', $keys );
		$type = [ 'class' => 'PoolCounter_Client', 'workers' => 1, 'maxqueue' => 100, 'timeout' => $this->timeout ];
		$client = [ 'servers' => explode( ',', $servers ), 'timeout' => 20, 'connect_timeout' => (float)$connect ];
		$logger = LoggerFactory::getInstance( 'poolcounter' );
		while ( hrtime( true ) < (int)$end ) {
			$factory = new PoolCounterFactory( [ 'Page' => $type ], $client, $logger );
			for ( $work = 0; $work < self::WORKS; $work++ ) {
				$this->work( $factory, $keys[mt_rand( 0, count( $keys ) - 1 )] );
			}
			usleep( mt_rand( 10, 60 ) * 1000 );
		}
	}

	private function work( PoolCounterFactory $factory, string $key ): void {
		$this->number++;
		$forMe = mt_rand( 0, 1 ) === 1;
		$counter = $factory->create( 'Page', $key );
		$this->note( 'asked', $key, $forMe ? 'me' : 'anyone', (string)$this->timeout );
		$status = $forMe ? $counter->acquireForMe() : $counter->acquireForAnyone();
		if ( !$status->isOK() ) {
			$this->fail( $status );
			return;
		}
		$outcomes = [ PoolCounter::LOCKED => 'locked', PoolCounter::DONE => 'done', PoolCounter::TIMEOUT => 'timeout' ];
		$this->note( $outcomes[$status->getValue()] ?? 'queue_full' );
		if ( $status->getValue() !== PoolCounter::LOCKED ) {
			return;
		}
		usleep( mt_rand( 10, 50 ) * 1000 );
		$this->note( 'release' );
		$status = $counter->release();
		$status->isOK() ? $this->note( 'free' ) : $this->fail( $status );
	}

	private function fail( $status ): void {
		$error = $status->getErrors()[0];
		$this->note( 'failed', $error['message'], implode( ' ', $error['params'] ) );
	}

	private function note( string ...$words ): void {
		fwrite( $this->log, implode( "\t", [ hrtime( true ), $this->number, ...$words ] ) . "\n" );
	}
}

$maintClass = Worker::class;
require_once RUN_MAINTENANCE_IF_MAIN;
