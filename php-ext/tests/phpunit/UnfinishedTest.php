<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use PHPUnit\Framework\TestCase;
use PoolCounter\Client;
use PoolCounter\Result;

/** Unfinished work passes its lock on, and no waiter is told that it is done. */
final class UnfinishedTest extends TestCase
{
    private Daemon $daemon;

    protected function setUp(): void
    {
        $this->daemon = Daemon::ours();
    }

    public function testAbandon(): void
    {
        $client = new Client($this->daemon->address);
        $waiter = $this->acquireAndLetWait($client);
        $client->abandon();
        $this->assertSame('LOCKED', $waiter->line());
        $this->assertSame('RELEASED', $waiter->ask('RELEASE'));
        $this->assertSame(Result::NOT_LOCKED, $client->release());
    }

    public function testAnObjectThatIsForgotten(): void
    {
        $client = new Client($this->daemon->address);
        $waiter = $this->acquireAndLetWait($client);
        unset($client);
        $this->assertSame('LOCKED', $waiter->line());
    }

    public function testCloseAbandons(): void
    {
        $client = new Client($this->daemon->address);
        $waiter = $this->acquireAndLetWait($client);
        $client->close();
        $this->assertSame('LOCKED', $waiter->line());
    }

    /** @return array<string, array{string, string}> */
    public static function ends(): array
    {
        return [
            'released' => ['$client->release();', 'DONE'],
            'forgotten' => ['', 'LOCKED'],
            'exit' => ['exit(0);', 'LOCKED'],
            'an uncaught exception' => ['throw new Exception("x");', 'LOCKED'],
            'a fatal error' => ['eval("class A extends Missing {}");', 'LOCKED'],
            'the memory limit' => ['str_repeat("x", 1 << 30);', 'LOCKED'],
            'the time limit' => ['set_time_limit(1); while (true);', 'LOCKED'],
            'a cycle of objects' => ['$a = new stdClass; $a->a = $a; $a->c = $client; unset($a, $client);', 'LOCKED'],
            'a static property' => ['class S { public static $c; } S::$c = $client;', 'LOCKED'],
            'killed' => ['posix_kill(getmypid(), SIGKILL);', 'LOCKED'],
            'released at the shutdown' => ['register_shutdown_function(fn() => $client->release()); exit;', 'DONE'],
        ];
    }

    /** @dataProvider ends */
    public function testTheEndOfAScript(string $end, string $told): void
    {
        $script = new Script(<<<CODE
            \$client = new PoolCounter\\Client('{$this->daemon->address}');
            echo \$client->acquireForAnyone('key', 1, 10, 0)->name;
            \$watch = new PoolCounter\\Client('{$this->daemon->address}', ['connect_timeout' => 1]);
            while (current(\$watch->stats('waiting_workers'))['waiting_workers'] < 1) { usleep(5000); }
            $end
            CODE, ['extension' => 'posix', 'memory_limit' => '64M']);
        $script->untilPrinted('LOCKED');
        $waiter = $this->daemon->peer();
        $waiter->send('ACQ4ANY key 1 10 60');
        $this->assertSame($told, $waiter->line());
        $script->process->wait();
    }

    /** @return array<string, array{string}> */
    public static function options(): array
    {
        return [
            'a connection for each lock' => ['[]'],
            'a shared connection' => ['["share_connections" => true]'],
            'with answers' => ['["await_release" => true]'],
        ];
    }

    /** @dataProvider options */
    public function testAfterAForkTheLocksAreTheParents(string $options): void
    {
        $script = new Script(<<<CODE
            \$client = new PoolCounter\\Client('{$this->daemon->address}', $options);
            \$say = function (string \$who, PoolCounter\\Result ...\$results) {
                echo "\$who: ", implode(' ', array_column(\$results, 'name')), "\n";
            };
            \$acquire = fn(string \$key) => \$client->acquireForMe(\$key, 1, 10, 0);
            \$say('parent', \$acquire('outer'), \$acquire('inner'));
            \$child = pcntl_fork();
            if (\$child === 0) {
                \$say('child', \$client->release('outer'), \$client->release('inner'), \$client->release());
                \$client->abandon();
                \$client->close();
                \$say('child', \$acquire('outer'), \$acquire('own'), \$client->release('inner'), \$client->release());
                \$say('child', \$acquire('left'), \$client->release('outer'));
                exit;
            }
            pcntl_waitpid(\$child, \$status);
            \$other = new PoolCounter\\Client('{$this->daemon->address}', ['connect_timeout' => 1]);
            \$try = fn(string \$key, int \$timeout) => \$other->acquireForMe(\$key, 1, 10, \$timeout);
            \$say('other', \$try('outer', 0), \$try('inner', 0), \$try('left', 10));
            \$say('parent', \$client->release('outer'), \$client->release(), \$client->release());
            \$say('other', \$try('outer', 10), \$try('inner', 10));
            CODE);
        $this->assertSame(<<<SAID
            parent: LOCKED LOCKED
            child: NOT_LOCKED NOT_LOCKED NOT_LOCKED
            child: TIMEOUT LOCKED NOT_LOCKED RELEASED
            child: LOCKED NOT_LOCKED
            other: TIMEOUT TIMEOUT LOCKED
            parent: RELEASED RELEASED NOT_LOCKED
            other: LOCKED LOCKED
            SAID, $script->result());
    }

