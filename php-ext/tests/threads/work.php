<?php

// A request of a thread; the environment says what it does. Each echo is one line.

declare(strict_types=1);

/** @var int $thread */
/** @var int $request */
$address = (string) getenv('ADDRESS');
$folder = (string) getenv('FOLDER');

switch (getenv('WORK')) {
    case 'count':
        // Without a lock, one of two that read the same number would be lost.
        $client = new PoolCounter\Client($address);
        $result = $client->acquireForMe('counter', 1, 100, 60)->name;
        $number = (int) file_get_contents("$folder/number");
        usleep(2000);
        file_put_contents("$folder/number", $number + 1);
        echo "$result {$client->release()->name}\n";
        break;
    case 'stay':
        $client = new PoolCounter\Client($address);
        $client->acquireForMe("key$thread", 1, 10, 0);
        $client->release();
        echo "request $request of $thread\n";
        while (!file_exists("$folder/go$request")) {
            usleep(2000);
            clearstatcache();
        }
        break;
    case 'exit':
        // The lock ends with the request, and the next thread gets it.
        $client = new PoolCounter\Client($address);
        $result = $client->acquireForAnyone('left', 1, 100, 60)->name;
        echo "$result\n";
        exit;
    case 'fatal':
        $client = new PoolCounter\Client($address);
        echo $client->acquireForAnyone('left', 1, 100, 60)->name, "\n";
        trigger_error('fatal', E_USER_ERROR);
        break;
    case 'learn':
        // The first server is silent, and the key belongs to it.
        $client = new PoolCounter\Client(explode(',', $address), ['answer_timeout' => 1, 'avoid_for' => 10]);
        try {
            $client->acquireForMe((string) getenv('KEY'), 1, 10, 1);
            echo "$thread {$client->lastServer()}\n";
        } catch (PoolCounter\ReadException $exception) {
            echo "$thread none\n";
        }
        break;
    case 'settings':
        if ($thread === 1) {
            ini_set('poolcounter.servers', '127.0.0.1:1');
        }
        try {
            (new PoolCounter\Client(null))->acquireForMe('key', 1, 10, 0);
        } catch (PoolCounter\ConnectionException $exception) {
            echo "$thread {$exception->getServer()}\n";
        }
        break;
    case 'once':
        echo PoolCounter\Client::once('this') ? "first\n" : "again\n";
        break;
    case 'info':
        new PoolCounter\Client($address);
        if ($thread > 1) {
            new PoolCounter\Client("$address,unix:/nowhere");
        }
        ob_start();
        phpinfo(INFO_MODULES);
        // It is HTML here.
        preg_match('/in use by this (\w+)\D+(\d+)/', strip_tags((string) ob_get_clean()), $found);
        echo "$thread $found[1] $found[2]\n";
}
