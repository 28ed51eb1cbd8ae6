--TEST--
Code that asks for a ClientInterface can be given a fake
--EXTENSIONS--
poolcounter
--FILE--
<?php
use PoolCounter\{ClientInterface, ConnectionException, Result};

/** Grants each key once. */
final class Fake implements ClientInterface
{
    private array $held = [];

    public function acquireForMe(string $key, int $workers, int $maxqueue, int $timeout): Result
    {
        if ($key === 'away') {
            throw new ConnectionException('nobody answers');
        }
        if (in_array($key, $this->held)) {
            return Result::TIMEOUT;
        }
        $this->held[] = $key;
        return Result::LOCKED;
    }

    public function acquireForAnyone(string $key, int $workers, int $maxqueue, int $timeout): Result
    {
        return $this->acquireForMe($key, $workers, $maxqueue, $timeout);
    }

    public function release(?string $key = null): Result
    {
        return array_pop($this->held) === null ? Result::NOT_LOCKED : Result::RELEASED;
    }

    public function stats(string $name = 'FULL', ?string $server = null): array
    {
        return [];
    }

    public function lastServer(): ?string
    {
        return null;
    }

    public function abandon(): void
    {
    }

    public function close(): void
    {
    }
}

function protect(ClientInterface $client, string $key): string
{
    try {
        return $client->acquireForAnyone($key, 1, 10, 0)->name;
    } catch (PoolCounter\Exception $exception) {
        return get_class($exception);
    }
}

$fake = new Fake();
echo protect($fake, 'key'), ' ', protect($fake, 'key'), ' ', protect($fake, 'away'), "\n";
echo $fake->release()->name, ' ', $fake->release()->name, "\n";
echo protect(new PoolCounter\Client('127.0.0.1:1'), 'key'), "\n";

$real = new ReflectionClass(PoolCounter\Client::class);
foreach ((new ReflectionClass(ClientInterface::class))->getMethods() as $method) {
    $same = (string) $real->getMethod($method->getName())->getReturnType() === (string) $method->getReturnType();
    echo $method->isAbstract() && $same ? '' : "{$method->getName()} differs\n";
}
// A method that is missing, or differs, is refused as with every interface.
eval('final class Half implements PoolCounter\ClientInterface { public function release(): void {} }');
?>
--EXPECTF--
LOCKED TIMEOUT PoolCounter\ConnectionException
RELEASED NOT_LOCKED
PoolCounter\ConnectionException

Fatal error: Declaration of Half::release(): void must be compatible with PoolCounter\ClientInterface::release(?string $key = null): PoolCounter\Result in %s on line %d%A
