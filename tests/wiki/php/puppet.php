<?php
/**
 * A MediaWiki whose pool counters are controlled from outside: it reads one JSON command in each line of standard input, and writes
 * one JSON answer in each line of standard output. Its counters exist until they are dropped or standard input ends.
 */

use MediaWiki\MediaWikiServices;

require_once getenv( 'MW_INSTALL_PATH' ) . '/maintenance/Maintenance.php';

class Puppet extends Maintenance {
	/** @var PoolCounter[] */
	private array $counters = [];

	public function execute() {
		while ( ( $line = fgets( STDIN ) ) !== false ) {
			fwrite( STDOUT, json_encode( $this->answer( json_decode( $line, true ) ) ) . "\n" );
		}
	}

	private function answer( array $command ): array {
		try {
			return $this->obey( $command );
		} catch ( Throwable $thrown ) {
			return [ 'thrown' => get_class( $thrown ), 'text' => $thrown->getMessage() ];
		}
	}

	private function obey( array $command ): array {
		$name = $command['name'] ?? $command['key'] ?? null;
		switch ( $command['do'] ) {
			case 'make':
				$this->counters[$name] = $this->make( $command['type'], $command['key'] );
				return [ 'class' => get_class( $this->counters[$name] ) ];
			case 'drop':
				unset( $this->counters[$name] );
				return [];
			case 'release':
				return $this->describe( $this->counters[$name]->release() );
			default:
				return $this->describe( $this->counters[$name]->{ $command['do'] }( $command['timeout'] ?? null ) );
		}
	}

	private function make( string $type, string $key ) {
		$services = MediaWikiServices::getInstance();
		return method_exists( $services, 'getPoolCounterFactory' )
			? $services->getPoolCounterFactory()->create( $type, $key )
			: PoolCounter::factory( $type, $key );
	}

	private function describe( $status ): array {
		$errors = array_map(
			static fn ( $error ) => [ $error['type'], $error['message'], ...$error['params'] ],
			$status->getErrors()
		);
		return [ 'ok' => $status->isOK(), 'good' => $status->isGood(), 'value' => $status->getValue(), 'errors' => $errors ];
	}
}

$maintClass = Puppet::class;
require_once RUN_MAINTENANCE_IF_MAIN;
