<?php

// The action of a worker is ?do=, the daemon's address is ?at=.

declare(strict_types=1);

final class Kept
{
    public static mixed $value = null;
}

$address = $_GET['at'];
$options = ['share_connections' => isset($_GET['shared'])];
$client = new PoolCounter\Client($address, $options);
$watch = new PoolCounter\Client($address, ['connect_timeout' => 1.0]);

/** Acquires a lock, and returns when one client waits for it, or the given number of clients. */
$hold = function (int $waiters = 1) use ($client, $watch, $address): void {
    echo $client->acquireForAnyone('key', 1, 10, 0)->name;
    $end = microtime(true) + 30;
    while ($watch->stats('waiting_workers')[$address]['waiting_workers'] < $waiters && microtime(true) < $end) {
        usleep(5000);
    }
};

$leave = function (): void {
    exit;
};

switch ($_GET['do']) {
    case 'pid':
        echo getmypid();
        break;
    case 'work':
        echo $client->acquireForAnyone('key', 1, 10, 0)->name, ' ', $client->release()->name;
        break;
    case 'two objects':
        $other = new PoolCounter\Client($address, $options);
        foreach ([[$client, 'key'], [$other, 'other']] as [$object, $key]) {
            echo $object->acquireForAnyone($key, 1, 10, 0)->name, ' ';
        }
        echo $client->release()->name, ' ', $other->release()->name;
        break;
    case 'one of two objects':
        $other = new PoolCounter\Client($address, $options);
        $client->acquireForAnyone('older', 1, 10, 0);
        $other->acquireForAnyone('other', 1, 10, 0);
        $hold(2);
        $client->release();
        $client->release('older');
        break;
    case 'silent':
        // No other request has these options.
        $options = ['answer_timeout' => 1, 'avoid_for' => 10, 'connect_timeout' => (float) $_GET['timeout']];
        try {
            echo (new PoolCounter\Client($address, $options))->acquireForAnyone($_GET['key'], 1, 10, 1)->name;
        } catch (PoolCounter\ReadException $exception) {
            echo $exception->getMessage();
        }
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
    case 'forgotten':
        echo $client->acquireForAnyone('forgotten', 1, 10, 0)->name;
        break;
    case 'once':
        echo PoolCounter\Client::once('this') ? 'first' : 'again';
        break;
    case 'abandon':
        $hold();
        $client->abandon();
        break;
    case 'close':
        $hold();
        $client->close();
        break;
    case 'shutdown':
        register_shutdown_function($hold);
        break;
    case 'shutdown-exit':
        register_shutdown_function($leave);
        $hold();
        break;
    case 'destructor':
        $last = new class () {
            public function __destruct()
            {
                throw new Exception('uncaught');
            }
        };
        $hold();
        break;
    case 'fiber':
        $fiber = new Fiber(function () use ($hold): void {
            $hold();
            Fiber::suspend();
        });
        $fiber->start();
        break;
    case 'generator':
        $generator = (function () use ($hold): Generator {
            yield $hold();
        })();
        $generator->current();
        break;
    case 'parse-error':
        $hold();
        eval('(');
        break;
    case 'type-error':
        $hold();
        strlen([]);
        break;
    case 'recursion':
        $hold();
        $deeper = function (array $stack) use (&$deeper) {
            return $deeper([...$stack, ...range(1, 1000)]);
        };
        $deeper([]);
        break;
    case 'session':
    case 'late release':
        $late = fn() => $client->acquireForAnyone('key', 1, 10, 0);
        if ($_GET['do'] === 'late release') {
            $late();
            $late = fn() => $client->release();
        }
        // The session is written at the end of the request, when other modules have ended theirs.
        session_set_save_handler(new class ($late) extends SessionHandler {
            public function __construct(private Closure $late)
            {
            }

            public function write(string $id, string $data): bool
            {
                ($this->late)();
                return true;
            }
        }, false);
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
