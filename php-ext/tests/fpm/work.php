<?php

// What a worker is asked to do, by ?do=. The daemon's address is ?at=.

declare(strict_types=1);

final class Kept
{
    public static mixed $value = null;
}

$address = $_GET['at'];
$client = new PoolCounter\Client($address);
$watch = new PoolCounter\Client($address, ['timeout' => 1.0]);

/** Acquires, and returns once somebody waits for the lock. */
$hold = function () use ($client, $watch, $address): void {
    echo $client->acquireForAnyone('key', 1, 10, 0)->name;
    $end = microtime(true) + 30;
    while ($watch->stats('waiting_workers')[$address]['waiting_workers'] < 1 && microtime(true) < $end) {
        usleep(5000);
    }
};

switch ($_GET['do']) {
    case 'pid':
        echo getmypid();
        break;
    case 'work':
        echo $client->acquireForAnyone('key', 1, 10, 0)->name, ' ', $client->release()->name;
        break;
    case 'wait':
        echo $client->acquireForAnyone('key', 1, 10, 60)->name;
        break;
    case 'release':
        $hold();
        $client->release();
        break;
    case 'forget':
        $hold();
        break;
    case 'exit':
        $hold();
        exit;
    case 'exception':
        $hold();
        throw new Exception('uncaught');
    case 'user-error':
        $hold();
        trigger_error('fatal', E_USER_ERROR);
        break;
    case 'compile-error':
        $hold();
        eval('class A extends A {}');
        break;
    case 'memory':
        $hold();
        echo strlen(str_repeat('x', 1 << 30));
        break;
    case 'time':
        $hold();
        set_time_limit(1);
        while (true) {
        }
        break;
    case 'static':
        Kept::$value = $client;
        $hold();
        break;
    case 'cycle':
        $cycle = new stdClass();
        $cycle->self = $cycle;
        $cycle->client = $client;
        $hold();
        break;
    case 'session':
        // The session is written at the end of the request, when other modules have ended theirs.
        session_set_save_handler(new class ($client) extends SessionHandler {
            public function __construct(private PoolCounter\Client $client)
            {
            }

            public function write(string $id, string $data): bool
            {
                $this->client->acquireForAnyone('key', 1, 10, 0);
                return true;
            }
        });
        ini_set('session.save_path', sys_get_temp_dir());
        ini_set('session.use_cookies', '0');
        session_cache_limiter('');
        session_id('poolcounter' . getmypid());
        session_start();
        echo 'started';
        break;
    case 'panic':
        try {
            poolcounter_panic();
        } catch (Error $error) {
            echo $error->getMessage();
        }
        break;
    case 'hang':
        $hold();
        sleep(60);
}
