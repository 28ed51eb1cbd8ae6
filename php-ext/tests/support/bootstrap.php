<?php

declare(strict_types=1);

foreach (['Deadline', 'Process', 'Daemon', 'Peer', 'Script', 'Fpm', 'FastCgi'] as $name) {
    require_once __DIR__ . "/$name.php";
}
