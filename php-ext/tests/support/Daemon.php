<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use RuntimeException;

/** A daemon for one test, on its own address. */
final class Daemon
{
    private const PORT = 7531;
    private static ?int $lastAddress = null;
    private Process $process;

    /** @param string[] $command */
    private function __construct(private array $command, public string $address, private array $environment = [])
    {
        $this->start();
    }

    /** Ours. */
    public static function ours(string ...$arguments): self
    {
        $address = self::freeAddress();
        return new self([self::program(), '-l', $address, ...$arguments], $address);
    }

    /** The reference. */
    public static function reference(): self
    {
        $program = getenv('POOLCOUNTER_REFERENCE')
            ?: dirname(__DIR__, 3) . '/build/reference/poolcounterd';
        if (!is_executable($program)) {
            throw new RuntimeException("the reference daemon is not at $program: run scripts/setup");
        }
        $library = dirname($program) . '/lib';
        $address = self::freeAddress();
        $environment = is_dir($library) ? ['LD_LIBRARY_PATH' => $library] : [];
        return new self([$program, '-l', $address], $address, $environment);
    }

    /**
     * An address of 127.0.0.0/8 that no other test has: for a minute no daemon can use one
     * on which the reference was stopped with clients connected.
     */
    public static function freeAddress(): string
    {
        // From a random start, so that two test programs do not use the same address.
        self::$lastAddress ??= random_int((127 << 24) + (1 << 16), (127 << 24) + (255 << 16));
        return long2ip(++self::$lastAddress);
    }

    public function start(): void
    {
        $this->process = new Process($this->command, $this->environment);
        Deadline::until(function (): bool {
            if (!$this->process->isRunning()) {
                throw new RuntimeException('the daemon ended: ' . $this->process->errors());
            }
            return $this->answers();
        }, 'the daemon');
        // The test must not count this first connection.
        Deadline::until(fn() => $this->connections() === [], 'the daemon to be alone');
    }

    /** The daemon accepts connections before it listens on all addresses, but answers only afterwards. */
    private function answers(): bool
    {
        $socket = @stream_socket_client("tcp://$this->address:" . self::PORT, $number, $text, 1.0);
        if ($socket === false) {
            return false;
        }
        fwrite($socket, "STATS uptime\n");
        return fgets($socket) !== false;
    }

    public function stop(): void
    {
        $this->process->stop();
    }

    /** Stops it (SIGSTOP). */
    public function freeze(): void
    {
        $this->process->signal(SIGSTOP);
        Deadline::until(fn() => $this->state() === 'T', 'the daemon to stand still');
    }

    public function thaw(): void
    {
        $this->process->signal(SIGCONT);
    }

    public function peer(): Peer
    {
        return new Peer($this->address, self::PORT);
    }

    /** @param string[] $servers one of which this is: a key that is asked here first, by MediaWiki's rule */
    public function keyAmong(array $servers): string
    {
        for ($number = 0;; $number++) {
            $order = array_map(fn(string $server) => md5($server . "key$number"), $servers);
            if ($servers[array_search(min($order), $order, true)] === $this->address) {
                return "key$number";
            }
        }
    }

    /** @return int[] the clients' ports of the connections that are established */
    public function connections(): array
    {
        $ports = [];
        $server = sprintf('%08X:%04X', unpack('V', (string) inet_pton($this->address))[1], self::PORT);
        foreach (file('/proc/net/tcp') ?: [] as $line) {
            $fields = preg_split('/\s+/', trim($line));
            if (($fields[2] ?? '') === $server && $fields[3] === '01') {
                $ports[] = hexdec(explode(':', $fields[1])[1]);
            }
        }
        // While connections are made and closed, the kernel may list one of them several times.
        return array_values(array_unique($ports));
    }

    private function state(): string
    {
        preg_match('/^\d+ \(.*\) (\w)/', (string) file_get_contents("/proc/{$this->process->pid()}/stat"), $found);
        return $found[1] ?? '';
    }

    private static function program(): string
    {
        $program = getenv('POOLCOUNTERD');
        if ($program === false || !is_executable($program)) {
            throw new RuntimeException('POOLCOUNTERD must be the path of the daemon; tests/run sets it');
        }
        return $program;
    }
}
