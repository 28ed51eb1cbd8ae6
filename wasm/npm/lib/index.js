'use strict';

const { PoolCounter } = require('./pool.js');
const { Lock } = require('./lock.js');
const errors = require('./errors.js');

module.exports = { PoolCounter, Lock, ...errors };
