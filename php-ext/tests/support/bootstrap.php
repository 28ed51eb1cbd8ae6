<?php

declare(strict_types=1);

spl_autoload_register(function (string $class): void {
    $file = __DIR__ . '/' . basename(strtr($class, '\\', '/')) . '.php';
    if (str_starts_with($class, 'PoolCounter\\Tests\\') && is_file($file)) {
        require_once $file;
    }
});
