<?php
/**
 * A MediaWiki whose pool counters are controlled from outside: php maintenance/run.php faults.php own|native
 *
 * Answers each line on standard input, "acquire KEY" or "release", with a line of JSON: the seconds of the call, and its result.
 */

namespace PoolCounter\Bench;

use Maintenance;
use MediaWiki\MediaWikiServices;
use MediaWiki\PoolCounter\PoolCounter;

require_once getenv( 'MW_INSTALL_PATH' ) . '/maintenance/Maintenance.php';

class MeetFaults extends Maintenance {
	public function __construct() {
		parent::__construct();
		$this->addArg( 'type', 'own or native' );
	}

	public function getDbType() {
		return self::DB_NONE;
	}

	public function execute() {
		$factory = MediaWikiServices::getInstance()->getPoolCounterFactory();
		$counter = null;
		echo "{}\n";
		while ( ( $line = fgets( STDIN ) ) !== false ) {
			[ $do, $key ] = explode( ' ', trim( $line ) ) + [ 1 => null ];
			if ( $do === 'acquire' ) {
				$counter = $factory->create( $this->getArg( 0 ), $key );
			}
			echo json_encode( $this->call( $counter, $do ) ), "\n";
		}
	}

	private function call( PoolCounter $counter, string $do ): array {
		$begin = hrtime( true );
		$status = $do === 'acquire' ? $counter->acquireForAnyone() : $counter->release();
		$seconds = ( hrtime( true ) - $begin ) / 1e9;
		$error = $status->isOK() ? null : json_encode( $status->getErrors() );
		return [ 'seconds' => $seconds, 'value' => $status->isOK() ? $status->getValue() : null, 'error' => $error ];
	}
}

$maintClass = MeetFaults::class;
require_once RUN_MAINTENANCE_IF_MAIN;
