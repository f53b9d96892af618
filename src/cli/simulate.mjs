/** `simulate`: runs virtual Duos and a local cloud in the foreground, until Ctrl-C. */
import { LocalCloud, VirtualDuo } from '../../index.js'
import { report } from './report.mjs'

/** @typedef {import('./output.mjs').Output} Output */

/**
 * @typedef {object} SimulateOptions
 * @property {import('../../index.js').VirtualDuoOptions} duo
 * @property {import('../../index.js').LocalCloudOptions} cloud
 * @property {keyof typeof WITH_VARIABLE} shell
 */

/** How each shell runs a command with an environment variable. On Windows the variable stays set. */
const WITH_VARIABLE = {
  posix: (/** @type {string} */ name, /** @type {string} */ value, /** @type {string} */ command) =>
    `${name}=${value} ${command}`,
  cmd: (/** @type {string} */ name, /** @type {string} */ value, /** @type {string} */ command) =>
    `set "${name}=${value}" && ${command}`,
  powershell: (/** @type {string} */ name, /** @type {string} */ value, /** @type {string} */ command) =>
    `$env:${name} = '${value}'; ${command}`,
}

/**
 * @param {SimulateOptions} options
 * @param {Output} output
 */
export async function simulate(options, output) {
  const { stopped, release } = untilStopped()
  /** @type {VirtualDuo | undefined} */
  let duo
  /** @type {LocalCloud | undefined} */
  let cloud
  try {
    duo = await VirtualDuo.start(options.duo)
    // Where devices connect to is on this machine, too: no virtual Duo sends `verify` or `rotate` to a real cloud.
    cloud = await LocalCloud.start({ ...(isDuo(options) && { devicePort: 0 }), ...options.cloud })
    if (cloud.serverKey && cloud.deviceAddress) duo.setServer(cloud.serverKey, cloud.deviceAddress)
    announce(duo, cloud, options, output)
    await stopped
    output.say('\nstopping')
    return 0
  } catch (error) {
    return report(error, output)
  } finally {
    await Promise.all([duo?.stop(), cloud?.stop()])
    release()
  }
}

/** True unless another board was chosen. */
function isDuo(/** @type {SimulateOptions} */ { duo }) {
  return (duo.board ?? 'duo') === 'duo'
}

/** Waits for Ctrl-C. Servers in the addon and signal handlers do not keep Node running, but a timer does. */
function untilStopped() {
  const timer = setInterval(() => {}, 2 ** 30)
  const stopped = new Promise((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  return { stopped, release: () => clearInterval(timer) }
}

/**
 * @param {VirtualDuo} duo
 * @param {LocalCloud} cloud
 * @param {SimulateOptions} options
 * @param {Output} output
 */
function announce(duo, cloud, options, output) {
  const duos = duo.duos()
  const flavor = options.cloud.flavor ?? 'particle'
  const faults = options.duo.faults ?? []
  const [host, port] = duo.address.split(':')
  if (output.json) {
    output.result('simulate', {
      usbip: duo.address,
      duos,
      faults,
      cloud: { url: cloud.url, token: cloud.token, flavor, deviceAddress: cloud.deviceAddress ?? undefined },
    })
    return
  }
  output.print(
    'Virtual Duos and a local cloud. A simulation: no hardware is involved, nothing leaves this machine.',
  )
  for (const { path, deviceId, fingerprint } of duos) {
    output.print(`duo ${path} id ${deviceId} fingerprint ${fingerprint}`)
  }
  for (const fault of faults) output.print(`fault ${fault} armed on each`)
  output.print(`usbip ${duo.address}`)
  output.print(`cloud ${cloud.url} token ${cloud.token}`)
  if (cloud.deviceAddress) output.print(`devices ${cloud.deviceAddress}`)
  const runs = options.duo.mode === 'normal'
  const mode = runs
    ? 'The Duos run their firmware whenever they start'
    : 'The Duos are in DFU mode, and return to it by themselves after a restart'
  const { deviceId, path } = duos[0] ?? {}
  const bus = `--usbip ${duo.address}${runs ? ' --enter-dfu' : ''}`
  const nameless = ['r3', 'r4'].includes(options.duo.bootloader ?? '')
  const verify = `duo-provision verify ${bus}${nameless ? ` --device ${deviceId}` : ''} --path ${path}`
  const send = `duo-provision ${deviceId} --from-device --api-url ${cloud.url} ${bus} --path ${path}`
  const tell = WITH_VARIABLE[options.shell]('PARTICLE_ACCESS_TOKEN', cloud.token, send)
  output.say(`
${mode}. In another terminal:
  duo-provision list ${bus}
  ${isDuo(options) ? `${tell}\n  ${verify}` : `duo-provision backup ${bus} --path ${path}`}${options.shell === 'posix' ? intoKernel(runs, `--tcp-port ${port} attach -r ${host} -b ${path}`) : ''}
Ctrl-C stops.`)
}

function intoKernel(/** @type {boolean} */ runs, /** @type {string} */ attach) {
  return `
To plug one into a Linux kernel, ${runs ? 'which makes a serial port of it' : 'where dfu-util sees it too'}:
  sudo modprobe vhci-hcd && sudo usbip ${attach}`
}
