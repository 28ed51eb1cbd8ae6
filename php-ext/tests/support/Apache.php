<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use RuntimeException;

/** Apache with mod_php and one worker process. */
final class Apache implements Server
{
    private Process $process;
    private string $folder;
    private string $address;

    /**
     * @param array<string, string> $settings of php.ini
     * @param string $directives more of httpd.conf
     */
    public function __construct(private string $script, array $settings = [], string $directives = '')
    {
        $this->folder = sys_get_temp_dir() . '/poolcounter-apache-' . getmypid() . '-' . bin2hex(random_bytes(4));
        // Its workers run as the user nobody, and must be able to read the script.
        mkdir("$this->folder/pages", 0755, true);
        copy($script, "$this->folder/pages/work.php");
        $this->address = Daemon::freeAddress() . ':8080';
        $settings += ['extension' => Script::extension(), 'display_errors' => '0', 'log_errors' => '1'];
        $lines = array_map(fn($name, $value) => "$name=$value\n", array_keys($settings), $settings);
        file_put_contents("$this->folder/php.ini", $lines);
        file_put_contents("$this->folder/httpd.conf", $this->configuration($directives));
        // When it is stopped it ends its whole process group.
        $program = ['setsid', getenv('APACHE') . '/usr/sbin/apache2'];
        $command = [...$program, '-D', 'FOREGROUND', '-f', "$this->folder/httpd.conf"];
        $environment = ['LD_LIBRARY_PATH' => getenv('APACHE') . '/lib', 'PHP_INI_SCAN_DIR' => ''];
        $this->process = new Process($command, $environment, 'TERM');
        Deadline::until(fn() => $this->isUp(), 'Apache');
    }

    public function __destruct()
    {
        $this->process->stop();
        $files = [...glob("$this->folder/*") ?: [], ...glob("$this->folder/pages/*") ?: []];
        array_map('unlink', array_filter($files, 'is_file'));
        rmdir("$this->folder/pages");
        rmdir($this->folder);
    }

    public function request(string $query): Http
    {
        return new Http($this->address, "/work.php?$query");
    }

    public function get(string $query): string
    {
        return $this->request($query)->body();
    }

    /** Sends a signal to the process that has started the workers. */
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

    private function isUp(): bool
    {
        if (!$this->process->isRunning()) {
            throw new RuntimeException('Apache ended: ' . $this->process->errors() . $this->log());
        }
        return @stream_socket_client("tcp://$this->address", $number, $text, 1.0) !== false;
    }

    private function configuration(string $directives): string
    {
        $modules = getenv('APACHE') . '/usr/lib/apache2/modules';
        $user = posix_getuid() === 0 ? "User nobody\nGroup nogroup" : '';
        return <<<CONF
            LoadModule mpm_prefork_module $modules/mod_mpm_prefork.so
            LoadModule authz_core_module $modules/mod_authz_core.so
            LoadModule php_module $modules/libphp8.2.so
            ServerName localhost
            ServerRoot $this->folder
            DefaultRuntimeDir $this->folder
            PidFile $this->folder/pid
            ErrorLog $this->folder/log
            LogLevel notice
            PHPIniDir $this->folder
            $user
            Listen $this->address
            Timeout 60
            KeepAlive Off
            StartServers 1
            MinSpareServers 1
            MaxSpareServers 1
            ServerLimit 1
            MaxRequestWorkers 1
            DocumentRoot $this->folder/pages
            <Directory $this->folder/pages>
            Require all granted
            SetHandler application/x-httpd-php
            </Directory>
            $directives

            CONF;
    }
}
