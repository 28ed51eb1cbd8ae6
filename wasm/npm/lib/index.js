'use strict';

const { PoolCounter } = require('./pool.js');
const { Lock } = require('./lock.js');
const errors = require('./errors.js');

const classes = { PoolCounter, Lock, ...errors };
// Where a program is minified, classes get other names. Those of errors are part of the interface.
Object.entries(classes).forEach(([name, value]) => Object.defineProperty(value, 'name', { value: name }));

module.exports = classes;
