--TEST--
An error handler that throws stops a call before it is sent
--EXTENSIONS--
poolcounter
--FILE--
<?php
set_error_handler(function (int $level, string $message) {
    throw new ErrorException($message, 0, $level);
});
$client = new PoolCounter\Client('127.0.0.1:1');
foreach ([['key', 1.5, 1, 0], [null, 1, 1, 0]] as $arguments) {
    try {
        $client->acquireForMe(...$arguments);
    } catch (ErrorException $exception) {
        echo $exception->getMessage(), "\n";
    }
}
?>
--EXPECT--
Implicit conversion from float 1.5 to int loses precision
PoolCounter\Client::acquireForMe(): Passing null to parameter #1 ($key) of type string is deprecated
