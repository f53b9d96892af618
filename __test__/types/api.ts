// Checked by `tsc --noEmit` alone: what a user writes has to type-check, and what is wrong must not.
import {
  backupAll,
  backupAllDcts,
  backupDct,
  backupKey,
  type DuoProvisionError,
  doctor,
  type ErrorCode,
  enterDfu,
  fleetManifest,
  fleetReport,
  history,
  inspectKey,
  LocalCloud,
  listBackups,
  listDevices,
  newKey,
  type PassphraseRequest,
  type ProgressEvent,
  provision,
  provisionAll,
  provisionFleet,
  publicKey,
  resetKey,
  restoreDct,
  restoreKey,
  restoreServerKey,
  rotateKey,
  setServerKey,
  showDct,
  showServerKey,
  status,
  VirtualDuo,
  verifyAll,
  verifyFleet,
  type WritePlan,
} from '../../index.js'

export async function everything(signal: AbortSignal): Promise<string[]> {
  const { devices } = await listDevices()
  const first = devices[0]
  const id: string | undefined = first?.device?.deviceId
  const code: ErrorCode | undefined = first?.problem?.code

  const onEvent = (event: ProgressEvent): void => console.log(describe(event))
  const confirm = (plan: WritePlan): boolean => plan.action === 'restore' && plan.evidence !== 'none'
  const entered = await enterDfu({ path: '1-2', wait: true }, { signal, onEvent })
  const already: boolean = entered.wasAlready
  const backup = await backupKey({ path: entered.device.path, raw: false, enterDfu: true })
  const restored = await restoreKey({ file: backup.file, leave: true }, { confirm })
  const reset = await resetKey({ deviceId: id ?? '', dryRun: true }, { confirm: async () => true })
  const inspected = await inspectKey({ file: backup.file, extract: 'device-public-key' })
  const passphrase = (request: PassphraseRequest): string | undefined =>
    request.purpose === 'encrypt' ? 'secret' : undefined
  const encrypted: boolean = (await backupKey({ encrypt: true }, { passphrase })).encrypted
  const made = await newKey({ file: 'new.pem', encrypt: true, passphrase: 'secret' })
  const taken: string = (await publicKey({ file: made.file, out: 'new.pub.pem' })).publicKey
  const dump = await backupDct({ whole: true })
  const { dct, device } = await showDct({ file: dump.file })
  const { server } = await showServerKey({ path: device?.path ?? '1-2' })
  const kinds: string[] = [inspected.kind, dct.kind, server.host ?? '', ...dct.fields.map(({ name }) => name)]
  const cloud2 = await setServerKey({ file: 'own.pem', host: '10.0.0.1', port: 5683 }, { confirm })
  const particle = await restoreServerKey({ leave: true }, { confirm: (plan) => plan.changes.length === 2 })
  const fields = await restoreDct({ file: dump.file, fields: ['server-public-key'] })
  const whole = await restoreDct(
    { file: dump.file, whole: true },
    { confirm: ({ action, cautions }) => action === 'restore-whole-dct' && cautions.length > 0 },
  )
  kinds.push(
    `${whole.whole && whole.written}`,
    cloud2.addressSource,
    `${particle.server.particle}`,
    ...fields.fields.map(({ name }) => name),
  )
  const sent = await provision({ deviceId: id ?? '', fromDevice: true, productId: 88 })

  const rotated = await rotateKey({ noVerify: true, productId: 88 }, { signal, confirm })
  const { problems, duos } = await doctor({
    path: '1-2',
    cloud: true,
    apiUrl: 'http://localhost:8080',
    token: 'letters',
  })
  const fixes: string[] = duos.flatMap(({ findings }) => findings.map(({ fix }) => fix?.operation ?? ''))

  const { backups } = await listBackups({ deviceId: id ?? '' })
  const { inFlight } = await status()
  const { operations } = await history({ limit: 10 })
  const over: boolean = operations.every(({ outcome }) => outcome === 'done' || outcome === 'cut-short')
  const typed: string[] = inFlight.flatMap(({ next }) => next.map(({ command }) => command))
  const sound: boolean = backups.every(({ manifest }) => manifest === 'sound')

  const duo: VirtualDuo = await VirtualDuo.start({ duos: 2, bootloader: 'r4', mode: 'normal' })
  const faults: string[] = VirtualDuo.faults()
  for (const { path, faultsActed } of duo.duos()) {
    duo.arm(path, `${faults[faultsActed]}@dfu7+`)
    const slot: Buffer = duo.keySlot(path)
    duo.setKeySlot(path, new Uint8Array(slot))
    duo.clearFaults(path)
    duo.pressButtons(path)
  }
  const cloud: LocalCloud = await LocalCloud.start({ flavor: 'brewskey' })
  const known: string[] = cloud.provisioned().map((device) => device.publicKey)
  await Promise.all([duo.stop(), cloud.stop()])
  const saved = await backupAll({ archive: 'batch-7', paths: 'ports.csv' }, { signal, onEvent })
  const keys = saved.duos.map(
    ({ path, result, problem }) => `${path} ${result?.fingerprint ?? problem?.code}`,
  )
  const told = await provisionAll(
    { fromDevice: true, paths: 'ports.csv' },
    { confirmAll: ({ duos, leftOut }) => duos.length > 0 && leftOut === 0 },
  )
  const proven = await verifyAll({ timeout: 10 })
  const tables = await backupAllDcts({ whole: true })
  // @ts-expect-error it works on all of them
  await backupAll({ path: '1-2' })
  // @ts-expect-error each Duo's own key is sent
  await provisionAll({})
  return [
    ...keys,
    `${told.counts.unknown} ${proven.stoppedBy?.code ?? ''} ${tables.duos[0]?.outcome ?? ''}`,
    ...known,
    ...kinds,
    ...typed,
    ...fixes,
    `${rotated.newKeyFile} ${problems}`,
    `${sound} ${already} ${over}`,
    code ?? '',
    restored.fingerprint,
    `${reset.written}`,
    inspected.form,
    `${encrypted} ${taken}`,
    sent.source,
  ]
}

