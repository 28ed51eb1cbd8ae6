<?php

// Checks composer.json against PIE's documentation and against the other files: php composer.php FOLDER VERSION

declare(strict_types=1);

[, $folder, $version] = $argv;
$wrong = [];
$check = function (bool $right, string $what) use (&$wrong): void {
    if (!$right) {
        $wrong[] = $what;
    }
};

$composer = json_decode((string) file_get_contents("$folder/composer.json"), true, 512, JSON_THROW_ON_ERROR);
$extension = $composer['php-ext'];
$known = ['extension-name', 'priority', 'support-nts', 'support-zts', 'build-path', 'download-url-method', 'os-families', 'os-families-exclude', 'configure-options'];
$methods = ['composer-default', 'pre-packaged-source', 'pre-packaged-binary'];

$check($composer['type'] === 'php-ext', 'the type is not php-ext');
$check(preg_match('~^[a-z0-9]([_.-]?[a-z0-9]+)*/[a-z0-9](([_.]|-{1,2})?[a-z0-9]+)*$~', $composer['name']) === 1, 'Composer does not accept the name');
$check(!isset($composer['version']), 'there is a version, which the tag of a release gives');
$check(array_diff(array_keys($extension), $known) === [], 'php-ext has an unknown setting');
$check($extension['extension-name'] === 'poolcounter', 'the name of the extension is not that of poolcounter.so');
$check($extension['support-zts'] === true && $extension['support-nts'] === true, 'a mode of PHP is not supported');
$check(array_diff($extension['download-url-method'], $methods) === [], 'a method to download is unknown');
$check(is_file("$folder/{$extension['build-path']}/config.m4"), 'build-path has no config.m4');
$check(!isset($extension['os-families'], $extension['os-families-exclude']), 'os-families and os-families-exclude exclude each other');

// The versions of PHP stand in config.m4 too.
preg_match('/^>=8\.(\d+) <8\.(\d+)$/', $composer['require']['php'], $range);
$configure = (string) file_get_contents("$folder/{$extension['build-path']}/config.m4");
$check(isset($range[2]), 'the versions of PHP are not of the form ">=8.1 <8.6"');
$check(str_contains($configure, sprintf('-lt 80%d00', $range[1] ?? 0)), 'config.m4 has another oldest PHP');
$check(str_contains($configure, sprintf('-ge 80%d00', $range[2] ?? 0)), 'config.m4 has another newest PHP');
$check(str_contains($configure, sprintf('PHP 8.%d to 8.%d are', $range[1] ?? 0, ($range[2] ?? 0) - 1)), 'a message of config.m4 has other versions of PHP');

// The licence of the crate.
preg_match('/^license = "(.*)"$/m', (string) file_get_contents("$folder/Cargo.toml"), $licence);
$check(implode(' OR ', $composer['license']) === $licence[1], 'the licence is not that of Cargo.toml');
$check(preg_match('/^\d+\.\d+\.\d+$/', $version) === 1, 'the version is not of the form 1.2.3');

echo implode("\n", $wrong), $wrong === [] ? "composer.json agrees\n" : "\n";
exit($wrong === [] ? 0 : 1);
