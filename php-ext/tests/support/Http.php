<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use RuntimeException;

/** One request by HTTP. */
final class Http implements Answering
{
    /** @var resource */
    private $socket;
    private string $received = '';

    public function __construct(string $address, string $path)
    {
        $socket = stream_socket_client("tcp://$address", $number, $text, Deadline::SECONDS);
        if ($socket === false) {
            throw new RuntimeException("cannot connect to $address: $text");
        }
        $this->socket = $socket;
        fwrite($socket, "GET $path HTTP/1.0\r\n\r\n");
        stream_set_blocking($socket, false);
    }

    public function body(): string
    {
        Deadline::until(function (): bool {
            $this->received .= (string) fread($this->socket, 65536);
            return feof($this->socket);
        }, 'an answer by HTTP');
        // The worker waits for it.
        fclose($this->socket);
        return trim(explode("\r\n\r\n", $this->received, 2)[1] ?? '');
    }
}
