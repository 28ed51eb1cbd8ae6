<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

/** A web server with one worker, which runs one script. It ends with its object. */
interface Server
{
    public function request(string $query): Answering;

    /** The body of the answer. */
    public function get(string $query): string;
}
