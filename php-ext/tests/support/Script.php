<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

/** PHP code in a process of its own, with the extension. */
final class Script
{
    public Process $process;
    private string $output = '';

    /**
     * @param array<string, string> $settings of php.ini
     * @param string[] $runner the command that runs PHP, if not directly
     */
    public function __construct(string $code, array $settings = [], array $runner = [])
    {
        $command = [PHP_BINARY, '-n', '-d', 'extension=' . self::extension(), '-d', 'display_errors=stderr'];
        foreach ($settings as $name => $value) {
            array_push($command, '-d', "$name=$value");
        }
        $this->process = new Process([...$runner, ...$command, '-r', $code]);
    }

    public static function extension(): string
    {
        return (string) getenv('POOLCOUNTER_EXTENSION');
    }

    /** Waits until it has printed this. */
    public function untilPrinted(string $text): void
    {
        Deadline::until(fn() => str_contains($this->printed(), $text), "the word $text");
    }

    /** Everything it prints, at its end. */
    public function result(): string
    {
        $this->process->wait();
        return trim($this->printed());
    }

    /** Everything that it has printed so far. */
    public function printed(): string
    {
        return $this->output .= $this->process->output();
    }
}
