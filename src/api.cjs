/**
 * Exports the API of the package: the addon's functions, which throw errors of one class. Each has a line of its own:
 * Node finds the names for `import { … }` by these lines. Functions for the command line alone are not exported.
 */
'use strict'

const addon = require('../index.js')
const { DuoProvisionError, guarded, guardedClass, isDuoProvisionError } = require('./error.cjs')

exports.DuoProvisionError = DuoProvisionError
exports.isDuoProvisionError = isDuoProvisionError

exports.backupAll = guarded(addon.backupAll)
exports.backupAllDcts = guarded(addon.backupAllDcts)
exports.backupDct = guarded(addon.backupDct)
exports.backupKey = guarded(addon.backupKey)
exports.doctor = guarded(addon.doctor)
exports.enterDfu = guarded(addon.enterDfu)
exports.fleetManifest = guarded(addon.fleetManifest)
exports.fleetReport = guarded(addon.fleetReport)
exports.history = guarded(addon.history)
exports.inspectKey = guarded(addon.inspectKey)
exports.installUdevRule = guarded(addon.installUdevRule)
exports.listBackups = guarded(addon.listBackups)
exports.listDevices = guarded(addon.listDevices)
exports.newKey = guarded(addon.newKey)
exports.provision = guarded(addon.provision)
exports.provisionAll = guarded(addon.provisionAll)
exports.provisionFleet = guarded(addon.provisionFleet)
exports.publicKey = guarded(addon.publicKey)
exports.readKey = guarded(addon.readKey)
exports.resetKey = guarded(addon.resetKey)
exports.restoreDct = guarded(addon.restoreDct)
exports.restoreKey = guarded(addon.restoreKey)
exports.restoreServerKey = guarded(addon.restoreServerKey)
exports.rotateKey = guarded(addon.rotateKey)
exports.setServerKey = guarded(addon.setServerKey)
exports.showDct = guarded(addon.showDct)
exports.showServerKey = guarded(addon.showServerKey)
exports.status = guarded(addon.status)
exports.udevRule = guarded(addon.udevRule)
exports.verifyAll = guarded(addon.verifyAll)
exports.verifyFleet = guarded(addon.verifyFleet)
exports.verifyPairing = guarded(addon.verifyPairing)
exports.version = guarded(addon.version)

exports.LocalCloud = guardedClass(addon.LocalCloud, ['start'])
exports.VirtualDuo = guardedClass(addon.VirtualDuo, ['start', 'faults'])