    /** @dataProvider options */
    public function testAClientMayBeUsedOnBothSidesOfAFork(string $options): void
    {
        $script = new Script(<<<CODE
            \$client = new PoolCounter\\Client('{$this->daemon->address}', $options);
            \$acquire = fn(string \$key) => \$client->acquireForMe(\$key, 1, 10, 0)->name;
            \$section = fn(string \$key) => \$acquire(\$key) . ' ' . \$client->release()->name;
            echo \$section('before'), ', ';
            \$child = pcntl_fork();
            \$results = [];
            foreach (range(1, 200) as \$number) {
                \$results[\$section(\$child === 0 ? 'child' : 'parent')] = true;
            }
            if (\$child !== 0) {
                pcntl_waitpid(\$child, \$status);
            }
            echo implode('|', array_keys(\$results)), ', ';
            CODE);
        $this->assertSame('LOCKED RELEASED, LOCKED RELEASED, LOCKED RELEASED,', $script->result());
    }

    /** @return array<string, array{string}> */
    public static function endsBesideAChild(): array
    {
        return ['abandoned' => ['$client->abandon();'], 'closed' => ['$client->close();'], 'ended' => ['exit;']];
    }

    /** @dataProvider endsBesideAChild */
    public function testAChildThatLivesOnKeepsNoLock(string $end): void
    {
        $script = new Script(<<<CODE
            \$client = new PoolCounter\\Client('{$this->daemon->address}');
            \$result = \$client->acquireForMe('key', 1, 10, 0);
            \$child = pcntl_fork();
            if (\$child === 0) {
                // Longer than the test waits for the lock.
                sleep(60);
                posix_kill(getmypid(), SIGKILL);
            }
            echo \$result->name, " \$child.";
            \$watch = new PoolCounter\\Client('{$this->daemon->address}', ['connect_timeout' => 1]);
            while (current(\$watch->stats('waiting_workers'))['waiting_workers'] < 1) { usleep(5000); }
            $end
            pcntl_waitpid(\$child, \$status);
            CODE, ['extension' => 'posix']);
        $script->untilPrinted('.');
        $waiter = $this->daemon->peer();
        $waiter->send('ACQ4ME key 1 10 60');
        try {
            $this->assertSame('LOCKED', $waiter->line());
        } finally {
            posix_kill((int) substr($script->printed(), strlen('LOCKED ')), SIGKILL);
        }
        $script->process->wait();
    }

    public function testABrokenConnectionRaisesNoSignal(): void
    {
        $path = sys_get_temp_dir() . '/poolcounter-' . getmypid() . '.sock';
        $daemon = Daemon::ours('--listen', "unix:$path");
        $script = new Script(<<<CODE
            pcntl_signal(SIGPIPE, SIG_DFL);
            \$client = new PoolCounter\\Client('unix:$path');
            echo \$client->acquireForMe('key', 1, 10, 0)->name, \$client->release()->name;
            while (is_callable('posix_getpid') && file_exists('$path')) { usleep(5000); }
            try {
                \$client->acquireForMe('key', 1, 10, 0);
            } catch (PoolCounter\\ConnectionException) {
                echo ' away';
            }
            CODE, ['extension' => 'posix']);
        $script->untilPrinted('LOCKEDRELEASED');
        $daemon->stop();
        $this->assertSame('LOCKEDRELEASED away', $script->result());
    }

    public function testConfigurationsThatNobodyUsesAnyMoreKeepNoConnection(): void
    {
        $script = new Script(<<<CODE
            foreach (range(1, 200) as \$number) {
                \$options = ['connect_timeout' => 1 + \$number / 1000];
                \$client = new PoolCounter\\Client('{$this->daemon->address}', \$options);
                \$client->acquireForMe('key', 1, 10, 0);
                \$client->release();
            }
            echo count(scandir('/proc/self/fd')) < 100 ? 'few' : 'many';
            CODE);
        $this->assertSame('few', $script->result());
    }

    public function testASignalDoesNotEndAWait(): void
    {
        $holder = $this->daemon->peer();
        $holder->ask('ACQ4ANY key 1 10 0');
        $script = new Script(<<<CODE
            pcntl_async_signals(true);
            pcntl_signal(SIGUSR1, function () { echo 'signal '; });
            \$client = new PoolCounter\\Client('{$this->daemon->address}');
            echo 'ready ';
            echo \$client->acquireForAnyone('key', 1, 10, 60)->name;
            CODE);
        $script->untilPrinted('ready');
        $holder->untilWaiting(1);
        $script->process->signal(SIGUSR1);
        $holder->untilWaiting(1);
        $holder->ask('RELEASE');
        $this->assertSame('ready signal DONE', $script->result());
    }

    private function acquireAndLetWait(Client $client): Peer
    {
        $this->assertSame(Result::LOCKED, $client->acquireForAnyone('key', 1, 10, 0));
        $waiter = $this->daemon->peer();
        $waiter->send('ACQ4ANY key 1 10 60');
        $this->daemon->peer()->untilWaiting(1);
        return $waiter;
    }
}
