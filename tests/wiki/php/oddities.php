<?php
/**
 * Tries each of the odd settings in a process of its own: oddities.php CLASS LIVE SOCKET. One line of JSON for each: what was thrown,
 * whether the work was done, how many locks there were, what was logged.
 */

require_once getenv( 'MW_INSTALL_PATH' ) . '/maintenance/Maintenance.php';

class Oddities extends Maintenance {
	/** So many that each of two servers is the first of some key. */
	private const KEYS = 24;

	private string $class;
	private string $live;
	private string $socket;
	private string $log;
	private array $warnings = [];

	public function __construct() {
		parent::__construct();
		$this->addArg( 'class', 'The class of the pool' );
		$this->addArg( 'live', 'The address of a daemon' );
		$this->addArg( 'socket', 'Its Unix socket' );
	}

	public function execute() {
		[ $this->class, $this->live, $this->socket ] = [ $this->getArg( 0 ), $this->getArg( 1 ), $this->getArg( 2 ) ];
		$this->log = tempnam( sys_get_temp_dir(), 'oddities' );
		foreach ( require __DIR__ . '/oddsettings.php' as $name => $odd ) {
			// What one leaves in the process must not reach the next.
			$child = pcntl_fork();
			if ( $child === 0 ) {
				$this->child( $name, $this->filled( $odd ) );
				// Without the end of the request, which is the parent's to have.
				posix_kill( getmypid(), SIGKILL );
			}
			pcntl_waitpid( $child, $status );
			if ( !pcntl_wifsignaled( $status ) ) {
				$this->fatalError( "$name ends the process" );
			}
		}
		unlink( $this->log );
	}

	private function filled( $value ) {
		if ( is_array( $value ) ) {
			return array_map( fn ( $value ) => $this->filled( $value ), $value );
		}
		return is_string( $value ) ? strtr( $value, [ 'LIVE' => $this->live, 'SOCKET' => $this->socket ] ) : $value;
	}

	private function child( string $name, array $odd ): void {
		$pool = ( $odd['pool'] ?? [] ) + [ 'class' => $this->class, 'timeout' => 2, 'workers' => 2, 'maxqueue' => 5 ];
		unset( $pool[ $odd['missing'] ?? '' ] );
		$GLOBALS['wgPoolCounterConf'] = [ 'Odd' => $pool ];
		$GLOBALS['wgPoolCountClientConf'] = array_key_exists( 'client', $odd ) ? $odd['client'] : [ 'servers' => [ $this->live ] ];
		file_put_contents( $this->log, '' );
		$GLOBALS['wgDebugLogGroups'] = [ 'poolcounter' => $this->log ];
		set_error_handler( function ( $number, $text ) {
			$this->warnings[] = $text;
			return true;
		} );
		$told = [ 'name' => $name, 'thrown' => null, 'work' => 0 ];
		$before = $this->acquired();
		try {
			// As when an extension is registered: before any service is made.
			$GLOBALS['wgExtensionFunctions'] = [];
			MediaWiki\Extension\PoolCounterNative\Registration::register();
			array_map( 'call_user_func', $GLOBALS['wgExtensionFunctions'] );
			for ( $key = 0; $key < self::KEYS; $key++ ) {
				$work = new PoolCounterWorkViaCallback( 'Odd', "key $key", [ 'doWork' => static fn () => 1 ] );
				$told['work'] += $work->execute();
			}
		} catch ( Throwable $thrown ) {
			$told['thrown'] = get_class( $thrown ) . ': ' . $thrown->getMessage();
		}
		$told['locks'] = $this->acquired() - $before;
		$told['warnings'] = array_values( array_unique( $this->warnings ) );
		$log = strtr( file_get_contents( $this->log ), [ $this->live => 'LIVE', $this->socket => 'SOCKET' ] );
		// Without date, host and wiki.
		$told['log'] = preg_replace( '/^\S+ \S+ \S+ \S+: /', '', explode( "\n", trim( $log ) ) );
		fwrite( STDOUT, json_encode( $told, JSON_INVALID_UTF8_SUBSTITUTE ) . "\n" );
	}

	private function acquired(): int {
		$daemon = stream_socket_client( "tcp://$this->live:7531", $number, $text, 20 );
		fwrite( $daemon, "STATS total_acquired\n" );
		return (int)explode( ': ', fgets( $daemon ) )[1];
	}
}

$maintClass = Oddities::class;
require_once RUN_MAINTENANCE_IF_MAIN;
