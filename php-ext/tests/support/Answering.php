<?php

declare(strict_types=1);

namespace PoolCounter\Tests;

/** A request under way. */
interface Answering
{
    /** The body of the answer; empty if the worker died. */
    public function body(): string;
}
