<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use RuntimeException;

/** Waits with a deadline, and fails if it passes. */
final class Deadline
{
    public const SECONDS = 30.0;

    /** Asks until the answer is true. */
    public static function until(callable $condition, string $what): void
    {
        // Under valgrind everything takes longer.
        $seconds = (float) (getenv('POOLCOUNTER_DEADLINE') ?: self::SECONDS);
        $end = hrtime(true) + (int) ($seconds * 1e9);
        while (!$condition()) {
            if (hrtime(true) > $end) {
                throw new RuntimeException("waited too long for $what");
            }
            usleep(5000);
        }
    }
}
