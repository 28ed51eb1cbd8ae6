<?php

namespace MediaWiki\Extension\PoolCounterNative\Tests;

use MediaWiki\Extension\PoolCounterNative\Module;
use MediaWiki\Extension\PoolCounterNative\PoolCounterNative;
use MediaWiki\Extension\PoolCounterNative\Registration;
use MediaWiki\Extension\PoolCounterNative\VersionPage;
use PHPUnit\Framework\TestCase;

/**
 * @covers \MediaWiki\Extension\PoolCounterNative\Registration
 * @covers \MediaWiki\Extension\PoolCounterNative\VersionPage
 * @covers \MediaWiki\Extension\PoolCounterNative\Module
 */
class RegistrationTest extends TestCase {

	private const POOL = [ 'class' => 'PoolCounterNative', 'timeout' => 5, 'workers' => 1, 'maxqueue' => 9 ];
	private const GLOBALS = [ 'wgPoolCounterConf', 'wgPoolCountClientConf', 'wgExtensionFunctions' ];

	private array $before = [];

	protected function setUp(): void {
		parent::setUp();
		foreach ( self::GLOBALS as $name ) {
			$this->before[$name] = $GLOBALS[$name] ?? null;
		}
	}

	protected function tearDown(): void {
		foreach ( $this->before as $name => $value ) {
			$GLOBALS[$name] = $value;
		}
		parent::tearDown();
	}

	public function testPoolsOfOthersAreLeftAlone() {
		$redis = [ 'class' => 'PoolCounterRedis', 'workers' => 'x' ];
		$pools = [ 'A' => $redis, 'B' => null, 'C' => 'PoolCounterNative' ];
		$GLOBALS['wgPoolCounterConf'] = $pools;
		$GLOBALS['wgPoolCountClientConf'] = 'odd';
		Registration::register();
		$this->assertSame( $pools, $GLOBALS['wgPoolCounterConf'] );
		$this->assertSame( 'odd', $GLOBALS['wgPoolCountClientConf'] );
	}

	public function testASettingThatIsNoArrayIsLeftToMediaWiki() {
		foreach ( [ null, 'x', (object)[ 'A' => self::POOL ] ] as $pools ) {
			$GLOBALS['wgPoolCounterConf'] = $pools;
			$before = $GLOBALS['wgExtensionFunctions'];
			Registration::register();
			$this->assertSame( $pools, $GLOBALS['wgPoolCounterConf'] );
			$this->assertSame( $before, $GLOBALS['wgExtensionFunctions'] );
		}
	}

	public function testTheNameOfTheClassIsMended() {
		if ( !Module::isUsable() ) {
			$this->markTestSkipped( 'The PHP extension is not loaded' );
		}
		$names = [
			'poolCounterNative' => 'PoolCounterNative',
			'PoolCounterNative ' => 'PoolCounterNative',
			strtolower( PoolCounterNative::class ) => 'PoolCounterNative',
			PoolCounterNative::class => PoolCounterNative::class,
			'\PoolCounterNative' => '\PoolCounterNative',
		];
		foreach ( $names as $written => $used ) {
			$GLOBALS['wgPoolCounterConf'] = [ "A\n" => [ 'class' => $written ] + self::POOL ];
			$GLOBALS['wgPoolCountClientConf'] = [];
			$GLOBALS['wgExtensionFunctions'] = [];
			Registration::register();
			$this->assertSame( $used, $GLOBALS['wgPoolCounterConf']["A\n"]['class'] );
			$this->assertCount( $written === $used ? 0 : 1, $GLOBALS['wgExtensionFunctions'] );
		}
	}

	public function testWithTheModulePoolsStay() {
		if ( !Module::isUsable() ) {
			$this->markTestSkipped( 'The PHP extension is not loaded' );
		}
		$GLOBALS['wgPoolCounterConf'] = [ 'A' => self::POOL ];
		$GLOBALS['wgPoolCountClientConf'] = 'odd';
		Registration::register();
		$this->assertSame( [ 'A' => self::POOL ], $GLOBALS['wgPoolCounterConf'] );
		$this->assertSame( [], $GLOBALS['wgPoolCountClientConf'] );
		$this->assertSame( '', Registration::notice() );
		$software = [];
		( new VersionPage )->onSoftwareInfo( $software );
		$this->assertSame( [ 'poolcounter.so' => phpversion( 'poolcounter' ) ], $software );
	}

	/**
	 * @dataProvider provideNames
	 */
	public function testWithoutTheModulePoolsAreGivenAway( string $name ) {
		if ( Module::isUsable() ) {
			$this->markTestSkipped( 'The PHP extension is loaded' );
		}
		$GLOBALS['wgPoolCounterConf'] = [ 'A' => [ 'class' => $name, 'timeout' => 'x' ] + self::POOL ];
		$GLOBALS['wgPoolCountClientConf'] = [ 'servers' => [ ' a', 'unix:/p' ], 'timeout' => -0.5 ];
		Registration::register();
		$class = $GLOBALS['wgPoolCounterConf']['A']['class'] ?? null;
		if ( $class === null ) {
			$this->assertFalse( class_exists( 'MediaWiki\PoolCounter\PoolCounterClient' ) );
			$this->assertStringContainsString( 'are not protected', Registration::notice() );
		} else {
			$this->assertStringEndsWith( 'PoolCounterClient', $class );
			$this->assertSame( 15, $GLOBALS['wgPoolCounterConf']['A']['timeout'] );
			$expected = [ 'servers' => [ 'a' ], 'timeout' => 0.1, 'connect_timeout' => 0.0 ];
			$this->assertSame( $expected, $GLOBALS['wgPoolCountClientConf'] );
			$this->assertStringContainsString( "(A) are given to MediaWiki's own client", Registration::notice() );
		}
		$software = [];
		( new VersionPage )->onSoftwareInfo( $software );
		$this->assertStringContainsString( 'is not loaded', html_entity_decode( $software['poolcounter.so'] ) );
	}

	public function provideNames() {
		$class = PoolCounterNative::class;
		return [ [ 'PoolCounterNative' ], [ "\\$class" ], [ strtolower( $class ) ] ];
	}
}
