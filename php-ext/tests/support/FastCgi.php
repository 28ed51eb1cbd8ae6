<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use RuntimeException;

/** One request to php-fpm, by the FastCGI protocol. */
final class FastCgi implements Answering
{
    private const BEGIN = 1;
    private const END = 3;
    private const PARAMS = 4;
    private const STDIN = 5;
    private const STDOUT = 6;

    /** @var resource */
    private $socket;
    private string $received = '';
    private string $output = '';
    private bool $ended = false;

    public function __construct(string $path, string $script, string $query)
    {
        $socket = stream_socket_client("unix://$path", $number, $text, Deadline::SECONDS);
        if ($socket === false) {
            throw new RuntimeException("cannot connect to php-fpm: $text");
        }
        $this->socket = $socket;
        $params = '';
        $all = [
            'SCRIPT_FILENAME' => $script, 'SCRIPT_NAME' => '/' . basename($script), 'QUERY_STRING' => $query,
            'REQUEST_METHOD' => 'GET', 'REQUEST_URI' => '/?' . $query, 'SERVER_PROTOCOL' => 'HTTP/1.1',
        ];
        foreach ($all as $name => $value) {
            $params .= pack('NN', strlen($name) | 0x80000000, strlen($value) | 0x80000000) . $name . $value;
        }
        $begin = $this->record(self::BEGIN, pack('nCx5', 1, 0));
        $stream = $this->record(self::PARAMS, $params) . $this->record(self::PARAMS, '');
        fwrite($socket, $begin . $stream . $this->record(self::STDIN, ''));
        stream_set_blocking($socket, false);
    }

    /** The body of the answer; empty if the worker died. */
    public function body(): string
    {
        Deadline::until(fn() => $this->hasEnded(), 'an answer of php-fpm');
        // The worker takes no other request before.
        fclose($this->socket);
        return trim(explode("\r\n\r\n", $this->output, 2)[1] ?? '');
    }

    private function hasEnded(): bool
    {
        $this->received .= (string) fread($this->socket, 65536);
        while (strlen($this->received) >= 8) {
            $head = unpack('Cversion/Ctype/nid/nlength/Cpadding', $this->received);
            $whole = 8 + $head['length'] + $head['padding'];
            if (strlen($this->received) < $whole) {
                break;
            }
            if ($head['type'] === self::STDOUT) {
                $this->output .= substr($this->received, 8, $head['length']);
            }
            $this->ended = $this->ended || $head['type'] === self::END;
            $this->received = substr($this->received, $whole);
        }
        return $this->ended || feof($this->socket);
    }

    private function record(int $type, string $content): string
    {
        return pack('CCnnCx', 1, $type, 1, strlen($content), 0) . $content;
    }
}
