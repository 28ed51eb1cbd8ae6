<?php

declare(strict_types=1);

$names = [
    'Deadline', 'Process', 'Daemon', 'Peer', 'Script', 'Answering', 'Server', 'FastCgi', 'Fpm', 'Http', 'Apache',
    'WorkerTestCase',
];
foreach ($names as $name) {
    require_once __DIR__ . "/$name.php";
}
