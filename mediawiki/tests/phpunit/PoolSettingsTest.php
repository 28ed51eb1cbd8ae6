<?php

namespace MediaWiki\Extension\PoolCounterNative\Tests;

use MediaWiki\Extension\PoolCounterNative\PoolSettings;
use PHPUnit\Framework\TestCase;

/**
 * @covers \MediaWiki\Extension\PoolCounterNative\PoolSettings
 * @covers \MediaWiki\Extension\PoolCounterNative\Mistakes
 */
class PoolSettingsTest extends TestCase {

	private const GOOD = [ 'class' => 'C', 'timeout' => 5, 'workers' => 1, 'maxqueue' => 9 ];

	public function testGoodSettings() {
		$pool = new PoolSettings( self::GOOD + [ 'slots' => '7', 'fastStale' => true ], 'Type' );
		$this->assertSame( self::GOOD + [ 'slots' => 7, 'fastStale' => true ], $pool->conf() );
		$this->assertSame( [], $pool->mistakes() );
	}

	public function provideCounts() {
		return [
			[ 'timeout', 'x', 15 ], [ 'timeout', -1, 15 ], [ 'timeout', NAN, 15 ], [ 'timeout', 2.5, 3 ],
			[ 'workers', null, 2 ], [ 'workers', [], 2 ], [ 'workers', true, 2 ],
			[ 'maxqueue', INF, 100 ], [ 'maxqueue', '9s', 100 ], [ 'workers', false, 2 ],
			[ 'maxqueue', PHP_INT_MAX, 4294967295 ], [ 'workers', '4294967296', 4294967295 ],
			[ 'timeout', 1e300, 4294967295 ],
		];
	}

	/**
	 * @dataProvider provideCounts
	 */
	public function testCountsThatCannotBeUsed( string $name, $value, int $used ) {
		$pool = new PoolSettings( [ $name => $value ] + self::GOOD, 'Type' );
		$this->assertSame( $used, $pool->conf()[$name] );
		$this->assertCount( 1, $pool->mistakes() );
		$this->assertStringStartsWith( "\$wgPoolCounterConf['Type']['$name'] is ", $pool->mistakes()[0] );
		$end = "/: $used is used$|at most $used, which is used$/";
		$this->assertMatchesRegularExpression( $end, $pool->mistakes()[0] );
	}

	public function testSlotsAreNotSent() {
		foreach ( [ 4294967296, PHP_INT_MAX ] as $slots ) {
			$pool = new PoolSettings( self::GOOD + [ 'slots' => $slots ], 'Type' );
			$this->assertSame( [ $slots, [] ], [ $pool->conf()['slots'], $pool->mistakes() ] );
		}
		$pool = new PoolSettings( self::GOOD + [ 'slots' => '9223372036854775808' ], 'Type' );
		$this->assertSame( PHP_INT_MAX, $pool->conf()['slots'] );
		$this->assertCount( 1, $pool->mistakes() );
	}

	public function testNamesStayInTheirLine() {
		$pool = new PoolSettings( self::GOOD + [ "a\nb" => 1, str_repeat( 'x', 500 ) => 1 ], "T\n" );
		$this->assertSame( [
			'$wgPoolCounterConf[\'T\n\'][\'a\nb\'] is not a setting and has no effect',
			'$wgPoolCounterConf[\'T\n\'][\'' . str_repeat( 'x', 100 ) . '\'] is not a setting and has no effect',
		], $pool->mistakes() );
	}

	public function testWhatTheServerRefusesIsNotReplaced() {
		$pool = new PoolSettings( [ 'workers' => 0, 'timeout' => 0 ] + self::GOOD, 'Type' );
		$this->assertSame( [ 0, 0 ], [ $pool->conf()['workers'], $pool->conf()['timeout'] ] );
		$this->assertSame( [
			'$wgPoolCounterConf[\'Type\'][\'workers\'] is 0: the server refuses that, and the work is done ' .
				'unprotected',
		], $pool->mistakes() );
	}

	public function testSettingsOfOthers() {
		$pool = new PoolSettings( self::GOOD + [ 'redisConfig' => [], 'worker' => 3 ], 'Type' );
		$this->assertSame( self::GOOD + [ 'fastStale' => false ], $pool->conf() );
		$this->assertSame( [
			'$wgPoolCounterConf[\'Type\'][\'redisConfig\'] is not a setting and has no effect',
			'$wgPoolCounterConf[\'Type\'][\'worker\'] is not a setting and has no effect: did you mean \'workers\'?',
		], $pool->mistakes() );
	}
}
