<?php

namespace MediaWiki\Extension\PoolCounterNative\Tests;

use MediaWiki\Extension\PoolCounterNative\Module;
use MediaWiki\Extension\PoolCounterNative\PoolCounterNative;
use PHPUnit\Framework\TestCase;
use PoolCounter\ClientInterface;
use PoolCounter\ConnectionException;
use PoolCounter\Result;
use ReflectionProperty;

/**
 * @covers \MediaWiki\Extension\PoolCounterNative\PoolCounterNative
 * @covers \MediaWiki\Extension\PoolCounterNative\Module
 */
class PoolCounterNativeTest extends TestCase {

	private const POOL = [ 'class' => PoolCounterNative::class, 'timeout' => 5, 'workers' => 1, 'maxqueue' => 9 ];

	private $before;

	protected function setUp(): void {
		parent::setUp();
		$this->before = $GLOBALS['wgPoolCountClientConf'] ?? [];
	}

	protected function tearDown(): void {
		$GLOBALS['wgPoolCountClientConf'] = $this->before;
		parent::tearDown();
	}

	private function errors( array $servers, string $key = 'key' ): array {
		// No process listens on the ports of the tests.
		$GLOBALS['wgPoolCountClientConf'] = [ 'servers' => $servers ];
		$counter = new PoolCounterNative( self::POOL, 'Type', $key );
		$errors = [];
		foreach ( [ 'acquireForMe', 'acquireForAnyone' ] as $call ) {
			$status = $counter->$call();
			$this->assertFalse( $status->isOK() );
			$error = $status->getErrors()[0];
			$errors[] = [ $error['message'], ...$error['params'] ];
		}
		$this->assertSame( $errors[0], $errors[1] );
		return $errors[0];
	}

	public function testWithoutTheModule() {
		if ( Module::isUsable() ) {
			$this->markTestSkipped( 'The PHP extension is loaded' );
		}
		$this->assertSame( [ 'poolcounternative-module-error' ], $this->errors( [ '127.0.0.1:1' ] ) );
	}

	public function testEachCounterHasItsOwnSettings() {
		foreach ( [ 5, 'x', 7, 5 ] as $timeout ) {
			$counter = new PoolCounterNative( [ 'timeout' => $timeout ] + self::POOL, 'Type', 'key' );
			$property = new ReflectionProperty( $counter, 'timeout' );
			$property->setAccessible( true );
			$this->assertSame( $timeout === 'x' ? 15 : $timeout, $property->getValue( $counter ) );
		}
	}

	public function testWhatTheClientAnswersIsTheStatus() {
		if ( !Module::isUsable() ) {
			$this->markTestSkipped( 'The PHP extension is not loaded' );
		}
		$client = $this->createMock( ClientInterface::class );
		$client->expects( $this->once() )->method( 'acquireForAnyone' )->with( 'key', 1, 9, 5 )
			->willReturn( Result::LOCKED );
		$client->expects( $this->exactly( 2 ) )->method( 'release' )->with( 'key' )
			->willReturn( Result::RELEASED, Result::NOT_LOCKED );
		$client->method( 'lastServer' )->willReturn( '10.0.0.1' );
		$client->method( 'acquireForMe' )->with( 'key', 1, 9, 3 )
			->willThrowException( new ConnectionException( 'by hand' ) );
		// No other client is asked.
		$GLOBALS['wgPoolCountClientConf'] = [ 'servers' => [ '127.0.0.1:1' ] ];
		$counter = new PoolCounterNative( self::POOL, 'Type', 'key', $client );
		$this->assertSame( 1, $counter->acquireForAnyone()->getValue() );
		$this->assertSame( 'poolcounter-usage-error', $counter->acquireForMe()->getErrors()[0]['message'] );
		$this->assertSame( 2, $counter->release()->getValue() );
		$this->assertSame( -2, $counter->release()->getValue() );
		$this->assertSame( 'poolcounter-connection-error', $counter->acquireForMe( 3 )->getErrors()[0]['message'] );
	}

	public function testFailures() {
		if ( !Module::isUsable() ) {
			$this->markTestSkipped( 'The PHP extension is not loaded' );
		}
		$this->assertSame( [ 'poolcounternative-server-error' ], $this->errors( [] ) );
		$this->assertSame( [ 'poolcounternative-server-error' ], $this->errors( [ 'a:0', null ] ) );
		$this->assertSame(
			[ 'poolcounter-connection-error', 'Connection refused', ' 127.0.0.1:1' ],
			$this->errors( [ ' 127.0.0.1:1', ':7531' ] )
		);
		$this->assertSame(
			[ 'poolcounternative-key-error', 'contains a line feed' ],
			$this->errors( [ '127.0.0.1:1' ], "a\nb" )
		);
	}
}