function describe(event: ProgressEvent): string {
  switch (event.type) {
    case 'phase':
      return event.description
    case 'found':
      return event.device.path
    case 'waiting':
      return `${event.withinMs} ${event.enterDfu}`
    case 'backed-up':
    case 'new-key':
      return event.file
    case 'note':
      return event.message
    case 'sending':
      return event.deviceId
    case 'progress':
      return `${event.event} ${event.bytes ?? 0}`
    case 'retry':
      return `${event.reason} ${event.delayMs}`
    case 'device':
      return `${event.deviceId} ${event.outcome}`
    case 'device-asked':
      return `${event.deviceId} ${event.answer}`
    case 'duo-ended':
      return `${event.path} ${event.deviceId ?? ''} ${event.outcome} ${event.message ?? ''}`
    case 'of-duo':
      return `${event.path} ${describe(event.inner)}`
    case 'fleet-progress':
      return `${event.done} ${event.rate} ${event.pausedMs ?? 0}`
    case 'fleet-paused':
      return `${event.reason} ${event.delayMs}`
    default: {
      const never: never = event
      return never
    }
  }
}

export async function many(): Promise<string> {
  const { manifest, problems } = await fleetManifest({ archive: 'batch-7' })
  const sent = await provisionFleet(
    { manifest: 'devices.csv', shard: '2/5', rate: '300/m', concurrency: 4, skipInvalid: true },
    {
      onEvent(event) {
        if (event.type === 'device') console.log(event.deviceId, event.outcome, event.code)
        if (event.type === 'fleet-progress') console.log(event.done + event.failed, event.rate)
      },
    },
  )
  const { counts, stoppedBy }: { counts: { done: number }; stoppedBy?: { exitCode: number } | undefined } =
    sent
  const asked = await verifyFleet({ manifest: '-', handshake: true })
  const { complete } = await fleetReport({ ledgers: [sent.ledger ?? ''], only: 'failed,unknown' })
  return `${manifest.length} ${problems} ${counts.done} ${stoppedBy?.exitCode} ${asked.counts.proven} ${complete}`
}

export function wrong(error: DuoProvisionError): void {
  // @ts-expect-error: only those of particle-usb's names are used that mean the same
  void (error.name === 'MemoryError')
  // @ts-expect-error: no such option
  void backupKey({ dryRun: true })
  // @ts-expect-error: status uses no Duo
  void status({ path: '1-2' })
  // @ts-expect-error: what was done last is in the history
  void status().then(({ last }) => last)
  // @ts-expect-error: a dump is of one of five kinds
  void showDct().then(({ dct }) => dct.kind === 'half')
  // @ts-expect-error: a file is needed
  void restoreKey({})
  // @ts-expect-error: fields are a list of names
  void restoreDct({ file: 'dct.bin', fields: 'claim-code' })
  // @ts-expect-error: a device id is needed
  void provision({ fromDevice: true })
  // @ts-expect-error: enterDfu always does this
  void enterDfu({ enterDfu: true })
  // @ts-expect-error: a list is needed
  void provisionFleet({ rate: '10/s' })
  // @ts-expect-error: no such bootloader
  void VirtualDuo.start({ bootloader: 'r7' })
  // @ts-expect-error: a list, not one
  void VirtualDuo.start({ faults: 'stall-before@1' })
  // @ts-expect-error: a question answers yes or no
  void resetKey({}, { confirm: () => 'yes' })
  // @ts-expect-error: no such code
  if (error.code === 'NO_SUCH_CODE') return
  if (error.code === 'NO_DEVICE' && error.exitCode === 3) console.log(error.hint)
}
