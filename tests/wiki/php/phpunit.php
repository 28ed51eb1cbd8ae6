<?php
/**
 * Runs the extension's PHPUnit tests on a real wiki, with the PHPUnit of the system: phpunit.php FOLDER REPORT. MediaWiki's own
 * classes for tests are in no package.
 */

require_once getenv( 'MW_INSTALL_PATH' ) . '/maintenance/Maintenance.php';

class PlainPhpUnit extends Maintenance {
	public function __construct() {
		parent::__construct();
		$this->addArg( 'folder', 'Where the tests are' );
		$this->addArg( 'report', 'Where JUnit\'s report goes' );
	}

	public function execute() {
		require_once 'PHPUnit/Autoload.php';
		$options = [ '--no-configuration', '--do-not-cache-result', '--fail-on-risky', '--fail-on-warning' ];
		$command = [ 'phpunit', ...$options, '--log-junit', $this->getArg( 1 ), $this->getArg( 0 ) ];
		exit( ( new PHPUnit\TextUI\Command() )->run( $command, false ) );
	}
}

$maintClass = PlainPhpUnit::class;
require_once RUN_MAINTENANCE_IF_MAIN;
