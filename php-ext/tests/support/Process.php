<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use RuntimeException;

/** A program that runs during the test and always ends with it. */
final class Process
{
    /** @var resource */
    private $process;
    /** @var resource[] */
    private array $pipes = [];
    private ?int $exit = null;

    /**
     * @param string[] $command
     * @param array<string, string> $environment added to the test's own
     * @param string $last the signal that it gets if the test dies
     */
    public function __construct(array $command, array $environment = [], string $last = 'KILL')
    {
        $process = proc_open(
            ['setpriv', '--pdeathsig', $last, ...$command],
            [['file', '/dev/null', 'r'], ['pipe', 'w'], ['pipe', 'w']],
            $this->pipes,
            null,
            $environment + getenv()
        );
        if ($process === false) {
            throw new RuntimeException("cannot start $command[0]");
        }
        $this->process = $process;
        foreach ($this->pipes as $pipe) {
            stream_set_blocking($pipe, false);
        }
    }

    public function __destruct()
    {
        $this->stop(SIGKILL);
    }

    public function pid(): int
    {
        return proc_get_status($this->process)['pid'];
    }

    public function signal(int $signal): void
    {
        proc_terminate($this->process, $signal);
    }

    public function isRunning(): bool
    {
        if ($this->exit !== null) {
            return false;
        }
        $status = proc_get_status($this->process);
        if ($status['running']) {
            return true;
        }
        $this->exit = $status['signaled'] ? 128 + $status['termsig'] : $status['exitcode'];
        return false;
    }

    /** Waits for the end; 128 and the signal's number if one killed it. */
    public function wait(): int
    {
        Deadline::until(fn() => !$this->isRunning(), 'the end of a process');
        return (int) $this->exit;
    }

    public function stop(int $signal = SIGTERM): void
    {
        if ($this->isRunning()) {
            $this->signal($signal);
            $this->wait();
        }
    }

    /** Its output since the last call. */
    public function output(): string
    {
        return (string) stream_get_contents($this->pipes[1]);
    }

    public function errors(): string
    {
        return (string) stream_get_contents($this->pipes[2]);
    }
}
