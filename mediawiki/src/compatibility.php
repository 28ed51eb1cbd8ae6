<?php
/**
 * One name for classes of MediaWiki that have moved into namespaces: PoolCounter in 1.42, Status in 1.41.
 *
 * @file
 * @license GPL-2.0-or-later
 */

namespace MediaWiki\Extension\PoolCounterNative;

class_alias(
	class_exists( \MediaWiki\PoolCounter\PoolCounter::class )
		? \MediaWiki\PoolCounter\PoolCounter::class
		: \PoolCounter::class,
	__NAMESPACE__ . '\CorePoolCounter'
);
class_alias(
	class_exists( \MediaWiki\Status\Status::class ) ? \MediaWiki\Status\Status::class : \Status::class,
	__NAMESPACE__ . '\CoreStatus'
);
