// Checked by `tsc --noEmit` alone: what a user writes has to type-check, and what is wrong must not.
import {
  backupKey,
  type DuoProvisionError,
  doctor,
  type ErrorCode,
  inspectKey,
  LocalCloud,
  listBackups,
  listDevices,
  type ProgressEvent,
  provision,
  resetKey,
  restoreKey,
  rotateKey,
  status,
  VirtualDuo,
  type WritePlan,
} from '../../index.js'

export async function everything(signal: AbortSignal): Promise<string[]> {
  const { devices } = await listDevices()
  const first = devices[0]
  const id: string | undefined = first?.device?.deviceId
  const code: ErrorCode | undefined = first?.problem?.code

  const onEvent = (event: ProgressEvent): void => console.log(describe(event))
  const confirm = (plan: WritePlan): boolean => plan.action === 'restore' && plan.evidence !== 'none'
  const backup = await backupKey({ path: '1-2', raw: false }, { signal, onEvent })
  const restored = await restoreKey({ file: backup.path, leave: true }, { confirm })
  const reset = await resetKey({ device: id ?? '', dryRun: true }, { confirm: async () => true })
  const inspected = await inspectKey({ file: backup.path })
  const sent = await provision({ deviceId: id ?? '', fromDevice: true, productId: 88 })

  const rotated = await rotateKey({ noVerify: true, productId: 88 }, { signal, confirm })
  const { problems, duos } = await doctor({ path: '1-2' })
  const fixes: string[] = duos.flatMap(({ findings }) => findings.map(({ fix }) => fix?.operation ?? ''))

  const { backups } = await listBackups({ device: id ?? '' })
  const { inFlight } = await status()
  const typed: string[] = inFlight.flatMap(({ next }) => next.map(({ command }) => command))
  const sound: boolean = backups.every(({ manifest }) => manifest === 'sound')

  const duo: VirtualDuo = await VirtualDuo.start({ duos: 2, bootloader: 'r4' })
  const faults: string[] = VirtualDuo.faults()
  for (const { path, faultsActed } of duo.duos()) {
    duo.arm(path, `${faults[faultsActed]}@dfu7+`)
    const slot: Buffer = duo.keySlot(path)
    duo.setKeySlot(path, new Uint8Array(slot))
    duo.mend(path)
  }
  const cloud: LocalCloud = await LocalCloud.start({ flavor: 'brewskey' })
  const known: string[] = cloud.provisioned().map((device) => device.publicKey)
  await Promise.all([duo.stop(), cloud.stop()])
  return [
    ...known,
    ...typed,
    ...fixes,
    `${rotated.newKeyPath} ${problems}`,
    `${sound}`,
    code ?? '',
    restored.fingerprint,
    `${reset.written}`,
    inspected.form,
    sent.source,
  ]
}

function describe(event: ProgressEvent): string {
  switch (event.type) {
    case 'phase':
      return event.description
    case 'found':
      return event.device.path
    case 'backed-up':
    case 'new-key':
      return event.path
    case 'note':
      return event.message
    case 'sending':
      return event.deviceId
    case 'retry':
      return `${event.reason} ${event.delayMs}`
    default: {
      const never: never = event
      return never
    }
  }
}

export function wrong(error: DuoProvisionError): void {
  // @ts-expect-error: no such option
  void backupKey({ dryRun: true })
  // @ts-expect-error: status asks no Duo
  void status({ path: '1-2' })
  // @ts-expect-error: a file is needed
  void restoreKey({})
  // @ts-expect-error: a device id is needed
  void provision({ fromDevice: true })
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
