<?php

/**
 * A client of the farm: one worker. clients.py has the arguments, events.py the lines that it writes.
 */

declare(strict_types=1);

use PoolCounter\Client;
use PoolCounter\Exception;
use PoolCounter\Result;

[, $end, $seed, $worker, , $log, $connect, $servers, $keys, $slow] = $argv;
$log = fopen($log, 'a');
stream_set_write_buffer($log, 0);
// One that is slow has keys and work of its own.
$keys = explode(',', $slow ?: $keys);
$work = $slow ? [20000, 40000] : [10, 50];
$client = new Client(explode(',', $servers), ['connect_timeout' => (int) $connect / 1000]);
mt_srand((int) $seed + (int) $worker);

$note = static function (int $number, string ...$words) use ($log): void {
    fwrite($log, implode("\t", [hrtime(true), $number, ...$words]) . "\n");
};
$pause = static function (int $least, int $most) use ($end): void {
    $left = intdiv((int) $end - hrtime(true), 1000);
    usleep(max(0, min(mt_rand($least, $most) * 1000, $left)));
};

for ($number = (int) $worker * 1000000; hrtime(true) < (int) $end; $number++) {
    $key = $keys[mt_rand(0, count($keys) - 1)];
    $forMe = mt_rand(0, 1) === 1;
    $timeout = mt_rand(0, 99) < 15 ? 0 : 3;
    $note($number, 'asked', $key, $forMe ? 'me' : 'anyone', (string) $timeout);
    try {
        $acquire = $forMe ? $client->acquireForMe(...) : $client->acquireForAnyone(...);
        $result = $acquire($key, 1, $number, $timeout);
        $note($number, strtolower($result->name));
    } catch (Exception $exception) {
        $note($number, 'failed', get_class($exception), $exception->getMessage());
        $pause(10, 50);
        continue;
    }
    if ($result === Result::LOCKED) {
        $pause(...$work);
        $failed = mt_rand(0, 99) < 5;
        $note($number, $failed ? 'abandon' : 'release');
        $failed ? $client->abandon() : $client->release();
        $note($number, 'free');
    }
    $pause(10, 60);
}
