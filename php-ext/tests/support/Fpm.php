<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use RuntimeException;

/** php-fpm with one worker, so that every request sees the state that the previous one left. */
final class Fpm implements Server
{
    private Process $process;
    private string $folder;

    /** @param array<string, string> $settings of php.ini */
    public function __construct(private string $script, array $settings = [])
    {
        $this->folder = sys_get_temp_dir() . '/poolcounter-fpm-' . getmypid() . '-' . bin2hex(random_bytes(4));
        mkdir($this->folder, 0700);
        file_put_contents("$this->folder/fpm.conf", $this->configuration());
        $settings += ['extension' => Script::extension(), 'display_errors' => '0', 'log_errors' => '1'];
        $command = [(string) getenv('PHP_FPM'), '-n', '-F', '-y', "$this->folder/fpm.conf"];
        if (posix_getuid() === 0) {
            $command[] = '-R';
        }
        foreach ($settings as $name => $value) {
            array_push($command, '-d', "$name=$value");
        }
        $libraries = getenv('PHP_FPM_LIBRARIES');
        // A master that is killed would leave its worker behind.
        $this->process = new Process($command, $libraries ? ['LD_LIBRARY_PATH' => $libraries] : [], 'TERM');
        Deadline::until(fn() => $this->isUp(), 'php-fpm');
    }

    public function __destruct()
    {
        $this->process->stop();
        array_map('unlink', glob("$this->folder/*") ?: []);
        rmdir($this->folder);
    }

    public function request(string $query): FastCgi
    {
        return new FastCgi($this->socket(), $this->script, $query);
    }

    public function get(string $query): string
    {
        return $this->request($query)->body();
    }

    /** Sends a signal to the master. */
    public function signal(int $signal): void
    {
        $this->process->signal($signal);
    }

    public function wait(): int
    {
        return $this->process->wait();
    }

    public function log(): string
    {
        return (string) @file_get_contents("$this->folder/log");
    }

    private function socket(): string
    {
        return "$this->folder/socket";
    }

    private function isUp(): bool
    {
        if (!$this->process->isRunning()) {
            throw new RuntimeException('php-fpm ended: ' . $this->process->errors() . $this->log());
        }
        // The file exists a moment before php-fpm listens.
        return @stream_socket_client("unix://{$this->socket()}", $number, $text, 1.0) !== false;
    }

    private function configuration(): string
    {
        $user = posix_getuid() === 0 ? "user = root\ngroup = root" : '';
        return <<<CONF
            [global]
            error_log = $this->folder/log
            process_control_timeout = 20s
            [www]
            $user
            listen = {$this->socket()}
            pm = static
            pm.max_children = 1
            request_terminate_timeout = 0
            catch_workers_output = yes
            CONF;
    }
}
