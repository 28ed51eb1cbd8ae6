<?php
/**
 * @file
 * @license GPL-2.0-or-later
 */

namespace MediaWiki\Extension\PoolCounterNative;

/**
 * Reads one setting, an array, and collects its mistakes. Each mistake is a sentence
 * that names the setting, says what is wrong and what is done instead.
 */
final class Mistakes {

	/** A month. No wait is longer. PHP's own functions throw an exception for much larger numbers. */
	private const LONGEST = 2592000.0;

	/** @var string[] */
	private array $texts = [];

	/**
	 * @param string $setting The array's name, such as $wgPoolCountClientConf
	 */
	public function __construct( private string $setting ) {
	}

	/**
	 * @return string[]
	 */
	public function texts(): array {
		return $this->texts;
	}

	/**
	 * @param string|int|array<string|int> $path Its position in the array; empty: the array itself
	 * @param string $what The end of the sentence that begins with the setting
	 */
	public function note( $path, string $what ): void {
		$this->texts[] = $this->setting . self::brackets( (array)$path ) . ' ' . $what;
	}

	/**
	 * @param string|int|array<string|int> $path Its position in the array
	 * @param mixed $value The value
	 * @param string $wanted A description of valid values, and what is done instead
	 */
	public function wrong( $path, $value, string $wanted ): void {
		$this->note( $path, 'is ' . self::show( $value ) . ", but must be $wanted" );
	}

	/**
	 * Notes each name that is not a setting, with a known setting of a similar name.
	 *
	 * @param array $conf
	 * @param string[] $known
	 * @param array<string,string> $meant Known settings for names that are not similar to them
	 */
	public function noteUnknown( array $conf, array $known, array $meant = [] ): void {
		foreach ( array_diff( array_keys( $conf ), $known ) as $name ) {
			$guess = $meant[$name] ?? self::guess( (string)$name, $known );
			$this->note( $name, 'is not a setting and has no effect' . ( $guess ? ": did you mean '$guess'?" : '' ) );
		}
	}

	/**
	 * @param array $conf
	 * @param string $name
	 * @param float $default What is used if it is missing, or cannot be used
	 * @param bool $aboveZero Whether 0 cannot be used
	 * @return float
	 */
	public function seconds( array $conf, string $name, float $default, bool $aboveZero ): float {
		$value = $conf[$name] ?? $default;
		$seconds = is_numeric( $value ) ? (float)$value : NAN;
		if ( is_finite( $seconds ) && ( $aboveZero ? $seconds > 0 : $seconds >= 0 ) ) {
			return min( $seconds, self::LONGEST );
		}
		$range = $aboveZero ? ' greater than 0' : ', 0 or more';
		$this->wrong( $name, $value, "a number of seconds$range: $default is used" );
		return $default;
	}

	/**
	 * @param array $conf
	 * @param string $name
	 * @param ?bool $default What is used if it is missing, or cannot be used
	 * @return ?bool
	 */
	public function flag( array $conf, string $name, ?bool $default ): ?bool {
		$value = $conf[$name] ?? $default;
		if ( $value === null || is_bool( $value ) || $value === 0 || $value === 1 ) {
			return $value === null ? null : (bool)$value;
		}
		$word = is_string( $value ) ? filter_var( $value, FILTER_VALIDATE_BOOLEAN, FILTER_NULL_ON_FAILURE ) : null;
		$used = $word ?? $default;
		$shown = $used === null ? 'the default' : self::show( $used );
		$this->wrong( $name, $value, "true or false: $shown is used" );
		return $used;
	}

	/**
	 * @param array $conf
	 * @param string $name
	 * @param int $default What is used if it is missing, or cannot be used
	 * @param int $least The least value for the message; 0 is accepted as well
	 * @param int $most The greatest value, which is used for greater numbers
	 * @return int
	 */
	public function count( array $conf, string $name, int $default, int $least, int $most ): int {
		$value = $conf[$name] ?? null;
		if ( $value === null ) {
			$this->note( $name, "is missing: $default is used" );
			return $default;
		}
		$number = is_numeric( $value ) ? $value + 0 : NAN;
		if ( !is_finite( $number ) || $number < 0 ) {
			$this->wrong( $name, $value, "a whole number, $least or more: $default is used" );
			return $default;
		}
		if ( $number > $most || $number === (float)PHP_INT_MAX ) {
			$this->wrong( $name, $value, "at most $most, which is used" );
			return $most;
		}
		$whole = is_int( $number ) ? $number : (int)ceil( $number );
		if ( $whole != $number ) {
			$this->wrong( $name, $value, "a whole number: $whole is used" );
		}
		return $whole;
	}

	/**
	 * @param mixed $value
	 * @return string A text for one line of a log, without line feeds and of limited length
	 */
	public static function show( $value ): string {
		if ( is_string( $value ) ) {
			$flags = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE;
			return json_encode( mb_strcut( $value, 0, 100 ), $flags );
		}
		return is_scalar( $value ) ? var_export( $value, true ) : get_debug_type( $value );
	}

	/**
	 * @param string|int $name A key of an array
	 * @return string A text for one line of a log
	 */
	public static function name( $name ): string {
		return substr( self::show( (string)$name ), 1, -1 );
	}

	/**
	 * @param array<string|int> $path Its position in the array
	 * @return string
	 */
	public static function brackets( array $path ): string {
		$shown = static fn ( $name ) => is_int( $name ) ? $name : "'" . self::name( $name ) . "'";
		return implode( '', array_map( static fn ( $name ) => '[' . $shown( $name ) . ']', $path ) );
	}

	/**
	 * @param string $name
	 * @param string[] $known
	 * @return ?string
	 */
	private static function guess( string $name, array $known ): ?string {
		$plain = static fn ( string $name ) => strtolower( preg_replace( '/[^a-z]/i', '', $name ) );
		$best = null;
		$least = 3;
		foreach ( $known as $candidate ) {
			$distance = levenshtein( $plain( substr( $name, 0, 50 ) ), $plain( $candidate ) );
			if ( $distance < $least ) {
				[ $best, $least ] = [ $candidate, $distance ];
			}
		}
		return $best;
	}
}
