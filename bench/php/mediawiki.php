<?php
/**
 * Sections with MediaWiki's pool counters: php maintenance/run.php mediawiki.php own|native
 */

namespace PoolCounter\Bench;

use Maintenance;
use MediaWiki\MediaWikiServices;
use MediaWiki\PoolCounter\PoolCounter;

require_once getenv( 'MW_INSTALL_PATH' ) . '/maintenance/Maintenance.php';
require __DIR__ . '/sections.php';

/** Sections with a pool type of LocalSettings.php. As in a wiki, each section has its own counter. */
class ByPoolCounter implements Section {
	private PoolCounter $counter;

	public function __construct( private string $type ) {
	}

	public function prepare(): void {
		$factory = MediaWikiServices::getInstance()->getPoolCounterFactory();
		$this->counter = $factory->create( $this->type, 'wiki:pcache:idhash:3-0!canonical' );
	}

	public function acquire(): bool {
		return $this->counter->acquireForAnyone()->getValue() === PoolCounter::LOCKED;
	}

	public function release(): bool {
		return $this->counter->release()->getValue() === PoolCounter::RELEASED;
	}
}

class PlaySections extends Maintenance {
	public function __construct() {
		parent::__construct();
		$this->addArg( 'type', 'own or native' );
	}

	public function getDbType() {
		return self::DB_NONE;
	}

	public function execute() {
		play( new ByPoolCounter( $this->getArg( 0 ) ) );
	}
}

$maintClass = PlaySections::class;
require_once RUN_MAINTENANCE_IF_MAIN;
