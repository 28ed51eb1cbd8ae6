<?php

namespace MediaWiki\Extension\PoolCounterNative\Tests;

use MediaWiki\Extension\PoolCounterNative\ClientSettings;
use PHPUnit\Framework\TestCase;

/**
 * @covers \MediaWiki\Extension\PoolCounterNative\ClientSettings
 * @covers \MediaWiki\Extension\PoolCounterNative\Mistakes
 */
class ClientSettingsTest extends TestCase {

	public function testDefaults() {
		$settings = new ClientSettings( [] );
		$this->assertSame( [ '127.0.0.1' ], $settings->servers() );
		$this->assertSame(
			[ 'connect_timeout' => 0.1, 'connect_twice' => false, 'first_answer_timeout' => 4.0, 'avoid_for' => 1.0 ],
			$settings->options()
		);
		$this->assertSame( [], $settings->mistakes() );
	}

	public function testServersStayAsTheyAreWritten() {
		$settings = new ClientSettings( [ 'servers' => [ '10.0.0.1', null, ' 10.0.0.2', '', 'unix:/run/a,b' ] ] );
		$settings->noteSpaced();
		$this->assertSame( [ 0 => '10.0.0.1', 2 => ' 10.0.0.2', 4 => 'unix:/run/a,b' ], $settings->servers() );
		$this->assertSame( [
			'$wgPoolCountClientConf[\'servers\'][1] is null, but must be the text of a server: it is left out',
			'$wgPoolCountClientConf[\'servers\'][3] is "", but must be the text of a server: it is left out',
			'$wgPoolCountClientConf[\'servers\'][2] is " 10.0.0.2", with spaces around it. It is used, but ' .
				"MediaWiki's own client cannot connect to it, so that the two do not share its keys",
		], $settings->mistakes() );
	}

	public function testATextOfSeveralServersIsLeftOut() {
		$settings = new ClientSettings( [ 'servers' => [ 'a,b', ' a , b ', 'c' ] ] );
		$settings->noteSpaced();
		$this->assertSame( [ 2 => 'c' ], $settings->servers() );
		$this->assertSame( [
			'$wgPoolCountClientConf[\'servers\'][0] is "a,b", but must be one server: it is left out',
			'$wgPoolCountClientConf[\'servers\'][1] is " a , b ", but must be one server: it is left out',
		], $settings->mistakes() );
	}

	public function testAServerIsLeftOut() {
		$settings = new ClientSettings( [ 'servers' => [ 'a:0', 'b' ] ] );
		$settings->leaveOut( 0 );
		$this->assertSame( [ 1 => 'b' ], $settings->servers() );
		$this->assertStringContainsString( '[\'servers\'][0] is "a:0"', $settings->mistakes()[0] );
	}

	public function provideForMediaWiki() {
		return [
			[ [ ' a ', 'b:80', '[::1]:9', '::1', '::' ], [ 'a', 'b:80', '[::1]:9', '::1', '::' ] ],
			[ [ 'a:80 ', "b:80\n", ' c:80 ', 'd ' ], [ 'a:80 ', "b:80\n", 'c:80', 'd' ] ],
			[ [ 'unix:/run/p', 'a:', 'a:x', 'a:0', 'a:70000', 'a:1:2', '[zz]', '[::1', 'tcp://a', 'a b', "a\0" ], [] ],
			[ [ '::ffff:10.0.0.1', '[::ffff:10.0.0.1]:80', '[fe80::1%eth0]:80', 'fe80::1%eth0', 'a,b' ], [] ],
		];
	}

	/**
	 * @dataProvider provideForMediaWiki
	 */
	public function testForMediaWiki( array $servers, array $expected ) {
		$settings = new ClientSettings( [ 'servers' => $servers, 'timeout' => NAN, 'connect_timeout' => '0.5' ] );
		$conf = [ 'servers' => $expected, 'timeout' => 0.1, 'connect_timeout' => 0.5 ];
		$this->assertSame( $conf, $settings->forMediaWiki() );
	}

