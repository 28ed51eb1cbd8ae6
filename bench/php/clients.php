<?php
/**
 * Sections by a client alone: clients.php extension|userland HOST
 */

namespace PoolCounter\Bench;

use PoolCounter\Client;
use PoolCounter\Result;

require __DIR__ . '/sections.php';

const KEY = 'wiki:pcache:idhash:3-0!canonical';

/** By the PHP extension. */
class ByExtension implements Section {
	private Client $client;

	public function __construct( string $host ) {
		$this->client = new Client( $host, [ 'timeout' => 1 ] );
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

/** In PHP alone, at the cost of MediaWiki's own client: a connection for each section, and every answer is waited for. */
class ByUserland implements Section {
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

[ , $client, $host ] = $argv;
play( $client === 'extension' ? new ByExtension( $host ) : new ByUserland( $host ) );
