/** `doctor`: what is wrong, and the command that fixes it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Sandbox } from './harness.mjs'

test('doctor names what is wrong, and what it prints puts it right', async (t) => {
  const sandbox = new Sandbox(t)
  sandbox.name(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<YYYY-MM-DDTHH:MM:SSZ>')
  const duo = await sandbox.duo()
  const usbip = ['--usbip', duo.address]
  assert.equal((await sandbox.run(['doctor', ...usbip])).status, 0)
  await sandbox.start(['backup', ...usbip], { stdin: '' }).end
  duo.setKeySlot('1-1', new Uint8Array(1216))
  assert.equal((await sandbox.run(['doctor', ...usbip])).status, 5)
  const { stdout } = await sandbox.run(['doctor', '--json', ...usbip])
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  const [{ command, fix }] = result.duos[0].findings.filter(
    (/** @type {{ severity: string }} */ { severity }) => severity === 'problem',
  )
  assert.equal(fix.operation, 'restore')
  const [program, ...args] = command.split(' ')
  assert.equal(program, 'duo-provision')
  assert.equal((await sandbox.start([...args, '--yes'], { stdin: '' }).end).status, 0)
  assert.equal((await sandbox.run(['doctor', ...usbip])).status, 0)
  assert.equal((await sandbox.run(['doctor', '--fix', ...usbip])).status, 2)
  sandbox.matches('doctor')
})

test('doctor with several Duos, old ones, and none', async (t) => {
  const sandbox = new Sandbox(t)
  const two = await sandbox.duo({ duos: 2, bootloader: 'r4' })
  assert.equal((await sandbox.run(['doctor', '--usbip', two.address])).status, 0)
  two.arm('1-2', 'read-zeros@1+')
  assert.equal((await sandbox.run(['doctor', '--path', '1-2', '--usbip', two.address])).status, 5)
  assert.equal((await sandbox.run(['doctor', '--path', '1-3', '--usbip', two.address])).status, 5)
  sandbox.matches('doctor-others')
})

test('doctor asks the cloud where it is told to, and says what is typed for what it answers', async (t) => {
  const sandbox = new Sandbox(t)
  sandbox.name(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<YYYY-MM-DDTHH:MM:SSZ>')
  const duo = await sandbox.duo()
  const cloud = await sandbox.cloud({ devicePort: 0 })
  sandbox.name(cloud.deviceAddress ?? '', '127.0.0.1:<devices>')
  duo.setServer(cloud.serverKey ?? '', cloud.deviceAddress ?? '')
  const usbip = ['--usbip', duo.address]
  const there = ['--api-url', cloud.url, ...usbip]
  sandbox.remark('A token in the environment is not sent to a cloud that the Duo is not meant for.')
  assert.equal((await sandbox.run(['doctor', ...usbip])).status, 0)
  sandbox.remark('The cloud does not have it.')
  const unknown = await sandbox.run(['doctor', '--json', ...there])
  assert.equal(unknown.status, 5)
  const result = JSON.parse(unknown.stdout.trimEnd().split('\n').at(-1) ?? '')
  const [{ command }] = result.duos[0].findings.filter(
    (/** @type {{ code: string }} */ { code }) => code === 'CLOUD_DEVICE_UNKNOWN',
  )
  const [program, ...args] = command.split(' ')
  assert.equal(program, 'duo-provision')
  assert.equal((await sandbox.run(args)).status, 0)
  assert.equal((await sandbox.run(['doctor', ...there])).status, 0)
  sandbox.remark('It has been there.')
  assert.equal((await sandbox.run(['verify', '--path', '1-1', ...usbip])).status, 0)
  assert.equal((await sandbox.run(['doctor', ...there])).status, 0)
  sandbox.remark('The token is wrong, nobody is there, and what contradicts itself.')
  const wrong = ['--token-file', sandbox.file('token', sandbox.secret('x'.repeat(40)))]
  assert.equal((await sandbox.run(['doctor', ...wrong, ...there])).status, 5)
  assert.equal((await sandbox.run(['doctor', '--api-url', 'http://127.0.0.1:1', ...usbip])).status, 0)
  sandbox.env['PARTICLE_ACCESS_TOKEN'] = ''
  assert.equal((await sandbox.run(['doctor', ...there])).status, 2)
  sandbox.remark('Without a token the cloud is not asked, and the Duo is looked at all the same.')
  assert.equal((await sandbox.run(['doctor', '--cloud', ...there])).status, 0)
  const far = ['--cloud', '--api-url', 'http://10.0.0.1', ...wrong, ...usbip]
  assert.equal((await sandbox.run(['doctor', ...far])).status, 2)
  sandbox.matches('doctor-cloud')
})

test('doctor --verify proves it, and nothing else is called paired', async (t) => {
  const sandbox = new Sandbox(t)
  sandbox.name(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<YYYY-MM-DDTHH:MM:SSZ>')
  const duo = await sandbox.duo()
  const cloud = await sandbox.cloud({ devicePort: 0 })
  sandbox.name(cloud.deviceAddress ?? '', '127.0.0.1:<devices>')
  duo.setServer(cloud.serverKey ?? '', cloud.deviceAddress ?? '')
  const usbip = ['--usbip', duo.address]
  const verdict = async (/** @type {string[]} */ ...args) => {
    const { stdout } = await sandbox.start(['doctor', '--json', ...args, ...usbip]).end
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '').verdict
  }
  sandbox.name(/than Particle's, [0-9a-f]{8},/g, "than Particle's, <server key>,")
  await sandbox.start(['backup', 'duo.der', ...usbip], { stdin: '' }).end
  assert.equal((await sandbox.run(['doctor', ...usbip])).status, 0)
  assert.equal(await verdict(), 'cloud-not-checked')
  assert.equal((await sandbox.run(['doctor', '--verify', ...usbip])).status, 5)
  assert.equal(await verdict('--verify'), 'problems')
  const [{ deviceId } = {}] = duo.duos()
  const own = [deviceId ?? '', '--from-device', '--api-url', cloud.url, ...usbip]
  assert.equal((await sandbox.start(own).end).status, 0)
  assert.equal((await sandbox.run(['doctor', '--verify', ...usbip])).status, 0)
  assert.equal(await verdict('--verify'), 'paired')
  sandbox.remark('Somebody else gives it another key.')
  duo.setKeySlot('1-1', new Uint8Array(1216).fill(0xff))
  assert.equal((await sandbox.run(['list', ...usbip])).status, 0)
  assert.equal((await sandbox.run(['doctor', ...usbip])).status, 5)
  assert.equal(await verdict('--verify'), 'problems')
  sandbox.matches('doctor-verify')
})
