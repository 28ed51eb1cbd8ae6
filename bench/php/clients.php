<?php
/**
 * Sections with a client outside of MediaWiki: clients.php extension|keeping|connecting SERVER
 */

namespace PoolCounter\Bench;

use PoolCounter\Client;
use PoolCounter\Result;

require __DIR__ . '/sections.php';

const KEY = 'wiki:pcache:idhash:3-0!canonical';

/** By the PHP extension. */
class ByExtension implements Section {
	private Client $client;

	public function __construct( string $server ) {
		$this->client = new Client( $server, [ 'connect_timeout' => 1 ] );
	}

	public function prepare(): void {
	}

	public function acquire(): bool {
		return $this->client->acquireForAnyone( KEY, 1, 100, 15 ) === Result::LOCKED;
	}

	public function release(): bool {
		return $this->client->release() === Result::RELEASED;
	}
}

/** A minimal client in PHP that keeps its connection. It waits for every answer. */
class ByKeeping implements Section {
	/** @var resource */
	private $connection;

	public function __construct( private string $server ) {
	}

	public function prepare(): void {
		if ( $this->connection === null ) {
			$unix = str_starts_with( $this->server, 'unix:' );
			$this->connection = stream_socket_client( $unix ? "unix://" . substr( $this->server, 5 ) : "tcp://$this->server:7531" );
			stream_set_timeout( $this->connection, 22, 500000 );
		}
	}

	public function acquire(): bool {
		fwrite( $this->connection, 'ACQ4ANY ' . KEY . " 1 100 15\n" );
		return fgets( $this->connection ) === "LOCKED\n";
	}

	public function release(): bool {
		fwrite( $this->connection, "RELEASE\n" );
		return fgets( $this->connection ) === "RELEASED\n";
	}
}

/** A client in PHP that works like MediaWiki's own: it connects for each section, and waits for every answer. */
class ByConnecting implements Section {
	/** @var resource */
	private $connection;

	public function __construct( private string $host ) {
	}

	public function prepare(): void {
	}

	public function acquire(): bool {
		$servers = [ $this->host => md5( $this->host . KEY ) ];
		asort( $servers );
		$this->connection = fsockopen( array_key_first( $servers ), 7531, $number, $text, 1 );
		stream_set_timeout( $this->connection, 22, 500000 );
		return $this->ask( 'ACQ4ANY', KEY, 1, 100, 15 ) === 'LOCKED';
	}

	public function release(): bool {
		$answer = $this->ask( 'RELEASE' );
		fclose( $this->connection );
		return $answer === 'RELEASED';
	}

	private function ask( string|int ...$fields ): string {
		fwrite( $this->connection, implode( ' ', str_replace( ' ', '%20', $fields ) ) . "\n" );
		return rtrim( (string)fgets( $this->connection ) );
	}
}

[ , $client, $server ] = $argv;
play( match ( $client ) {
	'extension' => new ByExtension( $server ),
	'keeping' => new ByKeeping( $server ),
	'connecting' => new ByConnecting( $server ),
} );
