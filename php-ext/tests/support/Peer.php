<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use RuntimeException;

/** Another, simple client of the daemon. */
final class Peer
{
    /** @var resource */
    private $socket;
    private string $received = '';

    public function __construct(string $address, int $port)
    {
        $socket = stream_socket_client("tcp://$address:$port", $number, $text, Deadline::SECONDS);
        if ($socket === false) {
            throw new RuntimeException("cannot connect: $text");
        }
        stream_set_blocking($socket, false);
        $this->socket = $socket;
    }

    public function send(string $line): void
    {
        fwrite($this->socket, "$line\n");
    }

    public function line(): string
    {
        Deadline::until(fn() => $this->hasLine(), 'a line from the daemon');
        [$line, $this->received] = explode("\n", $this->received, 2);
        return $line;
    }

    public function ask(string $line): string
    {
        $this->send($line);
        return $this->line();
    }

    /** Waits until as many clients wait for a lock. */
    public function untilWaiting(int $count): void
    {
        $answer = "waiting_workers: $count";
        Deadline::until(fn() => $this->ask('STATS waiting_workers') === $answer, "$count that wait");
    }

    /** Waits until the daemon has as many pools. */
    public function untilPools(int $count): void
    {
        $answer = "hashtable_entries: $count";
        Deadline::until(fn() => $this->ask('STATS hashtable_entries') === $answer, "$count pools");
    }

    public function close(): void
    {
        fclose($this->socket);
    }

    private function hasLine(): bool
    {
        $this->received .= (string) fread($this->socket, 8192);
        if (feof($this->socket)) {
            throw new RuntimeException('the daemon closed the connection');
        }
        return str_contains($this->received, "\n");
    }
}
