<?php
/**
 * A small replacement of MediaWiki 1.45: its base class of pool counters with a logger and a tracer, as far as a subclass uses it. Uses
 * one counter with the daemon of the first argument and prints the events of the tracer.
 */

// phpcs:disable PSR1.Classes.ClassDeclaration.MultipleClasses

namespace MediaWiki\Status {
	class Status {
		private function __construct( private bool $good, private mixed $value, private array $error ) {
		}

		public static function newGood( $value = null ): self {
			return new self( true, $value, [] );
		}

		public static function newFatal( ...$error ): self {
			return new self( false, null, $error );
		}

		public function isGood(): bool {
			return $this->good;
		}

		public function describe(): array {
			return [ $this->value, ...$this->error ];
		}
	}
}

namespace MediaWiki\PoolCounter {
	use MediaWiki\Status\Status;

	class Span {
		public static array $story = [];

		public static function note( string $what ): void {
			self::$story[] = $what;
		}
	}

	abstract class PoolCounter {
		protected $key;
		protected $workers;
		protected $maxqueue;
		protected $timeout;
		protected $logger;
		protected $tracer;
		private bool $inSpan = false;

		public function __construct( array $conf, string $type, string $key ) {
			$this->key = $key;
			$this->workers = $conf['workers'];
			$this->maxqueue = $conf['maxqueue'];
			$this->timeout = $conf['timeout'];
		}

		public function setLogger( object $logger ): void {
			$this->logger = $logger;
		}

		public function setTracer( object $tracer ): void {
			$this->tracer = $tracer;
		}

		abstract public function acquireForMe( $timeout = null );

		abstract public function acquireForAnyone( $timeout = null );

		abstract public function release();

		final protected function precheckAcquire() {
			return $this->inSpan ? Status::newFatal( 'poolcounter-usage-error' ) : Status::newGood();
		}

		final protected function onAcquire() {
			Span::note( $this->tracer === null ? 'no tracer' : 'opened' );
			$this->inSpan = true;
		}

		final protected function onRelease() {
			Span::note( $this->inSpan ? 'closed' : 'closed without being open' );
			$this->inSpan = false;
		}
	}
}

namespace MediaWiki\Logger {
	class LoggerFactory {
		public static function getInstance(): self {
			return new self();
		}

		public function debug( string $text, array $context ): void {
		}
	}
}

namespace MediaWiki {
	class MediaWikiServices {
		public static function getInstance(): self {
			return new self();
		}

		public function getMainConfig(): self {
			return $this;
		}

		public function has( string $name ): bool {
			return $name === 'PoolCountClientConf';
		}

		public function get( string $name ): array {
			return [ 'servers' => [ $GLOBALS['argv'][1] ], 'timeout' => 2 ];
		}
	}
}

namespace {
	spl_autoload_register( static function ( string $class ) {
		$path = $GLOBALS['argv'][2] . '/src/' . substr( $class, strlen( 'MediaWiki\\Extension\\PoolCounterNative\\' ) ) . '.php';
		if ( str_starts_with( $class, 'MediaWiki\\Extension\\PoolCounterNative\\' ) && is_file( $path ) ) {
			require_once $path;
		}
	} );
	class_exists( MediaWiki\Extension\PoolCounterNative\PoolCounterNative::class );

	$counter = new PoolCounterNative( [ 'workers' => 1, 'maxqueue' => 5, 'timeout' => 1 ], 'Type', 'key' );
	$counter->setLogger( new stdClass() );
	$counter->setTracer( new stdClass() );
	$told = [];
	foreach ( [ 'acquireForMe', 'acquireForAnyone', 'release', 'release', 'acquireForAnyone', 'release' ] as $call ) {
		$told[] = [ $call, ...$counter->$call()->describe() ];
	}
	$other = new PoolCounter\Client( $argv[1] );
	$other->acquireForMe( 'key', 1, 5, 1 );
	$told[] = [ 'acquireForMe', ...$counter->acquireForMe()->describe() ];
	$other->release();
	echo json_encode( [
		'told' => $told,
		'spans' => MediaWiki\PoolCounter\Span::$story,
		'name' => get_class( $counter ),
		'base' => get_parent_class( $counter ),
	] ), "\n";
}
