--TEST--
The module, its classes and their relations
--EXTENSIONS--
poolcounter
--FILE--
<?php
$extension = new ReflectionExtension('poolcounter');
echo $extension->getVersion() === phpversion('poolcounter') ? "version\n" : "no version\n";
foreach ($extension->getClasses() as $class) {
    $parent = $class->getParentClass();
    echo $class->isFinal() ? 'final ' : '', $class->getName(), $parent ? " extends {$parent->getName()}" : '', "\n";
}
var_dump(is_subclass_of(PoolCounter\Exception::class, Throwable::class));
var_dump(interface_exists(PoolCounter\ClientInterface::class));
var_dump(new PoolCounter\Client() instanceof PoolCounter\ClientInterface);
?>
--EXPECT--
version
final PoolCounter\Result
PoolCounter\Exception extends RuntimeException
final PoolCounter\ConnectionException extends PoolCounter\Exception
final PoolCounter\WriteException extends PoolCounter\Exception
final PoolCounter\ReadException extends PoolCounter\Exception
final PoolCounter\RemoteException extends PoolCounter\Exception
final PoolCounter\KeyException extends PoolCounter\Exception
PoolCounter\ClientInterface
final PoolCounter\Client
bool(true)
bool(true)
bool(true)
