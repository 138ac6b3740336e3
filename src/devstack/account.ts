/** Postgres refuses to run as root, and none of the three servers needs to: whose account they get, and which folders it can reach. */
import { chownSync, mkdirSync, readFileSync, statSync } from "node:fs"
import { dirname, resolve } from "node:path"

/** What `spawn` takes. Empty where we are an ordinary account ourselves. */
export type Account = { uid?: number; gid?: number }

export const isRoot = process.getuid?.() === 0

/** An ordinary account that every Linux has, where we are root. */
export const ordinaryAccount = (): Account => {
  if (!isRoot) return {}
  const accounts = readFileSync("/etc/passwd", "utf8")
  for (const name of ["postgres", "nobody"]) {
    const found = accounts.match(new RegExp(`^${name}:[^:]*:(\\d+):(\\d+)`, "m"))
    if (found) return { uid: Number(found[1]), gid: Number(found[2]) }
  }
  throw new Error("running as root, and /etc/passwd has neither postgres nor nobody to run the servers as")
}

/** A folder only that account can read. */
export const privateFolder = (folder: string, account: Account): string => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid!)
  return folder
}

/** Whether the account may walk down to the folder (a checkout in root's 0700 home is out of reach). */
export const reaches = (account: Account, folder: string): boolean => {
  if (account.uid === undefined) return true
  for (let at = resolve(folder); ; at = dirname(at)) {
    const { uid, gid, mode } = statSync(at)
    const right = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & right) === 0) return false
    if (at === dirname(at)) return true
  }
}
