/** A pipeline of one's own: keeps the key of the attached Duo, and tells the cloud its public half. */
import { backupKey, provision } from 'duo-provision'

/**
 * @param {{ usbip?: string, archive?: string, apiUrl?: string, token?: string }} where left empty for a real Duo
 * @returns {Promise<{ deviceId: string, fingerprint: string, backup: string }>}
 */
export async function enroll({ usbip, archive, apiUrl, token }) {
  const bus = usbip === undefined ? {} : { usbip }
  const saved = await backupKey({ ...bus, ...(archive === undefined ? {} : { archive }) })
  const { deviceId } = saved.device
  if (deviceId === undefined) throw new Error('this Duo does not tell its id')
  const cloud = { ...(apiUrl === undefined ? {} : { apiUrl }), ...(token === undefined ? {} : { token }) }
  const { fingerprint } = await provision({ ...bus, ...cloud, deviceId, fromDevice: true })
  return { deviceId, fingerprint, backup: saved.file }
}
