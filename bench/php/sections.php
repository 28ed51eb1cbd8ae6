<?php
/**
 * Plays protected sections on request, and measures what happens inside acquire() and release().
 */

namespace PoolCounter\Bench;

/** The measured operations: acquire and release. */
interface Section {
	/** Gets ready for the next section; not measured. */
	public function prepare(): void;

	/** Whether the lock was granted. */
	public function acquire(): bool;

	/** Whether the lock was released. */
	public function release(): bool;
}

/**
 * Each line on standard input, "sections microseconds", is the number of sections to run and the pause before each. The answer is a
 * line of JSON: wall and CPU time of a section in microseconds. In the pause PHP is busy, as in a wiki.
 */
function play( Section $section ): void {
	echo "{}\n";
	while ( ( $line = fgets( STDIN ) ) !== false ) {
		[ $sections, $pause ] = array_map( intval( ... ), explode( ' ', $line ) );
		echo json_encode( slice( $section, $sections, $pause ) ), "\n";
	}
}

/** The median section's wall time, and the mean CPU time: the clock of CPU time is too coarse for one section. */
function slice( Section $section, int $sections, int $pause ): array {
	$walls = [];
	$cpu = 0;
	for ( $i = 0; $i < $sections; $i++ ) {
		work( $pause );
		$section->prepare();
		[ $acquireWall, $acquireCpu ] = measure( $section->acquire( ... ) );
		[ $releaseWall, $releaseCpu ] = measure( $section->release( ... ) );
		[ $nothingWall, $nothingCpu ] = measure( static fn () => true );
		$walls[] = $acquireWall + $releaseWall - 2 * $nothingWall;
		$cpu += $acquireCpu + $releaseCpu - 2 * $nothingCpu;
	}
	sort( $walls );
	return [ 'wall' => $walls[intdiv( $sections, 2 )] / 1e3, 'cpu' => $cpu / $sections ];
}

/** Nanoseconds of wall time and microseconds of CPU time of a call, including the cost of reading the clocks. */
function measure( callable $call ): array {
	$cpu = getrusage();
	$wall = hrtime( true );
	$good = $call();
	$wall = hrtime( true ) - $wall;
	$cpu = microseconds( getrusage() ) - microseconds( $cpu );
	return $good ? [ $wall, $cpu ] : throw new \RuntimeException( 'a lock was not granted or not released' );
}

function microseconds( array $usage ): int {
	return ( $usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec'] ) * 1000000
		+ $usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec'];
}

function work( int $microseconds ): void {
	$end = hrtime( true ) + $microseconds * 1000;
	while ( hrtime( true ) < $end );
}
