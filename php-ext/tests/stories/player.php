<?php

// The player of the PHP extension, for the client stories and the network stories: see
// tests/client-stories/README.md. With the argument `share_connections`, all locks at a server share a connection.

declare(strict_types=1);

use PoolCounter\Client;
use PoolCounter\ConnectionException;
use PoolCounter\Exception;
use PoolCounter\KeyException;
use PoolCounter\ReadException;
use PoolCounter\RemoteException;
use PoolCounter\Result;
use PoolCounter\WriteException;

final class Player
{
    private const KINDS = [
        ConnectionException::class => 'connect',
        WriteException::class => 'write',
        ReadException::class => 'read',
        RemoteException::class => 'remote',
        KeyException::class => 'key',
    ];
    /** The client that a line is for. */
    private int $number = 1;
    /** @var Client[] By number: the one that was made last. */
    private array $clients = [];
    /** @var Client[][] By number: one for each lock that is held, the newest last. */
    private array $held = [];
    /** @var string[] */
    private array $servers = [];
    /** @var array<string, mixed> */
    private array $options = [];

    public function __construct(private bool $sharing)
    {
    }

    public function answer(string $line): string
    {
        $this->number = 1;
        if ($line[0] === '#') {
            [$number, $line] = explode(' ', substr($line, 1), 2);
            $this->number = (int) $number;
        }
        [$verb, $words] = [strtok($line, ' '), array_slice(explode(' ', $line), 1)];
        try {
            $result = match ($verb) {
                'new' => $this->begin($words),
                'acquire' => $this->acquire(...$words),
                'release' => ($this->newest() ?? $this->client())->release(),
                'abandon' => $this->abandon(),
                'close' => $this->close(),
                'stats' => $this->stats(...$words),
            };
        } catch (Exception $exception) {
            $parts = [self::KINDS[$exception::class], $exception->getServer(), $exception->getCause()];
            return implode(' ', array_filter($parts, fn($part) => $part !== null));
        }
        return $result instanceof Result ? $result->name : $result ?? 'OK';
    }

    /** @param string[] $words */
    private function begin(array $words): void
    {
        parse_str(implode('&', $words), $values);
        $this->servers = explode(',', $values['servers']);
        $this->options = [
            'share_connections' => $this->sharing,
            'key_distribution' => $values['choice'],
            'connect_timeout' => $values['connect_timeout_ms'] / 1000,
            // The option would also limit the waits of long acquires; without it, the least time is a second.
            'answer_timeout' => $values['answer_timeout_ms'] === '1000' ? null : $values['answer_timeout_ms'] / 1000,
            'avoid_for' => $values['pass_over_ms'] / 1000,
            'await_release' => $values['await_release'] === '1',
        ];
        $this->held = [];
        $this->clients = [];
        // Reports invalid options now.
        $this->client();
    }

    private function client(): Client
    {
        return $this->clients[$this->number] ??= new Client($this->servers, $this->options);
    }

    /** Removes the newest lock from the list, and returns its object. */
    private function newest(): ?Client
    {
        $this->held[$this->number] ??= [];
        return array_pop($this->held[$this->number]);
    }

    private function acquire(string $mode, string $workers, string $maxqueue, string $timeout, string $key): Result
    {
        $arguments = [(string) hex2bin($key), (int) $workers, (int) $maxqueue, (int) $timeout];
        // Objects of equal options use the same connections, and abandon() gives up every lock of its object.
        $client = $this->clients[$this->number] = new Client($this->servers, $this->options);
        $result = $mode === 'me' ? $client->acquireForMe(...$arguments) : $client->acquireForAnyone(...$arguments);
        if ($result === Result::LOCKED) {
            $this->held[$this->number][] = $client;
        }
        return $result;
    }

    private function abandon(): void
    {
        $this->newest()?->abandon();
        if ($this->sharing) {
            $this->held[$this->number] = [];
        }
    }

    private function close(): void
    {
        $this->held[$this->number] = [];
        $this->client()->close();
    }

    private function stats(string $server, string $name): string
    {
        $server = $this->servers[(int) $server];
        $values = $this->client()->stats($name, $server)[$server];
        $pairs = array_map(fn($name, $value) => "$name: $value", array_keys($values), $values);
        return 'STATS ' . implode('; ', $pairs);
    }
}

$player = new Player(($argv[1] ?? '') === 'share_connections');
while (($line = fgets(STDIN)) !== false) {
    echo str_replace("\n", '\n', $player->answer(rtrim($line, "\n"))), "\n";
}
