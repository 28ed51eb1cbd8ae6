<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

use PHPUnit\Framework\TestCase;
use PoolCounter\Client;
use ReflectionMethod;

/** docs/options.md, the code, the stubs and the README name the same options. */
final class OptionsTest extends TestCase
{
    private const ROOT = __DIR__ . '/../../..';
    /** Of those that are neither a time nor a switch. */
    private const VALUES = ['key_distribution' => 'mediawiki'];

    public function testTheTableNamesTheOptionsOfAClient(): void
    {
        $documented = array_keys($this->documented('Options of a client', 'PHP'));
        $this->assertSame('$servers', array_shift($documented));
        $this->assertContains('connect_timeout', $documented);
        $source = self::read('php-ext/src/options.rs');
        preg_match_all('/^ +"(\w+)"(?: if [^=]*)? => given\./m', $source, $accepted);
        $this->assertEqualsCanonicalizing($documented, array_unique($accepted[1]), 'the code');
        $stub = self::read('php-ext/stubs/poolcounter.stub.php');
        preg_match('/@param array\{(.*?)\} \$options/s', $stub, $shape);
        preg_match_all('/(\w+)\?:/', $shape[1] ?? '', $named);
        $this->assertEqualsCanonicalizing($documented, $named[1], 'the type in the stubs');
        preg_match_all('/^     \* - `(\w+)`/m', $stub, $explained);
        $this->assertEqualsCanonicalizing($documented, $explained[1], 'the explanations in the stubs');
        preg_match_all('/^\| `(\w+)` \| (?:`poolcounter|\|)/m', self::read('php-ext/README.md'), $readme);
        $this->assertEqualsCanonicalizing($documented, $readme[1], 'the README');
        foreach ($documented as $name) {
            new Client('127.0.0.1:1', [$name => self::VALUES[$name] ?? 1]);
        }
    }

    public function testTheTableNamesTheSettingsOfPhpIni(): void
    {
        $documented = $this->documented('Options of a client', 'php.ini');
        unset($documented['servers']);
        $settings = ini_get_all('poolcounter', false);
        unset($settings['poolcounter.servers']);
        $values = ['no' => '0', 'yes' => '1'];
        $expected = [];
        foreach ($documented as $name => $default) {
            $expected["poolcounter.$name"] = $values[$default] ?? str_replace(' s', '', $default);
        }
        $this->assertEqualsCanonicalizing(array_keys($expected), array_keys($settings));
        ksort($expected);
        $this->assertSame($expected, $settings);
    }

    public function testTheTableNamesTheArgumentsOfAnAcquire(): void
    {
        $documented = array_keys($this->documented('Options of a request', 'PHP'));
        foreach (['acquireForMe', 'acquireForAnyone'] as $method) {
            $parameters = (new ReflectionMethod(Client::class, $method))->getParameters();
            $names = array_map(fn($parameter) => '$' . $parameter->getName(), $parameters);
            $this->assertSame($documented, $names);
        }
    }

    /** @return array<string, string> the names in a column of the table below a heading, and their defaults */
    private function documented(string $heading, string $column): array
    {
        $section = explode("\n## $heading\n", self::read('docs/options.md'))[1] ?? '';
        $this->assertSame(1, preg_match('/^\| default .*?\n\n/ms', $section, $table), $heading);
        $rows = array_map(
            fn(string $line) => array_map('trim', explode(' | ', trim($line, '|'))),
            explode("\n", trim($table[0]))
        );
        $place = array_search($column, $rows[0], true);
        $this->assertIsInt($place, $column);
        $named = [];
        foreach (array_slice($rows, 2) as $row) {
            $cell = $row[$place];
            $isName = preg_match('/^`(\$?\w+)`$/', $cell, $name);
            $this->assertTrue($isName || $cell[0] === '-', "one name, or a dash: $cell");
            if ($isName) {
                $named[$name[1]] = $row[0];
            }
        }
        return $named;
    }

    private static function read(string $path): string
    {
        return (string) file_get_contents(self::ROOT . "/$path");
    }
}
