/** What the types promise; checked by `tsc --noEmit`, never run. */
import {
  type BackupResult,
  backupKey,
  type ErrorCode,
  type ListResult,
  listDevices,
  type ProgressEvent,
  provision,
  restoreKey,
} from '../../index.js'

/** Every kind of event is known: a new one does not compile here. */
export function words(event: ProgressEvent): string {
  switch (event.type) {
    case 'phase':
      return event.description
    case 'found':
      return event.device.path
    case 'backed-up':
      return event.path
    case 'note':
      return event.message
    case 'sending':
      return event.deviceId
    case 'retry':
      return event.reason
    default:
      return event satisfies never
  }
}

export const listed: Promise<ListResult> = listDevices()
export const saved: Promise<BackupResult> = backupKey(
  { file: 'duo.der' },
  { onEvent: words, confirm: () => true },
)
export const code: ErrorCode = 'NO_DEVICE'
// @ts-expect-error no such code
export const unknown: ErrorCode = 'NO_SUCH_CODE'
// @ts-expect-error no such option
void listDevices({ usbpi: '127.0.0.1:3240' })
// @ts-expect-error a file is needed
void restoreKey({})
// @ts-expect-error a device id is needed
void provision({ fromDevice: true })