	public function provideSeconds() {
		foreach ( [ 0, -1, NAN, INF, 'x', '', true, [], '1s', '0,5' ] as $value ) {
			yield [ 'timeout', $value, 0.1 ];
		}
		foreach ( [ -1, NAN, INF, 'x', false, [] ] as $value ) {
			yield [ 'connect_timeout', $value, 0.0 ];
		}
		yield [ 'avoid_for', -1, 1.0 ];
		yield [ 'first_answer_timeout', 0, 4.0 ];
	}

	/**
	 * @dataProvider provideSeconds
	 */
	public function testSecondsThatCannotBeUsed( string $name, $value, float $used ) {
		$settings = new ClientSettings( [ $name => $value ] );
		$this->assertSame( $used, ( $settings->forMediaWiki() + $settings->options() )[$name] );
		$this->assertCount( 1, $settings->mistakes() );
		$this->assertStringStartsWith( "\$wgPoolCountClientConf['$name'] is ", $settings->mistakes()[0] );
		$this->assertStringEndsWith( ": $used is used", $settings->mistakes()[0] );
	}

	public function testSecondsThatCanBeUsed() {
		foreach ( [ [ 2, 2.0 ], [ '0.5', 0.5 ], [ 1e300, 2592000.0 ], [ null, 0.1 ] ] as [ $value, $used ] ) {
			$settings = new ClientSettings( [ 'timeout' => $value ] );
			$this->assertSame( [ $used, [] ], [ $settings->options()['connect_timeout'], $settings->mistakes() ] );
		}
		$this->assertSame( [], ( new ClientSettings( [ 'connect_timeout' => 0 ] ) )->mistakes() );
	}

	public function provideTimesToConnect() {
		return [
			[ [ 'timeout' => 2 ], 2.0, false ], [ [ 'timeout' => 2, 'connect_timeout' => 0 ], 2.0, false ],
			[ [ 'timeout' => 2, 'connect_timeout' => 0.5 ], 0.5, true ], [ [ 'connect_timeout' => 3 ], 3.0, true ],
			[ [ 'timeout' => 2, 'connect_timeout' => -1 ], 2.0, false ],
		];
	}

	/**
	 * @dataProvider provideTimesToConnect
	 */
	public function testMediaWikisTwoSettingsSayHowLongAndHowOften( array $conf, float $seconds, bool $twice ) {
		$options = ( new ClientSettings( $conf ) )->options();
		$this->assertSame( [ $seconds, $twice ], [ $options['connect_timeout'], $options['connect_twice'] ] );
	}

	public function provideFlags() {
		return [
			[ true, true, 0 ], [ 0, false, 0 ], [ null, null, 0 ],
			[ 'no', false, 1 ], [ 'On', true, 1 ], [ 'x', null, 1 ], [ [], null, 1 ], [ 2, null, 1 ],
		];
	}

	/**
	 * @dataProvider provideFlags
	 */
	public function testFlags( $value, ?bool $used, int $mistakes ) {
		$settings = new ClientSettings( [ 'persistent' => $value ] );
		$this->assertSame( $used, $settings->options()['persistent'] ?? null );
		$this->assertCount( $mistakes, $settings->mistakes() );
	}

	public function testNamesThatAreNoSettings() {
		$names = [ 'timeuot', 'firstAnswerTimeout', 'pass_over', 'colour' ];
		$settings = new ClientSettings( array_fill_keys( $names, 1 ) );
		$this->assertSame( [
			'$wgPoolCountClientConf[\'timeuot\'] is not a setting and has no effect: did you mean \'timeout\'?',
			'$wgPoolCountClientConf[\'firstAnswerTimeout\'] is not a setting and has no effect: ' .
				'did you mean \'first_answer_timeout\'?',
			'$wgPoolCountClientConf[\'pass_over\'] is not a setting and has no effect: ' .
				'did you mean \'avoid_for\'?',
			'$wgPoolCountClientConf[\'colour\'] is not a setting and has no effect',
		], $settings->mistakes() );
	}

	public function testNoArrayAtAll() {
		$settings = new ClientSettings( "a\nb" );
		$this->assertSame( [ '127.0.0.1' ], $settings->servers() );
		$this->assertSame(
			[ '$wgPoolCountClientConf is "a\\nb", but must be an array: the defaults are used' ],
			$settings->mistakes()
		);
	}
}
