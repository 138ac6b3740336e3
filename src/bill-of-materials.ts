/** What the platform is made of, from the lock file, as a bill of materials (SBOM) that other people's scanners read: CycloneDX 1.6. */
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library"

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

type Names = Readonly<Record<string, string>>
interface About {
  readonly dependencies?: Names
  readonly optionalDependencies?: Names
  readonly peerDependencies?: Names
  readonly optionalPeers?: ReadonlyArray<string>
}
/** "name@version", the registry, what it needs, the digest of its archive. */
type Locked = readonly [string, string, About, string]

/** JSON without dice or clock: the same lock file gives the same bytes. What only tests and tools need is `excluded`, as CycloneDX calls it. */
export const billOfMaterials = (lock: string, { name, version, ...manifest }: Manifest): string => {
  const packages = (Bun.JSONC.parse(lock) as { packages: Readonly<Record<string, Locked>> }).packages
  const always = reached(packages, Object.keys(manifest.dependencies), false)
  const mayBe = reached(packages, Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }), true)
  const components = new Map(
    Object.entries(packages).map(([key, locked]) => {
      const scope = always.has(key) ? "Required" : mayBe.has(key) ? "Optional" : "Excluded"
      return [key, componentOf(key, locked, Enums.ComponentScope[scope])] as const
    })
  )
  const bom = new Models.Bom()
  const platform = new Models.Component(Enums.ComponentType.Application, name, { version, bomRef: name })
  for (const direct of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies })) {
    const found = components.get(direct)
    if (found !== undefined) platform.dependencies.add(found.bomRef)
  }
  for (const [key, component] of components) {
    for (const needed of neededBy(packages, key, true)) component.dependencies.add(components.get(needed)!.bomRef)
    bom.components.add(component)
  }
  bom.metadata.component = platform
  bom.metadata.lifecycles.add(Enums.LifecyclePhase.PreBuild) // As it is locked, for every platform; what was built of it, the image knows.
  return new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6)).serialize(bom, {
    sortLists: true,
    space: 2
  })
}

const componentOf = (key: string, [what, , , digest]: Locked, scope: Enums.ComponentScope) => {
  const at = what.lastIndexOf("@")
  const [whole, version] = [what.slice(0, at), what.slice(at + 1)]
  const [name = "", group] = whole.split("/").reverse()
  const hex = Buffer.from(digest.replace(/^sha512-/, ""), "base64").toString("hex")
  return new Models.Component(Enums.ComponentType.Library, name, {
    ...(group === undefined ? {} : { group }),
    version,
    scope,
    bomRef: key,
    purl: `pkg:npm/${whole.replace("@", "%40")}@${version}`,
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm["SHA-512"], hex]])
  })
}

/** Everything that these need, and what that needs, to the end. */
const reached = (
  packages: Readonly<Record<string, Locked>>,
  roots: ReadonlyArray<string>,
  optionalToo: boolean
): ReadonlySet<string> => {
  const found = new Set(roots.filter((root) => packages[root] !== undefined))
  for (const key of found) for (const needed of neededBy(packages, key, optionalToo)) found.add(needed) // Grows while it is walked.
  return found
}

const neededBy = (packages: Readonly<Record<string, Locked>>, key: string, optionalToo: boolean): ReadonlyArray<string> => {
  const { dependencies, optionalDependencies, peerDependencies, optionalPeers = [] } = packages[key]![2]
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => !optionalPeers.includes(name))
  const names = [...Object.keys(dependencies ?? {}), ...peers, ...(optionalToo ? Object.keys(optionalDependencies ?? {}) : [])]
  return [...new Set(names)].flatMap((name) => nearest(packages, key, name) ?? [])
}

/** As modules are looked up: in the package's own folder, then in each around it. Undefined: not for any platform that the lock file knows. */
const nearest = (packages: Readonly<Record<string, Locked>>, key: string, name: string): string | undefined => {
  const around = key.match(/@[^/]+\/[^/]+|[^/]+/g) ?? []
  for (let depth = around.length; depth >= 0; depth--) {
    const path = [...around.slice(0, depth), name].join("/")
    if (packages[path] !== undefined) return path
  }
  return undefined
}
